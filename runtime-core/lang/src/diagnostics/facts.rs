//! What was proven, for those who ask: `check --verbose` and its JSON.

use crate::source::Span;

/// How long a text can be in one locale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFact {
    /// The text in the author's source.
    pub span: Span,
    /// The command whose flow it belongs to, without `/`; empty for texts of the whole bot.
    pub command: String,
    /// `message`, `button`, `toast`, `description`, `url`.
    pub slot: &'static str,
    /// What it is for: `ask_name`, `title`, `fallback`, …
    pub place: String,
    /// The locale's tag.
    pub locale: String,
    /// The fewest UTF-16 units after entity parsing.
    pub least: usize,
    /// The most; `None`: no bound is known.
    pub most: Option<usize>,
    /// What Telegram takes in such a place, where that is known.
    pub limit: Option<usize>,
    /// What makes it that long: branches, plural forms, rows, the greatest value.
    pub by: Vec<String>,
    /// What happens to a longer one.
    pub beyond: Beyond,
}

/// What happens to a text that is longer than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beyond {
    /// It cannot be longer.
    Never,
    /// Several messages.
    Split,
    /// Cut off with `…`.
    Truncated,
    /// The bot is not built.
    Refused,
}

impl Beyond {
    /// For people and tools.
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Split => "split",
            Self::Truncated => "truncated",
            Self::Refused => "refused",
        }
    }
}

/// In order of place; a text that was checked several times (a wizard's `on_step`, once after each step) counts once
/// and with its widest interval.
pub fn merged(mut facts: Vec<TextFact>) -> Vec<TextFact> {
    let key = |f: &TextFact| (f.span, f.slot, f.locale.clone());
    facts.sort_by_key(key);
    facts.dedup_by(|next, kept| {
        if key(next) != key(kept) {
            return false;
        }
        let longer = next.most.unwrap_or(usize::MAX) > kept.most.unwrap_or(usize::MAX);
        let least = next.least.min(kept.least);
        let beyond = next.beyond.max(kept.beyond);
        if longer {
            std::mem::swap(next, kept);
        }
        kept.least = least;
        kept.beyond = beyond;
        true
    });
    facts
}
