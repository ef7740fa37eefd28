//! What a text can see, and how values are printed into it.

use std::fmt::Display;

use botfactory_lang::value::{Date, Decimal, Instant, TimeOfDay};

use super::message::Text;

pub use botfactory_lang::format::Style;
pub use botfactory_lang::words::Args;

/// What a text can see besides its parameters: the locale's catalogue, formats, the person, the clock.
#[derive(Debug, Clone)]
pub struct Words {/* private: Arc of the locale's Catalogue and Formats, person, now, bot */}

impl Words {
    /// Prints for HTML messages.
    pub fn html(&self) -> Printer<'_> {
        todo!()
    }
    /// Prints for MarkdownV2 messages.
    pub fn markdown(&self) -> Printer<'_> {
        todo!()
    }
    /// Prints without markup: buttons, toasts, descriptions, addresses.
    pub fn plain(&self) -> Printer<'_> {
        todo!()
    }
    /// `user.first_name`.
    pub fn user_first_name(&self) -> &str {
        todo!()
    }
    /// `user.last_name`.
    pub fn user_last_name(&self) -> Option<&str> {
        todo!()
    }
    /// `user.username`.
    pub fn user_username(&self) -> Option<&str> {
        todo!()
    }
    /// `user_id`.
    pub fn user_id(&self) -> i64 {
        todo!()
    }
    /// `chat_id`.
    pub fn chat_id(&self) -> i64 {
        todo!()
    }
    /// `bot_id`.
    pub fn bot_id(&self) -> &'static str {
        todo!()
    }
    /// `now`.
    pub fn now(&self) -> Instant {
        todo!()
    }
    /// `today`.
    pub fn today(&self) -> Date {
        todo!()
    }
    /// The first instant of a day in the bot's zone.
    pub fn midnight(&self, day: Date) -> Instant {
        let _ = day;
        todo!()
    }
    /// `locale`.
    pub fn locale(&self) -> &'static str {
        todo!()
    }
    /// `args`.
    pub fn args(&self) -> &str {
        todo!()
    }
}

/// Prints values for one parse mode: every method gives something for `write!` that is escaped already.
#[derive(Debug, Clone, Copy)]
pub struct Printer<'w> {
    #[allow(dead_code)]
    words: &'w Words,
}

impl<'w> Printer<'w> {
    /// An empty text of this mode.
    pub fn begin(&self) -> Text {
        todo!()
    }
    /// The same printer for values inside `pre` or `code`.
    #[must_use]
    pub fn code(&self) -> Self {
        todo!()
    }
    /// The same printer for values inside an attribute or a link target.
    #[must_use]
    pub fn attribute(&self) -> Self {
        todo!()
    }
    /// A message of the catalogue: `p.t("booked", Args::new().with("slot", slot))`.
    pub fn t<'a>(&'a self, key: &'static str, args: Args<'a>) -> impl Display + 'a {
        let _ = (key, args);
        ""
    }
    /// An attribute of a message.
    pub fn t_attribute<'a>(
        &'a self,
        key: &'static str,
        attribute: &'static str,
        args: Args<'a>,
    ) -> impl Display + 'a {
        let _ = (key, attribute, args);
        ""
    }
    /// A text value.
    pub fn v<'a>(&'a self, value: &'a str) -> impl Display + 'a {
        let _ = value;
        ""
    }
    /// A whole number, plain digits.
    pub fn int(&self, value: i64) -> impl Display {
        let _ = value;
        ""
    }
    /// A decimal, all its digits, in the locale's way without grouping.
    pub fn decimal<const N: u8>(&self, value: Decimal<N>) -> impl Display {
        let _ = value;
        ""
    }
    /// A float.
    pub fn real(&self, value: f64) -> impl Display {
        let _ = value;
        ""
    }
    /// Date of a `date`.
    pub fn date(&self, value: Date, style: Style<'static>) -> impl Display {
        let _ = (value, style);
        ""
    }
    /// Time of a `time`.
    pub fn time(&self, value: TimeOfDay, style: Style<'static>) -> impl Display {
        let _ = (value, style);
        ""
    }
    /// Date and time of a `datetime`, in the bot's zone.
    pub fn datetime(&self, value: Instant, style: Style<'static>) -> impl Display {
        let _ = (value, style);
        ""
    }
    /// Date part of a `datetime`.
    pub fn date_of(&self, value: Instant, style: Style<'static>) -> impl Display {
        let _ = (value, style);
        ""
    }
    /// Time part of a `datetime`.
    pub fn time_of(&self, value: Instant, style: Style<'static>) -> impl Display {
        let _ = (value, style);
        ""
    }
    /// `number`: grouped; `units` scaled by `scale`.
    pub fn number(&self, units: i64, scale: u8, digits: Option<u8>) -> impl Display {
        let _ = (units, scale, digits);
        ""
    }
    /// `money`.
    pub fn money(&self, units: i64, scale: u8, currency: &'static str) -> impl Display {
        let _ = (units, scale, currency);
        ""
    }
}
