use super::*;
use crate::markup::{ParseMode, check, plain_text};

fn messages(text: &str) -> Vec<String> {
    check(ParseMode::MarkdownV2, text, &[])
        .0
        .into_iter()
        .map(|error| error.message)
        .collect()
}

#[test]
fn what_telegram_takes() {
    for (text, plain) in [
        ("", ""),
        ("*bold \\*text*", "bold *text"),
        ("*b _i ~s ||x||~ __u__ i_ b*", "b i s x u i b"),
        (
            "_italic_ __underline__ ~strike~ ||spoiler||",
            "italic underline strike spoiler",
        ),
        ("___italic underline_**__", "italic underline"),
        (
            "[inline URL](http://www.example.com/a\\)b) [m](tg://user?id=1)",
            "inline URL m",
        ),
        ("![👍](tg://emoji?id=5368324170671202286)", "👍"),
        ("![22:45](tg://time?unix=1647531900&format=wDT)", "22:45"),
        ("`inline *code*.` `a\\`b`", "inline *code*. a`b"),
        ("```\npre . * x\n```", "pre . * x\n"),
        ("```python\npre\n```", "pre\n"),
        ("```python```", "python"),
        ("```a b```", " b"),
        (">one\n>two\n>three", "one\ntwo\nthree"),
        (">one\nafter", "one\nafter"),
        (">hidden\n>last||\nafter", "hidden\nlast\nafter"),
        (">one\n**>two\n>three||", "one\ntwo\nthree"),
        ("*>a\nb*", "a\nb"),
        ("a\n>b *c\n>d* e", "a\nb c\nd e"),
        ("\\>a \\# 1\\. x\\-y \\{\\}", ">a # 1. x-y {}"),
        ("путь \\путь", "путь \\путь"),
        ("&amp; <b\\>", "&amp; <b>"),
    ] {
        assert_eq!(messages(text), Vec::<String>::new(), "{text}");
        assert_eq!(plain_text(ParseMode::MarkdownV2, text), plain, "{text}");
    }
}

#[test]
fn two_underscores_are_greedy() {
    assert_eq!(messages("___italic underline_**__"), Vec::<String>::new());
    assert!(
        !messages("___italic underline___").is_empty(),
        "underline would close while italic is open"
    );
}

#[test]
fn what_it_refuses() {
    for (text, message) in [
        ("a.b", "`.` has a meaning in MarkdownV2"),
        ("1-2", "`-` has a meaning in MarkdownV2"),
        ("a|b", "`|` has a meaning in MarkdownV2"),
        ("a>b", "`>` has a meaning in MarkdownV2"),
        (" >b", "`>` has a meaning in MarkdownV2"),
        ("a!", "`!` has a meaning in MarkdownV2"),
        ("a)", "`)` has a meaning in MarkdownV2"),
        ("a]", "`]` has a meaning in MarkdownV2"),
        ("*a", "`*` is never closed"),
        ("*a _b* c_", "`*` is never closed"),
        ("```a", "`` ``` `` is never closed"),
        ("`a", "`"),
        ("[a]", "no address follows the brackets"),
        ("[a](b", "the address never ends"),
        ("[a]()", "the address is empty"),
        ("![a](https://x.y)", "the address is no custom emoji"),
        ("![a](tg://time?unix=x)", "`unix` is no number"),
        (
            "![a](tg://time?unix=1&format=zz)",
            "`format` is not one that Telegram knows",
        ),
        ("[a [b](c)](d)", "a link inside another link"),
        (">*a\nb*", "`*` is never closed"),
        ("```\na `b\n```", "` has a meaning"),
    ] {
        let found = messages(text);
        let wanted = message.trim_matches('`');
        assert!(!found.is_empty(), "{text}");
        if wanted.len() > 3 && !wanted.contains("``") {
            assert!(
                found.iter().any(|found| found.contains(wanted)),
                "{text}: {found:?}"
            );
        }
    }
}

#[test]
fn places_of_holes() {
    let text = "a ** `` [](http) ```\n``` ";
    let at = |needle: &str| text.find(needle).unwrap();
    let holes = [
        1,
        at("*") + 1,
        at("`") + 1,
        at("](") + 2,
        at("\n") + 1,
        text.len(),
    ]
    .map(|at| at..at);
    let (errors, places) = check(ParseMode::MarkdownV2, text, &holes);
    assert_eq!(errors, vec![]);
    assert_eq!(
        places,
        [
            Place::Text,
            Place::Text,
            Place::Code,
            Place::Attribute,
            Place::Code,
            Place::Text
        ]
    );
}

#[test]
fn holes_can_change_no_markup() {
    let message = |text: &str, at: Range<usize>| {
        check(ParseMode::MarkdownV2, text, &[at])
            .0
            .first()
            .map(|error| error.message.clone())
    };
    assert_eq!(
        message("a \\x", 3..4).as_deref(),
        Some("a backslash before a value")
    );
    assert_eq!(
        message("```x```", 3..4).as_deref(),
        Some("a value directly after three backticks would be taken for a language")
    );
    assert_eq!(message("_x_", 1..2), None);
    assert_eq!(
        message("x>", 0..1).as_deref(),
        Some("`>` has a meaning in MarkdownV2")
    );
}

#[test]
fn tokens_have_no_gaps() {
    const PIECES: [&str; 16] = [
        "*", "_", "__", "~", "||", "`", "```", "[", "](u)", "![", ">", "\n", "\\", "a", "ж ", ".",
    ];
    let mut seed: u64 = 21;
    for _ in 0..10_000 {
        let mut text = String::new();
        for _ in 0..14 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(PIECES[(seed >> 40) as usize % PIECES.len()]);
        }
        let mut end = 0;
        for (range, _) in read(&text, &[]).markup.tokens {
            assert_eq!(range.start, end, "{text:?}");
            end = range.end;
        }
        assert_eq!(end, text.len(), "{text:?}");
    }
}
