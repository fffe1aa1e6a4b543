//! Executing a command: load, decide, and write everything that follows from it in one transaction.

use std::time::Duration;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use devauth_aggregates::{RecordedEvent, UserError};
use devauth_projections::event_log::{Append, Context, EventLog, Loaded};
use devauth_projections::inline::Inline;
use devauth_projections::part::Part;
use devauth_projections::sealing::Key256;
use devauth_projections::{Error, Write, crash_point};
use tokio::sync::Notify;
use tracing::Instrument as _;

use crate::crypto::random;
use crate::telemetry::traces;

/// How often a command that lost a race, or met a broken connection, is tried in all.
const TRIES: u32 = 6;

/// Why a command was not executed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<E> {
    /// The aggregate refused it.
    #[error("the command was refused: {0}")]
    Refused(E),
    /// The address belongs to another user.
    #[error("the address is taken")]
    AddressTaken,
    /// The store could not do it.
    #[error(transparent)]
    Store(Error),
}

impl CommandError<UserError> {
    /// Whether there is no such user, or not any more: they may be erased at any moment.
    #[must_use]
    pub fn user_is_gone(&self) -> bool {
        matches!(self, CommandError::Refused(UserError::NotFound) | CommandError::Store(Error::PersonErased))
    }
}

/// What a command led to.
#[derive(Debug)]
pub struct Outcome<A> {
    /// The state after it.
    pub state: A,
    /// Whether it changed anything.
    pub changed: bool,
}

/// Executes commands on one event log.
#[derive(Clone)]
pub struct Commands {
    log: EventLog,
    appended: std::sync::Arc<Notify>,
}

impl Commands {
    /// On this log; `appended` is told of every commit, so that who follows the log need not wait for their next look.
    #[must_use]
    pub fn new(log: EventLog, appended: std::sync::Arc<Notify>) -> Self {
        Commands { log, appended }
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Executes `command` on the stream `id`. Events, inline read models and what `writes` answers for the new state are
    /// committed together, or nothing is. A lost race reloads and decides again; a command that decides nothing writes
    /// nothing.
    ///
    /// A commit whose answer was lost may or may not have happened. The ids of the events derive from the command's id, so
    /// the next try sees which it was.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute<A>(
        &self,
        id: A::Id,
        command: A::Command,
        context: &Context,
        writes: impl Fn(&A) -> Vec<Write> + Send + Sync,
    ) -> Result<Outcome<A>, CommandError<A::Error>>
    where
        A: Inline + Aggregate<Services = ()>,
        A::Command: Clone + Send,
        A::Event: RecordedEvent,
        A::Error: Send,
    {
        self.try_all(None, id, command, context, writes).instrument(traces::command(A::TYPE)).await
    }

