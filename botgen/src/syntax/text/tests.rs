use super::*;
use crate::syntax::ast::{ButtonDoes, Piece};
use crate::syntax::expr::tests::{check_spans, scalar, soup};

fn read(text: &str) -> Result<Text, String> {
    let mut sink = Sink::default();
    let parsed = parse(&scalar(text), &mut sink);
    let found = sink.finish();
    parsed.ok_or_else(|| {
        found
            .iter()
            .map(|d| {
                format!(
                    "{} {} {} ({})",
                    d.code.id,
                    text.get(d.span.lo as usize..d.span.hi as usize).unwrap(),
                    d.message,
                    d.help.as_deref().unwrap_or("")
                )
            })
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn show(text: &str, pieces: &[Piece]) -> String {
    let of = |s: Span| &text[s.lo as usize..s.hi as usize];
    pieces
        .iter()
        .map(|p| match p {
            Piece::Literal {
                text: words, at, ..
            } => {
                assert_eq!(text.get(*at..at + words.len()), Some(words.as_str()));
                format!("{words:?}")
            }
            Piece::Value(e) => format!("<{}>", of(e.span)),
            Piece::Key(k) => format!("<t {} {}>", k.key.node, k.args.len()),
            Piece::Each {
                list,
                alias,
                body,
                otherwise,
                ..
            } => format!(
                "each {} {}[{}][{}]",
                of(list.span),
                alias.as_ref().map_or("", |a| &a.node),
                show(text, body),
                show(text, otherwise)
            ),
            Piece::If {
                arms, otherwise, ..
            } => format!(
                "if {}[{}]",
                arms.iter()
                    .map(|(c, body)| format!("{}[{}]", of(c.span), show(text, body)))
                    .collect::<String>(),
                show(text, otherwise)
            ),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn template(text: &str) -> String {
    match read(text) {
        Ok(Text {
            kind: TextKind::Template(pieces),
            ..
        }) => show(text, &pieces),
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys() {
    let key = |text: &str| match read(text) {
        Ok(Text {
            kind: TextKind::Key(k),
            ..
        }) => format!(
            "{}/{}/{}",
            k.key.node,
            k.attribute.map_or(String::new(), |a| a.node),
            k.args
                .iter()
                .map(|(n, _)| n.node.as_str())
                .collect::<Vec<_>>()
                .join(",")
        ),
        Ok(_) => "template".into(),
        Err(e) => e,
    };
    assert_eq!(key("t:cmd-help"), "cmd-help//");
    assert_eq!(key(" t:a.b \n"), "a/b/");
    assert_eq!(
        key("t:booked {service=service, slot=slot | date: 'd, M',}"),
        "booked//service,slot"
    );
    assert_eq!(key("t:x {a='}', b=['}']}"), "x//a,b");
    assert!(key("t: hello").contains("BF0401"), "{}", key("t: hello"));
    assert!(key("t:a b").contains("BF0401 b expected nothing after"));
    assert!(key("t:x {name={{name}}}").contains("`{name=name}`"));
    assert!(key("t:x {name}").contains("BF0402 } expected `=`, found `}` (write `name=name`)"));
    assert!(key("t:x {$name=n}").contains("the `$` stands in the translation only"));
    assert!(key("t:x {a=1, a=2}").contains("given twice"));
    assert!(key("t:x {a=1").contains("BF0402 { this `{` is never closed"));
    assert!(key("t:x {a=1 b=2}").contains("BF0402 b expected `,` or `}`"));
    assert!(key("t:-brand").contains("a term"));
    assert_eq!(key("text"), "template");
}

#[test]
fn templates() {
    assert_eq!(template(" hi {{ name }}! "), r#""hi " <name> "!""#);
    assert_eq!(template("{{\"{{\"}}x{{'}}'}}"), r#"<"{{"> "x" <'}}'>"#);
    assert_eq!(template("{{t:a {x=y}}}!"), r#"<t a 1> "!""#);
    assert_eq!(template("{{t:a}}{{t:b.c }}"), "<t a 0> <t b 0>");
    assert_eq!(
        template("{{t:my-title}}\n{{#each bookings}}\n• {{x}} — {{y}}\n{{/each}}\n"),
        r#"<t my-title 0> "\n" each bookings ["• " <x> " — " <y> "\n"][]"#
    );
    assert_eq!(
        template("a{{#each xs as x}}{{x.y}}, {{else}}none{{/each}}b"),
        r#""a" each xs x[<x.y> ", "]["none"] "b""#
    );
    assert_eq!(
        template("{{#if a}}\n1\n{{else if b == 2}}\n2\n{{else}}\n3\n{{/if}}"),
        "if a[\"1\\n\"]b == 2[\"2\\n\"][\"3\\n\"]"
    );
    assert_eq!(template("a\n  {{! note }}  \nb"), r#""a\n" "b""#);
    assert_eq!(template("a {{! note }}b"), r#""a " "b""#);
    assert_eq!(
        template("a\n{{#if x}}{{#if y}}\nb\n{{/if}} {{/if}}\nc"),
        "\"a\\n\" if x[if y[\"b\\n\"][]][] \"c\""
    );
    // A line with a value on it stays.
    assert_eq!(
        template("{{#if x}} {{y}}\n{{/if}}\nz"),
        "if x[\" \" <y> \"\\n\"][] \"z\""
    );
    assert_eq!(template("{ a } } {"), r#""{ a } } {""#);
    assert_eq!(template("   "), "");
}

#[test]
fn mistakes() {
    for (text, wanted) in [
        ("a {{name", "BF0403 {{ this `{{` is never closed"),
        (
            "a {{name | truncate: 40</i>",
            "BF0403 {{ this `{{` is never closed",
        ),
        ("a {{name\n{{x}}", "BF0403 {{ this `{{` is never closed"),
        ("a }} b", "BF0403 }} this `}}` closes nothing"),
        (
            "{{#each xs}}a",
            "BF0403 {{#each xs}} `{{#each}}` is never closed",
        ),
        (
            "{{#if a}}{{#each xs}}{{/if}}",
            "BF0403 {{#each xs}} `{{#each}}` is never closed",
        ),
        ("a{{/if}}", "BF0403 {{/if}} `{{/if}}` closes nothing"),
        (
            "{{#if a}}{{else}}{{else}}{{/if}}",
            "BF0403 {{else}} this block has its",
        ),
        ("{{else}}", "stands outside of any block"),
        ("{{#each xs}}{{else if x}}{{/each}}", "has no `{{else if}}`"),
        (
            "{{#unless a}}{{/unless}}",
            "BF0404 #unless `#unless` is not a tag (write `{{#if not …}}`)",
        ),
        ("{{#eahc xs}}", "did you mean `#each`?"),
        (
            "{{if a}}x{{/if}}",
            "BF0404 if `if` is not a tag (write `{{#if …}}`)",
        ),
        ("{{{a}}}", "exactly two braces"),
        ("{{}}", "BF0404 {{}} this tag is empty"),
        (
            "{{a b}}",
            "BF0701 b expected an operator or `}}`, found `b`",
        ),
        ("{{#each xs as}}a{{/each}}", "a name after `as`"),
        ("{{elseif a}}", "write `{{else if …}}`"),
    ] {
        let got = read(text).expect_err(text);
        assert!(
            got.contains(wanted),
            "{text}\n  got  {got}\n  want {wanted}"
        );
    }
    // One mistake, one finding; two mistakes, two.
    for (text, count) in [
        ("{{#each xs as}}a{{/each}}", 1),
        ("{{#if a &&}}a{{/if}}", 1),
        ("{{#if a", 1),
        ("{{#if a}}x{{/if", 1),
        ("{{a b}} {{c d}}", 2),
        ("{{t:a b}}", 1),
    ] {
        let got = read(text).expect_err(text);
        assert_eq!(got.lines().count(), count, "{text}: {got}");
    }
    let deep = "{{#if a}}".repeat(100_000);
    assert!(read(&deep).unwrap_err().contains("BF0405"));
}

#[test]
fn callbacks() {
    let read = |text: &str| {
        let mut sink = Sink::default();
        match parse_callback(&scalar(text), &mut sink) {
            Some(ButtonDoes::Callback { command, args, .. }) => {
                format!("{} {}", command.node, args.len())
            }
            Some(_) => "?".into(),
            None => {
                let d = sink.finish().remove(0);
                format!("{} {}..{}", d.code.id, d.span.lo, d.span.hi)
            }
        }
    };
    assert_eq!(read("/book"), "/book 0");
    assert_eq!(read("/product {id=p.id, b=1}"), "/product 2");
    assert_eq!(read("/product{id=p.id}"), "/product 1");
    assert_eq!(read("book"), "BF0406 0..4");
    assert_eq!(read("/"), "BF0406 0..1");
    assert_eq!(read("/a b"), "BF0406 3..4");
}

#[test]
fn any_text_is_survived() {
    let parts = [
        "{{", "}}", "{", "}", "#if ", "#each ", "/if", "/each", "else", "else if ", "as ", "a",
        "имя", "t:", "key", ".", "=", ",", "'", "\"", " ", "\n", "!", "💡", "|", "\r\n", "xs", "-",
        "/", "1",
    ];
    for seed in 0..40_000 {
        let text = soup(seed, &parts);
        let mut sink = Sink::default();
        let parsed = parse(&scalar(&text), &mut sink);
        assert_eq!(parsed.is_none(), sink.errors() > 0, "{text:?}");
        if let Some(Text {
            kind: TextKind::Template(pieces),
            ..
        }) = &parsed
        {
            show(&text, pieces);
        }
        check_spans(&text, sink);
        let mut sink = Sink::default();
        parse_callback(&scalar(&text), &mut sink);
        check_spans(&text, sink);
    }
}
