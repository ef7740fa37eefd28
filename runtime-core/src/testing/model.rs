//! The model of a conversation test: its words stand in the script.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::engine::jobs::Model;
use crate::llm::{Answer, Ask, Format, Kind, Output, Refused};

/// What it answers to the questions to come; `None`: nothing. Questions beyond get no answer.
#[derive(Debug, Default)]
pub(super) struct Scripted {
    answers: Mutex<VecDeque<Option<String>>>,
    /// An answer that does not go with its question.
    fault: Mutex<Option<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scripted {
    pub(super) fn push(&self, answer: Option<&str>) {
        lock(&self.answers).push_back(answer.map(str::to_owned));
    }

    pub(super) fn fault(&self) -> Option<String> {
        lock(&self.fault).take()
    }
}

impl Model for Scripted {
    fn ask<'a>(
        &'a self,
        _: &'static str,
        _: i64,
        ask: &'a Ask,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Refused>> + Send + 'a>> {
        let answer = lock(&self.answers).pop_front().flatten();
        let answer = answer.ok_or(Refused::Disabled).and_then(|words| {
            output(&ask.format, &words).map_err(|why| {
                *lock(&self.fault) = Some(format!("`llm: {words}` is no answer: {why}"));
                Refused::Invalid
            })
        });
        Box::pin(async move {
            Ok(Answer {
                output: answer?,
                tokens: 1,
                cached: false,
            })
        })
    }
}

fn output(format: &Format, json: &str) -> Result<Output, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    match (format, value) {
        (Format::Text { .. }, Value::String(text)) => Ok(Output::Text(text)),
        (Format::Choice { options }, Value::String(text)) => {
            let known = options.iter().any(|option| option.value == text);
            known
                .then(|| Output::Choice(text.clone()))
                .ok_or_else(|| "none of the options".to_owned())
        }
        (Format::Record { fields }, Value::Object(given)) => {
            if let Some(name) = given.keys().find(|k| fields.iter().all(|f| f.name != **k)) {
                return Err(format!("there is no field `{name}`"));
            }
            let mut record = Map::new();
            for field in fields {
                let value = match given.get(field.name.as_ref()).and_then(Value::as_str) {
                    Some(text) => read(&field.kind, text)
                        .ok_or_else(|| format!("`{}` is no value of its type", field.name))?,
                    None if field.optional => Value::Null,
                    None => return Err(format!("`{}` is missing", field.name)),
                };
                record.insert(field.name.to_string(), value);
            }
            Ok(Output::Record(record))
        }
        (Format::Record { .. }, _) => {
            Err("a record is asked for: `llm: { field: value }`".to_owned())
        }
        (_, _) => Err("a text or an option is asked for".to_owned()),
    }
}

fn read(kind: &Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Int { min, max } => {
            let n: i64 = text.parse().ok()?;
            (*min..=*max).contains(&n).then(|| n.into())
        }
        Kind::Bool => text.parse::<bool>().ok().map(Value::from),
        Kind::Choice { options } => {
            let known = options.iter().any(|option| option.value == text);
            known.then(|| text.into())
        }
        Kind::Text { .. } | Kind::Decimal { .. } | Kind::Date | Kind::Time | Kind::Datetime => {
            Some(text.into())
        }
    }
}
