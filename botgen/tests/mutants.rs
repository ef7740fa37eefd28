//! No false OK, first measure: thousands of small mistakes in correct bots. Each mutant is rejected with findings that
//! point into its files, or accepted; what is accepted with code of its own can be built and walked
//! (`scripts/mutants.sh`).
//!
//! `MUTANTS`: how many (2200). `MUTANTS_OUT`: where reports and deployments of survivors are written; `SURVIVORS`: how many.

#[path = "mutants/edit.rs"]
mod edit;
#[path = "mutants/fluent.rs"]
mod fluent;
#[path = "mutants/random.rs"]
mod random;
#[path = "mutants/report.rs"]
mod report;
#[path = "mutants/sql.rs"]
mod sql;
#[path = "mutants/survivors.rs"]
mod survivors;
#[path = "mutants/yaml.rs"]
mod yaml;

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use botgen::diagnostics::{Severity, render};
use botgen::{Compiled, Input, Options};
use edit::{Base, Change, Mutant};
use random::Random;

/// A loaded machine is slow; a compiler that hangs is slower.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of a mutant.
pub enum Fate {
    /// Codes of its errors.
    Rejected(Vec<&'static str>),
    /// Accepted: its generated code, and warnings that the base has not.
    Accepted(u64, Vec<String>),
}

/// Every bot that the mutants are made of.
fn bases() -> Vec<Base> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut bases = Vec::new();
    for folder in ["../bots", "tests/good"] {
        let mut found: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
            .expect("a folder of bots")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.join("bot.yaml").is_file())
            .collect();
        found.sort();
        for path in found {
            let input = Input::load(&path, &[PathBuf::from(".")]).expect("it loads");
            let name = path.file_name().expect("a name").to_string_lossy();
            let files = input
                .files
                .into_iter()
                .filter(|(file, _)| !file.starts_with("chats/"))
                .map(|(file, bytes)| (file, String::from_utf8(bytes).expect("UTF-8")));
            let kind = if folder == "../bots" { "" } else { "_good" };
            bases.push(Base {
                name: format!("{name}{kind}"),
                files: files.collect(),
            });
        }
    }
    bases
}

/// Everything that can be done to a bot.
fn mutants(base: &Base) -> Vec<Mutant> {
    let mut all = Vec::new();
    for (file, text) in &base.files {
        if file.ends_with(".yaml") {
            all.extend(yaml::mutants(base, file));
            for (operator, change) in [
                ("remove a file", Change::Remove(file.clone())),
                (
                    "an empty file",
                    Change::Edits(file.clone(), vec![(0..text.len(), String::new())]),
                ),
                (
                    "windows line breaks",
                    Change::Edits(
                        file.clone(),
                        vec![(0..text.len(), text.replace('\n', "\r\n"))],
                    ),
                ),
                (
                    "half a file",
                    Change::Edits(file.clone(), vec![(half(text)..text.len(), String::new())]),
                ),
            ] {
                all.push(Mutant {
                    operator,
                    place: "file".to_owned(),
                    change,
                });
            }
        } else if file.ends_with(".ftl") {
            all.extend(fluent::mutants(base, file));
        } else if file.starts_with("migrations/") {
            all.extend(sql::migration(base, file));
        }
    }
    all.extend(fluent::folder(base));
    all.extend(sql::folder(base));
    all
}

fn half(text: &str) -> usize {
    (text.len() / 2..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Mutants of one operator by the kind of place, each with the index of its bot.
type ByPlace = BTreeMap<String, Vec<(usize, Mutant)>>;

/// `most` of them, as many of each operator and, within it, of each place as there are.
fn chosen(bases: &[Base], most: usize, random: &mut Random) -> Vec<(usize, Mutant)> {
    let mut kinds: BTreeMap<&str, ByPlace> = BTreeMap::new();
    for (at, base) in bases.iter().enumerate() {
        for mutant in mutants(base) {
            let places = kinds.entry(mutant.operator).or_default();
            places
                .entry(mutant.place.clone())
                .or_default()
                .push((at, mutant));
        }
    }
    let mut queues: Vec<Vec<(usize, Mutant)>> = kinds
        .into_values()
        .map(|places| {
            let mut places: Vec<Vec<(usize, Mutant)>> = places.into_values().collect();
            for place in &mut places {
                random.shuffle(place);
            }
            random.shuffle(&mut places);
            in_turn(places)
        })
        .collect();
    for queue in &mut queues {
        queue.reverse();
    }
    let mut taken = Vec::new();
    while taken.len() < most && queues.iter().any(|queue| !queue.is_empty()) {
        for queue in &mut queues {
            taken.extend(queue.pop());
        }
    }
    taken
}

/// One of each, then the next of each.
pub fn in_turn<T>(mut queues: Vec<Vec<T>>) -> Vec<T> {
    let mut out = Vec::new();
    while queues.iter().any(|queue| !queue.is_empty()) {
        for queue in &mut queues {
            out.extend(queue.pop());
        }
    }
    out
}

/// Compiles a bot.
pub fn compiled(id: &str, files: &BTreeMap<String, String>) -> Compiled {
    let files = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()));
    let path = format!("bots/{id}");
    let input = Input::from_memory([(path.as_str(), files.collect())]);
    botgen::compile(&input, &Options::default())
}

