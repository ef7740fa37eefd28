//! `widget.calendar.v1`.

use crate::check::expr;
use crate::check::flow::FlowCheck;
use crate::check::flow::rules::offset;
use crate::check::scope::Scope;
use crate::check::settings;
use crate::check::sql::{self, Kind};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{expressions, graph, names, widgets};
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::sql::QueryId;
use crate::ir::types::{Base, Ty};
use crate::ir::widget::{Calendar, Limit, Taken, Widget, Zone};
use crate::source::{Span, Str};
use crate::syntax::ast::{self, Field, Moment, Shape};
use botfactory_lang::calendar::{self as lang, BadHours, Disabled, Rules, Slots, Weekdays};
use botfactory_lang::value::{Date, Duration, Instant, TimeOfDay};
use jiff::tz::TimeZone;

/// The old system's grid.
const HOURS: &str = "09:00-20:00";
/// Seconds.
const STEP: i64 = 30 * 60;
/// Days between written bounds in which an open one is looked for; what is longer has one.
const LOOKED_AT: i64 = 400;
const SECONDS_OF_DAY: i64 = 86_400;

/// A calendar.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    step: &ast::Step,
    calendar: &ast::Calendar,
) -> Option<Widget> {
    let errors = check.cx.sink.errors();
    let tz = calendar.tz.as_ref().and_then(|tz| zone(check, scope, tz));
    let known_tz = match (&calendar.tz, &tz) {
        (Some(_), Some(Zone::Name(name))) => lang::zone(name),
        (Some(_), _) => None,
        (None, _) => check
            .cx
            .bot
            .ast
            .tz
            .as_ref()
            .map_or(Some(TimeZone::UTC), |tz| lang::zone(&tz.value)),
    };
    let literal_tz = known_tz.clone().unwrap_or(TimeZone::UTC);
    let slots = calendar.with_time.then(|| slots(check, calendar)).flatten();
    let mut reader = Reader {
        check,
        scope,
        tz: &literal_tz,
        block: "widget.calendar.v1",
    };
    let min = calendar.min.as_ref().map(|m| reader.limit(m, "`min`"));
    let max = calendar.max.as_ref().map(|m| reader.limit(m, "`max`"));
    let disabled: Vec<_> = calendar.disabled.iter().map(|m| reader.taken(m)).collect();
    let mut closed = 0;
    for day in &calendar.closed {
        closed |= 1 << day.node;
    }
    if check.cx.sink.errors() > errors {
        return None;
    }
    let (min, max) = (transposed(min)?, transposed(max)?);
    let disabled: Vec<Taken> = disabled.into_iter().collect::<Option<_>>()?;
    if crossed(check, calendar, &min, &max, &literal_tz) {
        return None;
    }
    if closed == 0x7f {
        nothing(
            check,
            calendar,
            step,
            "every day of the week is closed",
            "leave out the days on which something can be chosen",
        );
        return None;
    }
    if let Some(tz) = known_tz
        && is_empty(&min, &max, closed, &disabled, slots, tz)
    {
        nothing(
            check,
            calendar,
            step,
            "every day between `min` and `max` is closed or disabled",
            "move the bounds apart, or open a day between them",
        );
        return None;
    }
    Some(Widget::Calendar(Box::new(Calendar {
        times: slots.map(Slots::minutes),
        min,
        max,
        closed,
        disabled,
        tz,
    })))
}

/// The outer `None`: reported.
#[allow(clippy::option_option)]
fn transposed(limit: Option<Option<Limit>>) -> Option<Option<Limit>> {
    match limit {
        Some(None) => None,
        Some(limit) => Some(limit),
        None => Some(None),
    }
}

fn nothing(
    check: &mut FlowCheck<'_>,
    calendar: &ast::Calendar,
    step: &ast::Step,
    message: &str,
    help: &str,
) {
    let closed = calendar.closed.first().zip(calendar.closed.last());
    let at = closed.map_or(step.span, |(first, last)| first.span.to(last.span));
    let d = Diagnostic::new(&widgets::CALENDAR_NOTHING, at, message);
    check.cx.sink.report(d.help(help));
}

