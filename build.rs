fn main() -> std::process::ExitCode {
    botgen::build_script("bots")
}
