//! Alerts and boards ask for series that a deployment has: those of alerts from its first moment on, since a rule on a series
//! that does not exist yet misses the first fault.

use std::collections::BTreeSet;

use runtime_core::testing::{llm::Stub, redis::Redis};
use serde_json::Value;

use super::scrape::{Page, Scrape, Series, file};
use crate::support::{Channel, Home, World, until};

/// What Prometheus adds to every series.
const ADDED: [&str; 2] = ["job", "instance"];

/// A metric with what an expression wants of its labels.
#[derive(Debug)]
struct Selector {
    name: String,
    /// Label, operator, value.
    matchers: Vec<(String, String, String)>,
    /// Labels that it is grouped by.
    by: BTreeSet<String>,
}

/// The words of an expression: identifiers, and everything else by characters. Ranges and numbers are left out.
fn tokens(expression: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' {
            rest[1..].find('"').unwrap() + 2
        } else if first == '[' {
            rest.find(']').unwrap() + 1
        } else if first.is_ascii_alphanumeric() || first == '_' || first == '$' {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else if ["=~", "!~", "!="].iter().any(|op| rest.starts_with(op)) {
            2
        } else {
            first.len_utf8()
        };
        let token = &rest[..taken];
        if !token.trim().is_empty() && first != '[' {
            out.push(token.to_owned());
        }
        rest = &rest[taken..];
    }
    out
}

fn words(tokens: &[String], from: usize) -> (BTreeSet<String>, usize) {
    assert_eq!(tokens[from], "(", "{tokens:?}");
    let length = tokens[from..].iter().position(|t| t == ")").unwrap();
    let inner = tokens[from + 1..from + length].iter();
    (
        inner.filter(|t| *t != ",").cloned().collect(),
        from + length + 1,
    )
}

fn selectors(expression: &str) -> Vec<Selector> {
    let tokens = tokens(expression);
    let mut out = Vec::new();
    // Of each open bracket, the labels that hold within.
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    let mut by = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at].as_str();
        let next = tokens.get(at + 1).map(String::as_str);
        at += 1;
        match token {
            "by" => (by, at) = words(&tokens, at),
            "on" => (_, at) = words(&tokens, at),
            "(" => {
                let outer = groups.last().cloned().unwrap_or_default();
                groups.push(outer.union(&std::mem::take(&mut by)).cloned().collect());
            }
            ")" => drop(groups.pop()),
            "and" | "or" | "unless" | "bool" => {}
            name if name.starts_with(|c: char| c.is_ascii_alphabetic()) && next != Some("(") => {
                if ["sum", "max", "min", "count"].contains(&name) {
                    continue; // `by` follows
                }
                let mut matchers = Vec::new();
                if next == Some("{") {
                    let end = at + tokens[at..].iter().position(|t| t == "}").unwrap();
                    let inner: Vec<_> = tokens[at + 1..end].iter().filter(|t| *t != ",").collect();
                    for three in inner.chunks(3) {
                        let value = three[2].trim_matches('"').to_owned();
                        matchers.push((three[0].clone(), three[1].clone(), value));
                    }
                    at = end + 1;
                }
                out.push(Selector {
                    name: name.to_owned(),
                    matchers,
                    by: groups.last().cloned().unwrap_or_default(),
                });
            }
            _ => {}
        }
    }
    out
}

impl Selector {
    fn takes(&self, series: &Series) -> bool {
        series.name == self.name
            && self.matchers.iter().all(|(label, operator, wanted)| {
                if ADDED.contains(&label.as_str()) {
                    return true;
                }
                let value = series.labels.get(label).map_or("", String::as_str);
                let one_of = wanted.split('|').any(|one| one == value || one == "$bot");
                match operator.as_str() {
                    "=" => value == wanted,
                    "!=" => value != wanted,
                    "=~" => one_of,
                    "!~" => !one_of,
                    other => panic!("{other}"),
                }
            })
    }

    /// Labels that the expression speaks of.
    fn speaks_of(&self) -> impl Iterator<Item = &str> {
        let matched = self.matchers.iter().map(|(label, ..)| label.as_str());
        let grouped = self.by.iter().map(String::as_str);
        matched
            .chain(grouped)
            .filter(|label| !ADDED.contains(label))
    }
}

