//! `action.llm.v1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::{models, shape};
use crate::schema::{Bool, Count, Duration, Expression, Literal, Name, Shape, Template, Value};
use crate::source::{Spanned, Str};
use crate::syntax::ast::{
    ActionKind, Ask, AskFallback, AskField, AskOption, AskOutput, FallbackField, Field as AskValue,
    Keep, StepType, Task, Text, TextKind,
};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::registry::{Block, Decode};
use crate::yaml::{Kind, Node, Scalar, Style};

/// Asks the language model; what follows runs when its answer is there. The person is not kept waiting by it, and nothing of
/// it stands in a transaction.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Llm")]
pub struct Published {
    /// What the model is to do, in the author's words. Instructions stand here and nowhere else.
    pub prompt: Template,
    /// What the model looks at, such as the person's message: data, never instructions.
    pub input: Template,
    /// A text to answer from, or to look things up in: data too. Its own words may have 32 000 characters, as those of `prompt`
    /// and `input`.
    pub context: Option<Template>,
    /// What the model is told about its task before `prompt`.
    #[schemars(extend("x-default" = "by `output` and `context`: `classify` for a choice, `extract` for a record, `answer` where there is a `context`, else `plain`"))]
    pub task: Option<TaskName>,
    /// What form the answer has: a text, one of several options (then the variable is a choice), or a record of typed
    /// fields.
    #[schemars(extend("default" = "text"))]
    pub output: Option<OutputItem>,
    /// The variable that holds the answer.
    pub result_var: Name,
    /// What the variable holds when there is no answer: a text, an option's value, the fields of a record, or `null`, which
    /// what follows must test for.
    pub fallback: FallbackItem,
    /// Longest answer in tokens.
    #[schemars(extend("default" = 200))]
    pub max_tokens: Option<Count>,
    /// How freely the model words its answer: 0 to 2.
    #[schemars(extend("default" = 0))]
    pub temperature: Option<Value>,
    /// What stays of `context` and `input` where they do not fit into the model's context.
    #[schemars(extend("default" = "start"))]
    pub keep: Option<KeepName>,
    /// After this long the fallback holds.
    #[schemars(extend("default" = "30s"))]
    pub timeout: Option<Duration>,
    /// Said when there is no answer after three seconds.
    pub on_long: Option<Template>,
    /// Said when the person has cancelled or replaced the dialogue before the answer came; what follows does not run then.
    pub on_late: Option<Template>,
    /// Why texts of the answer may be stored and sent to others: they are a machine's, made of what a person wrote. Without
    /// it they can only be said to that person.
    pub trust: Option<String>,
    /// Asks only when this holds; else the variable is null.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// What the model is told about its task.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum TaskName {
    Plain,
    Classify,
    Extract,
    Validate,
    Answer,
}

/// What stays of a text that is too long.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum KeepName {
    Start,
    End,
    Ends,
}

/// What form an answer has.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum OutputItem {
    /// `text`.
    Word(TextWord),
    /// One of several options, or a record.
    Typed(OutputFields),
}

/// A text.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum TextWord {
    Text,
}

/// A form: exactly one key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LlmOutput")]
pub struct OutputFields {
    /// One of these: values, or values with what the model is told about them and what people see.
    pub choice: Option<Vec<OptionItem>>,
    /// Fields by name: a type, or a type with its bounds.
    pub record: Option<BTreeMap<String, FieldItem>>,
}

/// An option of an answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum OptionItem {
    /// Its value.
    Value(Value),
    /// More of it.
    Fields(OptionFields),
}

/// An option of an answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LlmOption")]
pub struct OptionFields {
    /// What the variable holds, and the database.
    pub value: Value,
    /// What the model is told about it.
    pub about: Option<String>,
    /// What people see of it (`| label`).
    #[schemars(extend("x-default" = "the value"))]
    pub text: Option<Template>,
}

/// A field of a record.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum FieldItem {
    /// Its type.
    Type(Value),
    /// More of it.
    Fields(FieldFields),
}

/// A field of a record.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LlmField")]
pub struct FieldFields {
    /// `text`, `int`, `decimal(2)`, `bool`, `date`, `time`, `datetime` or `choice`.
    #[serde(rename = "type")]
    pub ty: Value,
    /// It may be missing; then it is null.
    #[schemars(extend("default" = false))]
    pub optional: Option<Bool>,
    /// What the model is told about it.
    pub about: Option<String>,
    /// Least number.
    pub min: Option<Literal>,
    /// Greatest number, or greatest length of a text (500 unless it is said).
    pub max: Option<Literal>,
    /// Options of a choice.
    pub options: Option<Vec<OptionItem>>,
}

