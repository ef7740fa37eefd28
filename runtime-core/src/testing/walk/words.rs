//! What people type.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// A kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Word,
    Small,
    Number,
    Decimal,
    YesNo,
    Date,
    Time,
    DateTime,
    Email,
    Phone,
    /// Types the text of a button.
    Label,
    Odd,
    Long,
    Contact,
    Location,
    Photo,
    File,
    Sticker,
    Skip,
}

/// All of them.
pub(super) const KINDS: &[Kind] = &[
    Kind::Word,
    Kind::Small,
    Kind::Number,
    Kind::Decimal,
    Kind::YesNo,
    Kind::Date,
    Kind::Time,
    Kind::DateTime,
    Kind::Email,
    Kind::Phone,
    Kind::Label,
    Kind::Odd,
    Kind::Long,
    Kind::Contact,
    Kind::Location,
    Kind::Photo,
    Kind::File,
    Kind::Sticker,
    Kind::Skip,
];

const WORDS: &[&str] = &[
    "abc",
    "Anna",
    "a quiet room",
    "Борщ",
    "x1",
    "plain words",
    "SAVE10",
];

const ODD: &[&str] = &[
    "ab",
    "😀",
    "👩‍👩‍👧‍👦👩‍👩‍👧‍👦",
    "🇩🇪🇫🇷",
    "<b>",
    "</i></b>",
    "<a href=\"x\">",
    "&amp;",
    "&",
    "<>&\"'",
    "{{note}}",
    "{{#each rows}}",
    "{ $name }",
    "}}",
    "t:hi",
    "%s %d ${x}",
    "'; DROP TABLE bookings; --",
    "%",
    "_",
    "*_[]()~`>#+-=|{}.!\\",
    "\\",
    "```",
    "||a||",
    "__u__",
    "[a](http://b)",
    "مرحبا بالعالم",
    "\u{202e}rtl",
    "\u{200f}\u{200e}",
    "\u{200b}",
    "\u{2060}x",
    "\u{3164}",
    "\u{2800}",
    "\u{feff}bom",
    "a\u{301}\u{301}\u{301}\u{301}",
    "Ω≈ç√∫˜µ≤",
    "٣٤",
    "１２３",
    "ﬀ",
    "İıßẞ",
    "line\nline",
    "a\n\n\n\nb",
    "\ttab",
    "a\u{0}b",
    "a\u{1f}b",
    "a\u{7f}b",
    "\u{fffd}",
    "\u{10ffff}",
    "null",
    "true",
    "NaN",
    "inf",
    "-0",
    "0x10",
    "1e308",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "99999999999999999999999999",
    "0.1",
    "1,5",
    "1 000",
    ".5",
    "5.",
    "92233720368547758.07",
    "92233720368547758.08",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "9999-12-31 23:59",
    "0000-00-00",
    "2030-02-30",
    "31.02.2030 25:61",
    "2030-03-10 02:30",
    "24:00",
    "00:00",
    "23:59",
    "12:60",
    "tomorrow",
    "nobody@",
    "@b.c",
    "a@b@c.d",
    "+",
    "+7",
    "+0000000000000000000",
    "yes",
    "нет",
    "http://example.org/?q=<b>&x=1",
    "@someone",
    "#tag",
    "-",
    "+1",
    "/",
    "//",
    "/ start",
    "/START",
    "/start@",
    "/start@someotherbot",
    "/nothing",
    "/start deep-link",
    "/start \u{0}",
    "/start 9223372036854775808 x y z",
    "/back",
    "/skip",
    "/cancel now",
];

/// Words of this kind; `None`: they are not words.
pub(super) fn words(kind: Kind, now: i64, random: &mut StdRng) -> Option<String> {
    let date = day(now, random.random_range(0..25));
    Some(match kind {
        Kind::Word => pick(WORDS, random),
        Kind::Small => random.random_range(0..=11i64).to_string(),
        Kind::Number => match random.random_range(0..4) {
            0 => random.random_range(-6..101i64).to_string(),
            1 => random.random::<i64>().to_string(),
            2 => [i64::MAX, i64::MIN, i64::MAX - 1, 0, -1][random.random_range(0..5)].to_string(),
            _ => random.random_range(-100_000..100_000i64).to_string(),
        },
        Kind::Decimal => match random.random_range(0..4) {
            0 => format!(
                "{}.{}",
                random.random_range(0..100),
                random.random_range(0..10)
            ),
            1 => format!(
                "{}.{:02}",
                random.random_range(0..100),
                random.random_range(0..100)
            ),
            2 => format!("{},5", random.random_range(0..1000)),
            _ => format!("{}.99", random.random_range(0..92_233_720_368_547_758i64)),
        },
        Kind::YesNo => pick(&["yes", "no", "да", "нет", "Yes", "NO"], random),
        Kind::Date => date,
        Kind::Time => format!(
            "{:02}:{:02}",
            random.random_range(0..24),
            random.random_range(0..60)
        ),
        Kind::DateTime => {
            let (hour, minute) = (random.random_range(0..24), random.random_range(0..60));
            format!("{date} {hour:02}:{minute:02}")
        }
        Kind::Email => pick(
            &["anna@example.org", "a.b+c@example.co.uk", "x@y.zz"],
            random,
        ),
        Kind::Phone => pick(
            &["+79120000000", "+1 (202) 555-0143", "89120000000"],
            random,
        ),
        Kind::Odd => pick(ODD, random),
        Kind::Long => long(random),
        Kind::Skip => pick(&["/skip", "/back", "/cancel"], random),
        Kind::Label | Kind::Contact | Kind::Location | Kind::Photo | Kind::File | Kind::Sticker => {
            return None;
        }
    })
}

/// Up to what Telegram lets people send: 4096 units of UTF-16.
fn long(random: &mut StdRng) -> String {
    match random.random_range(0..8) {
        0 => "x".repeat(random.random_range(1..=4096)),
        1 => "x".repeat(4096),
        2 => "😀".repeat(random.random_range(1..=2048)),
        3 => "<&>\"".repeat(random.random_range(1..=1024)),
        4 => "*_\\`".repeat(random.random_range(1..=1024)),
        5 => "a\u{301}".repeat(random.random_range(1..=2048)),
        6 => "word ".repeat(random.random_range(1..=819)) + "x",
        _ => (0..random.random_range(1..120))
            .map(|_| random.random::<char>())
            .chain(['x'])
            .collect(),
    }
}

pub(super) fn pick(from: &[&str], random: &mut StdRng) -> String {
    from.choose(random)
        .map_or(String::new(), |&word| word.to_owned())
}

/// `YYYY-MM-DD`, so many days after `now`.
fn day(now: i64, after: i64) -> String {
    jiff::Timestamp::from_second(now.saturating_add(after * 86_400))
        .map(|at| at.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}
