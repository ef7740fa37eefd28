//! `widget.pagination.v1`: a list with a button for each row.

use super::mode;
use crate::check::expr;
use crate::check::flow::FlowCheck;
use crate::check::flow::carried::{Room, bytes};
use crate::check::graph::reads::Reads;
use crate::check::scope::{Loop, Scope};
use crate::check::sql::{self, Kind, pages as queries};
use crate::check::text::{self, TextUse};
use crate::diagnostics::codes::limits;
use crate::diagnostics::codes::lists as codes;
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::pages::{Carried, Chosen, Mark, Pages, PagesAction, PagesStep, Rows};
use crate::ir::sql::QueryId;
use crate::ir::text::Slot;
use crate::ir::types::{Base, Ty};
use crate::ir::widget::Widget;
use crate::ir::{ActionKind, ButtonDoes};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use botfactory_lang::limits::KEYBOARD_BUTTONS;

/// Rows on a page when nothing is said.
const PAGE: i64 = 5;
/// Most rows on a page.
const PAGE_MAX: i64 = 50;
/// Stands for the bytes of a text without a bound: more than any button carries.
const ANY_LENGTH: usize = 1 << 20;
/// The row that turns pages.
const TURNS: usize = 3;
/// Back, skip and cancel of a step, and the button that ends a search.
const CONTROLS: usize = 4;

/// Checks the action.
pub fn check(check: &mut FlowCheck<'_>, scope: &Scope, written: &ast::Pages) -> Option<ActionKind> {
    let title = written.title.as_ref()?;
    let usage = TextUse::message(mode(written.parse_mode.as_ref()), "title");
    let usage = usage.overflow(ast::Overflow::Truncate);
    let title = text::text(&mut check.cx, scope, title, usage);
    let checked = pages(check, scope, written, Marks::Carried);
    let select = written.select.as_ref()?;
    let (pages, inside, _) = checked?;
    let (command, args) = selected(check, &inside, written, select, &pages)?;
    let base = format!("{}#{command}", check.cx.command);
    let number = check.cx.number(&base);
    Some(ActionKind::Pages(Box::new(PagesAction {
        name: format!("{base}{number}"),
        title: title?.call,
        pages,
        command,
        args,
        edit: written.edit,
        // Known when the whole list of actions is.
        carried: Carried::default(),
    })))
}

/// Checks the step; its answer is the id of a row.
pub fn step(check: &mut FlowCheck<'_>, scope: &Scope, written: &ast::Pages) -> Option<Widget> {
    let (pages, _, chosen) = pages(check, scope, written, Marks::Kept)?;
    Some(Widget::Pages(Box::new(PagesStep {
        pages,
        search: written.search,
        chosen,
    })))
}

/// Where the mark of a page is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// In the buttons.
    Carried,
    /// With the conversation.
    Kept,
}

