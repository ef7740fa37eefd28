//! What a text can see, and how values are printed into it.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use botfactory_lang::format::Formats;
use botfactory_lang::locale::LocaleIndex;
use botfactory_lang::markup::{ParseMode, Place, escape_into};
use botfactory_lang::value::{Date, Decimal, Duration, Instant, TimeOfDay};

use super::marks::Recipient;
use super::message::Text;
use crate::i18n::{Locale, Texts};
use crate::incoming::Person;
use crate::store::seen::in_views;

pub use botfactory_lang::format::Style;
pub use botfactory_lang::words::Args;

/// What a text can see besides its parameters: the locale's catalogue, formats, the person, the clock.
#[derive(Clone)]
pub struct Words {
    pub(crate) texts: Arc<Texts>,
    pub(crate) locale: LocaleIndex,
    pub(crate) person: Arc<Person>,
    pub(crate) chat_id: i64,
    pub(crate) now: Instant,
    pub(crate) args: Arc<str>,
    /// The bot's numeric id here.
    pub(crate) bot: i64,
    /// Messages a second of its broadcasts, all together.
    pub(crate) bulk: u32,
    /// The person is one of the bot's admins.
    pub(crate) admin: bool,
    /// So is whoever reads the message, where that is another one.
    pub(crate) reader_admin: Option<bool>,
    /// All of them.
    pub(crate) admins: Arc<[i64]>,
}

impl fmt::Debug for Words {
    /// Without the person: words may end in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words")
            .field("bot", &self.bot_id())
            .field("locale", &self.locale())
            .finish_non_exhaustive()
    }
}

impl Words {
    /// Prints for HTML messages.
    pub fn html(&self) -> Printer<'_> {
        self.printer(ParseMode::Html)
    }
    /// Prints for MarkdownV2 messages.
    pub fn markdown(&self) -> Printer<'_> {
        self.printer(ParseMode::MarkdownV2)
    }
    /// Prints without markup: buttons, toasts, descriptions, addresses.
    pub fn plain(&self) -> Printer<'_> {
        self.printer(ParseMode::Plain)
    }
    fn printer(&self, mode: ParseMode) -> Printer<'_> {
        Printer {
            words: self,
            mode,
            place: Place::Text,
        }
    }
    pub(crate) fn data(&self) -> &Locale {
        self.texts.locale(self.locale)
    }
    /// One of the runtime's own words. They are plain text: a message without a parse mode, a button or a toast.
    pub(crate) fn own(&self, key: &'static str, args: &Args<'_>) -> Text {
        let mut text = Text::of(ParseMode::Plain);
        self.data().catalogue.print(
            key,
            None,
            args,
            ParseMode::Plain,
            Place::Text,
            &mut text.markup,
        );
        text
    }
    /// [`Words::own`] of a message without arguments.
    pub(crate) fn own_plain(&self, key: &'static str) -> Text {
        self.own(key, &Args::new())
    }
    /// What is said of a list without rows.
    pub fn nothing_listed(&self) -> Text {
        self.own_plain("bf-list-empty")
    }
    /// `user.first_name`.
    pub fn user_first_name(&self) -> &str {
        &self.person.first_name
    }
    /// `user.last_name`.
    pub fn user_last_name(&self) -> Option<&str> {
        self.person.last_name.as_deref()
    }
    /// `user.username`.
    pub fn user_username(&self) -> Option<&str> {
        self.person.username.as_deref()
    }
    /// A field of whoever will get a broadcast: a value that is filled in when it is sent. It has no length and no letters
    /// yet: nothing may cut it, compare it or change its case.
    pub fn recipient(&self, field: Recipient) -> &'static str {
        field.mark()
    }
    /// The same in each locale of the bot, in its order.
    pub fn every_locale(&self) -> Vec<Self> {
        let each = |locale| Self {
            locale,
            ..self.clone()
        };
        (0..self.texts.tags().len()).map(each).collect()
    }
    /// `user.is_admin`.
    pub fn user_is_admin(&self) -> bool {
        self.admin
    }
    /// Whether whoever reads the message is one of the bot's admins.
    pub fn reader_is_admin(&self) -> bool {
        self.reader_admin.unwrap_or(self.admin)
    }
    /// `user_id`.
    pub fn user_id(&self) -> i64 {
        self.person.id
    }
    /// `chat_id`.
    pub fn chat_id(&self) -> i64 {
        self.chat_id
    }
    /// `bot_id`.
    pub fn bot_id(&self) -> &'static str {
        self.texts.languages.bot
    }
    /// `bot_id` as the runtime's views have it.
    pub fn bot_in_views(&self) -> Cow<'static, str> {
        in_views(self.bot, self.bot_id())
    }
    /// `now`.
    pub fn now(&self) -> Instant {
        self.now
    }
    /// `today`.
    pub fn today(&self) -> Date {
        Date::today(self.now, self.data().formats.tz())
    }
    /// The first instant of a day in the bot's zone.
    pub fn midnight(&self, day: Date) -> Instant {
        day.start(self.data().formats.tz())
    }
    /// When the clocks in the bot's zone are so long past midnight of the day.
    pub fn after_midnight(&self, day: Date, by: Duration) -> Instant {
        day.clock(by, self.data().formats.tz())
    }
    /// When they are so long before it.
    pub fn before_midnight(&self, day: Date, by: Duration) -> Instant {
        day.clock(Duration(by.0.saturating_neg()), self.data().formats.tz())
    }
    /// `locale`.
    pub fn locale(&self) -> &'static str {
        self.data().tag
    }
    /// `args`.
    pub fn args(&self) -> &str {
        &self.args
    }
}

