//! Who sees a button, and who may use what it calls.

use crate::check::flow::FlowCheck;
use crate::check::walk;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::roles;
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::types::{Base, Ty};
use crate::source::{Span, Spanned};
use crate::syntax::ast;

impl FlowCheck<'_> {
    /// `allow` on a button hides it; that others are refused, too, its command must say.
    pub(super) fn stops_somebody(&mut self, allow: Span, does: &ast::ButtonDoes) {
        let d = match does {
            ast::ButtonDoes::Callback { command, .. } => {
                let name = command.node.trim_start_matches('/');
                match self.cx.bot.symbols.commands.get(name) {
                    // It is told where it begins the broadcast (BF1101).
                    Some(owner) if !owner.admins && self.broadcasts(name) => return,
                    Some(owner) if !owner.admins => Diagnostic::new(
                        &roles::OPEN_COMMAND,
                        allow,
                        format!("everybody may still type `/{name}`"),
                    )
                    .note(owner.span, "its command is for everybody")
                    .help(format!("write `allow: admin` where `/{name}` is declared")),
                    _ => return,
                }
            }
            ast::ButtonDoes::Url(_) | ast::ButtonDoes::Toast(_) => Diagnostic::new(
                &roles::OPEN_COMMAND,
                allow,
                "nobody can be refused an address or a note",
            )
            .help("write `when: user.is_admin`: then others do not see the button"),
        };
        self.cx.sink.report(d);
    }

    /// Whether a command begins a broadcast.
    fn broadcasts(&self, name: &str) -> bool {
        let mut flows = self.cx.bot.ast.flows.iter();
        let flow = flows.find(|flow| flow.entry_cmd.value.trim_start_matches('/') == name);
        flow.is_some_and(|flow| {
            !flow.incomplete
                && walk::actions(flow)
                    .any(|action| matches!(action.kind, ast::ActionKind::Broadcast(_)))
        })
    }

    /// Others see a button of which they are told that they must not press it.
    pub(super) fn leads_admins(&mut self, command: &Spanned<String>) {
        let name = command.node.trim_start_matches('/');
        let Some(owner) = self.cx.bot.symbols.commands.get(name) else {
            return;
        };
        let read_by_all = self.flow.allow.is_none() && !self.to_admins;
        if owner.admins && read_by_all && self.cx.sink.errors() == 0 {
            let d = Diagnostic::new(
                &roles::SEEN_BY_ALL,
                command.span,
                format!("everybody sees this button, and only admins may use `/{name}`"),
            )
            .note(owner.span, "for admins")
            .help("write `allow: admin` on the button: then others do not see it");
            self.cx.sink.report(d);
        }
    }
}

/// The command of a button.
pub(super) fn role(does: &ast::ButtonDoes) -> Option<&Spanned<String>> {
    match does {
        ast::ButtonDoes::Callback { command, .. } => Some(command),
        _ => None,
    }
}

/// Whoever reads it is an admin, and this holds.
pub(super) fn for_admins(when: Option<Expr>) -> Option<Expr> {
    let admin = Expr {
        ty: Ty::some(Base::Bool),
        kind: ExprKind::Builtin(Builtin::ReaderIsAdmin),
    };
    Some(match when {
        None => admin,
        Some(when) => Expr {
            ty: Ty::some(Base::Bool),
            kind: ExprKind::And(Box::new(admin), Box::new(when)),
        },
    })
}
