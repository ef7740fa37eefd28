//! `bot.yaml` and `flows/*.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ast::{Bot, Delivery, Flow, Intent, Scope};
use super::blocks::i18n;
use super::decode::{Cx, Fields};
use super::flow::{FlowItem, PolicyItem};
use super::lints::Lints;
use super::registry;
use crate::diagnostics::codes::{files, shape};
use crate::diagnostics::{Diagnostic, Edit, Sink, meant, remove_element};
use crate::schema::{
    AllowName, BlockName, Command, LocaleTag, OnAmbiguousName, OverflowName, SegmentName, Template,
};
use crate::source::folder::Folder;
use crate::source::{FileId, SourceMap, Span, Spanned, Str};
use crate::yaml::{self, Kind, Node};

/// `bot.yaml`: a bot's settings, intents and flows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bot")]
pub struct BotFile {
    /// The version of the language: `botfactory: v1`.
    pub botfactory: Version,
    /// The bot's name for people.
    #[schemars(extend("x-default" = "the folder's name"))]
    pub name: Option<String>,
    /// The time zone in which people read and type times: `Europe/Moscow`.
    #[schemars(extend("default" = "UTC"))]
    pub tz: Option<String>,
    /// Whose conversation an update belongs to.
    #[schemars(extend("default" = "user_in_chat"))]
    pub scope: Option<ScopeName>,
    /// The language of a bot that has only one.
    #[schemars(extend("default" = "en"))]
    pub locale: Option<LocaleTag>,
    /// The languages of a bot that has several.
    #[serde(rename = "i18n.fluent.v1")]
    pub i18n: Option<i18n::Published>,
    /// The blocks that are used, all of them.
    #[serde(rename = "use")]
    pub uses: Option<Vec<BlockName>>,
    /// The answer to texts that no wizard waits for and no command matches.
    pub fallback: Option<Template>,
    /// How replies travel: with the webhook's response where that is possible, always so, or never.
    #[schemars(extend("default" = "auto"))]
    pub delivery: Option<DeliveryName>,
    /// What becomes of a message when Telegram did not answer, so that nobody knows whether it arrived: it is sent again
    /// and may be seen twice (`resend`), or never again and may be missing (`skip`). Edits and answers to buttons are
    /// always repeated: that changes nothing.
    #[schemars(extend("default" = "resend"))]
    pub on_ambiguous: Option<OnAmbiguousName>,
    /// What holds for everything that the bot does: limits that stand before each command, answer and press.
    pub policies: Option<Vec<PolicyItem>>,
    /// The folder of another bot's migrations whose tables this bot shares: `../booking/migrations`.
    pub migrations: Option<String>,
    /// Names for groups of people, for broadcasts: `[vip, news]`. `action.segment.v1` puts people into them.
    pub segments: Option<Vec<SegmentName>>,
    /// What becomes of warnings, by code (`BF0242`) or family (`BF02`), and why: `BF0242: { level: allow, because: "…" }`; a level is `allow`, `warn` or `deny`.
    pub lints: Option<Lints>,
    /// Commands with a fixed reply.
    pub intents: Option<Vec<IntentItem>>,
    /// What the bot does.
    pub flows: Option<Vec<FlowItem>>,
}

/// `flows/*.yaml`: further intents and flows, appended in file-name order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Flows")]
pub struct FlowsFile {
    /// Commands with a fixed reply.
    pub intents: Option<Vec<IntentItem>>,
    /// What the bot does.
    pub flows: Option<Vec<FlowItem>>,
}

/// The version of the language.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum Version {
    V1,
}

/// Whose conversation an update belongs to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum ScopeName {
    UserInChat,
    Chat,
    User,
    Thread,
}

/// How replies travel.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum DeliveryName {
    Auto,
    Webhook,
    Api,
}

/// A command with a fixed reply.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Intent")]
pub struct IntentItem {
    /// The command, with its `/`.
    pub cmd: Command,
    /// Lists the command in Telegram's menu with this text.
    pub description: Option<Template>,
    /// Who may use it: `admin`, those of `BOTFACTORY_ADMINS_<BOT>`. Others are refused, and do not see it in Telegram's menu.
    pub allow: Option<AllowName>,
    /// The reply.
    pub reply: Template,
    /// What happens when values make the reply longer than a message takes: several messages (`split`), an end with
    /// `…` (`truncate`), or no bot: it must be proven that it fits (`error`).
    #[schemars(extend("default" = "split"))]
    pub overflow: Option<OverflowName>,
}

/// Longest name of a segment.
pub const SEGMENT: usize = 64;

