//! Lists that are shown a page at a time: where a page begins, its buttons, and what these carry.

use botfactory_lang::callback::pack::Pack;
use botfactory_lang::callback::{Leaf, PagePress};
use botfactory_lang::words::Arg;

use super::effect::Reads;
use super::message::{Button, CommandLine, Message, Text};
use super::printer::{Args, Words};

/// The list that a bot's code can turn the pages of.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct ListSpec {
    /// Of its command, its name and the types of what its buttons carry: other code's buttons do not fit.
    pub hash: u32,
    /// Its command.
    pub command: &'static str,
    pub reads: Reads,
}

/// Why a list is shown: for the first time, or because one of its buttons was pressed.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    leaf: Option<Leaf>,
    rest: &'a [u8],
    /// How many rows stood before the page; `None`: keys alone say where it is.
    number: Option<i64>,
}

impl<'a> Turn<'a> {
    /// For the first time.
    pub fn first() -> Self {
        Self {
            leaf: None,
            rest: &[],
            number: None,
        }
    }
    /// One of its buttons was pressed; its MAC fits.
    pub fn of(press: &'a PagePress) -> Self {
        Self {
            leaf: Some(press.leaf),
            rest: press.data(),
            number: None,
        }
    }
    /// From what a dialogue remembers of the page that is shown.
    pub(crate) fn from_view(leaf: Option<Leaf>, number: i64) -> Turn<'static> {
        Turn {
            leaf,
            rest: &[],
            number: Some(number),
        }
    }
    /// The next of the values that the button carries; `None`: there is none.
    pub fn take<T: Pack>(&mut self) -> Option<T> {
        T::unpack(&mut self.rest)
    }
    /// Takes the number of rows that stood before the page.
    pub fn numbered(&mut self) {
        self.number = Some(self.take().unwrap_or(0).max(0));
    }
    /// The page to show of a list that has `total` rows by now. `earlier`: how many of them stand before the mark, which
    /// is the page's last row for the way on, and its first for the way back; `None`: nobody knows, its row is gone.
    /// `same`: how many rows are the mark.
    pub fn page(&self, size: i64, total: i64, earlier: Option<i64>, same: i64) -> Page {
        let earlier = earlier.map(|rows| rows.max(0));
        let number = self.number.unwrap_or(0);
        let first = match self.leaf {
            None => 0,
            // The first page stays the first when rows come before it.
            Some(Leaf::Here) => match (self.number, earlier) {
                (Some(0), _) | (_, None) => number,
                (None, Some(rows)) if rows < size => 0,
                (_, Some(rows)) => rows,
            },
            // Where the last row is gone, those after it have moved up by one.
            Some(Leaf::Next) => match earlier {
                Some(rows) => rows.saturating_add(same.clamp(0, 1)),
                None => number.saturating_add(size).saturating_sub(1),
            },
            Some(Leaf::Back) => earlier.unwrap_or(number).saturating_sub(size),
        };
        Page::at(first, size, total)
    }
    /// [`Turn::page`] of a list without marks: by the number of rows before the page alone.
    pub fn page_by_number(&self, size: i64, total: i64) -> Page {
        let number = self.number.unwrap_or(0);
        let first = match self.leaf {
            None => 0,
            Some(Leaf::Here) => number,
            Some(Leaf::Next) => number.saturating_add(size),
            Some(Leaf::Back) => number.saturating_sub(size),
        };
        Page::at(first, size, total)
    }
    /// [`Turn::page`] of a list that is there as a whole; `marked` finds the mark in it.
    pub fn page_of<T>(&self, size: i64, list: &[T], marked: impl FnMut(&T) -> bool) -> Page {
        let earlier = list.iter().position(marked);
        let same = i64::from(earlier.is_some());
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.page(size, number(list.len()), earlier.map(number), same)
    }
}

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Rows before it.
    first: i64,
    size: i64,
    total: i64,
}

