//! Translations that the check accepts print what they should, and those that would print `{$x}` do not pass: each
//! case is both checked and printed by the runtime's own Fluent.

use botfactory_lang::markup::{ParseMode, Place};
use botfactory_lang::value::Instant;
use botfactory_lang::words::{Args, Catalogue};
use botgen::{Input, Options};

/// One message `a`, used with a number `n`, a text `s` and an instant `d`.
fn codes(ftl: &str, given: &str, mode: &str) -> Vec<&'static str> {
    let bot = format!(
        "botfactory: v1\nlocale: en\nflows:\n  - flow.generic.v1:\n      entry_cmd: /start\n      on_enter:\n        - action.reply_template.v1: {{ text: \"t:a{given}\", parse_mode: {mode} }}\n"
    );
    let files = vec![
        ("bot.yaml", bot.as_bytes()),
        ("locales/en.ftl", ftl.as_bytes()),
    ];
    let compiled = botgen::compile(&Input::from_memory([("demo", files)]), &Options::default());
    compiled.diagnostics.iter().map(|d| d.code.id).collect()
}

fn print(ftl: &str, given: &str, mode: ParseMode) -> Option<String> {
    let catalogue = Catalogue::new("en", jiff::tz::TimeZone::UTC, &[ftl]).ok()?;
    let mut args = Args::new();
    if given.contains("n=") {
        args = args.with("n", 1);
    }
    if given.contains("s=") {
        args = args.with("s", "word");
    }
    if given.contains("d=") {
        args = args.with("d", Instant::parse_sql("2026-03-05 11:30:00")?);
    }
    let mut out = String::new();
    catalogue.print("a", None, &args, mode, Place::Text, &mut out);
    Some(out)
}

/// What Fluent prints instead of what it does not have.
fn faulty(printed: &str) -> bool {
    ["{", "NUMBER()", "DATETIME()"]
        .iter()
        .any(|mark| printed.contains(mark))
}

const NONE: &str = "";
const N: &str = " {n=1}";
const S: &str = " {s='word'}";
const D: &str = " {d=now}";

#[test]
fn what_would_print_a_fault_is_an_error() {
    for (ftl, given, code) in [
        ("a = { $x }", NONE, "BF0412"),
        ("a = { b }\nb = { $x }", NONE, "BF0412"),
        (
            "a = { $n ->\n    [one] { $x }\n   *[other] x\n}",
            N,
            "BF0412",
        ),
        ("a = { b.c }\nb = B\n    .c = { $x }", NONE, "BF0412"),
        ("a = { -t }\n-t = { $x }", NONE, "BF0425"),
        ("a = { -t } { $n }\n-t = { $n }", N, "BF0425"),
        ("a = { -t(y: 1) }\n-t = { $x } { $y }", NONE, "BF0425"),
        ("a = { -t }\n-t = { NUMBER($x) }", NONE, "BF0425"),
        ("a = { -t(x: \"1\") }\n-t = { NUMBER($x) }", NONE, "BF0425"),
        ("a = { -t(x: 1) }\n-t = { DATETIME($x) }", NONE, "BF0425"),
        ("a = { -t(x: 1) }\n-t = { b }\nb = { $y }", NONE, "BF0425"),
        (
            "a = { -t(x: 1) }\n-t = { $x ->\n   *[one] { $y }\n}",
            NONE,
            "BF0425",
        ),
        (
            "a = { -t(x: 1) }\n-t = { -u } { $x }\n-u = U",
            NONE,
            "BF0425",
        ),
        (
            "a = { -t(x: 1) }\n-t = { b } { $x }\nb = { -u }\n-u = U",
            NONE,
            "BF0425",
        ),
        (
            "a = { -t(x: 1) }\n-t = { -u.k ->\n    [k] K\n   *[l] L\n} { $x }\n-u = U\n    .k = k",
            NONE,
            "BF0425",
        ),
        ("a = { bf-too-long }", NONE, "BF0412"),
        ("a = { bf-cancel.text }", NONE, "BF0418"),
        ("a = { b }", NONE, "BF0418"),
        ("a = { -b }", NONE, "BF0418"),
        ("a = { b.c }\nb = B", NONE, "BF0418"),
        ("a = { b }\nb =\n    .c = C", NONE, "BF0418"),
        ("a = { NUMBER($s) }", S, "BF0414"),
        (
            "a = { NUMBER($d) }{ DATETIME($n) }",
            " {n=1, d=now}",
            "BF0414",
        ),
        ("a = { DATETIME($s) }", S, "BF0414"),
        ("a = { NUMBER(\"1\") }", NONE, "BF0427"),
        ("a = { DATETIME(1) }", NONE, "BF0427"),
        ("a = { NUMBER() }", NONE, "BF0427"),
        ("a = { UPPER($s) }", S, "BF0427"),
        ("a = { b }\nb = { a }", NONE, "BF0419"),
        (
            "a = { $n ->\n   *[one] { a.b }\n}\n    .b = { a }",
            N,
            "BF0419",
        ),
        ("a = { -t }\n-t = { -u(x: 1) }\n-u = { -t }", NONE, "BF0419"),
    ] {
        let printed = print(ftl, given, ParseMode::Html).unwrap();
        assert!(faulty(&printed), "prints well: {ftl}\n{printed}");
        let codes = codes(ftl, given, "HTML");
        assert!(codes.contains(&code), "{ftl}\n{codes:?}");
    }
}

