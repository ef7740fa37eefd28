//! A booking bot, written by hand the way the compiler writes it.

use std::sync::atomic::{AtomicUsize, Ordering};

use runtime_core::prelude::*;

use super::{counter, diary};

pub static BOT: Booking = Booking;

/// The same expression on the connection of whichever engine serves.
macro_rules! on {
    ($db:expr, $connection:ident => $call:expr) => {
        match $db {
            Db::Sqlite($connection) => $call,
            #[cfg(feature = "postgres")]
            Db::Postgres($connection) => $call,
            _ => return Err(HandlerError::Bug("another engine")),
        }
    };
}

pub(crate) use on;

/// How often any handler ran.
pub static RUNS: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
pub struct Booking;

/// Whose only statement is handed over where the engine likes that.
const fn one(name: &'static str) -> CommandSpec {
    CommandSpec {
        reads: Reads::None,
        writes: Writes::One,
        ..command(name, Effect::Write, false)
    }
}

pub const fn command(name: &'static str, effect: Effect, wizard: bool) -> CommandSpec {
    CommandSpec {
        name,
        effect,
        reads: Reads::Many,
        writes: Writes::Many,
        wizard,
        admins: false,
        description: None,
        usage: "/x",
    }
}

/// What [`BOT`] says of itself, for bots that differ in a word.
pub const SPEC_OF: BotSpec = BotSpec {
    id: "booking",
    name: "Booking",
    tz: "Europe/Moscow",
    scope: Scope::UserInChat,
    strategy: Strategy::User,
    delivery: Delivery::Auto,
    on_ambiguous: runtime_core::store::outbox::OnAmbiguous::Resend,
    tells_admins: false,
    locales: &[
        LocaleSpec {
            tag: "en",
            ftl: "hello = Hello, { $name }!",
        },
        LocaleSpec {
            tag: "ru",
            ftl: "hello = Привет, { $name }!",
        },
    ],
    default_locale: 0,
    commands: &[
        command("start", Effect::Pure, false),
        command("book", Effect::State, true),
        CommandSpec {
            reads: Reads::One,
            ..command("my", Effect::Read, false)
        },
        command("my_snapshot", Effect::Read, false),
        one("add"),
        command("add_locked", Effect::Write, false),
        command("lang", Effect::Pure, false),
        command("split", Effect::Pure, false),
        command("truncated", Effect::Pure, false),
        command("boom", Effect::Write, false),
        command("sleep", Effect::Write, false),
        command("spin", Effect::Write, false),
        command("share", Effect::State, true),
        command("panic", Effect::Read, false),
        command("rollback", Effect::Write, false),
        command("deferred", Effect::Write, false),
        command("late", Effect::State, true),
        command("count", Effect::State, true),
        command("diary", Effect::State, true),
        command("limited", Effect::Write, false),
        one("limited_late"),
        command("limited_read", Effect::Read, false),
    ],
    wizards: &[&BOOK, &SHARE, &LATE, &counter::COUNT, &diary::DIARY],
    lists: &[],
    migrations: MigrationSet {
        owner: "booking",
        files: &[Migration {
            version: 1,
            name: "bookings",
            sqlite: "CREATE TABLE bookings (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, service TEXT NOT NULL, \
                     slot TEXT NOT NULL UNIQUE, note TEXT);\
                     CREATE TABLE visits (id INTEGER PRIMARY KEY, booking INTEGER REFERENCES bookings DEFERRABLE INITIALLY DEFERRED)",
            postgres: Some(
                "CREATE TABLE bookings (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id BIGINT NOT NULL, \
                 service TEXT NOT NULL, slot TEXT NOT NULL UNIQUE, note TEXT);\
                 CREATE TABLE visits (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                 booking BIGINT REFERENCES bookings DEFERRABLE INITIALLY DEFERRED)",
            ),
        }],
    },
    source_hash: "0",
    texts: r#"{"t":[{"a":"bot.yaml:5","s":"m","m":"Html","n":[{"k":{"k":"hello","g":[{"n":"name","t":"Text","s":"text","f":false,"b":[[1,64]],"k":"t"}]}}]}]}"#,
};
static SPEC: BotSpec = SPEC_OF;

