//! What an event says of an update: which of a closed set of things it was, of which command, at which step.

use std::time::Duration;

use super::route::{Control, Work};
use super::seat::{Seat, Update};
use crate::handler::wizard::Waiting;
use crate::handler::{Cx, Next, Why};
use crate::store::Store;
use crate::store::events::{Data, Event, Kind};
use crate::telemetry::events::{WizardMove, WizardMoved};

/// What an update was.
#[derive(Debug, Clone, Copy)]
pub(super) struct What {
    pub(super) kind: Kind,
    /// Of the command, the code.
    pub(super) name: &'static str,
}

impl Kind {
    /// Of something with a name of this build.
    pub(super) fn of(self, name: &'static str) -> What {
        What { kind: self, name }
    }
}

/// What a handler did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ran {
    /// Its class; empty: none ran.
    pub(super) effect: &'static str,
    /// How long it waited, nearly all of it for statements.
    pub(super) waited: Duration,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The event of an update that ran as `cx`; `None`: nobody keeps events.
pub(super) fn event(
    store: &Store,
    update: &Update,
    what: What,
    ran: Ran,
    cx: Option<&Cx>,
) -> Option<Event> {
    if !store.events.on() {
        return None;
    }
    let spec = update.seat.spec;
    let locale = cx.map_or(update.words.locale, |cx| cx.words.locale);
    // A command in the middle of a dialogue is none of its steps.
    let place = cx.map(|cx| place(&update.seat, cx)).unwrap_or_default();
    let step = if place.flow == what.name {
        place.step
    } else {
        ""
    };
    let statements = cx.map_or(0, |cx| cx.queries + cx.execs);
    Some(Event {
        at: store.clock().micros(),
        bot: update.key.bot,
        bot_id: spec.id,
        person: update.words.person.id,
        kind: what.kind,
        name: what.name,
        step,
        took: i64::try_from(micros(update.arrived.elapsed())).unwrap_or(i64::MAX),
        trace_id: update.trace_id.clone(),
        data: Data {
            channel: update.channel.name(),
            effect: ran.effect,
            locale: spec.locales.get(locale).map_or("", |locale| locale.tag),
            queries: cx.map_or(0, |cx| cx.queries),
            execs: cx.map_or(0, |cx| cx.execs),
            sql_us: if statements > 0 {
                micros(ran.waited)
            } else {
                0
            },
            replies: cx.map_or(0, |cx| cx.said.len()),
            flow: "",
        },
        result_tag: cx.and_then(|cx| cx.tag),
    })
}

/// A dialogue's command and the step that it waits at; empty: there is none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct At {
    flow: &'static str,
    step: &'static str,
}

/// Where a handler stood, or the dialogue that it was kept from.
pub(super) fn place(seat: &Seat, cx: &Cx) -> At {
    let kept = cx.unhandled.as_ref().and_then(|u| u.dialogue.as_ref());
    let known = |waiting: &Waiting| At {
        flow: seat.command_name(waiting.flow()),
        step: step(seat, waiting.flow(), waiting.step()),
    };
    kept.or(cx.before.as_ref()).map(known).unwrap_or_default()
}

