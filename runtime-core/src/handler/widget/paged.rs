//! A list in pages whose row is the answer. The page, the words that are searched and the marks by which the page is found
//! again are its view.

use botfactory_lang::answer::{Refusal, Wanted, same};
use botfactory_lang::callback::Leaf;
use botfactory_lang::callback::pack::{Pack, from_text, hash_text, to_text};
use botfactory_lang::length::cut;
use botfactory_lang::value::{Date, Decimal, Instant, TimeOfDay};
use botfactory_lang::words::Arg;

use super::{Drawn, Turned, Widget, label};
use crate::handler::message::{Button, Text};
use crate::handler::pages::{Page, Turn, here, turns};
use crate::handler::printer::{Args, Words};

/// Most UTF-16 units of what is searched.
const SEARCH: usize = 64;
/// Most bytes of the marks of a page that are kept; rows with longer ids are found again by their number.
const MARKS: usize = 512;
/// Keys of the buttons that are no rows.
const NEXT: &str = "n";
const BACK: &str = "b";
const HERE: &str = "h";
const ALL: &str = "x";

/// What tells rows apart.
pub trait RowId: Pack + Clone + PartialEq {
    /// The key of its button: the same in every build, and never one of the list's own.
    fn key(&self) -> String;
    /// What somebody types who means it.
    fn typed(text: &str) -> Option<Self> {
        let _ = text;
        None
    }
    /// Back from the key, where that holds all of it.
    fn of_key(key: &str) -> Option<Self> {
        let bytes = from_text(key.strip_prefix('i')?)?;
        let mut rest = &bytes[..];
        let id = Self::unpack(&mut rest)?;
        rest.is_empty().then_some(id)
    }
}

fn packed(id: &impl Pack) -> String {
    let mut bytes = Vec::new();
    id.pack(&mut bytes);
    format!("i{}", to_text(&bytes))
}

