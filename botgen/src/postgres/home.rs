//! The folder of the private cluster, and who runs it: Postgres refuses to run as root, and its socket must be
//! reachable by nobody else, since whoever reaches it is let in.

use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// Longest path of a socket that every system takes, in bytes; Postgres adds [`SOCKET`] to the folder.
const SOCKET_PATH: usize = 103;
/// The socket's name for port 5432.
pub const SOCKET: &str = ".s.PGSQL.5432";

/// Another user, because we are root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// Of its group.
    pub gid: u32,
}

/// Where the cluster lives. Nothing of it need exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
    sockets: PathBuf,
    /// Who runs it, if not we.
    pub user: Option<User>,
}

impl Home {
    /// Of this user, below `base` or its cache folder; `kind` tells clusters of different programs apart.
    ///
    /// # Errors
    /// We are root, and there is no other user.
    pub fn find(kind: &str, base: Option<&Path>) -> Result<Self, String> {
        let me = rustix::process::geteuid().as_raw();
        let user = if me == 0 { Some(unprivileged()?) } else { None };
        let usable = |folder: &PathBuf| user.is_none() || open_to_all(folder);
        let cache = || cache().filter(usable).map(|cache| cache.join("botgen"));
        let base = match base.map(Path::to_owned).or_else(cache) {
            Some(base) => base,
            None => Some(std::env::temp_dir())
                .filter(usable)
                .unwrap_or_else(|| PathBuf::from("/tmp"))
                .join(format!("botgen-{me}")),
        };
        let folder = base.join(format!("postgres{kind}"));
        let fits = folder.as_os_str().len() + 1 + SOCKET.len() <= SOCKET_PATH;
        let sockets = if fits {
            folder.clone()
        } else {
            let mut hasher = DefaultHasher::new();
            folder.hash(&mut hasher);
            PathBuf::from(format!("/tmp/botgen-{me}-{:016x}", hasher.finish()))
        };
        Ok(Self {
            folder,
            sockets,
            user,
        })
    }

    /// A file or folder in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
    /// Itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// The folder of the socket: this one, unless its path is too long for a socket.
    pub fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// Makes the folders, of the cluster's user and closed to others.
    ///
    /// # Errors
    /// One cannot be made, or is somebody else's.
    pub fn make(&self) -> Result<(), String> {
        if let Some(base) = self.folder.parent() {
            // Others must pass through it to the cluster's folder, if its user is another.
            let mode = if self.user.is_some() { 0o755 } else { 0o700 };
            DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(base)
                .map_err(|e| format!("cannot make `{}`: {e}", base.display()))?;
            let metadata = fs::symlink_metadata(base)
                .map_err(|e| format!("cannot read `{}`: {e}", base.display()))?;
            let me = rustix::process::geteuid().as_raw();
            if !metadata.is_dir() || metadata.uid() != me || metadata.mode() & 0o022 != 0 {
                return Err(theirs(base));
            }
            if metadata.mode() & mode != mode {
                fs::set_permissions(base, fs::Permissions::from_mode(mode))
                    .map_err(|e| format!("cannot open `{}`: {e}", base.display()))?;
            }
        }
        self.private(&self.folder)?;
        self.private(&self.sockets)
    }

    fn private(&self, folder: &Path) -> Result<(), String> {
        let fail = |e: std::io::Error| format!("cannot make `{}`: {e}", folder.display());
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(fail(e)),
            _ => {}
        }
        let metadata = fs::symlink_metadata(folder).map_err(fail)?;
        let me = rustix::process::geteuid().as_raw();
        let owner = self.user.map_or(me, |user| user.uid);
        // In a folder that everybody writes to, somebody may have been there first.
        if !metadata.is_dir() || (metadata.uid() != owner && metadata.uid() != me) {
            return Err(theirs(folder));
        }
        if metadata.mode() & 0o777 != 0o700 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(fail)?;
        }
        if let Some(user) = self.user
            && metadata.uid() != user.uid
        {
            chown(folder, Some(user.uid), Some(user.gid)).map_err(fail)?;
        }
        Ok(())
    }
}

fn theirs(folder: &Path) -> String {
    format!(
        "`{}` belongs to somebody else or is open to others; remove it, or set XDG_CACHE_HOME to a folder of yours",
        folder.display()
    )
}

fn cache() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    // A service account's home is often nowhere, or not its own.
    fs::create_dir_all(&cache).ok()?;
    rustix::fs::access(&cache, rustix::fs::Access::WRITE_OK).ok()?;
    Some(cache)
}

/// Whether every user may pass through a path.
fn open_to_all(path: &Path) -> bool {
    path.ancestors()
        .all(|part| fs::metadata(part).is_ok_and(|m| m.mode() & 0o001 != 0))
}

/// `postgres`, which the package makes, else `nobody`.
fn unprivileged() -> Result<User, String> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| user(&users, name))
        .ok_or_else(|| {
            "Postgres does not run as root, and there is no user `postgres` or `nobody` to run it as; \
             run botgen as another user, or set `BOTGEN_DATABASE_URL`"
                .to_owned()
        })
}

/// A line of /etc/passwd: `name:password:uid:gid:…`.
fn user(users: &str, name: &str) -> Option<User> {
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    // macOS writes `nobody` as -2.
    let mut id = || {
        let number: i64 = fields.next()?.parse().ok()?;
        u32::try_from(number & 0xffff_ffff).ok()
    };
    let user = User {
        uid: id()?,
        gid: id()?,
    };
    (user.uid != 0).then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users() {
        let file = "root:x:0:0:root:/root:/bin/bash\nnobody:*:-2:-2::/:/bin/false\npostgres:x:101:104:x:/:/bin/sh\n";
        assert_eq!(user(file, "postgres"), Some(User { uid: 101, gid: 104 }));
        assert_eq!(
            user(file, "nobody"),
            Some(User {
                uid: u32::MAX - 1,
                gid: u32::MAX - 1
            })
        );
        assert_eq!(user(file, "root"), None);
        assert_eq!(user(file, "post"), None);
    }
}
