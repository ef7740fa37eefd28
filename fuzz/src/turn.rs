//! Whole turns of every bot, on SQLite: no input makes a handler fail, a call that Telegram refuses, or a press without an
//! answer.

use std::cell::RefCell;

use runtime_core::testing::turns::Turns;
use tokio::runtime::Runtime;

/// Scenes on one database: an old one is slow, and holds what many people have left.
const SCENES: usize = 20_000;

struct House {
    runtime: Runtime,
    turns: Option<Turns>,
    played: usize,
}

thread_local! {
    static HOUSE: RefCell<House> = RefCell::new(House {
        runtime: super::runtime(),
        turns: None,
        played: 0,
    });
}

/// A scene, as [`runtime_core::testing::turns`] reads it.
pub fn turn(data: &[u8]) {
    HOUSE.with_borrow_mut(|house| {
        let House {
            runtime,
            turns,
            played,
        } = house;
        runtime.block_on(async {
            *played += 1;
            if *played % SCENES == 0
                && let Some(old) = turns.take()
            {
                old.close().await;
            }
            if turns.is_none() {
                *turns = Some(
                    Turns::open(botfactory::BOTS)
                        .await
                        .expect("bots that start"),
                );
            }
            let Some(turns) = turns else { return };
            if let Err(broken) = turns.play(data).await {
                panic!("{broken}");
            }
        });
    });
}
