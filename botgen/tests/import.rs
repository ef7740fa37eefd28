//! `botgen import` on whole specs.

use std::path::PathBuf;

use botgen::import;

/// The old system's own specs, which are not ours to commit: `SEED_SPECS=/path/to/seed-specs`.
fn seed_specs() -> Option<Vec<(String, String)>> {
    let Some(folder) = std::env::var_os("SEED_SPECS").map(PathBuf::from) else {
        eprintln!("SKIPPED: set SEED_SPECS to the folder of the old system's specs");
        return None;
    };
    let mut specs: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("SEED_SPECS is a folder")
        .map(|entry| {
            let path = entry.expect("readable").path();
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read_to_string(path).expect("readable"))
        })
        .collect();
    specs.sort();
    Some(specs)
}

#[test]
fn dump() {
    for (name, spec) in seed_specs().unwrap_or_default() {
        println!("=================== {name}");
        let imported = import::translate(&spec).expect("translates");
        for (file, content) in &imported.files {
            println!("--- {file}\n{content}");
        }
        for line in &imported.report {
            println!("{line}");
        }
    }
}
