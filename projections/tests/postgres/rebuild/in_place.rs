//! After a rebuild nobody finds a difference, except that what was wrong is right.

use chrono::Duration;
use devauth_aggregates::{EndReason, Session, SessionEvent, User, UserEvent};
use devauth_projections::catalog::{self, Model};
use devauth_projections::clean_up::Expired;
use devauth_projections::read_models::ReadModel;
use devauth_projections::rebuild::{Progress, Refusal, Stage, rebuild};
use devauth_projections::verify::verify;
use devauth_projections::{Error, migrations, pool, sequencer, subscription};
use devauth_test_support::database::server_url;
use sqlx::{Connection as _, PgConnection};

use super::{anew, content, watched};
use crate::fixture::{Fixture, at, keyring, meanwhile, run};
use crate::verify::{ALL, all_hold, check, eventful};
use crate::world::{Writer, project_all};

/// Everything that makes the tables what they are, in words.
async fn schema(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT format('%s.%s.%s %s %s %s %s', table_schema, table_name, ordinal_position, column_name, data_type, is_nullable,
                       column_default)
         FROM information_schema.columns WHERE table_schema IN ('public', 'secrets')
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
         UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
                   WHERE connamespace = 'public'::regnamespace
         UNION ALL SELECT format('%s %s %s', oid::regclass, relowner::regrole, (SELECT array_agg(acl::text ORDER BY 1)
                                                                                FROM unnest(relacl) AS acl))
                   FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
         UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn names_rights_and_content_are_as_before_and_migrations_go_on() {
    let fixture = eventful().await;
    let mut owner = pool::owner(&fixture.database.url).await.unwrap();
    let before = schema(&mut owner).await;
    assert!(before.iter().any(|line| line.contains("users_application")), "{before:#?}");
    for model in Model::all() {
        let rows = content(&fixture, model).await;
        assert!(rows.iter().all(|table| !table.is_empty()), "{}", model.name());

        let rebuilt = anew(&fixture, model).await;

        assert!(rebuilt.events > 0 && rebuilt.tries == 1, "{}: {rebuilt:?}", model.name());
        assert_eq!(content(&fixture, model).await, rows, "{}", model.name());
        assert_eq!(schema(&mut owner).await, before, "{}", model.name());
    }
    all_hold(&fixture).await;

    // With the rights of the service.
    Writer::new(&fixture, 3, false).steps(100).await;
    project_all(&fixture).await;
    all_hold(&fixture).await;
    fixture.pool.close().await;
    for version in (0..migrations::newest()).rev() {
        migrations::down(&mut owner, version).await.unwrap();
    }
    migrations::up(&mut owner).await.unwrap();
}

#[tokio::test]
async fn what_was_wrong_is_right_afterwards() {
    let fixture = eventful().await;
    let mut owner = fixture.owner().await;
    for model in Model::all() {
        let rows = content(&fixture, model).await;
        for table in model.tables() {
            run(&mut owner, &format!("DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} LIMIT 2)"))
                .await;
        }
        assert!(!check(&fixture, model).await.holds());

        anew(&fixture, model).await;

        assert_eq!(content(&fixture, model).await, rows, "{}", model.name());
        assert!(check(&fixture, model).await.holds());
    }
}

#[tokio::test]
async fn a_model_that_stopped_or_left_streams_out_goes_on_complete() {
    let fixture = eventful().await;
    let portal_users = Model::Async(ReadModel::PortalUsers);
    let user = fixture.user().await;
    sequencer::tick(fixture.log.kept(), 1_000).await.unwrap();
    let head: i64 =
        sqlx::query_scalar("SELECT position FROM log_head").fetch_one(&fixture.pool).await.unwrap();
    let error = Error::Corrupt("as a test says".to_owned());
    subscription::fail(&fixture.pool, ReadModel::PortalUsers, head, &error).await.unwrap();
    run(
        &mut fixture.owner().await,
        "UPDATE projections SET state = 'stopped', error = 'also this' WHERE name = 'portal_users'",
    )
    .await;
    fixture.append::<User>(user, &[UserEvent::UserSuspended { at: at(1) }]).await;

    anew(&fixture, portal_users).await;

    let standings = catalog::standings(&fixture.pool).await.unwrap();
    let standing = standings.iter().find(|standing| standing.model == portal_users).unwrap();
    let following = standing.following.as_ref().unwrap();
    assert!(following.running && following.error.is_none() && standing.parked.is_empty(), "{standing:?}");
    assert_eq!(standing.shadowing, None);
    project_all(&fixture).await;
    assert!(check(&fixture, portal_users).await.holds());
    let status: String = sqlx::query_scalar("SELECT status FROM portal_users WHERE user_id = $1")
        .bind(user.uuid())
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    assert_eq!(status, "suspended");
}

/// The model as it was, and what a rebuild of it said.
async fn refuses(fixture: &Fixture, model: Model) -> Refusal {
    let before = content(fixture, model).await;
    let refusal = watched(fixture, model, &mut |_| {}).await.unwrap_err();
    assert_eq!(content(fixture, model).await, before, "{refusal}");
    let standings = catalog::standings(&fixture.pool).await.unwrap();
    assert!(standings.iter().all(|standing| standing.shadowing.is_none()), "{refusal}: it tidied up");
    refusal
}

#[tokio::test]
async fn an_event_that_cant_be_projected_is_named_and_nothing_changes() {
    let fixture = eventful().await;
    let mut owner = fixture.owner().await;
    run(&mut owner, "ALTER TABLE events DISABLE TRIGGER ALL").await;
    let position: i64 = sqlx::query_scalar(
        "UPDATE events e SET event_type = 'UserTeleported' FROM event_log l
         WHERE l.position = (SELECT max(position) - 40 FROM event_log WHERE aggregate_type = 'User')
           AND (e.aggregate_type, e.aggregate_id, e.sequence) = (l.aggregate_type, l.aggregate_id, l.sequence)
         RETURNING l.position",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    let of_users: bool =
        sqlx::query_scalar("SELECT aggregate_type = 'User' FROM event_log WHERE position = $1")
            .bind(position)
            .fetch_one(&mut owner)
            .await
            .unwrap();

    let refusal = refuses(&fixture, Model::Async(ReadModel::PortalUsers)).await;
    assert!(matches!(&refusal, Refusal::Event { position: named, .. } if *named == position), "{refusal}");
    if of_users {
        let refusal = refuses(&fixture, Model::named("users").unwrap()).await;
        assert!(refusal.to_string().contains("UserTeleported"), "{refusal}");
    }
}

#[tokio::test]
async fn what_a_copy_cant_have_is_not_lost_in_silence() {
    let fixture = eventful().await;
    let mut owner = fixture.owner().await;
    let users = Model::named("users").unwrap();
    for (make, undo, said) in [
        ("CREATE VIEW mine AS SELECT id FROM users", "DROP VIEW mine", "refused"),
        (
            "CREATE TRIGGER mine BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "DROP TRIGGER mine ON users",
            "trigger mine",
        ),
        ("CREATE TABLE mine (id uuid REFERENCES users (id))", "DROP TABLE mine", "mine_id_fkey"),
    ] {
        run(&mut owner, make).await;
        let refusal = refuses(&fixture, users).await;
        assert!(refusal.to_string().contains(said), "{refusal}");
        run(&mut owner, undo).await;
    }
    // But what it can have, it gets.
    run(
        &mut owner,
        "CREATE INDEX mine ON users (lower(email)) WHERE status = 'active'; GRANT SELECT ON users TO PUBLIC",
    )
    .await;
    let before = schema(&mut owner).await;
    anew(&fixture, users).await;
    assert_eq!(schema(&mut owner).await, before);
}

/// Sessions with their refresh tokens: three that ended, and one that lives; the first is the only one of its user.
async fn old_and_living_sessions(fixture: &Fixture) {
    let users = [fixture.user().await, fixture.user().await];
    for second in [5, 6, 7, 200] {
        let session = fixture.session(users[usize::from(second > 5)], 0).await;
        let end = SessionEvent::SessionEnded { reason: EndReason::Logout, at: at(second) };
        fixture.append::<Session>(session, &[end]).await;
        let sql = "INSERT INTO secrets.refresh_tokens VALUES ($1, '')";
        sqlx::query(sql).bind(session.uuid()).execute(&fixture.pool).await.unwrap();
    }
}

async fn count(fixture: &Fixture, table: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&fixture.pool).await.unwrap()
}

/// When everything that was over at this second has been kept long enough.
fn long_after(second: i64) -> chrono::DateTime<chrono::Utc> {
    at(second) + Duration::days(90)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clean_up_removed_stays_away_and_what_it_has_not_come_to_goes_with_it() {
    let fixture = std::sync::Arc::new(Fixture::new().await);
    let model = Model::named("sessions").unwrap();
    old_and_living_sessions(&fixture).await;
    assert_eq!(Expired::Sessions.remove(&fixture.pool, long_after(6), 1).await.unwrap(), 1, "it was cut off");
    assert!(check(&fixture, model).await.holds(), "whichever of them it has come to");

    anew(&fixture, model).await;

    assert_eq!(count(&fixture, "sessions").await, 2);
    assert_eq!(count(&fixture, "secrets.refresh_tokens").await, 2, "nobody would find them any more");
    assert_eq!(count(&fixture, "last_logins").await, 2, "they did log in");
    assert!(check(&fixture, model).await.holds());

    for stage in [Stage::Building, Stage::Exchanging] {
        old_and_living_sessions(&fixture).await;
        let mut cleaned = false;
        let mut clean_up = |progress: Progress| {
            if progress.stage == stage && !cleaned {
                cleaned = true;
                let until = if stage == Stage::Building { long_after(7) } else { long_after(8) };
                meanwhile(async { Expired::Sessions.remove(&fixture.pool, until, 2).await.unwrap() });
            }
        };
        watched(&fixture, model, &mut clean_up).await.unwrap();
        assert!(cleaned);
        assert!(check(&fixture, model).await.holds(), "{stage:?}");
        let over = "SELECT count(*) FROM sessions, retention WHERE ended_at <= sessions_ended_until";
        let left: i64 = sqlx::query_scalar(over).fetch_one(&fixture.pool).await.unwrap();
        assert_eq!(left, 0, "{stage:?}");
        assert_eq!(count(&fixture, "sessions").await, count(&fixture, "secrets.refresh_tokens").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_in_between_is_not_undone() {
    let fixture = eventful().await;
    let users = Model::named("users").unwrap();
    let mut migrate = |progress: Progress| {
        if progress.stage == Stage::CatchingUp {
            meanwhile(async {
                run(&mut fixture.owner().await, "ALTER TABLE users ADD COLUMN motto text").await
            });
        }
    };
    let refusal = watched(&fixture, users, &mut migrate).await.unwrap_err();
    assert!(
        matches!(&refusal, Refusal::Definition { difference, .. } if difference.contains("motto")),
        "{refusal}"
    );

    run(&mut fixture.owner().await, "ALTER TABLE users DROP COLUMN motto").await;
    anew(&fixture, users).await;
    run(&mut fixture.owner().await, "INSERT INTO _sqlx_migrations VALUES (999, 'newer', now(), true, '', 0)")
        .await;
    let refusal = refuses(&fixture, users).await;
    assert!(matches!(refusal, Refusal::Version { found: 999, .. }), "{refusal}");
}

#[tokio::test]
async fn who_may_not_change_tables_is_told() {
    let fixture = eventful().await;
    let mut owner = fixture.owner().await;
    let role = format!("reader_{}", fixture.database.url.rsplit("test_").next().unwrap().get(..8).unwrap());
    run(&mut owner, &format!("CREATE ROLE {role} LOGIN IN ROLE devauth_service")).await;
    let separator = if fixture.database.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}user={role}", fixture.database.url);
    let users = Model::named("users").unwrap();

    let refusal = rebuild(&fixture.log, &url, users, &mut |_| {}).await.unwrap_err();

    assert!(matches!(refusal, Refusal::Denied), "{refusal}");
    let verified = verify(&url, &keyring(), users, ALL, &mut |_| {}).await.unwrap();
    assert!(verified.holds(), "to look it is enough");
    drop(fixture);
    let mut server = PgConnection::connect(&server_url()).await.unwrap();
    run(&mut server, &format!("DROP ROLE {role}")).await;
}
