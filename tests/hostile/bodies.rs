//! Random bodies for every route that takes one: bytes, JSON, real updates with a few bytes changed.

use crate::dice::Dice;
use crate::ground::{Engine, Ground, VERA, of, steady};
use crate::kinds::samples;
use crate::long;
use crate::wire::Wire;

/// Where bodies go: method, path, headers.
const ROUTES: [(&str, &str); 14] = [
    ("POST", "/tg/booking"),
    ("POST", "/tg/survey"),
    ("POST", "/tg/shop"),
    ("POST", "/preview/send"),
    ("PUT", "/bots/booking/texts/en"),
    ("POST", "/bots/booking/dead-letters/1/requeue"),
    ("DELETE", "/bots/booking/people/5"),
    ("POST", "/tg/nobody"),
    ("POST", "/bots/booking/broadcast/preview"),
    ("POST", "/bots/booking/segments/vip"),
    ("PUT", "/bots/booking/budget/settings"),
    ("PUT", "/bots/booking/llm/settings"),
    ("POST", "/bots/booking/i18n/keys"),
    ("POST", "/bots/booking/i18n/locale"),
];

fn body(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    match dice.below(10) {
        0 => dice.bytes(400),
        1 => Vec::new(),
        2 => vec![b'['; dice.below(20_000)],
        3 | 4 => dice.json(5).to_string().into_bytes(),
        _ => {
            let seed = dice.pick(seeds).clone();
            dice.mutated(&seed)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_random_bodies() {
    let many = if long() { 200_000 } else { 10_000 };
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    ground.bystander().await;
    let before = ground.dump().await;
    let mut seeds: Vec<Vec<u8>> = samples()
        .into_iter()
        .map(|(_, mut update)| {
            update["update_id"] = 5.into();
            update.to_string().into_bytes()
        })
        .collect();
    seeds.push(br#"{"bot_id":"booking","text":"/start","user_id":5,"locale":"en"}"#.to_vec());
    seeds.push(br#"{"bot_id":"booking","callback":"/help"}"#.to_vec());
    seeds.push(br#"{"texts":{"btn-book":"Book"},"author":"me"}"#.to_vec());
    seeds.push(br#"{"texts":{"btn-book":"{ $x -> [one] a *[other] b }"}}"#.to_vec());
    for body in [
        r#"{"audience":"active_7d","message":{"text":"<b>x</b>","parse_mode":"HTML","keyboard":[[{"text":"a","callback":"/start"}]]}}"#,
        r#"{"add":[5,6],"remove":[7]}"#,
        r#"{"daily_budget_limit":100}"#,
        r#"{"llm_enabled":true,"llm_preset":"short"}"#,
        r#"{"locale":"en","keys":{"btn-book":"Book"}}"#,
        r#"{"locale":"en","user_id":5}"#,
    ] {
        seeds.push(body.as_bytes().to_vec());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..4_u64 {
        let (to, seeds) = (ground.address(), seeds.clone());
        tasks.spawn(async move {
            let mut dice = Dice::new(100 + task);
            let mut wire = Wire::new(to);
            let mut statuses = std::collections::BTreeMap::new();
            for n in 0..many / 4 {
                let (method, path) = *dice.pick(&ROUTES);
                let body = body(&mut dice, &seeds);
                let secret = format!(
                    "X-Telegram-Bot-Api-Secret-Token: {}\r\n",
                    crate::support::WEBHOOK_SECRET
                );
                let said = wire.ask(method, path, &secret, &body).await;
                assert!(
                    said.status < 500,
                    "dice {task}, body {n}: {method} {path} gives {} {} for {:?}",
                    said.status,
                    said.text(),
                    String::from_utf8_lossy(&body)
                );
                *statuses.entry(said.status).or_insert(0) += 1;
            }
            statuses
        });
    }
    let mut statuses = std::collections::BTreeMap::<u16, u32>::new();
    while let Some(done) = tasks.join_next().await {
        for (status, count) in done.unwrap() {
            *statuses.entry(status).or_default() += count;
        }
    }
    if long() {
        println!("{many} bodies: {statuses:?}");
    }
    // All sorts of them were met.
    for status in [200, 400, 404, 422] {
        assert!(statuses.contains_key(&status), "{statuses:?}");
    }
    let after = ground.dump().await;
    let own = [
        "bookings",
        "support_tickets",
        "answers",
        "shop_orders",
        "bf_values",
    ];
    assert_eq!(of(&before, &own), of(&after, &own));
    assert_eq!(steady(&before, VERA), steady(&after, VERA));
    ground.end().await;
}
