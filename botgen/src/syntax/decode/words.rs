//! Typed scalars: texts, expressions, names, durations, words of a fixed list.

use super::Cx;
use super::scalar::Want;
use crate::diagnostics::codes::shape;
use crate::diagnostics::{Diagnostic, Edit, Meant, meant};
use crate::source::{Span, Spanned, Str};
use crate::syntax::ast::{Expr, Field, OnAmbiguous, Overflow, ParseMode, StepType, Text};
use crate::syntax::{expr, text};
use crate::yaml::{Kind, Node, Style};

/// Longest name of a variable or step, in bytes.
const NAME: usize = 64;
/// Digits after the point of a bare `decimal`.
const DECIMAL: u8 = 2;

impl Cx<'_> {
    /// What people read.
    pub fn text(&mut self, node: Option<&Node>, what: &str) -> Option<Text> {
        let source = self.str(node?, what, Want::Prose)?;
        text::parse(source, self.sink)
    }

    /// An expression (`when`, `params`).
    pub fn expr(&mut self, node: Option<&Node>, what: &str) -> Option<Expr> {
        let source = self.str(node?, what, Want::Expr)?;
        expr::parse_expr(source, self.sink)
    }

    /// A literal or `"{{EXPR}}"`.
    pub fn field(&mut self, node: Option<&Node>, what: &str) -> Option<Field> {
        let source = self.str(node?, what, Want::Field)?;
        expr::parse_field(source, self.sink)
    }

    /// A stored value.
    pub fn value(&mut self, node: Option<&Node>, what: &str) -> Option<Str> {
        self.str(node?, what, Want::Value).cloned()
    }

    /// A regular expression (not compiled yet).
    pub fn regex(&mut self, node: Option<&Node>, what: &str) -> Option<Str> {
        self.str(node?, what, Want::Regex).cloned()
    }

    /// SQL (not parsed yet).
    pub fn sql_text(&mut self, node: Option<&Node>, what: &str) -> Option<Str> {
        self.str(node?, what, Want::Sql).cloned()
    }

    /// A word without further rules.
    pub fn word(&mut self, node: Option<&Node>, what: &str) -> Option<Str> {
        self.str(node?, what, Want::Word).cloned()
    }

    /// The name of a variable or step: `[A-Za-z][A-Za-z0-9_]*`.
    pub fn name(&mut self, node: Option<&Node>, what: &str) -> Option<Str> {
        let name = self.str(node?, what, Want::Word)?;
        self.check_name(name, what)
    }

    /// See [`Cx::name`].
    pub fn check_name(&mut self, name: &Str, what: &str) -> Option<Str> {
        let value = &name.value;
        let good = value.len() <= NAME
            && value.starts_with(|c: char| c.is_ascii_alphabetic())
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !good {
            self.error(
                &shape::NAME,
                name.span,
                format!("`{value}` cannot be {what}"),
                format!(
                    "a name is a Latin letter, then letters, digits and `_`, at most {NAME} in all"
                ),
            );
            return None;
        }
        Some(name.clone())
    }

    /// Where a dialogue goes on.
    pub fn goto(&mut self, node: Option<&Node>) -> Option<Str> {
        let goto = self.str(node?, "`goto`", Want::Word)?;
        if goto.value.starts_with('/') {
            self.error(
                &shape::NAME,
                goto.span,
                format!("`{}` is a command, and a `goto` stays in its flow", goto.value),
                "it leads to a step of this wizard, or to `end`; offer another command by a button with `callback`",
            );
            return None;
        }
        self.check_name(goto, "`goto`")
    }

    /// A command with its `/`. Its name is checked with Telegram's limits, later.
    pub fn command(&mut self, node: Option<&Node>, what: &str) -> Option<Str> {
        let command = self.str(node?, what, Want::Word)?;
        if !command.value.starts_with('/') {
            let right = format!("/{}", command.value.trim());
            let place = command.span_of(0..command.value.len());
            let d = Diagnostic::new(
                &shape::COMMAND,
                command.span,
                format!("`{}` is no command, {what} begins with `/`", command.value),
            );
            let title = format!("write `{right}`");
            self.report(
                d.help(title.clone())
                    .fix(title, [Edit::replace(place, right)]),
            );
            return None;
        }
        Some(command.clone())
    }

    /// A scalar that nobody reads as a truth value.
    pub fn other_than_bool(&self, node: &Node) -> bool {
        let words = [
            "true", "false", "yes", "no", "on", "off", "y", "n", "1", "0",
        ];
        match &node.kind {
            Kind::Scalar(scalar) => {
                let word = scalar.text.value.to_ascii_lowercase();
                !scalar.is_null() && !words.contains(&word.as_str())
            }
            Kind::List(_) | Kind::Map(_) => true,
            Kind::Broken => false,
        }
    }

    /// `true` or `false`.
    pub fn bool(&mut self, node: Option<&Node>, what: &str) -> Option<Spanned<bool>> {
        let node = node?;
        let Kind::Scalar(scalar) = &node.kind else {
            return self.wrong_type(node, what, "`true` or `false`");
        };
        let value = match (scalar.style, scalar.text.value.as_str()) {
            (Style::Plain, "true") => true,
            (Style::Plain, "false") => false,
            (_, other) => {
                let right = match other.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "y" | "true" | "1" => Some("true"),
                    "no" | "off" | "n" | "false" | "0" => Some("false"),
                    _ => None,
                };
                let Some(right) = right else {
                    return self.wrong_type(node, what, "`true` or `false`");
                };
                let written = self.sources.slice(node.span).to_owned();
                let d = Diagnostic::new(
                    &shape::TYPE,
                    node.span,
                    format!("{what} is `{written}`, it should be `true` or `false`"),
                );
                let title = format!("write `{right}`");
                let edit = Edit::replace(node.span, right);
                self.report(d.help(title.clone()).fix(title, [edit]));
                // What was meant is clear: the rest is checked as if it stood there.
                right == "true"
            }
        };
        Some(Spanned {
            node: value,
            span: node.span,
        })
    }

    /// A whole number, 0 or more.
    pub fn count(&mut self, node: Option<&Node>, what: &str) -> Option<Spanned<i64>> {
        let node = node?;
        let number = match &node.kind {
            Kind::Scalar(scalar) => scalar.text.value.parse::<u32>().ok(),
            _ => None,
        };
        match number {
            Some(n) => Some(Spanned {
                node: i64::from(n),
                span: node.span,
            }),
            None => self.wrong_type(node, what, "a whole number, 0 or more"),
        }
    }

    /// One of a fixed list of words.
    pub fn one_of<T: Copy>(
        &mut self,
        node: Option<&Node>,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<Spanned<T>> {
        let node = node?;
        // `parse_mode: none` and the like are words, `off` is a trap; both are in `str`.
        let word = self.str(node, what, Want::Word)?;
        if let Some((_, value)) = words.iter().find(|(w, _)| *w == word.value) {
            return Some(Spanned {
                node: *value,
                span: word.span,
            });
        }
        self.not_one_of(word, what, words.iter().map(|(w, _)| *w));
        None
    }

    fn not_one_of<'w>(
        &mut self,
        word: &Str,
        what: &str,
        words: impl Iterator<Item = &'w str> + Clone,
    ) {
        let list: Vec<_> = words.clone().map(|w| format!("`{w}`")).collect();
        let only = list.len() == 1;
        let list = list.join(", ");
        let d = Diagnostic::new(
            &shape::WORD,
            word.span,
            format!("{what} cannot be `{}`", word.value),
        );
        if only {
            self.report(d.help(format!("write {list}")));
            return;
        }
        // `Sunday` for `sun`.
        let lower = word.value.to_lowercase();
        let longer = words.clone().find(|w| w.len() > 2 && lower.starts_with(w));
        let near = meant(&word.value, words);
        let near = near.or(longer.map(|word| Meant { word, only: false }));
        self.report(match near {
            Some(near) => d
                .help(format!("did you mean `{}`? It can be {list}", near.word))
                .rename(&word.value, &near),
            None => d.help(format!("it can be {list}")),
        });
    }

    /// `parse_mode`.
    pub fn parse_mode(&mut self, node: Option<&Node>) -> Option<Spanned<ParseMode>> {
        let words = [
            ("HTML", ParseMode::Html),
            ("MarkdownV2", ParseMode::MarkdownV2),
            ("none", ParseMode::None),
        ];
        self.one_of(node, "`parse_mode`", &words)
    }

    /// `overflow`.
    pub fn overflow(&mut self, node: Option<&Node>) -> Option<Spanned<Overflow>> {
        let words = [
            ("split", Overflow::Split),
            ("truncate", Overflow::Truncate),
            ("error", Overflow::Error),
        ];
        self.one_of(node, "`overflow`", &words)
    }

    /// `allow`: where it stands, if it does. One that was misspelt, which is reported, is one.
    pub fn allow(&mut self, node: Option<&Node>) -> Option<Span> {
        const WHO: &str = "write `allow: admin`; who that is stands in the environment of the running bot, `BOTFACTORY_ADMINS_<BOT>`";
        let node = node?;
        let word = match &node.kind {
            Kind::Scalar(word) if !word.is_null() => word.text.clone(),
            Kind::Scalar(_) | Kind::Broken => {
                return self.wrong_type(node, "`allow`", "`admin`");
            }
            Kind::List(_) | Kind::Map(_) => {
                let message = "`allow` names no people";
                self.error(&shape::TYPE, node.span, message, WHO);
                return Some(node.span);
            }
        };
        if word.value == "admin" {
            return Some(word.span);
        }
        let d = Diagnostic::new(
            &shape::WORD,
            word.span,
            format!("`allow` cannot be `{}`", word.value),
        );
        let near = meant(&word.value, ["admin"]);
        let ids = word.value.bytes().all(|b| b.is_ascii_digit());
        self.report(match &near {
            Some(near) => d.suggest(&word.value, near),
            None => d.help(WHO),
        });
        (near.is_some() || ids).then_some(word.span)
    }

    /// `on_ambiguous`.
    pub fn on_ambiguous(&mut self, node: Option<&Node>) -> Option<Spanned<OnAmbiguous>> {
        let words = [("resend", OnAmbiguous::Resend), ("skip", OnAmbiguous::Skip)];
        self.one_of(node, "`on_ambiguous`", &words)
    }

    /// `type` of a step, with `decimal(2)`.
    pub fn step_type(&mut self, node: Option<&Node>) -> Option<Spanned<StepType>> {
        self.type_of(node, &STEP_TYPES.map(|(word, _)| word))
    }

    /// `type` where some of those of a step make sense: a help names these.
    pub fn type_of(&mut self, node: Option<&Node>, sensible: &[&str]) -> Option<Spanned<StepType>> {
        let node = node?;
        let word = self.str(node, "`type`", Want::Word)?;
        let spanned = |node| {
            Some(Spanned {
                node,
                span: word.span,
            })
        };
        if let Some((_, ty)) = STEP_TYPES.iter().find(|(w, _)| *w == word.value) {
            return spanned(*ty);
        }
        let scale = word
            .value
            .strip_prefix("decimal(")
            .and_then(|s| s.strip_suffix(')'));
        if let Some(scale) = scale {
            if let Some(n) = scale
                .trim()
                .parse::<u8>()
                .ok()
                .filter(|n| (1..=9).contains(n))
            {
                return spanned(StepType::Decimal(n));
            }
            self.error(
                &shape::WORD,
                word.span,
                format!("`{scale}` is not a number of digits after the point"),
                "write `decimal(2)`; 1 to 9 digits, for none `int`",
            );
            return None;
        }
        let types = sensible.iter().copied();
        let Some((_, meant, only)) = ELSEWHERE.iter().find(|(w, ..)| *w == word.value) else {
            self.not_one_of(word, "`type`", types);
            return None;
        };
        let list: Vec<_> = types.map(|w| format!("`{w}`")).collect();
        let message = format!("`type` cannot be `{}`", word.value);
        let near = Meant {
            word: meant,
            only: *only,
        };
        self.report(
            Diagnostic::new(&shape::WORD, word.span, message)
                .help(format!(
                    "did you mean `{meant}`? It can be {}",
                    list.join(", ")
                ))
                .rename(&word.value, &near),
        );
        None
    }

    /// `30s`, `15m`, `24h`, `7d`, as seconds.
    pub fn duration(&mut self, node: Option<&Node>, what: &str) -> Option<Spanned<i64>> {
        let word = self.str(node?, what, Want::Word)?;
        match seconds(&word.value) {
            Some(seconds) => Some(Spanned {
                node: seconds,
                span: word.span,
            }),
            None => {
                let word = word.clone();
                self.bad_duration(&word, what);
                None
            }
        }
    }

    fn bad_duration(&mut self, word: &Str, what: &str) {
        let value = &word.value;
        let d = Diagnostic::new(
            &shape::DURATION,
            word.span,
            format!("{what} is `{value}`, {}", why_not(value)),
        );
        self.report(match respelt(value) {
            Some(right) => {
                let title = format!("write `{right}`");
                let place = word.span_of(0..value.len());
                d.help(title.clone()).fix(title, [Edit::replace(place, right)])
            }
            None if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => d.help(
                format!("write its unit: `{value}s`, `{value}m`, `{value}h` or `{value}d`"),
            ),
            None => d.help("write a whole number above 0 and its unit: `30s`, `15m`, `24h`, `7d`; at most 10 years"),
        });
    }
}

