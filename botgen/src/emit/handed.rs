//! What the runtime must know of a bot's texts to prove them again before one is overridden.

use botfactory_lang::overrides::{ChoiceUse, Handed, LabelUse, OptionUse, TextUse};
use botfactory_lang::proof::shape::Node;

use crate::ir::{Bot, Choice, Flow};

/// Every text with words that can be overridden, and every choice with such labels.
pub fn over(bot: &Bot) -> String {
    let flows = bot.flows.iter();
    let texts = bot.texts.iter().chain(flows.clone().flat_map(|f| &f.texts));
    let choices = flows.flat_map(|flow| flow.choices.iter().filter_map(|c| choice(bot, flow, c)));
    let handed = Handed {
        texts: texts.filter_map(|text| text.handed.clone()).collect(),
        choices: choices.collect(),
    };
    match handed.texts.is_empty() {
        true => String::new(),
        false => handed.encode(),
    }
}

/// `None`: every label is the same for ever.
fn choice(bot: &Bot, flow: &Flow, choice: &Choice) -> Option<ChoiceUse> {
    let uses: Vec<Option<&TextUse>> = choice
        .options
        .iter()
        .map(|o| flow.texts.get(o.label.id.0).and_then(|t| t.handed.as_ref()))
        .collect();
    uses.iter().any(Option::is_some).then(|| ChoiceUse {
        at: within(bot, &choice.origin.0).to_owned(),
        options: choice
            .options
            .iter()
            .zip(uses)
            .map(|(option, text)| OptionUse {
                value: option.value.clone(),
                when: option.when.is_some(),
                label: label(flow, option.label.id.0, text),
            })
            .collect(),
    })
}

fn label(flow: &Flow, id: usize, text: Option<&TextUse>) -> LabelUse {
    use crate::ir::text::Piece;
    if let Some([Node::Message(message)]) = text.map(|t| t.nodes.as_slice()) {
        return LabelUse::Key(message.key.clone(), message.attribute.clone());
    }
    match flow.texts.get(id).map(|t| t.pieces.as_slice()) {
        Some([Piece::Literal(words)]) => LabelUse::Words(words.clone()),
        _ => LabelUse::Other,
    }
}

/// A place within the bot's folder.
fn within<'p>(bot: &Bot, place: &'p str) -> &'p str {
    let inside = place.strip_prefix(bot.folder.as_str());
    inside.map_or(place, |p| p.trim_start_matches('/'))
}
