//! The private server: started once, kept warm, found again by the next run.
//!
//! Whoever wants to start it holds `lock`. The server runs beside a small shell that stops it when `used` has not been
//! touched for a while, or when the folder is gone. What a crash leaves (an unfinished `initdb`, a pid file, a broken
//! data folder) the next start clears: nothing in the cluster is worth keeping.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, PgConnection};

use super::binaries::Binaries;
use super::home::{Home, SOCKET};
use super::{BIN, IDLE};

/// Who may do everything. Statements of bots never run as it.
const SUPERUSER: &str = "postgres";
/// Who makes databases and runs migrations. Not a superuser: a migration must not reach the machine.
pub(super) const ROLE: &str = "botgen";
/// Seconds without use after which the server ends.
const IDLE_SECONDS: u32 = 900;
/// How long a start may take, recovery after a crash included.
const START: Duration = Duration::from_secs(60);
/// How long a stop may take.
const STOP: Duration = Duration::from_secs(10);

/// Looks after the server: `$1` file that every use touches, `$2` file that remembers its time, `$3` seconds between two
/// looks, `$4` looks without use, then the server's own command.
const KEEPER: &str = r#"
used=$1 seen=$2 tick=$3 looks=$4; shift 4
"$@" &
server=$!
trap 'kill -INT "$server" 2>/dev/null' TERM INT HUP
quiet=0
while kill -0 "$server" 2>/dev/null; do
  sleep "$tick"
  [ -e "$used" ] || break
  if [ ! -e "$seen" ] || [ "$used" -nt "$seen" ]; then touch -r "$used" "$seen"; quiet=0; else quiet=$((quiet + 1)); fi
  [ "$quiet" -lt "$looks" ] || break
done
kill -TERM "$server" 2>/dev/null
wait "$server"
"#;

/// The private server of this user, running or not.
#[derive(Debug, Clone)]
pub struct Cluster {
    home: Home,
    /// Only these programs.
    programs: Option<PathBuf>,
    idle: u32,
}

/// Whether it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As this process.
    Running(i32),
    /// It will be started when it is needed.
    Stopped,
}

