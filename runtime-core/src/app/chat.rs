//! `botfactory chat BOT`: a conversation in the terminal, with the real handlers and the real database. Buttons have
//! numbers; a number presses one.

use botfactory_lang::markup::plain_text;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::{AppError, start};
use crate::bot::Bot;
use crate::config::Config;
use crate::incoming::guest::Guest;
use crate::ingress::preview::{self, Button, Given, Reply};
use crate::telemetry::logs::takes_colours;

/// Talks until the input ends.
///
/// # Errors
/// No such bot, or it cannot start.
pub async fn run(
    bots: &'static [&'static dyn Bot],
    config: Config,
    name: &str,
    who: Guest,
) -> Result<(), AppError> {
    let index = bots
        .iter()
        .position(|bot| bot.spec().id == name)
        .ok_or_else(|| no_such_bot(bots, name))?;
    let app = start::open(bots, &config).await?;
    let chat = Chat {
        core: app.deployment.core(),
        bot: index,
        name: app.deployment.name(index),
        who,
        style: Style::of_terminal(),
        buttons: Vec::new(),
    };
    let started = app
        .deployment
        .bot(index)
        .is_some_and(|bot| bot.bot.command("start").is_some());
    let outcome = chat.talk(started).await;
    app.store.close().await;
    outcome.map_err(|error| AppError::Failed(format!("the terminal is gone: {error}")))
}

/// Which bots there are.
pub fn no_such_bot(bots: &[&'static dyn Bot], name: &str) -> AppError {
    let names: Vec<String> = bots
        .iter()
        .map(|bot| format!("`{}`", bot.spec().id))
        .collect();
    AppError::Failed(format!(
        "there is no bot `{name}` here: it is one of {}",
        names.join(", ")
    ))
}

#[derive(Clone, Copy)]
struct Style {
    bot: &'static str,
    button: &'static str,
    note: &'static str,
    end: &'static str,
}

impl Style {
    fn of_terminal() -> Self {
        if takes_colours(&std::io::stdout()) {
            Self {
                bot: "\x1b[36m",
                button: "\x1b[33m",
                note: "\x1b[2m",
                end: "\x1b[0m",
            }
        } else {
            Self {
                bot: "",
                button: "",
                note: "",
                end: "",
            }
        }
    }
}

struct Chat<'a> {
    core: &'a dyn crate::deployment::parts::Core,
    bot: usize,
    name: &'static str,
    who: Guest,
    style: Style,
    /// What the numbers press.
    buttons: Vec<Button>,
}

impl Chat<'_> {
    async fn talk(mut self, start: bool) -> std::io::Result<()> {
        let mut out = tokio::io::stdout();
        let Style { note, end, .. } = self.style;
        let hint = format!(
            "{note}You talk to {}. A number presses a button, `=5` says 5, Ctrl-D ends.{end}\n",
            self.name
        );
        out.write_all(hint.as_bytes()).await?;
        if start {
            let said = self.step(Given::Text("/start".to_owned())).await;
            out.write_all(said.as_bytes()).await?;
        }
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        loop {
            out.write_all(b"> ").await?;
            out.flush().await?;
            let Some(line) = lines.next_line().await? else {
                out.write_all(b"\n").await?;
                return out.flush().await;
            };
            let said = match self.given(line.trim()) {
                Ok(Some(given)) => self.step(given).await,
                Ok(None) => continue,
                Err(words) => format!("{note}{words}{end}\n"),
            };
            out.write_all(said.as_bytes()).await?;
        }
    }

    /// What a line means.
    fn given(&self, line: &str) -> Result<Option<Given>, String> {
        if line.is_empty() {
            return Ok(None);
        }
        if let Some(text) = line.strip_prefix('=') {
            return Ok(Some(Given::Text(text.to_owned())));
        }
        let button = line
            .parse::<usize>()
            .ok()
            .and_then(|number| self.buttons.get(number.checked_sub(1)?));
        match button {
            None => Ok(Some(Given::Text(line.to_owned()))),
            Some(button) => match (&button.callback, &button.url) {
                (Some(data), _) => Ok(Some(Given::Callback(data.clone()))),
                (None, Some(url)) => Err(format!("opens {url}")),
                (None, None) => Ok(Some(Given::Text(button.text.clone()))),
            },
        }
    }

    async fn step(&mut self, given: Given) -> String {
        match preview::send(self.core, self.bot, self.name, &self.who, given).await {
            Ok(reply) => self.show(reply),
            Err(_) => {
                let Style { note, end, .. } = self.style;
                format!("{note}the database is busy, try again{end}\n")
            }
        }
    }

    /// Prints a reply; its buttons replace the old ones, as the newest keyboard is the one that counts.
    fn show(&mut self, reply: Reply) -> String {
        use std::fmt::Write;
        let Style {
            bot,
            button,
            note,
            end,
        } = self.style;
        let mut out = String::new();
        // Writing to a String cannot fail.
        if let Some(toast) = &reply.toast {
            let _ = writeln!(out, "{note}({toast}){end}");
        }
        if reply.messages.iter().any(|m| !m.buttons.is_empty()) {
            self.buttons.clear();
        }
        for message in reply.messages {
            let text = plain_text(preview::mode(message.parse_mode.as_deref()), &message.text);
            let edited = if message.method == "editMessageText" {
                " (edited)"
            } else {
                ""
            };
            let _ = writeln!(out, "{bot}{}{edited}:{end} {text}", self.name);
            for row in message.buttons {
                out.push(' ');
                for one in row {
                    self.buttons.push(one.clone());
                    let _ = write!(out, " {button}[{}] {}{end}", self.buttons.len(), one.text);
                }
                out.push('\n');
            }
        }
        out
    }
}
