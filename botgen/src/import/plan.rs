//! The bot between old and new: every variable has its new name, every statement is rewritten, and what the
//! statements and patterns tell about types is gathered; [`Plan::decide`] then decides the types.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::Statement;

use super::names;
use super::old::{self, Said};
use super::pattern::{self, Meaning};
use super::report::{Notes, Severity};
use super::schema::{self, Evidence, Schema, Typed};
use super::sql::{self, Kind, Ty, facts, outputs, print, rewrite, scoping};
use super::template;

/// Old names of variables and which they are, at one place of a flow.
pub(super) type Scope = BTreeMap<String, usize>;

/// A variable.
#[derive(Debug, Clone)]
pub(super) struct Var {
    /// New name, unique in its flow.
    pub name: String,
    pub def: Def,
}

/// Where a variable comes from.
#[derive(Debug, Clone)]
pub(super) enum Def {
    /// A step's answer, and what its pattern means.
    Answer(Option<Meaning>),
    /// A step that was a calendar: its type is given.
    Calendar(Ty),
    /// A query's rows, its first row, its first value, its only column.
    Rows(usize),
    Single(usize),
    Scalar(usize),
    Flat(usize),
    /// A parameter that nothing provides.
    Missing,
}

/// A statement.
#[derive(Debug)]
pub(super) struct Stmt {
    pub path: String,
    pub kind: Kind,
    pub ast: Statement,
    pub scope: Scope,
    /// `params:`; an empty value is decided by type.
    pub params: Vec<(String, String)>,
    /// Variables for parameters that nothing provides, by new name.
    pub missing: BTreeMap<String, usize>,
    pub casts: Vec<(String, Ty)>,
    pub formats: BTreeMap<String, String>,
    pub renamed: BTreeMap<String, String>,
    pub result: Option<usize>,
    // Decided at the end.
    pub outputs: Vec<outputs::Output>,
    pub one: bool,
    pub unscoped: Option<&'static str>,
    pub conflicts: bool,
}

/// A flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub path: String,
    pub cmd: String,
    pub kind: FlowKind,
    pub on_enter: Vec<Action>,
}

/// See [`Flow`].
#[derive(Debug)]
pub(super) enum FlowKind {
    Menu {
        title: Option<Said>,
        options: Vec<Vec<old::Button>>,
        scope: Scope,
    },
    Wizard {
        ttl: i64,
        steps: Vec<Step>,
        on_step: Vec<Action>,
        on_complete: Vec<Action>,
    },
    Generic,
    /// `/lang` that only said so.
    Language,
}

/// A step.
#[derive(Debug)]
pub(super) struct Step {
    pub path: String,
    pub var: usize,
    pub ask: Option<Said>,
    pub regex: Option<Said>,
    pub msg: Option<Said>,
    pub min: Option<String>,
    pub max: Option<String>,
    /// What is known when it is asked, and after its answer.
    pub before: Scope,
    pub after: Scope,
    pub on_step: Vec<Action>,
}

/// An action.
#[derive(Debug)]
pub(super) enum Action {
    Sql(usize),
    Reply(old::Reply, Scope),
    /// The importer's own word of a flow that says nothing.
    Done,
}

impl Action {
    fn replies(&self) -> bool {
        !matches!(self, Self::Sql(_))
    }
}

/// The whole bot.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub vars: Vec<Var>,
    pub stmts: Vec<Stmt>,
    pub flows: Vec<Flow>,
    pub schema: Schema,
    /// Tables that are called something else now.
    pub tables: BTreeMap<String, String>,
    /// What texts ask of columns with `#if`: column name, its statement, and whether the text prints it too.
    asked: Vec<(usize, String, bool)>,
}

/// What the texts of one flow want from its queries.
#[derive(Debug, Default)]
struct Wanted {
    /// Walked by `t:key {{#each x}}…` only.
    singles: BTreeSet<String>,
    /// Names used inside `#each`, by list.
    columns: BTreeMap<String, Vec<String>>,
}

impl Wanted {
    fn of(flow: &old::Flow) -> Self {
        let mut wanted = Self::default();
        let mut walked = BTreeSet::new();
        let actions = flow
            .on_enter
            .iter()
            .chain(&flow.on_step)
            .chain(&flow.on_complete);
        for action in actions {
            let old::ActionKind::Reply(reply) = &action.kind else {
                continue;
            };
            for said in [Some(&reply.text), reply.empty_text.as_ref()]
                .into_iter()
                .flatten()
            {
                for (list, names, single) in template::loops(&said.text) {
                    wanted
                        .columns
                        .entry(list.clone())
                        .or_default()
                        .extend(names);
                    if single {
                        wanted.singles.insert(list);
                    } else {
                        walked.insert(list);
                    }
                }
            }
        }
        wanted.singles.retain(|list| !walked.contains(list));
        wanted
    }
}

