//! How long a printed value can be, in UTF-16 units, in one locale.

use std::collections::BTreeMap;

use botfactory_lang::format::{Style, longest_durations};
use botfactory_lang::length::utf16;
pub use botfactory_lang::proof::bounds::{Bound, Lengths};

use crate::check::FlowCx;
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::text::{DateStyle, How, KeyArg, Print};
use crate::ir::types::Base;

/// What is known of the answers of a flow beyond their types.
#[derive(Debug, Default)]
pub struct Known {
    /// Least and greatest value of whole numbers, by Rust name.
    pub ranges: BTreeMap<String, (i64, i64)>,
    /// Least characters of texts that are never blank: those that a person has typed, and the model's.
    pub typed: BTreeMap<String, usize>,
}

fn borrowed(style: &DateStyle) -> Style<'_> {
    match style {
        DateStyle::Short => Style::Short,
        DateStyle::Medium => Style::Medium,
        DateStyle::Long => Style::Long,
        DateStyle::Pattern(pattern) => Style::Pattern(pattern),
    }
}

/// The question, in one locale.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'c, 'a> {
    pub cx: &'c FlowCx<'a>,
    /// Index of the locale.
    pub locale: usize,
    /// Most rows of the innermost loop.
    pub rows: Option<usize>,
}

impl Bounds<'_, '_> {
    fn tag(&self) -> &str {
        let locales = &self.cx.bot.words.locales;
        locales.get(self.locale).map_or("en", |l| l.tag.as_str())
    }

    /// A value as it stands in a template.
    pub fn print(&self, p: &Print) -> Bound {
        self.how(&p.how, &p.value)
    }

    /// An argument of a message, printed by Fluent.
    pub fn argument(&self, arg: &KeyArg) -> Bound {
        match arg {
            KeyArg::Value(e) => self.fluent(e),
            KeyArg::Printed(p) => self.print(p),
        }
    }

    /// Fluent groups the digits of numbers.
    fn fluent(&self, e: &Expr) -> Bound {
        match e.ty.base {
            Base::Int => self.number(e, None),
            Base::Decimal(scale) => Bound::up_to(self.decimal(scale)),
            Base::Real => Bound::up_to(self.real(3)),
            _ => self.value(e),
        }
    }

    fn how(&self, how: &How, e: &Expr) -> Bound {
        let lengths = &self.cx.bot.lengths;
        let instant = e.ty.base == Base::DateTime;
        let pattern = |style: &DateStyle| matches!(style, DateStyle::Pattern(_));
        match how {
            How::Plain => self.value(e),
            How::Date(style) => Bound::up_to(lengths.when(
                self.tag(),
                borrowed(style),
                true,
                instant && pattern(style),
            )),
            How::Time(style) => Bound::up_to(lengths.when(
                self.tag(),
                borrowed(style),
                instant && pattern(style),
                true,
            )),
            How::DateTime(style) => {
                Bound::up_to(lengths.when(self.tag(), borrowed(style), true, true))
            }
            How::Duration => self.duration(e),
            How::Number { digits } => self.number(e, *digits),
            How::Money { currency } => {
                let scale = match e.ty.base {
                    Base::Decimal(scale) => scale,
                    Base::Real => 6,
                    _ => 0,
                };
                Bound::up_to(
                    lengths.printed(self.tag(), |f, out| f.money(i64::MIN, scale, currency, out)),
                )
            }
            How::Label(id) => {
                let command = self.cx.command;
                super::labels::longest(self.cx, command, *id, self.locale)
            }
            // What is no value of the choice is printed as it is.
            How::LabelOf { command, choice } => {
                let label = super::labels::longest(self.cx, command, *choice, self.locale);
                Bound {
                    least: label.least,
                    ..label.either(self.value(e))
                }
            }
            How::Join { separator, each } => self.join(separator, each, e),
            // No character has more than three in the other case.
            How::Upper(inner) | How::Lower(inner) => {
                let inner = self.how(inner, e);
                Bound {
                    most: inner.most.and_then(|n| n.checked_mul(3)),
                    ..inner
                }
            }
            How::Truncate(units, inner) => {
                let inner = self.how(inner, e);
                Bound {
                    least: inner.least.min(1),
                    most: Some(inner.most.map_or(*units, |inner| inner.min(*units))),
                }
            }
            How::Or(other, inner) => self.print(other).either(self.how(inner, e)),
        }
    }

    fn join(&self, separator: &str, each: &How, list: &Expr) -> Bound {
        let Base::List { item, most } = &list.ty.base else {
            return Bound {
                least: 0,
                most: None,
            };
        };
        let element = Expr {
            ty: item.as_ref().clone().with_null(false),
            kind: ExprKind::Var {
                ident: String::new(),
                narrowed: false,
            },
        };
        let each = self.how(each, &element).most;
        Bound {
            least: 0,
            most: most.zip(each).and_then(|(n, each)| {
                let between = utf16(separator).checked_mul(n.saturating_sub(1))?;
                each.checked_mul(n)?.checked_add(between)
            }),
        }
    }

    /// A number, grouped.
    fn number(&self, e: &Expr, digits: Option<u8>) -> Bound {
        let lengths = &self.cx.bot.lengths;
        match (&e.ty.base, digits) {
            (Base::Int, None | Some(0)) => {
                let (least, greatest) = self.range(e);
                let long = |n| lengths.printed(self.tag(), |f, out| f.int(n, out));
                Bound::up_to(long(least).max(long(greatest)))
            }
            (Base::Decimal(scale), None) => Bound::up_to(self.decimal(*scale)),
            (Base::Real, None) => Bound::up_to(self.decimal(6)),
            (_, digits) => Bound::up_to(self.decimal(digits.unwrap_or(0))),
        }
    }

