//! `/survey` of bot `survey` (bots/survey/flows/survey.yaml:4, `flow.wizard.v1`).
//!
//! Effect: state (one step). Written by botgen; do not edit.

use runtime_core::prelude::*;

/// The options at bots/survey/flows/survey.yaml:39.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "runtime_core::prelude::serde")]
pub enum Liked {
    /// `coffee`.
    #[serde(rename = "coffee")]
    Coffee,
    /// `cakes`.
    #[serde(rename = "cakes")]
    Cakes,
    /// `staff`.
    #[serde(rename = "staff")]
    Staff,
    /// `music`.
    #[serde(rename = "music")]
    Music,
}

impl Choice for Liked {
    const OPTIONS: &'static [Self] = &[
        Self::Coffee,
        Self::Cakes,
        Self::Staff,
        Self::Music,
    ];

    fn value(self) -> &'static str {
        match self {
            Self::Coffee => "coffee",
            Self::Cakes => "cakes",
            Self::Staff => "staff",
            Self::Music => "music",
        }
    }

    fn label(self, words: &Words) -> Text {
        match self {
            Self::Coffee => coffee(words),
            Self::Cakes => cakes(words),
            Self::Staff => staff(words),
            Self::Music => music(words),
        }
    }
}

/// The options at bots/survey/flows/survey.yaml:53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "runtime_core::prelude::serde")]
pub enum Better {
    /// `prices`.
    #[serde(rename = "prices")]
    Prices,
    /// `waiting`.
    #[serde(rename = "waiting")]
    Waiting,
    /// `choice`.
    #[serde(rename = "choice")]
    Choice,
    /// `other`.
    #[serde(rename = "other")]
    Other,
}

impl Choice for Better {
    const OPTIONS: &'static [Self] = &[
        Self::Prices,
        Self::Waiting,
        Self::Choice,
        Self::Other,
    ];

    fn value(self) -> &'static str {
        match self {
            Self::Prices => "prices",
            Self::Waiting => "waiting",
            Self::Choice => "choice",
            Self::Other => "other",
        }
    }

    fn label(self, words: &Words) -> Text {
        match self {
            Self::Prices => prices(words),
            Self::Waiting => waiting_2(words),
            Self::Choice => choice(words),
            Self::Other => other(words),
        }
    }
}

/// `/survey`, bots/survey/flows/survey.yaml:4. Effect: state (one step).
pub async fn enter(cx: &mut Cx) -> Handled {
    let before = select_answers(cx).await?;
    if before > 0i64 {
        cx.reply(Message::new(already_answered(cx.words())));
        return Ok(());
    }
    cx.begin(&FLOW);
    wait(cx, &State::Visited)
}

/// `/survey` as the runtime knows it.
pub static FLOW: WizardSpec = WizardSpec {
    command: "survey",
    ttl: 7200,
    on_timeout: true,
    steps: &[
        StepSpec {
            id: "visited",
            optional: false,
            options: &["true", "false"],
            wanted: Wanted::Bool,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        },
        StepSpec {
            id: "rating",
            optional: false,
            options: &[],
            wanted: Wanted::Int,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        },
        StepSpec {
            id: "liked",
            optional: false,
            options: &[],
            wanted: Wanted::Choice,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        },
        StepSpec {
            id: "better",
            optional: false,
            options: &[],
            wanted: Wanted::Choice,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        },
        StepSpec {
            id: "reason",
            optional: false,
            options: &[],
            wanted: Wanted::Text,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        },
        StepSpec {
            id: "contact",
            optional: false,
            options: &[],
            wanted: Wanted::Bool,
            effect: Effect::Write,
            reads: Reads::None,
            writes: Writes::One,
        },
        StepSpec {
            id: "email",
            optional: false,
            options: &[],
            wanted: Wanted::Email,
            effect: Effect::Write,
            reads: Reads::None,
            writes: Writes::One,
        },
    ],
};

