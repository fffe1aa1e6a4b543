//! Counts kept in Redis, for all nodes together. Each decision is one Lua script, hence one atomic step, over keys
//! of one hash tag, hence of one node of a cluster.

mod address;
mod admissions;
mod link;
mod target;

use super::ConfigError;
use super::guessing::{Attempt, Consequence, Known, NETWORKS_BEFORE_SWEEP, Rules, Verdict};
use super::instant::{Micros, length};
use super::rate::{Admission, Bucket};
use admissions::{Admissions, Question};
use link::Link;
use redis::{Cmd, Pipeline, RedisResult, Script, ServerErrorKind};
use std::sync::{Arc, LazyLock};
use target::{Connection, Target};
use tracing::Instrument as _;

use crate::telemetry::traces;

static RATE: LazyLock<LuaScript> = LazyLock::new(|| LuaScript::new("rate", include_str!("rate.lua")));
static GUESSING: LazyLock<LuaScript> =
    LazyLock::new(|| LuaScript::new("guessing", include_str!("guessing.lua")));

/// The counts in one Redis server or cluster. Every answer is `None` while it is away.
pub(super) struct SharedCounts {
    link: Arc<Link>,
    /// None for a cluster: what is written together may belong on different nodes of it.
    admissions: Option<Admissions>,
    prefix: String,
}

/// Whether these URLs can be used.
pub(super) fn check(urls: &str) -> Result<(), ConfigError> {
    Target::parse(urls).map(drop)
}

impl SharedCounts {
    pub(super) fn new(url: &str, prefix: &str) -> Result<Self, ConfigError> {
        let target = Target::parse(url)?;
        let is_cluster = target.is_cluster();
        let link = Arc::new(Link::new(target, format!("{prefix}probe")));
        let admissions = (!is_cluster).then(|| Admissions::new(link.clone()));
        Ok(Self { link, admissions, prefix: prefix.to_owned() })
    }

    /// Asks Redis now, unless it is known to be away.
    pub(super) async fn is_up(&self) -> bool {
        self.link.is_up().await
    }

    pub(super) async fn admit(&self, bucket: &Bucket, now: Micros) -> Option<Admission> {
        let question = Question {
            key: format!("{}rate:{{{}}}", self.prefix, bucket.key),
            limit: bucket.limit,
            window: length(bucket.window),
            now,
        };
        let (limit, window) = (question.limit, question.window);
        let count = match &self.admissions {
            Some(line) => line.ask(question).instrument(traces::redis(RATE.name)).await?,
            None => {
                let Call { keys, arguments } = question.call(1);
                admissions::count(self.run(&RATE, &keys, &arguments).await?, 0)
            }
        };
        Some(count.admission(limit, window, now))
    }

    pub(super) async fn reserve(
        &self,
        attempt: &Attempt,
        known: Known,
        rules: &Rules,
        now: Micros,
    ) -> Option<Verdict> {
        let [verdict, until] = self.guessing("reserve", attempt, known, rules, now).await?;
        match verdict {
            0 => Some(Verdict::Granted),
            1 => Some(Verdict::Locked { until }),
            2 => Some(Verdict::Protected { until }),
            3 => Some(Verdict::Undecided { abandoned_at: until }),
            other => unreachable!("guessing.lua knows four verdicts, not {other}"),
        }
    }

    pub(super) async fn fail(&self, attempt: &Attempt, rules: &Rules, now: Micros) -> Option<Consequence> {
        let [locked_until, protected_until] =
            self.guessing("fail", attempt, Known::Unknown, rules, now).await?;
        Some(Consequence { locked_until: present(locked_until), protected_until: present(protected_until) })
    }

    pub(super) async fn succeed(&self, attempt: &Attempt, rules: &Rules, now: Micros) -> Option<()> {
        self.guessing("succeed", attempt, Known::Unknown, rules, now).await.map(|[]| ())
    }

    pub(super) async fn cancel(&self, attempt: &Attempt, rules: &Rules, now: Micros) -> Option<()> {
        self.guessing("cancel", attempt, Known::Unknown, rules, now).await.map(|[]| ())
    }

