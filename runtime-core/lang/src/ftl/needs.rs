//! Which variables a message needs, and what it does with them: an abstract run of fluent-bundle's resolver.
//!
//! A message sees its caller's arguments, and so do the messages that it contains. A term sees only the literals
//! that are given with it; and fluent-bundle forgets those as soon as another term was printed inside of the term.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::limits::NESTING;
use crate::words;

use super::Locale;
use super::plurals::{CATEGORIES, is_plural};
use super::tree::{Args, Element, Expr, Pattern, Variant};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::source::Span;

/// One use of a variable.
#[derive(Debug, Clone)]
pub struct Need<'l> {
    /// Without the `$`.
    pub name: String,
    /// In the `.ftl` file.
    pub span: Span,
    /// What is done with it.
    pub kind: Kind<'l>,
}

/// What a message does with a variable.
#[derive(Debug, Clone, Copy)]
pub enum Kind<'l> {
    /// `{ $x }`.
    Print,
    /// `NUMBER($x)`; printed, or chosen by.
    Number {
        /// It stands before `->`.
        selects: bool,
    },
    /// `DATETIME($x)`.
    Date(Moment<'l>),
    /// `{ $x -> [one] … }`: by plural form or number.
    Plural(&'l [Variant]),
    /// `{ $x -> [massage] … }`: by its words.
    Words(&'l [Variant]),
    /// `{ $x -> *[other] … }`: says nothing.
    Any,
}

impl Kind<'_> {
    /// The value is seen, not only chosen by.
    pub fn prints(&self) -> bool {
        matches!(
            self,
            Self::Print | Self::Number { selects: false } | Self::Date(_)
        )
    }
}

/// What `DATETIME` is told.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'l> {
    /// `pattern:`.
    pub pattern: Option<&'l str>,
    /// `dateStyle:`.
    pub date: bool,
    /// `timeStyle:`.
    pub time: bool,
}

/// The variables that a pattern needs from its caller, those of messages it contains included.
pub fn of<'l>(locale: &'l Locale, pattern: &'l Pattern) -> Vec<Need<'l>> {
    let mut run = Run::new(locale);
    run.pattern(pattern, Local::Caller);
    run.needs.sort_by_key(|n| n.span);
    run.needs
}

