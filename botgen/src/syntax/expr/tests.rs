use super::*;
use crate::source::FileId;

pub(crate) fn scalar(value: &str) -> Str {
    Str {
        value: value.to_owned(),
        span: Span {
            file: FileId(0),
            lo: 0,
            hi: u32::try_from(value.len()).unwrap(),
        },
        map: vec![(0, 0)].into(),
    }
}

fn read(text: &str) -> Result<Expr, String> {
    let mut sink = Sink::default();
    let expr = parse_expr(&scalar(text), &mut sink);
    let found = sink.finish();
    match expr {
        Some(expr) if found.is_empty() => Ok(expr),
        _ => Err(found
            .iter()
            .map(|d| {
                format!(
                    "{} {}..{} {} ({})",
                    d.code.id,
                    d.span.lo,
                    d.span.hi,
                    d.message,
                    d.help.as_deref().unwrap_or("")
                )
            })
            .collect::<Vec<_>>()
            .join("\n")),
    }
}

/// Fully parenthesised.
fn show(e: &Expr) -> String {
    use ExprKind as K;
    let two = |op: &str, a: &Expr, b: &Expr| format!("({} {op} {})", show(a), show(b));
    match &e.kind {
        K::Path(p) => p
            .iter()
            .map(|s| s.node.as_str())
            .collect::<Vec<_>>()
            .join("."),
        K::This => "this".into(),
        K::Index => "@index".into(),
        K::Text(t) => format!("{t:?}"),
        K::Int(n) => n.to_string(),
        K::Decimal { units, scale } => format!("{units}e-{scale}"),
        K::Bool(b) => b.to_string(),
        K::Null => "null".into(),
        K::Duration(s) => format!("{s}s"),
        K::List(l) => format!("{:?}", l.iter().map(show).collect::<Vec<_>>()),
        K::Not(e) => format!("(not {})", show(e)),
        K::Negate(e) => format!("(neg {})", show(e)),
        K::And(a, b) => two("and", a, b),
        K::Or(a, b) => two("or", a, b),
        K::Compare(c, a, b) => two(&format!("{c:?}"), a, b),
        K::In {
            value,
            list,
            negated,
        } => two(if *negated { "not in" } else { "in" }, value, list),
        K::IsNull { value, negated } => format!("({} null {})", show(value), !negated),
        K::IsEmpty { value, negated } => format!("({} empty {})", show(value), !negated),
        K::Arithmetic(o, a, b) => two(&format!("{o:?}"), a, b),
        K::Filter { value, name, args } => format!(
            "({}|{}{:?})",
            show(value),
            name.node,
            args.iter().map(show).collect::<Vec<_>>()
        ),
    }
}

#[test]
fn precedence() {
    for (text, tree) in [
        ("a", "a"),
        ("a.b . c", "error"),
        (" not a and b or c ", "(((not a) and b) or c)"),
        ("a or b and c", "(a or (b and c))"),
        ("not a == b", "(not (a Eq b))"),
        ("a + 1 * 2 - 3", "((a Add (1 Mul 2)) Sub 3)"),
        ("a -5", "(a Sub 5)"),
        ("-5 | number", "(-5|number[])"),
        ("-a | number", "(neg (a|number[]))"),
        ("now - 7d < slot", "((now Sub 604800s) Lt slot)"),
        (
            "a is not null and b is null",
            "((a null false) and (b null true))",
        ),
        ("xs is not empty", "(xs empty false)"),
        ("s in ['a', \"b\"]", "(s in [\"\\\"a\\\"\", \"\\\"b\\\"\"])"),
        ("s not in xs", "(s not in xs)"),
        ("not s in xs", "(not (s in xs))"),
        (
            "slot | date: 'd MMMM, HH:mm'",
            "(slot|date[\"\\\"d MMMM, HH:mm\\\"\"])",
        ),
        ("x | default: y | upper", "((x|default[\"y\"])|upper[])"),
        ("xs | count > 3", "((xs|count[]) Gt 3)"),
        ("(a or b) and true", "((a or b) and true)"),
        ("1.50", "150e-2"),
        ("this.name", "this.name"),
        ("this", "this"),
        ("@index", "@index"),
        ("'it\\'s'", "\"it's\""),
        ("имя == 'Ы'", "(имя Eq \"Ы\")"),
        ("notes", "notes"),
        ("a.in", "a.in"),
    ] {
        let got = read(text).map_or_else(|_| "error".into(), |e| show(&e));
        assert_eq!(got, tree, "{text}");
    }
}

#[test]
fn spans_name_the_source() {
    let text = "имя is not null and x | default: 'ы' == 'z'";
    let expr = read(text).unwrap();
    let of = |e: &Expr| &text[e.span.lo as usize..e.span.hi as usize];
    let ExprKind::And(a, b) = &expr.kind else {
        panic!("{expr:?}");
    };
    assert_eq!(of(&expr), text);
    assert_eq!(of(a), "имя is not null");
    let ExprKind::Compare(_, l, r) = &b.kind else {
        panic!("{b:?}");
    };
    assert_eq!((of(l), of(r)), ("x | default: 'ы'", "'z'"));
}

