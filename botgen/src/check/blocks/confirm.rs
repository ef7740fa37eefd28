//! `widget.confirm.v1`.

use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::text::{self, TextUse};
use crate::ir::text::Slot;
use crate::ir::widget::Widget;
use crate::syntax::ast;

/// Two buttons.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    step: &ast::Step,
    confirm: &ast::Confirm,
) -> Option<Widget> {
    let mut labels = Vec::new();
    let mut label = |text: Option<&ast::Text>, name: &str| {
        let hint = format!("{}_{name}", step.var.value);
        let usage = TextUse::plain(Slot::Button, &hint);
        match text {
            Some(text) => {
                let done = text::text(&mut check.cx, scope, text, usage)?;
                labels.push((text.source.span, done.fixed));
                Some(Some(done.call))
            }
            None => Some(None),
        }
    };
    let yes = label(confirm.yes.as_ref(), "yes");
    let no = label(confirm.no.as_ref(), "no");
    let (yes, no) = (yes?, no?);
    if check.cx.sink.errors() == 0 {
        check.twins(&labels);
    }
    Some(Widget::Confirm { yes, no })
}
