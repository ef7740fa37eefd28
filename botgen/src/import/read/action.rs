//! Actions, replies and keyboards.

use std::borrow::Cow;

use serde_json::Value;

use super::{raw, said};
use crate::import::broadcast;
use crate::import::json::{At, Object, quote};
use crate::import::old::{Action, ActionKind, Button, Improve, Limit, Reply, Sql};
use crate::import::report::Notes;

pub(super) fn actions(object: &Object<'_>, key: &str, notes: &mut Notes) -> Vec<Action> {
    object
        .list(key, notes)
        .into_iter()
        .filter_map(|at| action(at, notes))
        .collect()
}

fn action(at: At<'_>, notes: &mut Notes) -> Option<Action> {
    let whole = at.1;
    let outer = Object::new(at, notes)?;
    let path = outer.path().to_owned();
    let (block, params) = match outer.string("type", notes).map(Cow::into_owned) {
        Some(block) => {
            notes.translated(
                &path,
                "`{type, params}`: the block is a key now, its parameters the value",
            );
            (block, outer.with_params("params", notes))
        }
        None => {
            let keys: Vec<&str> = outer.keys().collect();
            // The block is the key that is called like one.
            let block = keys
                .iter()
                .find(|k| k.contains('.'))
                .or(keys.first())
                .map(|k| (*k).to_owned());
            let Some(block) = block else {
                notes.changed(&path, "an empty action; left out");
                return None;
            };
            for second in keys.iter().filter(|k| **k != block) {
                if let Some((path, value)) = outer.any(second) {
                    notes.person(
                        &path,
                        format!("one action names two blocks; left out: {}", quote(value)),
                    );
                }
            }
            let params = outer.object(&block, notes)?;
            (block, params)
        }
    };
    let kind = match block.as_str() {
        "action.sql_query.v1" | "action.sql_exec.v1" => {
            let mut sql = Sql {
                reads: block == "action.sql_query.v1",
                result_var: params
                    .string("result_var", notes)
                    .filter(|v| !v.trim().is_empty())
                    .map(Cow::into_owned),
                scalar: params.boolean("scalar", notes),
                flatten: params.boolean("flatten", notes),
                sql: match said(&params, "sql", notes) {
                    Some(sql) => sql,
                    // That was said.
                    None if notes.left_out.contains(&params.path_of("sql")) => return None,
                    None => {
                        notes.person(
                            &path,
                            format!("an action without `sql`; left out: {}", quote(whole)),
                        );
                        return None;
                    }
                },
            };
            params.rest(notes);
            if let Some(on_views) = broadcast::on_views(&sql.sql.text) {
                notes.changed(
                    &sql.sql.path,
                    "the runtime knows who talks to the bot and what was sent to them: its views are read now",
                );
                sql.sql.text = on_views;
            }
            ActionKind::Sql(sql)
        }
        "action.reply_template.v1" => ActionKind::Reply(reply(&params, whole, notes)?),
        "policy.ratelimit.v1" => ActionKind::Limit(limit(&params, notes)?),
        "ops.broadcast.v1" => ActionKind::Broadcast(broadcast::read(&params, whole, notes)?),
        other => ActionKind::Other(other.to_owned(), quote(whole)),
    };
    Some(Action { path, kind })
}

fn limit(params: &Object<'_>, notes: &mut Notes) -> Option<Limit> {
    let scope = params.string("scope", notes).map(Cow::into_owned);
    let window = params.integer("window_s", notes);
    let allowance = params.integer("allowance", notes);
    let suffix = said(params, "key_suffix", notes);
    let message = said(params, "message", notes);
    params.rest(notes);
    let scope = scope.unwrap_or_else(|| "user".to_owned());
    let (window, allowance) = (window.unwrap_or(60), allowance.unwrap_or(5));
    if !matches!(scope.as_str(), "user" | "chat" | "bot") || window <= 0 || allowance <= 0 {
        notes.person(
            params.path(),
            format!(
                "a limit of {allowance} in {window} s for `{scope}` never held anybody back; left out"
            ),
        );
        return None;
    }
    Some(Limit {
        path: params.path().to_owned(),
        scope,
        window,
        allowance,
        suffix,
        message,
    })
}

pub(super) fn reply(params: &Object<'_>, whole: &Value, notes: &mut Notes) -> Option<Reply> {
    let improve = improve(params, notes);
    let text = said(params, "text", notes);
    let empty_text = said(params, "empty_text", notes);
    let keyboard = keyboard(params, "keyboard", notes);
    let parse_mode = raw(params, "parse_mode", notes);
    params.rest(notes);
    let Some(text) = text else {
        if notes.left_out.contains(&params.path_of("text")) {
            return None;
        }
        notes.person(
            params.path(),
            format!("a reply without a text; left out: {}", quote(whole)),
        );
        return None;
    };
    Some(Reply {
        path: params.path().to_owned(),
        text,
        empty_text,
        keyboard,
        parse_mode,
        improve,
    })
}

fn improve(params: &Object<'_>, notes: &mut Notes) -> Option<Improve> {
    let style = params.any("llm_style").and_then(|(path, value)| {
        let known = value
            .as_str()
            .filter(|style| ["short", "neutral", "detailed"].contains(style));
        if known.is_none() {
            notes.changed(
                &path,
                format!(
                    "there is no such style; `neutral` instead of {}",
                    quote(value)
                ),
            );
        }
        known.map(str::to_owned)
    });
    let max_tokens = params.any("max_tokens").and_then(|(path, value)| {
        let known = value.as_u64().filter(|n| (1..=4096).contains(n));
        if known.is_none() {
            notes.changed(
                &path,
                format!(
                    "1 to 4096 tokens; the style's bound instead of {}",
                    quote(value)
                ),
            );
        }
        known
    });
    let (path, value) = params.any("llm_improve")?;
    let how = match value {
        Value::Bool(true) => "true",
        Value::Bool(false) => return None,
        Value::String(how) if how == "ab" => "ab",
        other => {
            notes.person(
                &path,
                format!(
                    "neither `true` nor `ab`; the text is sent as it is; left out: {}",
                    quote(other)
                ),
            );
            return None;
        }
    };
    Some(Improve {
        how,
        style,
        max_tokens,
    })
}

/// Rows of buttons; a single button is its own row.
pub(super) fn keyboard(object: &Object<'_>, key: &str, notes: &mut Notes) -> Vec<Vec<Button>> {
    let mut rows = Vec::new();
    for (path, item) in object.list(key, notes) {
        let row: Vec<Button> = match item {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .filter_map(|(i, v)| button((format!("{path}[{i}]"), v), notes))
                .collect(),
            _ => button((path, item), notes).into_iter().collect(),
        };
        if !row.is_empty() {
            rows.push(row);
        }
    }
    rows
}

fn button(at: At<'_>, notes: &mut Notes) -> Option<Button> {
    let whole = at.1;
    let object = Object::new(at, notes)?;
    let text = said(&object, "text", notes);
    let target = object
        .string("callback", notes)
        .or_else(|| object.string("callback_data", notes))
        .or_else(|| object.string("url", notes))
        .map(|t| t.trim().to_owned());
    object.rest(notes);
    let path = object.path().to_owned();
    match text {
        Some(text) => Some(Button {
            path,
            text,
            target: target.unwrap_or_default(),
        }),
        None => {
            notes.changed(
                &path,
                format!(
                    "a button without a text was never shown; left out: {}",
                    quote(whole)
                ),
            );
            None
        }
    }
}
