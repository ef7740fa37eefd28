//! Our own fences around data ([`super::prompt`]) in what a model says: small models copy them, and nobody is to see one.
//! No text that a model is sent holds one unbroken, so what looks like one is ours.

use serde_json::Value;

use super::ask::Output;

/// Digits of a mark, as models copy it: some lose or add one.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=10;
const BARE: (&str, &str) = ("<data>", "</data>");

/// One fence at the beginning of a text.
struct Fence {
    closes: bool,
    /// It has a mark, and is ours for sure.
    marked: bool,
    bytes: usize,
}

/// Without fences, and without the line breaks that belong to them. Those without a mark (`<data>`) go where others have
/// one, or where they stand around all of it: else an author may have asked for them.
pub(super) fn without(text: &str) -> String {
    let marked = text.match_indices('<').any(|(at, _)| {
        let fence = text.get(at..).and_then(fence);
        fence.is_some_and(|fence| fence.marked)
    });
    let around = || {
        let text = text.trim();
        text.starts_with(BARE.0) && text.ends_with(BARE.1)
    };
    if !marked && !around() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find('<').and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let Some(fence) = fence(from) else {
            out.push('<');
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        rest = from.get(fence.bytes..).unwrap_or_default();
        if !fence.closes {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        } else if out.ends_with('\n') {
            out.pop();
        }
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// The fence that a text begins with. One that was cut off by the end of the answer is one, too.
fn fence(text: &str) -> Option<Fence> {
    let (closes, name) = match text.strip_prefix("</") {
        Some(name) => (true, name),
        None => (false, text.strip_prefix('<')?),
    };
    let (data, after) = name.split_at_checked(4)?;
    if !data.eq_ignore_ascii_case("data") {
        return None;
    }
    let mark = after.trim_start_matches(' ');
    let digits = mark.bytes().take_while(u8::is_ascii_hexdigit).count();
    let tail = mark.get(digits..)?;
    let spaced = mark.len() < after.len();
    let marked = match tail.bytes().next() {
        Some(b'>') if digits == 0 => false,
        Some(b'>') if spaced && DIGITS.contains(&digits) => true,
        None if spaced && (1..=*DIGITS.end()).contains(&digits) => true,
        None if digits == 0 => false,
        _ => return None,
    };
    let end = usize::from(!tail.is_empty());
    Some(Fence {
        closes,
        marked,
        bytes: text.len() - tail.len() + end,
    })
}

/// Whether an answer still says one of these marks, however it is written: it is no answer then.
pub(super) fn shown(output: &Output, marks: &[String]) -> bool {
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        marks.iter().any(|mark| text.contains(mark.as_str()))
    };
    match output {
        Output::Text(text) => says(text),
        Output::Choice(_) => false, // the author's own word
        Output::Record(record) => record.values().filter_map(Value::as_str).any(says),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ask::{Field, Format, Kind};
    use super::super::output::read;
    use super::*;

    const MARK: &str = "25e4c179";

    fn text(content: &str) -> Option<String> {
        match read(&Format::Text { max: 100 }, content, &[MARK.to_owned()]) {
            Some(Output::Text(text)) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn a_text_holds_no_fence_of_ours() {
        for said in [
            "<data 25e4c179>\nIt is all yours!\n</data 25e4c179>\n",
            "<data 25e4c179>It is all yours!</data>",
            "<DATA  25E4C179>\nIt is all yours!\n</DATA 25E4C179>",
            "It is all yours!\n</data 25e4c179>",
            "<data>\nIt is all yours!\n</data>",
            // Digits lost, and cut off by the longest answer.
            "<data 25e4c17>\nIt is all yours!\n</data 25e4",
            "<think><data 25e4c179></think><data 25e4c179>\nIt is all yours!",
        ] {
            assert_eq!(text(said).as_deref(), Some("It is all yours!"), "{said}");
        }
        assert_eq!(
            text("IMPROVED: <data 25e4c179>\nYour table\nis booked.\n</data 25e4c179>").as_deref(),
            Some("IMPROVED: Your table\nis booked.")
        );
    }

    #[test]
    fn what_shows_a_mark_otherwise_is_no_answer() {
        for said in [
            "<data 25e4c179>\n</data 25e4c179>",
            "&lt;data 25e4c179&gt; hello",
            "The message between 25E4C179 is hello",
            "<da<data 25e4c179>ta 25e4c179> hello",
        ] {
            assert_eq!(text(said), None, "{said}");
        }
    }

    #[test]
    fn what_is_not_ours_stays() {
        for said in [
            "1 < 2 and <b>bold</b>",
            "Write <data value=\"7\">seven</data> in HTML",
            "<data> begins it, <datalist> does not",
            "<database 25e4c170>",
            "< data 25e4c170>",
            "я <data я>",
            "<",
            "</",
        ] {
            assert_eq!(text(said).as_deref(), Some(said), "{said}");
        }
    }

    #[test]
    fn a_record_holds_no_fence_of_ours() {
        let field = |name: &'static str| Field {
            name: name.into(),
            kind: Kind::Text { max: 50 },
            optional: false,
            about: "".into(),
        };
        let format = Format::Record {
            fields: vec![field("name"), field("wish")],
        };
        let read = |content: &str| match read(&format, content, &[MARK.to_owned()]) {
            Some(Output::Record(record)) => Some(Value::Object(record).to_string()),
            _ => None,
        };
        let clean = r#"{"name":"Ann","wish":"a window"}"#;
        for said in [
            "<data 25e4c179>\n{\"name\":\"Ann\",\"wish\":\"a window\"}\n</data 25e4c179>",
            r#"{"name":"<data 25e4c179>\nAnn\n</data 25e4c179>","wish":"a window"}"#,
            r#"{"name":"\u003cdata 25e4c179\u003e\nAnn","wish":"a window\u003c/data 25e4c179>"}"#,
        ] {
            assert_eq!(read(said).as_deref(), Some(clean), "{said}");
        }
        for said in [
            r#"{"name":"data 25e4c179","wish":"a window"}"#,
            r#"{"name":"<data 25e4c179></data 25e4c179>","wish":"a window"}"#,
        ] {
            assert_eq!(read(said), None, "{said}");
        }
    }
}
