//! From what was said to calls of the Bot API: splitting, keyboards, edits, toasts.

use botfactory_lang::answer::Wanted;
use botfactory_lang::callback::{self, Key, Keys, WizardAction, hash32};
use botfactory_lang::limits::{BUTTON_TEXT, CALLBACK_DATA_BYTES, TOAST};
use botfactory_lang::markup::{is_blank, split, truncate};
use botfactory_lang::words::Args;

use super::Outgoing;
use super::seat::Update;
use crate::handler::error::HandlerError;
use crate::handler::given::{NO, YES};
use crate::handler::message::{Button, Does, Text};
use crate::handler::printer::Words;
use crate::handler::wizard::{StepSpec, Waiting, shows_reply_keyboard};
use crate::handler::{Choices, Next, Said};
use crate::incoming::Place;
use crate::store::outbox::OnAmbiguous;
use crate::telegram::method::{
    AnswerCallbackQuery, Call, EditMessageText, InlineButton, ReplyButton, ReplyMarkup, SendMessage,
};
use crate::telemetry::{self, events::Rendered};

/// What goes with the removal of a reply keyboard where nothing else could carry it.
const REMOVED: &str = "👌";

/// An update's calls.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    /// The one answer to a press.
    pub(crate) answer: Option<Outgoing>,
    /// In order.
    pub(crate) messages: Vec<Outgoing>,
}

/// What the calls depend on besides the words.
pub(crate) struct Frame<'a> {
    pub(crate) update: &'a Update,
    pub(crate) keys: &'a Keys,
    /// The person's words by now: the handler may have changed the locale.
    pub(crate) words: &'a Words,
    /// The number of this update's question.
    pub(crate) run: i64,
    /// Where the conversation goes.
    pub(crate) next: &'a Next,
    /// Whether a reply keyboard was shown before.
    pub(crate) keyboard_before: bool,
}

/// Makes the calls; `toast` is what an answer to a press shows.
pub(crate) fn compose(
    frame: &Frame<'_>,
    said: &[Said],
    toast: Option<&Text>,
) -> Result<Composed, HandlerError> {
    let mut out = Composed::default();
    let tags = frame.update.seat.texts.tags();
    if let Some(locale) = tags.get(frame.words.locale).filter(|_| !said.is_empty()) {
        telemetry::emit(Rendered {
            bot: frame.update.seat.spec.id,
            locale,
            texts: said.len(),
        });
    }
    let bots = frame.update.seat.spec.on_ambiguous;
    let here = frame.update.place;
    let mut toast = toast.cloned();
    // The first edit takes the message whose button was pressed.
    let mut editable = frame
        .update
        .pressed
        .as_ref()
        .map(|pressed| pressed.message_id)
        .filter(|id| *id != 0);
    for said in said {
        match said {
            Said::Message(message) => {
                let markup = inline(frame, &message.rows)?;
                let policy = message.on_ambiguous.unwrap_or(bots);
                let place = match message.to {
                    Some(chat) if chat != here.chat_id => Place {
                        chat_id: chat,
                        private: chat > 0,
                        thread_id: 0,
                    },
                    _ => here,
                };
                let edit = if message.edit && place == here {
                    editable.take()
                } else {
                    None
                };
                let text = &message.text;
                let to = (place, edit);
                if message.truncate {
                    let text = Text {
                        markup: truncate(text.mode, text.as_str(), &text.breaks),
                        mode: text.mode,
                        breaks: Vec::new(),
                    };
                    push(&mut out.messages, to, &text, markup, policy);
                } else {
                    push(&mut out.messages, to, text, markup, policy);
                }
            }
            Said::Question {
                wizard,
                step,
                text,
                choices,
            } => {
                let spec = wizard
                    .steps
                    .get(*step)
                    .ok_or(HandlerError::Bug("ask: no such step"))?;
                let markup = question(frame, wizard.command, spec, choices)?;
                let (below, edit) = match choices {
                    Choices::Widget { drawn, edit, .. } => (drawn.below.as_ref(), *edit),
                    Choices::Options(_) => (None, false),
                };
                let edit = if edit { editable.take() } else { None };
                let whole = below.map(|below| text.with_below(below));
                let text = whole.as_ref().unwrap_or(text);
                push(&mut out.messages, (here, edit), text, markup, bots);
            }
            Said::Refusal(text) if frame.update.pressed.is_some() && toast.is_none() => {
                toast = Some(text.clone());
            }
            Said::Refusal(text) => push(&mut out.messages, (here, None), text, None, bots),
            Said::Own(key) => {
                let text = frame.words.own(key, &Args::new());
                push(&mut out.messages, (here, None), &text, None, bots);
            }
        }
    }
    let keyboard_after = match frame.next {
        Next::Stay => frame.keyboard_before,
        Next::Wait(waiting) | Next::Turn(waiting) => waiting.reply_keyboard(),
        Next::End => false,
    };
    if frame.keyboard_before && !keyboard_after {
        remove_keyboard(&mut out.messages, frame);
    }
    out.answer = frame.update.pressed.as_ref().map(|pressed| {
        let call = Call::AnswerCallbackQuery(AnswerCallbackQuery {
            callback_query_id: pressed.id.clone(),
            text: toast.map(|toast| toast.label(TOAST)),
            show_alert: false,
        });
        Outgoing::new(call, bots)
    });
    Ok(out)
}

