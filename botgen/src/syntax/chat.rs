//! Conversation tests: `chats/*.yaml`, a list of conversations.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ast::{ChatStep, Conversation, SentKind};
use super::blocks::llm::is_truth;
use super::decode::{Cx, Want};
use crate::diagnostics::Sink;
use crate::diagnostics::codes::transcripts;
use crate::schema::{Bool, Duration, LocaleTag, Name, SqlText, Template, Value};
use crate::source::folder::Folder;
use crate::source::{SourceMap, Spanned, Str};
use crate::yaml::{Kind, Node};

/// A file of `chats/`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(rename = "Chats")]
pub struct ChatsFile(pub Vec<ConversationItem>);

/// A conversation: on an empty database, with a clock of its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Conversation")]
pub struct ConversationItem {
    /// What it shows.
    pub name: Template,
    /// The language of everybody's Telegram.
    #[schemars(extend("x-default" = "the bot's default locale"))]
    pub locale: Option<LocaleTag>,
    /// Everybody talks in one group.
    #[schemars(extend("default" = false))]
    pub group: Option<Bool>,
    /// Names of the people who are the bot's admins: `[boss]`, who acts after `as: boss`.
    #[schemars(length(min = 1))]
    pub admins: Option<Vec<Name>>,
    /// When it begins, `YYYY-MM-DD HH:MM` in the bot's zone.
    #[schemars(extend("default" = "2030-01-01 12:00"))]
    pub begins: Option<Value>,
    /// What happens, in order.
    #[schemars(length(min = 1))]
    pub steps: Vec<ChatStepItem>,
}

/// One step: exactly one key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChatStep", extend("minProperties" = 1, "maxProperties" = 1))]
pub struct ChatStepItem {
    /// Another person acts from here on; the first is `anna`.
    #[serde(rename = "as")]
    pub as_: Option<Name>,
    /// They send a text.
    pub say: Option<Template>,
    /// They press the newest button with this text, or with a text that contains it.
    pub press: Option<Template>,
    /// They send something that is not a text.
    pub send: Option<SentName>,
    /// The next message contains this (a text, a list of texts, or `text`, `exact` and `buttons`).
    pub expect: Option<ExpectItem>,
    /// The last press was answered by a toast that contains this.
    pub toast: Option<Template>,
    /// No further message came.
    pub silence: Option<Bool>,
    /// The clock goes on; timers of dialogues that fall due then fire.
    pub clock: Option<Duration>,
    /// The person's Telegram speaks this language from here on.
    pub locale: Option<LocaleTag>,
    /// The last update is delivered once more.
    pub redeliver: Option<Bool>,
    /// The process stops and starts again on the same database.
    pub restart: Option<Bool>,
    /// What the model answers to the next question that the bot asks it: a text, an option's value, or the fields of a record.
    /// Questions without one get no answer: their fallback holds.
    pub llm: Option<AnswerItem>,
    /// The next question to the model gets no answer.
    pub llm_fails: Option<Bool>,
    /// The next question to the model waits for its answer until `llm` or `llm_fails` comes.
    pub llm_waits: Option<Bool>,
    /// A query gives so many rows.
    pub rows: Option<RowsItem>,
}

/// What a person can send besides texts.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum SentName {
    Photo,
    File,
    Contact,
    Location,
    Sticker,
}

/// What a message holds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Expect")]
pub enum ExpectItem {
    /// It contains this.
    Contains(Template),
    /// It contains every one of these.
    All(Vec<Template>),
    /// More exactly.
    More(ExpectMore),
}

/// What a message holds, more exactly.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExpectMore")]
pub struct ExpectMore {
    /// It contains this.
    pub text: Option<Template>,
    /// It is this, without its markup.
    pub exact: Option<Template>,
    /// It has buttons with these texts, among others.
    pub buttons: Option<Vec<Template>>,
}

/// What the model answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum AnswerItem {
    /// A text, or an option's value.
    One(Template),
    /// The fields of a record; what is left out is null.
    Fields(BTreeMap<String, Value>),
}

/// A query and the number of its rows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RowsExpected")]
pub struct RowsItem {
    /// A SELECT on the bot's tables.
    pub sql: SqlText,
    /// How many rows it gives.
    pub count: u32,
}

/// Reads a bot's conversation tests.
pub fn parse(folder: &Folder, sources: &SourceMap, sink: &mut Sink) -> Vec<Conversation> {
    let mut cx = Cx::new(sources, sink);
    let mut list = Vec::new();
    for file in &folder.chats {
        if let Some(root) = cx.root(*file) {
            list.extend(cx.each(Some(&root), "a file of `chats/`", true, Cx::conversation));
        }
    }
    list
}

