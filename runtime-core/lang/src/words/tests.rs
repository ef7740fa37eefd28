use super::*;
use crate::value::{Date, Decimal, Instant, TimeOfDay};
use jiff::tz::TimeZone;

const FTL: &str = r#"
-brand = Ромашка
    .gender = feminine
plain = Привет, <b>друзья</b>!
hello = Привет, { $name }!
quoted = { "{" }{ $name }{ "}" } { "\u00A0" }
places = { $count ->
    [0] Мест нет
    [one] Осталось { $count } место
    [few] Осталось { $count } места
   *[many] Осталось { $count } мест
}
sum = Итого: { NUMBER($sum, minimumFractionDigits: 2) }
price = { NUMBER($sum, style: "currency", currency: "RUB") }
share = { NUMBER($part, style: "percent") }
code = { NUMBER($n, minimumIntegerDigits: 4, useGrouping: "false") }
when = { DATETIME($at, pattern: "d MMMM, HH:mm") }
styled = { DATETIME($at, dateStyle: "short") } { DATETIME($at, timeStyle: "short") }
both = { DATETIME($at, dateStyle: "long", timeStyle: "short") }
kind = { $kind ->
    [spa_day] День спа: { $kind }
   *[other] Другое: { $kind }
}
about = { -brand } рада вам, { hello }
button = Кнопка
    .hint = Подсказка для { $name }
bare = { $int } { $real } { $sum } { $day } { $clock } { $at }
mixed = { $int } { $real } { $sum } { $day } { $clock } { $at }{ "" }{ 1 }
"#;

fn catalogue(tag: &str) -> Catalogue {
    Catalogue::new(tag, TimeZone::get("Europe/Moscow").unwrap(), &[FTL]).unwrap()
}

fn say(catalogue: &Catalogue, key: &str, args: &Args<'_>) -> String {
    say_in(catalogue, key, args, ParseMode::Html)
}

fn say_in(catalogue: &Catalogue, key: &str, args: &Args<'_>, mode: ParseMode) -> String {
    let (key, attribute) = key
        .split_once('.')
        .map_or((key, None), |(key, attribute)| (key, Some(attribute)));
    let mut out = String::new();
    catalogue.print(key, attribute, args, mode, Place::Text, &mut out);
    out
}

fn at() -> Instant {
    Instant::parse_sql("2026-03-05 11:30:00").unwrap()
}

#[test]
fn can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Catalogue>();
    let catalogue = catalogue("ru");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for count in 0..200 {
                    let text = say(&catalogue, "places", &Args::new().with("count", count));
                    assert!(
                        text.contains("Мест") || text.contains(&count.to_string()),
                        "{text}"
                    );
                }
            });
        }
    });
}

#[test]
fn plain_messages() {
    let ru = catalogue("ru");
    assert_eq!(
        say(&ru, "plain", &Args::new()),
        "Привет, <b>друзья</b>!",
        "the author's markup stays"
    );
    assert_eq!(
        say(&ru, "hello", &Args::new().with("name", "<Аня & Ко>")),
        "Привет, &lt;Аня &amp; Ко&gt;!"
    );
    assert_eq!(
        say(&ru, "quoted", &Args::new().with("name", "x")),
        "{x} \u{a0}"
    );
    assert_eq!(
        say(&ru, "button.hint", &Args::new().with("name", "Ани")),
        "Подсказка для Ани"
    );
    assert_eq!(
        say(
            &ru,
            "hello",
            &Args::new().with("name", "a").with("name", "b")
        ),
        "Привет, b!"
    );
}

#[test]
fn plurals_of_russian() {
    let ru = catalogue("ru");
    for (count, text) in [
        (0, "Мест нет"),
        (1, "Осталось 1 место"),
        (3, "Осталось 3 места"),
        (5, "Осталось 5 мест"),
        (21, "Осталось 21 место"),
        (1234, "Осталось 1\u{a0}234 места"),
    ] {
        assert_eq!(say(&ru, "places", &Args::new().with("count", count)), text);
    }
}

#[test]
fn numbers_and_money() {
    let ru = catalogue("ru");
    assert_eq!(
        say(&ru, "sum", &Args::new().with("sum", 1234)),
        "Итого: 1\u{a0}234,00"
    );
    assert_eq!(
        say(&ru, "sum", &Args::new().with("sum", Decimal::<2>(123_450))),
        "Итого: 1\u{a0}234,50"
    );
    assert_eq!(
        say(
            &ru,
            "price",
            &Args::new().with("sum", Decimal::<2>(123_450))
        ),
        "1\u{a0}234,50\u{a0}₽"
    );
    assert_eq!(
        say(&ru, "share", &Args::new().with("part", 0.25)),
        "25\u{a0}%"
    );
    assert_eq!(
        say(&catalogue("en"), "share", &Args::new().with("part", 0.25)),
        "25%"
    );
    assert_eq!(say(&ru, "code", &Args::new().with("n", 42)), "0042");
    assert_eq!(say(&ru, "code", &Args::new().with("n", 12345)), "12345");
}

#[test]
fn dates() {
    let ru = catalogue("ru");
    assert_eq!(
        say(&ru, "when", &Args::new().with("at", at())),
        "5 марта, 14:30"
    );
    assert_eq!(
        say(&ru, "styled", &Args::new().with("at", at())),
        "05.03.2026 14:30"
    );
    assert!(say(&ru, "both", &Args::new().with("at", at())).ends_with("г., 14:30"));
    assert_eq!(
        say(
            &ru,
            "when",
            &Args::new().with("at", TimeOfDay::new(9, 5, 0).unwrap())
        ),
        "1 января, 09:05",
        "ruled out by the compiler"
    );
}

