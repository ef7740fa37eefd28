//! The YAML tree against another parser, against its own source, and against garbage.

use std::fs;
use std::path::{Path, PathBuf};

use botgen::diagnostics::Sink;
use botgen::source::{SourceMap, Span};
use botgen::yaml::{self, Kind, Node, Scalar, Style};
use botgen::{Input, Options};
use serde_yaml::Value;

/// Every YAML file of the repository.
fn corpus() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, files: &mut Vec<(PathBuf, String)>) {
        let mut entries: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|e| e == "yaml")
                && let Ok(text) = fs::read_to_string(&path)
            {
                files.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["../bots", "tests/ui", "tests/yaml", "src/cli/template"] {
        walk(&root.join(folder), &mut files);
    }
    assert!(files.len() > 50);
    files
}

fn parse(text: &str) -> (Option<Node>, usize, SourceMap) {
    let mut sources = SourceMap::default();
    let file = sources.add("x.yaml".to_owned(), text.to_owned());
    let mut sink = Sink::default();
    let root = yaml::parse(file, &sources, &mut sink);
    (root, sink.errors(), sources)
}

fn same(ours: &Node, theirs: &Value, at: &str) {
    match (&ours.kind, theirs) {
        (Kind::Scalar(s), theirs) => {
            let text = &s.text.value;
            let equal = match theirs {
                Value::Null => s.is_null(),
                Value::Bool(b) => *text == b.to_string(),
                Value::Number(n) => {
                    *text == n.to_string()
                        || text.parse::<f64>().ok() == n.as_f64()
                        || text.starts_with('0')
                }
                Value::String(t) => t == text && !(s.is_null() && s.style == Style::Plain),
                _ => false,
            };
            assert!(equal, "{at}: {text:?} against {theirs:?}");
        }
        (Kind::List(list), Value::Sequence(items)) => {
            assert_eq!(list.items.len(), items.len(), "{at}");
            for (i, (a, b)) in list.items.iter().zip(items).enumerate() {
                same(a, b, &format!("{at}/{i}"));
            }
        }
        (Kind::Map(map), Value::Mapping(entries)) => {
            assert_eq!(map.entries.len(), entries.len(), "{at}");
            for (a, (key, value)) in map.entries.iter().zip(entries) {
                let key = match key {
                    Value::String(s) => s.clone(),
                    other => serde_yaml::to_string(other).unwrap().trim().to_owned(),
                };
                assert_eq!(a.key.text.value, key, "{at}");
                same(&a.value, value, &format!("{at}/{key}"));
            }
        }
        _ => panic!("{at}: {ours:?} against {theirs:?}"),
    }
}

#[test]
fn the_tree_is_what_serde_yaml_reads() {
    let mut compared = 0;
    for (path, text) in corpus() {
        let (root, errors, _) = parse(&text);
        if errors > 0 {
            continue;
        }
        let theirs: Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let Some(root) = root else {
            assert_eq!(theirs, Value::Null, "{path:?}");
            continue;
        };
        same(&root, &theirs, &path.display().to_string());
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}

fn each_scalar<'n>(node: &'n Node, f: &mut impl FnMut(&'n Scalar, Span)) {
    match &node.kind {
        Kind::Scalar(s) => f(s, node.span),
        Kind::List(list) => list.items.iter().for_each(|n| each_scalar(n, f)),
        Kind::Map(map) => {
            for entry in &map.entries {
                f(&entry.key, entry.key.text.span);
                each_scalar(&entry.value, f);
            }
        }
        Kind::Broken => {}
    }
}

/// Every character of a decoded scalar points at itself in the file, or at the escape that it was written as.
#[test]
fn every_character_knows_its_place() {
    let (mut exact, mut escaped) = (0, 0);
    for (path, text) in corpus() {
        let (root, _, sources) = parse(&text);
        let Some(root) = root else { continue };
        each_scalar(&root, &mut |scalar, _| {
            for (at, c) in scalar.text.value.char_indices() {
                let span = scalar.text.span_of(at..at + c.len_utf8());
                let written = sources.slice(span);
                if written == c.to_string() {
                    exact += 1;
                    continue;
                }
                let there = &text[span.lo as usize..];
                let fine = there.starts_with(['\\', '\'', '\n', '\r', ' '])
                    || scalar.style == Style::Literal && c == '\n';
                assert!(
                    fine,
                    "{path:?}: {c:?} of {:?} points at {written:?}",
                    scalar.text.value
                );
                escaped += 1;
            }
        });
    }
    assert!(exact > 5000 && escaped < exact / 20, "{exact} {escaped}");
}

fn find<'n>(root: &'n Node, key: &str) -> &'n Scalar {
    let Kind::Map(map) = &root.kind else { panic!() };
    let entry = map
        .entries
        .iter()
        .find(|e| e.key.text.value == key)
        .unwrap();
    let Kind::Scalar(s) = &entry.value.kind else {
        panic!()
    };
    s
}

