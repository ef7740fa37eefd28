//! `botgen new`: a small complete bot that passes `check` and its own conversation test.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ERRORS, GOOD, WRONG_USE, complain, print};
use crate::source::folder::is_bot_id;

const FILES: [(&str, &str); 3] = [
    ("bot.yaml", include_str!("template/bot.yaml")),
    (
        "migrations/0001_notes.sql",
        include_str!("template/migration.sql"),
    ),
    ("chats/notes.yaml", include_str!("template/chat.yaml")),
];

/// Writes a bot into `dir`, which must not exist or be empty.
pub fn run(dir: &Path) -> u8 {
    // `botgen new .` in an empty folder: the name is that of the folder itself.
    let full = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let id = full.file_name().unwrap_or_default().to_string_lossy();
    if !is_bot_id(&id) {
        complain(&format!(
            "`{id}` cannot be a bot's id: a small letter, then small letters, digits and `_`, at most 32 in all"
        ));
        return WRONG_USE;
    }
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) || dir.is_file() {
        complain(&format!(
            "`{}` is there already and not empty",
            dir.display()
        ));
        return WRONG_USE;
    }
    let (schema, there) = schema_path(&full);
    for (name, text) in files(&id, &schema) {
        let path = dir.join(name);
        let folder = path.parent().unwrap_or(dir);
        if let Err(e) = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)) {
            complain(&format!("cannot write `{}`: {e}", path.display()));
            return ERRORS;
        }
    }
    let shown = dir.display();
    let mut text = format!("{shown}: a bot that keeps notes; change it to yours\n\n");
    let cargo = if alias(&full) { "cargo " } else { "" };
    let lines = [
        (
            format!("{cargo}botgen check {shown}"),
            "every mistake, with its place",
        ),
        (
            format!("{cargo}botgen test {shown}"),
            "its conversation in chats/",
        ),
        ("cargo run".to_owned(), "talk to it in the browser"),
    ];
    let width = lines.iter().map(|(command, _)| command.chars().count());
    let width = width.max().unwrap_or_default();
    for (command, what) in &lines {
        text += &format!("  {command:width$}  {what}\n");
    }
    if !there {
        text += "\nfor completion in an editor: botgen schema > schema/bot.schema.json, beside the folder of bots\n";
    }
    print(&text);
    GOOD
}

/// Whether the repository around `dir` has `cargo botgen`.
fn alias(dir: &Path) -> bool {
    dir.ancestors().any(|folder| {
        let config = fs::read_to_string(folder.join(".cargo/config.toml"));
        config.is_ok_and(|text| {
            text.lines()
                .any(|line| line.trim_start().starts_with("botgen"))
        })
    })
}

/// The files of a new bot by name.
fn files(id: &str, schema: &str) -> Vec<(&'static str, String)> {
    let mut name = id.replace('_', " ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    FILES
        .iter()
        .map(|(path, text)| {
            let text = text
                .replace("@schema@", schema)
                .replace("@chats@", &schema.replace("bot.schema", "chats.schema"))
                .replace("@name@", &name)
                // No table may begin with `bf_`, which an id may.
                .replace("@table@", &format!("notes_{id}"));
            (*path, text)
        })
        .collect()
}

/// Where `schema/bot.schema.json` lies as seen from `dir`, and whether it is there.
fn schema_path(dir: &Path) -> (String, bool) {
    let found = dir
        .ancestors()
        .skip(1)
        .enumerate()
        .find(|(_, folder)| folder.join("schema/bot.schema.json").is_file());
    let up = found.map_or(2, |(n, _)| n + 1);
    let path: PathBuf = std::iter::repeat_n("..", up).collect();
    let path = path.to_string_lossy().replace('\\', "/");
    (format!("{path}/schema/bot.schema.json"), found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, Options, compile};

    #[test]
    fn the_new_bot_passes_check() {
        let files = files("my_notes", "../../schema/bot.schema.json");
        let files = files.iter().map(|(n, t)| (*n, t.as_bytes())).collect();
        let input = Input::from_memory([("bots/my_notes", files)]);
        let compiled = compile(&input, &Options::now());
        assert_eq!(compiled.diagnostics, [], "{compiled:?}");
    }
}
