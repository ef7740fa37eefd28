//! The engine and the store on real SQLite files, with a small hand-written bot.

mod bot;
mod crash;
mod dialogue;
mod once;
mod rig;
