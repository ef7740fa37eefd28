//! Figures.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;

use super::edit::{Base, Mutant};

#[derive(Default)]
struct Counts {
    made: usize,
    rejected: usize,
    warned: usize,
    same: usize,
    distinct: usize,
}

/// What became of the mutants, by operator.
#[derive(Default)]
pub struct Report {
    operators: BTreeMap<&'static str, Counts>,
    survivors: Vec<String>,
    kinds: BTreeMap<(&'static str, String), usize>,
}

impl Report {
    /// One was caught.
    pub fn rejected(&mut self, mutant: &Mutant) {
        let counts = self.operators.entry(mutant.operator).or_default();
        counts.made += 1;
        counts.rejected += 1;
    }

    /// One was let through; `new`: with code that no other has.
    pub fn accepted(&mut self, base: &Base, mutant: &Mutant, new: bool, warnings: &[String]) {
        let counts = self.operators.entry(mutant.operator).or_default();
        counts.made += 1;
        counts.warned += usize::from(!warnings.is_empty());
        counts.same += usize::from(!new);
        counts.distinct += usize::from(new);
        if new {
            *self
                .kinds
                .entry((mutant.operator, mutant.place.clone()))
                .or_default() += 1;
        }
        let kind = if new { "distinct" } else { "same" };
        let warned = if warnings.is_empty() {
            String::new()
        } else {
            format!("  ⚠ {}", warnings.join("; "))
        };
        self.survivors.push(format!(
            "{kind} | {} | {} | {}/{}{warned}",
            mutant.operator,
            mutant.place,
            base.name,
            mutant.shown(base)
        ));
    }

    /// Made and caught.
    pub fn sums(&self) -> (usize, usize) {
        let counts = self.operators.values();
        counts.fold((0, 0), |(made, caught), c| {
            (made + c.made, caught + c.rejected)
        })
    }

    /// The table and the list, as files.
    pub fn write(&self, out: &Path) {
        std::fs::create_dir_all(out).expect("a folder");
        std::fs::write(out.join("operators.md"), self.to_string()).expect("a file");
        let mut survivors = self.survivors.clone();
        survivors.sort();
        std::fs::write(out.join("survivors.txt"), survivors.join("\n")).expect("a file");
        let mut kinds = String::new();
        for ((operator, place), count) in &self.kinds {
            let _ = writeln!(kinds, "{count:4} {operator} | {place}");
        }
        std::fs::write(out.join("kinds.txt"), kinds).expect("a file");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| operator | mutants | rejected | accepted with a warning | accepted, code of another | accepted, code of its own |"
        )?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|")?;
        let mut all = Counts::default();
        for (operator, c) in &self.operators {
            writeln!(
                f,
                "| {operator} | {} | {} | {} | {} | {} |",
                c.made, c.rejected, c.warned, c.same, c.distinct
            )?;
            all.made += c.made;
            all.rejected += c.rejected;
            all.warned += c.warned;
            all.same += c.same;
            all.distinct += c.distinct;
        }
        writeln!(
            f,
            "| **all** | **{}** | **{}** | **{}** | **{}** | **{}** |",
            all.made, all.rejected, all.warned, all.same, all.distinct
        )
    }
}
