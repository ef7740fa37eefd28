//! `ops.broadcast.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::shape;
use crate::diagnostics::{Diagnostic, Edit};
use crate::schema::{
    AudienceName, Bool, Expression, Literal, Name, OnAmbiguousName, OverflowName, ParseModeName,
    Shape, Template,
};
use crate::source::Spanned;
use crate::syntax::ast::{self, ActionKind, Audience, Broadcast, Letter, Media, MediaKind};
use crate::syntax::decode::{Cx, Fields, Want};
use crate::syntax::expr;
use crate::syntax::keyboard::KeyboardRow;
use crate::syntax::registry::{Block, Decode};
use crate::syntax::statement::{Params, SqlItem};
use crate::yaml::{Kind, Node};

/// Sends one message to many people, once each, at a declared pace. Its flow says `allow: admin`: whoever may start it
/// reaches everybody.
///
/// It begins when the update is committed, and goes on by itself: it survives restarts and new builds, any number of
/// instances share it, operators pause, resume and cancel it. Only people who have a private chat with the bot, can be
/// reached and have not opted out (`action.unsubscribe.v1`) get it. Its message is rendered when it is made, once in each
/// language of the bot; everybody gets the one in their own.
///
/// In `message`, and only there, `recipient.first_name`, `recipient.last_name` and `recipient.username` are whoever gets it;
/// who has no last name or user name gets nothing in its place. `user.…` is whoever starts it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Broadcast")]
pub struct Published {
    /// Its name in statistics and in `bf_broadcasts`.
    #[schemars(extend("x-default" = "the flow's command"))]
    pub name: Option<Name>,
    /// Who gets it: `all`; `active_7d`, those seen within so many days (1 to 3650); `segment:vip`, those who have joined a
    /// segment of `segments`; `"{{audience}}"` or `"segment:{{segment}}"` for what a choice says, each of whose values must
    /// be one; or `{ sql: … }`.
    pub audience: AudienceItem,
    /// What they get: a text, or `{ text: …, keyboard: … }`.
    pub message: MessageItem,
    /// How fast: `{ per_sec: 25 }`.
    pub throttle: Option<ThrottleItem>,
    /// Not before this moment: `2026-12-31 10:00`, `now+2h`, `"{{EXPR}}"`.
    #[schemars(extend("x-default" = "at once"))]
    pub at: Option<Literal>,
    /// Sends nothing: `result_var` tells how many it would be.
    #[schemars(extend("default" = false))]
    pub dry_run: Option<Bool>,
    /// Whoever starts it sees a message that tells how far it is, and edits itself.
    #[schemars(extend("default" = true))]
    pub progress: Option<Bool>,
    /// What becomes of a message when Telegram did not answer, so that nobody knows whether it arrived: it is sent again and
    /// may be seen twice (`resend`), or never again and may be missing (`skip`).
    #[schemars(extend("default" = "skip"))]
    pub on_ambiguous: Option<OnAmbiguousName>,
    /// The variable that keeps what is known of it: `total`, how many people get it; `eta`, how many seconds that takes
    /// (`{{sent.eta | duration}}`); and `id`, its number in `bf_broadcasts`, which a dry run lacks.
    pub result_var: Option<Name>,
    /// Runs only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// Who.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum AudienceItem {
    /// `all`, `active_7d`, `segment:vip`, `"{{audience}}"`.
    Named(AudienceName),
    /// From the database.
    Query(AudienceQuery),
}

/// A query for people: it runs when the broadcast is made. Everybody counts once, and of its rows the first 100000.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AudienceQuery")]
pub struct AudienceQuery {
    /// One SELECT of one column: the people's `user_id`.
    pub sql: SqlItem,
    /// Further values for `:name` parameters.
    pub params: Option<Params>,
    /// Why the query may see rows of other people: it does not name `:bot_id` or `:user_id`.
    pub unscoped: Option<String>,
}

/// What.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum MessageItem {
    /// A text alone.
    Text(Template),
    /// With more to say.
    Whole(Box<MessageFields>),
}

/// A message: a text, a file, or a file with a text as its caption.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BroadcastMessage")]
pub struct MessageFields {
    /// The text; with a file its caption (at most 1024 characters).
    pub text: Option<Template>,
    /// The markup of `text`.
    #[schemars(extend("default" = "HTML"))]
    pub parse_mode: Option<ParseModeName>,
    /// What happens when values make the text longer than a message takes: an end with `…` (`truncate`), or no bot: it must
    /// be proven that it fits (`error`).
    #[schemars(extend("default" = "truncate"))]
    pub overflow: Option<OverflowName>,
    /// Rows of buttons.
    pub keyboard: Option<Vec<KeyboardRow>>,
    /// A picture: an `https` address, Telegram's id of a file, or `"{{EXPR}}"`: the answer of a `photo` step, or a text.
    pub photo: Option<Literal>,
    /// A film, written as `photo`.
    pub video: Option<Literal>,
    /// A file of any kind, written as `photo`.
    pub document: Option<Literal>,
    /// Music, written as `photo`.
    pub audio: Option<Literal>,
    /// A film without sound, written as `photo`.
    pub animation: Option<Literal>,
    /// A voice message, written as `photo`.
    pub voice: Option<Literal>,
}

