//! Connections that commands, and who follows the log, hand on to each other. The pool asks each connection that comes back how it is, which costs a
//! round trip for every statement and can't be turned off; one that has just answered needs no question.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sqlx::{Connection as _, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{FRESH, Pool, by_key};
use crate::Error;

/// Connections at most, beside those of the pool: as many statements as commit together gain from it.
const PLACES: usize = 8;

/// Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Kept(Arc<Shelf>);

struct Shelf {
    pool: Pool,
    places: Semaphore,
    /// With the moment when each came back.
    idle: Mutex<Vec<(PgConnection, Instant)>>,
}

impl Kept {
    /// Connections like those of `pool`, made by it when they are needed.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Kept(Arc::new(Shelf { pool, places: Semaphore::new(PLACES), idle: Mutex::default() }))
    }

    /// A connection; one that has lain for a while is asked first whether it is still good.
    ///
    /// # Errors
    /// Postgres is away, all connections are in use for as long as the pool would wait, or the pool is closed.
    pub async fn take(&self) -> Result<Taken<'_>, Error> {
        let shelf = &*self.0;
        let patience = shelf.pool.options().get_acquire_timeout();
        let place = tokio::time::timeout(patience, shelf.places.acquire()).await;
        let Ok(Ok(place)) = place else { return Err(Error::Unavailable(sqlx::Error::PoolTimedOut)) };
        while let Some((mut connection, since)) = shelf.newest().filter(|_| !shelf.pool.is_closed()) {
            if since.elapsed() < FRESH || connection.ping().await.is_ok() {
                return Ok(Taken { shelf, connection, _place: place });
            }
        }
        let connection = by_key(&shelf.pool).await?;
        Ok(Taken { shelf, connection, _place: place })
    }
}

impl Shelf {
    fn newest(&self) -> Option<(PgConnection, Instant)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

/// A connection in use. Dropped, it is closed: whatever was under way on it is over.
pub struct Taken<'a> {
    shelf: &'a Shelf,
    connection: PgConnection,
    _place: SemaphorePermit<'a>,
}

impl Taken<'_> {
    /// Hands it on, after a statement that was answered.
    pub fn keep(self) {
        let idle = self.shelf.idle.lock();
        idle.unwrap_or_else(PoisonError::into_inner).push((self.connection, Instant::now()));
    }
}

impl Deref for Taken<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Taken<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
