use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Letter {
    audience: String,
    throttle: Option<Throttle>,
    #[serde(default)]
    rows: Vec<Vec<Key>>,
    #[serde(default)]
    policy: Policy,
    #[serde(default)]
    variables: BTreeMap<String, i64>,
    anything: Option<Value>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Throttle {
    per_sec: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Key {
    text: String,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Policy {
    #[default]
    Skip,
    Resend,
}

fn said(body: &str) -> String {
    let tree: Tree = serde_json::from_str(body).unwrap();
    match tree.read::<Letter>() {
        Ok(letter) => format!("{letter:?}"),
        Err(fault) => fault.words("the body", "field"),
    }
}

#[test]
fn what_does_not_fit_is_said_with_its_place() {
    for (body, words) in [
        ("{}", "`audience` is missing"),
        ("[]", "the body should be an object, not a list"),
        ("3", "the body should be an object, not a whole number"),
        ("null", "the body should be an object, not null"),
        (
            r#"{"audience":5}"#,
            "`audience` should be a text, not a whole number",
        ),
        (
            r#"{"audience":null}"#,
            "`audience` should be a text, not null",
        ),
        (
            r#"{"audience":"all","throttle":{"per_sec":"secret words"}}"#,
            "`throttle.per_sec` should be a whole number from 0 on, not a text",
        ),
        (
            r#"{"audience":"all","throttle":{"per_sec":-5}}"#,
            "`throttle.per_sec` should be a whole number from 0 on",
        ),
        (
            r#"{"audience":"all","throttle":{"per_sec":1.5}}"#,
            "`throttle.per_sec` should be a whole number from 0 on, not a number with a fraction or an exponent",
        ),
        (
            r#"{"audience":"all","throttle":{}}"#,
            "`throttle.per_sec` is missing",
        ),
        (
            r#"{"audience":"all","throttle":[1]}"#,
            "`throttle` should be an object, not a list",
        ),
        (
            r#"{"audience":"all","rows":[[{"text":"a"}],[{"text":"b"},{"txt":"c"}]]}"#,
            "there is no field `rows[1][1].txt`, did you mean `text`?",
        ),
        (
            r#"{"audience":"all","rows":{"0":[]}}"#,
            "`rows` should be a list, not an object",
        ),
        (
            r#"{"audiance":"all"}"#,
            "there is no field `audiance`, did you mean `audience`?",
        ),
        (
            r#"{"audience":"all","secret words of somebody":1}"#,
            "there is no field `…`; there is `audience`, `throttle`, `rows`, `policy`, `variables`, `anything`",
        ),
        (
            r#"{"audience":"all","policy":"secret"}"#,
            "`policy` is none of `skip`, `resend`",
        ),
        (
            r#"{"audience":"all","policy":{"skip":1}}"#,
            "`policy` should be one of the known words, not an object",
        ),
        (
            r#"{"audience":"all","audience":"all"}"#,
            "`audience` is given twice",
        ),
        (
            r#"{"audience":"all","variables":{"a":1,"a":2}}"#,
            "`variables.a` is given twice",
        ),
        (
            r#"{"audience":"all","anything":{"x":[{"b":1,"b":2}]}}"#,
            "`anything.x[0].b` is given twice",
        ),
        (
            r#"{"audience":"all","variables":{"a":18446744073709551615}}"#,
            "`variables.a` is too large a number",
        ),
        (
            r#"{"audience":"all","variables":{"a":99999999999999999999}}"#,
            "`variables.a` is too large a number",
        ),
        (
            r#"{"audience":"all","throttle":{"per_sec":4294967296}}"#,
            "`throttle.per_sec` is too large a number",
        ),
    ] {
        assert_eq!(said(body), words, "{body}");
    }
}

#[test]
fn what_fits_is_read_as_serde_reads_it() {
    let body = r#"{"audience":"all","throttle":{"per_sec":4},"rows":[[{"text":"a"}]],"policy":"resend",
        "variables":{"a":-1},"anything":{"b":[1,-2,2.5,18446744073709551615,true,null,"c"]}}"#;
    let tree: Tree = serde_json::from_str(body).unwrap();
    let direct: Letter = serde_json::from_str(body).unwrap();
    assert_eq!(tree.read::<Letter>(), Ok(direct));
    let least: Letter = serde_json::from_str(r#"{"audience":"all"}"#).unwrap();
    let tree: Tree = serde_json::from_str(r#"{"audience":"all","throttle":null}"#).unwrap();
    assert_eq!(tree.read::<Letter>(), Ok(least));
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Page {
    limit: Option<u32>,
    after: Option<String>,
    overridden: Option<bool>,
}

#[test]
fn parameters_are_texts_that_mean_something() {
    let read = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        let page = Tree::of_query(pairs.collect()).read::<Page>();
        page.map_err(|fault| fault.words("the query", "parameter"))
    };
    let page = read(&[("limit", "7"), ("after", "5"), ("overridden", "true")]);
    let expected = Page {
        limit: Some(7),
        after: Some("5".to_owned()),
        overridden: Some(true),
    };
    assert_eq!(page, Ok(expected));
    let nothing = Page {
        limit: None,
        after: None,
        overridden: None,
    };
    assert_eq!(read(&[]), Ok(nothing));
    for (pairs, words) in [
        (
            &[("limit", "x")][..],
            "`limit` should be a whole number from 0 on",
        ),
        (
            &[("limit", "-1")],
            "`limit` should be a whole number from 0 on",
        ),
        (
            &[("limit", "")],
            "`limit` should be a whole number from 0 on",
        ),
        (&[("limit", "4294967296")], "`limit` is too large a number"),
        (
            &[("overridden", "yes")],
            "`overridden` should be `true` or `false`",
        ),
        (&[("limit", "1"), ("limit", "2")], "`limit` is given twice"),
        (
            &[("limits", "1")],
            "there is no parameter `limits`, did you mean `limit`?",
        ),
    ] {
        assert_eq!(read(pairs), Err(words.to_owned()), "{pairs:?}");
    }
}
