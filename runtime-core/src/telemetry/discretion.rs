//! What a panic may say: its message can quote what it stumbled over, such as the words of a person in which a byte was no
//! border of a letter.

use super::events;

/// From here on a panic says where it happened, and nothing that was put together at run time. To be called once, at start.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic
            .location()
            .map_or(("?", 0), |place| (place.file(), place.line()));
        let said = panic.payload().downcast_ref::<&'static str>().copied();
        super::emit(events::Panicked { file, line, said });
        // Also where nobody collects logs: at the start, and in the terminal.
        eprintln!("a task has panicked at {file}:{line}");
    }));
}

#[cfg(test)]
mod tests {
    /// In a process of its own: the hook is the whole process's.
    #[test]
    fn a_panic_quotes_nothing() {
        const CHILD: &str = "PANIC_FOR_A_TEST";
        if std::env::var_os(CHILD).is_some() {
            super::super::logs::start(None, super::super::logs::Format::Json);
            super::quiet_panics();
            let words = format!("words of a {}", "person");
            let _ = std::thread::spawn(move || panic!("{words}")).join();
            let _ = std::thread::spawn(|| panic!("a constant of the source")).join();
            let counted = String::from_utf8(super::super::metrics::text()).unwrap();
            assert!(counted.contains("\npanics_total 2\n"));
            return;
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "telemetry::discretion::tests::a_panic_quotes_nothing",
            ])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("a task has panicked at").count(), 2, "{said}");
        let lines: Vec<serde_json::Value> = said
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2, "{said}");
        for line in &lines {
            assert_eq!(line["event"], "a task has panicked");
            assert_eq!(line["level"], "error");
            for field in [
                "timestamp",
                "trace_id",
                "bot_id",
                "user_id",
                "version",
                "spec_version",
            ] {
                assert!(line.get(field).is_some(), "no {field} in {line}");
            }
        }
        assert!(!said.contains("words of a person"), "{said}");
    }
}
