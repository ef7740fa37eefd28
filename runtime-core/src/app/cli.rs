//! The command line, read by hand: nine verbs need no parser library in every binary.

use crate::bot::Bot;
use crate::config::{VARIABLES, admins_variable, llm, token_variable};
use crate::incoming::guest::Guest;
use crate::store::events::{Filter, HOURS, Kind, MOST};
use crate::store::person::NOBODY;

/// The short form.
pub const USAGE: &str = "usage: botfactory [serve | chat BOT [--user N] [--locale TAG] [--admin] | migrate | health | webhook set|delete|info [BOT]\n                  | dead-letters BOT [list | requeue ID… | discard ID…]\n                  | people BOT export|erase USER\n                  | events BOT [list | report] [--user N] [--type T] [--trace ID] [--hours N] [--limit N]\n                  | texts BOT [list [LOCALE] | set LOCALE KEY WORDS | set LOCALE FILE.ftl | revert [LOCALE [KEY…]]\n                    | export LOCALE | changes]]\n       botfactory --help | --version";

/// What to do.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Command {
    Serve,
    Chat { bot: String, who: Guest },
    Migrate,
    Health,
    Webhook { action: Action, bot: Option<String> },
    DeadLetters { bot: String, what: Letters },
    Events { bot: String, what: Events },
    People { bot: String, what: People },
    Texts { bot: String, what: Texts },
    Help,
    Version,
}

/// What to do with dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Letters {
    List,
    Requeue(Vec<i64>),
    Discard(Vec<i64>),
}

/// What to do with what is stored about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum People {
    Export(i64),
    Erase(i64),
}

/// What to say of events.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Events {
    List {
        filter: Filter,
        hours: Option<u32>,
    },
    /// Of so many hours.
    Report(u32),
}

/// What to do with overridden texts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Texts {
    List(Option<String>),
    Set {
        locale: String,
        key: String,
        words: String,
    },
    SetFile {
        locale: String,
        file: String,
    },
    Revert {
        locale: Option<String>,
        keys: Vec<String>,
    },
    Export(String),
    Changes,
}

/// What to do with a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Action {
    Set,
    Delete,
    Info,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// Words for a person.
pub fn parse(args: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut args = args;
    let command = match args.next().as_deref() {
        None | Some("serve") => Command::Serve,
        Some("-h" | "--help" | "help") => return Ok(Command::Help),
        Some("-V" | "--version" | "version") => return Ok(Command::Version),
        Some("migrate") => Command::Migrate,
        Some("health") => Command::Health,
        Some("chat") => return chat(args),
        Some("dead-letters") => return dead_letters(args),
        Some("events") => return events(args),
        Some("people") => return people(args),
        Some("texts") => return texts(args),
        Some("webhook") => {
            let action = match args.next().as_deref() {
                Some("set") => Action::Set,
                Some("delete") => Action::Delete,
                Some("info") => Action::Info,
                _ => return Err("`webhook` takes `set`, `delete` or `info`".to_owned()),
            };
            Command::Webhook {
                action,
                bot: args.next(),
            }
        }
        Some(other) => return Err(format!("unknown command `{other}`")),
    };
    match args.next().as_deref() {
        None => Ok(command),
        Some("-h" | "--help") => Ok(Command::Help),
        Some(extra) => Err(format!("unexpected `{extra}`")),
    }
}

fn dead_letters(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let bot = match args.next() {
        Some(help) if help == "-h" || help == "--help" => return Ok(Command::Help),
        Some(bot) if !bot.starts_with('-') => bot,
        _ => return Err("`dead-letters` takes the name of a bot".to_owned()),
    };
    let verb = args.next();
    let mut numbers = Vec::new();
    for arg in args {
        let number = arg
            .parse()
            .map_err(|_| format!("`{arg}` is not the number of a dead letter"))?;
        numbers.push(number);
    }
    let what = match verb.as_deref() {
        None | Some("list") if numbers.is_empty() => Letters::List,
        Some("requeue") if !numbers.is_empty() => Letters::Requeue(numbers),
        Some("discard") if !numbers.is_empty() => Letters::Discard(numbers),
        Some("requeue" | "discard") => {
            return Err("`requeue` and `discard` take numbers of dead letters".to_owned());
        }
        Some("list") | None => return Err("`list` takes nothing".to_owned()),
        Some(other) => return Err(format!("unexpected `{other}`")),
    };
    Ok(Command::DeadLetters { bot, what })
}

