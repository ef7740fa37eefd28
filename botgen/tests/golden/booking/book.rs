//! `/book` of bot `booking` (bots/booking/bot.yaml:22, `flow.wizard.v1`).
//!
//! Effect: state (one step). Written by botgen; do not edit.

use runtime_core::prelude::*;

/// The options at bots/booking/bot.yaml:30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "runtime_core::prelude::serde")]
pub enum Service {
    /// `massage`.
    #[serde(rename = "massage")]
    Massage,
    /// `spa`.
    #[serde(rename = "spa")]
    Spa,
    /// `haircut`.
    #[serde(rename = "haircut")]
    Haircut,
}

impl Choice for Service {
    const OPTIONS: &'static [Self] = &[Self::Massage, Self::Spa, Self::Haircut];

    fn value(self) -> &'static str {
        match self {
            Self::Massage => "massage",
            Self::Spa => "spa",
            Self::Haircut => "haircut",
        }
    }

    fn label(self, words: &Words) -> Text {
        match self {
            Self::Massage => svc_massage(words),
            Self::Spa => svc_spa(words),
            Self::Haircut => svc_haircut(words),
        }
    }
}

/// `/book`, bots/booking/bot.yaml:22. Effect: state (one step).
pub async fn enter(cx: &mut Cx) -> Handled {
    cx.begin(&FLOW);
    wait(cx, &State::Service).await
}

/// `/book` as the runtime knows it.
pub static FLOW: WizardSpec = WizardSpec {
    command: "book",
    ttl: 86400,
    on_timeout: false,
    steps: &[
        StepSpec {
            id: "service",
            optional: false,
            options: &["massage", "spa", "haircut"],
            wanted: Wanted::Choice,
            effect: Effect::State,
            reads: Reads::One,
            writes: Writes::None,
        },
        StepSpec {
            id: "slot",
            optional: false,
            options: &[],
            wanted: Wanted::DateTime,
            effect: Effect::State,
            reads: Reads::Many,
            writes: Writes::None,
        },
        StepSpec {
            id: "note",
            optional: true,
            options: &[],
            wanted: Wanted::Text,
            effect: Effect::Write,
            reads: Reads::One,
            writes: Writes::Many,
        },
    ],
};

/// Where a person can be in `/book`, and what is known there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "runtime_core::prelude::serde")]
pub enum State {
    /// `service`, bots/booking/bot.yaml:26.
    #[serde(rename = "service")]
    Service,
    /// `slot`, bots/booking/bot.yaml:35.
    #[serde(rename = "slot")]
    Slot {
        /// `service`.
        service: Service,
    },
    /// `note`, bots/booking/bot.yaml:45.
    #[serde(rename = "note")]
    Note {
        /// `service`.
        service: Service,
        /// `slot`.
        slot: Instant,
    },
}

impl State {
    /// Index of its step.
    fn position(&self) -> usize {
        match self {
            Self::Service => 0,
            Self::Slot { .. } => 1,
            Self::Note { .. } => 2,
        }
    }
}

/// Asks the question of `state`.
pub async fn ask(cx: &mut Cx, state: &State) -> Handled {
    match state {
        State::Service => {
            cx.ask(
                &FLOW,
                0,
                ask_service(cx.words()),
                vec![
                    (0, svc_massage(cx.words())), (1, svc_spa(cx.words())), (2,
                    svc_haircut(cx.words()))
                ],
            );
        }
        State::Slot { .. } => {
            let widget = CalendarRules::times(cx.words(), 540, 1200, 30);
            let widget = widget.min(cx.now());
            let widget = widget.disabled(select_bookings(cx).await?)?;
            let widget = widget.calendar();
            let text = ask_day(cx.words());
            cx.show(&FLOW, 1, text, &widget);
        }
        State::Note { .. } => {
            cx.ask(&FLOW, 2, ask_note(cx.words()), Vec::new());
        }
    }
    Ok(())
}

/// Asks the question of `state` and waits for its answer.
async fn wait(cx: &mut Cx, state: &State) -> Handled {
    ask(cx, state).await?;
    cx.wait(&FLOW, state.position(), &(), state)
}

/// Takes the answer to the question of `state`.
pub async fn answer(cx: &mut Cx, state: State, given: Given<'_>) -> Handled {
    match state {
        State::Service => {
            let service = match given.choice(Service::OPTIONS) {
                Ok(service) => service,
                Err(refusal) => {
                    cx.refuse(&FLOW, 0, &refusal, None);
                    return Ok(());
                }
            };
            wait(cx, &State::Slot { service }).await
        }
        State::Slot { service } => {
            let slot = {
                let widget = CalendarRules::times(cx.words(), 540, 1200, 30);
                let widget = widget.min(cx.now());
                let widget = widget.disabled(select_bookings(cx).await?)?;
                let widget = widget.calendar();
                match cx.give(&widget, &given) {
                    Ok(Turned::Value(value)) => value,
                    Ok(Turned::View(view)) => {
                        let text = ask_day(cx.words());
                        return cx.turn(&FLOW, 1, text, &widget, view);
                    }
                    Ok(Turned::Nothing) => return Ok(()),
                    Err(refusal) => {
                        let text = Some(bad_slot(cx.words()));
                        cx.refuse(&FLOW, 1, &refusal, text);
                        let text = ask_day(cx.words());
                        return cx.redraw(&FLOW, 1, text, &widget, &given);
                    }
                }
            };
            wait(cx, &State::Note { service, slot }).await
        }
        State::Note { service, slot } => {
            let note = if given.skipped() {
                None
            } else {
                match given.text(&TextRule { min: 3, max: 200 }) {
                    Ok(note) => Some(note),
                    Err(refusal) => {
                        let text = Some(bad_note(cx.words()));
                        cx.refuse(&FLOW, 2, &refusal, text);
                        return Ok(());
                    }
                }
            };
            complete(cx, service, slot, note).await
        }
    }
}

