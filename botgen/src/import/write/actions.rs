//! Actions and their statements as YAML.

use super::Writer;
use crate::Engine;
use crate::import::ftl::Own;
use crate::import::plan::{Action, Def, Stmt};
use crate::import::sql::{Kind, either, print};
use crate::import::text::Mode;
use crate::import::yaml::{Entries, Node};

impl Writer<'_> {
    /// Actions; `last`: the flow ends after them.
    pub(in crate::import) fn actions(&mut self, actions: &[Action], last: bool) -> Node {
        let mut written = Vec::new();
        for (i, action) in actions.iter().enumerate() {
            match action {
                Action::Sql(stmt) => written.push(self.statement(&self.plan.stmts[*stmt])),
                Action::Reply(reply, scope) => {
                    self.reply(reply, scope, last && i + 1 == actions.len(), &mut written);
                }
                Action::Limit(limit, scope) => written.push(self.limit(limit, scope)),
                Action::Broadcast(broadcast, scope) => {
                    written.push(self.broadcast(broadcast, scope));
                }
                Action::Done => {
                    let mut entries = Entries::default();
                    let text = self.own(Own::Done);
                    self.tour.message(&text, Mode::Html, true, self.keys);
                    entries.add("text", text);
                    written.push(entries.block("action.reply_template.v1"));
                }
            }
        }
        Node::List(written)
    }

    /// `sql`, `params`, `unscoped`.
    pub(in crate::import) fn query(&mut self, stmt: &Stmt, entries: &mut Entries) {
        let on = |engine| {
            let ast = either::resolved(&stmt.ast, engine);
            Node::Block(print::layout(&print::line(&ast)))
        };
        let (sqlite, postgres) = (on(Engine::Sqlite), on(Engine::Postgres));
        if sqlite == postgres {
            entries.add("sql", sqlite);
        } else {
            self.notes.translated(
                &stmt.path,
                "the engines spell it differently: one statement for each",
            );
            let both = vec![
                ("sqlite".to_owned(), sqlite),
                ("postgres".to_owned(), postgres),
            ];
            entries.add("sql", Node::Map(both));
        }
        if !stmt.params.is_empty() {
            let params = stmt
                .params
                .iter()
                .map(|(name, value)| (name.clone(), Node::word(value)))
                .collect();
            entries.add("params", Node::Map(params));
        }
        entries.maybe("unscoped", stmt.unscoped.map(Node::text));
    }

    fn statement(&mut self, stmt: &Stmt) -> Node {
        let mut entries = Entries::default();
        self.query(stmt, &mut entries);
        if let Some(var) = stmt.result {
            let var = &self.plan.vars[var];
            entries.add("result_var", Node::word(&var.name));
            let shape = match var.def {
                Def::Single(_) => Some("single"),
                Def::Scalar(_) => Some("scalar"),
                Def::Flat(_) => Some("flatten"),
                _ => None,
            };
            entries.maybe(shape.unwrap_or_default(), shape.map(|_| Node::Flag));
            if let Def::Single(_) = var.def {
                self.notes.changed(
                    &stmt.path,
                    format!(
                        "a translation takes one row: `{}` is the first one now",
                        var.name
                    ),
                );
            }
        }
        if stmt.conflicts {
            let mut conflict = Entries::default();
            let reply = self.own(Own::Exists);
            conflict.add("reply", reply);
            entries.add("on_conflict", conflict.inline());
        }
        let block = entries.block(match stmt.kind {
            Kind::Read => "action.sql_query.v1",
            _ => "action.sql_exec.v1",
        });
        block.from(&stmt.path)
    }
}