fn push(
    calls: &mut Vec<Outgoing>,
    (place, edit): (Place, Option<i64>),
    text: &Text,
    markup: Option<ReplyMarkup>,
    policy: OnAmbiguous,
) {
    let mut add = |call| calls.push(Outgoing::new(call, policy));
    let parse_mode = text.mode.name().map(str::to_owned);
    if is_blank(text.mode, text.as_str()) {
        // Telegram refuses an empty message; without buttons there is nothing to say.
        if markup.is_some() {
            add(send(place, "…".to_owned(), None, markup));
        }
        return;
    }
    let mut parts = split(text.mode, text.as_str(), &text.breaks);
    let Some(last) = parts.pop() else { return };
    if let (Some(message_id), true) = (edit, parts.is_empty()) {
        add(Call::EditMessageText(EditMessageText {
            chat_id: place.chat_id,
            message_id,
            text: last,
            parse_mode,
            reply_markup: markup,
        }));
        return;
    }
    for part in parts {
        add(send(place, part, parse_mode.clone(), None));
    }
    add(send(place, last, parse_mode, markup));
}

fn send(
    place: Place,
    text: String,
    parse_mode: Option<String>,
    reply_markup: Option<ReplyMarkup>,
) -> Call {
    Call::SendMessage(SendMessage {
        chat_id: place.chat_id,
        message_thread_id: (place.thread_id != 0).then_some(place.thread_id),
        text,
        parse_mode,
        reply_markup,
    })
}

/// One message carries one markup: a message without buttons takes the removal, or one is added in front.
fn remove_keyboard(calls: &mut Vec<Outgoing>, frame: &Frame<'_>) {
    let remove = ReplyMarkup::Remove {
        remove_keyboard: true,
    };
    let free = calls.iter_mut().find_map(|out| match &mut out.call {
        Call::SendMessage(message)
            if message.reply_markup.is_none() && message.chat_id == frame.update.place.chat_id =>
        {
            Some(message)
        }
        _ => None,
    });
    match free {
        Some(message) => message.reply_markup = Some(remove),
        None => {
            let call = send(frame.update.place, REMOVED.to_owned(), None, Some(remove));
            let policy = frame.update.seat.spec.on_ambiguous;
            calls.insert(0, Outgoing::new(call, policy));
        }
    }
}

fn inline(frame: &Frame<'_>, rows: &[Vec<Button>]) -> Result<Option<ReplyMarkup>, HandlerError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut inline_keyboard = Vec::with_capacity(rows.len());
    for row in rows {
        let mut buttons = Vec::with_capacity(row.len());
        for button in row {
            let (callback_data, url) = match &button.does {
                Does::Callback(data) if data.len() > CALLBACK_DATA_BYTES => {
                    return Err(HandlerError::Bug("a callback payload over 64 bytes"));
                }
                Does::Callback(data) => (Some(data.clone()), None),
                Does::Url(url) => (None, Some(url.clone())),
                Does::Page { list, leaf, data } => {
                    let owner = frame.update.owner();
                    let data = callback::page(frame.keys, owner, *list, *leaf, data)
                        .ok_or(HandlerError::Bug("a list's button carries too much"))?;
                    (Some(data), None)
                }
            };
            buttons.push(InlineButton {
                text: button.text.clone(),
                callback_data,
                url,
            });
        }
        inline_keyboard.push(buttons);
    }
    Ok(Some(ReplyMarkup::Inline { inline_keyboard }))
}

