//! The engine and the store on real SQLite files, with a small hand-written bot.

/// Which engine this program tests.
const POSTGRES: bool = false;

mod bot;
mod broadcasts;
mod bulk;
mod calendar;
mod counter;
mod counts;
mod crash;
mod dialogue;
mod diary;
mod events;
mod herald;
mod jobs;
mod limits;
mod locales;
mod once;
mod people;
mod rig;
mod roles;
mod sqlite;
mod texts;
mod thinker;
mod timers;
mod widgets;
