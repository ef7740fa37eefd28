//! Telegram's HTML: taken apart leniently, checked strictly.

use super::html_tags::{self, Attribute};
use super::scan::{Peek, Scan};
use super::{Markup, MarkupError, Place, Span, Token};
use std::ops::Range;

/// A piece of marked-up text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text,
    Char(char),
    /// A tag's name.
    Open(&'a str),
    Close(&'a str),
}

/// The pieces of `text` in order, without gaps, without allocation. What is no tag or entity is text, as with
/// Telegram's own parser.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (Range<usize>, Piece<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let (length, piece) = match rest.as_bytes()[0] {
            b'<' => tag(rest).unwrap_or((1, Piece::Text)),
            b'&' => entity(rest).map_or((1, Piece::Text), |(char, length)| {
                (length, Piece::Char(char))
            }),
            _ => (rest.find(['<', '&']).unwrap_or(rest.len()), Piece::Text),
        };
        let range = at..at + length;
        at = range.end;
        Some((range, piece))
    })
}

/// A tag at the start of `rest`, with its length.
fn tag(rest: &str) -> Option<(usize, Piece<'_>)> {
    let bytes = rest.as_bytes();
    let closes = bytes.get(1) == Some(&b'/');
    let start = if closes { 2 } else { 1 };
    let name = start
        ..start
            + rest[start..]
                .find(|char: char| !is_name(char))
                .unwrap_or(rest.len() - start);
    if name.is_empty() && !closes {
        return None;
    }
    let mut quote = None;
    let mut at = name.end;
    loop {
        match (bytes.get(at)?, quote) {
            (byte, Some(open)) if *byte == open => quote = None,
            (_, Some(_)) => {}
            (b'>', None) => break,
            (byte @ (b'"' | b'\''), None) => quote = Some(*byte),
            _ => {}
        }
        at += 1;
    }
    let name = &rest[name];
    Some((
        at + 1,
        if closes {
            Piece::Close(name)
        } else {
            Piece::Open(name)
        },
    ))
}

fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '-'
}

/// The character of an entity at the start of `rest`, with its length. The semicolon may be missing.
fn entity(rest: &str) -> Option<(char, usize)> {
    let body = rest.strip_prefix('&')?;
    let (char, length) = if let Some(number) = body.strip_prefix('#') {
        let (digits, radix, head) = match number.strip_prefix('x') {
            Some(digits) => (digits, 16, 3),
            None => (number, 10, 2),
        };
        let length = digits
            .bytes()
            .take_while(|byte| char::from(*byte).is_digit(radix))
            .count();
        // Telegram reads at most nine characters.
        let code = if head + length < 10 {
            u32::from_str_radix(&digits[..length], radix).ok()?
        } else {
            return None;
        };
        (
            char::from_u32(code).filter(|char| *char != '\0')?,
            head + length,
        )
    } else {
        let length = body.bytes().take_while(u8::is_ascii_alphabetic).count();
        let char = match &body[..length] {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            _ => return None,
        };
        (char, 1 + length)
    };
    let semicolon = rest.as_bytes().get(length) == Some(&b';');
    Some((char, length + usize::from(semicolon)))
}

/// For a text that passed [`check`].
pub(super) fn take_apart(text: &str) -> Markup {
    let mut markup = Markup::default();
    let mut open: Vec<usize> = Vec::new();
    for (range, piece) in pieces(text) {
        let token = match piece {
            Piece::Text => Token::Text,
            Piece::Char(char) => Token::Char(char),
            Piece::Open(name) => {
                open.push(markup.spans.len());
                markup.spans.push(Span {
                    open: text[range.clone()].to_owned(),
                    close: format!("</{name}>"),
                    whole: name.eq_ignore_ascii_case("tg-emoji")
                        || name.eq_ignore_ascii_case("tg-time"),
                    quotation: false,
                });
                Token::Open(markup.spans.len() - 1)
            }
            Piece::Close(_) => open.pop().map_or(Token::Hidden, Token::Close),
        };
        markup.tokens.push((range, token));
    }
    markup
}

/// See [`super::check`].
pub(super) fn check(text: &str, holes: &[Range<usize>]) -> (Vec<MarkupError>, Vec<Place>) {
    let mut check = Check {
        scan: Scan::new(text, holes),
        errors: Vec::new(),
        places: vec![Place::Text; holes.len()],
        open: Vec::new(),
    };
    check.text();
    (check.errors, check.places)
}

struct Check<'a> {
    scan: Scan<'a>,
    errors: Vec<MarkupError>,
    places: Vec<Place>,
    /// Tags open here: name in lower case, where.
    open: Vec<(String, Range<usize>)>,
}

