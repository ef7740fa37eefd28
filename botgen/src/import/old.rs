//! The old system's spec in one spelling; `read` makes it.

use super::template::{self, Parsed, Piece};

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub path: String,
    pub text: String,
    pub read: Read,
}

/// What counts in a text; the compiler may have refused some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Read {
    /// Markup and `{{…}}`.
    #[default]
    Whole,
    /// `{{…}}`; signs of markup are words.
    Template,
    /// Nothing: all of it is words.
    Words,
}

impl Said {
    /// Its pieces.
    pub(super) fn parsed(&self) -> Parsed {
        if self.read == Read::Words {
            let text = self.text.trim().to_owned();
            return Parsed::Template(vec![Piece::Words(text)]);
        }
        template::parse(&self.text)
    }

    /// Whether it is nothing but lists and branches.
    pub(super) fn is_only_blocks(&self) -> bool {
        let blank = |piece: &Piece| match piece {
            Piece::Words(words) => words.trim().is_empty(),
            Piece::Value(_) => false,
            Piece::Each { .. } => true,
            Piece::If { otherwise, .. } => otherwise.is_empty(),
        };
        matches!(self.parsed(), Parsed::Template(pieces) if pieces.iter().all(blank))
    }

    /// The parts of a text of words and values that one message does not hold, cut at the ends of lines or words.
    pub(super) fn parts(&self) -> Vec<Self> {
        let pieces = match self.parsed() {
            Parsed::Template(pieces) => pieces,
            Parsed::Key(_) => Vec::new(),
        };
        let plain = |piece: &Piece| matches!(piece, Piece::Words(_) | Piece::Value(_));
        let mut parts = Vec::new();
        let mut rest = self.text.trim();
        while pieces.iter().all(plain) && rest.encode_utf16().count() > super::text::LONGEST {
            let mut units = 0;
            let end = rest
                .char_indices()
                .find(|(_, c)| {
                    units += c.len_utf16();
                    units > super::text::LONGEST
                })
                .map_or(rest.len(), |(at, _)| at);
            let head = &rest[..end];
            // No tag is cut: a cut before the last one that is open.
            let tag = head.rfind("{{").filter(|at| !head[*at..].contains("}}"));
            let head = &rest[..tag.unwrap_or(end)];
            let cut = head
                .rfind('\n')
                .or_else(|| head.rfind(' '))
                .filter(|at| *at > 0)
                .unwrap_or(head.len());
            if cut == 0 {
                break;
            }
            parts.push(&rest[..cut]);
            rest = rest[cut..].trim_start();
        }
        if parts.is_empty() {
            return Vec::new();
        }
        parts.push(rest);
        parts
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .map(|part| Self {
                text: part.to_owned(),
                ..self.clone()
            })
            .collect()
    }

    fn is_key(&self) -> bool {
        matches!(self.parsed(), Parsed::Key(_))
    }
}

/// A spec.
#[derive(Debug, Default)]
pub(super) struct Spec {
    pub i18n: Option<I18n>,
    pub intents: Vec<Intent>,
    pub flows: Vec<Flow>,
}

impl Spec {
    /// Whether any text that comes through is a key.
    pub(super) fn uses_keys(&self) -> bool {
        fn key(said: Option<&Said>) -> bool {
            said.is_some_and(Said::is_key)
        }
        fn buttons(rows: &[Vec<Button>]) -> bool {
            rows.iter().flatten().any(|b| key(Some(&b.text)))
        }
        fn actions(actions: &[Action]) -> bool {
            actions.iter().any(|a| match &a.kind {
                ActionKind::Reply(r) => {
                    key(Some(&r.text)) || key(r.empty_text.as_ref()) || buttons(&r.keyboard)
                }
                ActionKind::Limit(limit) => key(limit.message.as_ref()),
                ActionKind::Broadcast(broadcast) => key(Some(&broadcast.message)),
                ActionKind::Sql(_) | ActionKind::Other(..) => false,
            })
        }
        let step = |s: &Step| {
            let title = s.widget.as_ref().and_then(|w| w.title.as_ref());
            let pages = s.widget.as_ref().and_then(|w| w.pages.as_ref());
            [s.ask.as_ref(), s.msg.as_ref(), s.reply.as_ref(), title]
                .into_iter()
                .any(key)
                || pages.is_some_and(|p| {
                    key(p.item.as_ref()) || key(p.empty.as_ref()) || buttons(&p.extra)
                })
        };
        self.intents
            .iter()
            .any(|i| key(i.reply.as_ref()) || key(i.description.as_ref()))
            || self.flows.iter().any(|f| {
                key(f.title.as_ref())
                    || buttons(&f.options)
                    || f.steps.iter().any(step)
                    || actions(&f.on_enter)
                    || actions(&f.on_step)
                    || actions(&f.on_complete)
            })
    }
}

/// The `i18n` section.
#[derive(Debug)]
pub(super) struct I18n {
    pub path: String,
    pub default_locale: String,
    pub supported: Vec<String>,
    pub strategy: String,
    /// Texts that stand in the section itself.
    pub keys: super::keys::Texts,
}

/// A command with a fixed reply.
#[derive(Debug)]
pub(super) struct Intent {
    pub path: String,
    pub cmd: String,
    pub reply: Option<Said>,
    pub keyboard: Vec<Vec<Button>>,
    pub parse_mode: Option<Said>,
    pub description: Option<Said>,
}

