//! `locales/*.ftl`.

use super::run::{Case, table};

const BOT: &str = "botfactory: v1\nlocale: en\nintents:\n  - { cmd: /start, reply: \"t:a\" }\n";

fn case(name: &'static str, ftl: impl Into<Vec<u8>>, said: &'static str) -> Case {
    (
        name,
        vec![("bot.yaml", BOT.into()), ("locales/en.ftl", ftl.into())],
        said,
    )
}

#[test]
fn files() {
    let keys: String = (0..100_000).map(|n| format!("k{n} = x\n")).collect();
    let same = "a = x\n".repeat(10_000);
    let bad = "a b\n".repeat(10_000);
    let chain: String = (0..5_000)
        .map(|n| format!("k{n} = {{ k{} }}\n", n + 1))
        .collect();
    let laughs: String = (0..30)
        .map(|n| format!("k{n} = {0} {0} {0} {0}\n", format!("{{ k{} }}", n + 1)))
        .collect();
    let deep = format!("a = {}{}\n", "{".repeat(500), "}".repeat(500));
    let variants: String = (0..20_000).map(|n| format!("    [{n}] x\n")).collect();
    let selectors = |n: usize| {
        format!(
            "a = {}x{}\n",
            "{ NUMBER(1) ->\n  *[other] ".repeat(n),
            "\n }".repeat(n)
        )
    };
    table(
        "fluent",
        vec![
            case(
                "windows newlines",
                "# hi\r\na = Hello\r\n    over two lines\r\n",
                "fine",
            ),
            case(
                "columns on windows",
                "# hi\r\nb = x\r\na = Привет { $nmae }\r\n",
                "BF0412 bot.yaml:4:30",
            ),
            case("byte order mark", "\u{feff}a = x\n", "fine"),
            case(
                "lone carriage return",
                "a = x\rb = y\n",
                "BF0004 locales/en.ftl:1:6",
            ),
            case("nul", "a = x\0\n", "BF0004 locales/en.ftl:1:6"),
            case(
                "not utf-8",
                b"a = \xff\n".to_vec(),
                "BF0003 locales/en.ftl:1:5",
            ),
            case("tab", "a =\n\tx\n", "BF0416 locales/en.ftl:1:1"),
            case(
                "trojan source",
                "a = x\u{202e}y\n",
                "BF0019 locales/en.ftl:1:6",
            ),
            case("written isolates", "a = { \"\\u2068\" }x\n", "fine"),
            case("line separator", "a = x\u{2028}y\n", "fine"),
            case(
                "ten megabytes",
                "#".repeat(10_000_001),
                "BF0005 locales/en.ftl:1:1",
            ),
            case(
                "a hundred thousand keys",
                format!("a = x\n{keys}"),
                "BF0005 locales/en.ftl:20001:1",
            ),
            case(
                "ten thousand times one key",
                same,
                "BF0417 locales/en.ftl:2:1",
            ),
            case("ten thousand mistakes", bad, "BF0416 locales/en.ftl:1:3"),
            case("braces", deep, "BF0416 locales/en.ftl:1:69"),
            case(
                "braces that stay open",
                format!("a = {}\n", "{".repeat(100_000)),
                "BF0416 locales/en.ftl:1:69",
            ),
            case(
                "parentheses",
                format!("a = {{ NUMBER{}\n", "(".repeat(100_000)),
                "BF0416 locales/en.ftl:1:76",
            ),
            case(
                "a long chain of references",
                format!("a = {{ k0 }}\n{chain}k5000 = x\n"),
                "BF0419 locales/en.ftl:64:9",
            ),
            case(
                "a billion laughs",
                format!("a = {{ k0 }}\n{laughs}k30 = x\n"),
                "BF0424 locales/en.ftl:1:1",
            ),
            case(
                "a circle",
                "a = { b }\nb = { a }\n",
                "BF0419 locales/en.ftl:2:7",
            ),
            case("selectors in selectors", selectors(30), "fine"),
            case(
                "twenty thousand variants",
                format!("a = {{ 1 ->\n{variants}   *[other] x\n }}\n"),
                "BF0423 locales/en.ftl:1:7",
            ),
            case(
                "a text of a megabyte",
                format!("a = {}\n", "x".repeat(1_000_000)),
                "BF0601 locales/en.ftl:1:5",
            ),
            case(
                "a key of a megabyte",
                format!("{} = x\n", "a".repeat(1_000_000)),
                "BF0410 bot.yaml:4:30",
            ),
            case(
                "a literal that stays open",
                format!("a = {{ \"{}\n", "x".repeat(1_000_000)),
                "BF0416 locales/en.ftl:1:1000007",
            ),
        ],
    );
}
