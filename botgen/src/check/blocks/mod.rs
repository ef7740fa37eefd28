//! One file per block. These two functions are the table: a block that is not in them does not compile.

mod generic;
mod intent;
mod menu;
mod reply_template;
mod set_locale;
mod sql;
mod wizard;

pub use intent::check as intent;

use super::flow::{Body, FlowCheck};
use super::scope::Scope;
use crate::ir;
use crate::syntax::ast::{Action, ActionKind, FlowKind};

/// A flow's block.
pub fn flow(check: &mut FlowCheck<'_>) -> Option<Body> {
    match &check.flow.kind {
        FlowKind::Menu(menu) => menu::check(check, menu),
        FlowKind::Wizard(wizard) => wizard::check(check, wizard),
        FlowKind::Generic => generic::check(check),
    }
}

/// An action's block, with what is known where it stands.
pub fn action(check: &mut FlowCheck<'_>, scope: &Scope, action: &Action) -> Option<ir::ActionKind> {
    match &action.kind {
        ActionKind::Query(s) => sql::check(check, scope, s, crate::check::sql::Kind::Query, action),
        ActionKind::Exec(s) => sql::check(check, scope, s, crate::check::sql::Kind::Exec, action),
        ActionKind::Reply(reply) => reply_template::check(check, scope, reply),
        ActionKind::SetLocale(set) => set_locale::check(check, scope, set, action),
    }
}

/// What happens to a message that is too long, as written.
pub fn overflow(
    written: Option<&crate::source::Spanned<crate::syntax::ast::Overflow>>,
) -> crate::syntax::ast::Overflow {
    written.map_or_else(Default::default, |w| w.node)
}

/// How a text is marked up, as written.
pub fn mode(
    written: Option<&crate::source::Spanned<crate::syntax::ast::ParseMode>>,
) -> botfactory_lang::markup::ParseMode {
    use crate::syntax::ast::ParseMode as Written;
    use botfactory_lang::markup::ParseMode;
    match written.map(|w| w.node) {
        None | Some(Written::Html) => ParseMode::Html,
        Some(Written::MarkdownV2) => ParseMode::MarkdownV2,
        Some(Written::None) => ParseMode::Plain,
    }
}
