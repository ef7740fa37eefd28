//! A deployment and its bots.

use super::expr::Expr;
use super::text::TextCall;
use super::{Flow, Limit, conversation, text};
use crate::syntax::ast::{Delivery, OnAmbiguous, Scope, Strategy};

/// A deployment.
#[derive(Debug)]
pub struct Program {
    /// By id.
    pub bots: Vec<Bot>,
    /// Every conversation test.
    pub conversations: Vec<conversation::Conversation>,
    /// Hash of all sources, hex.
    pub source_hash: String,
}

/// A bot.
#[derive(Debug)]
pub struct Bot {
    /// Folder name, `[a-z][a-z0-9_]{0,31}`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Folder as people see it.
    pub folder: String,
    /// IANA zone, proven to exist.
    pub tz: String,
    /// Whose conversation.
    pub scope: Scope,
    /// Whose stored locale counts.
    pub strategy: Strategy,
    /// How replies travel.
    pub delivery: Delivery,
    /// What becomes of messages of which nobody knows whether they arrived.
    pub on_ambiguous: OnAmbiguous,
    /// Limits of the whole bot: each with its condition. Their messages are among [`Bot::texts`]; they read built-ins only.
    pub policies: Vec<(Option<Expr>, Limit)>,
    /// Tags; the sources of each; index 0 is not special.
    pub locales: Vec<Locale>,
    /// Index into `locales`.
    pub default_locale: usize,
    /// Names of segments, in order of writing.
    pub segments: Vec<String>,
    /// Texts that belong to no flow, by [`text::TextId`]: those of `fallback`, `toasts` and `policies`. They read no
    /// variables but [`Limit::RETRY_IN`].
    pub texts: Vec<text::Text>,
    /// Text for what nothing understands; `None`: `bf-unknown`. Index into `texts`.
    pub fallback: Option<TextCall>,
    /// Intents and flows, in order of writing; each owns one command. Index = command id.
    pub flows: Vec<Flow>,
    /// Every toast of the bot: hash → text (index into `texts`).
    pub toasts: Vec<(u32, TextCall)>,
    /// Owner of its tables (its own id or another bot's) and the files.
    pub migrations: Migrations,
    /// Those of its owner's tables that hold rows of people, in the order in which they can be erased.
    pub people: Vec<PersonTable>,
    /// The tables of that owner; those that refer to others come first.
    pub tables: Vec<Table>,
    /// SHA-256 of the bot's sources, hex.
    pub source_hash: String,
}

/// A table that migrations make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// As written.
    pub name: String,
    /// It has the column `bot_id`.
    pub bot: bool,
    /// It has the column `user_id`.
    pub person: bool,
    /// Migrations insert rows.
    pub seeded: bool,
    /// Its rows refer to each other, or it and others refer to each other in a ring: rows cannot go a few at a time.
    pub ring: bool,
}

/// A locale's files.
#[derive(Debug)]
pub struct Locale {
    /// BCP 47.
    pub tag: String,
    /// The bot's own `.ftl` text (empty if there is none); the runtime's words stand below it.
    pub ftl: String,
}

/// A table with rows of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTable {
    /// As the migrations name it.
    pub table: String,
    /// Which rows: `$1` is the person, `$2` the bot's id.
    pub condition: String,
    /// `$2` stands in it.
    pub by_bot: bool,
    /// Its columns, lower case.
    pub columns: Vec<String>,
}

/// What must be applied to the database before the bot runs.
#[derive(Debug, Default)]
pub struct Migrations {
    /// Name in `bf_migrations.owner`.
    pub owner: String,
    /// In order. Empty where another bot of this deployment owns the tables.
    pub files: Vec<Migration>,
}

/// One migration, translated for each engine being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// `0001`.
    pub version: i64,
    /// `bookings`.
    pub name: String,
    /// SQLite's text; `None` in a run that does not prove it there.
    pub sqlite: Option<String>,
    /// Postgres's; likewise.
    pub postgres: Option<String>,
}
