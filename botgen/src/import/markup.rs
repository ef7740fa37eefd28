//! Author's texts were sent without markup or as Telegram's HTML; both come out as valid Telegram HTML.

use botfactory_lang::markup::ParseMode;

use super::text::Mode;

/// Tags Telegram knows (Bot API, HTML style).
const TAGS: &[&str] = &[
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "span",
    "tg-spoiler",
    "a",
    "tg-emoji",
    "code",
    "pre",
    "blockquote",
];

/// Longest tag, in bytes.
const TAG: usize = 2100;

/// A piece of a text.
enum Part<'a> {
    Text(&'a str),
    /// `{{…}}`: never touched.
    Template(&'a str),
    Open(&'a str, &'a str),
    Close(&'a str, &'a str),
    /// `<` or `&` that starts nothing.
    Stray(char),
}

/// Holes of a text: its `{{…}}`.
fn holes(text: &str) -> Vec<std::ops::Range<usize>> {
    let (mut holes, mut from) = (Vec::new(), 0);
    while let Some(start) = text[from..].find("{{").map(|at| from + at) {
        let Some(end) = text[start..].find("}}").map(|at| start + at + 2) else {
            break;
        };
        holes.push(start..end);
        from = end;
    }
    holes
}

fn is_good(mode: ParseMode, text: &str) -> bool {
    botfactory_lang::markup::check(mode, text, &holes(text))
        .0
        .is_empty()
}

/// Escapes what Telegram would refuse as HTML; the text is unchanged where nothing is wrong.
pub(super) fn html(text: &str) -> String {
    let tidy = tidy(text);
    if is_good(ParseMode::Html, &tidy) {
        return tidy;
    }
    // Some rule that `tidy` does not know: all signs are words.
    unmarked(text, Mode::Html)
}

/// The same for MarkdownV2: a text with a fault is words, so every sign of it is escaped.
pub(super) fn markdown(text: &str) -> String {
    if is_good(ParseMode::MarkdownV2, text) {
        return text.to_owned();
    }
    unmarked(text, Mode::MarkdownV2)
}

/// Every sign of MarkdownV2 escaped; signs that are escaped already stay so.
fn escape(c: char, out: &mut String) {
    if "_*[]()~`>#+-=|{}.!".contains(c) && !out.ends_with('\\') {
        out.push('\\');
    }
    out.push(c);
}

/// `_{{x}}_` would be the sign of underlining where the value is empty; it is bold.
pub(super) fn italics(text: &str) -> String {
    let mut out = text.to_owned();
    for hole in holes(text).into_iter().rev() {
        let (before, after) = (&text[..hole.start], &text[hole.end..]);
        let alone = before.ends_with('_')
            && !before.ends_with("__")
            && !before.ends_with("\\_")
            && after.starts_with('_')
            && !after.starts_with("__");
        if alone {
            out.replace_range(hole.end..=hole.end, "*");
            out.replace_range(hole.start - 1..hole.start, "*");
        }
    }
    out
}

/// A text without any markup, as it is written in this place.
pub(super) fn words(text: &str, mode: Mode) -> String {
    match mode {
        Mode::Html => text.replace('&', "&amp;").replace('<', "&lt;"),
        Mode::MarkdownV2 => escaped(text),
        Mode::Plain => text.to_owned(),
    }
}

/// The same around `{{…}}`.
pub(super) fn unmarked(text: &str, mode: Mode) -> String {
    match mode {
        Mode::Html => outside(text, |c, out| match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }),
        Mode::MarkdownV2 => outside(text, escape),
        Mode::Plain => text.to_owned(),
    }
}

/// Words for MarkdownV2.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        escape(c, &mut out);
    }
    out
}

/// Without tags, for places that have no markup.
pub(super) fn plain(text: &str) -> String {
    let parts = parts(text).into_iter().map(|part| match part {
        Part::Text(text) | Part::Template(text) => text.to_owned(),
        Part::Open(..) | Part::Close(..) => String::new(),
        Part::Stray(c) => c.to_string(),
    });
    parts.collect()
}

/// Rewrites every character outside `{{…}}`.
fn outside(text: &str, write: impl Fn(char, &mut String)) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for hole in holes(text)
        .into_iter()
        .chain(std::iter::once(text.len()..text.len()))
    {
        for c in text[from..hole.start].chars() {
            write(c, &mut out);
        }
        from = hole.end;
        out.push_str(&text[hole]);
    }
    out
}