/// What holds where there is no answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum FallbackItem {
    /// A text, or an option's value.
    One(Literal),
    /// Nothing.
    Null(()),
    /// The fields of a record; one that is `optional` may be `null`, or missing.
    Fields(BTreeMap<String, Option<Literal>>),
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "action.llm.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Action(decode),
    example: r#"flows:
  - flow.generic.v1:
      entry_cmd: /ask
      args: { question: text }
      on_enter:
        - action.llm.v1:
            prompt: "Tell what the message is about."
            input: "{{question}}"
            output: { choice: [{ value: refund, about: "wants money back" }, delivery, other] }
            result_var: topic
            fallback: other
        - action.reply_template.v1: { when: topic == 'refund', text: "Money comes back within three days.", goto: end }
        - action.reply_template.v1: { text: "A colleague will write to you." }
"#,
};

/// What a model can answer with.
const FIELD_TYPES: [&str; 8] = [
    "text", "int", "decimal", "bool", "date", "time", "datetime", "choice",
];

const TASKS: [(&str, Task); 5] = [
    ("plain", Task::Plain),
    ("classify", Task::Classify),
    ("extract", Task::Extract),
    ("validate", Task::Validate),
    ("answer", Task::Answer),
];

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let faults = cx.faults();
    let prompt = cx.text(f.get("prompt"), "`prompt`");
    let input = cx.text(f.get("input"), "`input`");
    let context = cx.text(f.get("context"), "`context`");
    let task = cx.one_of(f.get("task"), "`task`", &TASKS);
    let output = match f.get("output") {
        None => Some(AskOutput::Text),
        Some(node) => cx.ask_output(node),
    };
    let result_var = cx.name(f.get("result_var"), "`result_var`");
    let fallback = cx.ask_fallback(f, output.as_ref());
    let max_tokens = cx.count(f.get("max_tokens"), "`max_tokens`");
    let temperature = cx.value(f.get("temperature"), "`temperature`");
    let keeps = [
        ("start", Keep::Start),
        ("end", Keep::End),
        ("ends", Keep::Ends),
    ];
    let keep = cx.one_of(f.get("keep"), "`keep`", &keeps);
    let timeout = cx.duration(f.get("timeout"), "`timeout`");
    let on_long = cx.text(f.get("on_long"), "`on_long`");
    let on_late = cx.text(f.get("on_late"), "`on_late`");
    let trust = cx.trust(f.get("trust"));
    Some(ActionKind::Ask(Box::new(Ask {
        span: f.span,
        lost: cx.faults() != faults,
        prompt: prompt?,
        input: input?,
        context,
        task,
        output: output?,
        result_var: result_var?,
        fallback: fallback?,
        max_tokens,
        temperature,
        keep,
        timeout,
        on_long,
        on_late,
        trust,
    })))
}

/// What `output` can be.
const OUTPUTS: &str =
    "write `output: text`, `output: { choice: [a, b] }` or `output: { record: { city: text } }`";

