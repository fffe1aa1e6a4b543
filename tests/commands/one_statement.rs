//! Commands that are one statement, as a refresh is: all of it or nothing, as with a transaction around it.

use devauth::commands::CommandError;
use devauth_aggregates::{Session, SessionId};
use devauth_projections::Error;
use devauth_test_support::database::Database;

use crate::proxy::{Cut, Proxy};
use crate::scene::{Scene, context, nothing, refresh, token_of};

/// What the log, the row and the token say about how often a session was refreshed.
async fn steps(scene: &Scene, session: SessionId) -> [i64; 3] {
    let mut direct = scene.database.connect().await;
    let steps: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) - 1 FROM events WHERE aggregate_id = $1), (SELECT counter FROM sessions WHERE id = $2),
                (SELECT get_byte(hash, 0)::bigint FROM secrets.refresh_tokens WHERE session_id = $2)",
    )
    .bind(session.to_string())
    .bind(session.uuid())
    .fetch_one(&mut direct)
    .await
    .unwrap();
    steps.into()
}

async fn refreshed_once_although(cuts: &[Cut]) {
    let database = Database::migrated().await;
    let proxy = Proxy::before(&database.url).await;
    let scene = Scene::reaching(database, &proxy.url).await;
    let session = scene.session(scene.user().await).await;
    assert_eq!(steps(&scene, session).await, [0; 3]);
    cuts.iter().for_each(|cut| proxy.cut(*cut));

    let outcome = scene.commands.execute(session, refresh(), &context(), token_of(session)).await.unwrap();

    assert!(proxy.all_cut(), "it was one statement that the cuts met");
    assert!(outcome.changed);
    assert_eq!(outcome.state.counter, 1);
    assert_eq!(steps(&scene, session).await, [1; 3], "{cuts:?}");
}

#[tokio::test]
async fn it_happens_once_although_the_connection_breaks_around_it() {
    refreshed_once_although(&[]).await;
    refreshed_once_although(&[Cut::After]).await;
    refreshed_once_although(&[Cut::Before]).await;
    refreshed_once_although(&[Cut::Before, Cut::During]).await;
}

#[tokio::test]
async fn decided_on_a_stream_that_has_gone_on_it_decides_again() {
    let scene = Scene::new().await;
    let session = scene.session(scene.user().await).await;
    let log = scene.commands.log();
    let stale = log.load::<Session>(&session.to_string()).await.unwrap();
    scene.commands.execute(session, refresh(), &context(), token_of(session)).await.unwrap();

    let outcome =
        scene.commands.execute_on(stale, session, refresh(), &context(), token_of(session)).await.unwrap();

    assert_eq!((outcome.state.counter, outcome.changed), (1, false), "within the grace, the same step again");
    assert_eq!(steps(&scene, session).await, [1; 3]);
}

/// The data key goes between the loading and the writing, as an erasure has it.
#[tokio::test]
async fn of_a_person_who_was_erased_meanwhile_nothing_is_written() {
    let scene = Scene::new().await;
    let user = scene.user().await;
    let session = scene.session(user).await;
    let loaded = scene.commands.log().load::<Session>(&session.to_string()).await.unwrap();
    let mut direct = scene.database.connect().await;
    sqlx::query("DELETE FROM secrets.data_keys WHERE user_id = $1")
        .bind(user.uuid())
        .execute(&mut direct)
        .await
        .unwrap();

    let refused = scene.commands.execute_on(loaded, session, refresh(), &context(), token_of(session)).await;

    assert!(matches!(refused, Err(CommandError::Store(Error::PersonErased))));
    assert_eq!(steps(&scene, session).await, [0; 3]);
}

#[tokio::test]
async fn what_fails_at_a_part_leaves_no_event() {
    let scene = Scene::new().await;
    let session = scene.session(scene.user().await).await;
    let mut direct = scene.database.connect().await;
    sqlx::raw_sql("ALTER TABLE sessions ADD CHECK (counter < 1)").execute(&mut direct).await.unwrap();

    let failed = scene.commands.execute(session, refresh(), &context(), nothing::<Session>).await;

    assert!(matches!(failed, Err(CommandError::Store(Error::Database(_)))));
    assert_eq!(steps(&scene, session).await, [0; 3]);
}
