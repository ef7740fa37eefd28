//! What authors write in the place of a key, by the mapping in which they do.

use crate::schema::Shape;

/// A mapping, told by keys that no other has together, and what its keys are called elsewhere.
struct Of {
    /// Keys that it has.
    has: &'static [&'static str],
    /// Written, meant.
    words: &'static [(&'static str, &'static str)],
}

const ALL: &[Of] = &[
    Of {
        has: &["audience", "throttle"],
        words: &[
            ("text", "message"),
            ("template", "message"),
            ("content", "message"),
            ("schedule", "at"),
            ("starts_at", "at"),
            ("send_at", "at"),
            ("when_at", "at"),
            ("to", "audience"),
            ("segment", "audience"),
            ("per_sec", "throttle"),
            ("rate", "throttle"),
            ("result", "result_var"),
        ],
    },
    Of {
        has: &["photo", "animation"],
        words: &[
            ("media", "photo"),
            ("image", "photo"),
            ("picture", "photo"),
            ("file", "document"),
            ("caption", "text"),
            ("template", "text"),
            ("buttons", "keyboard"),
        ],
    },
    Of {
        has: &["join", "leave"],
        words: &[
            ("add", "join"),
            ("enter", "join"),
            ("name", "join"),
            ("segment", "join"),
            ("remove", "leave"),
            ("user_id", "user"),
            ("who", "user"),
        ],
    },
    Of {
        has: &["prompt", "fallback"],
        words: &[
            ("system", "prompt"),
            ("instructions", "prompt"),
            ("text", "input"),
            ("question", "input"),
            ("user", "input"),
            ("result", "result_var"),
            ("var", "result_var"),
            ("default", "fallback"),
            ("schema", "output"),
            ("format", "output"),
            ("tokens", "max_tokens"),
        ],
    },
    Of {
        has: &["choice", "record"],
        words: &[
            ("choices", "choice"),
            ("options", "choice"),
            ("enum", "choice"),
            ("one_of", "choice"),
            ("json", "record"),
            ("fields", "record"),
            ("object", "record"),
            ("schema", "record"),
        ],
    },
    Of {
        has: &["value", "about", "text"],
        words: &[
            ("label", "text"),
            ("title", "text"),
            ("description", "about"),
        ],
    },
    Of {
        has: &["about", "optional"],
        words: &[
            ("description", "about"),
            ("required", "optional"),
            ("nullable", "optional"),
            ("enum", "options"),
            ("choices", "options"),
            ("values", "options"),
        ],
    },
    Of {
        has: &["entry_cmd", "allow"],
        words: &[
            ("role", "allow"),
            ("roles", "allow"),
            ("admin", "allow"),
            ("admins", "allow"),
            ("only", "allow"),
            ("access", "allow"),
            ("command", "entry_cmd"),
            ("cmd", "entry_cmd"),
            ("trigger", "entry_cmd"),
            ("actions", "on_enter"),
            ("arguments", "args"),
            ("timeout", "ttl"),
            ("questions", "steps"),
            ("on_finish", "on_complete"),
            ("on_done", "on_complete"),
            ("on_end", "on_complete"),
        ],
    },
    Of {
        has: &["entry_cmd", "title", "options"],
        words: &[
            ("text", "title"),
            ("message", "title"),
            ("keyboard", "options"),
            ("buttons", "options"),
        ],
    },
    Of {
        has: &["cmd", "reply"],
        words: &[
            ("command", "cmd"),
            ("entry_cmd", "cmd"),
            ("text", "reply"),
            ("answer", "reply"),
            ("message", "reply"),
        ],
    },
    Of {
        has: &["callback", "toast"],
        words: &[
            ("callback_data", "callback"),
            ("command", "callback"),
            ("cmd", "callback"),
            ("action", "callback"),
            ("link", "url"),
            ("href", "url"),
            ("label", "text"),
            ("title", "text"),
            ("for", "each"),
            ("foreach", "each"),
            ("role", "allow"),
        ],
    },
    Of {
        has: &["ask", "var"],
        words: &[
            ("text", "ask"),
            ("question", "ask"),
            ("title", "ask"),
            ("message", "ask"),
            ("name", "var"),
            ("variable", "var"),
            ("result_var", "var"),
            ("required", "optional"),
            ("max_length", "max"),
            ("min_length", "min"),
            ("choices", "options"),
        ],
    },
    Of {
        has: &["item_template", "id_field"],
        words: &[
            ("callback", "select"),
            ("command", "select"),
            ("on_select", "select"),
            ("template", "item_template"),
            ("item", "item_template"),
            ("text", "item_template"),
            ("size", "page_size"),
            ("limit", "page_size"),
            ("per_page", "page_size"),
            ("query", "source"),
            ("items", "source"),
            ("keyboard", "extra_keyboard"),
            ("buttons", "extra_keyboard"),
            ("empty", "empty_text"),
        ],
    },
    Of {
        has: &["title", "var", "validate"],
        words: &[
            ("ask", "title"),
            ("text", "title"),
            ("question", "title"),
            ("name", "var"),
            ("required", "optional"),
        ],
    },
    Of {
        has: &["text", "empty_text", "to"],
        words: &[
            ("message", "text"),
            ("template", "text"),
            ("title", "text"),
            ("buttons", "keyboard"),
            ("options", "keyboard"),
            ("empty", "empty_text"),
            ("chat_id", "to"),
            ("recipient", "to"),
            ("llm_preset", "llm_style"),
            ("style", "llm_style"),
            ("improve", "llm_improve"),
        ],
    },
    Of {
        has: &["allowance", "window"],
        words: &[
            ("limit", "allowance"),
            ("count", "allowance"),
            ("max", "allowance"),
            ("times", "allowance"),
            ("per", "window"),
            ("period", "window"),
            ("interval", "window"),
            ("text", "message"),
            ("msg", "message"),
            ("reply", "message"),
        ],
    },
    Of {
        has: &["botfactory", "tz"],
        words: &[
            ("timezone", "tz"),
            ("time_zone", "tz"),
            ("language", "locale"),
            ("lang", "locale"),
            ("version", "botfactory"),
            ("title", "name"),
            ("commands", "intents"),
            ("policy", "policies"),
            ("limits", "policies"),
        ],
    },
    Of {
        has: &["default_locale", "locales"],
        words: &[
            ("default", "default_locale"),
            ("languages", "locales"),
            ("langs", "locales"),
        ],
    },
    Of {
        has: &["reply", "goto"],
        words: &[
            ("message", "reply"),
            ("text", "reply"),
            ("msg", "reply"),
            ("say", "reply"),
        ],
    },
    Of {
        has: &["regex", "msg"],
        words: &[
            ("message", "msg"),
            ("text", "msg"),
            ("error", "msg"),
            ("pattern", "regex"),
        ],
    },
    Of {
        has: &["from", "value"],
        words: &[("list", "from"), ("each", "from"), ("label", "text")],
    },
    Of {
        has: &["sql", "unscoped"],
        words: &[
            ("query", "sql"),
            ("statement", "sql"),
            ("values", "params"),
            ("parameters", "params"),
            ("result", "result_var"),
            ("var", "result_var"),
            ("into", "result_var"),
        ],
    },
    Of {
        has: &["value", "text", "when"],
        words: &[("label", "text"), ("title", "text"), ("key", "value")],
    },
    Of {
        has: &["when"],
        words: &[("if", "when"), ("condition", "when")],
    },
];