/// What stands in scope while a flow is planned.
struct Walk<'a> {
    wanted: &'a Wanted,
    scope: Scope,
    taken: BTreeSet<String>,
}

impl Walk<'_> {
    fn define(&mut self, plan: &mut Plan, old: &str, def: Def) -> usize {
        let name = names::variable(old, &self.taken);
        self.taken.insert(name.clone());
        plan.vars.push(Var { name, def });
        self.scope.insert(old.to_owned(), plan.vars.len() - 1);
        plan.vars.len() - 1
    }
}

impl Plan {
    /// Plans one flow under its new command.
    pub(super) fn flow(&mut self, flow: old::Flow, cmd: String, notes: &mut Notes) {
        let wanted = Wanted::of(&flow);
        let mut walk = Walk {
            wanted: &wanted,
            scope: Scope::new(),
            taken: BTreeSet::new(),
        };
        let path = flow.path;
        let mut on_enter = self.actions(&flow.on_enter, &mut walk, notes);
        if flow.declared == old::Declared::Menu && !flow.options.is_empty() {
            let kind = FlowKind::Menu {
                title: flow.title,
                options: flow.options,
                scope: walk.scope,
            };
            self.flows.push(Flow {
                path,
                cmd,
                kind,
                on_enter,
            });
            return;
        }
        if flow.declared == old::Declared::Menu {
            notes.changed(&path, "a menu without options is `flow.generic.v1` now");
            on_enter.extend(flow.title.map(|title| plain_reply(title, &walk.scope)));
        }
        let (asking, telling): (Vec<_>, Vec<_>) = flow
            .steps
            .into_iter()
            .partition(|s| s.reply.is_none() || s.ask.is_some() || s.widget.is_some());
        for step in telling {
            notes.changed(
                &step.path,
                "a step with only a `reply` is a message when the flow starts",
            );
            on_enter.extend(step.reply.map(|r| plain_reply(r, &walk.scope)));
        }
        if asking.is_empty() {
            if flow.declared != old::Declared::Generic {
                notes.translated(
                    &path,
                    "without steps: `flow.generic.v1` with the actions of `on_enter` and `on_complete`",
                );
            }
            on_enter.extend(self.actions(&flow.on_complete, &mut walk, notes));
            if !flow.on_step.is_empty() {
                notes.changed(
                    &path,
                    "`on_step` of a flow without steps never ran; left out",
                );
            }
            if !on_enter.iter().any(Action::replies) {
                notes.changed(&path, "the flow replied nothing; it says it is done now");
                on_enter.push(Action::Done);
            }
            self.flows.push(Flow {
                path,
                cmd,
                kind: FlowKind::Generic,
                on_enter,
            });
            return;
        }
        if on_enter.iter().any(Action::replies) {
            notes.changed(
                &path,
                "a reply in `on_enter` ended the old wizard at once; now its questions follow",
            );
        }
        let mut steps: Vec<Step> = asking
            .into_iter()
            .map(|step| self.step(step, &mut walk, notes))
            .collect();
        let on_step = self.on_step(&flow.on_step, &mut steps, &mut walk, notes);
        let mut on_complete = self.actions(&flow.on_complete, &mut walk, notes);
        if !on_complete.iter().any(Action::replies) {
            notes.changed(
                &path,
                "the wizard ended without a word; it says it is done now",
            );
            on_complete.push(Action::Done);
        }
        let ttl = match flow.ttl {
            Some((_, seconds)) if (1..=365 * 86_400).contains(&seconds) => seconds,
            Some((path, seconds)) => {
                notes.changed(&path, format!("{seconds} s is no lifetime; 24h instead"));
                86_400
            }
            None => 86_400,
        };
        self.flows.push(Flow {
            path,
            cmd,
            kind: FlowKind::Wizard {
                ttl,
                steps,
                on_step,
                on_complete,
            },
            on_enter,
        });
    }

