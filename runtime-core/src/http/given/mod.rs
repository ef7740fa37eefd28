//! What came in a body or a query, as a tree that is read by what a route wants. Between serde's derived code and the client
//! stands [`fault`], which says in plain words, and with the path of the field, what does not fit.

mod fault;
mod read;

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub use fault::Fault;

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Signed(i64),
    /// A whole number, however large.
    Unsigned(u64),
    /// A number with a fraction, or beyond the others.
    Float(f64),
    /// A text.
    Text(String),
    /// The value of a query's parameter: a text that may mean a number.
    Word(String),
    /// A list.
    List(Vec<Tree>),
    /// An object, with whatever is given twice.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The parameters of a query.
    pub fn of_query(pairs: Vec<(String, String)>) -> Self {
        let word = |(name, value)| (name, Self::Word(value));
        Self::Object(pairs.into_iter().map(word).collect())
    }

    /// What a route wants, read from it.
    ///
    /// # Errors
    /// It is of another form.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Fault> {
        T::deserialize(read::Reading(self))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

/// Takes whatever JSON has; how deep it may go is the parser's limit.
struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Signed(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or(Tree::Unsigned(value), Tree::Signed))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element()? {
            all.push(one);
        }
        Ok(Tree::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(field) = object.next_entry()? {
            all.push(field);
        }
        Ok(Tree::Object(all))
    }
}

#[cfg(test)]
mod tests;
