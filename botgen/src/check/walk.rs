//! Every action and button of a bot, in order of writing.

use crate::syntax::ast::{Action, ActionKind, Bot, Button, Flow, FlowKind, OnTimeout, Widget};

/// The actions of a flow.
pub fn actions(flow: &Flow) -> impl Iterator<Item = &Action> {
    let (steps, on_step, on_complete) = match &flow.kind {
        FlowKind::Wizard(w) => (&w.steps[..], &w.on_step[..], &w.on_complete[..]),
        FlowKind::Menu(_) | FlowKind::Generic => (&[][..], &[][..], &[][..]),
    };
    let timeout = match &flow.kind {
        FlowKind::Wizard(w) => w.on_timeout.as_ref(),
        _ => None,
    };
    let timeout = timeout.and_then(|timeout| match timeout {
        OnTimeout::Reply(reply) => Some(&**reply),
        _ => None,
    });
    let own = steps.iter().flat_map(|s| &s.on_step);
    flow.on_enter
        .iter()
        .chain(own)
        .chain(on_step)
        .chain(on_complete)
        .chain(timeout)
}

/// The buttons of a bot.
pub fn buttons(bot: &Bot) -> impl Iterator<Item = &Button> {
    bot.flows.iter().flat_map(|flow| {
        let replies = actions(flow).filter_map(|a| match &a.kind {
            ActionKind::Reply(reply) => Some(&reply.keyboard),
            ActionKind::Broadcast(broadcast) => Some(&broadcast.message.keyboard),
            ActionKind::Pages(pages) => Some(&pages.extra),
            _ => None,
        });
        let steps = match &flow.kind {
            FlowKind::Wizard(wizard) => &wizard.steps[..],
            _ => &[],
        };
        let steps = steps.iter().filter_map(|step| match &step.widget {
            Some(widget) => match &widget.node {
                Widget::Pages(pages) => Some(&pages.extra),
                _ => None,
            },
            None => None,
        });
        let menu = match &flow.kind {
            FlowKind::Menu(menu) => Some(&menu.options),
            _ => None,
        };
        replies
            .chain(menu)
            .chain(steps)
            .flat_map(|k| k.rows.iter().flatten())
    })
}
