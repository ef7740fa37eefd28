//! How the compiler grows with a bot: time and memory of `botgen check`, and what cargo needs for the generated code.
//!
//! `cargo bench -p botgen --features cli --bench scale` prints the table in release, with `--profile dev` for what
//! `cargo botgen` runs. After `--`: the sizes (10 100 1000 flows), `--build` to have cargo build each deployment too,
//! `--write DIR` to keep the bots, `--engine postgres` for a check on Postgres.

mod bots;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let value = |name: &str| {
        let at = args.iter().position(|a| a == name)?;
        args.get(at + 1).cloned()
    };
    let build = args.iter().any(|a| a == "--build");
    let engine = value("--engine").unwrap_or_else(|| "sqlite".to_owned());
    let mut sizes: Vec<usize> = args.iter().filter_map(|a| a.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![10, 100, 1000];
    }
    let kept = value("--write").map(PathBuf::from);
    let root = kept
        .clone()
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("scale"));

    println!(
        "botgen check --engine {engine}, {} profile",
        if cfg!(debug_assertions) {
            "dev"
        } else {
            "release"
        }
    );
    println!(
        "| flows | statements | bytes | first s | warm s | processor s | s per 100 flows | peak MB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for flows in sizes {
        let dir = root.join(format!("scale{flows}"));
        let bytes = write(&dir, &bots::bot(flows));
        // The first run reads the files and, on Postgres, has everything described; the best of three is warm.
        let first = check(&dir, &engine);
        let warm = (0..3)
            .map(|_| check(&dir, &engine))
            .min_by_key(|run| run.wall);
        let Some(warm) = warm else { continue };
        println!(
            "| {flows} | {} | {bytes} | {:.2} | {:.2} | {:.2} | {:.2} | {} |",
            3 * flows,
            first.wall.as_secs_f64(),
            warm.wall.as_secs_f64(),
            warm.cpu.as_secs_f64(),
            warm.wall.as_secs_f64() * 100.0 / flows as f64,
            first.peak.max(warm.peak) / 1000
        );
        if build {
            deployment(&dir, flows);
        }
    }
    if kept.is_none() {
        let _ = fs::remove_dir_all(&root);
    }
}

fn write(dir: &Path, files: &bots::Files) -> usize {
    let _ = fs::remove_dir_all(dir);
    for (path, text) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    files.values().map(String::len).sum()
}

/// One run of the command.
struct Run {
    wall: Duration,
    cpu: Duration,
    /// Kilobytes.
    peak: u64,
}

fn check(dir: &Path, engine: &str) -> Run {
    let begun = Instant::now();
    let before = children();
    let mut child = Command::new(env!("CARGO_BIN_EXE_botgen"))
        .args(["check", "--engine", engine, "--format", "json"])
        .arg(dir)
        .stdout(Stdio::null())
        .spawn()
        .expect("botgen");
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait().expect("botgen") {
            break status;
        }
        peak = peak.max(peak_of(child.id()));
        std::thread::sleep(Duration::from_millis(2));
    };
    let wall = begun.elapsed();
    assert!(status.success(), "the bot of {} has errors", dir.display());
    Run {
        wall,
        cpu: children() - before,
        peak,
    }
}

/// Peak resident memory of a process, in kilobytes.
fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Processor time of the children that have ended (Linux counts hundredths of a second).
fn children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|t| t.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// `cargo check` and `cargo build` of this repository's deployment with that bot alone; then a build after one word
/// of the bot has changed. The bot stands among the repository's own while it lasts.
fn deployment(dir: &Path, flows: usize) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let name = format!("scale{flows}");
    let bot = workspace.join("bots").join(&name);
    let timed = |command: &str, what: &str| {
        let begun = Instant::now();
        let fine = cargo(command, &name);
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "|   | {what}: {seconds:.1} s{} |",
            if fine { "" } else { ", failed" }
        );
    };
    write(&bot, &read(dir));
    timed("check", "cargo check");
    timed("build", "cargo build");
    let path = bot.join("locales/en.ftl");
    let text = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, text.replacen("Choose", "Select", 1)).expect("a file");
    timed("build", "cargo build after one word");
    let _ = fs::remove_dir_all(&bot);
}

/// Builds the deployment with one bot.
fn cargo(command: &str, bot: &str) -> bool {
    Command::new("cargo")
        .args([
            command,
            "--quiet",
            "-p",
            "botfactory",
            "--bin",
            "botfactory",
        ])
        .env("BOTFACTORY_BOTS", bot)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .status()
        .is_ok_and(|status| status.success())
}

fn read(dir: &Path) -> bots::Files {
    fn walk(dir: &Path, root: &Path, files: &mut bots::Files) {
        for entry in fs::read_dir(dir).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, root, files);
            } else {
                let name = path
                    .strip_prefix(root)
                    .expect("inside")
                    .display()
                    .to_string();
                files.insert(name, fs::read_to_string(&path).expect("a file"));
            }
        }
    }
    let mut files = bots::Files::new();
    walk(dir, dir, &mut files);
    files
}
