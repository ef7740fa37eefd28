//! Real statements on real migrations.

#[cfg(feature = "postgres")]
mod both;
mod errors;
mod lints;
mod migrations;
mod odd;
mod oracle;
mod people;
#[cfg(feature = "postgres")]
mod postgres;
mod scoping;
mod seeds;
mod types;

use std::sync::Arc;

use super::{Checked, Kind, MigrationFile, OwnerMigrations, Schema, lint, statement};
use crate::check::scope::Scope;
use crate::check::{BotCx, FlowCx, i18n};
use crate::diagnostics::{Diagnostic, Sink};
use crate::ir::Choice;
use crate::ir::sql::Query;
use crate::ir::types::{Base, ChoiceId, Ty, Variable};
use crate::resolve::Symbols;
use crate::source::{FileId, SourceMap, Span, Spanned, Str};
use crate::syntax::ast;
use crate::{Engine, Options};

/// Tables with every type and constraint.
pub const TABLES: &str = "
CREATE TABLE bookings (
  id BIGSERIAL PRIMARY KEY,
  bot_id TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  service VARCHAR(32) NOT NULL,
  slot TIMESTAMPTZ NOT NULL UNIQUE,
  note TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE services (
  code TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  price NUMERIC(10,2) NOT NULL DEFAULT 9.99,
  weight DOUBLE PRECISION,
  active BOOLEAN NOT NULL DEFAULT TRUE,
  since DATE NOT NULL DEFAULT CURRENT_DATE,
  opens TIME,
  CHECK (price >= 0.5)
);
CREATE TABLE orders (
  id BIGSERIAL PRIMARY KEY,
  service TEXT NOT NULL REFERENCES services (code) ON DELETE CASCADE,
  quantity INTEGER NOT NULL,
  paid BOOLEAN,
  at TIMESTAMPTZ
);
CREATE INDEX orders_at ON orders (at);
";

/// A deployment of one or two bots.
pub struct World {
    pub sources: SourceMap,
    pub schema: Schema,
    pub findings: Vec<Diagnostic>,
    /// The same on Postgres: every statement of these tests is checked there too.
    pub twin: Option<Box<World>>,
}

/// `(owner, file, text)`.
pub fn world(files: &[(&str, &str, &str)]) -> World {
    let world = world_on(&Options::default(), files);
    #[cfg(feature = "postgres")]
    let world = both::with_twin(world, files);
    world
}

pub fn world_on(options: &Options, files: &[(&str, &str, &str)]) -> World {
    let mut sources = SourceMap::default();
    let mut owners: Vec<OwnerMigrations> = Vec::new();
    for (owner, name, text) in files {
        let file = sources.add(format!("{owner}/migrations/{name}"), (*text).to_owned());
        let file = MigrationFile {
            name: (*name).to_owned(),
            file,
            text: (*text).to_owned(),
        };
        match owners.iter_mut().find(|o| o.owner == *owner) {
            Some(o) => o.files.push(file),
            None => owners.push(OwnerMigrations {
                owner: (*owner).to_owned(),
                folder: (*owner).to_owned(),
                place: Span {
                    file: FileId(0),
                    lo: 0,
                    hi: 0,
                },
                files: vec![file],
                incomplete: false,
            }),
        }
    }
    let mut sink = Sink::default();
    let schema = Schema::build(
        &owners,
        "CREATE TABLE bf_outbox (bot INTEGER)",
        options,
        &mut sink,
    );
    World {
        sources,
        schema,
        findings: sink.finish(),
        twin: None,
    }
}

/// `BF0521 there is no column … [nme] help: …`: the code, message, marked text and help of each finding.
pub fn print(findings: &[Diagnostic], sources: &SourceMap) -> Vec<String> {
    findings
        .iter()
        .map(|d| {
            let text = &sources.file(d.span.file).text;
            let marked = text
                .get(d.span.lo as usize..d.span.hi as usize)
                .unwrap_or("?");
            let help = d
                .help
                .as_ref()
                .map(|h| format!(" help: {h}"))
                .unwrap_or_default();
            format!("{} {} [{marked}]{help}", d.code.id, d.message)
        })
        .collect()
}

/// A statement as YAML would give it, to be changed by a test.
#[derive(Clone)]
pub struct Given<'a> {
    pub sql: &'a str,
    pub kind: Kind,
    pub shape: ast::Shape,
    pub result: bool,
    pub params: Vec<(&'a str, &'a str)>,
    pub unscoped: Option<&'a str>,
    pub on_conflict: bool,
    pub vars: Vec<(&'a str, Ty)>,
    pub bot: &'a str,
}

pub fn query(sql: &str) -> Given<'_> {
    Given {
        sql,
        kind: Kind::Query,
        shape: ast::Shape::Rows,
        result: true,
        params: Vec::new(),
        unscoped: None,
        on_conflict: false,
        vars: Vec::new(),
        bot: "demo",
    }
}