#[test]
fn both_ways_of_printing_agree() {
    let args = || {
        Args::new()
            .with("int", 1_234_567)
            .with("real", 1.5)
            .with("sum", Decimal::<2>(150))
            .with("day", Date::new(2026, 3, 5).unwrap())
            .with("clock", TimeOfDay::new(14, 30, 0).unwrap())
            .with("at", at())
    };
    for tag in ["ru", "en", "de"] {
        let catalogue = catalogue(tag);
        for mode in [ParseMode::Html, ParseMode::MarkdownV2, ParseMode::Plain] {
            assert_eq!(
                say_in(&catalogue, "mixed", &args(), mode),
                say_in(&catalogue, "bare", &args(), mode) + "1",
                "{tag}"
            );
        }
    }
}

#[test]
fn values_are_escaped_for_the_mode() {
    let ru = catalogue("ru");
    let markdown = ParseMode::MarkdownV2;
    assert_eq!(
        say_in(&ru, "hello", &Args::new().with("name", "a_b"), markdown),
        "Привет, a\\_b!"
    );
    assert_eq!(
        say_in(&ru, "styled", &Args::new().with("at", at()), markdown),
        "05\\.03\\.2026 14:30"
    );
    assert_eq!(
        say_in(&ru, "bare", &Args::new().with("int", -1), markdown)
            .split(' ')
            .next(),
        Some("\\-1")
    );
    // Selectors see the value itself, the text its escaped form.
    assert_eq!(
        say_in(&ru, "kind", &Args::new().with("kind", "spa_day"), markdown),
        "День спа: spa\\_day"
    );
    assert_eq!(
        say_in(
            &ru,
            "kind",
            &Args::new().with("kind", "<x>"),
            ParseMode::Html
        ),
        "Другое: &lt;x&gt;"
    );
    let mut out = String::new();
    ru.print(
        "hello",
        None,
        &Args::new().with("name", "\"x\""),
        ParseMode::Html,
        Place::Attribute,
        &mut out,
    );
    assert_eq!(out, "Привет, &quot;x&quot;!");
}

#[test]
fn terms_and_references() {
    let ru = catalogue("ru");
    assert_eq!(
        say(&ru, "about", &Args::new().with("name", "<Аня>")),
        "Ромашка рада вам, Привет, &lt;Аня&gt;!"
    );
}

#[test]
fn numbers_that_floats_cannot_hold() {
    let ru = catalogue("ru");
    for number in [i64::MAX, i64::MIN, 1_000_000_000_000_000] {
        let text = say(&ru, "places", &Args::new().with("count", number));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, number.unsigned_abs().to_string());
    }
    for number in [
        f64::NAN,
        f64::INFINITY,
        1e300,
        1e-300,
        0.1 + 0.2,
        -1e14,
        f64::MIN_POSITIVE,
        123_456.789_012_345,
    ] {
        assert!(!say(&ru, "places", &Args::new().with("count", number)).is_empty());
        assert!(!say(&ru, "sum", &Args::new().with("sum", number)).is_empty());
    }
    let huge = Decimal::<18>(i64::MAX);
    assert_eq!(
        say(&ru, "sum", &Args::new().with("sum", huge)),
        "Итого: 9,223372036854775807"
    );
}

#[test]
fn missing_things_are_visible_and_harmless() {
    let ru = catalogue("ru");
    assert_eq!(
        say_in(&ru, "no-such-key", &Args::new(), ParseMode::MarkdownV2),
        "no\\-such\\-key"
    );
    assert_eq!(say(&ru, "hello", &Args::new()), "Привет, {$name}!");
    assert!(!ru.has("no-such-key", None));
    assert!(ru.has("button", Some("hint")));
    assert!(!ru.has("button", Some("other")));
    assert!(!ru.has("brand", None), "terms are no messages");
}

#[test]
fn the_runtimes_words_lie_below() {
    let tz = TimeZone::UTC;
    let ru = Catalogue::new("ru", tz.clone(), &["bf-back = Обратно"]).unwrap();
    assert_eq!(say(&ru, "bf-back", &Args::new()), "Обратно");
    assert_eq!(say(&ru, "bf-skip", &Args::new()), "Пропустить");
    assert_eq!(
        say(&ru, "bf-too-long", &Args::new().with("max", "5")),
        "Слишком длинно. Наибольшая длина в символах: 5."
    );
    let de = Catalogue::new("de", tz, &[]).unwrap();
    assert!(!de.has("bf-back", None));
}

#[test]
fn later_sources_override() {
    let catalogue = Catalogue::new("en", TimeZone::UTC, &["a = 1\nb = 1", "a = 2"]).unwrap();
    assert_eq!(say(&catalogue, "a", &Args::new()), "2");
    assert_eq!(say(&catalogue, "b", &Args::new()), "1");
}

#[test]
fn faults_have_places() {
    let errors = Catalogue::new("en", TimeZone::UTC, &["a = 1", "b = { $x"]).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].source, 1);
    assert!(errors[0].range.start <= 8 && !errors[0].message.is_empty());
}
