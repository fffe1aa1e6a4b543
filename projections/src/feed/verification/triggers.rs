//! Whether the triggers that keep the log from being changed are in force.

use sqlx::PgConnection;

use super::Verification;
use crate::Error;
use crate::proof::{Finding, Kind};

/// Trigger and table.
const TRIGGERS: [(&str, &str); 2] =
    [("events_append_only", "events"), ("event_log_append_only", "event_log")];

pub(super) async fn check(
    connection: &mut PgConnection,
    verification: &mut Verification,
) -> Result<(), Error> {
    for (trigger, table) in TRIGGERS {
        let in_force: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_trigger
                            WHERE tgname = $1 AND tgrelid = to_regclass($2) AND tgenabled IN ('O', 'A'))",
        )
        .bind(trigger)
        .bind(table)
        .fetch_one(&mut *connection)
        .await?;
        if !in_force {
            let what = format!("the trigger {trigger} is not in force: {table} can be changed");
            verification.verified.findings.push(Finding::new(Kind::Unprotected, what));
        }
    }
    Ok(())
}