/// An IANA name, or a text that should be one.
fn zone(check: &mut FlowCheck<'_>, scope: &Scope, tz: &Field) -> Option<Zone> {
    let e = match tz {
        Field::Literal(name) => return settings::zone(name, check.cx.sink).map(Zone::Name),
        Field::Expr(e) => e,
    };
    let typed = expr::present(&mut check.cx, scope, e)?;
    if let Base::Choice(id) = typed.ty.base {
        // Each of its values would be taken for a name.
        let values = check.cx.choices.get(id.0).map(|c| &c.options);
        let wrong = values
            .into_iter()
            .flatten()
            .find(|o| lang::zone(&o.value).is_none());
        if let Some(option) = wrong {
            let message = format!(
                "there is no time zone `{}`, which is one of the options",
                option.value
            );
            let d = Diagnostic::new(&names::TIME_ZONE, e.span, message);
            check.cx.sink.report(
                d.help("give the options names of the IANA list as values, as `Europe/Moscow`"),
            );
            return None;
        }
    }
    let text = Ty::some(Base::Text { max: None });
    let typed = expr::coerce(&mut check.cx, typed, &text, e.span, "`tz`")?;
    if let ExprKind::Text(name) = &typed.kind {
        let name = Str {
            value: name.clone(),
            span: e.span,
            map: [(0, e.span.lo)].into(),
        };
        return settings::zone(&name, check.cx.sink).map(Zone::Name);
    }
    Some(Zone::Value(typed))
}

fn slots(check: &mut FlowCheck<'_>, calendar: &ast::Calendar) -> Option<Slots> {
    let hours = calendar.hours.as_ref().map_or(HOURS, |h| h.value.as_str());
    let step = calendar.step.as_ref().map_or(STEP, |s| s.node);
    let bad = match Slots::new(hours, step) {
        Ok(slots) => return Some(slots),
        Err(bad) => bad,
    };
    let hours_at = calendar.hours.as_ref().map(|h| h.span);
    let step_at = calendar.step.as_ref().map(|s| s.span);
    let shown = Duration(step).to_string();
    let (at, message, help) = match bad {
        BadHours::Form => (
            hours_at,
            format!("`{hours}` are no hours"),
            "write from when to when: `\"09:00-20:00\"`; a day ends at `24:00`".to_owned(),
        ),
        BadHours::Order => (
            hours_at,
            format!("`{hours}` end before they begin"),
            "hours are those of one day, which ends at `24:00`".to_owned(),
        ),
        BadHours::Step => (
            step_at,
            format!("a step of `{shown}` does not fit into a day of minutes"),
            "a step is whole minutes, from `1m` to `24h`".to_owned(),
        ),
        BadHours::Remainder => (
            step_at.or(hours_at),
            format!("`{hours}` are no whole number of steps of `{shown}`"),
            whole_steps(hours, step),
        ),
    };
    let at = at.or(step_at).or(hours_at)?;
    let d = Diagnostic::new(&widgets::CALENDAR_HOURS, at, message);
    check.cx.sink.report(d.help(help));
    None
}

/// Where the hours could end instead.
fn whole_steps(hours: &str, step: i64) -> String {
    let Ok((from, to)) = Slots::hours(hours) else {
        return String::new();
    };
    let (from, to, step) = (i64::from(from), i64::from(to), step / 60);
    let clock = |minutes: i64| format!("`{:02}:{:02}`", minutes / 60, minutes % 60);
    let before = to - (to - from) % step;
    let ends: Vec<String> = [before, before + step]
        .into_iter()
        .filter(|end| *end > from && *end <= 24 * 60)
        .map(clock)
        .collect();
    match ends.is_empty() {
        true => "say a shorter step".to_owned(),
        false => format!("end at {}, or say another step", ends.join(" or ")),
    }
}

/// Reads dates, datetimes and queries of them.
struct Reader<'c, 'a> {
    check: &'c mut FlowCheck<'a>,
    scope: &'c Scope,
    tz: &'c TimeZone,
    block: &'static str,
}

impl Reader<'_, '_> {
    fn limit(&mut self, moment: &Moment, name: &str) -> Option<Limit> {
        match moment {
            Moment::Value(field) => {
                let (typed, at) = self.value(field)?;
                if !is_moment(&typed.ty.base) {
                    let message = format!(
                        "{name} is {}, it should be a date or a datetime",
                        expr::a(&typed.ty.clone().with_null(false))
                    );
                    return self.wrong(at, message, "write `today`, `today+60d`, `2026-01-15`, or name a variable of one of these types");
                }
                if typed.ty.nullable {
                    return self.nullable(at, name);
                }
                if let Some(days) = days_from_today(&typed) {
                    return Some(Limit::Today(days));
                }
                Some(Limit::Value(typed))
            }
            Moment::Query(statement) => {
                self.query(statement, Shape::Scalar, name).map(Limit::Query)
            }
        }
    }