impl Cx<'_> {
    /// A reason, in words. One that was refused is one: that is said once.
    fn trust(&mut self, node: Option<&Node>) -> Option<Str> {
        let why = match &node?.kind {
            Kind::Scalar(scalar) if is_truth(scalar) => scalar.text.clone(),
            Kind::Scalar(scalar) => match self.value(node, "`trust`") {
                Some(why) => why,
                None => return Some(scalar.text.clone()),
            },
            _ => self.value(node, "`trust`")?,
        };
        let says = why.value.chars().any(char::is_alphabetic);
        if !says || matches!(why.value.as_str(), "true" | "false") {
            self.error(
                &models::UNTRUSTED,
                why.span,
                "`trust` gives no reason",
                "say why the words may be used: `trust: \"a summary for the desk\"`; without `trust` they may not",
            );
        }
        Some(why)
    }

    fn ask_output(&mut self, node: &Node) -> Option<AskOutput> {
        match &node.kind {
            Kind::Map(_) => {}
            Kind::Scalar(word) if word.text.value == "text" => return Some(AskOutput::Text),
            Kind::Scalar(word) if !word.is_null() => {
                let message = format!("`output` cannot be `{}`", word.text.value);
                self.error(&shape::WORD, word.text.span, message, OUTPUTS);
                return None;
            }
            Kind::List(_) => {
                let message = "`output` is a list, which form does the answer have?";
                self.error(&shape::TYPE, node.span, message, OUTPUTS);
                return None;
            }
            _ => return self.wrong_type(node, "`output`", "a form"),
        }
        if let Kind::Map(map) = &node.kind
            && map.entries.iter().any(|e| e.key.text.value == "properties")
        {
            let message = "the form of an answer is no JSON schema here";
            let help = "name the fields with their types: `output: { record: { city: text, count: { type: int, min: 1 } } }`";
            self.error(&shape::TYPE, node.span, message, help);
            return None;
        }
        let mut f = self.fields::<OutputFields>(node, "`output`")?;
        let both = f.any_of(&["choice"]).is_some() && f.any_of(&["record"]).is_some();
        let choice = f.get("choice").map(|node| self.ask_options(node));
        let record = f.get("record").map(|node| self.ask_fields(node));
        let span = f.span;
        let none = !f.any_written();
        f.finish();
        if both || none {
            self.error(
                &shape::EXCLUSIVE,
                span,
                if both {
                    "`choice` and `record` exclude each other"
                } else {
                    "`output` says nothing"
                },
                OUTPUTS,
            );
            return None;
        }
        match (choice, record) {
            (Some(options), _) => {
                let options = options?;
                if options.len() < 2 {
                    self.error(
                        &models::OUTPUT,
                        span,
                        "there is nothing to choose between",
                        "a choice has at least two options, one of them for what is none of the others",
                    );
                    return None;
                }
                Some(AskOutput::Choice(options))
            }
            (None, Some(fields)) => {
                let fields = fields?;
                if fields.is_empty() {
                    self.error(
                        &models::OUTPUT,
                        span,
                        "the record has no fields",
                        "name at least one: `record: { city: text }`",
                    );
                    return None;
                }
                Some(AskOutput::Record(fields))
            }
            (None, None) => None,
        }
    }

    fn ask_options(&mut self, node: &Node) -> Option<Vec<AskOption>> {
        let faults = self.faults();
        let options = self.each(Some(node), "`choice`", false, |cx, item| {
            if let Kind::Map(_) = &item.kind {
                let mut f = cx.fields::<OptionFields>(item, "this option")?;
                let value = cx.value(f.get("value"), "`value`");
                let about = cx.value(f.get("about"), "`about`");
                let text = cx.text(f.get("text"), "`text`");
                let span = f.span;
                f.finish();
                let value = value?;
                return Some(AskOption {
                    span,
                    text: text.unwrap_or_else(|| literal(&value)),
                    about,
                    value,
                });
            }
            let value = cx.value(Some(item), "an option")?;
            Some(AskOption {
                span: item.span,
                text: literal(&value),
                about: None,
                value,
            })
        });
        (self.faults() == faults).then_some(options)
    }

    fn ask_fields(&mut self, node: &Node) -> Option<Vec<AskField>> {
        if let Kind::List(_) = &node.kind {
            let message = "`record` is a list, and each of its fields has a type";
            let help = "write them with their types: `record: { city: text, count: int }`";
            self.error(&shape::TYPE, node.span, message, help);
            return None;
        }
        let map = self.map(node, "`record`")?;
        let faults = self.faults();
        let mut fields = Vec::new();
        for entry in &map.entries {
            let name = self.check_name(&entry.key.text, "the name of a field");
            let field = self.ask_field(name, &entry.value);
            fields.extend(field);
        }
        (self.faults() == faults).then_some(fields)
    }

    fn ask_field(&mut self, name: Option<Str>, node: &Node) -> Option<AskField> {
        let Kind::Map(_) = &node.kind else {
            let ty = self.type_of(Some(node), &FIELD_TYPES)?;
            let ty = self.ask_type(ty, false)?;
            return Some(AskField {
                name: name?,
                ty,
                optional: false,
                about: None,
                min: None,
                max: None,
                options: Vec::new(),
            });
        };
        if let Kind::Map(map) = &node.kind
            && map.entries.iter().any(|e| e.key.text.value == "record")
        {
            let message = "a record holds no record";
            let help =
                "name the inner fields beside the others: `record: { city: text, street: text }`";
            self.error(&models::FIELD, node.span, message, help);
            return None;
        }
        let mut f = self.fields::<FieldFields>(node, "this field")?;
        let ty = self.type_of(f.get("type"), &FIELD_TYPES);
        let optional = self.bool(f.get("optional"), "`optional`");
        let about = self.value(f.get("about"), "`about`");
        let min = self.value(f.get("min"), "`min`");
        let max = self.value(f.get("max"), "`max`");
        let options = f.get("options").map(|node| self.ask_options(node));
        let has_options = options.is_some();
        f.finish();
        let ty = self.ask_type(ty?, has_options)?;
        Some(AskField {
            name: name?,
            ty,
            optional: optional.is_some_and(|o| o.node),
            about,
            min,
            max,
            options: match options {
                Some(options) => options?,
                None => Vec::new(),
            },
        })
    }

    fn ask_type(&mut self, ty: Spanned<StepType>, options: bool) -> Option<Spanned<StepType>> {
        use StepType as S;
        let fits = matches!(
            ty.node,
            S::Text
                | S::Int
                | S::Decimal(_)
                | S::Bool
                | S::Date
                | S::Time
                | S::DateTime
                | S::Choice
        );
        if !fits {
            self.error(
                &models::FIELD,
                ty.span,
                "a model cannot answer with this",
                "its fields are `text`, `int`, `decimal(2)`, `bool`, `date`, `time`, `datetime` and `choice`; a phone number or an address is a `text`",
            );
            return None;
        }
        if (ty.node == S::Choice) != options {
            self.error(
                &models::FIELD,
                ty.span,
                if options {
                    "only a choice has `options`"
                } else {
                    "a choice has no `options`"
                },
                "write `{ type: choice, options: [one, other] }`",
            );
            return None;
        }
        Some(ty)
    }

    fn ask_fallback(
        &mut self,
        f: &mut Fields<'_>,
        output: Option<&AskOutput>,
    ) -> Option<AskFallback> {
        let node = f.get("fallback")?;
        if matches!(&node.kind, Kind::Scalar(scalar) if scalar.is_null()) {
            return Some(AskFallback::Null(node.span));
        }
        if let Kind::Map(map) = &node.kind
            && !map.truncated
        {
            let faults = self.faults();
            let mut fields = Vec::new();
            for entry in &map.entries {
                let name = &entry.key.text;
                let value = match &entry.value.kind {
                    Kind::Scalar(scalar) if is_truth(scalar) => {
                        Some(FallbackField::Value(AskValue::Literal(scalar.text.clone())))
                    }
                    Kind::Scalar(scalar) if scalar.absent => {
                        self.error(
                            &shape::TYPE,
                            name.span,
                            format!("`{}` has no value", name.value),
                            "write one after the colon, or `null` for a field that is `optional`",
                        );
                        None
                    }
                    Kind::Scalar(scalar) if scalar.is_null() => {
                        Some(FallbackField::Null(entry.value.span))
                    }
                    // `yes` is what a truth value is called elsewhere.
                    _ if is_bool(output, &name.value) && !self.other_than_bool(&entry.value) => {
                        let what = format!("`{}`", name.value);
                        let value = self.bool(Some(&entry.value), &what);
                        value.map(|value| {
                            FallbackField::Value(AskValue::Literal(Str {
                                value: value.node.to_string(),
                                ..name.clone()
                            }))
                        })
                    }
                    _ => self
                        .field(Some(&entry.value), &format!("`{}`", name.value))
                        .map(FallbackField::Value),
                };
                fields.extend(value.map(|value| (name.clone(), value)));
            }
            return (self.faults() == faults).then_some(AskFallback::Fields(node.span, fields));
        }
        if let Kind::List(_) = &node.kind {
            let message = "`fallback` is a list, and an answer is none";
            let help =
                "write a text, an option, the fields of a record, `{ city: \"\" }`, or `null`";
            self.error(&shape::TYPE, node.span, message, help);
            return None;
        }
        Some(AskFallback::Text(self.text(Some(node), "`fallback`")?))
    }
}

/// The record has this field, and it is a truth value.
fn is_bool(output: Option<&AskOutput>, name: &str) -> bool {
    let Some(AskOutput::Record(fields)) = output else {
        return false;
    };
    let mut named = fields.iter().filter(|f| f.name.value == name);
    named.any(|f| f.ty.node == StepType::Bool)
}

/// `true` or `false` as YAML has them.
pub fn is_truth(scalar: &Scalar) -> bool {
    scalar.style == Style::Plain && matches!(scalar.text.value.as_str(), "true" | "false")
}

/// A text that says a value.
fn literal(value: &Str) -> Text {
    Text {
        source: value.clone(),
        kind: TextKind::Template(vec![crate::syntax::ast::Piece::Literal {
            text: value.value.clone(),
            span: value.span,
            at: 0,
        }]),
    }
}
