//! What conditions show about values: intervals of numbers, sets of words, nullness. It tells which conditions can
//! never hold at their place, and which always do. Facts about two values together are not kept.

use std::collections::{BTreeMap, BTreeSet};

use super::FlowCx;
use super::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::graph as codes;
use crate::ir::Choice;
use crate::ir::expr::{Comparison, Expr, ExprKind};
use crate::ir::types::Base;
use crate::source::Span;
use crate::syntax::ast;

/// Digits after the point that numbers are compared with: more than any decimal has.
const SCALE: u32 = 18;
/// One.
const ONE: i128 = 10_i128.pow(SCALE);

/// What is known about one value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fact {
    null: Option<bool>,
    truth: Option<bool>,
    empty: Option<bool>,
    least: i128,
    most: i128,
    /// Numbers that it is not.
    holes: BTreeSet<i128>,
    /// One of these.
    one_of: Option<BTreeSet<String>>,
    /// None of these.
    none_of: BTreeSet<String>,
    /// Where it was last shown.
    from: Option<Span>,
}

impl Default for Fact {
    fn default() -> Self {
        Self {
            null: None,
            truth: None,
            empty: None,
            least: i128::MIN,
            most: i128::MAX,
            holes: BTreeSet::new(),
            one_of: None,
            none_of: BTreeSet::new(),
            from: None,
        }
    }
}

impl Fact {
    /// Some value has all of it.
    fn possible(&self) -> bool {
        let words = self
            .one_of
            .as_ref()
            .is_none_or(|set| !set.is_subset(&self.none_of));
        let numbers = self.least < self.most
            || (self.least == self.most && !self.holes.contains(&self.least));
        numbers && words
    }

    /// Holes at the ends move them, where numbers have neighbours.
    fn shrink(&mut self, step: i128) {
        while step > 0 && self.least < self.most && self.holes.contains(&self.least) {
            self.least += step;
        }
        while step > 0 && self.least < self.most && self.holes.contains(&self.most) {
            self.most -= step;
        }
    }

    /// What both say.
    fn or(&self, other: &Self) -> Self {
        let same = |a: Option<bool>, b: Option<bool>| a.filter(|_| a == b);
        Self {
            null: same(self.null, other.null),
            truth: same(self.truth, other.truth),
            empty: same(self.empty, other.empty),
            least: self.least.min(other.least),
            most: self.most.max(other.most),
            holes: &self.holes & &other.holes,
            one_of: self
                .one_of
                .as_ref()
                .zip(other.one_of.as_ref())
                .map(|(a, b)| a | b),
            none_of: &self.none_of & &other.none_of,
            from: self.from.or(other.from),
        }
    }
}

/// What is known at a place, by the value's path in generated code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, Fact>);

impl Facts {
    /// The bounds of an int variable.
    pub fn bound(&mut self, ident: &str, min: Option<i64>, max: Option<i64>, from: Span) {
        let fact = self.0.entry(ident.to_owned()).or_default();
        fact.least = min.map_or(i128::MIN, |n| i128::from(n) * ONE);
        fact.most = max.map_or(i128::MAX, |n| i128::from(n) * ONE);
        fact.from = Some(from);
    }

    /// The variable is written.
    pub fn forget(&mut self, ident: &str) {
        self.0.retain(|path, _| {
            path.strip_prefix(ident)
                .is_none_or(|rest| !rest.is_empty() && !rest.starts_with(['.', '#']))
        });
    }

    fn join(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        let (Some(a), Some(b)) = (&a, &b) else {
            return a.or(b);
        };
        let both = a.0.iter().filter_map(|(path, fact)| {
            let other = b.0.get(path)?;
            Some((path.clone(), fact.or(other)))
        });
        Some(Self(both.collect()))
    }
}

/// A condition being looked at.
struct Test<'t> {
    choices: &'t [Choice],
    span: Span,
    /// The author wrote `true` or `false`; else such a constant stands for a test that was reported.
    literal: bool,
}

