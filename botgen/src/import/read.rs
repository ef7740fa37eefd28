//! Reading the old system's spec: untyped and typed flows, key-style and typed actions, `validate_regex`, doubled
//! backslashes all become one model.

use std::borrow::Cow;

use serde_json::Value;

use super::broadcast;
use super::json::{At, Object, quote};
use super::keys::Texts;
use super::old::{
    Action, ActionKind, Button, Declared, Flow, I18n, Improve, Intent, Limit, Pages, Read, Reply,
    Said, Source, Spec, Sql, Step, Widget,
};
use super::report::Notes;

/// Reads the whole spec.
pub(super) fn read(root: &Value, notes: &mut Notes) -> Spec {
    let mut spec = Spec::default();
    let Some(root) = Object::new((String::new(), root), notes) else {
        return spec;
    };
    if root.any("use").is_some() {
        notes.translated("use", "left out: the compiler knows which blocks are used");
    }
    if let Some(i18n) = root.object("i18n", notes) {
        let mut supported = Vec::new();
        for (path, item) in i18n.list("supported", notes) {
            match item {
                Value::String(tag) => supported.push(tag.clone()),
                other => notes.person(
                    &path,
                    format!("{} is no language tag; left out", quote(other)),
                ),
            }
        }
        i18n.boolean("autoload_keys", notes);
        let mut keys = Texts::default();
        for field in ["keys", "messages", "translations", "texts", "resources"] {
            if let Some((path, value)) = i18n.any(field) {
                keys.read(value, &path, None, notes);
            }
        }
        let text = |key: &str, otherwise: &str, notes: &mut Notes| {
            let found = i18n.string(key, notes).map(Cow::into_owned);
            found.unwrap_or_else(|| otherwise.to_owned())
        };
        spec.i18n = Some(I18n {
            path: "i18n".into(),
            default_locale: text("default_locale", "ru", notes),
            supported,
            strategy: text("strategy", "user", notes),
            keys,
        });
        i18n.rest(notes);
    }
    for at in root.list("intents", notes) {
        spec.intents.extend(intent(at, notes));
    }
    for (key, assumed) in [
        ("flows", None),
        ("menu_flows", Some(Declared::Menu)),
        ("wizard_flows", Some(Declared::Wizard)),
    ] {
        for at in root.list(key, notes) {
            spec.flows.extend(flow(at, assumed, notes));
        }
    }
    root.rest(notes);
    spec
}

/// A text: doubled backslashes become line breaks, an empty text counts as absent.
fn said(object: &Object<'_>, key: &str, notes: &mut Notes) -> Option<Said> {
    let text = object.string(key, notes)?;
    let path = object.path_of(key);
    let read = notes.how(&path);
    let mut clean = text.replace("\r\n", "\n").replace('\r', "\n");
    if clean.contains("\\n") || clean.contains("\\t") {
        clean = clean
            .replace("\\r\\n", "\n")
            .replace("\\n", "\n")
            .replace("\\t", " ");
        notes.translated(&path, "doubled backslash: `\\n` is a real line break now");
    }
    if clean.trim().is_empty() {
        notes.changed(&path, "an empty text; treated as absent");
        return None;
    }
    Some(Said {
        path,
        text: clean,
        read,
    })
}

/// A string that is no text for people.
fn raw(object: &Object<'_>, key: &str, notes: &mut Notes) -> Option<Said> {
    let text = object.string(key, notes)?.into_owned();
    (!text.trim().is_empty()).then(|| Said {
        path: object.path_of(key),
        text,
        read: Read::Whole,
    })
}

/// A pattern. A doubled backslash before what only a single one makes special was doubled once too often.
fn pattern(object: &Object<'_>, key: &str, notes: &mut Notes) -> Option<Said> {
    let mut said = raw(object, key, notes)?;
    let (mut clean, mut rest) = (String::with_capacity(said.text.len()), said.text.as_str());
    while let Some(at) = rest.find("\\\\") {
        let after = &rest[at + 2..];
        let special = after.starts_with(|c: char| "dDwWsSbB.+-()[]{}?*|/".contains(c));
        clean.push_str(&rest[..at]);
        clean.push_str(if special { "\\" } else { "\\\\" });
        rest = after;
    }
    clean.push_str(rest);
    if clean != said.text {
        notes.translated(
            &said.path,
            "a doubled backslash of the pattern is single now",
        );
        said.text = clean;
    }
    Some(said)
}

