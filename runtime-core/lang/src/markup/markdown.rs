//! Telegram's MarkdownV2, read the way its server does (tdlib, `parse_markdown_v2`): one pass from left to right,
//! no backtracking. Checking and taking apart are the same pass.

use super::html_tags::is_time_format;
use super::scan::{Peek, Scan};
use super::{Markup, MarkupError, Place, Span, Token};
use std::ops::Range;

/// Everything one pass finds out.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub markup: Markup,
    pub errors: Vec<MarkupError>,
    pub places: Vec<Place>,
}

/// Reads `text`, whose `holes` hold escaped values.
pub(super) fn read(text: &str, holes: &[Range<usize>]) -> Read {
    let mut reader = Reader {
        scan: Scan::new(text, holes),
        read: Read {
            places: vec![Place::Text; holes.len()],
            ..Read::default()
        },
        open: Vec::new(),
        quotation: false,
        line_start: true,
    };
    reader.text();
    reader.read
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bold,
    Italic,
    Underline,
    Strike,
    Spoiler,
    Code,
    Pre,
    Link,
    Emoji,
    Quotation,
}

impl Kind {
    fn mark(self) -> &'static str {
        match self {
            Self::Bold => "*",
            Self::Italic => "_",
            Self::Underline => "__",
            Self::Strike => "~",
            Self::Spoiler => "||",
            Self::Code => "`",
            Self::Pre => "```",
            Self::Link => "[",
            Self::Emoji => "![",
            Self::Quotation => ">",
        }
    }

    /// What ends it, for people.
    fn end(self) -> &'static str {
        match self {
            Self::Link | Self::Emoji => "](…)",
            Self::Quotation => "a line break",
            _ => self.mark(),
        }
    }
}

struct Open {
    kind: Kind,
    span: usize,
    range: Range<usize>,
    /// Whether something visible has stood in it.
    empty: bool,
}

struct Reader<'a> {
    scan: Scan<'a>,
    read: Read,
    open: Vec<Open>,
    /// Whether a quotation is among `open`.
    quotation: bool,
    /// Whether a `>` would begin a quotation here.
    line_start: bool,
}

const RESERVED: &[u8] = b"_*[]()~`>#+-=|{}.!";

