//! What an update asks for, before anything is read.

use botfactory_lang::callback::{
    Keys, Owner, PagePress, Payload, WizardPress, command_line, decode,
};

use super::jobs::{Finished, Longer};
use super::seat::{Seat, Update};
use crate::handler::effect::Effect;
use crate::incoming::{Content, Place};

/// What an update asks for.
#[derive(Debug)]
pub(crate) enum Route {
    /// Not for us: acknowledged, nothing else.
    Ignore,
    /// A command that neither writes nor moves a conversation.
    Quick { command: usize, args: String },
    /// A list whose page is turned: index into [`crate::bot::BotSpec::lists`].
    Turn { list: usize, press: PagePress },
    /// To be decided with the store: it claims the update.
    Store(Work),
    /// A text that nothing understands.
    Unknown,
    /// A press that only shows one of the bot's toasts.
    Toast(u32),
    /// A press that only shows one of the runtime's own words.
    OwnToast(&'static str),
}

impl Route {
    /// Only admins may do it, and this person is none. A dialogue is asked when it is met.
    pub(crate) fn is_forbidden(&self, update: &Update) -> bool {
        let spec = update.seat.spec;
        let for_admins = match self {
            Self::Quick { command, .. } | Self::Store(Work::Command { command, .. }) => {
                spec.commands.get(*command).is_some_and(|c| c.admins)
            }
            Self::Turn { list, .. } => {
                let list = spec.lists.get(*list);
                list.is_some_and(|list| update.seat.is_for_admins(list.command))
            }
            _ => false,
        };
        for_admins && !update.words.admin
    }

    /// The name of the command that it runs or turns a list of; empty: none is known yet.
    pub(crate) fn command(&self, seat: &Seat) -> &'static str {
        match self {
            Self::Quick { command, .. } | Self::Store(Work::Command { command, .. }) => {
                seat.spec.commands.get(*command).map_or("", |c| c.name)
            }
            Self::Turn { list, .. } => seat.spec.lists.get(*list).map_or("", |list| list.command),
            _ => "",
        }
    }
}

impl Control {
    /// As it is typed, without `/`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Back => "back",
            Self::Skip => "skip",
        }
    }
}

/// What is run between reading the conversation and storing it.
#[derive(Debug)]
pub(crate) enum Work {
    /// A command that writes, moves a conversation or sets a locale.
    Command { command: usize, args: String },
    /// `/cancel`, `/back`, `/skip`: for the dialogue that waits, else the bot's own command of that name.
    Control {
        control: Control,
        own: Option<usize>,
        args: String,
    },
    /// A message that may answer a question.
    Answer(Content),
    /// A wizard's button; its MAC fits.
    Press(WizardPress),
    /// A button of the locale keyboard: index of the locale.
    Locale(usize),
    /// Nobody has answered for too long.
    Timeout(Timer),
    /// The rest of a handler: its answer is there, or none will come.
    Resume(Box<Finished>),
    /// An answer takes long.
    Longer(Box<Longer>),
    /// A handler failed outside a transaction: a dead letter.
    Bury {
        code: &'static str,
        /// Its command.
        flow: &'static str,
    },
}

/// Which question the timer was set for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    pub(crate) run: i64,
    /// Of the conversation: whatever moves it ends the timer.
    pub(crate) version: i64,
}

/// What moves a dialogue besides answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    Cancel,
    Back,
    Skip,
}

/// Routes a message.
pub(crate) fn message(seat: &Seat, place: Place, content: Content) -> Route {
    let Content::Text(text) = content else {
        return Route::Store(Work::Answer(content));
    };
    let Some((name, addressee, args)) = command_line(&text) else {
        return Route::Store(Work::Answer(Content::Text(text)));
    };
    match addressee {
        Some(other) if !seat.is_named(other) => Route::Ignore,
        _ => match command(seat, &name, args) {
            Some(route) => route,
            // In a group an unknown command is probably another bot's.
            None if place.private || addressee.is_some() => Route::Unknown,
            None => Route::Ignore,
        },
    }
}

/// Routes a press; a signed button must be `owner`'s.
pub(crate) fn callback(seat: &Seat, data: &str, keys: &Keys, owner: Owner) -> Route {
    match decode(data) {
        Err(_) => Route::OwnToast("bf-outdated"),
        Ok(Payload::Command(line)) => command_line(line)
            .and_then(|(name, _, args)| command(seat, &name, args))
            .unwrap_or(Route::OwnToast("bf-outdated")),
        Ok(Payload::Toast(hash)) => Route::Toast(hash),
        Ok(Payload::Locale(tag)) => match seat.texts.index(tag) {
            Some(locale) => Route::Store(Work::Locale(locale)),
            None => Route::OwnToast("bf-outdated"),
        },
        Ok(Payload::Wizard(press)) if press.verify(keys, owner) => Route::Store(Work::Press(press)),
        Ok(Payload::Page(press)) if press.verify(keys, owner) => {
            let lists = seat.spec.lists;
            match lists.iter().position(|list| list.hash == press.list) {
                Some(list) => Route::Turn { list, press },
                None => Route::OwnToast("bf-outdated"),
            }
        }
        Ok(Payload::Wizard(_) | Payload::Page(_)) => Route::OwnToast("bf-not-yours"),
    }
}

fn command(seat: &Seat, name: &str, args: &str) -> Option<Route> {
    let own = seat.bot.command(name);
    let args = args.to_owned();
    let control = match name {
        "cancel" => Some(Control::Cancel),
        "back" => Some(Control::Back),
        "skip" => Some(Control::Skip),
        _ => None,
    };
    if let Some(control) = control {
        return Some(Route::Store(Work::Control { control, own, args }));
    }
    let command = own?;
    let quick = seat
        .spec
        .commands
        .get(command)
        .is_some_and(|spec| spec.effect <= Effect::Read && !spec.wizard);
    Some(if quick {
        Route::Quick { command, args }
    } else {
        Route::Store(Work::Command { command, args })
    })
}
