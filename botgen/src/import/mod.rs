//! `botgen import`: the old system's JSON specs into bot folders of this language.
//!
//! | stage | takes → gives |
//! |---|---|
//! | [`json`] | a JSON value → fields with paths, faults for wrong types |
//! | [`old`] | fields → one model of all old spellings |
//! | [`plan`] | the model → new names, rewritten statements ([`sql`]), decided types ([`schema`], [`pattern`]) |
//! | [`write`], [`text`] | the plan → YAML ([`yaml`]), Fluent stubs ([`ftl`]) |
//!
//! The core is pure ([`translate`], [`translate_beside`]); [`run`] is the thin writer. Every change is a line of
//! the report. The files are meant to pass `botgen check` for SQLite; what could not be kept says so in its line.

mod ftl;
mod json;
mod markup;
mod names;
mod old;
mod pattern;
mod plan;
mod report;
mod schema;
mod sql;
mod template;
mod text;
mod write;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use report::{Fault, ImportError, Report, ReportLine, Severity};

use ftl::{Keys, Locales};
use plan::{FlowKind, Plan};
use report::Notes;
use write::{Commands, Writer};

/// Largest spec we read, in bytes; the greatest known one has 10 thousand.
const SPEC: usize = 1 << 20;

/// First line of every bot.yaml: editors complete and validate by it.
const SCHEMA_LINE: &str = "# yaml-language-server: $schema=../../schema/bot.schema.json\n";

/// A translated spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Path in the bot's folder → content.
    pub files: BTreeMap<String, String>,
    /// Every change, in the order of the spec.
    pub report: Vec<ReportLine>,
}

/// What else will stand in the same deployment.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Tables that other bots create: the imported bot's own tables of these names get its id before them.
    pub taken_tables: BTreeSet<String>,
    /// The new bot's id.
    pub bot_id: String,
}

/// Translates a spec that stands alone.
///
/// # Errors
/// [`ImportError::Json`] and [`ImportError::Shape`].
pub fn translate(spec_json: &str) -> Result<Imported, ImportError> {
    translate_beside(spec_json, &Surroundings::default())
}

/// Translates a spec whose bot shares a database with others.
///
/// # Errors
/// [`ImportError::Json`] and [`ImportError::Shape`].
pub fn translate_beside(spec_json: &str, beside: &Surroundings) -> Result<Imported, ImportError> {
    if spec_json.len() > SPEC {
        return Err(ImportError::Json {
            line: 1,
            column: 1,
            message: format!("the file has more than {SPEC} bytes"),
        });
    }
    let root = serde_json::from_str(spec_json.trim_start_matches('\u{feff}')).map_err(|error| {
        let place = format!(" at line {} column {}", error.line(), error.column());
        ImportError::Json {
            line: error.line(),
            column: error.column(),
            message: error.to_string().trim_end_matches(&place).to_owned(),
        }
    })?;
    let mut notes = Notes::default();
    let spec = old::read(&root, &mut notes);
    if !notes.faults.is_empty() {
        return Err(ImportError::Shape(notes.faults));
    }
    let mut files = BTreeMap::new();
    let entries = document(spec, spec_json, beside, &mut notes, &mut files);
    files.insert(
        "bot.yaml".to_owned(),
        format!("{SCHEMA_LINE}{}", yaml::document(&entries)),
    );
    Ok(Imported {
        files,
        report: notes.lines,
    })
}

