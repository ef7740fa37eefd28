use super::*;
use crate::markup::{ParseMode, check};

fn messages(text: &str) -> Vec<String> {
    check(ParseMode::Html, text, &[])
        .0
        .into_iter()
        .map(|error| error.message)
        .collect()
}

#[test]
fn what_telegram_takes() {
    for text in [
        "",
        "plain > text",
        "&lt;&gt;&amp;&quot;&#160;&#x1F642;",
        "<b>a</b><strong>a</strong><i>a</i><em>a</em><u>a</u><ins>a</ins><s>a</s><strike>a</strike><del>a</del>",
        "<span class=\"tg-spoiler\">a</span><tg-spoiler>a</tg-spoiler>",
        "<a href=\"https://x.y/?a=1&b=2\">a <b>b</b></a><a href='tg://user?id=1'>x</a>",
        "<tg-emoji emoji-id=\"5368324170671202286\">👍</tg-emoji>",
        "<tg-time unix=\"1647531900\" format=\"wDT\">22:45</tg-time>",
        "<code>a</code><pre>a</pre><pre><code class=\"language-python\">a</code></pre>",
        "<blockquote>a</blockquote><blockquote expandable>a <b>b</b></blockquote>",
        "<B>upper</B>",
        "<b >space</b >",
        "<b><i><u>deep</u></i></b>",
        "<b>a <code>b</code></b>",
    ] {
        assert_eq!(messages(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_it_refuses() {
    for (text, message) in [
        ("a & b", "`&` by itself"),
        ("a &nbsp; b", "`&nbsp;` is no entity that Telegram knows"),
        ("&lt", "`&` by itself"),
        ("&#0;", "`&#0;` is no entity that Telegram knows"),
        ("1 < 2", "`<` starts no tag"),
        ("a<3", "`<` starts no tag"),
        ("<b>a", "`<b>` is never closed"),
        ("a</b>", "`</b>` closes a tag that is not open"),
        ("</>", "closes a tag where none is open"),
        ("<b><i>a</b></i>", "`</b>` stands before `</i>`"),
        ("<p>a</p>", "Telegram has no tag `<p>`"),
        ("a<br>b", "Telegram has no tag `<br>`"),
        ("<!-- a -->", "Telegram knows no HTML comments"),
        ("<span>a</span>", "`<span>` needs `class=\"tg-spoiler\"`"),
        ("<a>x</a>", "`<a>` needs `href`"),
        (
            "<a href=https://x.y>x</a>",
            "the value of `href` has no quotes around it",
        ),
        ("<b class=\"x\">a</b>", "`<b>` has no attribute `class`"),
        (
            "<code class=\"language-x\">a</code>",
            "`class` on `<code>` counts only directly inside `<pre>`",
        ),
        (
            "<tg-emoji emoji-id=\"x\">a</tg-emoji>",
            "`emoji-id` is no number",
        ),
        (
            "<tg-time unix=\"5\" format=\"x\">a</tg-time>",
            "`format` is not one that Telegram knows",
        ),
        ("<code><b>a</b></code>", "`<b>` inside `<code>`"),
        ("<pre><b>a</b></pre>", "`<b>` inside `<pre>`"),
        (
            "<a href=\"x\"><a href=\"y\">a</a></a>",
            "`<a>` inside another `<a>`",
        ),
        (
            "<blockquote><blockquote>a</blockquote></blockquote>",
            "`<blockquote>` inside another `<blockquote>`",
        ),
        ("<b", "`<b` does not end"),
        ("<a href=\"x", "the value of `href` has no quotes around it"),
    ] {
        assert!(
            messages(text).iter().any(|found| found == message),
            "{text}: {:?}",
            messages(text)
        );
    }
}

#[test]
fn faults_are_counted_once() {
    assert_eq!(messages("<p>a</p>").len(), 1);
    assert_eq!(
        messages("<b><i>a</b></i>"),
        [
            "`</b>` stands before `</i>`",
            "`</i>` closes a tag that is not open"
        ]
    );
    assert_eq!(messages("<a href=x>y</a>").len(), 1);
}

#[test]
fn places_of_holes() {
    let text = "a <b></b> <code></code> <a href=\"\"></a> ";
    let at = |needle: &str| text.find(needle).unwrap();
    let holes = [
        1,
        at("</b>"),
        at("</code>"),
        at("\"\"") + 1,
        at("</a>"),
        text.len(),
    ]
    .map(|at| at..at);
    let (errors, places) = check(ParseMode::Html, text, &holes);
    assert_eq!(errors, vec![]);
    assert_eq!(
        places,
        [
            Place::Text,
            Place::Text,
            Place::Code,
            Place::Attribute,
            Place::Text,
            Place::Text
        ]
    );
}

#[test]
fn holes_cannot_be_tags() {
    let (errors, _) = check(ParseMode::Html, "<b x>a</b>", std::slice::from_ref(&(3..4)));
    assert_eq!(errors[0].message, "a value inside a tag");
    let (errors, _) = check(ParseMode::Html, "<x>a", std::slice::from_ref(&(1..2)));
    assert_eq!(errors[0].message, "`<` starts no tag");
    let (errors, _) = check(ParseMode::Html, "&x;", std::slice::from_ref(&(1..2)));
    assert_eq!(errors[0].message, "`&` by itself");
    let (errors, places) = check(
        ParseMode::Html,
        "<a href=x>a</a>",
        std::slice::from_ref(&(8..9)),
    );
    assert_eq!(
        errors[0].message,
        "the value of `href` has no quotes around it"
    );
    assert_eq!(places, [Place::Attribute]);
}

#[test]
fn pieces_have_no_gaps() {
    const PIECES: [&str; 12] = [
        "<", ">", "&", "b", "/", "\"", "&lt;", "<b>", "</b>", "ж", "&#", "a href='",
    ];
    let mut seed: u64 = 9;
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..15 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(PIECES[(seed >> 40) as usize % PIECES.len()]);
        }
        let mut end = 0;
        for (range, _) in pieces(&text) {
            assert_eq!(range.start, end);
            assert!(text.get(range.clone()).is_some());
            end = range.end;
        }
        assert_eq!(end, text.len());
        let _ = check(ParseMode::Html, &text, &[]);
    }
}
