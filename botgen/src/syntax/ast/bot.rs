//! A bot and what holds for the whole of it.

use botfactory_lang::proof::Overflow;

use super::{Action, Flow, Text};
use crate::source::{Span, Spanned, Str};

/// A bot: `bot.yaml` with its `flows/*.yaml` appended.
#[derive(Debug, Clone)]
pub struct Bot {
    /// The folder's name.
    pub id: String,
    /// Path of the folder as people see it.
    pub folder: String,
    /// `bot.yaml`'s root.
    pub span: Span,
    /// Some of it could not be read (reported): do not report what is missing.
    pub incomplete: bool,
    /// `name:`; default the id.
    pub name: Option<Str>,
    /// `tz:`; default UTC.
    pub tz: Option<Str>,
    /// `scope:`.
    pub scope: Option<Spanned<Scope>>,
    /// `locale:` of a bot of one language.
    pub locale: Option<Str>,
    /// `i18n.fluent.v1:`.
    pub i18n: Option<I18n>,
    /// `use:`.
    pub uses: Option<Vec<Str>>,
    /// `fallback:`.
    pub fallback: Option<Text>,
    /// `delivery:`.
    pub delivery: Option<Spanned<Delivery>>,
    /// `on_ambiguous:`.
    pub on_ambiguous: Option<Spanned<OnAmbiguous>>,
    /// `policies:`: limits of the whole bot, as actions without `goto`.
    pub policies: Vec<Action>,
    /// `migrations:` of another bot's folder (`../booking/migrations`).
    pub migrations: Option<Str>,
    /// `segments:`.
    pub segments: Vec<Str>,
    /// `lints:`.
    pub lints: Vec<Lint>,
    /// `intents:`.
    pub intents: Vec<Intent>,
    /// `flows:`.
    pub flows: Vec<Flow>,
    /// Every block name that is used, with its place (for `use`).
    pub blocks: Vec<Spanned<&'static str>>,
}

/// Whose conversation an update belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scope {
    UserInChat,
    Chat,
    User,
    Thread,
}

/// One entry of `lints`.
#[derive(Debug, Clone)]
pub struct Lint {
    /// The key as it is written: a code, or the four signs that a family's codes begin with.
    pub name: Str,
    /// What its warnings become.
    pub level: Spanned<Level>,
    /// The whole entry.
    pub span: Span,
}

/// What a warning becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Level {
    Allow,
    Warn,
    Deny,
}

/// How replies travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Delivery {
    Auto,
    Webhook,
    Api,
}

/// What becomes of a message of which nobody knows whether it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum OnAmbiguous {
    Resend,
    Skip,
}

/// `i18n.fluent.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct I18n {
    pub span: Span,
    pub default_locale: Str,
    pub locales: Vec<Str>,
    pub strategy: Spanned<Strategy>,
}

/// Whose stored choice of a locale counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Strategy {
    User,
    Chat,
    Fixed,
}

/// A command with a fixed reply.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Intent {
    pub span: Span,
    /// With the leading `/`.
    pub cmd: Str,
    pub description: Option<Text>,
    pub allow: Option<Span>,
    pub reply: Text,
    pub overflow: Option<Spanned<Overflow>>,
}
