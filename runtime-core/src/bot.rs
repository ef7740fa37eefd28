//! A bot as generated code hands it over.

use std::future::Future;
use std::pin::Pin;

use botfactory_lang::callback::PagePress;
use botfactory_lang::locale::LocaleIndex;

use crate::handler::Cx;
use crate::handler::effect::{Effect, Reads, Writes};
use crate::handler::error::{Handled, HandlerError};
use crate::handler::given::Given;
use crate::handler::job::Resumed;
use crate::handler::limit::Policy;
use crate::handler::message::Text;
use crate::handler::pages::ListSpec;
use crate::handler::printer::Words;
use crate::handler::wizard::{Waiting, WizardSpec};
use crate::i18n::{Languages, LocaleSpec, Strategy};
use crate::limits::LimitSpec;
use crate::store::outbox::OnAmbiguous;
use crate::store::tables::{HeldByBot, MigrationSet, PersonTable, TableSpec};

/// A handler at work, boxed once per update at the dispatch.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Handled> + Send + 'a>>;

/// What the runtime knows of a bot without running it.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BotSpec {
    /// Folder name: `:bot_id` of the bot's SQL.
    pub id: &'static str,
    pub name: &'static str,
    /// IANA zone.
    pub tz: &'static str,
    pub scope: Scope,
    pub strategy: Strategy,
    pub delivery: Delivery,
    pub on_ambiguous: OnAmbiguous,
    /// Something is sent to its admins.
    pub tells_admins: bool,
    pub locales: &'static [LocaleSpec],
    pub default_locale: LocaleIndex,
    /// Index = command index.
    pub commands: &'static [CommandSpec],
    pub wizards: &'static [&'static WizardSpec],
    /// Lists whose pages are turned by buttons of their own.
    pub lists: &'static [ListSpec],
    pub migrations: MigrationSet,
    /// SHA-256 of the bot's sources, hex.
    pub source_hash: &'static str,
    /// What must be known of its texts to prove them again before one is overridden
    /// ([`botfactory_lang::overrides::Handed`]); empty: it has no text that can be.
    pub texts: &'static str,
}

impl BotSpec {
    /// In which languages it speaks.
    pub(crate) fn languages(&self) -> Languages {
        Languages {
            bot: self.id,
            tz: self.tz,
            strategy: self.strategy,
            locales: self.locales,
            default: self.default_locale,
        }
    }
}

/// A command.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct CommandSpec {
    /// Without `/`.
    pub name: &'static str,
    pub effect: Effect,
    pub reads: Reads,
    pub writes: Writes,
    /// Starts a dialogue.
    pub wizard: bool,
    /// Only admins may use it, and only they see it in Telegram's menu.
    pub admins: bool,
    /// Text of Telegram's menu; `None`: unlisted.
    pub description: Option<fn(&Words) -> Text>,
    /// Texts of the arguments' usage, e.g. `/cancel_booking <id: int>`; for `bf-bad-argument`.
    pub usage: &'static str,
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

/// How replies travel: `Auto` lets one ride in the webhook's response where that is safe, `Webhook` prefers
/// it in groups too, `Api` never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Delivery {
    Auto,
    Webhook,
    Api,
}

/// The generated code of one bot.
pub trait Bot: Send + Sync + std::fmt::Debug + 'static {
    /// Facts.
    fn spec(&self) -> &'static BotSpec;
    /// Index of a command, by name without `/`.
    fn command(&self, name: &str) -> Option<usize>;
    /// Runs a command; `args` is the text after it, as typed or from a button.
    fn enter<'a>(&'a self, cx: &'a mut Cx, command: usize, args: &'a str) -> Handling<'a>;
    /// Takes an answer to the question that `waiting` waits for.
    fn answer<'a>(&'a self, cx: &'a mut Cx, waiting: Waiting, given: Given<'a>) -> Handling<'a>;
    /// Asks the question of `waiting` again (after back); its state has been restored.
    fn ask<'a>(&'a self, cx: &'a mut Cx, waiting: &'a Waiting) -> Handling<'a>;
    /// Nobody has answered the question of `waiting` within its wizard's time. Without a declaration for it the
    /// conversation is another build's.
    fn timeout<'a>(&'a self, cx: &'a mut Cx, waiting: Waiting) -> Handling<'a> {
        let _ = (cx, waiting);
        Box::pin(async { Err(HandlerError::Outdated) })
    }
    /// Whether any handler waits for something outside ([`Cx::think`]).
    fn slow(&self) -> bool {
        false
    }
    /// Goes on with a handler that has waited for an answer. A segment that it does not know was stored by another build.
    fn resume<'a>(&'a self, cx: &'a mut Cx, answer: Resumed<'a>) -> Handling<'a> {
        let _ = (cx, answer);
        Box::pin(async { Err(HandlerError::Outdated) })
    }
    /// Every limit of the bot.
    fn limits(&self) -> &'static [&'static LimitSpec] {
        &[]
    }
    /// The limits of the whole bot that an update meets, before anything of it runs.
    ///
    /// # Errors
    /// A condition's arithmetic fails.
    fn policies(&self, words: &Words) -> Result<Vec<Policy>, HandlerError> {
        let _ = words;
        Ok(Vec::new())
    }
    /// Shows another page of a list, an index into [`BotSpec::lists`].
    fn turn<'a>(&'a self, cx: &'a mut Cx, list: usize, press: &'a PagePress) -> Handling<'a> {
        let _ = (list, press);
        Box::pin(async { cx.outdated() })
    }
    /// The names of its `segments`; none: it declares none.
    fn segments(&self) -> &'static [&'static str] {
        &[]
    }
    /// The tables of its migrations that hold rows of people; those that refer to others stand before them.
    fn people(&self) -> &'static [PersonTable] {
        &[]
    }
    /// What [`crate::store::Store::export`] and [`crate::store::Store::erase_person`] need of the bot.
    fn held(&self) -> HeldByBot {
        HeldByBot {
            id: self.spec().id,
            tables: self.people(),
        }
    }
    /// What the compiler has made of the bot: JSON, an object with `commands`, `tables` and `graph`.
    fn compiled(&self) -> &'static str {
        "{}"
    }
    /// The tables of the owner of its migrations; those that refer to others come first.
    fn tables(&self) -> &'static [TableSpec] {
        &[]
    }
    /// The bot's own text for what nothing understands.
    fn fallback(&self, words: &Words) -> Option<Text>;
    /// A declared toast, by hash.
    fn toast(&self, hash: u32, words: &Words) -> Option<Text>;
}