/// Every question is answered. Effect: write (a transaction).
async fn complete(
    cx: &mut Cx,
    service: Service,
    slot: Instant,
    note: Option<String>,
) -> Handled {
    let booking_id = match insert_bookings(cx, service.value(), slot, note.as_deref())
        .await
    {
        Ok(value) => value,
        Err(error) if error.is_conflict() => {
            cx.undo().await?;
            cx.reply(Message::new(slot_taken(cx.words())));
            return wait(cx, &State::Slot { service }).await;
        }
        Err(error) => return Err(error),
    };
    let text = reply_text(cx.words(), service, slot, note.as_deref());
    cx.reply(
        Message::new(text)
            .row([
                Button::command(
                    btn_cancel(cx.words()),
                    CommandLine::new("cancel_booking").arg(booking_id),
                ),
            ])
            .row([Button::command(btn_my(cx.words()), CommandLine::new("my"))]),
    );
    cx.done()
}

/// bots/booking/bot.yaml:42
async fn select_bookings(cx: &mut Cx) -> Result<Vec<Instant>, HandlerError> {
    let bot_id = cx.bot_id();
    let now = cx.now();
    match cx.db().await? {
        Db::Sqlite(connection) => {
            let now = now.to_sql();
            let values = sqlx::query_scalar!(
                "SELECT slot FROM bookings WHERE bot_id = ?1 AND slot >= ?2 ORDER BY slot LIMIT 2000",
                bot_id, now
            )
                .fetch_all(connection)
                .await?;
            values.into_iter().map(|value| Ok(Instant::from_sql(value)?)).collect()
        }
        _ => Err(HandlerError::Bug("this build has no statement for the engine")),
    }
}

/// bots/booking/bot.yaml:49
async fn insert_bookings(
    cx: &mut Cx,
    service: &str,
    slot: Instant,
    note: Option<&str>,
) -> Result<i64, HandlerError> {
    let bot_id = cx.bot_id();
    let user_id = cx.user_id();
    match cx.db_write().await? {
        Db::Sqlite(connection) => {
            let slot = slot.to_sql();
            let value = sqlx::query_scalar!(
                r#"INSERT INTO bookings (bot_id, user_id, service, slot, note)
VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id"#,
                bot_id, user_id, service, slot, note
            )
                .fetch_one(connection)
                .await?;
            Ok(value)
        }
        _ => Err(HandlerError::Bug("this build has no statement for the engine")),
    }
}

/// bots/booking/bot.yaml:30: t:svc-massage
fn svc_massage(words: &Words) -> Text {
    words.plain().say("svc-massage", Args::new())
}

/// bots/booking/bot.yaml:31: t:svc-spa
fn svc_spa(words: &Words) -> Text {
    words.plain().say("svc-spa", Args::new())
}

/// bots/booking/bot.yaml:32: t:svc-haircut
fn svc_haircut(words: &Words) -> Text {
    words.plain().say("svc-haircut", Args::new())
}

/// bots/booking/bot.yaml:23: t:cmd-book
pub fn cmd_book(words: &Words) -> Text {
    words.plain().say("cmd-book", Args::new())
}

/// bots/booking/bot.yaml:26: t:ask-service
fn ask_service(words: &Words) -> Text {
    words.html().say("ask-service", Args::new())
}

/// bots/booking/bot.yaml:35: t:ask-day
fn ask_day(words: &Words) -> Text {
    words.html().say("ask-day", Args::new())
}

/// bots/booking/bot.yaml:44: t:bad-slot
fn bad_slot(words: &Words) -> Text {
    words.html().say("bad-slot", Args::new())
}

/// bots/booking/bot.yaml:45: t:ask-note
fn ask_note(words: &Words) -> Text {
    words.html().say("ask-note", Args::new())
}

/// bots/booking/bot.yaml:45: t:bad-note
fn bad_note(words: &Words) -> Text {
    words.html().say("bad-note", Args::new())
}

/// bots/booking/bot.yaml:53: t:slot-taken
fn slot_taken(words: &Words) -> Text {
    words.html().say("slot-taken", Args::new())
}

/// bots/booking/bot.yaml:56: {{t:booked {service=service, slot=slot}}} {{#if note is not null}} \<i>{{note}}\<…
fn reply_text(
    words: &Words,
    service: Service,
    slot: Instant,
    note: Option<&str>,
) -> Text {
    let p = words.html();
    let mut out = p.begin();
    let shown_1 = p
        .t("booked", Args::new().with("service", service.value()).with("slot", slot));
    writeln!(out, "{shown_1}");
    if let Some(note) = note {
        writeln!(out, "<i>{}</i>", p.v(note));
    }
    out.end()
}

/// bots/booking/bot.yaml:61: t:btn-cancel
fn btn_cancel(words: &Words) -> Text {
    words.plain().say("btn-cancel", Args::new())
}

/// bots/booking/bot.yaml:62: t:btn-my
fn btn_my(words: &Words) -> Text {
    words.plain().say("btn-my", Args::new())
}
