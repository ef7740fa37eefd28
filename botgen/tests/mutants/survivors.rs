//! Accepted mutants as deployments: folders of bots that can live in one binary and one database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::edit::{Base, Mutant, words};
use super::{compiled, in_turn};

/// Bots of one binary.
const TOGETHER: usize = 15;

/// Writes `most` of them, of each kind as many, to `out/deployments/NN/mN/`.
pub fn write(out: &Path, distinct: &[(&Base, &Mutant)], most: usize) {
    let mut kinds: BTreeMap<(&str, &str), Vec<(&Base, &Mutant)>> = BTreeMap::new();
    for (base, mutant) in distinct.iter().rev() {
        let kind = kinds.entry((mutant.operator, mutant.place.as_str()));
        kind.or_default().push((base, mutant));
    }
    let deployments = out.join("deployments");
    let _ = std::fs::remove_dir_all(&deployments);
    let mut list = String::new();
    let mut written = 0;
    for (base, mutant) in in_turn(kinds.into_values().collect()) {
        if written == most {
            break;
        }
        let id = format!("m{written}");
        let files = renamed(&mutant.apply(base), written);
        let again = compiled(&id, &files);
        if again.program.is_none() {
            // Its tables cannot be told apart from something else by name alone.
            let _ = writeln!(
                list,
                "not built: {} | {} | {}",
                mutant.operator,
                mutant.place,
                mutant.shown(base)
            );
            continue;
        }
        let folder = deployments.join(format!("{:02}", written / TOGETHER));
        for (name, text) in &files {
            let path = folder.join(&id).join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let _ = writeln!(
            list,
            "{id}: {} | {} | {}/{}",
            mutant.operator,
            mutant.place,
            base.name,
            mutant.shown(base)
        );
        written += 1;
    }
    std::fs::write(out.join("built.txt"), list).expect("a file");
}

/// The same bot with tables of its own: all bots of a deployment share one database.
fn renamed(files: &BTreeMap<String, String>, n: usize) -> BTreeMap<String, String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (file, text) in files {
        if file.starts_with("migrations/") {
            for kind in ["TABLE ", "INDEX ", "VIEW "] {
                for rest in text.split(kind).skip(1) {
                    if let Some(word) = words(rest).first().filter(|word| word.start == 0) {
                        names.insert(rest[word.clone()].to_owned());
                    }
                }
            }
        }
    }
    let mut files = files.clone();
    for (file, text) in &mut files {
        if file.starts_with("locales/") {
            continue;
        }
        for word in words(&text.clone()).into_iter().rev() {
            if names.contains(&text[word.clone()])
                && !["t:", "-"]
                    .iter()
                    .any(|before| text[..word.start].ends_with(before))
            {
                text.insert_str(word.end, &format!("_m{n}"));
            }
        }
    }
    files
}
