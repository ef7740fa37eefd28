//! One file per action block.

pub mod broadcast;
pub mod calendar;
pub mod llm;
pub mod pages;
pub mod ratelimit;
pub mod reply;
pub mod set_locale;
pub mod sql;
pub mod widget;
