//! A wizard with a calendar, written by hand the way the compiler writes it: what is taken comes from a table.

use std::sync::atomic::{AtomicBool, Ordering};

use runtime_core::prelude::*;

use super::bot::{html, insert};
use super::rig::BORIS;

pub static DIARY: WizardSpec = WizardSpec {
    command: "diary",
    ttl: 4 * 3600,
    on_timeout: false,
    steps: &[StepSpec {
        id: "slot",
        optional: false,
        options: &[],
        wanted: Wanted::DateTime,
        effect: Effect::Write,
        reads: Reads::Many,
        writes: Writes::Many,
    }],
};

/// Boris is served by a later build, that is closed in the afternoon and has other steps.
pub static LATER: AtomicBool = AtomicBool::new(false);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum State {
    #[serde(rename = "slot")]
    Slot,
}

async fn calendar(cx: &mut Cx) -> Result<Calendar<Instant>, HandlerError> {
    let later = cx.user_id() == BORIS && LATER.load(Ordering::SeqCst);
    let taken: Vec<String> = super::bot::on!(cx.db().await?, connection => {
        sqlx::query_scalar("SELECT slot FROM bookings").fetch_all(connection).await?
    });
    let taken = taken.iter().filter_map(|slot| Instant::parse_sql(slot));
    let (to, step) = if later { (720, 45) } else { (1200, 30) };
    let rules = CalendarRules::times(cx.words(), 540, to, step)
        .min_today(0)
        .max_today(60)
        .closed(0b100_0000)
        .disabled(taken)?;
    Ok(rules.calendar())
}

pub async fn ask(cx: &mut Cx) -> Handled {
    let widget = calendar(cx).await?;
    let text = html(cx, "When?");
    cx.show(&DIARY, 0, text, &widget);
    Ok(())
}

pub async fn wait(cx: &mut Cx) -> Handled {
    ask(cx).await?;
    cx.wait(&DIARY, 0, &(), &State::Slot)
}

pub async fn answer(cx: &mut Cx, given: Given<'_>) -> Handled {
    let widget = calendar(cx).await?;
    let slot = match cx.give(&widget, &given) {
        Ok(Turned::Value(slot)) => slot,
        Ok(Turned::View(view)) => {
            let text = html(cx, "When?");
            return cx.turn(&DIARY, 0, text, &widget, view);
        }
        Ok(Turned::Nothing) => return Ok(()),
        Err(refusal) => {
            cx.refuse(&DIARY, 0, &refusal, None);
            let text = html(cx, "When?");
            return cx.redraw(&DIARY, 0, text, &widget, &given);
        }
    };
    match insert(cx, "diary", &slot.to_string(), None).await {
        Ok(()) => {}
        Err(error) if error.is_conflict() => {
            cx.undo().await?;
            let text = html(cx, "Taken.");
            cx.reply(Message::new(text));
            return wait(cx).await;
        }
        Err(error) => return Err(error),
    }
    let text = html(cx, &format!("At {slot}."));
    cx.reply(Message::new(text));
    cx.done()
}
