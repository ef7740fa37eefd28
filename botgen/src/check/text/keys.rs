//! `t:KEY {…}`: the message in every locale, and the arguments against what it needs.

use botfactory_lang::limits::NESTING;
use botfactory_lang::markup::ParseMode;
use botfactory_lang::{format, words};

use super::bounds::{self, Bound, Bounds};
use super::measure::measure;
use super::shape::{At, Hole, Kind as HoleKind, Node};
use crate::check::FlowCx;
use crate::check::expr::{self, Printing, a};
use crate::check::i18n::needs::{self, Kind, Need};
use crate::check::i18n::tree::{Element, Expr, Pattern, Variant};
use crate::check::i18n::{Locale, Translations};
use crate::check::scope::Scope;
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Meant, meant, remove_element};
use crate::ir::text::{How, KeyArg};
use crate::ir::types::{Base, Ty};
use crate::source::Span;
use crate::syntax::ast;

/// A message with its arguments.
pub(super) struct Key {
    pub args: Vec<(String, KeyArg)>,
    /// By locale.
    pub locales: Vec<Vec<Node>>,
}

/// An argument as the caller gives it.
struct Given<'k> {
    name: &'k str,
    name_span: Span,
    span: Span,
    /// Type of the value itself.
    ty: Ty,
    /// Printed by filters: Fluent sees a text.
    printed: bool,
    arg: KeyArg,
}

/// The pattern in each locale that has it.
fn patterns<'a>(
    words: &'a Translations,
    key: &ast::KeyRef,
) -> Vec<(usize, &'a Locale, &'a Pattern)> {
    let attribute = key.attribute.as_ref().map(|a| a.node.as_str());
    words
        .locales
        .iter()
        .enumerate()
        .filter_map(|(i, l)| {
            let pattern = l.messages.get(&key.key.node)?.pattern(attribute)?;
            Some((i, l, pattern))
        })
        .collect()
}

/// Proves a use of a message.
pub(super) fn key<'a>(cx: &mut FlowCx<'a>, scope: &Scope, k: &ast::KeyRef) -> Option<Key> {
    let words: &'a Translations = cx.bot.words;
    let attribute = k.attribute.as_ref().map(|a| a.node.as_str());
    words.mark_used(&k.key.node, attribute);
    let found = patterns(words, k);
    if found.is_empty() {
        unknown(cx, words, k);
        // The arguments can be wrong by themselves.
        for (_, e) in &k.args {
            expr::print(cx, scope, e, Printing::Value);
        }
        return None;
    }
    let mut given = Vec::new();
    let mut whole = true;
    for (name, e) in &k.args {
        let Some(print) = expr::print(cx, scope, e, Printing::Value) else {
            whole = false;
            continue;
        };
        let ty = print.value.ty.clone();
        let bare = print.how == How::Plain;
        let (printed, arg) = if bare && !matches!(ty.base, Base::Choice(_)) {
            (false, KeyArg::Value(print.value))
        } else {
            (!bare, KeyArg::Printed(print))
        };
        given.push(Given {
            name: &name.node,
            name_span: name.span,
            span: e.span,
            ty,
            printed,
            arg,
        });
    }
    let names: Vec<&str> = k.args.iter().map(|(n, _)| n.node.as_str()).collect();
    let fine = arguments(cx, k, &found, &given, &names);
    if !whole || !fine {
        return None;
    }
    let rows = scope.loops().last().and_then(|l| l.most);
    // A locale that lacks the message, or whose messages contain themselves, says nothing (both are reported).
    let nothing = || {
        vec![Node::Hole(Hole {
            bounds: vec![Bound::up_to(SMALL)],
            id: None,
            what: format!("t:{}", k.key.node),
            span: k.key.span,
            kind: HoleKind::Line,
        })]
    };
    let mut locales: Vec<Vec<Node>> = words.locales.iter().map(|_| nothing()).collect();
    for (i, locale, pattern) in found {
        if let Some(nodes) = locales.get_mut(i).filter(|_| !locale.endless) {
            let bounds = Bounds {
                cx,
                locale: i,
                rows,
            };
            let given: Vec<Argument<'_>> = given
                .iter()
                .zip(&k.args)
                .map(|(g, (_, e))| {
                    let bound = bounds.argument(&g.arg);
                    let filled = expr::is_filled(scope, e);
                    Argument {
                        name: g.name,
                        ty: (!g.printed).then_some(&g.ty),
                        bound: Bound {
                            least: bound.least.max(usize::from(filled)),
                            ..bound
                        },
                        kind: match g.ty.base {
                            Base::Text { .. } => HoleKind::Text,
                            _ if g.printed => HoleKind::Text,
                            _ => HoleKind::Line,
                        },
                    }
                })
                .collect();
            let mut grow = Grow {
                locale,
                bounds,
                given: &given,
                budget: NODES,
            };
            *nodes = grow.pattern(pattern, 0);
        }
    }
    let args = given
        .into_iter()
        .map(|g| (g.name.to_owned(), g.arg))
        .collect();
    Some(Key { args, locales })
}