    /// [`Commands::execute`], where the caller has loaded the stream with what led them here.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute_on<A>(
        &self,
        loaded: Loaded<A>,
        id: A::Id,
        command: A::Command,
        context: &Context,
        writes: impl Fn(&A) -> Vec<Write> + Send + Sync,
    ) -> Result<Outcome<A>, CommandError<A::Error>>
    where
        A: Inline + Aggregate<Services = ()>,
        A::Command: Clone + Send,
        A::Event: RecordedEvent,
        A::Error: Send,
    {
        self.try_all(Some(loaded), id, command, context, writes).instrument(traces::command(A::TYPE)).await
    }

    async fn try_all<A>(
        &self,
        mut loaded: Option<Loaded<A>>,
        id: A::Id,
        command: A::Command,
        context: &Context,
        writes: impl Fn(&A) -> Vec<Write> + Send + Sync,
    ) -> Result<Outcome<A>, CommandError<A::Error>>
    where
        A: Inline + Aggregate<Services = ()>,
        A::Command: Clone + Send,
        A::Event: RecordedEvent,
        A::Error: Send,
    {
        let mut tried = 1;
        loop {
            let attempt = self.attempt(loaded.take(), id, command.clone(), context, &writes, tried > 1);
            let error = match attempt.await {
                Err(CommandError::Store(error)) => error,
                ended => return ended,
            };
            match error {
                Error::AddressTaken => return Err(CommandError::AddressTaken),
                Error::Conflict | Error::AlreadyRecorded | Error::Unavailable(_) if tried < TRIES => {
                    tokio::time::sleep(pause(tried)).await;
                    tried += 1;
                }
                // The try before, of which nobody knew how it ended, may have erased them.
                Error::PersonErased if (2..TRIES).contains(&tried) => {
                    tokio::time::sleep(pause(tried)).await;
                    tried += 1;
                }
                error => return Err(CommandError::Store(error)),
            }
        }
    }

    async fn attempt<A>(
        &self,
        loaded: Option<Loaded<A>>,
        id: A::Id,
        command: A::Command,
        context: &Context,
        writes: &(impl Fn(&A) -> Vec<Write> + Send + Sync),
        again: bool,
    ) -> Result<Outcome<A>, CommandError<A::Error>>
    where
        A: Inline + Aggregate<Services = ()>,
        A::Command: Send,
        A::Event: RecordedEvent,
        A::Error: Send,
    {
        let mut loaded = match loaded {
            Some(loaded) => loaded,
            None => self.log.load::<A>(&id.to_string()).await.map_err(CommandError::Store)?,
        };
        if again && self.log.is_recorded(context.command_id).await.map_err(CommandError::Store)? {
            // It may have become visible between the two looks, and then what was loaded is from before it.
            let done = self.log.load::<A>(&id.to_string()).await.map_err(CommandError::Store)?;
            return Ok(Outcome { state: done.state, changed: true });
        }
        let sink = EventSink::default();
        loaded.state.handle(command, &(), &sink).await.map_err(CommandError::Refused)?;
        let events = sink.collect().await;
        traces::decided(|| events.iter().map(DomainEvent::event_type).collect::<Vec<_>>().join(" "));
        if !events.is_empty() {
            let writes = writes(&loaded.state);
            self.commit(id, &mut loaded, &events, context, &writes).await.map_err(CommandError::Store)?;
        }
        Ok(Outcome { changed: !events.is_empty(), state: loaded.state })
    }

    async fn commit<A>(
        &self,
        id: A::Id,
        loaded: &mut Loaded<A>,
        events: &[A::Event],
        context: &Context,
        writes: &[Write],
    ) -> Result<(), Error>
    where
        A: Inline,
        A::Event: RecordedEvent,
    {
        let person = loaded.state.person(id);
        let new_person = person.filter(|person| loaded.sequence == 0 && person.uuid() == A::uuid(id));
        if let Some(person) = new_person {
            loaded.keys.insert(person, Key256::generate());
        }
        let people: Vec<_> = [person, context.person].into_iter().flatten().collect();
        let missing: Vec<_> = people.into_iter().filter(|person| !loaded.keys.contains_key(person)).collect();
        loaded.keys.extend(self.log.data_keys(&missing).await?);
        if person.is_some_and(|person| !loaded.keys.contains_key(&person)) {
            return Err(Error::PersonErased);
        }

        let sequence = loaded.sequence + i64::try_from(events.len()).unwrap_or(i64::MAX);
        let stream = id.to_string();
        let append = Append::<A> {
            aggregate_id: &stream,
            after: loaded.sequence,
            events,
            person,
            context,
            keys: &loaded.keys,
        };
        if let (None, Some(parts)) = (new_person, parts(&loaded.state, id, sequence, writes)) {
            crash_point::reached("command_before_commit");
            append.insert_with(parts, self.log.kept()).await?;
            crash_point::reached("command_after_commit");
            self.appended.notify_one();
            return Ok(());
        }
        let mut tx = self.log.pool().begin().await.map_err(Error::from)?;
        for write in writes {
            write.lock(&mut tx).await?;
        }
        // Before anything is written: a try that meets another of the same stream, be it its own predecessor still at its commit, has to
        // fail here, where it reads as a conflict, and not at a key of some table that both fill.
        append.insert(&mut tx).await?;
        crash_point::reached("command_between_events_and_rows");
        if let Some(person) = new_person {
            self.log.store_data_key(&mut tx, person, &loaded.keys[&person]).await?;
        }
        loaded.state.write(&mut tx, id, sequence).await?;
        for write in writes {
            write.apply(&mut tx, self.log.keyring()).await?;
        }
        crash_point::reached("command_before_commit");
        tx.commit().await.map_err(Error::from)?;
        crash_point::reached("command_after_commit");
        self.appended.notify_one();
        Ok(())
    }
}

/// Everything that a command writes beside its events, if all of it can be part of the statement that appends them.
fn parts<A: Inline>(state: &A, id: A::Id, sequence: i64, writes: &[Write]) -> Option<Vec<Part>> {
    std::iter::once(state.part(id, sequence)).chain(writes.iter().map(Write::part)).collect()
}

/// Between 5 and 10 milliseconds, doubling with each try: random, so that racers don't meet again.
fn pause(tried: u32) -> Duration {
    let mut byte = [0u8; 1];
    random::fill(&mut byte);
    Duration::from_micros((5_000 + u64::from(byte[0]) * 20) << tried.min(5))
}
