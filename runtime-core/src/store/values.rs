//! Values made once and shared by all instances: secrets, and who polls a bot from where.

use std::time::Duration;

use super::Store;
use super::error::StoreError;
use super::outbox::micros;

impl Store {
    /// 32 random bytes under this name: made on first use, the same ever after.
    pub async fn secret(&self, name: &'static str) -> Result<[u8; 32], StoreError> {
        let fresh: [u8; 32] = rand::random();
        backend!(self, backend => backend.secret(name, fresh).await)?
            .try_into()
            .map_err(|_| StoreError::Sql(sqlx::Error::Decode("a secret of another length".into())))
    }

    /// Takes or renews the right to poll `bot` for `lease`. `Some`: it is ours, and the lowest update id that is not
    /// finished (0 at first: ask Telegram without an offset). `None`: another instance has it.
    pub async fn polling_lease(
        &self,
        bot: i64,
        lease: Duration,
    ) -> Result<Option<i64>, StoreError> {
        let now = self.clock.micros();
        let until = now.saturating_add(micros(lease));
        let holder = self.instance.clone();
        backend!(self, backend => backend.polling_lease(bot, holder, now, until).await)
    }

    /// Remembers that every update below `next_id` is finished; false when another instance polls by now.
    pub async fn polling_advance(&self, bot: i64, next_id: i64) -> Result<bool, StoreError> {
        let holder = self.instance.clone();
        backend!(self, backend => backend.polling_advance(bot, holder, next_id).await)
    }

    /// Lets another instance poll at once (shutdown).
    pub async fn polling_release(&self, bot: i64) -> Result<(), StoreError> {
        let holder = self.instance.clone();
        backend!(self, backend => backend.polling_release(bot, holder).await)
    }
}
