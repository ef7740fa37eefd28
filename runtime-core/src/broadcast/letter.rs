//! What a broadcast says, as it is stored: rendered per locale, with holes for the recipient's own fields.

use botfactory_lang::length::cut;
use botfactory_lang::limits::{CALLBACK_DATA_BYTES, CAPTION, MESSAGE_RAW_BYTES, MESSAGE_TEXT};
use botfactory_lang::markup::{self, ParseMode, Place, escape_into, is_blank};
use serde::{Deserialize, Serialize};

use crate::handler::error::HandlerError;
use crate::handler::marks::Recipient;
use crate::handler::message::{Button, Does, Message};
use crate::store::broadcasts::sending::Fields;
use crate::telegram::media::{
    SendAnimation, SendAudio, SendDocument, SendPhoto, SendVideo, SendVoice,
};
use crate::telegram::method::{Call, InlineButton, ReplyMarkup, SendMessage};

/// A message of a broadcast in one locale, ready but for the recipient's fields.
#[derive(Debug, Clone)]
pub struct Bulletin {
    pub(crate) message: Message,
    pub(crate) media: Option<Media>,
}

/// A file that goes with a message; the text is its caption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Media {
    pub(crate) kind: MediaKind,
    /// `file_id`, or an address.
    pub(crate) file: String,
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum MediaKind {
    Photo,
    Video,
    Document,
    Audio,
    Animation,
    Voice,
}

impl Bulletin {
    /// A message with its keyboard. Lists in pages are not for broadcasts.
    pub fn new(message: Message) -> Self {
        Self {
            message,
            media: None,
        }
    }
    /// With a file, by Telegram's id of one that it has or by an `https` address. The text is its caption.
    #[must_use]
    pub fn media(mut self, kind: MediaKind, file: impl Into<String>) -> Self {
        let file = file.into();
        self.media = Some(Media { kind, file });
        self
    }
}

impl Fields {
    fn get(&self, field: Recipient) -> &str {
        match field {
            Recipient::FirstName => &self.first_name,
            Recipient::LastName => self.last_name.as_deref().unwrap_or_default(),
            Recipient::Username => self.username.as_deref().unwrap_or_default(),
        }
    }
}

/// A piece of a stored text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Piece {
    Words(String),
    Field {
        field: Recipient,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        code: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        attribute: bool,
    },
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    text: Vec<Piece>,
    mode: ParseMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyboard: Option<ReplyMarkup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media: Option<Media>,
}

/// Why a message cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLetter {
    #[error("a broadcast needs a text or a file")]
    Empty,
    #[error("a button's payload has more than 64 bytes")]
    Payload,
    #[error("a list in pages cannot stand in a broadcast")]
    List,
    #[error("a recipient's field cannot stand in a button")]
    Field,
}

impl From<NoLetter> for HandlerError {
    fn from(no: NoLetter) -> Self {
        Self::Bug(match no {
            NoLetter::Empty => "a broadcast says nothing",
            NoLetter::Payload => "a callback payload over 64 bytes",
            NoLetter::List => "a list in a broadcast",
            NoLetter::Field => "a recipient's field in a button",
        })
    }
}

/// The letters of a broadcast by locale, in the bot's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letters {
    letters: Vec<(String, Letter)>,
    /// For whom none of the tags fits.
    default: String,
}

impl Letters {
    pub(crate) fn new(letters: Vec<(String, Letter)>, default: &str) -> Self {
        Self {
            letters,
            default: default.to_owned(),
        }
    }

    /// The letter of a locale.
    pub(crate) fn of(&self, tag: &str) -> Option<&Letter> {
        let named = |tag: &str| self.letters.iter().find(|(known, _)| known == tag);
        let found = named(tag).or_else(|| named(&self.default));
        found.or(self.letters.first()).map(|(_, letter)| letter)
    }

    /// Each with its tag.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, &Letter)> {
        self.letters
            .iter()
            .map(|(tag, letter)| (tag.as_str(), letter))
    }
}

impl Letter {
    /// Of a message that is ready: what is too long for one is cut with `…`.
    pub(crate) fn new(bulletin: &Bulletin) -> Result<Self, NoLetter> {
        let text = &bulletin.message.text;
        let limit = match bulletin.media {
            Some(_) => CAPTION,
            None => MESSAGE_TEXT,
        };
        let empty = is_blank(text.mode, text.as_str());
        if empty && bulletin.media.is_none() {
            return Err(NoLetter::Empty);
        }
        let room = limit.saturating_sub(growth(text.as_str()));
        let cut = markup::truncate_to(
            text.mode,
            text.as_str(),
            &text.breaks,
            room,
            MESSAGE_RAW_BYTES,
        );
        let pieces = if empty {
            Vec::new()
        } else {
            pieces(text.mode, &cut)
        };
        Ok(Self {
            text: pieces,
            mode: text.mode,
            keyboard: keyboard(&bulletin.message.rows)?,
            media: bulletin.media.clone(),
        })
    }

