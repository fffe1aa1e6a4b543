//! Whether live equals the log is found out row by row, and nobody has to stand still for it.

use std::sync::Arc;

use devauth_aggregates::{User, UserEvent};
use devauth_projections::catalog::Model;
use devauth_projections::rebuild::{Progress, Refusal, Stage};
use devauth_projections::verify::{Kind, Verified, Wanted, verify};
use devauth_projections::{sequencer, subscription};

use crate::fixture::{EMAIL, Fixture, at, eventually, keyring, meanwhile, run};
use crate::world::{Writer, project_all};

pub const ALL: Wanted = Wanted { listed: 1_000, values: true };

/// Checks a model.
pub async fn check(fixture: &Fixture, model: Model) -> Verified {
    verify(&fixture.database.url, &keyring(), model, ALL, &mut |_progress| {}).await.unwrap()
}

/// Checks every model: each has rows, and they are what the log says.
pub async fn all_hold(fixture: &Fixture) {
    for model in Model::all() {
        let verified = check(fixture, model).await;
        assert!(verified.holds(), "{}: {verified:?}", model.name());
        assert!(verified.rows > 0 && verified.events > 0, "{}", model.name());
    }
}

/// A database in which much has happened.
pub async fn eventful() -> Arc<Fixture> {
    let fixture = Arc::new(Fixture::new().await);
    Writer::new(&fixture, 1, false).steps(400).await;
    project_all(&fixture).await;
    fixture
}

#[tokio::test]
async fn after_random_histories_live_equals_a_fresh_fold() {
    for number in 2..5 {
        let fixture = Arc::new(Fixture::new().await);
        Writer::new(&fixture, number, false).steps(150).await;
        project_all(&fixture).await;

        all_hold(&fixture).await;
    }
}

/// What is wrong, in a line: kind, table, and columns that differ.
fn told(verified: &Verified) -> Vec<String> {
    let lines = verified.differences.listed.iter().map(|difference| {
        let columns = match &difference.kind {
            Kind::Missing => "missing".to_owned(),
            Kind::Extra => "extra".to_owned(),
            Kind::Different(cells) => {
                cells.iter().map(|cell| cell.column.clone()).collect::<Vec<_>>().join(",")
            }
        };
        format!("{} {columns}", difference.table)
    });
    lines.collect()
}