impl Test<'_> {
    /// What is known when `e` has turned out `truth`; `None`: it cannot.
    fn refine(&self, facts: &Facts, e: &Expr, truth: bool) -> Option<Facts> {
        match &e.kind {
            ExprKind::Bool(b) if self.literal => (*b == truth).then(|| facts.clone()),
            ExprKind::Not(inner) => self.refine(facts, inner, !truth),
            ExprKind::And(a, b) if truth => self.refine(&self.refine(facts, a, true)?, b, true),
            ExprKind::Or(a, b) if !truth => self.refine(&self.refine(facts, a, false)?, b, false),
            // `and` gave false, `or` gave true: by its first side, or else by its second.
            ExprKind::And(a, b) | ExprKind::Or(a, b) => {
                let first = self.refine(facts, a, truth);
                let second = self.refine(facts, a, !truth);
                let second = second.and_then(|known| self.refine(&known, b, truth));
                Facts::join(first, second)
            }
            ExprKind::IsNull { value, negated } => {
                let null = truth != *negated;
                self.set(facts, value, |f| {
                    f.null.replace(null).is_none_or(|was| was == null)
                })
            }
            ExprKind::IsEmpty { value, negated } => {
                let empty = truth != *negated;
                self.set(facts, value, |f| {
                    f.empty.replace(empty).is_none_or(|was| was == empty)
                })
            }
            ExprKind::Compare(op, a, b) => self.compare(facts, *op, a, b, truth),
            ExprKind::In {
                value,
                list,
                negated,
            } => self.contained(facts, value, list, truth != *negated),
            ExprKind::Var { .. } | ExprKind::Field { .. } if !e.ty.nullable => {
                self.set(facts, e, |f| {
                    f.truth.replace(truth).is_none_or(|was| was == truth)
                })
            }
            _ => Some(facts.clone()),
        }
    }

    /// Adds to what is known about a value; `add` says whether that is possible.
    fn set(
        &self,
        facts: &Facts,
        value: &Expr,
        add: impl FnOnce(&mut Fact) -> bool,
    ) -> Option<Facts> {
        let Some(path) = path(value) else {
            return Some(facts.clone());
        };
        let mut facts = facts.clone();
        let known = facts.0.entry(path).or_insert_with(|| self.at_first(value));
        let fits = add(known) && known.possible();
        known.from = Some(self.span);
        fits.then_some(facts)
    }

    /// What a value's type says.
    fn at_first(&self, value: &Expr) -> Fact {
        let values = |c: &Choice| c.options.iter().map(|o| o.value.clone()).collect();
        let one_of = match base(value) {
            Base::Choice(id) => self.choices.get(id.0).map(values),
            _ => None,
        };
        Fact {
            one_of,
            ..Fact::default()
        }
    }

    fn compare(
        &self,
        facts: &Facts,
        op: Comparison,
        a: &Expr,
        b: &Expr,
        truth: bool,
    ) -> Option<Facts> {
        use Comparison as C;
        let op = match (op, truth) {
            (op, true) => op,
            (C::Eq, false) => C::Ne,
            (C::Ne, false) => C::Eq,
            (C::Lt, false) => C::Ge,
            (C::Le, false) => C::Gt,
            (C::Gt, false) => C::Le,
            (C::Ge, false) => C::Lt,
        };
        // A null is unlike everything, whatever is said about its value.
        if a.ty.nullable || b.ty.nullable {
            return Some(facts.clone());
        }
        if let (Some(x), Some(y)) = (path(a), path(b))
            && x == y
        {
            return matches!(op, C::Eq | C::Le | C::Ge).then(|| facts.clone());
        }
        if let (Some(x), Some(y)) = (number(a), number(b)) {
            let holds = match op {
                C::Eq => x == y,
                C::Ne => x != y,
                C::Lt => x < y,
                C::Le => x <= y,
                C::Gt => x > y,
                C::Ge => x >= y,
            };
            return holds.then(|| facts.clone());
        }
        if let (Some(x), Some(y)) = (self.word(a), self.word(b)) {
            return ((x == y) == (op == C::Eq)).then(|| facts.clone());
        }
        let turned = match op {
            C::Lt => C::Gt,
            C::Le => C::Ge,
            C::Gt => C::Lt,
            C::Ge => C::Le,
            same => same,
        };
        let (value, other, op) =
            if number(a).is_some() || self.word(a).is_some() || truth_of(a).is_some() {
                (b, a, turned)
            } else {
                (a, b, op)
            };
        if let Some(n) = number(other) {
            let step = step(value);
            return self.set(facts, value, |f| {
                match op {
                    C::Eq => (f.least, f.most) = (f.least.max(n), f.most.min(n)),
                    C::Lt => f.most = f.most.min(n - step),
                    C::Le => f.most = f.most.min(n),
                    C::Gt => f.least = f.least.max(n + step),
                    C::Ge => f.least = f.least.max(n),
                    C::Ne => {
                        f.holes.insert(n);
                    }
                }
                f.shrink(step);
                true
            });
        }
        if let Some(word) = self.word(other) {
            return self.words(facts, value, &[word].into(), op == C::Eq);
        }
        if let Some(b) = truth_of(other).filter(|_| self.literal) {
            let truth = b == (op == C::Eq);
            return self.set(facts, value, |f| {
                f.truth.replace(truth).is_none_or(|was| was == truth)
            });
        }
        Some(facts.clone())
    }

    fn contained(&self, facts: &Facts, value: &Expr, list: &Expr, inside: bool) -> Option<Facts> {
        let ExprKind::List(items) = &list.kind else {
            return Some(facts.clone());
        };
        if value.ty.nullable {
            return Some(facts.clone());
        }
        let words: Option<BTreeSet<String>> = items.iter().map(|i| self.word(i)).collect();
        if let Some(words) = words {
            if let Some(word) = self.word(value) {
                return (words.contains(&word) == inside).then(|| facts.clone());
            }
            return self.words(facts, value, &words, inside);
        }
        let numbers: Option<Vec<i128>> = items.iter().map(number).collect();
        let Some(numbers) = numbers.filter(|n| !n.is_empty()) else {
            return Some(facts.clone());
        };
        if let Some(n) = number(value) {
            return (numbers.contains(&n) == inside).then(|| facts.clone());
        }
        self.set(facts, value, |f| {
            let fit = numbers.iter().filter(|n| (f.least..=f.most).contains(n));
            if !inside {
                f.holes.extend(&numbers);
                f.shrink(step(value));
                return true;
            }
            let (least, most) = (fit.clone().min(), fit.max());
            let Some((least, most)) = least.zip(most) else {
                return false;
            };
            (f.least, f.most) = (*least, *most);
            true
        })
    }

    fn words(
        &self,
        facts: &Facts,
        value: &Expr,
        words: &BTreeSet<String>,
        inside: bool,
    ) -> Option<Facts> {
        self.set(facts, value, |f| {
            if inside {
                let known = f.one_of.take();
                f.one_of = Some(known.map_or_else(|| words.clone(), |known| &known & words));
            } else {
                f.none_of.extend(words.iter().cloned());
            }
            true
        })
    }

    /// A constant word: of a text, or a choice's value.
    fn word(&self, e: &Expr) -> Option<String> {
        match &e.kind {
            ExprKind::Text(text) => Some(text.clone()),
            ExprKind::Option(id, at) => {
                let option = self.choices.get(id.0)?.options.get(*at)?;
                Some(option.value.clone())
            }
            ExprKind::ChoiceValue(inner) => self.word(inner),
            _ => None,
        }
    }
}

