//! Thousands of presses, in both languages, against what a person sees: whatever is drawn can be pressed, what is pressed
//! changes what it says, and no way leads to a value that the author excludes.

use std::sync::Arc;

use botfactory_lang::answer::Refusal;
use botfactory_lang::callback::Key;
use botfactory_lang::value::{Decimal, Instant};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::bot::{BotSpec, Delivery, Scope};
use crate::handler::given::Choice;
use crate::i18n::Texts;
use crate::i18n::{LocaleSpec, Strategy};
use crate::incoming::Person;
use crate::store::outbox::OnAmbiguous;
use crate::store::tables::MigrationSet;

static SPEC: BotSpec = BotSpec {
    id: "widgets",
    name: "Widgets",
    tz: "UTC",
    scope: Scope::UserInChat,
    strategy: Strategy::User,
    delivery: Delivery::Auto,
    on_ambiguous: OnAmbiguous::Resend,
    tells_admins: false,
    locales: &[
        LocaleSpec { tag: "en", ftl: "" },
        LocaleSpec { tag: "ru", ftl: "" },
    ],
    default_locale: 0,
    commands: &[],
    wizards: &[],
    lists: &[],
    migrations: MigrationSet {
        owner: "widgets",
        files: &[],
    },
    source_hash: "0",
    texts: "",
};

fn words(locale: usize) -> Words {
    Words {
        texts: Arc::new(Texts::new(SPEC.languages()).unwrap()),
        locale,
        person: Arc::new(Person {
            id: 1,
            first_name: "Anna".into(),
            last_name: None,
            username: None,
            language_code: None,
        }),
        chat_id: 1,
        now: Instant::try_from_unix(0).unwrap(),
        args: "".into(),
        bot: 0,
        bulk: 25,
        admin: false,
        reader_admin: None,
        admins: [].into(),
    }
}

/// What every widget keeps: keys that fit and differ, labels that say something.
fn sound(drawn: &Drawn) {
    let mut keys = Vec::new();
    for (label, key) in drawn.rows.iter().flatten() {
        assert!(Key::new(key).is_some(), "{key}");
        assert!(!label.plain().trim().is_empty());
        assert!(key == INERT || !keys.contains(key), "{key} twice");
        keys.push(key.clone());
    }
    assert!(drawn.rows.iter().all(|row| (1..=8).contains(&row.len())));
    assert!(keys.len() <= 97);
}

/// Presses at random till there is an answer; `check` sees every view.
fn press<W: Widget>(
    widget: &W,
    words: &Words,
    random: &mut StdRng,
    mut check: impl FnMut(&str, &Drawn),
) -> Option<W::Value> {
    let mut view = String::new();
    for _ in 0..60 {
        let drawn = widget.draw(words, &view);
        sound(&drawn);
        check(&view, &drawn);
        let keys: Vec<_> = drawn.rows.iter().flatten().map(|(_, key)| key).collect();
        let key = keys[random.random_range(0..keys.len())];
        match widget.pressed(words, &view, key) {
            Ok(Turned::Value(value)) => return Some(value),
            Ok(Turned::View(next)) => {
                assert!(next.len() <= VIEW_BYTES);
                assert_ne!(next, view, "a press that changes nothing is refused");
                view = next;
            }
            Ok(Turned::Nothing) => assert_eq!(key, INERT),
            Err(_) => {}
        }
    }
    None
}

/// What no build has written: refused or nothing, never an answer out of bounds, never a panic.
fn forged<W: Widget>(
    widget: &W,
    words: &Words,
    random: &mut StdRng,
    ok: impl Fn(&W::Value) -> bool,
) {
    let junk = [
        "",
        "-",
        "ok",
        "+1",
        "-2",
        "99999999999999999999",
        "ffffffff",
        "ok ok",
        "🙂",
        "true",
        "0",
    ];
    for _ in 0..50 {
        let mut pick = || junk[random.random_range(0..junk.len())];
        let (view, key) = (pick(), pick());
        sound(&widget.draw(words, view));
        for read in [
            widget.pressed(words, view, key),
            widget.typed(words, view, key),
        ] {
            if let Ok(Turned::Value(value)) = read {
                assert!(ok(&value), "{view:?} {key:?}");
            }
        }
    }
}

#[test]
fn a_stepper_stays_within_its_bounds() {
    let mut random = StdRng::seed_from_u64(7);
    let mut answers = 0;
    for round in 0..600 {
        let words = words(round % 2);
        let min = random.random_range(-20..20);
        let max = random.random_range(-20..40);
        let widget = Number {
            min,
            max,
            start: random.random_range(-30..50),
            step: random.random_range(1..7),
            jump: (round % 3 == 0).then(|| random.random_range(1..30)),
        };
        let bounds = min..=max.max(min);
        let value = press(&widget, &words, &mut random, |_, drawn| {
            let shown: i64 = drawn.rows[0]
                .iter()
                .find(|(_, key)| key == INERT)
                .and_then(|(label, _)| label.plain().parse().ok())
                .unwrap();
            assert!(bounds.contains(&shown));
        });
        answers += usize::from(value.is_some());
        assert!(value.is_none_or(|value| bounds.contains(&value)));
        forged(&widget, &words, &mut random, |value| bounds.contains(value));
    }
    assert!(answers > 300, "{answers}");
}

