//! Buttons of a wizard: signed, so that they count once, for one person, at one step.

use super::{BASE64, Unreadable};
use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// What a wizard's button says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WizardPress {
    /// Hash of the flow's command ([`super::hash32`]).
    pub flow: u32,
    /// The conversation's run number when the button was made.
    pub run: u32,
    /// Hash of the step's id.
    pub step: u32,
    /// What it does.
    pub action: WizardAction,
    /// Truncated HMAC-SHA256.
    pub mac: [u8; MAC],
}

/// What a wizard's button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WizardAction {
    /// Chooses the option whose value has this hash.
    Option(u32),
    /// Goes back.
    Back,
    /// Skips an optional step.
    Skip,
    /// Cancels the wizard.
    Cancel,
    /// A press on a widget: which of its keys.
    Key(Key),
}

/// The name of a widget's button: at most [`Key::BYTES`], so that the payload around it fits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key {
    length: u8,
    bytes: [u8; Self::BYTES],
}

impl Key {
    /// Most bytes: with head and MAC they are 61 of 64 characters.
    pub const BYTES: usize = 24;

    /// `None`: too long.
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::BYTES];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).ok()?;
        Some(Self { length, bytes })
    }
    /// As the widget wrote it.
    pub fn as_str(&self) -> &str {
        // Only whole texts get in.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
    fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }
}

/// Without the key: it may hold what a person has chosen.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

/// Whose button it is: covered by the MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Telegram's numeric bot id (negative for preview).
    pub bot: i64,
    /// Chat id.
    pub chat: i64,
    /// Person's id; 0 where the conversation belongs to the chat.
    pub person: i64,
    /// Forum topic; 0 where the conversation does not depend on it.
    pub thread: i64,
}

/// Keys for payload MACs: the current one signs, all verify.
#[derive(Clone)]
pub struct Keys {
    /// Signs and verifies.
    pub current: [u8; 32],
    /// Only verifies (`BOTFACTORY_KEY_OLD`).
    pub old: Option<[u8; 32]>,
}

/// Shows no key.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// Bytes of the MAC that a payload carries: a forger has one try in 2⁶⁴ per press, at Telegram's pace.
pub(super) const MAC: usize = 8;
/// Flow, run, step and the kind of action.
const HEAD: usize = 13;
/// The longest body: with a widget's key.
const BODY: usize = HEAD + Key::BYTES;
/// What the MAC covers before the body: it can sign nothing else by accident.
const DOMAIN: &[u8; 14] = b"botfactory w 1";

/// A wizard's button, signed. Always within [`crate::limits::CALLBACK_DATA_BYTES`].
pub fn wizard(
    keys: &Keys,
    owner: Owner,
    flow: u32,
    run: u32,
    step: u32,
    action: WizardAction,
) -> String {
    let press = WizardPress {
        flow,
        run,
        step,
        action,
        mac: [0; MAC],
    };
    let (body, length) = press.body();
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = press
        .signature(&keys.current, owner)
        .finalize()
        .into_bytes()
        .into();
    let mut bytes = [0; BODY + MAC];
    bytes[..length].copy_from_slice(&body[..length]);
    bytes[length..length + MAC].copy_from_slice(&[a, b, c, d, e, f, g, h]);
    let mut out = String::with_capacity(1 + (BODY + MAC).div_ceil(3) * 4);
    out.push('w');
    BASE64.encode_string(&bytes[..length + MAC], &mut out);
    out
}

/// Reads what follows the `w`.
pub(super) fn decode(data: &str) -> Result<WizardPress, Unreadable> {
    let mut bytes = [0; BODY + MAC];
    let length = BASE64
        .decode_slice(data, &mut bytes)
        .map_err(|_| Unreadable)?;
    let bytes = bytes.get(..length).ok_or(Unreadable)?;
    let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(Unreadable)?;
    let [f0, f1, f2, f3, r0, r1, r2, r3, s0, s1, s2, s3, kind] = *head;
    let (action, mac) = match (kind, rest.len()) {
        (4, length) if length >= MAC => {
            let (key, mac) = rest.split_at(length - MAC);
            let key = std::str::from_utf8(key).map_err(|_| Unreadable)?;
            (WizardAction::Key(Key::new(key).ok_or(Unreadable)?), mac)
        }
        (0, 12) => {
            let (option, mac) = rest.split_first_chunk::<4>().ok_or(Unreadable)?;
            (WizardAction::Option(u32::from_le_bytes(*option)), mac)
        }
        (1, MAC) => (WizardAction::Back, rest),
        (2, MAC) => (WizardAction::Skip, rest),
        (3, MAC) => (WizardAction::Cancel, rest),
        _ => return Err(Unreadable),
    };
    Ok(WizardPress {
        flow: u32::from_le_bytes([f0, f1, f2, f3]),
        run: u32::from_le_bytes([r0, r1, r2, r3]),
        step: u32::from_le_bytes([s0, s1, s2, s3]),
        action,
        mac: mac.try_into().map_err(|_| Unreadable)?,
    })
}

impl WizardPress {
    /// Whether the MAC fits `owner`, in constant time.
    pub fn verify(&self, keys: &Keys, owner: Owner) -> bool {
        let fits = |key: &[u8; 32]| {
            self.signature(key, owner)
                .verify_truncated_left(&self.mac)
                .is_ok()
        };
        fits(&keys.current) || keys.old.as_ref().is_some_and(fits)
    }

