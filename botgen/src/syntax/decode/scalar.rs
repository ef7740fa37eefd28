//! Scalars as text, and YAML's traps: whatever YAML would change silently is an error that shows the right
//! spelling.

use super::Cx;
use super::fields::escape;
use crate::diagnostics::codes::files;
use crate::diagnostics::{Diagnostic, Edit};
use crate::source::{Span, Str};
use crate::yaml::{Kind, Node, Scalar, Style};

/// What a scalar is for: which of YAML's habits would hurt it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// What people read.
    Prose,
    /// A stored value.
    Value,
    /// A name, a command, a word of a list.
    Word,
    /// A literal or `{{EXPR}}`: numbers are fine.
    Field,
    /// An expression: truth values and numbers are fine.
    Expr,
    /// SQL.
    Sql,
    /// A regular expression.
    Regex,
}

impl Cx<'_> {
    /// A scalar as text; every trap it has fallen into is an error.
    pub fn str<'n>(&mut self, node: &'n Node, what: &str, want: Want) -> Option<&'n Str> {
        let scalar = match &node.kind {
            Kind::Scalar(scalar) => scalar,
            // `text: {{name}}` was reported when its key was read.
            Kind::Map(map) if map.flow && map.truncated => {
                self.fault();
                return None;
            }
            _ => return self.wrong_type(node, what, "a text"),
        };
        if scalar.is_null() {
            return self.wrong_type(node, what, "a text");
        }
        let good = !self.comment(scalar, what, want)
            & !self.bare_word(scalar, what, want)
            & !self.folded(scalar, want)
            & !self.backslash(scalar, want);
        good.then_some(&scalar.text)
    }

    /// `Order #1` without quotes ends at the `#`. A real comment stands two spaces off and begins with a space.
    fn comment(&mut self, scalar: &Scalar, what: &str, want: Want) -> bool {
        let Some(comment) = scalar.comment.filter(|_| scalar.style == Style::Plain) else {
            return false;
        };
        let gap = Span {
            lo: scalar.text.span.hi,
            hi: comment.lo,
            ..comment
        };
        let text = self.sources.slice(comment);
        let looks_meant = self.sources.slice(gap).len() > 1 && text[1..].starts_with([' ', '#']);
        if looks_meant || want == Want::Word {
            return false;
        }
        let place = Span {
            lo: scalar.text.span.lo,
            ..comment
        };
        let whole = self.sources.slice(place).trim_end();
        let place = Span {
            hi: place.lo + u32::try_from(whole.len()).unwrap_or_default(),
            ..place
        };
        let whole = escape(whole);
        let d = Diagnostic::new(
            &files::COMMENT,
            comment,
            format!("a `#` after a space begins a comment: {what} ends before it"),
        )
        .help(format!(
            "put the text in quotes: `\"{whole}\"`; a comment stands two spaces off: `  # …`"
        ));
        // Inside of `{…}` the comment has swallowed what follows.
        self.report(if scalar.in_flow {
            d
        } else {
            let edit = Edit::replace(place, format!("\"{whole}\""));
            d.fix("put the text in quotes", [edit])
        });
        true
    }

    /// `Yes`, `off`, `null`, `007`.
    fn bare_word(&mut self, scalar: &Scalar, what: &str, want: Want) -> bool {
        if scalar.style != Style::Plain {
            return false;
        }
        let word = scalar.text.value.as_str();
        let reads_as = if is_truth_value(word) && want != Want::Expr {
            "a truth value"
        } else if matches!(want, Want::Prose | Want::Value) && is_changed_number(word) {
            "a number written differently"
        } else {
            return false;
        };
        let d = Diagnostic::new(
            &files::BARE_WORD,
            scalar.text.span,
            format!("`{word}` without quotes is {reads_as} in YAML, {what} is a text"),
        );
        let title = format!("write `\"{word}\"`");
        let edit = Edit::replace(scalar.text.span, format!("\"{word}\""));
        self.report(d.help(title.clone()).fix(title, [edit]));
        true
    }

    /// Lines that YAML joins.
    fn folded(&mut self, scalar: &Scalar, want: Want) -> bool {
        let span = scalar.text.span;
        let (message, help) = match scalar.style {
            Style::Literal => return false,
            Style::Folded => (
                "`>` joins the lines of a text into one",
                "write `|`, which keeps them",
            ),
            Style::Plain | Style::Single | Style::Double => {
                let text = self.sources.slice(span);
                let joined = text.match_indices('\n').any(|(at, _)| {
                    let before = text[..at].trim_end_matches('\r');
                    scalar.style != Style::Double || !before.ends_with('\\')
                });
                if !joined {
                    return false;
                }
                (
                    "YAML joins these lines into one",
                    if want == Want::Word {
                        "write it on one line"
                    } else {
                        "write `|` after the key and the text below it, indented; or write it on one line"
                    },
                )
            }
        };
        let mut d = Diagnostic::new(&files::FOLDED, span, message).help(help);
        if scalar.style == Style::Folded && self.sources.slice(span).starts_with('>') {
            let sign = Span {
                hi: span.lo + 1,
                ..span
            };
            d = d.fix("write `|`", [Edit::replace(sign, "|")]);
        }
        self.report(d);
        true
    }

    /// `\n` where YAML does not decode it, and a regex where it does.
    fn backslash(&mut self, scalar: &Scalar, want: Want) -> bool {
        let text = &scalar.text;
        if want == Want::Regex && scalar.style == Style::Double {
            let written = self.sources.slice(text.span);
            let Some(at) = written.find('\\') else {
                return false;
            };
            let pattern = written
                .trim_matches('"')
                .replace("\\\\", "\\")
                .replace('\'', "''");
            let lo = text.span.lo + u32::try_from(at).unwrap_or(0);
            let span = Span {
                lo,
                hi: lo + 1,
                ..text.span
            };
            let d = Diagnostic::new(
                &files::REGEX_QUOTES,
                span,
                "double quotes decode the backslashes of a regex",
            );
            let title = format!("write it in single quotes: `'{pattern}'`");
            let edit = Edit::replace(text.span, format!("'{pattern}'"));
            self.report(d.help(title.clone()).fix(title, [edit]));
            return true;
        }
        if want != Want::Prose || scalar.style == Style::Double {
            return false;
        }
        let Some(range) = literal_escape(&text.value) else {
            return false;
        };
        let written = &text.value[range.clone()];
        let mut d = Diagnostic::new(
            &files::BACKSLASH,
            text.span_of(range.clone()),
            format!("`{written}` is written out here: only double quotes decode it"),
        )
        .help(format!("for a line break put the text in double quotes or write it below `|`; for these characters themselves write `\"\\{written}\"`"));
        // With nothing else that double quotes would read otherwise, a line break is what is meant.
        let only_breaks = !text.value.replace("\\n", "").contains(['\\', '"', '\n']);
        if matches!(scalar.style, Style::Plain | Style::Single) && only_breaks {
            let edit = Edit::replace(text.span, format!("\"{}\"", text.value));
            d = d.fix("put the text in double quotes", [edit]);
        }
        self.report(d);
        true
    }
}

