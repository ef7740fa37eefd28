//! `widget.pagination.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::{lists as codes, shape};
use crate::schema::{
    Bool, Command, Count, Expression, Name, ParseModeName, Shape as BlockShape, Template,
};
use crate::source::Spanned;
use crate::syntax::ast::{
    ActionKind, ButtonDoes, PageSelect, PageSource, Pages, Shape, Statement, StepType, Widget,
    WidgetStep,
};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::ActionItem;
use crate::syntax::keyboard::KeyboardRow;
use crate::syntax::registry::{Block, Decode};
use crate::syntax::statement::{Params, SqlItem};
use crate::syntax::step::{CaseItem, ValidateItem};
use crate::syntax::text;
use crate::yaml::{Kind, Node};

/// A list with a button for each row, a page at a time: as a step (`var`) the answer is a row's id, as an action (`select`)
/// each button runs a command.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pagination")]
pub struct Published {
    /// The text above the buttons.
    pub title: Template,
    /// Where the rows come from.
    pub source: SourceItem,
    /// Rows on a page: from 1 to 50.
    #[schemars(extend("default" = 5))]
    pub page_size: Option<Count>,
    /// What stands on a row's button; the row's columns are variables here.
    pub item_template: Template,
    /// The column that tells rows apart.
    pub id_field: Name,
    /// As a step: the variable that takes the id of the row that is chosen, of that column's type.
    pub var: Option<Name>,
    /// As an action: the command that a row's button runs, with the row's columns as arguments: `/product {id=id}`. Alone,
    /// it is given the value of `id_field`.
    #[schemars(regex(pattern = r"^/[a-z0-9_]{1,32}( *\{.*\})? *$"))]
    pub select: Option<Command>,
    /// As a step: a person may write words, and sees the rows that have them (of the first 1000).
    #[schemars(extend("default" = false))]
    pub search: Option<Bool>,
    /// What `item_template` and `select` call the row, where a column has the name of a variable: `item.id`.
    #[serde(rename = "as")]
    pub alias: Option<Name>,
    /// Said instead when there are no rows; the flow ends then.
    #[schemars(extend("x-default" = "`bf-list-empty`"))]
    pub empty_text: Option<Template>,
    /// Buttons below the list; a list inside the list is one row.
    #[schemars(length(min = 1))]
    pub extra_keyboard: Option<Vec<KeyboardRow>>,
    /// The markup of `title` and `empty_text`.
    #[schemars(extend("default" = "HTML"))]
    pub parse_mode: Option<ParseModeName>,
    /// As an action: replaces the message whose button was pressed instead of sending a new one.
    #[schemars(extend("default" = false))]
    pub edit: Option<Bool>,
    /// Shown, or asked, only when this holds.
    pub when: Option<Expression>,
    /// As an action: where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
    /// As a step: what `goto` calls it.
    #[schemars(extend("x-default" = "the name in `var`"))]
    pub id: Option<Name>,
    /// As a step: may be skipped.
    #[schemars(extend("default" = false))]
    pub optional: Option<Bool>,
    /// As a step: said instead of the runtime's words whenever an answer is refused: `{ msg: … }`.
    pub validate: Option<ValidateItem>,
    /// As a step: where to go after the answer; the first that holds, the last without `when`.
    #[schemars(length(min = 1))]
    pub case: Option<Vec<CaseItem>>,
    /// As a step: runs after the answer.
    pub on_step: Option<Vec<ActionItem>>,
}