    fn body(&self) -> ([u8; BODY], usize) {
        let mut body = [0; BODY];
        body[..4].copy_from_slice(&self.flow.to_le_bytes());
        body[4..8].copy_from_slice(&self.run.to_le_bytes());
        body[8..12].copy_from_slice(&self.step.to_le_bytes());
        let (kind, length) = match self.action {
            WizardAction::Option(option) => {
                body[HEAD..HEAD + 4].copy_from_slice(&option.to_le_bytes());
                (0, HEAD + 4)
            }
            WizardAction::Back => (1, HEAD),
            WizardAction::Skip => (2, HEAD),
            WizardAction::Cancel => (3, HEAD),
            WizardAction::Key(key) => {
                let key = key.as_bytes();
                body[HEAD..HEAD + key.len()].copy_from_slice(key);
                (4, HEAD + key.len())
            }
        };
        body[HEAD - 1] = kind;
        (body, length)
    }

    fn signature(&self, key: &[u8; 32], owner: Owner) -> Hmac<Sha256> {
        let mut mac = keyed(key, DOMAIN, owner);
        let (body, length) = self.body();
        mac.update(&body[..length]);
        mac
    }
}

/// A MAC over what a payload is (`domain`: it can stand for no other) and whose.
pub(super) fn keyed(key: &[u8; 32], domain: &[u8], owner: Owner) -> Hmac<Sha256> {
    let mut padded = [0; 64];
    padded[..32].copy_from_slice(key);
    // A key shorter than the block is padded with zeros by HMAC itself; this form cannot fail.
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new((&padded).into());
    mac.update(domain);
    for part in [owner.bot, owner.chat, owner.person, owner.thread] {
        mac.update(&part.to_le_bytes());
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::super::{Payload, decode};
    use super::*;
    use crate::limits::CALLBACK_DATA_BYTES;

    const KEYS: Keys = Keys {
        current: [7; 32],
        old: None,
    };
    const OWNER: Owner = Owner {
        bot: 5,
        chat: -100,
        person: 9,
        thread: 0,
    };

    fn press(data: &str) -> WizardPress {
        match decode(data) {
            Ok(Payload::Wizard(press)) => press,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn round_trips_within_the_limit() {
        let mut seed: u64 = 3;
        for round in 0..2_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (a, b) = ((seed >> 32) as u32, seed as u32);
            let action = match round % 5 {
                0 => WizardAction::Option(b),
                4 => {
                    let text = &"ключ 2026-01-15 14:00"[..(round % 3) as usize * 2];
                    WizardAction::Key(Key::new(text).unwrap())
                }
                1 => WizardAction::Back,
                2 => WizardAction::Skip,
                _ => WizardAction::Cancel,
            };
            let owner = Owner {
                bot: seed.cast_signed(),
                chat: i64::from(b),
                person: i64::from(a),
                thread: round,
            };
            let data = wizard(&KEYS, owner, a, b, a ^ b, action);
            assert!(data.len() <= CALLBACK_DATA_BYTES);
            let press = press(&data);
            assert_eq!(
                (press.flow, press.run, press.step, press.action),
                (a, b, a ^ b, action)
            );
            assert!(press.verify(&KEYS, owner));
        }
    }

    #[test]
    fn the_longest_key_fits() {
        let text = "x".repeat(Key::BYTES);
        let action = WizardAction::Key(Key::new(&text).unwrap());
        let data = wizard(&KEYS, OWNER, 1, 2, 3, action);
        assert_eq!(data.len(), 61);
        assert!(data.len() <= CALLBACK_DATA_BYTES);
        let press = press(&data);
        assert_eq!(press.action, action);
        assert!(press.verify(&KEYS, OWNER));
        assert!(Key::new(&"x".repeat(Key::BYTES + 1)).is_none());
        let WizardAction::Key(key) = press.action else {
            unreachable!()
        };
        assert_eq!(key.as_str(), text);
        let other = WizardPress {
            action: WizardAction::Key(Key::new("x").unwrap()),
            ..press
        };
        assert!(!other.verify(&KEYS, OWNER));
    }

    #[test]
    fn the_mac_covers_everything() {
        let press = press(&wizard(&KEYS, OWNER, 1, 2, 3, WizardAction::Option(4)));
        assert!(press.verify(&KEYS, OWNER));
        for other in [
            Owner { bot: 6, ..OWNER },
            Owner { chat: 100, ..OWNER },
            Owner {
                person: 10,
                ..OWNER
            },
            Owner { thread: 1, ..OWNER },
        ] {
            assert!(!press.verify(&KEYS, other));
        }
        for other in [
            WizardPress { flow: 9, ..press },
            WizardPress { run: 9, ..press },
            WizardPress { step: 9, ..press },
            WizardPress {
                action: WizardAction::Option(9),
                ..press
            },
            WizardPress {
                action: WizardAction::Cancel,
                ..press
            },
            WizardPress {
                mac: [0; 8],
                ..press
            },
        ] {
            assert!(!other.verify(&KEYS, OWNER));
        }
    }

    #[test]
    fn an_old_key_still_verifies() {
        let press = press(&wizard(&KEYS, OWNER, 1, 2, 3, WizardAction::Back));
        let new = Keys {
            current: [8; 32],
            old: Some([7; 32]),
        };
        assert!(press.verify(&new, OWNER));
        assert!(!press.verify(
            &Keys {
                current: [8; 32],
                old: None
            },
            OWNER
        ));
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let data = wizard(&KEYS, OWNER, 1, 2, 3, WizardAction::Option(4));
        for at in 1..data.len() {
            let mut other = data.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            let accepted =
                matches!(decode(&other), Ok(Payload::Wizard(press)) if press.verify(&KEYS, OWNER));
            assert!(!accepted, "{at}");
        }
        assert!(decode(&data[..data.len() - 1]).is_err());
        assert!(decode(&format!("{data}A")).is_err());
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{KEYS:?}").contains('7'));
    }
}
