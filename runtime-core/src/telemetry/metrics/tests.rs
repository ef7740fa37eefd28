//! The registry, its page, the alerts and the boards hold together.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

use super::{FAMILIES, Family, Metrics};

/// What the old system counted, and what says the same here. An empty name: it cannot happen, and the words say why.
const OLD: &[(&str, &str, &str)] = &[
    ("api_requests_total", "api_requests_total", ""),
    (
        "dsl_validate_errors_total",
        "text_override_changes_total",
        "`what=\"refused\"`; specs are checked by the build",
    ),
    ("bot_reload_total", "bot_reload_total", ""),
    (
        "bot_prepare_total",
        "api_requests_total",
        "`route=\"/bots/{id}/prepare\"`",
    ),
    (
        "wizard_active_total",
        "wizard_active",
        "counted in the table: it does not drift",
    ),
    ("wizard_errors_total", "wizard_errors_total", ""),
    ("bot_updates_total", "bot_updates_total", "once an update"),
    (
        "dsl_handle_latency_ms",
        "dsl_handle_latency_seconds",
        "every handler, by effect class",
    ),
    ("webhook_latency_ms", "webhook_latency_seconds", ""),
    ("bot_errors_total", "bot_errors_total", ""),
    ("wizard_flows_total", "wizard_flows_total", ""),
    ("wizard_steps_total", "wizard_steps_total", ""),
    ("wizard_completions_total", "wizard_completions_total", ""),
    (
        "sql_actions_total",
        "bot_sql_query_total",
        "and `bot_sql_exec_total`: once a statement",
    ),
    ("bot_sql_exec_total", "bot_sql_exec_total", ""),
    ("bot_sql_query_total", "bot_sql_query_total", ""),
    ("sql_action_latency_ms", "sql_latency_seconds", ""),
    (
        "dsl_action_latency_ms",
        "sql_latency_seconds",
        "and `broadcast_duration_seconds`",
    ),
    ("template_renders_total", "i18n_renders_total", ""),
    (
        "widget_calendar_renders_total",
        "widget_renders_total",
        "`widget=\"calendar\"`",
    ),
    (
        "widget_calendar_picks_total",
        "widget_picks_total",
        "`widget=\"calendar\"`",
    ),
    (
        "widget_pagination_renders_total",
        "widget_renders_total",
        "`widget=\"pagination\"`",
    ),
    (
        "widget_pagination_selects_total",
        "widget_picks_total",
        "`widget=\"pagination\"`",
    ),
    ("llm_budget_usage_total", "llm_budget_usage_total", ""),
    (
        "llm_budget_limits_hit_total",
        "llm_budget_limits_hit_total",
        "",
    ),
    (
        "llm_requests_total",
        "llm_requests_total",
        "once a question",
    ),
    ("llm_latency_ms", "llm_latency_seconds", ""),
    ("llm_errors_total", "llm_requests_total", "by `outcome`"),
    ("llm_tokens_total", "llm_tokens_total", ""),
    ("llm_cache_hits_total", "llm_cache_hits_total", ""),
    (
        "llm_json_requests_total",
        "llm_outputs_total",
        "`form=\"record\"`",
    ),
    (
        "llm_json_validation_success_total",
        "llm_outputs_total",
        "`valid=\"true\"`",
    ),
    (
        "llm_json_validation_failed_total",
        "llm_outputs_total",
        "`valid=\"false\"`",
    ),
    ("reply_sent_total", "reply_sent_total", "when it has left"),
    ("reply_failed_total", "reply_failed_total", ""),
    ("reply_latency_ms", "reply_latency_seconds", ""),
    (
        "broadcast_total",
        "broadcast_total",
        "segments are one value of `audience`",
    ),
    (
        "broadcast_sent_total",
        "broadcast_recipients_total",
        "`outcome=\"sent\"`",
    ),
    (
        "broadcast_failed_total",
        "broadcast_recipients_total",
        "`outcome=\"failed\"`",
    ),
    (
        "broadcast_duration_seconds",
        "broadcast_duration_seconds",
        "",
    ),
    ("i18n_renders_total", "i18n_renders_total", ""),
    (
        "i18n_key_miss_total",
        "text_overrides",
        "a missing key does not compile; an overridden text that no longer fits is `state=\"stale\"`",
    ),
    (
        "i18n_cache_hits_total",
        "locale_cache_total",
        "`outcome=\"hit\"`",
    ),
    (
        "i18n_cache_misses_total",
        "locale_cache_total",
        "`outcome=\"miss\"`",
    ),
    (
        "policy_ratelimit_hits_total",
        "bf_ratelimit_total",
        "`outcome=\"blocked\"`",
    ),
    (
        "policy_ratelimit_pass_total",
        "bf_ratelimit_total",
        "`outcome=\"passed\"`",
    ),
    (
        "circuit_breaker_state_changes_total",
        "circuit_breaker_state_changes_total",
        "",
    ),
    (
        "circuit_breaker_open_duration_seconds",
        "circuit_breaker_open_duration_seconds",
        "",
    ),
    ("llm_timeout_total", "llm_timeout_total", ""),
    (
        "llm_circuit_breaker_rejections_total",
        "llm_circuit_breaker_rejections_total",
        "",
    ),
];

