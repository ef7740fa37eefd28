use std::collections::BTreeMap;

use super::*;
use crate::diagnostics::Severity;
use crate::ftl;
use crate::proof::bounds::Bound;
use crate::proof::message::{Given as Argument, Message, Type};
use crate::proof::shape::{Hole, Kind};
use crate::source::{FileId, Span, Str};

const EN: &str = "\
# Who we are.
-brand = Salon
    .case = short
greet = Hello, <b>{ $name }</b>!
count = { $n ->
    [one] one place
   *[other] { $n } places
}
menu =
    First line
      indented

    third
    .hint = Press it
free = {{\"{{\"}}
button = Book
yes = Yes please
no = No thanks
";
const RU: &str = "\
-brand = Салон
    .case = short
greet = Привет, <b>{ $name }</b>!
count = { $n ->
    [one] { $n } место
    [few] { $n } места
   *[other] { $n } мест
}
menu = Меню
    .hint = Нажмите
free = x
button = Записаться
yes = Да
no = Нет
";

fn argument(name: &str, ty: Type, shown: &str, bound: (usize, Option<usize>)) -> Argument {
    Argument {
        name: name.to_owned(),
        name_span: Span::default(),
        span: Span::default(),
        kind: if ty == Type::Text {
            Kind::Text
        } else {
            Kind::Line
        },
        ty,
        shown: shown.to_owned(),
        printed: false,
        bounds: vec![Bound::from(bound); 2],
    }
}

fn message(key: &str, attribute: Option<&str>, given: Vec<Argument>) -> Node {
    Node::Message(Message {
        id: 0,
        key: key.to_owned(),
        attribute: attribute.map(str::to_owned),
        span: Span::default(),
        given,
        locales: Vec::new(),
    })
}

fn text(at: &str, slot: Slot, mode: ParseMode, nodes: Vec<Node>) -> TextUse {
    let source = Str {
        value: String::new(),
        span: Span {
            file: FileId(0),
            lo: 0,
            hi: 0,
        },
        map: [(0, 0)].into(),
    };
    let written = proof::Text {
        source: &source,
        slot,
        mode,
        overflow: Overflow::Split,
        splits: true,
        command: "start",
        place: "text",
    };
    TextUse::new(&written, at.to_owned(), &nodes).unwrap()
}

fn handed() -> Handed {
    let words = |text: &str| Node::Words {
        text: text.to_owned(),
        at: shape::At::default(),
    };
    let name = || argument("name", Type::Text, "text", (1, Some(64)));
    let option = |value: &str| OptionUse {
        value: value.to_owned(),
        when: false,
        label: LabelUse::Key(value.to_owned(), None),
    };
    let hole = Node::Hole(Hole {
        bounds: vec![Bound::from((0, Some(20)))],
        id: None,
        what: "{{x}}".to_owned(),
        span: Span::default(),
        kind: Kind::Text,
    });
    let html = |at, nodes| text(at, Slot::Message, ParseMode::Html, nodes);
    let handed = Handed {
        texts: vec![
            html("bot.yaml:3", vec![message("greet", None, vec![name()])]),
            html(
                "bot.yaml:4",
                vec![message(
                    "count",
                    None,
                    vec![argument("n", Type::Int, "int", (1, Some(20)))],
                )],
            ),
            html(
                "bot.yaml:5",
                vec![
                    words("<i>"),
                    message("menu", None, vec![]),
                    words("</i>"),
                    hole,
                ],
            ),
            text(
                "bot.yaml:6",
                Slot::Toast,
                ParseMode::Plain,
                vec![message("menu", Some("hint"), vec![])],
            ),
            text(
                "bot.yaml:7",
                Slot::Button,
                ParseMode::Plain,
                vec![message("button", None, vec![])],
            ),
            text(
                "bot.yaml:8",
                Slot::Button,
                ParseMode::Plain,
                vec![message("yes", None, vec![])],
            ),
            text(
                "bot.yaml:9",
                Slot::Button,
                ParseMode::Plain,
                vec![message("no", None, vec![])],
            ),
            text(
                "bot.yaml:10",
                Slot::Description,
                ParseMode::Plain,
                vec![message("free", None, vec![])],
            ),
        ],
        choices: vec![ChoiceUse {
            at: "bot.yaml:8".to_owned(),
            options: vec![option("yes"), option("no")],
        }],
    };
    // As generated code holds it.
    Handed::decode(&handed.encode())
}

fn given<'g>(locale: usize, key: &'g str, words: &'g str) -> Given<'g> {
    Given {
        locale,
        key,
        words,
        lines: &[],
    }
}

/// `CODE key line:column message` of every error.
fn errors(given: &[Given<'_>]) -> Vec<String> {
    let handed = handed();
    let written = Written {
        locales: &[("en", EN), ("ru", RU)],
        default: 0,
        handed: &handed,
    };
    let said = |fault: &Fault| {
        let (at, key) = (&fault.at, fault.at.key.as_deref().unwrap_or("-"));
        let column = at.column.unwrap_or(0);
        format!(
            "{} {key} {}:{column} {}",
            fault.code, at.line, fault.message
        )
    };
    check(&written, given).errors().map(said).collect()
}

#[test]
fn words_that_suit_are_taken() {
    let fine = [
        given(0, "greet", "Hi <b>{ $name }</b>, welcome to { -brand }"),
        given(1, "greet", "Здравствуйте, { $name }"),
        given(
            0,
            "count",
            "{ $n ->\n    [one] one\n   *[other] { NUMBER($n) }\n}",
        ),
        given(0, "menu", "One\n  two\n\nthree"),
        given(0, "menu.hint", "Go"),
        given(0, "-brand", "Parlour"),
        given(1, "bf-unknown", "Не понимаю"),
    ];
    assert_eq!(errors(&fine), [""; 0]);
}

#[test]
fn words_that_do_not_suit_are_refused_in_the_compilers_words_and_all_at_once() {
    let wrong = [
        given(0, "greet", "Hi { $nam }"),
        given(1, "greet", "Привет, <b>{ $name }"),
        given(0, "count", "{ DATETIME($n) }"),
        given(0, "menu", "a <i>b</i> <u>c"),
        given(0, "menu.hint", "<b>bold</b>"),
        given(0, "button", "{ -brnd }"),
        given(0, "free", ""),
        given(1, "grete", "x"),
        given(1, "bf-unknown", "{ $name }"),
        given(1, "free", "a { $x"),
    ];
    let found = errors(&wrong);
    let wanted = [
        "BF0412 greet 1:7 `greet` needs `nam` in `en`",
        "BF0430 greet 1:9 ",
        "BF0414 count 1:13 `DATETIME` needs a date or a time, this is an int",
        "BF0430 menu 1:12 ",
        "BF0431 menu.hint 1:1 `<b>` would be shown as it stands here",
        "BF0418 button 1:4 there is no term `brnd` in `en`",
        "BF0416 free 1:1 `free` has no text",
        "BF0410 grete 1:1 there is no message `grete` in `ru`",
        "BF0420 bf-unknown 1:4 `bf-unknown` has no variable `name`",
        "BF0416 free 1:6 expected `}` here",
    ];
    for want in wanted {
        assert!(
            found.iter().any(|f| f.starts_with(want)),
            "{want}\nin {found:#?}"
        );
    }
}

#[test]
fn lengths_and_emptiness_count() {
    let long = "x".repeat(300);
    let found = errors(&[given(0, "free", &long)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("BF0604 free 1:1 "), "{found:?}");
    let long = "x".repeat(4097);
    let found = errors(&[given(1, "greet", &long)]);
    assert!(found[0].starts_with("BF0601 greet 1:1 "), "{found:?}");
    let found = errors(&[given(0, "button", "{\"\"}")]);
    assert!(found[0].starts_with("BF0432 button 1:1 "), "{found:?}");
    let found = errors(&[given(0, "bf-unknown", "{\"\"}")]);
    assert_eq!(found, ["BF0432 bf-unknown 1:1 `bf-unknown` is empty"]);
}

#[test]
fn options_that_would_read_alike_are_refused() {
    let found = errors(&[given(0, "no", "yes PLEASE")]);
    assert!(
        found[0].starts_with("BF0437 no 1:1 the options `yes` and `no` both read"),
        "{found:?}"
    );
    assert_eq!(
        errors(&[given(0, "no", "yes"), given(0, "yes", "no")]).len(),
        1
    );
}

#[test]
fn plural_forms_are_advice() {
    let handed = handed();
    let written = Written {
        locales: &[("en", EN), ("ru", RU)],
        default: 0,
        handed: &handed,
    };
    let words = "{ $n ->\n    [one] место\n   *[other] мест\n}";
    let checked = check(&written, &[given(1, "count", words)]);
    let all: Vec<_> = checked
        .faults
        .iter()
        .map(|f| (f.code, f.severity, f.at.line))
        .collect();
    assert_eq!(all, [("BF0422", Severity::Warning, 1)]);
}

#[test]
fn places_are_those_of_what_was_sent() {
    let sent = "# A comment\ngreet = Hi\n    there { $nam }\nmenu = x\n    .hint =\n        fine\n        { $y }\n";
    let parts = located(sent);
    let given: Vec<Given<'_>> = parts
        .iter()
        .map(|part| Given {
            locale: 0,
            key: match part.key.attribute {
                Some(_) => "menu.hint",
                None if part.key.id == "menu" => "menu",
                None => "greet",
            },
            words: &part.words,
            lines: &part.lines,
        })
        .collect();
    let found = errors(&given);
    assert!(found[0].starts_with("BF0412 greet 3:14 "), "{found:?}");
    assert!(found[1].starts_with("BF0412 menu.hint 7:12 "), "{found:?}");
    assert_eq!(syntax("texts.ftl", "a = b\na = c\n")[0].at.line, 2);
}

#[test]
fn what_does_not_suit_any_more_is_set_aside_and_nothing_else() {
    let handed = handed();
    let written = Written {
        locales: &[("en", EN), ("ru", RU)],
        default: 0,
        handed: &handed,
    };
    let stored = [
        given(0, "greet", "Hi { $name }"),
        given(0, "gone", "x"),
        given(0, "button", "{ $who }"),
        given(0, "yes", "No thanks"),
        given(0, "menu.hint", "Fine"),
    ];
    let (active, stale) = settle(&written, &stored);
    assert_eq!(active, [0, 4]);
    let stale: Vec<_> = stale.iter().map(|(i, fault)| (*i, fault.code)).collect();
    assert_eq!(stale, [(1, "BF0410"), (2, "BF0412"), (3, "BF0437")]);
}

/// Every text of a file comes back as it was, wherever it is put.
#[test]
fn words_survive_the_way_out_and_back() {
    let all = located(EN);
    let keys: Vec<String> = all.iter().map(|l| l.key.to_string()).collect();
    assert_eq!(
        keys,
        [
            "-brand",
            "-brand.case",
            "greet",
            "count",
            "menu",
            "menu.hint",
            "free",
            "button",
            "yes",
            "no"
        ]
    );
    assert_eq!(all[4].words, "First line\n  indented\n\nthird");
    let words: BTreeMap<Key, &str> = all
        .iter()
        .map(|l| (l.key.clone(), l.words.as_str()))
        .collect();
    let again = spliced(EN, &words);
    assert_eq!(
        located(&again).iter().map(|l| &l.words).collect::<Vec<_>>(),
        all.iter().map(|l| &l.words).collect::<Vec<_>>()
    );
    let tree = |source: &str| {
        let mut sink = crate::diagnostics::Sink::default();
        let file = ftl::parse(FileId(0), source, &mut sink);
        assert_eq!(sink.errors(), 0, "{source}");
        let print = |pattern: &ftl::tree::Pattern| {
            let mut out = String::new();
            for element in &pattern.elements {
                match element {
                    ftl::tree::Element::Words { text, .. } => out.push_str(text),
                    ftl::tree::Element::Placeable(_) => out.push('…'),
                }
            }
            out
        };
        let entries = file.messages.values().chain(file.terms.values());
        entries
            .flat_map(|m| m.patterns())
            .map(print)
            .collect::<Vec<_>>()
    };
    assert_eq!(tree(&again), tree(EN));
    assert!(
        again.starts_with("# Who we are.\n-brand = Salon\n"),
        "{again}"
    );
}

#[test]
fn other_words_stand_in_their_places_and_nothing_else_changes() {
    let key = |key: &str| Key::parse(key).unwrap();
    let words = BTreeMap::from([
        (key("menu"), "  deep\nflat"),
        (key("menu.hint"), "one\ntwo"),
        (key("greet"), "[x] {\n  $name }\n"),
        (key("bf-yes"), "Aye"),
        (key("gone"), "never"),
    ]);
    let out = spliced(EN, &words);
    assert!(
        out.contains(
            "menu =\n      deep\n    flat\n    .hint =\n        one\n        two\nfree = "
        ),
        "{out}"
    );
    assert!(
        out.contains("greet = [x] {\n      $name }\ncount = "),
        "{out}"
    );
    assert!(out.ends_with("no = No thanks\nbf-yes = Aye\n"), "{out}");
    assert!(!out.contains("never"));
    let windows = EN.replace('\n', "\r\n");
    assert_eq!(
        located(&windows)[4].words,
        "First line\n  indented\n\nthird"
    );
}

/// However deep, however odd: an answer, and no end of the process.
#[test]
fn anything_may_be_sent() {
    let deep = "{".repeat(200_000);
    let odd = [
        deep.as_str(),
        "\u{0}",
        "\r\n",
        "\r",
        "=",
        "}",
        "{",
        "#",
        "\u{feff}x",
        " ",
        "\n\n\n",
        "a\n\tb",
        "[one]",
        ".x = y",
        "*[a]",
        "-a = b",
        "💆\u{200d}",
    ];
    for words in odd {
        let _ = errors(&[given(0, "greet", words), given(1, "menu.hint", words)]);
        let _ = (located(words), syntax("x.ftl", words));
        let sent = format!("greet = {words}\nmenu =\n    {words}\n    .hint = {words}\n");
        for text in located(&sent) {
            assert_eq!(text.lines.len(), text.words.split('\n').count(), "{sent:?}");
        }
        // What is taken can be read where it is put.
        if errors(&[given(0, "greet", words)]).is_empty() {
            let key = Key::parse("greet").unwrap();
            let out = spliced(EN, &BTreeMap::from([(key, words)]));
            assert!(syntax("x.ftl", &out).is_empty(), "{words:?}: {out}");
            assert_eq!(located(&out).len(), located(EN).len(), "{words:?}");
        }
    }
}

#[test]
fn names() {
    for fine in [
        "a",
        "menu-title",
        "menu.hint",
        "-brand",
        "-brand.case",
        "bf-yes",
    ] {
        assert_eq!(Key::parse(fine).unwrap().to_string(), fine);
    }
    for wrong in ["", "-", ".", "a.", "a.b.c", "1a", "a b", "а", "a=b", "--a"] {
        assert_eq!(Key::parse(wrong), None, "{wrong}");
    }
    let handed = Handed::decode("");
    assert!(handed.texts.is_empty() && handed.choices.is_empty());
}