impl Reader<'_> {
    fn error(&mut self, range: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.read.errors.push(MarkupError {
            range,
            message: message.into(),
            help: help.into(),
        });
    }

    fn token(&mut self, range: Range<usize>, token: Token) {
        if matches!(token, Token::Text | Token::Char(_)) {
            for open in &mut self.open {
                open.empty = false;
            }
        }
        match self.read.markup.tokens.last_mut() {
            Some((last, Token::Text)) if token == Token::Text && last.end == range.start => {
                last.end = range.end
            }
            _ => self.read.markup.tokens.push((range, token)),
        }
    }

    fn text(&mut self) {
        loop {
            let at = self.scan.at;
            match self.scan.peek() {
                Peek::End => break,
                Peek::Hole(hole) => {
                    let code = matches!(
                        self.open.last(),
                        Some(Open {
                            kind: Kind::Code | Kind::Pre,
                            ..
                        })
                    );
                    self.read.places[hole] = if code { Place::Code } else { Place::Text };
                    self.scan.bump();
                    self.token(at..self.scan.at.max(at), Token::Text);
                    self.line_start = false;
                }
                Peek::Char('\\') => self.backslash(),
                Peek::Char(char) => self.character(char),
            }
        }
        self.finish();
    }

    fn backslash(&mut self) {
        let at = self.scan.at;
        self.scan.bump();
        match self.scan.peek() {
            Peek::Char(char @ '\u{1}'..='\u{7e}') => {
                self.scan.bump();
                self.token(at..self.scan.at, Token::Char(char));
                if char != '\r' {
                    self.line_start = char == '\n';
                }
            }
            Peek::Hole(_) => {
                self.error(
                    at..at + 1,
                    "a backslash before a value",
                    "write `\\\\` for a backslash",
                );
                self.token(at..at + 1, Token::Text);
            }
            // Before anything else it stands for itself.
            Peek::Char(_) | Peek::End => {
                self.token(at..at + 1, Token::Text);
                self.line_start = false;
            }
        }
    }

    fn character(&mut self, char: char) {
        let at = self.scan.at;
        let inner = self.open.last().map(|open| open.kind);
        let code = matches!(inner, Some(Kind::Code | Kind::Pre));
        let reserved = if code {
            char == '`'
        } else {
            char == '\n' || u8::try_from(char).is_ok_and(|byte| RESERVED.contains(&byte))
        };
        if !reserved {
            self.scan.bump();
            self.token(at..self.scan.at, Token::Text);
            if char != '\r' {
                self.line_start = false;
            }
            return;
        }
        if char == '\n' {
            let goes_on = self.scan.byte(1) == b'>';
            self.scan.bump();
            if self.quotation && !goes_on {
                self.end_quotation(at);
            }
            self.token(at..at + 1, Token::Text);
            self.line_start = true;
            return;
        }
        match inner {
            Some(kind) if self.ends(kind) => self.close(kind),
            _ => self.begin(char),
        }
    }

    /// Whether the cursor is at the end of `kind`.
    fn ends(&self, kind: Kind) -> bool {
        let next = |ahead: usize| self.scan.byte(ahead);
        match kind {
            Kind::Bold => next(0) == b'*',
            Kind::Italic => next(0) == b'_' && next(1) != b'_',
            Kind::Underline => next(0) == b'_' && next(1) == b'_',
            Kind::Strike => next(0) == b'~',
            Kind::Spoiler => next(0) == b'|' && next(1) == b'|',
            Kind::Code => next(0) == b'`',
            Kind::Pre => next(0) == b'`' && next(1) == b'`' && next(2) == b'`',
            Kind::Link | Kind::Emoji => next(0) == b']',
            Kind::Quotation => false,
        }
    }

    fn begin(&mut self, char: char) {
        let at = self.scan.at;
        let next = self.scan.byte(1);
        let inner = self.open.last().map(|open| open.kind);
        let kind = match char {
            '_' if next == b'_' => Kind::Underline,
            '_' => Kind::Italic,
            '*' => Kind::Bold,
            '~' => Kind::Strike,
            '|' if next == b'|' => Kind::Spoiler,
            '[' => Kind::Link,
            '!' if next == b'[' => Kind::Emoji,
            '`' if inner == Some(Kind::Pre) => return self.reserved(char),
            '`' if next == b'`' && self.scan.byte(2) == b'`' => Kind::Pre,
            '`' => Kind::Code,
            '>' if self.line_start => {
                if self.quotation {
                    self.scan.bump();
                    self.token(at..self.scan.at, Token::Hidden);
                    return;
                }
                self.quotation = true;
                Kind::Quotation
            }
            _ => return self.reserved(char),
        };
        if matches!(kind, Kind::Link | Kind::Emoji)
            && self
                .open
                .iter()
                .any(|open| matches!(open.kind, Kind::Link | Kind::Emoji))
        {
            self.error(
                at..at + kind.mark().len(),
                "a link inside another link",
                "close the first one before, or write `\\[`",
            );
        }
        for _ in kind.mark().chars() {
            self.scan.bump();
        }
        let mut open = kind.mark().to_owned();
        if kind == Kind::Pre {
            open.push_str(self.language());
            // Always with a line break, so that no text is taken for a language.
            open.push('\n');
        }
        let close = match kind {
            Kind::Link | Kind::Emoji | Kind::Quotation => String::new(),
            _ => kind.mark().to_owned(),
        };
        let span = self.read.markup.spans.len();
        self.read.markup.spans.push(Span {
            open,
            close,
            whole: kind == Kind::Emoji,
            quotation: kind == Kind::Quotation,
        });
        self.open.push(Open {
            kind,
            span,
            range: at..at + kind.mark().len(),
            empty: true,
        });
        self.read
            .markup
            .tokens
            .push((at..self.scan.at, Token::Open(span)));
    }

    /// The language after three backticks, and the line break that follows.
    fn language(&mut self) -> &str {
        let start = self.scan.at;
        let word = self
            .scan
            .take_while(|char| !char.is_whitespace() && char != '`');
        // A word is a language only where a space follows it.
        let language = match self.scan.peek() {
            Peek::Char('`') | Peek::End => {
                self.scan.at = start;
                ""
            }
            Peek::Hole(_) => {
                let here = self.scan.at;
                self.error(
                    start..here,
                    "a value directly after three backticks would be taken for a language",
                    "break the line after the backticks",
                );
                word
            }
            Peek::Char(_) => word,
        };
        let (first, second) = (self.scan.byte(0), self.scan.byte(1));
        if matches!(first, b'\n' | b'\r') {
            self.scan.bump();
            if matches!(second, b'\n' | b'\r') && first != second {
                self.scan.bump();
            }
        }
        language
    }

    fn reserved(&mut self, char: char) {
        let at = self.scan.at;
        self.scan.bump();
        self.error(
            at..self.scan.at,
            format!("`{char}` has a meaning in MarkdownV2"),
            format!("write `\\{char}`"),
        );
        self.token(at..self.scan.at, Token::Text);
        self.line_start = false;
    }

    fn close(&mut self, kind: Kind) {
        let at = self.scan.at;
        let close = match kind {
            Kind::Link | Kind::Emoji => {
                self.scan.bump();
                self.target(at, kind)
            }
            _ => {
                for _ in kind.mark().chars() {
                    self.scan.bump();
                }
                None
            }
        };
        if let Some(open) = self.open.pop() {
            if let Some(close) = close {
                self.read.markup.spans[open.span].close = close;
            }
            self.read
                .markup
                .tokens
                .push((at..self.scan.at, Token::Close(open.span)));
        }
    }

    /// `(address)` after the `]` at `at`; what closes the link, written out.
    fn target(&mut self, at: usize, kind: Kind) -> Option<String> {
        if self.scan.byte(0) != b'(' {
            let help = if kind == Kind::Link {
                "write `[text](https://…)`, or `\\[` for a bracket"
            } else {
                "write `![👍](tg://emoji?id=…)`, or `\\!` for an exclamation mark"
            };
            self.error(at..at + 1, "no address follows the brackets", help);
            return None;
        }
        self.scan.bump();
        let start = self.scan.at;
        let (mut written, mut hole_in_it) = (String::new(), false);
        loop {
            match self.scan.peek() {
                Peek::End => {
                    self.error(
                        at..start,
                        "the address never ends",
                        "write `)` where it ends",
                    );
                    return None;
                }
                Peek::Hole(hole) => {
                    self.read.places[hole] = Place::Attribute;
                    hole_in_it = true;
                    self.scan.bump();
                }
                Peek::Char(')') => break,
                Peek::Char('\\') => {
                    self.scan.bump();
                    match self.scan.peek() {
                        Peek::Char(char @ '\u{1}'..='\u{7e}') => {
                            written.push(char);
                            self.scan.bump();
                        }
                        Peek::Hole(_) => {
                            let here = self.scan.at;
                            self.error(
                                here - 1..here,
                                "a backslash before a value",
                                "write `\\\\` for a backslash",
                            );
                        }
                        _ => written.push('\\'),
                    }
                }
                Peek::Char(char) => {
                    written.push(char);
                    self.scan.bump();
                }
            }
        }
        let range = start..self.scan.at;
        self.scan.bump();
        if !hole_in_it {
            self.check_target(kind, &written, range.clone());
        }
        // Outside a check there are no holes, and the source is the address.
        Some(format!("]({})", &self.scan.text[range]))
    }

    fn check_target(&mut self, kind: Kind, target: &str, range: Range<usize>) {
        let number = |text: &str| text.parse::<i64>().is_ok();
        if kind == Kind::Link {
            if target.trim().is_empty() {
                self.error(range, "the address is empty", "write `[text](https://…)`");
            }
        } else if let Some(query) = target.strip_prefix("tg://time?") {
            let mut unix = false;
            for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                match name {
                    "unix" => unix = number(value),
                    "format" if !is_time_format(value) => {
                        self.error(
                            range.clone(),
                            "`format` is not one that Telegram knows",
                            "write `r`, or any of `w`, `d` or `D`, `t` or `T`, in this order",
                        );
                    }
                    _ => {}
                }
            }
            if !unix {
                self.error(
                    range,
                    "`unix` is no number",
                    "write `![22:45](tg://time?unix=1647531900)`",
                );
            }
        } else if !target.strip_prefix("tg://emoji?id=").is_some_and(number) {
            self.error(
                range,
                "the address is no custom emoji",
                "write `![👍](tg://emoji?id=5368324170671202286)`",
            );
        }
    }

    /// The quotation's last line ends before byte `at`.
    fn end_quotation(&mut self, at: usize) {
        self.quotation = false;
        // An empty spoiler right before the end makes the quotation expandable.
        let expandable = self.open.len() >= 2
            && self.open.last().is_some_and(|open| {
                open.kind == Kind::Spoiler && self.is_directly_before(open, at)
            })
            && self.open[self.open.len() - 2].kind == Kind::Quotation;
        if expandable {
            self.open.pop();
            if let Some((_, token)) = self.read.markup.tokens.last_mut() {
                // Its mark is part of the quotation's end.
                *token = Token::Hidden;
            }
        }
        while let Some(open) = self.open.pop() {
            self.read
                .markup
                .tokens
                .push((at..at, Token::Close(open.span)));
            if open.kind == Kind::Quotation {
                break;
            }
            self.unclosed(&open);
        }
    }

    fn is_directly_before(&self, open: &Open, at: usize) -> bool {
        open.empty && (open.range.end == at || self.scan.text.get(open.range.end..at) == Some("\r"))
    }

    fn unclosed(&mut self, open: &Open) {
        let message = format!("`{}` is never closed", open.kind.mark());
        let help = format!(
            "write `{}` where it ends, or `\\{}` for the character itself",
            open.kind.end(),
            open.kind.mark().chars().next().unwrap_or('\\')
        );
        self.error(open.range.clone(), message, help);
    }

    fn finish(&mut self) {
        let end = self.scan.text.len();
        if self.quotation {
            self.end_quotation(end);
        }
        while let Some(open) = self.open.pop() {
            self.read
                .markup
                .tokens
                .push((end..end, Token::Close(open.span)));
            self.unclosed(&open);
        }
    }
}

#[cfg(test)]
mod tests;