/// What other languages call our types, and whether nothing else can be meant.
const ELSEWHERE: [(&str, &str, bool); 20] = [
    ("boolean", "bool", true),
    ("integer", "int", true),
    ("bigint", "int", true),
    ("number", "int", false),
    ("string", "text", true),
    ("str", "text", true),
    ("float", "decimal", false),
    ("double", "decimal", false),
    ("numeric", "decimal", false),
    ("timestamp", "datetime", true),
    ("enum", "choice", true),
    ("select", "choice", false),
    ("options", "choice", false),
    ("money", "decimal", false),
    ("price", "decimal", false),
    ("image", "photo", false),
    ("picture", "photo", false),
    ("document", "file", false),
    ("mail", "email", true),
    ("tel", "phone", true),
];

const STEP_TYPES: [(&str, StepType); 14] = [
    ("text", StepType::Text),
    ("int", StepType::Int),
    ("decimal", StepType::Decimal(DECIMAL)),
    ("bool", StepType::Bool),
    ("date", StepType::Date),
    ("time", StepType::Time),
    ("datetime", StepType::DateTime),
    ("choice", StepType::Choice),
    ("phone", StepType::Phone),
    ("email", StepType::Email),
    ("contact", StepType::Contact),
    ("location", StepType::Location),
    ("photo", StepType::Photo),
    ("file", StepType::File),
];

