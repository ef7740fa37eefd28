//! `/results` of bot `survey` (bots/survey/flows/results.yaml:4, `flow.generic.v1`).
//!
//! Effect: read (one query). Written by botgen; do not edit.

use runtime_core::prelude::*;

/// A row of the query at bots/survey/flows/results.yaml:9.
#[derive(Debug, Clone, PartialEq)]
pub struct Total {
    /// Column `answers`.
    pub answers: i64,
    /// Column `rated`.
    pub rated: i64,
    /// Column `average`.
    pub average: Option<f64>,
}

/// `/results`, bots/survey/flows/results.yaml:4. Effect: read (one query).
pub async fn enter(cx: &mut Cx) -> Handled {
    let total = select_answers(cx).await?;
    cx.reply(Message::new(reply_text(cx.words(), &total)));
    Ok(())
}

/// bots/survey/flows/results.yaml:9
async fn select_answers(cx: &mut Cx) -> Result<Total, HandlerError> {
    let bot_id = cx.bot_id();
    match cx.db().await? {
        Db::Sqlite(connection) => {
            let row = sqlx::query!(
                r#"SELECT count(*) AS answers, count(rating) AS rated, avg(rating) AS average
FROM answers WHERE bot_id = ?1"#,
                bot_id
            )
                .fetch_one(connection)
                .await?;
            Ok(Total {
                answers: row.answers,
                rated: row.rated,
                average: row.average,
            })
        }
        _ => Err(HandlerError::Bug("this build has no statement for the engine")),
    }
}

/// bots/survey/flows/results.yaml:5: t:cmd-results
pub fn cmd_results(words: &Words) -> Text {
    words.plain().say("cmd-results", Args::new())
}

/// bots/survey/flows/results.yaml:16: {{t:results {answers=total.answers}}} {{#if total.average is not null}} {{t:ave…
fn reply_text(words: &Words, total: &Total) -> Text {
    let p = words.html();
    let mut out = p.begin();
    let shown_1 = p.t("results", Args::new().with("answers", total.answers));
    writeln!(out, "{shown_1}");
    if let Some(total_average) = total.average {
        let shown_1 = p.t("average", Args::new().with("average", total_average));
        writeln!(out, "{shown_1}");
    }
    out.end()
}
