//! A step of a wizard as YAML.

use super::Writer;
use crate::import::ftl::Own;
use crate::import::pattern::{self, Meaning};
use crate::import::plan::{Def, Step};
use crate::import::sql::Ty;
use crate::import::text::Mode;
use crate::import::yaml::{Entries, Node};

impl Writer<'_> {
    pub(super) fn step(&mut self, step: &Step) -> Node {
        if let Some(widget) = &step.widget {
            return self.widget_step(step, widget);
        }
        let var = &self.plan.vars[step.var];
        let ty = self.plan.ty(step.var);
        let mut entries = Entries::default();
        let ask = match &step.ask {
            Some(ask) => self.say(ask, &step.before, Mode::Html),
            None => {
                self.notes.changed(
                    &step.path,
                    "a step without a question; a default stands for it",
                );
                self.own(Own::Ask)
            }
        };
        self.tour.message(&ask, Mode::Html, true, self.keys);
        entries.add("ask", ask);
        entries.add("var", Node::word(&var.name));
        if let Some(values) = self.plan.choices.get(&step.var) {
            entries.add("type", Node::word("choice"));
            let options = values.iter().map(|value| {
                let mut option = Entries::default();
                option.add("text", Node::text(value));
                option.add("value", Node::text(value));
                option.inline()
            });
            entries.add("options", Node::List(options.collect()));
            if !step.on_step.is_empty() {
                let on_step = self.actions(&step.on_step, false);
                entries.add("on_step", on_step);
            }
            return entries.map().from(&step.path);
        }
        let kind = match ty {
            Ty::Text => None,
            Ty::Int => Some("int"),
            Ty::Real | Ty::Decimal => Some("decimal(2)"),
            Ty::Bool => Some("bool"),
            Ty::Date => Some("date"),
            Ty::DateTime => Some("datetime"),
        };
        if let Some(kind) = kind {
            // `decimal(2)` is no trap of YAML.
            entries.add(
                "type",
                if kind.contains('(') {
                    Node::text(kind)
                } else {
                    Node::word(kind)
                },
            );
        }
        let mut regex = step
            .regex
            .as_ref()
            .map(|r| Node::Regex(pattern::whole(&r.text).0));
        let (mut min, mut max) = (None, None);
        if let Def::Answer(Some(meaning)) = &var.def {
            let path = step.regex.as_ref().map_or(&step.path, |r| &r.path);
            match (meaning, ty) {
                (Meaning::DateTime, Ty::DateTime) | (Meaning::Date, Ty::Date | Ty::DateTime) => {
                    regex = None;
                    self.notes.changed(
                        path,
                        format!(
                            "the pattern only checked the form: `type: {}`, an instant of the bot's `tz` (UTC until you set it), checked by the calendar",
                            kind.unwrap_or_default()
                        ),
                    );
                }
                (
                    Meaning::Int {
                        min: low,
                        max: high,
                    },
                    Ty::Int,
                ) => {
                    regex = None;
                    min = Some(Node::word(low.to_string()));
                    max = high.map(|n| Node::word(n.to_string()));
                    self.notes.changed(
                        path,
                        "the pattern was a range of whole numbers: `type: int` with `min` and `max`",
                    );
                }
                (
                    Meaning::Length {
                        min: low,
                        max: high,
                    },
                    Ty::Text,
                ) => {
                    regex = None;
                    min = low.map(|n| Node::word(n.to_string()));
                    max = high.map(|n| Node::word(n.to_string()));
                    self.notes
                        .changed(path, "the pattern was a length of text: `min` and `max`");
                }
                (Meaning::Regex { pattern, widened }, _) => {
                    regex = Some(Node::Regex(pattern.clone()));
                    if *widened {
                        self.notes.changed(
                            path,
                            "the old system matched at the start only; the pattern ends with `(?s:.*)` now",
                        );
                    }
                }
                _ => {}
            }
        } else if regex.is_none() && ty != Ty::Text {
            self.notes.changed(
                &step.path,
                format!("the statements need `type: {}`", kind.unwrap_or_default()),
            );
        }
        let at = step.regex.as_ref().map_or(&step.path, |r| &r.path);
        regex = regex.map(|node| node.from(at));
        entries.maybe("min", min);
        entries.maybe("max", max);
        let mut validate = Entries::default();
        validate.maybe("regex", regex);
        if let Some(msg) = &step.msg {
            let msg = self.say(msg, &step.before, Mode::Html);
            validate.add("msg", msg);
        }
        if !validate.0.is_empty() {
            let long = validate
                .0
                .iter()
                .any(|(_, n)| matches!(n.bare(), Node::Text(t) if t.contains('\n')));
            entries.add(
                "validate",
                if long {
                    validate.map()
                } else {
                    validate.inline()
                },
            );
        }
        if !step.on_step.is_empty() {
            let on_step = self.actions(&step.on_step, false);
            entries.add("on_step", on_step);
        }
        entries.map().from(&step.path)
    }
}
