//! Who serves this database. Every serving process holds a shared lock on a file beside it, which the system takes away
//! from the dead. Whoever finds itself alone at start ends the leases of those before it at once, so that what a crash
//! left does not wait for a lease that nobody will use.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::Store;
use super::error::StoreError;

/// This process serves the database, until it is dropped.
#[derive(Debug)]
pub struct Presence {
    _file: Option<File>,
}

impl Store {
    /// Enters; where nobody else serves this database, ends the leases that earlier processes left. A response that was
    /// offered keeps its lease: Telegram asks for it again.
    ///
    /// # Errors
    /// The database fails. A lock that cannot be had is none: leases then end by themselves.
    pub async fn enter(&self) -> Result<Presence, StoreError> {
        let Some(path) = self.file.as_deref().map(beside) else {
            return Ok(Presence { _file: None });
        };
        let opened = tokio::task::spawn_blocking(move || open(&path)).await;
        let Ok(Ok((file, alone))) = opened else {
            return Ok(Presence { _file: None });
        };
        if alone {
            self.end_leases().await?;
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
        Ok(Presence {
            _file: entered.await.ok().and_then(Result::ok),
        })
    }

    async fn end_leases(&self) -> Result<(), StoreError> {
        let now = self.clock.micros();
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_outbox SET lease_until = $1 WHERE state = 2 AND given_back = 0 AND lease_until > $1;
                         UPDATE bf_polling SET lease_until = $1 WHERE lease_until > $1",
                    )
                    .bind(now)
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
