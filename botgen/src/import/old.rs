//! The old system's spec in one spelling: untyped and typed flows, key-style and typed actions,
//! `validate_regex`, doubled backslashes all become one model here.

use serde_json::Value;

use super::json::{At, Object};
use super::report::Notes;

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub path: String,
    pub text: String,
}

/// A spec.
#[derive(Debug, Default)]
pub(super) struct Spec {
    pub i18n: Option<I18n>,
    pub intents: Vec<Intent>,
    pub flows: Vec<Flow>,
}

impl Spec {
    /// Whether any text that comes through is a key.
    pub(super) fn uses_keys(&self) -> bool {
        fn key(said: Option<&Said>) -> bool {
            said.is_some_and(|s| s.text.trim_start().starts_with("t:"))
        }
        fn buttons(rows: &[Vec<Button>]) -> bool {
            rows.iter().flatten().any(|b| key(Some(&b.text)))
        }
        fn actions(actions: &[Action]) -> bool {
            actions.iter().any(|a| match &a.kind {
                ActionKind::Reply(r) => {
                    key(Some(&r.text)) || key(r.empty_text.as_ref()) || buttons(&r.keyboard)
                }
                ActionKind::Sql(_) | ActionKind::Other(_) => false,
            })
        }
        let step = |s: &Step| {
            let title = s.widget.as_ref().and_then(|w| w.title.as_ref());
            [s.ask.as_ref(), s.msg.as_ref(), s.reply.as_ref(), title]
                .into_iter()
                .any(key)
        };
        self.intents
            .iter()
            .any(|i| key(i.reply.as_ref()) || key(i.description.as_ref()))
            || self.flows.iter().any(|f| {
                key(f.title.as_ref())
                    || buttons(&f.options)
                    || f.steps.iter().any(step)
                    || actions(&f.on_enter)
                    || actions(&f.on_step)
                    || actions(&f.on_complete)
            })
    }
}

/// The `i18n` section.
#[derive(Debug, Clone)]
pub(super) struct I18n {
    pub path: String,
    pub default_locale: String,
    pub supported: Vec<String>,
    pub strategy: String,
}

/// A command with a fixed reply.
#[derive(Debug)]
pub(super) struct Intent {
    pub path: String,
    pub cmd: String,
    pub reply: Option<Said>,
    pub description: Option<Said>,
}

/// What a flow was declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Declared {
    Menu,
    Wizard,
    Generic,
    Untyped,
}

/// A flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub path: String,
    pub declared: Declared,
    pub cmd: String,
    pub title: Option<Said>,
    pub options: Vec<Vec<Button>>,
    pub steps: Vec<Step>,
    pub on_enter: Vec<Action>,
    pub on_step: Vec<Action>,
    pub on_complete: Vec<Action>,
    /// Seconds, and where they stand.
    pub ttl: Option<(String, i64)>,
}

/// A wizard's step.
#[derive(Debug)]
pub(super) struct Step {
    pub path: String,
    pub ask: Option<Said>,
    pub var: Option<String>,
    pub regex: Option<Said>,
    pub msg: Option<Said>,
    /// Of the "simple" shape.
    pub reply: Option<Said>,
    pub widget: Option<Widget>,
}

/// A step that was a widget.
#[derive(Debug)]
pub(super) struct Widget {
    pub path: String,
    pub block: String,
    pub var: Option<String>,
    pub mode: Option<String>,
    pub title: Option<Said>,
    pub min: Option<String>,
    pub max: Option<String>,
}

/// An action.
#[derive(Debug)]
pub(super) struct Action {
    pub path: String,
    pub kind: ActionKind,
}

/// See [`Action`].
#[derive(Debug)]
pub(super) enum ActionKind {
    Sql(Sql),
    Reply(Reply),
    /// A block that this language gets later (or never had).
    Other(String),
}

