//! A broadcast as YAML.

use super::Writer;
use crate::import::broadcast::chosen;
use crate::import::old;
use crate::import::pattern::Meaning;
use crate::import::plan::{Def, Scope};
use crate::import::text::Mode;
use crate::import::yaml::{Entries, Node};

impl Writer<'_> {
    pub(super) fn broadcast(&mut self, broadcast: &old::Broadcast, scope: &Scope) -> Node {
        let plan = self.plan;
        let name_of = |old: &str| scope.get(old).map(|var| plan.vars[*var].name.as_str());
        let mut entries = Entries::default();
        let audience = match chosen(&broadcast.audience) {
            Some((old, segment)) => {
                let name = name_of(old).unwrap_or(old);
                match segment {
                    true => format!("segment:{{{{{name}}}}}"),
                    false => format!("{{{{{name}}}}}"),
                }
            }
            None => broadcast.audience.clone(),
        };
        entries.add("audience", Node::text(audience));
        let message = self.say(&broadcast.message, scope, Mode::Html);
        entries.add("message", message);
        let pace = broadcast.pace.as_deref().and_then(|pace| {
            if let Some((old, _)) = chosen(pace) {
                let var = scope.get(old)?;
                let bounded = match &plan.vars[*var].def {
                    Def::Answer(Some(Meaning::Int { min, max })) => {
                        *min >= 1 && max.is_some_and(|max| max <= 100)
                    }
                    _ => false,
                };
                let name = name_of(old)?;
                return bounded.then(|| Node::text(format!("{{{{{name}}}}}")));
            }
            let pace = pace.parse::<i64>().ok()?;
            (1..=100)
                .contains(&pace)
                .then(|| Node::word(pace.to_string()))
        });
        if let (Some(written), None) = (&broadcast.pace, &pace) {
            self.notes.person(
                &broadcast.path,
                format!("`{written}` messages a second are not from 1 to 100; 25 now"),
            );
        }
        if let Some(pace) = pace {
            let mut throttle = Entries::default();
            throttle.add("per_sec", pace);
            entries.add("throttle", throttle.inline());
        }
        let block = entries.block("ops.broadcast.v1");
        block.from(&broadcast.path)
    }
}
