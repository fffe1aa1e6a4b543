//! The rules exist twice, in Rust and in Lua. Whatever is asked in whatever order, both must answer the same.

use crate::redis_server::RedisServer;
use crate::stores::at;
use chrono::{DateTime, TimeDelta, Utc};
use devauth::limits::{Attempt, Bucket, Known, Limiter, LockoutPolicy};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve(Known),
    Fail,
    Succeed,
    Cancel,
    Clear,
    Admit { limit: u32 },
}

/// A step about one of a few attempts from one of a few networks, so many milliseconds after the last.
type Asked = (Step, u8, u8, i64);

fn asked() -> impl Strategy<Value = Asked> {
    let step = prop_oneof![
        8 => prop_oneof![Just(Known::Unknown), Just(Known::Yes)].prop_map(Step::Reserve),
        8 => Just(Step::Fail),
        1 => Just(Step::Succeed),
        2 => Just(Step::Cancel),
        1 => Just(Step::Clear),
        4 => (0_u32..4).prop_map(|limit| Step::Admit { limit }),
    ];
    let pause = prop_oneof![4 => Just(0_i64), 8 => 0_i64..5_000, 2 => 0_i64..40_000, 1 => 0_i64..200_000];
    (step, 0_u8..12, 0_u8..3, pause)
}

fn policy() -> LockoutPolicy {
    LockoutPolicy {
        attempts: 3,
        window: Duration::from_secs(60),
        lock: Duration::from_secs(50),
        protect_after: 8,
        protect_for: Duration::from_secs(90),
    }
}

async fn ask(
    limiter: &Limiter,
    (step, attempt, network, _): Asked,
    account: &str,
    now: DateTime<Utc>,
) -> String {
    let attempt = Attempt {
        application: "app_01".to_owned(),
        address: account.to_owned(),
        network: format!("192.0.2.{network}"),
        id: format!("attempt-{attempt}"),
    };
    match step {
        Step::Reserve(known) => format!("{:?}", limiter.reserve(&attempt, now, known).await),
        Step::Fail => format!("{:?}", limiter.fail(&attempt, now).await),
        Step::Succeed => format!("{:?}", limiter.succeed(&attempt, now).await),
        Step::Cancel => format!("{:?}", limiter.cancel(&attempt, now).await),
        Step::Clear => format!("{:?}", limiter.clear("app_01", account).await),
        Step::Admit { limit } => {
            let bucket = Bucket { key: account.to_owned(), limit, window: Duration::from_secs(20) };
            format!("{:?}", limiter.admit(&bucket, now).await)
        }
    }
}

#[test]
fn rust_and_lua_answer_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = RedisServer::start();
    let in_redis = Limiter::redis(&server.url(), "").unwrap();
    let accounts = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(200) });
    let steps = proptest::collection::vec(asked(), 1..80);
    let outcome = runner.run(&steps, |steps| {
        accounts.set(accounts.get() + 1);
        let account = accounts.get().to_string();
        let limiters = [Limiter::in_process(), in_redis.clone()]
            .map(|each| each.with_lockout(policy()).with_patience(Duration::ZERO));
        let mut now = at(0);
        for step in steps {
            now += TimeDelta::milliseconds(step.3);
            let [in_rust, in_lua] =
                limiters.each_ref().map(|each| runtime.block_on(ask(each, step, &account, now)));
            prop_assert_eq!(in_rust, in_lua, "{:?} at {}", step, now);
        }
        Ok(())
    });
    outcome.unwrap();
    assert_eq!(runtime.block_on(in_redis.redis_is_up()), Some(true), "Redis was asked, not its substitute");
}
