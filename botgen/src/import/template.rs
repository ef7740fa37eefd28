//! Old texts, parsed: `{{name}}`, `{{#each list}}…{{/each}}`, `{{#if name}}…{{else}}…{{/if}}` and
//! `t:key {name={{var}}, …}`. Whatever is none of these is the author's own words.

/// Deepest nesting of blocks; deeper tags are words.
const NESTING: usize = botfactory_lang::limits::NESTING;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Words(String),
    /// `{{name}}`.
    Value(String),
    Each {
        list: String,
        body: Vec<Piece>,
    },
    If {
        condition: String,
        then: Vec<Piece>,
        otherwise: Vec<Piece>,
    },
}

/// A text as the old system told them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parsed {
    Template(Vec<Piece>),
    Key(Key),
}

/// `t:key …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub key: String,
    /// `{{#each list}}…{{/each}}` around the arguments.
    pub each: Option<String>,
    pub args: Vec<(String, Arg)>,
    /// What followed that was neither.
    pub rest: String,
}

/// An argument's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Arg {
    Variable(String),
    Literal(String),
}

/// Parses a text.
pub(super) fn parse(text: &str) -> Parsed {
    let trimmed = text.trim();
    match trimmed.strip_prefix("t:") {
        Some(rest) if rest.starts_with(|c: char| !c.is_whitespace()) => Parsed::Key(key(rest)),
        _ => Parsed::Template(template(trimmed)),
    }
}

fn key(rest: &str) -> Key {
    let end = rest
        .find(|c: char| c.is_whitespace() || c == '{')
        .unwrap_or(rest.len());
    let (key, rest) = rest.split_at(end);
    let mut parsed = Key {
        key: key.to_owned(),
        each: None,
        args: Vec::new(),
        rest: String::new(),
    };
    let rest = rest.trim();
    if let [Piece::Each { list, .. }] = template(rest).as_slice() {
        let body = rest
            .split_once("}}")
            .and_then(|(_, body)| body.strip_suffix("{{/each}}"));
        if let Some(args) = body.and_then(args) {
            parsed.each = Some(list.clone());
            parsed.args = args;
            return parsed;
        }
    }
    let inner = rest
        .strip_prefix('{')
        .filter(|r| !r.starts_with('{'))
        .and_then(|r| r.strip_suffix('}'));
    match inner.and_then(args) {
        Some(args) => parsed.args = args,
        None => parsed.rest = rest.to_owned(),
    }
    parsed
}

