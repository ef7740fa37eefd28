//! `lints:`: what becomes of a bot's warnings.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ast::{Level, Lint};
use super::decode::Cx;
use crate::diagnostics::codes::{self, shape};
use crate::diagnostics::{Diagnostic, Meant, Severity, in_latin};
use crate::source::Str;
use crate::yaml::{Entry, Kind, Node};

/// Lints by code or family.
pub type Lints = BTreeMap<String, LintItem>;

/// What becomes of the warnings of a code or a family, and why.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lint")]
pub struct LintItem {
    /// `allow` is silent, `warn` warns where the family says otherwise, `deny` makes an error of it.
    pub level: LevelName,
    /// The reason, for whoever reads the file next.
    pub because: String,
}

/// What a warning becomes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum LevelName {
    Allow,
    Warn,
    Deny,
}

impl Cx<'_> {
    /// `lints:`.
    pub(super) fn lints(&mut self, node: &Node) -> Vec<Lint> {
        let map = self.map(node, "`lints`");
        let entries = map.into_iter().flat_map(|map| &map.entries);
        entries.filter_map(|entry| self.lint(entry)).collect()
    }

    fn lint(&mut self, entry: &Entry) -> Option<Lint> {
        let name = &entry.key.text;
        let known = self.lint_name(name);
        // Of what does not exist nothing more is said.
        known?;
        if let Kind::Scalar(level) = &entry.value.kind
            && !level.is_null()
        {
            let (name, level) = (&name.value, &level.text.value);
            let message = format!("`{name}` is set to `{level}` without a reason");
            let help = format!("write `{name}: {{ level: {level}, because: \"…\" }}`");
            self.error(&shape::LINT_REASON, entry.value.span, message, help);
            return None;
        }
        let mut f = self.fields::<LintItem>(&entry.value, "this lint")?;
        let levels = [
            ("allow", Level::Allow),
            ("warn", Level::Warn),
            ("deny", Level::Deny),
        ];
        let level = self.one_of(f.get("level"), "`level`", &levels);
        let because = self.value(f.get("because"), "`because`");
        f.finish();
        if let Some(because) = because.filter(|b| !b.value.chars().any(char::is_alphabetic)) {
            self.error(
                &shape::LINT_REASON,
                because.span,
                format!("`{}` is set without a reason", name.value),
                "say in a few words why the bot is right as it is",
            );
        }
        Some(Lint {
            name: known?.clone(),
            level: level?,
            span: name.span.to(entry.value.span),
        })
    }

    /// A code whose findings are warnings, or a family with such codes.
    fn lint_name<'n>(&mut self, name: &'n Str) -> Option<&'n Str> {
        let known = |id: &str| codes::all().find(|c| c.id == id);
        let family = |id: &str| {
            id.len() == 4
                && codes::all().any(|c| c.severity == Severity::Warning && c.id.starts_with(id))
        };
        match known(&name.value) {
            Some(code) if code.severity == Severity::Error => {
                self.error(
                    &shape::LINT_ERROR,
                    name.span,
                    format!("`{}` is an error, only warnings can be set", code.id),
                    format!(
                        "remove it; `botgen explain {}` says how to mend what it finds",
                        code.id
                    ),
                );
                return None;
            }
            Some(_) => return Some(name),
            None if family(&name.value) => return Some(name),
            None => {}
        }
        let message = match name.value.len() {
            4 if codes::all().any(|c| c.id.starts_with(&name.value)) => {
                format!("no code of the family `{}` is a warning", name.value)
            }
            _ => format!("there is no code `{}`", name.value),
        };
        let d = Diagnostic::new(&shape::LINT_CODE, name.span, message);
        let mut warnings = codes::all().filter(|c| c.severity == Severity::Warning);
        // A number one digit off is another warning, not a slip.
        let right = spelled(&name.value).and_then(|id| warnings.find(|code| code.id == id));
        self.report(match right {
            Some(right) => {
                let near = Meant {
                    word: right.id,
                    only: true,
                };
                d.suggest(&name.value, &near)
            }
            None => {
                d.help("write a warning's code as it is reported, `BF0242`, or its family, `BF02`; `botgen explain` lists all codes")
            }
        });
        None
    }
}

/// A code as codes are spelled: `bf242`, `BF-0242`.
fn spelled(written: &str) -> Option<String> {
    let latin = in_latin(written).to_ascii_uppercase();
    let number = latin
        .strip_prefix("BF")
        .unwrap_or(&latin)
        .trim_start_matches(['-', '_', ' ']);
    let number: u16 = number.parse().ok()?;
    Some(format!("BF{number:04}"))
}
