//! Overridden texts are proven by the same checks as files: what suits as a file suits as an override, and what does not
//! is refused for the same reasons in the same words.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use botfactory_lang::overrides::{Given, Handed, Key, Written, check, located, spliced};
use botgen::diagnostics::Severity;
use botgen::{Input, Options, compile};

/// A bot's files, by their names in its folder.
type Files = BTreeMap<String, Vec<u8>>;

fn bots() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for dir in [root.join("tests/good"), root.join("../bots")] {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.join("bot.yaml").exists() && path.join("locales").exists() {
                all.push(path);
            }
        }
    }
    all.sort();
    assert!(all.len() >= 3, "{all:?}");
    all
}

fn files(folder: &Path) -> Files {
    fn read(folder: &Path, prefix: &str, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                read(&path, &format!("{name}/"), files);
            } else {
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = Files::new();
    read(folder, "", &mut found);
    // Conversations and the answers of Postgres say nothing about texts.
    found.retain(|name, _| !name.starts_with("chats/") && !name.starts_with("sqlx/"));
    found
}

/// `CODE message` of every error.
fn compiled(files: &Files) -> (BTreeSet<String>, Option<String>) {
    let files = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let input = Input::from_memory([("bot", files.collect())]);
    let compiled = compile(&input, &Options::default());
    let errors = compiled
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error);
    let errors = errors
        .map(|d| format!("{} {}", d.code.id, d.message))
        .collect();
    let handed = compiled
        .program
        .map(|program| botgen::emit::handed::over(&program.bots[0]));
    (errors, handed)
}

/// A bot as the runtime sees it.
struct Bot {
    files: Files,
    locales: Vec<(String, String)>,
    handed: Handed,
}

impl Bot {
    fn of(folder: &Path) -> Self {
        let files = files(folder);
        let (errors, handed) = compiled(&files);
        assert!(errors.is_empty(), "{}: {errors:?}", folder.display());
        let texts = files.iter().filter_map(|(name, bytes)| {
            let tag = name.strip_prefix("locales/")?.strip_suffix(".ftl")?;
            Some((tag.to_owned(), String::from_utf8(bytes.clone()).unwrap()))
        });
        Self {
            locales: texts.collect(),
            handed: Handed::decode(&handed.unwrap()),
            files,
        }
    }

    fn check(&self, given: &[(usize, String, String)]) -> BTreeSet<String> {
        let locales: Vec<_> = self
            .locales
            .iter()
            .map(|(t, f)| (t.as_str(), f.as_str()))
            .collect();
        let written = Written {
            locales: &locales,
            default: 0,
            handed: &self.handed,
        };
        let given: Vec<Given<'_>> = given
            .iter()
            .map(|(locale, key, words)| Given {
                locale: *locale,
                key,
                words,
                lines: &[],
            })
            .collect();
        let checked = check(&written, &given);
        checked
            .errors()
            .map(|f| format!("{} {}", f.code, f.message))
            .collect()
    }

    /// What the compiler says of the same words in the bot's file.
    fn compile(&self, locale: usize, key: &Key, words: &str) -> BTreeSet<String> {
        let (tag, ftl) = &self.locales[locale];
        let text = spliced(ftl, &BTreeMap::from([(key.clone(), words)]));
        let mut files = self.files.clone();
        files.insert(format!("locales/{tag}.ftl"), text.into_bytes());
        compiled(&files).0
    }
}

#[test]
fn the_words_of_every_bot_suit_it() {
    for folder in bots() {
        let bot = Bot::of(&folder);
        let all: Vec<(usize, String, String)> = bot
            .locales
            .iter()
            .enumerate()
            .flat_map(|(i, (_, ftl))| {
                let texts = located(ftl).into_iter();
                texts.map(move |l| (i, l.key.to_string(), l.words))
            })
            .collect();
        assert!(!all.is_empty(), "{}", folder.display());
        let errors = bot.check(&all);
        assert!(errors.is_empty(), "{}: {errors:#?}", folder.display());
        // Put into their places they are the same file, to the compiler.
        let mut files = bot.files.clone();
        for (tag, ftl) in &bot.locales {
            let texts = located(ftl);
            let words = texts.iter().map(|l| (l.key.clone(), l.words.as_str()));
            let text = spliced(ftl, &words.collect());
            files.insert(format!("locales/{tag}.ftl"), text.into_bytes());
        }
        let (errors, handed) = compiled(&files);
        assert!(errors.is_empty(), "{}: {errors:#?}", folder.display());
        assert_eq!(handed.unwrap(), bot.handed.encode(), "{}", folder.display());
    }
}

#[test]
fn what_the_compiler_refuses_is_refused_in_its_words() {
    let spoil: [fn(&str) -> String; 9] = [
        |words| format!("{words} {{ $zzz }}"),
        |words| format!("{words} <b>x"),
        |words| format!("{words} {{ -nope }}"),
        |_| "{\"\"}".to_owned(),
        |words| format!("{words} {}", "x".repeat(5000)),
        |_| "{ DATETIME($name, dateStyle: \"long\") }".to_owned(),
        |_| "{ $name -> [one] a *[other] b".to_owned(),
        |words| format!("{words} <a href=\"https://x.org/{{ $slot }}\">x</a>"),
        |words| format!("{words} {{ NUMBER($count, style: \"money\") }}"),
    ];
    let (mut refused, mut tried) = (0, 0);
    for folder in bots() {
        let bot = Bot::of(&folder);
        for (locale, (_, ftl)) in bot.locales.iter().enumerate() {
            for (n, text) in located(ftl).iter().enumerate() {
                // Each spoils some texts of every bot: all together would take minutes.
                let way = spoil[(n + locale) % spoil.len()];
                if !(n / spoil.len() + locale).is_multiple_of(2) {
                    continue;
                }
                let words = way(&text.words);
                let given = [(locale, text.key.to_string(), words.clone())];
                let here = bot.check(&given);
                let there = bot.compile(locale, &text.key, &words);
                let what = format!("{} {} = {words}", folder.display(), text.key);
                assert_eq!(
                    here.is_empty(),
                    there.is_empty(),
                    "{what}: {here:?} {there:?}"
                );
                // The compiler stops at a wrong argument; who sent words is told of everything at once.
                assert!(there.is_subset(&here), "{what}: {here:?} {there:?}");
                tried += 1;
                refused += usize::from(!here.is_empty());
            }
        }
    }
    println!("{refused} of {tried} refused");
    assert!(refused > 20 && refused < tried, "{refused} of {tried}");
}
