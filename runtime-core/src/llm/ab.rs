//! Who gets the model's words and who the author's, where both are compared; and what events say of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ask::Refused;
use crate::store::events::ResultTag;

/// Parts that a split is measured in.
const PARTS: u64 = 10_000;

/// What a person gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// The author's words.
    Control,
    /// The model's.
    Treatment,
}

impl Variant {
    /// In events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Treatment => "treatment",
        }
    }

    /// The same for a person, a bot and a feature, ever after and on every instance. `treated`: how many of 10 000 people
    /// get the model's words; whoever has them keeps them when it grows.
    pub fn assigned(feature: &str, bot: &str, user: i64, treated: u16) -> Self {
        let mut hash = Sha256::new();
        for part in [feature.as_bytes(), bot.as_bytes(), &user.to_le_bytes()] {
            hash.update(u64::try_from(part.len()).unwrap_or(0).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let number = digest
            .iter()
            .take(8)
            .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        if number % PARTS < u64::from(treated) {
            Self::Treatment
        } else {
            Self::Control
        }
    }
}

/// What an event says of a reply; `asked`: what came of asking, where the model was asked. A treatment that failed is not
/// counted among those that succeeded.
pub fn tag(variant: Option<Variant>, asked: Option<Result<(), Refused>>) -> ResultTag {
    let (llm, reason) = match asked {
        None => ("no", None),
        Some(Ok(())) => ("yes", None),
        Some(Err(refused)) => ("error", Some(refused.code())),
    };
    ResultTag {
        llm,
        variant: variant.map(Variant::name),
        source: match variant {
            Some(_) => "ab_test",
            None => "explicit_config",
        },
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_keep_what_they_got() {
        let treated = |split: u16| {
            (0..10_000)
                .filter(|user| {
                    Variant::assigned("improve", "shop", *user, split) == Variant::Treatment
                })
                .collect::<Vec<i64>>()
        };
        assert_eq!(treated(0).len(), 0);
        assert_eq!(treated(10_000).len(), 10_000);
        let half = treated(5000);
        assert!((4800..5200).contains(&half.len()), "{}", half.len());
        assert_eq!(half, treated(5000));
        let more = treated(7000);
        assert!(half.iter().all(|user| more.contains(user)));
        // Another feature divides them otherwise.
        let other = half
            .iter()
            .filter(|user| Variant::assigned("style", "shop", **user, 5000) == Variant::Treatment);
        let both = other.count();
        assert!((2200..2800).contains(&both), "{both}");
    }

    #[test]
    fn of_two_replies_the_one_that_is_compared_counts() {
        let compared = |variant, asked| tag(Some(variant), asked);
        let treated = compared(Variant::Treatment, Some(Ok(())));
        let short = compared(Variant::Treatment, None);
        let control = compared(Variant::Control, None);
        let always = tag(None, Some(Ok(())));
        let never = tag(None, None);
        for (more, less) in [
            (treated, short),
            (treated, always),
            (control, always),
            (always, never),
        ] {
            assert!(more.says_more_than(less) && !less.says_more_than(more));
        }
        assert!(!treated.says_more_than(treated), "the first stays");
    }

    #[test]
    fn a_failed_treatment_is_no_success() {
        let tag = |variant, asked| serde_json::to_string(&super::tag(variant, asked)).unwrap();
        assert_eq!(
            tag(Some(Variant::Treatment), Some(Ok(()))),
            r#"{"llm":"yes","variant":"treatment","source":"ab_test"}"#
        );
        assert_eq!(
            tag(Some(Variant::Treatment), Some(Err(Refused::TimedOut))),
            r#"{"llm":"error","variant":"treatment","source":"ab_test","reason":"timeout"}"#
        );
        assert_eq!(
            tag(Some(Variant::Control), None),
            r#"{"llm":"no","variant":"control","source":"ab_test"}"#
        );
        assert_eq!(
            tag(None, Some(Ok(()))),
            r#"{"llm":"yes","source":"explicit_config"}"#
        );
    }
}