fn events(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let bot = match args.next() {
        Some(help) if help == "-h" || help == "--help" => return Ok(Command::Help),
        Some(bot) if !bot.starts_with('-') => bot,
        _ => return Err("`events` takes the name of a bot".to_owned()),
    };
    let mut report = false;
    let mut hours = None;
    let mut filter = Filter {
        limit: 100,
        ..Filter::default()
    };
    let mut first = true;
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("`{arg}` takes a value"));
        let number = |value: String| {
            value
                .parse::<u32>()
                .map_err(|_| format!("`{arg}` takes a number"))
        };
        match arg.as_str() {
            "list" if first => {}
            "report" if first => report = true,
            "--hours" => hours = Some(number(value()?)?),
            "--limit" if !report => filter.limit = number(value()?)?.clamp(1, MOST),
            "--user" if !report => {
                let user = value()?;
                let user = user
                    .parse()
                    .map_err(|_| "`--user` takes a number".to_owned());
                filter.person = Some(user?);
            }
            "--type" if !report => {
                let kind = value()?;
                if !Kind::ALL.iter().any(|known| known.name() == kind) {
                    let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                    let known = known.join(", ");
                    return Err(format!("there are no events of type `{kind}`, but {known}"));
                }
                filter.kind = Some(kind);
            }
            "--trace" if !report => filter.trace = Some(value()?),
            other => return Err(format!("unexpected `{other}`")),
        }
        first = false;
    }
    let what = if report {
        Events::Report(hours.unwrap_or(24).clamp(1, HOURS))
    } else {
        Events::List { filter, hours }
    };
    Ok(Command::Events { bot, what })
}

fn people(args: impl Iterator<Item = String>) -> Result<Command, String> {
    let all: Vec<String> = args.collect();
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    let (bot, verb, user) = match words.as_slice() {
        [help, ..] if *help == "-h" || *help == "--help" => return Ok(Command::Help),
        [verb @ ("export" | "erase"), bot, user] => (bot, verb, user),
        [bot, verb, user] => (bot, verb, user),
        _ => return Err("`people` takes a bot, `export` or `erase`, and a person".to_owned()),
    };
    let number = user.parse().ok().filter(|number| *number != NOBODY);
    let user = number.ok_or_else(|| format!("`{user}` is not Telegram's number of a person"))?;
    let what = match *verb {
        "export" => People::Export(user),
        "erase" => People::Erase(user),
        other => return Err(format!("unexpected `{other}`")),
    };
    Ok(Command::People {
        bot: (*bot).to_owned(),
        what,
    })
}

fn texts(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let bot = match args.next() {
        Some(help) if help == "-h" || help == "--help" => return Ok(Command::Help),
        Some(bot) if !bot.starts_with('-') => bot,
        _ => return Err("`texts` takes the name of a bot".to_owned()),
    };
    let all: Vec<String> = args.collect();
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    let own = |word: &str| word.to_owned();
    let what = match words.as_slice() {
        [] | ["list"] => Texts::List(None),
        ["list", locale] => Texts::List(Some(own(locale))),
        ["set", locale, file] => Texts::SetFile {
            locale: own(locale),
            file: own(file),
        },
        ["set", locale, key, words] => Texts::Set {
            locale: own(locale),
            key: own(key),
            words: own(words),
        },
        ["set", ..] => {
            return Err("`set` takes a locale, and a key with its words or a file".to_owned());
        }
        ["revert"] => Texts::Revert {
            locale: None,
            keys: Vec::new(),
        },
        ["revert", locale, keys @ ..] => Texts::Revert {
            locale: Some(own(locale)),
            keys: keys.iter().map(|key| own(key)).collect(),
        },
        ["export", locale] => Texts::Export(own(locale)),
        ["export", ..] => return Err("`export` takes a locale".to_owned()),
        ["changes"] => Texts::Changes,
        [other, ..] => return Err(format!("unexpected `{other}`")),
    };
    Ok(Command::Texts { bot, what })
}

fn chat(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut bot = None;
    let mut who = Guest::default();
    while let Some(arg) = args.next() {
        let mut value = |name: &str| args.next().ok_or(format!("`{name}` takes a value"));
        match arg.as_str() {
            "-h" | "--help" => return Ok(Command::Help),
            "--user" => {
                who.user = value("--user")?
                    .parse()
                    .map_err(|_| "`--user` takes a number".to_owned())?;
            }
            "--locale" => who.locale = Some(value("--locale")?),
            "--admin" => who.admin = true,
            name if !name.starts_with('-') && bot.is_none() => bot = Some(arg),
            other => return Err(format!("unexpected `{other}`")),
        }
    }
    let bot = bot.ok_or("`chat` takes the name of a bot")?;
    Ok(Command::Chat { bot, who })
}