/// The word `XX` of each scalar is found where it stands, whatever surrounds it.
#[test]
fn carets_in_every_style() {
    let text = "\
plain: one XX two
single: 'it''s XX'
double: \"\\u0416\\t\\\"q\\\" \\x41 XX\\n\"
literal: |
  Жук

    deep
  XX here
indent: |2-
    two more
   XX
leading: |


  XX
folded: >
  one
  two XX

  three
long: one
  two
  XX three
pair: \"\\ud83d\\ude00 XX\"
quoted: \"one \\
  two
  XX\"
crlf: |\r\n  a\r\n  XX\r\nend: XX\n";
    let (root, errors, sources) = parse(text);
    assert_eq!(errors, 0);
    let root = root.unwrap();
    for key in [
        "plain", "single", "double", "literal", "indent", "leading", "folded", "long", "pair",
        "quoted", "crlf", "end",
    ] {
        let scalar = find(&root, key);
        let at = scalar.text.value.find("XX").unwrap();
        let span = scalar.text.span_of(at..at + 2);
        assert_eq!(sources.slice(span), "XX", "{key}: {:?}", scalar.text);
    }
}

/// A generator of its own: the same bytes every time, no clock.
struct Lcg(u64);

impl Lcg {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// Broken files never break the compiler, and every finding points into its file.
#[test]
fn mutations_never_panic() {
    let mut random = Lcg(2);
    let bytes = b"{}[]:,-#&*!|>'\"%@`\\ \n\t\r0aZ/?~\0\xff\xd0";
    let files: Vec<_> = corpus()
        .into_iter()
        .filter(|(_, t)| t.len() < 6000)
        .collect();
    for round in 0..300 {
        let mut text = files[random.next(files.len())].1.clone().into_bytes();
        for _ in 0..1 + random.next(4) {
            let at = random.next(text.len());
            let byte = bytes[random.next(bytes.len())];
            match random.next(4) {
                0 => text.insert(at, byte),
                1 if !text.is_empty() => text[at] = byte,
                2 => text.truncate(at),
                _ => {
                    let end = (at + random.next(40)).min(text.len());
                    let piece = text[at..end].to_vec();
                    let to = random.next(text.len());
                    text.splice(to..to, piece);
                }
            }
        }
        let input = Input::from_memory([("bots/demo", vec![("bot.yaml", text.as_slice())])]);
        let compiled = botgen::compile(&input, &Options::default());
        for d in &compiled.diagnostics {
            let places = d.notes.iter().map(|(span, _)| span).chain([&d.span]);
            for span in places {
                let source = &compiled.sources.file(span.file).text;
                let range = span.lo as usize..span.hi as usize;
                assert!(
                    source.get(range).is_some(),
                    "round {round}: {} {} {span:?} in {} bytes\n{source}",
                    d.code.id,
                    d.message,
                    source.len()
                );
            }
        }
        use botgen::diagnostics::render;
        let all = &compiled.diagnostics;
        render::human(&compiled.sources, all, true);
        render::json(&compiled.sources, all);
        render::sarif(&compiled.sources, all);
        render::github(&compiled.sources, all);
    }
}

/// The limits hold, in reasonable time.
#[test]
fn hostile_files() {
    for text in [
        "[".repeat(100_000),
        "{".repeat(100_000),
        "- ".repeat(50_000),
        "a: ".repeat(50_000),
        "a:\n  ".repeat(1000),
        "#\n".repeat(100_000),
        " ".repeat(1_000_000),
        format!("a: \"{}\"", " ".repeat(1_000_000)),
        format!("a: {}", "x ".repeat(500_000)),
        format!("a: \"{}\n  x\"", "x \n".repeat(100_000)),
        format!("a: |\n{}", "  x\n".repeat(200_000)),
        "- a\n".repeat(210_000),
        format!("a: [{}]", "x,".repeat(210_000)),
        format!("? {}", "x".repeat(30_000)),
        "'".repeat(100_001),
        "&a ".repeat(10_000),
        "*a ".repeat(10_000),
        "!a ".repeat(10_000),
    ] {
        let input = Input::from_memory([("bots/demo", vec![("bot.yaml", text.as_bytes())])]);
        let compiled = botgen::compile(&input, &Options::default());
        assert!(compiled.has_errors(), "{}", &text[..20]);
        botgen::diagnostics::render::human(&compiled.sources, &compiled.diagnostics, false);
    }
}