/// Checks what a list is, whatever its buttons do; with what is known where a row is.
pub fn pages(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    written: &ast::Pages,
    marks: Marks,
) -> Option<(Pages, Scope, Chosen)> {
    let size = page_size(check, written);
    let empty = written.empty_text.as_ref().map(|t| {
        let usage = TextUse::message(mode(written.parse_mode.as_ref()), "empty_text");
        let usage = usage.overflow(ast::Overflow::Truncate);
        text::text(&mut check.cx, scope, t, usage)
    });
    let extra = check.keyboard(scope, &written.extra);
    let rows = match &written.source {
        ast::PageSource::Sql(statement) => query(
            check,
            scope,
            written,
            statement,
            size.unwrap_or(PAGE as usize),
            marks,
        ),
        ast::PageSource::List(list) => variable(check, scope, written, list, marks),
    };
    let (rows, of, id, chosen) = rows?;
    let alias = written.alias.as_ref();
    let free = alias.is_none_or(|alias| expr::alias_is_free(&mut check.cx, scope, alias));
    let entered = Loop {
        ident: check.cx.ident(alias.map_or("item", |a| a.node.as_str())),
        alias: alias.map(|a| a.node.clone()),
        item: Ty::some(Base::Row(of)),
        most: None,
        counted: false,
    };
    let row = entered.variable();
    let inside = scope.inside(entered);
    let mark = check.cx.sink.mark();
    let item = text::text(
        &mut check.cx,
        &inside,
        &written.item,
        TextUse::plain(Slot::Button, "item"),
    );
    // Rows are a matter of the data: that one of them may have no words is nothing to be done about here.
    check.cx.sink.take_back(mark, &limits::BLANK_BUTTON);
    if let Some(label) = &item {
        super::pick::rows_alike(check, &inside, &written.item, label);
    }
    let ident = check.cx.ident("list");
    let empty = match empty {
        Some(empty) => Some(empty?.call),
        None => None,
    };
    let pages = Pages {
        ident,
        origin: check.origin(written.span),
        empty,
        item: item?.call,
        row,
        of,
        id,
        size: size?,
        rows,
        extra: extra?,
    };
    free.then_some((pages, inside, chosen))
}

fn page_size(check: &mut FlowCheck<'_>, written: &ast::Pages) -> Option<usize> {
    let (size, span) = match &written.page_size {
        Some(size) => (size.node, size.span),
        None => (PAGE, written.span),
    };
    let extra: usize = written.extra.rows.iter().map(Vec::len).sum();
    let own = TURNS
        + if written.select.is_some() {
            0
        } else {
            CONTROLS
        };
    let room = KEYBOARD_BUTTONS.saturating_sub(extra + own);
    let fits = usize::try_from(size)
        .ok()
        .filter(|n| (1..=PAGE_MAX as usize).contains(n));
    if let Some(size) = fits.filter(|n| *n <= room) {
        return Some(size);
    }
    let (message, help) = if fits.is_some() {
        (
            format!(
                "{size} rows, {extra} more buttons and those that turn the page are more than the {KEYBOARD_BUTTONS} of a keyboard"
            ),
            format!("make the page smaller: up to {room} rows fit"),
        )
    } else {
        (
            format!("a page of {size} rows cannot be shown"),
            format!("write a number from 1 to {PAGE_MAX}"),
        )
    };
    check
        .cx
        .sink
        .report(Diagnostic::new(&codes::PAGE_SIZE, span, message).help(help));
    None
}

/// Rows of the author's query.
fn query(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    written: &ast::Pages,
    statement: &ast::Statement,
    size: usize,
    marks: Marks,
) -> Option<(Rows, QueryId, usize, Chosen)> {
    let block = "widget.pagination.v1";
    let checked = sql::statement(&mut check.cx, scope, statement, Kind::Source, block)?;
    let id = id_column(check, written, checked.query)?;
    if checked.order.unique.get(id) == Some(&Some(false)) {
        let name = &written.id_field.value;
        check.cx.sink.report(
            Diagnostic::new(
                &codes::ID_UNIQUE,
                written.id_field.span,
                format!("several rows can have the same `{name}`: their buttons would all choose one of them"),
            )
            .note(statement.sql.span, "the rows")
            .help("name the primary key, or a column with UNIQUE; or GROUP BY it, so that it is one row each"),
        );
        return None;
    }
    let mark = mark(check, &checked.order, checked.query, id, marks);
    let wanted = queries::Wanted {
        id,
        size,
        mark: &mark,
        chosen: marks == Marks::Kept,
    };
    let (page, place, chosen) =
        queries::derive(&mut check.cx, &checked.order, &wanted, statement.sql.span)?;
    Some((Rows::Query { page, place, mark }, page, id, chosen))
}