impl Page {
    /// From row `first` on, counted from 0; past the end it is the last page.
    fn at(first: i64, size: i64, total: i64) -> Self {
        let (size, total) = (size.max(1), total.max(0));
        let first = if first >= total {
            (total - 1).max(0) / size * size
        } else {
            first.max(0)
        };
        Self { first, size, total }
    }
    /// How many rows stand before it.
    pub fn offset(self) -> i64 {
        self.first
    }
    /// How many rows there are in all.
    pub(crate) fn total(self) -> i64 {
        self.total
    }
    /// There are no rows at all.
    pub fn is_empty(self) -> bool {
        self.total == 0
    }
    /// Its part of a list that is there as a whole.
    pub fn slice<T>(self, list: &[T]) -> &[T] {
        let place = |n: i64| usize::try_from(n).unwrap_or(usize::MAX).min(list.len());
        let (from, to) = (
            place(self.first),
            place(self.first.saturating_add(self.size)),
        );
        list.get(from..to).unwrap_or_default()
    }
    /// Its number, and how many there are: also where rows before it have come or gone.
    fn numbers(self) -> (i64, i64) {
        let before = self.first.div_euclid(self.size) + i64::from(self.first % self.size != 0);
        let after = (self.total - self.first - self.size).max(0);
        let after = after.div_euclid(self.size) + i64::from(after % self.size != 0);
        (before + 1, before + 1 + after)
    }
    fn has_next(self) -> bool {
        self.first.saturating_add(self.size) < self.total
    }
}

