//! Reads of the portal: lists and numbers out of what follows the log. A streaming standby may answer them, as long as its answer
//! is the one that the primary would give now.
//!
//! Nothing else can reach the standby: who decides about access takes a [`Pool`], and the standby's is not handed out.

mod standby;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use standby::Standby;

use crate::pool::{Connection, PoolSettings};
use crate::{Error, Pool, pool};

/// How long the standby may take for an answer, before the primary is asked instead.
const LONGEST: Duration = Duration::from_secs(5);

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The database that commands write to.
    Primary,
    /// Its standby.
    Standby,
}

impl Source {
    /// The word for it in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Source::Primary => "primary",
            Source::Standby => "standby",
        }
    }
}

/// A connection to read on.
pub struct Reading(PoolConnection<Postgres>);

impl Deref for Reading {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// Where reads of the portal go. Cheap to clone.
#[derive(Clone)]
pub struct Reads {
    primary: Pool,
    standby: Option<Arc<Standby>>,
}

impl Reads {
    /// All of them to the primary.
    #[must_use]
    pub fn of(primary: Pool) -> Self {
        Reads { primary, standby: None }
    }

    /// To the standby with this URL while it has everything, else to the primary. Connections are made when they are needed.
    ///
    /// # Errors
    /// The URL is not one of Postgres.
    pub fn with_standby(self, url: &str, settings: &PoolSettings) -> Result<Self, Error> {
        let standby = Standby::new(pool::of_standby(url, settings)?);
        Ok(Reads { standby: Some(Arc::new(standby)), ..self })
    }

    /// Runs `query` where its answer shows everything that is committed now; on the primary if the standby is behind, away, fails
    /// or dawdles. Tells who answered.
    ///
    /// # Errors
    /// The primary is away, or refused the query.
    pub async fn read<T, F>(&self, query: impl Fn(Reading) -> F) -> Result<(T, Source), Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if let Some(standby) = &self.standby
            && standby.may_be_asked()
            && let Some(connection) = standby.up_to_date_with(&self.primary).await?
        {
            match tokio::time::timeout(LONGEST, query(Reading(connection))).await {
                Ok(Ok(answer)) => return Ok((answer, Source::Standby)),
                Ok(Err(error)) => standby.failed(&error),
                Err(_too_slow) => standby.failed(&"it took too long"),
            }
        }
        let connection = self.primary.acquire().await?;
        Ok((query(Reading(connection)).await?, Source::Primary))
    }
}
