//! Positions are contiguous and in the order in which transactions settled, whatever happens in between.

use devauth_aggregates::{User, UserEvent, UserId};
use devauth_projections::{Tx, sequencer};
use sqlx::{Connection as _, PgConnection};

use crate::fixture::{Fixture, at, eventually, folded, registered, run};

async fn revoke(fixture: &Fixture, tx: &mut Tx<'_>, user: UserId) {
    let state = folded::<User>(&[registered()]);
    let events = [UserEvent::SessionsRevoked { at: at(1) }];
    let context = |person| fixture.context(person);
    fixture.append_in(tx, user, 1, state, &events, context).await.unwrap();
}

/// Streams in order of their positions.
async fn numbered(fixture: &Fixture) -> Vec<(i64, String, i64)> {
    sqlx::query_as("SELECT position, aggregate_id, sequence FROM event_log ORDER BY position")
        .fetch_all(&fixture.pool)
        .await
        .unwrap()
}

/// Numbers until so many events have a position. Other tests' transactions run on the same server, so what is committed may
/// take a moment to be settled.
async fn number_all(fixture: &Fixture, count: usize) {
    eventually("all events are numbered", async || {
        sequencer::tick(fixture.log.kept(), 1_000).await.unwrap();
        numbered(fixture).await.len() == count
    })
    .await;
}

#[tokio::test]
async fn positions_begin_at_one_and_have_no_gaps() {
    let fixture = Fixture::new().await;
    assert_eq!(sequencer::tick(fixture.log.kept(), 1_000).await.unwrap(), 0);
    let user = fixture.user().await;
    let mut lost = fixture.pool.begin().await.unwrap();
    revoke(&fixture, &mut lost, user).await;
    lost.rollback().await.unwrap();
    let revoked = |seconds| UserEvent::SessionsRevoked { at: at(seconds) };
    fixture.append::<User>(user, &[revoked(1), revoked(2)]).await;
    let other = fixture.user().await;
    number_all(&fixture, 4).await;

    let (user, other) = (user.to_string(), other.to_string());
    let expected = [(1, user.clone(), 1), (2, user.clone(), 2), (3, user, 3), (4, other, 1)];
    assert_eq!(numbered(&fixture).await, expected);
    assert_eq!(sequencer::tick(fixture.log.kept(), 1_000).await.unwrap(), 0, "nothing is numbered twice");
}

#[tokio::test]
async fn a_batch_ends_at_its_limit_and_the_next_goes_on() {
    let fixture = Fixture::new().await;
    for _ in 0..5 {
        fixture.user().await;
    }
    // Transactions of other tests on this server may hold back some of them for a while.
    let largest = std::cell::Cell::new(0);
    eventually("five are numbered", async || {
        largest.set(sequencer::tick(fixture.log.kept(), 2).await.unwrap().max(largest.get()));
        numbered(&fixture).await.len() == 5
    })
    .await;
    assert!(largest.get() <= 2, "{} at once", largest.get());

    let positions: Vec<i64> = numbered(&fixture).await.iter().map(|row| row.0).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn who_began_later_and_committed_first_waits_for_who_began_first() {
    let fixture = Fixture::new().await;
    let (slow, fast) = (fixture.user().await, fixture.user().await);
    number_all(&fixture, 2).await;
    let mut a = fixture.pool.begin().await.unwrap();
    revoke(&fixture, &mut a, slow).await;
    let mut b = fixture.pool.begin().await.unwrap();
    revoke(&fixture, &mut b, fast).await;
    b.commit().await.unwrap();

    for _ in 0..5 {
        assert_eq!(sequencer::tick(fixture.log.kept(), 10).await.unwrap(), 0, "A may still commit before B");
    }
    a.commit().await.unwrap();
    number_all(&fixture, 4).await;

    let order: Vec<String> = numbered(&fixture).await.into_iter().skip(2).map(|row| row.1).collect();
    assert_eq!(order, [slow.to_string(), fast.to_string()]);
}

/// The horizon alone is not enough: the transaction with the lower id may hold the higher insertion number.
#[tokio::test]
async fn the_order_is_that_of_transactions_and_not_of_insertions() {
    let fixture = Fixture::new().await;
    let (first, second) = (fixture.user().await, fixture.user().await);
    number_all(&fixture, 2).await;
    let mut a = fixture.pool.begin().await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *a).await.unwrap();
    let mut b = fixture.pool.begin().await.unwrap();
    revoke(&fixture, &mut b, second).await;
    revoke(&fixture, &mut a, first).await;
    a.commit().await.unwrap();
    // B still runs, so A alone is settled, and its insertion number is above B's.
    number_all(&fixture, 3).await;
    b.commit().await.unwrap();
    number_all(&fixture, 4).await;

    let order: Vec<String> = numbered(&fixture).await.into_iter().skip(2).map(|row| row.1).collect();
    assert_eq!(order, [first.to_string(), second.to_string()]);
}

