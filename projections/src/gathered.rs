//! Gathered reads. Look-ups that wait at the same time are answered by one statement: those that arrive while a statement is
//! under way are gathered, and the next one answers them all. So a busy node asks Postgres less often than it is asked.
//!
//! An answer is as fresh as that of a statement of its own: it comes from a statement that began after the look-up arrived.
//! Nothing is kept from one statement to the next. Who may see what stands in the statement, look-up by look-up.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};
use tokio::sync::{mpsc, oneshot};

use crate::{Error, Pool, pool};

/// Look-ups that one statement answers together.
const MOST: usize = 256;
/// Look-ups that are held back at most; more wait for their place.
const WAITING: usize = 1_024;
/// The longest that the look-ups of one statement wait for it, a new connection and a second try included. Postgres answers
/// them within a millisecond; past this it is away, or somebody holds a table.
const PATIENCE: Duration = Duration::from_secs(5);

/// A kind of look-up by key, of which one statement answers many.
pub trait LookUp: Sized + 'static {
    /// What one look-up asks.
    type Question: Send + Sync + 'static;
    /// What is found.
    type Answer: Send + 'static;

    /// The statement for these questions. Its rows are what was found, at most one for a question, with a column `number`
    /// (bigint) that says for which: 1 is the first.
    fn query<'q>(questions: &[&Self::Question]) -> Query<'q, Postgres, PgArguments>;

    /// One row.
    ///
    /// # Errors
    /// Something stored can't be read.
    fn read(row: &PgRow) -> Result<Self::Answer, Error>;
}

/// Answers one look-up by a statement of its own.
///
/// # Errors
/// Postgres is away, or something stored can't be read.
pub async fn alone<L: LookUp>(pool: &Pool, question: &L::Question) -> Result<Option<L::Answer>, Error> {
    let row = L::query(&[question]).fetch_optional(pool).await?;
    row.as_ref().map(L::read).transpose()
}

/// Answers look-ups, gathered. Cheap to clone; clones gather together.
pub struct Gathered<L: LookUp> {
    pool: Pool,
    waiting: mpsc::Sender<Waiting<L>>,
}

impl<L: LookUp> Clone for Gathered<L> {
    fn clone(&self) -> Self {
        Gathered { pool: self.pool.clone(), waiting: self.waiting.clone() }
    }
}

struct Waiting<L: LookUp> {
    question: L::Question,
    answer: oneshot::Sender<Result<Option<L::Answer>, Error>>,
}

impl<L: LookUp> Gathered<L> {
    /// Has a connection for itself, beside those of the pool, from the first look-up until the pool is closed.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        let (waiting, questions) = mpsc::channel(WAITING);
        tokio::spawn(answer::<L>(pool.clone(), questions));
        Gathered { pool, waiting }
    }

    /// What is found, if anything is.
    ///
    /// # Errors
    /// Postgres is away, or something stored can't be read.
    pub async fn ask(&self, question: L::Question) -> Result<Option<L::Answer>, Error>
    where
        L::Question: Clone,
    {
        let (answer, answered) = oneshot::channel();
        if self.waiting.send(Waiting { question: question.clone(), answer }).await.is_ok()
            && let Ok(answer) = answered.await
        {
            return answer;
        }
        // The task has ended with the pool, which then says so, or by a panic that was its own and not this look-up's.
        alone::<L>(&self.pool, &question).await
    }
}

/// Answers until nobody can ask any more or the pool is closed.
async fn answer<L: LookUp>(pool: Pool, mut questions: mpsc::Receiver<Waiting<L>>) {
    let mut line = Line { pool: pool.clone(), connection: None };
    let answering = async {
        let mut gathered = Vec::new();
        while questions.recv_many(&mut gathered, MOST).await > 0 {
            // Requests that came in together ask one after the other: the first would go alone, and the others wait for it.
            tokio::task::yield_now().await;
            while gathered.len() < MOST
                && let Ok(one) = questions.try_recv()
            {
                gathered.push(one);
            }
            // Whoever went away meanwhile is not asked for.
            gathered.retain(|one: &Waiting<L>| !one.answer.is_closed());
            if let Err(away) = line.answer_all(&mut gathered).await {
                // Those who came while we waited in vain have waited for the same.
                while let Ok(one) = questions.try_recv() {
                    gathered.push(one);
                }
                refuse(&mut gathered, away);
            }
        }
    };
    let _closed = pool.close_event().do_until(answering).await;
}

