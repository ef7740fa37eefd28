//! Which tables a bot writes: what nothing writes holds what the migrations put there.

use std::collections::BTreeSet;

use crate::Engine;
use crate::check::sql::text::lex;
use crate::syntax::ast::{Action, ActionKind, Bot, FlowKind, Statement};
use sqlparser::tokenizer::Token;

/// Tables that a bot's statements insert into, update or delete from, lower case.
pub fn written(bot: &Bot) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for flow in &bot.flows {
        actions(&flow.on_enter, &mut names);
        if let FlowKind::Wizard(wizard) = &flow.kind {
            actions(&wizard.on_step, &mut names);
            actions(&wizard.on_complete, &mut names);
            for step in &wizard.steps {
                actions(&step.on_step, &mut names);
            }
        }
    }
    names
}

fn actions(list: &[Action], names: &mut BTreeSet<String>) {
    for action in list {
        if let ActionKind::Exec(statement) = &action.kind {
            targets(statement, names);
        }
    }
}

fn targets(statement: &Statement, names: &mut BTreeSet<String>) {
    let sql = &statement.sql;
    let texts = [
        (&sql.both, Engine::Sqlite),
        (&sql.sqlite, Engine::Sqlite),
        (&sql.postgres, Engine::Postgres),
    ];
    for (text, engine) in texts {
        let Some(Ok(lexed)) = text.as_ref().map(|t| lex(&t.value, engine)) else {
            continue;
        };
        for (i, token) in lexed.tokens.iter().enumerate() {
            let before = |word: &str| i > 0 && lexed.tokens[i - 1].is_word(word);
            let deletes = i > 1 && before("FROM") && lexed.tokens[i - 2].is_word("DELETE");
            if let Token::Word(w) = &token.token
                && (before("INTO") || before("UPDATE") || deletes)
            {
                names.insert(w.value.to_ascii_lowercase());
            }
        }
    }
}
