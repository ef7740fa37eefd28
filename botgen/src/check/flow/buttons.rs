//! Keyboards and buttons.

use super::actions::narrow;
use super::{FlowCheck, exclusive, payload};
use crate::check::blocks::trust;
use crate::check::scope::Scope;
use crate::check::text::TextUse;
use crate::check::{expr, facts, text};
use crate::diagnostics::codes::{limits, names, roles};
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::text::Slot;
use crate::ir::types::{Base, Ty};
use crate::ir::{Button, ButtonDoes, Each};
use crate::resolve::{Argument, Command, RESERVED};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use botfactory_lang::callback::hash32;
use botfactory_lang::length::utf16;
use botfactory_lang::limits::{CALLBACK_DATA_BYTES, KEYBOARD_BUTTONS, QUERY_ROWS, ROW_BUTTONS};

impl FlowCheck<'_> {
    /// Rows of buttons.
    pub fn keyboard(
        &mut self,
        scope: &Scope,
        keyboard: &ast::Keyboard,
    ) -> Option<Vec<Vec<Button>>> {
        self.shape(keyboard);
        let mut done = Some(Vec::new());
        let mut labels = Vec::new();
        for row in &keyboard.rows {
            let alone = row.len() == 1;
            let buttons: Vec<_> = row
                .iter()
                .map(|b| self.button(scope, b, alone, &mut labels))
                .collect();
            let buttons: Option<Vec<_>> = buttons.into_iter().collect();
            match (buttons, &mut done) {
                (Some(row), Some(done)) => done.push(row),
                _ => done = None,
            }
        }
        if let Some(rows) = &done {
            self.lists_fit(keyboard, rows)?;
            trust::pressed(self, rows, keyboard);
        }
        // Advice waits until nothing is wrong.
        if self.cx.sink.errors() == 0 {
            self.twins(&labels);
        }
        done
    }

    /// Buttons that are always shown and read the same in some locale.
    pub fn twins(&mut self, labels: &[(Span, Vec<Option<String>>)]) {
        for (i, (span, own)) in labels.iter().enumerate() {
            let twin = labels.iter().take(i).find_map(|(first, other)| {
                let same = own
                    .iter()
                    .zip(other)
                    .position(|(a, b)| a.is_some() && a == b)?;
                Some((*first, same))
            });
            let Some((first, locale)) = twin else {
                continue;
            };
            let shown = own.get(locale).cloned().flatten().unwrap_or_default();
            let locales = &self.cx.bot.words.locales;
            let place = match locales.get(locale) {
                Some(l) if locales.len() > 1 => format!(" in `{}`", l.tag),
                _ => String::new(),
            };
            self.cx.sink.report(
                Diagnostic::new(
                    &limits::TWIN_BUTTONS,
                    *span,
                    format!(
                        "two buttons of this keyboard read `{}`{place}",
                        shown.trim()
                    ),
                )
                .note(first, "the first")
                .help("give one of them other words"),
            );
        }
    }

    fn shape(&mut self, keyboard: &ast::Keyboard) {
        let sink = &mut *self.cx.sink;
        for row in &keyboard.rows {
            if let Some((over, shown)) = exclusive::over(row.iter(), ROW_BUTTONS) {
                sink.report(
                    Diagnostic::new(
                        &limits::ROW,
                        over.span,
                        format!("this row has {shown} buttons, Telegram shows {ROW_BUTTONS}"),
                    )
                    .help("split the row: each inner list is one row"),
                );
            }
        }
        let all = keyboard.rows.iter().flatten();
        if let Some((over, _)) = exclusive::over(all, KEYBOARD_BUTTONS) {
            sink.report(
                Diagnostic::new(
                    &limits::BUTTONS,
                    over.span,
                    format!("this is button {} of a keyboard", KEYBOARD_BUTTONS + 1),
                )
                .help(format!(
                    "a message has at most {KEYBOARD_BUTTONS}: split the choice into menus"
                )),
            );
        }
    }

    /// Whether the buttons of lists fit beside the others. `None`: they do not, reported.
    fn lists_fit(&mut self, keyboard: &ast::Keyboard, rows: &[Vec<Button>]) -> Option<()> {
        let most = |button: &Button| match &button.each {
            Some(each) => match each.list.ty.base {
                Base::List { most, .. } => most.unwrap_or(QUERY_ROWS),
                _ => 1,
            },
            None => 1,
        };
        let all: usize = rows.iter().flatten().map(most).sum();
        let mut fine = Some(());
        for (written, row) in keyboard.rows.iter().zip(rows) {
            let in_row: usize = row.iter().map(most).sum();
            for (at, button) in written.iter().zip(row) {
                let (Some(each), Some(list)) = (&button.each, &at.each) else {
                    continue;
                };
                let many = most(button);
                let (code, shown, limit, what) = if each.columns == 0 && in_row > ROW_BUTTONS {
                    (&limits::ROW, in_row, ROW_BUTTONS, "row")
                } else if all > KEYBOARD_BUTTONS {
                    (&limits::BUTTONS, all, KEYBOARD_BUTTONS, "keyboard")
                } else {
                    continue;
                };
                fine = None;
                let message = format!(
                    "this list can have {many} rows, which makes {shown} buttons of its {what}; Telegram shows {limit}"
                );
                let room = limit.saturating_sub(shown - many).max(1);
                self.cx.sink.report(Diagnostic::new(code, list.list.span, message).help(format!(
                    "end the query with `LIMIT {room}`, or show the list with `widget.pagination.v1`"
                )));
            }
        }
        fine
    }

    /// The list of a button that stands for several.
    fn walks(&mut self, scope: &Scope, each: &ast::Each, alone: bool) -> Option<(Each, Scope)> {
        let entered = text::enter(
            &mut self.cx,
            scope,
            &each.list,
            each.alias.as_ref(),
            "`each`",
        );
        let columns = each.columns.as_ref().map_or(1, |c| c.node);
        let columns = usize::try_from(columns).unwrap_or(usize::MAX);
        if !(1..=ROW_BUTTONS).contains(&columns) {
            let span = each.columns.as_ref().map_or(each.list.span, |c| c.span);
            let message = format!("{columns} buttons do not fit into a row");
            self.cx.sink.report(
                Diagnostic::new(&limits::ROW, span, message).help("`columns` is from 1 to 8"),
            );
            return None;
        }
        let (list, entered) = entered?;
        let item = entered.ident.clone();
        let each = Each {
            list,
            item,
            columns: if alone { columns } else { 0 },
        };
        Some((each, scope.inside(entered)))
    }

    /// `labels` takes what a button that is always shown reads.
    fn button(
        &mut self,
        scope: &Scope,
        button: &ast::Button,
        alone: bool,
        labels: &mut Vec<(Span, Vec<Option<String>>)>,
    ) -> Option<Button> {
        let (each, scope) = match &button.each {
            Some(each) => {
                let (each, inside) = self.walks(scope, each, alone)?;
                (Some(each), inside)
            }
            None => (None, scope.clone()),
        };
        let mut inside = scope.clone();
        let when = match &button.when {
            Some(when) => {
                narrow(&mut inside, when, true);
                self.guard(
                    &scope,
                    when,
                    ("the button is never shown", "it is always shown"),
                )
                .map(|typed| {
                    facts::learn(&self.cx, &mut inside, when, &typed, true);
                    Some(typed)
                })
            }
            None => Some(None),
        };
        let usage = TextUse::plain(Slot::Button, "button");
        let text = text::text(&mut self.cx, &inside, &button.text, usage);
        let when = match button.allow {
            Some(_) => when.map(for_admins),
            None => when,
        };
        if let (Some(text), None, None, None) = (&text, &button.when, &each, &button.allow) {
            labels.push((button.text.source.span, text.fixed.clone()));
        }
        let does = self.does(&inside, &button.does);
        if let Some(allow) = button.allow {
            self.stops_somebody(allow, &button.does);
        } else if let (Some(command), None) = (role(&button.does), &button.when) {
            self.leads_admins(command);
        }
        Some(Button {
            each,
            text: text?.call,
            when: when?,
            does: does?,
        })
    }

    /// `allow` on a button hides it; that others are refused, too, its command must say.
    fn stops_somebody(&mut self, allow: Span, does: &ast::ButtonDoes) {
        let d = match does {
            ast::ButtonDoes::Callback { command, .. } => {
                let name = command.node.trim_start_matches('/');
                match self.cx.bot.symbols.commands.get(name) {
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

    /// Others see a button of which they are told that they must not press it.
    fn leads_admins(&mut self, command: &Spanned<String>) {
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

    fn does(&mut self, scope: &Scope, does: &ast::ButtonDoes) -> Option<ButtonDoes> {
        match does {
            ast::ButtonDoes::Callback {
                command,
                args,
                span,
            } => self.callback(scope, command, args, *span),
            ast::ButtonDoes::Url(url) => {
                let usage = TextUse::plain(Slot::Url, "url");
                let call = text::text(&mut self.cx, scope, url, usage)?.call;
                Some(ButtonDoes::Url(call))
            }
            // Its text was checked with the bot's.
            ast::ButtonDoes::Toast(text) => {
                let hash = hash32(&text.source.value);
                let known = self.cx.toasts.iter().any(|(h, _)| *h == hash);
                known.then_some(ButtonDoes::Toast(hash))
            }
        }
    }

    /// A command with its arguments, as buttons run them.
    pub fn callback(
        &mut self,
        scope: &Scope,
        command: &Spanned<String>,
        args: &[(Spanned<String>, ast::Expr)],
        span: Span,
    ) -> Option<ButtonDoes> {
        let name = command.node.trim_start_matches('/');
        let symbols = self.cx.bot.symbols;
        let owner = symbols.commands.get(name);
        // The runtime's own, in every bot.
        if owner.is_none() && name == "cancel" && args.is_empty() {
            return Some(ButtonDoes::Command {
                command: name.to_owned(),
                args: Vec::new(),
            });
        }
        let Some(owner) = owner else {
            if symbols.incomplete {
                return None;
            }
            let near = meant(name, symbols.commands.keys().map(String::as_str));
            let mut d = Diagnostic::new(
                &names::UNKNOWN_COMMAND,
                command.span,
                format!("there is no command `/{name}`"),
            );
            d = d.help(match near {
                _ if RESERVED.contains(&name) => {
                    "it is the runtime's own: every question of a wizard has its button already"
                        .to_owned()
                }
                Some(near) => format!("did you mean `/{}`?", near.word),
                None => "declare it as an intent or as the `entry_cmd` of a flow".to_owned(),
            });
            self.cx.sink.report(match near {
                Some(near) if !RESERVED.contains(&name) => d.rename(name, &near),
                _ => d,
            });
            return None;
        };
        let errors = self.cx.sink.errors();
        for (i, (arg, _)) in args.iter().enumerate() {
            self.known_argument(owner, name, arg, &args[..i]);
        }
        // A misspelt argument is the missing one.
        let misspelt = self.cx.sink.errors() > errors;
        let mut values = Vec::new();
        let mut fine = true;
        for (i, wanted) in owner.args.iter().enumerate() {
            let last = i + 1 == owner.args.len();
            match args.iter().find(|(n, _)| n.node == wanted.name) {
                Some((_, expr)) => match self.argument(scope, owner, wanted, expr) {
                    Some(value) => values.push((wanted.name.as_str(), last, value)),
                    None => fine = false,
                },
                None if wanted.optional => values.push((
                    wanted.name.as_str(),
                    last,
                    Expr {
                        ty: Ty::maybe(Base::Null),
                        kind: ExprKind::Null,
                    },
                )),
                None => {
                    fine = false;
                    if !misspelt {
                        self.missing(name, wanted, span);
                    }
                }
            }
        }
        while values
            .last()
            .is_some_and(|(_, _, v)| v.kind == ExprKind::Null)
        {
            values.pop();
        }
        if !fine || !self.fits(name, &values, span) {
            return None;
        }
        Some(ButtonDoes::Command {
            command: name.to_owned(),
            args: values.into_iter().map(|(_, _, v)| v).collect(),
        })
    }

    fn missing(&mut self, command: &str, wanted: &Argument, span: Span) {
        self.cx.sink.report(
            Diagnostic::new(
                &names::ARGUMENT_MISSING,
                span,
                format!("`/{command}` needs the argument `{}`", wanted.name),
            )
            .note(
                wanted.span,
                format!("declared here, {}", wanted.ty.describe()),
            )
            .help(format!(
                "give it: `/{command} {{{}=…}}`, or declare it `optional: true`",
                wanted.name
            )),
        );
    }

    fn known_argument(
        &mut self,
        owner: &Command,
        command: &str,
        arg: &Spanned<String>,
        before: &[(Spanned<String>, ast::Expr)],
    ) {
        let twice = before.iter().any(|(n, _)| n.node == arg.node);
        if !twice && owner.args.iter().any(|a| a.name == arg.node) {
            return;
        }
        let message = if twice {
            format!("the argument `{}` is given twice", arg.node)
        } else {
            format!("`/{command}` has no argument `{}`", arg.node)
        };
        let near = meant(&arg.node, owner.args.iter().map(|a| a.name.as_str()));
        let all: Vec<_> = owner.args.iter().map(|a| a.name.as_str()).collect();
        let help = match near {
            _ if twice => "remove one of them".to_owned(),
            Some(near) => format!("did you mean `{}`?", near.word),
            None if all.is_empty() => {
                format!(
                    "remove it, or declare `args: {{ {}: … }}` on `/{command}`",
                    arg.node
                )
            }
            None => format!("its arguments are `{}`", all.join("`, `")),
        };
        let d = Diagnostic::new(&names::ARGUMENT_UNKNOWN, arg.span, message)
            .note(owner.span, "the command")
            .help(help);
        self.cx.sink.report(match near {
            Some(near) if !twice => d.rename(&arg.node, &near),
            _ => d,
        });
    }

    fn argument(
        &mut self,
        scope: &Scope,
        owner: &Command,
        wanted: &Argument,
        expr: &ast::Expr,
    ) -> Option<Expr> {
        let own = self.cx.bot.symbols.commands.get(self.cx.command);
        let foreign = own.is_none_or(|own| own.flow != owner.flow);
        let symbol = match &wanted.ty.base {
            Base::Choice(_) if foreign => owner.choices.get(&wanted.name),
            _ => None,
        };
        let value = expr::check(&mut self.cx, scope, expr)?;
        let Some(symbol) = symbol else {
            let what = format!("the argument `{}`", wanted.name);
            let value = expr::coerce(&mut self.cx, value, &wanted.ty, expr.span, &what)?;
            return self.accepted(wanted, &value, expr.span).then_some(value);
        };
        // A choice of another flow: every value that can stand here must be one of its values.
        let values = match (&value.kind, &value.ty) {
            (ExprKind::Text(text), _) => vec![text.clone()],
            (ExprKind::Null, _) if wanted.optional => Vec::new(),
            (
                _,
                Ty {
                    base: Base::Choice(id),
                    nullable,
                },
            ) if wanted.optional || !nullable => {
                let options = self.cx.choices.get(id.0).map_or(&[][..], |c| &c.options);
                options.iter().map(|o| o.value.clone()).collect()
            }
            (_, ty) => {
                let message = format!(
                    "`{}` is a choice, and this is {}, which may be something else",
                    wanted.name,
                    ty.describe()
                );
                self.cx.sink.report(
                    Diagnostic::new(&names::ARGUMENT_VALUE, expr.span, message)
                        .note(wanted.span, "the argument")
                        .help(format!(
                            "give one of '{}', or a choice with these values",
                            symbol.values.join("', '")
                        )),
                );
                return None;
            }
        };
        if let Some(other) = values.iter().find(|v| !symbol.values.contains(v)) {
            let near = meant(other, symbol.values.iter().map(String::as_str));
            let mut d = Diagnostic::new(
                &names::ARGUMENT_VALUE,
                expr.span,
                format!("`{}` has no option '{other}'", wanted.name),
            )
            .note(wanted.span, "the argument");
            d = d.help(match near {
                Some(near) => format!("did you mean '{}'?", near.word),
                None => format!("its options are '{}'", symbol.values.join("', '")),
            });
            self.cx.sink.report(match near {
                Some(near) => d.rename(other, &near),
                None => d,
            });
            return None;
        }
        if matches!(value.ty.base, Base::Choice(_)) {
            return Some(Expr {
                ty: Ty::some(Base::Text { max: None }).with_null(value.ty.nullable),
                kind: ExprKind::ChoiceValue(Box::new(value)),
            });
        }
        Some(value)
    }

    /// Whether the argument's bounds let the value through, as far as it is known.
    fn accepted(&mut self, wanted: &Argument, value: &Expr, span: Span) -> bool {
        let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (least, greatest, what) = match (&value.kind, &value.ty.base) {
            (ExprKind::Int(n), _) => (Some(*n), Some(*n), "is"),
            (ExprKind::Text(text), _) => {
                let n = length(utf16(text));
                (Some(n), Some(n), "has a length of")
            }
            (_, Base::Text { max }) => (None, max.map(length), "can have a length of"),
            _ => return true,
        };
        let (bound, wrong, limit) = match (least, greatest) {
            (Some(n), _) if wanted.min.is_some_and(|min| n < min) => ("min", n, wanted.min),
            (_, Some(n)) if wanted.max.is_some_and(|max| n > max) => ("max", n, wanted.max),
            _ => return true,
        };
        let limit = limit.unwrap_or_default();
        self.cx.sink.report(
            Diagnostic::new(
                &names::ARGUMENT_VALUE,
                span,
                format!(
                    "this value {what} {wrong}, but `{bound}` of `{}` is {limit}",
                    wanted.name
                ),
            )
            .note(wanted.span, "the argument")
            .help("give another value, or change the bound"),
        );
        false
    }

    /// Whether the longest payload fits.
    fn fits(&mut self, command: &str, values: &[(&str, bool, Expr)], span: Span) -> bool {
        let mut total = 1 + command.len();
        let mut parts = vec![format!("{total} for `/{command}`")];
        let mut worst = format!("/{command}");
        for (name, last, value) in values {
            let Some(most) = payload::most(&self.cx, value, *last) else {
                self.cx.sink.report(
                    Diagnostic::new(
                        &limits::PAYLOAD_UNBOUNDED,
                        span,
                        format!("`{name}` is a text of any length, a button holds {CALLBACK_DATA_BYTES} bytes"),
                    )
                    .help("pass an id (an int) and load the text in the command's `on_enter`"),
                );
                return false;
            };
            total += most;
            parts.push(format!("up to {most} for `{name}`"));
            worst.push(' ');
            worst.push_str(&payload::longest(&self.cx, value));
        }
        if total > CALLBACK_DATA_BYTES {
            self.cx.sink.report(
                Diagnostic::new(
                    &limits::PAYLOAD,
                    span,
                    format!("this button's payload can be {total} bytes long, Telegram takes {CALLBACK_DATA_BYTES}"),
                )
                .label(parts.join(", "))
                .help(format!(
                    "the longest is `{worst}`; pass less: an id instead of what it stands for, or a shorter command"
                )),
            );
            return false;
        }
        true
    }
}

/// The command of a button.
fn role(does: &ast::ButtonDoes) -> Option<&Spanned<String>> {
    match does {
        ast::ButtonDoes::Callback { command, .. } => Some(command),
        _ => None,
    }
}

/// Whoever reads it is an admin, and this holds.
fn for_admins(when: Option<Expr>) -> Option<Expr> {
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
