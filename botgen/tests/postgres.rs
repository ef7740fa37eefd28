//! The server behind the checks for Postgres: a real one, started from the installed programs.
#![cfg(feature = "postgres")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use botgen::check::sql::postgres::{Database, Described, Oracle, Refusal};
use botgen::postgres::{Cluster, Server, cluster::Status};

/// A cluster of one test's own, stopped and removed with it.
struct Own {
    cluster: Cluster,
    folder: PathBuf,
}

impl Own {
    fn new(name: &str) -> Self {
        Self::idle(name, 60)
    }
    fn idle(name: &str, seconds: u32) -> Self {
        let folder = temporary(name);
        let cluster = Cluster::new(Some(&folder), None, seconds).unwrap();
        Self { cluster, folder }
    }
    fn open(&self) -> Box<dyn Database> {
        Server::Private(self.cluster.clone()).open().unwrap()
    }
    fn home(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.cluster.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn refused(answer: Result<Described, Refusal>) -> (String, String, Option<usize>, Option<String>) {
    match answer {
        Err(Refusal::Refused {
            sqlstate,
            message,
            position,
            hint,
        }) => (sqlstate, message, position, hint),
        other => panic!("{other:?}"),
    }
}

#[test]
fn describes_on_a_server_that_stays_warm() {
    let own = Own::new("describe");
    let began = Instant::now();
    let db = own.open();
    eprintln!("cold: {:?}", began.elapsed());
    db.run("", "CREATE TABLE bookings (id BIGSERIAL PRIMARY KEY, slot TIMESTAMPTZ NOT NULL, note TEXT, price NUMERIC(10,2))").unwrap();
    db.run("", "CREATE VIEW slots AS SELECT slot FROM bookings")
        .unwrap();
    db.run("", "CREATE TYPE mood AS ENUM ('sad', 'glad')")
        .unwrap();
    let refusal = db.run("", "CREATE TABLE x (id NOPE)");
    assert!(
        matches!(&refusal, Err(Refusal::Refused { sqlstate, position: Some(20), .. }) if sqlstate == "42704"),
        "{refusal:?}"
    );
    let described = db
        .describe("", "SELECT b.id, b.note, s.slot, count(*) AS n, $2::mood AS m, ARRAY[b.price] FROM bookings b JOIN slots s ON s.slot = b.slot WHERE b.slot > $1 GROUP BY 1, 2, 3, b.price")
        .unwrap();
    assert_eq!(described.parameters, ["timestamptz", "mood"]);
    let columns: Vec<_> = described
        .columns
        .iter()
        .map(|c| {
            (
                c.name.as_str(),
                c.ty.as_str(),
                c.nullable,
                c.origin.as_ref().map(|(t, c)| format!("{t}.{c}")),
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("id", "int8", Some(false), Some("bookings.id".to_owned())),
            ("note", "text", Some(true), Some("bookings.note".to_owned())),
            ("slot", "timestamptz", None, Some("slots.slot".to_owned())),
            ("n", "int8", None, None),
            ("m", "mood", None, None),
            ("array", "_numeric", None, None),
        ]
    );
    let (state, message, position, hint) = refused(db.describe("", "SELECT sloot FROM bookings"));
    assert_eq!((state.as_str(), position), ("42703", Some(8)), "{message}");
    assert!(hint.unwrap().contains("bookings.slot"));
    // Positions count characters.
    assert_eq!(
        refused(db.describe("", "SELECT 'жжж', nope FROM bookings")).2,
        Some(15)
    );
    // After refusals everything is still there.
    assert_eq!(
        db.describe("", "INSERT INTO bookings (slot) VALUES ($1) RETURNING id")
            .unwrap()
            .parameters,
        ["timestamptz"]
    );
    let began = Instant::now();
    for n in 0..300 {
        db.describe(
            "",
            &format!("SELECT id, slot, note FROM bookings WHERE id = $1 AND note <> '{n}'"),
        )
        .unwrap();
    }
    let took = began.elapsed();
    eprintln!("300 statements: {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    drop(db);

    let Status::Running(server) = own.cluster.status() else {
        panic!("not kept")
    };
    // The best of a few: other tests run beside this one.
    let warm = (0..5).map(|_| {
        let began = Instant::now();
        drop(own.open());
        began.elapsed()
    });
    let warm = warm.min().unwrap();
    eprintln!("warm: {warm:?}");
    assert!(warm < Duration::from_millis(500), "{warm:?}");
    let db = own.open();
    assert_eq!(own.cluster.status(), Status::Running(server));
    // Nothing of the first run is left.
    assert_eq!(
        refused(db.describe("", "SELECT 1 FROM bookings")).0,
        "42P01"
    );
    drop(db);
    assert!(own.cluster.stop().unwrap());
    assert_eq!(own.cluster.status(), Status::Stopped);
    assert!(!own.cluster.stop().unwrap());
}

/// The command line with a cache folder and a working directory of its own.
struct Dir {
    folder: PathBuf,
}

impl Dir {
    fn new(name: &str) -> Self {
        let folder = temporary(name);
        std::fs::create_dir_all(folder.join("cache")).unwrap();
        // The server's user must pass through it.
        open(&folder);
        open(&folder.join("cache"));
        Self { folder }
    }
    fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_botgen"));
        command
            .args(args)
            .current_dir(&self.folder)
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env("BOTGEN_POSTGRES_IDLE", "60")
            .env_remove("BOTGEN_DATABASE_URL")
            .env_remove("BOTGEN_POSTGRES_BIN");
        command
    }
    /// Exit code and everything it said.
    fn botgen(&self, args: &[&str]) -> (i32, String) {
        said(self.command(args).output().unwrap())
    }
    fn kept(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.join("bots/shop/sqlx"))
            .into_iter()
            .flatten();
        let mut names: Vec<_> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = self.command(&["postgres", "stop"]).output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn said(output: Output) -> (i32, String) {
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("botgen-test-{name}-{}", std::process::id()))
}

fn open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

const SHOP: &str = "botfactory: v1\nflows:\n  - flow.generic.v1:\n      entry_cmd: /n\n      on_enter:\n        - action.sql_query.v1: { sql: \"SELECT name FROM goods ORDER BY name\", result_var: goods }\n        - action.reply_template.v1: { text: \"{{#each goods}}{{name}} {{/each}}\", empty_text: \"nothing\" }\n";
const GOODS: &str = "CREATE TABLE goods (id BIGSERIAL PRIMARY KEY, name TEXT NOT NULL);\n";

fn shop(name: &str) -> Dir {
    let dir = Dir::new(name);
    dir.write("bots/shop/bot.yaml", SHOP);
    dir.write("bots/shop/migrations/0001_goods.sql", GOODS);
    dir
}

#[test]
fn the_second_check_finds_the_server_warm() {
    let dir = shop("warm");
    let began = Instant::now();
    let (code, text) = dir.botgen(&["check", "--engine", "postgres"]);
    assert_eq!(code, 0, "{text}");
    eprintln!("cold check: {:?}", began.elapsed());
    let (code, running) = dir.botgen(&["postgres", "status"]);
    assert_eq!(code, 0, "{running}");
    let began = Instant::now();
    assert_eq!(dir.botgen(&["check", "--engine", "all"]).0, 0);
    let warm = began.elapsed();
    eprintln!("warm check: {warm:?}");
    assert!(warm < Duration::from_secs(1), "{warm:?}");
    assert_eq!(dir.botgen(&["postgres", "status"]).1, running);
    assert_eq!(dir.botgen(&["postgres", "stop"]).1, "stopped\n");
    let (code, text) = dir.botgen(&["postgres", "status"]);
    assert_eq!((code, text.starts_with("not running")), (1, true), "{text}");
    // SQLite alone touches no server.
    assert_eq!(dir.botgen(&["check"]).0, 0);
    assert_eq!(dir.botgen(&["postgres", "status"]).0, 1);
}

#[test]
fn several_start_it_together_and_share_it() {
    let dir = shop("together");
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = dir.command(&["check", "--engine", "postgres"]);
            command
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let (code, text) = said(child.wait_with_output().unwrap());
        assert_eq!(code, 0, "{text}");
    }
    assert_eq!(dir.botgen(&["postgres", "stop"]).1, "stopped\n");
    assert_eq!(dir.botgen(&["postgres", "stop"]).1, "it did not run\n");
}

#[test]
fn what_is_wrong_with_the_server_is_said() {
    let dir = shop("wrong");
    let check = |name: &str, value: &str| {
        said(
            dir.command(&["check", "--engine", "postgres"])
                .env(name, value)
                .output()
                .unwrap(),
        )
    };
    let (code, text) = check("BOTGEN_POSTGRES_BIN", "/nowhere");
    assert_eq!(code, 2);
    assert!(
        text.contains("`/nowhere`")
            && text.contains("apt-get install postgresql")
            && text.contains("BOTGEN_DATABASE_URL"),
        "{text}"
    );
    let (code, text) = check("BOTGEN_DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/x");
    assert_eq!(code, 2);
    assert!(
        text.contains("`BOTGEN_DATABASE_URL` cannot be used") && !text.contains("hunter2"),
        "{text}"
    );
    let (code, text) = check("BOTGEN_DATABASE_URL", "mysql://me:hunter2@h/x");
    assert_eq!(code, 2);
    assert!(
        text.contains("must begin with `postgres://`") && !text.contains("hunter2"),
        "{text}"
    );
    let (code, text) = check("BOTGEN_POSTGRES_IDLE", "soon");
    assert_eq!(
        (code, text.contains("number of seconds")),
        (2, true),
        "{text}"
    );
    let (code, text) = dir.botgen(&["check", "--offline"]);
    assert_eq!(
        (code, text.contains("`--engine postgres`")),
        (2, true),
        "{text}"
    );
    assert_eq!(dir.botgen(&["check", "--engine", "mysql"]).0, 2);
    assert_eq!(
        dir.botgen(&["build", "--engine", "postgres", "--out", "x"])
            .0,
        2
    );
}

#[test]
fn a_given_server_gets_a_database_that_is_dropped() {
    let own = Own::new("given");
    drop(own.open());
    let sockets = own.home().display().to_string().replace('/', "%2F");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let databases = || {
        runtime.block_on(async {
            let url = format!("postgres://postgres@{sockets}/postgres");
            let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
            sqlx::raw_sql("DO $$ BEGIN CREATE ROLE limited LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$").execute(&mut admin).await.unwrap();
            sqlx::query_scalar::<_, String>("SELECT datname::text FROM pg_database WHERE datname LIKE 'botgen%'").fetch_all(&mut admin).await.unwrap()
        })
    };
    assert_eq!(databases(), Vec::<String>::new());
    let open = |user: &str| Server::Given(format!("postgres://{user}@{sockets}/postgres")).open();
    let db = open("postgres").unwrap();
    db.run("", "CREATE TABLE t (id BIGINT PRIMARY KEY)")
        .unwrap();
    assert_eq!(
        db.describe("", "SELECT id FROM t").unwrap().columns.len(),
        1
    );
    assert_eq!(databases().len(), 1);
    drop(db);
    assert_eq!(databases(), Vec::<String>::new());
    let words = open("limited").unwrap_err();
    assert!(
        words.contains("may not make a database") && words.contains("CREATEDB"),
        "{words}"
    );
}

#[test]
fn a_crash_leaves_nothing_in_the_way() {
    let own = Own::new("crash");
    drop(own.open());
    let Status::Running(first) = own.cluster.status() else {
        panic!("not kept")
    };
    kill(first);
    // Its pid file names a process that is no server: this test.
    let file = own.home().join("data/postmaster.pid");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replacen(&first.to_string(), &std::process::id().to_string(), 1);
    std::fs::write(&file, text).unwrap();
    assert_eq!(own.cluster.status(), Status::Stopped);
    let db = own.open();
    db.run("", "CREATE TABLE t (id BIGINT)").unwrap();
    drop(db);
    // A data folder that no server can read is made anew.
    let Status::Running(second) = own.cluster.status() else {
        panic!("not kept")
    };
    kill(second);
    std::fs::remove_file(own.home().join("data/global/pg_control")).unwrap();
    drop(own.open());
    // And one that a killed initdb has left is not taken for whole.
    own.cluster.stop().unwrap();
    std::fs::rename(own.home().join("data"), own.home().join("data.new")).unwrap();
    drop(own.open());
}

fn kill(pid: i32) {
    assert!(
        Command::new("kill")
            .args(["-KILL", &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
    while Path::new(&format!("/proc/{pid}/cmdline")).exists()
        && std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|c| !c.is_empty())
    {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_statement_without_end_is_cut_off() {
    let own = Own::new("endless");
    let db = own.open();
    let began = Instant::now();
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n";
    assert!(db.describe("", endless).is_ok(), "described, not run");
    assert!(
        matches!(db.run("", "SELECT pg_sleep(1000)"), Err(Refusal::Refused { sqlstate, .. }) if sqlstate == "57014")
    );
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    // Statements of bots are no superuser's.
    let program = db.run("", "COPY (SELECT 1) TO PROGRAM 'true'");
    assert!(
        matches!(&program, Err(Refusal::Refused { sqlstate, .. }) if sqlstate == "42501"),
        "{program:?}"
    );
    // One that ends the transaction is found out, and what it made is gone for the next run.
    db.run("", "CREATE TABLE escaped (id INT)").unwrap();
    assert!(db.run("", "COMMIT").is_err());
    drop(db);
    let db = own.open();
    assert_eq!(refused(db.describe("", "SELECT 1 FROM escaped")).0, "42P01");
}

#[test]
fn it_ends_when_nobody_uses_it() {
    let own = Own::idle("idle", 1);
    drop(own.open());
    let began = Instant::now();
    while own.cluster.status() != Status::Stopped {
        assert!(began.elapsed() < Duration::from_secs(30), "it runs on");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(own.open());
}

#[test]
fn prepared_answers_stand_in_for_the_server() {
    let dir = shop("prepare");
    let (code, text) = dir.botgen(&["check", "--engine", "all", "--offline"]);
    assert_eq!(code, 1);
    assert!(
        text.contains("error[BF0591]") && text.contains("`cargo botgen prepare bots/shop`"),
        "{text}"
    );
    let (code, text) = dir.botgen(&["prepare", "--check"]);
    assert_eq!((code, dir.kept().len()), (1, 0), "{text}");
    let (code, text) = dir.botgen(&["prepare"]);
    assert_eq!((code, dir.kept().len()), (0, 2), "{text}");
    let kept = dir.kept();
    assert_eq!(dir.botgen(&["prepare", "--check"]).0, 0);
    // Without a server from here on.
    assert_eq!(dir.botgen(&["postgres", "stop"]).0, 0);
    let offline = |args: &[&str]| {
        said(
            dir.command(args)
                .env("BOTGEN_POSTGRES_BIN", "/nowhere")
                .output()
                .unwrap(),
        )
    };
    let all = ["check", "--engine", "all", "--offline"];
    let (code, text) = offline(&all);
    assert_eq!(code, 0, "{text}");
    // The hash of the sources does not know of them.
    let (code, text) = offline(&["build", "--engine", "all", "--offline", "--out", "out"]);
    assert_eq!(code, 0, "{text}");
    let generated = std::fs::read_to_string(dir.folder.join("out/bots/shop/mod.rs")).unwrap();
    assert!(
        generated.contains("BIGSERIAL"),
        "Postgres's migrations are in the build"
    );
    // Another statement, another migration: stale, until prepared again.
    dir.write(
        "bots/shop/bot.yaml",
        &SHOP.replace("SELECT name", "SELECT id, name"),
    );
    let (code, text) = offline(&all);
    assert_eq!(code, 1);
    assert!(
        text.contains("error[BF0591]") && text.contains("bots/shop/bot.yaml:6:"),
        "{text}"
    );
    dir.write("bots/shop/bot.yaml", SHOP);
    dir.write(
        "bots/shop/migrations/0002_more.sql",
        "CREATE TABLE more (id BIGINT PRIMARY KEY);\n",
    );
    let (code, text) = offline(&all);
    assert_eq!((code, text.matches("error[").count()), (1, 1), "{text}");
    assert!(
        text.contains("error[BF0591]") && text.contains("0002_more.sql:1:1"),
        "{text}"
    );
    assert_eq!(dir.botgen(&["prepare"]).0, 0);
    assert_eq!(offline(&all).0, 0);
    assert_ne!(dir.kept(), kept);
    assert_eq!(dir.kept().len(), 2, "stale ones are dropped");
    // A conflict of a merge.
    dir.write("bots/shop/sqlx/migrations.json", "<<<<<<< ours\n");
    let (code, text) = offline(&all);
    assert_eq!((code, text.matches("error[").count()), (1, 1), "{text}");
    assert!(
        text.contains("error[BF0592]") && text.contains("bots/shop/sqlx/migrations.json:1:1"),
        "{text}"
    );
    // Nothing is written for a bot with mistakes.
    let before = dir.kept();
    dir.write(
        "bots/shop/bot.yaml",
        &SHOP.replace("FROM goods", "FROM godos"),
    );
    let (code, text) = dir.botgen(&["prepare"]);
    assert_eq!((code, dir.kept()), (1, before), "{text}");
    assert!(text.contains("error[BF0520]"), "{text}");
    // Another file does not belong there.
    dir.write("bots/shop/bot.yaml", SHOP);
    assert_eq!(dir.botgen(&["prepare"]).0, 0);
    dir.write("bots/shop/sqlx/notes.txt", "x");
    let (code, text) = dir.botgen(&["check"]);
    assert_eq!(
        (
            code,
            text.contains("only `botgen prepare` writes to this folder")
        ),
        (1, true),
        "{text}"
    );
}
