//! A Postgres of one test's own: from the installed programs, behind a socket in a temporary folder, gone when dropped.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where distributions put the programs, newest version first by number.
const USUAL: &[&str] = &["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    server: Child,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    /// Settings of the server's own.
    settings: Vec<String>,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Panics
    /// There are no programs (`scripts/test.sh` installs them), or it does not start.
    pub fn start() -> Self {
        Self::start_with(|_, _| Vec::new())
    }

    /// Starts one that waits for the disk as a server does that people rely on: for measurements.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub fn start_durable() -> Self {
        Self::start_with(|_, _| {
            ["fsync=on", "synchronous_commit=on", "full_page_writes=on"]
                .map(str::to_owned)
                .into()
        })
    }

    /// Starts one that also answers over TLS on a port of 127.0.0.1, which comes back with the path of its certificate (for
    /// `localhost` and that address; by the program `openssl`).
    ///
    /// # Panics
    /// As [`Postgres::start`]; there is no `openssl`.
    pub fn start_with_tls() -> (Self, u16, PathBuf) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let server = Self::start_with(|folder, user| {
            let made = command(Path::new("openssl"), folder, user)
                .args([
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                ])
                .args(["-subj", "/CN=localhost"])
                .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .args(["-keyout", "server.key", "-out", "server.crt"])
                .output()
                .expect("openssl runs");
            assert!(
                made.status.success(),
                "{}",
                String::from_utf8_lossy(&made.stderr)
            );
            let [key, certificate] =
                ["server.key", "server.crt"].map(|name| folder.join(name).display().to_string());
            vec![
                "listen_addresses=127.0.0.1".to_owned(),
                format!("port={port}"),
                "ssl=on".to_owned(),
                format!("ssl_key_file={key}"),
                format!("ssl_cert_file={certificate}"),
            ]
        });
        let certificate = server.folder.join("server.crt");
        (server, port, certificate)
    }

    fn start_with(settings: impl FnOnce(&Path, Option<(u32, u32)>) -> Vec<String>) -> Self {
        let programs = programs().expect("Postgres is not installed: scripts/test.sh installs it");
        // Short: a socket's path has at most 107 bytes.
        let folder = PathBuf::from(format!("/tmp/bf-pg-{:08x}", rand::random::<u32>()));
        std::fs::create_dir(&folder).expect("a temporary folder");
        let user = unprivileged(&folder);
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid)).expect("we are root");
        }
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))
            .expect("it is ours");
        let made = command(&programs.join("initdb"), &folder, user)
            .args([
                "-A",
                "trust",
                "-U",
                "postgres",
                "--no-sync",
                "--no-locale",
                "-E",
                "UTF8",
                "-D",
            ])
            .arg(folder.join("data"))
            .output()
            .expect("initdb runs");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let settings = settings(&folder, user);
        let mut postgres = Self {
            server: launch(&programs, &folder, user, &settings),
            folder,
            programs,
            user,
            settings,
        };
        postgres.wait();
        postgres
    }

    /// The URL of one of its databases; `postgres` is there from the start.
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}/{database}")
    }

    /// Where its socket is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    /// The server does not do it.
    pub async fn database(&self, name: &str) -> String {
        self.execute("postgres", &format!("CREATE DATABASE {name}"))
            .await;
        self.url(name)
    }

    /// A connection.
    ///
    /// # Panics
    /// The server refuses it.
    pub async fn connect(&self, database: &str) -> sqlx::PgConnection {
        let url = self.url(database);
        <sqlx::PgConnection as sqlx::Connection>::connect(&url)
            .await
            .expect("the server runs")
    }

    /// Runs statements.
    ///
    /// # Panics
    /// They fail.
    pub async fn execute(&self, database: &str, sql: &str) {
        let mut connection = self.connect(database).await;
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await;
        done.expect("the statements run");
    }

    /// Ends every process of it at once, as a power cut does.
    ///
    /// # Panics
    /// It does not run.
    pub fn kill(&mut self) {
        // Its sessions go with it: left alone one may still answer for a moment.
        self.signal("-STOP");
        let sessions = self.children();
        self.server.kill().expect("it runs");
        send("-KILL", &sessions);
        self.server.wait().expect("it ran");
    }

    /// Stops every process of it where it is: it neither answers nor closes a connection. Ends with [`Postgres::resume`].
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Goes on after [`Postgres::pause`].
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        // It first, so that it starts nobody while its children are looked for.
        send(signal, &[self.server.id().to_string()]);
        send(signal, &self.children());
    }

    /// The processes that it has started.
    fn children(&self) -> Vec<String> {
        let server = self.server.id().to_string();
        let mut children = Vec::new();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // `pid (name) state parent …`
            let mut fields = stat.rsplit(')').next().unwrap_or_default().split(' ');
            if fields.nth(2) == Some(&server) {
                children.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        children
    }

    /// Starts it again.
    pub fn restart(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let _ = std::fs::remove_file(self.folder.join("data/postmaster.pid"));
            self.server = launch(&self.programs, &self.folder, self.user, &self.settings);
            std::thread::sleep(Duration::from_millis(200));
            // Sessions of the one before may still be there.
            if self.server.try_wait().expect("our child").is_none() || Instant::now() > deadline {
                break;
            }
        }
        self.wait();
    }

    fn wait(&mut self) {
        let port = self
            .settings
            .iter()
            .find_map(|set| set.strip_prefix("port="));
        let port = port.unwrap_or("5432");
        let socket = self.folder.join(format!(".s.PGSQL.{port}"));
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let ready = socket.exists()
                && command(&self.programs.join("pg_isready"), &self.folder, None)
                    .arg("-q")
                    .arg("-h")
                    .arg(&self.folder)
                    .args(["-p", port])
                    .status()
                    .is_ok_and(|status| status.success());
            if ready {
                return;
            }
            let ended = self.server.try_wait().expect("our child");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the server does not start: {ended:?}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.resume();
        // SIGQUIT would leave shared memory; SIGINT ends sessions and then the server.
        let _ = Command::new("kill")
            .args(["-INT", &self.server.id().to_string()])
            .status();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn send(signal: &str, processes: &[String]) {
    // Some have ended meanwhile.
    let _ = Command::new("kill")
        .arg(signal)
        .args(processes)
        .stderr(Stdio::null())
        .status();
}

fn launch(programs: &Path, folder: &Path, user: Option<(u32, u32)>, settings: &[String]) -> Child {
    command(&programs.join("postgres"), folder, user)
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args([
            "-F",
            "-c",
            "listen_addresses=",
            "-c",
            "full_page_writes=off",
            "-c",
            "synchronous_commit=off",
        ])
        .args(settings.iter().flat_map(|setting| ["-c", setting.as_str()]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres runs")
}

fn command(program: &Path, folder: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .current_dir(folder)
        .stdin(Stdio::null());
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// On PATH, else the newest of the usual places.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter_map(|folder| {
        let program = folder.join("postgres").canonicalize().ok()?;
        program.parent().map(Path::to_owned)
    });
    let mut usual: Vec<PathBuf> = USUAL
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path().join("bin"))
        .collect();
    usual.sort_by_key(|folder| {
        let digits: String = folder
            .display()
            .to_string()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        std::cmp::Reverse(digits.parse::<u32>().unwrap_or_default())
    });
    let mut all = on_path.chain(usual);
    all.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// Postgres does not run as root: as `postgres`, else as `nobody`.
fn unprivileged(ours: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(ours).expect("just made").uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    ["postgres:", "nobody:"].iter().find_map(|name| {
        let line = users.lines().find(|line| line.starts_with(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}