impl Cluster {
    /// That of this user. Nothing is started.
    ///
    /// # Errors
    /// We are root and there is no other user, or a variable makes no sense.
    pub fn from_env() -> Result<Self, String> {
        let programs = std::env::var_os(BIN)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from);
        let idle = match std::env::var(IDLE) {
            Ok(text) => text
                .parse()
                .ok()
                .filter(|seconds| *seconds > 0)
                .ok_or_else(|| format!("`{IDLE}` is a number of seconds, not `{text}`"))?,
            Err(_) => IDLE_SECONDS,
        };
        Self::new(None, programs, idle)
    }

    /// One in a folder of its own below `base`, from only these `programs`, which ends after `idle` seconds without use.
    ///
    /// # Errors
    /// We are root and there is no other user.
    pub fn new(base: Option<&Path>, programs: Option<PathBuf>, idle: u32) -> Result<Self, String> {
        let kind = programs.as_ref().map_or(String::new(), |folder| {
            let mut hasher = DefaultHasher::new();
            folder.hash(&mut hasher);
            format!("-{:08x}", hasher.finish() & 0xffff_ffff)
        });
        Ok(Self {
            home: Home::find(&kind, base)?,
            programs,
            idle: idle.max(1),
        })
    }

    /// Its folder, for people.
    pub fn folder(&self) -> String {
        self.home.folder().display().to_string()
    }

    /// How to connect to one of its databases.
    pub(super) fn options(&self, user: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.home.sockets())
            .port(5432)
            .username(user)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
            .statement_cache_capacity(0)
            .disable_statement_logging()
    }

    /// Tells the keeper that somebody is here.
    pub(super) fn touch(&self) {
        let file = File::options().write(true).open(self.home.join("used"));
        // Without it the server ends a little earlier; the next run starts it again.
        let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Whether it runs.
    pub fn status(&self) -> Status {
        match self.server() {
            Some(pid) => Status::Running(pid.as_raw_nonzero().get()),
            None => Status::Stopped,
        }
    }

    /// Stops it. `false`: it did not run.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(&self) -> Result<bool, String> {
        if !self.home.folder().is_dir() {
            return Ok(false);
        }
        let _lock = self.lock()?;
        let Some(pid) = self.server() else {
            return Ok(false);
        };
        // The keeper leads the group of both.
        let group = rustix::process::getpgid(Some(pid)).ok();
        let _ = kill_process(pid, Signal::INT);
        let began = Instant::now();
        while self.server().is_some() {
            if began.elapsed() > STOP {
                let _ = kill_process(pid, Signal::QUIT);
                return Err(format!(
                    "the server (process {}) does not end",
                    pid.as_raw_nonzero()
                ));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        if let Some(group) = group.filter(|group| *group != rustix::process::getpgrp()) {
            let _ = kill_process_group(group, Signal::TERM);
        }
        Ok(true)
    }

    /// Starts it, unless another did in the meantime.
    ///
    /// # Errors
    /// There are no programs, or the server does not start: in words for people.
    pub(super) async fn start(&self) -> Result<(), String> {
        self.home.make()?;
        let _lock = self.lock()?;
        let began = Instant::now();
        // Another process has started it, or it is on its way up or down.
        while let Some(pid) = self.server() {
            if self.answers().await.is_ok() {
                return Ok(());
            }
            if began.elapsed() > START {
                return Err(format!(
                    "the private Postgres (process {}) does not answer; `botgen postgres stop` ends it",
                    pid.as_raw_nonzero()
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let binaries = Binaries::find(self.programs.as_deref())?;
        for name in ["data/postmaster.pid", "used", "seen"] {
            let _ = fs::remove_file(self.home.join(name));
        }
        for name in [SOCKET.to_owned(), format!("{SOCKET}.lock")] {
            let _ = fs::remove_file(self.home.sockets().join(name));
        }
        let fresh = !self.fits(&binaries);
        if fresh {
            self.init(&binaries)?;
        }
        match self.launch(&binaries).await {
            Ok(()) => Ok(()),
            Err(words) if fresh => Err(words),
            // Written without fsync: after a power cut it may be beyond repair.
            Err(_) => {
                self.init(&binaries)?;
                self.launch(&binaries).await
            }
        }
    }

    fn lock(&self) -> Result<File, String> {
        let path = self.home.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| format!("cannot open `{}`: {e}", path.display()))?;
        file.lock()
            .map_err(|e| format!("cannot lock `{}`: {e}", path.display()))?;
        Ok(file)
    }

    /// The process that serves the data folder, if it lives.
    fn server(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.home.join("data/postmaster.pid")).ok()?;
        let pid = Pid::from_raw(file.lines().next()?.trim().parse().ok()?)?;
        match test_kill_process(pid) {
            Ok(()) | Err(rustix::io::Errno::PERM) => {}
            Err(_) => return None,
        }
        // After a crash the number may be somebody else's by now.
        let data = self.home.join("data");
        let number = pid.as_raw_nonzero().to_string();
        let command = fs::read(format!("/proc/{number}/cmdline")).or_else(|_| {
            let ps = Command::new("/bin/ps")
                .args(["-ww", "-o", "command=", "-p", &number])
                .output();
            ps.map(|output| output.stdout)
        });
        let command = command.ok()?;
        String::from_utf8_lossy(&command)
            .contains(&*data.to_string_lossy())
            .then_some(pid)
    }

    /// Whether the data folder is whole and of this version.
    fn fits(&self, binaries: &Binaries) -> bool {
        fs::read_to_string(self.home.join("data/PG_VERSION"))
            .is_ok_and(|version| version.trim() == binaries.major.to_string())
    }

    /// A command of the cluster's user, without our environment.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .current_dir(self.home.folder())
            .stdin(Stdio::null());
        if let Some(user) = self.home.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    /// A new data folder, which takes its name when it is whole.
    fn init(&self, binaries: &Binaries) -> Result<(), String> {
        let (new, data) = (self.home.join("data.new"), self.home.join("data"));
        for folder in [&new, &data] {
            if folder.exists() {
                fs::remove_dir_all(folder)
                    .map_err(|e| format!("cannot remove `{}`: {e}", folder.display()))?;
            }
        }
        let output = self
            .command(binaries.program("initdb"))
            .args([
                "--auth=trust",
                "--no-sync",
                "--no-locale",
                "--encoding=UTF8",
            ])
            .arg(format!("--username={SUPERUSER}"))
            .arg("--pgdata")
            .arg(&new)
            .output()
            .map_err(|e| format!("cannot run initdb: {e}"))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(format!("initdb fails:\n{}", last_lines(&words)));
        }
        fs::rename(&new, &data).map_err(|e| format!("cannot make `{}`: {e}", data.display()))
    }

    async fn launch(&self, binaries: &Binaries) -> Result<(), String> {
        let fail = |what: &str| {
            let what = what.to_owned();
            move |e: std::io::Error| format!("cannot {what}: {e}")
        };
        let path = self.home.join("log");
        let _ = fs::remove_file(&path);
        let log = File::create(&path).map_err(fail("write the server's log"))?;
        let errors = log.try_clone().map_err(fail("write the server's log"))?;
        File::create(self.home.join("used")).map_err(fail("write to the cluster's folder"))?;
        if let Some(user) = self.home.user {
            for name in ["log", "used"] {
                std::os::unix::fs::chown(self.home.join(name), Some(user.uid), Some(user.gid))
                    .map_err(fail("give a file to the server's user"))?;
            }
        }
        let tick = self.idle.min(5);
        let mut child = self
            .command("/bin/sh")
            .args(["-c", KEEPER, "botgen-postgres"])
            .arg(self.home.join("used"))
            .arg(self.home.join("seen"))
            .args([tick.to_string(), self.idle.div_ceil(tick).to_string()])
            .arg(binaries.program("postgres"))
            .arg("-D")
            .arg(self.home.join("data"))
            .arg("-k")
            .arg(self.home.sockets())
            .args(["-p", "5432", "-F"])
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .stdout(log)
            .stderr(errors)
            // Ctrl-C in the terminal is not meant for it.
            .process_group(0)
            .spawn()
            .map_err(fail("start the server"))?;
        let outcome = self.ready(&mut child).await;
        // Reaped here if it ends while this process lives, else by init.
        std::thread::spawn(move || child.wait());
        outcome
    }

    async fn ready(&self, keeper: &mut Child) -> Result<(), String> {
        let began = Instant::now();
        loop {
            match self.answers().await {
                Ok(mut connection) => return role(&mut connection).await,
                Err(e) if began.elapsed() > START => {
                    return Err(format!(
                        "the private Postgres does not answer: {e}\n{}",
                        self.log()
                    ));
                }
                Err(_) => {}
            }
            // The keeper looks only now and then: the server itself has ended when its pid file is gone again.
            let ended = keeper.try_wait().is_ok_and(|status| status.is_some());
            let failed = began.elapsed() > Duration::from_secs(5) && self.server().is_none();
            if ended || failed {
                let _ = kill_process_group(Pid::from_child(keeper), Signal::TERM);
                return Err(format!(
                    "the private Postgres does not start\n{}",
                    self.log()
                ));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn answers(&self) -> Result<PgConnection, sqlx::Error> {
        if !self.home.sockets().join(SOCKET).exists() {
            return Err(sqlx::Error::PoolClosed);
        }
        self.options(SUPERUSER, "postgres").connect().await
    }

    /// The end of the server's log.
    fn log(&self) -> String {
        let mut text = String::new();
        let read = File::open(self.home.join("log")).and_then(|mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(4096)))?;
            file.read_to_string(&mut text)
        });
        match read {
            Ok(_) => last_lines(&text),
            Err(_) => String::new(),
        }
    }
}

/// Small, quiet, and without care for what a power cut does.
const SETTINGS: [&str; 12] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=40",
    "shared_buffers=16MB",
    "max_wal_size=64MB",
    "autovacuum=off",
    "jit=off",
    "max_parallel_workers_per_gather=0",
    "temp_file_limit=256MB",
    "log_min_messages=fatal",
];

async fn role(connection: &mut PgConnection) -> Result<(), String> {
    sqlx::raw_sql(
        "DO $$ BEGIN \
           IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'botgen') THEN \
             CREATE ROLE botgen LOGIN CREATEDB; \
           END IF; \
         END $$",
    )
    .execute(connection)
    .await
    .map(|_| ())
    .map_err(|e| format!("the private Postgres refuses to make a role: {e}"))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
