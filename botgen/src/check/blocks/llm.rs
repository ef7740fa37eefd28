//! `action.llm.v1`: a question to the language model, and what comes of it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::fallback;
use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::text::{self, TextUse};
use crate::check::{expr, snake};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::models as codes;
use crate::ir::ActionKind;
use crate::ir::ask::{ANSWER, Ask, Field, Improve, Keep, Output, Record, RecordId, Task};
use crate::ir::text::{Piece, Slot, TextCall};
use crate::ir::types::{Base, Ty};
use crate::source::{Span, Spanned, Str};
use crate::syntax::ast::{self, AskFallback, AskField, AskOption, AskOutput, StepType};
use botfactory_lang::markup::{self, ParseMode};

/// Tokens of an answer.
const TOKENS: RangeInclusive<i64> = 1..=4096;
const DEFAULT_TOKENS: u32 = 200;
/// Seconds that an answer may take.
const TIMEOUT: RangeInclusive<i64> = 1..=120;
const DEFAULT_TIMEOUT: u32 = 30;
/// Longest text of a field that says no `max`.
const FIELD: i64 = 500;
/// Most fields of a record, and most options of a choice.
const MOST: usize = 30;

/// Checks the action. The result's type does not yet say that `when` may skip it.
pub fn check(check: &mut FlowCheck<'_>, scope: &Scope, ask: &ast::Ask) -> Option<ActionKind> {
    let words = |check: &mut FlowCheck<'_>, t: &ast::Text, usage: TextUse<'_>| {
        Some(text::text(&mut check.cx, scope, t, usage)?.call)
    };
    let asked = |check: &mut FlowCheck<'_>, t: &ast::Text, hint: &str, help: &str| {
        says(check, t, hint, help)?;
        words(check, t, told(hint))
    };
    let prompt = asked(
        check,
        &ask.prompt,
        "prompt",
        "say in your words what the model is to do",
    );
    let input = asked(
        check,
        &ask.input,
        "input",
        "name what the model looks at: `input: \"{{question}}\"`",
    );
    let optional = |check: &mut FlowCheck<'_>, t: &Option<ast::Text>, usage| match t {
        Some(t) => words(check, t, usage).map(Some),
        None => Some(None),
    };
    let context = optional(check, &ask.context, told("context"));
    let long = optional(check, &ask.on_long, said("long"));
    let late = optional(check, &ask.on_late, said("late"));
    if let Some(prompt) = &prompt {
        instructions(check, ask, prompt);
    }
    for text in [Some(&ask.input), ask.context.as_ref()]
        .into_iter()
        .flatten()
    {
        name_alone(check, scope, text);
    }
    never_said(check, ask);
    let output = output(check, ask);
    let task = task(check, ask);
    let max_tokens = bounded(
        check,
        ask.max_tokens.as_ref(),
        &TOKENS,
        DEFAULT_TOKENS,
        "`max_tokens` is 1 to 4096",
        "an answer of 200 tokens, the default, has about 100 to 150 words",
    );
    let timeout = bounded(
        check,
        ask.timeout.as_ref(),
        &TIMEOUT,
        DEFAULT_TIMEOUT,
        "`timeout` is one second to two minutes",
        "say `timeout: 30s`, the default, or another time: nobody waits for long",
    );
    let temperature = temperature(check, ask.temperature.as_ref());
    let output = output?;
    let fallback = fallback::check(check, scope, ask, &output);
    let ty = match &output {
        // What the fallback says may be longer than an answer.
        Output::Text => Base::Text {
            max: match &fallback {
                Some((_, most)) => most.map(|most| most.max(ANSWER as usize * 2)),
                None => Some(ANSWER as usize * 2),
            },
        },
        Output::Choice(id, _) => Base::Choice(*id),
        Output::Record(id) => Base::Record(*id),
    };
    let null = matches!(ask.fallback, AskFallback::Null(_));
    let mut result = check.variable(&ask.result_var.value, Ty::some(ty).with_null(null));
    if result.ident.is_empty() {
        result.ident = snake(&ask.result_var.value);
    }
    if matches!(output, Output::Text) {
        // An answer is never blank, nor is the fallback.
        check.cx.known.typed.insert(result.ident.clone(), 1);
    }
    let holds_text = match &output {
        Output::Text => true,
        Output::Choice(..) => false,
        Output::Record(id) => check.cx.records.get(id.0).is_some_and(|record| {
            record
                .fields
                .iter()
                .any(|f| matches!(f.ty.base, Base::Text { .. }))
        }),
    };
    if holds_text && ask.trust.is_none() {
        super::trust::doubt(check, &result.ident, &ask.result_var);
    }
    Some(ActionKind::Ask(Box::new(Ask {
        task: task?,
        prompt: prompt?,
        input: input?,
        context: context?,
        keep: ask.keep.as_ref().map_or(Keep::Start, |k| k.node),
        output,
        result,
        fallback: fallback?.0,
        max_tokens: max_tokens?,
        temperature: temperature?,
        timeout: timeout?,
        long: long?,
        late: late?,
    })))
}

