//! Bytes into files: which file of a bot's folder is what, and that it is text at all.

use super::{FileId, SourceMap, Span};
use crate::diagnostics::codes::files;
use crate::diagnostics::{Diagnostic, Sink, did_you_mean};
use crate::input::{BotFolder, FILE_BYTES, FOLDERS, Input, OTHER_NAMES};

/// A bot's files. What could not be read is reported and left out.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// The folder's name, proven to be a bot's id.
    pub id: String,
    /// Path as people see it.
    pub path: String,
    /// `bot.yaml`; `None` when it is missing or unreadable.
    pub bot_yaml: Option<FileId>,
    /// `flows/*.yaml` in file-name order.
    pub flows: Vec<FileId>,
    /// `locales/<lang>.ftl`: the file's stem and the file.
    pub locales: Vec<(String, FileId)>,
    /// Everything below `migrations/`, by path.
    pub migrations: Vec<FileId>,
    /// `chats/*.yaml` in file-name order.
    pub chats: Vec<FileId>,
    /// `sqlx/*.json`: what `botgen prepare` has kept of Postgres's answers.
    pub kept: Vec<FileId>,
    /// A file could not be read: what is missing later may stand there.
    pub incomplete: bool,
}

/// Reads every bot of `input`. After it every file is UTF-8 without NUL and not too large.
pub fn read(input: &Input, sources: &mut SourceMap, sink: &mut Sink) -> Vec<Folder> {
    input
        .bots
        .iter()
        .map(|bot| read_bot(input, bot, sources, sink))
        .collect()
}

/// Adds the files below `prefix` that have not been added yet (migrations that another bot owns).
pub fn read_below(
    input: &Input,
    prefix: &str,
    sources: &mut SourceMap,
    sink: &mut Sink,
) -> Vec<FileId> {
    let prefix = format!("{prefix}/");
    input
        .files
        .range(prefix.clone()..)
        .take_while(|(path, _)| path.starts_with(&prefix))
        .filter_map(|(path, bytes)| {
            sources
                .find(path)
                .or_else(|| add(path, bytes, sources, sink))
        })
        .collect()
}

fn read_bot(input: &Input, bot: &BotFolder, sources: &mut SourceMap, sink: &mut Sink) -> Folder {
    let mut folder = Folder {
        id: bot.id.clone(),
        path: bot.path.clone(),
        bot_yaml: None,
        flows: Vec::new(),
        locales: Vec::new(),
        migrations: Vec::new(),
        chats: Vec::new(),
        kept: Vec::new(),
        incomplete: false,
    };
    let mut stray = Vec::new();
    let prefix = bot.join("");
    let below = input
        .files
        .range(prefix.clone()..)
        .take_while(|(path, _)| path.starts_with(&prefix));
    for (path, bytes) in below {
        let name = &path[prefix.len()..];
        let role = Role::of(name);
        if matches!(role, Role::Stray) {
            stray.push((path.as_str(), name));
        }
        if matches!(role, Role::Stray | Role::Other) {
            continue;
        }
        let Some(file) = add(path, bytes, sources, sink) else {
            folder.incomplete = true;
            continue;
        };
        match role {
            Role::Bot => folder.bot_yaml = Some(file),
            Role::Flow => folder.flows.push(file),
            Role::Locale(tag) => folder.locales.push((tag.to_owned(), file)),
            Role::Migration => folder.migrations.push(file),
            Role::Chat => folder.chats.push(file),
            Role::Kept => folder.kept.push(file),
            Role::Stray | Role::Other => {}
        }
    }
    let at = |file| Span { file, lo: 0, hi: 0 };
    if folder.bot_yaml.is_none() && !folder.incomplete {
        folder.incomplete = true;
        let file = sources.add(bot.join("bot.yaml"), String::new());
        let mut d = Diagnostic::new(
            &files::MISSING_BOT_YAML,
            at(file),
            format!("`{}` has no `bot.yaml`", shown(bot)),
        );
        let near = stray.iter().find(|(_, name)| !name.contains('/')).copied();
        d = d.help(match near {
            Some((_, name)) => format!("rename `{name}` to `bot.yaml`"),
            None => "a bot is a folder with a `bot.yaml`; `botgen new DIR` writes one".to_owned(),
        });
        sink.report(d);
        stray.retain(|s| near != Some(*s));
    }
    for (path, name) in stray {
        let file = sources.add(path.to_owned(), String::new());
        sink.report(
            Diagnostic::new(
                &files::STRAY_FILE,
                at(file),
                format!("`{name}` is not a file of a bot, nothing reads it"),
            )
            .help(meant(name)),
        );
    }
    if !is_bot_id(&bot.id) {
        let file = folder
            .bot_yaml
            .unwrap_or_else(|| sources.add(bot.join("bot.yaml"), String::new()));
        sink.report(
            Diagnostic::new(
                &files::BOT_ID,
                at(file),
                format!("`{}` cannot be a bot's id", bot.id),
            )
            .help("a bot's id is its folder's name: a small letter, then small letters, digits and `_`, at most 32 in all; rename the folder"),
        );
    }
    folder
}