fn intent(at: At<'_>, notes: &mut Notes) -> Option<Intent> {
    let object = Object::new(at, notes)?;
    let cmd = object.string("cmd", notes).map(Cow::into_owned);
    let reply = said(&object, "reply", notes);
    let description = said(&object, "description", notes);
    let keyboard = keyboard(&object, "keyboard", notes);
    let parse_mode = raw(&object, "parse_mode", notes);
    object.rest(notes);
    let path = object.path().to_owned();
    match cmd.filter(|cmd| !cmd.trim().is_empty()) {
        Some(cmd) => Some(Intent {
            path,
            cmd,
            reply,
            keyboard,
            parse_mode,
            description,
        }),
        None => {
            let said = reply.map_or_else(String::new, |r| format!(": {:?}", r.text));
            notes.person(
                &path,
                format!("an intent without `cmd` was never reached; left out{said}"),
            );
            None
        }
    }
}

fn flow(at: At<'_>, assumed: Option<Declared>, notes: &mut Notes) -> Option<Flow> {
    let whole = at.1;
    let object = Object::new(at, notes)?.with_params("params", notes);
    let path = object.path().to_owned();
    let block = object.string("type", notes);
    let declared = match (block.as_deref(), assumed) {
        (None, Some(assumed)) => assumed,
        (None, None) => {
            notes.translated(
                &path,
                "a flow without `type`: its block is named by what it has",
            );
            Declared::Untyped
        }
        (Some("flow.menu.v1"), _) => Declared::Menu,
        (Some("flow.wizard.v1"), _) => Declared::Wizard,
        (Some("flow.generic.v1"), _) => Declared::Generic,
        (Some(other), _) => {
            notes.person(
                &object.path_of("type"),
                format!("`{other}` is no known block; read as a flow without a type"),
            );
            Declared::Untyped
        }
    };
    let cmd = object.string("entry_cmd", notes).map(Cow::into_owned);
    let description = said(&object, "description", notes);
    let title = said(&object, "title", notes);
    let options = keyboard(&object, "options", notes);
    let steps: Vec<Step> = object
        .list("steps", notes)
        .into_iter()
        .filter_map(|at| step(at, notes))
        .collect();
    let on_enter = actions(&object, "on_enter", notes);
    let on_step = actions(&object, "on_step", notes);
    let on_complete = actions(&object, "on_complete", notes);
    let ttl = object
        .integer("ttl_sec", notes)
        .map(|seconds| (object.path_of("ttl_sec"), seconds));
    object.rest(notes);
    let declared = match declared {
        Declared::Untyped | Declared::Generic if !options.is_empty() && steps.is_empty() => {
            Declared::Menu
        }
        other => other,
    };
    let asks = steps.iter().any(Step::asks);
    let mut idle = |keys: &[&str], why: &str| {
        for (path, value) in keys.iter().filter_map(|key| object.any(key)) {
            let empty = value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                notes.changed(&path, format!("{why}; left out: {}", quote(value)));
            }
        }
    };
    if declared == Declared::Menu && !options.is_empty() {
        let all = ["steps", "on_step", "on_complete", "ttl_sec"];
        idle(&all, "a menu never read this");
    } else {
        let menu = declared == Declared::Menu;
        idle(&["options"], "only a menu has options");
        idle(
            if menu { &[] } else { &["title"] },
            "only a menu has a title",
        );
        if !asks {
            let all = ["on_step", "ttl_sec"];
            idle(&all, "without a question it never had an effect");
        }
    }
    let Some(cmd) = cmd.filter(|cmd| !cmd.trim().is_empty()) else {
        notes.person(
            &path,
            format!(
                "a flow without `entry_cmd` was never reached; left out: {}",
                quote(whole)
            ),
        );
        return None;
    };
    Some(Flow {
        path,
        declared,
        cmd,
        description,
        title,
        options,
        steps,
        on_enter,
        on_step,
        on_complete,
        ttl,
    })
}

