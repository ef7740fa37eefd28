//! Flows, actions and arguments: the lists whose elements are blocks, and what all blocks of a kind share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ast::{Action, ArgDecl, Flow};
use super::blocks::{
    broadcast, generic, llm, menu, pagination, ratelimit, reply_template, segment, set_locale,
    sql_exec, sql_query, subscribe, wizard,
};
use super::decode::{Cx, Fields, synonyms};
use super::registry::{self, Block, Decode};
use super::step::ChoiceItem;
use crate::diagnostics::codes::{files, shape};
use crate::diagnostics::{Diagnostic, Edit, meant};
use crate::schema::{Bool, Literal, StepTypeName};
use crate::source::{Span, Spanned, Str};
use crate::yaml::{Entry, Kind, Map, Node};

/// A flow: one key, the block's name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Flow")]
pub enum FlowItem {
    /// A text with buttons: the bot's entrance.
    #[serde(rename = "flow.menu.v1")]
    Menu(Box<menu::Published>),
    /// A dialogue: questions in order, then actions with the answers.
    #[serde(rename = "flow.wizard.v1")]
    Wizard(Box<wizard::Published>),
    /// A command that runs actions and asks nothing.
    #[serde(rename = "flow.generic.v1")]
    Generic(Box<generic::Published>),
}

/// An action: one key, the block's name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Action")]
pub enum ActionItem {
    /// Reads from the bot's tables.
    #[serde(rename = "action.sql_query.v1")]
    SqlQuery(Box<sql_query::Published>),
    /// Writes to the bot's tables.
    #[serde(rename = "action.sql_exec.v1")]
    SqlExec(Box<sql_exec::Published>),
    /// Sends one message.
    #[serde(rename = "action.reply_template.v1")]
    ReplyTemplate(Box<reply_template::Published>),
    /// Asks the language model; what follows runs when its answer is there.
    #[serde(rename = "action.llm.v1")]
    Llm(Box<llm::Published>),
    /// Stores the language that a person has chosen, or asks for it.
    #[serde(rename = "action.set_locale.v1")]
    SetLocale(Box<set_locale::Published>),
    /// Sends one message to many people, once each.
    #[serde(rename = "ops.broadcast.v1")]
    Broadcast(Box<broadcast::Published>),
    /// Puts the person into a segment, or takes them out.
    #[serde(rename = "action.segment.v1")]
    Segment(Box<segment::Published>),
    /// The person wants broadcasts again.
    #[serde(rename = "action.subscribe.v1")]
    Subscribe(Box<subscribe::Subscribe>),
    /// The person gets no broadcasts any more.
    #[serde(rename = "action.unsubscribe.v1")]
    Unsubscribe(Box<subscribe::Unsubscribe>),
    /// Lets people pass so many times in any stretch of time.
    #[serde(rename = "policy.ratelimit.v1")]
    Ratelimit(Box<ratelimit::Published>),
    /// A list with a button for each row, a page at a time.
    #[serde(rename = "widget.pagination.v1")]
    Pagination(Box<pagination::Published>),
}

/// A policy of the whole bot: one key, the block's name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Policy")]
pub enum PolicyItem {
    /// Lets people pass so many times in any stretch of time.
    #[serde(rename = "policy.ratelimit.v1")]
    Ratelimit(Box<ratelimit::Published>),
}

/// Typed arguments by name.
pub type Args = BTreeMap<String, ArgItem>;

/// An argument: its type, or its type with more to say.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Arg")]
pub enum ArgItem {
    /// `id: int`.
    Short(StepTypeName),
    /// `cat: { type: text, optional: true }`.
    Long(ArgFields),
}

/// The long form of an argument.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ArgFields")]
pub struct ArgFields {
    /// What it is.
    #[serde(rename = "type")]
    pub ty: StepTypeName,
    /// May be missing.
    #[schemars(extend("default" = false))]
    pub optional: Option<Bool>,
    /// The least value, for a text its least length.
    pub min: Option<Literal>,
    /// The greatest value, for a text its greatest length.
    pub max: Option<Literal>,
    /// The values of a `choice`.
    #[schemars(length(min = 1))]
    pub options: Option<Vec<ChoiceItem>>,
}

