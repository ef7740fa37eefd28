//! Who gets a broadcast. Of all these only people whom the bot knows from a private chat, who can be reached, and who have
//! not opted out.

use std::borrow::Cow;
use std::fmt;

/// Longest name of a segment.
pub const SEGMENT: usize = 64;
/// Days of [`Audience::ActiveDays`].
pub const DAYS: std::ops::RangeInclusive<u16> = 1..=3650;

/// People that [`Audience::People`] may name.
pub const NAMED_MOST: usize = 100_000;

/// Who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everybody.
    All,
    /// Who was seen within so many days before it begins.
    ActiveDays(u16),
    /// Who belongs to this segment.
    Segment(Cow<'static, str>),
    /// These people (at most [`NAMED_MOST`]; further ones are left out).
    People(Vec<i64>),
}

/// Why a text names no audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAudience {
    /// Neither of the forms.
    #[error("an audience is `all`, `active_7d` (any number of days) or `segment:name`")]
    Form,
    /// A segment's name.
    #[error("a segment's name is 1 to 64 letters (A to Z, a to z), digits and `_`")]
    Segment,
    /// Too many or no days.
    #[error("an audience's days are 1 to 3650")]
    Days,
}

impl Audience {
    /// From its written form: `all`, `active_7d`, `segment:vip`.
    ///
    /// # Errors
    /// It has another form.
    pub fn parse(text: &str) -> Result<Self, NoAudience> {
        if text == "all" {
            return Ok(Self::All);
        }
        if let Some(name) = text.strip_prefix("segment:") {
            return is_segment(name)
                .then(|| Self::Segment(name.to_owned().into()))
                .ok_or(NoAudience::Segment);
        }
        let days = text
            .strip_prefix("active_")
            .and_then(|rest| rest.strip_suffix('d'))
            .filter(|days| !days.is_empty() && days.bytes().all(|b| b.is_ascii_digit()))
            .ok_or(NoAudience::Form)?;
        match days.parse() {
            Ok(days) if DAYS.contains(&days) => Ok(Self::ActiveDays(days)),
            _ => Err(NoAudience::Days),
        }
    }

    /// As it is named in metrics: a closed set.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::ActiveDays(_) => "active",
            Self::Segment(_) => "segment",
            Self::People(_) => "people",
        }
    }
}

impl fmt::Display for Audience {
    /// The written form; people are not named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::ActiveDays(days) => write!(f, "active_{days}d"),
            Self::Segment(name) => write!(f, "segment:{name}"),
            Self::People(_) => f.write_str("people"),
        }
    }
}

/// Whether a segment may have this name.
pub fn is_segment(name: &str) -> bool {
    (1..=SEGMENT).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_is_read_back() {
        for text in [
            "all",
            "active_1d",
            "active_7d",
            "active_3650d",
            "segment:VIP_2",
        ] {
            assert_eq!(Audience::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, why) in [
            ("", NoAudience::Form),
            ("ALL", NoAudience::Form),
            ("active_d", NoAudience::Form),
            ("active_+7d", NoAudience::Form),
            ("active_7", NoAudience::Form),
            ("active_0d", NoAudience::Days),
            ("active_99999999999999999999d", NoAudience::Days),
            ("segment:", NoAudience::Segment),
            ("segment:a b", NoAudience::Segment),
            ("segment:ж", NoAudience::Segment),
            ("people", NoAudience::Form),
        ] {
            assert_eq!(Audience::parse(text), Err(why), "{text}");
        }
        assert!(!is_segment(&"a".repeat(65)));
    }
}
