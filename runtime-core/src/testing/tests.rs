//! The harness tells what differs.

use super::{Does, Kind, Script, Step, run};
use crate::prelude::*;

#[derive(Debug)]
struct Echo;

static SPEC: BotSpec = BotSpec {
    id: "echo",
    name: "Echo",
    tz: "UTC",
    scope: Scope::UserInChat,
    strategy: Strategy::User,
    delivery: Delivery::Auto,
    on_ambiguous: crate::store::outbox::OnAmbiguous::Resend,
    tells_admins: false,
    locales: &[LocaleSpec { tag: "en", ftl: "" }],
    default_locale: 0,
    commands: &[CommandSpec {
        name: "ask",
        effect: Effect::State,
        reads: Reads::Many,
        writes: Writes::Many,
        wizard: true,
        admins: false,
        description: None,
        usage: "/ask",
    }],
    wizards: &[],
    lists: &[],
    migrations: MigrationSet {
        owner: "echo",
        files: &[],
    },
    source_hash: "0",
    texts: "",
};

static ASK: WizardSpec = WizardSpec {
    command: "ask",
    ttl: 60,
    on_timeout: false,
    steps: &[StepSpec {
        id: "phone",
        optional: true,
        options: &[],
        wanted: Wanted::Phone,
        effect: Effect::Write,
        reads: Reads::Many,
        writes: Writes::Many,
    }],
};

impl Bot for Echo {
    fn spec(&self) -> &'static BotSpec {
        &SPEC
    }
    fn command(&self, name: &str) -> Option<usize> {
        (name == "ask").then_some(0)
    }
    fn enter<'a>(&'a self, cx: &'a mut Cx, _: usize, _: &'a str) -> Handling<'a> {
        Box::pin(async move {
            cx.begin(&ASK);
            let mut text = cx.words().html().begin();
            text.push("<b>Phone</b>?");
            cx.ask(&ASK, 0, text, Vec::new());
            cx.wait(&ASK, 0, &(), &())
        })
    }
    fn answer<'a>(&'a self, cx: &'a mut Cx, _: Waiting, given: Given<'a>) -> Handling<'a> {
        Box::pin(async move {
            match given.phone() {
                _ if given.skipped() => cx.done(),
                Ok(phone) => {
                    let mut text = cx.words().html().begin();
                    text.push(&phone);
                    cx.reply(Message::new(text));
                    cx.done()
                }
                Err(refusal) => {
                    cx.refuse(&ASK, 0, &refusal, None);
                    Ok(())
                }
            }
        })
    }
    fn ask<'a>(&'a self, _: &'a mut Cx, _: &'a Waiting) -> Handling<'a> {
        Box::pin(async { Ok(()) })
    }
    fn fallback(&self, _: &Words) -> Option<Text> {
        None
    }
    fn toast(&self, _: u32, _: &Words) -> Option<Text> {
        None
    }
}

static ECHO: Echo = Echo;
static BOTS: &[&dyn Bot] = &[&ECHO];

const fn script(steps: &'static [Step]) -> Script {
    Script {
        name: "a test",
        file: "chats/echo.yaml",
        locale: "en",
        admins: &[],
        group: false,
        begins: "2030-01-01 12:00:00",
        steps,
    }
}

const fn step(line: u32, does: Does) -> Step {
    Step { line, does }
}

const fn expect(words: &'static [&'static str]) -> Does {
    Does::Expect {
        contains: words,
        exact: None,
        buttons: &[],
    }
}

#[test]
fn plays_to_the_end() {
    static STEPS: &[Step] = &[
        step(1, Does::Say("/ask")),
        step(
            2,
            Does::Expect {
                contains: &[],
                exact: Some("Phone?"),
                buttons: &["Skip", "Cancel"],
            },
        ),
        step(3, Does::Say("no")),
        step(4, expect(&["phone number"])),
        step(5, Does::Restart),
        step(6, Does::Press("Share my contact")),
        step(7, expect(&["+79120000000"])),
        step(8, Does::Redeliver),
        step(9, Does::Silence),
        step(10, Does::As("boris")),
        step(11, Does::Say("/ask")),
        step(12, expect(&["Phone"])),
        step(13, Does::Press("Skip")),
        step(14, expect(&["Done!"])),
        step(15, Does::Say("/ask")),
        step(16, expect(&["Phone"])),
        step(17, Does::Clock(61)),
        step(18, Does::Send(Kind::Photo)),
        step(19, expect(&["closed"])),
        step(
            20,
            Does::Rows {
                sql: "SELECT * FROM bf_conversations",
                count: 2,
            },
        ),
    ];
    run(BOTS, "echo", &script(STEPS));
}

#[test]
#[should_panic(expected = "chats/echo.yaml:2: expected `Fax`, got `Phone?`")]
fn tells_where_it_differs() {
    static STEPS: &[Step] = &[step(1, Does::Say("/ask")), step(2, expect(&["Fax"]))];
    run(BOTS, "echo", &script(STEPS));
}

#[test]
#[should_panic(expected = "chats/echo.yaml:1: no button `Go`")]
fn tells_which_buttons_there_are() {
    static STEPS: &[Step] = &[step(1, Does::Press("Go"))];
    run(BOTS, "echo", &script(STEPS));
}
