//! The registry, its page, the alerts and the boards hold together.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

use super::page::{LABELS, OLD, page};
use super::{FAMILIES, Family, Metrics};
use crate::handler::error::HandlerError;
use crate::llm::Refused;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    let path = root().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

#[test]
fn every_metric_registers() {
    assert!(Metrics::new().is_ok());
    let text = String::from_utf8(super::text()).unwrap();
    assert!(text.contains("process_resident_memory_bytes"));
}

#[test]
fn the_process_says_how_it_is() {
    super::begin_process();
    let text = String::from_utf8(super::text()).unwrap();
    for name in [
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_start_time_seconds",
        "process_open_fds",
        "process_max_fds",
        "process_threads",
    ] {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        let value: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(value > 0.0, "{line}");
    }
}

#[test]
fn names_labels_and_the_page_are_as_they_should_be() {
    let file = root().join("docs/metrics.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, page()).unwrap();
    }
    assert!(FAMILIES.len() >= 45);
    let names: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), FAMILIES.len());
    for family in FAMILIES {
        let name = family.name;
        assert!(!family.help.trim().is_empty(), "{name}");
        assert!(!name.ends_with("_ms"), "{name}: times are in seconds");
        if family.kind == "counter" {
            assert!(name.ends_with("_total"), "{name}");
        }
        if family.kind == "histogram" && name != "store_commit_updates" {
            assert!(name.ends_with("_seconds"), "{name}");
        }
        for label in family.labels {
            assert!(
                LABELS.iter().any(|(known, _)| known == label),
                "say in LABELS what bounds `{label}` of {name}"
            );
        }
        assert!(family.buckets.is_sorted(), "{name}");
    }
    for (there, here, _) in OLD {
        assert!(family(here).is_some(), "{there}: there is no {here}");
    }
    assert_eq!(
        read("docs/metrics.md"),
        page(),
        "write it anew: UPDATE=1 cargo test -p runtime-core metrics"
    );
}

/// What Prometheus itself says of a page of metrics; empty: nothing.
fn lint(page: &[u8]) -> String {
    let mut linter = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool (apt-get install prometheus; scripts/test.sh does)");
    linter.stdin.take().unwrap().write_all(page).unwrap();
    let said = linter.wait_with_output().unwrap();
    let words = [said.stdout, said.stderr].concat();
    let words = String::from_utf8(words).unwrap();
    assert_eq!(said.status.success(), words.is_empty(), "{words}");
    words
}

#[test]
fn prometheus_finds_nothing_to_say_against_the_page() {
    // As a process shows it that has done nothing yet.
    super::begin_process();
    super::begin("shop", &["book"], &["en", "ru"], &HandlerError::CODES);
    super::begin_jobs("shop");
    super::begin_limits("shop", ["shop.1"].into_iter());
    super::begin_llm("shop", Refused::ALL.map(Refused::code).into_iter());
    super::begin_redis();
    assert_eq!(lint(&super::text()), "");
    // Every family, also those that have no series before something happens.
    let mut page = String::new();
    for Family {
        name, kind, help, ..
    } in FAMILIES
    {
        writeln!(page, "# HELP {name} {}\n# TYPE {name} {kind}", help.trim()).unwrap();
        match *kind {
            "histogram" => writeln!(
                page,
                "{name}_bucket{{le=\"+Inf\"}} 0\n{name}_sum 0\n{name}_count 0"
            ),
            _ => writeln!(page, "{name} 0"),
        }
        .unwrap();
    }
    assert_eq!(lint(page.as_bytes()), "");
    // It does say what is wrong.
    let wrong =
        "# HELP took_milliseconds Time\n# TYPE took_milliseconds counter\ntook_milliseconds 0\n";
    assert!(lint(wrong.as_bytes()).contains("took_milliseconds"));
}

/// A range of an expression, in seconds.
fn ranges(expression: &str) -> Vec<u32> {
    let range = Regex::new(r"\[(\d+)([smhd])\]").unwrap();
    range
        .captures_iter(expression)
        .map(|found| found[1].parse::<u32>().unwrap() * seconds(&found[2]))
        .collect()
}

fn seconds(unit: &str) -> u32 {
    match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        other => panic!("{other}"),
    }
}