#[tokio::test]
async fn each_wrong_missing_and_extra_row_is_named() {
    let fixture = eventful().await;
    let mut owner = fixture.owner().await;
    let cases = [
        ("users", "metadata = '{\"nickname\": \"Eve\"}', email_verified = NOT email_verified"),
        ("sessions", "counter = counter + 1, client_address = NULL"),
        ("last_logins", "last_login_at = last_login_at + interval '1 microsecond'"),
        ("applications", "settings = '{}'"),
        ("api_keys", "sequence = sequence + 1"),
        ("audit_log", "occurred_at = occurred_at + interval '1 second', user_agent = 'Eve/1.0'"),
        ("statistics_users", "verified = NOT verified"),
        (
            "portal_users",
            "last_login_at = coalesce(last_login_at, now()) + interval '1 day', email = 'eve@example.org'",
        ),
    ];
    for (table, change) in cases {
        let model = Model::all().find(|model| model.tables().contains(&table)).unwrap();
        let key: String = sqlx::query_scalar(&format!(
            "SELECT attname::text FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid AND a.attnum = i.indkey[0]
             WHERE i.indisprimary AND i.indrelid = '{table}'::regclass"
        ))
        .fetch_one(&mut owner)
        .await
        .unwrap();
        let ids: Vec<uuid::Uuid> = sqlx::query_scalar(&format!("SELECT {key} FROM {table} ORDER BY 1"))
            .fetch_all(&mut owner)
            .await
            .unwrap();
        assert!(ids.len() > 3, "{table}");
        let (first, last) = (ids[0], ids[ids.len() - 1]);
        run(&mut owner, &format!("CREATE TABLE before AS TABLE {table}")).await;
        run(&mut owner, &format!("UPDATE {table} SET {change} WHERE {key} = '{}'", ids[1])).await;
        run(&mut owner, &format!("DELETE FROM {table} WHERE {key} IN ('{first}', '{last}')")).await;
        let copy = format!(
            "CREATE TEMP TABLE copy AS SELECT * FROM {table} WHERE {key} = '{}';
             UPDATE copy SET {key} = 'ffffffff-0000-0000-0000-000000000000'; INSERT INTO {table} TABLE copy; DROP TABLE copy",
            ids[2]
        );
        run(&mut owner, &copy).await;

        let verified = check(&fixture, model).await;

        let columns: Vec<_> =
            change.split(", ").filter_map(|part| part.split_once(" = ")).map(|(name, _)| name).collect();
        let mut columns: Vec<_> = columns.into_iter().filter(|name| !name.contains('(')).collect();
        let mut lines = told(&verified);
        // Columns are told in the table's order.
        columns.sort_unstable();
        let differing = lines.remove(1);
        let mut named: Vec<_> = differing.split_once(' ').unwrap().1.split(',').collect();
        named.sort_unstable();
        assert_eq!(named, columns, "{table}");
        let expected = ["missing", "missing", "extra"].map(|kind| format!("{table} {kind}"));
        assert_eq!(lines, expected, "{table}");
        let found = &verified.differences;
        assert_eq!((found.missing, found.different, found.extra), (2, 1, 1), "{table}");
        let keys: Vec<_> =
            found.listed.iter().map(|one| (one.key[0].0.clone(), one.key[0].1.clone())).collect();
        let extra = "ffffffff-0000-0000-0000-000000000000".to_owned();
        let expected = [first.to_string(), ids[1].to_string(), last.to_string(), extra];
        assert_eq!(keys, expected.map(|id| (key.clone(), id)), "{table}");
        assert!(!verified.holds());

        run(&mut owner, &format!("DELETE FROM {table}; INSERT INTO {table} TABLE before; DROP TABLE before"))
            .await;
        assert!(check(&fixture, model).await.holds(), "{table}");
    }
}