    fn step(&mut self, step: old::Step, walk: &mut Walk<'_>, notes: &mut Notes) -> Step {
        let before = walk.scope.clone();
        let (mut def, mut regex, mut min, mut max) = (None, step.regex, None, None);
        let (mut ask, mut old_name) = (step.ask, step.var);
        if let Some(widget) = step.widget {
            old_name = widget.var.or(old_name);
            ask = widget.title.or(ask);
            if widget.block == "widget.calendar.v1" {
                let with_time = widget.mode.as_deref() == Some("datetime");
                def = Some(Def::Calendar(if with_time {
                    Ty::DateTime
                } else {
                    Ty::Date
                }));
                (min, max) = (widget.min, widget.max);
                notes.person(
                    &widget.path,
                    "`widget.calendar.v1` needs a later block; the date is typed until then",
                );
            } else {
                notes.person(
                    &widget.path,
                    format!(
                        "`{}` needs a later block; the answer is typed until then",
                        widget.block
                    ),
                );
            }
        }
        let meaning = regex.as_ref().map(|said| pattern::meaning(&said.text));
        if let (Some(said), Some(Meaning::Unusable(why))) = (&regex, &meaning) {
            notes.person(
                &said.path,
                format!("the pattern cannot be used ({why}); left out, every answer is accepted"),
            );
            regex = None;
        }
        let old_name = old_name.unwrap_or_else(|| {
            notes.changed(&step.path, "a step without `var`; its answer got a name");
            "answer".to_owned()
        });
        let var = walk.define(
            self,
            &old_name,
            def.unwrap_or(Def::Answer(regex.as_ref().and(meaning))),
        );
        let name = &self.vars[var].name;
        if *name != old_name {
            notes.changed(
                &step.path,
                format!("the variable `{old_name}` is called `{name}` now"),
            );
        }
        Step {
            path: step.path,
            var,
            ask,
            regex,
            msg: step.msg,
            min,
            max,
            before,
            after: walk.scope.clone(),
            on_step: Vec::new(),
        }
    }

