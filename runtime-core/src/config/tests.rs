//! What is read, and what is said of mistakes.

use super::*;

const TOKEN: &str = "123456:AAaa_-BBbbCCccDDddEEee";

fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    Config::read(&variables, &["booking", "survey"])
}

fn error(pairs: &[(&str, &str)]) -> String {
    read(pairs).unwrap_err().to_string()
}

#[test]
fn defaults() {
    let config = read(&[]).unwrap();
    assert_eq!(config.listen.to_string(), DEFAULT_LISTEN);
    assert_eq!(config.database.expose_secret(), DEFAULT_DATABASE);
    assert_eq!(config.telegram_api, DEFAULT_TELEGRAM);
    assert_eq!(config.tokens.len(), 2);
    assert!(config.public_url.is_none() && config.admin_key.is_none());
}

#[test]
fn tokens_are_per_bot() {
    let config = read(&[("BOTFACTORY_TOKEN_SURVEY", TOKEN)]).unwrap();
    assert!(config.tokens[0].is_none());
    assert_eq!(config.tokens[1].as_ref().unwrap().bot(), 123_456);
    let twice = error(&[
        ("BOTFACTORY_TOKEN_SURVEY", TOKEN),
        ("BOTFACTORY_TOKEN_BOOKING", TOKEN),
    ]);
    assert!(twice.contains("`booking` too"), "{twice}");
    let bad = error(&[("BOTFACTORY_TOKEN_SURVEY", "secret")]);
    assert!(bad.contains("BOTFACTORY_TOKEN_SURVEY") && !bad.contains("secret"));
}

#[test]
fn unknown_names_get_near_ones() {
    let message = error(&[("BOTFACTORY_LISTN", "x"), ("BOTFACTORY_TOKEN_BOKING", "y")]);
    assert!(
        message.contains("did you mean `BOTFACTORY_LISTEN`?"),
        "{message}"
    );
    assert!(
        message.contains("did you mean `BOTFACTORY_TOKEN_BOOKING`?"),
        "{message}"
    );
    assert!(error(&[("BOTFACTORY_TOKEN_QUITE_ANOTHER", "y")]).contains("`booking`, `survey`"));
    assert!(read(&[("BOTFACTORY_BOTS", "booking"), ("OTHER", "x")]).is_ok());
}

#[test]
fn postgres_is_told_apart() {
    let postgres = read(&[("DATABASE_URL", "postgres://u:hunter2@h/d")]);
    match postgres {
        Ok(config) => {
            let built = cfg!(feature = "postgres");
            assert!(built);
            assert_eq!(config.shown_database(), "postgres://h/d");
            assert!(!format!("{config:?}").contains("hunter2"));
            let odd = error(&[("DATABASE_URL", "postgres://u:12?hunter2@h/d")]);
            assert!(!odd.contains("hunter2") && !odd.contains("12"), "{odd}");
        }
        Err(error) => {
            let words = error.to_string();
            assert!(
                words.contains("only SQLite") && !words.contains("hunter2"),
                "{words}"
            );
        }
    }
    assert!(error(&[("DATABASE_URL", "data/x.db")]).contains("must begin"));
    #[cfg(feature = "postgres")]
    {
        let limits = read(&[("DATABASE_URL", "postgres://h/d?connections=20")]);
        assert!(limits.is_ok());
        let wrong = error(&[("DATABASE_URL", "postgres://h/d?conections=20")]);
        assert!(wrong.contains("did you mean `connections`?"), "{wrong}");
    }
}

#[test]
fn public_urls() {
    let url = |value| read(&[("BOTFACTORY_PUBLIC_URL", value)]).map(|config| config.public_url);
    assert_eq!(
        url("https://bots.example.org/"),
        Ok(Some("https://bots.example.org".to_owned()))
    );
    assert!(url("http://bots.example.org").is_err());
    assert!(url("https://bots.example.org:8000").is_err());
    assert!(url("https://bots.example.org/?a=b").is_err());
    assert!(url("bots.example.org").is_err());
    assert!(
        read(&[
            ("BOTFACTORY_PUBLIC_URL", "http://127.0.0.1:9000"),
            ("BOTFACTORY_TELEGRAM_API", "http://127.0.0.1:9001/")
        ])
        .is_ok_and(|config| config.telegram_api == "http://127.0.0.1:9001")
    );
}

#[test]
fn secrets_have_a_form_and_are_not_shown() {
    assert!(error(&[("BOTFACTORY_ADMIN_TOKEN", "short")]).contains("shorter"));
    assert!(error(&[("BOTFACTORY_WEBHOOK_SECRET", "not allowed characters!")]).contains("256"));
    let config = read(&[
        ("BOTFACTORY_ADMIN_TOKEN", "0123456789abcdef"),
        ("BOTFACTORY_KEY", "0123456789abcdef"),
    ])
    .unwrap();
    assert!(config.admin_key.unwrap().fits("0123456789abcdef"));
    let hash = format!("sha256:{}", "0f".repeat(32));
    assert!(read(&[("BOTFACTORY_ADMIN_TOKEN", &hash)]).is_ok());
    let config = read(&[("BOTFACTORY_TRUSTED_PROXIES", "10.0.0.0/8, ::1")]).unwrap();
    assert!(config.proxies.has("10.0.0.7".parse().unwrap()));
    for (name, wrong) in [
        ("BOTFACTORY_ADMIN_TOKEN", "short"),
        ("BOTFACTORY_ADMIN_TOKEN", "sha256:0123456789abcdef"),
        ("BOTFACTORY_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("BOTFACTORY_TRUSTED_PROXIES", "proxy"),
    ] {
        assert!(read(&[(name, wrong)]).is_err(), "{name} {wrong}");
    }
    let config = read(&[("BOTFACTORY_KEY", "0123456789abcdef")]).unwrap();
    assert!(config.key.is_some());
}

#[test]
fn the_environment_beats_the_file() {
    let dir = std::env::temp_dir().join(format!("botfactory-config-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join(".env");
    std::fs::write(
        &file,
        "BOTFACTORY_LISTEN=127.0.0.1:1\nDATABASE_URL=sqlite://a.db\nOTHER=1\n",
    )
    .unwrap();
    let environment = [("BOTFACTORY_LISTEN", "127.0.0.1:2"), ("HOME", "/")];
    let config = Config::load_from(
        &file,
        environment.iter().map(|(k, v)| (k.into(), v.into())),
        &[],
    )
    .unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.database.expose_secret(), "sqlite://a.db");
    std::fs::remove_dir_all(dir).unwrap();
}
