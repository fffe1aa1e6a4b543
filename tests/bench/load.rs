//! The load generator: a closed loop of callers, each on a connection of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::wire::Connection;

/// More passwords wait than can be hashed in time: right on a slow machine, and not counted.
const BUSY: u16 = 503;
const TURNED_AWAY: Duration = Duration::from_millis(100);

/// Knows what to ask next.
pub trait Caller: Send + 'static {
    /// The next request.
    fn next(&mut self) -> &[u8];

    /// Sees the answer's body.
    fn answered(&mut self, _body: &[u8]) {}
}

/// How callers go about it.
#[derive(Clone, Copy)]
pub struct Pace {
    /// For how long.
    pub time: Duration,
    /// Between an answer and the next request; none asks as fast as it can.
    pub pause: Option<Duration>,
}

impl Pace {
    /// As fast as it can.
    pub fn full(time: Duration) -> Self {
        Pace { time, pause: None }
    }
}

/// What was seen.
pub struct Sample {
    ended: Vec<Instant>,
    took: Vec<Duration>,
}

impl Sample {
    /// Answers.
    pub fn count(&self) -> usize {
        self.took.len()
    }

    /// Answers a second, from the first answer to the last: a part of an interval at either end would count as none.
    pub fn rate(&self) -> f64 {
        let first = self.ended.iter().min();
        let Some((first, last)) = first.zip(self.ended.iter().max()) else { return 0.0 };
        (self.count() - 1) as f64 / last.duration_since(*first).as_secs_f64()
    }

    /// The time that so many (0 to 1) of the answers came within, in seconds.
    pub fn quantile(&self, part: f64) -> f64 {
        let mut took = self.took.clone();
        took.sort_unstable();
        let index = ((took.len() as f64 * part).ceil() as usize).clamp(1, took.len().max(1)) - 1;
        took.get(index).map_or(0.0, Duration::as_secs_f64)
    }
}

/// Lets the callers loose; gives them back with what was seen.
pub async fn run<C: Caller>(address: SocketAddr, callers: Vec<C>, pace: Pace) -> Outcome<(Sample, Vec<C>)> {
    let mut connections = Vec::new();
    for _ in &callers {
        connections.push(Connection::open(address).await?);
    }
    let until = Instant::now() + pace.time;
    let running: Vec<_> = callers
        .into_iter()
        .zip(connections)
        .map(|(caller, connection)| tokio::spawn(call(caller, connection, until, pace.pause)))
        .collect();
    let mut all = Sample { ended: Vec::new(), took: Vec::new() };
    let mut callers = Vec::new();
    for task in running {
        let (sample, caller) = task.await??;
        all.ended.extend(sample.ended);
        all.took.extend(sample.took);
        callers.push(caller);
    }
    Ok((all, callers))
}

async fn call<C: Caller>(
    mut caller: C,
    mut connection: Connection,
    until: Instant,
    pause: Option<Duration>,
) -> Result<(Sample, C), String> {
    let mut sample = Sample { ended: Vec::new(), took: Vec::new() };
    while Instant::now() < until {
        let asked = Instant::now();
        let answer = connection.exchange(caller.next()).await.map_err(|error| error.to_string())?;
        let ended = Instant::now();
        if answer.status == BUSY {
            tokio::time::sleep(TURNED_AWAY).await;
            continue;
        }
        if !(200..300).contains(&answer.status) {
            return Err(format!("answered {}: {}", answer.status, String::from_utf8_lossy(answer.body)));
        }
        caller.answered(answer.body);
        sample.ended.push(ended);
        sample.took.push(ended - asked);
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
    Ok((sample, caller))
}
