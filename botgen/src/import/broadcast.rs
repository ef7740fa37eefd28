//! `ops.broadcast.v1` of the old system, and the tables that it kept of people: who they are and what was sent to them is
//! known to the runtime here.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::json::{Object, quote};
use super::old::{Broadcast, Read, Said};
use super::report::Notes;

/// Reads its parameters.
pub(super) fn read(params: &Object<'_>, whole: &Value, notes: &mut Notes) -> Option<Broadcast> {
    let path = params.path().to_owned();
    let audience = params
        .string("audience", notes)
        .map_or_else(|| "all".to_owned(), |audience| audience.trim().to_owned());
    let message = message(params, notes);
    let pace = match params.object("throttle", notes) {
        Some(throttle) => {
            let pace = throttle.any("per_sec").map(|(_, value)| match value {
                Value::String(text) => text.trim().to_owned(),
                other => other.to_string(),
            });
            throttle.rest(notes);
            pace
        }
        None => {
            notes.changed(
                &path,
                "without `throttle` it was 30 messages a second, it is 25 now",
            );
            None
        }
    };
    if let Some((path, _)) = params.any("track_metrics") {
        notes.translated(&path, "every broadcast is counted");
    }
    params.rest(notes);
    let Some(message) = message else {
        notes.person(
            &path,
            format!("a broadcast without a message; left out: {}", quote(whole)),
        );
        return None;
    };
    Some(Broadcast {
        path,
        audience,
        message,
        pace,
    })
}

/// A text, `{ text }`, or `{ template, variables }`.
fn message(params: &Object<'_>, notes: &mut Notes) -> Option<Said> {
    let (path, value) = params.any("message")?;
    let said = |text: String| {
        let read = notes.how(&path);
        (!text.trim().is_empty()).then(|| Said {
            path: path.clone(),
            text: text.replace("\\n", "\n").replace("\r\n", "\n"),
            read,
        })
    };
    match value {
        Value::String(text) => said(text.clone()),
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get("text") {
                return said(text.clone());
            }
            let Some(Value::String(template)) = map.get("template") else {
                return None;
            };
            let variables = map.get("variables").and_then(Value::as_object);
            let args: Vec<String> = variables
                .into_iter()
                .flatten()
                .map(|(name, value)| match value {
                    Value::String(text) => format!("{name}={text}"),
                    other => format!("{name}={other}"),
                })
                .collect();
            let text = match args.is_empty() || template.contains('{') {
                true => template.clone(),
                false => format!("{template} {{{}}}", args.join(", ")),
            };
            said(text)
        }
        other => Some(Said {
            path: path.clone(),
            text: other.to_string(),
            read: Read::Words,
        }),
    }
}

/// A statement that reads the old system's tables of people and broadcasts, on the runtime's views.
pub(super) fn on_views(sql: &str) -> Option<String> {
    static READS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?is)^\s*(SELECT|WITH)\b").ok());
    static RULES: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
        [
            (
                r"(?i)('[^']*'|:[a-z_]\w*)\s*=\s*ANY\s*\(\s*segment_tags\s*\)",
                "user_id IN (SELECT user_id FROM bf_segments WHERE bot_id = :bot_id AND segment = $1)",
            ),
            (r"(?i)\bis_active\s*=\s*true\b", "reachable"),
            (r"(?i)\bis_active\s*=\s*false\b", "NOT reachable"),
            (r"(?i)\bis_active\b", "reachable"),
            (r"(?i)\blast_active\b", "last_seen"),
            (r"(?i)\bbot_users\b", "bf_people"),
            (r"(?i)\btotal_users\b", "total"),
            (r"(?i)\bsent_count\b", "sent"),
            (r"(?i)\bfailed_count\b", "failed"),
            (r"(?i)\bcompleted_at\b", "finished_at"),
            (r"(?i)\bbroadcasts\b", "bf_broadcasts"),
        ]
        .into_iter()
        .filter_map(|(rule, with)| Some((Regex::new(rule).ok()?, with)))
        .collect()
    });
    let lower = sql.to_ascii_lowercase();
    let words = |name: &str| {
        lower
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == name)
    };
    let concerned = words("bot_users") || words("broadcasts");
    if !concerned || words("broadcast_events") || !READS.as_ref()?.is_match(sql) {
        return None;
    }
    let mut out = sql.to_owned();
    for (rule, with) in RULES.iter() {
        out = rule.replace_all(&out, *with).into_owned();
    }
    // Tags as a list have no counterpart.
    (!out.to_ascii_lowercase().contains("segment_tags")).then_some(out)
}

