//! The primary crashes in the middle of everything and its standby is promoted: nothing that was acknowledged is lost, and the nodes
//! go on by themselves.

use sqlx::{Executor as _, PgConnection};

use crate::caller::PASSWORD;
use crate::database::{Address, Pair, eventually};
use crate::deployment::Deployment;
use crate::traffic::Traffic;

#[tokio::test]
async fn a_promoted_standby_has_everything_that_was_acknowledged() {
    let mut pair = Pair::start().await;
    let address = Address::leading_to(&pair.primary_url()).await;
    let deployment = Deployment::new().await;
    let standby = pair.standby_url();
    let changes = [
        ("DATABASE_URL", address.url.as_str()),
        ("DATABASE_REPLICA_URL", &standby),
        // A refresh whose answer was lost is asked for again when all is over.
        ("DEVAUTH_REFRESH_GRACE", "5m"),
        ("DEVAUTH_LOG", "info"),
    ];
    let nodes = [deployment.start_with(&changes).await, deployment.start_with(&changes).await];
    pair.commit_on_both().await;
    let (developer, application, path) = deployment.anyone(&nodes[0]).developer().await;
    let traffic =
        [Traffic::begin(&application).await, Traffic::begin_with(&application.at(&nodes[1]), "eve").await];
    for one in &traffic {
        one.goes_on_for(10).await;
    }

    pair.crash_primary();
    // The address follows before the standby is promoted, as it may: nobody is let in by what it knows.
    address.lead_to(&standby);
    let (first, second) = (application.at(&nodes[0]), application.at(&nodes[1]));
    let (ready, login) = tokio::join!(first.get("/health/ready"), second.log_in("ada@example.org", PASSWORD));
    assert!(ready.is_unavailable() && login.is_unavailable(), "{ready:?} {login:?}");
    pair.on_standby().await.execute("SELECT pg_promote()").await.unwrap();
    for one in &traffic {
        one.goes_on_for(10).await;
    }

    let mut acknowledged = Vec::new();
    for one in traffic {
        let record = one.end().await;
        assert_eq!(record.failed, Vec::<String>::new());
        assert!(record.unavailable > 0, "there was an outage");
        acknowledged.extend(record.signed_up);
    }
    let list = developer.get(&format!("{path}/users")).await.expect(200);
    assert!(list["total"].as_u64().unwrap() >= acknowledged.len() as u64);
    for email in acknowledged.iter().step_by(5) {
        application.log_in(email, PASSWORD).await.expect(200);
    }
    let mut promoted = pair.on_standby().await;
    has_all(&mut promoted, &acknowledged).await;
    the_log_goes_on(&mut promoted).await;
    for command in [&["events", "verify"], &["projections", "verify"]] {
        let (status, said, errors) = deployment.command(command, &[("DATABASE_URL", &address.url)]).await;
        assert_eq!(status, Some(0), "{command:?}\n{said}\n{errors}");
    }
}

/// Everybody who was told that they are signed up.
async fn has_all(promoted: &mut PgConnection, acknowledged: &[String]) {
    assert!(acknowledged.len() >= 40, "somebody signed up");
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT email FROM unnest($1::text[]) AS email WHERE email NOT IN (SELECT email FROM portal_users)",
    )
    .bind(acknowledged)
    .fetch_all(promoted)
    .await
    .unwrap();
    assert_eq!(missing, Vec::<String>::new());
}

/// In the same epoch, without a hole and without an event left out: transaction ids go on where the primary's were.
async fn the_log_goes_on(promoted: &mut PgConnection) {
    let all_numbered = "SELECT (SELECT count(*) FROM events) = (SELECT position FROM log_head)
            AND (SELECT count(*) FROM event_log) = (SELECT position FROM log_head)
            AND (SELECT max(position) FROM event_log) = (SELECT position FROM log_head)";
    eventually("every event has a position", promoted, all_numbered).await;
    let epochs: (i32, i32, i32) = sqlx::query_as(
        "SELECT c.epoch, min(e.epoch), max(e.epoch) FROM cluster_state c, events e GROUP BY 1",
    )
    .fetch_one(&mut *promoted)
    .await
    .unwrap();
    assert_eq!(epochs, (1, 1, 1));
    // In the order of commits, as before.
    let out_of_order: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
             SELECT l.position, row_number() OVER (ORDER BY e.epoch, e.tx_id, e.insertion) AS expected
             FROM event_log l JOIN events e USING (aggregate_type, aggregate_id, sequence)) AS placed
         WHERE position <> expected",
    )
    .fetch_one(promoted)
    .await
    .unwrap();
    assert_eq!(out_of_order, 0);
}