pub fn exec(sql: &str) -> Given<'_> {
    Given {
        kind: Kind::Exec,
        result: sql.contains("RETURNING"),
        ..query(sql)
    }
}

#[derive(Debug)]
pub struct Outcome {
    pub query: Option<Query>,
    pub checked: Option<Checked>,
    /// Code and marked text of each finding.
    pub places: Vec<String>,
    pub said: Vec<String>,
}

impl Given<'_> {
    pub fn shape(mut self, shape: ast::Shape) -> Self {
        self.shape = shape;
        self
    }
    pub fn vars(mut self, vars: &[(&'static str, Ty)]) -> Self {
        self.vars.extend(vars.iter().cloned());
        self
    }

    /// Runs the check, on both engines where that is possible; gives SQLite's outcome.
    #[track_caller]
    pub fn run(self, world: &mut World) -> Outcome {
        let twin = world.twin.take();
        let outcome = self.clone().run_here(world);
        #[cfg(feature = "postgres")]
        let twin = twin.map(|twin| both::same(&self, twin, &outcome));
        world.twin = twin;
        outcome
    }

    /// Runs the check on the engine of this world.
    pub fn run_here(self, world: &mut World) -> Outcome {
        let mut sink = Sink::default();
        let str_of = |sources: &mut SourceMap, text: &str| {
            let file = sources.add("bot.yaml".into(), text.to_owned());
            Str {
                value: text.to_owned(),
                span: Span {
                    file,
                    lo: 0,
                    hi: u32::try_from(text.len()).unwrap(),
                },
                map: Arc::from([(0, 0)]),
            }
        };
        let sources = &mut world.sources;
        let sql = str_of(sources, self.sql);
        let span = sql.span;
        let params = self
            .params
            .iter()
            .map(|(name, value)| {
                let name = str_of(sources, name);
                let value = str_of(sources, value);
                let e = crate::syntax::expr::parse_expr(&value, &mut sink).unwrap();
                (name, e)
            })
            .collect();
        let st = ast::Statement {
            sql: ast::Sql {
                span,
                both: Some(sql),
                sqlite: None,
                postgres: None,
            },
            result_var: self.result.then(|| str_of(sources, "found")),
            shape: Spanned {
                node: self.shape,
                span,
            },
            params,
            unscoped: self.unscoped.map(|r| str_of(sources, r)),
            conflict_lost: false,
            on_conflict: self.on_conflict.then(|| ast::OnConflict {
                span,
                reply: ast::Text {
                    source: str_of(sources, "no"),
                    kind: ast::TextKind::Template(Vec::new()),
                },
                goto: None,
            }),
        };
        let bot = ast::Bot {
            id: self.bot.to_owned(),
            folder: self.bot.to_owned(),
            ..bot(span)
        };
        let (symbols, words) = (Symbols::default(), i18n::Translations::default());
        let bot = BotCx {
            ast: &bot,
            symbols: &symbols,
            words: &words,
            schema: &world.schema,
            sources: &world.sources,
            now: None,
            lengths: Default::default(),
        };
        let mut toasts = Vec::new();
        let mut cx = FlowCx {
            bot: &bot,
            sink: &mut sink,
            command: "demo",
            texts: Vec::new(),
            queries: Vec::new(),
            bound: Vec::new(),
            choices: vec![choice(&["spa", "massage"])],
            records: Vec::new(),
            toasts: &mut toasts,
            advice: lint::Advice::default(),
            known: Default::default(),
            idents: std::collections::BTreeSet::default(),
            numbers: std::collections::BTreeMap::default(),
        };
        let mut scope = Scope::default();
        for (name, ty) in &self.vars {
            let var = Variable {
                name: (*name).to_owned(),
                ident: (*name).to_owned(),
                ty: ty.clone(),
            };
            scope.define(var, span);
        }
        let block = match self.kind {
            Kind::Query => "action.sql_query.v1",
            Kind::Exec => "action.sql_exec.v1",
            Kind::Moments => "widget.calendar.v1",
            Kind::Source => "widget.pagination.v1",
            Kind::Audience => "audience",
        };
        let checked = statement(&mut cx, &scope, &st, self.kind, block);
        let query = cx.queries.pop();
        let findings = sink.finish();
        Outcome {
            query,
            checked,
            places: findings
                .iter()
                .map(|d| format!("{} [{}]", d.code.id, world.sources.slice(d.span)))
                .collect(),
            said: print(&findings, &world.sources),
        }
    }
}

impl Outcome {
    /// The statement was accepted without a word.
    #[track_caller]
    pub fn fine(self) -> Query {
        assert!(self.said.is_empty(), "{:#?}", self.said);
        assert!(self.checked.is_some());
        self.query.unwrap()
    }
    /// Name and type of every column.
    #[track_caller]
    pub fn columns(self) -> String {
        columns(&self.fine())
    }
    /// Everything that was said, one a line.
    pub fn said(self) -> String {
        self.said.join("\n")
    }
}

pub fn columns(query: &Query) -> String {
    query
        .columns
        .iter()
        .map(|c| format!("{}: {}", c.name, c.ty.describe()))
        .collect::<Vec<_>>()
        .join(", ")
}

pub fn params(query: &Query) -> String {
    query
        .params
        .iter()
        .map(|p| format!("{}: {}", p.ident, p.ty.describe()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn choice(values: &[&str]) -> Choice {
    use crate::ir::{ChoiceOption, Origin};
    Choice {
        name: "Service".into(),
        origin: Origin(String::new()),
        options: values
            .iter()
            .map(|v| ChoiceOption {
                variant: (*v).to_owned(),
                value: (*v).to_owned(),
                label: crate::ir::text::TextCall {
                    id: crate::ir::text::TextId(0),
                },
                when: None,
            })
            .collect(),
    }
}

fn bot(span: Span) -> ast::Bot {
    ast::Bot {
        id: String::new(),
        folder: String::new(),
        span,
        name: None,
        tz: None,
        scope: None,
        locale: None,
        i18n: None,
        uses: None,
        fallback: None,
        delivery: None,
        on_ambiguous: None,
        policies: Vec::new(),
        migrations: None,
        segments: Vec::new(),
        lints: Vec::new(),
        intents: Vec::new(),
        flows: Vec::new(),
        blocks: Vec::new(),
        incomplete: false,
    }
}

pub fn demo() -> World {
    let world = world(&[("demo", "0001_init.sql", TABLES)]);
    assert!(
        world.findings.is_empty(),
        "{:#?}",
        print(&world.findings, &world.sources)
    );
    world
}

pub fn text() -> Ty {
    Ty::some(Base::Text { max: Some(20) })
}
pub fn int() -> Ty {
    Ty::some(Base::Int)
}
pub fn datetime() -> Ty {
    Ty::some(Base::DateTime)
}
pub fn decimal(n: u8) -> Ty {
    Ty::some(Base::Decimal(n))
}
pub fn service() -> Ty {
    Ty::some(Base::Choice(ChoiceId(0)))
}
