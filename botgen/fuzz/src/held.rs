//! What holds for every run of the compiler.

use std::borrow::Cow;

use botgen::diagnostics::{Diagnostic, Severity, render};
use botgen::source::{SourceMap, Span};
use botgen::{Compiled, Input, Options};

/// The bytes as text; targets below the check of UTF-8 never see anything else.
pub fn text(data: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// A place is inside its file and on the boundaries of characters.
pub fn place(sources: &SourceMap, span: Span) {
    let file = sources.files.get(span.file.0 as usize);
    let file = file.unwrap_or_else(|| panic!("no such file: {span:?}"));
    assert!(
        file.text.get(span.lo as usize..span.hi as usize).is_some(),
        "{span:?} is not a piece of {} ({} bytes)",
        file.path,
        file.text.len()
    );
}

/// Every finding has its place and its words, and every form of the report can be made of it.
pub fn findings(sources: &SourceMap, found: &[Diagnostic]) {
    for d in found {
        assert_ne!(d.code.id, "BF0902", "refused without a reason: {d:?}");
        place(sources, d.span);
        for (span, _) in &d.notes {
            place(sources, *span);
        }
        for edit in d.fixes.iter().flat_map(|fix| &fix.edits) {
            place(sources, edit.span);
        }
        let words = [&d.message, &d.label].into_iter().chain(&d.help);
        for words in words.chain(d.notes.iter().map(|(_, words)| words)) {
            assert!(
                !words.chars().any(|c| c == '\u{1b}' || c == '\0'),
                "control characters in a finding: {d:?}"
            );
        }
        assert!(!d.message.is_empty(), "{d:?}");
    }
    let sorted = found.windows(2).all(|w| w[0].span <= w[1].span);
    assert!(sorted, "findings are out of order");
    let human = render::human(sources, found, false);
    assert_eq!(human.is_empty(), found.is_empty());
    render::human(sources, found, true);
    let json: serde_json::Value =
        serde_json::from_str(&render::json(sources, found)).expect("JSON");
    assert_eq!(
        json["diagnostics"].as_array().map(Vec::len),
        Some(found.len())
    );
    for d in json["diagnostics"].as_array().into_iter().flatten() {
        let at = |line: &str, column: &str| (d[line].as_u64(), d[column].as_u64());
        assert!(at("line", "column") <= at("end_line", "end_column"), "{d}");
        assert!(at("line", "column") >= (Some(1), Some(1)), "{d}");
    }
    // It holds every page of every code: costly, and the same but for what JSON has as well.
    if found.first().is_some_and(|d| d.span.lo % 64 == 1) {
        serde_json::from_str::<serde_json::Value>(&render::sarif(sources, found)).expect("SARIF");
    }
    let github = render::github(sources, found);
    assert_eq!(github.lines().count(), found.len(), "{github}");
}

/// Compiles; a bot is refused if and only if there is an error, and what is accepted becomes Rust.
pub fn compile(input: &Input) -> Compiled {
    let compiled = botgen::compile(input, &Options::default());
    findings(&compiled.sources, &compiled.diagnostics);
    let errors = compiled
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error);
    assert_eq!(
        compiled.program.is_none(),
        errors,
        "refused without an error, or accepted with one: {:?}",
        compiled.diagnostics
    );
    if let Some(program) = &compiled.program {
        for (path, rust) in botgen::emit::emit(program).files {
            if let Err(error) = syn::parse_file(&rust) {
                panic!("{path} is not Rust: {error}\n{rust}");
            }
        }
    }
    compiled
}

/// The same input gives the same output. Costs a second run, so it is asked for a part of the inputs.
pub fn repeatable(input: &Input, first: &Compiled) {
    let second = botgen::compile(input, &Options::default());
    assert_eq!(first.diagnostics, second.diagnostics);
    match (&first.program, &second.program) {
        (Some(a), Some(b)) => {
            let (a, b) = (botgen::emit::emit(a), botgen::emit::emit(b));
            assert_eq!(a.files, b.files);
            assert_eq!(a.cache, b.cache);
        }
        (a, b) => assert_eq!(a.is_some(), b.is_some()),
    }
}
