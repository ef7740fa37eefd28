//! Reads `/metrics` as Prometheus does, and docs/metrics.md as people do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::World;

/// A series with its value.
#[derive(Debug, Clone)]
pub struct Series {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// What a process said at one moment.
#[derive(Debug, Clone)]
pub struct Scrape(pub Vec<Series>);

impl Scrape {
    /// Asks the deployment now.
    pub async fn of(world: &World) -> Self {
        let scrape = Self::read(&world.get("/metrics").await.text());
        scrape.check_labels();
        scrape
    }

    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.map(series).collect())
    }

    /// Series of a family with these labels; of a histogram, its counts.
    pub fn of_family<'a>(
        &'a self,
        family: &'a str,
        labels: &'a [(&str, &str)],
    ) -> impl Iterator<Item = &'a Series> {
        self.0.iter().filter(move |series| {
            let base = series.name.strip_suffix("_count");
            (series.name == family || base == Some(family))
                && labels
                    .iter()
                    .all(|(label, value)| series.labels.get(*label).is_some_and(|v| v == value))
        })
    }

    /// The sum of a family over its series with these labels.
    pub fn sum(&self, family: &str, labels: &[(&str, &str)]) -> f64 {
        self.of_family(family, labels).map(|s| s.value).sum()
    }

    /// Names of all series.
    pub fn names(&self) -> BTreeSet<String> {
        let name = |series: &Series| format!("{}{:?}", series.name, series.labels);
        self.0.iter().map(name).collect()
    }

    /// Every label and every value of it is one that docs/metrics.md names.
    fn check_labels(&self) {
        let page = Page::read();
        for series in &self.0 {
            let (family, labels) = page.family(&series.name);
            let own: BTreeSet<&str> = series
                .labels
                .keys()
                .map(String::as_str)
                .filter(|label| *label != "le")
                .collect();
            assert_eq!(own, *labels, "labels of {family}: {series:?}");
            for (label, value) in series.labels.iter().filter(|(label, _)| *label != "le") {
                let known = page.values.get(label.as_str()).unwrap();
                let fits = match label.as_str() {
                    "bot_id" => ["booking", "newsletter", "shop", "support", "survey", ""]
                        .contains(&value.as_str()),
                    "route" => value == "other" || value.starts_with('/'),
                    "code" if family == "api_requests_total" => {
                        value.len() == 3 && value.parse::<u16>().is_ok()
                    }
                    // Names of this build, or of the runtime's own parts.
                    "flow_cmd" | "rule" | "locale" | "method" | "sources" | "version" | "where"
                    | "why" | "code" => value
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "._-:".contains(c)),
                    "kind" if family == "bot_updates_total" => {
                        value.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                    }
                    _ => known.contains(value),
                };
                assert!(
                    fits,
                    "docs/metrics.md does not know {label}={value:?} of {family}"
                );
            }
        }
    }
}

fn series(line: &str) -> Series {
    let (head, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match head.split_once('{') {
        None => (head, BTreeMap::new()),
        Some((name, rest)) => {
            let inner = rest.strip_suffix('}').unwrap();
            let pairs = inner.strip_suffix('"').unwrap().split("\",");
            let pair = |pair: &str| {
                let (label, value) = pair.split_once("=\"").unwrap();
                (label.to_owned(), value.to_owned())
            };
            (name, pairs.map(pair).collect())
        }
    };
    Series {
        name: name.to_owned(),
        labels,
        value: value.parse().unwrap(),
    }
}

/// What docs/metrics.md says.
#[derive(Debug)]
pub struct Page {
    /// Of each family, its labels.
    pub families: BTreeMap<String, BTreeSet<&'static str>>,
    /// Of each label, the values in backticks.
    values: BTreeMap<String, BTreeSet<String>>,
}

/// A file of the repository.
pub fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn backticked(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

impl Page {
    pub fn read() -> Self {
        let page: &'static str = file("docs/metrics.md").leak();
        let (families, rest) = page.split_once("\n## Buckets").unwrap();
        let labels = rest.split_once("\n## Labels").unwrap().1;
        let labels = labels.split_once("\n## ").unwrap().0;
        let rows = |part: &'static str| {
            part.lines()
                .filter(|line| line.starts_with("| `"))
                .map(|line| line.split(" | ").collect::<Vec<_>>())
        };
        let first = |cells: &[&'static str]| backticked(cells[0]).next().unwrap().to_owned();
        Self {
            families: rows(families)
                .map(|cells| (first(&cells), backticked(cells[2]).collect()))
                .collect(),
            values: rows(labels)
                .map(|cells| {
                    let values = cells[1..].iter().flat_map(|cell| backticked(cell));
                    (first(&cells), values.map(str::to_owned).collect())
                })
                .collect(),
        }
    }

    /// The family of a series' name, and its labels.
    pub fn family<'a>(&'a self, name: &'a str) -> (&'a str, &'a BTreeSet<&'static str>) {
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .filter(|base| self.families.contains_key(*base));
        let family = base.unwrap_or(name);
        let labels = self.families.get(family);
        (
            family,
            labels.unwrap_or_else(|| panic!("docs/metrics.md has no {name}")),
        )
    }
}
