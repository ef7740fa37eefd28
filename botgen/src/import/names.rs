//! Names the new language accepts, made from names the old system accepted.

use std::collections::BTreeSet;

/// Built-ins of the language and words of its expressions: no variable may have these names.
const TAKEN: &[&str] = &[
    "bot_id", "user_id", "chat_id", "user", "locale", "now", "today", "args", "true", "false",
    "null", "not", "and", "or", "in", "is", "empty", "this", "end", "each", "if", "else", "as",
];

/// `[a-z][a-z0-9_]{0,31}`: a bot's id and a command without its slash obey it.
pub(super) fn is_id(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A command's name, with slash, as Telegram accepts it; `n` names it where nothing can be kept.
pub(super) fn command(old: &str, n: usize) -> String {
    let name: String = old
        .trim()
        .trim_start_matches('/')
        .to_lowercase()
        .chars()
        .map(|c| match c {
            '-' | ' ' => "_".to_owned(),
            c => latin(c).map_or_else(|| c.to_string(), str::to_owned),
        })
        .collect();
    let mut name: String = if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        name.chars().take(32).collect()
    } else {
        String::new()
    };
    if name.starts_with(|c: char| !c.is_ascii_lowercase()) {
        name = format!("c_{name}").chars().take(32).collect();
    }
    if name.is_empty() {
        name = format!("command_{n}");
    }
    format!("/{name}")
}

/// A Russian letter in Latin ones, as passports write it.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' => "g",
        'д' => "d",
        'е' | 'ё' | 'э' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' | 'й' => "i",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ы' => "y",
        'ю' => "iu",
        'я' => "ia",
        _ => return None,
    })
}

/// A name for a variable: `old` where that is possible and free, else close to it. The caller marks it as taken.
pub(super) fn variable(old: &str, taken: &BTreeSet<String>) -> String {
    let mut name: String = old
        .chars()
        .flat_map(|c| match latin(c.to_lowercase().next().unwrap_or(c)) {
            Some(letters) => letters.chars().collect::<Vec<_>>(),
            None if c.is_ascii_alphanumeric() || c == '_' => vec![c],
            None => vec!['_'],
        })
        .take(40)
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name = match name.trim_matches('_') {
            "" => "answer".to_owned(),
            rest => format!("v_{rest}"),
        };
    }
    if TAKEN.contains(&name.as_str()) {
        name.push_str("_answer");
    }
    free(name, taken)
}

/// `name`, or the first of `name_2`, `name_3`, … that is free.
pub(super) fn free(name: String, taken: &BTreeSet<String>) -> String {
    if !taken.contains(&name) {
        return name;
    }
    (2usize..)
        .map(|n| format!("{name}_{n}"))
        .find(|n| !taken.contains(n))
        .unwrap_or(name)
}

/// A Fluent identifier: `[a-zA-Z][a-zA-Z0-9_-]*`.
pub(super) fn fluent(old: &str) -> String {
    let mut name = String::new();
    for c in old.chars() {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            name.push(c);
        } else {
            // By code point, so that two keys never become one.
            name.push_str(&format!("-{:x}", u32::from(c)));
        }
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.starts_with("bf-") {
        name = format!("key-{name}");
    }
    name
}

/// A key as `t:` accepts it: a message, with an attribute after a dot.
pub(super) fn key(old: &str) -> (String, Option<String>) {
    match old.split_once('.') {
        Some((message, attribute)) if !attribute.is_empty() => {
            (fluent(message), Some(fluent(attribute)))
        }
        _ => (fluent(old), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_become_what_telegram_accepts() {
        assert_eq!(command("/book", 1), "/book");
        assert_eq!(command("Book-Now", 1), "/book_now");
        assert_eq!(command("/Помощь", 3), "/pomoshch");
        assert_eq!(command("/助け", 3), "/command_3");
        assert_eq!(command("/2fa", 1), "/c_2fa");
        assert_eq!(command("/", 4), "/command_4");
        assert!(is_id(&command(&"x".repeat(99), 1)[1..]));
    }

    #[test]
    fn variables_are_free_and_no_built_ins() {
        let mut taken = BTreeSet::new();
        assert_eq!(variable("slot", &taken), "slot");
        taken.insert("slot".to_owned());
        assert_eq!(variable("slot", &taken), "slot_2");
        assert_eq!(variable("bot_id", &taken), "bot_id_answer");
        assert_eq!(variable("имя", &taken), "imia");
        assert_eq!(variable("名前", &taken), "answer");
        assert_eq!(variable("1st", &taken), "v_1st");
    }

    #[test]
    fn keys_are_fluent() {
        assert_eq!(key("enter_name"), ("enter_name".into(), None));
        assert_eq!(key("a.b.c"), ("a".into(), Some("b-2ec".into())));
        assert_eq!(key("1x"), ("key-1x".into(), None));
        assert_eq!(key("bf-cancel"), ("key-bf-cancel".into(), None));
        assert_eq!(key("ключ"), ("key--43a-43b-44e-447".into(), None));
    }
}
