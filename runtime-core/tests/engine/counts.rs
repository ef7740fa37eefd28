//! What is counted for the metrics: exactly, and never more rows in one statement than a step.

use std::collections::HashMap;

use runtime_core::store::counts::Walk;

use super::rig::{ANNA, BOT_ID, Rig};

/// Dialogues by bot, and how many steps it took.
async fn walked(rig: &Rig, walk: &mut Walk) -> (HashMap<i64, i64>, usize) {
    for steps in 1.. {
        if let Some(found) = rig.store.walk(walk).await.unwrap() {
            return (found, steps);
        }
    }
    unreachable!("a walk ends")
}

#[tokio::test]
async fn dialogues_are_counted_step_by_step() {
    let mut rig = Rig::new().await;
    let mut walk = Walk::default();
    assert_eq!(walked(&rig, &mut walk).await, (HashMap::new(), 1));
    rig.say(ANNA, "/book").await;
    rig.say(ANNA, "spa").await;
    assert_eq!(
        walked(&rig, &mut walk).await,
        (HashMap::from([(BOT_ID, 1)]), 1)
    );
    // 25 000 people of two bots have written: every fifth waits, of those every second too long.
    rig.execute(
        "INSERT INTO bf_conversations (bot, chat, person, thread, run, expires) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) \
         SELECT 7 + i % 2, -1 * i, i, 0, 1, CASE WHEN i % 2 = 0 THEN 9000000000000000 ELSE 1 END FROM n",
    )
    .await;
    rig.execute("UPDATE bf_conversations SET waiting = '{}' WHERE bot < 9 AND person % 5 = 0")
        .await;
    let (found, steps) = walked(&rig, &mut walk).await;
    assert_eq!(found, HashMap::from([(7, 2_500), (BOT_ID, 1)]));
    assert_eq!(steps, 3, "of 10 000 each");
    // It begins anew, and sees what has changed.
    rig.execute("UPDATE bf_conversations SET waiting = NULL WHERE bot = 7 AND person > 12500")
        .await;
    let (found, _) = walked(&rig, &mut walk).await;
    assert_eq!(found, HashMap::from([(7, 1_250), (BOT_ID, 1)]));
}
