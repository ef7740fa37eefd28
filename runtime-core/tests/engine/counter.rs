//! A wizard of widgets, written by hand the way the compiler writes it: how many, and which.

use runtime_core::prelude::*;

use super::bot::{Service, html};

pub static COUNT: WizardSpec = WizardSpec {
    command: "count",
    ttl: 3600,
    on_timeout: false,
    steps: &[
        step("many", Wanted::Int, false),
        step("which", Wanted::Choice, true),
    ],
};

const fn step(id: &'static str, wanted: Wanted, optional: bool) -> StepSpec {
    StepSpec {
        id,
        optional,
        options: &[],
        wanted,
        effect: Effect::State,
        reads: Reads::None,
        writes: Writes::None,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum State {
    #[serde(rename = "many")]
    Many,
    #[serde(rename = "which")]
    Which { many: i64 },
}

fn many() -> Number<i64> {
    Number {
        min: 1,
        max: 9,
        start: 2,
        step: 1,
        jump: None,
    }
}

fn which(words: &Words) -> Multiselect<Service> {
    let offered = Service::OPTIONS.iter().map(|o| (*o, o.label(words)));
    Multiselect {
        offered: offered.collect(),
        min: 1,
        max: 2,
        columns: 2,
    }
}

pub fn ask(cx: &mut Cx, state: &State) -> Handled {
    match state {
        State::Many => {
            let text = html(cx, "How many?");
            cx.show(&COUNT, 0, text, &many());
        }
        State::Which { many } => {
            let text = html(cx, &format!("Which {many}?"));
            let widget = which(cx.words());
            cx.show(&COUNT, 1, text, &widget);
        }
    }
    Ok(())
}

pub fn wait(cx: &mut Cx, state: &State) -> Handled {
    ask(cx, state)?;
    let step = match state {
        State::Many => 0,
        State::Which { .. } => 1,
    };
    cx.wait(&COUNT, step, &(), state)
}

pub fn answer(cx: &mut Cx, state: State, given: Given<'_>) -> Handled {
    match state {
        State::Many => {
            let widget = many();
            let many = match cx.give(&widget, &given) {
                Ok(Turned::Value(many)) => many,
                Ok(Turned::View(view)) => {
                    let text = html(cx, "How many?");
                    return cx.turn(&COUNT, 0, text, &widget, view);
                }
                Ok(Turned::Nothing) => return Ok(()),
                Err(refusal) => {
                    cx.refuse(&COUNT, 0, &refusal, None);
                    return Ok(());
                }
            };
            wait(cx, &State::Which { many })
        }
        State::Which { many } => {
            let widget = which(cx.words());
            let which = match cx.give(&widget, &given) {
                _ if given.skipped() => Vec::new(),
                Ok(Turned::Value(which)) => which,
                Ok(Turned::View(view)) => {
                    let text = html(cx, &format!("Which {many}?"));
                    return cx.turn(&COUNT, 1, text, &widget, view);
                }
                Ok(Turned::Nothing) => return Ok(()),
                Err(refusal) => {
                    cx.refuse(&COUNT, 1, &refusal, None);
                    return Ok(());
                }
            };
            let which: Vec<_> = which.into_iter().map(Choice::value).collect();
            let text = html(cx, &format!("{many}: {}", which.join("+")));
            cx.reply(Message::new(text));
            cx.done()
        }
    }
}
