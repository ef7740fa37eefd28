//! Who serves this database. Every serving process holds a shared lock on a file beside it, which the system takes away
//! from the dead. Whoever finds itself alone at start ends the leases of those before it at once, so that what a crash
//! left does not wait for a lease that nobody will use.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::outbox::{OFFERED_LEASE, micros};

/// The longest that a row which was given back waits after a start.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(30);

impl Sqlite {
    /// The lock is held while the file is open. One that cannot be had is none: leases then end by themselves.
    pub(crate) async fn enter(&self, now: i64) -> Result<Option<File>, StoreError> {
        let path = beside(&self.file);
        let opened = tokio::task::spawn_blocking(move || open(&path)).await;
        let Ok(Ok((file, alone))) = opened else {
            return Ok(None);
        };
        if alone {
            self.end_leases(now).await?;
        }
        // From alone to one of several: the lock is not changed in place, but whoever slips in between is not alone
        // either, or finds no lease of ours yet.
        let entered = tokio::task::spawn_blocking(move || {
            if alone {
                file.unlock()?;
            }
            file.lock_shared()?;
            Ok::<_, std::io::Error>(file)
        });
        Ok(entered.await.ok().and_then(Result::ok))
    }

    /// Also shortens what an offered response or a row that was given back waits for: written by a clock that was ahead,
    /// it would wait as long as that was. Whoever is asked too early says so again.
    async fn end_leases(&self, now: i64) -> Result<(), StoreError> {
        let soon = now.saturating_add(micros(LONGEST_WAIT));
        let offered = now.saturating_add(micros(OFFERED_LEASE));
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_outbox SET lease_until = $1 WHERE state = 2 AND given_back = 0 AND lease_until > $1;
                         UPDATE bf_outbox SET lease_until = $2 WHERE state = 2 AND lease_until > $2;
                         UPDATE bf_outbox SET lease_until = $3 WHERE state = 1 AND lease_until > $3;
                         UPDATE bf_polling SET lease_until = $1 WHERE lease_until > $1;
                         UPDATE bf_recipient SET due = $1 WHERE state < 3 AND due > $1;
                         UPDATE bf_broadcast SET next_at = $1 WHERE state < 3 AND next_at > $1;
                         UPDATE bf_pace SET next_at = min(next_at, $1), held = min(held, $1) WHERE max(next_at, held) > $1;
                         UPDATE bf_jobs SET ready = $1 WHERE ready > $1",
                    )
                    .bind(now)
                    .bind(soon)
                    .bind(offered)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".serving");
    name.into()
}

/// The file, locked for us alone if nobody else has it.
fn open(path: &Path) -> std::io::Result<(File, bool)> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    let alone = file.try_lock().is_ok();
    Ok((file, alone))
}