/// Names of segments that a spec mentions.
pub(super) fn segments(spec: &str) -> BTreeSet<String> {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)segment:([A-Za-z0-9_]{1,64})|'([A-Za-z0-9_]{1,64})'\s*=\s*ANY\s*\(\s*segment_tags").ok()
    });
    let Some(named) = NAMED.as_ref() else {
        return BTreeSet::new();
    };
    named
        .captures_iter(spec)
        .filter_map(|hit| hit.get(1).or_else(|| hit.get(2)))
        .map(|name| name.as_str().to_owned())
        .collect()
}

/// Whether an audience is one as it stands.
pub(super) fn is_audience(text: &str) -> bool {
    let days = text
        .strip_prefix("active_")
        .and_then(|rest| rest.strip_suffix('d'))
        .and_then(|days| days.parse::<u16>().ok());
    text == "all"
        || days.is_some_and(|days| (1..=3650).contains(&days))
        || text.strip_prefix("segment:").is_some_and(is_segment)
}

/// Whether a segment may have this name.
pub(super) fn is_segment(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The variable of `{{name}}` or `segment:{{name}}`; whether it is the name of a segment.
pub(super) fn chosen(audience: &str) -> Option<(&str, bool)> {
    let (inner, segment) = match audience.strip_prefix("segment:") {
        Some(rest) => (rest, true),
        None => (audience, false),
    };
    let name = inner.strip_prefix("{{")?.strip_suffix("}}")?.trim();
    Some((name, segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_tables_are_the_runtimes_views() {
        let sql = "SELECT COUNT(*) as vip FROM bot_users WHERE bot_id=:bot_id AND is_active=true AND 'vip' = ANY(segment_tags)";
        assert_eq!(
            on_views(sql).as_deref(),
            Some(
                "SELECT COUNT(*) as vip FROM bf_people WHERE bot_id=:bot_id AND reachable AND user_id IN (SELECT user_id FROM bf_segments WHERE bot_id = :bot_id AND segment = 'vip')"
            )
        );
        let sql = "SELECT status, COUNT(*) FROM broadcasts WHERE bot_id = :bot_id GROUP BY status";
        assert!(on_views(sql).unwrap().contains("FROM bf_broadcasts WHERE"));
        assert_eq!(on_views("SELECT 1 FROM my_broadcasts"), None);
        assert_eq!(on_views("UPDATE bot_users SET is_active = false"), None);
        assert_eq!(on_views("SELECT segment_tags FROM bot_users"), None);
    }

    #[test]
    fn audiences() {
        assert!(is_audience("all") && is_audience("active_30d") && is_audience("segment:vip"));
        assert!(!is_audience("active_0d") && !is_audience("segment:a b") && !is_audience("vip"));
        assert_eq!(chosen("{{ to }}"), Some(("to", false)));
        assert_eq!(chosen("segment:{{x}}"), Some(("x", true)));
        assert_eq!(chosen("segment:x"), None);
        let named =
            segments(r#"{"a":"segment:vip","b":"'new' = ANY(segment_tags)","c":"segment:{{x}}"}"#);
        assert_eq!(named.into_iter().collect::<Vec<_>>(), ["new", "vip"]);
    }
}
