//! A whole deployment: bots, the tables they share, and the hashes of what was read.

use std::collections::BTreeMap;

use super::sql::{MigrationFile, OwnerMigrations, Schema};
use super::{BotCx, bot, chats, i18n, settings};
use crate::Options;
use crate::diagnostics::codes::{itself, names};
use crate::diagnostics::{Diagnostic, Sink};
use crate::input::Input;
use crate::ir;
use crate::resolve::Symbols;
use crate::source::{FileId, SourceMap, Span, folder};
use crate::syntax::Parsed;
use sha2::{Digest, Sha256};

/// The runtime's own tables, on SQLite.
const RUNTIME: &str = concat!(
    include_str!("../../../migrations/sqlite/0001_runtime.sql"),
    include_str!("../../../migrations/sqlite/0002_engine.sql"),
    include_str!("../../../migrations/sqlite/0004_people.sql"),
);

/// Checks every bot. No program: there is an error. The tables are there all the same.
pub fn check(
    parsed: &[Parsed],
    input: &Input,
    options: &Options,
    sources: &mut SourceMap,
    sink: &mut Sink,
) -> (Option<ir::Program>, Schema) {
    for (i, p) in parsed.iter().enumerate() {
        if let Some(first) = parsed[..i].iter().find(|o| o.bot.id == p.bot.id) {
            sink.report(
                Diagnostic::new(
                    &names::BOT_TWICE,
                    start(p),
                    format!("the deployment already has a bot `{}`", p.bot.id),
                )
                .note(start(first), "the first")
                .help("a bot's id is its folder's name: rename one of the folders"),
            );
        }
    }
    let shared: Vec<Owner> = parsed
        .iter()
        .map(|p| owner(p, parsed, input, sources, sink))
        .collect();
    let sources = &*sources;
    let mut owners: Vec<OwnerMigrations> = Vec::new();
    for (parsed, owner) in parsed.iter().zip(&shared) {
        if !owner.is_here && owners.iter().all(|o| o.owner != owner.id) {
            owners.push(OwnerMigrations {
                owner: owner.id.clone(),
                folder: parsed.folder.path.clone(),
                place: start(parsed),
                files: migration_files(&owner.files, &owner.prefix, sources),
                incomplete: owner.incomplete,
            });
        }
    }
    let mut schema = Schema::build(&owners, RUNTIME, options, sink);
    for parsed in parsed {
        schema.learn_writes(&parsed.bot);
    }
    let mut bots = Vec::new();
    let mut conversations = Vec::new();
    for (parsed, owner) in parsed.iter().zip(&shared) {
        let errors = sink.errors();
        let symbols = Symbols::of(&parsed.bot, sink);
        settings::locales(&parsed.bot, &parsed.folder, sink);
        let words = i18n::load(&parsed.bot, &parsed.folder.locales, sources, sink);
        let cx = BotCx {
            ast: &parsed.bot,
            symbols: &symbols,
            words: &words,
            schema: &schema,
            sources,
            now: options.now,
            lengths: Default::default(),
        };
        let migrations = ir::Migrations {
            owner: owner.id.clone(),
            files: match owner.is_here {
                true => Vec::new(),
                false => schema.migrations_of(&owner.id),
            },
        };
        let tags = settings::tags(&parsed.bot);
        let default = settings::default_tag(&parsed.bot, &tags);
        let against = chats::Bot {
            id: &parsed.bot.id,
            symbols: &symbols,
            locales: &tags,
            default,
            tz: parsed.bot.tz.as_ref().map_or("UTC", |tz| &tz.value),
        };
        conversations.extend(chats::check(&against, &parsed.chats, sources, sink));
        let bot = bot::check(&cx, &parsed.folder, migrations, sink);
        match bot {
            Some(bot) if sink.errors() == errors => bots.push(ir::Bot {
                source_hash: hash(input, &parsed.folder.path),
                ..bot
            }),
            // Whoever gives up must have said why.
            None if sink.errors() == 0 => sink.report(
                Diagnostic::new(
                    &itself::SILENT_FAILURE,
                    start(parsed),
                    format!("the bot `{}` was refused without a reason", parsed.bot.id),
                )
                .help(
                    "this is a mistake of botgen, not yours: please report it with the bot's files",
                ),
            ),
            _ => {}
        }
    }
    let program = (sink.errors() == 0 && bots.len() == input.bots.len()).then(|| ir::Program {
        source_hash: whole(&bots),
        bots,
        conversations,
    });
    (program, schema)
}

/// The first place of a bot's `bot.yaml`.
fn start(parsed: &Parsed) -> Span {
    let span = parsed.bot.span;
    Span {
        hi: span.lo,
        ..span
    }
}