    fn taken(&mut self, moment: &Moment) -> Option<Taken> {
        let name = "`disabled`";
        match moment {
            Moment::Value(field) => {
                let (typed, at) = self.value(field)?;
                if typed.ty.nullable && is_moment(&typed.ty.base) {
                    return self.nullable(at, name);
                }
                match &typed.ty {
                    Ty {
                        base,
                        nullable: false,
                    } if is_moment(base) => Some(match days_from_today(&typed) {
                        Some(days) => Taken::Today(days),
                        None => Taken::One(typed),
                    }),
                    Ty {
                        base: Base::List { item, .. },
                        nullable: false,
                    } if is_moment(&item.base) => Some(Taken::List(typed)),
                    ty => {
                        let message =
                            format!("{name} is {}, it should be dates or datetimes", expr::a(ty));
                        self.wrong(at, message, "name a list of them (`flatten: true` makes one of a column), or write `{ sql: … }`")
                    }
                }
            }
            Moment::Query(statement) => self
                .query(statement, Shape::Flatten, name)
                .map(Taken::Query),
        }
    }

    fn query(&mut self, statement: &ast::Statement, shape: Shape, name: &str) -> Option<QueryId> {
        let mut statement = statement.clone();
        statement.shape.node = shape;
        let checked = sql::statement(
            &mut self.check.cx,
            self.scope,
            &statement,
            Kind::Moments,
            self.block,
        )?;
        let ty = checked.result?;
        let item = match &ty.base {
            Base::List { item, .. } => (**item).clone(),
            _ => ty,
        };
        if is_moment(&item.base) {
            return Some(checked.query);
        }
        let message = format!(
            "the query of {name} gives {}, it should give dates or datetimes",
            expr::a(&item.with_null(false))
        );
        self.wrong(
            statement.sql.span,
            message,
            "select a column of type DATE or TIMESTAMPTZ",
        )
    }

    /// A field's value, and its place.
    fn value(&mut self, field: &Field) -> Option<(Expr, Span)> {
        let text = match field {
            Field::Expr(e) => {
                return Some((expr::check(&mut self.check.cx, self.scope, e)?, e.span));
            }
            Field::Literal(text) => text,
        };
        if text
            .value
            .trim()
            .starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '(')
        {
            let e = crate::syntax::expr::parse_expr(text, self.check.cx.sink)?;
            return Some((expr::check(&mut self.check.cx, self.scope, &e)?, e.span));
        }
        let Some((base, kind)) = self.literal(text.value.trim()) else {
            let message = format!("`{}` is neither a date nor a datetime", text.value.trim());
            let d = Diagnostic::new(&expressions::BAD_LITERAL, text.span, message);
            let written = text.value.trim();
            let duration = written
                .strip_suffix(['s', 'm', 'h', 'd'])
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
            self.check.cx.sink.report(match duration {
                true => d.help(format!("count from a moment: `now+{written}`")),
                false => {
                    d.help("write `YYYY-MM-DD` or `YYYY-MM-DD HH:MM`, or `today`, `today+60d`")
                }
            });
            return None;
        };
        let ty = Ty::some(base);
        Some((Expr { ty, kind }, text.span))
    }

    fn literal(&self, text: &str) -> Option<(Base, ExprKind)> {
        if let Some(date) = Date::parse_sql(text) {
            return Some((Base::Date, ExprKind::DateLit(date.to_string())));
        }
        let (date, clock) = text.split_once([' ', 'T'])?;
        let at = Instant::from_local(
            Date::parse_sql(date)?,
            TimeOfDay::parse_sql(clock)?,
            self.tz,
        )?;
        Some((Base::DateTime, ExprKind::InstantLit(at.to_string())))
    }

    fn nullable<T>(&mut self, at: Span, name: &str) -> Option<T> {
        let message = format!("{name} may be null here");
        let d = Diagnostic::new(&expressions::NULLABLE, at, message);
        let help = "test it first (`is not null`), or give a value for it: `… | default: …`";
        self.check.cx.sink.report(d.help(help));
        None
    }

    fn wrong<T>(&mut self, at: Span, message: String, help: &str) -> Option<T> {
        let d = Diagnostic::new(&widgets::CALENDAR_MOMENT, at, message);
        self.check.cx.sink.report(d.help(help));
        None
    }
}

/// `today`, `today+7d`: counted in the calendar's zone, not in the bot's.
fn days_from_today(typed: &Expr) -> Option<i64> {
    match offset(typed) {
        Some((Builtin::Today, seconds)) if seconds % SECONDS_OF_DAY == 0 => {
            Some(seconds / SECONDS_OF_DAY)
        }
        _ => None,
    }
}

