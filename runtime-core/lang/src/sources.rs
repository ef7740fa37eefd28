//! The hash of a bot's sources: the compiler puts it into the binary, the runtime compares it with the folder on disk.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Largest file that is read for comparison, in bytes; the compiler takes no larger one.
const FILE_BYTES: u64 = 10_000_000;
/// Most files of a bot.
const FILES: usize = 10_000;

/// Whether a file of a bot's folder (`flows/book.yaml`) is one of its sources.
pub fn is_source(name: &str) -> bool {
    match name.split_once('/') {
        None => name == "bot.yaml",
        Some(("flows" | "chats", file)) => file.ends_with(".yaml"),
        Some(("locales", file)) => file.ends_with(".ftl"),
        Some(("migrations", file)) => file.ends_with(".sql"),
        Some(_) => false,
    }
}

/// SHA-256, hex, over name and contents (each with its length) of every source, in order of name. Other files are skipped.
pub fn hash<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let sorted: BTreeMap<&str, &[u8]> = files
        .into_iter()
        .filter(|(name, _)| is_source(name))
        .collect();
    let mut sha = Sha256::new();
    for (name, bytes) in sorted {
        for part in [name.as_bytes(), bytes] {
            sha.update((part.len() as u64).to_le_bytes());
            sha.update(part);
        }
    }
    let mut out = String::with_capacity(64);
    for byte in sha.finalize() {
        let _ = write!(out, "{byte:02x}"); // memory does not fail
    }
    out
}

/// The hash of a bot's folder as it is on disk.
///
/// # Errors
/// The folder has no `bot.yaml`, cannot be read, or is beyond the compiler's limits.
pub fn hash_folder(folder: &Path) -> std::io::Result<String> {
    let mut files = BTreeMap::new();
    read("", folder, 0, &mut files)?;
    if !files.contains_key("bot.yaml") {
        return Err(std::io::ErrorKind::NotFound.into());
    }
    Ok(hash(
        files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
    ))
}

fn read(
    prefix: &str,
    folder: &Path,
    depth: usize,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let name = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        };
        let path = entry.path();
        // `metadata` follows links, as the compiler does.
        let metadata = std::fs::metadata(&path)?;
        if metadata.is_dir() && depth < 2 {
            read(&name, &path, depth + 1, files)?;
        } else if metadata.is_file() && is_source(&name) {
            if metadata.len() > FILE_BYTES || files.len() >= FILES {
                return Err(std::io::ErrorKind::FileTooLarge.into());
            }
            files.insert(name, std::fs::read(&path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_contents_count_other_files_do_not() {
        let one = hash([("bot.yaml", b"ab".as_slice()), ("flows/a.yaml", b"c")]);
        assert_ne!(
            one,
            hash([("bot.yaml", b"abc".as_slice()), ("flows/a.yaml", b"")])
        );
        assert_ne!(
            one,
            hash([("bot.yaml", b"ab".as_slice()), ("flows/b.yaml", b"c")])
        );
        assert_eq!(
            one,
            hash([
                ("README.md", b"x".as_slice()),
                ("flows/a.yaml", b"c"),
                ("bot.yaml", b"ab")
            ])
        );
    }

    #[test]
    fn a_folder_hashes_like_its_files() {
        let dir = std::env::temp_dir().join(format!("botfactory-sources-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("migrations/sqlite")).unwrap();
        std::fs::write(dir.join("bot.yaml"), "a").unwrap();
        std::fs::write(dir.join("notes.txt"), "x").unwrap();
        std::fs::write(dir.join("migrations/sqlite/0001_a.sql"), "b").unwrap();
        let files = [
            ("bot.yaml", b"a".as_slice()),
            ("migrations/sqlite/0001_a.sql", b"b"),
        ];
        assert_eq!(hash_folder(&dir).unwrap(), hash(files));
        std::fs::remove_file(dir.join("bot.yaml")).unwrap();
        assert!(hash_folder(&dir).is_err());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
