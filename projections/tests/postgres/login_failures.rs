//! Failed logins: whoever guesses fills a bounded number of rows, and hides nothing of what happens to others.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, UserId};
use devauth_projections::clean_up::Expired;
use devauth_projections::login_failures::{LoginFailure, PER_ADDRESS, PER_APPLICATION, Reason, What, write};
use devauth_projections::{Pool, claims};
use uuid::Uuid;

use crate::fixture::{AGENT, CLIENT, Fixture, application, at, rows};
use crate::follow::destroy_key;

const ADDRESS: [u8; 32] = [1; 32];

fn failure(fixture: &Fixture, address: [u8; 32], seconds: i64) -> LoginFailure {
    LoginFailure {
        id: fixture.id(),
        application: application(),
        address,
        user: None,
        what: What::Failed(Reason::UnknownAddress),
        occurred_at: at(seconds),
        client_address: CLIENT.to_owned(),
        user_agent: Some(AGENT.to_owned()),
        request_id: "req-1".to_owned(),
    }
}

fn failures(fixture: &Fixture, address: [u8; 32], seconds: i64, count: usize) -> Vec<LoginFailure> {
    (0..count).map(|_| failure(fixture, address, seconds)).collect()
}

/// Another address for each number.
fn address(number: u32) -> [u8; 32] {
    let mut address = [2; 32];
    address[..4].copy_from_slice(&number.to_be_bytes());
    address
}

/// Rows, and what they count that has none.
async fn counted(pool: &Pool, address: &[u8]) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(*), coalesce(sum(suppressed), 0)::bigint FROM login_failures WHERE address = $1",
    )
    .bind(address)
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn user_with_address(fixture: &Fixture, address: [u8; 32]) -> UserId {
    let user = fixture.user().await;
    let mut tx = fixture.pool.begin().await.unwrap();
    claims::insert(&mut tx, application(), &address, user).await.unwrap();
    tx.commit().await.unwrap();
    user
}

#[tokio::test]
async fn an_address_has_twenty_rows_in_a_quarter_of_an_hour_and_the_rest_is_counted() {
    let fixture = Fixture::new().await;
    let pool = &fixture.pool;
    // One by one, several at once, and across the edge.
    for _ in 0..5 {
        write(pool, &failures(&fixture, ADDRESS, 0, 1)).await.unwrap();
    }
    write(pool, &failures(&fixture, ADDRESS, 1, 10)).await.unwrap();
    assert_eq!(counted(pool, &ADDRESS).await, (15, 0));
    write(pool, &failures(&fixture, ADDRESS, 2, 30)).await.unwrap();
    assert_eq!(counted(pool, &ADDRESS).await, (PER_ADDRESS, 25));
    write(pool, &failures(&fixture, ADDRESS, 3, 100)).await.unwrap();
    write(pool, &failures(&fixture, ADDRESS, 3, 1)).await.unwrap();
    assert_eq!(counted(pool, &ADDRESS).await, (PER_ADDRESS, 126));

    write(pool, &failures(&fixture, [9; 32], 3, 1)).await.unwrap();
    assert_eq!(counted(pool, &[9; 32]).await, (1, 0), "another address");
    let lock = LoginFailure { what: What::Locked, ..failure(&fixture, ADDRESS, 4) };
    write(pool, &[lock]).await.unwrap();
    assert_eq!(counted(pool, &ADDRESS).await, (PER_ADDRESS + 1, 126), "a lock is another thing");
    write(pool, &failures(&fixture, ADDRESS, 900, 3)).await.unwrap();
    assert_eq!(counted(pool, &ADDRESS).await, (PER_ADDRESS + 4, 126), "a quarter of an hour later");

    let (last, suppressed): (DateTime<Utc>, i64) =
        sqlx::query_as("SELECT occurred_at, suppressed FROM login_failures WHERE suppressed > 0")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!((last, suppressed), (at(2), 126), "the last row counts, and shows the first it stands for");
}