/// Who owns a bot's tables.
struct Owner {
    id: String,
    /// Another bot of this deployment, which brings its own files.
    is_here: bool,
    /// Path of `migrations/`, with a `/` at its end.
    prefix: String,
    files: Vec<FileId>,
    /// A file could not be read.
    incomplete: bool,
}

fn owner(
    parsed: &Parsed,
    all: &[Parsed],
    input: &Input,
    sources: &mut SourceMap,
    sink: &mut Sink,
) -> Owner {
    let own = Owner {
        id: parsed.bot.id.clone(),
        is_here: false,
        prefix: join(&parsed.folder.path, "migrations/"),
        files: parsed.folder.migrations.clone(),
        incomplete: parsed.folder.incomplete,
    };
    let Some(written) = &parsed.bot.migrations else {
        return own;
    };
    let wrong = |sink: &mut Sink, message: String, help: &str| {
        sink.report(Diagnostic::new(&names::MIGRATIONS_OWNER, written.span, message).help(help));
    };
    let form = "name another bot's folder: `migrations: ../booking/migrations`";
    let Some(path) = normal(&parsed.folder.path, &written.value) else {
        wrong(sink, format!("`{}` leads nowhere", written.value), form);
        return own;
    };
    let Some((bot, id)) = path
        .strip_suffix("/migrations")
        .map(|bot| (bot, bot.rsplit('/').next().unwrap_or(bot)))
        .filter(|(bot, id)| folder::is_bot_id(id) && *bot != parsed.folder.path)
    else {
        wrong(
            sink,
            format!("`{}` is not the `migrations` of another bot", written.value),
            form,
        );
        return own;
    };
    if let Some(first) = parsed.folder.migrations.first() {
        let file = &sources.file(*first).path;
        let message = format!("the tables belong to `{id}`, but there is `{file}` too");
        wrong(
            sink,
            message,
            "move the files to their owner, or remove `migrations:`",
        );
        return own;
    }
    if let Some(other) = all.iter().find(|p| p.folder.path == bot) {
        if let Some(next) = &other.bot.migrations {
            let message = format!("`{id}` does not own its tables either");
            let help = format!("name their owner: `{}` there", next.value);
            wrong(sink, message, &help);
        }
        return Owner {
            id: id.to_owned(),
            is_here: true,
            prefix: String::new(),
            files: Vec::new(),
            incomplete: false,
        };
    }
    let errors = sink.errors();
    let files = folder::read_below(input, &path, sources, sink);
    let incomplete = sink.errors() > errors;
    if files.is_empty() && !incomplete {
        let message = format!("there are no migrations in `{path}`");
        wrong(sink, message, form);
    }
    Owner {
        id: id.to_owned(),
        is_here: false,
        prefix: format!("{path}/"),
        files,
        incomplete,
    }
}

fn migration_files(files: &[FileId], prefix: &str, sources: &SourceMap) -> Vec<MigrationFile> {
    let read = |id: &FileId| {
        let file = sources.file(*id);
        MigrationFile {
            name: file
                .path
                .strip_prefix(prefix)
                .unwrap_or(&file.path)
                .to_owned(),
            file: *id,
            text: file.text.clone(),
        }
    };
    files.iter().map(read).collect()
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        _ => format!("{folder}/{name}"),
    }
}

/// `../booking/migrations` as seen from `folder`; `None` if it is absolute or leaves what is known.
fn normal(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/').filter(|p| !p.is_empty() && *p != ".") {
        match part {
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            ".." => parts.push(".."),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The hash of the sources below `folder`.
fn hash(input: &Input, folder: &str) -> String {
    let prefix = join(folder, "");
    let below = input.files.range(prefix.clone()..);
    let files = below
        .take_while(|(path, _)| path.starts_with(&prefix))
        .map(|(path, bytes)| (&path[prefix.len()..], bytes.as_slice()));
    botfactory_lang::sources::hash(files)
}

fn whole(bots: &[ir::Bot]) -> String {
    let each: BTreeMap<&str, &str> = bots
        .iter()
        .map(|b| (b.id.as_str(), b.source_hash.as_str()))
        .collect();
    let mut sha = Sha256::new();
    for (id, hash) in each {
        sha.update(id);
        sha.update([0]);
        sha.update(hash);
    }
    hex(&sha.finalize())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let at = |path| normal("bots/shop", path);
        assert_eq!(
            at("../booking/migrations").as_deref(),
            Some("bots/booking/migrations")
        );
        assert_eq!(at("./migrations/").as_deref(), Some("bots/shop/migrations"));
        assert_eq!(
            at("../../../x/migrations").as_deref(),
            Some("../x/migrations")
        );
        assert_eq!(at("/x"), None);
        assert_eq!(
            normal("", "../b/migrations").as_deref(),
            Some("../b/migrations")
        );
    }
}
