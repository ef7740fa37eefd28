//! `widget.calendar.v1`: a day, or a day and a time. The rules and the drawing are [`botfactory_lang::calendar`]'s.

use botfactory_lang::answer::{Refusal, Wanted};
use botfactory_lang::calendar::{self, Disabled, Limit, Pressed, Rules, Slots, Weekdays, zone};
use botfactory_lang::callback::Key;
use botfactory_lang::limits::CALENDAR_ROWS;
use botfactory_lang::value::{Date, Instant};

use super::{Drawn, Turned, Widget, label};
use crate::handler::error::HandlerError;
use crate::handler::printer::Words;

// Its words fit into a button.
const _: () = assert!(calendar::KEY <= Key::BYTES);

/// A calendar with what is free by now. The view is a word of [`botfactory_lang::calendar`].
#[derive(Debug)]
pub struct Calendar<V> {
    calendar: calendar::Calendar,
    chosen: std::marker::PhantomData<V>,
}

/// A calendar while it is put together.
#[derive(Debug)]
pub struct CalendarRules<V> {
    rules: Rules,
    chosen: std::marker::PhantomData<V>,
}

/// What a calendar gives: a day or a point in time.
pub trait Chosen: Copy {
    /// For refusals.
    const WANTED: Wanted;
    /// Of a press.
    fn of(pressed: &Pressed) -> Option<Self>;
    /// Of a typed answer.
    ///
    /// # Errors
    /// It is none, or may not be chosen.
    fn typed(calendar: &calendar::Calendar, text: &str) -> Result<Turned<Self>, Refusal>;
}

impl Chosen for Date {
    const WANTED: Wanted = Wanted::Date;
    fn of(pressed: &Pressed) -> Option<Self> {
        match pressed {
            Pressed::Day(day) => Some(*day),
            _ => None,
        }
    }
    fn typed(calendar: &calendar::Calendar, text: &str) -> Result<Turned<Self>, Refusal> {
        calendar.typed_day(text).map(Turned::Value)
    }
}

impl Chosen for Instant {
    const WANTED: Wanted = Wanted::DateTime;
    fn of(pressed: &Pressed) -> Option<Self> {
        match pressed {
            Pressed::Time(at) => Some(*at),
            _ => None,
        }
    }
    fn typed(calendar: &calendar::Calendar, text: &str) -> Result<Turned<Self>, Refusal> {
        match calendar.typed_view(text) {
            Some(view) => view.map(Turned::View),
            None => calendar.typed_time(text).map(Turned::Value),
        }
    }
}

/// What bounds a calendar or is taken, as expressions and columns give it: a day, a point in time, or nothing.
pub trait Moment {
    /// As a bound.
    fn limit(self) -> Option<Limit>;
    /// As something taken.
    fn take(self, disabled: &mut Disabled);
}

impl Moment for Date {
    fn limit(self) -> Option<Limit> {
        Some(Limit::Day(self))
    }
    fn take(self, disabled: &mut Disabled) {
        disabled.days([self]);
    }
}

impl Moment for Instant {
    fn limit(self) -> Option<Limit> {
        Some(Limit::At(self))
    }
    fn take(self, disabled: &mut Disabled) {
        disabled.times([self]);
    }
}

impl<T: Moment> Moment for Option<T> {
    fn limit(self) -> Option<Limit> {
        self.and_then(Moment::limit)
    }
    fn take(self, disabled: &mut Disabled) {
        if let Some(moment) = self {
            moment.take(disabled);
        }
    }
}

impl CalendarRules<Date> {
    /// Days.
    pub fn days(words: &Words) -> Self {
        Self::new(words, None)
    }
}

impl CalendarRules<Instant> {
    /// Days, and times of them: from minute to minute after midnight, so many minutes apart.
    pub fn times(words: &Words, from: u16, to: u16, step: u16) -> Self {
        Self::new(words, Some(Slots::literal(from, to, step)))
    }
}

