//! Generated code as it is read: some modules of the example bots, kept beside this test.
//!
//! `UPDATE=1 cargo test -p botgen --test golden` rewrites them; the difference is what a reviewer reads.

use std::path::{Path, PathBuf};

use botgen::{Input, Options, emit};

const MODULES: [&str; 5] = [
    "booking/book.rs",
    "booking/my.rs",
    "booking/cancel_booking.rs",
    "survey/survey.rs",
    "survey/results.rs",
];

#[test]
fn generated_modules() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("..");
    let input = Input::load(
        &root,
        &[PathBuf::from("bots/booking"), PathBuf::from("bots/survey")],
    )
    .unwrap();
    let compiled = botgen::compile(&input, &Options::default());
    assert!(
        compiled.diagnostics.is_empty(),
        "{:?}",
        compiled.diagnostics
    );
    let output = emit::emit(&compiled.program.unwrap());
    let mut wrong = Vec::new();
    for module in MODULES {
        let text = &output.files[&format!("bots/{module}")];
        let path = here.join("tests/golden").join(module);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        } else if std::fs::read_to_string(&path).ok().as_ref() != Some(text) {
            wrong.push(module);
        }
    }
    assert!(
        wrong.is_empty(),
        "generated code changed: {wrong:?}; UPDATE=1 rewrites, git diff shows"
    );
}

/// What `check --verbose` says of the example bots: every text with its interval, every handler with its effect.
#[test]
fn what_is_proven() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for bot in ["booking", "survey"] {
        let dir = PathBuf::from(format!("bots/{bot}"));
        let input = Input::load(&here.join(".."), &[dir]).unwrap();
        let compiled = botgen::compile(&input, &Options::default());
        let text = botgen::diagnostics::render::verbose(
            &compiled.sources,
            &compiled.texts,
            &compiled.handlers,
        );
        let path = here.join("tests/golden").join(bot).join("verbose.txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            text,
            "{bot}: UPDATE=1 rewrites"
        );
        let json = botgen::diagnostics::render::json_verbose(
            &compiled.sources,
            &compiled.diagnostics,
            &compiled.texts,
            &compiled.handlers,
        );
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            json["texts"].as_array().unwrap().len(),
            compiled.texts.len()
        );
        assert_eq!(
            json["handlers"].as_array().unwrap().len(),
            compiled.handlers.len()
        );
    }
}

#[test]
fn the_same_sources_give_the_same_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let make = |order: [&str; 2]| {
        let dirs: Vec<PathBuf> = order.iter().map(PathBuf::from).collect();
        let mut input = Input::load(&root, &dirs).unwrap();
        input.bots.sort_by(|a, b| a.path.cmp(&b.path));
        emit::emit(
            &botgen::compile(&input, &Options::default())
                .program
                .unwrap(),
        )
        .files
    };
    assert_eq!(
        make(["bots/booking", "bots/survey"]),
        make(["bots/survey", "bots/booking"])
    );
}
