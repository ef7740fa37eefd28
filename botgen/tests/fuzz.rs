//! A short run of what is fuzzed: the committed corpus, the repository's own files, and a bounded number of
//! mutations of both. `scripts/fuzz.sh` runs the real fuzzers on the same functions.

use std::fs;
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
mod targets;

/// Mutations per target of the short run; `FUZZ_RUNS` asks for more.
const RUNS: usize = 300;

/// A small generator, so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n.max(1)
    }
}

/// `input` with a few bytes changed, pieces moved, or a piece of `other` put in.
fn mutated(input: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    const WORDS: [&str; 24] = [
        "{{",
        "}}",
        "'",
        "\"",
        "@@@\n",
        "\n",
        "\r",
        "\t",
        "\0",
        "\u{2028}",
        "é",
        "💡",
        ": ",
        "- ",
        "#",
        "&a",
        "*a",
        "(",
        "<b>",
        "{ $x }",
        "/",
        "\\",
        "-1",
        "99999999999999999999",
    ];
    let mut out = input.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(out.len() + 1);
        let end = (at + dice.below(20)).min(out.len());
        match dice.below(6) {
            0 => drop(out.drain(at..end)),
            1 => drop(out.splice(at..at, WORDS[dice.below(WORDS.len())].bytes())),
            2 => {
                let piece = out[at..end].to_vec();
                let to = dice.below(out.len() + 1);
                drop(out.splice(to..to, piece));
            }
            3 if !other.is_empty() => {
                let from = dice.below(other.len());
                let to = (from + dice.below(60)).min(other.len());
                drop(out.splice(at..end, other[from..to].iter().copied()));
            }
            4 if at < out.len() => out[at] = u8::try_from(dice.below(256)).unwrap(),
            _ => drop(out.splice(at..end, WORDS[dice.below(WORDS.len())].bytes())),
        }
    }
    out
}

fn short_run(name: &str) {
    let (_, target) = targets::TARGETS
        .iter()
        .find(|(n, _)| *n == name)
        .expect("a target");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut inputs: Vec<Vec<u8>> = targets::seeds::all(root)
        .remove(name)
        .unwrap_or_default()
        .into_iter()
        .collect();
    let corpus = fs::read_dir(root.join("fuzz/corpus").join(name)).expect("a corpus");
    let mut corpus: Vec<_> = corpus.map(|e| e.unwrap().path()).collect();
    corpus.sort();
    assert!(!corpus.is_empty(), "{name} has no corpus");
    inputs.extend(corpus.iter().map(|path| fs::read(path).unwrap()));
    for input in &inputs {
        target(input);
    }
    let runs = std::env::var("FUZZ_RUNS").map_or(RUNS, |n| n.parse().expect("a number"));
    let mut dice = Dice(runs as u64);
    for _ in 0..runs {
        let (a, b) = (dice.below(inputs.len()), dice.below(inputs.len()));
        let input = mutated(&inputs[a], &inputs[b], &mut dice);
        let held = std::panic::catch_unwind(|| target(&input));
        assert!(
            held.is_ok(),
            "{name}: {:?}",
            String::from_utf8_lossy(&input)
        );
    }
}

/// `FUZZ_SEEDS=DIR` writes what fuzzing begins with to `DIR/TARGET/` (a binary of its own would not link: all that
/// cargo-fuzz builds wants libFuzzer's symbols).
#[test]
fn seeds() {
    let seeds = targets::seeds::all(Path::new(env!("CARGO_MANIFEST_DIR")));
    for (name, _) in targets::TARGETS {
        assert!(
            seeds
                .get(name)
                .is_some_and(|inputs| inputs.len() > 10 || name == "import"),
            "{name}"
        );
    }
    let Some(out) = std::env::var_os("FUZZ_SEEDS") else {
        return;
    };
    for (target, inputs) in seeds {
        let dir = Path::new(&out).join(target);
        fs::create_dir_all(&dir).unwrap();
        for (n, bytes) in inputs.iter().enumerate() {
            fs::write(dir.join(format!("seed-{n:03}")), bytes).unwrap();
        }
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $( #[test] fn $name() { short_run(stringify!($name)); } )*

        #[test]
        fn every_target_has_its_run() {
            let names: Vec<_> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

targets! { yaml template expression fluent sql slots front import markup values }
