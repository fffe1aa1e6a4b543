//! Takes jobs and mails them, a few at a time. Any number of nodes may run one: a job is leased to one of them.

use std::time::Duration;

use devauth_projections::jobs::Job;
use devauth_projections::{Error, crash_point, jobs};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::facts::{self, Finding};
use super::outgoing::OutgoingMail;
use super::settlement::{Settlement, Tried};
use super::transport::{SendError, Transport};
use crate::app::App;
use crate::crypto::random;
use crate::telemetry::traces;

/// Counts tries by kind of mail and what became of them.
pub const MAIL_TOTAL: &str = "devauth_mail_total";

/// How long mails took from being asked for until a relay had them.
pub const MAIL_SECONDS: &str = "devauth_mail_delay_seconds";

/// How many mails are on their way at once: one slow relay or recipient doesn't hold up the others.
const AT_ONCE: usize = 4;

/// How long a job is ours. Longer than the longest try, or a second worker would send the mail too.
const LEASE: chrono::Duration = chrono::Duration::seconds(90);

/// How long a job that nobody announced may go unnoticed.
const POLL: Duration = Duration::from_secs(1);

/// Mails jobs until it is told to stop.
#[derive(Clone)]
pub struct Worker {
    app: App,
    transport: Transport,
}

impl Worker {
    /// A worker of this node.
    pub fn new(app: App, transport: Transport) -> Self {
        Self { app, transport }
    }

    /// Runs until `stop` is cancelled, and then until what is on its way has arrived or failed.
    pub async fn run(self, stop: CancellationToken) {
        let mut sending = JoinSet::new();
        while !stop.is_cancelled() {
            self.start_due(&mut sending, &stop).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.app.job_written.notified() => {}
                Some(_) = sending.join_next() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        sending.join_all().await;
    }

    /// Takes no more jobs than can be started at once: a lease runs from the moment a job is taken.
    async fn start_due(&self, sending: &mut JoinSet<()>, stop: &CancellationToken) {
        let free = AT_ONCE.saturating_sub(sending.len());
        if free == 0 {
            return;
        }
        match jobs::take(&self.app.pool, self.app.clock.now(), free as i64, LEASE).await {
            Ok(due) => {
                if !due.is_empty() {
                    crash_point::reached("mail_taken");
                }
                for job in due {
                    let trace = traces::job(kind_of(&job), job.id, job.attempts, job.traceparent.as_deref());
                    sending.spawn(self.clone().handle(job, stop.clone()).instrument(trace));
                }
            }
            Err(error) => tracing::warn!(%error, "jobs can't be taken"),
        }
    }

    async fn handle(self, job: Job, stop: CancellationToken) {
        // In a task of its own, so that a panic ends this try and not the worker.
        let trying = tokio::spawn({
            let (worker, job) = (self.clone(), job.clone());
            async move { worker.attempt(&job).await }.in_current_span()
        });
        let tried = trying.await.unwrap_or(Tried::Failed(SendError::INTERNAL));
        let mut jitter = [0; 4];
        random::fill(&mut jitter);
        let jitter = u32::from_ne_bytes(jitter);
        let settlement = Settlement::after(tried, job.attempts, self.app.clock.now(), job.give_up_at, jitter);
        report(&job, settlement);
        if settlement == Settlement::Done {
            let delay = (self.app.clock.now() - job.created_at).as_seconds_f64();
            metrics::histogram!(MAIL_SECONDS).record(delay.max(0.0));
        }
        self.store(&job, settlement, &stop).await;
    }

    /// Stores what became of a job, once Postgres can be asked again: until then, or until the lease ends, nobody else tries
    /// it. Told to stop, the lease runs out and the mail is sent once more, with the same Message-ID.
    async fn store(&self, job: &Job, settlement: Settlement, stop: &CancellationToken) {
        let until = self.app.clock.now() + LEASE;
        while let Err(error) = self.settle(job, settlement).await {
            tracing::warn!(job_id = %job.id, %error, "what became of a mail can't be stored");
            let pause = stop.run_until_cancelled(tokio::time::sleep(POLL)).await;
            if pause.is_none() || self.app.clock.now() >= until {
                return;
            }
        }
    }

    async fn attempt(&self, job: &Job) -> Tried {
        let now = self.app.clock.now();
        // Taken late, after an outage or by a worker that died each time.
        if now >= job.give_up_at {
            return Tried::Failed(SendError::EXPIRED);
        }
        let facts = match facts::find(&self.app, job, now).await {
            Ok(Finding::Mail(facts)) => facts,
            Ok(Finding::NotWanted) => return Tried::NotWanted,
            Ok(Finding::UnknownKind) => return Tried::Failed(SendError::UNKNOWN_KIND),
            Err(error) => {
                tracing::warn!(job_id = %job.id, %error, "the facts of a mail can't be looked up");
                return Tried::Failed(SendError::LOOKUP);
            }
        };
        let mail = OutgoingMail::new(job.id, &self.app.config.mail_from.email, &facts, now);
        let trace = traces::smtp();
        match self.transport.send(&mail).instrument(trace.clone()).await {
            Ok(()) => {
                crash_point::reached("mail_sent");
                Tried::Sent
            }
            Err(error) => {
                traces::failed(&trace, error.code);
                Tried::Failed(error)
            }
        }
    }

    async fn settle(&self, job: &Job, settlement: Settlement) -> Result<(), Error> {
        let pool = &self.app.pool;
        match settlement {
            Settlement::Done => {
                jobs::done(pool, job.id).await?;
                crash_point::reached("mail_marked");
                Ok(())
            }
            Settlement::Cancel => jobs::cancel(pool, job.id).await,
            Settlement::Retry { at, code } => jobs::retry(pool, job.id, at, code).await,
            Settlement::Dead { code } => jobs::dead(pool, job.id, code).await,
        }
    }
}

fn report(job: &Job, settlement: Settlement) {
    let (kind, result, attempts) = (kind_of(job), settlement.result(), job.attempts);
    let (job_id, app_id, user_id) = (job.id, job.application_id, job.user_id);
    metrics::counter!(MAIL_TOTAL, "kind" => kind, "result" => result).increment(1);
    match settlement.code() {
        None => tracing::info!(%job_id, kind, %app_id, %user_id, attempts, result, "mail"),
        Some(error) => tracing::warn!(%job_id, kind, %app_id, %user_id, attempts, result, error, "mail"),
    }
}

/// The kind as a label, which has to come from a closed set.
fn kind_of(job: &Job) -> &'static str {
    super::message::MailKind::parse(&job.kind).map_or("unknown", super::message::MailKind::name)
}
