//! What is written down of what happens: log lines, events, traces.

use super::reader::{Address, Reader};
use crate::telemetry::logs::{self, Format};
use crate::telemetry::otlp::Otlp;

/// Days that events are kept when nothing is said.
pub const DEFAULT_DAYS: u16 = 30;
/// The most, ten years.
const MOST_DAYS: u16 = 3650;
/// The service's name in traces when nothing is said.
const SERVICE: &str = "botfactory";
/// Where spans go, below a collector's address (<https://opentelemetry.io/docs/specs/otlp/>).
const TRACES: &str = "/v1/traces";

/// What is written down.
#[derive(Debug, Clone, Default)]
pub struct Observe {
    /// Which log lines; `None`: as `RUST_LOG` says.
    pub log: Option<String>,
    /// How they look.
    pub format: Format,
    /// Days that events are kept; 0: there are none.
    pub events_days: u16,
    /// Where spans go; `None`: nowhere.
    pub otlp: Option<Otlp>,
}

impl Reader<'_> {
    pub(super) fn observe(&mut self) -> Observe {
        Observe {
            log: self.log(),
            format: self.log_format(),
            events_days: self.events_days(),
            otlp: self.otlp(),
        }
    }

    fn log(&mut self) -> Option<String> {
        let filter = self.get("BOTFACTORY_LOG")?.to_owned();
        if !logs::is_filter(&filter) {
            self.error("`BOTFACTORY_LOG` is a level (`error`, `warn`, `info`, `debug`) or directives such as `info,runtime_core::telemetry=debug`");
        }
        Some(filter)
    }

    fn log_format(&mut self) -> Format {
        match self.get("BOTFACTORY_LOG_FORMAT") {
            None | Some("auto") => Format::Auto,
            Some("json") => Format::Json,
            Some("text") => Format::Text,
            Some(_) => {
                self.error("`BOTFACTORY_LOG_FORMAT` is `auto`, `json` or `text`");
                Format::Auto
            }
        }
    }

    fn events_days(&mut self) -> u16 {
        let Some(value) = self.get("BOTFACTORY_EVENTS_DAYS") else {
            return DEFAULT_DAYS;
        };
        match value.parse() {
            Ok(days) if days <= MOST_DAYS => days,
            _ => {
                self.error(format!(
                    "`BOTFACTORY_EVENTS_DAYS` is a number of days up to {MOST_DAYS}; 0: no events are kept"
                ));
                DEFAULT_DAYS
            }
        }
    }

    fn otlp(&mut self) -> Option<Otlp> {
        let traces = self.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        let base = self.get("OTEL_EXPORTER_OTLP_ENDPOINT");
        let url = match (traces, base) {
            (Some(traces), _) => traces.to_owned(),
            (None, base) => format!("{}{TRACES}", base?.trim_end_matches('/')),
        };
        if Address::parse(&url).is_none() {
            self.error("`OTEL_EXPORTER_OTLP_ENDPOINT` must be an http or https address, such as `http://127.0.0.1:4318`");
        }
        let protocol = self.get("OTEL_EXPORTER_OTLP_PROTOCOL");
        if !matches!(protocol, None | Some("http/json")) {
            self.error("`OTEL_EXPORTER_OTLP_PROTOCOL` can only be `http/json`: collectors take it on the port of `http/protobuf`, 4318");
        }
        let headers = self.get("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
        let headers: Option<Vec<_>> = headers
            .split(',')
            .filter(|pair| !pair.trim().is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=')?;
                let name = name.trim().to_ascii_lowercase();
                let value = value.trim();
                let fits = reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok()
                    && reqwest::header::HeaderValue::from_str(value).is_ok();
                fits.then(|| (name, value.to_owned().into()))
            })
            .collect();
        if headers.is_none() {
            self.error("`OTEL_EXPORTER_OTLP_HEADERS` must look like `name=value,name=value`");
        }
        let ratio = self.number("OTEL_TRACES_SAMPLER_ARG", 1.0, 0.0, 1.0);
        let service = self.get("OTEL_SERVICE_NAME").unwrap_or(SERVICE);
        Some(Otlp {
            service: service.to_owned(),
            url,
            headers: headers.unwrap_or_default(),
            ratio,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{Config, ConfigError};

    fn read(pairs: &[(&str, &str)]) -> Result<Observe, ConfigError> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables: BTreeMap<_, _> = pairs.iter().map(own).collect();
        Config::read(&variables, &["booking"]).map(|config| config.observe)
    }

    #[test]
    fn what_is_written_down() {
        let usual = read(&[]).unwrap();
        assert_eq!(usual.events_days, 30);
        assert_eq!(usual.format, Format::Auto);
        assert!(usual.log.is_none() && usual.otlp.is_none());
        let chosen = read(&[
            ("BOTFACTORY_LOG", "debug"),
            ("BOTFACTORY_LOG_FORMAT", "json"),
            ("BOTFACTORY_EVENTS_DAYS", "0"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318/"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "Authorization=Bearer hunter2, x-team=bots",
            ),
            ("OTEL_TRACES_SAMPLER_ARG", "0.1"),
        ])
        .unwrap();
        assert_eq!(chosen.events_days, 0);
        assert_eq!(chosen.format, Format::Json);
        let otlp = chosen.otlp.as_ref().unwrap();
        assert_eq!(otlp.url, "http://127.0.0.1:4318/v1/traces");
        assert_eq!(otlp.headers[0].0, "authorization");
        assert_eq!(otlp.headers.len(), 2);
        assert!((otlp.ratio - 0.1).abs() < 1e-9 && otlp.service == "botfactory");
        assert!(!format!("{chosen:?}").contains("hunter2"));
    }

    #[test]
    fn mistakes_are_said() {
        for (name, value) in [
            ("BOTFACTORY_LOG", "a=b=c"),
            ("BOTFACTORY_LOG_FORMAT", "xml"),
            ("BOTFACTORY_EVENTS_DAYS", "-1"),
            ("BOTFACTORY_EVENTS_DAYS", "4000"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
            assert!(!error.contains(value) || value.len() < 5, "{error}");
        }
        let at = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_TRACES_SAMPLER_ARG", "7"),
        ] {
            let error = read(&[at, (name, value)]).unwrap_err().to_string();
            assert!(
                error.contains(name) && !error.contains("hunter2"),
                "{error}"
            );
        }
    }
}