/// `action.sql_query.v1` and `action.sql_exec.v1`.
#[derive(Debug)]
pub(super) struct Sql {
    pub sql: Said,
    /// From `action.sql_query.v1`.
    pub reads: bool,
    pub result_var: Option<String>,
    pub scalar: bool,
    pub flatten: bool,
}

/// `action.reply_template.v1`.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub path: String,
    pub text: Said,
    pub empty_text: Option<Said>,
    pub keyboard: Vec<Vec<Button>>,
    pub parse_mode: Option<Said>,
}

/// A button.
#[derive(Debug, Clone)]
pub(super) struct Button {
    pub path: String,
    pub text: Said,
    /// Command, raw callback data or link.
    pub target: String,
}

/// Reads the whole spec. Faults are in `notes`.
pub(super) fn read(root: &Value, notes: &mut Notes) -> Spec {
    let mut spec = Spec::default();
    let Some(root) = Object::new((String::new(), root), notes) else {
        return spec;
    };
    if root.any("use").is_some() {
        for (path, item) in root.list("use", notes) {
            if !item.is_string() {
                notes.fault(path, "a string", super::json::kind(item));
            }
        }
        notes.translated("use", "left out: the compiler knows which blocks are used");
    }
    if let Some(i18n) = root.object("i18n", notes) {
        let mut supported = Vec::new();
        for (path, item) in i18n.list("supported", notes) {
            match item {
                Value::String(tag) => supported.push(tag.clone()),
                other => notes.fault(path, "a string", super::json::kind(other)),
            }
        }
        i18n.boolean("autoload_keys", notes);
        spec.i18n = Some(I18n {
            path: "i18n".into(),
            default_locale: i18n.string("default_locale", notes).unwrap_or("ru").into(),
            supported,
            strategy: i18n.string("strategy", notes).unwrap_or("user").into(),
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
    Some(Said { path, text: clean })
}

/// A string whose backslashes mean something (a regex).
fn raw(object: &Object<'_>, key: &str, notes: &mut Notes) -> Option<Said> {
    let text = object.string(key, notes)?.to_owned();
    (!text.is_empty()).then(|| Said {
        path: object.path_of(key),
        text,
    })
}

fn intent(at: At<'_>, notes: &mut Notes) -> Option<Intent> {
    let object = Object::new(at, notes)?;
    let cmd = object.string("cmd", notes).map(str::to_owned);
    let reply = said(&object, "reply", notes);
    let description = said(&object, "description", notes);
    object.rest(notes);
    let path = object.path().to_owned();
    match cmd {
        Some(cmd) => Some(Intent {
            path,
            cmd,
            reply,
            description,
        }),
        None => {
            notes.person(&path, "an intent without `cmd` was never reached; left out");
            None
        }
    }
}

fn flow(at: At<'_>, assumed: Option<Declared>, notes: &mut Notes) -> Option<Flow> {
    let object = Object::new(at, notes)?.with_params("params", notes);
    let path = object.path().to_owned();
    let declared = match (object.string("type", notes), assumed) {
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
    let cmd = object.string("entry_cmd", notes).map(str::to_owned);
    let title = said(&object, "title", notes);
    let options = keyboard(&object, "options", notes);
    let steps = object
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
    let Some(cmd) = cmd else {
        notes.person(
            &path,
            "a flow without `entry_cmd` was never reached; left out",
        );
        return None;
    };
    Some(Flow {
        path,
        declared,
        cmd,
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
    let mut regex = raw(&object, "validate_regex", notes);
    if let Some(regex) = &regex {
        notes.translated(&regex.path, "is `validate: { regex }` now");
    }
    let mut msg = None;
    if let Some(validate) = object.object("validate", notes) {
        regex = raw(&validate, "regex", notes).or(regex);
        msg = said(&validate, "msg", notes);
        validate.rest(notes);
    }
    let widget = object
        .object("widget", notes)
        .map(|w| widget(w.with_params("params", notes), notes));
    let step = Step {
        ask: said(&object, "ask", notes),
        var: object
            .string("var", notes)
            .filter(|v| !v.is_empty())
            .map(str::to_owned),
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
    let text = |key: &str, notes: &mut Notes| object.string(key, notes).map(str::to_owned);
    // The fields of the pagination widget have no successor before its block arrives.
    for key in [
        "tz",
        "source",
        "page_size",
        "item_template",
        "select_callback",
        "id_field",
        "empty_text",
        "extra_keyboard",
        "current_page",
    ] {
        object.any(key);
    }
    let widget = Widget {
        path: object.path().to_owned(),
        block: text("type", notes).unwrap_or_default(),
        var: text("var", notes).filter(|v| !v.is_empty()),
        mode: text("mode", notes),
        title: said(&object, "title", notes),
        min: text("min", notes),
        max: text("max", notes),
    };
    object.rest(notes);
    widget
}

fn actions(object: &Object<'_>, key: &str, notes: &mut Notes) -> Vec<Action> {
    object
        .list(key, notes)
        .into_iter()
        .filter_map(|at| action(at, notes))
        .collect()
}

fn action(at: At<'_>, notes: &mut Notes) -> Option<Action> {
    let outer = Object::new(at.clone(), notes)?;
    let path = outer.path().to_owned();
    let (block, params) = match outer.string("type", notes) {
        Some(block) => {
            notes.translated(
                &path,
                "`{type, params}`: the block is a key now, its parameters the value",
            );
            (block.to_owned(), outer.with_params("params", notes))
        }
        None => {
            let mut keys = outer.keys();
            let Some(block) = keys.next().map(str::to_owned) else {
                notes.changed(&path, "an empty action; left out");
                return None;
            };
            if let Some(second) = keys.next() {
                notes.person(
                    &path,
                    format!("one action names two blocks; `{second}` is left out"),
                );
            }
            let params = outer.object(&block, notes)?;
            (block, params)
        }
    };
    let kind = match block.as_str() {
        "action.sql_query.v1" | "action.sql_exec.v1" => {
            let sql = Sql {
                reads: block == "action.sql_query.v1",
                result_var: params
                    .string("result_var", notes)
                    .filter(|v| !v.is_empty())
                    .map(str::to_owned),
                scalar: params.boolean("scalar", notes),
                flatten: params.boolean("flatten", notes),
                sql: match said(&params, "sql", notes) {
                    Some(sql) => sql,
                    None => {
                        notes.person(&path, "an action without `sql`; left out");
                        return None;
                    }
                },
            };
            params.rest(notes);
            ActionKind::Sql(sql)
        }
        "action.reply_template.v1" => ActionKind::Reply(reply(&params, notes)?),
        other => ActionKind::Other(other.to_owned()),
    };
    Some(Action { path, kind })
}

fn reply(params: &Object<'_>, notes: &mut Notes) -> Option<Reply> {
    for key in ["llm_improve", "llm_style", "max_tokens"] {
        if params.any(key).is_some() {
            notes.person(
                &params.path_of(key),
                "rewriting by a language model needs a later block; left out",
            );
        }
    }
    let text = said(params, "text", notes);
    let empty_text = said(params, "empty_text", notes);
    let keyboard = keyboard(params, "keyboard", notes);
    let parse_mode = raw(params, "parse_mode", notes);
    params.rest(notes);
    let Some(text) = text else {
        notes.person(params.path(), "a reply without a text; left out");
        return None;
    };
    Some(Reply {
        path: params.path().to_owned(),
        text,
        empty_text,
        keyboard,
        parse_mode,
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
    let object = Object::new(at, notes)?;
    let text = said(&object, "text", notes);
    let target = object
        .string("callback", notes)
        .or(object.string("url", notes))
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
            notes.changed(&path, "a button without a text was never shown; left out");
            None
        }
    }
}
