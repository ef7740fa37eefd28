//! The longest label of a choice, for `| label`.

use botfactory_lang::length::utf16;

use super::bounds::Bound;
use super::keys;
use crate::check::FlowCx;
use crate::ir::types::ChoiceId;
use crate::syntax::ast;

/// Over all options, in one locale. Labels that `label` may print read no variables.
pub(super) fn longest(cx: &FlowCx<'_>, command: &str, id: ChoiceId, locale: usize) -> Bound {
    options(cx, command, id)
        .map(|text| label(cx, text, locale))
        .reduce(Bound::either)
        .unwrap_or(Bound {
            least: 0,
            most: None,
        })
}

/// The texts of the options as written.
fn options<'a>(
    cx: &FlowCx<'a>,
    command: &str,
    id: ChoiceId,
) -> impl Iterator<Item = &'a ast::Text> {
    let bot = cx.bot;
    let owner = bot.symbols.commands.get(command);
    let var = owner.and_then(|o| o.choices.iter().find(|(_, c)| c.id == id));
    let flow = bot
        .ast
        .flows
        .iter()
        .find(|f| f.entry_cmd.value.trim_start_matches('/') == command);
    var.zip(flow).into_iter().flat_map(|((var, _), flow)| {
        let args = flow.args.iter().filter(move |a| a.name.value == *var);
        let steps = match &flow.kind {
            ast::FlowKind::Wizard(wizard) => wizard.steps.as_slice(),
            _ => &[],
        };
        let steps = steps.iter().filter(move |s| s.var.value == *var);
        let asked = crate::check::walk::actions(flow).flat_map(move |action| answers(action, var));
        args.flat_map(|a| &a.options)
            .chain(steps.flat_map(|s| &s.options))
            .map(|option| &option.text)
            .chain(asked)
    })
}

/// Those of an answer of the model, or of a field of it: `variable field`.
fn answers<'a>(action: &'a ast::Action, var: &str) -> Vec<&'a ast::Text> {
    let ast::ActionKind::Ask(ask) = &action.kind else {
        return Vec::new();
    };
    let name = ask.result_var.value.as_str();
    let options = match &ask.output {
        ast::AskOutput::Choice(options) if name == var => options,
        ast::AskOutput::Record(fields) => {
            let field = var
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(' '));
            let field = fields.iter().find(|f| Some(f.name.value.as_str()) == field);
            match field {
                Some(field) => &field.options,
                None => return Vec::new(),
            }
        }
        _ => return Vec::new(),
    };
    options.iter().map(|option| &option.text).collect()
}

fn label(cx: &FlowCx<'_>, text: &ast::Text, locale: usize) -> Bound {
    let mut sum = Bound {
        least: 0,
        most: Some(0),
    };
    let mut add = |b: Bound| {
        sum.least += b.least;
        sum.most = sum.most.zip(b.most).map(|(x, y)| x + y);
    };
    let unknown = Bound {
        least: 0,
        most: None,
    };
    match &text.kind {
        ast::TextKind::Key(key) => add(keys::fixed(cx, key, locale)),
        ast::TextKind::Template(pieces) => {
            for piece in pieces {
                add(match piece {
                    ast::Piece::Literal { text, .. } => Bound {
                        most: Some(utf16(text)),
                        ..Bound::exactly(text)
                    },
                    ast::Piece::Key(key) => keys::fixed(cx, key, locale),
                    _ => unknown,
                });
            }
        }
    }
    sum
}