    /// The text as this person gets it.
    fn filled(&self, fields: &Fields) -> String {
        let mut out = String::new();
        for piece in &self.text {
            match piece {
                Piece::Words(words) => out.push_str(words),
                Piece::Field {
                    field,
                    code,
                    attribute,
                } => {
                    let place = match (code, attribute) {
                        (true, _) => Place::Code,
                        (_, true) => Place::Attribute,
                        _ => Place::Text,
                    };
                    let value = cut(fields.get(*field), Recipient::UNITS);
                    escape_into(self.mode, place, &value, &mut out);
                }
            }
        }
        out
    }

    /// Nothing is left of it for this person.
    pub(crate) fn says_nothing(&self, fields: &Fields) -> bool {
        self.media.is_none() && is_blank(self.mode, &self.filled(fields))
    }

    /// The call that sends it to this person.
    pub(crate) fn call(&self, chat_id: i64, fields: &Fields) -> Call {
        let text = self.filled(fields);
        let parse_mode = self.mode.name().map(str::to_owned);
        let reply_markup = self.keyboard.clone();
        let Some(media) = &self.media else {
            return Call::SendMessage(SendMessage {
                chat_id,
                message_thread_id: None,
                text,
                parse_mode,
                reply_markup,
            });
        };
        let caption = Some(text).filter(|text| !text.is_empty());
        let parse_mode = parse_mode.filter(|_| caption.is_some());
        macro_rules! call {
            ($call:ident, $field:ident) => {
                Call::$call($call {
                    chat_id,
                    message_thread_id: None,
                    $field: media.file.clone(),
                    caption,
                    parse_mode,
                    reply_markup,
                })
            };
        }
        match media.kind {
            MediaKind::Photo => call!(SendPhoto, photo),
            MediaKind::Video => call!(SendVideo, video),
            MediaKind::Document => call!(SendDocument, document),
            MediaKind::Audio => call!(SendAudio, audio),
            MediaKind::Animation => call!(SendAnimation, animation),
            MediaKind::Voice => call!(SendVoice, voice),
        }
    }
}

/// So much longer a text may become when its fields are filled in.
pub(crate) fn growth(text: &str) -> usize {
    text.matches_fields() * (Recipient::UNITS - Recipient::MARK)
}

trait Fielded {
    fn matches_fields(&self) -> usize;
}

impl Fielded for str {
    /// How many fields stand in it.
    fn matches_fields(&self) -> usize {
        let count = |field: Recipient| self.matches(field.mark()).count();
        Recipient::ALL.into_iter().map(count).sum()
    }
}

/// Takes a text apart at its fields, and finds where in the markup each stands.
fn pieces(mode: ParseMode, text: &str) -> Vec<Piece> {
    let mut words = Vec::new();
    let mut fields = Vec::new();
    let mut skeleton = String::with_capacity(text.len());
    let mut holes = Vec::new();
    let mut rest = text;
    loop {
        let next = Recipient::ALL
            .into_iter()
            .filter_map(|field| rest.find(field.mark()).map(|at| (at, field)))
            .min_by_key(|(at, _)| *at);
        let Some((at, field)) = next else { break };
        let (before, after) = rest.split_at(at);
        words.push(before);
        skeleton.push_str(before);
        holes.push(skeleton.len()..skeleton.len());
        fields.push(field);
        rest = after.strip_prefix(field.mark()).unwrap_or_default();
    }
    skeleton.push_str(rest);
    let (_, places) = markup::check(mode, &skeleton, &holes);
    let mut pieces = Vec::with_capacity(words.len() * 2 + 1);
    let mut places = places.into_iter();
    for (words, field) in words.into_iter().zip(fields) {
        let place = places.next().unwrap_or_default();
        if !words.is_empty() {
            pieces.push(Piece::Words(words.to_owned()));
        }
        pieces.push(Piece::Field {
            field,
            code: place == Place::Code,
            attribute: place == Place::Attribute,
        });
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest.to_owned()));
    }
    pieces
}

