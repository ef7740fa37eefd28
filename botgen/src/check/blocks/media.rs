//! The file that goes with a broadcast: Telegram's id of one, or an address.

use crate::check::expr;
use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::diagnostics::codes::{broadcasts as codes, expressions};
use crate::diagnostics::{Diagnostic, Edit};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::{Base, Ty};
use crate::resolve;
use crate::source::{Span, Str};
use crate::syntax::ast::{self, MediaKind, StepType};

/// Longest id of a file, or address.
const FILE: usize = 2048;

/// The value that names the file. `None`: something is wrong and was reported.
pub fn check(check: &mut FlowCheck<'_>, scope: &Scope, media: &ast::Media) -> Option<Expr> {
    let text = Ty::some(Base::Text { max: None });
    let written = match &media.file {
        ast::Field::Literal(literal) => return self::literal(check, scope, literal, text),
        ast::Field::Expr(written) => written,
    };
    let value = expr::check(&mut check.cx, scope, written)?;
    if value.ty.nullable {
        let name = expr::shown(written);
        let message = format!("{} may be null", expr::quoted(written));
        let help = format!(
            "a message has a file or has none: write two, with `when: {name} is not null` this one, with `when: {name} is null` one without the file"
        );
        let d = Diagnostic::new(&expressions::NULLABLE, written.span, message).help(help);
        check.cx.sink.report(d);
        return None;
    }
    match value.ty.base {
        Base::Text { .. } => {
            of_a_step(check, media.kind, &value, written.span)?;
            Some(value)
        }
        Base::File => {
            fits(check, media.kind, &value, written.span)?;
            Some(Expr {
                ty: text,
                kind: ExprKind::Field {
                    of: Box::new(value),
                    ident: "file_id".to_owned(),
                    narrowed: false,
                },
            })
        }
        _ => {
            let message = format!("{} is no file", expr::a(&value.ty));
            check.cx.sink.report(
                Diagnostic::new(&codes::MEDIA, written.span, message)
                    .help("take the answer of a `photo` or `file` step, or a text that holds an address or a file's id"),
            );
            None
        }
    }
}

/// Telegram's ids of files are much longer; a shorter word is a name.
const SHORTEST_ID: usize = 16;

fn literal(check: &mut FlowCheck<'_>, scope: &Scope, literal: &Str, ty: Ty) -> Option<Expr> {
    let written = literal.value.trim();
    if scope.get(written).is_some() {
        let message = format!("this is the word `{written}`, not the file that the variable holds");
        let title = format!("write `\"{{{{{written}}}}}\"`");
        let edit = Edit::replace(literal.span, format!("\"{{{{{written}}}}}\""));
        let d = Diagnostic::new(&codes::MEDIA, literal.span, message).help(title.clone());
        check.cx.sink.report(d.fix(title, [edit]));
        return None;
    }
    let address = written.contains("://");
    let wrong = if written.is_empty() {
        Some(("this names no file", ""))
    } else if address && !written.starts_with("https://") {
        Some(("files are fetched from `https` addresses only", ""))
    } else if written.strip_prefix("https://").is_some_and(has_no_host) {
        Some(("this address has no host", ""))
    } else if written.contains(char::is_whitespace) || written.len() > FILE {
        Some(("this is neither an address nor the id of a file", ""))
    } else if !address && (written.contains('/') || written.contains('.')) {
        Some((
            "this is neither an address nor the id of a file",
            "; files of the bot's folder are not sent",
        ))
    } else if !address && written.len() < SHORTEST_ID {
        Some((
            "this is neither an address nor the id of a file",
            "; for what a variable holds write `\"{{picture}}\"`",
        ))
    } else {
        None
    };
    if let Some((message, more)) = wrong {
        let help = format!(
            "write an address, `\"https://example.org/picture.jpg\"`, or the id that Telegram gave a file{more}"
        );
        let d = Diagnostic::new(&codes::MEDIA, literal.span, message).help(help);
        check.cx.sink.report(d);
        return None;
    }
    Some(Expr {
        ty,
        kind: ExprKind::Text(written.to_owned()),
    })
}

/// What follows `https://`.
fn has_no_host(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !host.contains('.') && !host.starts_with('[')
}

/// The step whose answer a value is, or is a field of.
fn step<'a>(check: &FlowCheck<'a>, value: &Expr) -> Option<&'a ast::Step> {
    let ident = match &value.kind {
        ExprKind::Var { ident, .. } => ident,
        ExprKind::Field { of, ident, .. } if ident == "file_id" => match &of.kind {
            ExprKind::Var { ident, .. } => ident,
            _ => return None,
        },
        _ => return None,
    };
    let mut steps = resolve::steps(check.flow).iter();
    steps.find(|step| check.ident_of(&step.var.value) == ident)
}

/// Telegram sends an id again as what the file was, and as nothing else.
fn fits(check: &mut FlowCheck<'_>, kind: MediaKind, value: &Expr, span: Span) -> Option<()> {
    let Some(step) = step(check, value) else {
        return Some(());
    };
    let (right, key) = match step.ty.node {
        StepType::Photo => (MediaKind::Photo, "photo"),
        StepType::File => (MediaKind::Document, "document"),
        _ => return Some(()),
    };
    if kind == right {
        return Some(());
    }
    let ty = resolve::type_name(step.ty.node);
    let d = Diagnostic::new(
        &codes::MEDIA,
        span,
        format!("the answer of a `{ty}` step can only be sent as a `{key}`"),
    )
    .note(step.ty.span, "its type");
    check.cx.sink.report(d.help(match (kind, right) {
        (MediaKind::Photo, _) => {
            "ask for a picture: `type: photo`; or write `document` here".to_owned()
        }
        (MediaKind::Document, _) => {
            "ask for a file: `type: file`; or write `photo` here".to_owned()
        }
        (_, _) => format!("write `{key}` here"),
    }));
    None
}

/// What somebody types may be anything.
fn of_a_step(check: &mut FlowCheck<'_>, kind: MediaKind, value: &Expr, span: Span) -> Option<()> {
    if matches!(&value.kind, ExprKind::Field { .. }) {
        return fits(check, kind, value, span);
    }
    let Some(step) = step(check, value).filter(|step| step.ty.node == StepType::Text) else {
        return Some(());
    };
    let regex = step.validate.as_ref().and_then(|v| v.regex.as_ref());
    let addresses = regex.is_some_and(|regex| {
        let pattern = regex.value.trim_start_matches(['^', '(', '?', ':']);
        pattern.starts_with("https:")
    });
    if !addresses {
        check.cx.sink.report(
            Diagnostic::new(
                &codes::TYPED_FILE,
                span,
                format!(
                    "`{}` may be any text, and Telegram refuses a message whose file is none",
                    step.var.value
                ),
            )
            .note(step.var.span, "asked for here")
            .help("ask for the file itself, `type: photo` or `type: file`, or for an address: `validate: { regex: 'https://\\S+', msg: \"…\" }`"),
        );
    }
    Some(())
}
