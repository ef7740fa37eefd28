//! A bot that tells many people something, written by hand the way the compiler writes it.

use runtime_core::prelude::*;

#[derive(Debug)]
pub struct Herald;

pub static HERALD: Herald = Herald;

const fn command(name: &'static str, effect: Effect, reads: Reads, writes: Writes) -> CommandSpec {
    CommandSpec {
        name,
        effect,
        reads,
        writes,
        wizard: false,
        admins: false,
        description: None,
        usage: "",
    }
}

const fn writes(name: &'static str) -> CommandSpec {
    command(name, Effect::Write, Reads::Many, Writes::Many)
}

static SPEC: BotSpec = BotSpec {
    id: "herald",
    name: "Herald",
    tz: "UTC",
    scope: Scope::UserInChat,
    strategy: Strategy::User,
    delivery: Delivery::Auto,
    on_ambiguous: OnAmbiguous::Resend,
    locales: &[
        LocaleSpec {
            tag: "en",
            ftl: "news = News, <b>{ $name }</b>: { $what }\nbtn = Read",
        },
        LocaleSpec {
            tag: "ru",
            ftl: "news = Новости, <b>{ $name }</b>: { $what }\nbtn = Читать",
        },
    ],
    default_locale: 0,
    commands: &[
        command("start", Effect::Pure, Reads::None, Writes::None),
        command("size", Effect::Read, Reads::Many, Writes::None),
        writes("news"),
        writes("later"),
        writes("to"),
        writes("join"),
        writes("leave"),
        writes("stop"),
        writes("go"),
        writes("broken"),
    ],
    wizards: &[],
    lists: &[],
    migrations: MigrationSet {
        owner: "herald",
        files: &[],
    },
    source_hash: "herald",
    texts: "",
    tells_admins: false,
};

fn plain(cx: &Cx, words: &str) -> Message {
    let mut text = cx.words().plain().begin();
    text.push(words);
    Message::new(text.end())
}

/// One message for each locale: the author's words, a person's words, and the recipient's name.
fn messages(cx: &Cx, what: &str) -> Vec<Bulletin> {
    let of = |words: Words| {
        let name = words.recipient(Recipient::FirstName);
        let args = Args::new().with("name", name).with("what", what);
        let text = words.html().say("news", args);
        let label = words.plain().say("btn", Args::new());
        let button = Button::command(label, CommandLine::new("start"));
        Bulletin::new(Message::new(text).row([button]))
    };
    cx.words().every_locale().into_iter().map(of).collect()
}

impl Bot for Herald {
    fn spec(&self) -> &'static BotSpec {
        &SPEC
    }
    fn command(&self, name: &str) -> Option<usize> {
        SPEC.commands.iter().position(|known| known.name == name)
    }
    fn enter<'a>(&'a self, cx: &'a mut Cx, command: usize, args: &'a str) -> Handling<'a> {
        let name = SPEC.commands.get(command).map_or("", |known| known.name);
        let args = args.trim();
        Box::pin(async move {
            match name {
                "start" => cx.reply(plain(cx, "hello")),
                "size" => {
                    let audience =
                        Audience::parse(args).map_err(|_| HandlerError::Bug("audience"))?;
                    let size = cx.audience(&audience).await?;
                    let segment = cx.in_segment("vip").await?;
                    let wants = cx.subscribed().await?;
                    cx.reply(plain(cx, &format!("{size} {segment} {wants}")));
                }
                "news" | "broken" => {
                    let messages = messages(cx, args);
                    let chat = cx.chat_id();
                    let new = NewBroadcast::new("news", Audience::All, messages)
                        .per_second(50)
                        .progress(chat);
                    let id = cx.broadcast(new).await?;
                    if name == "broken" {
                        return Err(HandlerError::Arithmetic);
                    }
                    cx.reply(plain(cx, &format!("made {id}")));
                }
                "later" => {
                    let messages = messages(cx, args);
                    let at = Instant::from_unix(cx.now().unix() + 3600);
                    let audience = Audience::Segment("vip".into());
                    let new = NewBroadcast::new("later", audience, messages)
                        .starts(at)
                        .progress(cx.chat_id());
                    cx.broadcast(new).await?;
                    cx.reply(plain(cx, "later"));
                }
                "to" => {
                    let people = args.split(' ').filter_map(|id| id.parse().ok()).collect();
                    let messages = messages(cx, "you");
                    let new = NewBroadcast::new("to", Audience::People(people), messages)
                        .on_ambiguous(OnAmbiguous::Resend);
                    cx.broadcast(new).await?;
                    cx.reply(plain(cx, "to"));
                }
                "join" => {
                    cx.join_segment("vip").await?;
                    cx.reply(plain(cx, "joined"));
                }
                "leave" => {
                    cx.leave_segment("vip").await?;
                    cx.reply(plain(cx, "left"));
                }
                "stop" | "go" => {
                    cx.subscribe(name == "go").await?;
                    cx.reply(plain(cx, "so be it"));
                }
                _ => return Err(HandlerError::Bug("no such command")),
            }
            Ok(())
        })
    }
    fn answer<'a>(&'a self, _: &'a mut Cx, _: Waiting, _: Given<'a>) -> Handling<'a> {
        Box::pin(async { Err(HandlerError::Outdated) })
    }
    fn ask<'a>(&'a self, _: &'a mut Cx, _: &'a Waiting) -> Handling<'a> {
        Box::pin(async { Err(HandlerError::Outdated) })
    }
    fn fallback(&self, _: &Words) -> Option<Text> {
        None
    }
    fn toast(&self, _: u32, _: &Words) -> Option<Text> {
        None
    }
}
