//! Forms of answers, for tests.

use crate::llm::ask::{Choice, Field, Kind};

pub(super) fn options(values: &[&'static str]) -> Vec<Choice> {
    let option = |value: &&'static str| Choice {
        value: (*value).into(),
        about: "".into(),
    };
    values.iter().map(option).collect()
}

pub(super) fn field(name: &'static str, kind: Kind, optional: bool) -> Field {
    Field {
        name: name.into(),
        kind,
        optional,
        about: "".into(),
    }
}
