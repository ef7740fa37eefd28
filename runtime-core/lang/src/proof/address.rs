//! What a button may open: the scheme and the host are the author's words, values come after them.

use crate::limits::DEEP_LINK;

use super::combine::ways;
use super::shape::{Hole, Kind, Node};
use super::{Cx, Text};
use crate::diagnostics::codes::limits as codes;
use crate::diagnostics::{Code, Diagnostic};

/// What Telegram opens from a button (Bot API, InlineKeyboardButton: "HTTP or tg:// URL").
const SCHEMES: [&str; 3] = ["https://", "http://", "tg://"];
/// Stands where a value stands.
const VALUE: &str = "\u{1}";
/// Stands for a value that can be part of a host or a payload: digits, a locale, the values of a choice.
const NAME: &str = "\u{2}";

/// What is wrong with an address.
struct Wrong {
    code: &'static Code,
    message: String,
    help: String,
}

/// Checks an address in every locale and every branch.
pub(super) fn check(cx: &mut Cx<'_>, t: &Text<'_>, nodes: &[Node]) {
    let several = cx.locales.len() > 1;
    for locale in 0..cx.locales.len().max(1) {
        let mut found = None;
        ways(nodes, locale, &forms, &mut |way| {
            let Some(wrong) = wrong(way.text.trim()) else {
                return true;
            };
            let all = 0..way.text.len();
            found = Some((way.span(t.source, all).unwrap_or(t.source.span), wrong));
            false
        });
        let Some((
            span,
            Wrong {
                code,
                message,
                help,
            },
        )) = found
        else {
            continue;
        };
        let elsewhere = span.file != t.source.span.file;
        let message = match cx.locales.get(locale) {
            Some(l) if several && elsewhere => format!("{message} in `{}`", l.tag),
            _ => message,
        };
        let span = if elsewhere { span } else { t.source.span };
        let mut diagnostic = Diagnostic::new(code, span, message).help(help);
        if elsewhere {
            diagnostic = diagnostic.note(t.source.span, "used here");
        }
        cx.sink.report(diagnostic);
        if !elsewhere {
            return;
        }
    }
}

fn forms(hole: &Hole) -> Vec<(&'static str, &'static str)> {
    match hole.kind {
        Kind::Whole | Kind::Name => vec![(NAME, "")],
        Kind::Text | Kind::Line => vec![(VALUE, "")],
    }
}

fn wrong(address: &str) -> Option<Wrong> {
    let form = |message: String| Wrong {
        code: &codes::URL,
        message,
        help: "begin it with `https://`, `http://` or `tg://` and a host".to_owned(),
    };
    let begin = address.split(['\u{1}', '\u{2}']).next().unwrap_or_default();
    let small = begin.to_ascii_lowercase();
    let Some(scheme) = SCHEMES.iter().find(|s| small.starts_with(**s)) else {
        return Some(form(match begin.split_once(':') {
            _ if begin.is_empty() => {
                "the address does not begin with words of yours, so it may be anything".to_owned()
            }
            Some((scheme, _)) if !scheme.contains(['/', '.']) => {
                format!("a button opens no `{scheme}:` address")
            }
            _ => "the address has no scheme".to_owned(),
        }));
    };
    let strange =
        |c: char| (c.is_whitespace() || c.is_control()) && !matches!(c, '\u{1}' | '\u{2}');
    let rest = address.get(scheme.len()..).unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || address.contains(strange) {
        return Some(form("the address has no host, or a space in it".to_owned()));
    }
    if host.contains(VALUE) {
        return Some(Wrong {
            code: &codes::HOST,
            message: "a value stands in the address's host, which may be anything".to_owned(),
            help: "write the host in words of yours, and the value after a `/`, `?` or `#`"
                .to_owned(),
        });
    }
    if *scheme == "tg://" {
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\u{2}');
        return (!host.chars().all(named)).then(|| Wrong {
            code: &codes::HOST,
            message: format!(
                "`{}` is not a place inside Telegram",
                host.replace(NAME, "…")
            ),
            help: "write `tg://user?id=…`, `tg://resolve?domain=…` and the like".to_owned(),
        });
    }
    let place = host.rsplit('@').next().unwrap_or(host);
    let (name, port) = match place.rsplit_once(':') {
        Some((name, port)) if !place.ends_with(']') => (name, Some(port)),
        _ => (place, None),
    };
    let bad_port = port.is_some_and(|p| p.parse::<u16>().map_or(true, |p| p == 0));
    let named =
        name.starts_with('[') || (name.contains('.') && !name.split('.').any(str::is_empty));
    if !named || bad_port {
        let shown = host.replace(NAME, "…");
        return Some(Wrong {
            code: &codes::HOST,
            message: format!("`{shown}` is not a host that Telegram opens"),
            help: "a host has a dot in it, and a port is 1 to 65535: `https://example.org`"
                .to_owned(),
        });
    }
    deep_link(name, rest)
}

/// `https://t.me/some_bot?start=PAYLOAD`.
fn deep_link(host: &str, rest: &str) -> Option<Wrong> {
    let known = ["t.me", "telegram.me", "telegram.dog"];
    if !known.contains(&host.to_ascii_lowercase().as_str()) {
        return None;
    }
    let query = rest.split_once('?')?.1;
    let query = query.split('#').next().unwrap_or_default();
    let payload = query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        matches!(name, "start" | "startgroup").then_some(value)
    })?;
    let odd = payload
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\u{1}' | '\u{2}')));
    let message = if payload.contains(VALUE) {
        "a deep link passes a text, which may hold what Telegram refuses".to_owned()
    } else if let Some(odd) = odd {
        format!("a deep link's payload cannot hold `{odd}`")
    } else if payload.len() > DEEP_LINK {
        format!(
            "a deep link's payload is {} characters long, Telegram takes {DEEP_LINK}",
            payload.len()
        )
    } else if payload.is_empty() {
        "a deep link's payload is empty".to_owned()
    } else {
        return None;
    };
    Some(Wrong {
        code: &codes::DEEP_LINK,
        message,
        help: format!(
            "a payload is 1 to {DEEP_LINK} of `A`-`Z`, `a`-`z`, `0`-`9`, `_` and `-`; pass an id"
        ),
    })
}
