//! Which modules of a crate name which, and what libraries they use.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Modules, each with those that it may name.
pub type Arrows = &'static [(&'static str, &'static [&'static str])];

/// A file below a crate's `src/`.
pub struct File {
    /// Its path from there.
    pub name: String,
    /// What stands in it, without comments and without tests.
    code: String,
}

/// The files of a crate but for those of tests, which may ask anybody.
pub fn files(src: &Path) -> Vec<File> {
    let mut files = Vec::new();
    walk(src, src, &mut files);
    files
}

fn walk(folder: &Path, src: &Path, files: &mut Vec<File>) {
    for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        let name = path.strip_prefix(src).unwrap().display().to_string();
        if path.is_dir() {
            walk(&path, src, files);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && !name.contains("/tests/")
        {
            let code = code(&fs::read_to_string(&path).unwrap());
            files.push(File { name, code });
        }
    }
}

fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |code, line| code + line + "\n")
}

impl File {
    /// The module at the crate's root that it belongs to.
    pub fn module(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap()
    }

    /// Whether it uses a library.
    pub fn uses(&self, library: &str) -> bool {
        let (path, import) = (format!("{library}::"), format!("use {library}"));
        self.code.contains(&path) || self.code.contains(&import)
    }

    /// What it names after `crate::`.
    fn names(&self) -> BTreeSet<&str> {
        let rests = self.code.split("crate::").skip(1);
        rests
            .flat_map(|rest| match rest.strip_prefix('{') {
                None => vec![word(rest)],
                Some(list) => listed(list),
            })
            .collect()
    }
}

/// The first word of each part of what stands before the closing brace.
fn listed(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut words) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        let ends = depth == 0 && (c == ',' || c == '}');
        if ends {
            words.push(word(list[start..at].trim_start()));
            start = at + 1;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
    }
    words
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// What does not hold: a module that nobody speaks of, one that names another without leave, and leave that nobody takes.
/// `free` may name everybody.
pub fn faults(files: &[File], arrows: Arrows, free: &[&str]) -> Vec<String> {
    let known: BTreeSet<&str> = arrows
        .iter()
        .map(|(module, _)| *module)
        .chain(free.iter().copied())
        .collect();
    let mut faults = Vec::new();
    let mut taken = BTreeSet::new();
    for file in files {
        let module = file.module();
        if !known.contains(module) {
            faults.push(format!("src/{}: nobody says whom it may name", file.name));
        }
        let Some((module, allowed)) = arrows.iter().find(|(known, _)| *known == module) else {
            continue;
        };
        for name in file.names() {
            if name == *module || !known.contains(name) {
                continue;
            }
            match allowed.iter().find(|allowed| **allowed == name) {
                Some(name) => {
                    taken.insert((*module, *name));
                }
                None => faults.push(format!("src/{} names crate::{name}", file.name)),
            }
        }
    }
    for (module, allowed) in arrows {
        for name in *allowed {
            if !taken.contains(&(*module, *name)) {
                faults.push(format!("{module} may name {name}, and does not"));
            }
        }
    }
    faults
}