/// The name of a value that stays the same while the flow runs.
fn path(e: &Expr) -> Option<String> {
    match &e.kind {
        ExprKind::Var { ident, .. } => Some(ident.clone()),
        ExprKind::Field { of, ident, .. } => Some(format!("{}.{ident}", path(of)?)),
        ExprKind::Builtin(builtin) => Some(format!("@{builtin:?}")),
        ExprKind::Count(list) => Some(format!("{}#", path(list)?)),
        ExprKind::ChoiceValue(inner) => path(inner),
        // A date is no number, but its moment is another value than itself.
        ExprKind::Widen(inner) if base(inner) != &Base::Date => path(inner),
        _ => None,
    }
}

/// The type under what only converts.
fn base(e: &Expr) -> &Base {
    match &e.kind {
        ExprKind::Widen(inner) | ExprKind::ChoiceValue(inner) => base(inner),
        _ => &e.ty.base,
    }
}

fn truth_of(e: &Expr) -> Option<bool> {
    match e.kind {
        ExprKind::Bool(b) => Some(b),
        _ => None,
    }
}

/// A constant number.
fn number(e: &Expr) -> Option<i128> {
    match &e.kind {
        ExprKind::Int(n) => Some(i128::from(*n) * ONE),
        ExprKind::Decimal { units, scale } => {
            let digits = SCALE.checked_sub(u32::from(*scale))?;
            i128::from(*units).checked_mul(10_i128.pow(digits))
        }
        ExprKind::Negate(inner) => number(inner)?.checked_neg(),
        ExprKind::Widen(inner) => number(inner),
        _ => None,
    }
}

