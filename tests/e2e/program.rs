//! The command line, settings, ports, signals and migrations.

use std::net::SocketAddr;

use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{BOOKING_TOKEN, Channel, Db, Home, SURVEY_TOKEN, World, http, until};
use crate::words::EN;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_version() {
    let home = Home::new();
    for version in ["--version", "-V"] {
        let output = home.run(&[version], "").await;
        let said = text(&output.stdout);
        assert!(
            output.status.success() && said.starts_with("botfactory 0."),
            "{said}"
        );
        // With the hash of the compiled sources.
        let hash = said
            .split(|c: char| !c.is_ascii_hexdigit())
            .find(|word| word.len() >= 16);
        assert!(hash.is_some(), "{said}");
    }
    let output = home.run(&["--help"], "").await;
    let said = text(&output.stdout);
    for part in [
        "serve",
        "chat",
        "migrate",
        "webhook",
        "BOTFACTORY_LISTEN",
        "BOTFACTORY_TOKEN_BOOKING",
        "survey",
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    for wrong in [
        &["srve"][..],
        &["chat"],
        &["serve", "now"],
        &["webhook", "go"],
        &["--nothing"],
    ] {
        let output = home.run(wrong, "").await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(text(&output.stderr).contains("usage: "), "{wrong:?}");
    }
    let output = home.run(&["chat", "nobody"], "").await;
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("`booking`") && said.contains("`survey`"),
        "{said}"
    );
    // None of this has made a database.
    assert!(!home.folder().join("data").exists() || output.status.code() == Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_named_all_at_once() {
    let home = Home::new()
        .with("BOTFACTORY_LISTN", "127.0.0.1:1")
        .with("BOTFACTORY_TOKEN_NOBODY", BOOKING_TOKEN)
        .with("BOTFACTORY_TOKEN_SURVEY", "secretsecretsecret")
        .with("BOTFACTORY_PUBLIC_URL", "http://example.org")
        .with("BOTFACTORY_ADMIN_TOKEN", "tooshort");
    let (code, said) = home.refused().await;
    assert_eq!(code, 1, "{said}");
    for part in [
        "`BOTFACTORY_LISTN`",
        "`BOTFACTORY_LISTEN`",
        "`BOTFACTORY_TOKEN_NOBODY`",
        "`BOTFACTORY_TOKEN_SURVEY`",
        "`BOTFACTORY_PUBLIC_URL`",
        "`BOTFACTORY_ADMIN_TOKEN`",
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    // Values never appear.
    for secret in ["secretsecretsecret", "tooshort", "AAbooking"] {
        assert!(!said.contains(secret), "{said}");
    }
    // One bot of Telegram is one bot here.
    let home = Home::new()
        .with("BOTFACTORY_TOKEN_BOOKING", BOOKING_TOKEN)
        .with("BOTFACTORY_TOKEN_SURVEY", BOOKING_TOKEN);
    let (code, said) = home.refused().await;
    assert!(code == 1 && !said.contains("SECRET"), "{said}");
    let home = Home::new().with("DATABASE_URL", "mysql://root:hunter2@localhost/x");
    let (code, said) = home.refused().await;
    assert!(
        code == 1 && said.contains("DATABASE_URL") && !said.contains("hunter2"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_from_a_file() {
    let home = Home::new();
    let token = "file-admin-token-0123456789";
    let env = format!("# settings\nBOTFACTORY_ADMIN_TOKEN='{token}'\nexport RUST_LOG=info\n");
    std::fs::write(home.folder().join(".env"), env).unwrap();
    let node = home.start().await;
    node.get("/bots").await.refused(401);
    node.stop().await;
    std::fs::write(home.folder().join(".env"), "BOTFACTORY_NOTHING=1\n").unwrap();
    let (code, said) = home.refused().await;
    assert!(code == 1 && said.contains("`BOTFACTORY_NOTHING`"), "{said}");
    std::fs::write(home.folder().join(".env"), format!("{token}\n")).unwrap();
    let (code, said) = home.refused().await;
    assert!(
        code == 1 && said.contains("line 1") && !said.contains(token),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_another_program() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    let home = Home::new().with("BOTFACTORY_LISTEN", &address.to_string());
    let (code, said) = home.refused().await;
    assert_eq!(code, 1);
    assert!(
        said.contains("in use") && said.contains("BOTFACTORY_LISTEN"),
        "{said}"
    );
    assert!(said.lines().count() <= 3, "{said}");
}

/// Two instances of one deployment share a port; with another deployment people would reach one or the other by chance.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_another_deployment() {
    let home = Home::new();
    let node = home.start().await;
    let address = node.address;
    let other = Home::new().with("BOTFACTORY_LISTEN", &address.to_string());
    let (code, said) = other.refused().await;
    assert_eq!(code, 1);
    assert!(
        said.contains("another database") && said.contains("BOTFACTORY_LISTEN"),
        "{said}"
    );
    assert!(said.lines().count() <= 3, "{said}");
    // Nobody was led there meanwhile.
    for _ in 0..20 {
        node.get("/health").await.ok();
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_serves_is_printed() {
    let home = Home::new().with("BOTFACTORY_TOKEN_SURVEY", SURVEY_TOKEN);
    home.set("BOTFACTORY_TELEGRAM_API", "http://127.0.0.1:9");
    let node = home.start().await;
    // Telegram is away: the bots are served all the same.
    let reply = json!({"bot_id": "survey", "text": "/start", "locale": "en"});
    node.post("/preview/send", &reply).await.ok();
    let bot = node.get("/bots/survey").await.ok();
    assert_eq!(bot["mode"], "polling", "{bot}");
    assert_eq!(node.get("/bots/booking").await.ok()["mode"], "preview");
    let said = node.stop().await;
    for part in [
        "booking",
        "survey",
        "BOTFACTORY_TOKEN_BOOKING",
        "polling",
        "http://127.0.0.1:",
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    assert!(!said.contains("SECRET"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_start_is_repeated() {
    // Two processes begin on one empty database at the same moment: both serve, the tables are made once.
    let home = Home::new();
    let (one, two) = tokio::join!(home.start(), home.start());
    one.get("/health/db").await.ok();
    let db = Db::new(&home.database());
    let applied = "SELECT count(*) FROM bf_migrations WHERE owner = 'booking'";
    assert_eq!(db.number(applied).await, 1);
    let said = [one.stop().await, two.stop().await];
    assert!(
        said.iter()
            .any(|said| said.contains("another instance listens")),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_take_turns_on_one_port() {
    let world = World::start(Channel::Webhook).await;
    let anna = world.person("Anna", "en");
    anna.say("/book").await.only(EN.ask_service);
    let second = world.home().start().await;
    // Requests reach either; the conversation is one.
    anna.press(EN.spa).await.only(EN.ask_slot);
    for _ in 0..5 {
        anna.say("nonsense").await.only(EN.bad_slot);
    }
    anna.say("2030-01-15 14:00").await.only(EN.ask_note);
    // The first goes; nobody is refused meanwhile.
    let address = world.address();
    let asking = tokio::spawn(async move {
        for _ in 0..200 {
            http::get(address, "/health").await.ok();
        }
    });
    world.node().await.signal().await;
    assert!(world.node().await.ended().await.success());
    asking.await.unwrap();
    anna.say("/skip").await.only(EN.done);
    // A button of the first works with the second: they share the key.
    anna.press(EN.btn_cancel_booking)
        .await
        .expect(EN.cancelled_booking);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_in_the_terminal() {
    let home = Home::new();
    let input = "/book\nsauna\n2\n2030-01-15 14:00\nplumbus\n/my\n";
    let output = home
        .run(&["chat", "booking", "--locale", "en"], input)
        .await;
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said} {}", text(&output.stderr));
    let mut rest = said.as_str();
    for part in [
        "Hello, ",
        EN.btn_book,
        EN.ask_service,
        EN.bad_option,
        "When?",
        EN.ask_note,
        EN.done,
        "plumbus",
        EN.listed,
    ] {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("no {part:?} (in order) in {said}"));
        rest = &rest[at..];
    }
    // No markup, no colours and no logs in between.
    for part in ["<b>", "<code>", "\u{1b}[", "\"level\""] {
        assert!(!said.contains(part), "{part:?} in {said}");
    }
    assert_eq!(Db::new(&home.database()).bookings().await, 1);
    // In Russian, as somebody else, and with an end in the middle of a line.
    let output = home
        .run(&["chat", "booking", "--user", "7", "--locale", "ru"], "/my")
        .await;
    assert!(text(&output.stdout).contains("У вас пока нет записей."));
    let output = home.run(&["chat", "survey", "--locale", "en"], "").await;
    assert!(output.status.success() && text(&output.stdout).contains("A short survey"));
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations() {
    let home = Home::new();
    let output = home.run(&["migrate"], "").await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let db = Db::new(&home.database());
    assert_eq!(db.bookings().await, 0);
    let owners = db
        .texts("SELECT DISTINCT owner FROM bf_migrations ORDER BY owner")
        .await;
    assert_eq!(
        owners,
        [
            "#runtime",
            "booking",
            "newsletter",
            "shop",
            "support",
            "survey"
        ]
        .map(|o| Some(o.to_owned()))
    );
    let output = home.run(&["migrate"], "").await;
    assert!(output.status.success());

    // A file that was changed after it was applied.
    db.execute("UPDATE bf_migrations SET checksum = 'x' WHERE owner = 'booking'")
        .await;
    for command in ["migrate", "serve"] {
        let output = home.run(&[command], "").await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("booking") && said.contains("0001_bookings") && said.contains("changed"),
            "{said}"
        );
    }
    // A database of a newer build.
    db.execute("DELETE FROM bf_migrations WHERE owner = 'booking'")
        .await;
    db.execute("INSERT INTO bf_migrations VALUES ('survey', 9, 'x', 0)")
        .await;
    let output = home.run(&["migrate"], "").await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    // Nothing was applied by halves.
    let tables = "SELECT count(*) FROM bf_migrations WHERE owner = 'survey' AND version = 9";
    assert_eq!(db.number(tables).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be() {
    let home = Home::new();
    std::fs::write(
        home.folder().join("file"),
        "not a database, but long enough to look like one",
    )
    .unwrap();
    let file = home.folder().join("file");
    home.set("DATABASE_URL", &format!("sqlite://{}", file.display()));
    let (code, said) = home.refused().await;
    assert!(code == 1 && said.contains("error: "), "{said}");
    home.set(
        "DATABASE_URL",
        &format!("sqlite://{}/below/x.db", file.display()),
    );
    let (code, said) = home.refused().await;
    assert!(code == 1 && said.contains("error: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_database_is_made() {
    let home = Home::new().with("DATABASE_URL", "");
    let node = home.start().await;
    node.get("/health/db").await.ok();
    node.stop().await;
    assert!(home.folder().join("data/botfactory.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_by_hand() {
    let world = World::start(Channel::Webhook).await;
    let home = world.home();
    let bot = world.bot("booking");
    let output = home.run(&["webhook", "delete", "booking"], "").await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(bot.webhook().is_none());
    let output = home.run(&["webhook", "set"], "").await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let url = format!("http://127.0.0.1:{}/tg/booking", home.port);
    assert_eq!(bot.webhook(), Some(url.clone()));
    let output = home.run(&["webhook", "info", "booking"], "").await;
    let said = text(&output.stdout);
    assert!(said.contains(&url) && !said.contains("SECRET"), "{said}");
    world.person("Anna", "en").say("/help").await.only(EN.help);
    let output = home.run(&["webhook", "set", "nobody"], "").await;
    assert_eq!(output.status.code(), Some(1));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_does_not_wait() {
    let home = Home::new();
    let mut node = home.start().await;
    // A request whose body never comes.
    let _stream = http::begin(node.address, "/preview/send", &[], 100).await;
    node.signal().await;
    let address: SocketAddr = node.address;
    until("the port's end", || async {
        TcpStream::connect(address).await.err()
    })
    .await;
    assert!(node.runs());
    node.signal().await;
    let status = node.ended().await;
    assert_eq!(status.code(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_loopback() {
    let home = Home::new().with("BOTFACTORY_LISTEN", "[::1]:0");
    if TcpListener::bind("[::1]:0").await.is_err() {
        return; // a machine without IPv6
    }
    let node = home.start().await;
    let host = format!("[::1]:{}", node.address.port());
    let answer = http::send(node.address, "GET", "/bots", &[("Host", &host)], b"").await;
    answer.ok();
    node.stop().await;
}
