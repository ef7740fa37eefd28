//! Chance that repeats: a failure names its seed.

use serde_json::{Value, json};

/// A small generator.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n.max(1)
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most);
        (0..length)
            .map(|_| u8::try_from(self.below(256)).unwrap())
            .collect()
    }

    /// `input` with a few bytes changed, taken out, or put in.
    pub fn mutated(&mut self, input: &[u8]) -> Vec<u8> {
        const PIECES: [&str; 16] = [
            "{",
            "}",
            "[",
            "\"",
            "\\",
            ":",
            ",",
            "null",
            "-1",
            "1e999",
            "99999999999999999999",
            "\\u0000",
            "\\ud800",
            "\u{2028}",
            "💡",
            "\0",
        ];
        let mut out = input.to_vec();
        for _ in 0..=self.below(6) {
            let at = self.below(out.len() + 1);
            let end = (at + self.below(24)).min(out.len());
            match self.below(4) {
                0 => drop(out.drain(at..end)),
                1 => {
                    let piece = *self.pick(&PIECES);
                    drop(out.splice(at..at, piece.bytes()));
                }
                2 => {
                    let piece = out[at..end].to_vec();
                    let to = self.below(out.len() + 1);
                    drop(out.splice(to..to, piece));
                }
                _ if at < out.len() => out[at] = u8::try_from(self.below(256)).unwrap(),
                _ => {}
            }
        }
        out
    }

    /// Any JSON.
    pub fn json(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(i64::try_from(self.below(1 << 40)).unwrap() - (1 << 39)),
            3 => json!(String::from_utf8_lossy(&self.bytes(40))),
            4 => json!(0.1 * self.below(1000) as f64),
            5 => (0..self.below(5)).map(|_| self.json(depth - 1)).collect(),
            _ => {
                const NAMES: [&str; 12] = [
                    "update_id",
                    "message",
                    "from",
                    "chat",
                    "id",
                    "text",
                    "data",
                    "callback_query",
                    "bot_id",
                    "contact",
                    "type",
                    "photo",
                ];
                let fields = (0..self.below(6))
                    .map(|_| ((*self.pick(&NAMES)).to_owned(), self.json(depth - 1)));
                Value::Object(fields.collect())
            }
        }
    }
}