impl Cx<'_> {
    fn conversation(&mut self, node: &Node) -> Option<Conversation> {
        let mut f = self.fields::<ConversationItem>(node, "this conversation")?;
        let name = self.prose(f.get("name"), "`name`");
        let locale = self.word(f.get("locale"), "`locale`");
        let group = self
            .bool(f.get("group"), "`group`")
            .is_some_and(|group| group.node);
        let admins = self.each(f.get("admins"), "`admins`", false, |cx, node| {
            cx.word(Some(node), "a name")
        });
        let begins = f
            .get("begins")
            .and_then(|node| self.str(node, "`begins`", Want::Value))
            .cloned();
        let steps = self.each(f.get("steps"), "`steps`", false, Cx::chat_step);
        let span = f.span;
        f.finish();
        Some(Conversation {
            span,
            name: name?,
            locale,
            group,
            admins,
            begins,
            steps,
        })
    }

    fn chat_step(&mut self, node: &Node) -> Option<Spanned<ChatStep>> {
        let mut f = self.fields::<ChatStepItem>(node, "this step")?;
        let before = self.faults();
        let mut found = Vec::new();
        let mut add = |step: Option<ChatStep>| found.extend(step);
        add(self.word(f.get("as"), "`as`").map(ChatStep::As));
        add(self.prose(f.get("say"), "`say`").map(ChatStep::Say));
        add(self.prose(f.get("press"), "`press`").map(ChatStep::Press));
        let kinds = [
            ("photo", SentKind::Photo),
            ("file", SentKind::File),
            ("contact", SentKind::Contact),
            ("location", SentKind::Location),
            ("sticker", SentKind::Sticker),
        ];
        add(self
            .one_of(f.get("send"), "`send`", &kinds)
            .map(|kind| ChatStep::Send(kind.node)));
        add(f.get("expect").and_then(|node| self.expect(node)));
        add(self.prose(f.get("toast"), "`toast`").map(ChatStep::Toast));
        add(self
            .happens(f.get("silence"), "`silence`")
            .map(|()| ChatStep::Silence));
        add(self
            .duration(f.get("clock"), "`clock`")
            .map(|span| ChatStep::Clock(span.node)));
        add(self.word(f.get("locale"), "`locale`").map(ChatStep::Locale));
        add(self
            .happens(f.get("redeliver"), "`redeliver`")
            .map(|()| ChatStep::Redeliver));
        add(self
            .happens(f.get("restart"), "`restart`")
            .map(|()| ChatStep::Restart));
        add(f.get("llm").and_then(|node| self.answer(node)));
        add(self
            .happens(f.get("llm_fails"), "`llm_fails`")
            .map(|()| ChatStep::ModelFails));
        add(self
            .happens(f.get("llm_waits"), "`llm_waits`")
            .map(|()| ChatStep::ModelWaits));
        add(f.get("rows").and_then(|node| self.rows(node)));
        let span = f.span;
        f.finish();
        if found.len() != 1 && self.faults() == before {
            self.error(
                &transcripts::ONE_VERB,
                span,
                if found.is_empty() {
                    "this step says nothing"
                } else {
                    "this step says several things"
                },
                "each step is one `- key: value`: `say`, `press`, `expect` …",
            );
        }
        (found.len() == 1)
            .then(|| found.pop())
            .flatten()
            .map(|node| Spanned { node, span })
    }

    fn answer(&mut self, node: &Node) -> Option<ChatStep> {
        let Kind::Map(map) = &node.kind else {
            let text = self.prose(Some(node), "`llm`")?;
            return Some(ChatStep::Model(serde_json::json!(text.value).to_string()));
        };
        let faults = self.faults();
        let mut fields = serde_json::Map::new();
        for entry in &map.entries {
            let value = match &entry.value.kind {
                Kind::Scalar(scalar) if is_truth(scalar) => Some(&scalar.text),
                _ => self.str(&entry.value, "a field of `llm`", Want::Field),
            };
            if let Some(value) = value {
                fields.insert(entry.key.text.value.clone(), value.value.clone().into());
            }
        }
        (self.faults() == faults)
            .then(|| ChatStep::Model(serde_json::Value::Object(fields).to_string()))
    }

    fn expect(&mut self, node: &Node) -> Option<ChatStep> {
        let none = || ChatStep::Expect {
            contains: Vec::new(),
            exact: None,
            buttons: Vec::new(),
        };
        match &node.kind {
            Kind::List(_) => {
                let contains = self.each(Some(node), "`expect`", false, |cx, item| {
                    cx.prose(Some(item), "a text")
                });
                Some(ChatStep::Expect {
                    contains,
                    exact: None,
                    buttons: Vec::new(),
                })
            }
            Kind::Map(_) => {
                let mut f = self.fields::<ExpectMore>(node, "`expect`")?;
                let contains = self.prose(f.get("text"), "`text`").into_iter().collect();
                let exact = self.prose(f.get("exact"), "`exact`");
                let buttons = self.each(f.get("buttons"), "`buttons`", false, |cx, item| {
                    cx.prose(Some(item), "a button")
                });
                f.finish();
                Some(ChatStep::Expect {
                    contains,
                    exact,
                    buttons,
                })
            }
            Kind::Broken => None,
            Kind::Scalar(_) => {
                let text = self.prose(Some(node), "`expect`")?;
                let mut expect = none();
                if let ChatStep::Expect { contains, .. } = &mut expect {
                    contains.push(text);
                }
                Some(expect)
            }
        }
    }

    fn rows(&mut self, node: &Node) -> Option<ChatStep> {
        let mut f = self.fields::<RowsItem>(node, "`rows`")?;
        let sql = f
            .get("sql")
            .and_then(|node| self.str(node, "`sql`", Want::Sql))
            .cloned();
        let count = f.get("count").and_then(|node| {
            let text = self.str(node, "`count`", Want::Field)?.clone();
            match text.value.parse() {
                Ok(count) => Some(Spanned {
                    node: count,
                    span: text.span,
                }),
                Err(_) => self.wrong_type(node, "`count`", "a number of rows"),
            }
        });
        f.finish();
        Some(ChatStep::Rows {
            sql: sql?,
            count: count?,
        })
    }

    /// `true`; anything else says nothing.
    fn happens(&mut self, node: Option<&Node>, what: &str) -> Option<()> {
        self.bool(node, what).filter(|yes| yes.node).map(|_| ())
    }

    fn prose(&mut self, node: Option<&Node>, what: &str) -> Option<Str> {
        self.str(node?, what, Want::Prose).cloned()
    }
}