/// What bounds a label's values.
const LABELS: &[(&str, &str)] = &[
    ("audience", "`all`, `active`, `segment`, `people`"),
    ("bot_id", "bots of this deployment; empty: none"),
    ("cached", "`true`, `false`"),
    ("channel", "`webhook`, `polling`, `preview`"),
    (
        "class",
        "how a call ended (`ok`, `flood`, `unreachable`, `refused`, …), or the class of traffic (`reply`, `bulk`)",
    ),
    (
        "code",
        "codes of the runtime; of `api_requests_total`, HTTP statuses",
    ),
    ("effect", "`pure`, `read`, `state`, `write`, `slow`"),
    ("flow_cmd", "commands of the bot that begin a dialogue"),
    ("form", "`text`, `choice`, `record`"),
    ("from_state", "`closed`, `open`, `half_open`"),
    ("kind", "kinds of updates; of statements `query`, `exec`"),
    ("limit_type", "`rate_limit`, `daily_budget`"),
    ("locale", "locales of the bot"),
    ("lock", "`conversation`, `writer`, `database`"),
    ("method", "methods of the Bot API that are used"),
    ("outcome", "words of the runtime"),
    ("policy", "`resend`, `skip`"),
    ("pool", "`readers`; `handlers`, `own`, `steps`"),
    ("purpose", "what Redis is used for"),
    ("queue", "`events`, `writer`, `steps`"),
    ("reason", "words of the runtime"),
    ("route", "patterns of routes, never paths; `other`"),
    ("rule", "rate limits of the bot"),
    ("sources", "hash of the compiled sources"),
    ("state", "words of the runtime"),
    ("to_state", "`closed`, `open`, `half_open`"),
    ("type", "`input`, `output`"),
    ("valid", "`true`, `false`"),
    ("version", "of this program"),
    ("via", "`response`, `api`, `outbox`"),
    ("what", "words of the runtime"),
    ("where", "parts of the runtime, channels, tasks"),
    ("why", "words of the runtime"),
    ("widget", "kinds of widgets"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    let path = root().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

fn page() -> String {
    let mut out = String::from(
        "# Metrics\n\n`GET /metrics`: the text exposition format of Prometheus. Written by a test from the registry in\n\
         `runtime-core/src/telemetry/metrics/` (`UPDATE=1 cargo test -p runtime-core metrics`); do not edit.\n\n\
         Times are in seconds. Every label's values come out of a closed set, so that nobody can make series: a request for a bot\n\
         that is not here counts as `webhook_refused_total{reason=\"unknown_bot\"}` and makes no series of its own. A bot's series\n\
         exist from the start, at zero.\n\n",
    );
    writeln!(out, "{} families:\n", FAMILIES.len()).unwrap();
    out.push_str("| metric | type | labels | counts |\n|---|---|---|---|\n");
    let mut sorted: Vec<&Family> = FAMILIES.iter().collect();
    sorted.sort_by_key(|family| family.name);
    for family in sorted {
        let labels: Vec<String> = family.labels.iter().map(|l| format!("`{l}`")).collect();
        writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            family.name,
            family.kind,
            labels.join(" "),
            family.help.trim()
        )
        .unwrap();
    }
    out.push_str("\n## Buckets\n\nUpper bounds in seconds (`store_commit_updates`: updates). The objectives are among them.\n\n");
    let mut seen: Vec<(&[f64], Vec<&str>)> = Vec::new();
    for family in FAMILIES.iter().filter(|family| !family.buckets.is_empty()) {
        match seen.iter_mut().find(|(b, _)| *b == family.buckets) {
            Some((_, names)) => names.push(family.name),
            None => seen.push((family.buckets, vec![family.name])),
        }
    }
    for (buckets, names) in seen {
        let bounds: Vec<String> = buckets.iter().map(f64::to_string).collect();
        let names: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
        writeln!(out, "- {}: {}", names.join(", "), bounds.join(" ")).unwrap();
    }
    out.push_str("\n## Labels\n\n| label | values |\n|---|---|\n");
    for (label, values) in LABELS {
        writeln!(out, "| `{label}` | {values} |").unwrap();
    }
    out.push_str("\n## The old system's names\n\n| there | here | |\n|---|---|---|\n");
    for (there, here, words) in OLD {
        writeln!(out, "| `{there}` | `{here}` | {words} |").unwrap();
    }
    out
}

#[test]
fn every_metric_registers() {
    assert!(Metrics::new().is_ok());
    let text = String::from_utf8(super::text()).unwrap();
    assert!(text.contains("process_resident_memory_bytes"));
}

#[test]
fn the_process_says_how_it_is() {
    super::begin_process();
    let text = String::from_utf8(super::text()).unwrap();
    for name in [
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_start_time_seconds",
        "process_open_fds",
        "process_max_fds",
        "process_threads",
    ] {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        let value: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(value > 0.0, "{line}");
    }
}

#[test]
fn names_labels_and_the_page_are_as_they_should_be() {
    let file = root().join("docs/metrics.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, page()).unwrap();
    }
    assert!(FAMILIES.len() >= 45);
    let names: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), FAMILIES.len());
    for family in FAMILIES {
        let name = family.name;
        assert!(!family.help.trim().is_empty(), "{name}");
        assert!(!name.ends_with("_ms"), "{name}: times are in seconds");
        if family.kind == "counter" {
            assert!(name.ends_with("_total"), "{name}");
        }
        if family.kind == "histogram" && name != "store_commit_updates" {
            assert!(name.ends_with("_seconds"), "{name}");
        }
        for label in family.labels {
            assert!(
                LABELS.iter().any(|(known, _)| known == label),
                "say in LABELS what bounds `{label}` of {name}"
            );
        }
        assert!(family.buckets.is_sorted(), "{name}");
    }
    for (there, here, _) in OLD {
        assert!(family(here).is_some(), "{there}: there is no {here}");
    }
    assert_eq!(
        read("docs/metrics.md"),
        page(),
        "write it anew: UPDATE=1 cargo test -p runtime-core metrics"
    );
}