/// How fast.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Throttle")]
pub struct ThrottleItem {
    /// Messages a second, from 1 to 100, or `"{{EXPR}}"` for a whole number. What Telegram takes of a bot (about 30, over all
    /// of its broadcasts) is the ceiling, and answers to people go first.
    #[schemars(extend("default" = 25))]
    pub per_sec: Literal,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "ops.broadcast.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Action(decode),
    example: r#"botfactory: v1
segments: [vip]
flows:
  - flow.wizard.v1:
      entry_cmd: /promo
      allow: admin
      steps:
        - { ask: "What shall we write?", var: words, max: 500 }
      on_complete:
        - ops.broadcast.v1:
            audience: segment:vip
            message:
              text: "{{recipient.first_name}}, {{words}}"
              keyboard:
                - { text: "No more of this", callback: /stop }
            throttle: { per_sec: 20 }
            result_var: sent
        - action.reply_template.v1:
            text: "Broadcast {{sent.id}} goes to {{sent.total}} people within {{sent.eta | duration}}."
  - flow.generic.v1:
      entry_cmd: /stop
      on_enter:
        - action.unsubscribe.v1: {}
        - action.reply_template.v1: { text: "We are silent from now on." }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let before = cx.faults();
    let name = cx.name(f.get("name"), "`name`");
    let audience = f.get("audience").and_then(|node| cx.audience(node));
    let message = f.get("message").and_then(|node| cx.letter(node));
    let per_sec = match f.get("throttle") {
        Some(node) => cx.throttle(node),
        None => None,
    };
    let at = cx.field(f.get("at"), "`at`");
    let dry_run = cx.bool(f.get("dry_run"), "`dry_run`");
    let progress = cx.bool(f.get("progress"), "`progress`");
    let on_ambiguous = cx.on_ambiguous(f.get("on_ambiguous"));
    let result_var = cx.name(f.get("result_var"), "`result_var`");
    let dry = dry_run.as_ref().is_some_and(|dry| dry.node);
    if dry && f.key_span("result_var").is_none() {
        cx.error(
            &shape::MISSING_KEY,
            f.span,
            "a dry run without `result_var` does nothing at all",
            "keep what it finds out: `result_var: trial`, and say `{{trial.total}}`",
        );
    }
    // What is written and cannot be read must not become the default.
    if cx.faults() != before {
        return None;
    }
    Some(ActionKind::Broadcast(Box::new(Broadcast {
        name,
        audience: audience?,
        message: message?,
        per_sec,
        at,
        dry_run: dry,
        progress: progress.is_none_or(|progress| progress.node),
        on_ambiguous,
        result_var,
    })))
}

/// Begins the name of a segment.
const SEGMENT: &str = "segment:";

