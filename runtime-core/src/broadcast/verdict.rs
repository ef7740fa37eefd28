//! What the end of a call means for its recipient, and for the broadcast.

use std::time::Duration;

use rand::Rng;

use crate::outbox::bulk::Unsent;
use crate::store::broadcasts::Ended;
use crate::store::outbox::micros;
use crate::telegram::error::ApiError;

/// Calls to one person of which nobody knows whether they arrived.
const ATTEMPTS: i64 = 5;
/// Refusals in a row, with nobody in between who got it: then it is the message that is refused, not the person. Its file may
/// be gone in the middle of it.
const REFUSALS: u32 = 20;
/// Calls without an answer in a row, before it pauses.
const SILENT: u32 = 3;
/// A token that Telegram does not take.
const NO_TOKEN: Duration = Duration::from_secs(60);
/// Longest pause while Telegram does not answer.
const LONGEST: Duration = Duration::from_secs(60);

/// What is stored of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) ended: Ended,
    pub(super) code: Option<&'static str>,
    /// It was no attempt.
    pub(super) free: bool,
}

/// How it goes with Telegram.
#[derive(Debug)]
pub(super) struct Trouble {
    skip: bool,
    silent: u32,
    refused: u32,
    pause: Option<Duration>,
}

impl Trouble {
    /// `skip`: what is ambiguous is given up.
    pub(super) fn new(skip: bool) -> Self {
        Self {
            skip,
            silent: 0,
            refused: 0,
            pause: None,
        }
    }

    /// A pause that is to be made now.
    pub(super) fn pause(&mut self) -> Option<Duration> {
        self.pause.take()
    }

    /// Nobody takes this message.
    pub(super) fn hopeless(&self) -> bool {
        self.refused >= REFUSALS
    }

    fn wants(&mut self, pause: Duration) {
        self.pause = self.pause.max(Some(pause));
    }

    /// No answer once more; the pause until the next call of it.
    fn silence(&mut self) -> Duration {
        self.silent = self.silent.saturating_add(1);
        let doublings = self.silent.saturating_sub(1).min(6);
        let pause = Duration::from_secs(1 << doublings).min(LONGEST);
        let pause = pause.mul_f64(rand::rng().random_range(0.75..1.25));
        if self.silent >= SILENT {
            self.wants(pause);
        }
        pause
    }
}

/// `attempts`: calls to this person, this one included; `now` in microseconds.
pub(super) fn judge(
    told: &Result<(), Unsent>,
    attempts: i64,
    now: i64,
    trouble: &mut Trouble,
) -> Verdict {
    let after = |pause: Duration| now.saturating_add(micros(pause));
    let again = |pause: Duration| Verdict {
        ended: Ended::Again(after(pause)),
        code: None,
        free: true,
    };
    let ended = |ended, code| Verdict {
        ended,
        code,
        free: false,
    };
    let error = match told {
        Ok(()) => {
            trouble.silent = 0;
            trouble.refused = 0;
            return ended(Ended::Sent, None);
        }
        Err(Unsent::Later(pause)) => return again(*pause),
        Err(Unsent::NoToken) => {
            trouble.wants(NO_TOKEN);
            return again(NO_TOKEN);
        }
        Err(Unsent::Api(error)) => error,
    };
    match error {
        ApiError::Flood { retry_after } => {
            let pause = Duration::from_secs(u64::from(*retry_after));
            trouble.wants(pause);
            again(pause)
        }
        ApiError::BadToken | ApiError::Conflict { .. } => {
            trouble.wants(NO_TOKEN);
            again(NO_TOKEN)
        }
        ApiError::Unsent(_) => {
            let pause = trouble.silence();
            trouble.wants(pause);
            again(pause)
        }
        ApiError::Ambiguous(_) => {
            let pause = trouble.silence();
            if trouble.skip {
                return ended(Ended::Ambiguous, Some("no_answer"));
            }
            if attempts >= ATTEMPTS {
                return ended(Ended::Failed, Some("no_answer"));
            }
            ended(Ended::Resend(after(pause)), None)
        }
        ApiError::Unreachable => {
            trouble.silent = 0;
            ended(Ended::Blocked, Some("blocked"))
        }
        ApiError::Migrated { .. } => ended(Ended::Failed, Some("migrated")),
        ApiError::Refused { .. }
        | ApiError::Unchangeable
        | ApiError::NotModified
        | ApiError::QueryTooOld => {
            trouble.silent = 0;
            trouble.refused = trouble.refused.saturating_add(1);
            ended(Ended::Failed, Some("refused"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000_000;

    fn api(error: ApiError) -> Result<(), Unsent> {
        Err(Unsent::Api(error))
    }

    #[test]
    fn flood_control_pauses_everything_and_costs_no_attempt() {
        let mut trouble = Trouble::new(true);
        let told = api(ApiError::Flood { retry_after: 7 });
        let verdict = judge(&told, 1, NOW, &mut trouble);
        assert_eq!(verdict.ended, Ended::Again(NOW + 7_000_000));
        assert!(verdict.free);
        assert_eq!(trouble.pause(), Some(Duration::from_secs(7)));
        assert_eq!(trouble.pause(), None);
    }

    #[test]
    fn what_is_ambiguous_is_given_up_or_sent_again_for_a_while() {
        let told = api(ApiError::Ambiguous("timeout"));
        let mut trouble = Trouble::new(true);
        assert_eq!(judge(&told, 1, NOW, &mut trouble).ended, Ended::Ambiguous);
        let mut trouble = Trouble::new(false);
        let again = judge(&told, 1, NOW, &mut trouble).ended;
        assert!(matches!(again, Ended::Resend(at) if at > NOW));
        let last = judge(&told, ATTEMPTS, NOW, &mut trouble);
        assert_eq!((last.ended, last.code), (Ended::Failed, Some("no_answer")));
    }

    #[test]
    fn a_telegram_that_is_gone_stops_it_before_everybody_is_given_up() {
        let mut trouble = Trouble::new(true);
        for _ in 0..SILENT {
            assert_eq!(trouble.pause(), None);
            judge(&api(ApiError::Ambiguous("timeout")), 1, NOW, &mut trouble);
        }
        assert!(trouble.pause().is_some());
        judge(&Ok(()), 1, NOW, &mut trouble);
        judge(&api(ApiError::Ambiguous("timeout")), 1, NOW, &mut trouble);
        assert_eq!(trouble.pause(), None);
    }

    #[test]
    fn a_message_that_nobody_takes_is_not_tried_on_everybody() {
        let refused = api(ApiError::Refused {
            code: 400,
            reason: String::new(),
        });
        let mut trouble = Trouble::new(true);
        for _ in 0..REFUSALS {
            assert!(!trouble.hopeless());
            judge(&refused, 1, NOW, &mut trouble);
        }
        assert!(trouble.hopeless());
    }

    #[test]
    fn a_message_that_is_refused_from_somewhere_on_is_not_tried_on_the_rest() {
        let refused = api(ApiError::Refused {
            code: 400,
            reason: String::new(),
        });
        let mut trouble = Trouble::new(true);
        for told in [&refused, &Ok(()), &refused] {
            judge(told, 1, NOW, &mut trouble);
        }
        for _ in 1..REFUSALS {
            assert!(!trouble.hopeless(), "somebody got it");
            judge(&refused, 1, NOW, &mut trouble);
        }
        assert!(trouble.hopeless());
    }
}
