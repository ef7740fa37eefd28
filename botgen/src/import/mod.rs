//! `botgen import`: the old system's JSON specs into bot folders of this language.
//!
//! | stage | takes → gives |
//! |---|---|
//! | `json` | a JSON value → fields with paths; what has a wrong type is read as what it means or left out |
//! | `read` | fields → one model (`old`) of all old spellings; `keys` reads the texts of keys |
//! | `plan` | the model → new names, rewritten statements (`sql`), decided types (`schema`, `pattern`) |
//! | `write`, `text` | the plan → YAML (`yaml`), Fluent (`ftl`) |
//! | `proof`, `mend` | the compiler's word on the result; what it refuses is taken back and the rest translated again |
//!
//! The core is pure ([`translate`]); [`run`] is the thin writer. Every change is a line of the report. The files pass
//! `botgen check`; what could not be kept says so in its line.

mod blocks;
mod broadcast;
mod commands;
mod folder;
mod ftl;
mod json;
mod keys;
mod markup;
mod mend;
mod names;
mod old;
mod pattern;
mod plan;
pub mod proof;
mod read;
mod report;
mod schema;
mod sql;
mod template;
mod text;
mod tour;
mod write;
mod yaml;

use std::collections::BTreeSet;

pub use folder::run;
pub use keys::KeyFile;
pub use mend::{Files, Finding};
pub use report::{ImportError, Report, ReportLine, Severity};

use commands::{Owner, owners};
use ftl::{Keys, Locales};
use keys::Texts;
use mend::{Made, Mends};
use plan::{FlowKind, Plan};
use report::Notes;
use serde_json::Value;
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
    pub files: Files,
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
    /// The day of the import, `YYYY-MM-DD`: a calendar that ends before it could never be answered.
    pub today: Option<String>,
}

/// What is translated.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The spec: JSON.
    pub spec: &'a str,
    /// Texts of its keys.
    pub keys: &'a [KeyFile<'a>],
    /// What else will stand in the same deployment.
    pub beside: &'a Surroundings,
}

/// Who checks a translated bot: its errors.
pub type Check<'a> = &'a dyn Fn(&Files) -> Vec<Finding>;

/// Translates a spec that stands alone, checked for SQLite.
///
/// # Errors
/// [`ImportError::Json`] and [`ImportError::Shape`].
pub fn translate(spec: &str) -> Result<Imported, ImportError> {
    let order = Order {
        spec,
        keys: &[],
        beside: &Surroundings::default(),
    };
    translate_checked(&order, &proof::on_sqlite)
}

/// Translates a spec. What `check` refuses is taken back.
///
/// # Errors
/// [`ImportError::Json`], [`ImportError::Shape`] and [`ImportError::Keys`].
pub fn translate_checked(order: &Order<'_>, check: Check<'_>) -> Result<Imported, ImportError> {
    if order.spec.len() > SPEC {
        return Err(ImportError::Json {
            line: 1,
            column: 1,
            message: format!("the file has more than {SPEC} bytes"),
        });
    }
    let parsed = serde_json::from_str(order.spec.trim_start_matches('\u{feff}'));
    let root: Value = parsed.map_err(|error| {
        let place = format!(" at line {} column {}", error.line(), error.column());
        ImportError::Json {
            line: error.line(),
            column: error.column(),
            message: error.to_string().trim_end_matches(&place).to_owned(),
        }
    })?;
    let root = spec_of(root);
    if !root.is_object() {
        return Err(ImportError::Shape(json::kind(&root)));
    }
    let doubled = json::doubled(order.spec.trim_start_matches('\u{feff}'));
    let (mut mends, mut round) = (Mends::default(), 0);
    loop {
        round += 1;
        let mut draft = draft(&root, order, &mends)?;
        let findings = check(&draft.files);
        if !findings.is_empty() && round < mend::ROUNDS && mends.learn(&draft.made, &findings) {
            continue;
        }
        mends.tell(&root, &mut draft.notes);
        for path in &doubled {
            let why = "the key stands twice in its object, and only the last one was read";
            draft.notes.person(path, why.to_owned());
        }
        for finding in findings {
            draft.notes.person(
                &finding.file,
                format!("the check says {}: {}", finding.code, finding.message),
            );
        }
        return Ok(Imported {
            files: draft.files,
            report: draft.notes.sorted(),
        });
    }
}

/// The spec within an answer of the old system's API.
fn spec_of(root: Value) -> Value {
    const SECTIONS: [&str; 6] = [
        "use",
        "intents",
        "flows",
        "menu_flows",
        "wizard_flows",
        "i18n",
    ];
    let Value::Object(map) = &root else {
        return root;
    };
    if SECTIONS.iter().any(|s| map.contains_key(*s)) {
        return root;
    }
    let inner = ["spec_json", "spec", "final_spec"]
        .iter()
        .find_map(|key| map.get(*key).filter(|v| v.is_object()));
    match (inner, map.get("bot")) {
        (Some(inner), _) => inner.clone(),
        (None, Some(bot @ Value::Object(_))) if bot.get("spec_json").is_some() => {
            spec_of(bot.clone())
        }
        _ => root,
    }
}

/// One translation, before anybody has checked it.
struct Draft {
    files: Files,
    made: Made,
    notes: Notes,
}