#[tokio::test]
async fn values_are_told_only_to_who_asks_for_them() {
    let fixture = eventful().await;
    run(&mut fixture.owner().await, "UPDATE users SET email = 'eve@example.org'").await;
    let users = Model::named("users").unwrap();
    let wanted = Wanted { listed: 2, values: false };

    let verified = verify(&fixture.database.url, &keyring(), users, wanted, &mut |_| {}).await.unwrap();

    assert_eq!(verified.differences.listed.len(), 2);
    assert!(verified.differences.different > 2, "all are counted");
    for difference in &verified.differences.listed {
        let Kind::Different(cells) = &difference.kind else { panic!("{difference:?}") };
        assert!(cells.iter().all(|cell| cell.values.is_none()));
    }
    let with_values = check(&fixture, users).await;
    let cells = with_values.differences.listed.iter().filter_map(|difference| match &difference.kind {
        Kind::Different(cells) => cells[0].values.as_ref(),
        Kind::Missing | Kind::Extra => None,
    });
    let values: Vec<_> = cells.map(|values| (values.live.as_deref(), values.expected.as_deref())).collect();
    assert!(values.contains(&(Some("eve@example.org"), Some(EMAIL))), "{values:?}");
    assert!(!format!("{with_values:?}").contains("example.org"), "not by accident either");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_go_on_and_disturb_nothing() {
    let fixture = eventful().await;
    for model in Model::all() {
        let writing = fixture.clone();
        let mut written = 0;
        // In the middle of the check, all of which looks at one moment.
        let mut report = |progress: Progress| {
            if progress.stage == Stage::Building && written == 0 {
                written = 1;
                meanwhile(async {
                    Writer::new(&writing, 77, false).steps(60).await;
                    project_all(&writing).await;
                });
            }
        };
        let verified = verify(&fixture.database.url, &keyring(), model, ALL, &mut report).await.unwrap();
        assert_eq!(written, 1, "{}", model.name());
        assert!(verified.holds(), "{}: {verified:?}", model.name());
    }
    all_hold(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_holds_no_transaction_id_and_leaves_nothing_behind() {
    let fixture = eventful().await;
    let everything = "SELECT count(*) FROM pg_class";
    let mut owner = fixture.owner().await;
    let before: i64 = sqlx::query_scalar(everything).fetch_one(&mut owner).await.unwrap();
    for model in Model::all() {
        let mut stages = Vec::new();
        let mut report = |progress: Progress| {
            stages.push(progress.stage);
            let writing: i64 = meanwhile(async {
                let sql = "SELECT count(*) FROM pg_stat_activity
                           WHERE datname = current_database() AND backend_xid IS NOT NULL";
                sqlx::query_scalar(sql).fetch_one(&fixture.pool).await.unwrap()
            });
            assert_eq!(writing, 0, "{progress:?}");
        };
        verify(&fixture.database.url, &keyring(), model, ALL, &mut report).await.unwrap();
        assert!(stages.contains(&Stage::Building), "{stages:?}");
    }

    eventually("its sessions end", async || {
        sqlx::query_scalar::<_, i64>(everything).fetch_one(&mut owner).await.unwrap() == before
    })
    .await;
}

#[tokio::test]
async fn a_model_that_is_behind_holds_and_one_with_a_parked_stream_does_not() {
    let fixture = eventful().await;
    Writer::new(&fixture, 9, false).steps(50).await;
    let portal_users = Model::named("portal_users").unwrap();
    assert!(check(&fixture, portal_users).await.holds(), "up to its checkpoint");

    let user = fixture.user().await;
    fixture.append::<User>(user, &[UserEvent::SessionsRevoked { at: at(7) }]).await;
    project_all(&fixture).await;
    assert!(check(&fixture, portal_users).await.holds());
    let Model::Async(model) = portal_users else { panic!() };
    fixture.append::<User>(user, &[UserEvent::UserSuspended { at: at(8) }]).await;
    let position = "SELECT position FROM log_head";
    let before: i64 = sqlx::query_scalar(position).fetch_one(&fixture.pool).await.unwrap();
    // Transactions of other tests on the same server can hold it up.
    eventually("it is numbered", async || {
        sequencer::tick(fixture.log.kept(), 1_000).await.unwrap();
        sqlx::query_scalar::<_, i64>(position).fetch_one(&fixture.pool).await.unwrap() > before
    })
    .await;
    let head: i64 = sqlx::query_scalar(position).fetch_one(&fixture.pool).await.unwrap();
    let error = devauth_projections::Error::Corrupt("as a test says".to_owned());
    subscription::fail(&fixture.pool, model, head, &error).await.unwrap();

    let verified = check(&fixture, portal_users).await;

    assert!(verified.differences.is_empty(), "{verified:?}");
    assert_eq!(verified.parked.len(), 1);
    assert!(!verified.holds(), "what it says of that user is not all that the log says");
    subscription::retry(&fixture.log, model).await.unwrap();
    assert!(check(&fixture, portal_users).await.holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time() {
    let fixture = eventful().await;
    for model in Model::all() {
        let mut seen = false;
        let url = fixture.database.url.clone();
        let mut report = |progress: Progress| {
            if progress.stage != Stage::Building || seen {
                return;
            }
            seen = true;
            let second = meanwhile(verify(&url, &keyring(), model, ALL, &mut |_| {}));
            assert!(matches!(second, Err(Refusal::Busy(name)) if name == model.name()));
        };
        verify(&fixture.database.url, &keyring(), model, ALL, &mut report).await.unwrap();
        assert!(seen);
    }
}
