//! One case: a folder, what `botgen check` says about it, and the bounds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Processor seconds of a check, unoptimised.
const CPU: u32 = 5;
/// Kilobytes of address space, of which resident memory is a part.
const MEMORY: u32 = 500_000;
/// Seconds until a check that waits for something is given up.
const PATIENCE: u32 = 120;
/// Most bytes of a report.
const REPORT: usize = 4_000_000;
/// Most findings of a report: a thousand, and one that counts the others.
const FINDINGS: usize = 1_001;

/// A bot's folder, called `demo`, inside a working directory.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("demo")).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join("demo").join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// `botgen check`, within the bounds.
    pub fn check(&self, format: &str) -> Output {
        let limits = format!("ulimit -t {CPU}; ulimit -v {MEMORY}; exec \"$@\"");
        Command::new("timeout")
            .arg(PATIENCE.to_string())
            .args(["sh", "-c", &limits, "sh"])
            .args([
                env!("CARGO_BIN_EXE_botgen"),
                "check",
                "demo",
                "--format",
                format,
            ])
            .env("MALLOC_ARENA_MAX", "1")
            .current_dir(&self.0)
            .output()
            .unwrap()
    }

    /// The findings, by machine's report; people's report is made as well.
    pub fn findings(&self) -> Vec<Found> {
        let name = self.0.file_name().unwrap().to_string_lossy().into_owned();
        let output = self.check("human");
        let size = output.stderr.len();
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{name}: {}",
            shown(&output)
        );
        assert!(size < REPORT, "{name}: a report of {size} bytes");
        let bad = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
        let text = String::from_utf8(output.stderr).unwrap();
        let line = text.lines().find(|line| line.contains(bad));
        assert_eq!(line, None, "{name}: control characters reach the terminal");
        let output = self.check("json");
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{name}: {}",
            shown(&output)
        );
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found: Vec<Found> = report["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .map(Found::read)
            .collect();
        assert!(found.len() <= FINDINGS, "{name}: {} findings", found.len());
        let errors = found.iter().any(|f| f.severity == "error");
        assert_eq!(output.status.code() == Some(1), errors, "{name}");
        found
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // Two thousand files and ten megabytes are kept only of what failed.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

fn shown(output: &Output) -> String {
    let text: String = String::from_utf8_lossy(&output.stderr)
        .chars()
        .take(2_000)
        .collect();
    format!("{:?}\n{text}", output.status)
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub code: String,
    pub severity: String,
    pub file: String,
    pub message: String,
    pub line: u64,
    pub column: u64,
}

impl Found {
    fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap().to_owned();
        Self {
            code: text("code"),
            severity: text("severity"),
            file: text("file"),
            message: text("message"),
            line: value["line"].as_u64().unwrap(),
            column: value["column"].as_u64().unwrap(),
        }
    }
}

/// What a case must say: `CODE FILE:LINE:COLUMN` of the first error, or `fine`.
pub type Said = &'static str;

/// A case: its name, the files of the folder, what it must say.
pub type Case = (&'static str, Vec<(&'static str, Vec<u8>)>, Said);

/// Runs the cases of a table: name, files, what it must say.
pub fn table(group: &str, cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for (name, files, said) in cases {
        if std::env::var("CASE").is_ok_and(|case| !name.contains(&case)) {
            continue;
        }
        let dir = Dir::new(&format!("{group}-{}", name.replace(' ', "-")));
        for (path, bytes) in &files {
            dir.write(path, bytes);
        }
        let begun = std::time::Instant::now();
        let found = dir.findings();
        println!(
            "{group}: {name}: {} findings, {:?} for two runs",
            found.len(),
            begun.elapsed()
        );
        let now = match found.iter().find(|f| f.severity == "error") {
            Some(f) => format!(
                "{} {}:{}:{}",
                f.code,
                f.file.trim_start_matches("demo/"),
                f.line,
                f.column
            ),
            None => "fine".to_owned(),
        };
        if now != said {
            wrong.push(format!(
                "{name}: wanted {said}, said {now}: {:?}",
                found.first()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
