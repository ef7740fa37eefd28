//! One file per block. These two functions are the table: a block that is not in them does not compile.

mod broadcast;
mod calendar;
mod confirm;
mod fallback;
mod generic;
mod intent;
pub mod llm;
mod media;
mod menu;
mod moment;
mod multiselect;
mod number;
pub mod pagination;
pub mod pick;
pub mod ratelimit;
mod rating;
mod recipient;
mod reply_template;
pub mod segment;
mod set_locale;
mod sql;
pub mod trust;
mod wizard;

pub use intent::check as intent;

use super::flow::{Body, FlowCheck};
use super::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::widgets;
use crate::ir;
use crate::ir::types::Ty;
use crate::source::Spanned;
use crate::syntax::ast::{Action, ActionKind, FlowKind, Step, Widget};

/// A flow's block.
pub fn flow(check: &mut FlowCheck<'_>) -> Option<Body> {
    match &check.flow.kind {
        FlowKind::Menu(menu) => menu::check(check, menu),
        FlowKind::Wizard(wizard) => wizard::check(check, wizard),
        FlowKind::Generic => generic::check(check),
    }
}

/// A step that is a block: how its answer is read. `None`: something is wrong and was reported.
pub fn widget(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    step: &Step,
    widget: &Spanned<Widget>,
) -> Option<ir::Rule> {
    let fine = check.widget_validate(step);
    let fine = is_no_argument(check, step).and(fine);
    let done = match &widget.node {
        Widget::Calendar(w) => calendar::check(check, scope, step, w),
        Widget::Confirm(w) => confirm::check(check, scope, step, w),
        Widget::Multiselect(w) => multiselect::check(check, step, w),
        Widget::Number(w) => number::check(check, scope, step, w),
        Widget::Pick(w) => pick::check(check, scope, step, w),
        Widget::Pages(w) => pagination::step(check, scope, w),
        Widget::Rating(w) => rating::check(check, w),
    };
    fine.and(done).map(ir::Rule::Widget)
}

/// An argument is not read by the widget's rules.
fn is_no_argument(check: &mut FlowCheck<'_>, step: &Step) -> Option<()> {
    let name = &step.var;
    let arg = check.flow.args.iter().find(|a| a.name.value == name.value);
    let Some(arg) = arg else {
        return Some(());
    };
    check.cx.sink.report(
        Diagnostic::new(
            &widgets::ARGUMENT,
            name.span,
            format!(
                "`{}` is an argument of the command, which may be anything of its type",
                name.value
            ),
        )
        .note(arg.name.span, "the argument")
        .help("the widget's rules would not hold for it: give the argument another name"),
    );
    None
}

/// The type of an action's result, where it is the same whatever is wrong with the action.
pub fn result(kind: &ActionKind) -> Option<Ty> {
    match kind {
        ActionKind::Broadcast(broadcast) => Some(broadcast::result(broadcast)),
        _ => None,
    }
}

/// An action's block, with what is known where it stands.
pub fn action(check: &mut FlowCheck<'_>, scope: &Scope, action: &Action) -> Option<ir::ActionKind> {
    match &action.kind {
        ActionKind::Query(s) => sql::check(check, scope, s, crate::check::sql::Kind::Query, action),
        ActionKind::Exec(s) => sql::check(check, scope, s, crate::check::sql::Kind::Exec, action),
        ActionKind::Reply(reply) => reply_template::check(check, scope, reply),
        ActionKind::SetLocale(set) => set_locale::check(check, scope, set, action),
        ActionKind::Limit(limit) => ratelimit::check(check, scope, limit, action),
        ActionKind::Pages(pages) => pagination::check(check, scope, pages),
        ActionKind::Ask(ask) => llm::check(check, scope, ask),
        ActionKind::Broadcast(broadcast) => broadcast::check(check, scope, broadcast, action),
        ActionKind::Segment(change) => segment::check(check, scope, change, action),
        ActionKind::Subscribe(wants) => Some(ir::ActionKind::Subscribe(*wants)),
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
