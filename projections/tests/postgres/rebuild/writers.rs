//! Writers go on at full speed: none of them sees an error, and nothing they write is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use cqrs_es::Aggregate as _;
use devauth_aggregates::{Session, SessionEvent, User, UserEvent};
use devauth_projections::catalog::Model;
use devauth_projections::event_log::Append;
use devauth_projections::inline::Inline as _;
use devauth_projections::pool::{self, PoolSettings};
use devauth_projections::read_models::ReadModel;
use devauth_projections::rebuild::{Progress, Rebuilt, Stage};
use devauth_projections::{Pool, Tx, roles, sequencer, subscription};
use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Executor as _, Postgres};

use super::{anew, watched};
use crate::fixture::{Fixture, at, eventually, meanwhile};
use crate::verify::{all_hold, check, eventful};
use crate::world::{Writer, project_all};

const WRITERS: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn at_full_speed_nothing_is_lost_and_nobody_sees_an_error() {
    let fixture = Arc::new(Fixture::new().await);
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let (fixture, done) = (fixture.clone(), done.clone());
            tokio::spawn(async move {
                let mut writer = Writer::new(&fixture, number, true);
                let mut steps = 0;
                while !done.load(Ordering::SeqCst) {
                    writer.step().await;
                    steps += 1;
                }
                steps
            })
        })
        .collect();
    let following = tokio::spawn({
        let (fixture, done) = (fixture.clone(), done.clone());
        async move {
            while !done.load(Ordering::SeqCst) {
                sequencer::tick(fixture.log.kept(), 100).await.unwrap();
                for model in ReadModel::ALL {
                    subscription::step(&fixture.log, *model, 50).await.unwrap();
                }
            }
        }
    });
    for _ in 0..3 {
        for model in Model::all() {
            anew(&fixture, model).await;
        }
    }
    done.store(true, Ordering::SeqCst);
    for writer in writers {
        assert!(writer.await.unwrap() > 20, "it was kept waiting");
    }
    following.await.unwrap();
    project_all(&fixture).await;

    all_hold(&fixture).await;
}

/// A connection with the rights and limits of a node's: a statement that was prepared on it is prepared.
async fn one_connection(fixture: &Fixture) -> PoolConnection<Postgres> {
    let settings = PoolSettings { role: Some(roles::SERVICE_ROLE), ..PoolSettings::default() };
    pool::lazy(&fixture.database.url, &settings).unwrap().acquire().await.unwrap()
}