/// `name=value, name={{var}}`; a comma without a name after it belongs to the value before it.
fn args(list: &str) -> Option<Vec<(String, Arg)>> {
    let mut args: Vec<(String, String)> = Vec::new();
    for part in list.split(',') {
        let named = part
            .split_once('=')
            .filter(|(name, _)| is_name(name.trim()));
        match (named, args.last_mut()) {
            (Some((name, value)), _) => {
                args.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            (None, _) if part.trim().is_empty() => {}
            (None, Some((_, value))) => {
                value.push(',');
                value.push_str(part);
            }
            (None, None) => return None,
        }
    }
    Some(
        args.into_iter()
            .map(|(name, value)| {
                let variable = value
                    .strip_prefix("{{")
                    .and_then(|v| v.strip_suffix("}}"))
                    .map(str::trim)
                    .filter(|v| is_name(v));
                let arg = match variable {
                    Some(variable) => Arg::Variable(variable.to_owned()),
                    None => Arg::Literal(value.trim_matches('"').to_owned()),
                };
                (name, arg)
            })
            .collect(),
    )
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// A tag's inside.
enum Tag<'a> {
    Value(&'a str),
    Each(&'a str),
    If(&'a str),
    Else,
    EndEach,
    EndIf,
}

fn tag(inside: &str) -> Option<Tag<'_>> {
    let inside = inside.trim();
    let block = |word: &str| {
        inside
            .strip_prefix(word)
            .filter(|r| r.starts_with(char::is_whitespace))
            .map(str::trim)
            .filter(|n| is_name(n))
    };
    match inside {
        "else" => Some(Tag::Else),
        "/each" => Some(Tag::EndEach),
        "/if" => Some(Tag::EndIf),
        _ => block("#each")
            .map(Tag::Each)
            .or_else(|| block("#if").map(Tag::If))
            .or_else(|| is_name(inside).then_some(Tag::Value(inside))),
    }
}

/// An open block: what opened it, its pieces so far, and for `#if` the finished first branch.
struct Open {
    source: String,
    name: String,
    is_each: bool,
    then: Option<Vec<Piece>>,
    pieces: Vec<Piece>,
}

/// The pieces of a text that is no key.
pub(super) fn template(text: &str) -> Vec<Piece> {
    let mut stack: Vec<Open> = Vec::new();
    let mut top: Vec<Piece> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else {
            break;
        };
        // `{{{x}}`: the innermost braces count.
        let start = start + rest[start..start + length].rfind("{{").unwrap_or(0);
        let end = rest[start..].find("}}").map_or(rest.len(), |l| start + l);
        words(current(&mut stack, &mut top), &rest[..start]);
        let source = &rest[start..end + 2];
        let opens = |name: &str, is_each| Open {
            source: source.to_owned(),
            name: name.to_owned(),
            is_each,
            then: None,
            pieces: Vec::new(),
        };
        match (tag(&rest[start + 2..end]), stack.last()) {
            (Some(Tag::Value(name)), _) => {
                current(&mut stack, &mut top).push(Piece::Value(name.to_owned()));
            }
            (Some(Tag::Each(name)), _) if stack.len() < NESTING => stack.push(opens(name, true)),
            (Some(Tag::If(name)), _) if stack.len() < NESTING => stack.push(opens(name, false)),
            (Some(Tag::Else), Some(open)) if !open.is_each && open.then.is_none() => {
                if let Some(open) = stack.last_mut() {
                    open.then = Some(std::mem::take(&mut open.pieces));
                }
            }
            (Some(Tag::EndEach), Some(open)) if open.is_each => close(&mut stack, &mut top),
            (Some(Tag::EndIf), Some(open)) if !open.is_each => close(&mut stack, &mut top),
            _ => words(current(&mut stack, &mut top), source),
        }
        rest = &rest[end + 2..];
    }
    words(current(&mut stack, &mut top), rest);
    // A block that never closed is words, and so is nothing inside it.
    while let Some(open) = stack.pop() {
        let into = current(&mut stack, &mut top);
        words(into, &open.source);
        if let Some(then) = open.then {
            append(into, then);
            words(into, "{{else}}");
        }
        append(into, open.pieces);
    }
    top
}

fn current<'a>(stack: &'a mut [Open], top: &'a mut Vec<Piece>) -> &'a mut Vec<Piece> {
    stack.last_mut().map_or(top, |open| &mut open.pieces)
}

fn close(stack: &mut Vec<Open>, top: &mut Vec<Piece>) {
    let Some(open) = stack.pop() else { return };
    let piece = match (open.is_each, open.then) {
        (true, _) => Piece::Each {
            list: open.name,
            body: open.pieces,
        },
        (false, Some(then)) => Piece::If {
            condition: open.name,
            then,
            otherwise: open.pieces,
        },
        (false, None) => Piece::If {
            condition: open.name,
            then: open.pieces,
            otherwise: Vec::new(),
        },
    };
    current(stack, top).push(piece);
}

fn words(into: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    match into.last_mut() {
        Some(Piece::Words(last)) => last.push_str(text),
        _ => into.push(Piece::Words(text.to_owned())),
    }
}

fn append(into: &mut Vec<Piece>, pieces: Vec<Piece>) {
    for piece in pieces {
        match piece {
            Piece::Words(text) => words(into, &text),
            other => into.push(other),
        }
    }
}

/// Every `#each` in a text with the names used inside its body, in order.
pub(super) fn loops(text: Parsed) -> Vec<(String, Vec<String>, bool)> {
    let mut found = Vec::new();
    match text {
        Parsed::Key(key) => {
            if let Some(list) = key.each {
                let names = key.args.into_iter().filter_map(|(_, arg)| match arg {
                    Arg::Variable(name) => Some(name),
                    Arg::Literal(_) => None,
                });
                found.push((list, names.collect(), true));
            }
        }
        Parsed::Template(pieces) => loops_in(&pieces, &mut found),
    }
    found
}

fn loops_in(pieces: &[Piece], found: &mut Vec<(String, Vec<String>, bool)>) {
    for piece in pieces {
        match piece {
            Piece::Each { list, body } => {
                let mut names = Vec::new();
                names_in(body, &mut names);
                found.push((list.clone(), names, false));
                loops_in(body, found);
            }
            Piece::If {
                then, otherwise, ..
            } => {
                loops_in(then, found);
                loops_in(otherwise, found);
            }
            Piece::Words(_) | Piece::Value(_) => {}
        }
    }
}

/// Every name that stands in `pieces`, conditions included.
pub(super) fn names_in(pieces: &[Piece], names: &mut Vec<String>) {
    for piece in pieces {
        match piece {
            Piece::Words(_) => {}
            Piece::Value(name) => names.push(name.clone()),
            Piece::Each { body, .. } => names_in(body, names),
            Piece::If {
                condition,
                then,
                otherwise,
            } => {
                names.push(condition.clone());
                names_in(then, names);
                names_in(otherwise, names);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn w(text: &str) -> Piece {
        Piece::Words(text.into())
    }
    fn v(name: &str) -> Piece {
        Piece::Value(name.into())
    }

    #[test]
    fn values_and_loops() {
        assert_eq!(
            template("a {{x}}\n{{#each rows}}• {{y}}\n{{/each}}"),
            [
                w("a "),
                v("x"),
                w("\n"),
                Piece::Each {
                    list: "rows".into(),
                    body: vec![w("• "), v("y"), w("\n")]
                }
            ]
        );
    }

    #[test]
    fn what_is_no_tag_is_words() {
        for text in [
            "{{",
            "}}",
            "{{a b}}",
            "{{/each}}",
            "{{else}}",
            "{{#each}}",
            "{{#each a}}x",
        ] {
            assert_eq!(template(text), [w(text)], "{text}");
        }
        assert_eq!(
            template("{{#each a}}{{x}}{{/if}}"),
            [w("{{#each a}}"), v("x"), w("{{/if}}")]
        );
        assert_eq!(template("{{{x}}}"), [w("{"), v("x"), w("}")]);
        assert_eq!(template("{{ {{x}}"), [w("{{ "), v("x")]);
    }

    #[test]
    fn branches() {
        assert_eq!(
            template("{{#if a}}1{{else}}2{{/if}}"),
            [Piece::If {
                condition: "a".into(),
                then: vec![w("1")],
                otherwise: vec![w("2")]
            }]
        );
    }

    #[test]
    fn deep_nesting_is_bounded() {
        let text = "{{#each a}}".repeat(100_000);
        assert_eq!(template(&text), [w(&text)]);
        let text = format!("{}{}", "{{#if a}}".repeat(5000), "{{/if}}".repeat(5000));
        template(&text);
    }

    #[test]
    fn keys() {
        let Parsed::Key(key) = parse("t:done {name={{name}}, greeting=Hello, world, n=5}") else {
            panic!("a key");
        };
        assert_eq!(key.key, "done");
        assert_eq!(
            key.args,
            [
                ("name".to_owned(), Arg::Variable("name".into())),
                ("greeting".to_owned(), Arg::Literal("Hello, world".into())),
                ("n".to_owned(), Arg::Literal("5".into())),
            ]
        );
        let Parsed::Key(key) = parse("t:info {{#each me}}name={{name}}, age={{age}}{{/each}}")
        else {
            panic!("a key");
        };
        assert_eq!(key.each.as_deref(), Some("me"));
        assert_eq!(key.args.len(), 2);
        let Parsed::Key(key) = parse("t:info and more") else {
            panic!("a key");
        };
        assert_eq!((key.args.len(), key.rest.as_str()), (0, "and more"));
        assert_eq!(parse("t: no key"), Parsed::Template(vec![w("t: no key")]));
    }
}