/// Where a person can be in `/survey`, and what is known there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "runtime_core::prelude::serde")]
pub enum State {
    /// `visited`, bots/survey/flows/survey.yaml:16.
    #[serde(rename = "visited")]
    Visited,
    /// `rating`, bots/survey/flows/survey.yaml:25.
    #[serde(rename = "rating")]
    Rating {
        /// `visited`.
        visited: bool,
    },
    /// `liked`, bots/survey/flows/survey.yaml:34.
    #[serde(rename = "liked")]
    Liked {
        /// `visited`.
        visited: bool,
        /// `rating`.
        rating: i64,
    },
    /// `better`, bots/survey/flows/survey.yaml:48.
    #[serde(rename = "better")]
    Better {
        /// `visited`.
        visited: bool,
        /// `rating`.
        rating: i64,
    },
    /// `reason`, bots/survey/flows/survey.yaml:61.
    #[serde(rename = "reason")]
    Reason {
        /// `visited`.
        visited: bool,
        /// `rating`.
        rating: Option<i64>,
        /// `better`.
        better: Option<Vec<Better>>,
    },
    /// `contact`, bots/survey/flows/survey.yaml:67.
    #[serde(rename = "contact")]
    Contact {
        /// `visited`.
        visited: bool,
        /// `rating`.
        rating: Option<i64>,
        /// `liked`.
        liked: Option<Vec<Liked>>,
        /// `better`.
        better: Option<Vec<Better>>,
        /// `reason`.
        reason: Option<String>,
    },
    /// `email`, bots/survey/flows/survey.yaml:71.
    #[serde(rename = "email")]
    Email {
        /// `visited`.
        visited: bool,
        /// `rating`.
        rating: Option<i64>,
        /// `liked`.
        liked: Option<Vec<Liked>>,
        /// `better`.
        better: Option<Vec<Better>>,
        /// `reason`.
        reason: Option<String>,
        /// `contact`.
        contact: bool,
    },
}

impl State {
    /// Index of its step.
    fn position(&self) -> usize {
        match self {
            Self::Visited => 0,
            Self::Rating { .. } => 1,
            Self::Liked { .. } => 2,
            Self::Better { .. } => 3,
            Self::Reason { .. } => 4,
            Self::Contact { .. } => 5,
            Self::Email { .. } => 6,
        }
    }
}

/// Asks the question of `state`.
pub fn ask(cx: &mut Cx, state: &State) -> Handled {
    match state {
        State::Visited => {
            cx.ask(&FLOW, 0, ask_visited(cx.words()), Vec::new());
        }
        State::Rating { .. } => {
            let widget = Rating { max: 5, symbol: "⭐" };
            let text = ask_rating(cx.words());
            cx.show(&FLOW, 1, text, &widget);
        }
        State::Liked { .. } => {
            let widget = Multiselect {
                offered: vec![
                    (Liked::Coffee, coffee(cx.words())), (Liked::Cakes, cakes(cx
                    .words())), (Liked::Staff, staff(cx.words())), (Liked::Music,
                    music(cx.words()))
                ],
                min: 0,
                max: 4,
                columns: 2,
            };
            let text = ask_liked(cx.words());
            cx.show(&FLOW, 2, text, &widget);
        }
        State::Better { rating, .. } => {
            let widget = Multiselect {
                offered: vec![
                    (Better::Prices, prices(cx.words())), (Better::Waiting, waiting_2(cx
                    .words())), (Better::Choice, choice(cx.words())), (Better::Other,
                    other(cx.words()))
                ],
                min: 1,
                max: 2,
                columns: 2,
            };
            let text = ask_better(cx.words(), *rating);
            cx.show(&FLOW, 3, text, &widget);
        }
        State::Reason { .. } => {
            cx.ask(&FLOW, 4, ask_reason(cx.words()), Vec::new());
        }
        State::Contact { .. } => {
            let widget = Confirm {
                yes: Some(btn_contact(cx.words())),
                no: Some(btn_no_contact(cx.words())),
            };
            let text = ask_contact(cx.words());
            cx.show(&FLOW, 5, text, &widget);
        }
        State::Email { .. } => {
            cx.ask(&FLOW, 6, ask_email(cx.words()), Vec::new());
        }
    }
    Ok(())
}

/// Asks the question of `state` and waits for its answer.
fn wait(cx: &mut Cx, state: &State) -> Handled {
    ask(cx, state)?;
    cx.wait(&FLOW, state.position(), &(), state)
}

