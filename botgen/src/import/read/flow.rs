//! Intents, flows, steps and lists in pages.

use std::borrow::Cow;

use serde_json::Value;

use super::action::{actions, keyboard};
use super::{pattern, raw, said};
use crate::import::json::{At, Object, quote};
use crate::import::old::{Declared, Flow, Intent, Pages, Read, Said, Source, Step, Widget};
use crate::import::report::Notes;

pub(super) fn intent(at: At<'_>, notes: &mut Notes) -> Option<Intent> {
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

pub(super) fn flow(at: At<'_>, assumed: Option<Declared>, notes: &mut Notes) -> Option<Flow> {
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
