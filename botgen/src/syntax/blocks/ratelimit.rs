//! `policy.ratelimit.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Count, Duration, Expression, Name, Shape, Template};
use crate::syntax::ast::{ActionKind, Limit, LimitScope, OnError};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::registry::{Block, Decode};

/// Lets a person, a chat or the whole bot pass so many times in any stretch of time, and says when it goes on.
///
/// In `on_enter` whoever is held back does not begin the flow, in `on_step` the answer does not count and the question
/// goes on waiting, in `on_complete` the flow ends; what the update has written until then is undone. Under `policies:` it
/// stands before everything that the bot does, and says so to each person once per `window`.
///
/// Never more than `allowance` pass in any stretch of `window`, wherever it begins (a sliding window of the moments that
/// passed, no estimate). Who is held back is not counted: trying again makes nothing longer. An update counts once, also
/// when Telegram delivers it again; of several limits on its way those that it has passed count. With `REDIS_URL` all instances count together; without it each counts for itself, in
/// memory, and forgets when it restarts.
///
/// Counters belong to the place where the limit stands (command, list, order among the limits there), so that changes
/// elsewhere do not move them. Values of `key_suffix` are kept as hashes only.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Ratelimit")]
pub struct Published {
    /// Who has a counter of their own: each person (in all chats together), each chat, or nobody: the bot has one.
    #[schemars(extend("default" = "user"))]
    pub scope: Option<LimitScopeName>,
    /// The stretch of time, from `1s` to `30d`.
    #[schemars(extend("default" = "60s"))]
    pub window: Option<Duration>,
    /// How many pass in any such stretch: from 1 to 10000.
    #[schemars(extend("default" = 5))]
    pub allowance: Option<Count>,
    /// Separates counters further: words and `{{values}}`, as `step:{{service}}`.
    pub key_suffix: Option<Template>,
    /// Limits with one `key` have one counter together. Without it no two limits share one.
    pub key: Option<Name>,
    /// What whoever is held back is told. `retry_in` is the number of seconds until it goes on: `{{retry_in | duration}}`
    /// prints it as `2 min 5 s`, `t:slow-down {retry_in=retry_in}` hands it to a translation with its plurals.
    #[schemars(extend("x-default" = "the runtime's words, `bf-slow-down`"))]
    pub message: Option<Template>,
    /// What holds while the shared counters cannot be reached (Redis is away): every instance counts for itself, so that
    /// people may pass once per instance (`allow`), or nobody passes (`deny`). `allow` by default: a cache that is away
    /// should not stop a bot.
    #[schemars(extend("default" = "allow"))]
    pub on_error: Option<OnErrorName>,
    /// Counts and holds back only when this holds.
    pub when: Option<Expression>,
}

/// Who has a counter of their own.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum LimitScopeName {
    User,
    Chat,
    Bot,
}

/// What holds while the shared counters cannot be reached.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum OnErrorName {
    Allow,
    Deny,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "policy.ratelimit.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Action(decode),
    example: r#"flows:
  - flow.wizard.v1:
      entry_cmd: /support
      on_enter:
        - policy.ratelimit.v1:
            window: 10m
            allowance: 2
            message: "You have just written to us. Please wait {{retry_in | duration}}."
      steps:
        - { ask: "What happened?", var: what, max: 500 }
      on_complete:
        - action.reply_template.v1: { text: "We read it: {{what}}" }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let scopes = [
        ("user", LimitScope::User),
        ("chat", LimitScope::Chat),
        ("bot", LimitScope::Bot),
    ];
    let words = [("allow", OnError::Allow), ("deny", OnError::Deny)];
    let written = |f: &Fields<'_>, key: &str| f.key_span(key).is_some();
    let scope = cx.one_of(f.get("scope"), "`scope`", &scopes);
    let window = cx.duration(f.get("window"), "`window`");
    let allowance = cx.count(f.get("allowance"), "`allowance`");
    let key_suffix = cx.text(f.get("key_suffix"), "`key_suffix`");
    let key = cx.name(f.get("key"), "`key`");
    let message = cx.text(f.get("message"), "`message`");
    let on_error = cx.one_of(f.get("on_error"), "`on_error`", &words);
    // What is written and cannot be read must not become the default.
    let read = [
        ("scope", scope.is_some()),
        ("window", window.is_some()),
        ("allowance", allowance.is_some()),
        ("key_suffix", key_suffix.is_some()),
        ("key", key.is_some()),
        ("message", message.is_some()),
        ("on_error", on_error.is_some()),
    ];
    let lost = read.iter().any(|(key, read)| written(f, key) && !read);
    (!lost).then_some(ActionKind::Limit(Limit {
        scope,
        window,
        allowance,
        key_suffix,
        key,
        message,
        on_error,
    }))
}
