//! Copies of a model's tables in a schema of their own, which are filled while the tables themselves serve.
//!
//! A copy has the columns, constraints, indexes and rights of its table under the same names, so that after the exchange
//! nobody finds a difference: neither the mapping of errors, which goes by the names of constraints, nor a later migration.

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::refusal::Refusal;
use crate::Error;

/// The schema of copies that only this session sees and that end with it.
pub(crate) const TEMPORARY: &str = "pg_temp";

/// Makes empty copies of `tables` in `schema`, instead of what an earlier try left there.
pub(crate) async fn create(
    connection: &mut PgConnection,
    schema: &str,
    tables: &[&str],
) -> Result<(), Refusal> {
    let mut tx = connection.begin().await?;
    if schema != TEMPORARY {
        tx.execute(&*format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await?;
        tx.execute(&*format!("CREATE SCHEMA {schema}")).await?;
    }
    for table in tables {
        let like =
            format!("CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL EXCLUDING INDEXES)");
        tx.execute(&*like).await?;
        for sql in parts(&mut tx, schema, table).await? {
            tx.execute(&*sql).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// The statements that give a copy what LIKE leaves out or would name anew.
///
/// Indexes are there from the beginning: made at the end, the transaction that makes them would hold up the sequencer for as
/// long as it takes, and one that doesn't (CONCURRENTLY) waits for every dump of the database that is running.
async fn parts(connection: &mut PgConnection, schema: &str, table: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar(
        "WITH live AS (SELECT oid, relowner, relacl FROM pg_class WHERE oid = format('public.%I', $2)::regclass),
              keys AS (SELECT * FROM pg_constraint WHERE conrelid = (SELECT oid FROM live) AND contype IN ('p', 'u', 'x'))
         SELECT format('ALTER TABLE %s.%I ADD CONSTRAINT %I %s', $1, $2, conname, pg_get_constraintdef(oid)) FROM keys
         UNION ALL
         SELECT regexp_replace(pg_get_indexdef(indexrelid), ' ON public\\.', format(' ON %s.', $1))
         FROM pg_index WHERE indrelid = (SELECT oid FROM live) AND indexrelid NOT IN (SELECT conindid FROM keys)
         UNION ALL
         SELECT format('GRANT %s ON %s.%I TO %s%s', acl.privilege_type, $1, $2,
                       CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
                       CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
         FROM live, aclexplode(live.relacl) AS acl WHERE acl.grantee <> live.relowner",
    )
    .bind(schema)
    .bind(table)
    .fetch_all(connection)
    .await?)
}

/// Compares each live table with its copy: nothing may get lost by the exchange, be it because a copy can't have it or because
/// a migration came in between.
pub(super) async fn compare(
    connection: &mut PgConnection,
    schema: &str,
    tables: &[&str],
) -> Result<(), Refusal> {
    for table in tables {
        let live = definition(connection, "public", table).await?;
        let copy = definition(connection, schema, table).await?;
        let difference = live.iter().find(|line| !copy.contains(line));
        let difference = difference.or_else(|| copy.iter().find(|line| !live.contains(line)));
        if let Some(difference) = difference {
            return Err(Refusal::Definition { table: (*table).to_owned(), difference: difference.clone() });
        }
    }
    Ok(())
}

/// Everything that makes a table what it is, in words that don't name its schema.
async fn definition(connection: &mut PgConnection, schema: &str, table: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar(
        "WITH t AS (SELECT * FROM pg_class WHERE oid = format('%I.%I', $1, $2)::regclass)
         SELECT format('column %s: %s %s, not null %s, collation %s, generated %s%s, default %s, rights %s',
                       row_number() OVER (ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                       a.attcollation::regcollation, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attacl)
         FROM t JOIN pg_attribute a ON a.attrelid = t.oid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (t.oid, a.attnum)
         WHERE a.attnum > 0 AND NOT a.attisdropped
         UNION ALL SELECT format('constraint %s %s', conname, pg_get_constraintdef(c.oid))
         FROM t JOIN pg_constraint c ON t.oid IN (c.conrelid, c.confrelid)
         UNION ALL SELECT replace(pg_get_indexdef(indexrelid), format(' ON %I.', $1), ' ON ')
         FROM t JOIN pg_index i ON i.indrelid = t.oid
         UNION ALL SELECT format('trigger %s', tgname) FROM t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT tgisinternal
         UNION ALL SELECT format('policy %s', polname) FROM t JOIN pg_policy p ON p.polrelid = t.oid
         UNION ALL SELECT format('rule %s', rulename) FROM t JOIN pg_rewrite r ON r.ev_class = t.oid
         UNION ALL SELECT format('publication %s', pubname) FROM t JOIN pg_publication_rel r ON r.prrelid = t.oid
                   JOIN pg_publication p ON p.oid = r.prpubid
         UNION ALL SELECT format('owner %s, persistence %s, security %s %s, options %s', relowner::regrole, relpersistence,
                                 relrowsecurity, relforcerowsecurity, reloptions) FROM t
         UNION ALL SELECT format('right %s of %s %s', privilege_type, grantee::regrole, is_grantable)
         FROM t, aclexplode(coalesce(relacl, acldefault('r', relowner)))",
    )
    .bind(schema)
    .bind(table)
    .fetch_all(connection)
    .await?)
}

/// Tells the planner what is in the copies: nobody else will have by the time they serve.
pub(super) async fn analyze(
    connection: &mut PgConnection,
    schema: &str,
    tables: &[&str],
) -> Result<(), Error> {
    for table in tables {
        connection.execute(&*format!("ANALYZE {schema}.{table}")).await?;
    }
    Ok(())
}
