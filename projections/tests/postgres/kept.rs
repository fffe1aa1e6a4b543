//! Connections that commands hand on to each other.

use devauth_projections::Error;
use devauth_projections::pool::{Kept, Taken};

use crate::fixture::{Fixture, eventually};

async fn backend(connection: &mut Taken<'_>) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut **connection).await.unwrap()
}

#[tokio::test]
async fn one_that_was_kept_is_taken_again_and_one_that_was_not_is_closed() {
    let fixture = Fixture::new().await;
    let kept = Kept::new(fixture.pool.clone());
    let mut first = kept.take().await.unwrap();
    let pid = backend(&mut first).await;
    first.keep();

    let mut second = kept.take().await.unwrap();
    assert_eq!(backend(&mut second).await, pid);
    drop(second);

    let mut owner = fixture.owner().await;
    eventually("it is closed", async || {
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE pid = $1")
            .bind(pid)
            .fetch_one(&mut owner)
            .await
            .unwrap();
        seen == 0
    })
    .await;
    assert_ne!(backend(&mut kept.take().await.unwrap()).await, pid);
}

#[tokio::test]
async fn they_act_with_the_rights_of_the_service() {
    let fixture = Fixture::new().await;
    let kept = Kept::new(fixture.pool.clone());
    let mut connection = kept.take().await.unwrap();
    let refused = sqlx::query("DELETE FROM events").execute(&mut *connection).await;
    assert_eq!(refused.unwrap_err().as_database_error().unwrap().code().as_deref(), Some("42501"));
}

#[tokio::test]
async fn more_than_there_are_wait_for_each_other() {
    let fixture = Fixture::new().await;
    let kept = Kept::new(fixture.pool.clone());
    let using = (0..40).map(|_| {
        let kept = kept.clone();
        tokio::spawn(async move {
            let mut connection = kept.take().await.unwrap();
            let pid = backend(&mut connection).await;
            connection.keep();
            pid
        })
    });
    let mut pids = Vec::new();
    for one in using.collect::<Vec<_>>() {
        pids.push(one.await.unwrap());
    }
    pids.sort_unstable();
    pids.dedup();
    assert!(pids.len() <= 8, "{pids:?}");
}

#[tokio::test]
async fn with_the_pool_they_are_closed() {
    let fixture = Fixture::new().await;
    let kept = Kept::new(fixture.pool.clone());
    kept.take().await.unwrap().keep();
    fixture.pool.close().await;

    assert!(matches!(kept.take().await, Err(Error::Unavailable(_))));
}
