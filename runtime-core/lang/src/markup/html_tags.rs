//! The tags that Telegram knows, and their attributes.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::MarkupError;

/// An attribute as written.
pub(super) struct Attribute {
    /// In lower case.
    pub name: String,
    /// `None`: it has no value; inside, `None`: a value of the bot stands in it.
    pub value: Option<Option<String>>,
    pub range: Range<usize>,
}

const TAGS: [&str; 17] = [
    "a",
    "b",
    "blockquote",
    "code",
    "del",
    "em",
    "i",
    "ins",
    "pre",
    "s",
    "span",
    "strike",
    "strong",
    "tg-emoji",
    "tg-spoiler",
    "tg-time",
    "u",
];

/// Tags and entities of HTML in words that have no markup.
pub(crate) fn html_in(words: &str) -> Vec<Range<usize>> {
    static HTML: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let tags = TAGS.join("|");
        let html = format!(r"(?i)</?(?:{tags})(?:\s[^<>]*)?>|&(?:lt|gt|amp|quot);");
        Regex::new(&html).ok()
    });
    HTML.as_ref()
        .map(|html| html.find_iter(words).map(|hit| hit.range()).collect())
        .unwrap_or_default()
}

pub(super) fn is_known(name: &str) -> bool {
    TAGS.contains(&name)
}

/// What to write for a tag that Telegram has not.
pub(super) fn instead_of(name: &str) -> String {
    match name {
        "br" | "p" | "div" | "hr" | "li" | "ul" | "ol" => "remove it and break the line instead".to_owned(),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "write `<b>` for a heading".to_owned(),
        "img" => "send the picture as a photo, or its address as a link".to_owned(),
        "spoiler" => "write `<tg-spoiler>`".to_owned(),
        "bold" => "write `<b>`".to_owned(),
        "italic" => "write `<i>`".to_owned(),
        "q" | "quote" => "write `<blockquote>`".to_owned(),
        "tt" | "kbd" | "samp" => "write `<code>`".to_owned(),
        _ => "write `&lt;` for a `<` of the text; tags are `b i u s a code pre blockquote tg-spoiler tg-emoji tg-time`".to_owned(),
    }
}

/// Reports what is wrong with a tag's attributes.
pub(super) fn check_attributes(
    name: &str,
    parent: Option<&str>,
    attributes: &[Attribute],
    tag: Range<usize>,
    errors: &mut Vec<MarkupError>,
) {
    let mut error = |range: &Range<usize>, message: String, help: String| {
        errors.push(MarkupError {
            range: range.clone(),
            message,
            help,
        });
    };
    let known: &[&str] = match name {
        "a" => &["href"],
        "span" | "code" => &["class"],
        "tg-emoji" => &["emoji-id"],
        "tg-time" => &["unix", "format"],
        "blockquote" => &["expandable"],
        _ => &[],
    };
    for attribute in attributes {
        if !known.contains(&attribute.name.as_str()) {
            let help = match known {
                [] => "remove it".to_owned(),
                _ => format!("it has `{}`", known.join("` and `")),
            };
            error(
                &attribute.range,
                format!("`<{name}>` has no attribute `{}`", attribute.name),
                help,
            );
        }
    }
    let find = |wanted: &str| attributes.iter().find(|attribute| attribute.name == wanted);
    // The value where it is written out; a value of the bot is taken on trust.
    let written = |attribute: &Attribute| attribute.value.clone().flatten();
    match name {
        "a" => match find("href") {
            None => error(
                &tag,
                "`<a>` needs `href`".to_owned(),
                "write `<a href=\"https://…\">`".to_owned(),
            ),
            Some(href)
                if href.value.is_none()
                    || written(href).is_some_and(|value| value.trim().is_empty()) =>
            {
                error(
                    &href.range,
                    "`href` is empty".to_owned(),
                    "write `<a href=\"https://…\">`".to_owned(),
                );
            }
            Some(_) => {}
        },
        "span" if find("class").and_then(written).as_deref() != Some("tg-spoiler") => {
            error(
                &tag,
                "`<span>` needs `class=\"tg-spoiler\"`".to_owned(),
                "write `<tg-spoiler>`, or remove the tag".to_owned(),
            );
        }
        "code" => {
            if let Some(class) = find("class") {
                if parent != Some("pre") {
                    error(
                        &class.range,
                        "`class` on `<code>` counts only directly inside `<pre>`".to_owned(),
                        "write `<pre><code class=\"language-…\">`".to_owned(),
                    );
                } else if class.value.is_none()
                    || written(class).is_some_and(|value| !value.starts_with("language-"))
                {
                    error(
                        &class.range,
                        "`class` names no language".to_owned(),
                        "write `class=\"language-python\"`".to_owned(),
                    );
                }
            }
        }
        "tg-emoji" => match find("emoji-id") {
            None => error(
                &tag,
                "`<tg-emoji>` needs `emoji-id`".to_owned(),
                "write `<tg-emoji emoji-id=\"5368324170671202286\">`".to_owned(),
            ),
            Some(id) => {
                if id.value.is_none()
                    || written(id).is_some_and(|value| value.parse::<i64>().is_err())
                {
                    error(
                        &id.range,
                        "`emoji-id` is no number".to_owned(),
                        "write the custom emoji's id".to_owned(),
                    );
                }
            }
        },
        "tg-time" => {
            match find("unix") {
                None => error(
                    &tag,
                    "`<tg-time>` needs `unix`".to_owned(),
                    "write `<tg-time unix=\"1647531900\">`".to_owned(),
                ),
                Some(unix) => {
                    if unix.value.is_none()
                        || written(unix).is_some_and(|value| value.parse::<i64>().is_err())
                    {
                        error(
                            &unix.range,
                            "`unix` is no number".to_owned(),
                            "write Unix seconds".to_owned(),
                        );
                    }
                }
            }
            if let Some(format) = find("format")
                && (format.value.is_none()
                    || written(format).is_some_and(|value| !is_time_format(&value)))
            {
                error(
                    &format.range,
                    "`format` is not one that Telegram knows".to_owned(),
                    "write `r`, or any of `w`, `d` or `D`, `t` or `T`, in this order".to_owned(),
                );
            }
        }
        _ => {}
    }
}

/// Telegram's `r|w?[dD]?[tT]?`.
pub(super) fn is_time_format(format: &str) -> bool {
    if format == "r" {
        return true;
    }
    let rest = format.strip_prefix('w').unwrap_or(format);
    let rest = rest.strip_prefix(['d', 'D']).unwrap_or(rest);
    let rest = rest.strip_prefix(['t', 'T']).unwrap_or(rest);
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_time_format;

    #[test]
    fn time_formats() {
        for fine in ["", "r", "w", "wd", "wDT", "t", "Dt"] {
            assert!(is_time_format(fine), "{fine}");
        }
        for bad in ["rw", "dw", "td", "dD", "x", "ww"] {
            assert!(!is_time_format(bad), "{bad}");
        }
    }
}