fn unknown(cx: &mut FlowCx<'_>, words: &Translations, k: &ast::KeyRef) {
    if words.broken() {
        return;
    }
    let key = k.key.node.as_str();
    let messages: Vec<_> = words
        .locales
        .iter()
        .filter_map(|l| l.messages.get(key))
        .collect();
    if let Some(first) = messages.first() {
        let attributes = messages.iter().flat_map(|m| &m.attributes);
        let names: Vec<&str> = attributes.map(|a| a.name.as_str()).collect();
        let attribute = k.attribute.as_ref();
        let near = attribute.and_then(|a| meant(&a.node, names.iter().copied()));
        let (span, message, help) = match attribute {
            Some(attribute) => (
                attribute.span,
                format!("`{key}` has no attribute `{}`", attribute.node),
                near.map_or_else(
                    || format!("write `.{} = …` below the message", attribute.node),
                    |near| format!("did you mean `t:{key}.{}`?", near.word),
                ),
            ),
            None => (
                k.key.span,
                format!("`{key}` has attributes but no text of its own"),
                names.first().map_or_else(String::new, |name| {
                    format!("name one of them: `t:{key}.{name}`")
                }),
            ),
        };
        let d = Diagnostic::new(&codes::UNKNOWN_KEY, span, message)
            .note(first.span, "the message")
            .help(help);
        cx.sink.report(match (attribute, near) {
            (Some(attribute), Some(near)) => d.rename(&attribute.node, &near),
            _ => d,
        });
        return;
    }
    let known = words.keys();
    let files: Vec<String> = words
        .locales
        .iter()
        .map(|l| format!("`locales/{}.ftl`", l.tag))
        .collect();
    let files = files.join(", ");
    let own = key.starts_with("bf-") && words::own_ids().iter().any(|(id, _)| *id == key);
    let near = meant(key, known.iter().copied()).filter(|_| !own);
    let help = if own {
        "the runtime's own words are printed by the runtime only; write a message of your own"
            .to_owned()
    } else if let Some(near) = near {
        format!("did you mean `t:{}`?", near.word)
    } else {
        format!("write it in {files}: `{key} = …`")
    };
    let message = if words.locales.len() == 1 {
        format!("there is no message `{key}`")
    } else {
        format!("no locale has a message `{key}`")
    };
    let d = Diagnostic::new(&codes::UNKNOWN_KEY, k.key.span, message).help(help);
    cx.sink.report(match near {
        Some(near) => d.rename(key, &near),
        None => d,
    });
}

