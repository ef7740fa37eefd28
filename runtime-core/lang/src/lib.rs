//! What the compiler and the runtime must agree on byte for byte.
//!
//! No async, no database, no HTTP, no YAML. `botgen` uses this crate to prove things about a
//! bot; the runtime uses the very same functions to do them.
//!
//! | module | holds |
//! |---|---|
//! | [`limits`] | Telegram's documented limits and our own, as constants with their source |
//! | [`length`] | lengths in UTF-16 code units, safe cutting |
//! | [`markup`] | parse modes: escaping, checking, visible length, splitting |
//! | [`source`], [`diagnostics`] | files, places in them, and what is to be said about them |
//! | [`ftl`] | `.ftl` files with places, and what is checked of each by itself |
//! | [`proof`] | what is proven of a text: arguments, markup, lengths, emptiness |
//! | [`overrides`] | texts that are replaced at run time |
//! | [`sources`] | the hash of a bot's sources |
//! | [`value`] | the typed values of the DSL: instants, dates, decimals, contacts, … |
//! | [`answer`] | what a person typed, parsed into a typed value or a refusal |
//! | [`calendar`] | days and times to choose from: bounds, slots, months as buttons |
//! | [`words`] | Fluent catalogues: the bot's texts and the runtime's own words (`bf-*`) |
//! | [`mod@format`] | values printed in a locale and a time zone (filters) |
//! | [`callback`] | callback payloads: compact, versioned, at most 64 bytes, under a MAC |
//! | [`locale`] | locale tags and how a person's language finds one of the bot's |

pub mod answer;
pub mod calendar;
pub mod callback;
pub mod diagnostics;
pub mod format;
pub mod ftl;
pub mod length;
pub mod limits;
pub mod locale;
pub mod markup;
pub mod overrides;
pub mod proof;
pub mod source;
pub mod sources;
pub mod value;
pub mod words;
