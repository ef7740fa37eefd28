//! The algorithm against a model, what is remembered, what is in a key.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::local::{COUNTERS, DECISIONS, Local, MOMENTS, TOLD};
use super::*;

const SECOND: i64 = 1_000_000;

static TWO: LimitSpec = LimitSpec {
    rule: "book.on_enter.1",
    command: "book",
    scope: LimitScope::User,
    window: 60,
    allowance: 2,
    on_error: OnError::Allow,
};
static DENY: LimitSpec = LimitSpec {
    rule: "book.on_enter.2",
    command: "book",
    scope: LimitScope::User,
    window: 60,
    allowance: 2,
    on_error: OnError::Deny,
};
static CHAT: LimitSpec = LimitSpec {
    rule: "book.on_enter.1",
    command: "book",
    scope: LimitScope::Chat,
    window: 60,
    allowance: 2,
    on_error: OnError::Allow,
};
static BOT: LimitSpec = LimitSpec {
    rule: "book.on_enter.1",
    command: "book",
    scope: LimitScope::Bot,
    window: 60,
    allowance: 2,
    on_error: OnError::Allow,
};
static MANY: LimitSpec = LimitSpec {
    rule: "many",
    command: "book",
    scope: LimitScope::User,
    window: 60,
    allowance: 10_000,
    on_error: OnError::Allow,
};

fn who(update_id: i64, person: i64) -> Who {
    Who {
        bot: 7,
        update_id,
        person,
        chat: person,
    }
}

fn ask(limits: &Limits, limit: &'static LimitSpec, update_id: i64, person: i64, now: i64) -> Ask {
    let key = LimitKey::new();
    limits.ask(limit, &key, who(update_id, person), "demo", now, false)
}

/// Whoever has passed, by definition: `now` passes exactly if fewer than `allowance` have within the window before it.
fn model(passed: &[i64], now: i64, window: i64, allowance: usize) -> bool {
    passed.iter().filter(|t| now - **t < window).count() < allowance
}

#[test]
fn never_more_than_the_allowance_in_any_window_and_nobody_refused_while_one_is_free() {
    for seed in 0..400 {
        let mut random = StdRng::seed_from_u64(seed);
        let window = random.random_range(1..=100 * SECOND);
        let allowance = random.random_range(1..=7);
        let mut moments = VecDeque::new();
        let mut passed: Vec<i64> = Vec::new();
        let mut now = random.random_range(0..=10 * SECOND);
        for _ in 0..400 {
            // Mostly quick, sometimes to the microsecond when one becomes free, sometimes long after.
            now += match random.random_range(0..10) {
                0 => 0,
                1 => window,
                2 => window - 1,
                3 => 2 * window,
                _ => random.random_range(0..=window / allowance as i64 + 1),
            };
            let expected = model(&passed, now, window, allowance);
            match window::take(&mut moments, now, window, allowance) {
                Ok(()) => {
                    assert!(expected, "seed {seed}: passed although none was free");
                    passed.push(now);
                }
                Err(wait) => {
                    assert!(!expected, "seed {seed}: refused although one was free");
                    // The wait is exact: a microsecond earlier is too early, then is not.
                    assert!(!model(&passed, now + wait - 1, window, allowance));
                    assert!(model(&passed, now + wait, window, allowance));
                }
            }
            assert!(moments.len() <= allowance);
        }
        for (at, from) in passed.iter().enumerate() {
            let within = passed[at..].iter().filter(|t| *t - from < window).count();
            assert!(within <= allowance, "seed {seed}: {within} in one window");
        }
    }
}

#[test]
fn who_keeps_trying_is_let_in_as_soon_as_anybody() {
    // The previous system began the window anew at each attempt.
    let mut moments = VecDeque::new();
    for now in [0, 1] {
        assert_eq!(
            window::take(&mut moments, now * SECOND, 3 * SECOND, 2),
            Ok(())
        );
    }
    let mut now = SECOND;
    while now < 3 * SECOND {
        assert_eq!(
            window::take(&mut moments, now, 3 * SECOND, 2),
            Err(3 * SECOND - now)
        );
        now += SECOND / 10;
    }
    assert_eq!(
        window::take(&mut moments, 3 * SECOND, 3 * SECOND, 2),
        Ok(())
    );
}

