//! Options of a choice as people read and type them: a typed answer that is equal to a label or a value counts as a
//! press, so two that read alike are one.

use botfactory_lang::answer::same;
use botfactory_lang::callback::command_line;
use botfactory_lang::proof::labels::{self, Choice};

use super::FlowCheck;
use crate::check::i18n::Locale;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::texts as codes;
use crate::resolve::{ChoiceAt, steps};
use crate::source::Span;
use crate::syntax::ast::{self, Piece, TextKind};

/// A label in one language.
struct Label {
    words: String,
    /// Where its words are written.
    place: Span,
}

impl FlowCheck<'_> {
    /// Checks the labels of a choice in every locale. Labels that read variables are not known.
    pub fn labels(&mut self, at: &ChoiceAt, options: &[ast::Choice]) {
        let words = self.cx.bot.words;
        let several = words.locales.len() > 1;
        for locale in &words.locales {
            let inside = if several {
                format!(" in `{}`", locale.tag)
            } else {
                String::new()
            };
            let labels: Vec<Option<Label>> = options.iter().map(|o| label(locale, o)).collect();
            let choices: Vec<Choice<'_>> = options
                .iter()
                .zip(&labels)
                .map(|(option, label)| Choice {
                    value: &option.value.value,
                    span: option.value.span,
                    when: option.when.is_some(),
                    label: label.as_ref().map(|l| labels::Label {
                        words: l.words.clone(),
                        place: l.place,
                        everywhere: l.place == option.text.source.span,
                    }),
                })
                .collect();
            labels::alike(&choices, &inside, self.cx.sink);
            labels
                .iter()
                .flatten()
                .for_each(|label| self.command(label));
            if let Some(step) = at.step {
                self.own(locale, step, labels.iter().flatten(), &inside);
            }
        }
    }

    /// A command always wins over the question.
    fn command(&mut self, label: &Label) {
        let Some((name, ..)) = command_line(label.words.trim()) else {
            return;
        };
        let message = format!(
            "whoever types “{}” runs the command `/{name}`, not this option",
            label.words
        );
        self.cx.sink.report(
            Diagnostic::new(&codes::LABEL_COMMAND, label.place, message)
                .help("begin the text with another character"),
        );
    }

    /// The buttons that the runtime puts below a question.
    fn own<'l>(
        &mut self,
        locale: &Locale,
        step: usize,
        labels: impl Iterator<Item = &'l Label>,
        inside: &str,
    ) {
        let optional = steps(self.flow).get(step).and_then(|s| s.optional.as_ref());
        let mut own = vec!["bf-cancel"];
        own.extend((step > 0).then_some("bf-back"));
        own.extend(optional.is_some_and(|o| o.node).then_some("bf-skip"));
        let own: Vec<(&str, String)> = own
            .into_iter()
            .filter_map(|id| Some((id, locale.words_of_runtime(id)?)))
            .collect();
        for label in labels {
            let Some((id, _)) = own.iter().find(|(_, words)| same(words, &label.words)) else {
                continue;
            };
            let message = format!(
                "“{}” is also what a button of the runtime says{inside}",
                label.words
            );
            let help = match *id {
                "bf-cancel" => {
                    "every question has a button that cancels: name this one otherwise, or leave it out"
                }
                "bf-back" => {
                    "a question has a button that goes back: name this one otherwise, or leave it out"
                }
                _ => {
                    "an optional question has a button that skips: name this one otherwise, or leave it out"
                }
            };
            self.cx
                .sink
                .report(Diagnostic::new(&codes::LABEL_OWN, label.place, message).help(help));
        }
    }
}

fn label(locale: &Locale, option: &ast::Choice) -> Option<Label> {
    let source = &option.text.source;
    let key = match &option.text.kind {
        TextKind::Key(key) => key,
        TextKind::Template(pieces) => match pieces.as_slice() {
            [Piece::Literal { text, .. }] => {
                return Some(Label {
                    words: text.clone(),
                    place: source.span,
                });
            }
            [Piece::Key(key)] => key,
            _ => return None,
        },
    };
    let message = locale.messages.get(&key.key.node)?;
    let attribute = key.attribute.as_ref().map(|a| a.node.as_str());
    let at = message
        .attributes
        .iter()
        .find(|a| Some(a.name.as_str()) == attribute);
    Some(Label {
        words: locale.constant(message.pattern(attribute)?)?,
        place: at.map_or(message.span, |a| a.span),
    })
}