    pub(super) async fn clear(&self, application: &str, address: &str) -> Option<()> {
        let keys = self.account_keys(application, address);
        self.link
            .with("clear", async |connection| connection.query::<i64>(Cmd::new().arg("DEL").arg(&keys)).await)
            .await?;
        Some(())
    }

    /// The account's failures in a row, and its pairs by network.
    fn account_keys(&self, application: &str, address: &str) -> [String; 2] {
        ["streak", "pairs"].map(|part| format!("{}guess:{{{application}:{address}}}:{part}", self.prefix))
    }

    async fn guessing<const N: usize>(
        &self,
        command: &str,
        attempt: &Attempt,
        known: Known,
        rules: &Rules,
        now: Micros,
    ) -> Option<[i64; N]> {
        let numbers = [
            now,
            i64::from(known == Known::Yes),
            i64::from(rules.attempts),
            rules.window,
            rules.lock,
            i64::from(rules.protect_after),
            rules.protect_for,
            rules.abandoned_after,
            rules.forgotten_after,
            i64::try_from(NETWORKS_BEFORE_SWEEP).unwrap_or(i64::MAX),
        ];
        let names = [command, &attempt.network, &attempt.id].map(str::to_owned);
        let arguments: Vec<String> = names.into_iter().chain(numbers.map(|each| each.to_string())).collect();
        self.run(&GUESSING, &self.account_keys(&attempt.application, &attempt.address), &arguments).await
    }

    async fn run<const N: usize>(
        &self,
        script: &LuaScript,
        keys: &[String],
        arguments: &[String],
    ) -> Option<[i64; N]> {
        self.link.with(script.name, async |connection| script.run(connection, keys, arguments).await).await
    }
}

/// A time answered by a script, which says -1 for none.
fn present(at: Micros) -> Option<Micros> {
    (at >= 0).then_some(at)
}

/// What a script is called with.
struct Call {
    keys: Vec<String>,
    arguments: Vec<String>,
}

/// A Lua script and the hash by which Redis remembers it.
struct LuaScript {
    name: &'static str,
    code: &'static str,
    script: Script,
}

impl LuaScript {
    fn new(name: &'static str, code: &'static str) -> Self {
        Self { name, code, script: Script::new(code) }
    }

    /// Runs it by its hash, or by its text where the server does not have it yet. `Script::invoke_async` would load
    /// it on all nodes of a cluster instead, and fail when any of them is away.
    async fn run<const N: usize>(
        &self,
        connection: &Connection,
        keys: &[String],
        arguments: &[String],
    ) -> RedisResult<[i64; N]> {
        let by_hash = eval("EVALSHA", self.script.get_hash(), keys, arguments);
        match connection.query(&by_hash).await {
            Err(error) if error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript) => {
                connection.query(&eval("EVAL", self.code, keys, arguments)).await
            }
            result => result,
        }
    }

    /// As [`run`](Self::run), all with one write, on one server.
    async fn run_all<const N: usize>(
        &self,
        connection: &Connection,
        calls: &[Call],
    ) -> RedisResult<Vec<[i64; N]>> {
        match connection.query_all(&Self::pipeline("EVALSHA", self.script.get_hash(), calls)).await {
            // None of them was run.
            Err(error) if error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript) => {
                connection.query_all(&Self::pipeline("EVAL", self.code, calls)).await
            }
            result => result,
        }
    }

    fn pipeline(command: &str, script: &str, calls: &[Call]) -> Pipeline {
        let mut pipeline = redis::pipe();
        for Call { keys, arguments } in calls {
            pipeline.add_command(eval(command, script, keys, arguments));
        }
        pipeline
    }
}

fn eval(command: &str, script: &str, keys: &[String], arguments: &[String]) -> Cmd {
    let mut cmd = redis::cmd(command);
    cmd.arg(script).arg(keys.len()).arg(keys).arg(arguments);
    cmd
}
