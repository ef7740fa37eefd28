//! Callback payloads: compact, versioned, at most 64 bytes.
//!
//! - `/command arg arg`: a command with its typed arguments, exactly as a person could type it
//!   (arguments in declared order, each in its payload form, see [`encode_arg_text`]). It grants nothing
//!   that typing does not, so it carries no MAC; its arguments are checked like typed ones.
//! - `t` + base64url: a toast, by the hash of its source.
//! - `l:TAG`: the person's choice of a locale (keyboard of `action.set_locale.v1`).
//! - `w` + base64url: a wizard's button: flow, run, step, action under a MAC that also covers bot, chat, person.
//! - `p` + base64url: turns the page of a list: what it takes to show it again, under the same MAC.
//!
//! The first character is the version too: a new form takes a new letter, old letters keep their meaning.

mod line;
pub mod pack;
mod page;
mod wizard;

use crate::limits::CALLBACK_DATA_BYTES;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest as _, Sha256};

pub use line::{CommandName, Payloaded, command_line, encode_arg_text, next_arg};
pub use page::{Leaf, PagePress, ROOM as PAGE_ROOM, page};
pub use wizard::{Key, Keys, Owner, WizardAction, WizardPress, wizard};

/// A decoded payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload<'a> {
    /// A command line, with the leading `/`.
    Command(&'a str),
    /// A toast of the bot, by hash.
    Toast(u32),
    /// A locale tag.
    Locale(&'a str),
    /// A wizard's button, MAC not yet checked.
    Wizard(WizardPress),
    /// A button of a list, MAC not yet checked.
    Page(PagePress),
}

/// A payload that is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a button's data is not one of this bot's payloads")
    }
}

impl std::error::Error for Unreadable {}

/// First four bytes of SHA-256, little endian. Stable across builds: names, not positions.
pub fn hash32(name: &str) -> u32 {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    u32::from_le_bytes([a, b, c, d])
}

/// Reads a payload. Never trusts it: the MAC is checked by [`WizardPress::verify`], arguments by their types.
pub fn decode(data: &str) -> Result<Payload<'_>, Unreadable> {
    if data.len() > CALLBACK_DATA_BYTES {
        return Err(Unreadable);
    }
    match data.as_bytes() {
        [b'/', ..] => command_line(data)
            .map(|_| Payload::Command(data))
            .ok_or(Unreadable),
        [b't', ..] => {
            let mut hash = [0; 4];
            match BASE64.decode_slice(&data[1..], &mut hash) {
                Ok(4) => Ok(Payload::Toast(u32::from_le_bytes(hash))),
                _ => Err(Unreadable),
            }
        }
        [b'l', b':', ..] => {
            let tag = &data[2..];
            let fine = !tag.is_empty()
                && tag
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if fine {
                Ok(Payload::Locale(tag))
            } else {
                Err(Unreadable)
            }
        }
        [b'w', ..] => wizard::decode(&data[1..]).map(Payload::Wizard),
        [b'p', ..] => page::decode(&data[1..]).map(Payload::Page),
        _ => Err(Unreadable),
    }
}

/// A toast button.
pub fn toast(hash: u32) -> String {
    let mut out = String::with_capacity(7);
    out.push('t');
    BASE64.encode_string(hash.to_le_bytes(), &mut out);
    out
}

/// A locale button.
pub fn locale(tag: &str) -> String {
    format!("l:{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_stable() {
        // sha256("abc") begins with ba7816bf.
        assert_eq!(hash32("abc"), u32::from_le_bytes([0xba, 0x78, 0x16, 0xbf]));
    }

    #[test]
    fn toasts_and_locales_round_trip() {
        for hash in [0, 1, 0xdead_beef, u32::MAX] {
            assert_eq!(decode(&toast(hash)), Ok(Payload::Toast(hash)));
        }
        assert_eq!(decode(&locale("pt-BR")), Ok(Payload::Locale("pt-BR")));
    }

    #[test]
    fn commands_pass_as_they_are() {
        assert_eq!(decode("/book"), Ok(Payload::Command("/book")));
        assert_eq!(
            decode("/product 5 \"a b\""),
            Ok(Payload::Command("/product 5 \"a b\""))
        );
    }

    #[test]
    fn what_is_not_ours_is_unreadable() {
        let long = format!("/a {}", "x".repeat(62));
        for data in [
            "",
            "/",
            "/ x",
            "//",
            "x",
            "t",
            "tAAAA",
            "tAAAAAAA",
            "t======",
            "tAAAAA/",
            "tAAAAAB",
            "l:",
            "l:ru en",
            "l:ыы",
            "lru",
            "w",
            "wAAAA",
            "🙂",
            "t🙂🙂",
            long.as_str(),
        ] {
            assert_eq!(decode(data), Err(Unreadable), "{data}");
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic() {
        let mut seed: u64 = 7;
        for _ in 0..20_000 {
            let mut data = String::new();
            for _ in 0..seed % 40 {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(99);
                data.push(
                    [
                        "w", "p", "t", "/", "l", ":", "A", "_", "-", "é", "🙂", " ", "\"", "\\",
                        "=",
                    ][(seed >> 40) as usize % 15]
                        .chars()
                        .next()
                        .unwrap(),
                );
            }
            let _ = decode(&data);
            seed = seed.wrapping_add(1);
        }
    }
}