impl Check<'_> {
    fn error(&mut self, range: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.errors.push(MarkupError {
            range,
            message: message.into(),
            help: help.into(),
        });
    }

    fn text(&mut self) {
        loop {
            match self.scan.peek() {
                Peek::End => break,
                Peek::Hole(hole) => {
                    let code = self
                        .open
                        .iter()
                        .any(|(name, _)| name == "code" || name == "pre");
                    self.places[hole] = if code { Place::Code } else { Place::Text };
                    self.scan.bump();
                }
                Peek::Char('&') => self.entity(),
                Peek::Char('<') => self.tag(),
                Peek::Char(_) => self.scan.bump(),
            }
        }
        for (name, range) in std::mem::take(&mut self.open) {
            self.error(
                range,
                format!("`<{name}>` is never closed"),
                format!("write `</{name}>` where it ends"),
            );
        }
    }

    fn entity(&mut self) {
        let start = self.scan.at;
        self.scan.bump();
        let name = self
            .scan
            .take_while(|char| char.is_ascii_alphanumeric() || char == '#');
        let closed = self.scan.byte(0) == b';';
        let range = start..self.scan.at + usize::from(closed);
        let whole = &self.scan.text[range.clone()];
        if closed && !name.is_empty() {
            self.scan.bump();
            if entity(whole).is_none_or(|(_, length)| length != whole.len()) {
                let help = match name {
                    "nbsp" => "write `&#160;`, or the character itself".to_owned(),
                    "apos" => "write `'`".to_owned(),
                    _ => "Telegram knows `&lt;` `&gt;` `&amp;` `&quot;` and numbers such as `&#8212;`; write the character itself".to_owned(),
                };
                self.error(
                    range,
                    format!("`{whole}` is no entity that Telegram knows"),
                    help,
                );
            }
            return;
        }
        self.error(start..start + 1, "`&` by itself", "write `&amp;`");
    }

    fn tag(&mut self) {
        let start = self.scan.at;
        self.scan.bump();
        if !(self.scan.byte(0).is_ascii_alphabetic() || matches!(self.scan.byte(0), b'/' | b'!')) {
            self.error(start..start + 1, "`<` starts no tag", "write `&lt;`");
            return;
        }
        if self.scan.byte(0) == b'!' {
            self.skip_tag();
            self.error(
                start..self.scan.at,
                "Telegram knows no HTML comments",
                "remove it",
            );
            return;
        }
        let closes = self.scan.byte(0) == b'/';
        if closes {
            self.scan.bump();
        }
        let name = self.scan.take_while(is_name).to_ascii_lowercase();
        if closes {
            self.scan.take_while(char::is_whitespace);
            if self.scan.byte(0) != b'>' {
                self.skip_tag();
                self.error(
                    start..self.scan.at,
                    "a closing tag that does not end",
                    format!("write `</{name}>`"),
                );
            } else {
                self.scan.bump();
            }
            self.close(&name, start..self.scan.at);
        } else {
            let attributes = self.attributes(start, &name);
            self.open(name, attributes, start..self.scan.at);
        }
    }

    /// Up to and with the tag's `>`. `None` after a fault that was reported.
    fn attributes(&mut self, start: usize, name: &str) -> Option<Vec<Attribute>> {
        let mut attributes = Vec::new();
        let mut fine = true;
        loop {
            self.scan.take_while(char::is_whitespace);
            let at = self.scan.at;
            match self.scan.peek() {
                Peek::Char('>') => {
                    self.scan.bump();
                    return fine.then_some(attributes);
                }
                Peek::End => {
                    self.error(
                        start..at,
                        format!("`<{name}` does not end"),
                        "write `>` where the tag ends, or `&lt;` for a `<` of the text",
                    );
                    return None;
                }
                Peek::Hole(hole) => {
                    self.places[hole] = Place::Attribute;
                    self.scan.bump();
                    fine = false;
                    self.error(
                        at..self.scan.at.max(at),
                        "a value inside a tag",
                        "put it into a quoted attribute: `href=\"…\"`",
                    );
                }
                Peek::Char('/') if self.scan.byte(1) == b'>' => {
                    self.scan.bump();
                    fine = false;
                    let help = if name == "br" {
                        "break the line instead".to_owned()
                    } else {
                        format!("write `<{name}></{name}>`")
                    };
                    self.error(
                        start..self.scan.at + 1,
                        format!("`<{name}/>`: Telegram has no tags without content"),
                        help,
                    );
                }
                Peek::Char(_) => {
                    let attribute = self
                        .scan
                        .take_while(|char| {
                            !char.is_whitespace() && !matches!(char, '=' | '>' | '<' | '"' | '\'')
                        })
                        .to_ascii_lowercase();
                    if attribute.is_empty() {
                        self.skip_tag();
                        self.error(
                            start..self.scan.at,
                            format!("`<{name}` does not end"),
                            "write `>` where the tag ends, or `&lt;` for a `<` of the text",
                        );
                        return None;
                    }
                    let name_end = self.scan.at;
                    self.scan.take_while(char::is_whitespace);
                    let value = if self.scan.byte(0) == b'=' {
                        self.scan.bump();
                        self.scan.take_while(char::is_whitespace);
                        let Some(value) = self.value() else {
                            self.error(
                                at..self.scan.at,
                                format!("the value of `{attribute}` has no quotes around it"),
                                format!("write `{attribute}=\"…\"`"),
                            );
                            self.skip_tag();
                            return None;
                        };
                        Some(value)
                    } else {
                        None
                    };
                    let end = if value.is_some() {
                        self.scan.at
                    } else {
                        name_end
                    };
                    attributes.push(Attribute {
                        name: attribute,
                        value,
                        range: at..end,
                    });
                }
            }
        }
    }

    /// A value in quotes; `None` inside it stands for a hole. Outer `None`: no quotes, or never closed.
    fn value(&mut self) -> Option<Option<String>> {
        let Peek::Char(quote @ ('"' | '\'')) = self.scan.peek() else {
            return None;
        };
        self.scan.bump();
        let mut value = Some(String::new());
        loop {
            match self.scan.peek() {
                Peek::End => return None,
                Peek::Hole(hole) => {
                    self.places[hole] = Place::Attribute;
                    value = None;
                    self.scan.bump();
                }
                Peek::Char(char) => {
                    self.scan.bump();
                    if char == quote {
                        return Some(value);
                    }
                    if let Some(value) = &mut value {
                        value.push(char);
                    }
                }
            }
        }
    }

    /// To behind the next `>`, or the end; values on the way count as inside a tag.
    fn skip_tag(&mut self) {
        loop {
            match self.scan.peek() {
                Peek::End => return,
                Peek::Hole(hole) => {
                    self.places[hole] = Place::Attribute;
                    self.scan.bump();
                }
                Peek::Char(char) => {
                    self.scan.bump();
                    if char == '>' {
                        return;
                    }
                }
            }
        }
    }

    fn open(&mut self, name: String, attributes: Option<Vec<Attribute>>, range: Range<usize>) {
        if !html_tags::is_known(&name) {
            self.error(
                range,
                format!("Telegram has no tag `<{name}>`"),
                html_tags::instead_of(&name),
            );
            // Not opened: its closing tag is passed over too.
            return;
        }
        let parent = self.open.last().map(|(name, _)| name.as_str());
        let inside = |outer: &str| self.open.iter().any(|(name, _)| name == outer);
        let misplaced =
            if inside("code") || (inside("pre") && !(name == "code" && parent == Some("pre"))) {
                let outer = if inside("code") { "code" } else { "pre" };
                Some((
                    format!("`<{name}>` inside `<{outer}>`"),
                    format!("nothing can be formatted inside `<{outer}>`; close it first"),
                ))
            } else if (name == "a" || name == "blockquote") && inside(&name) {
                Some((
                    format!("`<{name}>` inside another `<{name}>`"),
                    "close the first one before".to_owned(),
                ))
            } else {
                None
            };
        if let Some((message, help)) = misplaced {
            self.error(range.clone(), message, help);
        }
        if let Some(attributes) = attributes {
            let parent = parent_of(&self.open);
            html_tags::check_attributes(
                &name,
                parent.as_deref(),
                &attributes,
                range.clone(),
                &mut self.errors,
            );
        }
        self.open.push((name, range));
    }

    fn close(&mut self, name: &str, range: Range<usize>) {
        if name.is_empty() || self.open.last().is_some_and(|(open, _)| open == name) {
            // `</>` closes the innermost tag.
            if self.open.pop().is_none() {
                self.error(range, "closes a tag where none is open", "remove it");
            }
            return;
        }
        if !html_tags::is_known(name) {
            // Its opening tag was reported; if there was none, this is the place.
            let opened = self
                .errors
                .iter()
                .any(|error| error.message == format!("Telegram has no tag `<{name}>`"));
            if !opened {
                self.error(
                    range,
                    format!("Telegram has no tag `<{name}>`"),
                    html_tags::instead_of(name),
                );
            }
            return;
        }
        let Some(depth) = self.open.iter().rposition(|(open, _)| open == name) else {
            self.error(
                range,
                format!("`</{name}>` closes a tag that is not open"),
                format!("remove it, or write `<{name}>` where it begins"),
            );
            return;
        };
        if let Some((inner, _)) = self.open.last().cloned() {
            self.error(
                range,
                format!("`</{name}>` stands before `</{inner}>`"),
                format!("tags close in reverse order: write `</{inner}>` first"),
            );
        }
        self.open.truncate(depth);
    }
}

fn parent_of(open: &[(String, Range<usize>)]) -> Option<String> {
    open.last().map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests;
