//! The management API on both engines.

use super::*;
use crate::store::Store;
use crate::testing::postgres::Postgres;

/// 1 200 bookings of this bot with a line each, one of another bot; run once.
const ROWS: &str = "\
    INSERT INTO bookings (id, bot_id, user_id) \
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) SELECT i, 'booking', 42 FROM n;\
    INSERT INTO bookings (id, bot_id, user_id) VALUES (5000, 'another', 42);\
    INSERT INTO lines (booking) SELECT id FROM bookings WHERE bot_id = 'booking';";

struct Place {
    store: Arc<Store>,
    router: Router,
    folder: std::path::PathBuf,
    server: Option<Postgres>,
    url: String,
}

impl Place {
    async fn open(name: &str, postgres: bool) -> Self {
        let folder = std::env::temp_dir().join(format!("botfactory-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let server = postgres.then(Postgres::start);
        let url = match &server {
            Some(server) => server.url("postgres"),
            None => format!("sqlite://{}/x.db", folder.display()),
        };
        let sets = [&SPEC.migrations];
        let clock = crate::clock::Clock::system();
        let store = Store::open(&url, &sets, clock).await.unwrap();
        let core = Arc::new(Scripted {
            store: Some(store.clone()),
            ..Scripted::default()
        });
        Self {
            store,
            router: routes::all(&deployment(core, None, true)),
            folder,
            server,
            url,
        }
    }

    /// Runs statements beside the runtime.
    async fn run(&self, sql: &'static str) {
        use sqlx::Connection;
        if self.server.is_some() {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        use sqlx::Connection;
        if self.server.is_some() {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql)
                .fetch_one(&mut connection)
                .await
                .unwrap()
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql)
                .fetch_one(&mut connection)
                .await
                .unwrap()
        }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let answer = ask(&self.router, local(method, path, body)).await;
        (answer.status.as_u16(), answer.json())
    }

    async fn close(self) {
        self.store.close().await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn data_goes_by_a_plain_call() {
    for postgres in [false, true] {
        let place = Place::open("data", postgres).await;
        place.run(ROWS).await;
        for path in [
            "/bots/booking/data?confirm=",
            "/bots/booking/data?confirm=another",
            "/bots/booking/data?confirm=booking&confirm=booking",
            "/bots/booking/data?confrim=another",
        ] {
            let (status, said) = place.ask("DELETE", path, "").await;
            assert_eq!(
                (status, &said["error"]["code"]),
                (400, &json!("bad_request"))
            );
        }
        for path in ["/bots/nobody/data", "/bots/nobody/data?confirm=nobody"] {
            assert_eq!(place.ask("DELETE", path, "").await.0, 404);
        }
        assert_eq!(place.number("SELECT count(*) FROM bookings").await, 1201);
        let path = "/bots/booking/data";
        let (status, said) = place.ask("DELETE", path, "").await;
        assert_eq!(status, 200, "{said}");
        assert_eq!(
            said,
            json!({
                "bot_id": "booking",
                "data_cleared": true,
                "tables_cleared": ["lines", "bookings"],
                "rows": 2400,
                "tables_left": [{"table": "services", "why": "migrations fill it"}],
            })
        );
        // Another bot's rows and what migrations wrote are still there.
        assert_eq!(place.number("SELECT count(*) FROM bookings").await, 1);
        assert_eq!(place.number("SELECT count(*) FROM lines").await, 0);
        assert_eq!(place.number("SELECT count(*) FROM services").await, 1);
        let path = "/bots/booking/data?confirm=booking";
        let (_, again) = place.ask("DELETE", path, "").await;
        assert_eq!(
            (&again["rows"], &again["data_cleared"]),
            (&json!(0), &json!(true))
        );
        place.close().await;
    }
}

#[tokio::test]
async fn rows_that_others_refer_to_are_said() {
    for postgres in [false, true] {
        let place = Place::open("referred", postgres).await;
        place
            .run(
                "INSERT INTO bookings (id, bot_id, user_id) VALUES (1, 'booking', 1);\
                 CREATE TABLE notes (booking BIGINT NOT NULL REFERENCES bookings (id));\
                 INSERT INTO notes (booking) VALUES (1);",
            )
            .await;
        let path = "/bots/booking/data";
        let (status, said) = place.ask("DELETE", path, "").await;
        assert_eq!(
            (status, &said["error"]["code"]),
            (409, &json!("conflict")),
            "{said}"
        );
        assert_eq!(place.number("SELECT count(*) FROM bookings").await, 1);
        place.close().await;
    }
}

#[tokio::test]
async fn migrations_are_told() {
    for postgres in [false, true] {
        let place = Place::open("prepare", postgres).await;
        let (status, said) = place.ask("POST", "/bots/booking/prepare", "").await;
        assert_eq!(status, 200, "{said}");
        assert_eq!(said["migrations_applied"], json!(["0001_bookings"]));
        assert_eq!(said["migrations_pending"], json!([]));
        assert_eq!(said["owner"], "booking");
        let runtime = said["runtime_applied"].as_array().unwrap();
        assert_eq!(runtime[0], "0001_runtime");
        assert_eq!(said["runtime_pending"], json!([]));
        let (_, bot) = place.ask("GET", "/bots/booking", "").await;
        assert!(
            bot["created_at"].as_str().unwrap().starts_with("20"),
            "{bot}"
        );
        // Another process has forgotten one: it is told, and the validation says it too.
        place
            .run("DELETE FROM bf_migrations WHERE owner = 'booking'")
            .await;
        let (_, said) = place.ask("POST", "/bots/booking/prepare", "").await;
        assert_eq!(said["migrations_pending"], json!(["0001_bookings"]));
        let (status, said) = place.ask("POST", "/bots/booking/validate", "").await;
        assert_eq!((status, &said["ok"]), (200, &json!(false)));
        assert_eq!(said["errors"][0]["path"], "migrations/0001_bookings");
        place.close().await;
    }
}

#[tokio::test]
async fn locales_are_stored_for_whom_the_bot_looks_at() {
    for postgres in [false, true] {
        let place = Place::open("locale", postgres).await;
        let path = "/bots/booking/i18n/locale";
        for (body, status) in [
            (r#"{"locale":"en"}"#, 400),
            (r#"{"locale":"en","user_id":1,"chat_id":2}"#, 400),
            (r#"{"locale":"xx","user_id":1}"#, 400),
            (r#"{"locale":"en","chat_id":-5}"#, 409),
            (r#"{"locale":"en","user_id":"1"}"#, 422),
            (r#"{"user_id":1}"#, 422),
            (r#"{"locale":"en","user_id":99999999999999999999}"#, 422),
            ("[", 400),
        ] {
            let (said, error) = place.ask("POST", path, body).await;
            assert_eq!(said, status, "{body}: {error}");
        }
        assert_eq!(place.number("SELECT count(*) FROM bf_locales").await, 0);
        assert_eq!(place.store.locale(123_456, 42).await.unwrap(), None);
        for tag in ["en", "ru"] {
            let body = format!(r#"{{"locale":"{tag}","user_id":42}}"#);
            let (status, said) = place.ask("POST", path, &body).await;
            assert_eq!(status, 200, "{said}");
            assert_eq!(
                said,
                json!({"bot_id": "booking", "locale": tag, "user_id": 42, "chat_id": null, "success": true})
            );
            let stored = place.store.locale(123_456, 42).await.unwrap();
            assert_eq!(stored.as_deref(), Some(tag));
        }
        assert_eq!(place.number("SELECT count(*) FROM bf_locales").await, 1);
        place.close().await;
    }
}

#[tokio::test]
async fn what_was_compiled_and_how_it_is() {
    let place = Place::open("compiled", false).await;
    let (_, spec) = place.ask("GET", "/bots/booking/spec", "").await;
    assert_eq!(spec["commands"], json!([{"command": "start"}]));
    assert_eq!(spec["spec_version"], "abc");
    assert_eq!(spec["migrations"], json!(["0001_bookings"]));
    let (_, graph) = place.ask("GET", "/bots/booking/graph", "").await;
    assert_eq!(graph["nodes"][0]["id"], "/start");
    let drawn = ask(
        &place.router,
        local("GET", "/bots/booking/graph?format=mermaid", ""),
    )
    .await;
    assert_eq!(drawn.text, "flowchart TD\n");
    assert!(
        drawn.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let (status, _) = place.ask("GET", "/bots/booking/graph?format=png", "").await;
    assert_eq!(status, 400);
    let (_, first) = place.ask("GET", "/bots/booking/status", "").await;
    assert_eq!(
        (
            &first["db_ok"],
            &first["redis_ok"],
            &first["webhook_ok"],
            &first["spec_version"]
        ),
        (&json!(true), &json!(false), &json!(false), &json!("abc"))
    );
    let (status, _) = place.ask("POST", "/bots/booking/reload", "").await;
    assert_eq!(status, 200);
    let (_, second) = place.ask("GET", "/bots/booking/status", "").await;
    assert!(second["last_reload_at"].as_str() > first["last_reload_at"].as_str());
    let (status, said) = place.ask("POST", "/bots/booking/validate", "{}").await;
    assert_eq!((status, &said["ok"]), (200, &json!(true)), "{said}");
    let (status, said) = place
        .ask("POST", "/bots/booking/validate", r#"{"intents":[]}"#)
        .await;
    assert_eq!(status, 422);
    assert!(
        said["error"]["message"]
            .as_str()
            .unwrap()
            .contains("botgen serve")
    );
    let (status, said) = place.ask("GET", "/bots/booking/webhook", "").await;
    assert_eq!((status, &said["error"]["code"]), (409, &json!("conflict")));
    for (body, status) in [
        ("{}", 400),
        (r#"{"set":true,"delete":true}"#, 400),
        (r#"{"set":1}"#, 422),
        (r#"{"other":true}"#, 422),
    ] {
        assert_eq!(
            place.ask("POST", "/bots/booking/webhook", body).await.0,
            status,
            "{body}"
        );
    }
    let keys = "/bots/booking/i18n/keys";
    for (body, status) in [
        (r#"{"keys":{}}"#, 400),
        (r#"{"locale":"xx","keys":{}}"#, 400),
        (r#"{"locale":"en","keys":[]}"#, 400),
        (r#"{"locale":"en","keys":{"a":1}}"#, 400),
        (r#"[]"#, 400),
        (r#"{"locale":"en","keys":{}}"#, 200),
        (r#"{"locale":"en","keys":{},"author":"Anna"}"#, 422),
        (r#"{"locale":"en","keys":{},"keys":{}}"#, 422),
        (r#"{"locale":"en","keys":{"no-such-key":"x"}}"#, 422),
    ] {
        let (said, error) = place.ask("POST", keys, body).await;
        assert_eq!(said, status, "{body}: {error}");
    }
    for limit in ["0", "1001", "-1", "x", "4294967296"] {
        for list in ["/bots?", "/bots/booking/texts?", "/bots/booking/i18n/keys?"] {
            let (status, _) = place.ask("GET", &format!("{list}limit={limit}"), "").await;
            assert_eq!(status, 400, "{list}{limit}");
        }
    }
    place.close().await;
}

/// Pages of any size give the whole list, once.
#[tokio::test]
async fn lists_are_pages() {
    let place = Place::open("pages", false).await;
    let whole = place.ask("GET", "/bots/booking/texts", "").await.1;
    let whole = whole["texts"].as_array().unwrap().clone();
    assert!(whole.len() > 20, "the runtime's own words");
    for limit in [1, 7, whole.len()] {
        let (mut after, mut seen) = (String::new(), Vec::new());
        loop {
            let path = format!("/bots/booking/texts?limit={limit}{after}");
            let (status, page) = place.ask("GET", &path, "").await;
            assert_eq!(status, 200);
            let texts = page["texts"].as_array().unwrap();
            assert!(texts.len() <= limit);
            seen.extend(texts.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen, whole, "in pages of {limit}");
    }
    let (_, none) = place.ask("GET", "/bots?after=booking", "").await;
    assert_eq!((&none["bots"], &none["total"]), (&json!([]), &json!(1)));
    place.close().await;
}

#[tokio::test]
async fn what_a_compiler_does_before_says_how() {
    let router = routes::all(&deployment(Arc::default(), None, true));
    for (method, path, command) in [
        ("POST", "/bots", "cargo botgen new"),
        ("PUT", "/bots/booking", "cargo botgen check bots/booking"),
        ("DELETE", "/bots/booking", "BOTFACTORY_BOTS="),
        ("PUT", "/bots/booking/token", "BOTFACTORY_TOKEN_BOOKING"),
        ("PUT", "/bots/booking/spec", "cargo botgen import"),
        (
            "POST",
            "/bots/booking/spec/llm-submit",
            "cargo botgen serve",
        ),
        ("POST", "/spec/validate", "cargo botgen serve"),
        ("POST", "/spec/fix", "cargo botgen serve"),
    ] {
        let secret = r#"{"token":"123:very-secret","name":"x"}"#;
        let answer = ask(&router, local(method, path, secret)).await;
        assert_eq!(answer.status, 405, "{path}");
        assert!(answer.headers.contains_key("allow"), "{path}");
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "not_at_run_time");
        assert!(
            error["details"]["command"]
                .as_str()
                .unwrap()
                .contains(command),
            "{error}"
        );
        assert!(!answer.text.contains("very-secret"));
        if path.contains("booking") {
            let nobody = path.replace("booking", "nobody");
            let answer = ask(&router, local(method, &nobody, secret)).await;
            assert_eq!(answer.status, 404, "{nobody}");
        }
    }
}