/// What blocks are called elsewhere: the last part of the name, and ours.
const BLOCKS: &[(&[&str], &str)] = &[
    (
        &["counter", "stepper", "spinner", "quantity"],
        "widget.number.v1",
    ),
    (&["stars", "score"], "widget.rating.v1"),
    (
        &["date", "datepicker", "date_picker", "datetime", "time"],
        "widget.calendar.v1",
    ),
    (
        &["list", "pages", "paginator", "table", "catalog"],
        "widget.pagination.v1",
    ),
    (&["yesno", "yes_no", "confirmation"], "widget.confirm.v1"),
    (
        &["checkbox", "checkboxes", "multi_select", "multichoice"],
        "widget.multiselect.v1",
    ),
    (&["broadcast", "mailing", "newsletter"], "ops.broadcast.v1"),
    (
        &["reply", "send", "send_message", "message", "say", "text"],
        "action.reply_template.v1",
    ),
    (&["query", "select"], "action.sql_query.v1"),
    (
        &["sql", "exec", "insert", "update", "delete"],
        "action.sql_exec.v1",
    ),
    (
        &["ai", "gpt", "model", "llm", "ask_llm", "prompt"],
        "action.llm.v1",
    ),
    (&["locale", "language"], "action.set_locale.v1"),
    (&["limit", "rate_limit", "throttle"], "policy.ratelimit.v1"),
    (
        &["form", "dialog", "dialogue", "conversation"],
        "flow.wizard.v1",
    ),
    (&["command", "actions"], "flow.generic.v1"),
];

/// The block that is called `written` elsewhere.
pub(in crate::syntax) fn block(written: &str) -> Option<&'static str> {
    let bare = written.trim_end_matches(".v1").to_ascii_lowercase();
    let last = bare.rsplit('.').next()?;
    let (_, block) = BLOCKS.iter().find(|(words, _)| words.contains(&last))?;
    Some(block)
}

/// The key of this mapping that is called `written` elsewhere.
pub(super) fn key(shape: &Shape, written: &str) -> Option<&'static str> {
    let has = |of: &&Of| of.has.iter().all(|key| shape.field(key).is_some());
    ALL.iter().filter(has).find_map(|of| {
        let (_, key) = of.words.iter().find(|(word, _)| *word == written)?;
        shape.field(key).is_some().then_some(*key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::registry;

    #[test]
    fn blocks_of_other_names_are_there() {
        for (words, ours) in BLOCKS {
            assert!(registry::find(ours).is_some(), "{ours}");
            for word in *words {
                assert_eq!(block(&format!("my.{word}.v1")), Some(*ours));
            }
        }
        assert_eq!(block("flow.menu.v1"), None);
    }

    #[test]
    fn words_are_no_keys_of_their_mapping() {
        let block = |name: &str| (registry::find(name).unwrap().shape)();
        let broadcast = block("ops.broadcast.v1");
        assert_eq!(key(broadcast, "schedule"), Some("at"));
        assert_eq!(key(broadcast, "prompt"), None);
        assert_eq!(key(block("action.segment.v1"), "add"), Some("join"));
        for ours in registry::BLOCKS.iter() {
            let (name, shape) = (ours.name, (ours.shape)());
            for of in ALL {
                if of.has.iter().all(|key| shape.field(key).is_some()) {
                    for (word, key) in of.words {
                        let here = shape.field(key).is_some();
                        assert!(!here || shape.field(word).is_none(), "{name}: {word}");
                    }
                }
            }
        }
    }
}