#[test]
fn what_passes_prints_well() {
    for (ftl, given, wanted) in [
        ("a = { $n } { $s }", " {n=1, s='word'}", "1 word"),
        ("a = { a.b }!\n    .b = itself", NONE, "itself!"),
        (
            "a = { -t.k ->\n    [f] she\n   *[m] he\n}\n-t = T\n    .k = f",
            NONE,
            "she",
        ),
        (
            "a = { -t } { -t(x: \"g\") }\n-t = { $x ->\n    [g] gen\n   *[n] nom\n}",
            NONE,
            "nom gen",
        ),
        (
            "a = { -t(x: 2) }\n-t = { $x ->\n    [one] one\n   *[other] { $x }\n}",
            NONE,
            "2",
        ),
        ("a = { -t(x: 2) }\n-t = { $x } { -u }\n-u = U", NONE, "2 U"),
        ("a = { -t } { $n }\n-t = T", N, "T 1"),
        ("a = { bf-too-long } { $n }", " {n=1, max=5}", ""),
        (
            "a = { $n ->\n    [0] none\n    [1] a single\n    [one] one\n   *[other] many\n}",
            N,
            "",
        ),
        ("a = { NUMBER($n, minimumFractionDigits: 2) }", N, "1.00"),
        ("a = { DATETIME($d, dateStyle: \"long\") }", D, ""),
        ("a = { \"{\" }", NONE, ""),
        ("a = { { $n } }", N, "1"),
        ("\u{feff}a = BOM", NONE, "BOM"),
        ("a = two\r\n    lines\r\n", NONE, "two\nlines"),
    ] {
        let codes = codes(ftl, given, "HTML");
        // Warnings are another matter.
        let errors = codes.iter().filter(|c| !["BF0422"].contains(c)).count();
        assert_eq!(errors, 0, "{ftl}\n{codes:?}");
        if let Some(printed) = print(ftl, given, ParseMode::Html)
            && !wanted.is_empty()
        {
            assert_eq!(printed, wanted, "{ftl}");
        }
    }
}

/// A variant that is never chosen is said to be so.
#[test]
fn variants_that_never_come() {
    for (ftl, given, never) in [
        (
            "a = { NUMBER($n, type: \"ordinal\") ->\n    [1] first\n   *[other] later\n}",
            N,
            "first",
        ),
        (
            "a = { NUMBER($n, minimumFractionDigits: 1) ->\n    [1] exact\n   *[other] more\n}",
            N,
            "exact",
        ),
        (
            "a = { NUMBER($n) ->\n    [word] a word\n   *[other] more\n}",
            N,
            "a word",
        ),
        (
            "a = { $n ->\n    [1.0] exact\n   *[other] more\n}",
            N,
            "exact",
        ),
        (
            "a = { $n ->\n    [one] single\n    [1] exact\n   *[other] more\n}",
            N,
            "exact",
        ),
        (
            "a = { DATETIME($d) ->\n    [monday] exact\n   *[other] more\n}",
            D,
            "exact",
        ),
        (
            "a = { $s ->\n    [5] exact\n    [word] fine\n   *[other] more\n}",
            S,
            "exact",
        ),
    ] {
        assert_ne!(
            print(ftl, given, ParseMode::Html).as_deref(),
            Some(never),
            "{ftl}"
        );
        let codes = codes(ftl, given, "HTML");
        assert!(codes.contains(&"BF0423"), "{ftl}\n{codes:?}");
    }
}

/// The runtime's own words are plain: in MarkdownV2 their points would be refused.
#[test]
fn own_words_inside_of_markup() {
    let ftl = "a = { bf-cancelled }";
    assert_eq!(
        print(ftl, NONE, ParseMode::MarkdownV2).as_deref(),
        Some("OK, cancelled.")
    );
    assert!(codes(ftl, NONE, "MarkdownV2").contains(&"BF0430"));
    assert!(codes(ftl, NONE, "HTML").is_empty());
}