    fn duration(&self, e: &Expr) -> Bound {
        let lengths = &self.cx.bot.lengths;
        let long = |n: i64| lengths.printed(self.tag(), |f, out| f.duration(n, out));
        let (least, greatest) = self.range(e);
        let all = longest_durations(least)
            .into_iter()
            .chain(longest_durations(greatest));
        Bound::up_to(all.map(long).max().unwrap_or_default())
    }

    fn decimal(&self, scale: u8) -> usize {
        let lengths = &self.cx.bot.lengths;
        lengths.printed(self.tag(), |f, out| f.decimal(i64::MIN, scale, out))
    }

    /// A float: its whole digits, a point and the rest.
    fn real(&self, digits: u8) -> usize {
        let lengths = &self.cx.bot.lengths;
        let whole = lengths.printed(self.tag(), |f, out| f.real(-f64::MAX, 0, out));
        whole + 1 + usize::from(digits)
    }

    /// Least and greatest value of a whole number.
    pub fn range(&self, e: &Expr) -> (i64, i64) {
        let rows = |n: Option<usize>| n.map_or(i64::MAX, |n| i64::try_from(n).unwrap_or(i64::MAX));
        /// "at most 52 significant bits" (Bot API, User and Chat).
        const ID: i64 = 1 << 52;
        match &e.kind {
            ExprKind::Int(n) => (*n, *n),
            ExprKind::Index => (1, rows(self.rows)),
            ExprKind::Count(list) => match list.ty.base {
                Base::List { most, .. } => (0, rows(most)),
                _ => (0, i64::MAX),
            },
            ExprKind::Builtin(Builtin::UserId) => (1, ID),
            ExprKind::Builtin(Builtin::ChatId) => (-ID, ID),
            ExprKind::Var { ident, .. } => {
                let known = self.cx.known.ranges.get(ident);
                known.copied().unwrap_or((i64::MIN, i64::MAX))
            }
            ExprKind::Default(a, b) => {
                let (a, b) = (self.range(a), self.range(b));
                (a.0.min(b.0), a.1.max(b.1))
            }
            _ => (i64::MIN, i64::MAX),
        }
    }

    fn value(&self, e: &Expr) -> Bound {
        match &e.kind {
            ExprKind::Text(text) => return Bound::exactly(text),
            ExprKind::Printed(print) => return self.print(print),
            ExprKind::ChoiceValue(choice) => return self.value(choice),
            ExprKind::Default(a, b) => return self.value(a).either(self.value(b)),
            _ => {}
        }
        let lengths = &self.cx.bot.lengths;
        match &e.ty.base {
            Base::Text { max } => Bound {
                least: self.least(e),
                most: *max,
            },
            Base::Int => {
                let (least, greatest) = self.range(e);
                let digits = |n: i64| n.to_string().len();
                Bound::up_to(digits(least).max(digits(greatest)))
            }
            Base::Decimal(scale) => Bound::up_to(self.decimal(*scale)),
            Base::Bool => Bound::up_to(5),
            Base::Real => Bound::up_to(self.real(6)),
            Base::Date => Bound::up_to(lengths.when(self.tag(), Style::Medium, true, false)),
            Base::Time => {
                let when = |style| lengths.when(self.tag(), style, false, true);
                Bound::up_to(when(Style::Short).max(when(Style::Medium)))
            }
            Base::DateTime => Bound::up_to(lengths.when(self.tag(), Style::Medium, true, true)),
            Base::Choice(id) => {
                let values = self.cx.choices.get(id.0).map(|choice| {
                    let lengths = choice.options.iter().map(|o| utf16(&o.value));
                    lengths.max().unwrap_or_default()
                });
                Bound {
                    least: 1,
                    most: values,
                }
            }
            _ => Bound {
                least: 0,
                most: None,
            },
        }
    }

    /// Least characters of a text.
    fn least(&self, e: &Expr) -> usize {
        match &e.kind {
            ExprKind::Builtin(b) => usize::from(!matches!(
                b,
                Builtin::Args | Builtin::RecipientLastName | Builtin::RecipientUsername
            )),
            ExprKind::Var { ident, .. } => self.cx.known.typed.get(ident).copied().unwrap_or(0),
            ExprKind::Field { of, ident, .. } => {
                usize::from(of.ty.base == Base::Contact && ident != "last_name")
            }
            _ => 0,
        }
    }
}

/// The most UTF-16 units of a text value in any locale. `None`: no bound is known.
pub fn longest_text(cx: &FlowCx<'_>, e: &Expr) -> Option<usize> {
    each_locale(cx, |bounds| bounds.value(e).most)
}

/// Least and greatest value of a whole number.
pub fn range(cx: &FlowCx<'_>, e: &Expr) -> (i64, i64) {
    let bounds = Bounds {
        cx,
        locale: 0,
        rows: None,
    };
    bounds.range(e)
}

fn each_locale(cx: &FlowCx<'_>, most: impl Fn(Bounds<'_, '_>) -> Option<usize>) -> Option<usize> {
    let mut all = Some(0);
    for locale in 0..cx.bot.words.locales.len().max(1) {
        let here = most(Bounds {
            cx,
            locale,
            rows: None,
        });
        all = all.zip(here).map(|(a, b): (usize, usize)| a.max(b));
    }
    all
}
