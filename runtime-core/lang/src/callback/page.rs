//! Buttons that turn the pages of a list. No conversation knows the list: the button carries all that it takes to show
//! it again (the command's arguments, where the page begins), under a MAC that binds it to whom it was shown.

use super::wizard::{Keys, MAC, Owner, keyed};
use super::{BASE64, Unreadable};
use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Where a press leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// The same page, as it is now.
    Here,
    /// The page after it.
    Next,
    /// The page before it.
    Back,
}

/// What a button of a list says.
#[derive(Clone, PartialEq, Eq)]
pub struct PagePress {
    /// Hash of the list: its command, its own name, and the types of what the button carries.
    pub list: u32,
    /// Where it leads.
    pub leaf: Leaf,
    data: Vec<u8>,
    mac: [u8; MAC],
}

/// Without the values: they may be somebody's.
impl std::fmt::Debug for PagePress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PagePress")
            .field("list", &self.list)
            .field("leaf", &self.leaf)
            .finish_non_exhaustive()
    }
}

/// List and leaf.
const HEAD: usize = 5;
/// Most bytes that a button carries: what 64 characters leave.
pub const ROOM: usize = 34;
/// What the MAC covers before the body.
const DOMAIN: &[u8; 14] = b"botfactory p 1";

/// A button of a list, signed; `None`: `data` is longer than [`ROOM`].
/// Always within [`crate::limits::CALLBACK_DATA_BYTES`].
pub fn page(keys: &Keys, owner: Owner, list: u32, leaf: Leaf, data: &[u8]) -> Option<String> {
    if data.len() > ROOM {
        return None;
    }
    let press = PagePress {
        list,
        leaf,
        data: data.to_vec(),
        mac: [0; MAC],
    };
    let mut bytes = press.body();
    let mac: [u8; 32] = press
        .signature(&keys.current, owner)
        .finalize()
        .into_bytes()
        .into();
    bytes.extend_from_slice(mac.first_chunk::<MAC>()?);
    let mut out = String::with_capacity(1 + bytes.len().div_ceil(3) * 4);
    out.push('p');
    BASE64.encode_string(&bytes, &mut out);
    Some(out)
}

/// Reads what follows the `p`.
pub(super) fn decode(data: &str) -> Result<PagePress, Unreadable> {
    let bytes = BASE64.decode(data).map_err(|_| Unreadable)?;
    let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(Unreadable)?;
    let (data, mac) = rest.split_last_chunk::<MAC>().ok_or(Unreadable)?;
    let [a, b, c, d, leaf] = *head;
    let leaf = match leaf {
        0 => Leaf::Here,
        1 => Leaf::Next,
        2 => Leaf::Back,
        _ => return Err(Unreadable),
    };
    Ok(PagePress {
        list: u32::from_le_bytes([a, b, c, d]),
        leaf,
        data: data.to_vec(),
        mac: *mac,
    })
}

impl PagePress {
    /// What it carries.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether the MAC fits `owner`, in constant time.
    pub fn verify(&self, keys: &Keys, owner: Owner) -> bool {
        let fits = |key: &[u8; 32]| {
            self.signature(key, owner)
                .verify_truncated_left(&self.mac)
                .is_ok()
        };
        fits(&keys.current) || keys.old.as_ref().is_some_and(fits)
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(HEAD + self.data.len() + MAC);
        body.extend_from_slice(&self.list.to_le_bytes());
        body.push(match self.leaf {
            Leaf::Here => 0,
            Leaf::Next => 1,
            Leaf::Back => 2,
        });
        body.extend_from_slice(&self.data);
        body
    }

    fn signature(&self, key: &[u8; 32], owner: Owner) -> Hmac<Sha256> {
        let mut mac = keyed(key, DOMAIN, owner);
        mac.update(&self.body());
        mac
    }
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

    fn press(data: &str) -> PagePress {
        match decode(data) {
            Ok(Payload::Page(press)) => press,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn round_trips_within_the_limit() {
        for length in 0..=ROOM {
            for leaf in [Leaf::Here, Leaf::Next, Leaf::Back] {
                let data = vec![0xff; length];
                let made = page(&KEYS, OWNER, u32::MAX, leaf, &data).unwrap();
                assert!(made.len() <= CALLBACK_DATA_BYTES);
                let press = press(&made);
                assert_eq!((press.list, press.leaf), (u32::MAX, leaf));
                assert_eq!(press.data(), data);
                assert!(press.verify(&KEYS, OWNER));
            }
        }
        assert_eq!(page(&KEYS, OWNER, 1, Leaf::Next, &[0; ROOM + 1]), None);
    }

    #[test]
    fn whoever_it_was_not_made_for_is_refused() {
        let press = press(&page(&KEYS, OWNER, 1, Leaf::Next, b"abc").unwrap());
        for other in [
            Owner { bot: 6, ..OWNER },
            Owner { chat: 1, ..OWNER },
            Owner { person: 1, ..OWNER },
            Owner { thread: 1, ..OWNER },
        ] {
            assert!(!press.verify(&KEYS, other));
        }
        let (old, current) = (Some(KEYS.current), [8; 32]);
        assert!(press.verify(&Keys { current, old }, OWNER));
        assert!(!press.verify(&Keys { current, old: None }, OWNER));
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let made = page(&KEYS, OWNER, 1, Leaf::Next, b"somebody's 17").unwrap();
        for at in 1..made.len() {
            let mut other = made.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            let accepted =
                matches!(decode(&other), Ok(Payload::Page(press)) if press.verify(&KEYS, OWNER));
            assert!(!accepted, "{at}");
        }
        for cut in 0..made.len() {
            let accepted = matches!(decode(&made[..cut]), Ok(Payload::Page(press)) if press.verify(&KEYS, OWNER));
            assert!(!accepted, "{cut}");
        }
    }

    #[test]
    fn a_wizard_s_mac_does_not_fit() {
        use super::super::{WizardAction, wizard};
        let other = wizard(&KEYS, OWNER, 1, 2, 3, WizardAction::Back);
        let forged = format!("p{}", &other[1..]);
        let accepted =
            matches!(decode(&forged), Ok(Payload::Page(press)) if press.verify(&KEYS, OWNER));
        assert!(!accepted);
    }
}
