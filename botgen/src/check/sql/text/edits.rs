//! Changes of a text, and where the bytes of the changed one come from.

use std::ops::Range;

/// Changes of a text: `(range, replacement)`, applied together. Ranges do not overlap; several insertions at one
/// place keep their order.
#[derive(Debug, Default, Clone)]
pub struct Edits(pub Vec<(Range<usize>, String)>);

impl Edits {
    /// Replaces a range.
    pub fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.0.push((range, with.into()));
    }
    /// Puts something around a range, and around whatever was put around it before.
    pub fn wrap(&mut self, range: &Range<usize>, before: &str, after: &str) {
        self.0
            .insert(0, (range.start..range.start, before.to_owned()));
        self.0.push((range.end..range.end, after.to_owned()));
    }
    /// The changed text of `within`.
    pub fn apply(&self, text: &str, within: Range<usize>) -> String {
        self.apply_mapped(text, within).0
    }
    /// The same, and where its bytes come from.
    pub fn apply_mapped(&self, text: &str, within: Range<usize>) -> (String, Origins) {
        let mut list: Vec<_> = self
            .0
            .iter()
            .filter(|(r, _)| r.start >= within.start && r.end <= within.end)
            .collect();
        list.sort_by_key(|(r, _)| r.start);
        let mut out = String::with_capacity(within.len() + 64);
        let mut origins = Origins::default();
        let mut from = within.start;
        for (range, with) in list {
            if range.start < from {
                continue; // inside a range that is gone
            }
            origins.0.push((out.len(), from, true));
            out.push_str(text.get(from..range.start).unwrap_or_default());
            origins.0.push((out.len(), range.start, false));
            out.push_str(with);
            from = range.end;
        }
        origins.0.push((out.len(), from, true));
        out.push_str(text.get(from..within.end).unwrap_or_default());
        (out, origins)
    }
}

/// Where the pieces of a changed text come from: `(byte of the new, byte of the old, copied)`, in order.
#[derive(Debug, Default, Clone)]
pub struct Origins(Vec<(usize, usize, bool)>);

impl Origins {
    /// The byte of the old text that a byte of the new one stands for.
    pub fn old(&self, new: usize) -> usize {
        let i = self.0.partition_point(|&(start, _, _)| start <= new);
        match i.checked_sub(1).and_then(|i| self.0.get(i)) {
            Some(&(start, old, true)) => old + (new - start),
            Some(&(_, old, false)) => old,
            None => 0,
        }
    }
}