/// Takes the answer to the question of `state`.
pub async fn answer(cx: &mut Cx, state: State, given: Given<'_>) -> Handled {
    match state {
        State::Visited => {
            let visited = match given.bool() {
                Ok(visited) => visited,
                Err(refusal) => {
                    cx.refuse(&FLOW, 0, &refusal, None);
                    return Ok(());
                }
            };
            after_visited(cx, visited).await
        }
        State::Rating { visited } => {
            let rating = {
                let widget = Rating { max: 5, symbol: "⭐" };
                match cx.give(&widget, &given) {
                    Ok(Turned::Value(value)) => value,
                    Ok(Turned::View(view)) => {
                        let text = ask_rating(cx.words());
                        return cx.turn(&FLOW, 1, text, &widget, view);
                    }
                    Ok(Turned::Nothing) => return Ok(()),
                    Err(refusal) => {
                        let text = Some(bad_rating(cx.words()));
                        cx.refuse(&FLOW, 1, &refusal, text);
                        return Ok(());
                    }
                }
            };
            after_rating(cx, visited, rating).await
        }
        State::Liked { visited, rating } => {
            let liked = {
                let widget = Multiselect {
                    offered: vec![
                        (Liked::Coffee, coffee(cx.words())), (Liked::Cakes, cakes(cx
                        .words())), (Liked::Staff, staff(cx.words())), (Liked::Music,
                        music(cx.words()))
                    ],
                    min: 0,
                    max: 4,
                    columns: 2,
                };
                match cx.give(&widget, &given) {
                    Ok(Turned::Value(value)) => value,
                    Ok(Turned::View(view)) => {
                        let text = ask_liked(cx.words());
                        return cx.turn(&FLOW, 2, text, &widget, view);
                    }
                    Ok(Turned::Nothing) => return Ok(()),
                    Err(refusal) => {
                        cx.refuse(&FLOW, 2, &refusal, None);
                        return Ok(());
                    }
                }
            };
            after_liked(cx, visited, rating, liked).await
        }
        State::Better { visited, rating } => {
            let better = {
                let widget = Multiselect {
                    offered: vec![
                        (Better::Prices, prices(cx.words())), (Better::Waiting,
                        waiting_2(cx.words())), (Better::Choice, choice(cx.words())),
                        (Better::Other, other(cx.words()))
                    ],
                    min: 1,
                    max: 2,
                    columns: 2,
                };
                match cx.give(&widget, &given) {
                    Ok(Turned::Value(value)) => value,
                    Ok(Turned::View(view)) => {
                        let text = ask_better(cx.words(), rating);
                        return cx.turn(&FLOW, 3, text, &widget, view);
                    }
                    Ok(Turned::Nothing) => return Ok(()),
                    Err(refusal) => {
                        cx.refuse(&FLOW, 3, &refusal, None);
                        return Ok(());
                    }
                }
            };
            after_better(cx, visited, rating, better).await
        }
        State::Reason { visited, rating, better } => {
            let reason = match given.text(&TextRule { min: 1, max: 500 }) {
                Ok(reason) => reason,
                Err(refusal) => {
                    cx.refuse(&FLOW, 4, &refusal, None);
                    return Ok(());
                }
            };
            wait(
                cx,
                &State::Contact {
                    visited,
                    rating,
                    liked: None,
                    better,
                    reason: Some(reason),
                },
            )
        }
        State::Contact { visited, rating, liked, better, reason } => {
            let contact = {
                let widget = Confirm {
                    yes: Some(btn_contact(cx.words())),
                    no: Some(btn_no_contact(cx.words())),
                };
                match cx.give(&widget, &given) {
                    Ok(Turned::Value(value)) => value,
                    Ok(Turned::View(view)) => {
                        let text = ask_contact(cx.words());
                        return cx.turn(&FLOW, 5, text, &widget, view);
                    }
                    Ok(Turned::Nothing) => return Ok(()),
                    Err(refusal) => {
                        cx.refuse(&FLOW, 5, &refusal, None);
                        return Ok(());
                    }
                }
            };
            to_email(cx, visited, rating, liked, better, reason, contact).await
        }
        State::Email { visited, rating, liked, better, reason, contact } => {
            let email = match given.email() {
                Ok(email) => email,
                Err(refusal) => {
                    cx.refuse(&FLOW, 6, &refusal, None);
                    return Ok(());
                }
            };
            complete(cx, visited, rating, liked, better, reason, contact, Some(email))
                .await
        }
    }
}

/// After the answer to `visited` (bots/survey/flows/survey.yaml:16).
async fn after_visited(cx: &mut Cx, visited: bool) -> Handled {
    if visited {
        return wait(cx, &State::Rating { visited });
    }
    wait(
        cx,
        &State::Reason {
            visited,
            rating: None,
            better: None,
        },
    )
}

/// After the answer to `rating` (bots/survey/flows/survey.yaml:25).
async fn after_rating(cx: &mut Cx, visited: bool, rating: i64) -> Handled {
    if rating >= 4i64 {
        return wait(cx, &State::Liked { visited, rating });
    }
    wait(cx, &State::Better { visited, rating })
}

/// After the answer to `liked` (bots/survey/flows/survey.yaml:34).
async fn after_liked(
    cx: &mut Cx,
    visited: bool,
    rating: i64,
    liked: Vec<Liked>,
) -> Handled {
    wait(
        cx,
        &State::Contact {
            visited,
            rating: Some(rating),
            liked: Some(liked),
            better: None,
            reason: None,
        },
    )
}