/// Prints values for one parse mode: every method gives something for `write!` that is escaped already.
#[derive(Debug, Clone, Copy)]
pub struct Printer<'w> {
    words: &'w Words,
    mode: ParseMode,
    place: Place,
}

impl<'w> Printer<'w> {
    /// An empty text of this mode.
    pub fn begin(self) -> Text {
        Text::of(self.mode)
    }
    /// The same printer for values inside `pre` or `code`.
    #[must_use]
    pub fn code(self) -> Self {
        Self {
            place: Place::Code,
            ..self
        }
    }
    /// The same printer for values inside an attribute or a link target.
    #[must_use]
    pub fn attribute(self) -> Self {
        Self {
            place: Place::Attribute,
            ..self
        }
    }
    /// The same printer for values in the address of a button.
    #[must_use]
    pub fn address(self) -> Self {
        Self {
            place: Place::Address,
            ..self
        }
    }
    /// A message of the catalogue: `p.t("booked", Args::new().with("slot", slot))`.
    pub fn t<'a>(self, key: &'static str, args: Args<'a>) -> impl Display + 'a
    where
        'w: 'a,
    {
        Message {
            printer: self,
            key,
            attribute: None,
            args,
        }
    }
    /// A text that is one message of the catalogue and nothing else.
    pub fn say(self, key: &'static str, args: Args<'_>) -> Text {
        let mut text = self.begin();
        write!(text, "{}", self.t(key, args));
        text.end()
    }
    /// An attribute of a message.
    pub fn t_attribute<'a>(
        self,
        key: &'static str,
        attribute: &'static str,
        args: Args<'a>,
    ) -> impl Display + 'a
    where
        'w: 'a,
    {
        Message {
            printer: self,
            key,
            attribute: Some(attribute),
            args,
        }
    }
    /// A text value.
    pub fn v<'a>(self, value: &'a str) -> impl Display + 'a
    where
        'w: 'a,
    {
        Value {
            printer: self,
            value,
        }
    }
    /// A text that was made for this place.
    pub fn s(self, value: String) -> impl Display {
        self.printed(move |_, out| out.push_str(&value))
    }
    /// A whole number, plain digits.
    pub fn int(self, value: i64) -> impl Display {
        self.printed(move |_, out| push(out, format_args!("{value}")))
    }
    /// A decimal, all its digits, in the locale's way without grouping.
    pub fn decimal<const N: u8>(self, value: Decimal<N>) -> impl Display {
        self.printed(move |formats, out| formats.decimal(value.0, N, out))
    }
    /// A float.
    pub fn real(self, value: f64) -> impl Display {
        self.printed(move |formats, out| formats.real(value, REAL_DIGITS, out))
    }
    /// Date of a `date`.
    pub fn date(self, value: Date, style: Style<'static>) -> impl Display {
        self.printed(move |formats, out| formats.date(value, style, out))
    }
    /// Time of a `time`.
    pub fn time(self, value: TimeOfDay, style: Style<'static>) -> impl Display {
        self.printed(move |formats, out| formats.time(value, style, out))
    }
    /// Date and time of a `datetime`, in the bot's zone.
    pub fn datetime(self, value: Instant, style: Style<'static>) -> impl Display {
        self.printed(move |formats, out| formats.instant(value, style, out))
    }
    /// Date part of a `datetime`.
    pub fn date_of(self, value: Instant, style: Style<'static>) -> impl Display {
        self.printed(move |formats, out| formats.instant_date(value, style, out))
    }
    /// Time part of a `datetime`.
    pub fn time_of(self, value: Instant, style: Style<'static>) -> impl Display {
        self.printed(move |formats, out| formats.instant_time(value, style, out))
    }
    /// `number`: grouped; `units` scaled by `scale`.
    pub fn number(self, units: i64, scale: u8, digits: Option<u8>) -> impl Display {
        self.printed(move |formats, out| {
            let (units, scale) = match digits {
                Some(digits) => (rescaled(units, scale, digits), digits),
                None => (units, scale),
            };
            if scale == 0 {
                formats.int(units, out);
            } else {
                formats.decimal(units, scale, out);
            }
        })
    }
    /// `duration`: seconds in words.
    pub fn duration(self, seconds: i64) -> impl Display {
        self.printed(move |formats, out| formats.duration(seconds, out))
    }
    /// `money`.
    pub fn money(self, units: i64, scale: u8, currency: &'static str) -> impl Display {
        self.printed(move |formats, out| formats.money(units, scale, currency, out))
    }

    fn printed<F: Fn(&Formats, &mut String)>(self, print: F) -> Printed<'w, F> {
        Printed {
            printer: self,
            print,
        }
    }

    fn escaped(&self, value: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quiet = match self.mode {
            _ if self.place == Place::Address => false,
            ParseMode::Plain => true,
            ParseMode::Html => !value
                .bytes()
                .any(|b| matches!(b, b'<' | b'>' | b'&' | b'"' | b'\'')),
            // Every ASCII character but letters, digits and space may have to be escaped.
            ParseMode::MarkdownV2 => value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b' ' || !b.is_ascii()),
        };
        if quiet {
            return f.write_str(value);
        }
        let mut out = String::with_capacity(value.len() + 16);
        escape_into(self.mode, self.place, value, &mut out);
        f.write_str(&out)
    }
}

