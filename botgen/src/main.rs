//! The command `botgen`.

fn main() -> std::process::ExitCode {
    botgen::cli::main()
}
