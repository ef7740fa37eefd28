//! Old texts into texts of the language.

mod lookup;
mod out;
mod pieces;

use std::collections::BTreeSet;

use super::ftl::{Keys, Own};
use super::markup;
use super::names;
use super::old::{Read, Said};
use super::plan::{Def, Plan, Scope};
use super::report::Notes;
use super::sql::Ty;
use super::template::{self, Arg, Key, Parsed, Piece};
use lookup::{Lookup, Row, Seen};
use out::{literal, words};

/// Longest text of one message, in UTF-16 code units, with room for what values add.
pub(super) const LONGEST: usize = botfactory_lang::limits::MESSAGE_TEXT - 96;

/// Stands for a value that is not there.
const NOTHING: &str = "—";

/// How a text is marked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Html,
    MarkdownV2,
    /// Buttons, toasts, descriptions, `parse_mode: none`.
    Plain,
}

/// A `t:key` around the first row of a query.
pub(super) struct Guarded {
    /// The variable that may be null.
    pub var: String,
    pub always: bool,
}

/// Translates texts.
pub(super) struct Speaker<'a> {
    plan: &'a Plan,
    keys: &'a mut Keys,
    notes: &'a mut Notes,
    /// Expressions that an `#if` around has tested.
    tested: Vec<String>,
    /// Of the text that is being translated.
    mode: Mode,
    /// In the message of a limit.
    limit: bool,
}

impl<'a> Speaker<'a> {
    pub(super) fn new(plan: &'a Plan, keys: &'a mut Keys, notes: &'a mut Notes) -> Self {
        Self {
            plan,
            keys,
            notes,
            tested: Vec::new(),
            mode: Mode::Html,
            limit: false,
        }
    }

    /// The message of a limit: it knows how long it lasts.
    pub(super) fn of_limit(mut self) -> Self {
        self.limit = true;
        self
    }

    /// What stands on the button of a query's row; `prefix` is `row.` where its columns are not variables themselves.
    pub(super) fn item(&mut self, said: &Said, scope: &Scope, stmt: usize, prefix: &str) -> String {
        self.mode = Mode::Plain;
        let plan = self.plan;
        let row = Row {
            stmt,
            outputs: &plan.stmts[stmt].outputs,
            prefix: prefix.to_owned(),
            bare: false,
        };
        let mut out = String::new();
        match said.parsed() {
            Parsed::Template(_) if said.read == Read::Words => {
                words(said.text.trim(), false, Mode::Plain, &mut out);
            }
            Parsed::Template(_) => {
                let pieces = template::template(self.tidy(said, &said.text, Mode::Plain).trim());
                self.pieces(said, &pieces, scope, Some(&row), &mut out);
            }
            Parsed::Key(key) => return self.key(said, &key, scope, Mode::Plain),
        }
        self.whole(said, &out)
    }

    /// A text.
    pub(super) fn text(&mut self, said: &Said, scope: &Scope, mode: Mode) -> String {
        self.mode = mode;
        if said.read == Read::Words {
            let mut out = String::new();
            // Tags and all: the author's own words.
            words(
                &markup::words(said.text.trim(), mode),
                false,
                Mode::Plain,
                &mut out,
            );
            return self.whole(said, &out);
        }
        match said.parsed() {
            Parsed::Key(key) => self.key(said, &key, scope, mode),
            Parsed::Template(_) => {
                let tidy = self.tidy(said, &said.text, mode);
                let pieces = template::template(tidy.trim());
                let mut out = String::new();
                self.pieces(said, &pieces, scope, None, &mut out);
                self.whole(said, &out)
            }
        }
    }

    /// Markup that Telegram takes.
    fn tidy(&mut self, said: &Said, text: &str, mode: Mode) -> String {
        if said.read == Read::Template {
            return markup::unmarked(text, mode);
        }
        let italics = match mode {
            Mode::MarkdownV2 => markup::italics(text),
            _ => text.to_owned(),
        };
        if italics != text {
            self.notes.changed(
                &said.path,
                "italics around a value alone are bold: without a value they would underline",
            );
        }
        let text = italics.as_str();
        let (tidy, what) = match mode {
            Mode::Html => (
                markup::html(text),
                "`<` and `&` that Telegram would refuse are escaped",
            ),
            Mode::MarkdownV2 => (
                markup::markdown(text),
                "not valid MarkdownV2; every sign of it is escaped and shows as it is",
            ),
            Mode::Plain => (
                markup::plain(text),
                "there is no markup here; the tags are left out",
            ),
        };
        if tidy != text {
            self.notes.changed(&said.path, what);
        }
        tidy
    }

    /// The last touches of a template.
    fn whole(&mut self, said: &Said, out: &str) -> String {
        let out = out.trim();
        if out.is_empty() {
            self.notes.person(
                &said.path,
                format!(
                    "nothing is left of this text; a default stands for it, not {:?}",
                    said.text
                ),
            );
            return self.keys.own(Own::Empty);
        }
        match out.strip_prefix("t:") {
            Some(rest) => format!("{{{{\"t:\"}}}}{rest}"),
            None => out.to_owned(),
        }
    }

