//! Options of a choice as people read and type them: a typed answer that is equal to a label or a value counts as a
//! press, so two that read alike are one.

use crate::answer::same;
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::Span;

/// An option in one language.
#[derive(Debug, Clone)]
pub struct Choice<'a> {
    /// Its value.
    pub value: &'a str,
    /// Where the value is written.
    pub span: Span,
    /// It is offered only when a condition holds.
    pub when: bool,
    /// What people read, where that is always the same.
    pub label: Option<Label>,
}

/// What people read.
#[derive(Debug, Clone)]
pub struct Label {
    /// The words.
    pub words: String,
    /// Where they are written.
    pub place: Span,
    /// They stand in the bot's own file: the same in every language.
    pub everywhere: bool,
}

/// Reports options that read like one before them. `inside`: `` in `ru` `` where there are several languages, else nothing.
pub fn alike(options: &[Choice<'_>], inside: &str, sink: &mut Sink) {
    for (i, second) in options.iter().enumerate() {
        if let Some(label) = &second.label {
            one(
                options.get(..i).unwrap_or_default(),
                second,
                label,
                inside,
                sink,
            );
        }
    }
}

fn one(before: &[Choice<'_>], second: &Choice<'_>, label: &Label, inside: &str, sink: &mut Sink) {
    let inside = if label.everywhere { "" } else { inside };
    // Two with a `when` each may never meet; that two have one value is said where values are told apart.
    let meet = |o: &Choice<'_>| (!o.when || !second.when) && o.value != second.value;
    let twin = before.iter().find_map(|o| {
        let words = o.label.as_ref()?;
        (same(&words.words, &label.words) && meet(o)).then_some((o, words))
    });
    let value = second.value;
    let (message, note, said) = if let Some((twin, words)) = twin {
        let message = format!(
            "the options `{}` and `{value}` both read “{}”{inside}",
            twin.value, label.words
        );
        (message, words.place, "the first")
    } else if let Some(other) = before
        .iter()
        .find(|o| same(o.value, &label.words) && meet(o))
    {
        let message = format!(
            "whoever types “{}”{inside} chooses the option `{}`, not `{value}`",
            label.words, other.value
        );
        (message, other.span, "its value is typed so, too")
    } else {
        return;
    };
    let mut d = Diagnostic::new(&codes::LABELS_ALIKE, label.place, message)
        .help("give the options texts that differ, not in capital letters alone");
    if note != label.place {
        d = d.note(note, said);
    }
    sink.report(d);
}
