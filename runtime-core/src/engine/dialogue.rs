//! What an update does inside the writer: answers, presses, back, skip, cancel, commands.

use botfactory_lang::callback::{WizardAction, WizardPress, hash32};
use botfactory_lang::limits::BUTTON_TEXT;

use super::compose::controls;
use super::jobs::Finished;
use super::route::{Control, Work};
use super::seat::Update;
use crate::handler::error::Handled;
use crate::handler::error::HandlerError;
use crate::handler::given::Given;
use crate::handler::job::Resumed;
use crate::handler::message::Message;
use crate::handler::wizard::Waiting;
use crate::handler::{Cx, Next, Said, Unhandled, Why};
use crate::incoming::Content;
use crate::store::conversation::Stand;

/// What the conversation's row says.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Waits for nothing.
    Idle,
    /// Waits for an answer.
    Waiting(Waiting),
    /// Has waited too long.
    Expired(Waiting),
    /// Was stored by a build that knew other things.
    Outdated,
}

impl Standing {
    pub(crate) fn of(stand: &Stand, now: i64) -> Self {
        let Some(json) = &stand.waiting else {
            return Self::Idle;
        };
        match Waiting::from_json(json) {
            Err(_) => Self::Outdated,
            Ok(waiting) if stand.expires <= now => Self::Expired(waiting),
            Ok(waiting) => Self::Waiting(waiting),
        }
    }

    /// Whether the person still sees a reply keyboard.
    pub(crate) fn reply_keyboard(&self) -> bool {
        match self {
            Self::Waiting(waiting) | Self::Expired(waiting) => waiting.reply_keyboard(),
            Self::Idle | Self::Outdated => false,
        }
    }
}

/// Runs the update's work. What it did is in `cx`.
pub(crate) async fn act(
    update: &Update,
    work: &Work,
    standing: Standing,
    run: i64,
    cx: &mut Cx,
) -> Handled {
    let bot = update.seat.bot;
    let standing = match standing {
        Standing::Waiting(waiting) | Standing::Expired(waiting)
            if is_kept_from(update, work, &waiting, run, cx) =>
        {
            return gone("bf-not-allowed", Why::Forbidden, Some(waiting), cx);
        }
        standing => standing,
    };
    match work {
        Work::Command { command, args } => {
            if let Standing::Waiting(waiting) = standing {
                cx.before = Some(waiting);
            }
            enter(update, *command, args, cx).await
        }
        Work::Control { control, own, args } => match standing {
            Standing::Waiting(waiting) => steer(update, *control, waiting, cx).await,
            Standing::Idle => match own {
                Some(command) => enter(update, *command, args, cx).await,
                None if *control == Control::Cancel => {
                    cx.said.push(Said::Own("bf-nothing-to-cancel"));
                    Ok(())
                }
                None => {
                    if update.place.private {
                        unknown(update, cx);
                    }
                    Ok(())
                }
            },
            // Who wants to go is not held up by what happens to those who say nothing.
            Standing::Expired(waiting) if waits_timed(&waiting) && *control != Control::Cancel => {
                time_out(update, waiting, cx).await
            }
            Standing::Expired(waiting) => late(waiting, cx),
            Standing::Outdated => outdated(cx),
        },
        Work::Answer(content) => match standing {
            Standing::Waiting(waiting) => {
                if let Some(control) = typed_control(&waiting, content, cx) {
                    return steer(update, control, waiting, cx).await;
                }
                if waiting.is_busy() {
                    return busy(waiting, cx);
                }
                cx.before = Some(waiting.clone());
                cx.inside = true;
                let words = cx.words.clone();
                bot.answer(cx, waiting, Given::content(content, &words))
                    .await
            }
            Standing::Idle => {
                if update.place.private && !matches!(content, Content::Other) {
                    unknown(update, cx);
                }
                Ok(())
            }
            // It comes too late, and before the timer: what that would have done is done now.
            Standing::Expired(waiting) if waits_timed(&waiting) => {
                time_out(update, waiting, cx).await
            }
            Standing::Expired(waiting) => late(waiting, cx),
            Standing::Outdated => outdated(cx),
        },
        Work::Timeout(_) => match standing {
            // A clock that was set back does not matter: the row said that it is time.
            Standing::Expired(waiting) | Standing::Waiting(waiting) => {
                time_out(update, waiting, cx).await
            }
            Standing::Idle => Ok(()), // it was answered meanwhile
            Standing::Outdated => outdated(cx),
        },
        Work::Press(press) => match standing {
            Standing::Waiting(waiting) if fits(press, &waiting, run) => {
                let control = match press.action {
                    WizardAction::Option(_) | WizardAction::Key(_) if waiting.is_busy() => {
                        return busy(waiting, cx);
                    }
                    WizardAction::Option(option) => {
                        cx.before = Some(waiting.clone());
                        cx.inside = true;
                        let words = cx.words.clone();
                        return bot
                            .answer(cx, waiting, Given::pressed(option, &words))
                            .await;
                    }
                    WizardAction::Key(key) => {
                        cx.before = Some(waiting.clone());
                        cx.inside = true;
                        let words = cx.words.clone();
                        let given = Given::key(key.as_str(), &words);
                        return bot.answer(cx, waiting, given).await;
                    }
                    WizardAction::Back => Control::Back,
                    WizardAction::Skip => Control::Skip,
                    WizardAction::Cancel => Control::Cancel,
                };
                steer(update, control, waiting, cx).await
            }
            Standing::Expired(waiting) if fits(press, &waiting, run) => {
                cx.toast = Some(cx.words.own_plain("bf-expired"));
                if waits_timed(&waiting) {
                    return time_out(update, waiting, cx).await;
                }
                cx.unhandled = Some(Unhandled {
                    why: Why::Late,
                    dialogue: Some(waiting),
                });
                cx.next = Next::End;
                Ok(())
            }
            _ => {
                cx.toast = Some(cx.words.own_plain("bf-already-answered"));
                Ok(())
            }
        },
        Work::Locale(locale) => {
            if update
                .seat
                .texts
                .subject(&cx.words.person, update.place)
                .is_none()
            {
                cx.toast = Some(cx.words.own_plain("bf-outdated"));
                return Ok(());
            }
            cx.locale = Some(*locale);
            cx.words.locale = *locale;
            cx.toast = Some(cx.words.own_plain("bf-locale-set"));
            Ok(())
        }
        Work::Resume(job) => resume(update, job, standing, cx).await,
        Work::Longer(longer) => {
            if longer.version == 0 || matches!(standing, Standing::Waiting(_)) {
                cx.said
                    .push(Said::Message(Message::new(longer.text.clone())));
            }
            Ok(())
        }
        Work::Bury { .. } => Ok(()), // the job does it
    }
}