/// `24 hours`, `24H`, `2 недели`: a duration in other words.
pub(in crate::syntax) fn respelt(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    if let Some(whole) = parts(&text) {
        return Some(whole);
    }
    let (times, unit) = match unit.trim().trim_end_matches('.') {
        "s" | "sec" | "secs" | "second" | "seconds" | "с" | "сек" | "секунда" | "секунды"
        | "секунд" => (1, 's'),
        "m" | "min" | "mins" | "minute" | "minutes" | "м" | "мин" | "минута" | "минуты"
        | "минут" => (1, 'm'),
        "h" | "hr" | "hrs" | "hour" | "hours" | "ч" | "час" | "часа" | "часов" => {
            (1, 'h')
        }
        "d" | "day" | "days" | "д" | "дн" | "день" | "дня" | "дней" => (1, 'd'),
        "w" | "wk" | "week" | "weeks" | "нед" | "неделя" | "недели" | "недель" => {
            (7, 'd')
        }
        _ => return None,
    };
    let number = number.parse::<i64>().ok()?.checked_mul(times)?;
    let right = format!("{number}{unit}");
    seconds(&right).map(|_| right)
}

/// `1h30m`, `1d 12h`: several durations as one.
fn parts(text: &str) -> Option<String> {
    let mut total: i64 = 0;
    let mut count = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.find(['s', 'm', 'h', 'd'])?;
        let (part, tail) = rest.split_at(unit + 1);
        total = total.checked_add(seconds(part)?)?;
        count += 1;
        rest = tail.trim_start();
    }
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')];
    let (size, unit) = units.into_iter().find(|(size, _)| total % size == 0)?;
    let right = format!("{}{unit}", total / size);
    (count > 1 && seconds(&right).is_some()).then_some(right)
}

/// Why [`seconds`] does not take a text.
fn why_not(text: &str) -> &'static str {
    let number = text.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or_default();
    match number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() {
        true if number.bytes().all(|b| b == b'0') => "which is no time at all",
        true => "which is more than 10 years",
        false => "which is no duration",
    }
}

/// Above 0 and at most ten years.
fn seconds(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = digits.parse::<i64>().ok()?.checked_mul(unit)?;
    (1..=3660 * 86_400).contains(&seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("30s"), Some(30));
        for (other, right) in [
            ("24 hours", "24h"),
            ("24H", "24h"),
            ("1 day", "1d"),
            ("2w", "14d"),
            ("15 мин.", "15m"),
            ("007d", "7d"),
            ("1h30m", "90m"),
            ("1d 12h", "36h"),
        ] {
            assert_eq!(respelt(other).as_deref(), Some(right), "{other}");
        }
        for no in [
            "24",
            "h",
            "1.5h",
            "-1h",
            "0 hours",
            "soon",
            "9999999999999999999 days",
            "3 months",
        ] {
            assert_eq!(respelt(no), None, "{no}");
        }
        for bad in [
            "", "h", "24", "24x", "-1h", "1.5h", "0s", "99999d", "1 h", "ч",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
