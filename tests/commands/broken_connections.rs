//! A connection that breaks around a COMMIT: the command happens once, and its caller learns that it did.

use devauth::commands::{CommandError, Outcome};
use devauth_aggregates::{User, UserCommand, UserError, UserId};
use devauth_test_support::database::{Database, PATIENCE};

use crate::proxy::{Cut, Proxy};
use crate::scene::{Scene, at, context, id, nothing, register, writes_of};

async fn proxied() -> (Scene, Proxy) {
    let database = Database::migrated().await;
    let proxy = Proxy::before(&database.url).await;
    let scene = Scene::reaching(database, &proxy.url).await;
    (scene, proxy)
}

/// Rows that a signup leaves, table by table.
async fn rows(scene: &Scene) -> [i64; 5] {
    let mut direct = scene.database.connect().await;
    let counts: (i64, i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM users), (SELECT count(*) FROM claims),
                (SELECT count(*) FROM secrets.password_hashes), (SELECT count(*) FROM secrets.data_keys)",
    )
    .fetch_one(&mut direct)
    .await
    .unwrap();
    counts.into()
}

async fn signs_up_once_although(cuts: &[Cut]) {
    let (scene, proxy) = proxied().await;
    cuts.iter().for_each(|cut| proxy.cut(*cut));
    let user = UserId::from_uuid(id());

    let outcome = scene.commands.execute(user, register(), &context(), writes_of(user)).await.unwrap();

    assert!(proxy.all_cut());
    assert!(outcome.changed);
    assert_eq!(rows(&scene).await, [1; 5], "{cuts:?}");
    let stored = scene.commands.log().load::<User>(&user.to_string()).await.unwrap();
    assert_eq!(outcome.state, stored.state);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_happens_once_and_succeeds() {
    signs_up_once_although(&[Cut::After]).await;
}

#[tokio::test]
async fn a_connection_cut_before_the_commit_is_tried_again() {
    signs_up_once_although(&[Cut::Before]).await;
    signs_up_once_although(&[Cut::Before, Cut::Before, Cut::After]).await;
}

#[tokio::test]
async fn a_connection_that_never_lasts_gives_an_error_and_leaves_nothing() {
    let (scene, proxy) = proxied().await;
    (0..6).for_each(|_| proxy.cut(Cut::Before));
    let user = UserId::from_uuid(id());

    let refused = scene.commands.execute(user, register(), &context(), writes_of(user)).await;

    assert!(proxy.all_cut());
    let unavailable = matches!(refused, Err(CommandError::Store(devauth_projections::Error::Unavailable(_))));
    assert!(unavailable);
    assert_eq!(rows(&scene).await, [0; 5]);
    scene.user().await;
}

/// Lets every COMMIT wait for a lock, which the connection that comes back holds.
async fn commits_wait(scene: &Scene) -> sqlx::PgConnection {
    let mut owner = scene.database.connect().await;
    sqlx::raw_sql(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION hold();
         SELECT pg_advisory_lock(1);",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    owner
}

type Command = tokio::task::JoinHandle<Result<Outcome<User>, CommandError<UserError>>>;

fn signing_up(scene: &Scene, user: UserId) -> Command {
    let commands = scene.commands.clone();
    tokio::spawn(async move { commands.execute(user, register(), &context(), writes_of(user)).await })
}

async fn until(owner: &mut sqlx::PgConnection, condition: &str, expected: &str) {
    let waiting =
        async { while !sqlx::query_scalar::<_, bool>(condition).fetch_one(&mut *owner).await.unwrap() {} };
    tokio::time::timeout(PATIENCE, waiting).await.expect(expected);
}

/// The first try becomes visible when the second one has loaded the stream and not yet asked whether the first is there.
#[tokio::test]
async fn a_try_that_finds_its_predecessor_late_answers_the_state_after_it() {
    let (scene, proxy) = proxied().await;
    let mut owner = commits_wait(&scene).await;
    proxy.cut(Cut::During);
    let held = proxy.hold(b"event_id = $1");
    let user = UserId::from_uuid(id());
    let command = signing_up(&scene, user);
    held.reached.await.unwrap();

    sqlx::raw_sql("SELECT pg_advisory_unlock(1)").execute(&mut owner).await.unwrap();
    until(&mut owner, "SELECT count(*) = 1 FROM events", "the first try is committed").await;
    held.release.send(()).unwrap();

    let outcome = command.await.unwrap().unwrap();
    assert!(outcome.changed);
    assert_eq!(rows(&scene).await, [1; 5]);
    let stored = scene.commands.log().load::<User>(&user.to_string()).await.unwrap();
    assert_eq!(outcome.state, stored.state);
}

/// The first try is neither done nor undone when the second one comes: Postgres is still at its COMMIT.
#[tokio::test]
async fn a_try_that_meets_its_own_predecessor_waits_for_how_it_ends() {
    let (scene, proxy) = proxied().await;
    let mut owner = commits_wait(&scene).await;
    proxy.cut(Cut::During);
    let user = UserId::from_uuid(id());
    let command = signing_up(&scene, user);
    let both_wait = "SELECT count(*) = 2 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event IN ('advisory', 'transactionid')";
    until(&mut owner, both_wait, "the second try waits for the first").await;

    sqlx::raw_sql("SELECT pg_advisory_unlock(1)").execute(&mut owner).await.unwrap();

    assert!(command.await.unwrap().unwrap().changed);
    assert_eq!(rows(&scene).await, [1; 5]);
}

#[tokio::test]
async fn a_command_that_is_executed_again_under_its_id_succeeds_and_adds_nothing() {
    let scene = Scene::new().await;
    let user = scene.user().await;
    let context = context();
    let command = UserCommand::RevokeSessions { now: at(1) };
    scene.commands.execute(user, command.clone(), &context, nothing::<User>).await.unwrap();

    let again = scene.commands.execute(user, command, &context, nothing::<User>).await.unwrap();

    assert!(again.changed);
    assert_eq!(scene.sequences().await, [1, 2]);
    assert_eq!(again.state.session_generation, 1);
}