impl Intent {
    /// Whether an intent of the new language cannot say it.
    pub(super) fn is_flow(&self) -> bool {
        let long = |said: &Said| said.text.encode_utf16().count() > super::text::LONGEST;
        !self.keyboard.is_empty()
            || self.parse_mode.is_some()
            || self.reply.as_ref().is_some_and(long)
    }

    /// The flow that replies so.
    pub(super) fn into_flow(self) -> Flow {
        let reply = self.reply.map(|text| Action {
            path: self.path.clone(),
            kind: ActionKind::Reply(Reply {
                path: self.path.clone(),
                text,
                empty_text: None,
                keyboard: self.keyboard,
                parse_mode: self.parse_mode,
                improve: None,
            }),
        });
        Flow {
            path: self.path,
            declared: Declared::Generic,
            cmd: self.cmd,
            description: self.description,
            title: None,
            options: Vec::new(),
            steps: Vec::new(),
            on_enter: reply.into_iter().collect(),
            on_step: Vec::new(),
            on_complete: Vec::new(),
            ttl: None,
        }
    }
}

/// What a flow was declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Declared {
    Menu,
    Wizard,
    Generic,
    Untyped,
}

/// A flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub path: String,
    pub declared: Declared,
    pub cmd: String,
    pub description: Option<Said>,
    pub title: Option<Said>,
    pub options: Vec<Vec<Button>>,
    pub steps: Vec<Step>,
    pub on_enter: Vec<Action>,
    pub on_step: Vec<Action>,
    pub on_complete: Vec<Action>,
    /// Seconds, and where they stand.
    pub ttl: Option<(String, i64)>,
}

/// A wizard's step.
#[derive(Debug)]
pub(super) struct Step {
    pub path: String,
    pub ask: Option<Said>,
    pub var: Option<String>,
    pub regex: Option<Said>,
    pub msg: Option<Said>,
    /// Of the "simple" shape.
    pub reply: Option<Said>,
    pub widget: Option<Widget>,
}

impl Step {
    /// Whether it waits for an answer.
    pub(super) fn asks(&self) -> bool {
        self.reply.is_none() || self.ask.is_some() || self.widget.is_some()
    }
}

/// A step that was a widget.
#[derive(Debug)]
pub(super) struct Widget {
    pub path: String,
    pub block: String,
    pub var: Option<String>,
    pub title: Option<Said>,
    /// Of a calendar.
    pub mode: Option<String>,
    pub min: Option<Said>,
    pub max: Option<Said>,
    pub tz: Option<Said>,
    /// Of a list in pages.
    pub pages: Option<Pages>,
}

/// What `widget.pagination.v1` shows.
#[derive(Debug)]
pub(super) struct Pages {
    pub path: String,
    pub source: Source,
    pub page_size: Option<(String, i64)>,
    pub item: Option<Said>,
    pub id: Option<String>,
    pub select: Option<Said>,
    pub empty: Option<Said>,
    pub extra: Vec<Vec<Button>>,
}

/// Where its items come from.
#[derive(Debug)]
pub(super) enum Source {
    Sql(Said),
    List(Said),
    Nothing,
}

/// `policy.ratelimit.v1`.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub path: String,
    pub scope: String,
    /// Seconds.
    pub window: i64,
    pub allowance: i64,
    pub suffix: Option<Said>,
    pub message: Option<Said>,
}

/// `ops.broadcast.v1`.
#[derive(Debug, Clone)]
pub(super) struct Broadcast {
    pub path: String,
    pub audience: String,
    pub message: Said,
    /// Messages a second: a number, or a variable in braces.
    pub pace: Option<String>,
}

/// An action.
#[derive(Debug)]
pub(super) struct Action {
    pub path: String,
    pub kind: ActionKind,
}

/// See [`Action`].
#[derive(Debug)]
pub(super) enum ActionKind {
    Sql(Sql),
    Reply(Reply),
    Limit(Limit),
    Broadcast(Broadcast),
    /// A block that this language gets later (or never had), and its parameters as a line quotes them.
    Other(String, String),
}

/// `action.sql_query.v1` and `action.sql_exec.v1`.
#[derive(Debug)]
pub(super) struct Sql {
    pub sql: Said,
    /// From `action.sql_query.v1`.
    pub reads: bool,
    pub result_var: Option<String>,
    pub scalar: bool,
    pub flatten: bool,
}

/// `action.reply_template.v1`.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub path: String,
    pub text: Said,
    pub empty_text: Option<Said>,
    pub keyboard: Vec<Vec<Button>>,
    pub parse_mode: Option<Said>,
    /// A language model rewrites it.
    pub improve: Option<Improve>,
}

/// `llm_improve`, `llm_style`, `max_tokens`.
#[derive(Debug, Clone)]
pub(super) struct Improve {
    /// `true` or `ab`.
    pub how: &'static str,
    pub style: Option<String>,
    pub max_tokens: Option<u64>,
}

/// A button.
#[derive(Debug, Clone)]
pub(super) struct Button {
    pub path: String,
    pub text: Said,
    /// Command, raw callback data or link.
    pub target: String,
}
