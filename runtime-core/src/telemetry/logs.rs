//! Where log lines go: JSON on standard output (of `serve`) or standard error (of everything else), one object a line, or
//! readable lines when that is a terminal.
//!
//! Every JSON line has the same first fields, null where there is nothing to say: `timestamp`, `level`, `event`, `trace_id`,
//! `bot_id`, `user_id`, `version` (of this program and its sources) and `spec_version` (of the bot's sources). `user_id` is a
//! pseudonym: the same for the same person and bot as long as the key is, and of no use to anybody without it.

use std::fmt;
use std::io::IsTerminal;
use std::sync::OnceLock;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::life::Life;

/// What is logged when nothing is said.
pub const DEFAULT: &str = "info";

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// JSON, or readable where standard output is a terminal.
    #[default]
    Auto,
    /// JSON.
    Json,
    /// Readable.
    Text,
}

/// What the lines say of this build.
#[derive(Debug)]
struct Build {
    version: String,
    /// Folder name and hash of the sources.
    bots: Vec<(&'static str, &'static str)>,
}

static BUILD: OnceLock<Build> = OnceLock::new();
static KEY: OnceLock<[u8; 32]> = OnceLock::new();

/// Which build this is: its version, the hash of all sources, and every bot with the hash of its own.
pub fn identify(version: &str, sources: &str, bots: Vec<(&'static str, &'static str)>) {
    let version = format!("{version}+{sources}");
    let _ = BUILD.set(Build { version, bots }); // a process is one build
}

/// The key of pseudonyms: of the deployment, so that all instances write the same ones.
pub fn pseudonyms(key: [u8; 32]) {
    let _ = KEY.set(key);
}

/// What a person of a bot is called in the log: 16 hex digits. `None`: no key is known yet.
pub fn pseudonym(bot: &str, person: i64) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.get()?).ok()?;
    mac.update(b"botfactory log user");
    mac.update(&[0]);
    mac.update(bot.as_bytes());
    mac.update(&[0]);
    mac.update(&person.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    Some(digest.iter().take(8).map(|b| format!("{b:02x}")).collect())
}

/// Whether `filter` can be read, such as `info` or `warn,runtime_core::telemetry=debug`.
pub fn is_filter(filter: &str) -> bool {
    EnvFilter::builder().parse(filter).is_ok()
}

/// Libraries may name addresses, statements and headers at finer levels, tokens among them: of theirs only warnings count.
fn ours(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::WARN
        || line.target().starts_with("runtime_core")
        || line.target().starts_with("botfactory")
}

fn filter(wanted: Option<&str>, otherwise: &str) -> EnvFilter {
    match wanted {
        Some(wanted) => EnvFilter::new(wanted),
        None => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(otherwise)),
    }
}

/// Whether colours may go there: to a terminal whose owner has not said `NO_COLOR` (<https://no-color.org>).
pub fn takes_colours(out: &impl IsTerminal) -> bool {
    out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Starts logging. `wanted` filters; unset, `RUST_LOG` does. Later calls (tests) change nothing.
pub fn start(wanted: Option<&str>, format: Format) {
    let text = match format {
        Format::Auto => std::io::stdout().is_terminal(),
        Format::Json => false,
        Format::Text => true,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stdout);
    let lines = if text {
        lines
            .with_target(false)
            .with_ansi(takes_colours(&std::io::stdout()))
            .boxed()
    } else {
        lines.with_ansi(false).event_format(Json).boxed()
    };
    let _ = tracing_subscriber::registry()
        .with(filter(wanted, DEFAULT))
        .with(filter_fn(ours))
        .with(lines)
        .try_init();
}

/// What is logged of everything but `serve` when nothing is said: warnings, and the record of who did what.
const QUIET: &str = "warn,runtime_core::telemetry::events::access=info";

/// For everything but `serve`: standard output is the command's own, so the lines go to standard error.
pub fn start_beside(wanted: Option<&str>, format: Format) {
    let text = match format {
        Format::Auto => std::io::stderr().is_terminal(),
        Format::Json => false,
        Format::Text => true,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if text {
        lines
            .with_target(false)
            .with_ansi(takes_colours(&std::io::stderr()))
            .boxed()
    } else {
        lines.with_ansi(false).event_format(Json).boxed()
    };
    let _ = tracing_subscriber::registry()
        .with(filter(wanted, QUIET))
        .with(filter_fn(ours))
        .with(lines)
        .try_init();
}

/// Writes a line of JSON.
#[derive(Debug)]
pub struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Line::default();
        event.record(&mut line);
        writer.write_str(&line.finish(event.metadata(), Life::current()))?;
        writer.write_char('\n')
    }
}

/// What an event says.
#[derive(Debug, Default)]
struct Line {
    event: String,
    trace_id: Option<String>,
    bot_id: Option<String>,
    /// `,"name":value` of everything else.
    rest: String,
}

impl Line {
    fn add(&mut self, name: &str, value: &str) {
        // Fields of every line are said once.
        if !matches!(
            name,
            "timestamp" | "level" | "event" | "user_id" | "version" | "spec_version" | "target"
        ) {
            self.rest.push(',');
            self.rest.push_str(&quoted(name));
            self.rest.push(':');
            self.rest.push_str(value);
        }
    }