/// The generated code without its places and hashes.
fn fingerprint(compiled: &Compiled) -> Option<u64> {
    let output = botgen::emit::emit(compiled.program.as_ref()?);
    let mut hasher = DefaultHasher::new();
    for (name, text) in &output.files {
        name.hash(&mut hasher);
        for line in text.lines() {
            let line = line.trim_start();
            let place = ["//", "source_hash:", "texts:"];
            if !place.iter().any(|begin| line.starts_with(begin)) {
                line.hash(&mut hasher);
            }
        }
    }
    Some(hasher.finish())
}

fn warnings(compiled: &Compiled) -> Vec<String> {
    let warnings = compiled
        .diagnostics
        .iter()
        .filter(|d| severity(d) == Severity::Warning);
    warnings
        .map(|d| format!("{} {}", d.code.id, d.message))
        .collect()
}

fn severity(d: &botgen::diagnostics::Diagnostic) -> Severity {
    d.code.severity
}

/// What the compiler says to it; `Err`: what the compiler itself does wrong.
fn fate(base: &Base, known: &[String], mutant: &Mutant) -> Result<Fate, String> {
    let files = mutant.apply(base);
    let began = Instant::now();
    let compiled = catch_unwind(AssertUnwindSafe(|| compiled(&base.name, &files)))
        .map_err(|_| "the compiler panicked".to_owned())?;
    if began.elapsed() > PATIENCE {
        return Err(format!("it took {:?}", began.elapsed()));
    }
    for d in &compiled.diagnostics {
        let file = compiled.sources.file(d.span.file);
        let range = d.span.lo as usize..d.span.hi as usize;
        if file.text.get(range).is_none() {
            return Err(format!("{} points outside of {}", d.code.id, file.path));
        }
        if d.message.is_empty() {
            return Err(format!("{} says nothing", d.code.id));
        }
    }
    // Whatever is wrong must also be shown.
    render::human(&compiled.sources, &compiled.diagnostics, false);
    let errors: Vec<&str> = compiled
        .diagnostics
        .iter()
        .filter(|d| severity(d) == Severity::Error)
        .map(|d| d.code.id)
        .collect();
    match (errors.is_empty(), compiled.program.is_some()) {
        (true, false) => Err("no program, and no error".to_owned()),
        (false, true) => Err(format!("a program in spite of {errors:?}")),
        (false, false) => Ok(Fate::Rejected(errors)),
        (true, true) => {
            let code = catch_unwind(AssertUnwindSafe(|| fingerprint(&compiled)))
                .ok()
                .flatten()
                .ok_or("no code comes out of the program")?;
            let mut new = warnings(&compiled);
            new.retain(|warning| !known.contains(warning));
            Ok(Fate::Accepted(code, new))
        }
    }
}

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |n| n.parse().expect("a number"))
}

#[test]
fn thousands_of_mistakes() {
    let bases = bases();
    let mut random = Random::new(setting("MUTANTS_SEED", 1) as u64);
    let all = chosen(&bases, setting("MUTANTS", 2200), &mut random);
    let known: Vec<(Vec<String>, u64)> = bases
        .iter()
        .map(|base| {
            let compiled = compiled(&base.name, &base.files);
            let code = fingerprint(&compiled).expect("a base is accepted");
            (warnings(&compiled), code)
        })
        .collect();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let mut fates: Vec<(usize, Result<Fate, String>)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((base, mutant)) = all.get(at) else {
                    return done;
                };
                done.push((at, fate(&bases[*base], &known[*base].0, mutant)));
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|w| w.join().expect("a worker"))
            .collect()
    });
    fates.sort_by_key(|(at, _)| *at);

    let mut report = report::Report::default();
    let mut seen: HashSet<u64> = known.iter().map(|(_, code)| *code).collect();
    let mut distinct = Vec::new();
    let mut wrong = Vec::new();
    let mut codes: HashMap<&str, usize> = HashMap::new();
    for ((base, mutant), (_, fate)) in all.iter().zip(fates) {
        let base = &bases[*base];
        match fate {
            Err(what) => wrong.push(format!("{}: {} — {what}", base.name, mutant.shown(base))),
            Ok(Fate::Rejected(found)) => {
                for code in found {
                    *codes.entry(code).or_default() += 1;
                }
                report.rejected(mutant);
            }
            Ok(Fate::Accepted(code, warnings)) => {
                let new = seen.insert(code);
                report.accepted(base, mutant, new, &warnings);
                if new {
                    distinct.push((base, mutant));
                }
            }
        }
    }
    println!("{report}");
    println!("{} codes were seen", codes.len());
    if let Some(out) = std::env::var_os("MUTANTS_OUT") {
        let out = PathBuf::from(out);
        report.write(&out);
        survivors::write(&out, &distinct, setting("SURVIVORS", 15));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (made, caught) = report.sums();
    assert!(
        made >= 2000 || std::env::var_os("MUTANTS").is_some(),
        "only {made} mutants"
    );
    // Most mistakes are mistakes; a compiler that lets half of them through has stopped to look.
    assert!(
        caught * 10 > made * 6,
        "only {caught} of {made} were caught"
    );
    assert!(codes.len() > 80, "only {} codes were seen", codes.len());
}