/// What a turn's work came to; `moves`: of its dialogue.
pub(super) fn of_turn(update: &Update, work: &Work, cx: &Cx, moves: &[WizardMoved]) -> What {
    let seat = &update.seat;
    if let Some(unhandled) = &cx.unhandled {
        let kind = match unhandled.why {
            Why::Forbidden => Kind::Forbidden,
            Why::Late => Kind::WizardTimeout,
            Why::Outdated if matches!(work, Work::Timeout(_)) => Kind::WizardTimeout,
            Why::Cancelled | Why::Outdated => Kind::WizardLeft,
        };
        return What {
            kind,
            name: match &unhandled.dialogue {
                Some(waiting) => seat.command_name(waiting.flow()),
                None if kind == Kind::Forbidden => own_command(seat, work),
                None => "",
            },
        };
    }
    if let Some(last) = moves.last() {
        let kind = match last.how {
            _ if cx.held_back => Kind::RatelimitHit,
            WizardMove::Begun => Kind::WizardStart,
            WizardMove::Completed => Kind::WizardDone,
            // The turn that asked the model has told of the answer; only it knows neither beginning nor end.
            _ if matches!(work, Work::Resume(_)) => Kind::Llm,
            WizardMove::Answered => Kind::WizardStep,
            WizardMove::Refused => Kind::WizardRefused,
            WizardMove::TimedOut => Kind::WizardTimeout,
        };
        return What {
            kind,
            name: last.command,
        };
    }
    let before = cx.before.as_ref();
    let idle = before.is_none();
    let flow = place(seat, cx).flow;
    let kind = match work {
        _ if cx.held_back => Kind::RatelimitHit,
        Work::Command { .. } => Kind::Command,
        // Without a dialogue the bot's own command of that name has run, or there was nothing to cancel.
        Work::Control { own: Some(_), .. } if idle => Kind::Command,
        Work::Control { control, .. } if idle && *control == Control::Cancel => Kind::Command,
        Work::Control { .. } if idle => Kind::Unknown,
        // A dialogue that waits for the model turns nothing.
        _ if matches!(cx.next, Next::Turn(_)) && cx.thought.is_none() => Kind::Page,
        Work::Control { .. } => Kind::WizardStep,
        Work::Answer(_) if idle && matches!(cx.next, Next::Stay) => Kind::Unknown,
        Work::Answer(_) => Kind::WizardStep,
        Work::Press(_) if cx.thought.is_some() || cx.back => Kind::WizardStep,
        Work::Press(_) => Kind::Press,
        Work::Locale(_) => Kind::Locale,
        Work::Timeout(_) => Kind::WizardTimeout,
        Work::Resume(_) | Work::Longer(_) => Kind::Llm,
        Work::Bury { .. } => Kind::Error,
    };
    let name = match work {
        Work::Command { .. } => own_command(seat, work),
        Work::Control { control, .. } if kind == Kind::Command => match own_command(seat, work) {
            "" => control.name(),
            own => own,
        },
        Work::Resume(job) => seat.command_name(&job.flow),
        _ => flow,
    };
    What { kind, name }
}

/// The bot's own command that the work runs; empty: it runs none.
fn own_command(seat: &Seat, work: &Work) -> &'static str {
    match work {
        Work::Command { command, .. }
        | Work::Control {
            own: Some(command), ..
        } => command_name(seat, *command),
        _ => "",
    }
}

/// A handler failed; `at`: in this dialogue.
pub(super) fn failed(
    store: &Store,
    update: &Update,
    work: &Work,
    at: At,
    code: &'static str,
) -> Option<Event> {
    let what = What {
        kind: Kind::Error,
        name: code,
    };
    let mut event = event(store, update, what, Ran::default(), None)?;
    event.data.flow = match work {
        Work::Command { .. } => own_command(&update.seat, work),
        Work::Resume(job) => update.seat.command_name(&job.flow),
        Work::Bury { flow, .. } => flow,
        _ if at.flow.is_empty() => own_command(&update.seat, work),
        _ => at.flow,
    };
    if event.data.flow == at.flow {
        event.step = at.step;
    }
    Some(event)
}

pub(super) fn command_name(seat: &Seat, command: usize) -> &'static str {
    seat.spec.commands.get(command).map_or("", |c| c.name)
}

/// The step as the compiler wrote it; empty: this build has none of that name.
fn step(seat: &Seat, flow: &str, step: &str) -> &'static str {
    let wizard = seat.spec.wizards.iter().find(|w| w.command == flow);
    wizard
        .and_then(|wizard| wizard.steps.iter().find(|known| known.id == step))
        .map_or("", |known| known.id)
}
