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
        ],
    },
];

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
    fn words_are_no_keys_of_their_mapping() {
        let block = |name: &str| (registry::find(name).unwrap().shape)();
        let broadcast = block("ops.broadcast.v1");
        assert_eq!(key(broadcast, "schedule"), Some("at"));
        assert_eq!(key(broadcast, "prompt"), None);
        assert_eq!(key(block("action.segment.v1"), "add"), Some("join"));
        for name in ["ops.broadcast.v1", "action.segment.v1", "action.llm.v1"] {
            let shape = block(name);
            for of in ALL {
                if of.has.iter().all(|key| shape.field(key).is_some()) {
                    for (word, key) in of.words {
                        assert!(shape.field(word).is_none(), "{name}: {word}");
                        assert!(shape.field(key).is_some(), "{name}: {key}");
                    }
                }
            }
        }
    }
}