impl RowId for i64 {
    fn key(&self) -> String {
        packed(self)
    }
    fn typed(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl RowId for String {
    /// A text may be of any length: its hash.
    fn key(&self) -> String {
        format!("t{}", hash_text(self))
    }
    fn typed(text: &str) -> Option<Self> {
        Some(text.trim().to_owned())
    }
    fn of_key(_key: &str) -> Option<Self> {
        None
    }
}

macro_rules! packed_ids {
    ($($type:ty),*) => {$(
        impl RowId for $type {
            fn key(&self) -> String {
                packed(self)
            }
        }
    )*};
}
packed_ids!(Date, TimeOfDay, Instant);

impl<const SCALE: u8> RowId for Decimal<SCALE> {
    fn key(&self) -> String {
        packed(self)
    }
}

/// What is shown of a list.
#[derive(Debug, Default, PartialEq, Eq)]
struct View {
    /// Rows before the page.
    number: i64,
    /// What is searched; empty: nothing.
    words: String,
    /// Marks of its first and last row.
    first: Vec<u8>,
    last: Vec<u8>,
}

impl View {
    fn read(text: &str) -> Option<Self> {
        let bytes = from_text(text)?;
        let mut rest = &bytes[..];
        let number = i64::unpack(&mut rest)?;
        let words = String::unpack(&mut rest)?;
        let length = usize::try_from(i64::unpack(&mut rest)?).ok()?;
        let (first, last) = rest.split_at_checked(length)?;
        Some(Self {
            number: number.max(0),
            words,
            first: first.to_vec(),
            last: last.to_vec(),
        })
    }
    fn write(&self) -> String {
        let mut bytes = Vec::new();
        self.number.pack(&mut bytes);
        self.words.pack(&mut bytes);
        i64::try_from(self.first.len())
            .unwrap_or(0)
            .pack(&mut bytes);
        bytes.extend_from_slice(&self.first);
        bytes.extend_from_slice(&self.last);
        to_text(&bytes)
    }
}

/// What was given to a list, and what it shows: decides which rows are asked for.
#[derive(Debug)]
pub struct Seek {
    leaf: Option<Leaf>,
    view: View,
    /// How far its mark has been read.
    read: usize,
    key: Option<String>,
    typed: Option<String>,
}

impl Seek {
    /// `search`: what is typed is searched.
    pub(crate) fn new(view: &str, key: Option<&str>, typed: Option<&str>, search: bool) -> Self {
        let known = View::read(view).filter(|_| !view.is_empty());
        let mut seek = Self {
            leaf: known.as_ref().map(|_| Leaf::Here),
            view: known.unwrap_or_default(),
            read: 0,
            key: key.map(str::to_owned),
            typed: typed.map(str::to_owned),
        };
        let begin = |words: &str| View {
            words: cut(words.trim(), SEARCH).into_owned(),
            ..View::default()
        };
        match (key, typed) {
            (Some(NEXT), _) => seek.leaf = Some(Leaf::Next),
            (Some(BACK), _) => seek.leaf = Some(Leaf::Back),
            (Some(ALL), _) => (seek.leaf, seek.view) = (None, begin("")),
            (None, Some(text)) if search => (seek.leaf, seek.view) = (None, begin(text)),
            _ => {}
        }
        // A page that was not shown yet has no next one.
        if seek.view == View::default() && seek.leaf == Some(Leaf::Back) {
            seek.leaf = None;
        }
        seek
    }
    fn turn(&self) -> Turn<'_> {
        Turn::from_view(self.leaf, self.view.number)
    }
    /// The next value of the mark; `None`: there is none.
    pub fn take<T: Pack>(&mut self) -> Option<T> {
        let mark = match self.leaf? {
            Leaf::Next => &self.view.last,
            Leaf::Here | Leaf::Back => &self.view.first,
        };
        let mut rest = mark.get(self.read..)?;
        let before = rest.len();
        let value = T::unpack(&mut rest)?;
        self.read += before - rest.len();
        Some(value)
    }
    /// See [`Turn::page`].
    pub fn page(&self, size: i64, total: i64, earlier: Option<i64>, same: i64) -> Page {
        self.turn().page(size, total, earlier, same)
    }
    /// See [`Turn::page_by_number`].
    pub fn page_by_number(&self, size: i64, total: i64) -> Page {
        self.turn().page_by_number(size, total)
    }
    /// See [`Turn::page_of`].
    pub fn page_of<T>(&self, size: i64, list: &[T], marked: impl FnMut(&T) -> bool) -> Page {
        self.turn().page_of(size, list, marked)
    }
    /// Some words are searched.
    pub fn searches(&self) -> bool {
        !self.view.words.is_empty()
    }
    /// Whether a row has all the words that are searched.
    pub fn matches(&self, label: &Text) -> bool {
        let label = label.plain().to_lowercase();
        let words = self.view.words.to_lowercase();
        words.split_whitespace().all(|word| label.contains(word))
    }
    /// The id of the row that was chosen, as far as it is known without the rows.
    pub fn chosen<T: RowId>(&self) -> Option<T> {
        match (&self.key, &self.typed) {
            (Some(key), _) => T::of_key(key),
            (None, Some(text)) => T::typed(text),
            (None, None) => None,
        }
    }
    /// Whether a row may have been chosen.
    pub fn chooses(&self) -> bool {
        match &self.key {
            Some(key) => ![NEXT, BACK, HERE, ALL].contains(&key.as_str()),
            None => self.typed.is_some(),
        }
    }
    /// Whether the row with this id was chosen.
    pub fn is_chosen<T: RowId>(&self, id: &T) -> bool {
        match (&self.key, &self.typed) {
            (Some(key), _) => *key == id.key(),
            (None, Some(text)) => T::typed(text).is_some_and(|typed| typed == *id),
            (None, None) => false,
        }
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct Paged<T> {
    page: Page,
    words: String,
    search: bool,
    rows: Vec<(T, Text)>,
    first: Vec<u8>,
    last: Vec<u8>,
    chosen: Option<T>,
    extra: Vec<Vec<Button>>,
}

impl<T: RowId> Paged<T> {
    /// Without rows, yet. `chosen`: the id of the row that was chosen, if it is one of the list's.
    pub fn new(seek: &Seek, page: Page, search: bool, chosen: Option<T>) -> Self {
        Self {
            page,
            words: seek.view.words.clone(),
            search,
            rows: Vec::new(),
            first: Vec::new(),
            last: Vec::new(),
            chosen,
            extra: Vec::new(),
        }
    }
    /// Adds a row, with the mark by which it is found again.
    pub fn add(&mut self, label: Text, id: T, mark: Vec<u8>) {
        if self.rows.is_empty() {
            self.first.clone_from(&mark);
        }
        self.last = mark;
        self.rows.push((id, label));
    }
    /// Adds a row of ordinary buttons below (an empty one is dropped).
    #[must_use]
    pub fn row(mut self, buttons: impl IntoIterator<Item = Button>) -> Self {
        let row: Vec<_> = buttons.into_iter().collect();
        if !row.is_empty() {
            self.extra.push(row);
        }
        self
    }
    fn view(&self) -> String {
        let kept = self.first.len() + self.last.len() <= MARKS;
        let mark = |mark: &Vec<u8>| if kept { mark.clone() } else { Vec::new() };
        View {
            number: self.page.offset(),
            words: self.words.clone(),
            first: mark(&self.first),
            last: mark(&self.last),
        }
        .write()
    }
}

impl<T: RowId> Widget for Paged<T> {
    const KIND: &'static str = "pagination";
    type Value = T;

    fn wanted(&self) -> Wanted {
        Wanted::Choice
    }
    fn draw(&self, words: &Words, _view: &str) -> Drawn {
        let button = |(id, text): &(T, Text)| vec![(text.clone(), id.key())];
        let mut rows: Vec<Vec<(Text, String)>> = self.rows.iter().map(button).collect();
        rows.push(turns(self.page, |leaf, text| {
            let key = match leaf {
                Leaf::Next => NEXT,
                Leaf::Back => BACK,
                Leaf::Here => HERE,
            };
            (label(text), key.to_owned())
        }));
        rows.retain(|row| !row.is_empty());
        let mut below = Vec::new();
        if !self.words.is_empty() {
            rows.push(vec![(label(format!("✕ {}", self.words)), ALL.to_owned())]);
            let key = if self.page.is_empty() {
                "bf-list-not-found"
            } else {
                "bf-list-found"
            };
            let args = Args::new()
                .with("words", Arg::Text(self.words.as_str().into()))
                .with("total", Arg::Int(self.page.total()));
            below.push(words.own(key, &args).into_string());
        } else if self.search {
            below.push(words.own_plain("bf-list-search").into_string());
        }
        below.extend(here(words, self.page));
        Drawn {
            rows,
            below: (!below.is_empty()).then(|| below.join("\n")),
        }
    }
    fn begun(&self) -> String {
        self.view()
    }
    fn extra(&self) -> Vec<Vec<Button>> {
        self.extra.clone()
    }
    fn pressed(&self, _words: &Words, _view: &str, key: &str) -> Result<Turned<T>, Refusal> {
        if [NEXT, BACK, HERE, ALL].contains(&key) {
            return Ok(Turned::View(self.view()));
        }
        match &self.chosen {
            Some(id) if id.key() == key => Ok(Turned::Value(id.clone())),
            _ => Err(Refusal::NotAnOption),
        }
    }
    fn typed(&self, _words: &Words, _view: &str, text: &str) -> Result<Turned<T>, Refusal> {
        if self.search {
            return Ok(Turned::View(self.view()));
        }
        let labelled = |(_, label): &&(T, Text)| same(text, &label.plain());
        let found = self.rows.iter().find(labelled).map(|(id, _)| id);
        found
            .or(self.chosen.as_ref())
            .map(|id| Turned::Value(id.clone()))
            .ok_or(Refusal::NotAnOption)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use botfactory_lang::callback::Key;

    #[test]
    fn keys_fit_and_are_nobody_else_s() {
        let keys = [
            0_i64.key(),
            i64::MIN.key(),
            i64::MAX.key(),
            String::new().key(),
            "я".repeat(4_000).key(),
            Date::new(9999, 12, 31).unwrap().key(),
            Instant::MAX.key(),
            TimeOfDay::new(23, 59, 59).unwrap().key(),
            Decimal::<4>::from_units(i64::MIN).key(),
        ];
        for key in keys {
            assert!(Key::new(&key).is_some(), "{key}");
            assert!(![NEXT, BACK, HERE, ALL, super::super::INERT].contains(&key.as_str()));
        }
        assert_eq!(i64::of_key(&(-5_i64).key()), Some(-5));
        assert_eq!(i64::of_key("i"), None);
        assert_eq!(i64::of_key("iAAAA"), None);
        assert_eq!(Date::of_key(&7_i64.key()), None);
        assert_eq!(String::of_key(&String::from("a").key()), None);
    }

    #[test]
    fn views_are_read_back_and_anything_else_is_the_first_page() {
        let view = View {
            number: 15,
            words: "чай".into(),
            first: vec![1, 2, 3],
            last: vec![4],
        };
        assert_eq!(View::read(&view.write()), Some(view));
        for text in ["", "?", "AAAA", "gICAgICAgICAgA"] {
            let seek = Seek::new(text, Some(NEXT), None, false);
            assert_eq!(seek.page_by_number(5, 100).offset() % 5, 0);
        }
    }

    #[test]
    fn what_is_given_decides_the_page() {
        let view = View {
            number: 5,
            words: String::new(),
            first: {
                let mut mark = Vec::new();
                6_i64.pack(&mut mark);
                mark
            },
            last: {
                let mut mark = Vec::new();
                10_i64.pack(&mut mark);
                mark
            },
        }
        .write();
        let seek =
            |key: Option<&str>, typed: Option<&str>, search| Seek::new(&view, key, typed, search);
        assert_eq!(seek(Some(NEXT), None, false).take::<i64>(), Some(10));
        assert_eq!(seek(Some(BACK), None, false).take::<i64>(), Some(6));
        assert_eq!(seek(Some(&7_i64.key()), None, false).take::<i64>(), Some(6));
        assert_eq!(
            seek(Some(&7_i64.key()), None, false).chosen::<i64>(),
            Some(7)
        );
        assert_eq!(seek(None, Some(" 7 "), false).chosen::<i64>(), Some(7));
        assert!(!seek(Some(NEXT), None, false).chooses());
        let mut searching = seek(None, Some("Зелёный ЧАЙ"), true);
        assert!(searching.searches());
        assert_eq!(searching.take::<i64>(), None);
        assert!(searching.matches(&label("чай, зелёный")));
        assert!(!searching.matches(&label("чай чёрный")));
        assert!(!Seek::new(&view, Some(ALL), None, true).searches());
        let id = String::from("a:b");
        let key = id.key();
        assert!(seek(Some(&key), None, false).is_chosen(&id));
        assert!(!seek(Some(&key), None, false).is_chosen(&String::from("a")));
    }
}
