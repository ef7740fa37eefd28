//! The deployable binary.

fn main() -> std::process::ExitCode {
    runtime_core::main(botfactory::BOTS)
}
