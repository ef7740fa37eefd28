//! The examples of a code's page: fenced files below `## Wrong` and `## Right`.

use std::collections::BTreeMap;

use botgen::Input;

/// The fenced files below a heading. Fences of language `text` are no files.
pub fn of(page: &str, heading: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut here = false;
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => {
                let (name, body) = open.take().unwrap();
                if here && !name.is_empty() {
                    files.insert(name, body.into_bytes());
                }
            }
            (Some((_, body)), None) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, Some(info)) => {
                let (language, name) = info.split_once(' ').unwrap_or((info, "bot.yaml"));
                let name = if language == "text" { "" } else { name.trim() };
                open = Some((name.to_owned(), String::new()));
            }
            (None, _) => {
                if let Some(title) = line.strip_prefix("## ") {
                    here = title.trim() == heading;
                }
            }
        }
    }
    files
}

/// `bots/<id>/…` are bots of that id, everything else is a bot called `demo`.
pub fn input(files: &BTreeMap<String, Vec<u8>>) -> Input {
    let mut bots: BTreeMap<String, Vec<(&str, &[u8])>> = BTreeMap::new();
    for (path, bytes) in files {
        let (bot, name) = match path.strip_prefix("bots/").and_then(|p| p.split_once('/')) {
            Some((id, name)) => (format!("bots/{id}"), name),
            None => ("demo".to_owned(), path.as_str()),
        };
        bots.entry(bot).or_default().push((name, bytes));
    }
    Input::from_memory(
        bots.iter()
            .map(|(path, files)| (path.as_str(), files.clone())),
    )
}
