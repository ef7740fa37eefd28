//! AST and symbols to IR: every reference, type, query, translation and limit is proven here.
//!
//! One module per family of rules. Each function gives `None` for a part that has an error (already reported),
//! and callers go on with the other parts: all errors of a run, no echoes.

pub mod blocks;
pub mod bot;
pub mod chats;
pub mod expr;
pub mod facts;
pub mod flow;
pub mod graph;
pub mod handlers;
pub mod i18n;
pub mod lints;
pub mod program;
pub mod reach;
pub mod scope;
pub mod settings;
pub mod sql;
pub mod text;
pub mod walk;

use botfactory_lang::proof;

use crate::diagnostics::Sink;
use crate::ir;
use crate::resolve::Symbols;
use crate::source::{SourceMap, Span};
use crate::syntax::ast;

/// What every check of a bot can see.
#[derive(Debug)]
pub struct BotCx<'a> {
    /// The bot as written.
    pub ast: &'a ast::Bot,
    /// Its names.
    pub symbols: &'a Symbols,
    /// Its translations ([`i18n`]), parsed, with spans inside the `.ftl` files.
    pub words: &'a i18n::Translations,
    /// The deployment's tables ([`sql`]).
    pub schema: &'a sql::Schema,
    /// For places in doc comments.
    pub sources: &'a SourceMap,
    /// When it is, where that is known.
    pub now: Option<botfactory_lang::value::Instant>,
    /// Lengths of what the bot's locales print.
    pub lengths: text::bounds::Lengths,
}

/// A flow being checked: what it has produced so far.
#[derive(Debug)]
pub struct FlowCx<'a> {
    /// The bot.
    pub bot: &'a BotCx<'a>,
    /// Findings.
    pub sink: &'a mut Sink,
    /// The command without `/` (doc comments, names).
    pub command: &'a str,
    /// `ir::Flow::texts` so far.
    pub texts: Vec<ir::text::Text>,
    /// `ir::Flow::queries` so far.
    pub queries: Vec<ir::sql::Query>,
    /// Every value that a statement binds, with the place of its `:name`.
    pub bound: Vec<(ir::expr::Expr, Span)>,
    /// `ir::Flow::choices`, all known before the first expression is checked.
    pub choices: Vec<ir::Choice>,
    /// `ir::Flow::records` so far.
    pub records: Vec<ir::ask::Record>,
    /// `ir::Bot::toasts` so far (shared over the bot's flows).
    pub toasts: &'a mut Vec<(u32, ir::text::TextCall)>,
    /// What the lints on SQL know so far.
    pub advice: sql::lint::Advice,
    /// What is known of the flow's answers beyond their types.
    pub known: text::bounds::Known,
    /// Rust identifiers already taken in the flow's module.
    pub idents: std::collections::BTreeSet<String>,
    /// Where the search for the next `name_2`, `name_3`, … begins.
    pub numbers: std::collections::BTreeMap<String, usize>,
}

impl FlowCx<'_> {
    /// Only the bot's admins may run this flow.
    pub fn only_admins(&self) -> bool {
        let owner = self.bot.symbols.commands.get(self.command);
        owner.is_some_and(|command| command.admins)
    }

    /// A Rust identifier from the author's words: snake case, ASCII where possible, raw for keywords, unique in the flow.
    pub fn ident(&mut self, wanted: &str) -> String {
        let mut base = snake(wanted);
        // The emitter's own patterns: ways between steps, values bound before a line.
        if ["to_", "go_on_", "after_", "shown_", "mark_", "turn_"]
            .iter()
            .any(|own| base.starts_with(own))
        {
            base.insert_str(0, "its_");
        }
        let mut ident = base.clone();
        if RESERVED.contains(&ident.as_str()) || !self.idents.insert(ident.clone()) {
            let n = self.numbers.entry(base.clone()).or_insert(2);
            loop {
                ident = format!("{base}_{n}");
                *n += 1;
                if self.idents.insert(ident.clone()) {
                    break;
                }
            }
        }
        ident
    }
    /// What the proofs of texts can see.
    pub fn proof(&mut self) -> proof::Cx<'_> {
        proof::Cx {
            locales: &self.bot.words.locales,
            default: self.bot.words.default,
            lengths: &self.bot.lengths,
            sink: self.sink,
        }
    }
    /// Tells lists of one flow apart that have one name: nothing for the first, then `2`, `3`, …
    pub fn number(&mut self, name: &str) -> String {
        let n = self.numbers.entry(name.to_owned()).or_insert(1);
        let number = if *n == 1 {
            String::new()
        } else {
            n.to_string()
        };
        *n += 1;
        number
    }
    /// `bots/booking/bot.yaml:21`.
    pub fn origin(&self, span: Span) -> ir::Origin {
        ir::Origin(self.bot.sources.place(span))
    }
}

