//! Folders that hold something else than files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::run::Dir;

const GOOD: &str = "botfactory: v1\nintents:\n  - { cmd: /start, reply: Hi }\n";

/// Standard error and the exit code of a check that cannot begin.
fn refused(dir: &Dir) -> String {
    let output = dir.check("human");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(output.stdout.is_empty());
    text
}

/// The first error.
fn first(dir: &Dir) -> String {
    let found = dir.findings();
    found.iter().find(|f| f.severity == "error").map_or_else(
        || "fine".to_owned(),
        |f| format!("{} {}:{}:{}", f.code, f.file, f.line, f.column),
    )
}

#[test]
fn too_many_files() {
    let dir = Dir::new("files");
    dir.write("bot.yaml", GOOD);
    for n in 0..2_001 {
        dir.write(&format!("flows/f{n}.yaml"), "flows: []\n");
    }
    assert!(refused(&dir).contains("holds more than 2000 files"));
}

#[test]
fn two_thousand_files() {
    let dir = Dir::new("full");
    dir.write("bot.yaml", GOOD);
    for n in 0..1_999 {
        dir.write(
            &format!("flows/f{n}.yaml"),
            format!("intents:\n  - {{ cmd: /c{n}, reply: Hi }}\n"),
        );
    }
    assert_eq!(first(&dir), "fine");
}

#[test]
fn too_many_bytes() {
    let dir = Dir::new("bytes");
    dir.write("bot.yaml", GOOD);
    for n in 0..60 {
        dir.write(&format!("flows/f{n}.yaml"), vec![b'#'; 1_000_000]);
    }
    assert!(
        refused(&dir).contains("holds more than 50 MB"),
        "{}",
        refused(&dir)
    );
}

#[test]
fn links() {
    let dir = Dir::new("links");
    dir.write("bot.yaml", GOOD);
    fs::create_dir(dir.path("flows")).unwrap();
    // A link to a file is that file, wherever it stands.
    dir.write("../shared.yaml", "intents: [{ cmd: /more, reply: Hi }]\n");
    symlink("../../shared.yaml", dir.path("flows/a.yaml")).unwrap();
    assert_eq!(first(&dir), "fine");
    // A folder that holds itself ends.
    symlink("..", dir.path("flows/loop")).unwrap();
    assert_eq!(first(&dir), "BF0006 demo/flows/loop/bot.yaml:1:1");
    fs::remove_file(dir.path("flows/loop")).unwrap();
    // A link to itself, to nothing, to what is no file.
    for (target, name) in [
        ("b.yaml", "itself"),
        ("nowhere", "nothing"),
        ("/dev/zero", "device"),
    ] {
        symlink(target, dir.path("flows/b.yaml")).unwrap();
        let text = refused(&dir);
        assert!(
            text.contains("demo/flows/b.yaml") && text.contains("is no file"),
            "{name}: {text}"
        );
        fs::remove_file(dir.path("flows/b.yaml")).unwrap();
    }
}

#[test]
fn a_pipe() {
    let dir = Dir::new("pipe");
    dir.write("bot.yaml", GOOD);
    fs::create_dir(dir.path("flows")).unwrap();
    let made = Command::new("mkfifo")
        .arg(dir.path("flows/a.yaml"))
        .status()
        .unwrap();
    assert!(made.success());
    let text = refused(&dir);
    assert!(
        text.contains("demo/flows/a.yaml") && text.contains("is no file"),
        "{text}"
    );
}

#[test]
fn folders_in_place_of_files() {
    let dir = Dir::new("folder-bot");
    fs::create_dir_all(dir.path("bot.yaml")).unwrap();
    assert_eq!(first(&dir), "BF0001 demo/bot.yaml:1:1");
    let dir = Dir::new("folder-others");
    dir.write("bot.yaml", GOOD);
    fs::create_dir_all(dir.path("flows/a.yaml")).unwrap();
    fs::create_dir_all(dir.path("locales/en.ftl")).unwrap();
    assert_eq!(first(&dir), "fine");
    // And files in place of folders.
    let dir = Dir::new("folder-file");
    dir.write("bot.yaml", GOOD)
        .write("flows", "x")
        .write("migrations", "x");
    assert_eq!(first(&dir), "fine");
}

#[test]
fn unreadable() {
    let dir = Dir::new("unreadable");
    dir.write("bot.yaml", GOOD);
    dir.write("flows/a.yaml", "flows: []\n");
    let path = dir.path("flows/a.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        // Root reads everything.
        return;
    }
    let text = refused(&dir);
    assert!(
        text.contains("flows/a.yaml") && text.contains("denied"),
        "{text}"
    );
}

#[test]
fn names() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new("names");
    dir.write("bot.yaml", GOOD);
    fs::create_dir(dir.path("flows")).unwrap();
    for (bytes, word) in [
        (&b"a\xff.yaml"[..], "UTF-8"),
        (b"a\x1b[31m.yaml", "control"),
        (b"a\nb.yaml", "control"),
        ("a\u{202e}.yaml".as_bytes(), "control"),
    ] {
        let path = dir.path("flows").join(OsStr::from_bytes(bytes));
        fs::write(&path, "flows: []\n").unwrap();
        let text = refused(&dir);
        assert!(text.contains(word) && !text.contains('\u{1b}'), "{text:?}");
        assert_eq!(text.lines().count(), 1, "{text:?}");
        fs::remove_file(&path).unwrap();
    }
}