/// What the model is given.
fn told(hint: &str) -> TextUse<'_> {
    TextUse::plain(Slot::Question, hint)
}

/// What the person is told meanwhile.
fn said(hint: &str) -> TextUse<'_> {
    TextUse::message(ParseMode::Html, hint)
}

/// A text of a question has words. `None`: it has none, which was reported.
fn says(check: &mut FlowCheck<'_>, text: &ast::Text, what: &str, help: &str) -> Option<()> {
    if !text.source.value.trim().is_empty() {
        return Some(());
    }
    check.cx.sink.report(
        Diagnostic::new(
            &codes::BOUNDS,
            text.source.span,
            format!("`{what}` is empty"),
        )
        .help(help),
    );
    None
}

/// A variable's name without braces is a word like others.
fn name_alone(check: &mut FlowCheck<'_>, scope: &Scope, text: &ast::Text) {
    let name = text.source.value.trim();
    let first = name.split('.').next().unwrap_or_default();
    if scope.get(first).is_none() && !expr::is_builtin(first) {
        return;
    }
    check.cx.sink.report(
        Diagnostic::new(
            &codes::NAME_ALONE,
            text.source.span,
            format!("the model gets the word `{name}` here, not what the variable holds"),
        )
        .help(format!("write `\"{{{{{name}}}}}\"` for its value")),
    );
}

/// Seconds after which `on_long` is said.
const LONG: i64 = 3;

/// Words that nobody can ever read.
fn never_said(check: &mut FlowCheck<'_>, ask: &ast::Ask) {
    let short = ask.timeout.as_ref().filter(|t| t.node <= LONG);
    if let (Some(long), Some(timeout)) = (&ask.on_long, short) {
        check.cx.sink.report(
            Diagnostic::new(
                &codes::IDLE,
                long.source.span,
                "`on_long` is never said: it comes after 3 seconds, and then there is an answer or the fallback",
            )
            .note(timeout.span, "the time that an answer may take")
            .help("leave `on_long` out, or give the model more time"),
        );
    }
    let dialogue = matches!(check.flow.kind, ast::FlowKind::Wizard(_));
    if let (Some(late), false) = (&ask.on_late, dialogue) {
        check.cx.sink.report(
            Diagnostic::new(
                &codes::IDLE,
                late.source.span,
                "`on_late` is never said: this flow has no dialogue that could be cancelled meanwhile",
            )
            .note(check.flow.block.span, "only wizards have one")
            .help("leave `on_late` out"),
        );
    }
}

/// What a person writes belongs into `input`: among the instructions it would be one of them.
fn instructions(check: &mut FlowCheck<'_>, ask: &ast::Ask, prompt: &TextCall) {
    let Some((name, whose)) = super::trust::instructs(check, prompt) else {
        return;
    };
    check.cx.sink.report(
        Diagnostic::new(
            &codes::PROMPT,
            last_named(&ask.prompt.source, &name),
            format!("`{name}` is {whose}, and stands among the instructions here"),
        )
        .help("put it into `input`: there it is data, and cannot tell the model what to do"),
    );
}

