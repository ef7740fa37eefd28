//! `botgen test`: the conversations of `chats/*.yaml`, which the build turns into tests of the deployment.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ERRORS, GOOD, WRONG_USE, complain, load, report};

/// Checks the bots, then runs their conversations through `cargo test` in the working directory.
pub fn run(dirs: &[PathBuf]) -> u8 {
    if !Path::new("Cargo.toml").is_file() {
        complain(
            "there is no `Cargo.toml` here; run `botgen test` where `cargo run` runs the bots",
        );
        return WRONG_USE;
    }
    let Some((input, compiled)) = load(dirs) else {
        return WRONG_USE;
    };
    if compiled.has_errors() {
        report(&compiled, input.bots.len());
        return ERRORS;
    }
    let talks = |bot: &crate::input::BotFolder| {
        let prefix = bot.join("chats/");
        input.files.keys().any(|path| path.starts_with(&prefix))
    };
    let mut filters = Vec::new();
    for bot in &input.bots {
        if talks(bot) {
            filters.push(format!("conversations::{}::", bot.id));
        } else if !dirs.is_empty() {
            complain(&format!("`{}` has no `chats/*.yaml`", bot.path));
            return ERRORS;
        }
    }
    if filters.is_empty() {
        complain("no bot has a `chats/*.yaml`, there is nothing to test");
        return ERRORS;
    }
    let library = ["bots/lib.rs", "src/lib.rs"];
    let library = library.iter().any(|path| Path::new(path).is_file());
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", if library { "--lib" } else { "--bins" }, "--"])
        .args(&filters)
        .status();
    match status {
        Ok(status) if status.success() => GOOD,
        Ok(_) => ERRORS,
        Err(e) => {
            complain(&format!("cannot run cargo: {e}"));
            WRONG_USE
        }
    }
}
