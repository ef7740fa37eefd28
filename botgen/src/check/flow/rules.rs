//! How answers and arguments are read: bounds, patterns, options.

use super::FlowCheck;
use super::regexes;
use crate::check::expr;
use crate::check::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{graph, limits};
use crate::ir::expr::{Builtin, Expr, ExprKind, Operator};
use crate::ir::types::Ty;
use crate::ir::{Arg, Rule};
use crate::resolve::{type_is_given, type_name};
use crate::source::{Span, Spanned, Str};
use crate::syntax::ast::{self, Field, StepType};
use botfactory_lang::limits::{ANSWER_TEXT, MESSAGE_TEXT};

/// What a step or an argument says about its values.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The variable.
    pub name: &'a Str,
    /// Its type.
    pub ty: &'a Spanned<StepType>,
    /// `min:`.
    pub min: Option<&'a Field>,
    /// `max:`.
    pub max: Option<&'a Field>,
    /// `validate:`.
    pub validate: Option<&'a ast::Validate>,
}

impl<'a> Given<'a> {
    /// Of an argument.
    pub fn arg(arg: &'a ast::ArgDecl) -> Self {
        Self {
            name: &arg.name,
            ty: &arg.ty,
            min: arg.min.as_ref(),
            max: arg.max.as_ref(),
            validate: None,
        }
    }
    /// Of a step.
    pub fn step(step: &'a ast::Step) -> Self {
        Self {
            name: &step.var,
            ty: &step.ty,
            min: step.min.as_ref(),
            max: step.max.as_ref(),
            validate: step.validate.as_ref(),
        }
    }
    /// Least and greatest length of a text, as far as it can be read; nothing is reported.
    pub fn lengths(&self) -> (usize, usize) {
        let read = |field: Option<&Field>| match field? {
            Field::Literal(s) => s.value.parse::<usize>().ok(),
            Field::Expr(_) => None,
        };
        let max = read(self.max).unwrap_or(ANSWER_TEXT).min(MESSAGE_TEXT);
        (read(self.min).unwrap_or(1).max(1), max)
    }
    /// Least and greatest whole number, as far as they can be read; nothing is reported.
    fn numbers(&self) -> (i64, i64) {
        let read = |field: Option<&Field>| match field? {
            Field::Literal(s) => s.value.parse::<i64>().ok(),
            Field::Expr(_) => None,
        };
        (
            read(self.min).unwrap_or(i64::MIN),
            read(self.max).unwrap_or(i64::MAX),
        )
    }
    /// The type of its values.
    pub fn ty(&self, check: &FlowCheck<'_>) -> Ty {
        let (_, max) = self.lengths();
        Ty::some(check.base(&self.name.value, self.ty.node, Some(max)))
    }
}

fn span_of(field: &Field) -> Span {
    field.span()
}