/// Where a text names a variable: the last time, for `{words=words}` names an argument first.
fn last_named(text: &Str, name: &str) -> Span {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let whole = text.value.match_indices(name).filter(|(at, _)| {
        let before = text.value[..*at].chars().next_back().is_some_and(part);
        let after = text.value[at + name.len()..]
            .chars()
            .next()
            .is_some_and(part);
        !before && !after
    });
    match whole.last() {
        Some((at, _)) => text.span_of(at..at + name.len()),
        None => text.span,
    }
}

fn bounded(
    check: &mut FlowCheck<'_>,
    written: Option<&Spanned<i64>>,
    range: &RangeInclusive<i64>,
    default: u32,
    message: &str,
    help: &str,
) -> Option<u32> {
    let Some(written) = written else {
        return Some(default);
    };
    if range.contains(&written.node) {
        return u32::try_from(written.node).ok();
    }
    let sink = &mut check.cx.sink;
    sink.report(Diagnostic::new(&codes::BOUNDS, written.span, message).help(help));
    None
}

fn temperature(check: &mut FlowCheck<'_>, written: Option<&Str>) -> Option<u8> {
    let Some(written) = written else {
        return Some(0);
    };
    let value = written.value.parse::<f64>().ok();
    if let Some(value) = value.filter(|v| (0.0..=2.0).contains(v)) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 200
        return Some((value * 100.0).round() as u8);
    }
    check.cx.sink.report(
        Diagnostic::new(&codes::BOUNDS, written.span, "`temperature` is 0 to 2")
            .help("0, the default, gives the likeliest answer; 0.7 gives others now and then"),
    );
    None
}

/// What is written, or what goes with the answer's form.
fn task(check: &mut FlowCheck<'_>, ask: &ast::Ask) -> Option<Task> {
    let Some(written) = &ask.task else {
        return Some(match (&ask.output, &ask.context) {
            (AskOutput::Choice(_), _) => Task::Classify,
            (AskOutput::Record(_), _) => Task::Extract,
            (AskOutput::Text, Some(_)) => Task::Answer,
            (AskOutput::Text, None) => Task::Plain,
        });
    };
    let (fits, needs) = match written.node {
        Task::Plain => (true, ""),
        Task::Classify => (
            matches!(ask.output, AskOutput::Choice(_)),
            "a `choice`: `output: { choice: [refund, other] }`",
        ),
        Task::Validate => (
            matches!(ask.output, AskOutput::Choice(_)),
            "a `choice`: `output: { choice: [good, bad] }`",
        ),
        Task::Extract => (
            matches!(ask.output, AskOutput::Record(_)),
            "a `record`: `output: { record: { city: text } }`",
        ),
        Task::Answer => (
            matches!(ask.output, AskOutput::Text) && ask.context.is_some(),
            "a text as its output, and a `context` to answer from",
        ),
    };
    if fits {
        return Some(written.node);
    }
    check.cx.sink.report(
        Diagnostic::new(
            &codes::TASK,
            written.span,
            "this task does not go with its answer",
        )
        .help(format!(
            "it needs {needs}; without `task` the answer's form decides"
        )),
    );
    None
}

fn output(check: &mut FlowCheck<'_>, ask: &ast::Ask) -> Option<Output> {
    match &ask.output {
        AskOutput::Text => Some(Output::Text),
        AskOutput::Choice(options) => {
            few(check, options.len(), ask.span, "options")?;
            let id = check.names.choice_of(&ask.result_var.value)?;
            Some(Output::Choice(id, abouts(options)))
        }
        AskOutput::Record(fields) => {
            few(check, fields.len(), ask.span, "fields")?;
            record(check, ask, fields).map(Output::Record)
        }
    }
}

fn few(check: &mut FlowCheck<'_>, count: usize, span: Span, what: &str) -> Option<()> {
    if count <= MOST {
        return Some(());
    }
    check.cx.sink.report(
        Diagnostic::new(
            &codes::BOUNDS,
            span,
            format!("the answer has {count} {what}, more than {MOST}"),
        )
        .help("ask twice: first what it is about, then what of that"),
    );
    None
}