/// `[a-z][a-z0-9_]{0,31}`.
pub fn is_bot_id(id: &str) -> bool {
    id.len() <= 32
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn shown(bot: &BotFolder) -> &str {
    if bot.path.is_empty() { "." } else { &bot.path }
}

/// What a file of a bot's folder is.
enum Role<'a> {
    Bot,
    Flow,
    Locale(&'a str),
    Migration,
    Chat,
    Kept,
    /// Not ours, and not likely to be meant for us.
    Other,
    /// Not ours, but looks as if it should be.
    Stray,
}

impl<'a> Role<'a> {
    fn of(name: &'a str) -> Self {
        let (dir, file) = name.split_once('/').unwrap_or(("", name));
        let plain = !file.contains('/');
        match dir {
            "" if file == "bot.yaml" => Role::Bot,
            "" if meant_file(file).is_some() => Role::Stray,
            "" => Role::Other,
            "flows" if plain && file.ends_with(".yaml") => Role::Flow,
            "chats" if plain && file.ends_with(".yaml") => Role::Chat,
            "locales" if plain && file.ends_with(".ftl") => {
                Role::Locale(file.trim_end_matches(".ftl"))
            }
            "migrations" if file.ends_with(".sql") => Role::Migration,
            "sqlx" if plain && is_kept(file) => Role::Kept,
            _ if file.ends_with(".md") => Role::Other,
            dir if FOLDERS.contains(&dir) => Role::Stray,
            dir if folder_meant(dir).is_some()
                && [".yaml", ".ftl", ".sql"]
                    .iter()
                    .any(|end| file.ends_with(end)) =>
            {
                Role::Stray
            }
            _ => Role::Other,
        }
    }
}

/// A file of `sqlx/` that `prepare` writes.
pub fn is_kept(name: &str) -> bool {
    name == "migrations.json" || (name.starts_with("query-") && name.ends_with(".json"))
}

/// The folder of ours that another name is meant for: `migration`, `locale`.
fn folder_meant(dir: &str) -> Option<&'static str> {
    let (_, ours) = OTHER_NAMES.iter().find(|(other, _)| *other == dir)?;
    Some(ours)
}

fn meant_file(name: &str) -> Option<&'static str> {
    if name == "bot.lock" {
        return None;
    }
    ["bot.yml", "bot.json", "flows.yaml", "intents.yaml"]
        .contains(&name)
        .then_some("bot.yaml")
        .or_else(|| did_you_mean(name, ["bot.yaml"]))
}

