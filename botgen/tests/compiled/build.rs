//! Compiles the bots of `botgen/tests/good`, or of the folder that `WALKED_BOTS` names (`scripts/mutants.sh`).

fn main() -> std::process::ExitCode {
    println!("cargo::rerun-if-env-changed=WALKED_BOTS");
    let folder = std::env::var("WALKED_BOTS").unwrap_or_else(|_| "../good".to_owned());
    botgen::build_script(&folder)
}
