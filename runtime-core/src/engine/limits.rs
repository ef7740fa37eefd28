//! When limits are decided: where nobody waits for the database meanwhile.
//!
//! A limit whose decision this process can give by itself is decided where the handler meets it. Where Redis must be asked,
//! a handler that holds nothing of the database waits for it; one that holds something stops, is rolled back, and runs again
//! once the decision is there. So that this is rare, a handler with limits is run ahead first, without a database, as far as
//! it gets: limits mostly stand before everything else.

use std::sync::Arc;

use super::Engine;
#[cfg(feature = "postgres")]
use super::dialogue::{Standing, act};
use super::guard::{self, Ended};
use super::route::Route;
use super::seat::{Seat, Update};
#[cfg(feature = "postgres")]
use super::turn::Turn;
use crate::handler::db::Connection;
use crate::handler::effect::Effect;
use crate::handler::error::HandlerError;
use crate::handler::{Cx, Next, Said};
use crate::limits::{Answer, Decisions};
#[cfg(feature = "postgres")]
use crate::store::conversation::Stand;

/// How often a handler may stop for a limit: more than any has on one way.
pub(super) const STOPS: u32 = 32;

/// Gets the decision that a handler has stopped for.
pub(super) async fn settle(update: &Update) {
    if let Some(limits) = &update.limits {
        limits.settle().await;
    }
}

/// Runs a command with limits as far as it gets without a database, and gives what it says if a limit holds it back there:
/// then nothing of the database is needed at all, and a flood does not reach it.
pub(super) async fn ahead_of_command(update: &Update, command: usize, args: &str) -> Option<Cx> {
    let spec = update.seat.spec.commands.get(command)?;
    // Without a database it runs as it is.
    if spec.effect == Effect::Pure || !update.seat.limited(spec.name) {
        return None;
    }
    let (time, mut cx) = (update.time()?, context(update));
    cx.words.args = args.into();
    let ended = guard::run(time, update.seat.bot.enter(&mut cx, command, args)).await;
    let only_that = matches!(ended, Ended::Well) && matches!(cx.next, Next::Stay);
    (cx.held_back && only_that && cx.bug.is_none()).then_some(cx)
}

/// Runs what a dialogue does with the update as far as it gets without a database, if a limit may have to be asked about
/// elsewhere. Only what is decided about limits is kept of it.
#[cfg(feature = "postgres")]
pub(super) async fn ahead_of_answer(turn: &Turn, stand: &Stand) {
    let update = &turn.update;
    let standing = Standing::of(stand, turn.shared.store.clock().micros());
    let Standing::Waiting(waiting) = &standing else {
        return;
    };
    let asks = update.limits.as_ref().is_some_and(|l| l.asks_elsewhere());
    let Some(time) = update.time() else { return };
    if !asks || !update.seat.limited(waiting.flow()) {
        return;
    }
    let mut cx = context(update);
    let work = act(update, &turn.work, standing, stand.run, &mut cx);
    guard::run(time, work).await;
}

fn context(update: &Update) -> Cx {
    let mut cx = Cx::new(update.words.clone(), Connection::None, None);
    cx.limits.clone_from(&update.limits);
    cx.private = update.place.private;
    cx
}

impl Engine {
    /// Where the decisions about an update are kept.
    pub(super) fn decisions(
        &self,
        seat: &Seat,
        bot: i64,
        update_id: i64,
    ) -> Option<Arc<Decisions>> {
        let limited = !seat.bot.limits().is_empty();
        let shared = &self.shared;
        limited.then(|| {
            let clock = shared.store.clock().clone();
            Decisions::new(shared.limits.clone(), clock, bot, update_id)
        })
    }

    /// The limits of the whole bot, before anything runs. What is to be said to whoever is held back: the words once a
    /// window, else nothing (a press is answered all the same).
    pub(super) async fn policed(
        &self,
        update: &Update,
        route: &Route,
    ) -> Option<Result<Cx, HandlerError>> {
        let runs = matches!(
            route,
            Route::Quick { .. } | Route::Turn { .. } | Route::Store(_) | Route::Unknown
        );
        let limits = update
            .limits
            .as_ref()
            .filter(|_| runs && update.seat.policed)?;
        let policies = match update.seat.bot.policies(&update.words) {
            Ok(policies) => policies,
            Err(error) => return Some(Err(error)),
        };
        for policy in policies {
            let ask = limits.ask(policy.limit, &policy.key, update.words.subject(), true);
            let answer = limits.decide(&ask).await;
            let Answer::Wait { tell, .. } = answer else {
                continue;
            };
            let mut cx = Cx::new(update.words.clone(), Connection::None, None);
            let retry_in = answer.retry_in().filter(|_| tell);
            if let Some(retry_in) = retry_in {
                match policy.text(&update.words, retry_in) {
                    Ok(text) => cx.said.push(Said::Refusal(text)),
                    Err(error) => return Some(Err(error)),
                }
            }
            return Some(Ok(cx));
        }
        None
    }
}
