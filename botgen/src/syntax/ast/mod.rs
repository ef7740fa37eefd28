//! What the author wrote, all spanned, nothing resolved.

mod action;
mod bot;
mod broadcast;
mod chat;
mod expr;
mod flow;
mod keyboard;
mod limit;
mod llm;
mod pages;
mod reply;
mod statement;
mod step;
mod text;
mod widget;

pub use botfactory_lang::proof::Overflow;

pub use action::*;
pub use bot::*;
pub use broadcast::*;
pub use chat::*;
pub use expr::*;
pub use flow::*;
pub use keyboard::*;
pub use limit::*;
pub use llm::*;
pub use pages::*;
pub use reply::*;
pub use statement::*;
pub use step::*;
pub use text::*;
pub use widget::*;