fn step(at: At<'_>, notes: &mut Notes) -> Option<Step> {
    let object = Object::new(at, notes)?;
    let mut regex = pattern(&object, "validate_regex", notes);
    if let Some(regex) = &regex {
        notes.translated(&regex.path, "is `validate: { regex }` now");
    }
    let mut msg = None;
    match object.any("validate") {
        // `validate: "^…$"`
        Some((path, Value::String(_))) => {
            notes.changed(&path, "a pattern alone; read as `validate: { regex }`");
            regex = pattern(&object, "validate", notes).or(regex);
        }
        Some(_) => {
            if let Some(validate) = object.object("validate", notes) {
                regex = pattern(&validate, "regex", notes).or(regex);
                msg = said(&validate, "msg", notes);
                validate.rest(notes);
            }
        }
        None => {}
    }
    let widget = object
        .object("widget", notes)
        .map(|w| widget(w.with_params("params", notes), notes));
    let step = Step {
        ask: said(&object, "ask", notes),
        var: object
            .string("var", notes)
            .filter(|v| !v.trim().is_empty())
            .map(Cow::into_owned),
        regex,
        msg,
        reply: said(&object, "reply", notes),
        widget,
        path: object.path().to_owned(),
    };
    object.rest(notes);
    Some(step)
}

fn widget(object: Object<'_>, notes: &mut Notes) -> Widget {
    let text = |key: &str, notes: &mut Notes| {
        let found = object.string(key, notes).map(Cow::into_owned);
        found.filter(|t| !t.trim().is_empty())
    };
    let block = text("type", notes).unwrap_or_default();
    let calendar = block == "widget.calendar.v1";
    let bound = |key: &str, notes: &mut Notes| calendar.then(|| raw(&object, key, notes)).flatten();
    let widget = Widget {
        path: object.path().to_owned(),
        var: text("var", notes),
        title: said(&object, "title", notes),
        mode: calendar.then(|| text("mode", notes)).flatten(),
        min: bound("min", notes),
        max: bound("max", notes),
        tz: bound("tz", notes),
        pages: (block == "widget.pagination.v1").then(|| pages(&object, notes)),
        block,
    };
    object.rest(notes);
    widget
}

fn pages(object: &Object<'_>, notes: &mut Notes) -> Pages {
    let path = object.path().to_owned();
    let mut source = Source::Nothing;
    match object.any("source") {
        Some((path, Value::String(text))) => {
            notes.changed(&path, "a text alone; read as `source: { sql }`");
            source = Source::Sql(Said {
                path,
                text: text.clone(),
                read: Read::Whole,
            });
        }
        Some(_) => {
            if let Some(object) = object.object("source", notes) {
                let kind = object.string("type", notes).map(Cow::into_owned);
                let sql = said(&object, "sql", notes);
                let list = raw(&object, "ctx_var", notes);
                object.rest(notes);
                source = match (sql, list) {
                    (Some(sql), None) => Source::Sql(sql),
                    (None, Some(list)) => Source::List(list),
                    (Some(sql), Some(list)) => {
                        let by_list = kind.as_deref() == Some("ctx");
                        let (kept, other) = if by_list { (list, sql) } else { (sql, list) };
                        notes.person(
                            &other.path,
                            format!(
                                "two sources; this one was not used; left out: {:?}",
                                other.text
                            ),
                        );
                        if by_list {
                            Source::List(kept)
                        } else {
                            Source::Sql(kept)
                        }
                    }
                    (None, None) => Source::Nothing,
                };
            }
        }
        None => {}
    }
    // The old system's own, never an author's.
    object.any("current_page");
    Pages {
        source,
        page_size: object
            .integer("page_size", notes)
            .map(|n| (object.path_of("page_size"), n)),
        item: said(object, "item_template", notes),
        id: raw(object, "id_field", notes).map(|said| said.text),
        select: raw(object, "select_callback", notes),
        empty: said(object, "empty_text", notes),
        extra: keyboard(object, "extra_keyboard", notes),
        path,
    }
}

fn actions(object: &Object<'_>, key: &str, notes: &mut Notes) -> Vec<Action> {
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

fn reply(params: &Object<'_>, whole: &Value, notes: &mut Notes) -> Option<Reply> {
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
fn keyboard(object: &Object<'_>, key: &str, notes: &mut Notes) -> Vec<Vec<Button>> {
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