/// Who was an admin when the dialogue began may be none any more.
fn is_kept_from(update: &Update, work: &Work, waiting: &Waiting, run: i64, cx: &Cx) -> bool {
    let answers = match work {
        Work::Answer(_) => true,
        Work::Press(press) => fits(press, waiting, run),
        _ => false,
    };
    answers && !cx.words.admin && update.seat.is_for_admins(waiting.flow())
}

async fn enter(update: &Update, command: usize, args: &str, cx: &mut Cx) -> Handled {
    let for_admins = update
        .seat
        .spec
        .commands
        .get(command)
        .is_some_and(|c| c.admins);
    if for_admins && !cx.words.admin {
        cx.refuse_own("bf-not-allowed");
        cx.unhandled = Some(Unhandled {
            why: Why::Forbidden,
            dialogue: None,
        });
        return Ok(());
    }
    cx.words.args = args.into();
    update.seat.bot.enter(cx, command, args).await
}

/// Back, skip or cancel in the dialogue that waits.
async fn steer(update: &Update, control: Control, waiting: Waiting, cx: &mut Cx) -> Handled {
    let bot = update.seat.bot;
    match control {
        Control::Cancel => gone("bf-cancelled", Why::Cancelled, Some(waiting), cx),
        Control::Back | Control::Skip if waiting.is_busy() => busy(waiting, cx),
        Control::Back => match waiting.back() {
            Some(earlier) => {
                cx.back = true;
                cx.before = Some(earlier.clone());
                cx.inside = true;
                cx.next = Next::Wait(earlier.clone());
                bot.ask(cx, &earlier).await
            }
            None => refused("bf-no-way-back", waiting, cx),
        },
        Control::Skip if waiting.can_skip() => {
            cx.before = Some(waiting.clone());
            cx.inside = true;
            let words = cx.words.clone();
            bot.answer(cx, waiting, Given::skip(&words)).await
        }
        Control::Skip => refused("bf-nothing-to-skip", waiting, cx),
    }
}