#[test]
fn a_stepper_counts_cents_and_ends_of_the_range() {
    let words = words(0);
    let cents = Number {
        min: Decimal::<2>(0),
        max: Decimal(1_000),
        start: Decimal(0),
        step: Decimal(50),
        jump: None,
    };
    assert_eq!(
        cents.pressed(&words, "", "+1"),
        Ok(Turned::View("50".into()))
    );
    assert_eq!(
        cents.pressed(&words, "980", "+1"),
        Ok(Turned::View("1000".into()))
    );
    let refused = Refusal::TooGreat {
        max: "10.00".into(),
        length: false,
    };
    assert_eq!(cents.pressed(&words, "1000", "+1"), Err(refused));
    assert_eq!(
        cents.typed(&words, "", "2,5"),
        Ok(Turned::Value(Decimal(250)))
    );
    let all = Number {
        min: i64::MIN,
        max: i64::MAX,
        start: i64::MAX - 1,
        step: 5,
        jump: None,
    };
    assert_eq!(
        all.pressed(&words, "", "+1"),
        Ok(Turned::View(i64::MAX.to_string()))
    );
    assert!(all.pressed(&words, &i64::MAX.to_string(), "+1").is_err());
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Topping(&'static str);

const TOPPINGS: [Topping; 4] = [
    Topping("olives"),
    Topping("basil"),
    Topping("chili"),
    Topping("ok"),
];

impl Choice for Topping {
    const OPTIONS: &'static [Self] = &TOPPINGS;
    fn value(self) -> &'static str {
        self.0
    }
    fn label(self, _: &Words) -> Text {
        label(self.0.to_uppercase())
    }
}

#[test]
fn a_selection_is_what_is_ticked() {
    let mut random = StdRng::seed_from_u64(8);
    let mut answers = 0;
    for round in 0..600 {
        let words = words(round % 2);
        let offered: Vec<_> = TOPPINGS
            .iter()
            .filter(|_| random.random_range(0..4) > 0)
            .map(|option| (*option, option.label(&words)))
            .collect();
        let max = random.random_range(1..=4);
        let widget = Multiselect {
            offered: offered.clone(),
            min: random.random_range(0..=2),
            max,
            columns: random.random_range(1..=4),
        };
        let mut ticked = Vec::new();
        let value = press(&widget, &words, &mut random, |_, drawn| {
            let is_ticked = |(text, _): &&(Text, String)| text.plain().starts_with('✅');
            ticked = drawn
                .rows
                .iter()
                .flatten()
                .filter(is_ticked)
                .map(|(_, key)| key.clone())
                .collect();
            assert!(ticked.len() <= max);
        });
        let Some(value) = value else { continue };
        answers += 1;
        let min = widget.min.min(offered.len());
        assert!((min..=max).contains(&value.len()));
        let keys: Vec<_> = value
            .iter()
            .map(|option| multiselect::key(*option))
            .collect();
        assert_eq!(keys, ticked, "in the order of the options");
        let allowed = |value: &Vec<Topping>| {
            (min..=max).contains(&value.len())
                && value.iter().all(|v| offered.iter().any(|(o, _)| o == v))
        };
        forged(&widget, &words, &mut random, allowed);
    }
    assert!(answers > 200, "{answers}");
}

#[test]
fn what_is_no_longer_offered_is_not_taken() {
    let words = words(0);
    let of = |options: &[Topping]| Multiselect {
        offered: options.iter().map(|o| (*o, o.label(&words))).collect(),
        min: 1,
        max: 2,
        columns: 1,
    };
    let Ok(Turned::View(view)) = of(&TOPPINGS).typed(&words, "", "chili") else {
        panic!("not ticked");
    };
    // The other build, or the answer before, takes it away.
    let fewer = of(&TOPPINGS[..2]);
    assert_eq!(fewer.pressed(&words, &view, "ok"), Err(Refusal::TooFew(1)));
    let gone = multiselect::key(TOPPINGS[2]);
    assert_eq!(
        fewer.pressed(&words, &view, &gone),
        Err(Refusal::NotAnOption)
    );
}

#[test]
fn stars_and_yes_or_no() {
    let mut random = StdRng::seed_from_u64(9);
    for locale in [0, 1] {
        let words = words(locale);
        for max in 2..=10 {
            let widget = Rating { max, symbol: "⭐" };
            let drawn = widget.draw(&words, "");
            sound(&drawn);
            assert_eq!(
                drawn.rows.iter().flatten().count(),
                usize::try_from(max).unwrap()
            );
            assert!(drawn.rows.iter().all(|row| row.len() <= 5));
            for (text, key) in drawn.rows.iter().flatten() {
                let pressed = widget.pressed(&words, "", key);
                assert_eq!(
                    pressed,
                    widget.typed(&words, "", &text.plain()),
                    "as it reads"
                );
                assert!(matches!(pressed, Ok(Turned::Value(n)) if (1..=max).contains(&n)));
            }
            forged(&widget, &words, &mut random, |n| (1..=max).contains(n));
        }
        let own = Confirm {
            yes: Some(label("Delete")),
            no: Some(label("Keep")),
        };
        let runtime = Confirm {
            yes: None,
            no: None,
        };
        for (widget, yes) in [(&own, "delete "), (&runtime, ["Yes", "да"][locale])] {
            sound(&widget.draw(&words, ""));
            assert_eq!(widget.typed(&words, "", yes), Ok(Turned::Value(true)));
            assert_eq!(
                widget.pressed(&words, "", "false"),
                Ok(Turned::Value(false))
            );
            assert!(widget.pressed(&words, "", "maybe").is_err());
            forged(widget, &words, &mut random, |_| true);
        }
    }
}
