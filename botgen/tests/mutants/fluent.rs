//! Changes to translations.

use std::ops::Range;

use super::edit::{Base, Change, Mutant, misspelt, numbers, places, words};

/// Every mutant of one .ftl file.
pub fn mutants(base: &Base, file: &str) -> Vec<Mutant> {
    let text = &base.files[file];
    let mut out = Vec::new();
    let mut edit = |operator, place: &str, range: Range<usize>, with: &str| {
        if &text[range.clone()] != with {
            out.push(Mutant::edit(operator, place, file, range, with));
        }
    };
    let mut at = 0;
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .map(|line| {
            at += line.len();
            (at - line.len(), line)
        })
        .collect();
    for (n, (start, line)) in lines.iter().enumerate() {
        let (start, end) = (*start, *start + line.len());
        let begins = line.starts_with(|c: char| c.is_alphabetic() || c == '-');
        if begins && let Some(equals) = line.find(" =") {
            let last = lines[n + 1..]
                .iter()
                .find(|(_, next)| !next.starts_with([' ', '}', '\n']));
            let whole = start..last.map_or(text.len(), |(at, _)| *at);
            edit("remove a translation", "message", whole.clone(), "");
            edit(
                "double a translation",
                "message",
                start..start,
                &text[whole.clone()],
            );
            edit(
                "rename a translation",
                "message",
                start..start + equals,
                &misspelt(&line[..equals], n),
            );
            edit(
                "an empty translation",
                "message",
                start + equals + 2..end - 1,
                "",
            );
            for value in [
                " { \"\" }",
                " { nothing }",
                " { -nothing }",
                " { $nothing }",
                " <b>",
                " & ",
                " {",
                " }",
                " \\",
                " { NUMBER($n) }",
                " { PLATFORM() }",
            ] {
                edit(
                    "another translation",
                    "message",
                    start + equals + 2..end - 1,
                    value,
                );
            }
            if let Some((other_start, other)) = lines
                .iter()
                .cycle()
                .skip(n + 1)
                .take(lines.len())
                .find(|(at, line)| {
                    *at != start
                        && line.starts_with(|c: char| c.is_alphabetic())
                        && line.contains(" = ")
                })
                && let Some(other_equals) = other.find(" =")
            {
                let value = &text[other_start + other_equals + 2..other_start + other.len() - 1];
                edit(
                    "a sibling's value",
                    "message",
                    start + equals + 2..end - 1,
                    value,
                );
            }
            for piece in PIECES {
                edit("insert a piece", "message", end - 1..end - 1, piece);
            }
            edit(
                "a longer text",
                "message",
                end - 1..end - 1,
                &"x".repeat(400),
            );
            edit(
                "a far longer text",
                "message",
                end - 1..end - 1,
                &"x".repeat(5000),
            );
        }
        if line.trim_start().starts_with(['[', '*']) {
            edit("drop a branch", "selector", start..end, "");
            edit("double a branch", "selector", start..start, line);
            if line.contains('*') {
                let star = start + line.find('*').unwrap_or(0);
                edit("drop the default", "selector", star..star + 1, " ");
            } else if let Some(open) = line.find('[') {
                edit(
                    "a second default",
                    "selector",
                    start + open - 1..start + open,
                    "*",
                );
            }
            for (from, to) in [
                ("one", "two"),
                ("few", "many"),
                ("many", "zero"),
                ("other", "one"),
                ("massage", "masage"),
            ] {
                for place in places(line, &format!("[{from}]")) {
                    edit(
                        "another branch",
                        "selector",
                        start + place.start + 1..start + place.end - 1,
                        to,
                    );
                }
            }
        }
        edit("drop a line", "line", start..end, "");
        edit("indent by one", "line", start..start, " ");
        if line.starts_with(' ') {
            edit("outdent by one", "line", start..start + 1, "");
        }
    }
    for (n, place) in places(text, "$").into_iter().enumerate() {
        if let Some(word) = words(&text[place.end..])
            .first()
            .filter(|word| word.start == 0)
        {
            let range = place.end..place.end + word.end;
            edit(
                "misspell a variable",
                "variable",
                range.clone(),
                &misspelt(&text[range.clone()], n),
            );
            edit(
                "drop a variable",
                "variable",
                place.start..range.end,
                "\"\"",
            );
            edit(
                "another function",
                "variable",
                place.start..range.end,
                &format!("NUMBER(${})", &text[range.clone()]),
            );
            edit(
                "another function",
                "variable",
                place.start..range.end,
                &format!("DATETIME(${})", &text[range.clone()]),
            );
            edit(
                "another function",
                "variable",
                place.start..range.end,
                &format!("UPPER(${})", &text[range]),
            );
        }
    }
    for (from, to) in [
        ("\"long\"", "\"short\""),
        ("\"long\"", "\"enormous\""),
        ("dateStyle", "datestyle"),
        ("timeStyle", "style"),
        ("minimumFractionDigits", "minimumFractionDigit"),
        ("DATETIME", "DATE"),
        ("NUMBER", "CURRENCY"),
        ("->", ""),
        ("}", ""),
        ("{", ""),
    ] {
        for place in places(text, from) {
            edit("another function", "placeable", place, to);
        }
    }
    for number in numbers(text) {
        for with in ["0", "99"] {
            edit("another number", "placeable", number.clone(), with);
        }
    }
    for (n, word) in words(text).into_iter().enumerate() {
        if n % 3 == 0 {
            edit(
                "misspell a word",
                "fluent",
                word.clone(),
                &misspelt(&text[word], n),
            );
        }
    }
    out
}

