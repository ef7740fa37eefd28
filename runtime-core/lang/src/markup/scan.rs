//! A cursor over a text with holes.

use std::ops::Range;

/// What stands at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peek {
    /// The hole of this index.
    Hole(usize),
    Char(char),
    End,
}

pub(super) struct Scan<'a> {
    pub text: &'a str,
    holes: &'a [Range<usize>],
    pub at: usize,
    next_hole: usize,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str, holes: &'a [Range<usize>]) -> Self {
        Self {
            text,
            holes,
            at: 0,
            next_hole: 0,
        }
    }

    pub fn peek(&self) -> Peek {
        if self
            .holes
            .get(self.next_hole)
            .is_some_and(|hole| hole.start <= self.at)
        {
            return Peek::Hole(self.next_hole);
        }
        self.text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or(Peek::End, Peek::Char)
    }

    /// Steps over what [`Self::peek`] gave.
    pub fn bump(&mut self) {
        match self.peek() {
            Peek::Hole(hole) => {
                self.at = self.at.max(self.holes[hole].end);
                self.next_hole += 1;
            }
            Peek::Char(char) => self.at += char.len_utf8(),
            Peek::End => {}
        }
    }

    /// The byte `ahead` bytes after the cursor; 0 at the end or where a hole is between.
    pub fn byte(&self, ahead: usize) -> u8 {
        let at = self.at + ahead;
        if self
            .holes
            .get(self.next_hole)
            .is_some_and(|hole| hole.start <= at)
        {
            return 0;
        }
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// Steps over characters while `fits`, up to a hole; says what it stepped over.
    pub fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let from = self.at;
        while let Peek::Char(char) = self.peek() {
            if !fits(char) {
                break;
            }
            self.bump();
        }
        &self.text[from..self.at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_hide_what_they_cover() {
        let holes = [1..1, 2..4];
        let mut scan = Scan::new("abcdé", &holes);
        assert_eq!(
            (scan.peek(), scan.byte(0), scan.byte(1)),
            (Peek::Char('a'), b'a', 0)
        );
        scan.bump();
        assert_eq!((scan.peek(), scan.byte(0)), (Peek::Hole(0), 0));
        scan.bump();
        assert_eq!(scan.peek(), Peek::Char('b'));
        scan.bump();
        assert_eq!(scan.peek(), Peek::Hole(1));
        scan.bump();
        assert_eq!(scan.peek(), Peek::Char('é'));
        scan.bump();
        assert_eq!((scan.peek(), scan.byte(0)), (Peek::End, 0));
        scan.bump();
    }
}