fn abouts(options: &[AskOption]) -> Vec<String> {
    let about = |o: &AskOption| o.about.as_ref().map_or(String::new(), |a| a.value.clone());
    options.iter().map(about).collect()
}

fn record(check: &mut FlowCheck<'_>, ask: &ast::Ask, written: &[AskField]) -> Option<RecordId> {
    let mut fields = Some(Vec::new());
    let mut idents = BTreeSet::new();
    for field in written {
        let done = self::field(check, ask, field, &mut idents);
        match (done, &mut fields) {
            (Some(done), Some(fields)) => fields.push(done),
            _ => fields = None,
        }
    }
    let name = check.type_name(&format!("{} record", ask.result_var.value));
    let origin = check.origin(ask.span);
    check.cx.records.push(Record {
        name,
        origin,
        fields: fields?,
    });
    Some(RecordId(check.cx.records.len() - 1))
}

fn field(
    check: &mut FlowCheck<'_>,
    ask: &ast::Ask,
    field: &AskField,
    idents: &mut BTreeSet<String>,
) -> Option<Field> {
    let mut ident = snake(&field.name.value);
    while !idents.insert(ident.clone()) {
        ident.push('_');
    }
    let number = |check: &mut FlowCheck<'_>, written: &Option<Str>| match written {
        None => Some(None),
        Some(text) => match text.value.parse::<i64>() {
            Ok(n) => Some(Some((n, text.span))),
            Err(_) => {
                check.cx.sink.report(
                    Diagnostic::new(&codes::FIELD, text.span, "this bound is no whole number")
                        .help("bounds of a field are known at build time: write `min: 1, max: 20`"),
                );
                None
            }
        },
    };
    let (min, max) = (number(check, &field.min), number(check, &field.max));
    let (min, max) = (min?, max?);
    let bound_span = min.or(max).map(|(_, span)| span);
    let (min, max) = (min.map(|m| m.0), max.map(|m| m.0));
    let mut bounds = (i64::MIN, i64::MAX);
    let base = match field.ty.node {
        StepType::Text => {
            let max = max.unwrap_or(FIELD);
            if min.is_some() || !(1..=i64::from(ANSWER)).contains(&max) {
                let span = bound_span.unwrap_or(field.ty.span);
                check.cx.sink.report(
                    Diagnostic::new(
                        &codes::FIELD,
                        span,
                        "a text of the model has a `max` of 1 to 2000 characters, and no `min`",
                    )
                    .help("say `{ type: text, max: 200 }`"),
                );
                return None;
            }
            bounds.1 = max;
            Base::Text {
                max: usize::try_from(max).ok(),
            }
        }
        StepType::Int => {
            bounds = (min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX));
            if bounds.0 > bounds.1 {
                let span = bound_span.unwrap_or(field.ty.span);
                check.cx.sink.report(
                    Diagnostic::new(
                        &codes::FIELD,
                        span,
                        "no number is at least `min` and at most `max`",
                    )
                    .help("the smaller one is `min`"),
                );
                return None;
            }
            Base::Int
        }
        _ if let Some(span) = bound_span => {
            check.cx.sink.report(
                Diagnostic::new(
                    &codes::FIELD,
                    span,
                    "only an int has bounds here, and a text a `max`",
                )
                .help("remove the bound, and test the value afterwards: `when: order.price > 100`"),
            );
            return None;
        }
        StepType::Decimal(scale) => Base::Decimal(scale),
        StepType::Bool => Base::Bool,
        StepType::Date => Base::Date,
        StepType::Time => Base::Time,
        StepType::DateTime => Base::DateTime,
        StepType::Choice => {
            if field.options.len() < 2 {
                check.cx.sink.report(
                    Diagnostic::new(
                        &codes::OUTPUT,
                        field.ty.span,
                        "there is nothing to choose between",
                    )
                    .help("a choice has at least two options"),
                );
                return None;
            }
            few(check, field.options.len(), field.ty.span, "options")?;
            let name = format!("{}.{}", ask.result_var.value, field.name.value);
            Base::Choice(check.names.choice_of(&name)?)
        }
        _ => return None, // reported by the decoder
    };
    Some(Field {
        name: field.name.value.clone(),
        ident,
        ty: Ty::some(base).with_null(field.optional),
        about: field
            .about
            .as_ref()
            .map_or(String::new(), |a| a.value.clone()),
        bounds,
        options: abouts(&field.options),
    })
}