/// Checks what every message of a locale gives to its terms.
pub(super) fn terms(locale: &Locale, sink: &mut Sink) {
    let mut run = Run::new(locale);
    for pattern in locale.messages.values().flat_map(|m| m.patterns()) {
        run.pattern(pattern, Local::Caller);
    }
    let Run { faults, calls, .. } = run;
    faults.into_iter().for_each(|d| sink.report(d));
    for (term, used) in calls.into_values() {
        let unused = term
            .args
            .named
            .iter()
            .filter(|(n, ..)| !used.contains(n.as_str()));
        for (name, span, _) in unused {
            let near = meant(name, used.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{}`?", near.word),
                None if used.is_empty() => "it uses none: leave it out".to_owned(),
                None => format!("it uses `{}`", list(&used)),
            };
            let d = Diagnostic::new(
                &codes::TERM_ARGUMENT,
                *span,
                format!("the term `-{}` does not use `{name}`", term.id),
            )
            .help(help);
            sink.report(match near {
                Some(near) => d.rename(name, &near),
                None => d,
            });
        }
    }
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join("`, `")
}

/// A term as it was called.
#[derive(Debug, Clone, Copy)]
struct Term<'l> {
    id: &'l str,
    span: Span,
    args: &'l Args,
}

/// A term's place, and that of the other term that made it forget.
type StateKey = Option<(Span, Option<Span>)>;

/// Whose arguments are seen.
#[derive(Debug, Clone, Copy)]
enum Local<'l> {
    /// The message's.
    Caller,
    /// A term's.
    Term(Term<'l>),
    /// A term's own are forgotten, for the term before it was printed.
    Lost(Term<'l>, Span),
}

impl Local<'_> {
    /// Equal for states that go on alike.
    fn key(&self) -> StateKey {
        match self {
            Local::Caller => None,
            Local::Term(term) => Some((term.span, None)),
            Local::Lost(term, by) => Some((term.span, Some(*by))),
        }
    }
}

/// An abstract run. States: the arguments that can be seen after an element, at most one per term that may have
/// been printed before.
struct Run<'l> {
    locale: &'l Locale,
    needs: Vec<Need<'l>>,
    faults: Vec<Diagnostic>,
    /// Calls of terms by place, with the names that the term looked up.
    calls: BTreeMap<Span, (Term<'l>, BTreeSet<&'l str>)>,
    /// Patterns (by address) in a state: what they lead to. Cuts cycles, too.
    done: HashMap<(usize, StateKey), Option<Span>>,
    depth: usize,
}

impl<'l> Run<'l> {
    fn new(locale: &'l Locale) -> Self {
        Self {
            locale,
            needs: Vec::new(),
            faults: Vec::new(),
            calls: BTreeMap::new(),
            done: HashMap::new(),
            depth: 0,
        }
    }

    /// Runs a pattern. `Some`: a term was printed in it on some way, here.
    fn pattern(&mut self, pattern: &'l Pattern, local: Local<'l>) -> Option<Span> {
        let key = (std::ptr::from_ref(pattern) as usize, local.key());
        if let Some(known) = self.done.get(&key) {
            return *known;
        }
        // Chains of references are bounded (reported), and so is nesting within a message.
        if self.depth > 4 * NESTING {
            return None;
        }
        self.done.insert(key, None);
        self.depth += 1;
        let mut printed = None;
        for element in &pattern.elements {
            if let Element::Placeable(e) = element {
                printed = self.placeable(e, after(local, printed)).or(printed);
            }
        }
        self.depth -= 1;
        self.done.insert(key, printed);
        printed
    }

    fn placeable(&mut self, e: &'l Expr, local: Local<'l>) -> Option<Span> {
        match e {
            Expr::Text { .. } | Expr::Number { .. } => None,
            Expr::Variable { name, span } => {
                self.variable(name, *span, Kind::Print, local);
                None
            }
            Expr::Call { .. } => {
                if let Some((name, span, kind)) = called(e, false) {
                    self.variable(name, span, kind, local);
                }
                None
            }
            Expr::Message {
                id,
                attribute,
                span,
            } => self.message(id, attribute.as_deref(), *span, local),
            Expr::Term {
                id,
                attribute,
                args,
                span,
            } => {
                let term = Term {
                    id,
                    span: *span,
                    args,
                };
                self.calls.entry(*span).or_insert((term, BTreeSet::new()));
                let found = self.locale.terms.get(id);
                if let Some(pattern) = found.and_then(|t| t.pattern(attribute.as_deref())) {
                    self.pattern(pattern, Local::Term(term));
                }
                Some(*span)
            }
            Expr::Select { selector, variants } => {
                let printed = match selector.as_ref() {
                    Expr::Variable { name, span } => {
                        self.variable(name, *span, by(variants), local);
                        None
                    }
                    call @ Expr::Call { .. } => {
                        if let Some((name, span, kind)) = called(call, true) {
                            self.variable(name, span, kind, local);
                        }
                        None
                    }
                    other => self.placeable(other, local),
                };
                let mut all = printed;
                for variant in variants {
                    all = self
                        .pattern(&variant.pattern, after(local, printed))
                        .or(all);
                }
                all
            }
        }
    }

    fn message(
        &mut self,
        id: &'l str,
        attribute: Option<&str>,
        span: Span,
        local: Local<'l>,
    ) -> Option<Span> {
        if let Some(found) = self.locale.messages.get(id) {
            return self.pattern(found.pattern(attribute)?, local);
        }
        if self.locale.runtime_has(id) {
            let own = words::own_ids().iter().find(|(known, _)| *known == id);
            for name in own.into_iter().flat_map(|(_, names)| *names) {
                self.variable(name, span, Kind::Print, local);
            }
        }
        None
    }

    fn variable(&mut self, name: &'l str, span: Span, kind: Kind<'l>, local: Local<'l>) {
        let term = match local {
            Local::Caller => {
                self.needs.push(Need {
                    name: name.to_owned(),
                    span,
                    kind,
                });
                return;
            }
            Local::Lost(term, by) => {
                let given = term.args.named.iter().any(|(n, ..)| n == name);
                self.look_up(term, name);
                if given || kind.prints() {
                    self.fault(
                        Diagnostic::new(
                            &codes::TERM_VARIABLE,
                            span,
                            format!("`{name}` of the term `-{}` is lost here", term.id),
                        )
                        .note(by, "printing another term before makes Fluent forget it")
                        .help("put the other term after it, or write its words out"),
                    );
                }
                return;
            }
            Local::Term(term) => term,
        };
        self.look_up(term, name);
        match term.args.named.iter().find(|(n, ..)| n == name) {
            Some((_, _, value)) => self.literal(term, name, span, value, kind),
            None if kind.prints() => self.fault(
                Diagnostic::new(
                    &codes::TERM_VARIABLE,
                    term.span,
                    format!("the term `-{}` needs `{name}`", term.id),
                )
                .note(span, "used here")
                .help(format!(
                    "a term sees only what is given with it: `{{ -{}({name}: {}) }}`",
                    term.id,
                    match kind {
                        Kind::Number { .. } => "1",
                        _ => "\"…\"",
                    }
                )),
            ),
            // Whoever chooses by what is not given gets the default.
            None => {}
        }
    }

    fn look_up(&mut self, term: Term<'l>, name: &'l str) {
        if let Some((_, used)) = self.calls.get_mut(&term.span) {
            used.insert(name);
        }
    }

    fn fault(&mut self, diagnostic: Diagnostic) {
        self.faults.push(diagnostic);
    }

    /// A literal that a term is given, against what the term does with it.
    fn literal(&mut self, term: Term<'l>, name: &str, span: Span, value: &Expr, kind: Kind<'l>) {
        let (text, number) = match value {
            Expr::Number { text, .. } => (text.as_str(), true),
            Expr::Text { text, .. } => (text.as_str(), false),
            _ => return,
        };
        let variants = match kind {
            Kind::Print | Kind::Any => return,
            Kind::Number { .. } if number => return,
            Kind::Number { .. } => {
                let message = format!("`NUMBER` needs a number, and `{name}` is a text here");
                let fault = Diagnostic::new(&codes::TERM_VARIABLE, value.span(), message)
                    .note(span, "used here")
                    .help("give the term a number without quotes");
                return self.fault(fault);
            }
            Kind::Date(_) => {
                let message = "`DATETIME` needs a date, and a term is given texts and numbers only";
                let fault = Diagnostic::new(&codes::TERM_VARIABLE, span, message)
                    .note(term.span, "the term")
                    .help("print the date in the message itself");
                return self.fault(fault);
            }
            Kind::Plural(variants) | Kind::Words(variants) => variants,
        };
        let fits = |v: &Variant| match (number, v.number) {
            (true, true) | (false, false) => v.key == text,
            (true, false) => CATEGORIES.contains(&v.key.as_str()),
            (false, true) => false,
        };
        if variants.iter().any(fits) {
            return;
        }
        let keys = variants.iter().map(|v| v.key.as_str());
        let near = meant(text, keys.clone());
        let help = match near {
            Some(near) => format!("did you mean `{}`?", near.word),
            None => {
                let all: Vec<String> = keys.map(|k| format!("`[{k}]`")).collect();
                format!("its variants are {}", all.join(", "))
            }
        };
        let d = Diagnostic::new(
            &codes::TERM_ARGUMENT,
            value.span(),
            format!(
                "the term `-{}` has no variant for this, so its default is chosen",
                term.id
            ),
        )
        .note(span, "chosen by here")
        .help(help);
        self.fault(match near {
            Some(near) => d.rename(text, &near),
            None => d,
        });
    }
}

/// What is seen after a term was printed.
fn after<'l>(local: Local<'l>, printed: Option<Span>) -> Local<'l> {
    match (local, printed) {
        (Local::Term(term), Some(by)) => Local::Lost(term, by),
        _ => local,
    }
}

/// What is done with a variable before `->`.
fn by(variants: &[Variant]) -> Kind<'_> {
    if is_plural(variants) {
        Kind::Plural(variants)
    } else if variants.iter().all(|v| v.key == "other") {
        Kind::Any
    } else {
        Kind::Words(variants)
    }
}

fn called(e: &Expr, selects: bool) -> Option<(&str, Span, Kind<'_>)> {
    let Expr::Call { function, args, .. } = e else {
        return None;
    };
    let Some(Expr::Variable { name, span }) = args.positional.first() else {
        return None;
    };
    let has = |option: &str| args.named.iter().any(|(name, ..)| name == option);
    let kind = match function.as_str() {
        "NUMBER" => Kind::Number { selects },
        "DATETIME" => Kind::Date(Moment {
            pattern: args.named.iter().find_map(|(name, _, value)| match value {
                Expr::Text { text, .. } if name == "pattern" => Some(text.as_str()),
                _ => None,
            }),
            date: has("dateStyle"),
            time: has("timeStyle"),
        }),
        _ => return None,
    };
    Some((name, *span, kind))
}
