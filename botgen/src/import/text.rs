//! Old texts into texts of the language.

use std::collections::BTreeSet;

use super::ftl::{Keys, Own};
use super::markup;
use super::names;
use super::old::{Read, Said};
use super::plan::{Def, Plan, Scope};
use super::report::Notes;
use super::sql::Ty;
use super::sql::outputs::Output;
use super::template::{self, Arg, Key, Parsed, Piece};

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

/// A value that a name means, as an expression.
struct Seen {
    expr: String,
    ty: Option<Ty>,
    nullable: bool,
    filter: Option<String>,
}

/// What a name means.
enum Lookup {
    Value(Seen),
    /// A list; its statement, and whether its elements are bare values.
    List(usize, bool),
    Unknown,
}

/// The row that stands in scope inside `#each`.
struct Row<'a> {
    stmt: usize,
    outputs: &'a [Output],
    /// `row.` where a column's name is also a variable's.
    prefix: String,
    bare: bool,
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

    fn lookup(&self, name: &str, scope: &Scope, row: Option<&Row<'_>>) -> Lookup {
        if let Some(row) = row {
            let stmt = &self.plan.stmts[row.stmt];
            let name = stmt.renamed.get(name).map_or(name, String::as_str);
            let element = row.bare && name == "this";
            let found = row.outputs.iter().find(|o| o.name == name || element);
            if let Some(output) = found {
                let (ty, nullable) = self.plan.output(output);
                return Lookup::Value(Seen {
                    expr: if row.bare {
                        "this".to_owned()
                    } else {
                        format!("{}{name}", row.prefix)
                    },
                    ty,
                    // A flattened list has no nulls.
                    nullable: nullable && !row.bare,
                    filter: stmt.formats.get(name).cloned(),
                });
            }
        }
        let Some(&var) = scope.get(name) else {
            return match name {
                "retry_in" if self.limit => Lookup::Value(Seen {
                    expr: name.to_owned(),
                    ty: Some(Ty::Int),
                    nullable: false,
                    filter: None,
                }),
                "bot_id" | "user_id" | "chat_id" => Lookup::Value(Seen {
                    expr: name.to_owned(),
                    ty: None,
                    nullable: false,
                    filter: None,
                }),
                _ => Lookup::Unknown,
            };
        };
        let expr = self.plan.vars[var].name.clone();
        match self.plan.vars[var].def {
            Def::Rows(stmt) => Lookup::List(stmt, false),
            Def::Flat(stmt) => Lookup::List(stmt, true),
            Def::Single(_) | Def::Missing => Lookup::Unknown,
            Def::Answer(_) | Def::Calendar(_) | Def::Picked(..) => Lookup::Value(Seen {
                expr,
                ty: Some(self.plan.ty(var)),
                nullable: false,
                filter: None,
            }),
            Def::Scalar(stmt) => {
                let stmt = &self.plan.stmts[stmt];
                let (ty, null) = stmt
                    .outputs
                    .first()
                    .map_or((None, true), |o| self.plan.output(o));
                Lookup::Value(Seen {
                    expr,
                    ty,
                    nullable: null || !stmt.one,
                    filter: stmt
                        .outputs
                        .first()
                        .and_then(|o| stmt.formats.get(&o.name).cloned()),
                })
            }
        }
    }

    fn pieces(
        &mut self,
        said: &Said,
        pieces: &[Piece],
        scope: &Scope,
        row: Option<&Row<'_>>,
        out: &mut String,
    ) {
        for (i, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Words(text) => {
                    let tag_follows =
                        matches!(pieces.get(i + 1), Some(p) if !matches!(p, Piece::Words(_)));
                    words(text, tag_follows, self.mode, out);
                }
                Piece::Value(name) => match self.lookup(name, scope, row) {
                    Lookup::Value(seen) if seen.ty == Some(Ty::Bool) => {
                        let (yes, no) = (
                            self.keys.own_inside(Own::Yes),
                            self.keys.own_inside(Own::No),
                        );
                        let mut expr = seen.expr;
                        if seen.nullable {
                            expr = format!("{expr} is not null and {expr}");
                        }
                        out.push_str(&format!(
                            "{{{{#if {expr}}}}}{yes}{{{{else}}}}{no}{{{{/if}}}}"
                        ));
                    }
                    Lookup::Value(seen) => {
                        let value = self.value(said, seen);
                        out.push_str(&format!("{{{{{value}}}}}"));
                    }
                    Lookup::List(..) | Lookup::Unknown => {
                        let tag = format!("{{{{{name}}}}}");
                        self.unknown(said, &tag);
                        words(&tag, false, self.mode, out);
                    }
                },
                Piece::Each { list, body } => self.each(said, list, body, scope, row, out),
                Piece::If {
                    condition,
                    then,
                    otherwise,
                } => self.branch(said, (condition, then, otherwise), scope, row, out),
            }
        }
    }

    fn each(
        &mut self,
        said: &Said,
        list: &str,
        body: &[Piece],
        scope: &Scope,
        outer: Option<&Row<'_>>,
        out: &mut String,
    ) {
        let Lookup::List(stmt, bare) = self.lookup(list, scope, outer) else {
            self.notes.person(
                &said.path,
                format!(
                    "`{list}` is no list here; the old system left its `#each` out, and so does this: {:?}",
                    said.text
                ),
            );
            return;
        };
        if body.is_empty() {
            return;
        }
        let plan = self.plan;
        let outputs = plan.stmts[stmt].outputs.as_slice();
        let mut names = Vec::new();
        template::names_in(body, &mut names);
        let shadows = |name: &String| {
            outputs.iter().any(|o| o.name == *name)
                && scope.values().any(|v| plan.vars[*v].name == *name)
        };
        let called = &plan.vars[scope[list]].name;
        let (open, prefix) = if outer.is_some() || (!bare && names.iter().any(shadows)) {
            let taken = scope.values().map(|v| plan.vars[*v].name.clone());
            let taken = taken
                .chain(outputs.iter().map(|o| o.name.clone()))
                .collect();
            let alias = names::free("row".to_owned(), &taken);
            self.notes.translated(
                &said.path,
                format!("a column and an answer share a name; the row is called `{alias}`"),
            );
            (
                format!("{{{{#each {called} as {alias}}}}}"),
                format!("{alias}."),
            )
        } else {
            (format!("{{{{#each {called}}}}}"), String::new())
        };
        let row = Row {
            stmt,
            outputs,
            prefix,
            bare,
        };
        open_tag(out, &open, body);
        self.pieces(said, body, scope, Some(&row), out);
        close_tag(out, "{{/each}}");
    }

    fn branch(
        &mut self,
        said: &Said,
        (condition, then, otherwise): (&str, &[Piece], &[Piece]),
        scope: &Scope,
        row: Option<&Row<'_>>,
        out: &mut String,
    ) {
        let test = match self.lookup(condition, scope, row) {
            Lookup::List(..) => scope
                .get(condition)
                .map(|v| self.plan.vars[*v].name.clone()),
            Lookup::Value(seen) => Some(match (seen.ty, seen.nullable) {
                (Some(Ty::Bool), true) => format!("{0} is not null and {0}", seen.expr),
                (Some(Ty::Bool), false) | (_, true) => seen.expr,
                (Some(Ty::Int), false) => format!("{} != 0", seen.expr),
                (Some(Ty::Text), false) => format!("{} != ''", seen.expr),
                // Always there.
                _ => {
                    if !otherwise.is_empty() {
                        self.notes.changed(
                            &said.path,
                            format!("`{condition}` is always there; what stands after `{{{{else}}}}` is left out: {:?}", said.text),
                        );
                    }
                    return self.pieces(said, then, scope, row, out);
                }
            }),
            Lookup::Unknown => None,
        };
        let Some(test) = test else {
            self.notes.person(
                &said.path,
                format!(
                    "`{condition}` is known neither here nor in the old system; its `#if` is never true: {:?}",
                    said.text
                ),
            );
            return self.pieces(said, otherwise, scope, row, out);
        };
        self.notes.changed(
            &said.path,
            "`#if` was printed as it stands; now it decides what is printed",
        );
        open_tag(out, &format!("{{{{#if {test}}}}}"), then);
        self.tested.push(test);
        self.pieces(said, then, scope, row, out);
        self.tested.pop();
        if !otherwise.is_empty() {
            close_tag(out, "{{else}}");
            self.pieces(said, otherwise, scope, row, out);
        }
        close_tag(out, "{{/if}}");
    }
}

