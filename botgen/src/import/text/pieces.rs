//! Pieces of a template: sections, and what is between them.

use super::Speaker;
use super::lookup::{Lookup, Row};
use super::out::{close_tag, open_tag, words};
use crate::import::ftl::Own;
use crate::import::names;
use crate::import::old::Said;
use crate::import::plan::Scope;
use crate::import::sql::Ty;
use crate::import::template::{self, Piece};

impl<'a> Speaker<'a> {
    pub(super) fn pieces(
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

    pub(super) fn each(
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
