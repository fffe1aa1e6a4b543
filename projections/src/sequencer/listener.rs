//! Waiting for the log to grow. It only saves time: who follows the log looks by themselves too, now and then.

use sqlx::postgres::PgListener;

use super::NUMBERED;
use crate::{Error, Pool};

/// A connection on which Postgres tells of newly numbered events.
pub struct Listener(PgListener);

impl Listener {
    /// Takes a connection of `pool` for itself.
    ///
    /// # Errors
    /// Postgres is away.
    pub async fn connect(pool: &Pool) -> Result<Self, Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(NUMBERED).await?;
        Ok(Listener(listener))
    }

    /// Waits until events were numbered, or until the connection was lost and made anew: then some may have been missed.
    ///
    /// # Errors
    /// Postgres is away.
    pub async fn numbered(&mut self) -> Result<(), Error> {
        self.0.try_recv().await?;
        Ok(())
    }
}