    fn words(&mut self, name: &str, value: &str) {
        match name {
            "message" => value.clone_into(&mut self.event),
            "trace_id" => self.trace_id = Some(value.to_owned()),
            "bot_id" => self.bot_id = Some(value.to_owned()),
            _ => self.add(name, &quoted(value)),
        }
    }

    fn finish(self, metadata: &Metadata<'_>, life: Option<Life>) -> String {
        let build = BUILD.get();
        let bot = self
            .bot_id
            .or_else(|| life.map(|life| life.bot.to_owned()))
            .filter(|bot| !bot.is_empty());
        let trace_id = self.trace_id.or_else(|| life.map(|life| life.trace.id()));
        let person = life
            .filter(|life| life.person != 0 && bot.as_deref() == Some(life.bot))
            .and_then(|life| pseudonym(life.bot, life.person));
        let sources = build.zip(bot.as_deref()).and_then(|(build, bot)| {
            let of = build.bots.iter().find(|(id, _)| *id == bot)?;
            Some(of.1.get(..16).unwrap_or(of.1))
        });
        let or_null = |value: Option<&str>| value.map_or_else(|| "null".to_owned(), quoted);
        format!(
            "{{\"timestamp\":\"{}\",\"level\":\"{}\",\"event\":{},\"trace_id\":{},\"bot_id\":{},\"user_id\":{},\
             \"version\":{},\"spec_version\":{},\"target\":{}{}}}",
            jiff::Timestamp::now(),
            metadata.level().as_str().to_ascii_lowercase(),
            quoted(&self.event),
            or_null(trace_id.as_deref()),
            or_null(bot.as_deref()),
            or_null(person.as_deref()),
            or_null(build.map(|build| build.version.as_str())),
            or_null(sources),
            quoted(metadata.target()),
            self.rest
        )
    }
}

fn quoted(text: &str) -> String {
    // Words always serialize.
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.words(field.name(), value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), &value.to_string());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), &value.to_string());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), if value { "true" } else { "false" });
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        // No number of JSON is infinite.
        let value = serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned());
        self.add(field.name(), &value);
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.words(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::telemetry::trace::Trace;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines(work: impl FnOnce()) -> Vec<serde_json::Value> {
        let written = Written::default();
        let to = written.clone();
        let subscriber = tracing_subscriber::registry()
            .with(filter(Some("debug"), DEFAULT))
            .with(filter_fn(ours))
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(move || to.clone())
                    .event_format(Json),
            );
        tracing::subscriber::with_default(subscriber, work);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    const EVERY: &[&str] = &[
        "timestamp",
        "level",
        "event",
        "trace_id",
        "bot_id",
        "user_id",
        "version",
        "spec_version",
    ];

    #[test]
    fn every_line_has_the_fields() {
        identify(
            "1.2.3",
            "abcd",
            vec![("shop", "0123456789abcdef0123456789abcdef")],
        );
        pseudonyms([7; 32]);
        let trace = Trace::new();
        let life = Life {
            trace,
            bot: "shop",
            person: 4_242_424_242,
        };
        let lines = lines(|| {
            tracing::info!(milliseconds = 3_u64, ok = true, "the database answers");
            life.within(|| {
                tracing::error!(
                    code = "sql",
                    attempt = -1_i64,
                    ratio = 0.5,
                    "it \"failed\"\n"
                );
                tracing::debug!(bot_id = "other", trace_id = "own", "somebody else's");
            });
            tracing::debug!(target: "h2::codec", "a library's secret");
            tracing::warn!(target: "h2::codec", "a library's warning");
        });
        assert_eq!(lines.len(), 4, "{lines:#?}");
        for line in &lines {
            for field in EVERY {
                assert!(line.get(field).is_some(), "{field} in {line}");
            }
            assert!(
                line["timestamp"]
                    .as_str()
                    .unwrap()
                    .parse::<jiff::Timestamp>()
                    .is_ok()
            );
            assert_eq!(line["version"], "1.2.3+abcd");
        }
        let [general, own, other, warning] = &lines[..] else {
            panic!("{lines:#?}")
        };
        assert_eq!(general["event"], "the database answers");
        assert_eq!(general["milliseconds"], 3);
        assert_eq!(general["ok"], true);
        for field in ["trace_id", "bot_id", "user_id", "spec_version"] {
            assert!(general[field].is_null(), "{field}");
        }
        assert_eq!(own["level"], "error");
        assert_eq!(own["event"], "it \"failed\"\n");
        assert_eq!(own["trace_id"], trace.id());
        assert_eq!(own["bot_id"], "shop");
        assert_eq!(own["spec_version"], "0123456789abcdef");
        assert_eq!(
            own["user_id"].as_str(),
            pseudonym("shop", 4_242_424_242).as_deref()
        );
        assert_eq!(own["attempt"], -1);
        assert!(!own.to_string().contains("4242424242"));
        assert_eq!(other["bot_id"], "other");
        assert_eq!(other["trace_id"], "own");
        assert!(other["user_id"].is_null(), "a person of another bot");
        assert_eq!(warning["event"], "a library's warning");
        // The same person is somebody else in another bot.
        assert_ne!(pseudonym("shop", 1), pseudonym("other", 1));
        assert_eq!(pseudonym("shop", 1).unwrap().len(), 16);
    }

    #[test]
    fn filters_are_read() {
        assert!(is_filter("info"));
        assert!(is_filter("warn,runtime_core::telemetry=debug"));
        assert!(!is_filter("inf0=loud=x"));
    }
}