fn is_moment(base: &Base) -> bool {
    matches!(base, Base::Date | Base::DateTime)
}

/// A bound that is written out.
fn known(limit: &Limit) -> Option<lang::Limit> {
    match limit {
        Limit::Today(days) => Some(lang::Limit::Today(*days)),
        Limit::Value(Expr {
            kind: ExprKind::DateLit(text),
            ..
        }) => Date::parse_sql(text).map(lang::Limit::Day),
        Limit::Value(Expr {
            kind: ExprKind::InstantLit(text),
            ..
        }) => Instant::parse_sql(text).map(lang::Limit::At),
        Limit::Value(_) | Limit::Query(_) => None,
    }
}

/// A moment as seconds from now, or from today's beginning.
fn since(limit: &Limit) -> Option<(Builtin, i64)> {
    match limit {
        Limit::Today(days) => Some((Builtin::Today, days.saturating_mul(24 * 60 * 60))),
        Limit::Value(value) => offset(value),
        Limit::Query(_) => None,
    }
}

/// Whether `max` is known to come before `min`.
fn crossed(
    check: &mut FlowCheck<'_>,
    calendar: &ast::Calendar,
    min: &Option<Limit>,
    max: &Option<Limit>,
    tz: &TimeZone,
) -> bool {
    use lang::Limit::{At, Day, Today};
    let bounds = min.as_ref().zip(max.as_ref());
    let before = match bounds.and_then(|(min, max)| known(min).zip(known(max))) {
        Some((Today(min), Today(max))) => max < min,
        Some((Day(min), Day(max))) => max < min,
        Some((At(min), At(max))) => max < min,
        Some((Day(min), At(max))) => max.date(tz) < min,
        Some((At(min), Day(max))) => max < min.date(tz),
        // `now+2h` to `now+1h` and the like.
        _ => match bounds {
            Some((min, max)) => {
                since(min)
                    .zip(since(max))
                    .is_some_and(|((x, min), (y, max))| {
                        // Now lies within today, and the latest day counts as a whole.
                        let slack = if x == y { 0 } else { 24 * 60 * 60 };
                        max.saturating_add(slack) < min
                    })
            }
            _ => false,
        },
    };
    let at = |moment: &Option<Moment>| match moment {
        Some(Moment::Value(Field::Literal(text))) => Some(text.span),
        Some(Moment::Value(Field::Expr(e))) => Some(e.span),
        Some(Moment::Query(_)) | None => None,
    };
    let (Some(min), Some(max), true) = (at(&calendar.min), at(&calendar.max), before) else {
        return false;
    };
    let sources = check.cx.bot.sources;
    let message = format!(
        "nothing is at least {} and at most {}",
        sources.slice(min),
        sources.slice(max)
    );
    let d = Diagnostic::new(&graph::EMPTY_RANGE, min, message).note(max, "the latest");
    check.cx.sink.report(d.help("exchange `min` and `max`"));
    true
}

/// Whether everything between written bounds is known not to be free.
fn is_empty(
    min: &Option<Limit>,
    max: &Option<Limit>,
    closed: u8,
    disabled: &[Taken],
    slots: Option<Slots>,
    tz: TimeZone,
) -> bool {
    use lang::Limit::{At, Day};
    let day = |limit: &Option<Limit>| match limit.as_ref().and_then(known) {
        Some(Day(day)) => Some(day),
        Some(At(at)) => Some(at.date(&tz)),
        _ => None,
    };
    let (Some(first), Some(last)) = (day(min), day(max)) else {
        return false;
    };
    let mut taken = Disabled::default();
    for item in disabled {
        match item {
            Taken::One(Expr {
                kind: ExprKind::DateLit(text),
                ..
            }) => taken.days(Date::parse_sql(text)),
            Taken::One(Expr {
                kind: ExprKind::InstantLit(text),
                ..
            }) => taken.times(Instant::parse_sql(text)),
            // More may be taken: what is left is what counts.
            Taken::Today(_) | Taken::One(_) | Taken::List(_) | Taken::Query(_) => {}
        }
    }
    let calendar = lang::Calendar::new(Rules {
        // Long ago: that a day has passed is not the author's mistake.
        now: Instant::MIN,
        min: min.as_ref().and_then(known),
        max: max.as_ref().and_then(known),
        closed: Weekdays::from_bits(closed),
        disabled: taken,
        slots,
        tz,
    });
    let days = (0..=LOOKED_AT).map(|days| first.plus_days(days));
    let mut days = days.take_while(|day| *day <= last);
    !days.any(|day| calendar.is_free(day)) && last < first.plus_days(LOOKED_AT)
}