#[tokio::test]
async fn a_sequencer_that_dies_between_insert_and_commit_has_numbered_nothing() {
    let fixture = Fixture::new().await;
    for _ in 0..3 {
        fixture.user().await;
    }
    // The insert waits for this lock, so the sequencer stands between its insert and its commit.
    let mut owner = fixture.owner().await;
    let mut blocker = owner.begin().await.unwrap();
    sqlx::query("LOCK TABLE event_log IN SHARE MODE").execute(&mut *blocker).await.unwrap();
    let dying = tokio::spawn({
        let connections = fixture.log.kept().clone();
        async move {
            loop {
                if !matches!(sequencer::tick(&connections, 10).await, Ok(0)) {
                    return;
                }
            }
        }
    });
    let mut killer = fixture.owner().await;
    eventually("the sequencer is killed at its insert", async || {
        let killed: Vec<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO event_log%'",
        )
        .fetch_all(&mut killer)
        .await
        .unwrap();
        killed == [true]
    })
    .await;
    dying.await.unwrap();
    drop(blocker);
    drop(owner);
    assert!(numbered(&fixture).await.is_empty());

    number_all(&fixture, 3).await;

    let positions: Vec<i64> = numbered(&fixture).await.iter().map(|row| row.0).collect();
    assert_eq!(positions, [1, 2, 3]);
}

#[tokio::test]
async fn any_number_of_sequencers_number_each_event_once() {
    let fixture = Fixture::new().await;
    for _ in 0..40 {
        fixture.user().await;
    }
    let done = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let sequencers = (0..4).map(|_| {
        let (connections, done) = (fixture.log.kept().clone(), done.clone());
        tokio::spawn(async move {
            while done.load(std::sync::atomic::Ordering::SeqCst) < 40 {
                let count = sequencer::tick(&connections, 3).await.unwrap();
                done.fetch_add(count, std::sync::atomic::Ordering::SeqCst);
            }
        })
    });
    for sequencer in sequencers.collect::<Vec<_>>() {
        tokio::time::timeout(devauth_test_support::database::PATIENCE, sequencer).await.unwrap().unwrap();
    }

    let positions: Vec<i64> = numbered(&fixture).await.iter().map(|row| row.0).collect();
    assert_eq!(positions, (1..=40).collect::<Vec<_>>());
}

/// As after a dump was restored into another cluster, whose transaction ids start again.
#[tokio::test]
async fn a_moved_database_begins_a_new_epoch_and_loses_nothing() {
    let fixture = Fixture::new().await;
    let old = fixture.user().await;
    let mut owner = fixture.owner().await;
    move_away(&mut owner).await;
    // Not yet settled by the reckoning of this cluster, and never will be.
    assert_eq!(sequencer::tick(fixture.log.kept(), 10).await.unwrap(), 0);

    let epoch = devauth_projections::cluster::begin_epoch_if_moved(&fixture.pool).await.unwrap();
    assert_eq!(epoch, 2);
    let new = fixture.user().await;
    number_all(&fixture, 2).await;

    let order: Vec<String> = numbered(&fixture).await.into_iter().map(|row| row.1).collect();
    assert_eq!(order, [old.to_string(), new.to_string()]);
    let epochs: Vec<i32> =
        sqlx::query_scalar("SELECT epoch FROM events ORDER BY epoch").fetch_all(&mut owner).await.unwrap();
    assert_eq!(epochs, [1, 2]);
    let again = devauth_projections::cluster::begin_epoch_if_moved(&fixture.pool).await.unwrap();
    assert_eq!(again, 2, "once is enough");
}

/// The head may itself stand at a transaction id that this cluster reaches in years.
#[tokio::test]
async fn a_log_that_was_numbered_before_it_was_moved_goes_on() {
    let fixture = Fixture::new().await;
    fixture.user().await;
    number_all(&fixture, 1).await;
    let mut owner = fixture.owner().await;
    move_away(&mut owner).await;
    run(&mut owner, "UPDATE log_head SET tx_id = '9000000000000'").await;
    devauth_projections::cluster::begin_epoch_if_moved(&fixture.pool).await.unwrap();

    fixture.user().await;
    number_all(&fixture, 2).await;
}

/// Leaves the database as a restore finds it: written by another cluster, with transaction ids far ahead.
async fn move_away(owner: &mut PgConnection) {
    run(
        owner,
        "UPDATE cluster_state SET system_identifier = 'elsewhere';
         ALTER TABLE events DISABLE TRIGGER ALL;
         UPDATE events SET tx_id = '9000000000000';
         ALTER TABLE events ENABLE TRIGGER ALL;",
    )
    .await;
}

#[tokio::test]
async fn nodes_that_start_at_once_after_a_move_begin_one_epoch() {
    let fixture = Fixture::new().await;
    move_away(&mut fixture.owner().await).await;
    let nodes = (0..5).map(|_| {
        let pool = fixture.pool.clone();
        tokio::spawn(async move { devauth_projections::cluster::begin_epoch_if_moved(&pool).await.unwrap() })
    });
    for node in nodes.collect::<Vec<_>>() {
        assert_eq!(node.await.unwrap(), 2);
    }
}