#[test]
fn mistakes() {
    for (text, wanted) in [
        ("", "BF0701 0..0 an expression is missing here"),
        (
            "a &&  b",
            "BF0701 2..4 `&&` is not an operator here (write `and`)",
        ),
        (
            "a || b",
            "BF0701 2..4 `||` is not an operator here (write `or`)",
        ),
        (
            "a = b",
            "BF0701 2..3 `=` is not an operator here (write `==` to compare)",
        ),
        (
            "!a",
            "BF0701 0..1 expected a value, found `!` (write `not` instead of `!`)",
        ),
        ("a == ", "BF0701 3..5 expected a value, found the end ()"),
        ("a < b < c", "comparisons do not chain"),
        (
            "a is nul",
            "BF0701 5..8 expected `null` or `empty` after `is`, found `nul`",
        ),
        ("(a", "BF0701 1..2 expected `)`, found the end"),
        ("'abc", "BF0701 0..1 this quote is never closed"),
        ("'a\\d'", "BF0701 2..4 `\\d` is not an escape"),
        ("99999999999999999999", "BF0704 0..20"),
        (
            "7days",
            "BF0701 0..5 this is neither a number nor a duration",
        ),
        (
            "a b",
            "BF0701 2..3 expected an operator or the end of the expression, found `b`",
        ),
        ("{{a}}", "BF0701 0..2 this field is an expression already"),
        (
            "len(a)",
            "`(` is not an operator here (there are no functions",
        ),
        ("a | ", "the name of a filter"),
        ("@first", "BF0701 0..6 `@first` is not known"),
    ] {
        let got = read(text).unwrap_err();
        assert!(
            got.contains(wanted),
            "{text}\n  got  {got}\n  want {wanted}"
        );
    }
}

#[test]
fn size_is_bounded() {
    for text in [
        "(".repeat(5000),
        "[".repeat(5000),
        "not ".repeat(5000),
        "- ".repeat(5000),
        "a and ".repeat(5000) + "a",
        format!("a{}", " | upper".repeat(5000)),
        format!("a{}", ".a".repeat(5000)),
    ] {
        let got = read(&text).unwrap_err();
        assert!(got.contains("BF0702"), "{got}");
    }
    let wide = format!("a in [{}1]", "1,".repeat(3000));
    read(&wide).unwrap();
}

#[test]
fn fields() {
    let read = |text: &str| {
        let mut sink = Sink::default();
        let field = parse_field(&scalar(text), &mut sink);
        let code = sink.finish().first().map(|d| d.code.id);
        match field {
            Some(Field::Literal(s)) => format!("literal {}", s.value),
            Some(Field::Expr(e)) => show(&e),
            None => code.unwrap().to_owned(),
        }
    };
    assert_eq!(read("today+60d"), "literal today+60d");
    assert_eq!(read("{{ n + 1 }}"), "(n Add 1)");
    assert_eq!(read("x {{n}}"), "BF0703");
    assert_eq!(read("{{n}} x"), "BF0703");
    assert_eq!(read("{{n"), "BF0403");
}

/// A small generator, so that a failure repeats.
pub(crate) fn soup(seed: u64, parts: &[&str]) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let len = next() % 24;
    (0..len).map(|_| parts[next() % parts.len()]).collect()
}

/// Every place is inside the text and on characters' boundaries.
pub(crate) fn check_spans(text: &str, sink: Sink) {
    for d in sink.finish() {
        let (lo, hi) = (d.span.lo as usize, d.span.hi as usize);
        assert!(text.get(lo..hi).is_some(), "{text:?}: {d:?}");
    }
}

#[test]
fn any_text_is_survived() {
    let parts = [
        "a", "имя", ".", "(", ")", "[", "]", ",", "'", "\"", "\\", " ", "|", ":", "1", "7d", "-",
        "==", "<", "and ", "not ", "is ", "null", "in ", "{{", "}}", "=", "é", "\n", "💡",
        "@index",
    ];
    for seed in 0..20_000 {
        let text = soup(seed, &parts);
        let mut sink = Sink::default();
        let expr = parse_expr(&scalar(&text), &mut sink);
        assert_eq!(expr.is_none(), sink.errors() > 0, "{text:?}");
        if let Some(expr) = expr {
            assert!(
                text.get(expr.span.lo as usize..expr.span.hi as usize)
                    .is_some()
            );
        }
        check_spans(&text, sink);
        let mut sink = Sink::default();
        parse_field(&scalar(&text), &mut sink);
        check_spans(&text, sink);
    }
}