impl<V> CalendarRules<V> {
    fn new(words: &Words, slots: Option<Slots>) -> Self {
        Self {
            rules: Rules {
                tz: words.data().formats.tz().clone(),
                now: words.now(),
                min: None,
                max: None,
                closed: Weekdays::NONE,
                disabled: Disabled::default(),
                slots,
            },
            chosen: std::marker::PhantomData,
        }
    }
    /// Another zone than the bot's; a name that is none leaves it as it is.
    #[must_use]
    pub fn tz(mut self, name: &str) -> Self {
        if let Some(tz) = zone(name) {
            self.rules.tz = tz;
        }
        self
    }
    /// So many days after today is the first.
    #[must_use]
    pub fn min_today(mut self, days: i64) -> Self {
        self.rules.min = Some(Limit::Today(days));
        self
    }
    /// So many days after today is the last.
    #[must_use]
    pub fn max_today(mut self, days: i64) -> Self {
        self.rules.max = Some(Limit::Today(days));
        self
    }
    /// The first; nothing is no bound.
    #[must_use]
    pub fn min(mut self, moment: impl Moment) -> Self {
        self.rules.min = moment.limit();
        self
    }
    /// The last; nothing is no bound.
    #[must_use]
    pub fn max(mut self, moment: impl Moment) -> Self {
        self.rules.max = moment.limit();
        self
    }
    /// Weekdays that are never free: Monday is the lowest bit.
    #[must_use]
    pub fn closed(mut self, days: u8) -> Self {
        self.rules.closed = Weekdays::from_bits(days);
        self
    }
    /// The day so many days after today is taken.
    #[must_use]
    pub fn disabled_today(mut self, days: i64) -> Self {
        let today = Date::today(self.rules.now, &self.rules.tz);
        self.rules.disabled.days([today.plus_days(days)]);
        self
    }
    /// What is taken.
    ///
    /// # Errors
    /// It is more than a calendar holds: what is left out would seem free.
    pub fn disabled<T: Moment>(
        mut self,
        moments: impl IntoIterator<Item = T>,
    ) -> Result<Self, HandlerError> {
        for (index, moment) in moments.into_iter().enumerate() {
            if index >= CALENDAR_ROWS {
                return Err(HandlerError::TooMany(CALENDAR_ROWS));
            }
            moment.take(&mut self.rules.disabled);
        }
        Ok(self)
    }
    /// Complete.
    pub fn calendar(self) -> Calendar<V> {
        Calendar {
            calendar: calendar::Calendar::new(self.rules),
            chosen: self.chosen,
        }
    }
}

impl<V: Chosen> Widget for Calendar<V> {
    const KIND: &'static str = "calendar";
    type Value = V;

    fn wanted(&self) -> Wanted {
        V::WANTED
    }
    fn draw(&self, words: &Words, view: &str) -> Drawn {
        let drawn = self.calendar.draw(view, &words.data().formats);
        let row = |row: Vec<calendar::Cell>| {
            row.into_iter()
                .map(|cell| (label(cell.label), cell.key))
                .collect()
        };
        let nothing = drawn.nothing.then(|| words.own_plain("bf-nothing-free"));
        Drawn {
            rows: drawn.rows.into_iter().map(row).collect(),
            below: nothing.map(|text| text.as_str().to_owned()),
        }
    }
    fn pressed(&self, _words: &Words, _view: &str, key: &str) -> Result<Turned<V>, Refusal> {
        let pressed = self.calendar.pressed(key);
        if let Some(value) = V::of(&pressed) {
            return Ok(Turned::Value(value));
        }
        match pressed {
            Pressed::View(view) => Ok(Turned::View(view)),
            Pressed::Refused(refusal) => Err(refusal),
            Pressed::Day(_) | Pressed::Time(_) | Pressed::Nothing => Ok(Turned::Nothing),
        }
    }
    fn typed(&self, _words: &Words, _view: &str, text: &str) -> Result<Turned<V>, Refusal> {
        V::typed(&self.calendar, text)
    }
}