/// Everything but bot.yaml goes to `files`.
fn document(
    spec: old::Spec,
    source: &str,
    beside: &Surroundings,
    notes: &mut Notes,
    files: &mut BTreeMap<String, String>,
) -> Vec<(String, yaml::Node)> {
    let mut plan = Plan::default();
    for table in &beside.taken_tables {
        plan.tables
            .insert(table.clone(), format!("{}_{table}", beside.bot_id));
    }
    let uses_keys = source.contains("\"t:");
    let i18n = i18n(spec.i18n, uses_keys, notes);
    let many = i18n
        .as_ref()
        .is_some_and(|i| i.locales.len() > 1 && i.strategy != "fixed");
    let (owners, commands) = owners(spec.intents, spec.flows, notes);

    let mut intents = Vec::new();
    for (cmd, owner) in owners {
        match owner {
            Owner::Flow(flow) => plan.flow(flow, cmd, notes),
            Owner::Intent(intent) if many && matches!(cmd.as_str(), "/lang" | "/language") => {
                notes.changed(
                    &intent.path,
                    "the text could not change the language; the command shows `action.set_locale.v1` now",
                );
                plan.flows.push(plan::Flow {
                    path: intent.path,
                    cmd,
                    kind: FlowKind::Language,
                    on_enter: Vec::new(),
                });
            }
            Owner::Intent(intent) => intents.push((cmd, intent)),
        }
    }
    if many
        && !plan
            .flows
            .iter()
            .any(|f| matches!(f.kind, FlowKind::Language))
    {
        notes.person(
            "i18n",
            "several languages and no command to choose one; a flow with `action.set_locale.v1` would do",
        );
    }
    plan.decide(notes);

    let locales = match &i18n {
        Some(i18n) => Locales {
            default: i18n.default.clone(),
            all: i18n.locales.clone(),
        },
        None => Locales {
            default: guess_language(source).to_owned(),
            all: Vec::new(),
        },
    };
    let mut keys = Keys::new(locales);
    let mut writer = Writer {
        plan: &plan,
        keys: &mut keys,
        notes,
        commands: &commands,
    };
    let intents: Vec<_> = intents
        .iter()
        .map(|(cmd, intent)| writer.intent(intent, cmd))
        .collect();
    let flows: Vec<_> = plan.flows.iter().map(|f| writer.flow(f)).collect();

    let mut entries = yaml::Entries::default();
    entries.add("botfactory", yaml::Node::word("v1"));
    match i18n {
        Some(i18n) => {
            let mut section = yaml::Entries::default();
            section.add("default_locale", yaml::Node::word(i18n.default));
            let tags = i18n.locales.into_iter().map(yaml::Node::word).collect();
            section.add("locales", yaml::Node::inline(yaml::Node::List(tags)));
            section.add("strategy", yaml::Node::word(i18n.strategy));
            entries.add("i18n.fluent.v1", section.inline());
        }
        None => {
            let language = keys.locales.default.clone();
            notes.translated(
                "",
                format!("`locale: {language}` is guessed from the texts"),
            );
            entries.add("locale", yaml::Node::word(language));
        }
    }
    if !intents.is_empty() {
        entries.add("intents", yaml::Node::List(intents));
    }
    if !flows.is_empty() {
        entries.add("flows", yaml::Node::List(flows));
    }
    for (name, content) in keys.files() {
        if keys.count() > 0 {
            notes.person(
                &name,
                format!("{} keys are stubs that want a translation", keys.count()),
            );
        }
        files.insert(name, content);
    }
    if let Some(migration) = plan.schema.migration() {
        let tables: Vec<&str> = plan.schema.tables.keys().map(String::as_str).collect();
        notes.person(
            "migrations/0001_imported.sql",
            format!("tables guessed from the statements: {}", tables.join(", ")),
        );
        files.insert("migrations/0001_imported.sql".to_owned(), migration);
    }
    for (old, new) in &plan.tables {
        if plan.schema.tables.contains_key(new) {
            notes.changed(
                "migrations/0001_imported.sql",
                format!("another bot creates `{old}`; this bot's table is `{new}`"),
            );
        }
    }
    entries.0
}

/// `i18n.fluent.v1` to be.
struct I18n {
    default: String,
    locales: Vec<String>,
    strategy: &'static str,
}

fn i18n(old: Option<old::I18n>, uses_keys: bool, notes: &mut Notes) -> Option<I18n> {
    let old = match old {
        Some(old) => {
            notes.translated("i18n", "is `i18n.fluent.v1` now");
            old
        }
        None if uses_keys => {
            notes.changed(
                "",
                "texts use keys without an `i18n` section; the old defaults apply: ru and en",
            );
            old::I18n {
                path: "i18n".into(),
                default_locale: "ru".into(),
                supported: vec!["ru".into(), "en".into()],
                strategy: "user".into(),
            }
        }
        None => return None,
    };
    let mut locales: Vec<String> = Vec::new();
    for tag in std::iter::once(old.default_locale).chain(old.supported) {
        match tag.parse::<unic_langid::LanguageIdentifier>() {
            Ok(parsed) => {
                let tag = parsed.to_string();
                if !locales.contains(&tag) {
                    locales.push(tag);
                }
            }
            Err(_) => notes.person(&old.path, format!("`{tag}` is no language tag; left out")),
        }
    }
    if locales.is_empty() {
        locales.push("en".into());
    }
    let strategy = match old.strategy.as_str() {
        "user" => "user",
        "chat" => "chat",
        other => {
            notes.translated(&old.path, format!("strategy `{other}` is `fixed` now"));
            "fixed"
        }
    };
    Some(I18n {
        default: locales[0].clone(),
        locales,
        strategy,
    })
}

/// Russian where there is a Cyrillic letter: the old system had no other languages.
fn guess_language(source: &str) -> &'static str {
    if source.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c)) {
        "ru"
    } else {
        "en"
    }
}

/// What answers a command.
enum Owner {
    Flow(old::Flow),
    Intent(old::Intent),
}