/// Alerts with their expressions.
fn alerts() -> Vec<(String, String)> {
    let rules = file("deploy/prometheus/alerts.yml");
    let alert = |rule: &str| {
        let (name, rest) = rule.split_once('\n').unwrap();
        let expression = rest.split_once("expr: |-").unwrap().1;
        let expression = expression.split_once("        for:").unwrap().0;
        (name.to_owned(), expression.to_owned())
    };
    rules.split("- alert: ").skip(1).map(alert).collect()
}

#[test]
fn expressions_are_read() {
    let read = selectors(
        "sum by (bot_id) (rate(a_total{x=\"1\", y!~\"2|3\"}[5m])) / on (bot_id) max(b) > 0.5 and time() - c < 7",
    );
    let names: Vec<&str> = read.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["a_total", "b", "c"]);
    assert_eq!(read[0].by, BTreeSet::from(["bot_id".to_owned()]));
    assert_eq!(read[0].matchers.len(), 2);
    assert!(read[1].by.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_alert_finds_its_series_before_anything_has_happened() {
    let (stub, redis) = (Stub::start().await.unwrap(), Redis::start());
    let home = Home::new()
        .with("LLM_BASE_URL", stub.url())
        .with("LLM_MODEL", "small")
        .with("LLM_DAILY_BUDGET", "5000")
        .with("REDIS_URL", &redis.url());
    let world = World::start_at(Channel::Webhook, home).await;
    // Gauges are looked at a moment after the start.
    let scrape = until("the first look at gauges", || async {
        let scrape = Scrape::of(&world).await;
        let looked = ["db_pool_size", "llm_budget_limit", "broadcast_waiting"];
        let found = |name| scrape.of_family(name, &[]).next().is_some();
        (looked.into_iter().all(found) && scrape.sum("llm_up", &[]) > 0.0).then_some(scrape)
    })
    .await;
    let mut seen = 0;
    for (alert, expression) in alerts() {
        for selector in selectors(&expression) {
            if selector.name == "up" {
                continue; // Prometheus's own
            }
            seen += 1;
            let found: Vec<&Series> = scrape.0.iter().filter(|s| selector.takes(s)).collect();
            assert!(!found.is_empty(), "{alert}: nothing is {selector:?}");
            for series in found {
                for label in selector.by.iter().filter(|l| !ADDED.contains(&l.as_str())) {
                    assert!(
                        series.labels.contains_key(label),
                        "{alert}: no {label} in {series:?}"
                    );
                }
            }
            // Each alternative that a rule names is a value that there is.
            for (label, operator, values) in &selector.matchers {
                for value in values.split('|').filter(|_| operator.starts_with('=')) {
                    let has = |s: &Series| s.name == selector.name && s.labels[label] == *value;
                    let added = ADDED.contains(&label.as_str());
                    assert!(
                        added || scrape.0.iter().any(has),
                        "{alert}: {label}={value:?} is never said"
                    );
                }
            }
        }
    }
    assert!(seen >= 45, "{seen}");
    world.stop().await;
}

#[test]
fn rules_and_boards_speak_of_labels_that_there_are() {
    let page = Page::read();
    let mut all: Vec<(String, String)> = alerts();
    for board in ["bots", "runtime"] {
        let name = format!("deploy/grafana/{board}.json");
        let board: Value = serde_json::from_str(&file(&name)).unwrap();
        for panel in board["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let expression = target["expr"].as_str().unwrap().to_owned();
                // A legend shows labels that the expression keeps.
                let legend = target["legendFormat"].as_str().unwrap_or_default();
                for shown in legend.split("{{").skip(1) {
                    let label = shown.split_once("}}").unwrap().0;
                    let kept = |s: &Selector| s.by.contains(label);
                    assert!(
                        selectors(&expression).iter().any(kept),
                        "{name}: {legend:?} of {expression}"
                    );
                }
                all.push((name.clone(), expression));
            }
        }
        for variable in board["templating"]["list"].as_array().unwrap() {
            let query = variable["query"].as_str().unwrap();
            if let Some(inner) = query.strip_prefix("label_values(") {
                let (metric, label) = inner.trim_end_matches(')').split_once(", ").unwrap();
                assert!(page.family(metric).1.contains(label), "{name}: {query}");
            }
        }
    }
    let mut seen = 0;
    for (place, expression) in all {
        for selector in selectors(&expression) {
            if selector.name == "up" {
                continue;
            }
            let (family, labels) = page.family(&selector.name);
            for label in selector.speaks_of() {
                assert!(
                    labels.contains(label) || label == "le",
                    "{place}: {family} has no {label}: {expression}"
                );
                seen += 1;
            }
        }
    }
    assert!(seen >= 100, "{seen}");
}