#[test]
fn a_clock_that_is_set_back_holds_nobody_back_for_longer_than_a_window() {
    let mut moments = VecDeque::from([100 * SECOND, 101 * SECOND]);
    let mut now = 5 * SECOND;
    let wait = window::take(&mut moments, now, 10 * SECOND, 2).unwrap_err();
    assert_eq!(wait, 10 * SECOND);
    now += wait;
    assert_eq!(window::take(&mut moments, now, 10 * SECOND, 2), Ok(()));
}

#[test]
fn another_build_may_allow_fewer() {
    let mut moments = VecDeque::from([1, 2, 3, 4].map(|n| n * SECOND));
    let wait = window::take(&mut moments, 5 * SECOND, 10 * SECOND, 2).unwrap_err();
    assert_eq!(wait, 8 * SECOND, "the third is the older of the last two");
}

#[test]
fn an_update_is_decided_once() {
    let limits = Limits::new([1; 32]);
    let at_once = |update_id, person, now| {
        limits
            .at_once(&ask(&limits, &TWO, update_id, person, now))
            .unwrap()
    };
    assert_eq!(at_once(1, 5, 0), Answer::Pass);
    assert_eq!(at_once(1, 5, SECOND), Answer::Pass, "delivered again");
    assert_eq!(at_once(2, 5, SECOND), Answer::Pass);
    let wait = at_once(3, 5, 2 * SECOND);
    assert_eq!(wait.retry_in(), Some(58));
    assert_eq!(at_once(3, 5, 30 * SECOND), wait, "the same answer");
    assert_eq!(at_once(2, 5, 30 * SECOND), Answer::Pass, "the same answer");
    assert_eq!(
        at_once(4, 5, 30 * SECOND).retry_in(),
        Some(30),
        "refusing counts nothing"
    );
    assert_eq!(at_once(5, 6, 30 * SECOND), Answer::Pass, "somebody else");
    // Just before a slot is free it is one second, never none.
    assert_eq!(at_once(6, 5, 60 * SECOND - 1).retry_in(), Some(1));
    assert_eq!(at_once(7, 5, 60 * SECOND), Answer::Pass);
}

#[test]
fn counters_that_differ_in_anything_are_apart() {
    let limits = Limits::new([1; 32]);
    let counter =
        |limit, key: LimitKey, who| limits.ask(limit, &key, who, "demo", 0, false).counter;
    let plain = || LimitKey::new();
    let mut all = vec![
        counter(&TWO, plain(), who(1, 5)),
        // In a private chat person and chat have one number.
        counter(&CHAT, plain(), who(1, 5)),
        counter(&BOT, plain(), who(1, 5)),
        counter(&DENY, plain(), who(1, 5)),
        counter(&TWO, plain(), who(1, 6)),
        counter(
            &TWO,
            plain(),
            Who {
                bot: 8,
                ..who(1, 5)
            },
        ),
        counter(&TWO, plain().word("a").value("b"), who(1, 5)),
        counter(&TWO, plain().word("a").value("b:c"), who(1, 5)),
        counter(
            &TWO,
            plain().word("a").value("b").word(":").value("c"),
            who(1, 5),
        ),
        counter(&TWO, plain().word("a").value("b:").value("c"), who(1, 5)),
        counter(&TWO, plain().word("av1:b"), who(1, 5)),
        counter(&TWO, plain().value(12), who(1, 5)),
        counter(&TWO, plain().value(1).value(2), who(1, 5)),
        Limits::new([2; 32])
            .ask(&TWO, &plain(), who(1, 5), "demo", 0, false)
            .counter,
    ];
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    // The whole bot has no subject, and another update is the same counter.
    assert_eq!(
        counter(&BOT, plain(), who(1, 5)),
        counter(&BOT, plain(), who(2, 6))
    );
    assert_eq!(
        counter(&TWO, plain(), who(1, 5)),
        counter(&TWO, plain(), who(2, 5))
    );
}

#[test]
fn nothing_that_a_person_wrote_is_shown() {
    let limits = Limits::new([1; 32]);
    let key = LimitKey::new().value("my secret");
    let ask = limits.ask(&TWO, &key, who(1, 123_456_789), "demo", 0, true);
    let shown = format!("{key:?} {ask:?} {limits:?}");
    assert!(
        !shown.contains("secret") && !shown.contains("123456789"),
        "{shown}"
    );
}

