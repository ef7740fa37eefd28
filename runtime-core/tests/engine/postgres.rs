//! The same tests of engine and store on a real Postgres, one private server for each.

/// Which engine this program tests.
const POSTGRES: bool = true;

mod bot;
mod broadcasts;
mod bulk;
mod calendar;
mod cost;
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
mod texts;
mod thinker;
mod timers;
mod trips;
mod widgets;
