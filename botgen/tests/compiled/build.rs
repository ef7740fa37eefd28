//! Compiles the bots of `botgen/tests/good`.

fn main() -> std::process::ExitCode {
    botgen::build_script("../good")
}
