//! Fluent catalogues: the bot's texts and the runtime's own words (`bf-*`).

mod args;
mod functions;
mod own;

pub use args::{Arg, Args};
pub use own::{own, own_ids};

use crate::format::Formats;
use crate::markup::{ParseMode, Place, escape_into, escape_tail};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::{Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::unicode::unescape_unicode;
use std::sync::Arc;
use unic_langid::LanguageIdentifier;

/// One locale's messages, ready to print: bot's `.ftl` over the runtime's own words.
///
/// Messages without functions, selectors and references (most) are printed straight into the text, without
/// allocation; the others by fluent-bundle.
pub struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    formats: Arc<Formats>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue")
            .field("formats", &self.formats)
            .finish_non_exhaustive()
    }
}

/// A fault in an `.ftl` source, for callers that have not compiled it (`botgen` reports its own, richer ones).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FtlError {
    /// Index in the given sources.
    pub source: usize,
    /// Byte range in the source.
    pub range: std::ops::Range<usize>,
    /// What is wrong.
    pub message: String,
}

impl Catalogue {
    /// Builds the catalogue of one locale. `sources`: later ones override earlier ones. The runtime's own words
    /// of the language, where it has them, lie below all of them.
    pub fn new(tag: &str, tz: jiff::tz::TimeZone, sources: &[&str]) -> Result<Self, Vec<FtlError>> {
        let formats = Arc::new(Formats::new(tag, tz));
        // Plural rules; an unknown language counts as English does.
        let language: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Telegram shows the marks of isolation in some clients; chat texts do without.
        bundle.set_use_isolating(false);
        functions::add(&mut bundle);
        if let Some(words) = own(tag) {
            // The shipped words are proven whole by a test; what could be read is used.
            let (Ok(words) | Err((words, _))) = FluentResource::try_new(words.to_owned());
            bundle.add_resource_overriding(words);
        }
        let mut errors = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            match FluentResource::try_new((*source).to_owned()) {
                Ok(resource) => bundle.add_resource_overriding(resource),
                Err((_, faults)) => errors.extend(faults.into_iter().map(|fault| FtlError {
                    source: index,
                    range: fault.pos,
                    message: fault.kind.to_string(),
                })),
            }
        }
        if errors.is_empty() {
            Ok(Self { bundle, formats })
        } else {
            Err(errors)
        }
    }

    /// How the locale prints values.
    pub fn formats(&self) -> &Arc<Formats> {
        &self.formats
    }

    /// Prints message `key` (or its attribute) into `out`. Text arguments are escaped for `mode` at `place`; the
    /// message's own text is the author's markup and stays. A missing key prints the key: the compiler has
    /// proven that this does not happen.
    ///
    /// Numbers are printed with the locale's separators and grouping, dates and times in its medium style. Two
    /// limits of Fluent: a decimal matches plural categories but no exact number (`[0]`), for it has digits after
    /// the point; numbers beyond 10¹⁵ match nothing but the default variant.
    pub fn print(
        &self,
        key: &str,
        attribute: Option<&str>,
        args: &Args<'_>,
        mode: ParseMode,
        place: Place,
        out: &mut String,
    ) {
        // What is missing leaves its source in the text, and is ruled out by the compiler.
        let _ = self.try_print(key, attribute, args, mode, place, out);
    }

    /// [`Catalogue::print`] for callers whom no compiler has proven anything: false where the message, one that it refers
    /// to, or an argument is missing.
    pub fn try_print(
        &self,
        key: &str,
        attribute: Option<&str>,
        args: &Args<'_>,
        mode: ParseMode,
        place: Place,
        out: &mut String,
    ) -> bool {
        let Some(pattern) = self.pattern(key, attribute) else {
            escape_into(mode, place, key, out);
            return false;
        };
        if pattern.elements.iter().all(is_plain) {
            let mut whole = true;
            for element in &pattern.elements {
                whole &= self.print_plain(element, args, mode, place, out);
            }
            return whole;
        }
        let mut values = FluentArgs::with_capacity(args.list.len());
        for (name, value) in &args.list {
            values.set(*name, functions::value(value, &self.formats));
        }
        let _printing = functions::Printing::start(mode, place, &self.formats);
        let mut faults = Vec::new();
        // Writing to a string cannot fail.
        let _ = self
            .bundle
            .write_pattern(out, pattern, Some(&values), &mut faults);
        faults.is_empty()
    }

    /// Whether it has this message (with a value, or this attribute).
    pub fn has(&self, key: &str, attribute: Option<&str>) -> bool {
        self.pattern(key, attribute).is_some()
    }

    fn pattern(&self, key: &str, attribute: Option<&str>) -> Option<&Pattern<&str>> {
        let message = self.bundle.get_message(key)?;
        match attribute {
            Some(attribute) => message
                .get_attribute(attribute)
                .map(|attribute| attribute.value()),
            None => message.value(),
        }
    }

    fn print_plain(
        &self,
        element: &PatternElement<&str>,
        args: &Args<'_>,
        mode: ParseMode,
        place: Place,
        out: &mut String,
    ) -> bool {
        match element {
            PatternElement::TextElement { value } => out.push_str(value),
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::StringLiteral { value }),
            } => {
                let _ = unescape_unicode(out, value);
            }
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::VariableReference { id }),
            } => match args.list.iter().rev().find(|(name, _)| *name == id.name) {
                Some((_, Arg::Text(text))) => escape_into(mode, place, text, out),
                Some((_, value)) => {
                    let from = out.len();
                    functions::print(value, &self.formats, out);
                    escape_tail(mode, place, out, from);
                }
                None => {
                    let from = out.len();
                    out.push_str("{$");
                    out.push_str(id.name);
                    out.push('}');
                    escape_tail(mode, place, out, from);
                    return false;
                }
            },
            PatternElement::Placeable { .. } => {}
        }
        true
    }
}

fn is_plain(element: &PatternElement<&str>) -> bool {
    matches!(
        element,
        PatternElement::TextElement { .. }
            | PatternElement::Placeable {
                expression: Expression::Inline(
                    InlineExpression::StringLiteral { .. }
                        | InlineExpression::VariableReference { .. }
                )
            }
    )
}

#[cfg(test)]
mod tests;