/// The rest of a handler whose answer is there. Its dialogue has waited for it; where the person has moved on meanwhile the
/// answer is not applied.
async fn resume(update: &Update, job: &Finished, standing: Standing, cx: &mut Cx) -> Handled {
    let mut entering = false;
    if job.version != 0 {
        let freed = match standing {
            // What has waited for so long has waited for us.
            Standing::Waiting(waiting) | Standing::Expired(waiting) if waiting.is_busy() => {
                waiting.freed()
            }
            Standing::Outdated => return outdated(cx),
            _ => {
                if let Some(late) = &job.late {
                    cx.said.push(Said::Message(Message::new(late.clone())));
                }
                return Ok(());
            }
        };
        entering = freed.is_none();
        cx.before = freed;
        cx.inside = true;
    }
    let Some(vars) = &job.vars else {
        return Err(HandlerError::Outdated);
    };
    cx.words.args = job.args.as_str().into();
    let before = cx.before.clone();
    let answer = Resumed {
        flow: &job.flow,
        segment: &job.segment,
        vars,
        output: job.output.as_ref(),
    };
    if let Some(tag) = job.tag {
        cx.tag(tag);
    }
    update.seat.bot.resume(cx, answer).await?;
    if job.version != 0 && matches!(cx.next, Next::Stay) {
        cx.next = match before {
            Some(before) if !entering => Next::Turn(before),
            _ => Next::End,
        };
    }
    Ok(())
}

/// The rest of a handler runs: no answer is taken meanwhile, but nothing is lost.
fn busy(waiting: Waiting, cx: &mut Cx) -> Handled {
    refused("bf-thinking", waiting, cx)
}

/// The dialogue stays where it is, and this is said.
fn refused(key: &'static str, waiting: Waiting, cx: &mut Cx) -> Handled {
    cx.refuse_own(key);
    cx.before = Some(waiting);
    Ok(())
}

/// What the wizard says is to happen when nobody answers. A question that the timer has asked is not followed by another
/// one: a dialogue without a person ends.
async fn time_out(update: &Update, waiting: Waiting, cx: &mut Cx) -> Handled {
    cx.timed_out = true;
    cx.inside = true;
    cx.before = Some(waiting.clone());
    if waiting.by_timer() {
        return cx.expire();
    }
    update.seat.bot.timeout(cx, waiting).await?;
    if let Next::Wait(waiting) = &mut cx.next {
        waiting.led_by_timer();
    }
    Ok(())
}

/// Something else than its end happens when nobody answers; not while it waits for a job.
fn waits_timed(waiting: &Waiting) -> bool {
    waiting.timed() && !waiting.is_busy()
}

/// The dialogue is over, and this is said.
fn gone(key: &'static str, why: Why, dialogue: Option<Waiting>, cx: &mut Cx) -> Handled {
    cx.said.push(Said::Own(key));
    cx.unhandled = Some(Unhandled { why, dialogue });
    cx.next = Next::End;
    Ok(())
}

/// Its time was over before the answer came.
fn late(waiting: Waiting, cx: &mut Cx) -> Handled {
    gone("bf-expired", Why::Late, Some(waiting), cx)
}

/// Nobody here can read what was stored of it.
fn outdated(cx: &mut Cx) -> Handled {
    gone("bf-outdated", Why::Outdated, None, cx)
}

/// The bot's words for what nothing understands.
pub(crate) fn unknown(update: &Update, cx: &mut Cx) {
    let said = match update.seat.bot.fallback(&cx.words) {
        Some(text) => Said::Message(Message::new(text)),
        None => Said::Own("bf-unknown"),
    };
    cx.said.push(said);
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // as `compose` wrote it
fn fits(press: &WizardPress, waiting: &Waiting, run: i64) -> bool {
    press.run == run as u32
        && press.flow == hash32(waiting.flow())
        && press.step == hash32(waiting.step())
}

/// A reply keyboard's buttons type their labels.
fn typed_control(waiting: &Waiting, content: &Content, cx: &Cx) -> Option<Control> {
    let Content::Text(text) = content else {
        return None;
    };
    if !waiting.reply_keyboard() {
        return None;
    }
    let found = controls(&cx.words, waiting)
        .into_iter()
        .find(|(_, label)| label.label(BUTTON_TEXT) == text.trim());
    match found?.0 {
        WizardAction::Back => Some(Control::Back),
        WizardAction::Skip => Some(Control::Skip),
        WizardAction::Cancel => Some(Control::Cancel),
        WizardAction::Option(_) | WizardAction::Key(_) => None,
    }
}
