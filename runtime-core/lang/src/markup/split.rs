//! Long texts cut into messages.

use super::{Markup, ParseMode, Token, take_apart};
use crate::length;
use crate::limits::{MESSAGE_RAW_BYTES, MESSAGE_TEXT};
use unicode_segmentation::UnicodeSegmentation;

/// Splits `text` into parts of at most [`crate::limits::MESSAGE_TEXT`] visible units (and at most
/// [`crate::limits::MESSAGE_RAW_BYTES`] raw bytes): preferably at the byte offsets `breaks`
/// (ends of rows of an `#each`), else at line ends, else between words, else anywhere in running text. Never
/// inside a tag, an entity or a grapheme; tags open at a cut are closed before it and opened again after it.
///
/// Parts in which nothing but white space is seen are left out: Telegram refuses them. Nothing else is lost.
pub fn split(mode: ParseMode, text: &str, breaks: &[usize]) -> Vec<String> {
    split_at_most(mode, text, breaks, MESSAGE_TEXT, MESSAGE_RAW_BYTES)
}

/// Cuts `text` to one message: at the last of `breaks` or line end before the limit (where that would give away more
/// than half of the room: between words, else between graphemes), with `…` at its end. Tags open at the cut are closed
/// before the `…`. A text that fits comes back as it is.
pub fn truncate(mode: ParseMode, text: &str, breaks: &[usize]) -> String {
    truncate_to(mode, text, breaks, MESSAGE_TEXT, MESSAGE_RAW_BYTES)
}

/// [`truncate`] to so many visible units and raw bytes.
pub fn truncate_to(
    mode: ParseMode,
    text: &str,
    breaks: &[usize],
    units: usize,
    bytes: usize,
) -> String {
    if text.len() <= bytes && super::fits(mode, text, units) {
        return text.to_owned();
    }
    /// `…` on a line of its own: two units, four bytes.
    const END: (usize, usize) = (2, 4);
    let markup = take_apart(mode, text);
    let mut splitter = Splitter {
        mode,
        text,
        breaks,
        units: units.saturating_sub(END.0),
        bytes: bytes.saturating_sub(END.1),
        roomy: true,
        markup: &markup,
        parts: Vec::new(),
    };
    let from = Cut {
        token: 0,
        at: 0,
        open: Vec::new(),
    };
    // White space beyond the limit is no part: then everything that is seen fits.
    let Some(cut) = splitter.next_cut(&from) else {
        return text.to_owned();
    };
    let line = cut.at == 0
        || text[..cut.at].ends_with('\n')
        || splitter.breaks.binary_search(&cut.at).is_ok();
    splitter.push(&from, &cut);
    let mut out = splitter.parts.pop().unwrap_or_default();
    while let Some(shorter) = out.strip_suffix(char::is_whitespace) {
        if mode == ParseMode::MarkdownV2 && is_escaped(shorter) {
            break;
        }
        out.truncate(shorter.len());
    }
    if line && !out.is_empty() && !super::plain_text(mode, &out).ends_with('\n') {
        out.push('\n');
    }
    out.push('…');
    out
}

fn split_at_most(
    mode: ParseMode,
    text: &str,
    breaks: &[usize],
    units: usize,
    bytes: usize,
) -> Vec<String> {
    if text.len() <= bytes && super::fits(mode, text, units) {
        return vec![text.to_owned()];
    }
    let markup = take_apart(mode, text);
    let mut splitter = Splitter {
        mode,
        text,
        breaks,
        units,
        bytes,
        roomy: false,
        markup: &markup,
        parts: Vec::new(),
    };
    splitter.run();
    splitter.parts
}

struct Splitter<'a> {
    mode: ParseMode,
    text: &'a str,
    breaks: &'a [usize],
    units: usize,
    bytes: usize,
    /// A good place counts only where it leaves at least half of the room in use.
    roomy: bool,
    markup: &'a Markup,
    parts: Vec<String>,
}

/// A place where a part may end, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Quality {
    /// Between two graphemes.
    Anywhere,
    /// After a space.
    Word,
    /// After a line break.
    Line,
    /// At the end of a row.
    Row,
}