/// The keyboard of a question: its options, then back, skip and cancel.
fn question(
    frame: &Frame<'_>,
    command: &str,
    step: &StepSpec,
    choices: &Choices,
) -> Result<Option<ReplyMarkup>, HandlerError> {
    let (Next::Wait(waiting) | Next::Turn(waiting)) = frame.next else {
        return Ok(None); // asked, but nothing waits: buttons would be dead
    };
    let controls = controls(frame.words, waiting);
    if frame.update.place.private && shows_reply_keyboard(step) {
        return Ok(Some(reply_keyboard(frame.words, step, &controls)));
    }
    // A run is a number on the wire; it wraps after four billion questions of one conversation.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let run = frame.run as u32;
    let (flow, at) = (hash32(command), hash32(step.id));
    let button = |text: &Text, action| {
        let owner = frame.update.owner();
        Button::callback(
            text,
            callback::wizard(frame.keys, owner, flow, run, at, action),
        )
    };
    let (options, widget, extra): (&[_], _, &[_]) = match choices {
        Choices::Options(options) => (options, None, &[]),
        Choices::Widget { drawn, extra, .. } => (&[], Some(drawn), extra),
    };
    let mut rows: Vec<Vec<Button>> = Vec::with_capacity(options.len() + 1);
    for row in widget.iter().flat_map(|drawn| &drawn.rows) {
        let mut buttons = Vec::with_capacity(row.len());
        for (label, key) in row {
            let key = Key::new(key).ok_or(HandlerError::Bug("a widget's key is too long"))?;
            buttons.push(button(label, WizardAction::Key(key)));
        }
        rows.push(buttons);
    }
    rows.extend(extra.iter().cloned());
    if widget.is_none() && options.is_empty() && step.wanted == Wanted::Bool {
        let yes_no = [("bf-yes", YES), ("bf-no", NO)].map(|(key, value)| {
            let action = WizardAction::Option(hash32(value));
            button(&frame.words.own_plain(key), action)
        });
        rows.push(yes_no.into());
    }
    for (option, label) in options {
        let value = step
            .options
            .get(*option)
            .ok_or(HandlerError::Bug("ask: no such option"))?;
        rows.push(vec![button(label, WizardAction::Option(hash32(value)))]);
    }
    rows.push(
        controls
            .iter()
            .map(|(action, label)| button(label, *action))
            .collect(),
    );
    inline(frame, &rows)
}

/// Back, skip and cancel, as far as they are possible, with their labels.
pub(crate) fn controls(words: &Words, waiting: &Waiting) -> Vec<(WizardAction, Text)> {
    let mut controls = Vec::with_capacity(3);
    if waiting.can_go_back() {
        controls.push((WizardAction::Back, words.own_plain("bf-back")));
    }
    if waiting.can_skip() {
        controls.push((WizardAction::Skip, words.own_plain("bf-skip")));
    }
    controls.push((WizardAction::Cancel, words.own_plain("bf-cancel")));
    controls
}

fn reply_keyboard(
    words: &Words,
    step: &StepSpec,
    controls: &[(WizardAction, Text)],
) -> ReplyMarkup {
    let location = step.wanted == Wanted::Location;
    let label = words.own_plain(if location {
        "bf-share-location"
    } else {
        "bf-share-contact"
    });
    let ask = ReplyButton {
        text: label.label(BUTTON_TEXT),
        request_contact: !location,
        request_location: location,
    };
    let controls = controls
        .iter()
        .map(|(_, label)| ReplyButton {
            text: label.label(BUTTON_TEXT),
            request_contact: false,
            request_location: false,
        })
        .collect();
    ReplyMarkup::Reply {
        keyboard: vec![vec![ask], controls],
        resize_keyboard: true,
        one_time_keyboard: true,
    }
}
