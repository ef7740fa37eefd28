//! End to end: the built binary with its compiled bots, a SQLite file, a strict Telegram in this process.
//!
//! | module | shows |
//! |---|---|
//! | `booking`, `survey` | the bots' whole scenarios, in previews, over the webhook and under polling, in both languages |
//! | `broadcast` | broadcasts by the API |
//! | `once` | redeliveries, double presses, races: nothing twice |
//! | `crash` | restarts and kills: nothing lost |
//! | `faults` | a Telegram, a database, a configuration that does not do as it should |
//! | `health` | what probes are told of each part, well and not |
//! | `hook` | what the webhook refuses, and what it takes |
//! | `llm` | what operators see and set of questions to the model |
//! | `manage` | the management API against the strict Telegram and the compiled bots |
//! | `migrations` | migrations on Postgres, however many begin at once |
//! | `observe` | what operators see: log lines, traces, metrics, events |
//! | `surface` | operators' and builders' routes, guards, envelopes, metrics, logs |
//! | `texts` | texts that are overridden while the bots run |
//! | `program` | the command line, settings, ports, signals, migrations |
//! | `walk` | thousands of random steps: no error, no dead end, nothing that Telegram refuses |
//! | `tidy` | rules of the house that no compiler checks |
#![allow(missing_docs)]

mod booking;
mod broadcast;
mod crash;
mod faults;
#[cfg(feature = "postgres")]
mod health;
mod hook;
mod llm;
mod manage;
#[cfg(feature = "postgres")]
mod migrations;
mod newsletter;
mod observe;
mod once;
mod program;
mod support;
mod surface;
mod survey;
mod texts;
mod tidy;
mod walk;
mod words;
