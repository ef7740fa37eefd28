//! `widget.multiselect.v1`.

use crate::check::flow::FlowCheck;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{limits, widgets};
use crate::ir::widget::Widget;
use crate::source::Spanned;
use crate::syntax::ast;
use botfactory_lang::limits::{KEYBOARD_BUTTONS, ROW_BUTTONS};

/// Most options: back, skip, cancel and the button that takes them need room too.
const OPTIONS: usize = KEYBOARD_BUTTONS - 4;

/// Options to tick.
pub fn check(
    check: &mut FlowCheck<'_>,
    step: &ast::Step,
    select: &ast::Multiselect,
) -> Option<Widget> {
    let choice = check.names.choice_of(&step.var.value)?;
    let count = step.options.len();
    let sink = &mut *check.cx.sink;
    let mut fine = true;
    if let Some(over) = step.options.get(OPTIONS) {
        fine = false;
        let message = format!("this is option {} of a selection", OPTIONS + 1);
        sink.report(
            Diagnostic::new(&limits::BUTTONS, over.span, message).help(format!(
                "a message has at most {KEYBOARD_BUTTONS} buttons, four of them are its own: ask in two steps"
            )),
        );
    }
    let number = |written: &Option<Spanned<i64>>, default: usize| {
        let written = written
            .as_ref()
            .map(|w| usize::try_from(w.node).unwrap_or(usize::MAX));
        written.unwrap_or(default)
    };
    let (min, max) = (number(&select.min, 1), number(&select.max, count));
    let columns = number(&select.columns, 1);
    let mut wrong = |at: &Option<Spanned<i64>>, message: String, help: &str| {
        fine = false;
        let at = at.as_ref().map_or(step.span, |w| w.span);
        sink.report(Diagnostic::new(&widgets::SELECTION, at, message).help(help));
    };
    if min > count {
        let message = format!("{min} of {count} options cannot be taken");
        wrong(&select.min, message, "lower `min`, or add options");
    } else if max == 0 {
        wrong(
            &select.max,
            "`max` is 0: nothing could be taken".into(),
            "say at least 1, or leave `max` out",
        );
    } else if max > count {
        let message = format!("`max` is {max}, and there are {count} options");
        wrong(
            &select.max,
            message,
            "leave `max` out where all of them may be taken",
        );
    } else if min > max {
        let at = if select.min.is_some() {
            &select.min
        } else {
            &select.max
        };
        let message = format!("at least {min} and at most {max} options cannot be taken");
        wrong(at, message, "exchange `min` and `max`");
    }
    if !(1..=ROW_BUTTONS).contains(&columns) {
        let message = format!("{columns} options do not fit into a row");
        wrong(&select.columns, message, "`columns` is from 1 to 8");
    }
    fine.then_some(Widget::Multiselect {
        choice,
        min,
        max,
        columns,
    })
}
