//! Rules of the house that no compiler checks.

use std::path::{Path, PathBuf};
use std::process::Command;

fn cargo_tree(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(arguments)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

fn names(tree: &str) -> Vec<&str> {
    tree.lines()
        .filter_map(|line| line.split(' ').next())
        .collect()
}

/// Crates that parse YAML or render templates.
fn is_front_end(name: &str) -> bool {
    let yaml = name.contains("yaml") || name.contains("granit") || name.contains("saphyr");
    let engines = [
        "handlebars",
        "tera",
        "minijinja",
        "askama",
        "rinja",
        "liquid",
        "mustache",
        "ramhorns",
        "sailfish",
        "maud",
        "upon",
        "tinytemplate",
        "gtmpl",
        "horrorshow",
        "markup",
        "jinja",
        "pest",
        "ructe",
    ];
    yaml || engines.contains(&name)
}

#[test]
fn the_runtime_has_no_yaml_and_no_template_engine() {
    for package in ["runtime-core", "botfactory", "botfactory-lang"] {
        let tree = cargo_tree(&["-p", package, "-e", "normal"]);
        let found: Vec<_> = names(&tree)
            .into_iter()
            .filter(|name| is_front_end(name))
            .collect();
        assert!(found.is_empty(), "{package} depends on {found:?}");
        assert!(
            !names(&tree).contains(&"botgen"),
            "{package} contains the compiler"
        );
        assert!(names(&tree).len() > 10, "{tree}");
    }
}

#[test]
fn the_compiler_does_not_depend_on_the_runtime() {
    let tree = cargo_tree(&["-p", "botgen", "-e", "normal,build,dev", "--all-features"]);
    let names = names(&tree);
    assert!(!names.contains(&"runtime-core"));
    assert!(names.contains(&"botfactory-lang"));
    // `botgen serve` is of the command line; a build never compiles it.
    let tree = cargo_tree(&["-p", "botgen", "-e", "normal,build"]);
    let names = self::names(&tree);
    for server in ["axum", "reqwest", "hyper"] {
        assert!(!names.contains(&server), "botgen depends on {server}");
    }
}

#[test]
fn lang_has_no_async_no_database_and_no_http() {
    let tree = cargo_tree(&["-p", "botfactory-lang", "-e", "normal"]);
    for name in names(&tree) {
        let heavy = [
            "tokio",
            "sqlx",
            "sqlx-core",
            "axum",
            "hyper",
            "reqwest",
            "futures-util",
        ];
        assert!(!heavy.contains(&name), "botfactory-lang depends on {name}");
    }
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(path);
        }
    }
}

/// A line of code without its comments and strings.
fn code(line: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                chars.next();
            }
            '"' => quoted = !quoted,
            '/' if !quoted && chars.peek() == Some(&'/') => break,
            _ if !quoted => out.push(c),
            _ => {}
        }
    }
    out
}

/// The generated modules, without tests.
fn generated() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    rust_files(Path::new(env!("OUT_DIR")), &mut files);
    assert!(files.len() >= 8, "{files:?}");
    files
        .into_iter()
        .filter(|path| !path.ends_with("bots/conversations.rs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

#[test]
fn generated_code_cannot_panic() {
    for (path, text) in generated() {
        for (at, line) in text.lines().enumerate() {
            let code = code(line);
            for word in [
                ".unwrap()",
                ".expect(",
                "panic!",
                "format!",
                "unreachable!",
                "todo!",
                "unimplemented!",
                "assert!",
                "unsafe",
                ".to_string()",
                "println!",
            ] {
                assert!(
                    !code.contains(word),
                    "{}:{}: {line}",
                    path.display(),
                    at + 1
                );
            }
        }
    }
}

#[test]
fn generated_code_names_only_the_prelude() {
    for (path, text) in generated() {
        for (at, line) in text.lines().enumerate() {
            let code = code(line);
            let place = || format!("{}:{}: {line}", path.display(), at + 1);
            for (from, _) in code.match_indices("runtime_core::") {
                let rest = &code[from..];
                assert!(rest.starts_with("runtime_core::prelude::"), "{}", place());
            }
            for (from, _) in code.match_indices("sqlx::") {
                let rest = &code[from..];
                let allowed = ["sqlx::query!", "sqlx::query_as!", "sqlx::query_scalar!"];
                assert!(
                    allowed.iter().any(|name| rest.starts_with(name)),
                    "{}",
                    place()
                );
            }
            for stranger in ["tokio::", "serde_json::", "axum::", "botfactory_lang::"] {
                assert!(!code.contains(stranger), "{}", place());
            }
        }
    }
}

#[test]
fn generated_code_says_where_it_comes_from() {
    for (path, text) in generated() {
        if path.file_name().is_some_and(|name| name == "bots.rs") {
            continue;
        }
        let folder = path.parent().and_then(Path::file_name).unwrap();
        let source = format!("bots/{}", folder.to_string_lossy());
        assert!(
            text.contains(&source),
            "{} does not name {source}",
            path.display()
        );
        assert!(
            !text.contains(env!("CARGO_MANIFEST_DIR")),
            "{} names a folder of this machine",
            path.display()
        );
    }
}

/// Nothing that input can reach may panic.
#[test]
fn the_runtimes_code_denies_panics() {
    let lib = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/runtime-core/src/lib.rs"
    ))
    .unwrap();
    let manifest = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/runtime-core/Cargo.toml"
    ))
    .unwrap();
    for lint in ["unwrap_used", "expect_used", "panic"] {
        assert!(
            lib.contains(lint) || manifest.contains(lint),
            "clippy::{lint} is not denied in runtime-core"
        );
    }
}

#[test]
fn no_crate_is_unsafe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
    for member in [
        "",
        "botgen/",
        "botgen/tests/compiled/",
        "runtime-core/",
        "runtime-core/lang/",
    ] {
        let manifest = read(&format!("{member}Cargo.toml"));
        let inherits = manifest.contains("[lints]\nworkspace = true")
            || manifest.contains("[lints.rust]\nunsafe_code = \"forbid\"");
        assert!(inherits, "{member}Cargo.toml allows it");
    }
}

#[test]
fn the_pipeline_checks_dependencies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pipeline = std::fs::read_to_string(root.join(".ci/run")).unwrap();
    for step in [
        "cargo deny check bans licenses sources",
        "cargo deny --offline check advisories",
    ] {
        assert!(pipeline.lines().any(|line| line.trim() == step), "{step}");
    }
}
