//! Keyboards and buttons.

mod admins;
mod arguments;

use super::actions::narrow;
use super::{FlowCheck, exclusive};
use crate::check::blocks::{pick, trust};
use crate::check::scope::Scope;
use crate::check::text::TextUse;
use crate::check::{facts, text};
use crate::diagnostics::codes::{limits, names};
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::Slot;
use crate::ir::types::{Base, Ty};
use crate::ir::{Button, ButtonDoes, Each};
use crate::resolve::{Command, RESERVED};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use admins::{for_admins, role};
use botfactory_lang::callback::hash32;
use botfactory_lang::limits::{KEYBOARD_BUTTONS, QUERY_ROWS, ROW_BUTTONS};

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
        if let (Some(text), Some(_)) = (&text, &each) {
            pick::rows_alike(self, &inside, &button.text, text);
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
        let mut fine = !owner.args_lost;
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

    fn known_argument(
        &mut self,
        owner: &Command,
        command: &str,
        arg: &Spanned<String>,
        before: &[(Spanned<String>, ast::Expr)],
    ) {
        let twice = before.iter().any(|(n, _)| n.node == arg.node);
        let known = owner.args.iter().any(|a| a.name == arg.node);
        if !twice && (known || owner.args_lost) {
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
}
