//! One file per block: its published type, its decoder, its tests.

pub mod broadcast;
pub mod calendar;
pub mod confirm;
pub mod generic;
pub mod i18n;
pub mod llm;
pub mod menu;
pub mod multiselect;
pub mod number;
pub mod pagination;
pub mod ratelimit;
pub mod rating;
pub mod reply_template;
pub mod segment;
pub mod set_locale;
pub mod sql_exec;
pub mod sql_query;
pub mod subscribe;
pub mod timeout;
pub mod wizard;