/// The best mark that fits.
fn mark(
    check: &FlowCheck<'_>,
    order: &queries::Order,
    query: QueryId,
    id: usize,
    marks: Marks,
) -> Mark {
    let columns = check
        .cx
        .queries
        .get(query.0)
        .map_or(&[][..], |q| &q.columns);
    let room = match marks {
        Marks::Carried => Room::MARK,
        // A text of any length may be kept: the runtime lets go of one that is too long.
        Marks::Kept => ANY_LENGTH,
    };
    let size = |column: usize| {
        let ty = &columns.get(column)?.ty;
        let any = matches!(ty.base, Base::Text { .. }).then_some(ANY_LENGTH);
        bytes(ty).or(any).filter(|_| !ty.nullable)
    };
    let unique = order.unique.get(id) == Some(&Some(true));
    if let (Some(by), true) = (&order.columns, unique) {
        let mut keys = by.clone();
        if !keys.iter().any(|(c, _)| *c == id) {
            keys.push((id, false));
        }
        // What one says after the id decides nothing.
        let end = keys.iter().position(|(c, _)| *c == id).map_or(0, |i| i + 1);
        keys.truncate(end);
        let exact = |c: usize| {
            matches!(
                columns.get(c).map(|c| &c.ty.base),
                // A datetime of Postgres has fractions that a value of the language has not.
                Some(Base::Int | Base::Bool | Base::Date | Base::Decimal(_))
            )
        };
        let total: Option<usize> = keys.iter().map(|(c, _)| size(*c)).sum();
        if keys.iter().all(|(c, _)| exact(*c)) && total.is_some_and(|n| n <= room) {
            return Mark::Keys(keys);
        }
    }
    let exact = !matches!(
        columns.get(id).map(|c| &c.ty.base),
        Some(Base::DateTime | Base::Time)
    );
    match size(id) {
        Some(n) if n <= room && exact => Mark::Id,
        _ => Mark::Number,
    }
}

/// Rows of a variable.
fn variable(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    written: &ast::Pages,
    list: &ast::Expr,
    marks: Marks,
) -> Option<(Rows, QueryId, usize, Chosen)> {
    let value = expr::check(&mut check.cx, scope, list)?;
    let of = match &value.ty.base {
        Base::List { item, .. } => match item.base {
            Base::Row(of) if !value.ty.nullable => Some(of),
            _ => None,
        },
        _ => None,
    };
    let Some(of) = of else {
        let help = match &value.ty.base {
            Base::Row(_) => "leave `single: true` out of its query: then it is a list",
            Base::List { .. } if value.ty.nullable => {
                "test it before: `when: rows is not null`, or leave out the `when` of its query"
            }
            Base::List { .. } => {
                "leave `flatten: true` out of its query, so that every row has columns and an id"
            }
            _ => "name the `result_var` of an `action.sql_query.v1`, or write `sql`",
        };
        check.cx.sink.report(
            Diagnostic::new(
                &codes::SOURCE_LIST,
                list.span,
                format!("`list` is {}, not a list of rows", expr::a(&value.ty)),
            )
            .help(help),
        );
        return None;
    };
    let id = id_column(check, written, of)?;
    let mark = mark(check, &queries::Order::default(), of, id, marks);
    Some((Rows::List { list: value, mark }, of, id, Chosen::Listed))
}