/// Rows: of a query (`sql`) or of a variable (`list`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PaginationSource", extend("oneOf" = [
    { "required": ["sql"] }, { "required": ["list"] }
]))]
pub struct SourceItem {
    /// A SELECT with ORDER BY and without LIMIT: pages and their number are counted for it.
    pub sql: Option<SqlItem>,
    /// A list of rows: the `result_var` of an earlier query.
    pub list: Option<Expression>,
    /// Further values for the `:name` parameters of `sql`.
    pub params: Option<Params>,
    /// Why `sql` may see rows of other people: it does not name `:bot_id` or `:user_id`.
    pub unscoped: Option<String>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "widget.pagination.v1",
    shape: BlockShape::of::<Published>,
    decode: Decode::StepOrAction(step, action),
    example: r#"flows:
  - flow.generic.v1:
      entry_cmd: /catalogue
      description: "Our goods"
      on_enter:
        - widget.pagination.v1:
            title: "What would you like?"
            source: { sql: "SELECT id, title, price FROM items WHERE bot_id = :bot_id ORDER BY title" }
            item_template: "{{title}}, {{price | money: 'EUR'}}"
            id_field: id
            select: "/item {id=id}"
            empty_text: "Nothing here yet."
            extra_keyboard: [{ text: "Back", callback: /start }]
  - flow.generic.v1:
      entry_cmd: /item
      args: { id: int }
      on_enter:
        - action.sql_query.v1:
            sql: SELECT title FROM items WHERE id = :id AND bot_id = :bot_id
            result_var: item
            single: true
        - action.reply_template.v1: { when: item is null, text: "It is gone.", goto: end }
        - action.reply_template.v1: { text: "<b>{{item.title}}</b>" }
  - flow.wizard.v1:
      entry_cmd: /order
      description: "Order something"
      steps:
        - widget.pagination.v1:
            title: "What shall it be?"
            source: { sql: "SELECT id, title FROM items WHERE bot_id = :bot_id ORDER BY title" }
            item_template: "{{title}}"
            id_field: id
            var: chosen
            search: true
        - { ask: "How many?", var: count, type: int, min: 1 }
      on_complete:
        - action.reply_template.v1: { text: "{{count}} of number {{chosen}} are on their way." }
"#,
};

/// Keys that only a step has, and those that only an action has.
const OF_STEPS: [&str; 7] = [
    "var", "search", "id", "optional", "validate", "case", "on_step",
];
const OF_ACTIONS: [&str; 3] = ["select", "edit", "goto"];