/// Digits after the point of a bare float.
const REAL_DIGITS: u8 = 6;

fn push(out: &mut String, args: fmt::Arguments<'_>) {
    let _ = fmt::Write::write_fmt(out, args); // memory does not fail
}

/// `units` of `scale` as units of `digits`, halves away from zero; saturates.
fn rescaled(units: i64, scale: u8, digits: u8) -> i64 {
    let power = |n: u8| 10_i64.checked_pow(u32::from(n));
    if digits >= scale {
        let factor = power(digits - scale);
        return factor.map_or(i64::MAX, |factor| units.saturating_mul(factor));
    }
    match power(scale - digits) {
        Some(factor) => {
            let (whole, rest) = (units / factor, units % factor);
            whole
                + if rest.abs() >= factor - rest.abs() {
                    rest.signum()
                } else {
                    0
                }
        }
        None => 0,
    }
}

struct Message<'a> {
    printer: Printer<'a>,
    key: &'static str,
    attribute: Option<&'static str>,
    args: Args<'a>,
}

impl Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Printer { words, mode, place } = self.printer;
        let mut out = String::with_capacity(64);
        words
            .data()
            .catalogue
            .print(self.key, self.attribute, &self.args, mode, place, &mut out);
        f.write_str(&out)
    }
}

struct Value<'a> {
    printer: Printer<'a>,
    value: &'a str,
}

impl Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.printer.escaped(self.value, f)
    }
}

struct Printed<'a, F> {
    printer: Printer<'a>,
    print: F,
}

impl<F: Fn(&Formats, &mut String)> Display for Printed<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::with_capacity(32);
        (self.print)(&self.printer.words.data().formats, &mut out);
        self.printer.escaped(&out, f)
    }
}

#[cfg(test)]
mod tests {
    use super::rescaled;

    #[test]
    fn rescaling_rounds_half_away_from_zero() {
        assert_eq!(rescaled(1250, 3, 2), 125);
        assert_eq!(rescaled(1255, 3, 2), 126);
        assert_eq!(rescaled(-1255, 3, 2), -126);
        assert_eq!(rescaled(-1254, 3, 2), -125);
        assert_eq!(rescaled(5, 0, 2), 500);
        assert_eq!(rescaled(i64::MAX, 0, 2), i64::MAX);
        assert_eq!(rescaled(i64::MIN, 19, 0), 0);
    }
}