/// Names that generated code uses for its own purposes in every flow's module.
pub const RESERVED: &[&str] = &[
    "cx",
    "words",
    "p",
    "out",
    "loaded",
    "state",
    "given",
    "args",
    "index",
    "message",
    "row",
    "rows",
    "went",
    "vars",
    "asked",
    "options",
    "offered",
    "refusal",
    "widget",
    "view",
    "min",
    "error",
    "text",
    "enter",
    "ask",
    "answer",
    "wait",
    "complete",
    "timeout",
    "timed_out",
    "arguments",
    "waiting",
    "cut",
    "widen",
    "hash32",
    "some",
    "none",
    "ok",
    "err",
    "option",
    "position",
    "count",
    "label_of",
    "each",
    "value",
    "turn",
    "press",
    "page",
    "place",
    "listing",
    "listed",
    "nothing",
    "mark",
    "carried",
    "offset_rows",
    "limit_rows",
    "letter",
    "letters",
    "reached",
    "pace",
    "chosen_id",
    "seek",
    "found",
    "chosen",
    "widget",
];

/// Types that generated code names itself: the runtime's prelude, Rust's own, and those of every flow's module.
pub const RESERVED_TYPES: &[&str] = &[
    "Arg",
    "ArgReader",
    "Args",
    "Audience",
    "Bot",
    "BotSpec",
    "Bounds",
    "Box",
    "Bulletin",
    "Button",
    "Calendar",
    "CalendarRules",
    "Checked",
    "Choice",
    "CommandLine",
    "CommandSpec",
    "Confirm",
    "Contact",
    "Cx",
    "Date",
    "Decimal",
    "Default",
    "Delivery",
    "Deserialize",
    "Duration",
    "Effect",
    "Err",
    "File",
    "Given",
    "Handled",
    "HandlerError",
    "Handling",
    "Instant",
    "ListSpec",
    "Listing",
    "Loaded",
    "LocaleSpec",
    "Location",
    "Made",
    "MediaKind",
    "Message",
    "Migration",
    "MigrationSet",
    "Multiselect",
    "NewBroadcast",
    "None",
    "Number",
    "Ok",
    "Option",
    "Pack",
    "PagePress",
    "Pattern",
    "Pick",
    "Picked",
    "Printer",
    "Rating",
    "Recipient",
    "Record",
    "Refusal",
    "Result",
    "Resumed",
    "Scope",
    "Segment",
    "Self",
    "Serialize",
    "Some",
    "SqlValue",
    "State",
    "StepSpec",
    "Strategy",
    "String",
    "Style",
    "Text",
    "TextRule",
    "TimeOfDay",
    "Turn",
    "Turned",
    "Vec",
    "Waiting",
    "Wanted",
    "Went",
    "Widget",
    "WizardSpec",
    "Words",
];

/// Snake case of the author's words; a keyword becomes raw, one that cannot be raw gets a `_`.
pub fn snake(wanted: &str) -> String {
    let mut out = String::new();
    for c in wanted.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
    }
    let out = out.trim_end_matches('_').to_owned();
    let out = if out.is_empty() || out.starts_with(|c: char| c.is_numeric()) {
        format!("n{out}")
    } else {
        out
    };
    match out.as_str() {
        "self" | "super" | "crate" => format!("{out}_"),
        // `gen` is a keyword since edition 2024; syn reads it as a name.
        "gen" => "r#gen".to_owned(),
        _ if syn::parse_str::<syn::Ident>(&out).is_err() => format!("r#{out}"),
        _ => out,
    }
}