fn step(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<WidgetStep> {
    let search = cx.bool(f.get("search"), "`search`");
    for key in OF_ACTIONS {
        f.get(key);
    }
    let (var, select) = (f.key_span("var"), f.key_span("select"));
    if let Some(at) = select {
        let (message, help) = match var {
            Some(_) => (
                "`var` and `select` exclude each other",
                "a question keeps the id in `var`, an action runs the command of `select`: keep one",
            ),
            None => (
                "a list with `select` is no question",
                "move it to a list of actions, or write `var: name` for a question",
            ),
        };
        cx.error(&codes::ROLE, at, message, help);
    } else if var.is_none() {
        let help = "add `var: name`: it takes the id of the row that is chosen";
        cx.error(
            &codes::ROLE,
            f.span,
            "nothing keeps what is chosen of this list",
            help,
        );
    } else if let Some((key, at)) = ["edit", "goto"]
        .iter()
        .find_map(|key| Some((key, f.key_span(key)?)))
    {
        let help = match *key {
            "goto" => "where a question leads is said by `case`",
            _ => "a question is sent anew, and its pages are turned in place",
        };
        cx.error(
            &codes::ROLE,
            at,
            format!("`{key}` belongs to a list of an action"),
            help,
        );
    }
    let mut pages = cx.pages(f)?;
    pages.search = search.is_some_and(|s| s.node);
    Some(WidgetStep {
        widget: Widget::Pages(Box::new(pages)),
        ty: Some(Spanned {
            node: StepType::Column,
            span: f.span,
        }),
        options: Vec::new(),
        min: None,
        max: None,
    })
}

fn action(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let title = cx.text(f.get("title"), "`title`");
    let select = cx.page_select(f.get("select"));
    let edit = cx.bool(f.get("edit"), "`edit`");
    for key in OF_STEPS {
        f.get(key);
    }
    let (var, has_select) = (f.key_span("var"), f.key_span("select"));
    let other = OF_STEPS
        .iter()
        .find_map(|key| Some((*key, f.key_span(key)?)));
    match (var, has_select, other) {
        (Some(at), Some(_), _) => cx.error(
            &codes::ROLE,
            at,
            "`var` and `select` exclude each other",
            "a question keeps the id in `var`, an action runs the command of `select`: keep one",
        ),
        (Some(at), None, _) => cx.error(
            &codes::ROLE,
            at,
            "a list with `var` is a question",
            "move it to a wizard's `steps`, or write `select: /command` instead of `var`",
        ),
        // What stands in their place was reported.
        (None, None, _) if f.any_unknown() => {}
        (None, None, _) => cx.error(
            &codes::ROLE,
            f.span,
            "nothing says what a row's button does",
            "add the command that it runs, with the row's id: `select: \"/command {id=id}\"`",
        ),
        (None, Some(_), Some(("search", at))) => cx.error(
            &codes::ROLE,
            at,
            "only a question can be searched: nothing waits for words here",
            "show the list as a step of a wizard, with `var`; its `on_complete` does the rest",
        ),
        (None, Some(_), Some((key, at))) => cx.error(
            &codes::ROLE,
            at,
            format!("`{key}` belongs to a list that is a question"),
            "remove it, or move the list to a wizard's `steps`, with `var`",
        ),
        (None, Some(_), None) => {}
    }
    let mut pages = cx.pages(f)?;
    pages.title = Some(title?);
    pages.select = Some(select?);
    pages.edit = edit.is_some_and(|e| e.node);
    Some(ActionKind::Pages(Box::new(pages)))
}

impl Cx<'_> {
    /// What a list is, whatever its buttons do.
    fn pages(&mut self, f: &mut Fields<'_>) -> Option<Pages> {
        let span = f.span;
        let source = f.get("source").and_then(|node| self.page_source(node));
        let page_size = self.count(f.get("page_size"), "`page_size`");
        let item = self.text(f.get("item_template"), "`item_template`");
        let id_field = self.name(f.get("id_field"), "`id_field`");
        let alias = self.name(f.get("as"), "`as`");
        let empty_text = self.text(f.get("empty_text"), "`empty_text`");
        let extra = self.keyboard(f.get("extra_keyboard"), "`extra_keyboard`");
        let parse_mode = self.parse_mode(f.get("parse_mode"));
        Some(Pages {
            span,
            title: None,
            source: source?,
            page_size,
            item: item?,
            id_field: id_field?,
            alias: alias.map(|name| Spanned {
                node: name.value,
                span: name.span,
            }),
            select: None,
            empty_text,
            extra,
            parse_mode,
            edit: false,
            search: false,
        })
    }

    fn page_select(&mut self, node: Option<&Node>) -> Option<PageSelect> {
        let source = self.command(Some(node?), "`select`")?;
        let given = source.value.contains('{');
        match text::parse_callback(&source, self.sink)? {
            ButtonDoes::Callback {
                command,
                args,
                span,
            } => Some(PageSelect {
                command,
                args: given.then_some(args),
                span,
            }),
            ButtonDoes::Url(_) | ButtonDoes::Toast(_) => None,
        }
    }

    fn page_source(&mut self, node: &Node) -> Option<PageSource> {
        let mut f = self.fields::<SourceItem>(node, "`source`")?;
        let sql = f.get("sql").and_then(|node| self.sql(node));
        let list = self.expr(f.get("list"), "`list`");
        let params = f.get("params").map(|node| self.params(node));
        let unscoped = self.value(f.get("unscoped"), "`unscoped`");
        let span = f.span;
        let (has_sql, has_list) = (f.key_span("sql"), f.key_span("list"));
        match (has_sql, has_list) {
            (Some(_), Some(second)) => self.error(
                &shape::EXCLUSIVE,
                second,
                "`sql` and `list` exclude each other",
                "the rows come from a query or from a variable: keep one",
            ),
            (None, None) if matches!(&node.kind, Kind::Map(map) if map.truncated) => {}
            (None, None) => self.error(
                &shape::MISSING_KEY,
                span,
                "`source` has neither `sql` nor `list`",
                "write `{ sql: \"SELECT … ORDER BY …\" }`, or `{ list: rows }`",
            ),
            _ => {}
        }
        for key in ["params", "unscoped"] {
            if let (None, Some(_), Some(at)) = (has_sql, has_list, f.key_span(key)) {
                self.error(
                    &shape::NOT_HERE,
                    at,
                    format!("`{key}` belongs to `sql`, these rows are a variable's"),
                    "write it where the variable's query stands",
                );
            }
        }
        f.finish();
        match (sql, list) {
            (Some(sql), None) => Some(PageSource::Sql(Box::new(Statement {
                sql,
                result_var: None,
                shape: Spanned {
                    node: Shape::Rows,
                    span,
                },
                params: params.unwrap_or_default(),
                unscoped,
                on_conflict: None,
                conflict_lost: false,
            }))),
            (None, Some(list)) => Some(PageSource::List(list)),
            _ => None,
        }
    }
}