fn tidy(text: &str) -> String {
    let parts = parts(text);
    let mut open: Vec<&str> = Vec::new();
    let balanced = parts.iter().all(|part| match part {
        Part::Open(name, _) => {
            open.push(name);
            true
        }
        Part::Close(name, _) => open.pop() == Some(name),
        _ => true,
    }) && open.is_empty();
    let mut out = String::with_capacity(text.len());
    for part in parts {
        match part {
            Part::Text(text) | Part::Template(text) => out.push_str(text),
            Part::Open(_, source) | Part::Close(_, source) if balanced => out.push_str(source),
            Part::Open(_, source) | Part::Close(_, source) => {
                out.push_str(&source.replace('<', "&lt;"));
            }
            Part::Stray('<') => out.push_str("&lt;"),
            Part::Stray(_) => out.push_str("&amp;"),
        }
    }
    out
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let next = rest.find(['<', '&', '{']).unwrap_or(rest.len());
        if next > 0 {
            parts.push(Part::Text(&rest[..next]));
            rest = &rest[next..];
            continue;
        }
        let (part, length) = if rest.starts_with("{{") {
            let end = rest.find("}}").map_or(rest.len(), |e| e + 2);
            (Part::Template(&rest[..end]), end)
        } else if rest.starts_with('{') {
            (Part::Text(&rest[..1]), 1)
        } else if rest.starts_with('&') {
            match entity(rest) {
                Some(length) => (Part::Text(&rest[..length]), length),
                None => (Part::Stray('&'), 1),
            }
        } else {
            tag(rest).unwrap_or((Part::Stray('<'), 1))
        };
        parts.push(part);
        rest = &rest[length..];
    }
    parts
}

/// Length of `&lt;`, `&gt;`, `&amp;`, `&quot;` or a numeric entity.
fn entity(rest: &str) -> Option<usize> {
    let end = rest.bytes().take(12).position(|b| b == b';')?;
    let name = &rest[1..end];
    let number = name.strip_prefix('#').is_some_and(|n| {
        let digits = n.strip_prefix('x');
        let hex = digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_hexdigit()));
        hex || (!n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    });
    (number || ["lt", "gt", "amp", "quot"].contains(&name)).then_some(end + 1)
}

fn tag(rest: &str) -> Option<(Part<'_>, usize)> {
    let end = rest.bytes().take(TAG).position(|b| b == b'>')?;
    let inside = &rest[1..end];
    // A tag stands on one line and holds no other.
    if inside.contains(['<', '\n']) {
        return None;
    }
    let source = &rest[..=end];
    if let Some(name) = inside.strip_prefix('/') {
        let known = TAGS.iter().find(|t| **t == name)?;
        return Some((Part::Close(known, source), end + 1));
    }
    let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
    let known = TAGS.iter().find(|t| **t == name)?;
    let fits = match *known {
        "a" => attributes.starts_with("href=\"") && attributes.ends_with('"'),
        "span" => attributes == "class=\"tg-spoiler\"",
        "tg-emoji" => attributes.starts_with("emoji-id=\"") && attributes.ends_with('"'),
        "code" => attributes.is_empty() || attributes.starts_with("class=\"language-"),
        "blockquote" => attributes.is_empty() || attributes == "expandable",
        _ => attributes.is_empty(),
    };
    fits.then_some((Part::Open(known, source), end + 1))
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn good_markup_stays_and_stray_signs_are_escaped() {
        for same in [
            "<b>bold {{x}}</b> & <a href=\"https://x.y/?a=1&amp;b\">l</a>"
                .replace(" & ", " &amp; "),
            "{{#if a}}1 < 2{{/if}}".replace('<', "&lt;"),
            "{{a < b}}".to_owned(),
            "no signs; 5 &gt; 3 &#33;".to_owned(),
        ] {
            assert_eq!(tidy(&same), same);
        }
        assert_eq!(tidy("1 < 2 & 3 > 2"), "1 &lt; 2 &amp; 3 > 2");
        assert_eq!(tidy("<b>x"), "&lt;b>x");
        assert_eq!(tidy("<b><i>x</b></i>"), "&lt;b>&lt;i>x&lt;/b>&lt;/i>");
        assert_eq!(tidy("<your name>"), "&lt;your name>");
        assert_eq!(tidy("<b>a < b</b>"), "<b>a &lt; b</b>");
        assert_eq!(tidy("&nbsp;"), "&amp;nbsp;");
    }

    #[test]
    fn what_telegram_refuses_becomes_words() {
        assert_eq!(
            super::html("<pre><b>x</b></pre> {{a}}"),
            "&lt;pre>&lt;b>x&lt;/b>&lt;/pre> {{a}}"
        );
        assert_eq!(super::html("<b>{{a}}</b>"), "<b>{{a}}</b>");
        assert_eq!(super::markdown("*b* {{a.b}} \\."), "*b* {{a.b}} \\.");
        assert_eq!(super::markdown("v1.0 {{a.b}} \\-"), "v1\\.0 {{a.b}} \\-");
        assert_eq!(super::plain("<b>1 < 2</b> {{x}}"), "1 < 2 {{x}}");
        assert_eq!(
            super::italics("_{{a}}_ __{{b}}__ _c_ \\_{{d}}_"),
            "*{{a}}* __{{b}}__ _c_ \\_{{d}}_"
        );
    }
}