fn meant(name: &str) -> String {
    match name.split_once('/').map(|(dir, _)| dir) {
        Some("flows" | "chats") => "name it `NAME.yaml`, directly in this folder".to_owned(),
        Some("locales") => "name it by its language, `ru.ftl`, directly in this folder".to_owned(),
        Some("sqlx") => "only `botgen prepare` writes to this folder; remove the file".to_owned(),
        Some("migrations") => "name it `0001_what_it_does.sql`".to_owned(),
        Some(dir) if let Some(near) = folder_meant(dir) => {
            format!("rename the folder to `{near}`")
        }
        _ => "a bot's files are `bot.yaml`, `flows/*.yaml`, `locales/*.ftl`, `migrations/*.sql`, `chats/*.yaml`".to_owned(),
    }
}

/// Adds a file if it is text; else an empty one under its name, to point at.
fn add(path: &str, bytes: &[u8], sources: &mut SourceMap, sink: &mut Sink) -> Option<FileId> {
    if bytes.len() > FILE_BYTES {
        let file = sources.add(path.to_owned(), String::new());
        sink.report(
            Diagnostic::new(
                &files::TOO_LARGE,
                Span { file, lo: 0, hi: 0 },
                format!("`{path}` is larger than {} MB", FILE_BYTES / 1_000_000),
            )
            .help("split it: flows may stand in several files of `flows/`"),
        );
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            // Keep what precedes the bad byte, so that the place can be shown.
            let good = String::from_utf8_lossy(&bytes[..e.valid_up_to()]).into_owned();
            let lo = u32::try_from(good.len()).unwrap_or(u32::MAX);
            let file = sources.add(path.to_owned(), good + "\u{fffd}");
            let span = Span {
                file,
                lo,
                hi: lo + 3,
            };
            let bad = bytes.get(e.valid_up_to()).copied().unwrap_or_default();
            sink.report(
                Diagnostic::new(
                    &files::NOT_UTF8,
                    span,
                    format!("byte 0x{bad:02x} is not UTF-8"),
                )
                .help(match bytes {
                    [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                        "the file is UTF-16; save it in the encoding UTF-8"
                    }
                    _ => "save the file in the encoding UTF-8",
                }),
            );
            return None;
        }
    };
    // Some editors begin a file with a byte order mark; nothing after this needs to know.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = sources.add(path.to_owned(), text.to_owned());
    let Some((at, c)) = forbidden(text) else {
        return Some(file);
    };
    let lo = u32::try_from(at).unwrap_or(u32::MAX);
    let hi = lo + u32::try_from(c.len_utf8()).unwrap_or(1);
    let span = Span { file, lo, hi };
    let (code, message, help) = match c {
        '\r' => (
            &files::CONTROL_CHARACTER,
            "a carriage return (U+000D) that no line feed follows".to_owned(),
            "save the file with the line ends of Unix or of Windows",
        ),
        c if turns(c) => (
            &files::DIRECTION,
            format!(
                "the character U+{:04X} turns the direction of what follows it",
                u32::from(c)
            ),
            "remove it: it is invisible and shows a file other than it is; a text that needs one writes it as an escape, \"\\u2068\" in YAML, { \"\\u2068\" } in Fluent",
        ),
        c => (
            &files::CONTROL_CHARACTER,
            format!("control character U+{:04X}", u32::from(c)),
            "remove it: text files hold no control characters but line ends and tabs",
        ),
    };
    sink.report(Diagnostic::new(code, span, message).help(help));
    None
}

/// The first character that no file of a bot may hold.
fn forbidden(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    text.char_indices().find(|(at, c)| match c {
        '\r' => bytes.get(at + 1) != Some(&b'\n'),
        '\n' | '\t' | '\u{85}' => false,
        c => c.is_control() || turns(*c),
    })
}

/// The embeddings, overrides and isolates by which a file can look other than it is (CVE-2021-42574).
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for good in ["a", "booking", "a_1", &"a".repeat(32)] {
            assert!(is_bot_id(good), "{good}");
        }
        for bad in ["", "A", "1a", "_a", "a-b", "é", &"a".repeat(33)] {
            assert!(!is_bot_id(bad), "{bad}");
        }
    }
}