/// Tells all that Postgres is away.
fn refuse<L: LookUp>(gathered: &mut Vec<Waiting<L>>, away: sqlx::Error) {
    let away = Arc::new(away);
    for one in gathered.drain(..) {
        let copy = sqlx::Error::Io(std::io::Error::other(away.clone()));
        // Here and below: nobody listens any more, and nobody misses the answer.
        let _ = one.answer.send(Err(Error::Unavailable(copy)));
    }
}

/// The connection, while there is one.
struct Line {
    pool: Pool,
    connection: Option<PgConnection>,
}

impl Line {
    /// Answers all, unless Postgres is away.
    async fn answer_all<L: LookUp>(&mut self, gathered: &mut Vec<Waiting<L>>) -> Result<(), sqlx::Error> {
        if gathered.is_empty() {
            return Ok(());
        }
        let questions: Vec<&L::Question> = gathered.iter().map(|one| &one.question).collect();
        match self.ask_patiently::<L>(&questions).await {
            Ok(rows) => {
                tell(rows, gathered);
                Ok(())
            }
            Err(Error::Unavailable(away)) => Err(away),
            Err(refusal) if gathered.len() == 1 => {
                let _ = gathered.remove(0).answer.send(Err(refusal));
                Ok(())
            }
            // One of them can't be answered. The others shall not suffer for it.
            Err(_refusal) => {
                for one in std::mem::take(gathered) {
                    let mut single = vec![one];
                    let outcome = Box::pin(self.answer_all(&mut single)).await;
                    if let Err(away) = outcome {
                        refuse(&mut single, away);
                    }
                }
                Ok(())
            }
        }
    }

    /// Asks once more if the connection breaks: it may have been broken for long, and a read can be repeated.
    async fn ask_patiently<L: LookUp>(&mut self, questions: &[&L::Question]) -> Result<Vec<PgRow>, Error> {
        let asking = async {
            let connection = self.connection().await?;
            match self.ask_on::<L>(connection, questions).await {
                Err(Error::Unavailable(_)) => {
                    let connection = self.connection().await?;
                    self.ask_on::<L>(connection, questions).await
                }
                outcome => outcome,
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_elapsed| Err(Error::Unavailable(sqlx::Error::PoolTimedOut)))
    }

    /// Takes the connection out, so that it is gone if what it is used for is given up half way.
    async fn connection(&mut self) -> Result<PgConnection, Error> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Ok(pool::by_key(&self.pool).await?),
        }
    }

    async fn ask_on<L: LookUp>(
        &mut self,
        mut connection: PgConnection,
        questions: &[&L::Question],
    ) -> Result<Vec<PgRow>, Error> {
        let outcome = L::query(questions).fetch_all(&mut connection).await.map_err(Error::from);
        if !matches!(outcome, Err(Error::Unavailable(_))) {
            self.connection = Some(connection);
        }
        outcome
    }
}

/// Gives everybody their row, and nothing to those who have none.
fn tell<L: LookUp>(rows: Vec<PgRow>, gathered: &mut Vec<Waiting<L>>) {
    let mut found: Vec<Result<Option<L::Answer>, Error>> = gathered.iter().map(|_| Ok(None)).collect();
    for row in rows {
        let number = row.try_get::<i64, _>("number").ok().and_then(|number| usize::try_from(number).ok());
        let place = number.and_then(|number| found.get_mut(number.checked_sub(1)?));
        if let Some(place) = place {
            *place = L::read(&row).map(Some);
        }
    }
    for (one, found) in gathered.drain(..).zip(found) {
        let _ = one.answer.send(found);
    }
}