#[test]
fn one_event_alone_is_forgotten_before_its_rule_has_waited() {
    // Rules that fire at the first event, that ask for many of them, or for none in so long.
    let others = [
        "DeadLetters",
        "TaskPanicked",
        "EventsLost",
        "SendsAmbiguous",
        "LLMCacheHitRatioLow",
        "BroadcastStuck",
        "NoActivity",
    ];
    let waits = Regex::new(r"^\s*(\d+)([smhd])\s").unwrap();
    let mut seen = 0;
    for (alert, expression, rest) in alerts() {
        let ranges = ranges(&expression);
        if ranges.is_empty() || others.contains(&alert.as_str()) {
            continue;
        }
        let found = waits.captures(&rest).unwrap();
        let waits = found[1].parse::<u32>().unwrap() * seconds(&found[2]);
        assert!(
            ranges.iter().all(|range| *range <= waits),
            "{alert} looks {ranges:?} s back and waits for {waits} s"
        );
        seen += 1;
    }
    assert!(seen >= 15, "{seen}");
}

/// Names of metrics in an expression.
fn named(expression: &str) -> BTreeSet<String> {
    let strip =
        Regex::new(r#"(?s)"[^"]*"|\{[^}]*\}|\b(by|on|ignoring|without)\s*\([^)]*\)"#).unwrap();
    let bare = strip.replace_all(expression, " ");
    let word = Regex::new(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\bup\b").unwrap();
    word.find_iter(&bare)
        .map(|found| found.as_str().to_owned())
        .filter(|name| !matches!(name.as_str(), "histogram_quantile" | "label_values" | "up"))
        .collect()
}

fn known(name: &str) -> bool {
    let base = ["_bucket", "_sum", "_count"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .filter(|base| family(base).is_some_and(|family| family.kind == "histogram"));
    base.is_some() || family(name).is_some_and(|family| family.kind != "histogram")
}

/// Name, expression and the rest of each alert.
fn alerts() -> Vec<(String, String, String)> {
    let rules = read("deploy/prometheus/alerts.yml");
    rules
        .split("- alert: ")
        .skip(1)
        .map(|rule| {
            let (name, rest) = rule.split_once('\n').unwrap();
            let from = rest.find("expr: |-").unwrap();
            let (expression, rest) = rest[from + 8..].split_once("        for:").unwrap();
            (
                name.trim().to_owned(),
                expression.to_owned(),
                rest.to_owned(),
            )
        })
        .collect()
}

#[test]
fn rules_and_boards_name_what_there_is() {
    let mut seen = 0;
    let compared = Regex::new(r"([a-z_]+)_bucket.*?\)\)\)\s*>\s*([0-9.]+)").unwrap();
    for (alert, expression, _) in alerts() {
        let names = named(&expression);
        assert!(!names.is_empty() || expression.contains("up{"), "{alert}");
        for name in names {
            assert!(known(&name), "{alert}: there is no metric {name}");
            seen += 1;
        }
        // A quantile can only be compared with a bound that some bucket has.
        if let Some((_, buckets)) = expression.split_once("histogram_quantile") {
            let found = compared.captures(buckets).unwrap();
            let bound: f64 = found[2].parse().unwrap();
            let family = family(&found[1]).unwrap();
            assert!(
                family.buckets.contains(&bound)
                    && family.buckets.last().is_some_and(|last| *last > bound),
                "{alert}: no bucket ends at {bound}"
            );
        }
    }
    assert!(seen >= 30);
    for board in std::fs::read_dir(root().join("deploy/grafana")).unwrap() {
        let file = board.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let board: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let panels = board["panels"].as_array().unwrap();
        assert!(!panels.is_empty());
        for target in panels
            .iter()
            .filter_map(|panel| panel["targets"].as_array())
            .flatten()
        {
            let expression = target["expr"].as_str().unwrap();
            for name in named(&expression.replace("$__rate_interval", "5m")) {
                assert!(known(&name), "{}: there is no {name}", file.display());
            }
        }
    }
}

#[test]
fn every_alert_has_its_page_and_its_test() {
    let tests = read("deploy/prometheus/alerts.test.yml");
    let mut pages: BTreeSet<String> = std::fs::read_dir(root().join("docs/runbook"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    let index = read("docs/runbook/README.md");
    let link = Regex::new(r"\]\((\w+\.md)\)").unwrap();
    for (alert, _, rest) in alerts() {
        let file = format!("{alert}.md");
        assert!(pages.remove(&file), "{alert} has no page");
        assert!(index.contains(&file), "{alert} is not in the index");
        assert!(
            rest.contains(&format!("runbook_url: docs/runbook/{file}")),
            "{alert}"
        );
        assert!(
            tests.contains(&format!("alertname=\"{alert}\"")),
            "{alert} has no test"
        );
        for field in [
            "severity: ",
            "service: botfactory",
            "summary: ",
            "description: ",
        ] {
            assert!(rest.contains(field), "{alert} has no {field}");
        }
        let text = read(&format!("docs/runbook/{file}"));
        for part in ["## What it means", "## What to look at", "## What to do"] {
            assert!(text.contains(part), "{file}: {part}");
        }
        for found in link.captures_iter(&text) {
            assert!(
                root().join("docs/runbook").join(&found[1]).exists(),
                "{file}"
            );
        }
    }
    assert!(pages.is_empty(), "pages without an alert: {pages:?}");
}

#[test]
fn prometheus_takes_the_configuration_and_finds_every_rule() {
    let scratch = std::env::temp_dir().join(format!("botfactory-rules-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).unwrap();
    let here = scratch.to_str().unwrap();
    let configuration = read("deploy/prometheus/prometheus.yml");
    let moved = configuration.replace("/etc/prometheus", here);
    std::fs::write(scratch.join("prometheus.yml"), moved).unwrap();
    std::fs::write(scratch.join("admin-token"), "token").unwrap();
    std::fs::write(
        scratch.join("alerts.yml"),
        read("deploy/prometheus/alerts.yml"),
    )
    .unwrap();
    let ran = Command::new("promtool")
        .args(["check", "config", "prometheus.yml"])
        .current_dir(&scratch)
        .output()
        .expect("promtool (apt-get install prometheus; scripts/test.sh does)");
    std::fs::remove_dir_all(&scratch).unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(ran.status.success(), "{said}");
    let rules = alerts().len();
    assert!(said.contains(&format!("{rules} rules found")), "{said}");
    // It asks the instances that compose.yaml starts, under the name that the rules know.
    assert!(configuration.contains("job_name: botfactory\n"));
    let compose = read("compose.yaml");
    let instance = Regex::new(r"\n  (bot-\w+):\n").unwrap();
    let mut instances = 0;
    for found in instance.captures_iter(&compose) {
        let target = format!("\"{}:8000\"", &found[1]);
        assert!(configuration.contains(&target), "{target} is not asked");
        instances += 1;
    }
    assert!(instances == 2 && compose.contains("BOTFACTORY_LISTEN: 0.0.0.0:8000"));
    let job = Regex::new(r#"job="([^"]*)""#).unwrap();
    for (alert, expression, _) in alerts() {
        for found in job.captures_iter(&expression) {
            assert_eq!(&found[1], "botfactory", "{alert}");
        }
    }
    // What a container may have is more than what the alert waits for.
    let limit = Regex::new(r"memory: (\d+)M\n").unwrap();
    let allowed: u64 = limit.captures(&compose).unwrap()[1].parse().unwrap();
    let bound = Regex::new(r"resident_memory_bytes\S* > (\d+) \* 1024 \* 1024").unwrap();
    let rules = read("deploy/prometheus/alerts.yml");
    let fires: u64 = bound.captures(&rules).unwrap()[1].parse().unwrap();
    assert!(fires < allowed, "{fires} MiB of {allowed}");
}

#[test]
fn every_alert_fires_on_its_fault_and_not_before() {
    let folder = root().join("deploy/prometheus");
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts.test.yml"],
        ["test", "rules", "quiet.test.yml"],
    ] {
        // It waits for its own little database to reach the disk, once for each rule.
        let memory = std::path::Path::new("/dev/shm");
        let scratch = if memory.is_dir() {
            memory
        } else {
            std::path::Path::new("/tmp")
        };
        let ran = Command::new("promtool")
            .args(arguments)
            .current_dir(&folder)
            .env("TMPDIR", scratch)
            .output()
            .expect("promtool (apt-get install prometheus; scripts/test.sh does)");
        assert!(
            ran.status.success(),
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}
