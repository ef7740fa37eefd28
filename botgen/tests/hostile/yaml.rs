//! `bot.yaml`, `flows/` and `chats/`.

use super::run::{Case, Dir, table};

const HEAD: &str = "botfactory: v1\n";
const GOOD: &str = "botfactory: v1\nintents:\n  - { cmd: /start, reply: Hi }\n";

fn case(name: &'static str, bot: impl Into<Vec<u8>>, said: &'static str) -> Case {
    (name, vec![("bot.yaml", bot.into())], said)
}

/// The good bot and one more file.
fn beside(
    name: &'static str,
    path: &'static str,
    bytes: impl Into<Vec<u8>>,
    said: &'static str,
) -> Case {
    (
        name,
        vec![("bot.yaml", GOOD.into()), (path, bytes.into())],
        said,
    )
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    std::iter::once('\u{feff}')
        .chain(text.chars())
        .flat_map(|c| {
            let unit = u16::try_from(u32::from(c)).unwrap();
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

/// A reply of the `/start` that every case of this kind has.
fn reply(text: &str) -> String {
    format!("{HEAD}intents:\n  - {{ cmd: /start, reply: {text} }}\n")
}

fn nested(open: &str, close: &str, n: usize) -> String {
    format!("{}{}", open.repeat(n), close.repeat(n))
}

#[test]
fn bytes() {
    let windows = GOOD.replace('\n', "\r\n");
    let wrong = "botfactory: v1\r\nintents:\r\n  - { cmd: /start, replyy: Hi, reply: Hi }\r\n";
    let block = "botfactory: v1\r\nintents:\r\n  - cmd: /start\r\n    reply: |\r\n      Привет\r\n      {{nmae}}\r\n";
    table(
        "bytes",
        vec![
            case("windows newlines", windows, "fine"),
            case("columns on windows", wrong, "BF0101 bot.yaml:3:20"),
            case(
                "columns in a block text on windows",
                block,
                "BF0710 bot.yaml:6:9",
            ),
            case("byte order mark", format!("\u{feff}{GOOD}"), "fine"),
            case(
                "byte order mark and a mistake",
                format!("\u{feff}imя: 1\n{GOOD}"),
                "BF0101 bot.yaml:1:1",
            ),
            case("byte order mark inside", reply("\"a\u{feff}b\""), "fine"),
            case(
                "nul",
                "botfactory: v1\nname: \"a\0b\"\n",
                "BF0004 bot.yaml:2:9",
            ),
            case(
                "escape character",
                "botfactory: v1\nname: \"a\u{1b}[31mb\"\n",
                "BF0004 bot.yaml:2:9",
            ),
            case("only nul", vec![0; 100_000], "BF0004 bot.yaml:1:1"),
            case(
                "not utf-8",
                b"botfactory: v1\nname: \"\xff\"\n".to_vec(),
                "BF0003 bot.yaml:2:8",
            ),
            case(
                "overlong utf-8",
                b"botfactory: v1\nname: \"\xc0\x80\"\n".to_vec(),
                "BF0003 bot.yaml:2:8",
            ),
            case(
                "a surrogate as utf-8",
                b"a: \"\xed\xa0\x80\"\n".to_vec(),
                "BF0003 bot.yaml:1:5",
            ),
            case(
                "cut inside a character",
                "name: я".as_bytes()[..7].to_vec(),
                "BF0003 bot.yaml:1:7",
            ),
            case(
                "utf-16 little endian",
                utf16(GOOD, true),
                "BF0003 bot.yaml:1:1",
            ),
            case(
                "utf-16 big endian",
                utf16(GOOD, false),
                "BF0003 bot.yaml:1:1",
            ),
            case(
                "utf-16 without mark",
                utf16(GOOD, true)[2..].to_vec(),
                "BF0004 bot.yaml:1:2",
            ),
            case(
                "lone carriage return",
                "botfactory: v1\rname: x\r",
                "BF0004 bot.yaml:1:15",
            ),
            case(
                "tabs",
                "botfactory: v1\nintents:\n\t- { cmd: /start, reply: Hi }\n",
                "BF0011 bot.yaml:3:1",
            ),
            case(
                "line separator in a text",
                reply("\"a\u{2028}b\u{85}c\""),
                "fine",
            ),
            case(
                "line separator in a key",
                format!("{GOOD}na\u{2028}me: x\n"),
                "BF0101 bot.yaml:4:1",
            ),
            case(
                "zero width in a key",
                format!("{GOOD}na\u{200b}me: x\n"),
                "BF0101 bot.yaml:4:1",
            ),
            case(
                "zero width in a command",
                format!("{HEAD}intents:\n  - {{ cmd: /st\u{200b}art, reply: Hi }}\n"),
                "BF0203 bot.yaml:3:15",
            ),
            case(
                "family emoji",
                reply("\"👨\u{200d}👩\u{200d}👧 שלום\u{200f}\""),
                "fine",
            ),
            case(
                "trojan source",
                reply("\"a \u{202e}b\u{202c}\""),
                "BF0019 bot.yaml:3:30",
            ),
            case(
                "trojan source in a comment",
                format!("{GOOD}# \u{2066}x\u{2069}\n"),
                "BF0019 bot.yaml:4:3",
            ),
            case("written isolates", reply(r#""\u2068a\u2069""#), "fine"),
            case("nothing", "", "BF0007 bot.yaml:1:1"),
            case("only a comment", "# x", "BF0007 bot.yaml:1:1"),
            case(
                "binary",
                (0..=255).cycle().take(100_000).collect::<Vec<u8>>(),
                "BF0003 bot.yaml:2:118",
            ),
        ],
    );
}

#[test]
fn trees() {
    let laughs = {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (one, next) in "abcdefghij".chars().zip("bcdefghijk".chars()) {
            text.push_str(&format!(
                "{next}: &{next} [{}]\n",
                vec![format!("*{one}"); 9].join(", ")
            ));
        }
        format!("{HEAD}{text}")
    };
    let steps = |n: usize| {
        (0..n).fold(String::new(), |text, i| {
            format!("{text}{}- a:\n", "  ".repeat(i))
        })
    };
    table(
        "trees",
        vec![
            case("billion laughs", laughs, "BF0101 bot.yaml:2:1"),
            case(
                "an alias to itself",
                format!("{HEAD}intents: &a [*a]\n"),
                "BF0013 bot.yaml:2:10",
            ),
            case(
                "a merge of itself",
                format!("{HEAD}intents: &a\n  <<: *a\n"),
                "BF0013 bot.yaml:2:10",
            ),
            case(
                "brackets",
                format!("{HEAD}flows: {}\n", nested("[", "]", 1_000_000)),
                "BF0017 bot.yaml:2:264",
            ),
            case(
                "brackets that stay open",
                format!("{HEAD}flows: {}\n", "[".repeat(1_000_000)),
                "BF0017 bot.yaml:2:264",
            ),
            case(
                "braces",
                format!("{HEAD}flows: {}\n", nested("{a: ", "}", 200_000)),
                "BF0103 bot.yaml:2:8",
            ),
            case(
                "dashes",
                format!("{HEAD}flows:\n  {}x\n", "- ".repeat(100_000)),
                "BF0103 bot.yaml:3:5",
            ),
            case(
                "steps of indentation",
                format!("{HEAD}flows:\n{}", steps(500)),
                "BF0104 bot.yaml:3:3",
            ),
            case(
                "question marks",
                format!("{HEAD}flows:\n  {}x\n", "? ".repeat(100_000)),
                "BF0103 bot.yaml:3:3",
            ),
            case(
                "tags",
                format!("{HEAD}flows: {}x\n", "!!seq ".repeat(10_000)),
                "BF0014 bot.yaml:2:8",
            ),
            case(
                "anchors",
                format!("{HEAD}name: {}x\n", "&a ".repeat(10_000)),
                "BF0103 bot.yaml:2:1",
            ),
        ],
    );
}

#[test]
fn sizes() {
    let keys: String = (0..100_000).map(|n| format!("k{n}: 1\n")).collect();
    let items: String = (0..100_000)
        .map(|n| format!("  - {{ cmd: /c{n}, reply: Hi }}\n"))
        .collect();
    let same = "name: x\n".repeat(10_000);
    let commands: String = (0..3_000)
        .map(|n| format!("  - {{ cmd: /c{n}, reply: Hi, description: Hi }}\n"))
        .collect();
    let dead: String = (0..10_000)
        .map(|n| format!("        - {{ text: a, callback: /c{n} }}\n"))
        .collect();
    let long = "a".repeat(1_000_000);
    table(
        "sizes",
        vec![
            case(
                "ten megabytes",
                "x".repeat(10_000_001),
                "BF0005 bot.yaml:1:1",
            ),
            case(
                "ten megabytes of entries",
                "- a\n".repeat(2_500_000),
                "BF0103 bot.yaml:1:1",
            ),
            case(
                "ten megabytes of line ends",
                "\n".repeat(10_000_000),
                "BF0007 bot.yaml:1:1",
            ),
            case(
                "one line of a megabyte",
                format!("{HEAD}name: \"{long}\"\n"),
                "BF0639 bot.yaml:2:7",
            ),
            case(
                "one text of a megabyte",
                reply(&format!("\"{long}\"")),
                "BF0601 bot.yaml:3:27",
            ),
            case(
                "a megabyte of unclosed quote",
                format!("{HEAD}name: \"{long}\n"),
                "BF0010 bot.yaml:2:7",
            ),
            case(
                "a key of a megabyte",
                format!("{HEAD}{long}: 1\n"),
                "BF0010 bot.yaml:2:1",
            ),
            case(
                "a hundred thousand keys",
                format!("{HEAD}{keys}"),
                "BF0101 bot.yaml:2:1",
            ),
            case(
                "a hundred thousand items",
                format!("{HEAD}intents:\n{items}"),
                "BF0901 bot.yaml:24167:12",
            ),
            case(
                "ten thousand times one key",
                format!("{HEAD}{same}"),
                "BF0015 bot.yaml:3:1",
            ),
            case(
                "three thousand commands",
                format!("{HEAD}intents:\n{commands}"),
                "BF0630 bot.yaml:103:43",
            ),
            case(
                "ten thousand dead buttons",
                format!(
                    "{HEAD}flows:\n  - flow.menu.v1:\n      entry_cmd: /start\n      title: T\n      options:\n{dead}"
                ),
                "BF0201 bot.yaml:7:32",
            ),
            beside(
                "a megabyte in a flow file",
                "flows/a.yaml",
                long.clone(),
                "BF0103 flows/a.yaml:1:1",
            ),
            beside(
                "a megabyte in a chat file",
                "chats/a.yaml",
                format!("- {{ name: \"{long}\", steps: [] }}\n"),
                "BF0110 chats/a.yaml:1:1000022",
            ),
        ],
    );
}

#[test]
fn little_languages() {
    let when = |expr: &str| {
        format!(
            "{HEAD}flows:\n  - flow.generic.v1:\n      entry_cmd: /start\n      on_enter:\n        - action.reply_template.v1: {{ when: \"{expr}\", text: Hi }}\n        - action.reply_template.v1: {{ text: Ho }}\n"
        )
    };
    let regex = |regex: &str| {
        format!(
            "{HEAD}flows:\n  - flow.wizard.v1:\n      entry_cmd: /start\n      steps:\n        - {{ ask: A, var: a, validate: {{ regex: '{regex}', msg: no }} }}\n      on_complete: [{{ action.reply_template.v1: {{ text: \"{{{{a}}}}\" }} }}]\n"
        )
    };
    let and = |n: usize| vec!["1 == 1"; n].join(" and ");
    table(
        "little",
        vec![
            case(
                "parentheses",
                when(&nested("(", ")", 500)),
                "BF0702 bot.yaml:6:110",
            ),
            case(
                "parentheses that stay open",
                when(&"(".repeat(100_000)),
                "BF0702 bot.yaml:6:110",
            ),
            case(
                "not",
                when(&format!("{} true", "not ".repeat(100_000))),
                "BF0702 bot.yaml:6:46",
            ),
            case(
                "minus",
                when(&format!("{}1 < 2", "-".repeat(100_000))),
                "BF0702 bot.yaml:6:109",
            ),
            case("a long chain", when(&and(100_000)), "BF0702 bot.yaml:6:46"),
            case(
                "a long name",
                when(&"a".repeat(1_000_000)),
                "BF0710 bot.yaml:6:46",
            ),
            case(
                "a long path",
                when(&format!("a{}", ".b".repeat(100_000))),
                "BF0702 bot.yaml:6:46",
            ),
            case(
                "a long list",
                when(&format!("1 in [{}]", vec!["1"; 100_000].join(", "))),
                "fine",
            ),
            case(
                "a long number",
                when(&format!("{} == 1", "9".repeat(100_000))),
                "BF0704 bot.yaml:6:46",
            ),
            case(
                "ifs",
                reply(&format!("\"{}\"", nested("{{#if true}}", "{{/if}}", 500))),
                "BF0405 bot.yaml:3:796",
            ),
            case(
                "ifs that stay open",
                reply(&format!("\"{}\"", "{{#if true}}".repeat(50_000))),
                "BF0405 bot.yaml:3:796",
            ),
            case(
                "else ifs",
                reply(&format!(
                    "\"{{{{#if true}}}}{}{{{{/if}}}}\"",
                    "a{{else if true}}".repeat(10_000)
                )),
                "BF0432 bot.yaml:3:27",
            ),
            case(
                "braces in a text",
                reply(&format!("\"{}\"", "{{".repeat(100_000))),
                "BF0403 bot.yaml:3:28",
            ),
            case(
                "tags in a text",
                reply(&format!("\"{}\"", nested("<b>", "</b>", 10_000))),
                "BF0601 bot.yaml:3:27",
            ),
            case(
                "many values",
                reply(&format!("\"{}\"", "{{chat_id}}".repeat(50_000))),
                "fine",
            ),
            case(
                "a regex bomb",
                regex("(a{1000}){1000}"),
                "BF0311 bot.yaml:6:48",
            ),
            case(
                "a larger regex bomb",
                regex("((a{100}){100}){100}"),
                "BF0311 bot.yaml:6:48",
            ),
            case(
                "a regex of groups",
                regex(&nested("(", ")", 10_000)),
                "BF0311 bot.yaml:6:48",
            ),
            case(
                "a regex of a megabyte",
                regex(&"a".repeat(1_000_000)),
                "BF0311 bot.yaml:6:48",
            ),
            case(
                "classes of a regex",
                regex(&"\\w".repeat(5_000)),
                "BF0311 bot.yaml:6:48",
            ),
            case(
                "arguments of a text",
                reply(&format!("\"t:a {{{}}}\"", vec!["a=1"; 50_000].join(", "))),
                "BF0402 bot.yaml:3:38",
            ),
        ],
    );
}

#[test]
fn many_findings_are_counted() {
    let dir = Dir::new("counted");
    dir.write("bot.yaml", format!("{GOOD}{}", "name: x\n".repeat(10_000)));
    let found = dir.findings();
    let (shown, more): (Vec<_>, Vec<_>) = found.iter().partition(|f| f.code == "BF0015");
    assert_eq!(shown.len(), 100);
    assert_eq!(more.len(), 1, "{more:?}");
    assert_eq!((more[0].code.as_str(), more[0].line), ("BF0018", 105));
    assert!(
        more[0].message.contains("9,899 more"),
        "{}",
        more[0].message
    );
}
