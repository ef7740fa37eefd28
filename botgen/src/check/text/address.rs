//! Addresses that buttons open: scheme and host are written, so that they are known (Bot API, InlineKeyboardButton: "HTTP
//! or tg:// URL"; tdlib, `LinkManager::check_link`).

use super::super::FlowCx;
use super::shape::{At, Node};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::limits;
use crate::syntax::ast;

const SCHEMES: [&str; 3] = ["https://", "http://", "tg://"];

/// How an address begins: the words before its first value.
#[derive(Default)]
struct Begin {
    words: String,
    at: Option<At>,
    /// A value follows.
    open: bool,
}

/// Proves an address in every locale.
pub(super) fn check(cx: &mut FlowCx<'_>, t: &ast::Text, nodes: &[Node]) {
    let mut begins = Vec::new();
    for locale in 0..cx.bot.words.locales.len() {
        begins.extend(of(nodes, locale));
    }
    for begin in begins {
        let Some(message) = fault(&begin.words, begin.open) else {
            continue;
        };
        let span = match begin.at {
            Some(at @ At::File(_)) => at.span(&t.source, 0..begin.words.len()),
            _ => t.source.span,
        };
        cx.sink.report(
            Diagnostic::new(&limits::URL, span, message)
                .help("begin it with `https://`, `http://` or `tg://` and a host"),
        );
        return;
    }
}

fn of(nodes: &[Node], locale: usize) -> Vec<Begin> {
    let mut begin = Begin::default();
    for (i, node) in nodes.iter().enumerate() {
        let inside = match node {
            Node::Words { text, at } => {
                begin.words.push_str(text);
                begin.at.get_or_insert(*at);
                continue;
            }
            Node::Message { locales, .. } if begin.words.is_empty() => {
                locales.get(locale).map(|nodes| of(nodes, locale))
            }
            Node::Branches(branches) if begin.words.is_empty() => {
                Some(branches.iter().flat_map(|b| of(b, locale)).collect())
            }
            _ => None,
        };
        let more = i + 1 < nodes.len();
        return match inside {
            Some(begins) => begins
                .into_iter()
                .map(|b| Begin {
                    open: b.open || more,
                    ..b
                })
                .collect(),
            None => {
                begin.open = true;
                vec![begin]
            }
        };
    }
    vec![begin]
}

/// What is wrong with an address that begins like this.
fn fault(words: &str, open: bool) -> Option<String> {
    let words = words.trim_start();
    let small = words.to_ascii_lowercase();
    let Some(rest) = SCHEMES.iter().find_map(|s| small.strip_prefix(s)) else {
        return Some(match words.split_once(':') {
            _ if words.is_empty() => {
                "the address does not begin with words of yours, so it may be anything".to_owned()
            }
            Some((scheme, _)) if !scheme.contains(['/', '.']) => {
                format!("a button opens no `{scheme}:` address")
            }
            _ => "the address has no scheme".to_owned(),
        });
    };
    if words
        .trim_end()
        .contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return Some("the address has a space in it".to_owned());
    }
    let end = rest.find(['/', '?', '#']);
    let host = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
    if small.starts_with("tg://") {
        return (host.is_empty() && !open)
            .then(|| "the address says nothing after `tg://`".to_owned());
    }
    if end.is_none() && open {
        return Some("the address's host is not written out, so it may be anything".to_owned());
    }
    let name = host.rsplit('@').next().unwrap_or(host);
    let name = name.split(':').next().unwrap_or(name);
    if name.is_empty() && !host.starts_with('[') {
        return Some("the address has no host".to_owned());
    }
    // An address of the sixth version of IP has none.
    let dotted = name.trim_matches('.').contains('.') || host.starts_with('[');
    (!dotted).then(|| format!("a button opens no host without a dot, as `{name}` is"))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn hosts() {
        for (words, open) in [
            ("https://example.org", false),
            ("HTTPS://example.org?q=", true),
            ("http://user:x@example.org:8080/", true),
            ("tg://user?id=", true),
            ("https://[::1]/", false),
            ("https://пример.рф/", false),
            (" https://example.org ", false),
        ] {
            assert_eq!(fault(words, open), None, "{words}");
        }
        for (words, open) in [
            ("", true),
            ("example.org", false),
            ("ftp://example.org", false),
            ("https://", false),
            ("https://", true),
            ("https://example.", true),
            ("https://localhost/x.y", false),
            ("https://localhost:80", false),
            ("https://exa mple.org", false),
            ("tg://", false),
        ] {
            assert!(fault(words, open).is_some(), "{words}");
        }
    }
}