#[tokio::test]
async fn writers_at_the_same_moment_stay_below_the_bound_and_lose_no_count() {
    let fixture = Fixture::new().await;
    let writers: Vec<_> = (0..12u32)
        .map(|n| {
            let pool = fixture.pool.clone();
            // Two addresses in both orders, so that they would meet crosswise.
            let (one, other) = (failures(&fixture, ADDRESS, 0, 3), failures(&fixture, [9; 32], 0, 3));
            let mixed = if n % 2 == 0 { [one, other].concat() } else { [other, one].concat() };
            tokio::spawn(async move {
                for failure in mixed.chunks(2) {
                    write(&pool, failure).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for address in [&ADDRESS[..], &[9; 32]] {
        let (rows, suppressed) = counted(&fixture.pool, address).await;
        assert!((1..=PER_ADDRESS).contains(&rows), "{rows}");
        assert_eq!(rows + suppressed, 36);
    }
}

#[tokio::test]
async fn ten_thousand_invented_addresses_fill_a_bounded_number_of_rows_and_hide_nobody() {
    const BATCH: usize = 100;
    let fixture = Fixture::new().await;
    let pool = &fixture.pool;
    let ada = user_with_address(&fixture, ADDRESS).await;
    let invented: Vec<_> = (0..10_000).map(|number| failure(&fixture, address(number), 0)).collect();
    for some in invented.chunks(BATCH) {
        write(pool, some).await.unwrap();
    }

    let (rows, suppressed): (i64, i64) =
        sqlx::query_as("SELECT count(*), sum(suppressed)::bigint FROM login_failures")
            .fetch_one(pool)
            .await
            .unwrap();
    assert!(rows <= PER_APPLICATION + i64::try_from(BATCH).unwrap() + PER_ADDRESS, "{rows}");
    assert_eq!(rows + suppressed, 10_000);

    // Who exists still has rows of their own, and so has another application.
    write(pool, &failures(&fixture, ADDRESS, 1, 2)).await.unwrap();
    assert_eq!(counted(pool, &ADDRESS).await, (2, 0));
    let owner: Vec<Option<Uuid>> =
        sqlx::query_scalar("SELECT DISTINCT user_id FROM login_failures WHERE address = $1")
            .bind(ADDRESS)
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(owner, [Some(ada.uuid())], "found by the claim");
    let elsewhere = LoginFailure {
        application: ApplicationId::from_uuid(Uuid::from_u128(2)),
        ..failure(&fixture, [9; 32], 1)
    };
    write(pool, &[elsewhere]).await.unwrap();
    assert_eq!(counted(pool, &[9; 32]).await, (1, 0));
}

#[tokio::test]
async fn of_a_person_who_was_erased_meanwhile_nothing_is_written() {
    let fixture = Fixture::new().await;
    let ada = user_with_address(&fixture, ADDRESS).await;
    destroy_key(&fixture, ada).await;
    let mut known = failures(&fixture, ADDRESS, 0, 2);
    known[0].user = Some(ada);
    let other = failure(&fixture, [9; 32], 0);

    write(&fixture.pool, &[known, vec![other]].concat()).await.unwrap();

    let content = rows(&mut fixture.owner().await, "login_failures").await;
    assert_eq!(content.len(), 1, "{content:?}");
    assert_eq!(counted(&fixture.pool, &[9; 32]).await, (1, 0));
}

#[tokio::test]
async fn what_is_old_is_pruned_in_bounded_steps() {
    let fixture = Fixture::new().await;
    for seconds in [0, 10, 20, 30] {
        write(&fixture.pool, &failures(&fixture, ADDRESS, seconds, 1)).await.unwrap();
    }
    let now = at(20) + chrono::Duration::days(30);
    for expected in [2, 1, 0] {
        assert_eq!(Expired::LoginFailures.remove(&fixture.pool, now, 2).await.unwrap(), expected);
    }
    assert_eq!(counted(&fixture.pool, &ADDRESS).await, (1, 0));
}
