//! `on_timeout:` of a wizard.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::names;
use crate::schema::{Bool, Name, OverflowName, ParseModeName, Template};
use crate::source::Spanned;
use crate::syntax::ast::{Action, ActionKind, OnTimeout, Reply};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::keyboard::KeyboardRow;
use crate::yaml::{Kind, Node};

/// What happens when nobody has answered a question for `ttl`: one of three. In previews and in `botfactory chat` no timer
/// runs: the next message there does what it would have done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OnTimeout")]
pub struct TimeoutItem {
    /// Says this, and the dialogue ends.
    pub reply: Option<TimeoutReply>,
    /// Goes to this step: its question is asked whatever its `when` says, as with every `goto`, and waits as long again. A question that came so and is not answered
    /// either is the last one: the dialogue ends as with `cancel`.
    pub goto: Option<Name>,
    /// Ends the dialogue; the runtime says so (its message `bf-expired`).
    pub cancel: Option<Bool>,
}

/// What is said: a text, or a message with buttons.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum TimeoutReply {
    /// A text.
    Text(Template),
    /// A message.
    Message(Box<TimeoutMessage>),
}

/// A message of `on_timeout`, as of `action.reply_template.v1`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TimeoutMessage")]
pub struct TimeoutMessage {
    /// What it says. It sees what is known at every step that may wait; what some of them do not know is null there.
    pub text: Template,
    /// Said instead when every list that `text` walks is empty.
    pub empty_text: Option<Template>,
    /// Buttons below it; a list inside the list is one row.
    #[schemars(length(min = 1))]
    pub keyboard: Option<Vec<KeyboardRow>>,
    /// The markup of the texts.
    #[schemars(extend("default" = "HTML"))]
    pub parse_mode: Option<ParseModeName>,
    /// What happens when values make the text longer than a message takes.
    #[schemars(extend("default" = "split"))]
    pub overflow: Option<OverflowName>,
}

/// The keys of which one stands there.
const ONE_OF: [&str; 3] = ["reply", "goto", "cancel"];
const HELP: &str = "write `{ reply: \"…\" }`, `{ goto: STEP }` or `{ cancel: true }`";

impl Cx<'_> {
    /// `on_timeout:`.
    pub(in crate::syntax) fn on_timeout(&mut self, node: &Node) -> OnTimeout {
        self.timeout(node).unwrap_or(OnTimeout::Bad)
    }

    fn timeout(&mut self, node: &Node) -> Option<OnTimeout> {
        if let Kind::Scalar(word) = &node.kind {
            let message = format!("`{}` alone is not what happens", word.text.value);
            self.report(Diagnostic::new(&names::TIMEOUT_OF_NOTHING, node.span, message).help(HELP));
            return None;
        }
        let mut f = self.fields::<TimeoutItem>(node, "`on_timeout`")?;
        let reply = f.get("reply").map(|reply| self.timeout_reply(reply));
        let goto = f.get("goto").map(|goto| self.name(Some(goto), "`goto`"));
        let cancel = f.get("cancel").map(|it| self.bool(Some(it), "`cancel`"));
        let fine = self.one_of_three(&f);
        f.finish();
        if let Some(Some(cancel)) = cancel.as_ref().filter(|_| fine)
            && !cancel.node
        {
            self.report(
                Diagnostic::new(
                    &names::TIMEOUT_OF_NOTHING,
                    cancel.span,
                    "`cancel: false` says nothing",
                )
                .help(HELP),
            );
            return None;
        }
        if !fine {
            return None;
        }
        match (reply, goto, cancel) {
            (Some(reply), ..) => Some(OnTimeout::Reply(Box::new(reply?))),
            (_, Some(goto), _) => Some(OnTimeout::Goto(goto?)),
            (.., Some(cancel)) => cancel.map(|_| OnTimeout::Cancel),
            _ => None,
        }
    }

    /// Exactly one of them, or it is reported.
    fn one_of_three(&mut self, f: &Fields<'_>) -> bool {
        let mut written = ONE_OF
            .iter()
            .filter_map(|key| Some((*key, f.key_span(key)?)))
            .collect::<Vec<_>>();
        written.sort_by_key(|(_, span)| *span);
        match written.as_slice() {
            // What was written instead is reported as an unknown key.
            [] if f.truncated || f.any_written() => false,
            [] => {
                self.report(
                    Diagnostic::new(
                        &names::TIMEOUT_OF_NOTHING,
                        f.span,
                        "`on_timeout` does not say what happens",
                    )
                    .help(HELP),
                );
                false
            }
            [_] => true,
            [(first, at), (second, span), ..] => {
                self.report(
                    Diagnostic::new(
                        &names::TIMEOUT_OF_TWO,
                        *span,
                        format!("`on_timeout` has `{second}` beside `{first}`, and one thing happens"),
                    )
                    .note(*at, "the first")
                    .help(if *second == "cancel" || *first == "cancel" {
                        "`reply` ends the dialogue too, and `goto` goes on with it: keep one of them"
                    } else {
                        "keep one; the question of the step that `goto` names can say the rest"
                    }),
                );
                false
            }
        }
    }

    fn timeout_reply(&mut self, node: &Node) -> Option<Action> {
        let reply = if let Kind::Map(_) = &node.kind {
            let mut f = self.fields::<TimeoutMessage>(node, "`reply`")?;
            let text = self.text(f.get("text"), "`text`");
            let empty_text = self.text(f.get("empty_text"), "`empty_text`");
            let keyboard = self.keyboard(f.get("keyboard"), "`keyboard`");
            let parse_mode = self.parse_mode(f.get("parse_mode"));
            let overflow = self.overflow(f.get("overflow"));
            f.finish();
            Reply {
                text: text?,
                empty_text,
                keyboard,
                parse_mode,
                overflow,
                to: None,
                edit: None,
                on_ambiguous: None,
                improve: None,
            }
        } else {
            Reply {
                text: self.text(Some(node), "`reply`")?,
                empty_text: None,
                keyboard: self.keyboard(None, "`keyboard`"),
                parse_mode: None,
                overflow: None,
                to: None,
                edit: None,
                on_ambiguous: None,
                improve: None,
            }
        };
        Some(Action {
            span: node.span,
            block: Spanned {
                node: crate::syntax::blocks::reply_template::BLOCK.name,
                span: node.span,
            },
            when: None,
            goto: None,
            unsure: false,
            kind: ActionKind::Reply(reply),
        })
    }
}