    /// `on_step` ran after each answer with what was known then. Actions that read later answers stand at
    /// the steps from which these are known.
    fn on_step(
        &mut self,
        actions: &[old::Action],
        steps: &mut [Step],
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> Vec<Action> {
        let mut read = Vec::new();
        for action in actions {
            match &action.kind {
                old::ActionKind::Sql(sql) => {
                    let rest = sql.sql.text.split(':').skip(1);
                    read.extend(rest.map(|r| {
                        r.chars()
                            .take_while(|c| c.is_alphanumeric() || *c == '_')
                            .collect::<String>()
                    }));
                }
                old::ActionKind::Reply(reply) => {
                    for said in std::iter::once(&reply.text).chain(&reply.empty_text) {
                        match template::parse(&said.text) {
                            template::Parsed::Template(pieces) => {
                                template::names_in(&pieces, &mut read);
                            }
                            template::Parsed::Key(key) => {
                                read.extend(key.args.into_iter().filter_map(|(_, a)| match a {
                                    template::Arg::Variable(name) => Some(name),
                                    template::Arg::Literal(_) => None,
                                }));
                            }
                        }
                    }
                }
                old::ActionKind::Other(_) => {}
            }
        }
        let answers: BTreeSet<usize> = steps.iter().map(|s| s.var).collect();
        let needs: BTreeSet<usize> = read
            .iter()
            .filter_map(|name| walk.scope.get(name).copied())
            .filter(|var| answers.contains(var))
            .collect();
        let first = steps
            .iter()
            .position(|s| needs.iter().all(|v| s.after.values().any(|a| a == v)))
            .unwrap_or(0);
        let end = std::mem::take(&mut walk.scope);
        let mut everywhere = Vec::new();
        if first == 0 {
            walk.scope = steps.first().map(|s| s.after.clone()).unwrap_or_default();
            everywhere = self.actions(actions, walk, notes);
        } else {
            for step in &mut steps[first..] {
                walk.scope = step.after.clone();
                step.on_step = self.actions(actions, walk, notes);
                if !step.on_step.is_empty() {
                    notes.changed(
                        &step.path,
                        "`on_step` reads answers that are known from this step on; it stands here now",
                    );
                }
            }
        }
        // Its results were never readable afterwards.
        walk.scope = end;
        everywhere
    }

    fn actions(
        &mut self,
        actions: &[old::Action],
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> Vec<Action> {
        let mut planned = Vec::new();
        for action in actions {
            match &action.kind {
                old::ActionKind::Sql(sql) => {
                    planned.extend(self.sql(sql, walk, notes).map(Action::Sql));
                }
                old::ActionKind::Reply(reply) => {
                    self.asked_columns(reply, &walk.scope);
                    planned.push(Action::Reply(reply.clone(), walk.scope.clone()));
                }
                old::ActionKind::Other(block) => {
                    let known =
                        matches!(block.as_str(), "policy.ratelimit.v1" | "ops.broadcast.v1");
                    notes.person(
                        &action.path,
                        if known {
                            format!("`{block}` needs a later block; left out")
                        } else {
                            format!("`{block}` is no known block; left out")
                        },
                    );
                }
            }
        }
        planned
    }

    fn sql(&mut self, old: &old::Sql, walk: &mut Walk<'_>, notes: &mut Notes) -> Option<usize> {
        let path = &old.sql.path;
        let refuse = |notes: &mut Notes, why: &str| {
            notes.person(path, format!("the statement is left out: {why}"));
            None
        };
        let (mut ast, doubled) = match sql::parse(&old.sql.text) {
            Ok(parsed) => parsed,
            Err(why) => return refuse(notes, &why),
        };
        if doubled {
            notes.translated(path, "doubled quotes `''` are single again");
        }
        let mut names: BTreeMap<String, String> = walk
            .scope
            .iter()
            .map(|(old, var)| (old.clone(), self.vars[*var].name.clone()))
            .collect();
        for built_in in ["bot_id", "user_id", "chat_id"] {
            names.insert(built_in.to_owned(), built_in.to_owned());
        }
        let result_var = old.result_var.clone().unwrap_or_else(|| "rows".to_owned());
        let wanted = walk
            .wanted
            .columns
            .get(&result_var)
            .map_or(&[][..], Vec::as_slice);
        let out = rewrite::rewrite(
            &mut ast,
            &rewrite::Around {
                names: &names,
                taken: &walk.taken,
                wanted,
                tables: &self.tables,
            },
        );
        let ast = match sql::parse_sqlite(&print::line(&ast)) {
            Ok(ast) => ast,
            Err(why) => return refuse(notes, &format!("not expressible on SQLite, {why}")),
        };
        let kind = match sql::kind(&ast) {
            Ok(kind) => kind,
            Err(what) => return refuse(notes, what),
        };
        for (severity, message) in out.notes {
            match severity {
                Severity::Translated => notes.translated(path, message),
                Severity::Changed => notes.changed(path, message),
                Severity::NeedsPerson => notes.person(path, message),
            }
        }
        if (kind == Kind::Read) != old.reads {
            notes.changed(path, "the action's block now fits what the statement does");
        }
        let mut params = out.params;
        let mut missing = BTreeMap::new();
        for (old_name, new) in out.unknown {
            notes.person(
                path,
                format!("nothing provides `:{old_name}`; a placeholder stands in `params:`"),
            );
            walk.taken.insert(new.clone());
            self.vars.push(Var {
                name: new.clone(),
                def: Def::Missing,
            });
            missing.insert(new.clone(), self.vars.len() - 1);
            params.push((new, String::new()));
        }
        let scope = walk.scope.clone();
        let index = self.stmts.len();
        let result = (kind == Kind::Read).then(|| {
            let def = if old.scalar {
                Def::Scalar(index)
            } else if old.flatten {
                Def::Flat(index)
            } else if walk.wanted.singles.contains(&result_var) {
                Def::Single(index)
            } else {
                Def::Rows(index)
            };
            walk.define(self, &result_var, def)
        });
        self.stmts.push(Stmt {
            path: path.clone(),
            kind,
            ast,
            scope,
            params,
            missing,
            casts: out.casts,
            formats: out.formats,
            renamed: out.renamed,
            result,
            outputs: Vec::new(),
            one: false,
            unscoped: None,
            conflicts: false,
        });
        Some(index)
    }

    /// Remembers which columns a reply asks about with `#if`.
    fn asked_columns(&mut self, reply: &old::Reply, scope: &Scope) {
        let template::Parsed::Template(pieces) = template::parse(&reply.text.text) else {
            return;
        };
        let mut todo = pieces;
        while let Some(piece) = todo.pop() {
            match piece {
                template::Piece::Each { list, body } => {
                    if let Some(Def::Rows(stmt)) = scope.get(&list).map(|v| &self.vars[*v].def) {
                        let (mut conditions, mut printed) = (Vec::new(), BTreeSet::new());
                        conditions_in(&body, &mut conditions, &mut printed);
                        for name in conditions {
                            let both = printed.contains(&name);
                            self.asked.push((*stmt, name, both));
                        }
                    }
                    todo.extend(body);
                }
                template::Piece::If {
                    then, otherwise, ..
                } => {
                    todo.extend(then);
                    todo.extend(otherwise);
                }
                template::Piece::Words(_) | template::Piece::Value(_) => {}
            }
        }
    }

    /// Decides tables, types, what each query gives, and what each statement must declare.
    pub(super) fn decide(&mut self, notes: &mut Notes) {
        // The second reading knows every table's columns.
        let mut evidence = Evidence::default();
        for _ in 0..2 {
            let known = evidence.known();
            evidence = Evidence::default();
            for stmt in &self.stmts {
                let facts = facts::of(&stmt.ast, &known);
                let var = |name: &str| self.param(stmt, name);
                evidence.add(&facts, var, |name| {
                    var(name).is_some_and(|v| self.may_be_null(v))
                });
            }
        }
        let known = evidence.known();
        for stmt in &mut self.stmts {
            if scoping::constrain(&mut stmt.ast, &known) {
                notes.changed(
                    &stmt.path,
                    "the statement itself is limited to the bot and the person, as its subquery was",
                );
                // Fresh places for the parameters.
                if let Ok(ast) = sql::parse_sqlite(&print::line(&stmt.ast)) {
                    stmt.ast = ast;
                }
            }
            stmt.outputs = outputs::of(&stmt.ast, &known);
            stmt.one = outputs::always_one(&stmt.ast);
        }
        self.evidence_of_vars(&mut evidence);
        self.schema = schema::decide(&evidence);
        for index in 0..self.stmts.len() {
            self.finish(index, &known, notes);
        }
    }

    fn evidence_of_vars(&self, evidence: &mut Evidence) {
        for (index, var) in self.vars.iter().enumerate() {
            let node = Typed::Var(index);
            match &var.def {
                Def::Answer(meaning) => {
                    let ty = match meaning {
                        Some(Meaning::DateTime) => Ty::DateTime,
                        Some(Meaning::Date) => Ty::Date,
                        Some(Meaning::Int { max, .. }) => {
                            if max.is_none_or(|m| m > i64::from(i32::MAX)) {
                                evidence.wide.insert(index);
                            }
                            Ty::Int
                        }
                        _ => Ty::Text,
                    };
                    evidence.is.push((node, ty, false));
                }
                Def::Calendar(ty) => evidence.is.push((node, *ty, true)),
                Def::Scalar(stmt) | Def::Flat(stmt) => {
                    match self.stmts[*stmt].outputs.first().map(|o| &o.origin) {
                        Some(outputs::Origin::Column(col)) => {
                            evidence.links.push((node, Typed::Col(col.clone())));
                        }
                        Some(outputs::Origin::Type(ty)) => evidence.is.push((node, *ty, true)),
                        _ => {}
                    }
                }
                Def::Rows(_) | Def::Single(_) | Def::Missing => {}
            }
        }
        for stmt in &self.stmts {
            for (name, ty) in &stmt.casts {
                if let Some(var) = self.param(stmt, name) {
                    evidence.is.push((Typed::Var(var), *ty, true));
                }
            }
            for (column, filter) in &stmt.formats {
                let origin = stmt.outputs.iter().find(|o| o.name == *column);
                if let Some(outputs::Origin::Column(col)) = origin.map(|o| &o.origin) {
                    let sure = !filter.starts_with("date:");
                    let ty = Ty::DateTime;
                    evidence.is.push((Typed::Col(col.clone()), ty, sure));
                }
            }
        }
        for (stmt, name, printed) in &self.asked {
            let stmt = &self.stmts[*stmt];
            let name = stmt.renamed.get(name).unwrap_or(name);
            let origin = stmt.outputs.iter().find(|o| o.name == *name);
            if let Some(outputs::Origin::Column(col)) = origin.map(|o| &o.origin) {
                if *printed {
                    evidence.nullable.insert(col.clone());
                } else {
                    evidence.is.push((Typed::Col(col.clone()), Ty::Bool, false));
                }
            }
        }
    }

    fn finish(&mut self, index: usize, known: &sql::scope::Known, notes: &mut Notes) {
        let facts = facts::of(&self.stmts[index].ast, known);
        let stmt = &self.stmts[index];
        let types: BTreeMap<String, Ty> = stmt
            .scope
            .values()
            .chain(stmt.missing.values())
            .map(|&var| (self.vars[var].name.clone(), self.ty(var)))
            .collect();
        let missing = scoping::missing(&stmt.ast, known);
        let params = stmt
            .params
            .iter()
            .map(|(name, value)| {
                let value = match (value.as_str(), types.get(name)) {
                    ("", Some(Ty::Int | Ty::Real | Ty::Decimal)) if name.starts_with("limit") => {
                        "100"
                    }
                    ("", Some(Ty::Int | Ty::Real | Ty::Decimal)) => "0",
                    ("", Some(Ty::Bool)) => "false",
                    ("", Some(Ty::Date)) => "today",
                    ("", Some(Ty::DateTime)) => "now",
                    ("", _) => "''",
                    (value, _) => value,
                };
                (name.clone(), value.to_owned())
            })
            .collect();
        let written = match stmt.kind {
            Kind::Read => None,
            _ => facts.tables.iter().next(),
        };
        let conflicts = written.is_some_and(|table| {
            let unique = self.schema.tables.get(table);
            let has_unique = unique.is_some_and(|t| !t.unique.is_empty());
            let handled = facts.unique.iter().any(|(t, _)| t == table);
            has_unique && !handled && matches!(stmt.kind, Kind::Insert | Kind::Update)
        });
        let stmt = &mut self.stmts[index];
        stmt.params = params;
        stmt.conflicts = conflicts;
        if missing.any() {
            stmt.unscoped = Some(if missing.bot {
                "imported: the old statement was not limited to one bot"
            } else {
                "imported: the old statement covers everyone who uses the bot"
            });
            notes.person(
                &stmt.path,
                "the statement is not limited to the acting bot and person; it says `unscoped:`",
            );
        }
        if conflicts {
            notes.person(
                &stmt.path,
                "the table has a UNIQUE that this statement may violate; `on_conflict:` says a default text",
            );
        }
        rewrite::cast_loose(&mut stmt.ast, &facts.placed, &types);
    }

    /// The variable behind a parameter of a statement.
    fn param(&self, stmt: &Stmt, name: &str) -> Option<usize> {
        let own = stmt.missing.get(name).copied();
        own.or_else(|| {
            stmt.scope
                .values()
                .copied()
                .find(|&var| self.vars[var].name == name)
        })
    }

    fn may_be_null(&self, var: usize) -> bool {
        match self.vars[var].def {
            Def::Scalar(stmt) => {
                let stmt = &self.stmts[stmt];
                // Before the outputs are known only a count is surely there.
                !(outputs::always_one(&stmt.ast)
                    && outputs::of(&stmt.ast, &BTreeMap::new())
                        .first()
                        .is_some_and(|o| o.null == outputs::Nullness::Never))
            }
            _ => false,
        }
    }

    /// The decided type of a variable that holds one value.
    pub(super) fn ty(&self, var: usize) -> Ty {
        self.schema.vars.get(&var).copied().unwrap_or(Ty::Text)
    }

    /// Type and nullness of a query's column.
    pub(super) fn output(&self, output: &outputs::Output) -> (Option<Ty>, bool) {
        let (ty, nullable) = match &output.origin {
            outputs::Origin::Column(col) => match self.schema.column(col) {
                Some(column) => (Some(column.ty), column.nullable),
                None => (None, true),
            },
            outputs::Origin::Type(ty) => (Some(*ty), false),
            outputs::Origin::Param(name) => match name.as_str() {
                "now" => (Some(Ty::DateTime), false),
                _ => (None, false),
            },
            outputs::Origin::Unknown => (None, true),
        };
        let nullable = match output.null {
            outputs::Nullness::Never => false,
            outputs::Nullness::Maybe => true,
            outputs::Nullness::AsOrigin => nullable,
        };
        (ty, nullable)
    }
}

fn plain_reply(text: Said, scope: &Scope) -> Action {
    Action::Reply(
        old::Reply {
            path: text.path.clone(),
            text,
            empty_text: None,
            keyboard: Vec::new(),
            parse_mode: None,
        },
        scope.clone(),
    )
}

/// Names in conditions, and names that are printed.
fn conditions_in(
    pieces: &[template::Piece],
    conditions: &mut Vec<String>,
    printed: &mut BTreeSet<String>,
) {
    for piece in pieces {
        match piece {
            template::Piece::Words(_) => {}
            template::Piece::Value(name) => {
                printed.insert(name.clone());
            }
            template::Piece::Each { body, .. } => conditions_in(body, conditions, printed),
            template::Piece::If {
                condition,
                then,
                otherwise,
            } => {
                conditions.push(condition.clone());
                conditions_in(then, conditions, printed);
                conditions_in(otherwise, conditions, printed);
            }
        }
    }
}
