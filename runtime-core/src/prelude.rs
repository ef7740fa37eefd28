//! Everything that generated code may name. A test greps generated code against it.

pub use crate::bot::{Bot, BotSpec, CommandSpec, Delivery, Handling, Scope};
pub use crate::broadcast::{Bulletin, Made, MediaKind, NewBroadcast};
pub use crate::handler::Cx;
pub use crate::handler::arithmetic::{Checked, count, widen};
pub use crate::handler::db::Db;
pub use crate::handler::effect::{Effect, Reads, Writes};
pub use crate::handler::error::Handled;
pub use crate::handler::error::HandlerError;
pub use crate::handler::given::{
    ArgReader, Bounds, Choice, Given, Pattern, Refusal, TextRule, label_of,
};
pub use crate::handler::job::{Record, Resumed, Segment, Went};
pub use crate::handler::limit::Policy;
pub use crate::handler::marks::Recipient;
pub use crate::handler::message::{Button, CommandLine, Message, Text};
pub use crate::handler::pages::{ListSpec, Listing, Turn};
#[cfg(feature = "postgres")]
pub use crate::handler::pg::Pg;
pub use crate::handler::printer::{Args, Printer, Style, Words};
pub use crate::handler::widget::{
    Calendar, CalendarRules, Confirm, Multiselect, Number, Paged, Pick, Picked, Rating, Seek,
    Turned, Widget,
};
pub use crate::handler::wizard::{StepSpec, Waiting, WizardSpec};
pub use crate::i18n::{LocaleSpec, Strategy};
pub use crate::limits::{LimitKey, LimitScope, LimitSpec, OnError};
pub use crate::llm::ask as asking;
pub use crate::store::broadcasts::audience::Audience;
pub use crate::store::outbox::OnAmbiguous;
pub use crate::store::tables::{Migration, MigrationSet, PersonTable, TableSpec};
pub use botfactory_lang::answer::Wanted;
pub use botfactory_lang::callback::pack::Pack;
pub use botfactory_lang::callback::{PagePress, hash32};
pub use botfactory_lang::length::cut;
pub use botfactory_lang::value::{
    Contact, Date, Decimal, Duration, File, Instant, Location, SqlValue, TimeOfDay,
};
pub use serde::{self, Deserialize, Serialize};