/// A place in the text, and what is open there.
#[derive(Debug, Clone)]
struct Cut {
    /// Index of the token, and the byte where the next part goes on in it.
    token: usize,
    at: usize,
    open: Vec<usize>,
}

impl Splitter<'_> {
    fn run(&mut self) {
        let mut from = Cut {
            token: 0,
            at: 0,
            open: Vec::new(),
        };
        while let Some(cut) = self.next_cut(&from) {
            self.push(&from, &cut);
            from = self.after(cut);
        }
        let end = Cut {
            token: self.markup.tokens.len(),
            at: self.text.len(),
            open: Vec::new(),
        };
        self.push(&from, &end);
    }

    /// Where the part that begins at `from` has to end; `None` when the rest fits.
    fn next_cut(&self, from: &Cut) -> Option<Cut> {
        let mut best: [Option<(usize, usize, usize)>; 4] = [None; 4];
        let mut open = from.open.clone();
        // What was open, each time it changed: a candidate names one of these.
        let mut stacks = vec![open.clone()];
        let (mut units, mut seen) = (0, false);
        // Bytes of the part so far, without what closes it.
        let mut bytes = self.opening(&from.open).len();
        let mut closing = self.closing(&open, "").len();
        let mut at = from.at;
        let mut tokens = from.token;
        let is_whole = |open: &[usize]| open.iter().any(|span| self.markup.spans[*span].whole);
        let mut whole = is_whole(&open);
        // Called where a part may end; a part with nothing to see is none.
        macro_rules! candidate {
            ($quality:expr, $token:expr, $at:expr) => {
                let spare = self.roomy && units * 2 < self.units && $quality > Quality::Anywhere;
                if seen && !whole && !spare {
                    best[$quality as usize] = Some(($token, $at, stacks.len() - 1));
                }
            };
        }
        let pick = |best: [Option<(usize, usize, usize)>; 4], stacks: &[Vec<usize>]| {
            let (token, at, stack) = best.into_iter().rev().flatten().next()?;
            Some(Cut {
                token,
                at,
                open: stacks.get(stack)?.clone(),
            })
        };
        while let Some((range, token)) = self.markup.tokens.get(tokens) {
            if self.breaks.binary_search(&at).is_ok() {
                candidate!(Quality::Row, tokens, at);
            }
            match *token {
                Token::Text => {
                    for grapheme in self.text[at..range.end].graphemes(true) {
                        units += length::utf16(grapheme);
                        bytes += grapheme.len();
                        if units > self.units || bytes + closing > self.bytes {
                            return pick(best, &stacks)
                                .or_else(|| self.forced(from, tokens, at, &open));
                        }
                        at += grapheme.len();
                        seen |= !grapheme.chars().all(char::is_whitespace);
                        let quality = if self.breaks.binary_search(&at).is_ok() {
                            Quality::Row
                        } else if grapheme.ends_with('\n') {
                            Quality::Line
                        } else if grapheme.chars().all(char::is_whitespace) {
                            Quality::Word
                        } else {
                            Quality::Anywhere
                        };
                        candidate!(quality, tokens, at);
                    }
                }
                Token::Char(char) => {
                    units += char.len_utf16();
                    bytes += range.len();
                    if units > self.units || bytes + closing > self.bytes {
                        return pick(best, &stacks)
                            .or_else(|| self.forced(from, tokens, at, &open));
                    }
                    seen |= !char.is_whitespace();
                    at = range.end;
                    candidate!(Quality::Anywhere, tokens, at);
                }
                Token::Open(span) => {
                    open.push(span);
                    stacks.push(open.clone());
                    whole = is_whole(&open);
                    bytes += range.len();
                    closing = self.closing(&open, "").len();
                    if bytes + closing > self.bytes && best.iter().any(Option::is_some) {
                        return pick(best, &stacks);
                    }
                }
                Token::Close(_) => {
                    open.pop();
                    stacks.push(open.clone());
                    whole = is_whole(&open);
                    bytes += range.len();
                    closing = self.closing(&open, "").len();
                }
                Token::Hidden => bytes += range.len(),
            }
            tokens += 1;
            at = range.end;
            if matches!(token, Token::Close(_)) && self.breaks.binary_search(&at).is_ok() {
                candidate!(Quality::Row, tokens, at);
            }
        }
        None
    }

    /// A cut where no candidate was found: one grapheme, or the inside of a custom emoji, is longer than a part,
    /// or nothing but white space came before. Never at `from` itself, so that every part goes on.
    fn forced(&self, from: &Cut, token: usize, at: usize, open: &[usize]) -> Option<Cut> {
        if at > from.at {
            return Some(Cut {
                token,
                at,
                open: open.to_vec(),
            });
        }
        let (range, kind) = self.markup.tokens.get(token)?;
        let step = match kind {
            Token::Text => length::prefix(&self.text[at..range.end], self.units)
                .max(self.text[at..].chars().next().map_or(0, char::len_utf8)),
            _ => range.end - at,
        };
        Some(Cut {
            token,
            at: at + step,
            open: open.to_vec(),
        })
    }

    /// Where the next part begins: behind what the cut has closed already.
    fn after(&self, mut cut: Cut) -> Cut {
        if let Some((range, _)) = self.markup.tokens.get(cut.token)
            && cut.at >= range.end
        {
            cut.token += 1;
        }
        loop {
            match self.markup.tokens.get(cut.token) {
                Some((range, Token::Close(_))) if !cut.open.is_empty() => {
                    cut.open.pop();
                    cut.at = range.end;
                }
                // The mark of a quotation's further line: the quotation is opened again as a whole.
                Some((range, Token::Hidden)) => cut.at = range.end,
                _ => break,
            }
            cut.token += 1;
        }
        cut
    }

    /// What opens `open` again.
    fn opening(&self, open: &[usize]) -> String {
        let mut out = String::new();
        for span in open {
            self.join(&mut out, &self.markup.spans[*span].open);
        }
        out
    }

    /// What closes `open` after `text`.
    fn closing(&self, open: &[usize], text: &str) -> String {
        let mut out = String::new();
        for (depth, span) in open.iter().enumerate().rev() {
            let span = &self.markup.spans[*span];
            // A quotation ends with its line; only where others have to be closed after it is a line needed.
            let close = if span.quotation && depth > 0 {
                "\n"
            } else {
                span.close.as_str()
            };
            if out.is_empty()
                && self.mode == ParseMode::MarkdownV2
                && close.starts_with('_')
                && ends_with_mark(text)
            {
                out.push_str("**");
            }
            self.join(&mut out, close);
        }
        out
    }

    /// Appends a mark. Two underscores in a row would be read as one mark of underline, whatever they were:
    /// an empty bold between keeps them apart (Bot API, MarkdownV2 style).
    fn join(&self, out: &mut String, mark: &str) {
        if self.mode == ParseMode::MarkdownV2 && out.ends_with('_') && mark.starts_with('_') {
            out.push_str("**");
        }
        out.push_str(mark);
    }

    fn push(&mut self, from: &Cut, to: &Cut) {
        let body = &self.text[from.at..to.at];
        let mut part = self.opening(&from.open);
        if self.mode == ParseMode::MarkdownV2 && part.ends_with('_') && body.starts_with('_') {
            part.push_str("**");
        }
        // A line break that no `>` follows would end the quotation before what is open in it.
        let quoted = to
            .open
            .iter()
            .any(|span| self.markup.spans[*span].quotation);
        let body = match body.strip_suffix('\n') {
            Some(line) if quoted && !is_escaped(line) => line,
            _ => body,
        };
        part.push_str(body);
        let closing = self.closing(&to.open, body);
        part.push_str(&closing);
        if !super::is_blank(self.mode, &part) {
            self.parts.push(part);
        }
    }
}

/// Whether the last character is an underscore that is a mark, not an escaped one.
fn ends_with_mark(text: &str) -> bool {
    text.strip_suffix('_')
        .is_some_and(|before| !is_escaped(before))
}

/// Whether what follows `before` is escaped by a backslash at its end.
fn is_escaped(before: &str) -> bool {
    before
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'\\')
        .count()
        % 2
        == 1
}

#[cfg(test)]
mod tests;
