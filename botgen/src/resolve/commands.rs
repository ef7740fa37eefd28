//! Commands and who owns them.

use super::{Command, Symbols};
use crate::check::snake;
use crate::diagnostics::codes::names;
use crate::diagnostics::{Diagnostic, Sink, in_latin};
use crate::source::Str;
use botfactory_lang::limits::COMMAND;

/// The runtime's own commands inside a wizard. `/cancel` may have an owner too.
pub const RESERVED: [&str; 2] = ["back", "skip"];

/// Crates that generated code names, and the file that holds the bot itself.
const TAKEN: [&str; 6] = ["alloc", "core", "mod", "runtime_core", "sqlx", "std"];

/// Gives the command to the flow that was added last.
pub fn add(symbols: &mut Symbols, written: &Str, admins: bool, sink: &mut Sink) {
    let Some(flow) = symbols.flows.len().checked_sub(1) else {
        return;
    };
    let errors = sink.errors();
    check_name(written, sink);
    symbols.incomplete |= sink.errors() > errors;
    let name = written.value.trim_start_matches('/').to_owned();
    if let Some(owner) = symbols.commands.get(&name) {
        sink.report(
            Diagnostic::new(
                &names::TWO_OWNERS,
                written.span,
                format!("`/{name}` already has an owner"),
            )
            .label("the second")
            .note(owner.span, "the first owner")
            .help("give one of the two another command"),
        );
        symbols.incomplete = true;
        return;
    }
    let module = module(symbols, &name);
    let names = &symbols.flows[flow];
    symbols.commands.insert(
        name.clone(),
        Command {
            span: written.span,
            flow,
            module,
            admins,
            args: names.args.clone(),
            choices: names.choice_symbols(),
            args_lost: names.args_lost,
            choices_lost: names.choices_lost,
        },
    );
}

/// The name of a command's module, which is its file's too: no keyword (`r#` is no part of a file's name), no
/// sibling's name, nothing that generated code calls by a path from here.
fn module(symbols: &mut Symbols, command: &str) -> String {
    let mut base = snake(command);
    if let Some(keyword) = base.strip_prefix("r#") {
        base = format!("{keyword}_");
    } else if TAKEN.contains(&base.as_str()) {
        base.push('_');
    }
    let mut module = base.clone();
    let mut n = 2;
    while !symbols.modules.insert(module.clone()) {
        module = format!("{base}_{n}");
        n += 1;
    }
    module
}

fn check_name(written: &Str, sink: &mut Sink) {
    let value = written.value.as_str();
    let name = value.strip_prefix('/');
    let bare = value.trim_start_matches('/');
    if RESERVED.contains(&bare) {
        sink.report(
            Diagnostic::new(
                &names::RESERVED_COMMAND,
                written.span,
                format!("`/{bare}` belongs to the runtime: it works inside every wizard"),
            )
            .help("take another name"),
        );
        return;
    }
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_some_and(|n| !n.is_empty() && n.len() <= COMMAND && n.chars().all(good)) {
        return;
    }
    // The first character that Telegram refuses, if that is what is wrong.
    let bad = name.and_then(|n| n.char_indices().find(|(_, c)| !good(*c)));
    let span = match bad {
        Some((at, c)) => written.span_of(at + 1..at + 1 + c.len_utf8()),
        None => written.span,
    };
    let latin = in_latin(bare);
    let fixed: String = latin
        .chars()
        .map(|c| {
            if c == '-' || c == ' ' {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .filter(|c| good(*c))
        .take(COMMAND)
        .collect();
    let mut d = Diagnostic::new(
        &names::COMMAND_NAME,
        span,
        match name {
            None => format!("command `{value}` does not begin with `/`"),
            Some("") => "the command has no name".to_owned(),
            Some(n) if n.len() > COMMAND && bad.is_none() => {
                format!("command `{value}` is longer than {COMMAND} characters")
            }
            Some(_) if bad.is_some_and(|(_, c)| in_latin(&c.to_string()) != c.to_string()) => {
                format!("command `{value}` has a Cyrillic letter that only looks like a Latin one")
            }
            Some(_) => format!("command `{value}` has a character that Telegram does not take"),
        },
    );
    d = d.help(if fixed.is_empty() {
        "a command is `/` and 1 to 32 small letters a-z, digits and `_`".to_owned()
    } else {
        format!("write `/{fixed}`: a command is `/` and 1 to 32 small letters a-z, digits and `_`")
    });
    sink.report(d);
}
