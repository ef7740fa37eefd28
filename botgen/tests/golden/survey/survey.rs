//! `/survey` of bot `survey` (bots/survey/flows/survey.yaml:4, `flow.wizard.v1`).
//!
//! Effect: state (one step). Written by botgen; do not edit.

use runtime_core::prelude::*;

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
            id: "reason",
            optional: false,
            options: &[],
            wanted: Wanted::Text,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        },
        StepSpec {
            id: "email",
            optional: true,
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
    /// `visited`, bots/survey/flows/survey.yaml:15.
    #[serde(rename = "visited")]
    Visited,
    /// `rating`, bots/survey/flows/survey.yaml:21.
    #[serde(rename = "rating")]
    Rating {
        /// `visited`.
        visited: bool,
    },
    /// `reason`, bots/survey/flows/survey.yaml:30.
    #[serde(rename = "reason")]
    Reason {
        /// `visited`.
        visited: bool,
        /// `rating`.
        rating: Option<i64>,
    },
    /// `email`, bots/survey/flows/survey.yaml:33.
    #[serde(rename = "email")]
    Email {
        /// `visited`.
        visited: bool,
        /// `rating`.
        rating: Option<i64>,
        /// `reason`.
        reason: Option<String>,
    },
}

impl State {
    /// Index of its step.
    fn position(&self) -> usize {
        match self {
            Self::Visited => 0,
            Self::Rating { .. } => 1,
            Self::Reason { .. } => 2,
            Self::Email { .. } => 3,
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
            cx.ask(&FLOW, 1, ask_rating(cx.words()), Vec::new());
        }
        State::Reason { .. } => {
            cx.ask(&FLOW, 2, ask_reason(cx.words()), Vec::new());
        }
        State::Email { .. } => {
            cx.ask(&FLOW, 3, ask_email(cx.words()), Vec::new());
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
            let rating = match given
                .int(Bounds {
                    min: Some(1i64),
                    max: Some(5i64),
                })
            {
                Ok(rating) => rating,
                Err(refusal) => {
                    let text = Some(bad_rating(cx.words()));
                    cx.refuse(&FLOW, 1, &refusal, text);
                    return Ok(());
                }
            };
            after_rating(cx, visited, rating).await
        }
        State::Reason { visited, rating } => {
            let reason = match given.text(&TextRule { min: 1, max: 500 }) {
                Ok(reason) => reason,
                Err(refusal) => {
                    cx.refuse(&FLOW, 2, &refusal, None);
                    return Ok(());
                }
            };
            wait(
                cx,
                &State::Email {
                    visited,
                    rating,
                    reason: Some(reason),
                },
            )
        }
        State::Email { visited, rating, reason } => {
            let email = if given.skipped() {
                None
            } else {
                match given.email() {
                    Ok(email) => Some(email),
                    Err(refusal) => {
                        cx.refuse(&FLOW, 3, &refusal, None);
                        return Ok(());
                    }
                }
            };
            complete(cx, visited, rating, reason, email).await
        }
    }
}

/// After the answer to `visited` (bots/survey/flows/survey.yaml:15).
async fn after_visited(cx: &mut Cx, visited: bool) -> Handled {
    if visited {
        return wait(cx, &State::Rating { visited });
    }
    wait(
        cx,
        &State::Reason {
            visited,
            rating: None,
        },
    )
}

/// After the answer to `rating` (bots/survey/flows/survey.yaml:21).
async fn after_rating(cx: &mut Cx, visited: bool, rating: i64) -> Handled {
    if rating >= 4i64 {
        return wait(
            cx,
            &State::Email {
                visited,
                rating: Some(rating),
                reason: None,
            },
        );
    }
    wait(
        cx,
        &State::Reason {
            visited,
            rating: Some(rating),
        },
    )
}

/// Every question is answered. Effect: write (one step with its statement).
async fn complete(
    cx: &mut Cx,
    visited: bool,
    rating: Option<i64>,
    reason: Option<String>,
    email: Option<String>,
) -> Handled {
    match insert_answers(cx, visited, rating, reason.as_deref(), email.as_deref()).await
    {
        Ok(_) => {}
        Err(error) if error.is_conflict() => {
            cx.undo().await?;
            cx.reply(Message::new(already_answered_2(cx.words())));
            return cx.done();
        }
        Err(error) => return Err(error),
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
        State::Reason { .. } => timed_out(cx),
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

/// bots/survey/flows/survey.yaml:40
async fn insert_answers(
    cx: &mut Cx,
    visited: bool,
    rating: Option<i64>,
    reason: Option<&str>,
    email: Option<&str>,
) -> Result<(), HandlerError> {
    let bot_id = cx.bot_id();
    let user_id = cx.user_id();
    match cx.db_write().await? {
        Db::Sqlite(connection) => {
            sqlx::query!(
                r#"INSERT INTO answers (bot_id, user_id, visited, rating, reason, email)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)"#,
                bot_id, user_id, visited, rating, reason, email
            )
                .execute(connection)
                .await?;
            Ok(())
        }
        _ => Err(HandlerError::Bug("this build has no statement for the engine")),
    }
}

/// bots/survey/flows/survey.yaml:5: t:cmd-survey
pub fn cmd_survey(words: &Words) -> Text {
    words.plain().say("cmd-survey", Args::new())
}

/// bots/survey/flows/survey.yaml:13: t:already-answered
fn already_answered(words: &Words) -> Text {
    words.html().say("already-answered", Args::new())
}

/// bots/survey/flows/survey.yaml:15: t:ask-visited
fn ask_visited(words: &Words) -> Text {
    words.html().say("ask-visited", Args::new())
}

/// bots/survey/flows/survey.yaml:21: t:ask-rating
fn ask_rating(words: &Words) -> Text {
    words.html().say("ask-rating", Args::new())
}

/// bots/survey/flows/survey.yaml:26: t:bad-rating
fn bad_rating(words: &Words) -> Text {
    words.html().say("bad-rating", Args::new())
}

/// bots/survey/flows/survey.yaml:30: t:ask-reason
fn ask_reason(words: &Words) -> Text {
    words.html().say("ask-reason", Args::new())
}

/// bots/survey/flows/survey.yaml:33: t:ask-email
fn ask_email(words: &Words) -> Text {
    words.html().say("ask-email", Args::new())
}

/// bots/survey/flows/survey.yaml:7: t:too-late
fn too_late(words: &Words) -> Text {
    words.html().say("too-late", Args::new())
}

/// bots/survey/flows/survey.yaml:42: t:already-answered
fn already_answered_2(words: &Words) -> Text {
    words.html().say("already-answered", Args::new())
}

/// bots/survey/flows/survey.yaml:45: {{t:thanks}} {{#if rating is not null}} {{t:your-rating {rating=rating}}} {{/if…
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

/// bots/survey/flows/survey.yaml:50: t:btn-results
fn btn_results(words: &Words) -> Text {
    words.plain().say("btn-results", Args::new())
}
