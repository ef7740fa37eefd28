//! docs/parity.md and docs/security.md promise a test for every row: each row names one, and each that is named exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The cells of a table's line. `\|` is no border.
fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    let inner = inner.replace("\\|", "\u{0}");
    let cells = inner.split('|');
    cells
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}

/// What stands in backticks.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Why a name is no test.
fn missing(name: &str) -> Option<String> {
    if let Some((file, test)) = name.split_once("::") {
        let Ok(source) = fs::read_to_string(root().join(file)) else {
            return Some(format!("there is no file {file}"));
        };
        let Some((before, _)) = source.split_once(&format!("fn {test}(")) else {
            return Some(format!("{file} has no `{test}`"));
        };
        let attributes = before.rsplit("\n\n").next().unwrap_or_default();
        let is_test = attributes.contains("#[test]") || attributes.contains("#[tokio::test");
        return (!is_test).then(|| format!("`{test}` of {file} is no test"));
    }
    if let Some((file, conversation)) = name.split_once(": ") {
        let (bot, chats) = file.split_once('/')?;
        let folders = ["bots", "botgen/tests/good"];
        let path = |folder| root().join(format!("{folder}/{bot}/chats/{chats}.yaml"));
        let Some(chats) = folders
            .iter()
            .find_map(|folder| fs::read_to_string(path(folder)).ok())
        else {
            return Some(format!("no bot has the conversations {file}"));
        };
        let found = chats
            .lines()
            .filter_map(|line| line.strip_prefix("- name: "))
            .any(|known| known.trim_matches(['"', '\'']) == conversation);
        return (!found).then(|| format!("{file} has no conversation `{conversation}`"));
    }
    let fixture = root().join("botgen/tests/ui").join(name);
    (!name.starts_with("BF") || !fixture.is_dir()).then(|| format!("there is no fixture {name}"))
}

/// The rows of a page's tables whose last column names tests; panics where one does not.
fn rows(page: &str) -> usize {
    let table = fs::read_to_string(root().join(page)).unwrap();
    let mut wrong = Vec::new();
    let mut rows = BTreeSet::new();
    for line in table.lines().filter(|line| line.starts_with('|')) {
        let cells = cells(line);
        let id = cells[0].as_str();
        // Other tables have no rows with a name.
        if !cells[0].contains('-') {
            continue;
        }
        if id == "row" || id.starts_with("--") {
            continue;
        }
        if !rows.insert(id.to_owned()) {
            wrong.push(format!("{id} stands twice"));
        }
        let tests = names(cells.last().unwrap());
        if cells.len() != 4 || tests.is_empty() {
            wrong.push(format!("{id} names no test"));
        }
        wrong.extend(
            tests
                .into_iter()
                .filter_map(missing)
                .map(|why| format!("{id}: {why}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    rows.len()
}

#[test]
fn every_row_has_its_test() {
    let (parity, security) = (rows("docs/parity.md"), rows("docs/security.md"));
    assert!(
        parity > 490 && security > 25,
        "{parity} and {security} rows"
    );
}

#[test]
fn what_is_no_test_is_noticed() {
    assert_eq!(
        missing("botgen/tests/parity.rs::every_row_has_its_test"),
        None
    );
    for name in [
        "botgen/tests/nothing.rs::every_row_has_its_test",
        "botgen/tests/parity.rs::cells",
        "botgen/tests/parity.rs::every_row",
        "booking/booking: nobody says this",
        "booking/nothing: books a slot in English",
        "BF0201",
        "chats",
    ] {
        assert!(missing(name).is_some(), "{name}");
    }
    assert_eq!(cells(r"| a | b \| c |"), ["a", "b | c"]);
}