/// Whether a segment may have this name.
pub fn is_segment(name: &str) -> bool {
    (1..=SEGMENT).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Reads a bot's YAML files. `None`: there is no readable `bot.yaml` and nothing else to go on.
pub fn parse(folder: &Folder, sources: &SourceMap, sink: &mut Sink) -> Option<Bot> {
    let mut cx = Cx::new(sources, sink);
    let mut incomplete = folder.incomplete;
    let root = folder.bot_yaml.and_then(|file| cx.root(file));
    let mut bot = match &root {
        Some(root) => cx.bot_file(root, folder),
        None => {
            incomplete = true;
            None
        }
    };
    // Mistakes in the other files are told even if bot.yaml is lost.
    let mut more = Commands::default();
    for file in &folder.flows {
        match cx.root(*file) {
            Some(root) => more.append(cx.flows_file(&root)),
            None => incomplete = true,
        }
    }
    let bot = bot.as_mut()?;
    bot.intents.append(&mut more.intents);
    bot.flows.append(&mut more.flows);
    bot.blocks = std::mem::take(&mut cx.blocks);
    bot.incomplete |= incomplete | more.lost;
    if !bot.incomplete && bot.flows.iter().all(|flow| !flow.incomplete) {
        cx.uses(bot);
    }
    Some(bot.clone())
}

/// The intents and flows of one or more files.
#[derive(Default)]
struct Commands {
    intents: Vec<Intent>,
    flows: Vec<Flow>,
    /// One could not be read at all, so that not even its command is known.
    lost: bool,
}

impl Commands {
    fn append(&mut self, mut other: Self) {
        self.intents.append(&mut other.intents);
        self.flows.append(&mut other.flows);
        self.lost |= other.lost;
    }
}

impl Cx<'_> {
    /// A file's root mapping.
    pub(super) fn root(&mut self, file: FileId) -> Option<Node> {
        let before = self.faults();
        let root = yaml::parse(file, self.sources, self.sink);
        let empty = match &root {
            None => true,
            Some(node) => matches!(&node.kind, Kind::Scalar(s) if s.is_null()),
        };
        if empty {
            if self.faults() == before {
                let name = &self.sources.file(file).path;
                let help = if name.ends_with("bot.yaml") {
                    "begin it with `botfactory: v1`; `botgen new DIR` writes a whole bot"
                } else {
                    "write `flows:` and below it the flows, or remove the file"
                };
                let message = format!("`{name}` is empty");
                let span = Span { file, lo: 0, hi: 0 };
                self.error(&files::EMPTY, span, message, help);
            }
            self.fault();
            return None;
        }
        root
    }

    fn bot_file(&mut self, root: &Node, folder: &Folder) -> Option<Bot> {
        let before = self.faults();
        let mut f = self.fields::<BotFile>(root, "`bot.yaml`")?;
        let _: Option<Spanned<()>> =
            self.one_of(f.get("botfactory"), "`botfactory`", &[("v1", ())]);
        let name = self.value(f.get("name"), "`name`");
        let tz = self.word(f.get("tz"), "`tz`");
        let scopes = [
            ("user_in_chat", Scope::UserInChat),
            ("chat", Scope::Chat),
            ("user", Scope::User),
            ("thread", Scope::Thread),
        ];
        let scope = self.one_of(f.get("scope"), "`scope`", &scopes);
        let locale = self.word(f.get("locale"), "`locale`");
        let settings = f.key_span("i18n.fluent.v1");
        let i18n = f.get("i18n.fluent.v1").and_then(|node| self.i18n(node));
        if let Some(span) = settings {
            self.blocks.push(Spanned {
                node: i18n::BLOCK.name,
                span,
            });
        }
        if let (Some(locale), Some(span)) = (f.key_span("locale"), settings) {
            let d = Diagnostic::new(
                &shape::EXCLUSIVE,
                locale,
                "`locale` and `i18n.fluent.v1` exclude each other",
            )
            .note(span, "names the languages already")
            .help("keep `locale` for a bot of one language, `i18n.fluent.v1` for one of several");
            self.report(d);
        }
        let uses = f.get("use").map(|node| {
            self.each(Some(node), "`use`", true, |cx, item| {
                cx.word(Some(item), "a block's name")
            })
        });
        let fallback = self.text(f.get("fallback"), "`fallback`");
        let deliveries = [
            ("auto", Delivery::Auto),
            ("webhook", Delivery::Webhook),
            ("api", Delivery::Api),
        ];
        let delivery = self.one_of(f.get("delivery"), "`delivery`", &deliveries);
        let on_ambiguous = self.on_ambiguous(f.get("on_ambiguous"));
        let policies = self.each(f.get("policies"), "`policies`", true, Self::policy);
        let migrations = self.word(f.get("migrations"), "`migrations`");
        let segments = self.each(f.get("segments"), "`segments`", true, Self::segment);
        let lints = f.get("lints").map(|node| self.lints(node));
        let settings_lost = self.faults() != before;
        let commands = self.commands(&mut f);
        f.finish();
        Some(Bot {
            id: folder.id.clone(),
            folder: folder.path.clone(),
            span: root.span,
            incomplete: settings_lost | commands.lost,
            name,
            tz,
            scope,
            locale,
            i18n,
            uses,
            fallback,
            delivery,
            on_ambiguous,
            policies,
            migrations,
            segments,
            lints: lints.unwrap_or_default(),
            intents: commands.intents,
            flows: commands.flows,
            blocks: Vec::new(),
        })
    }

    /// A name in `segments:`.
    fn segment(&mut self, node: &Node) -> Option<Str> {
        let name = self.word(Some(node), "a segment")?;
        if is_segment(&name.value) {
            return Some(name);
        }
        self.error(
            &shape::NAME,
            name.span,
            format!("`{}` cannot be the name of a segment", name.value),
            format!("a name has 1 to {SEGMENT} Latin letters, digits and `_`"),
        );
        None
    }

    fn flows_file(&mut self, root: &Node) -> Commands {
        let lost = Commands {
            lost: true,
            ..Commands::default()
        };
        if let Kind::List(_) = root.kind {
            self.error(
                &shape::TYPE,
                root.span,
                "a file of `flows/` is a list, it should be `key: value` pairs",
                "write `flows:` above the list",
            );
            return lost;
        }
        let Some(mut f) = self.fields::<FlowsFile>(root, "a file of `flows/`") else {
            return lost;
        };
        let commands = self.commands(&mut f);
        f.finish();
        commands
    }

    fn commands(&mut self, f: &mut Fields<'_>) -> Commands {
        let written = ["intents", "flows"].map(|key| (f.key_span(key).is_some(), f.get(key)));
        let [(_, intents), (_, flows)] = written;
        let intents = self.each(intents, "`intents`", true, Self::intent);
        let flows = self.each(flows, "`flows`", true, Self::flow);
        let read = [intents.len(), flows.len()];
        let lost = written
            .iter()
            .zip(read)
            .any(|((there, node), read)| match node {
                Some(Node {
                    kind: Kind::List(list),
                    ..
                }) => list.truncated || list.items.len() != read,
                _ => *there,
            });
        Commands {
            intents,
            flows,
            lost: lost || f.truncated,
        }
    }

    fn intent(&mut self, node: &Node) -> Option<Intent> {
        let mut f = self.fields::<IntentItem>(node, "this intent")?;
        let cmd = self.command(f.get("cmd"), "`cmd`");
        let description = self.text(f.get("description"), "`description`");
        let allow = self.allow(f.get("allow"));
        let reply = self.text(f.get("reply"), "`reply`");
        let overflow = self.overflow(f.get("overflow"));
        let span = f.span;
        f.finish();
        Some(Intent {
            span,
            cmd: cmd?,
            description,
            allow,
            reply: reply?,
            overflow,
        })
    }

    /// `use`, when given, names exactly the blocks that are used.
    fn uses(&mut self, bot: &Bot) {
        let Some(uses) = &bot.uses else { return };
        for (i, name) in uses.iter().enumerate() {
            let wrong = |message: String| Diagnostic::new(&shape::USE, name.span, message);
            let without = |d: Diagnostic, help: &str, sources: &SourceMap| {
                let edit = remove_element(sources, name.span);
                let d = d.help(help);
                match edit {
                    Some(edit) => d.fix(format!("remove `{}`", name.value), [edit]),
                    None => d,
                }
            };
            if uses[..i].iter().any(|u| u.value == name.value) {
                let d = wrong(format!("`{}` stands twice in `use`", name.value));
                self.report(without(d, "remove one of them", self.sources));
            } else if registry::find(&name.value).is_none() {
                let names = registry::BLOCKS.iter().map(|b| b.name);
                let d = wrong(format!("there is no block `{}`", name.value));
                let near = meant(&name.value, names);
                self.report(match near {
                    Some(near) => d.suggest(&name.value, &near),
                    None => without(d, "remove it", self.sources),
                });
            } else if !bot.blocks.iter().any(|b| b.node == name.value) {
                let d = wrong(format!("`{}` is not used in this bot", name.value));
                let help = "remove it: `use` names exactly the blocks that are used";
                self.report(without(d, help, self.sources));
            }
        }
        let mut told: Vec<&str> = Vec::new();
        for block in &bot.blocks {
            if told.contains(&block.node) || uses.iter().any(|u| u.value == block.node) {
                continue;
            }
            // A misspelt name was reported in its place.
            let misspelt = uses.iter().any(|u| {
                registry::find(&u.value).is_none() && meant(&u.value, [block.node]).is_some()
            });
            if misspelt {
                continue;
            }
            told.push(block.node);
            let d = Diagnostic::new(
                &shape::USE,
                block.span,
                format!("`{}` is not named in `use`", block.node),
            )
            .help("add it there, or remove `use`, which may be left out");
            self.report(match uses.last() {
                Some(last) => {
                    let edit = Edit::replace(end(last.span), self.another(last.span, block.node));
                    d.fix(format!("add `{}` to `use`", block.node), [edit])
                }
                None => d,
            });
        }
    }

    /// What to write after the last element of a list to have another.
    fn another(&self, last: Span, name: &str) -> String {
        let text = &self.sources.file(last.file).text;
        let before = text.get(..last.lo as usize).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |n| n + 1);
        let head = before.get(line..).unwrap_or_default();
        match head.trim_start() == "- " {
            true => format!("\n{head}{name}"),
            false => format!(", {name}"),
        }
    }
}

/// The place after a span.
fn end(span: Span) -> Span {
    Span {
        lo: span.hi,
        ..span
    }
}