/// After the answer to `better` (bots/survey/flows/survey.yaml:48).
async fn after_better(
    cx: &mut Cx,
    visited: bool,
    rating: i64,
    better: Vec<Better>,
) -> Handled {
    if better.iter().any(|each| *each == Better::Other) {
        return wait(
            cx,
            &State::Reason {
                visited,
                rating: Some(rating),
                better: Some(better),
            },
        );
    }
    wait(
        cx,
        &State::Contact {
            visited,
            rating: Some(rating),
            liked: None,
            better: Some(better),
            reason: None,
        },
    )
}

/// On to `email` (bots/survey/flows/survey.yaml:71), or past it.
async fn to_email(
    cx: &mut Cx,
    visited: bool,
    rating: Option<i64>,
    liked: Option<Vec<Liked>>,
    better: Option<Vec<Better>>,
    reason: Option<String>,
    contact: bool,
) -> Handled {
    if !(contact) {
        return complete(cx, visited, rating, liked, better, reason, contact, None).await;
    }
    wait(
        cx,
        &State::Email {
            visited,
            rating,
            liked,
            better,
            reason,
            contact,
        },
    )
}

/// Every question is answered. Effect: write (one step with its statement).
async fn complete(
    cx: &mut Cx,
    visited: bool,
    rating: Option<i64>,
    liked: Option<Vec<Liked>>,
    better: Option<Vec<Better>>,
    reason: Option<String>,
    contact: bool,
    email: Option<String>,
) -> Handled {
    {
        let liked = liked
            .as_deref()
            .map_or_else(
                || "".to_owned(),
                |value| {
                    value
                        .iter()
                        .map(|each| each.value().to_owned())
                        .collect::<Vec<_>>()
                        .join(",")
                },
            )
            .as_str()
            .to_owned();
        let better = better
            .as_deref()
            .map_or_else(
                || "".to_owned(),
                |value| {
                    value
                        .iter()
                        .map(|each| each.value().to_owned())
                        .collect::<Vec<_>>()
                        .join(",")
                },
            )
            .as_str()
            .to_owned();
        match insert_answers(
                cx,
                visited,
                rating,
                &liked,
                &better,
                reason.as_deref(),
                email.as_deref(),
            )
            .await
        {
            Ok(_) => {}
            Err(error) if error.is_conflict() => {
                cx.undo().await?;
                cx.reply(Message::new(already_answered_2(cx.words())));
                return cx.done();
            }
            Err(error) => return Err(error),
        }
    };
    let text = reply_text(cx.words(), rating);
    cx.reply(
        Message::new(text)
            .row([Button::command(btn_results(cx.words()), CommandLine::new("results"))]),
    );
    cx.done()
}

/// Nobody has answered the question of `state` for the wizard's time.
pub fn timeout(cx: &mut Cx, state: State) -> Handled {
    match state {
        State::Visited => timed_out(cx),
        State::Rating { .. } => timed_out(cx),
        State::Liked { .. } => timed_out(cx),
        State::Better { .. } => timed_out(cx),
        State::Reason { .. } => timed_out(cx),
        State::Contact { .. } => timed_out(cx),
        State::Email { .. } => timed_out(cx),
    }
}

/// Nobody has answered: the last words.
fn timed_out(cx: &mut Cx) -> Handled {
    cx.reply(Message::new(too_late(cx.words())));
    cx.done()
}

/// bots/survey/flows/survey.yaml:10
async fn select_answers(cx: &mut Cx) -> Result<i64, HandlerError> {
    let bot_id = cx.bot_id();
    let user_id = cx.user_id();
    match cx.db().await? {
        Db::Sqlite(connection) => {
            let value = sqlx::query_scalar!(
                "SELECT count(*) AS n FROM answers WHERE bot_id = ?1 AND user_id = ?2",
                bot_id, user_id
            )
                .fetch_one(connection)
                .await?;
            Ok(value)
        }
        _ => Err(HandlerError::Bug("this build has no statement for the engine")),
    }
}

/// bots/survey/flows/survey.yaml:75
async fn insert_answers(
    cx: &mut Cx,
    visited: bool,
    rating: Option<i64>,
    liked: &str,
    better: &str,
    reason: Option<&str>,
    email: Option<&str>,
) -> Result<(), HandlerError> {
    let bot_id = cx.bot_id();
    let user_id = cx.user_id();
    match cx.db_write().await? {
        Db::Sqlite(connection) => {
            sqlx::query!(
                r#"INSERT INTO answers (bot_id, user_id, visited, rating, liked, better, reason, email)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"#,
                bot_id, user_id, visited, rating, liked, better, reason, email
            )
                .execute(connection)
                .await?;
            Ok(())
        }
        _ => Err(HandlerError::Bug("this build has no statement for the engine")),
    }
}