impl FlowCheck<'_> {
    /// What steps and arguments say about their values beyond the types. A variable that is both has both bounds.
    pub fn known_answers(&mut self) {
        let steps = match &self.flow.kind {
            ast::FlowKind::Wizard(wizard) => wizard.steps.as_slice(),
            _ => &[],
        };
        let args = self.flow.args.iter().map(Given::arg);
        for given in args.chain(steps.iter().map(Given::step)) {
            let ident = self.ident_of(&given.name.value).to_owned();
            match given.ty.node {
                StepType::Int => {
                    let (least, greatest) = given.numbers();
                    let known = self
                        .cx
                        .known
                        .ranges
                        .entry(ident)
                        .or_insert((least, greatest));
                    *known = (known.0.min(least), known.1.max(greatest));
                }
                StepType::Text | StepType::Phone | StepType::Email => {
                    let least = match given.ty.node {
                        StepType::Text => given.lengths().0,
                        _ => 1,
                    };
                    let known = self.cx.known.typed.entry(ident).or_insert(least);
                    *known = (*known).min(least);
                }
                _ => {}
            }
        }
    }

    /// The flow's arguments; learns their types. `None`: something is wrong and was reported.
    pub fn args(&mut self) -> Option<Vec<Arg>> {
        let (flow, names) = (self.flow, self.names);
        let mut done = Some(Vec::new());
        for (decl, arg) in flow.args.iter().zip(&names.args) {
            let given = Given::arg(decl);
            let ty = given.ty(self);
            self.learn(&arg.name, Some(ty.clone()));
            let rule = self.rule(&Scope::default(), given);
            let origin = self.origin(decl.name.span);
            match (rule, &mut done) {
                (Some(rule), Some(done)) => done.push(Arg {
                    var: self.variable(&arg.name, ty.with_null(arg.optional)),
                    rule,
                    optional: arg.optional,
                    origin,
                }),
                _ => done = None,
            }
        }
        done
    }

    /// How a value is read.
    pub fn rule(&mut self, scope: &Scope, given: Given<'_>) -> Option<Rule> {
        let errors = self.cx.sink.errors();
        let is_text = given.ty.node == StepType::Text;
        let lengths = is_text.then(|| self.text_bounds(given)).flatten();
        let pattern = self.pattern(given, lengths);
        let (min, max) = self.bounds(scope, given);
        if self.cx.sink.errors() > errors {
            return None;
        }
        let pattern = pattern?;
        Some(match given.ty.node {
            StepType::Text => {
                let (min, max) = lengths?;
                Rule::Text { min, max, pattern }
            }
            StepType::Int => Rule::Int { min, max, pattern },
            StepType::Decimal(scale) => Rule::Decimal {
                scale,
                min,
                max,
                pattern,
            },
            StepType::Bool => Rule::Bool { pattern },
            StepType::Date => Rule::Date { min, max, pattern },
            StepType::Time => Rule::Time { min, max, pattern },
            StepType::DateTime => Rule::DateTime { min, max, pattern },
            StepType::Choice => Rule::Choice {
                choice: self.names.choice_of(&given.name.value)?,
            },
            StepType::Choices | StepType::Column => return None, // only widgets have it, and rules of their own
            StepType::Phone => Rule::Phone { pattern },
            StepType::Email => Rule::Email { pattern },
            StepType::Contact => Rule::Contact,
            StepType::Location => Rule::Location,
            StepType::Photo => Rule::Photo,
            StepType::File => Rule::File,
        })
    }

    /// Least and greatest length of a text.
    fn text_bounds(&mut self, given: Given<'_>) -> Option<(usize, usize)> {
        let mut fine = true;
        for (field, name) in [(given.min, "min"), (given.max, "max")] {
            let Some(field) = field else { continue };
            let number = match field {
                Field::Literal(s) => s.value.parse::<usize>().ok(),
                Field::Expr(_) => None,
            };
            if number.is_some_and(|n| (1..=MESSAGE_TEXT).contains(&n)) {
                continue;
            }
            fine = false;
            let message = match number {
                None => format!("`{name}` of a text is its length: a number"),
                Some(0) => format!("`{name}` is 0, but an answer is never empty"),
                Some(_) => format!("`{name}` is more than a message can hold"),
            };
            let help = match number {
                Some(0) => "say `optional: true` where the person may give no answer".to_owned(),
                _ => format!("a length is from 1 to {MESSAGE_TEXT}"),
            };
            self.cx
                .sink
                .report(Diagnostic::new(&limits::TEXT_BOUND, span_of(field), message).help(help));
        }
        let (min, max) = given.lengths();
        if fine && min > max {
            let at = given.min.or(given.max).map_or(given.name.span, span_of);
            self.empty_range(at, &min.to_string(), &max.to_string(), given.max.is_none());
            return None;
        }
        fine.then_some((min, max))
    }

    fn empty_range(&mut self, at: Span, min: &str, max: &str, default: bool) {
        let mut d = Diagnostic::new(
            &graph::EMPTY_RANGE,
            at,
            format!("no value is at least {min} and at most {max}"),
        );
        d = d.help(if default {
            format!("without `max` a text has at most {ANSWER_TEXT} characters; say `max`")
        } else {
            "exchange `min` and `max`".to_owned()
        });
        self.cx.sink.report(d);
    }

    /// What a widget's step says of its answer's form: nothing but what is said when it is refused. `None`: reported.
    pub fn widget_validate(&mut self, step: &ast::Step) -> Option<()> {
        let Some(validate) = &step.validate else {
            return Some(());
        };
        if let Some(regex) = &validate.regex {
            let block = step.widget.as_ref().map_or(step.span, |w| w.span);
            self.cx.sink.report(
                Diagnostic::new(
                    &graph::REGEX_UNREAD,
                    regex.span,
                    "the answer of a widget is not read by a regex",
                )
                .note(block, "the widget")
                .help("remove `regex`; `msg` stays possible"),
            );
            return None;
        }
        self.pattern(Given::step(step), None).map(|_| ())
    }

    /// The outer `None`: reported.
    #[allow(clippy::option_option)]
    fn pattern(
        &mut self,
        given: Given<'_>,
        lengths: Option<(usize, usize)>,
    ) -> Option<Option<String>> {
        let Some(validate) = given.validate else {
            return Some(None);
        };
        let Some(regex) = &validate.regex else {
            if validate.msg.is_none() && !self.flow.incomplete {
                self.cx.sink.report(
                    Diagnostic::new(
                        &graph::VALIDATE_EMPTY,
                        validate.span,
                        "`validate` has neither `regex` nor `msg`",
                    )
                    .help("say what to check or what to answer, or remove it"),
                );
                return None;
            }
            return Some(None);
        };
        let ty = given.ty.node;
        if type_is_given(ty) || ty == StepType::Choice {
            self.cx.sink.report(
                Diagnostic::new(
                    &graph::REGEX_UNREAD,
                    regex.span,
                    format!("the answer of a {} is not read by a regex", type_name(ty)),
                )
                .note(given.ty.span, "its type")
                .help("remove `regex`; `msg` stays possible"),
            );
            return None;
        }
        let pattern = regexes::pattern(regex, lengths, self.cx.sink)?;
        let fine = regexes::answerable(regex, ty, self.cx.sink)
            && (ty != StepType::Bool || self.yes_or_no(regex, &pattern));
        fine.then_some(Some(pattern))
    }

    /// Whether some word for yes or no matches, in some spelling.
    fn yes_or_no(&mut self, regex: &Str, pattern: &str) -> bool {
        let Ok(compiled) = regex::Regex::new(pattern) else {
            return true;
        };
        let mut words: Vec<String> = ["yes", "true", "1", "+", "no", "false", "0", "-", "−"]
            .map(str::to_owned)
            .into();
        for locale in &self.cx.bot.words.locales {
            for id in ["bf-yes", "bf-no"] {
                match locale.words_of_runtime(id) {
                    Some(own) => words.push(own),
                    None => return true,
                }
            }
        }
        let title = |w: &str| {
            let mut chars = w.chars();
            let first = chars.next().map(char::to_uppercase);
            first.into_iter().flatten().chain(chars).collect::<String>()
        };
        let spellings = words.iter().flat_map(|w| {
            [
                w.clone(),
                w.to_lowercase(),
                w.to_uppercase(),
                title(&w.to_lowercase()),
            ]
        });
        if spellings.into_iter().any(|w| compiled.is_match(&w)) {
            return true;
        }
        self.cx.sink.report(
            Diagnostic::new(&graph::REGEX_NEVER, regex.span, "no yes and no no matches the regex, so every typed answer is refused")
                .help("the answers are the words for yes and no, `yes`, `no`, `true`, `false`, `1`, `0`, `+` and `-`: remove the regex"),
        );
        false
    }

    /// The least and the greatest value of a type that has an order.
    pub fn bounds(&mut self, scope: &Scope, given: Given<'_>) -> (Option<Expr>, Option<Expr>) {
        let ordered = matches!(
            given.ty.node,
            StepType::Int
                | StepType::Decimal(_)
                | StepType::Date
                | StepType::Time
                | StepType::DateTime
        );
        // A text's were read as lengths; other types have none (reported with the shape).
        if !ordered {
            return (None, None);
        }
        let ty = given.ty(self);
        let mut read = |field: Option<&Field>| expr::field(&mut self.cx, scope, field?, &ty);
        let (min, max) = (read(given.min), read(given.max));
        if let (Some(least), Some(greatest)) = (&min, &max)
            && less(greatest, least)
        {
            let at = given.min.map_or(given.name.span, span_of);
            let source = self.cx.bot.sources;
            let text = |f: Option<&Field>| match f {
                Some(Field::Literal(s)) => s.value.clone(),
                Some(Field::Expr(e)) => {
                    let words = source
                        .file(e.span.file)
                        .text
                        .get(e.span.lo as usize..e.span.hi as usize);
                    format!("`{}`", words.unwrap_or_default())
                }
                None => String::new(),
            };
            self.empty_range(at, &text(given.min), &text(given.max), false);
        }
        (min, max)
    }
}

