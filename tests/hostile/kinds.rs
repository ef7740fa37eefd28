//! Every kind of update that the Bot API has, as its documentation shows it; and each with every field replaced, one after the
//! other, by what nobody expects there.

use serde_json::{Value, json};

use crate::ground::{Engine, Ground, VERA, of, steady};
use crate::wire::Wire;
use crate::{dice::Dice, long};

/// The samples: `{"name", "update"}`.
pub fn samples() -> Vec<(String, Value)> {
    let all: Vec<Value> = serde_json::from_str(include_str!("updates.json")).unwrap();
    all.into_iter()
        .map(|sample| {
            (
                sample["name"].as_str().unwrap().to_owned(),
                sample["update"].clone(),
            )
        })
        .collect()
}

/// The same update of another person: nobody is written to more often than Telegram allows.
fn of_somebody(value: &mut Value, person: i64) {
    match value {
        Value::Number(number) if number.as_i64() == Some(700) => *value = person.into(),
        Value::Object(fields) => fields.values_mut().for_each(|v| of_somebody(v, person)),
        Value::Array(items) => items.iter_mut().for_each(|v| of_somebody(v, person)),
        _ => {}
    }
}

/// Pointers to every value of a tree.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(inner, &format!("{at}/{name}"), out);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), out);
            }
        }
        _ => {}
    }
}

fn odd() -> Vec<Value> {
    let mut deep = json!(0);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("\u{0}\u{202e}{{bot_id}}'; DROP TABLE bookings; --<b>"),
        json!("x".repeat(70_000)),
        json!([]),
        json!({}),
        deep,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_update_is_taken() {
    let ground = Ground::new(Engine::Sqlite).await;
    ground.bystander().await;
    let before = ground.dump().await;
    let mut wire = Wire::new(ground.address());
    let samples = samples();
    assert!(samples.len() > 70, "{}", samples.len());
    for (_, update) in &samples {
        for bot in ["booking", "support"] {
            ground.hook(&mut wire, bot, update.clone()).await;
        }
    }
    let after = ground.dump().await;
    let own = [
        "bookings",
        "support_tickets",
        "answers",
        "shop_orders",
        "bf_texts",
        "bf_values",
    ];
    assert_eq!(of(&before, &own), of(&after, &own));
    assert_eq!(steady(&before, VERA), steady(&after, VERA));
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_may_be_anything() {
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    ground.bystander().await;
    let before = ground.dump().await;
    let mut wire = Wire::new(ground.address());
    let odd = odd();
    let mut dice = Dice::new(1);
    let (mut sent, mut refused) = (0, 0);
    for (name, update) in samples() {
        let mut all = Vec::new();
        places(&update, "", &mut all);
        for place in &all {
            for value in &odd {
                // Each once in a long run, some of each otherwise.
                if !long() && dice.below(12) != 0 {
                    continue;
                }
                let mut update = update.clone();
                of_somebody(&mut update, ground.next_id());
                if let Some(at) = update.pointer_mut(place) {
                    *at = value.clone();
                }
                if let Value::Object(fields) = &mut update {
                    fields.insert("update_id".to_owned(), ground.next_id().into());
                }
                let said = ground
                    .post(&mut wire, "booking", update.to_string().as_bytes())
                    .await;
                // What is no object is refused; everything else is taken.
                let object = update.is_object();
                let fine = said.status == 200 || (!object && said.status == 400);
                assert!(fine, "{name}{place}: {} {}", said.status, said.text());
                sent += 1;
                refused += u32::from(said.status == 400);
            }
        }
    }
    assert!(sent > 500 && refused > 0);
    if long() {
        println!("{sent} updates with an odd field, {refused} refused as no objects");
    }
    let after = ground.dump().await;
    let own = [
        "bookings",
        "support_tickets",
        "answers",
        "shop_orders",
        "bf_texts",
        "bf_values",
    ];
    assert_eq!(of(&before, &own), of(&after, &own));
    assert_eq!(steady(&before, VERA), steady(&after, VERA));
    ground.end().await;
}
