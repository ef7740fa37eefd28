//! Where the server's programs are.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{BIN, URL};

/// The folders where distributions put the programs; `*` stands for one part, or a piece of it.
const USUAL: [&str; 12] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/lib64/postgresql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/opt/local/lib/postgresql*/bin",
    "/usr/local/pgsql*/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/Library/PostgreSQL/*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// The oldest version that is asked: older ones are not kept by anybody and lack what botgen uses.
pub const OLDEST: u32 = 13;

/// The programs of one installed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// `15`.
    pub major: u32,
    /// Compares versions: major, minor.
    version: (u32, u32),
    folder: PathBuf,
}

impl Binaries {
    /// The newest version on PATH or in a usual place; only in `given`, where that is set.
    ///
    /// # Errors
    /// There is none: what to do about it.
    pub fn find(given: Option<&Path>) -> Result<Self, String> {
        let path = std::env::var_os("PATH");
        let folders = match given {
            Some(folder) => vec![folder.to_owned()],
            None => candidates(path),
        };
        let found = folders.iter().filter_map(|folder| Self::of(folder));
        let newest = found.max_by(|a, b| {
            a.version
                .cmp(&b.version)
                .then_with(|| b.folder.cmp(&a.folder))
        });
        match (newest, given) {
            (Some(found), _) if found.major >= OLDEST => Ok(found),
            (Some(found), _) => Err(format!(
                "the Postgres in `{}` is version {}, and botgen needs {OLDEST} or newer\n{}",
                found.folder.display(),
                found.major,
                advice()
            )),
            (None, Some(folder)) => Err(format!(
                "`{BIN}` names `{}`, where `postgres` and `initdb` are not\n{}",
                folder.display(),
                advice()
            )),
            (None, None) => Err(format!(
                "there is no Postgres server on this machine to check the SQL on\n{}",
                advice()
            )),
        }
    }

    fn of(folder: &Path) -> Option<Self> {
        let postgres = folder.join("postgres");
        if !postgres.is_file() || !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(&postgres).arg("--version").output().ok()?;
        let version = version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            major: version.0,
            version,
            folder: folder.to_owned(),
        })
    }

    /// The path of one of them.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn advice() -> String {
    format!(
        "help: install its programs (Debian and Ubuntu: `apt-get install postgresql`; Fedora: `dnf install postgresql-server`; \
         macOS: `brew install postgresql`), or set `{URL}=postgres://…` to a server where a database can be made"
    )
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → 15, 18; betas (`17beta1`) are their version.
fn version(text: &str) -> Option<(u32, u32)> {
    let numbers = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = numbers.split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    });
    let major = parts.next()??;
    Some((major, parts.next().flatten().unwrap_or(0)))
}

/// Folders to look into, without repetition. A link (`/usr/local/bin/postgres`) leads to where its siblings are.
fn candidates(path: Option<OsString>) -> Vec<PathBuf> {
    let on_path = path
        .iter()
        .flat_map(std::env::split_paths)
        .collect::<Vec<_>>();
    let usual = USUAL.iter().flat_map(|pattern| expand(pattern));
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in on_path.into_iter().filter(|f| f.is_absolute()).chain(usual) {
        let behind = fs::canonicalize(folder.join("postgres")).ok();
        let behind = behind.and_then(|file| file.parent().map(Path::to_owned));
        if let Some(folder) = behind
            && !folders.contains(&folder)
        {
            folders.push(folder);
        }
    }
    folders
}

/// The folders that a pattern names.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let Some((before, after)) = part.split_once('*') else {
            found.iter_mut().for_each(|folder| folder.push(part));
            continue;
        };
        let entries = found
            .iter()
            .flat_map(|folder| fs::read_dir(folder).ok())
            .flatten();
        found = entries
            .filter_map(Result::ok)
            .filter(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                name.len() >= before.len() + after.len()
                    && name.starts_with(before)
                    && name.ends_with(after)
            })
            .map(|entry| entry.path())
            .collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(
            version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some((15, 18))
        );
        assert_eq!(version("postgres (PostgreSQL) 17beta1"), Some((17, 0)));
        assert_eq!(version("postgres (PostgreSQL) 9.6.24"), Some((9, 6)));
        assert_eq!(version("bash: not found"), None);
    }

    #[test]
    fn patterns() {
        let root = env!("CARGO_MANIFEST_DIR");
        let found = expand(&format!("{root}/src/check/s*l/ty*r"));
        assert_eq!(
            found,
            [PathBuf::from(format!("{root}/src/check/sql/typer"))]
        );
        assert_eq!(
            expand(&format!("{root}/nowhere*/bin")),
            Vec::<PathBuf>::new()
        );
    }
}