fn keyboard(rows: &[Vec<Button>]) -> Result<Option<ReplyMarkup>, NoLetter> {
    if rows.is_empty() {
        return Ok(None);
    }
    let button = |button: &Button| {
        let (callback_data, url) = match &button.does {
            Does::Callback(data) if data.len() > CALLBACK_DATA_BYTES => {
                return Err(NoLetter::Payload);
            }
            Does::Callback(data) => (Some(data.clone()), None),
            Does::Url(url) => (None, Some(url.clone())),
            Does::Page { .. } => return Err(NoLetter::List),
        };
        let address = url.as_deref().unwrap_or_default();
        if button.text.matches_fields() + address.matches_fields() > 0 {
            return Err(NoLetter::Field);
        }
        Ok(InlineButton {
            text: button.text.clone(),
            callback_data,
            url,
        })
    };
    let rows = rows.iter().map(|row| row.iter().map(button).collect());
    let inline_keyboard = rows.collect::<Result<_, _>>()?;
    Ok(Some(ReplyMarkup::Inline { inline_keyboard }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::message::Text;

    fn letter(mode: ParseMode, words: &str, media: bool) -> Letter {
        let mut text = Text::of(mode);
        text.push(words);
        let mut bulletin = Bulletin::new(Message::new(text));
        if media {
            bulletin = bulletin.media(MediaKind::Photo, "file-1");
        }
        Letter::new(&bulletin).unwrap()
    }

    fn anna() -> Fields {
        Fields {
            first_name: "A<b>&".to_owned(),
            last_name: None,
            username: Some("anna_b".to_owned()),
        }
    }

    #[test]
    fn fields_are_filled_in_and_escaped_where_they_stand() {
        let (first, name) = (Recipient::FirstName.mark(), Recipient::Username.mark());
        let last = Recipient::LastName.mark();
        let html =
            format!("<b>Hi {first}{last}</b> <a href=\"https://t.me/{name}\">you</a> {first}");
        assert_eq!(
            letter(ParseMode::Html, &html, false).filled(&anna()),
            "<b>Hi A&lt;b&gt;&amp;</b> <a href=\"https://t.me/anna_b\">you</a> A&lt;b&gt;&amp;"
        );
        let markdown = format!("*{first}* `{name}` {name}");
        assert_eq!(
            letter(ParseMode::MarkdownV2, &markdown, false).filled(&anna()),
            "*A<b\\>&* `anna_b` anna\\_b"
        );
    }

    #[test]
    fn it_is_read_back_from_its_stored_form() {
        let text = format!("Hi {}!", Recipient::FirstName.mark());
        let letters = Letters::new(
            vec![
                ("ru".to_owned(), letter(ParseMode::Html, "Привет", true)),
                ("en".to_owned(), letter(ParseMode::Html, &text, false)),
            ],
            "en",
        );
        let json = serde_json::to_string(&letters).unwrap();
        assert!(!json.contains(Recipient::FirstName.mark()));
        let read: Letters = serde_json::from_str(&json).unwrap();
        assert_eq!(read, letters);
        let Call::SendMessage(sent) = read.of("de").unwrap().call(7, &anna()) else {
            panic!("no message");
        };
        assert_eq!(
            (sent.chat_id, sent.text.as_str()),
            (7, "Hi A&lt;b&gt;&amp;!")
        );
        assert!(matches!(
            read.of("ru").unwrap().call(7, &anna()),
            Call::SendPhoto(photo) if photo.caption.as_deref() == Some("Привет")
        ));
    }

    #[test]
    fn what_is_too_long_is_cut_with_the_fields_counted() {
        let long = format!("{}{}", Recipient::FirstName.mark(), "я".repeat(5000));
        let fields = Fields {
            first_name: "я".repeat(200),
            ..Fields::default()
        };
        for (media, limit) in [(false, MESSAGE_TEXT), (true, CAPTION)] {
            let text = letter(ParseMode::Html, &long, media).filled(&fields);
            let units = markup::visible_length(ParseMode::Html, &text);
            assert!((limit - 70..=limit).contains(&units), "{units}");
        }
    }

    #[test]
    fn buttons_hold_no_fields_and_nothing_is_no_letter() {
        let mut text = Text::of(ParseMode::Plain);
        let empty = Letter::new(&Bulletin::new(Message::new(text.clone())));
        assert_eq!(empty, Err(NoLetter::Empty));
        for (media, nothing) in [(false, true), (true, false)] {
            let mark = Recipient::LastName.mark();
            let only = letter(ParseMode::Html, &format!("<b>{mark}</b>"), media);
            assert_eq!(only.says_nothing(&Fields::default()), nothing);
            let named = Fields {
                last_name: Some("B".to_owned()),
                ..Fields::default()
            };
            assert!(!only.says_nothing(&named));
        }
        text.push("x");
        let mut label = Text::of(ParseMode::Plain);
        label.push(Recipient::FirstName.mark());
        let message = Message::new(text).row([Button::toast(label, 1)]);
        let fielded = Letter::new(&Bulletin::new(message));
        assert_eq!(fielded, Err(NoLetter::Field));
    }
}