    /// The query's variable that guards a `t:key {{#each x}}…`, where the text is one.
    pub(super) fn guarded(&self, said: &Said, scope: &Scope) -> Option<Guarded> {
        let Parsed::Key(Key {
            each: Some(list), ..
        }) = said.parsed()
        else {
            return None;
        };
        let var = &self.plan.vars[*scope.get(&list)?];
        match var.def {
            Def::Single(stmt) => Some(Guarded {
                var: var.name.clone(),
                always: self.plan.stmts[stmt].one,
            }),
            _ => None,
        }
    }

    /// Lists that the text walks at top level, by old name, when they are lists.
    pub(super) fn walks(&self, said: &Said, scope: &Scope) -> bool {
        match said.parsed() {
            Parsed::Key(key) => {
                let list = key.each.and_then(|l| scope.get(&l).copied());
                list.is_some_and(|v| matches!(self.plan.vars[v].def, Def::Rows(_) | Def::Flat(_)))
            }
            Parsed::Template(pieces) => pieces.iter().any(|p| match p {
                Piece::Each { list, .. } => {
                    matches!(self.lookup(list, scope, None), Lookup::List(..))
                }
                _ => false,
            }),
        }
    }

    fn key(&mut self, said: &Said, key: &Key, scope: &Scope, mode: Mode) -> String {
        let stmt = key.each.as_ref().and_then(|list| {
            let var = *scope.get(list)?;
            match self.plan.vars[var].def {
                Def::Single(stmt) | Def::Rows(stmt) => Some((var, stmt)),
                _ => None,
            }
        });
        let plan = self.plan;
        let row = stmt.map(|(var, stmt)| Row {
            stmt,
            outputs: &plan.stmts[stmt].outputs,
            prefix: match plan.vars[var].def {
                Def::Single(_) => format!("{}.", plan.vars[var].name),
                _ => "row.".to_owned(),
            },
            bare: false,
        });
        if let (Some(list), None) = (&key.each, &row) {
            self.notes.person(
                &said.path,
                format!(
                    "`{list}` is no list here; its values are not given to the translation: {:?}",
                    said.text
                ),
            );
        }
        let (mut args, mut given) = (Vec::new(), BTreeSet::new());
        for (name, arg) in &key.args {
            let expr = match arg {
                Arg::Literal(text) => {
                    if text.contains("{{") {
                        self.unknown(said, text);
                    }
                    literal(text)
                }
                Arg::Variable(variable) => match self.lookup(variable, scope, row.as_ref()) {
                    Lookup::Value(seen) if seen.ty == Some(Ty::Bool) => {
                        self.notes.person(
                            &said.path,
                            format!("`{variable}` is true or false, which no translation takes; left out"),
                        );
                        continue;
                    }
                    Lookup::Value(seen) => self.value(said, seen),
                    _ => {
                        self.unknown(said, &format!("{{{{{variable}}}}}"));
                        literal(&format!("{{{{{variable}}}}}"))
                    }
                },
            };
            let name = names::fluent(name);
            if given.insert(name.clone()) {
                args.push(format!("{name}={expr}"));
            }
        }
        if self.limit && given.insert("retry_in".to_owned()) {
            args.push("retry_in=retry_in".to_owned());
        }
        let written = self.keys.key(&key.key, given, mode);
        if !key.args.is_empty() {
            self.notes
                .translated(&said.path, "arguments of a key are expressions now");
        }
        let call = match args.is_empty() {
            true => format!("t:{written}"),
            false => format!("t:{written} {{{}}}", args.join(", ")),
        };
        if let Some((var, _)) = stmt
            && matches!(self.plan.vars[var].def, Def::Rows(_))
        {
            let list = &self.plan.vars[var].name;
            return format!("{{{{#each {list} as row}}}}\n{{{{{call}}}}}\n{{{{/each}}}}");
        }
        if key.rest.is_empty() || key.each.is_some() {
            return call;
        }
        self.notes.changed(
            &said.path,
            "what followed the key was taken for a part of it; it is a text after it now",
        );
        let Parsed::Template(pieces) =
            template::parse(&format!(" {}", self.tidy(said, &key.rest, mode)))
        else {
            return call;
        };
        let mut out = format!("{{{{{call}}}}} ");
        self.pieces(said, &pieces, scope, None, &mut out);
        self.whole(said, &out)
    }

    /// An expression of a value, with its filter, and a sign for null.
    fn value(&mut self, said: &Said, seen: Seen) -> String {
        let expr_of = seen.expr.clone();
        let mut expr = seen.expr;
        if let Some(filter) = seen.filter {
            expr.push_str(&format!(" | {filter}"));
        }
        if seen.nullable && !self.tested.contains(&expr_of) {
            self.notes.translated(
                &said.path,
                format!("a value that may be missing prints as `{NOTHING}`"),
            );
            expr.push_str(&format!(" | default: '{NOTHING}'"));
        }
        expr
    }

    fn unknown(&mut self, said: &Said, tag: &str) {
        self.notes.person(
            &said.path,
            format!("`{tag}` is known neither here nor in the old system; it stays as words"),
        );
    }
}
