//! How long it takes from a commit until the portal's list has it, at three rates of events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use devauth::service::numbering;
use devauth_aggregates::UserId;
use devauth_projections::Pool;
use devauth_projections::pool::{self, Kept, PoolSettings};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::appending::{insert, new_id};
use crate::report::Report;
use crate::setup::Bench;
use crate::{Outcome, Plan, Ratios};

/// Events a second.
const RATES: [u32; 3] = [50, 200, 1_000];
/// Events of one command.
const EVENTS: u32 = 5;
/// Who append at the same time.
const WRITERS: u32 = 4;

/// Measures it.
pub async fn measure(bench: &Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let pool = pool::lazy(&bench.common.database_url, &PoolSettings::default())?;
    // Who appends numbers the log too, as every node does.
    let appended = Arc::new(Notify::new());
    let numbering = tokio::spawn({
        let (connections, appended) = (Kept::new(pool.clone()), appended.clone());
        async move { numbering::run(&connections, &appended, &CancellationToken::new()).await }
    });
    for rate in RATES {
        let (mut median, mut p99) = (Ratios::default(), Ratios::default());
        for _ in 0..plan.rounds {
            let mut lags = lags(&pool, &appended, rate, plan.slice * 2).await?;
            lags.sort_by(f64::total_cmp);
            median.push(lags[lags.len() / 2]);
            p99.push(lags[(lags.len() * 99 / 100).min(lags.len() - 1)]);
        }
        report.add(&format!("commit to portal list at {rate} events/s, median (ms)"), &median, None);
        report.add(&format!("commit to portal list at {rate} events/s, p99 (ms)"), &p99, None);
    }
    numbering.abort();
    pool.close().await;
    Ok(())
}

/// The newest command that was committed: its stream, the sequence of its last event, and when.
type Committed = Option<(String, i64, Instant)>;

async fn lags(pool: &Pool, appended: &Arc<Notify>, rate: u32, time: Duration) -> Outcome<Vec<f64>> {
    let (committed, newest) = watch::channel::<Committed>(None);
    let committed = Arc::new(committed);
    let pause = Duration::from_secs(1) * EVENTS * WRITERS / rate;
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| tokio::spawn(write(pool.clone(), appended.clone(), pause, time, committed.clone())))
        .collect();
    let lags = sample(pool, newest, time).await?;
    for writer in writers {
        writer.await??;
    }
    Ok(lags)
}

async fn write(
    pool: Pool,
    appended: Arc<Notify>,
    pause: Duration,
    time: Duration,
    committed: Arc<watch::Sender<Committed>>,
) -> Outcome<()> {
    let (user, started, mut sequence) = (UserId::from_uuid(new_id()), Instant::now(), 0);
    let mut ticks = tokio::time::interval(pause);
    while started.elapsed() < time {
        ticks.tick().await;
        let mut tx = pool.begin().await?;
        insert(user, sequence, i64::from(EVENTS), &mut tx).await?;
        tx.commit().await?;
        appended.notify_one();
        sequence += i64::from(EVENTS);
        committed.send_replace(Some((user.to_string(), sequence, Instant::now())));
    }
    Ok(())
}

/// Follows one command after the other until the model has it.
async fn sample(pool: &Pool, mut newest: watch::Receiver<Committed>, time: Duration) -> Outcome<Vec<f64>> {
    let (started, mut lags) = (Instant::now(), Vec::new());
    while started.elapsed() < time {
        tokio::time::timeout(time, newest.changed()).await??;
        let Some((stream, sequence, at)) = newest.borrow_and_update().clone() else { continue };
        while !has(pool, &stream, sequence).await? {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        lags.push(at.elapsed().as_secs_f64() * 1e3);
    }
    Ok(lags)
}

async fn has(pool: &Pool, stream: &str, sequence: i64) -> Outcome<bool> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM event_log l JOIN projections p ON p.checkpoint >= l.position
         WHERE p.name = 'portal_users' AND l.aggregate_type = 'User' AND l.aggregate_id = $1 AND l.sequence = $2)",
    )
    .bind(stream)
    .bind(sequence)
    .fetch_one(pool)
    .await?)
}
