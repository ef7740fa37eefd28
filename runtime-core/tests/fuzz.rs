//! What comes from outside, with a few bytes changed, many times: updates of every kind, and what an operator writes into the
//! environment. `FUZZ_RUNS` asks for more than the short run. (Payloads of buttons, answers, values and Fluent are fuzzed with
//! the language, in `botgen/fuzz`.)

use std::collections::BTreeSet;

use runtime_core::config::access::{AdminKey, Proxies};
use runtime_core::config::dotenv;
use runtime_core::telegram::token::Token;
use runtime_core::telegram::update;
use runtime_core::testing::updates::read;
use serde_json::Value;

/// What a sample of each stands for.
const KINDS: [&str; 28] = [
    "business_connection",
    "business_message",
    "callback_query",
    "channel_post",
    "chat_boost",
    "chat_join_request",
    "chat_member",
    "chosen_inline_result",
    "deleted_business_messages",
    "edited_business_message",
    "edited_channel_post",
    "edited_message",
    "guest_message",
    "inline_query",
    "managed_bot",
    "message",
    "message_reaction",
    "message_reaction_count",
    "my_chat_member",
    "poll",
    "poll_answer",
    "pre_checkout_query",
    "purchased_paid_media",
    "removed_chat_boost",
    "shipping_query",
    "stopped_message_generation",
    "subscription",
    "unknown",
];

/// Mutations of the short run.
const RUNS: usize = 20_000;

fn runs() -> usize {
    std::env::var("FUZZ_RUNS").map_or(RUNS, |runs| runs.parse().expect("a number"))
}

/// A small generator, so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("it fits") % n.max(1)
    }

    fn mutated(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        const PIECES: [&str; 18] = [
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\\",
            ":",
            ",",
            "null",
            "true",
            "-1",
            "1e999",
            "=",
            "99999999999999999999",
            "\\u0000",
            "\\ud800",
            "💡",
            "\0",
        ];
        let mut out = input.to_vec();
        for _ in 0..=self.below(5) {
            let at = self.below(out.len() + 1);
            let end = (at + self.below(30)).min(out.len());
            match self.below(5) {
                0 => drop(out.drain(at..end)),
                1 => drop(out.splice(at..at, PIECES[self.below(PIECES.len())].bytes())),
                2 => {
                    let piece = out[at..end].to_vec();
                    let to = self.below(out.len() + 1);
                    drop(out.splice(to..to, piece));
                }
                3 => {
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(80)).min(other.len());
                    drop(out.splice(at..end, other[from..to].iter().copied()));
                }
                _ if at < out.len() => out[at] = u8::try_from(self.below(256)).expect("a byte"),
                _ => {}
            }
        }
        out
    }
}

#[test]
fn updates() {
    let samples: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/hostile/updates.json")).expect("JSON");
    let seeds: Vec<Vec<u8>> = samples
        .into_iter()
        .map(|mut sample| {
            sample["update"]["update_id"] = 7.into();
            sample["update"].to_string().into_bytes()
        })
        .collect();
    assert!(seeds.len() > 100);
    let kinds: BTreeSet<&str> = seeds
        .iter()
        .map(|seed| update::read(seed).expect("an update").event.kind())
        .collect();
    // Every field of `Update` but its id, and one that there is not.
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), KINDS);
    seeds.iter().for_each(|seed| read(seed));
    let mut dice = Dice(runs() as u64);
    for _ in 0..runs() {
        let (a, b) = (dice.below(seeds.len()), dice.below(seeds.len()));
        let input = dice.mutated(&seeds[a], &seeds[b]);
        let held = std::panic::catch_unwind(|| read(&input));
        assert!(held.is_ok(), "{:?}", String::from_utf8_lossy(&input));
    }
}

/// What is refused is not repeated.
fn settings(text: &str) {
    const SECRET: &str = "AAsecretSECRETsecretSECRETsecret";
    let mut said = Vec::new();
    said.extend(dotenv::parse(text).err().map(|e| e.to_string()));
    said.extend(Token::parse(text).err().map(|e| e.to_string()));
    said.extend(
        AdminKey::hashed(text)
            .and_then(Result::err)
            .map(str::to_owned),
    );
    assert!(said.iter().all(|said| !said.contains(SECRET)), "{said:?}");
    let _ = Proxies::parse(text);
}

#[test]
fn environment() {
    let seeds: [&[u8]; 5] = [
        b"BOTFACTORY_TOKEN_BOOKING=123456:AAsecretSECRETsecretSECRETsecret\nBOTFACTORY_LISTEN='127.0.0.1:80' # x\n",
        b"123456:AAsecretSECRETsecretSECRETsecret",
        b"sha256:9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f",
        b"10.0.0.0/8, 192.0.2.7 ::1,2001:db8::/32",
        b"export A=\"b\\n$c\"\nD='e'\nF=AAsecretSECRETsecretSECRETsecret",
    ];
    let mut dice = Dice(11);
    for _ in 0..runs() {
        let (a, b) = (dice.below(seeds.len()), dice.below(seeds.len()));
        let input = dice.mutated(seeds[a], seeds[b]);
        let input = String::from_utf8_lossy(&input);
        let held = std::panic::catch_unwind(|| settings(&input));
        assert!(held.is_ok(), "{input:?}");
    }
}