/// bots/survey/flows/survey.yaml:39: t:coffee
fn coffee(words: &Words) -> Text {
    words.plain().say("coffee", Args::new())
}

/// bots/survey/flows/survey.yaml:40: t:cakes
fn cakes(words: &Words) -> Text {
    words.plain().say("cakes", Args::new())
}

/// bots/survey/flows/survey.yaml:41: t:staff
fn staff(words: &Words) -> Text {
    words.plain().say("staff", Args::new())
}

/// bots/survey/flows/survey.yaml:42: t:music
fn music(words: &Words) -> Text {
    words.plain().say("music", Args::new())
}

/// bots/survey/flows/survey.yaml:53: t:prices
fn prices(words: &Words) -> Text {
    words.plain().say("prices", Args::new())
}

/// bots/survey/flows/survey.yaml:54: t:waiting
fn waiting_2(words: &Words) -> Text {
    words.plain().say("waiting", Args::new())
}

/// bots/survey/flows/survey.yaml:55: t:choice
fn choice(words: &Words) -> Text {
    words.plain().say("choice", Args::new())
}

/// bots/survey/flows/survey.yaml:56: t:other
fn other(words: &Words) -> Text {
    words.plain().say("other", Args::new())
}

/// bots/survey/flows/survey.yaml:5: t:cmd-survey
pub fn cmd_survey(words: &Words) -> Text {
    words.plain().say("cmd-survey", Args::new())
}

/// bots/survey/flows/survey.yaml:13: t:already-answered
fn already_answered(words: &Words) -> Text {
    words.html().say("already-answered", Args::new())
}

/// bots/survey/flows/survey.yaml:16: t:ask-visited
fn ask_visited(words: &Words) -> Text {
    words.html().say("ask-visited", Args::new())
}

/// bots/survey/flows/survey.yaml:25: t:ask-rating
fn ask_rating(words: &Words) -> Text {
    words.html().say("ask-rating", Args::new())
}

/// bots/survey/flows/survey.yaml:27: t:bad-rating
fn bad_rating(words: &Words) -> Text {
    words.html().say("bad-rating", Args::new())
}

/// bots/survey/flows/survey.yaml:34: t:ask-liked
fn ask_liked(words: &Words) -> Text {
    words.html().say("ask-liked", Args::new())
}

/// bots/survey/flows/survey.yaml:48: t:ask-better {rating=rating}
fn ask_better(words: &Words, rating: i64) -> Text {
    words.html().say("ask-better", Args::new().with("rating", rating))
}

/// bots/survey/flows/survey.yaml:61: t:ask-reason
fn ask_reason(words: &Words) -> Text {
    words.html().say("ask-reason", Args::new())
}

/// bots/survey/flows/survey.yaml:67: t:ask-contact
fn ask_contact(words: &Words) -> Text {
    words.html().say("ask-contact", Args::new())
}

/// bots/survey/flows/survey.yaml:69: t:btn-contact
fn btn_contact(words: &Words) -> Text {
    words.plain().say("btn-contact", Args::new())
}

/// bots/survey/flows/survey.yaml:70: t:btn-no-contact
fn btn_no_contact(words: &Words) -> Text {
    words.plain().say("btn-no-contact", Args::new())
}

/// bots/survey/flows/survey.yaml:71: t:ask-email
fn ask_email(words: &Words) -> Text {
    words.html().say("ask-email", Args::new())
}

/// bots/survey/flows/survey.yaml:7: t:too-late
fn too_late(words: &Words) -> Text {
    words.html().say("too-late", Args::new())
}

/// bots/survey/flows/survey.yaml:78: t:already-answered
fn already_answered_2(words: &Words) -> Text {
    words.html().say("already-answered", Args::new())
}

/// bots/survey/flows/survey.yaml:81: {{t:thanks}} {{#if rating is not null}} {{t:your-rating {rating=rating}}} {{/if…
fn reply_text(words: &Words, rating: Option<i64>) -> Text {
    let p = words.html();
    let mut out = p.begin();
    writeln!(out, "{}", p.t("thanks", Args::new()));
    if let Some(rating) = rating {
        let shown_1 = p.t("your-rating", Args::new().with("rating", rating));
        writeln!(out, "{shown_1}");
    }
    out.end()
}

/// bots/survey/flows/survey.yaml:86: t:btn-results
fn btn_results(words: &Words) -> Text {
    words.plain().say("btn-results", Args::new())
}
