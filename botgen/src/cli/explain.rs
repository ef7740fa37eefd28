//! `botgen explain`.

use clap::ValueEnum;
use serde_json::json;

use super::{GOOD, WRONG_USE, complain, print};
use crate::diagnostics::{Code, codes, meant};

/// What is printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// The pages, or the list
    Human,
    /// {"codes": [{"code", "title", "severity", "family", "page"}]}
    Json,
}

/// The pages of `wanted`; without any, the list of all codes.
pub fn run(wanted: &[String], format: Format) -> u8 {
    let mut list: Vec<&'static Code> = Vec::new();
    let mut unknown = false;
    for id in wanted {
        match codes::find(id) {
            Some(code) => list.push(code),
            None => {
                unknown = true;
                let near = meant(id, codes::all().map(|c| c.id));
                let near = near.map_or_else(
                    || "; `botgen explain` lists them".to_owned(),
                    |near| format!("; did you mean {}?", near.word),
                );
                complain(&format!("there is no code `{id}`{near}"));
            }
        }
    }
    if wanted.is_empty() {
        list = codes::all().collect();
    }
    let written = match format {
        Format::Json => print(&(as_json(&list) + "\n")),
        Format::Human if wanted.is_empty() => print(&overview()),
        Format::Human => {
            let pages: Vec<&str> = list.iter().map(|code| codes::page(code)).collect();
            print(&pages.join("\n"))
        }
    };
    match (unknown, written) {
        (true, GOOD) => WRONG_USE,
        (_, written) => written,
    }
}

fn as_json(list: &[&Code]) -> String {
    let list: Vec<_> = list
        .iter()
        .map(|code| {
            json!({
                "code": code.id,
                "title": code.title,
                "severity": code.severity.name(),
                "family": codes::family(code.id),
                "page": codes::page(code),
            })
        })
        .collect();
    json!({ "codes": list }).to_string()
}

/// Every code by family.
fn overview() -> String {
    let mut text = String::new();
    for (prefix, name) in codes::FAMILIES {
        text += &format!("{prefix}: {name}\n");
        let mut family: Vec<_> = codes::all().filter(|c| c.id.starts_with(prefix)).collect();
        family.sort_by_key(|c| c.id);
        for code in family {
            text += &format!(
                "  {}  {:7}  {}\n",
                code.id,
                code.severity.name(),
                code.title
            );
        }
        text.push('\n');
    }
    text + "botgen explain CODE tells more about one\n"
}
