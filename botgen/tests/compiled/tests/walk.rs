//! What `check` accepts, people may do anything to: no handler error, no refused call, no dead end.
#![allow(missing_docs)]

use runtime_core::testing::walk::{Plan, Walked, walk};

/// `WALKED_UPDATES`: deliveries to each bot. `WALKED_SEED`: where they go.
fn setting(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(number) => number.parse().expect("a number"),
        Err(_) => otherwise,
    }
}

#[test]
fn every_bot_survives_its_people() {
    let seed = setting("WALKED_SEED", 3);
    let updates = usize::try_from(setting("WALKED_UPDATES", 1500)).expect("a small number");
    let mut all = Walked::default();
    let mut wrong = Vec::new();
    for bot in good_bots::BOTS {
        match walk(
            *bot,
            Plan {
                seed,
                updates,
                postgres: false,
            },
        ) {
            Ok(walked) => {
                println!("{}: {walked:?}", bot.spec().id);
                all += walked;
            }
            Err(failure) => wrong.push(failure),
        }
    }
    println!(
        "walked: {} bots, {} failed, {all:?}",
        good_bots::BOTS.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // It has seen more than the first question.
    assert!(
        all.messages > all.updates / 4 && all.presses > all.updates / 20,
        "{all:?}"
    );
}

/// The same people say the same things: whatever stands below, they hear the same.
#[cfg(feature = "postgres")]
#[test]
fn both_engines_say_the_same() {
    let seed = setting("WALKED_SEED", 3);
    let updates = usize::try_from(setting("WALKED_UPDATES", 300)).expect("a small number");
    for bot in good_bots::BOTS {
        let on = |postgres| Plan {
            seed,
            updates,
            postgres,
        };
        let sqlite = walk(*bot, on(false)).unwrap_or_else(|wrong| panic!("{wrong}"));
        let postgres = walk(*bot, on(true)).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(sqlite, postgres, "{}", bot.spec().id);
    }
}
