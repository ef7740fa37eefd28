//! `botgen prepare`: keeps Postgres's answers in the bots' folders, for builds and checks without a server.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ERRORS, GOOD, WRONG_USE, complain, engines, load_input, print, report};
use crate::check::sql::kept::Recorder;
use crate::check::sql::postgres::Oracle;
use crate::input::{BotFolder, KEPT};
use crate::source::folder::is_kept;
use crate::{Engine, Input, Options, compile};

/// Asks about every statement of the bots and writes the answers; with `check` says whether they are there.
pub fn run(dirs: &[PathBuf], check: bool) -> u8 {
    let Some(input) = load_input(dirs) else {
        return WRONG_USE;
    };
    let Some(server) = engines::server() else {
        return WRONG_USE;
    };
    let mut worst = GOOD;
    for bot in &input.bots {
        worst = worst.max(prepare(bot, &server, check));
    }
    worst
}

/// One bot by itself: what is kept for it must not depend on who else is there.
fn prepare(bot: &BotFolder, server: &Arc<dyn Oracle>, check: bool) -> u8 {
    let shown = if bot.path.is_empty() { "." } else { &bot.path };
    let input = match Input::load(Path::new("."), &[PathBuf::from(shown)]) {
        Ok(input) => input,
        Err(error) => {
            complain(&error.to_string());
            return WRONG_USE;
        }
    };
    let recorder = Recorder::new(server.clone());
    let options = Options {
        engine: Engine::Postgres,
        postgres: Some(Arc::new(recorder.clone())),
        ..Options::now()
    };
    let compiled = compile(&input, &options);
    if compiled.has_errors() {
        report(&compiled, 1);
        return ERRORS;
    }
    let folder = Path::new(shown).join(KEPT);
    let (wanted, there) = (recorder.answers().files(), kept(&folder));
    let changed = wanted
        .iter()
        .filter(|(name, text)| there.get(*name).is_none_or(|old| old != text.as_bytes()));
    let changed: Vec<_> = changed.collect();
    let stale: Vec<_> = there
        .keys()
        .filter(|name| !wanted.contains_key(*name))
        .collect();
    let queries = wanted.len().saturating_sub(1);
    if changed.is_empty() && stale.is_empty() {
        let what = match queries {
            1 => "1 statement".to_owned(),
            n => format!("{n} statements"),
        };
        return print(&format!("{shown}: up to date, {what}\n"));
    }
    let (new, old) = (changed.len(), stale.len());
    if check {
        complain(&format!(
            "{shown}: {new} of Postgres's answers are missing or old, {old} are not needed any more\n\
             help: run `cargo botgen prepare {shown}`"
        ));
        return ERRORS;
    }
    let write = || -> io::Result<()> {
        if !wanted.is_empty() {
            fs::create_dir_all(&folder)?;
        }
        for (name, text) in &changed {
            fs::write(folder.join(name), text)?;
        }
        for name in &stale {
            fs::remove_file(folder.join(name))?;
        }
        if wanted.is_empty() {
            // Whatever else is in it stays.
            let _ = fs::remove_dir(&folder);
        }
        Ok(())
    };
    match write() {
        Ok(()) => print(&format!(
            "{shown}: {new} written to `{KEPT}/`, {old} removed\n"
        )),
        Err(e) => {
            complain(&format!("cannot write to `{}`: {e}", folder.display()));
            ERRORS
        }
    }
}

/// What `prepare` has written there before.
fn kept(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let bytes = fs::read(entry.path()).ok()?;
            is_kept(&name).then_some((name, bytes))
        })
        .collect()
}
