//! Read models that follow the log: incremental, from scratch and in any batches they come out the same.

use devauth_aggregates::{Application, ApplicationId, RecordedEvent, Session, User, UserEvent, UserId};
use devauth_projections::inline::Inline;
use devauth_projections::read_models::ReadModel;
use devauth_projections::sequencer;
use devauth_projections::subscription::{self, Progress};

use crate::fixture::{Fixture, at, eventually, rows, run};
use crate::read_models::history;

/// Numbers what is appended so far.
pub async fn number(fixture: &Fixture) {
    eventually("all events are numbered", async || {
        sequencer::tick(fixture.log.kept(), 1_000).await.unwrap();
        sqlx::query_scalar("SELECT (SELECT count(*) FROM events) = (SELECT count(*) FROM event_log)")
            .fetch_one(&fixture.pool)
            .await
            .unwrap()
    })
    .await;
}

/// Projects what is numbered, in batches of this size.
pub async fn follow(fixture: &Fixture, model: ReadModel, batch: i64) {
    while subscription::step(&fixture.log, model, batch).await.unwrap() != Progress::Idle {}
}

/// Forgets what was projected.
async fn reset(fixture: &Fixture, model: ReadModel) {
    let mut owner = fixture.owner().await;
    for table in model.tables() {
        run(&mut owner, &format!("TRUNCATE {table}")).await;
    }
    let name = model.name();
    run(&mut owner, &format!("UPDATE projections SET checkpoint = 0 WHERE name = '{name}'")).await;
}

/// All rows of a model.
pub async fn content(fixture: &Fixture, model: ReadModel) -> Vec<String> {
    let mut owner = fixture.owner().await;
    let mut content = Vec::new();
    for table in model.tables() {
        content.extend(rows(&mut owner, table).await.into_iter().map(|row| format!("{table} {row}")));
    }
    content
}

/// The rows are the same from scratch, in batches of any size.
pub async fn equals_any_rebuild(fixture: &Fixture, model: ReadModel) {
    let live = content(fixture, model).await;
    assert!(!live.is_empty());
    for batch in [1, 2, 3, 7, 20, 1_000] {
        reset(fixture, model).await;
        follow(fixture, model, batch).await;
        let rebuilt = content(fixture, model).await;
        let differing: Vec<_> =
            live.iter().zip(&rebuilt).find(|(live, rebuilt)| live != rebuilt).into_iter().collect();
        assert!(differing.is_empty() && live.len() == rebuilt.len(), "in batches of {batch}: {differing:#?}");
    }
}

/// The person's data key is gone, as after their erasure.
pub async fn destroy_key(fixture: &Fixture, user: UserId) {
    let user = user.uuid();
    let mut owner = fixture.owner().await;
    run(&mut owner, &format!("DELETE FROM secrets.data_keys WHERE user_id = '{user}'")).await;
}

/// Appends a stream, and projects after each so many events.
async fn append<A>(fixture: &Fixture, model: ReadModel, id: A::Id, events: &[A::Event])
where
    A: Inline,
    A::Event: RecordedEvent + Clone,
{
    for events in events.chunks(3) {
        fixture.append::<A>(id, events).await;
        number(fixture).await;
        follow(fixture, model, 2).await;
    }
}

/// Histories of every length, so that each event is once the last of its stream, projected as they grow.
pub async fn live_through_everything(fixture: &Fixture, model: ReadModel) {
    let user = fixture.user_id();
    let all = history(fixture, user);
    let (erased, before) = all.user.split_last().unwrap();
    append::<User>(fixture, model, user, before).await;
    for length in 1..before.len() {
        append::<User>(fixture, model, fixture.user_id(), &before[..length]).await;
    }
    for length in 1..=all.session.len() {
        append::<Session>(fixture, model, fixture.session_id(), &all.session[..length]).await;
    }
    destroy_key(fixture, user).await;
    append::<User>(fixture, model, user, std::slice::from_ref(erased)).await;
    for length in 1..=all.application.len() {
        let all = history(fixture, user);
        let id = ApplicationId::from_uuid(fixture.id());
        append::<Application>(fixture, model, id, &all.application[..length]).await;
    }
    // Who came in and went without having done anything else.
    let brief = fixture.user().await;
    destroy_key(fixture, brief).await;
    fixture.append::<User>(brief, &[UserEvent::UserErased { at: at(1) }]).await;
    number(fixture).await;
    follow(fixture, model, 100).await;
}
