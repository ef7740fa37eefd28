//! From a decoded scalar back to its bytes in the file.
//!
//! granit-parser gives a scalar's decoded text and its range. Decoding is done again here, character by
//! character, noting where each came from; if the two decodings ever disagree, everything points at the
//! scalar's start.

use std::sync::Arc;

use super::Style;

/// Pairs of (offset in the value, offset in the file), see [`crate::source::Str::map`].
pub type Runs = Arc<[(u32, u32)]>;

/// Maps `value`, decoded from `text[lo..hi]`.
pub fn runs(text: &str, lo: usize, hi: usize, style: Style, value: &str) -> Runs {
    let raw = text.get(lo..hi).unwrap_or_default();
    let origins = match style {
        Style::Plain if raw == value => return single(lo),
        Style::Single | Style::Double if quoted(raw) == Some(value) => return single(lo + 1),
        Style::Literal => literal(text, lo, value),
        Style::Folded => folded(raw, lo, value),
        Style::Plain | Style::Single | Style::Double => flow(raw, lo, style, value),
    };
    origins.map_or_else(|| single(lo), |o| compress(&o))
}

fn single(lo: usize) -> Runs {
    [(0, small(lo))].into()
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Inside of quotes, if nothing in it needs decoding.
fn quoted(raw: &str) -> Option<&str> {
    raw.get(1..raw.len().checked_sub(1)?)
        .filter(|s| !s.contains(['\\', '\'', '"', '\n', '\r']))
}

/// (offset in value, offset in file) at each character.
type Origins = Vec<(usize, usize)>;

fn compress(origins: &Origins) -> Runs {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &(v, f) in origins {
        let (v, f) = (small(v), small(f));
        match runs.last() {
            Some(&(rv, rf)) if f.wrapping_sub(rf) == v.wrapping_sub(rv) => {}
            _ => runs.push((v, f)),
        }
    }
    if runs.is_empty() {
        runs.push((0, 0));
    }
    runs.into()
}

/// `|`: lines without their indentation. `lo` is where the first line that is not blank has its content.
fn literal(text: &str, lo: usize, value: &str) -> Option<Origins> {
    let line_start = text[..lo].rfind('\n').map_or(0, |n| n + 1);
    let indent = lo - line_start;
    let blank = value.len() - value.trim_start_matches('\n').len();
    let mut start = line_start;
    for _ in 0..blank {
        start = text[..start.checked_sub(1)?]
            .rfind('\n')
            .map_or(0, |n| n + 1);
    }
    let mut origins = Vec::new();
    let mut v = 0;
    for line in value.split_inclusive('\n') {
        let raw = text.get(start..)?;
        let raw = &raw[..raw.find('\n').map_or(raw.len(), |n| n + 1)];
        let body = line.trim_end_matches('\n');
        let spaces = raw.len() - raw.trim_start_matches(' ').len();
        let skip = indent.min(spaces);
        if !body.is_empty() && !raw.get(skip..)?.starts_with(body) {
            return None;
        }
        origins.push((v, start + skip));
        if line.len() > body.len() {
            // The break stands at the end of the raw line (`\r\n` counts as its last byte).
            let at = (start + raw.len()).saturating_sub(1).max(start + skip);
            origins.push((v + body.len(), at));
        }
        v += line.len();
        start += raw.len();
    }
    Some(origins)
}

/// `>`: what is not white space comes in the same order.
fn folded(raw: &str, lo: usize, value: &str) -> Option<Origins> {
    let mut origins = Vec::new();
    let mut rest = raw.char_indices().peekable();
    for (v, c) in value.char_indices() {
        if !c.is_whitespace() {
            while rest.next_if(|(_, r)| r.is_whitespace()).is_some() {}
        }
        match rest.peek() {
            Some(&(f, r)) if r == c || c.is_whitespace() => {
                origins.push((v, lo + f));
                if r.is_whitespace() || r == c {
                    rest.next();
                }
            }
            Some(_) => return None,
            None => origins.push((v, lo + raw.len())),
        }
    }
    Some(origins)
}

/// Plain and quoted scalars: escapes and folded lines.
fn flow(raw: &str, lo: usize, style: Style, value: &str) -> Option<Origins> {
    let (mut at, end) = match style {
        Style::Plain => (0, raw.len()),
        _ => (1, raw.len().checked_sub(1)?),
    };
    let mut origins = Vec::new();
    let mut out = String::with_capacity(value.len());
    while at < end {
        let rest = raw.get(at..end)?;
        let c = rest.chars().next()?;
        let from = at;
        // Spaces and breaks between two lines become one space, or one break less than there are.
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        // A lone carriage return is a break, too.
        let breaks = rest[..blank].replace("\r\n", "\n");
        let breaks = breaks.matches(['\n', '\r']).count();
        if breaks > 0 {
            let (fold, times) = if breaks == 1 {
                (' ', 1)
            } else {
                ('\n', breaks - 1)
            };
            for _ in 0..times {
                origins.push((out.len(), lo + from));
                out.push(fold);
            }
            at += blank;
            continue;
        }
        if blank > 0 {
            origins.push((out.len(), lo + from));
            out.push_str(&rest[..blank]);
            at += blank;
            continue;
        }
        origins.push((out.len(), lo + from));
        match (style, c) {
            (Style::Single, '\'') => {
                out.push('\'');
                at += 2;
            }
            (Style::Double, '\\') => {
                let (decoded, length) = escape(&rest[1..])?;
                match decoded {
                    Some(c) => out.push(c),
                    None => {
                        origins.pop();
                    }
                }
                at += 1 + length;
            }
            _ => {
                out.push(c);
                at += c.len_utf8();
            }
        }
    }
    (out == value).then_some(origins)
}

/// What follows a `\` in double quotes: the character (`None`: an escaped line break) and its raw length.
fn escape(rest: &str) -> Option<(Option<char>, usize)> {
    let c = rest.chars().next()?;
    let simple = match c {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '/' | '\\' => c,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' => return hex(rest, 2),
        'u' => return unicode(rest),
        'U' => return hex(rest, 8),
        '\n' | '\r' => {
            let skipped = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            return Some((None, rest.len() - skipped.len()));
        }
        _ => return None,
    };
    Some((Some(simple), 1))
}

fn hex(rest: &str, digits: usize) -> Option<(Option<char>, usize)> {
    let n = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
    Some((Some(char::from_u32(n)?), 1 + digits))
}

/// `\uXXXX`, or a surrogate pair of two.
fn unicode(rest: &str) -> Option<(Option<char>, usize)> {
    let unit = |at: usize| u16::from_str_radix(rest.get(at..at + 4)?, 16).ok();
    let first = unit(1)?;
    if !(0xD800..0xDC00).contains(&first) {
        return hex(rest, 4);
    }
    let second = rest
        .get(5..7)
        .filter(|s| *s == "\\u")
        .and_then(|_| unit(7))?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((Some(c), 11))
}