/// A moment as seconds from a built-in: `today + 7d`.
pub fn offset(e: &Expr) -> Option<(Builtin, i64)> {
    match &e.kind {
        ExprKind::Builtin(from @ (Builtin::Now | Builtin::Today)) => Some((*from, 0)),
        ExprKind::Widen(inner) => offset(inner),
        ExprKind::Arithmetic(operator, from, by) => {
            let (from, seconds) = offset(from)?;
            let ExprKind::Duration(by) = by.kind else {
                return None;
            };
            let seconds = match operator {
                Operator::Add => seconds.checked_add(by)?,
                Operator::Sub => seconds.checked_sub(by)?,
                _ => return None,
            };
            Some((from, seconds))
        }
        _ => None,
    }
}

/// Whether `a` is known to be less than `b`.
fn less(a: &Expr, b: &Expr) -> bool {
    if let (Some((x, a)), Some((y, b))) = (offset(a), offset(b))
        && x == y
    {
        return a < b;
    }
    match (&a.kind, &b.kind) {
        (ExprKind::Int(a), ExprKind::Int(b)) => a < b,
        (ExprKind::Decimal { units: a, scale: x }, ExprKind::Decimal { units: b, scale: y })
            if x == y =>
        {
            a < b
        }
        (ExprKind::Widen(a), ExprKind::Widen(b)) => less(a, b),
        // In SQL form the order of the texts is the order of the moments.
        (ExprKind::DateLit(a), ExprKind::DateLit(b))
        | (ExprKind::TimeLit(a), ExprKind::TimeLit(b))
        | (ExprKind::InstantLit(a), ExprKind::InstantLit(b)) => a < b,
        _ => false,
    }
}