/// Names of metrics in an expression.
fn named(expression: &str) -> BTreeSet<String> {
    let strip =
        Regex::new(r#"(?s)"[^"]*"|\{[^}]*\}|\b(by|on|ignoring|without)\s*\([^)]*\)"#).unwrap();
    let bare = strip.replace_all(expression, " ");
    let word = Regex::new(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\bup\b").unwrap();
    word.find_iter(&bare)
        .map(|found| found.as_str().to_owned())
        .filter(|name| !matches!(name.as_str(), "histogram_quantile" | "label_values" | "up"))
        .collect()
}

fn known(name: &str) -> bool {
    let base = ["_bucket", "_sum", "_count"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .filter(|base| family(base).is_some_and(|family| family.kind == "histogram"));
    base.is_some() || family(name).is_some_and(|family| family.kind != "histogram")
}

/// Name, expression and the rest of each alert.
fn alerts() -> Vec<(String, String, String)> {
    let rules = read("deploy/prometheus/alerts.yml");
    rules
        .split("- alert: ")
        .skip(1)
        .map(|rule| {
            let (name, rest) = rule.split_once('\n').unwrap();
            let from = rest.find("expr: |-").unwrap();
            let (expression, rest) = rest[from + 8..].split_once("        for:").unwrap();
            (
                name.trim().to_owned(),
                expression.to_owned(),
                rest.to_owned(),
            )
        })
        .collect()
}

#[test]
fn rules_and_boards_name_what_there_is() {
    let mut seen = 0;
    let compared = Regex::new(r"([a-z_]+)_bucket.*?\)\)\)\s*>\s*([0-9.]+)").unwrap();
    for (alert, expression, _) in alerts() {
        let names = named(&expression);
        assert!(!names.is_empty() || expression.contains("up{"), "{alert}");
        for name in names {
            assert!(known(&name), "{alert}: there is no metric {name}");
            seen += 1;
        }
        // A quantile can only be compared with a bound that some bucket has.
        if let Some((_, buckets)) = expression.split_once("histogram_quantile") {
            let found = compared.captures(buckets).unwrap();
            let bound: f64 = found[2].parse().unwrap();
            let family = family(&found[1]).unwrap();
            assert!(
                family.buckets.contains(&bound)
                    && family.buckets.last().is_some_and(|last| *last > bound),
                "{alert}: no bucket ends at {bound}"
            );
        }
    }
    assert!(seen >= 30);
    for board in std::fs::read_dir(root().join("deploy/grafana")).unwrap() {
        let file = board.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let board: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let panels = board["panels"].as_array().unwrap();
        assert!(!panels.is_empty());
        for target in panels
            .iter()
            .filter_map(|panel| panel["targets"].as_array())
            .flatten()
        {
            let expression = target["expr"].as_str().unwrap();
            for name in named(&expression.replace("$__rate_interval", "5m")) {
                assert!(known(&name), "{}: there is no {name}", file.display());
            }
        }
    }
}

#[test]
fn every_alert_has_its_page_and_its_test() {
    let tests = read("deploy/prometheus/alerts.test.yml");
    let mut pages: BTreeSet<String> = std::fs::read_dir(root().join("docs/runbook"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    let index = read("docs/runbook/README.md");
    let link = Regex::new(r"\]\((\w+\.md)\)").unwrap();
    for (alert, _, rest) in alerts() {
        let file = format!("{alert}.md");
        assert!(pages.remove(&file), "{alert} has no page");
        assert!(index.contains(&file), "{alert} is not in the index");
        assert!(
            rest.contains(&format!("runbook_url: docs/runbook/{file}")),
            "{alert}"
        );
        assert!(
            tests.contains(&format!("alertname=\"{alert}\"")),
            "{alert} has no test"
        );
        let text = read(&format!("docs/runbook/{file}"));
        for part in ["## What it means", "## What to look at", "## What to do"] {
            assert!(text.contains(part), "{file}: {part}");
        }
        for found in link.captures_iter(&text) {
            assert!(
                root().join("docs/runbook").join(&found[1]).exists(),
                "{file}"
            );
        }
    }
    assert!(pages.is_empty(), "pages without an alert: {pages:?}");
}

#[test]
fn every_alert_fires_on_its_fault_and_not_before() {
    let folder = root().join("deploy/prometheus");
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts.test.yml"],
    ] {
        // It waits for its own little database to reach the disk, once for each rule.
        let memory = std::path::Path::new("/dev/shm");
        let scratch = if memory.is_dir() {
            memory
        } else {
            std::path::Path::new("/tmp")
        };
        let ran = Command::new("promtool")
            .args(arguments)
            .current_dir(&folder)
            .env("TMPDIR", scratch)
            .output()
            .expect("promtool (apt-get install prometheus; scripts/test.sh does)");
        assert!(
            ran.status.success(),
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}