/// Which blocks a list holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Flows,
    Steps,
    Actions,
    Policies,
}

impl Holds {
    fn fits(self, block: &Block) -> bool {
        match (self, block.decode) {
            (Holds::Flows, Decode::Flow(_))
            | (Holds::Steps, Decode::Step(_) | Decode::StepOrAction(..))
            | (Holds::Actions, Decode::Action(_) | Decode::StepOrAction(..)) => true,
            (Holds::Policies, _) => block.name == ratelimit::BLOCK.name,
            _ => false,
        }
    }
    fn name(self) -> &'static str {
        match self {
            Holds::Flows => "flow",
            Holds::Steps => "step",
            Holds::Actions => "action",
            Holds::Policies => "policy",
        }
    }
}

impl Cx<'_> {
    /// An element of `flows:`.
    pub(in crate::syntax) fn flow(&mut self, node: &Node) -> Option<Flow> {
        let before = self.faults();
        let (block, name, mut f) = self.block(node, Holds::Flows)?;
        let Decode::Flow(decode) = block.decode else {
            return None;
        };
        let entry_cmd = self.command(f.get("entry_cmd"), "`entry_cmd`");
        let description = self.text(f.get("description"), "`description`");
        let allow = self.allow(f.get("allow"));
        let before_args = self.faults();
        let args = f.get("args").map(|n| self.args(n)).unwrap_or_default();
        let args_lost = self.faults() != before_args || args.is_empty() && f.any_unknown();
        let generic = block.name == generic::BLOCK.name;
        let on_enter = self.each(f.get("on_enter"), "`on_enter`", !generic, Self::action);
        let kind = decode(self, &mut f);
        f.finish();
        let mut flow = Flow {
            span: node.span,
            incomplete: false,
            block: name,
            entry_cmd: entry_cmd?,
            description,
            allow,
            args,
            args_lost,
            on_enter,
            kind: kind?,
        };
        flow.incomplete = self.faults() != before;
        Some(flow)
    }

    /// A list of actions.
    pub(in crate::syntax) fn actions(&mut self, node: Option<&Node>, what: &str) -> Vec<Action> {
        self.each(node, what, true, Self::action)
    }

    fn action(&mut self, node: &Node) -> Option<Action> {
        self.action_in(node, Holds::Actions)
    }

    /// An element of `policies:`.
    pub(in crate::syntax) fn policy(&mut self, node: &Node) -> Option<Action> {
        self.action_in(node, Holds::Policies)
    }

    fn action_in(&mut self, node: &Node, holds: Holds) -> Option<Action> {
        let (block, name, mut f) = self.block(node, holds)?;
        let (Decode::Action(decode) | Decode::StepOrAction(_, decode)) = block.decode else {
            return None;
        };
        let when = self.expr(f.get("when"), "`when`");
        // Whoever a limit holds back goes nowhere, whoever passes goes on.
        let goes = (block.shape)().field("goto").is_some();
        let goto = match goes {
            true => self.goto(f.get("goto")),
            false => None,
        };
        let refused = |key: &str, there: bool| f.key_span(key).is_some() && !there;
        let unsure = refused("when", when.is_some())
            || goes && refused("goto", goto.is_some())
            // An unknown key beside a `goto` may have been meant for its condition.
            || goto.is_some() && when.is_none() && f.any_unknown();
        let kind = decode(self, &mut f);
        f.finish();
        Some(Action {
            span: node.span,
            block: name,
            when,
            goto,
            unsure,
            kind: kind?,
        })
    }

    /// `args:`.
    fn args(&mut self, node: &Node) -> Vec<ArgDecl> {
        if let Kind::List(_) = &node.kind {
            let message = "`args` is a list, and each argument has a type";
            let help = "write them with their types: `args: { id: int, words: text }`";
            self.error(&shape::TYPE, node.span, message, help);
            return Vec::new();
        }
        let Some(map) = self.map(node, "`args`") else {
            return Vec::new();
        };
        map.entries
            .iter()
            .filter_map(|entry| {
                let name = self.check_name(&entry.key.text, "the name of an argument");
                self.arg(name, entry)
            })
            .collect()
    }

    fn arg(&mut self, name: Option<Str>, entry: &Entry) -> Option<ArgDecl> {
        if let Kind::Map(_) = &entry.value.kind {
            let mut f = self.fields::<ArgFields>(&entry.value, "this argument")?;
            let ty = self.step_type(f.get("type"));
            let optional = self.bool(f.get("optional"), "`optional`");
            let min = self.field(f.get("min"), "`min`");
            let max = self.field(f.get("max"), "`max`");
            let options = self.choices(&mut f);
            if let Some(ty) = &ty {
                self.fields_of_type(&f, ty.node, &entry.value);
            }
            f.finish();
            return Some(ArgDecl {
                name: name?,
                ty: ty?,
                optional: optional.is_some_and(|o| o.node),
                min,
                max,
                options,
            });
        }
        let ty = self.step_type(Some(&entry.value))?;
        if ty.node == super::ast::StepType::Choice {
            self.error(
                &shape::MISSING_KEY,
                ty.span,
                "a choice has no `options`",
                "write `{ type: choice, options: [{ text: \"…\", value: … }, …] }`",
            );
            return None;
        }
        Some(ArgDecl {
            name: name?,
            ty,
            optional: false,
            min: None,
            max: None,
            options: Vec::new(),
        })
    }

    /// An element that is one block: its name, and its fields. All spellings that look almost right are
    /// reported with the right one.
    pub(super) fn block<'n>(
        &mut self,
        node: &'n Node,
        holds: Holds,
    ) -> Option<(&'static Block, Spanned<&'static str>, Fields<'n>)> {
        let what = format!("this {}", holds.name());
        let map = self.map(node, &what)?;
        let named = map
            .entries
            .iter()
            .find(|e| registry::find(&e.key.text.value).is_some());
        let Some(named) = named else {
            self.no_block(map, node.span, holds);
            return None;
        };
        let block = registry::find(&named.key.text.value)?;
        let name = Spanned {
            node: block.name,
            span: named.key.text.span,
        };
        self.blocks.push(name.clone());
        if !holds.fits(block) {
            self.error(
                &shape::PLACE,
                name.span,
                format!("`{}` is no {}", block.name, holds.name()),
                format!("it stands {}", block.place()),
            );
            return None;
        }
        let others: Vec<&Entry> = map
            .entries
            .iter()
            .filter(|e| e.key.text.span != named.key.text.span)
            .collect();
        let nothing = matches!(&named.value.kind, Kind::Scalar(s) if s.is_null());
        if let Some(first) = others.first() {
            self.level(map, named, first, block, nothing);
        }
        let shape = (block.shape)();
        let what = format!("`{}`", block.name);
        let fields = match &named.value.kind {
            // Its parameters stand beside it: read them as if they stood inside.
            Kind::Scalar(_) if nothing && !others.is_empty() => {
                self.fields_of(shape, node.span, name.span, map, others, &what)
            }
            Kind::Scalar(_) if nothing => {
                self.error(
                    &shape::TYPE,
                    name.span,
                    format!("`{}` has no parameters", block.name),
                    "write them below it, indented further than its name; `{}` if there are none",
                );
                return None;
            }
            _ => {
                let inner = self.map(&named.value, &what)?;
                let entries = inner.entries.iter().collect();
                self.fields_of(shape, named.value.span, name.span, inner, entries, &what)
            }
        };
        Some((block, name, fields))
    }

    /// Keys beside a block's key: parameters that are not indented, or a second block without its `- `.
    fn level(&mut self, map: &Map, named: &Entry, other: &Entry, block: &Block, nothing: bool) {
        let name = &other.key.text.value;
        if registry::find(name).is_some() {
            self.error(
                &shape::PLACE,
                other.key.text.span,
                format!("`{name}` stands in the same element as `{}`", block.name),
                "one element is one block: begin this line with `- `",
            );
            return;
        }
        let indent = nothing && !map.flow;
        let help = if nothing {
            format!(
                "indent the parameters two columns further than `{}`",
                block.name
            )
        } else {
            format!("move it in among the parameters of `{}`", block.name)
        };
        let d = Diagnostic::new(
            &files::INDENT,
            other.key.text.span,
            format!("`{name}` stands level with its block"),
        )
        .note(named.key.text.span, "the block whose parameter it is")
        .help(help);
        // Below the block's key the parameters can only be its own.
        self.report(if indent && named.key.text.span < other.key.text.span {
            d.fix("indent the parameters", self.indent(other, map))
        } else {
            d
        });
    }

    /// `type: NAME` and then `params: …` alone as `NAME: …`.
    fn respelt(&self, map: &Map, name: &str) -> Option<Edit> {
        let [ty, params] = map.entries.as_slice() else {
            return None;
        };
        let old = ty.key.text.value == "type" && params.key.text.value == "params";
        let span = ty.key.text.span.to(params.key.text.span);
        let between = Span {
            lo: ty.value.span.hi,
            hi: params.key.text.span.lo,
            ..span
        };
        let between = self.sources.slice(between);
        let nothing = between.chars().all(|c| c.is_whitespace() || c == ',');
        let known = registry::find(name).is_some();
        (old && nothing && known).then(|| Edit::replace(span, name))
    }

    /// Two columns more for all that stands in `map` from `first` on.
    fn indent(&self, first: &Entry, map: &Map) -> Vec<Edit> {
        let lo = first.key.text.span;
        let hi = map.entries.last().map_or(lo, |e| e.value.span.to(lo));
        let lines = &self.sources.file(lo.file).lines;
        let line = lines.partition_point(|&start| start <= lo.lo).max(1) - 1;
        let text = &self.sources.file(lo.file).text;
        lines
            .iter()
            .skip(line)
            .take_while(|&&start| start < hi.hi)
            .map(|&start| Span {
                lo: start,
                hi: start,
                ..lo
            })
            .filter(|at| !text[at.lo as usize..].starts_with(['\n', '\r']))
            .map(|at| Edit::insert(at, "  "))
            .collect()
    }

    fn no_block(&mut self, map: &Map, span: Span, holds: Holds) {
        let Some(first) = map.entries.first() else {
            if map.truncated {
                self.fault();
                return;
            }
            return self.error(
                &shape::UNKNOWN_BLOCK,
                span,
                format!("this {} is empty", holds.name()),
                fitting(holds),
            );
        };
        let old = map.entries.iter().find(|e| e.key.text.value == "type");
        if let Some(Entry {
            value: Node {
                kind: Kind::Scalar(ty),
                ..
            },
            ..
        }) = old
        {
            let name = &ty.text.value;
            let d = Diagnostic::new(
                &shape::OLD_SPELLING,
                ty.text.span,
                format!("`type: {name}` is the old spelling of a block"),
            )
            .help(format!(
                "write `- {name}:` and its parameters below it; `botgen import` converts old files"
            ));
            self.report(match self.respelt(map, name) {
                Some(edit) => d.fix(format!("write `{name}:`"), [edit]),
                None => d,
            });
            return;
        }
        let name = &first.key.text.value;
        let names = registry::BLOCKS.iter().map(|b| b.name);
        let d = Diagnostic::new(
            &shape::UNKNOWN_BLOCK,
            first.key.text.span,
            format!("there is no block `{name}`"),
        );
        let elsewhere = synonyms::block(name)
            .filter(|word| registry::find(word).is_some_and(|block| holds.fits(block)));
        self.report(match (elsewhere, meant(name, names)) {
            (Some(word), _) => d.help(format!("did you mean `{word}`?")),
            (None, Some(near)) => d.suggest(name, &near),
            (None, None) => d.help(fitting(holds)),
        });
    }
}

/// The blocks of a list, for a help line.
fn fitting(holds: Holds) -> String {
    let names: Vec<_> = registry::BLOCKS
        .iter()
        .filter(|b| holds.fits(b))
        .map(|b| format!("`{}`", b.name))
        .collect();
    let article = match holds {
        Holds::Flows => "a flow",
        Holds::Steps => "a step that is a block",
        Holds::Actions => "an action",
        Holds::Policies => "a policy",
    };
    format!("{article} is one of {}", names.join(", "))
}