/// `llm_improve` and what goes with it. `text`: what is rewritten; `None`: it has mistakes.
pub fn improve(
    check: &mut FlowCheck<'_>,
    reply: &ast::Reply,
    text: Option<&text::Checked>,
    mode: ParseMode,
) -> Option<Option<Improve>> {
    let Some(written) = &reply.improve else {
        return Some(None);
    };
    let elsewhere = reply.to.is_some().then_some("it goes to others");
    let why = elsewhere.or(reply
        .edit
        .as_ref()
        .filter(|e| e.node)
        .map(|_| "it replaces the message of a button, which nobody waits for so long"));
    let why = why.or(check.timed.then_some("no person waits for it"));
    if let Some(why) = why {
        check.cx.sink.report(
            Diagnostic::new(
                &codes::IMPROVE_PLACE,
                written.span,
                format!("this reply cannot be rewritten: {why}"),
            )
            .help("leave `llm_improve` out: the words are sent as they are written"),
        );
        return None;
    }
    let max_tokens = match &written.max_tokens {
        None => None,
        written => Some(bounded(
            check,
            written.as_ref(),
            &TOKENS,
            0,
            "`max_tokens` is 1 to 4096",
            "the styles have bounds of 100, 200 and 300",
        )?),
    };
    if let Some((why, help)) = text.and_then(|text| never_rewritten(check, text, mode)) {
        check.cx.sink.report(
            Diagnostic::new(
                &codes::IDLE,
                written.span,
                format!("this text is never rewritten: it has {why}"),
            )
            .note(reply.text.source.span, "the text")
            .help(help),
        );
    }
    Some(Some(Improve {
        compare: written.compare,
        style: written.style.as_ref().map_or("neutral", |s| s.node),
        max_tokens,
    }))
}

/// Characters of a text that the model rewrites.
const REWRITTEN: RangeInclusive<usize> = 10..=500;

/// Why the model gets a text in no locale, and what to do.
fn never_rewritten(
    check: &FlowCheck<'_>,
    text: &text::Checked,
    mode: ParseMode,
) -> Option<(String, &'static str)> {
    let written = check.cx.texts.get(text.call.id.0);
    let written = written.map_or(&[][..], |text| &text.pieces);
    let opens = |piece: &Piece| match (piece, mode) {
        (Piece::Literal(words), ParseMode::Html) => {
            words.contains("<a ") || words.contains("tg-spoiler")
        }
        (Piece::Literal(words), ParseMode::MarkdownV2) => {
            words.contains("](") || words.contains("||")
        }
        _ => false,
    };
    let fixed: Option<Vec<&str>> = text.fixed.iter().map(Option::as_deref).collect();
    let fixed = fixed.unwrap_or_default();
    let everywhere = !fixed.is_empty() && fixed.iter().all(|words| markup::says_more(mode, words));
    if everywhere || written.iter().any(opens) {
        let why = "a link or hidden words, which other words would not have".to_owned();
        return Some((
            why,
            "put the link on a button (`url:`), or leave `llm_improve` out",
        ));
    }
    let long = fixed.iter().map(|words| {
        let words = markup::plain_text(mode, words);
        words.trim().chars().count()
    });
    let (least, most) = (long.clone().min()?, long.clone().max()?);
    if long.clone().any(|long| REWRITTEN.contains(&long)) {
        return None;
    }
    let why = match least == most {
        true => format!("{least} characters"),
        false => format!("{least} to {most} characters"),
    };
    Some((
        why,
        "the model gets texts of 10 to 500 characters: leave `llm_improve` out",
    ))
}
