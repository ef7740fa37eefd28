//! Buttons and their rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ast::{Button, ButtonDoes, Each, Keyboard};
use super::decode::Cx;
use super::text;
use crate::diagnostics::codes::shape;
use crate::schema::{AllowName, Count, Expression, Template};
use crate::yaml::{Kind, Node, Style};

/// A button in a row of its own, or a list of buttons that is one row.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum KeyboardRow {
    /// A row of one.
    One(ButtonItem),
    /// A row.
    Row(#[schemars(length(min = 1))] Vec<ButtonItem>),
}

/// A button: `text` and exactly one of `callback`, `url`, `toast`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Button", extend("oneOf" = [
    { "required": ["callback"] }, { "required": ["url"] }, { "required": ["toast"] }
]))]
pub struct ButtonItem {
    /// One button for each row of a list: `xs`, or `xs as x`; the row's columns (`x.name`) are known in `text`,
    /// `callback`, `url` and `when`.
    pub each: Option<Expression>,
    /// With `each`: how many stand in one row, from 1 to 8.
    #[schemars(extend("default" = 1))]
    pub columns: Option<Count>,
    /// What stands on it; at most 64 characters are shown.
    pub text: Template,
    /// The command it runs, with typed arguments: `/product {id=p.id}`.
    #[schemars(regex(pattern = r"^/[a-z0-9_]{1,32}( *\{.*\})? *$"))]
    pub callback: Option<String>,
    /// The page it opens.
    pub url: Option<Template>,
    /// The short note it shows.
    pub toast: Option<Template>,
    /// Shown only when this holds.
    pub when: Option<Expression>,
    /// Shown to the bot's admins only: `admin`. Its command says `allow: admin` too.
    pub allow: Option<AllowName>,
}

impl Cx<'_> {
    /// `keyboard:` and a menu's `options:`.
    pub(in crate::syntax) fn keyboard(&mut self, node: Option<&Node>, what: &str) -> Keyboard {
        Keyboard {
            span: node.map(|n| n.span),
            rows: self.each(node, what, false, |cx, item| match &item.kind {
                Kind::List(_) => {
                    Some(cx.each(Some(item), "a row of buttons", false, |cx, node| {
                        let button = cx.button(node)?;
                        cx.no_columns(&button);
                        Some(button)
                    }))
                }
                _ => cx.button(item).map(|b| vec![b]),
            }),
        }
    }

    /// The buttons of an inner list are one row as they are.
    fn no_columns(&mut self, button: &Button) {
        let columns = button.each.as_ref().and_then(|e| e.columns.as_ref());
        if let Some(columns) = columns {
            self.error(
                &shape::NOT_HERE,
                columns.span,
                "an inner list is one row",
                "take the button out of it, or leave `columns` out",
            );
        }
    }

    fn button(&mut self, node: &Node) -> Option<Button> {
        if let Kind::Scalar(scalar) = &node.kind
            && !scalar.is_null()
            // `text:"…"` lacks a space.
            && !(scalar.style == Style::Plain && scalar.text.value.contains(['"', ':']))
        {
            let written = self.sources.slice(node.span);
            let quoted = match written.starts_with(['"', '\'']) {
                true => written.to_owned(),
                false => format!("\"{written}\""),
            };
            let help = format!("write `{{ text: {quoted}, callback: /command }}`");
            let message = "this button is a text, and nothing says what it does";
            self.error(&shape::TYPE, node.span, message, help);
            return None;
        }
        let mut f = self.fields::<ButtonItem>(node, "this button")?;
        let (each, columns) = (f.get("each"), f.get("columns"));
        let columns = self.count(columns, "`columns`");
        let each = match (self.word(each, "`each`"), columns) {
            (Some(source), columns) => {
                let (list, alias) = text::parse_each(&source, self.sink)?;
                Some(Each {
                    list,
                    alias,
                    columns,
                })
            }
            (None, Some(columns)) if each.is_none() => {
                self.error(
                    &shape::NOT_HERE,
                    columns.span,
                    "`columns` is for the buttons of a list",
                    "say `each: xs`, or write the buttons of one row as a list",
                );
                None
            }
            (None, _) => None,
        };
        let label = self.text(f.get("text"), "`text`");
        let when = self.expr(f.get("when"), "`when`");
        let allow = self.allow(f.get("allow"));
        let present: Vec<&str> = ["callback", "url", "toast"]
            .into_iter()
            .filter(|k| f.key_span(k).is_some())
            .collect();
        let callback = self
            .word(f.get("callback"), "`callback`")
            .and_then(|source| {
                if source.value.starts_with('/') {
                    return text::parse_callback(&source, self.sink);
                }
                let bare = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                let command = match source.value.chars().all(bare) {
                    true => format!("`/{}`", source.value),
                    false => "`/product {id=p.id}`".to_owned(),
                };
                self.error(
                    &shape::COMMAND,
                    source.span,
                    format!("`{}` is no command", source.value),
                    format!("a callback is a command, and its arguments if it has some: {command}; for a note use `toast`, for a page `url`"),
                );
                None
            });
        let url = self.text(f.get("url"), "`url`");
        let toast = self.text(f.get("toast"), "`toast`");
        let span = f.span;
        match present.as_slice() {
            [_] => {}
            [] if f.truncated || f.any_unknown() => {}
            [] => self.error(
                &shape::MISSING_KEY,
                f.place,
                "this button does nothing",
                "add `callback: /command`, `url: \"https://…\"` or `toast: \"…\"`",
            ),
            [first, second, ..] => self.error(
                &shape::EXCLUSIVE,
                f.key_span(second).unwrap_or(span),
                format!("`{first}` and `{second}` exclude each other"),
                "a button has exactly one of `callback`, `url` and `toast`",
            ),
        }
        f.finish();
        let does = callback
            .or(url.map(ButtonDoes::Url))
            .or(toast.map(ButtonDoes::Toast));
        Some(Button {
            span,
            each,
            text: label?,
            when,
            allow,
            does: does?,
        })
    }
}
