//! `botgen import`: the old system's JSON specs into bot folders of this language.
//!
//! | stage | takes → gives |
//! |---|---|
//! | `json` | a JSON value → fields with paths, faults for wrong types |
//! | `old` | fields → one model of all old spellings |
//! | `plan` | the model → new names, rewritten statements (`sql`), decided types (`schema`, `pattern`) |
//! | `write`, `text` | the plan → YAML (`yaml`), Fluent stubs (`ftl`) |
//!
//! The core is pure ([`translate`], [`translate_beside`]); [`run`] is the thin writer. Every change is a line of
//! the report. The files are meant to pass `botgen check` for SQLite; what could not be kept says so in its line.

mod commands;
mod folder;
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

pub use folder::run;
pub use report::{Fault, ImportError, Report, ReportLine, Severity};

use commands::{Owner, owners};
use ftl::{Keys, Locales};
use plan::{FlowKind, Plan};
use report::Notes;
use write::Writer;

/// Largest spec we read, in bytes; the greatest known one has 10 thousand.
const SPEC: usize = 1 << 20;

/// Tables of the old system itself.
const SYSTEM: &[&str] = &[
    "bots",
    "bot_specs",
    "bot_events",
    "bot_users",
    "broadcasts",
    "broadcast_events",
    "locales",
    "i18n_keys",
    "components",
    "bot_components",
];

/// First line of every bot.yaml: editors complete and validate by it.
const SCHEMA_LINE: &str = "# yaml-language-server: $schema=../../schema/bot.schema.json\n";

/// The same for conversation tests.
const CHATS_LINE: &str = "# yaml-language-server: $schema=../../../schema/chats.schema.json\n";

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
        report: notes.sorted(),
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
    let uses_keys = spec.uses_keys();
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
        smoke: Vec::new(),
    };
    let intents: Vec<_> = intents
        .iter()
        .map(|(cmd, intent)| writer.intent(intent, cmd))
        .collect();
    let flows: Vec<_> = plan.flows.iter().map(|f| writer.flow(f)).collect();
    if let Some(conversations) = writer.smoke() {
        files.insert(
            "chats/smoke.yaml".to_owned(),
            format!("{CHATS_LINE}{}", yaml::list(&conversations)),
        );
    }

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
                "spec",
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
    for tag in keys.foreign() {
        notes.person(
            &format!("locales/{tag}.ftl"),
            "the runtime's own words stand there in English and want a translation",
        );
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
        let system: Vec<&str> = tables.into_iter().filter(|t| SYSTEM.contains(t)).collect();
        if !system.is_empty() {
            notes.person(
                "migrations/0001_imported.sql",
                format!(
                    "the old system kept {} itself; reading the runtime's own data needs a later block",
                    system.join(", ")
                ),
            );
        }
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
                "spec",
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