impl Cx<'_> {
    fn throttle(&mut self, node: &Node) -> Option<ast::Field> {
        if let Kind::Scalar(pace) = &node.kind
            && !pace.is_null()
        {
            let written = self.sources.slice(node.span).to_owned();
            let right = format!("{{ per_sec: {written} }}");
            let title = format!("write `throttle: {right}`");
            let d = Diagnostic::new(
                &shape::TYPE,
                node.span,
                "`throttle` does not say what it counts",
            );
            let number = pace.text.value.parse::<i64>().is_ok() || written.contains("{{");
            self.report(match number {
                true => d
                    .help(title.clone())
                    .fix(title, [Edit::replace(node.span, right)]),
                false => d.help("write messages a second: `throttle: { per_sec: 25 }`"),
            });
            return None;
        }
        let mut f = self.fields::<ThrottleItem>(node, "`throttle`")?;
        let per_sec = self.field(f.get("per_sec"), "`per_sec`");
        f.finish();
        per_sec
    }

    fn audience(&mut self, node: &Node) -> Option<Spanned<Audience>> {
        let span = node.span;
        if let Kind::List(list) = &node.kind {
            let one = match list.items.as_slice() {
                [one] => self.sources.slice(one.span).to_owned(),
                _ => "segment:vip".to_owned(),
            };
            self.error(
                &shape::TYPE,
                span,
                "an audience is one, and this is a list",
                format!("write one, `audience: {one}`; for several write a query, `audience: {{ sql: … }}`: everybody gets the message once"),
            );
            return None;
        }
        let spanned = |node| Some(Spanned { node, span });
        if let Kind::Map(map) = &node.kind
            && let [entry] = map.entries.as_slice()
            && entry.key.text.value == "segment"
        {
            let name = self
                .sources
                .slice(entry.value.span)
                .trim_matches(['"', '\'']);
            let right = match name.contains("{{") {
                true => format!("\"segment:{name}\""),
                false => format!("segment:{name}"),
            };
            let title = format!("write `audience: {right}`");
            let message = "a segment is named by a text here";
            let d = Diagnostic::new(&shape::TYPE, span, message).help(title.clone());
            self.report(d.fix(title, [Edit::replace(span, right)]));
            return None;
        }
        // `{{x}}` without quotes is a mapping for YAML, and a trap for authors.
        let is_query =
            matches!(node.kind, Kind::Map(_)) && !self.sources.slice(span).starts_with("{{");
        if is_query {
            let mut f = self.fields::<AudienceQuery>(node, "`audience`")?;
            let sql = f.get("sql").and_then(|node| self.sql(node));
            let params = f.get("params").map(|node| self.params(node));
            let unscoped = self.value(f.get("unscoped"), "`unscoped`");
            let span = f.span;
            f.finish();
            return spanned(Audience::Query(Box::new(ast::Statement {
                sql: sql?,
                result_var: None,
                shape: Spanned {
                    node: ast::Shape::Flatten,
                    span,
                },
                params: params.unwrap_or_default(),
                unscoped,
                on_conflict: None,
                conflict_lost: false,
            })));
        }
        let written = self.str(node, "`audience`", Want::Field)?;
        let first = written.value.split_whitespace().next().unwrap_or_default();
        if ["select", "with"].contains(&first.to_ascii_lowercase().as_str()) {
            let title = "write it as a query: `audience: { sql: \"SELECT user_id …\" }`";
            let d = Diagnostic::new(&shape::TYPE, span, "this is SQL, and names no audience");
            self.report(d.help(title));
            return None;
        }
        if let Some(rest) = written.value.strip_prefix(SEGMENT)
            && rest.starts_with("{{")
        {
            let value = expr::parse_after(written, SEGMENT.len(), self.sink)?;
            return spanned(Audience::Segment(value));
        }
        match expr::parse_field(written, self.sink)? {
            ast::Field::Literal(name) => spanned(Audience::Named(name)),
            ast::Field::Expr(value) => spanned(Audience::Chosen(value)),
        }
    }

    fn letter(&mut self, node: &Node) -> Option<Letter> {
        let span = node.span;
        if !matches!(node.kind, Kind::Map(_)) || self.sources.slice(span).starts_with("{{") {
            let text = self.text(Some(node), "`message`")?;
            return Some(Letter {
                span,
                text: Some(text),
                overflow: None,
                parse_mode: None,
                keyboard: self.keyboard(None, "`keyboard`"),
                media: None,
            });
        }
        let mut f = self.fields::<MessageFields>(node, "`message`")?;
        let text = self.text(f.get("text"), "`text`");
        let parse_mode = self.parse_mode(f.get("parse_mode"));
        let words = [
            ("truncate", ast::Overflow::Truncate),
            ("error", ast::Overflow::Error),
        ];
        let overflow = self.one_of(f.get("overflow"), "`overflow` of a broadcast", &words);
        let keyboard = self.keyboard(f.get("keyboard"), "`keyboard`");
        let mut media: Option<(&str, Media)> = None;
        for (key, kind) in MediaKind::ALL {
            let Some(file) = self.field(f.get(key), &format!("`{key}`")) else {
                continue;
            };
            if let (Some((first, _)), Some(second)) = (&media, f.key_span(key)) {
                self.error(
                    &shape::EXCLUSIVE,
                    second,
                    format!("`{first}` and `{key}` exclude each other"),
                    "a message has one file: send two broadcasts, or keep one of them",
                );
                continue;
            }
            media = Some((key, Media { kind, file }));
        }
        let named = MediaKind::ALL
            .iter()
            .any(|(key, _)| f.key_span(key).is_some());
        // What stands in their place was reported.
        if f.any_unknown() && f.key_span("text").is_none() && !named {
            return None;
        }
        if f.key_span("text").is_none() && !named && !f.truncated {
            self.error(
                &shape::MISSING_KEY,
                span,
                "this message has neither a text nor a file",
                "write `text: \"…\"`, or a file: `photo: \"https://…\"`",
            );
            return None;
        }
        f.finish();
        Some(Letter {
            span,
            text,
            overflow,
            parse_mode,
            keyboard,
            media: media.map(|(_, media)| media),
        })
    }
}