/// The column that `id_field` names.
fn id_column(check: &mut FlowCheck<'_>, written: &ast::Pages, query: QueryId) -> Option<usize> {
    let query = check.cx.queries.get(query.0)?;
    let name = &written.id_field;
    let found = query
        .columns
        .iter()
        .position(|c| c.name.eq_ignore_ascii_case(&name.value));
    let Some(id) = found else {
        let names: Vec<&str> = query.columns.iter().map(|c| c.name.as_str()).collect();
        let near = meant(&name.value, names.iter().copied());
        let mut d = Diagnostic::new(
            &codes::ID,
            name.span,
            format!("the rows have no column `{}`", name.value),
        );
        d = d.help(match near {
            Some(near) => format!("did you mean `{}`?", near.word),
            None => format!("their columns are `{}`", names.join("`, `")),
        });
        d = match near {
            Some(near) => d.rename(&name.value, &near),
            None => d,
        };
        check.cx.sink.report(d);
        return None;
    };
    let ty = query.columns.get(id)?.ty.clone();
    let good = matches!(
        ty.base,
        Base::Int | Base::Text { .. } | Base::Decimal(_) | Base::Date | Base::Time | Base::DateTime
    );
    if !good || ty.nullable {
        let (message, help) = if good {
            (
                format!(
                    "`{}` may be null: such a row could not be chosen",
                    name.value
                ),
                "name a column that always has a value, or leave those rows out: `WHERE … IS NOT NULL`",
            )
        } else {
            (
                format!(
                    "`{}` is {}, which tells no rows apart",
                    name.value,
                    expr::a(&ty)
                ),
                "name the column of the primary key",
            )
        };
        check
            .cx
            .sink
            .report(Diagnostic::new(&codes::ID_TYPE, name.span, message).help(help));
        return None;
    }
    Some(id)
}

/// The command of a row's button, with its arguments.
fn selected(
    check: &mut FlowCheck<'_>,
    inside: &Scope,
    written: &ast::Pages,
    select: &ast::PageSelect,
    pages: &Pages,
) -> Option<(String, Vec<crate::ir::expr::Expr>)> {
    let args = match &select.args {
        Some(args) => args.clone(),
        None => vec![own_argument(check, written, select)?],
    };
    let does = check.callback(inside, &select.command, &args, select.span)?;
    let ButtonDoes::Command { command, args } = does else {
        return None;
    };
    super::trust::passed(check, &args, select.span);
    let mut reads = Reads::new(&check.cx.texts, &check.cx.queries);
    reads.exprs(&args);
    if !reads.found.contains(&pages.row.ident) {
        check.cx.sink.report(
            Diagnostic::new(
                &codes::SELECT,
                select.span,
                format!("every row's button does the same: no argument of `/{command}` is a column of the row"),
            )
            .help(format!("pass the id: `/{command} {{…={}}}`", written.id_field.value)),
        );
        return None;
    }
    Some((command, args))
}

/// `select: /product`: the id is its argument.
fn own_argument(
    check: &mut FlowCheck<'_>,
    written: &ast::Pages,
    select: &ast::PageSelect,
) -> Option<(Spanned<String>, ast::Expr)> {
    let name = select.command.node.trim_start_matches('/');
    let id = &written.id_field;
    let Some(owner) = check.cx.bot.symbols.commands.get(name) else {
        // Reported with the words of an unknown command.
        let _ = check.callback(&Scope::default(), &select.command, &[], select.span);
        return None;
    };
    let same = owner.args.iter().find(|a| a.name == id.value);
    let argument = same
        .or_else(|| owner.args.iter().find(|a| !a.optional))
        .or_else(|| owner.args.first());
    let Some(argument) = argument else {
        if owner.args_lost {
            return None;
        }
        check.cx.sink.report(
            Diagnostic::new(
                &codes::SELECT,
                select.span,
                format!("`/{name}` takes no argument, so it cannot know which row was chosen"),
            )
            .note(owner.span, "the command")
            .help(format!("declare one on it: `args: {{ {}: … }}`", id.value)),
        );
        return None;
    };
    let at: Span = select.span;
    let path = match &written.alias {
        Some(alias) => vec![
            Spanned {
                node: alias.node.clone(),
                span: at,
            },
            Spanned {
                node: id.value.clone(),
                span: at,
            },
        ],
        None => vec![Spanned {
            node: id.value.clone(),
            span: at,
        }],
    };
    let value = ast::Expr {
        span: at,
        kind: ast::ExprKind::Path(path),
    };
    let argument = Spanned {
        node: argument.name.clone(),
        span: at,
    };
    Some((argument, value))
}
