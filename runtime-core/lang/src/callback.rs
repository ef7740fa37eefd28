//! Callback payloads: compact, versioned, at most 64 bytes.
//!
//! - `/command arg arg`: a command with its typed arguments, exactly as a person could type it
//!   (arguments in declared order, each in its payload form, see [`encode_arg_text`]). It grants nothing
//!   that typing does not, so it carries no MAC; its arguments are checked like typed ones.
//! - `t` + base64url: a toast, by the hash of its source.
//! - `l:TAG`: the person's choice of a locale (keyboard of `action.set_locale.v1`).
//! - `w` + base64url: a wizard's button: flow, run, step, action under a MAC that also covers bot, chat, person.

use crate::limits::CALLBACK_DATA_BYTES;

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
}

/// What a wizard's button says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WizardPress {
    /// Hash of the flow's command ([`hash32`]).
    pub flow: u32,
    /// The conversation's run number when the button was made.
    pub run: u32,
    /// Hash of the step's id.
    pub step: u32,
    /// What it does.
    pub action: WizardAction,
    /// Truncated HMAC-SHA256.
    pub mac: [u8; 8],
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

/// A payload that is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// First four bytes of SHA-256, little endian. Stable across builds: names, not positions.
pub fn hash32(name: &str) -> u32 {
    let _ = name;
    todo!()
}

/// Reads a payload. Never trusts it: the MAC is checked by [`WizardPress::verify`], arguments by their types.
pub fn decode(data: &str) -> Result<Payload<'_>, Unreadable> {
    let _ = data;
    todo!()
}

/// A wizard's button, signed. Always within [`CALLBACK_DATA_BYTES`].
pub fn wizard(
    keys: &Keys,
    owner: Owner,
    flow: u32,
    run: u32,
    step: u32,
    action: WizardAction,
) -> String {
    let _ = (keys, owner, flow, run, step, action, CALLBACK_DATA_BYTES);
    todo!()
}

/// A toast button.
pub fn toast(hash: u32) -> String {
    let _ = hash;
    todo!()
}

/// A locale button.
pub fn locale(tag: &str) -> String {
    let _ = tag;
    todo!()
}

impl WizardPress {
    /// Whether the MAC fits `owner`, in constant time.
    pub fn verify(&self, keys: &Keys, owner: Owner) -> bool {
        let _ = (keys, owner);
        todo!()
    }
}

/// Splits a command line as typed or pressed: `/cmd@bot rest` → (`cmd`, `Some("bot")`, `rest`).
/// `None` when it is no command. The name is lower-cased only if ASCII letters; at most 32 characters.
pub fn command_line(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let _ = text;
    todo!()
}

/// Takes the next argument off `rest`: a word, or a `"…"` string with `\"` and `\\`. The last declared text
/// argument takes the whole rest (`last`). Returns (argument, remainder); `None` when nothing is left.
pub fn next_arg(rest: &str, last: bool) -> Option<(std::borrow::Cow<'_, str>, &str)> {
    let _ = (rest, last);
    todo!()
}

/// Appends one text argument to a command line so that [`next_arg`] reads it back.
/// Other types are appended as: int and decimal in digits, bool `1`/`0`, date `YYYY-MM-DD`, time `HH:MM:SS`,
/// datetime Unix seconds prefixed by `@`, choice its value (as text).
pub fn encode_arg_text(line: &mut String, value: &str, last: bool) {
    let _ = (line, value, last);
    todo!()
}
