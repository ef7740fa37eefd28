//! The buttons of a view.

use super::Calendar;
use super::month::Month;
use super::view::{INERT, View, day_word, time_word};
use crate::format::{Formats, Style};
use crate::value::Date;

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What is on it: never blank.
    pub label: String,
    /// What it carries, at most [`super::KEY`] bytes of ASCII.
    pub key: String,
}

/// A drawn view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// At most 8 in a row, at most 62 in all.
    pub rows: Vec<Vec<Cell>>,
    /// Nothing of what is shown can be chosen.
    pub nothing: bool,
}

/// Times in a row, and rows of times.
const TIMES: usize = 4;
const TIME_ROWS: usize = 12;
/// Years in a row, and rows of years.
const YEARS: i16 = 5;
const YEAR_ROWS: i16 = 4;
/// A cell that stands for no day: Telegram takes no blank one.
const BLANK: &str = "·";

impl Cell {
    fn inert(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            key: INERT.to_owned(),
        }
    }
    fn blank() -> Self {
        Self::inert(BLANK)
    }
    fn to(label: impl Into<String>, view: View) -> Self {
        Self {
            label: label.into(),
            key: view.to_string(),
        }
    }
    /// Leads there if there is such a view, else blank.
    fn maybe(label: &str, view: Option<View>) -> Self {
        view.map_or_else(Self::blank, |view| Self::to(label, view))
    }
}

impl Calendar {
    /// The buttons of a kept view (`""`: the first one), in a locale.
    pub fn draw(&self, kept: &str, formats: &Formats) -> Drawn {
        match self.view(kept) {
            View::Month(month) => self.draw_month(month, formats),
            View::Day(day, page) => self.draw_day(day, page, formats),
            View::Years(month) => self.draw_years(month),
        }
    }

    fn draw_month(&self, month: Month, formats: &Formats) -> Drawn {
        let mut rows = Vec::new();
        let other = |months: i32| {
            let to = month.plus(months)?;
            self.overlaps(to).then_some(View::Month(to))
        };
        if self.first.civil().year() < self.last.civil().year() {
            // A year on or back, as far as the bounds allow.
            let year = |years: i32| {
                let to = self.nearby(month.plus(years * 12)?);
                (to.year() != month.year()).then_some(to)
            };
            let jump = |to: Option<Month>, mark: fn(i16) -> String| {
                to.map_or_else(Cell::blank, |to| Cell::to(mark(to.year()), View::Month(to)))
            };
            rows.push(vec![
                jump(year(-1), |year| format!("« {year}")),
                Cell::to(month.year().to_string(), View::Years(month)),
                jump(year(1), |year| format!("{year} »")),
            ]);
        }
        rows.push(vec![
            Cell::maybe("‹", other(-1)),
            Cell::inert(formats.month(month.first())),
            Cell::maybe("›", other(1)),
        ]);
        rows.push(formats.weekdays().map(Cell::inert).collect());
        let mut nothing = true;
        let lead = formats.column(month.first());
        let mut week: Vec<Cell> = (0..lead).map(|_| Cell::blank()).collect();
        for day in month.days() {
            let mut label = String::new();
            formats.int(day.civil().day().into(), &mut label);
            week.push(if self.is_free(day) {
                nothing = false;
                Cell {
                    label,
                    key: day_word(day),
                }
            } else {
                Cell::inert(format!("·{label}·"))
            });
            if week.len() == 7 {
                rows.push(std::mem::take(&mut week));
            }
        }
        if !week.is_empty() {
            week.resize_with(7, Cell::blank);
            rows.push(week);
        }
        Drawn { rows, nothing }
    }

    fn draw_day(&self, day: Date, page: u16, formats: &Formats) -> Drawn {
        let times = self.free_times(day);
        let per_page = TIMES * TIME_ROWS;
        let last = times.len().saturating_sub(1) / per_page;
        let page = usize::from(page).min(last);
        let mut rows = vec![vec![Cell::inert(formats.day(day))]];
        let shown = times.get(page * per_page..).unwrap_or_default();
        for row in shown
            .get(..per_page.min(shown.len()))
            .unwrap_or_default()
            .chunks(TIMES)
        {
            let mut row: Vec<Cell> = row
                .iter()
                .map(|at| {
                    let mut label = String::new();
                    formats.time(at.time(&self.tz), Style::Short, &mut label);
                    Cell {
                        label,
                        key: time_word(*at),
                    }
                })
                .collect();
            if times.len() > TIMES {
                row.resize_with(TIMES, Cell::blank);
            }
            rows.push(row);
        }
        if last > 0 {
            let to = |page: Option<usize>| {
                let page = page.filter(|page| *page <= last)?;
                Some(View::Day(day, u16::try_from(page).ok()?))
            };
            rows.push(vec![
                Cell::maybe("‹", to(page.checked_sub(1))),
                Cell::inert(format!("{}/{}", page + 1, last + 1)),
                Cell::maybe("›", to(Some(page + 1))),
            ]);
        }
        let month = Month::of(day);
        rows.push(vec![Cell::to(
            format!("‹ {}", formats.month(month.first())),
            View::Month(month),
        )]);
        Drawn {
            rows,
            nothing: times.is_empty(),
        }
    }

    fn draw_years(&self, month: Month) -> Drawn {
        let all = YEARS * YEAR_ROWS;
        // The same page for every year on it.
        let first = (month.year() - 1).div_euclid(all) * all + 1;
        let to = |year: i16| {
            let to = Month::new(year, month.number())?;
            let near = self.nearby(to);
            (near.year() == year).then_some(near)
        };
        let mut rows = Vec::new();
        for row in 0..YEAR_ROWS {
            rows.push(
                (0..YEARS)
                    .map(|column| {
                        let year = first + row * YEARS + column;
                        Cell::maybe(&year.to_string(), to(year).map(View::Month))
                    })
                    .collect(),
            );
        }
        let page = |year: i16, inside: bool| {
            Cell::maybe(
                if year < first { "‹" } else { "›" },
                Month::new(year, month.number())
                    .filter(|_| inside)
                    .map(View::Years),
            )
        };
        rows.push(vec![
            page(first - all, self.first.civil().year() < first),
            Cell::to(month.year().to_string(), View::Month(month)),
            page(first + all, self.last.civil().year() >= first + all),
        ]);
        Drawn {
            rows,
            nothing: false,
        }
    }
}
