//! `widget.rating.v1`.

use crate::check::flow::FlowCheck;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::widgets;
use crate::ir::widget::Widget;
use crate::syntax::ast;
use botfactory_lang::length::{is_blank, utf16};

/// Stars that stay readable on two rows of buttons.
const STARS: std::ops::RangeInclusive<i64> = 2..=10;
/// Most UTF-16 units of what stands behind a number.
const SYMBOL: usize = 16;

/// A row of stars.
pub fn check(check: &mut FlowCheck<'_>, rating: &ast::Rating) -> Option<Widget> {
    let max = rating.max.as_ref().map_or(5, |m| m.node);
    let mut fine = true;
    if let Some(written) = rating.max.as_ref().filter(|_| !STARS.contains(&max)) {
        fine = false;
        let message = format!("a rating of {max} stars");
        check.cx.sink.report(
            Diagnostic::new(&widgets::SCALE, written.span, message)
                .help("`max` is from 2 to 10; for more use `widget.number.v1`"),
        );
    }
    let symbol = rating.symbol.as_ref().map_or("⭐", |s| s.value.as_str());
    if let Some(written) = &rating.symbol
        && (is_blank(symbol) || utf16(symbol) > SYMBOL)
    {
        fine = false;
        let message = "`symbol` is one sign that stands behind a number";
        check.cx.sink.report(
            Diagnostic::new(&widgets::SCALE, written.span, message).help(format!(
                "write `symbol: \"⭐\"`; at most {SYMBOL} characters"
            )),
        );
    }
    fine.then(|| Widget::Rating {
        max,
        symbol: symbol.to_owned(),
    })
}
