//! What a bot says, and its buttons.

use super::ask;
use super::expr::Expr;
use super::text::TextCall;
use crate::syntax::ast::OnAmbiguous;

/// To whom a message goes.
#[derive(Debug, Clone)]
pub enum To {
    /// Each of the bot's admins.
    Admins,
    /// A chat's id: a whole number that is not null.
    Chat(Expr),
}

/// A message.
#[derive(Debug)]
pub struct Reply {
    /// The text.
    pub text: TextCall,
    /// Cut off with `…` where it is too long, instead of split.
    pub truncate: bool,
    /// Sent instead of `text` when every one of these lists is empty.
    pub empty: Option<(Vec<Expr>, TextCall)>,
    /// Rows.
    pub keyboard: Vec<Vec<Button>>,
    /// To another chat than the update's.
    pub to: Option<To>,
    /// Replaces the message whose button was pressed, where there is one.
    pub edit: bool,
    /// Other than the bot's.
    pub on_ambiguous: Option<OnAmbiguous>,
    /// The model rewrites it first.
    pub improve: Option<ask::Improve>,
}

/// A button.
#[derive(Debug, Clone)]
pub struct Button {
    /// One for each element of a list.
    pub each: Option<Each>,
    /// Plain text, cut at 64 units.
    pub text: TextCall,
    /// Shown only when this holds.
    pub when: Option<Expr>,
    /// What it does.
    pub does: ButtonDoes,
}

/// A list that buttons are made of.
#[derive(Debug, Clone)]
pub struct Each {
    /// Not null.
    pub list: Expr,
    /// Rust name of the item, known in the button's text, condition and arguments.
    pub item: String,
    /// How many stand in one row; 0: all of them stand in the row that the button is written in.
    pub columns: usize,
}

/// What a button does.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ButtonDoes {
    /// Runs a command of this bot (proven to exist, arguments typed, at most 64 bytes). Arguments in declared order;
    /// missing optional ones at the end are absent, in the middle `null`.
    Command {
        command: String,
        args: Vec<Expr>,
    },
    Url(TextCall),
    /// Index into [`super::Bot::toasts`].
    Toast(u32),
}
