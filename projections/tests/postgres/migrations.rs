//! Forward, all the way back, and forward again. What becomes of rows is tested where there are all kinds of them:
//! `tests/http/migrations.rs`.

use devauth_projections::{Error, migrations, pool};
use devauth_test_support::database::Database;
use sqlx::PgConnection;

use crate::fixture::run;

/// Everything that migrations make, in words: tables with their columns, indexes, triggers, functions.
async fn schema(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT format('%s.%s.%s %s %s %s', table_schema, table_name, column_name, data_type, is_nullable, column_default)
         FROM information_schema.columns
         WHERE table_schema IN ('public', 'secrets') AND table_name <> '_sqlx_migrations'
         UNION ALL SELECT indexdef FROM pg_indexes
         WHERE schemaname IN ('public', 'secrets') AND tablename <> '_sqlx_migrations'
         UNION ALL SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
         WHERE c.connamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'secrets'))
           AND t.relname <> '_sqlx_migrations'
         UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
         UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         UNION ALL SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
         UNION ALL SELECT nspname FROM pg_namespace WHERE nspname = 'secrets'
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn up_and_all_the_way_down_leaves_nothing_and_works_again() {
    let database = Database::empty().await;
    let mut connection = pool::owner(&database.url).await.unwrap();
    let mut seen = Vec::new();

    for _ in 0..2 {
        migrations::up(&mut connection).await.unwrap();
        let schema_up = schema(&mut connection).await;
        assert!(schema_up.iter().any(|line| line.contains("events_append_only")));
        seen.push(schema_up);

        migrations::down(&mut connection, 0).await.unwrap();
        assert_eq!(schema(&mut connection).await, Vec::<String>::new());
    }

    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn each_step_goes_back_to_what_was_before_it() {
    let database = Database::empty().await;
    let mut connection = pool::owner(&database.url).await.unwrap();
    migrations::up(&mut connection).await.unwrap();
    let complete = schema(&mut connection).await;

    for version in (0..migrations::newest()).rev() {
        migrations::down(&mut connection, version).await.unwrap();
        let partial = schema(&mut connection).await;
        assert!(partial.iter().all(|line| complete.contains(line)), "{version} changed what is older");
        migrations::up(&mut connection).await.unwrap();
        assert_eq!(schema(&mut connection).await, complete);
        migrations::down(&mut connection, version).await.unwrap();
    }
}

#[tokio::test]
async fn any_number_of_nodes_may_migrate_at_once() {
    let database = Database::empty().await;
    let migrate = async || {
        let mut connection = pool::owner(&database.url).await.unwrap();
        migrations::up(&mut connection).await.unwrap();
    };
    tokio::join!(migrate(), migrate(), migrate(), migrate());

    let mut connection = database.connect().await;
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(applied, migrations::newest());
}

#[tokio::test]
async fn a_refused_migration_says_why_and_changes_nothing() {
    let database = Database::empty().await;
    let mut connection = pool::owner(&database.url).await.unwrap();
    run(&mut connection, "CREATE TABLE jobs (in_the_way int)").await;

    let error = migrations::up(&mut connection).await.unwrap_err();

    assert!(matches!(error, Error::Database(_)), "{error}");
    let applied: i64 = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(applied, 4, "the ones before it hold");
    run(&mut connection, "DROP TABLE jobs").await;
    migrations::up(&mut connection).await.unwrap();
}
