//! Who may know whom: the architecture as a test. Modules name those above them in these lists, so nothing goes in circles.

#[path = "../../botgen/tests/support/layers.rs"]
mod layers;

use std::path::{Path, PathBuf};

use layers::Arrows;

/// `runtime-core`.
const RUNTIME: Arrows = &[
    // What everything stands on.
    ("faults", &[]),
    ("clock", &["faults"]),
    ("incoming", &[]),
    ("telemetry", &[]),
    ("telegram", &["incoming", "telemetry"]),
    ("redis", &["telegram", "telemetry"]),
    // Knows no bot: what it needs of one is in `store::tables`.
    (
        "store",
        &[
            "clock",
            "faults",
            "incoming",
            "redis",
            "telegram",
            "telemetry",
        ],
    ),
    ("limits", &["clock", "redis", "telemetry"]),
    (
        "llm",
        &["limits", "redis", "store", "telegram", "telemetry"],
    ),
    // Reads what those below the configuration let an operator say.
    (
        "config",
        &["llm", "redis", "store", "telegram", "telemetry"],
    ),
    // What generated code is made of: texts, verbs, and the bot that is made with them.
    ("i18n", &["incoming"]),
    ("handler", &["i18n", "incoming", "limits", "llm", "store"]),
    ("bot", &["handler", "i18n", "limits", "store"]),
    // Runs handlers, says what is to be sent, and sends nothing.
    (
        "engine",
        &[
            "bot",
            "faults",
            "handler",
            "i18n",
            "incoming",
            "limits",
            "llm",
            "redis",
            "store",
            "telegram",
            "telemetry",
        ],
    ),
    (
        "outbox",
        &[
            "engine",
            "faults",
            "redis",
            "store",
            "telegram",
            "telemetry",
        ],
    ),
    (
        "broadcast",
        &[
            "bot",
            "clock",
            "engine",
            "faults",
            "handler",
            "incoming",
            "outbox",
            "store",
            "telegram",
            "telemetry",
        ],
    ),
    ("scheduler", &["engine", "store", "telemetry"]),
    (
        "texts",
        &[
            "bot",
            "clock",
            "engine",
            "handler",
            "i18n",
            "incoming",
            "store",
            "telemetry",
        ],
    ),
    // All of it together, which whoever brings updates or asks for something needs.
    (
        "deployment",
        &[
            "bot",
            "broadcast",
            "config",
            "engine",
            "incoming",
            "llm",
            "outbox",
            "redis",
            "store",
            "telegram",
            "telemetry",
            "texts",
        ],
    ),
    (
        "ingress",
        &[
            "deployment",
            "engine",
            "incoming",
            "store",
            "telegram",
            "telemetry",
        ],
    ),
    (
        "http",
        &[
            "bot",
            "broadcast",
            "config",
            "deployment",
            "engine",
            "faults",
            "handler",
            "i18n",
            "incoming",
            "ingress",
            "llm",
            "store",
            "telegram",
            "telemetry",
            "texts",
        ],
    ),
];

/// The program, what generated code may name, and the inside of tests.
const FREE: &[&str] = &["lib", "app", "prelude", "testing"];

/// `botfactory-lang`.
const LANG: Arrows = &[
    ("limits", &[]),
    ("locale", &[]),
    ("source", &[]),
    ("sources", &[]),
    ("value", &[]),
    ("length", &[]),
    ("diagnostics", &["source"]),
    ("markup", &["length", "limits"]),
    ("answer", &["length", "value"]),
    ("format", &["length", "value"]),
    ("callback", &["limits", "value"]),
    ("calendar", &["answer", "format", "value"]),
    ("words", &["format", "locale", "markup", "value"]),
    (
        "ftl",
        &[
            "answer",
            "diagnostics",
            "format",
            "limits",
            "markup",
            "source",
            "words",
        ],
    ),
    (
        "proof",
        &[
            "answer",
            "diagnostics",
            "format",
            "ftl",
            "length",
            "limits",
            "markup",
            "source",
        ],
    ),
    (
        "overrides",
        &["diagnostics", "ftl", "markup", "proof", "source"],
    ),
];

/// Libraries that stay behind one module.
const BEHIND: &[(&str, &str)] = &[
    ("prometheus", "telemetry/"),
    ("tracing_subscriber", "telemetry/"),
    ("hyper", "http/serve.rs"),
    ("hyper_util", "http/serve.rs"),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn modules_name_those_above_them() {
    for arrows in [RUNTIME, LANG] {
        for (at, (module, named)) in arrows.iter().enumerate() {
            for name in *named {
                let above = arrows[..at].iter().any(|(above, _)| above == name);
                assert!(
                    above,
                    "{module} names {name}, which does not stand above it"
                );
            }
        }
    }
}

#[test]
fn the_runtime_goes_one_way() {
    let faults = layers::faults(&layers::files(&folder("src")), RUNTIME, FREE);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn so_does_what_compiler_and_runtime_share() {
    let faults = layers::faults(&layers::files(&folder("lang/src")), LANG, &["lib"]);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn libraries_stay_behind_their_module() {
    for file in layers::files(&folder("src")) {
        for (library, module) in BEHIND {
            let behind = file.name.starts_with(module) || file.module() == "testing";
            assert!(
                !file.uses(library) || behind,
                "src/{} uses {library}",
                file.name
            );
        }
    }
}