/// A page being drawn.
#[derive(Debug)]
pub struct Listing {
    hash: u32,
    page: Page,
    /// What every button carries: the values that the list depends on.
    carried: Vec<u8>,
    /// The number of rows before the page goes with it.
    numbered: bool,
    rows: Vec<Button>,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Listing {
    /// Of no rows yet. `carried`: what it takes to show the list again.
    pub fn new(hash: u32, page: Page, carried: Vec<u8>, numbered: bool) -> Self {
        Self {
            hash,
            page,
            carried,
            numbered,
            rows: Vec::new(),
            first: Vec::new(),
            last: Vec::new(),
        }
    }
    /// A row: its button, and the mark by which it is found again.
    pub fn row(&mut self, label: Text, line: CommandLine, mark: Vec<u8>) {
        if self.rows.is_empty() {
            self.first.clone_from(&mark);
        }
        self.last = mark;
        self.rows.push(Button::command(label, line));
    }
    /// The message: the title and where in the list this is, the rows, and the buttons that turn the page.
    pub fn message(self, words: &Words, title: Text) -> Message {
        let title = match here(words, self.page) {
            Some(here) => title.with_below(&here),
            None => title,
        };
        let turns = turns(self.page, |leaf, label| {
            let mut data = self.carried.clone();
            if self.numbered {
                self.page.first.min(i64::from(u32::MAX)).pack(&mut data);
            }
            data.extend_from_slice(match leaf {
                Leaf::Next => &self.last,
                Leaf::Here | Leaf::Back => &self.first,
            });
            Button::page(label, self.hash, leaf, data)
        });
        let mut message = Message::new(title).truncate();
        for button in self.rows {
            message = message.row([button]);
        }
        message.row(turns)
    }
}

/// `Page 2 of 5, 23 in all`; nothing where there is one page.
pub(crate) fn here(words: &Words, page: Page) -> Option<String> {
    let (number, pages) = page.numbers();
    if pages <= 1 {
        return None;
    }
    let args = Args::new()
        .with("page", Arg::Int(number))
        .with("pages", Arg::Int(pages))
        .with("total", Arg::Int(page.total));
    Some(words.own("bf-list-page", &args).into_string())
}

/// The buttons that turn a page; none where there is only one.
pub(crate) fn turns<B>(page: Page, button: impl Fn(Leaf, &str) -> B) -> Vec<B> {
    let (number, pages) = page.numbers();
    if pages <= 1 {
        return Vec::new();
    }
    let mut row = Vec::with_capacity(3);
    if page.first > 0 {
        row.push(button(Leaf::Back, "‹"));
    }
    row.push(button(Leaf::Here, &format!("{number}/{pages}")));
    if page.has_next() {
        row.push(button(Leaf::Next, "›"));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(leaf: Leaf, number: i64) -> Turn<'static> {
        Turn {
            leaf: Some(leaf),
            rest: &[],
            number: Some(number),
        }
    }

    #[test]
    fn numbers_of_pages() {
        let numbers = |first, total| Page::at(first, 5, total).numbers();
        assert_eq!(numbers(0, 0), (1, 1));
        assert_eq!(numbers(0, 5), (1, 1));
        assert_eq!(numbers(0, 6), (1, 2));
        assert_eq!(numbers(5, 6), (2, 2));
        assert_eq!(numbers(7, 12), (3, 3));
        assert_eq!(numbers(7, 13), (3, 4));
        assert_eq!(numbers(100, 12), (3, 3), "past the end: the last");
        assert_eq!(Page::at(100, 5, 10).offset(), 5);
        assert_eq!(Page::at(-3, 5, 10).offset(), 0);
        assert_eq!(Page::at(3, 5, 0).offset(), 0);
    }

    #[test]
    fn a_mark_finds_its_place() {
        let next = turn(Leaf::Next, 0);
        assert_eq!(next.page(5, 12, Some(4), 1).offset(), 5);
        assert_eq!(next.page(5, 14, Some(6), 1).offset(), 7, "two came before");
        assert_eq!(next.page(5, 11, Some(4), 0).offset(), 4, "the key is gone");
        assert_eq!(next.page(5, 11, None, 0).offset(), 4, "the row is gone");
        let back = turn(Leaf::Back, 5);
        assert_eq!(back.page(5, 12, Some(5), 1).offset(), 0);
        assert_eq!(back.page(5, 12, Some(3), 1).offset(), 0);
        assert_eq!(back.page(5, 12, None, 0).offset(), 0);
        let here = turn(Leaf::Here, 5);
        assert_eq!(here.page(5, 12, Some(6), 1).offset(), 6);
        assert_eq!(turn(Leaf::Here, 0).page(5, 12, Some(2), 1).offset(), 0);
        assert_eq!(here.page(5, 2, None, 0).offset(), 0);
        let by_keys = Turn {
            number: None,
            ..here
        };
        assert_eq!(by_keys.page(5, 12, Some(7), 1).offset(), 7);
        assert_eq!(by_keys.page(5, 12, Some(2), 1).offset(), 0);
    }

    /// Whoever walks from the first page to the last sees every row that was there all the time once, whatever comes and
    /// goes between: by keys always; by ids while the row at the border stays.
    #[test]
    fn walking_skips_and_doubles_nothing() {
        let mut seed: u64 = 1;
        let mut next = move |bound: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % bound
        };
        for round in 0..4_000 {
            let by_id = round % 2 == 0;
            let size = 1 + i64::try_from(next(7)).unwrap();
            let mut rows: Vec<u64> = (0..next(40)).map(|n| n * 1_000).collect();
            let mut steady = rows.clone();
            let mut seen: Vec<u64> = Vec::new();
            let mut turn = Turn::first();
            let mut mark: Option<u64> = None;
            for _ in 0..200 {
                let earlier = match (mark, by_id) {
                    (None, _) => None,
                    (Some(mark), true) => rows.iter().position(|r| *r == mark),
                    (Some(mark), false) => Some(rows.iter().filter(|r| **r < mark).count()),
                };
                let same = rows.iter().filter(|r| Some(**r) == mark).count();
                let page = turn.page(
                    size,
                    rows.len() as i64,
                    earlier.map(|n| n as i64),
                    same as i64,
                );
                let shown = page.slice(&rows).to_vec();
                assert!(shown.len() <= size as usize);
                seen.extend(&shown);
                if !page.has_next() {
                    break;
                }
                mark = shown.last().copied();
                turn = Turn {
                    leaf: Some(Leaf::Next),
                    rest: &[],
                    number: Some(page.first),
                };
                for _ in 0..next(4) {
                    if next(2) == 0 {
                        let new = next(40_000) | 1;
                        if !rows.contains(&new) {
                            rows.push(new);
                            rows.sort_unstable();
                        }
                    } else if !rows.is_empty() {
                        let at = next(rows.len() as u64) as usize;
                        if !(by_id && Some(rows[at]) == mark) {
                            let gone = rows.remove(at);
                            steady.retain(|r| *r != gone);
                        }
                    }
                }
            }
            let mut once = seen.clone();
            once.dedup();
            // Past the end the last page comes again: only then a row may be seen twice.
            if rows.iter().any(|r| mark.is_none_or(|m| *r > m)) {
                assert_eq!(once.len(), seen.len(), "doubled in round {round}");
            }
            for row in &steady {
                assert!(seen.contains(row), "skipped in round {round}");
            }
        }
    }
}