fn draft(root: &Value, order: &Order<'_>, mends: &Mends) -> Result<Draft, ImportError> {
    let mut notes = Notes::default();
    notes.plain.clone_from(&mends.plain);
    notes.unmarked.clone_from(&mends.unmarked);
    notes.left_out.clone_from(&mends.left_out);
    let mut kept = root.clone();
    // A widget that is refused is still a question.
    let gone = mends.left_out.iter().filter(|p| !p.ends_with(".widget"));
    json::without(&mut kept, "", &gone.cloned().collect());
    let texts = Texts::of_files(order.keys, &mut notes)?;
    let spec = read::read(&kept, &mut notes);
    let (mut files, mut made) = (Files::new(), Made::new());
    let entries = document(spec, texts, order, &mut notes, &mut files, &mut made);
    if mends.silent {
        files.remove("chats/smoke.yaml");
    }
    let (body, mut origins) = yaml::document(&entries);
    for (range, _) in &mut origins {
        *range = range.start + SCHEMA_LINE.len()..range.end + SCHEMA_LINE.len();
    }
    files.insert("bot.yaml".to_owned(), format!("{SCHEMA_LINE}{body}"));
    made.insert("bot.yaml".to_owned(), origins);
    Ok(Draft { files, made, notes })
}

/// Everything but bot.yaml goes to `files`.
fn document(
    mut spec: old::Spec,
    mut texts: Texts,
    order: &Order<'_>,
    notes: &mut Notes,
    files: &mut Files,
    made: &mut Made,
) -> Vec<(String, yaml::Node)> {
    let mut plan = Plan::default();
    plan.segments = broadcast::segments(order.spec);
    plan.today.clone_from(&order.beside.today);
    for table in &order.beside.taken_tables {
        plan.tables
            .insert(table.clone(), format!("{}_{table}", order.beside.bot_id));
    }
    let uses_keys = spec.uses_keys();
    if let Some(i18n) = &mut spec.i18n {
        texts.extend(std::mem::take(&mut i18n.keys));
    }
    let i18n = i18n(spec.i18n, uses_keys, &texts, notes);
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
                    description: intent.description,
                    on_enter: Vec::new(),
                });
            }
            Owner::Intent(intent) if intent.is_flow() => {
                notes.translated(
                    &intent.path,
                    "more than a short text: `flow.generic.v1` now",
                );
                plan.flow(intent.into_flow(), cmd, notes);
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
            default: guess_language(order.spec).to_owned(),
            all: Vec::new(),
        },
    };
    let mut keys = Keys::new(locales, texts);
    let mut writer = Writer {
        plan: &plan,
        keys: &mut keys,
        notes,
        commands: &commands,
        cmd: String::new(),
        tour: tour::Tour::default(),
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
    if !plan.segments.is_empty() {
        let segments = plan.segments.iter().map(yaml::Node::word).collect();
        let segments = yaml::Node::inline(yaml::Node::List(segments));
        entries.add("segments", segments);
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
    for (name, content, origins) in keys.files(notes) {
        made.insert(name.clone(), origins);
        files.insert(name, content);
    }
    if let Some((migration, origins)) = plan.schema.migration() {
        made.insert("migrations/0001_imported.sql".to_owned(), origins);
        let tables: Vec<&str> = plan
            .schema
            .tables
            .keys()
            .map(String::as_str)
            .filter(|name| !schema::is_view(name))
            .collect();
        notes.person(
            "migrations/0001_imported.sql",
            format!("tables guessed from the statements: {}", tables.join(", ")),
        );
        let system: Vec<&str> = tables.into_iter().filter(|t| SYSTEM.contains(t)).collect();
        if !system.is_empty() {
            notes.person(
                "migrations/0001_imported.sql",
                format!(
                    "the old system kept {} itself; of the runtime's own data a bot reads `bf_people`, `bf_segments` and `bf_broadcasts`",
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

fn i18n(old: Option<old::I18n>, uses_keys: bool, texts: &Texts, notes: &mut Notes) -> Option<I18n> {
    let given: Vec<String> = texts.by_locale.keys().cloned().collect();
    let old = match old {
        Some(old) => {
            notes.translated("i18n", "is `i18n.fluent.v1` now");
            let unknown = |tag: &&String| {
                **tag != old.default_locale && !old.supported.iter().any(|s| s == *tag)
            };
            for tag in given.iter().filter(unknown) {
                notes.changed(
                    "i18n",
                    format!(
                        "`{tag}` has keys and was not supported; it is a language of the bot now"
                    ),
                );
            }
            old
        }
        None if uses_keys || !given.is_empty() => {
            let supported = match given.is_empty() {
                true => vec!["ru".into(), "en".into()],
                false => given.clone(),
            };
            let default = supported.iter().find(|tag| *tag == "ru");
            notes.changed(
                "spec",
                format!(
                    "texts use keys without an `i18n` section; the languages are {}",
                    supported.join(", ")
                ),
            );
            old::I18n {
                path: "i18n".into(),
                default_locale: default.unwrap_or(&supported[0]).clone(),
                supported,
                strategy: "user".into(),
                keys: Texts::default(),
            }
        }
        None => return None,
    };
    let mut locales: Vec<String> = Vec::new();
    let tags = std::iter::once(old.default_locale).chain(old.supported);
    for tag in tags.chain(given) {
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
