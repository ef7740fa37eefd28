//! What is kept of a result.

use crate::check::FlowCx;
use crate::check::sql::Kind;
use crate::check::sql::typer::Results;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::sql as codes;
use crate::ir::sql::{QueryId, Shape};
use crate::ir::types::{Base, Ty};
use crate::syntax::ast;

/// What is kept of the result: the shape as written, and whether there is a row in every case.
pub(super) fn kept(
    cx: &mut FlowCx<'_>,
    st: &ast::Statement,
    kind: Kind,
    results: &Results,
    broken: bool,
) -> Option<(ast::Shape, bool)> {
    let nothing = results.outputs.is_empty();
    match (&st.result_var, kind) {
        (Some(name), _) => {
            if nothing && !broken && kind == Kind::Exec {
                cx.sink.report(
                    Diagnostic::new(
                        &codes::RESULT,
                        name.span,
                        format!("the statement gives `{}` nothing", name.value),
                    )
                    .help("add RETURNING with the columns, or remove `result_var`"),
                );
            }
            Some((st.shape.node, results.always))
        }
        (None, Kind::Moments | Kind::Audience) => Some((st.shape.node, results.always)),
        (None, Kind::Source) => Some((ast::Shape::Rows, results.always)),
        (None, Kind::Query) => {
            cx.sink.report(
                Diagnostic::new(&codes::RESULT, st.sql.span, "nothing keeps what this reads")
                    .help("add `result_var: name`"),
            );
            None
        }
        (None, Kind::Exec) => {
            if !nothing {
                cx.sink.report(
                    Diagnostic::new(
                        &codes::UNUSED_RESULT,
                        st.sql.span,
                        "nothing keeps what RETURNING gives",
                    )
                    .help("add `result_var: name`, or remove RETURNING"),
                );
            }
            None
        }
    }
}

pub(super) fn shaped(
    written: ast::Shape,
    always: bool,
    id: QueryId,
    first: Option<&Ty>,
    most: Option<usize>,
) -> (Shape, Option<Ty>) {
    let row = Ty::some(Base::Row(id));
    let first = first.cloned().unwrap_or(Ty::maybe(Base::Null));
    match written {
        ast::Shape::Rows => (Shape::Rows, Some(Ty::some(Base::list(row, most)))),
        ast::Shape::Single => (Shape::Single { always }, Some(row.with_null(!always))),
        ast::Shape::Scalar => {
            let null = first.nullable || !always;
            (Shape::Scalar { always }, Some(first.with_null(null)))
        }
        ast::Shape::Flatten => (Shape::Flatten, Some(Ty::some(Base::list(first, most)))),
    }
}