const fn limit(rule: &'static str, command: &'static str) -> LimitSpec {
    LimitSpec {
        rule,
        command,
        scope: LimitScope::User,
        window: 600,
        allowance: 2,
        on_error: OnError::Allow,
    }
}

/// Before everything else, behind a statement that writes, behind a query.
static LIMITS: [&LimitSpec; 3] = [&LIMITED, &LIMITED_LATE, &LIMITED_READ];
static LIMITED: LimitSpec = limit("limited.on_enter.1", "limited");
static LIMITED_LATE: LimitSpec = limit("limited_late.on_enter.1", "limited_late");
static LIMITED_READ: LimitSpec = limit("limited_read.on_enter.1", "limited_read");

pub static BOOK: WizardSpec = WizardSpec {
    command: "book",
    ttl: 3600,
    on_timeout: false,
    steps: &[
        StepSpec {
            id: "service",
            optional: false,
            options: &["massage", "spa"],
            wanted: Wanted::Choice,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        },
        StepSpec {
            id: "slot",
            optional: false,
            options: &[],
            wanted: Wanted::Text,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        },
        StepSpec {
            id: "note",
            optional: true,
            options: &[],
            wanted: Wanted::Text,
            effect: Effect::Write,
            reads: Reads::None,
            writes: Writes::One,
        },
    ],
};

pub static SHARE: WizardSpec = WizardSpec {
    command: "share",
    ttl: 3600,
    on_timeout: false,
    steps: &[StepSpec {
        id: "who",
        optional: false,
        options: &[],
        wanted: Wanted::Contact,
        effect: Effect::State,
        reads: Reads::None,
        writes: Writes::None,
    }],
};

/// One question, and something that happens when nobody answers: what the command's argument says.
pub static LATE: WizardSpec = WizardSpec {
    command: "late",
    ttl: 60,
    on_timeout: true,
    steps: &[StepSpec {
        id: "word",
        optional: false,
        options: &[],
        wanted: Wanted::Text,
        effect: Effect::State,
        reads: Reads::None,
        writes: Writes::None,
    }],
};

/// How often a timer's handler ran.
pub static FIRED: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    #[serde(rename = "massage")]
    Massage,
    #[serde(rename = "spa")]
    Spa,
}