#[test]
fn people_are_told_once_a_window() {
    let limits = Limits::new([1; 32]);
    let at_once = |update_id, now| {
        let ask = limits.ask(&BOT, &LimitKey::new(), who(update_id, 5), "demo", now, true);
        limits.at_once(&ask).unwrap()
    };
    let told = |answer| matches!(answer, Answer::Wait { tell: true, .. });
    assert_eq!(at_once(1, 0), Answer::Pass);
    assert_eq!(at_once(2, 50 * SECOND), Answer::Pass);
    assert!(told(at_once(3, 51 * SECOND)));
    assert!(
        told(at_once(3, 52 * SECOND)),
        "delivered again: the same answer"
    );
    assert!(!told(at_once(4, 52 * SECOND)));
    assert_eq!(at_once(5, 60 * SECOND), Answer::Pass);
    assert!(
        !told(at_once(6, 61 * SECOND)),
        "still within a window of the words"
    );
    // Somebody else has heard nothing yet.
    let other = limits.ask(&BOT, &LimitKey::new(), who(7, 6), "demo", 61 * SECOND, true);
    assert!(told(limits.at_once(&other).unwrap()));
    assert_eq!(at_once(8, 110 * SECOND), Answer::Pass);
    assert!(told(at_once(9, 111 * SECOND)));
}

/// A question about somebody's counter; a MAC for each would take most of the test's time.
fn about(like: &Ask, person: i64, now: i64) -> Ask {
    let counter = Counter::from(person.unsigned_abs());
    Ask {
        update_id: person,
        counter,
        told: Some(counter),
        now,
        ..like.clone()
    }
}

#[test]
fn memory_is_bounded_and_forgets_what_ends_soonest() {
    let limits = Limits::new([1; 32]);
    let like = ask(&limits, &TWO, 0, 0, 0);
    let mut local = Local::default();
    let people = COUNTERS as i64 + 5000;
    for person in 0..people {
        let asked = about(&like, person, person * 10);
        let answer = local.take(&asked);
        assert_eq!(answer, Answer::Pass, "better forgotten than refused");
        local.decide(&asked, answer);
        local.tell(&asked);
    }
    let (counters, moments, decisions, told) = local.sizes();
    assert!(counters <= COUNTERS && moments <= MOMENTS);
    assert!(decisions <= DECISIONS && told <= TOLD);
    // The last ones are remembered.
    for person in people - 1000..people {
        let again = about(&like, person, people * 10);
        assert_eq!(local.take(&again), Answer::Pass);
        assert!(matches!(local.take(&again), Answer::Wait { .. }));
    }
    // What has ended goes by itself.
    local.take(&about(&like, 0, people * 10 + 120 * SECOND));
    assert_eq!(local.sizes().0, 1);
}

#[test]
fn many_moments_are_bounded_together() {
    let limits = Limits::new([1; 32]);
    let like = ask(&limits, &MANY, 0, 0, 0);
    let mut local = Local::default();
    for person in 0..120 {
        let mut asked = about(&like, person, 0);
        for n in 0..10_000 {
            asked.now = n;
            local.take(&asked);
        }
        assert!(local.sizes().1 <= MOMENTS);
    }
    let last = about(&like, 119, 10_000);
    assert!(matches!(local.take(&last), Answer::Wait { .. }));
}

#[tokio::test]
async fn a_redis_that_was_never_there() {
    let limits = Limits::new([1; 32]);
    limits.share(Redis::open("redis://127.0.0.1:1/0").unwrap());
    let began = std::time::Instant::now();
    for (update_id, passes) in [(1, true), (2, true), (3, false)] {
        let answer = limits.decide(&ask(&limits, &TWO, update_id, 5, 0)).await;
        assert_eq!(answer == Answer::Pass, passes, "counts for itself");
    }
    let answer = limits.decide(&ask(&limits, &DENY, 4, 5, 0)).await;
    assert_eq!(answer.retry_in(), Some(30), "nobody passes");
    assert_eq!(limits.decide(&ask(&limits, &DENY, 4, 5, 0)).await, answer);
    assert!(began.elapsed() < crate::redis::PATIENCE, "nobody waits");
}