const PIECES: &[&str] = &[
    "<b>",
    "</i>",
    "&",
    "&amp;",
    "<b>x</b>",
    "<i>y</i>",
    "{{",
    "}}",
    "{{name}}",
    "{ $name }",
    "{ $nothing }",
    "{ btn-none }",
    "{ \"<b>\" }",
    "{ \"{\" }",
    "\u{202e}",
    "\u{200b}",
    "👩‍👩‍👧‍👦",
    "\u{0}",
    "<a href=\"https://example.org\">z</a>",
    "<code>",
    "*",
    "_",
    "\t",
    "\r",
];

/// Mutants of the folder of translations as a whole.
pub fn folder(base: &Base) -> Vec<Mutant> {
    let files: Vec<&String> = base
        .files
        .keys()
        .filter(|name| name.starts_with("locales/"))
        .collect();
    let mut out = Vec::new();
    let mut push = |operator, change| {
        out.push(Mutant {
            operator,
            place: "locale".to_owned(),
            change,
        });
    };
    for file in &files {
        push("remove a locale", Change::Remove((*file).clone()));
        push(
            "remove a locale",
            Change::Edits(
                (*file).clone(),
                vec![(0..base.files[*file].len(), String::new())],
            ),
        );
        let text = &base.files[*file];
        push(
            "add a locale",
            Change::Add("locales/de.ftl".to_owned(), text.clone()),
        );
        push(
            "add a locale",
            Change::Add("locales/en-US.ftl".to_owned(), text.clone()),
        );
        push(
            "add a locale",
            Change::Add("locales/xx_bad.ftl".to_owned(), text.clone()),
        );
        push(
            "add a message",
            Change::Edits(
                (*file).clone(),
                vec![(
                    text.len()..text.len(),
                    "\nunused = nobody says this\n".to_owned(),
                )],
            ),
        );
        push(
            "add a message",
            Change::Edits(
                (*file).clone(),
                vec![(
                    text.len()..text.len(),
                    "\nbf-unknown = What? <b>\n".to_owned(),
                )],
            ),
        );
        push(
            "add a message",
            Change::Edits(
                (*file).clone(),
                vec![(text.len()..text.len(), "\nbf-nothing = What?\n".to_owned())],
            ),
        );
        push(
            "windows line breaks",
            Change::Edits(
                (*file).clone(),
                vec![(0..text.len(), text.replace('\n', "\r\n"))],
            ),
        );
    }
    if let [a, b] = files[..] {
        push("swap two locales", Change::Exchange(a.clone(), b.clone()));
    }
    out
}