impl Choice for Service {
    const OPTIONS: &'static [Self] = &[Self::Massage, Self::Spa];
    fn value(self) -> &'static str {
        match self {
            Self::Massage => "massage",
            Self::Spa => "spa",
        }
    }
    fn label(self, words: &Words) -> Text {
        let mut text = words.plain().begin();
        text.push(match self {
            Self::Massage => "Massage!",
            Self::Spa => "Spa!",
        });
        text
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum State {
    #[serde(rename = "service")]
    Service,
    #[serde(rename = "slot")]
    Slot { service: Service },
    #[serde(rename = "note")]
    Note { service: Service, slot: String },
}

pub fn html(cx: &Cx, words: &str) -> Text {
    let mut text = cx.words().html().begin();
    text.push(words);
    text.end()
}

fn ask(cx: &mut Cx, state: &State) -> Handled {
    match state {
        State::Service => {
            let text = html(cx, "Which service?");
            let options = vec![
                (0, Service::Massage.label(cx.words())),
                (1, Service::Spa.label(cx.words())),
            ];
            cx.ask(&BOOK, 0, text, options);
        }
        State::Slot { .. } => {
            let text = html(cx, "Which slot?");
            cx.ask(&BOOK, 1, text, Vec::new());
        }
        State::Note { .. } => {
            let text = html(cx, "Any note?");
            cx.ask(&BOOK, 2, text, Vec::new());
        }
    }
    Ok(())
}

fn wait(cx: &mut Cx, state: &State) -> Handled {
    ask(cx, state)?;
    let step = match state {
        State::Service => 0,
        State::Slot { .. } => 1,
        State::Note { .. } => 2,
    };
    cx.wait(&BOOK, step, &(), state)
}

async fn answer(cx: &mut Cx, state: State, given: Given<'_>) -> Handled {
    match state {
        State::Service => {
            let service = match given.choice(Service::OPTIONS) {
                Ok(service) => service,
                Err(refusal) => {
                    cx.refuse(&BOOK, 0, &refusal, None);
                    return Ok(());
                }
            };
            wait(cx, &State::Slot { service })
        }
        State::Slot { service } => {
            let slot = match given.text(&TextRule { min: 2, max: 20 }) {
                Ok(slot) => slot,
                Err(refusal) => {
                    cx.refuse(&BOOK, 1, &refusal, None);
                    return Ok(());
                }
            };
            wait(cx, &State::Note { service, slot })
        }
        State::Note { service, slot } => {
            let note = if given.skipped() {
                None
            } else {
                match given.text(&TextRule { min: 3, max: 200 }) {
                    Ok(note) => Some(note),
                    Err(refusal) => {
                        cx.refuse(&BOOK, 2, &refusal, None);
                        return Ok(());
                    }
                }
            };
            match insert(cx, service.value(), &slot, note.as_deref()).await {
                Ok(()) => {}
                Err(error) if error.is_conflict() => {
                    cx.undo().await?;
                    let text = html(cx, "That slot is taken.");
                    cx.reply(Message::new(text));
                    return wait(cx, &State::Slot { service });
                }
                Err(error) => return Err(error),
            }
            let text = html(cx, "Booked.");
            cx.reply(Message::new(text));
            cx.done()
        }
    }
}

const INSERT: &str = "INSERT INTO bookings (user_id, service, slot, note) VALUES ($1, $2, $3, $4)";

pub async fn insert(
    cx: &mut Cx,
    service: &str,
    slot: &str,
    note: Option<&str>,
) -> Result<(), HandlerError> {
    let user = cx.user_id();
    #[cfg(feature = "postgres")]
    if cx.defers() {
        let query = sqlx::query(INSERT).bind(user).bind(service);
        return cx.defer(INSERT, query.bind(slot).bind(note));
    }
    on!(cx.db_write().await?, connection => {
        sqlx::query(INSERT)
            .bind(user)
            .bind(service)
            .bind(slot)
            .bind(note)
            .execute(connection)
            .await?;
    });
    Ok(())
}

impl Bot for Booking {
    fn spec(&self) -> &'static BotSpec {
        &SPEC
    }
    fn limits(&self) -> &'static [&'static LimitSpec] {
        &LIMITS
    }
    fn command(&self, name: &str) -> Option<usize> {
        SPEC.commands.iter().position(|c| c.name == name)
    }
    fn enter<'a>(&'a self, cx: &'a mut Cx, command: usize, args: &'a str) -> Handling<'a> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            match SPEC.commands[command].name {
                "start" => {
                    let mut text = cx.words().html().begin();
                    let name = cx.words().user_first_name();
                    text.write_fmt(format_args!(
                        "{}",
                        cx.words().html().t("hello", Args::new().with("name", name))
                    ));
                    let mut label = cx.words().plain().begin();
                    label.push("Book");
                    let button = Button::command(label, CommandLine::new("book"));
                    cx.reply(Message::new(text).row([button]).edit());
                    Ok(())
                }
                "book" => {
                    cx.begin(&BOOK);
                    wait(cx, &State::Service)
                }
                "my" | "my_snapshot" => {
                    let user = cx.user_id();
                    let slots: Vec<String> = on!(cx.db().await?, connection => {
                        sqlx::query_scalar(
                            "SELECT slot FROM bookings WHERE user_id = $1 ORDER BY id",
                        )
                        .bind(user)
                        .fetch_all(connection)
                        .await?
                    });
                    let text = html(cx, &format!("Slots: {}", slots.join(", ")));
                    cx.reply(Message::new(text));
                    Ok(())
                }
                "limited" => {
                    let key = LimitKey::new().word("of:").value(args.len() > 1000);
                    if let Some(retry_in) = cx.pass(&LIMITED, key).await? {
                        return cx.turn_away(retry_in, None).await;
                    }
                    insert(cx, "spa", args, None).await?;
                    let text = html(cx, "Added.");
                    cx.reply(Message::new(text));
                    Ok(())
                }
                "limited_late" => {
                    insert(cx, "spa", args, None).await?;
                    if let Some(retry_in) = cx.pass(&LIMITED_LATE, LimitKey::new()).await? {
                        let text = html(cx, &format!("Wait {retry_in}."));
                        return cx.turn_away(retry_in, Some(text)).await;
                    }
                    let text = html(cx, "Added.");
                    cx.reply(Message::new(text));
                    Ok(())
                }
                "limited_read" => {
                    let count: i64 = on!(cx.db().await?, connection => {
                        sqlx::query_scalar("SELECT count(*) FROM bookings")
                            .fetch_one(connection)
                            .await?
                    });
                    let key = LimitKey::new().value(count < 1000);
                    if let Some(retry_in) = cx.pass(&LIMITED_READ, key).await? {
                        return cx.turn_away(retry_in, None).await;
                    }
                    let text = html(cx, "Read.");
                    cx.reply(Message::new(text));
                    Ok(())
                }
                "add" | "add_locked" => {
                    insert(cx, "spa", args, None).await?;
                    let text = html(cx, "Added.");
                    cx.reply(Message::new(text));
                    Ok(())
                }
                name @ ("split" | "truncated") => {
                    let mut text = cx.words().html().begin();
                    text.push("<i>");
                    for n in 0..900 {
                        text.write_fmt(format_args!("<b>row {n}</b> &amp;\n"));
                        text.row();
                    }
                    text.push("</i>");
                    let message = Message::new(text.end());
                    cx.reply(match name {
                        "truncated" => message.truncate(),
                        _ => message,
                    });
                    Ok(())
                }
                "lang" => {
                    cx.show_locales();
                    Ok(())
                }
                "boom" => {
                    insert(cx, "spa", "boom", None).await?;
                    Err(HandlerError::Arithmetic)
                }
                "sleep" => {
                    insert(cx, "spa", "sleep", None).await?;
                    std::future::pending().await
                }
                "spin" => {
                    on!(cx.db_write().await?, connection => {
                        sqlx::query(
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                             INSERT INTO bookings (user_id, service, slot) SELECT 1, 'x', i FROM n",
                        )
                        .execute(connection)
                        .await?;
                    });
                    Ok(())
                }
                "share" => {
                    cx.begin(&SHARE);
                    let text = html(cx, "Who?");
                    cx.ask(&SHARE, 0, text, Vec::new());
                    cx.wait(&SHARE, 0, &(), &())
                }
                "count" => {
                    cx.begin(&counter::COUNT);
                    counter::wait(cx, &counter::State::Many)
                }
                "diary" => {
                    cx.begin(&diary::DIARY);
                    diary::wait(cx).await
                }
                "late" => {
                    cx.begin(&LATE);
                    let text = html(cx, "A word?");
                    cx.ask(&LATE, 0, text, Vec::new());
                    cx.wait(&LATE, 0, &(), &args.to_owned())
                }
                "panic" => panic!("a bug"),
                "rollback" => {
                    insert(cx, "spa", "same", None).await?;
                    match cx.db_write().await? {
                        // It takes the whole transaction with it.
                        Db::Sqlite(connection) => {
                            sqlx::query(
                                "INSERT OR ROLLBACK INTO bookings (user_id, service, slot) VALUES (1, 'x', 'same')",
                            )
                            .execute(connection)
                            .await?;
                            Ok(())
                        }
                        _ => insert(cx, "spa", "same", None).await,
                    }
                }
                "deferred" => {
                    on!(cx.db_write().await?, connection => {
                        sqlx::query("INSERT INTO visits (booking) VALUES (4711)")
                            .execute(connection)
                            .await?;
                    });
                    Ok(())
                }
                _ => Err(HandlerError::Bug("no such command")),
            }
        })
    }
    fn answer<'a>(&'a self, cx: &'a mut Cx, waiting: Waiting, given: Given<'a>) -> Handling<'a> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            match waiting.flow() {
                "book" => {
                    let ((), state) = waiting.read()?;
                    answer(cx, state, given).await
                }
                "count" => {
                    let ((), state) = waiting.read()?;
                    counter::answer(cx, state, given)
                }
                "diary" => {
                    let ((), diary::State::Slot) = waiting.read()?;
                    diary::answer(cx, given).await
                }
                "share" => match given.contact() {
                    Ok(contact) => {
                        let text = html(cx, &format!("Got {}", contact.first_name));
                        cx.reply(Message::new(text));
                        cx.done()
                    }
                    Err(refusal) => {
                        cx.refuse(&SHARE, 0, &refusal, None);
                        Ok(())
                    }
                },
                "late" => {
                    let text = html(cx, "In time.");
                    cx.reply(Message::new(text));
                    cx.done()
                }
                _ => Err(HandlerError::Outdated),
            }
        })
    }
    fn timeout<'a>(&'a self, cx: &'a mut Cx, waiting: Waiting) -> Handling<'a> {
        Box::pin(async move {
            let ((), what) = waiting.read::<(), String>()?;
            FIRED.fetch_add(1, Ordering::SeqCst);
            match what.as_str() {
                "again" => {
                    let text = html(cx, "A word at last?");
                    cx.ask(&LATE, 0, text, Vec::new());
                    cx.wait(&LATE, 0, &(), &what)
                }
                "boom" => Err(HandlerError::Arithmetic),
                "hang" => std::future::pending().await,
                "" => cx.expire(),
                other => {
                    let mut text = cx.words().html().begin();
                    let name = cx.words().user_first_name();
                    text.write_fmt(format_args!(
                        "{}",
                        cx.words().html().t("hello", Args::new().with("name", name))
                    ));
                    text.push(other);
                    cx.reply(Message::new(text));
                    cx.done()
                }
            }
        })
    }
    fn ask<'a>(&'a self, cx: &'a mut Cx, waiting: &'a Waiting) -> Handling<'a> {
        Box::pin(async move {
            if waiting.flow() == "count" {
                let ((), state) = waiting.read()?;
                return counter::ask(cx, &state);
            }
            if waiting.flow() == "diary" {
                return diary::ask(cx).await;
            }
            let ((), state) = waiting.read::<(), State>()?;
            ask(cx, &state)
        })
    }
    fn people(&self) -> &'static [PersonTable] {
        &[
            PersonTable {
                table: "visits",
                condition: r#"("booking") IN (SELECT "id" FROM "bookings" WHERE "user_id" = $1)"#,
                by_bot: false,
                columns: &["id", "booking"],
            },
            PersonTable {
                table: "bookings",
                condition: r#""user_id" = $1"#,
                by_bot: false,
                columns: &["id", "user_id", "service", "slot", "note"],
            },
        ]
    }

    fn fallback(&self, _: &Words) -> Option<Text> {
        None
    }
    fn toast(&self, hash: u32, words: &Words) -> Option<Text> {
        let mut text = words.plain().begin();
        text.push("soon");
        (hash == hash32("soon")).then_some(text)
    }
}