/// The long form.
pub fn help(bots: &[&'static dyn Bot]) -> String {
    use std::fmt::Write;
    let mut out = String::from(
        "BotFactory: the Telegram bots of this deployment, in one program.\n\n\
         botfactory [serve]                    serve the bots, the chat page and the operators' routes\n\
         botfactory chat BOT                   talk to a bot in the terminal [--user N] [--locale TAG] [--admin]\n\
         botfactory migrate                    bring the database up to date and end\n\
         botfactory health                     ask the running instance whether it is ready (exit 0 or 1)\n\
         botfactory webhook set|delete|info    webhooks by hand, of all bots or [BOT]\n\
         botfactory dead-letters BOT           what could not be done, without texts [list | requeue ID… | discard ID…]\n\
         botfactory events BOT                 what it did, as JSON [list | report] [--user N] [--type T] [--trace ID]\n\
        \x20                                       [--hours N] [--limit N]\n\
         botfactory people BOT export USER     everything that is stored about a person, as JSON\n\
         botfactory people BOT erase USER      forgets it\n\
         botfactory texts BOT                  texts, and others in their places [list [LOCALE] | set LOCALE KEY WORDS\n\
        \x20                                       | set LOCALE FILE.ftl | revert [LOCALE [KEY…]] | export LOCALE | changes]\n\
         botfactory --version                  version and hash of the compiled sources\n\nBots here:\n",
    );
    // Writing to a String cannot fail.
    for bot in bots {
        let spec = bot.spec();
        let _ = writeln!(out, "  {:<20} {}", spec.id, spec.name);
    }
    out.push_str("\nEnvironment (also from `.env`):\n");
    for (name, what) in VARIABLES.iter().chain(llm::VARIABLES) {
        let _ = writeln!(out, "  {name:<28} {what}");
    }
    for bot in bots {
        let name = token_variable(bot.spec().id);
        let _ = writeln!(
            out,
            "  {name:<28} token from @BotFather; unset: preview only"
        );
        let name = admins_variable(bot.spec().id);
        let _ = writeln!(out, "  {name:<28} Telegram's ids of its admins");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &str) -> Result<Command, String> {
        parse(args.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands() {
        assert!(matches!(read(""), Ok(Command::Serve)));
        assert!(matches!(read("serve"), Ok(Command::Serve)));
        assert!(matches!(read("--version"), Ok(Command::Version)));
        assert!(matches!(read("serve --help"), Ok(Command::Help)));
        assert!(matches!(read("health"), Ok(Command::Health)));
        assert!(
            matches!(read("chat booking --user 2 --locale ru"), Ok(Command::Chat { bot, who }) if bot == "booking" && who.user == 2 && who.locale.as_deref() == Some("ru"))
        );
        assert!(matches!(
            read("webhook info booking"),
            Ok(Command::Webhook { action: Action::Info, bot: Some(bot) }) if bot == "booking"
        ));
        assert!(matches!(
            read("dead-letters booking"),
            Ok(Command::DeadLetters { bot, what: Letters::List }) if bot == "booking"
        ));
        assert!(matches!(
            read("dead-letters booking requeue 3 4"),
            Ok(Command::DeadLetters { what: Letters::Requeue(numbers), .. }) if numbers == [3, 4]
        ));
        assert!(matches!(
            read("people booking export 42"),
            Ok(Command::People { bot, what: People::Export(42) }) if bot == "booking"
        ));
        assert!(matches!(
            read("people erase booking -7"),
            Ok(Command::People { bot, what: People::Erase(-7) }) if bot == "booking"
        ));
        assert!(matches!(
            read("events booking --user 4 --type error --hours 2"),
            Ok(Command::Events { what: Events::List { filter, hours: Some(2) }, .. })
                if filter.person == Some(4) && filter.kind.as_deref() == Some("error")
        ));
        assert!(matches!(
            read("events booking report"),
            Ok(Command::Events {
                what: Events::Report(24),
                ..
            })
        ));
        assert!(matches!(
            read("texts booking"),
            Ok(Command::Texts { bot, what: Texts::List(None) }) if bot == "booking"
        ));
        assert!(matches!(
            read("texts booking set ru menu.title Слово"),
            Ok(Command::Texts { what: Texts::Set { key, words, .. }, .. }) if key == "menu.title" && words == "Слово"
        ));
        assert!(matches!(
            read("texts booking revert ru a b"),
            Ok(Command::Texts { what: Texts::Revert { locale: Some(_), keys }, .. }) if keys == ["a", "b"]
        ));
        for wrong in [
            "events",
            "events booking --type gossip",
            "events booking report --user 4",
            "events booking --user Anna",
            "people",
            "people booking erase",
            "people booking drop 42",
            "people booking erase Anna",
            "people booking erase 0",
            "texts",
            "texts booking set ru",
            "texts booking export",
            "texts booking list ru en",
            "texts booking drop",
            "srve",
            "serve now",
            "chat",
            "chat a b",
            "chat a --user x",
            "webhook",
            "webhook go",
            "migrate x",
            "dead-letters",
            "dead-letters booking list 3",
            "dead-letters booking requeue",
            "dead-letters booking requeue x",
            "dead-letters booking drop 3",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