/// A string literal of an expression.
fn literal(text: &str) -> String {
    let text = text.replace(['\n', '\\'], " ");
    if text.contains('\'') {
        format!("\"{}\"", text.replace('"', "”"))
    } else {
        format!("'{text}'")
    }
}

/// The author's words: braces that would open or close a tag are written as literals. What stands between such
/// braces was no word for the markup's check, so it is escaped here.
fn words(text: &str, tag_follows: bool, mode: Mode, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("}}")).min() {
        let (before, braces) = (&rest[..at], &rest[at..at + 2]);
        out.push_str(before);
        out.push_str(&format!("{{{{\"{braces}\"}}}}"));
        rest = &rest[at + 2..];
        if braces == "{{"
            && let Some((inside, after)) = rest.split_once("}}")
        {
            out.push_str(&match mode {
                Mode::Html => inside.replace('&', "&amp;").replace('<', "&lt;"),
                Mode::MarkdownV2 => markup::escaped(inside),
                Mode::Plain => inside.to_owned(),
            });
            out.push_str("{{\"}}\"}}");
            rest = after;
        }
    }
    match rest.strip_suffix('{') {
        Some(rest) if tag_follows => {
            out.push_str(rest);
            out.push_str("{{\"{\"}}");
        }
        _ => out.push_str(rest),
    }
}

/// Whether the line that is being written has nothing on it. A line of nothing but block tags vanishes with
/// its line break, so such tags get a line of their own.
fn at_line_start(out: &str) -> bool {
    out.rsplit('\n').next().is_none_or(|l| l.trim().is_empty())
}

fn own_line(out: &mut String, tag: &str) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push_str(tag);
    out.push('\n');
}

fn open_tag(out: &mut String, tag: &str, body: &[Piece]) {
    let leads = match body.first() {
        Some(Piece::Words(text)) => text.starts_with('\n'),
        Some(Piece::Value(_)) | None => false,
        Some(_) => true,
    };
    let breaks = matches!(body.last(), Some(Piece::Words(text)) if text.ends_with('\n'));
    if at_line_start(out) && (leads || breaks) {
        own_line(out, tag);
    } else {
        out.push_str(tag);
    }
}

fn close_tag(out: &mut String, tag: &str) {
    if at_line_start(out) {
        own_line(out, tag);
    } else {
        out.push_str(tag);
    }
}