/// Whether somebody in this database waits for a lock on a table.
async fn somebody_waits(pool: &Pool) -> bool {
    let sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'relation'
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// A rebuild that stands still under the lock, the first time, until it is told to go on.
struct Held {
    reached: Arc<AtomicBool>,
    go_on: mpsc::Sender<()>,
    running: tokio::task::JoinHandle<Rebuilt>,
}

impl Held {
    fn start(fixture: &Arc<Fixture>, model: Model) -> Self {
        let (go_on, wait) = mpsc::channel();
        let reached = Arc::new(AtomicBool::new(false));
        let running = tokio::spawn({
            let (fixture, reached) = (fixture.clone(), reached.clone());
            async move {
                let mut report = move |progress: Progress| {
                    if progress.stage == Stage::Locked && !reached.swap(true, Ordering::SeqCst) {
                        tokio::task::block_in_place(|| wait.recv().unwrap());
                    }
                };
                watched(&fixture, model, &mut report).await.unwrap()
            }
        });
        Held { reached, go_on, running }
    }

    async fn is_locked(&self) {
        eventually("the lock is held", async || self.reached.load(Ordering::SeqCst)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_lock_with_a_prepared_statement_writes_into_the_new_table() {
    let fixture = eventful().await;
    let mut connection = one_connection(&fixture).await;
    let model = Model::named("users").unwrap();
    let user = fixture.user().await;
    let write =
        async |tx: &mut Tx<'_>, state: &User, sequence| state.write(tx, user, sequence).await.unwrap();
    // More than five times: from the sixth on Postgres may keep the plan, too.
    for sequence in 2..9 {
        let event = UserEvent::SessionsRevoked { at: at(sequence) };
        let state = fixture.log.load::<User>(&user.to_string()).await.unwrap().state;
        let mut tx = connection.begin().await.unwrap();
        let context = |person| fixture.context(person);
        fixture.append_in(&mut tx, user, sequence - 1, state, &[event], context).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut state = fixture.log.load::<User>(&user.to_string()).await.unwrap().state;
    let keys = fixture.log.data_keys(&[user]).await.unwrap();
    let table = "SELECT 'users'::regclass::oid::bigint";
    let before: i64 = sqlx::query_scalar(table).fetch_one(&fixture.pool).await.unwrap();
    let events = [UserEvent::UserSuspended { at: at(9) }];
    let (aggregate_id, context) = (&*user.to_string(), &fixture.context(Some(user)));
    let person = Some(user);
    let append = Append::<User> { aggregate_id, after: 8, events: &events, person, context, keys: &keys };
    let mut tx = connection.begin().await.unwrap();
    append.insert(&mut tx).await.unwrap();
    events.into_iter().for_each(|event| state.apply(event));

    let held = Held::start(&fixture, model);
    held.is_locked().await;
    let writing = async {
        write(&mut tx, &state, 9).await;
        tx.commit().await.unwrap();
    };
    let releasing = async {
        eventually("the writer waits", async || somebody_waits(&fixture.pool).await).await;
        held.go_on.send(()).unwrap();
    };
    tokio::join!(writing, releasing);
    held.running.await.unwrap();

    let after: i64 = sqlx::query_scalar(table).fetch_one(&fixture.pool).await.unwrap();
    assert_ne!(before, after, "it is another table");
    let row: (String, i64) = sqlx::query_as("SELECT status, sequence FROM users WHERE id = $1")
        .bind(user.uuid())
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    assert_eq!(row, ("suspended".to_owned(), 9));
    assert!(check(&fixture, model).await.holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_while_writers_wait_is_answered_and_finds_the_new_table_with_the_old_statement() {
    let fixture = eventful().await;
    let mut reader = one_connection(&fixture).await;
    let model = Model::named("sessions").unwrap();
    let sql = "SELECT count(*) FROM sessions s JOIN last_logins l ON l.user_id = s.user_id";
    let mut counts = Vec::new();
    for _ in 0..8 {
        counts.push(sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *reader).await.unwrap());
    }
    let held = Held::start(&fixture, model);
    held.is_locked().await;

    counts.push(sqlx::query_scalar(sql).fetch_one(&mut *reader).await.unwrap());
    held.go_on.send(()).unwrap();
    held.running.await.unwrap();
    counts.push(sqlx::query_scalar(sql).fetch_one(&mut *reader).await.unwrap());

    assert!(counts[0] > 0 && counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_written_a_row_and_not_committed_is_waited_for() {
    let fixture = eventful().await;
    let user = fixture.user().await;
    let session = fixture.session(user, 0).await;
    let model = Model::named("sessions").unwrap();
    let loaded = fixture.log.load::<Session>(&session.to_string()).await.unwrap();
    let mut tx = fixture.pool.begin().await.unwrap();
    let events = [SessionEvent::SessionRefreshed { counter: 7, at: at(5) }];
    let context = |person| fixture.context(person);
    fixture.append_in::<Session>(&mut tx, session, 1, loaded.state, &events, context).await.unwrap();
    let (tried, trying) = mpsc::channel();
    let running = tokio::spawn({
        let fixture = fixture.clone();
        async move {
            let mut report = |progress: Progress| {
                if progress.stage == Stage::Exchanging {
                    tried.send(()).unwrap();
                }
            };
            watched(&fixture, model, &mut report).await.unwrap()
        }
    });
    // It gives up each time soon, so that others don't wait behind it.
    tokio::task::block_in_place(|| (0..2).for_each(|_| trying.recv().unwrap()));
    let other = fixture.session(user, 0).await;
    tx.commit().await.unwrap();

    assert!(running.await.unwrap().tries >= 2);
    let counters: Vec<i64> =
        sqlx::query_scalar("SELECT counter FROM sessions WHERE id IN ($1, $2) ORDER BY id")
            .bind(session.uuid())
            .bind(other.uuid())
            .fetch_all(&fixture.pool)
            .await
            .unwrap();
    assert_eq!(counters, [7, 0]);
    assert!(check(&fixture, model).await.holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_while_writers_wait_is_waited_for_by_nobody() {
    let fixture = eventful().await;
    for name in ["users", "sessions"] {
        let user = fixture.user().await;
        fixture.session(user, 0).await;
        let held = Held::start(&fixture, Model::named(name).unwrap());
        held.is_locked().await;
        let erasing = tokio::spawn({
            let fixture = fixture.clone();
            async move { Writer::new(&fixture, 1, false).erase(user).await }
        });
        eventually("the erasure waits", async || somebody_waits(&fixture.pool).await).await;
        held.go_on.send(()).unwrap();

        assert_eq!(held.running.await.unwrap().tries, 1, "they waited for each other");
        erasing.await.unwrap();
    }
    project_all(&fixture).await;
    all_hold(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_without_a_position_are_not_forgotten() {
    let fixture = eventful().await;
    for model in Model::all() {
        // What writes and stays open keeps everything after it without a position, in all databases of the server: no longer than
        // it has to, or other tests wait for it.
        let mut open = fixture.pool.begin().await.unwrap();
        open.execute("SELECT pg_current_xact_id()").await.unwrap();
        let mut late = false;
        let writing = fixture.clone();
        let mut report = |progress: Progress| {
            if progress.stage == Stage::Exchanging && !late {
                late = true;
                meanwhile(Writer::new(&writing, 50, false).steps(60));
            }
        };
        watched(&fixture, model, &mut report).await.unwrap();
        assert!(late);
        assert!(check(&fixture, model).await.holds(), "{}", model.name());
        open.rollback().await.unwrap();
    }
    project_all(&fixture).await;
    all_hold(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_meanwhile_is_in_no_table_afterwards() {
    for stage in [Stage::Building, Stage::CatchingUp, Stage::Exchanging] {
        let fixture = eventful().await;
        for model in Model::all() {
            let user = fixture.user().await;
            fixture.session(user, 0).await;
            project_all(&fixture).await;
            let erasing = fixture.clone();
            let mut erased = false;
            let mut report = |progress: Progress| {
                if progress.stage == stage && !erased {
                    erased = true;
                    meanwhile(Writer::new(&erasing, 1, false).erase(user));
                }
            };
            watched(&fixture, model, &mut report).await.unwrap();

            assert!(erased);
            let mut owner = fixture.owner().await;
            for rows in [
                "users WHERE id = $1",
                "sessions WHERE user_id = $1",
                "last_logins WHERE user_id = $1",
                "portal_users WHERE user_id = $1",
                "audit_log WHERE person = $1 AND (client_address IS NOT NULL OR user_agent IS NOT NULL)",
            ] {
                let sql = format!("SELECT count(*) FROM {rows}");
                let left: i64 =
                    sqlx::query_scalar(&sql).bind(user.uuid()).fetch_one(&mut owner).await.unwrap();
                assert_eq!(left, 0, "{rows} after {} erased at {stage:?}", model.name());
            }
        }
        project_all(&fixture).await;
        all_hold(&fixture).await;
    }
}