/// The arguments against what the messages need. `names`: all that were given, those with errors included.
fn arguments(
    cx: &mut FlowCx<'_>,
    k: &ast::KeyRef,
    found: &[(usize, &Locale, &Pattern)],
    given: &[Given<'_>],
    names: &[&str],
) -> bool {
    let before = cx.sink.errors();
    let mut needed: Vec<(&Locale, Need<'_>)> = Vec::new();
    for (_, locale, pattern) in found {
        needed.extend(needs::of(locale, pattern).into_iter().map(|n| (*locale, n)));
    }
    let unused: Vec<&Given<'_>> = given
        .iter()
        .filter(|g| !needed.iter().any(|(_, n)| n.name == g.name))
        .collect();
    let mut told: Vec<&str> = Vec::new();
    let mut misspelt: Vec<&str> = Vec::new();
    for (locale, need) in &needed {
        if names.contains(&need.name.as_str()) || told.contains(&need.name.as_str()) {
            continue;
        }
        told.push(&need.name);
        let near = meant(&need.name, unused.iter().map(|g| g.name));
        let given = near.and_then(|n| unused.iter().find(|g| g.name == n.word));
        let (span, help) = match given {
            Some(g) => {
                misspelt.push(g.name);
                (
                    g.name_span,
                    format!("it is given as `{}`: write `{}=…`", g.name, need.name),
                )
            }
            None => {
                let mut all: Vec<String> = k
                    .args
                    .iter()
                    .map(|(n, _)| format!("{}=…", n.node))
                    .collect();
                all.push(format!("{}=…", need.name));
                (
                    k.key.span,
                    format!("give it: `t:{} {{{}}}`", k.key.node, all.join(", ")),
                )
            }
        };
        let d = Diagnostic::new(
            &codes::MISSING_ARGUMENT,
            span,
            format!("`{}` needs `{}` in `{}`", k.key.node, need.name, locale.tag),
        )
        .note(need.span, "used here")
        .help(help);
        cx.sink.report(match (given, near) {
            (Some(g), Some(near)) => {
                let word = need.name.as_str();
                let only = near.only;
                d.rename(g.name, &Meant { word, only })
            }
            _ => d,
        });
    }
    for g in unused.iter().filter(|g| !misspelt.contains(&g.name)) {
        let edit = remove_element(cx.bot.sources, g.name_span.to(g.span));
        let mut d = Diagnostic::new(
            &codes::UNUSED_ARGUMENT,
            g.name_span,
            format!("no translation of `{}` uses `{}`", k.key.node, g.name),
        )
        .help(format!(
            "use it there as `{{ ${} }}`, or leave it out",
            g.name
        ));
        // The only one would leave empty braces behind.
        if let (Some(edit), true) = (edit, given.len() > 1) {
            d = d.fix(format!("leave `{}` out", g.name), [edit]);
        }
        cx.sink.report(d);
    }
    for (_, need) in &needed {
        if let Some(g) = given.iter().find(|g| g.name == need.name) {
            fits(cx, g, need);
        }
    }
    let fine = cx.sink.errors() == before;
    if fine {
        for g in given {
            left_out(cx, k, found, &needed, g.name);
        }
    }
    fine
}

/// A value that some locale shows and another does not even choose by.
fn left_out(
    cx: &mut FlowCx<'_>,
    k: &ast::KeyRef,
    found: &[(usize, &Locale, &Pattern)],
    needed: &[(&Locale, Need<'_>)],
    name: &str,
) {
    let uses = |locale: &Locale| {
        let own = needed.iter().filter(move |(l, _)| l.tag == locale.tag);
        own.map(|(_, n)| n).find(|n| n.name == name)
    };
    let mut shown = needed
        .iter()
        .filter(|(_, n)| n.name == name && n.kind.prints());
    let Some((model, need)) = shown.next() else {
        return;
    };
    for (_, locale, _) in found.iter().filter(|(_, l, _)| uses(l).is_none()) {
        let Some(message) = locale.messages.get(&k.key.node) else {
            continue;
        };
        let attribute = k.attribute.as_ref().map(|a| a.node.as_str());
        let at = message
            .attributes
            .iter()
            .find(|a| Some(a.name.as_str()) == attribute);
        cx.sink.report(
            Diagnostic::new(
                &codes::LEFT_OUT,
                at.map_or(message.span, |a| a.span),
                format!(
                    "`{}` does not say `{name}`, but `{}` does",
                    locale.tag, model.tag
                ),
            )
            .note(need.span, "said here")
            .help(format!("print it: `{{ ${name} }}`")),
        );
    }
}

/// One use of one argument.
fn fits(cx: &mut FlowCx<'_>, g: &Given<'_>, need: &Need<'_>) {
    let number = matches!(g.ty.base, Base::Int | Base::Decimal(_) | Base::Real) && !g.printed;
    let (has_date, has_time) = match g.ty.base {
        _ if g.printed => (false, false),
        Base::Date => (true, false),
        Base::Time => (false, true),
        Base::DateTime => (true, true),
        _ => (false, false),
    };
    let when = has_date || has_time;
    let shown = if g.printed {
        "a text printed by a filter".to_owned()
    } else {
        a(&g.ty)
    };
    let mut wrong = |message: String, help: &str| {
        cx.sink.report(
            Diagnostic::new(&codes::ARGUMENT_TYPE, g.span, message)
                .note(need.span, "used here")
                .help(help),
        );
    };
    let without_filter = |fits: bool, help: &'static str| {
        if g.printed && fits {
            "give the value itself, without a filter"
        } else {
            help
        }
    };
    match need.kind {
        Kind::Any => {}
        Kind::Print => {
            if matches!(g.ty.base, Base::Choice(_)) && !g.printed {
                cx.sink.report(
                    Diagnostic::new(
                        &codes::BARE_CHOICE,
                        g.span,
                        format!("`{}` prints its value, not the text of its option", g.name),
                    )
                    .note(need.span, "printed here")
                    .help(format!(
                        "write `{}=… | label` for the option's text in the person's language",
                        g.name
                    )),
                );
            }
        }
        Kind::Number { .. } => {
            if !number {
                wrong(
                    format!("`NUMBER` needs a number, this is {shown}"),
                    without_filter(
                        true,
                        "give a number, or print it in the translation as it is",
                    ),
                );
            }
        }
        Kind::Date(moment) => {
            if !when {
                wrong(
                    format!("`DATETIME` needs a date or a time, this is {shown}"),
                    without_filter(
                        true,
                        "give a datetime, or print it in the translation as it is",
                    ),
                );
            } else if let Some(Err(message)) = moment
                .pattern
                // One that is wrong for every value has been told.
                .filter(|p| format::check_pattern(p, true, true).is_ok())
                .map(|p| format::check_pattern(p, has_date, has_time))
            {
                wrong(message, "the pattern must fit the value");
            } else if (moment.date && !has_date) || (moment.time && !has_time) {
                let (option, of) = if has_date {
                    ("timeStyle", "a date has no time of day")
                } else {
                    ("dateStyle", "a time has no date")
                };
                wrong(
                    format!("{of}, so `{option}` says nothing"),
                    "leave the option out",
                );
            }
        }
        Kind::Plural(variants) => plural(cx, g, need, variants, number, &shown),
        Kind::Words(variants) => {
            if number || when {
                wrong(
                    format!("the translation chooses by words, this is {shown}"),
                    "give a choice or a text",
                );
            } else if let Base::Choice(id) = g.ty.base
                && !g.printed
            {
                chosen(cx, g, id.0, variants);
            } else {
                for variant in variants.iter().filter(|v| v.number && !v.default) {
                    cx.sink.report(
                        Diagnostic::new(
                            &codes::VARIANT_NEVER,
                            variant.span,
                            format!(
                                "`[{}]` is a number, and `{}` is a text",
                                variant.key, g.name
                            ),
                        )
                        .note(g.span, "given here")
                        .help("give a number, or choose by words"),
                    );
                }
            }
        }
    }
}

fn plural(
    cx: &mut FlowCx<'_>,
    g: &Given<'_>,
    need: &Need<'_>,
    variants: &[Variant],
    number: bool,
    shown: &str,
) {
    if number {
        // fluent-bundle compares exact numbers with their digits after the point.
        let digits = match g.ty.base {
            Base::Decimal(n) => usize::from(n),
            _ => 0,
        };
        let has = |v: &Variant| v.key.split_once('.').map_or(0, |(_, digits)| digits.len());
        for variant in variants.iter().filter(|v| v.number && has(v) != digits) {
            let help = match digits {
                0 => "write it without a point".to_owned(),
                n => format!("write it with {n} digits after the point"),
            };
            cx.sink.report(
                Diagnostic::new(
                    &codes::VARIANT_NEVER,
                    variant.span,
                    format!("`[{}]` never fits {}", variant.key, a(&g.ty)),
                )
                .note(g.span, g.ty.describe())
                .help(help),
            );
        }
        return;
    }
    // The values of a choice may happen to be `one` and `many`.
    if let (Base::Choice(id), false) = (&g.ty.base, g.printed)
        && let Some(choice) = cx.choices.get(id.0)
        && variants
            .iter()
            .all(|v| v.default || choice.options.iter().any(|o| o.value == v.key))
    {
        return;
    }
    let help = if g.printed {
        "give the number itself, without a filter"
    } else {
        "give a number"
    };
    cx.sink.report(
        Diagnostic::new(
            &codes::ARGUMENT_TYPE,
            g.span,
            format!("plural forms need a number, this is {shown}"),
        )
        .note(need.span, "used here")
        .help(help),
    );
}

/// Variants against the values of a choice.
fn chosen(cx: &mut FlowCx<'_>, g: &Given<'_>, choice: usize, variants: &[Variant]) {
    let Some(choice) = cx.choices.get(choice) else {
        return;
    };
    let values: Vec<&str> = choice.options.iter().map(|o| o.value.as_str()).collect();
    // A default with a name of its own takes the rest by intent.
    let named = |v: &Variant| values.contains(&v.key.as_str());
    // Beside a misspelt variant its value only seems to be missing.
    let all = variants.iter().all(|v| v.default || named(v));
    let default = variants.iter().find(|v| all && v.default && named(v));
    let rest = values
        .iter()
        .filter(|v| !variants.iter().any(|known| known.key == **v));
    let rest: Vec<String> = rest.map(|v| format!("`{v}`")).collect();
    if let (Some(default), false) = (default, rest.is_empty()) {
        let read = if rest.len() == 1 { "reads" } else { "read" };
        cx.sink.report(
            Diagnostic::new(
                &codes::LEFT_TO_DEFAULT,
                default.span,
                format!("{} {read} like `{}` here", rest.join(", "), default.key),
            )
            .note(g.span, "the choice has this value, too")
            .help("write a variant for each value, or call the default `*[other]`"),
        );
    }
    for variant in variants {
        // The default may have any name.
        if variant.default || values.contains(&variant.key.as_str()) {
            continue;
        }
        let near = meant(&variant.key, values.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `[{}]`?", near.word),
            None => {
                let list: Vec<String> = values.iter().map(|v| format!("`{v}`")).collect();
                format!("the values are {}", list.join(", "))
            }
        };
        let d = Diagnostic::new(
            &codes::VARIANT_NEVER,
            variant.span,
            format!(
                "`{}` is not a value of the choice `{}`",
                variant.key, g.name
            ),
        )
        .note(g.span, "given here")
        .help(help);
        cx.sink.report(match near {
            Some(near) => d.rename(&variant.key, &near),
            None => d,
        });
    }
}

/// The length of a message without arguments in one locale.
pub(super) fn fixed(cx: &FlowCx<'_>, k: &ast::KeyRef, locale: usize) -> Bound {
    let words: &Translations = cx.bot.words;
    let attribute = k.attribute.as_ref().map(|a| a.node.as_str());
    let here = words.locales.get(locale).filter(|l| !l.endless);
    let found = here.and_then(|l| Some((l, l.messages.get(&k.key.node)?.pattern(attribute)?)));
    // What is missing is reported.
    let Some((locale_words, pattern)) = found else {
        return Bound::up_to(SMALL);
    };
    let bounds = Bounds {
        cx,
        locale,
        rows: None,
    };
    let mut grow = Grow {
        locale: locale_words,
        bounds,
        given: &[],
        budget: NODES,
    };
    let nodes = grow.pattern(pattern, 0);
    let measure = measure(ParseMode::Plain, &nodes, locale);
    Bound {
        least: measure.least,
        most: measure.most,
    }
}

/// Nodes of one message: more than any real text has; what lies beyond is not looked at.
const NODES: usize = 5_000;
/// Longest text of a term's variable or of the runtime's own words, in UTF-16 units.
const SMALL: usize = 300;

/// An argument as Fluent sees it.
struct Argument<'g> {
    name: &'g str,
    /// Of a value that Fluent prints itself.
    ty: Option<&'g Ty>,
    bound: Bound,
    kind: HoleKind,
}

/// Turns a pattern, and all that it contains, into nodes.
struct Grow<'a, 'b, 'c> {
    locale: &'a Locale,
    bounds: Bounds<'b, 'c>,
    given: &'b [Argument<'b>],
    budget: usize,
}

