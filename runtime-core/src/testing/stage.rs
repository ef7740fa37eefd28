//! The stage of a conversation: the engine on a temporary file, the people, their chats.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use botfactory_lang::value::{self, Contact, File, Location};

use super::chat::{Chat, KeyDoes, as_typed, toast};
use super::model::Scripted;
use super::process::{Folder, Process, on_postgres, start};
use super::{Does, Kind, Script};
use crate::bot::Bot;
use crate::clock::Clock;
use crate::engine::{OfferedRow, Outcome};
use crate::incoming::{CallbackIn, Channel, Content, Event, Incoming, MessageIn, Person, Place};
use crate::store::outbox::RowKey;
use crate::telegram::method::Call;

/// The group where everybody talks.
const GROUP: i64 = -1_000_000_001;

/// See the module.
pub(super) struct Stage {
    bots: &'static [&'static dyn Bot],
    bot: usize,
    folder: Folder,
    clock: Clock,
    process: Process,
    model: Arc<Scripted>,
    /// Questions to the model wait.
    held: bool,
    group: bool,
    people: HashMap<&'static str, Person>,
    locale: &'static str,
    actor: &'static str,
    chats: HashMap<i64, Chat>,
    update_id: i64,
    last: Option<Event>,
    toast: Option<String>,
    log: String,
    /// Ids of the bot's admins.
    admins: Vec<i64>,
}

