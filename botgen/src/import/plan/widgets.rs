//! Steps that were widgets.

use sqlparser::ast::{
    Expr, Ident, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Statement,
};

use botfactory_lang::answer;

use super::flows::Walk;
use super::statements::Asked;
use super::{Def, Plan, Widget};
use crate::import::old::{self, Said, Source};
use crate::import::report::Notes;
use crate::import::sql::Ty;
use crate::import::template::{self, Parsed};

/// Most rows of a page.
const PAGE: i64 = 50;

impl Plan {
    /// What a step shows, and what its answer is. Without the first the answer is typed.
    pub(super) fn widget(
        &mut self,
        old: &mut old::Widget,
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> (Option<Widget>, Option<Def>) {
        let refused = notes.left_out.contains(&old.path);
        if refused && old.block != "widget.calendar.v1" {
            return (None, None);
        }
        let (shown, def) = self.shown(old, walk, notes).unzip();
        (shown.filter(|_| !refused), def)
    }

    fn shown(
        &mut self,
        old: &mut old::Widget,
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> Option<(Widget, Def)> {
        match (old.block.as_str(), old.pages.take()) {
            ("widget.calendar.v1", _) => Some(self.calendar(old, notes)),
            (_, Some(pages)) => self.pages(pages, walk, notes),
            (block, None) => {
                notes.person(
                    &old.path,
                    format!("`{block}` is no known widget; the answer is typed"),
                );
                None
            }
        }
    }

    fn calendar(&self, old: &mut old::Widget, notes: &mut Notes) -> (Widget, Def) {
        let with_time = match old.mode.as_deref() {
            Some("datetime") => true,
            None | Some("date") => false,
            Some(other) => {
                notes.changed(
                    &old.path,
                    format!(
                        "the mode `{other}` is neither `date` nor `datetime`; it is `date` now"
                    ),
                );
                false
            }
        };
        let today = self.today.clone();
        let mut bound = |said: Option<Said>, last: bool| {
            let said = said?;
            let any = answer::Bounds {
                min: None,
                max: None,
            };
            let day = said.text.trim().get(..10).unwrap_or(said.text.trim());
            if answer::date(day, any).is_err() {
                notes.person(&said.path, format!("`{}` is no date; left out", said.text));
                return None;
            }
            if last && today.as_deref().is_some_and(|today| day < today) {
                notes.person(
                    &said.path,
                    format!("`{day}` lies in the past, so that nothing could be chosen; left out"),
                );
                return None;
            }
            Some(Said {
                text: day.to_owned(),
                ..said
            })
        };
        let (min, max) = (bound(old.min.take(), false), bound(old.max.take(), true));
        let ty = if with_time { Ty::DateTime } else { Ty::Date };
        let widget = Widget::Calendar {
            path: old.path.clone(),
            with_time,
            min,
            max,
            tz: old.tz.take(),
        };
        (widget, Def::Calendar(ty))
    }

    fn pages(
        &mut self,
        old: old::Pages,
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> Option<(Widget, Def)> {
        let mut id = old.id.clone().unwrap_or_else(|| {
            notes.changed(
                &old.path,
                "without `id_field` no row had a button; it is `id` now",
            );
            "id".to_owned()
        });
        let mut wanted = vec![id.clone()];
        if let Some(item) = &old.item
            && let Parsed::Template(pieces) = item.parsed()
        {
            template::names_in(&pieces, &mut wanted);
        }
        let (stmt, list) = match &old.source {
            Source::Sql(sql) => {
                let asked = old::Sql {
                    sql: sql.clone(),
                    reads: true,
                    result_var: None,
                    scalar: false,
                    flatten: false,
                };
                let by = id.clone();
                let asked = Asked {
                    old: &asked,
                    wanted: &wanted,
                    prepare: &|ast, notes| whole_list(ast, &by, &sql.path, notes),
                };
                (self.statement(&asked, walk, notes)?, None)
            }
            Source::List(name) => {
                let var = walk.scope.get(name.text.trim()).copied();
                match var.map(|var| (var, &self.vars[var].def)) {
                    Some((var, Def::Rows(stmt))) => (*stmt, Some(var)),
                    _ => {
                        notes.person(
                            &name.path,
                            format!(
                                "`{}` is no list of rows here; the answer is typed",
                                name.text
                            ),
                        );
                        return None;
                    }
                }
            }
            Source::Nothing => {
                notes.person(&old.path, "a list without a source; the answer is typed");
                return None;
            }
        };
        if let Some(new) = self.stmts[stmt].renamed.get(&id) {
            id.clone_from(new);
        }
        if let Some(select) = &old.select {
            notes.changed(
                &select.path,
                format!(
                    "never used: the wizard goes on with what is chosen; left out: `{}`",
                    select.text
                ),
            );
        }
        let page_size = old.page_size.map(|(path, size)| {
            let bounded = size.clamp(1, PAGE);
            if bounded != size {
                notes.changed(&path, format!("a page of {size} rows has {bounded} now"));
            }
            bounded
        });
        notes.changed(
            &old.path,
            "rows stand on buttons, their pages are turned in place; without rows the flow ends with `empty_text`",
        );
        let widget = Widget::Pages {
            path: old.path,
            stmt,
            list,
            id: id.clone(),
            item: old.item,
            page_size,
            empty: old.empty,
            extra: old.extra,
        };
        Some((widget, Def::Picked(stmt, id)))
    }
}

/// All rows in some order: pages are counted by the runtime.
fn whole_list(ast: &mut Statement, id: &str, path: &str, notes: &mut Notes) {
    let Statement::Query(query) = ast else { return };
    if let Some(limit) = query.limit_clause.take() {
        let text = limit.to_string();
        let by_page = matches!(
            &limit,
            LimitClause::LimitOffset { .. } | LimitClause::OffsetCommaLimit { .. }
        ) && text.contains(":limit");
        if by_page {
            notes.translated(
                path,
                "pages are cut by the block: no LIMIT and OFFSET any more",
            );
        } else {
            notes.changed(path, format!("the list is whole now; left out:{text}"));
        }
    }
    if query.order_by.is_none() {
        notes.translated(path, format!("pages need an order: by `{id}`"));
        query.order_by = Some(OrderBy {
            kind: OrderByKind::Expressions(vec![OrderByExpr {
                expr: Expr::Identifier(Ident::new(id)),
                options: OrderByOptions {
                    sort: None,
                    nulls_first: None,
                },
                with_fill: None,
            }]),
            interpolate: None,
        });
    }
}