/// One owner for each command, by the old precedence: menus, wizards, untyped flows, intents; the first wins.
fn owners(
    intents: Vec<old::Intent>,
    flows: Vec<old::Flow>,
    notes: &mut Notes,
) -> (Vec<(String, Owner)>, Commands) {
    let mut order: Vec<(usize, &str)> = flows
        .iter()
        .enumerate()
        .map(|(i, f)| (i, f.cmd.trim()))
        .collect();
    order.sort_by_key(|(i, _)| flows[*i].declared);
    let mut winners: BTreeMap<String, usize> = BTreeMap::new();
    for (i, cmd) in order {
        winners.entry(slashed(cmd)).or_insert(i);
    }
    let mut commands = Commands::default();
    let mut taken = BTreeSet::new();
    let mut owners = Vec::new();
    let mut own = |old: &str, path: &str, notes: &mut Notes| {
        let old = old.trim();
        let wanted = names::command(old, taken.len() + 1);
        let new = names::free(wanted, &taken);
        if new != old {
            notes.person(
                path,
                format!("the command `{old}` is `{new}` now; tell the people who use it"),
            );
        }
        taken.insert(new.clone());
        commands.names.insert(slashed(old), new.clone());
        commands.names.insert(old.to_owned(), new.clone());
        new
    };
    for (i, flow) in flows.into_iter().enumerate() {
        let cmd = slashed(flow.cmd.trim());
        if winners.get(&cmd) != Some(&i) {
            notes.person(
                &flow.path,
                format!(
                    "`{cmd}` is owned by another flow; this one was never reached and is left out"
                ),
            );
            continue;
        }
        let new = own(&flow.cmd, &flow.path, notes);
        owners.push((new, Owner::Flow(flow)));
    }
    let mut seen = BTreeSet::new();
    for intent in intents {
        let cmd = slashed(intent.cmd.trim());
        if winners.contains_key(&cmd) || !seen.insert(cmd.clone()) {
            notes.person(
                &intent.path,
                format!(
                    "`{cmd}` has an owner already; this intent was never reached and is left out"
                ),
            );
            continue;
        }
        let new = own(&intent.cmd, &intent.path, notes);
        owners.push((new, Owner::Intent(intent)));
    }
    // It always exists.
    commands
        .names
        .entry("/cancel".to_owned())
        .or_insert("/cancel".to_owned());
    (owners, commands)
}

fn slashed(cmd: &str) -> String {
    format!("/{}", cmd.trim_start_matches('/'))
}

/// Translates the spec and writes the bot's folder; the folder's name becomes the bot's id. Nothing is written
/// when the folder has anything in it. Tables that sibling folders create are not created twice.
///
/// # Errors
/// Any [`ImportError`].
pub fn run(spec_json: &str, file_name: &str, out: &Path) -> Result<Report, ImportError> {
    let folder = out.display().to_string();
    let io = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| ImportError::Io {
            path,
            message: error.to_string(),
        }
    };
    let bot_id = out
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    if !names::is_id(&bot_id) {
        return Err(ImportError::BotId { name: bot_id });
    }
    match std::fs::read_dir(out) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(ImportError::NotEmpty { folder });
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) if out.is_file() => {
            drop(error);
            return Err(ImportError::NotEmpty { folder });
        }
        Err(error) => return Err(io(out)(error)),
    }
    let beside = Surroundings {
        taken_tables: tables_beside(out),
        bot_id: bot_id.clone(),
    };
    let imported = translate_beside(spec_json, &beside)?;
    for (name, content) in &imported.files {
        let path = out.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io(parent))?;
        }
        std::fs::write(&path, content).map_err(io(&path))?;
    }
    Ok(Report {
        file_name: file_name.to_owned(),
        bot_id,
        files: imported.files.into_keys().collect(),
        lines: imported.report,
    })
}

/// Names after CREATE TABLE in the migrations of sibling folders. Best effort: what cannot be read is for
/// `botgen check` to complain about.
fn tables_beside(out: &Path) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    let parent = match out.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return tables,
    };
    let folders = std::fs::read_dir(parent).into_iter().flatten().flatten();
    for bot in folders.filter(|e| e.path().join("bot.yaml").is_file()) {
        let migrations = bot.path().join("migrations");
        for folder in ["", "sqlite", "postgres"].map(|f| migrations.join(f)) {
            for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if file.path().extension().is_some_and(|e| e == "sql")
                    && let Ok(sql) = std::fs::read_to_string(file.path())
                {
                    tables.extend(created_tables(&sql));
                }
            }
        }
    }
    tables
}

fn created_tables(sql: &str) -> impl Iterator<Item = String> {
    let words: Vec<String> = sql
        .split(|c: char| c.is_whitespace() || c == '(')
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut tables = Vec::new();
    for (i, pair) in words.windows(2).enumerate() {
        if pair == ["create", "table"] {
            let mut rest = words[i + 2..]
                .iter()
                .filter(|w| !["if", "not", "exists"].contains(&w.as_str()));
            tables.extend(rest.next().map(|w| w.trim_matches('"').to_owned()));
        }
    }
    tables.into_iter()
}
