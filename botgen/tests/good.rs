//! Bots without a mistake, down to the typed program.

use std::path::{Path, PathBuf};

use botgen::ir::types::Variable;
use botgen::ir::{Effect, Program};
use botgen::{Input, Options};

fn compile(bot: &str) -> Program {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good");
    let input = Input::load(&tests, &[PathBuf::from(bot)]).unwrap();
    let compiled = botgen::compile(&input, &Options::default());
    let shown = botgen::diagnostics::render::human(&compiled.sources, &compiled.diagnostics, false);
    assert!(compiled.diagnostics.is_empty(), "{shown}");
    compiled.program.expect("a program")
}

fn flow<'a>(program: &'a Program, command: &str) -> &'a botgen::ir::Flow {
    let mut flows = program.bots[0].flows.iter();
    flows.find(|f| f.command == command).unwrap()
}

/// `service: choice, note: text or null`.
fn shown(vars: &[Variable]) -> String {
    let one = |v: &Variable| format!("{}: {}", v.name, v.ty.describe());
    vars.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_bot_of_the_language_page() {
    let program = compile("booking");
    let bot = &program.bots[0];
    assert_eq!(
        (bot.id.as_str(), bot.tz.as_str()),
        ("booking", "Europe/Moscow")
    );
    assert_eq!(bot.locales.len(), 2);
    assert_eq!(bot.locales[bot.default_locale].tag, "ru");
    let commands: Vec<_> = bot
        .flows
        .iter()
        .map(|f| (f.command.as_str(), f.effect))
        .collect();
    assert_eq!(
        commands,
        [
            ("help", Effect::Pure),
            ("start", Effect::Pure),
            ("book", Effect::State),
            ("my", Effect::Read),
            ("cancel_booking", Effect::Write),
            ("lang", Effect::Pure),
        ]
    );
    let wizard = flow(&program, "book").wizard.as_ref().unwrap();
    let steps: Vec<_> = wizard
        .steps
        .iter()
        .map(|s| (s.id.as_str(), shown(&s.known), s.effect))
        .collect();
    assert_eq!(
        steps,
        [
            ("service", String::new(), Effect::State),
            ("slot", "service: choice".to_owned(), Effect::State),
            (
                "note",
                "service: choice, slot: datetime".to_owned(),
                Effect::Write
            ),
        ]
    );
    assert_eq!(
        shown(&wizard.known_at_end),
        "service: choice, slot: datetime, note: text or null"
    );
    assert_eq!(shown(&wizard.loaded), "");
    assert_eq!(wizard.complete_effect, Effect::Write);
}

#[test]
fn every_way_through_a_dialogue() {
    let program = compile("ways");
    let bot = &program.bots[0];
    assert_eq!(bot.toasts.len(), 1, "shared by their source");
    assert_eq!(bot.texts.len(), 2, "the fallback and the toast");
    let order = flow(&program, "order");
    assert!(order.args[0].optional, "a step asks for it");
    assert_eq!(shown(&[order.args[1].var.clone()]), "coupon: text or null");
    let wizard = order.wizard.as_ref().unwrap();
    // `before` and `coupon` are read by `on_enter` alone.
    assert_eq!(
        shown(&wizard.loaded),
        "person: row or null, discount: int or null"
    );
    let steps: Vec<_> = wizard
        .steps
        .iter()
        .map(|s| (s.id.as_str(), shown(&s.known)))
        .collect();
    let known = |step: &str| steps.iter().find(|(id, _)| *id == step).unwrap().1.as_str();
    assert_eq!(known("item"), "");
    assert_eq!(known("count"), "item: choice");
    assert_eq!(known("milk"), "item: choice, count: int");
    assert_eq!(
        known("size"),
        "item: choice, count: int, milk: bool or null"
    );
    assert_eq!(
        known("time"),
        "item: choice, count: int, milk: bool or null, size: choice, gift: text or null"
    );
    let effects: Vec<_> = wizard.steps.iter().map(|s| s.effect).collect();
    assert_eq!(effects[..6], [Effect::State; 6]);
    assert_eq!(effects[6], Effect::Write);
    assert_eq!(order.effect, Effect::State);
    // The wizard's own `on_step` is written once for its seven steps.
    let shop = order
        .queries
        .iter()
        .filter(|q| q.sql(botgen::Engine::Sqlite).contains("FROM shop"))
        .count();
    let closed = order
        .texts
        .iter()
        .filter(|t| t.summary == "We are closed.")
        .count();
    assert_eq!((shop, closed), (1, 1));
}
