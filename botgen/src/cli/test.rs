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
    let mut command = Command::new(cargo);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_one_crate) {
            command.env_remove(name);
        }
    }
    let status = command
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

/// What cargo tells the one program that it runs (`cargo botgen` is one). Build scripts of libraries watch these names: a
/// cargo within that inherited them would build the libraries again.
fn is_of_one_crate(variable: &str) -> bool {
    const BEGINNINGS: [&str; 6] = [
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_BIN_",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
    ];
    variable == "OUT_DIR" || BEGINNINGS.iter().any(|begins| variable.starts_with(begins))
}

#[cfg(test)]
mod tests {
    use super::is_of_one_crate;

    #[test]
    fn the_inner_cargo_keeps_its_settings_only() {
        for gone in [
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_NAME",
            "CARGO_BIN_NAME",
            "OUT_DIR",
        ] {
            assert!(is_of_one_crate(gone), "{gone}");
        }
        for kept in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_JOBS",
            "RUSTUP_TOOLCHAIN",
            "PATH",
        ] {
            assert!(!is_of_one_crate(kept), "{kept}");
        }
    }
}