/// YAML 1.1's words for truth, which many tools still obey (but none `y` and `n`, which are good names).
fn is_truth_value(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let words = ["yes", "no", "true", "false", "on", "off"];
    let capital = |w: &str| w[..1].to_ascii_uppercase() + &w[1..];
    words.contains(&lower.as_str())
        && [lower.clone(), lower.to_ascii_uppercase(), capital(&lower)].contains(&word.to_owned())
}

/// A number that tools print differently when they write it again: `007`, `1.10`, `1_000`, `0x1F`, `1e3`, `+7`.
fn is_changed_number(word: &str) -> bool {
    let digits = word.trim_start_matches(['+', '-']);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && !matches!(digits.to_ascii_lowercase().as_str(), ".inf" | ".nan")
    {
        return false;
    }
    let radix = ["0x", "0o", "0b"].iter().any(|p| {
        digits
            .strip_prefix(p)
            .is_some_and(|d| !d.is_empty() && d.chars().all(|c| c.is_ascii_hexdigit() || c == '_'))
    });
    let plain = digits.replace('_', "");
    let special = matches!(digits.to_ascii_lowercase().as_str(), ".inf" | ".nan");
    if radix || special {
        return true;
    }
    let numeric = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && plain.chars().any(|c| c.is_ascii_digit())
        && plain.parse::<f64>().is_ok();
    if !numeric {
        return false;
    }
    let whole = word.parse::<i64>().is_ok_and(|n| n.to_string() == word);
    let real = word.contains('.')
        && !word.contains(['e', 'E'])
        && word.parse::<f64>().is_ok_and(|n| n.to_string() == word);
    !whole && !real
}

/// The first `\n`, `\t`, `\r`, `\"` or `\uXXXX` outside of `{{…}}`.
fn literal_escape(text: &str) -> Option<std::ops::Range<usize>> {
    let mut rest = 0;
    loop {
        let open = text[rest..].find("{{").map_or(text.len(), |n| rest + n);
        let part = &text[rest..open];
        let mut chars = part.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                continue;
            }
            let at = rest + at;
            match chars.next().map(|(_, c)| c) {
                Some('n' | 't' | 'r' | '"') => return Some(at..at + 2),
                Some('u')
                    if text
                        .get(at + 2..at + 6)
                        .is_some_and(|h| h.bytes().all(|b| b.is_ascii_hexdigit())) =>
                {
                    return Some(at..at + 6);
                }
                _ => {}
            }
        }
        rest = open + text[open..].find("}}").map(|n| n + 2)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for same in [
            "1",
            "-5",
            "0",
            "1.5",
            "10",
            "12:30",
            "2024-01-01",
            "1.2.3",
            "5 шт",
            "-",
            ".",
            "inf",
            "…",
            "e5",
        ] {
            assert!(!is_changed_number(same), "{same}");
        }
        for changed in [
            "007",
            "1.10",
            "1_000",
            "0x1F",
            "1e3",
            "+7",
            ".5",
            "5.",
            "00",
            "+79991234567",
            ".inf",
            "99999999999999999999",
        ] {
            assert!(is_changed_number(changed), "{changed}");
        }
    }

    #[test]
    fn truth() {
        for t in ["Yes", "no", "ON", "True"] {
            assert!(is_truth_value(t), "{t}");
        }
        for f in ["yEs", "yess", "да", "Да", "oN", "-", "y", "N", ""] {
            assert!(!is_truth_value(f), "{f}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(literal_escape(r"a\nb"), Some(1..3));
        assert_eq!(literal_escape(r"a {{x | join: '\n'}} b"), None);
        assert_eq!(literal_escape(r"{{x}} \u0041"), Some(6..12));
        assert_eq!(literal_escape(r"1\.5 \- \\n"), None);
        assert_eq!(literal_escape(r"{{x \n"), None);
    }
}