impl Grow<'_, '_, '_> {
    fn pattern(&mut self, pattern: &Pattern, depth: usize) -> Vec<Node> {
        if depth > NESTING {
            return Vec::new();
        }
        let mut nodes = Vec::new();
        for element in &pattern.elements {
            if self.budget == 0 {
                nodes.push(Node::Hole(Hole {
                    bounds: Vec::new(),
                    id: None,
                    what: "…".to_owned(),
                    span: pattern.span,
                    kind: HoleKind::Text,
                }));
                return nodes;
            }
            self.budget -= 1;
            nodes.push(match element {
                Element::Words { text, span } => Node::Words {
                    text: text.clone(),
                    at: At::File(*span),
                },
                Element::Placeable(e) => self.placeable(e, depth),
            });
        }
        nodes
    }

    fn placeable(&mut self, e: &Expr, depth: usize) -> Node {
        let hole = |bound, what: String, kind| {
            Node::Hole(Hole {
                bounds: vec![bound],
                id: None,
                what,
                span: e.span(),
                kind,
            })
        };
        let small = |what: &str| hole(Bound::up_to(SMALL), format!("{{ {what} }}"), HoleKind::Line);
        match e {
            Expr::Text { text, span } => Node::Words {
                text: text.clone(),
                at: At::Within(*span),
            },
            Expr::Number { text, .. } => {
                hole(Bound::up_to(text.len() * 2), text.clone(), HoleKind::Line)
            }
            Expr::Variable { name, .. } => match self.given.iter().find(|g| g.name == name) {
                Some(given) => hole(given.bound, format!("{{ ${name} }}"), given.kind),
                None => small(&format!("${name}")),
            },
            Expr::Call { function, args, .. } => {
                let name = match args.positional.first() {
                    Some(Expr::Variable { name, .. }) => name.as_str(),
                    _ => "",
                };
                let given = self.given.iter().find(|g| g.name == name);
                let options: Vec<(&str, &str)> = args
                    .named
                    .iter()
                    .filter_map(|(name, _, value)| match value {
                        Expr::Text { text, .. } | Expr::Number { text, .. } => {
                            Some((name.as_str(), text.as_str()))
                        }
                        _ => None,
                    })
                    .collect();
                let bound = bounds::call(self.bounds, given.and_then(|g| g.ty), &options);
                hole(bound, format!("{{ {function}(${name}) }}"), HoleKind::Line)
            }
            Expr::Message {
                id,
                attribute,
                span,
            } => {
                let found = self.locale.messages.get(id);
                match found.and_then(|m| m.pattern(attribute.as_deref())) {
                    Some(pattern) => {
                        Node::Branches(vec![(String::new(), self.pattern(pattern, depth + 1))])
                    }
                    // The runtime's own words stand where they are used, as they are.
                    None => match self.locale.own_words(id) {
                        Some(text) => Node::Words {
                            text,
                            at: At::Within(*span),
                        },
                        None => small(id),
                    },
                }
            }
            Expr::Term {
                id,
                attribute,
                args,
                ..
            } => {
                let found = self.locale.terms.get(id);
                let Some(pattern) = found.and_then(|m| m.pattern(attribute.as_deref())) else {
                    return small(&format!("-{id}"));
                };
                // A term sees what it is given and nothing else.
                let given: Vec<Argument<'_>> = args
                    .named
                    .iter()
                    .map(|(name, _, value)| Argument {
                        name,
                        ty: None,
                        bound: match value {
                            Expr::Text { text, .. } => Bound::exactly(text),
                            _ => Bound::up_to(SMALL),
                        },
                        kind: HoleKind::Line,
                    })
                    .collect();
                let mut term = Grow {
                    locale: self.locale,
                    bounds: self.bounds,
                    given: &given,
                    budget: self.budget,
                };
                let nodes = term.pattern(pattern, depth + 1);
                self.budget = term.budget;
                Node::Branches(vec![(String::new(), nodes)])
            }
            Expr::Select { variants, .. } => Node::Branches(
                variants
                    .iter()
                    .map(|v| {
                        let label = format!("`[{}]`", v.key);
                        (label, self.pattern(&v.pattern, depth + 1))
                    })
                    .collect(),
            ),
        }
    }
}