impl Stage {
    pub(super) async fn open(
        bots: &'static [&'static dyn Bot],
        bot: &str,
        script: &Script,
    ) -> Result<Self, String> {
        let index = bots
            .iter()
            .position(|known| known.spec().id == bot)
            .ok_or_else(|| format!("no bot `{bot}` in this build"))?;
        let begins = value::Instant::parse_sql(script.begins)
            .ok_or_else(|| format!("`{}` is no moment", script.begins))?;
        let folder = Folder::new(on_postgres());
        let clock = Clock::fixed(begins.unix());
        let model = Arc::new(Scripted::default());
        let process = start(bots, &folder, &clock).await?;
        process.engine.set_model(model.clone());
        let mut stage = Self {
            bots,
            bot: index,
            folder,
            clock,
            process,
            model,
            held: false,
            group: script.group,
            people: HashMap::new(),
            locale: script.locale,
            actor: "anna",
            chats: HashMap::new(),
            update_id: 0,
            last: None,
            toast: None,
            log: String::new(),
            admins: Vec::new(),
        };
        for admin in script.admins {
            stage.actor = admin;
            let id = stage.person().id;
            stage.admins.push(id);
        }
        stage.actor = "anna";
        stage.appoint();
        Ok(stage)
    }

    fn appoint(&self) {
        self.process.engine.set_admins(self.bot, &self.admins);
    }

    pub(super) async fn close(self) {
        self.process.store.close().await;
    }

    /// Plays it to the end, or to the first thing that differs.
    pub(super) async fn play(&mut self, script: &Script) -> Result<(), String> {
        for step in script.steps {
            if let Err(differs) = self.step(&step.does).await {
                return Err(format!(
                    "{}:{}: {differs}\n\n{}: \n{}",
                    script.file, step.line, script.name, self.log
                ));
            }
        }
        Ok(())
    }

    async fn step(&mut self, does: &Does) -> Result<(), String> {
        match does {
            Does::As(who) => {
                self.actor = who;
                Ok(())
            }
            Does::Say(text) => self.send(Content::Text((*text).to_owned()), text).await,
            Does::Press(label) => self.press(label).await,
            Does::Send(kind) => {
                let content = self.content(*kind);
                self.send(content, &format!("({kind:?})")).await
            }
            Does::Expect {
                contains,
                exact,
                buttons,
            } => self.expect(contains, *exact, buttons),
            Does::Toast(words) => match &self.toast {
                Some(toast) if as_typed(toast).contains(&as_typed(words)) => Ok(()),
                Some(toast) => Err(format!("the toast is `{toast}`, not `{words}`")),
                None => Err("the last update was no press, there is no toast".to_owned()),
            },
            Does::Silence => match self.chat().next() {
                None => Ok(()),
                Some(shown) => Err(format!("expected nothing more, got `{}`", shown.words)),
            },
            Does::Clock(seconds) => {
                self.clock.advance(*seconds);
                let _ = writeln!(self.log, "  … {seconds} s later");
                self.time_out().await
            }
            Does::Locale(tag) => {
                self.person();
                if let Some(person) = self.people.get_mut(self.actor) {
                    person.language_code = Some((*tag).to_owned());
                }
                Ok(())
            }
            Does::Redeliver => {
                let Some(event) = self.last.clone() else {
                    return Err("nothing was delivered yet".to_owned());
                };
                let _ = writeln!(self.log, "  (delivered again)");
                self.deliver(event).await
            }
            Does::Restart => {
                let _ = writeln!(self.log, "  (restarted)");
                self.process.store.close().await;
                self.process = start(self.bots, &self.folder, &self.clock).await?;
                self.process.engine.set_model(self.model.clone());
                self.appoint();
                Ok(())
            }
            Does::Model(answer) => self.answered(Some(answer)).await,
            Does::ModelFails => self.answered(None).await,
            Does::ModelWaits => {
                self.held = true;
                Ok(())
            }
            Does::Rows { sql, count } => {
                let rows = self
                    .process
                    .store
                    .count_rows(sql)
                    .await
                    .map_err(|error| format!("the query failed: {error}"))?;
                if rows == *count {
                    return Ok(());
                }
                Err(format!("expected {count} rows, got {rows}"))
            }
        }
    }

    fn person(&mut self) -> Person {
        let next = 1001 + i64::try_from(self.people.len()).unwrap_or(0);
        let (name, locale) = (self.actor, self.locale);
        self.people
            .entry(name)
            .or_insert_with(|| Person {
                id: next,
                first_name: capitalised(name),
                last_name: None,
                username: Some(name.to_owned()),
                language_code: Some(locale.to_owned()),
            })
            .clone()
    }

    fn place(&mut self) -> Place {
        let person = self.person();
        Place {
            chat_id: if self.group { GROUP } else { person.id },
            private: !self.group,
            thread_id: 0,
        }
    }

    fn chat(&mut self) -> &mut Chat {
        let place = self.place();
        self.chats.entry(place.chat_id).or_default()
    }

    fn content(&mut self, kind: Kind) -> Content {
        let file = |name: Option<&str>| File {
            file_id: "file-1".to_owned(),
            unique_id: "unique-1".to_owned(),
            name: name.map(str::to_owned),
            size: Some(1024),
        };
        let person = self.person();
        match kind {
            Kind::Photo => Content::Photo(file(None)),
            Kind::File => Content::File(file(Some("file.pdf"))),
            Kind::Contact => Content::Contact(Contact {
                phone: "+79120000000".to_owned(),
                first_name: person.first_name,
                last_name: None,
                user_id: Some(person.id),
            }),
            Kind::Location => Content::Location(Location {
                latitude: 55.75,
                longitude: 37.62,
            }),
            Kind::Sticker => Content::Other,
        }
    }

    async fn send(&mut self, content: Content, shown: &str) -> Result<(), String> {
        let _ = writeln!(self.log, "  {}: {shown}", self.actor);
        let message_id = self.chat().next_id();
        let event = Event::Message(MessageIn {
            from: self.person(),
            place: self.place(),
            message_id,
            content,
        });
        self.new_update(event).await
    }

    async fn press(&mut self, label: &'static str) -> Result<(), String> {
        let Some((message_id, key)) = self.chat().button(label) else {
            let labels = self.chat().labels().join("`, `");
            return Err(format!("no button `{label}`; there are `{labels}`"));
        };
        match key.does {
            KeyDoes::Callback(data) => {
                let _ = writeln!(self.log, "  {}: [{}]", self.actor, key.label);
                let event = Event::Callback(CallbackIn {
                    id: format!("query-{}", self.update_id + 1),
                    from: self.person(),
                    place: self.place(),
                    message_id,
                    data,
                });
                self.new_update(event).await
            }
            KeyDoes::Url => Err(format!("`{}` opens an address", key.label)),
            KeyDoes::Types => {
                self.send(Content::Text(key.label.clone()), &key.label)
                    .await
            }
            KeyDoes::SharesContact => {
                let contact = self.content(Kind::Contact);
                self.send(contact, "(Contact)").await
            }
            KeyDoes::SharesLocation => {
                let location = self.content(Kind::Location);
                self.send(location, "(Location)").await
            }
        }
    }

    async fn new_update(&mut self, event: Event) -> Result<(), String> {
        self.update_id += 1;
        self.last = Some(event.clone());
        self.deliver(event).await
    }

    async fn deliver(&mut self, event: Event) -> Result<(), String> {
        let pressed = matches!(event, Event::Callback(_));
        let outcome = self
            .process
            .engine
            .handle(Incoming {
                bot: self.bot,
                update_id: self.update_id,
                channel: Channel::Webhook,
                trace_id: format!("test-{}", self.update_id),
                arrived: Instant::now(),
                event,
            })
            .await;
        let Outcome::Done { response, calls } = outcome else {
            return Err("the update was not handled in time".to_owned());
        };
        let mut sent = Vec::new();
        let mut marks = Vec::new();
        if let Some((call, offered)) = response {
            marks.extend(offered.map(OfferedRow::key));
            sent.push(call);
        }
        sent.extend(calls.into_iter().map(|outgoing| outgoing.call));
        self.toast = None;
        self.receive(sent, marks, pressed).await?;
        self.think().await
    }

    /// What the model answers: to the question that waits for it, else to the next one.
    async fn answered(&mut self, answer: Option<&str>) -> Result<(), String> {
        self.model.push(answer);
        if std::mem::take(&mut self.held) {
            return self.think().await;
        }
        Ok(())
    }

    /// Jobs end, as the worker would end them.
    async fn think(&mut self) -> Result<(), String> {
        if self.held {
            return Ok(());
        }
        let ended = self.process.worker.end_ready().await;
        let ended = ended.map_err(|error| error.to_string())?;
        if let Some(fault) = self.model.fault() {
            return Err(fault);
        }
        if ended == 0 {
            return Ok(());
        }
        let _ = writeln!(self.log, "  (the model has answered)");
        let toast = self.toast.take();
        let received = self.receive(Vec::new(), Vec::new(), false).await;
        self.toast = toast;
        received
    }

    /// Timers that have fallen due fire, as the scheduler would have them.
    async fn time_out(&mut self) -> Result<(), String> {
        self.receive(Vec::new(), Vec::new(), false).await?; // broadcasts whose time has come
        loop {
            let fired = self.process.scheduler.fire_due().await;
            let fired = fired.map_err(|error| error.to_string())?;
            if fired == 0 {
                return Ok(());
            }
            let _ = writeln!(self.log, "  (nobody has answered)");
            self.receive(Vec::new(), Vec::new(), false).await?;
        }
    }

    /// Shows what was sent, with what the outbox announces.
    async fn receive(
        &mut self,
        mut sent: Vec<Call>,
        mut marks: Vec<RowKey>,
        pressed: bool,
    ) -> Result<(), String> {
        while let Ok(rows) = self.process.rows.try_recv() {
            for row in rows {
                marks.push(row.key);
                sent.push(row.call);
            }
        }
        let (bulk, rows) = super::broadcasts::send(&self.process.store, &self.process.engine)
            .await
            .map_err(|error| error.to_string())?;
        sent.extend(bulk);
        marks.extend(rows);
        self.process
            .store
            .mark_sent(marks)
            .await
            .map_err(|error| error.to_string())?;
        let mut answers = 0;
        for call in &sent {
            self.show(call, &mut answers)?;
        }
        if pressed && answers > 1 {
            return Err("a press was answered twice".to_owned());
        }
        if let Some(letter) = self
            .process
            .store
            .newest_letter()
            .await
            .map_err(|error| error.to_string())?
        {
            return Err(format!("the handler failed: {letter}"));
        }
        Ok(())
    }

    fn show(&mut self, call: &Call, answers: &mut usize) -> Result<(), String> {
        let refused = |reason: String| format!("Telegram would refuse a call: {reason}");
        if let Some(words) = toast(call).map_err(refused)? {
            *answers += 1;
            if !words.is_empty() {
                let _ = writeln!(self.log, "    toast: {words}");
            }
            self.toast = Some(words);
            return Ok(());
        }
        let chat = match call {
            Call::SendMessage(message) => message.chat_id,
            Call::EditMessageText(message) => message.chat_id,
            file => match (file.caption(), file.chat_id()) {
                (Some(_), Some(chat)) => chat,
                _ => return Ok(()),
            },
        };
        let chat = self.chats.entry(chat).or_default();
        chat.show(call).map_err(refused)?;
        let log = &mut self.log;
        if let Some(shown) = chat.newest() {
            let _ = writeln!(log, "    bot: {}", shown.words.replace('\n', "\n         "));
            let labels: Vec<_> = shown.buttons.iter().map(|key| key.label.as_str()).collect();
            if !labels.is_empty() {
                let _ = writeln!(log, "         [{}]", labels.join("] ["));
            }
        }
        Ok(())
    }

    fn expect(
        &mut self,
        contains: &[&str],
        exact: Option<&str>,
        buttons: &[&str],
    ) -> Result<(), String> {
        let Some(shown) = self.chat().next() else {
            let wanted = exact.or(contains.first().copied()).unwrap_or_default();
            return Err(format!("expected a message with `{wanted}`, got none"));
        };
        for words in contains {
            if !as_typed(&shown.words).contains(&as_typed(words)) {
                return Err(format!("expected `{words}`, got `{}`", shown.words));
            }
        }
        if let Some(exact) = exact
            && as_typed(&shown.words) != as_typed(exact)
        {
            return Err(format!("expected exactly `{exact}`, got `{}`", shown.words));
        }
        for label in buttons {
            let label = as_typed(label);
            let mut keys = shown.buttons.iter();
            if !keys.any(|key| as_typed(&key.label).contains(&label)) {
                let labels: Vec<_> = shown.buttons.iter().map(|key| key.label.as_str()).collect();
                return Err(format!(
                    "expected a button `{label}`, got `{}`",
                    labels.join("`, `")
                ));
            }
        }
        Ok(())
    }
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