/// How far a value's neighbours are.
fn step(e: &Expr) -> i128 {
    match base(e) {
        Base::Int => ONE,
        Base::Decimal(scale) => 10_i128.pow(SCALE.saturating_sub(u32::from(*scale))),
        _ => 0,
    }
}

fn test<'t>(cx: &'t FlowCx<'_>, condition: &ast::Expr) -> Test<'t> {
    Test {
        choices: &cx.choices,
        span: condition.span,
        literal: has_bool(condition),
    }
}

/// `true` or `false` stands in it.
fn has_bool(e: &ast::Expr) -> bool {
    match &e.kind {
        ast::ExprKind::Bool(_) => true,
        ast::ExprKind::Not(a) => has_bool(a),
        ast::ExprKind::And(a, b) | ast::ExprKind::Or(a, b) | ast::ExprKind::Compare(_, a, b) => {
            has_bool(a) || has_bool(b)
        }
        _ => false,
    }
}

/// Warns about a condition that cannot hold at its place, or always does. `never` and `always`: what that means.
pub fn judge(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    condition: &ast::Expr,
    typed: &Expr,
    (never, always): (&str, &str),
) {
    let test = test(cx, condition);
    let can = |truth| test.refine(scope.facts(), typed, truth).is_some();
    let (message, help) = match (can(true), can(false)) {
        (false, true) => (
            format!("this is never true, so {never}"),
            "change the condition, or remove what it stands on",
        ),
        (true, false) => (
            format!("this is always true, so {always}"),
            "leave the condition out",
        ),
        // Nothing is known, or what is around it has been told.
        _ => return,
    };
    let mut about = BTreeSet::new();
    mentioned(typed, &mut about);
    let known = about
        .iter()
        .filter_map(|path| scope.facts().0.get(path)?.from);
    let mut diagnostic = Diagnostic::new(&codes::GUARD, condition.span, message).help(help);
    for from in known.collect::<BTreeSet<_>>() {
        diagnostic = diagnostic.note(from, "known from here");
    }
    cx.sink.report(diagnostic);
}

/// What holds after a condition has turned out `truth`; nothing new where it cannot.
pub fn learn(cx: &FlowCx<'_>, scope: &mut Scope, condition: &ast::Expr, typed: &Expr, truth: bool) {
    if let Some(facts) = test(cx, condition).refine(scope.facts(), typed, truth) {
        *scope.facts_mut() = facts;
    }
}

/// Whether all of some conditions can be false at once.
pub fn all_false(cx: &FlowCx<'_>, scope: &Scope, conditions: &[(&ast::Expr, &Expr)]) -> bool {
    let mut facts = Some(scope.facts().clone());
    for (condition, typed) in conditions {
        facts = facts.and_then(|f| test(cx, condition).refine(&f, typed, false));
    }
    facts.is_some()
}

fn mentioned(e: &Expr, out: &mut BTreeSet<String>) {
    out.extend(path(e));
    match &e.kind {
        ExprKind::Not(a)
        | ExprKind::IsNull { value: a, .. }
        | ExprKind::IsEmpty { value: a, .. } => mentioned(a, out),
        ExprKind::And(a, b)
        | ExprKind::Or(a, b)
        | ExprKind::Compare(_, a, b)
        | ExprKind::In {
            value: a, list: b, ..
        } => {
            mentioned(a, out);
            mentioned(b, out);
        }
        _ => {}
    }
}
