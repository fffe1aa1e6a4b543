//! Everything sealed under an old encryption key comes under the new one, whatever happens meanwhile, and nothing comes back.

use std::collections::BTreeSet;

use devauth_aggregates::{Personal, User, UserId};
use devauth_projections::event_log::EventLog;
use devauth_projections::idempotency::{self, Key, Reservation};
use devauth_projections::resealing::{self, Pass, TABLES};
use devauth_projections::sealing::{Key256, Keyring, SealingError, key_id};
use devauth_projections::secrets::{application_secrets, service_keys};
use devauth_projections::{Error, transactions};
use sqlx::{Connection as _, PgConnection};

use crate::fixture::{EMAIL, Fixture, application, at, eventually, keyring, registered, run};

/// The key of [`keyring`].
fn old_key() -> Key256 {
    Key256::new([7; 32])
}

fn new_key() -> Key256 {
    Key256::new([9; 32])
}

/// As during a rotation: the new key seals, both open.
fn both() -> Keyring {
    Keyring::new(vec![new_key(), old_key()]).unwrap()
}

/// As after it.
fn new_alone() -> Keyring {
    Keyring::new(vec![new_key()]).unwrap()
}

async fn pass(fixture: &Fixture, batch: i64) -> Result<Pass, Error> {
    resealing::pass(&fixture.pool, &both(), batch, |_| {}).await
}

/// Rows under the old key.
async fn left(fixture: &Fixture) -> u64 {
    let old = key_id(&old_key());
    resealing::uses(&fixture.pool)
        .await
        .unwrap()
        .iter()
        .filter(|((_, key), _)| *key == old)
        .map(|(_, n)| n)
        .sum()
}

/// The address of a user, as who has these keys reads it in the log.
async fn address(fixture: &Fixture, ring: Keyring, user: UserId) -> Result<Personal<String>, Error> {
    let log = EventLog::new(fixture.pool.clone(), ring.into());
    Ok(log.load::<User>(&user.to_string()).await?.state.email)
}

async fn users(fixture: &Fixture, count: usize) -> Vec<UserId> {
    let mut users = Vec::new();
    for _ in 0..count {
        users.push(fixture.user().await);
    }
    users
}

fn request(number: u8) -> Key {
    Key { scope: "key_1 POST /v1/auth/signup".to_owned(), key_hash: [number; 32], request_hash: [1; 32] }
}

/// Something in every table: five stored answers, an application's secret, the root key. Answers the root key.
async fn others(fixture: &Fixture) -> [u8; 32] {
    for number in 0..5 {
        let key = idempotency::reserve(&fixture.pool, &keyring(), &request(number), at(0)).await.unwrap();
        let Reservation::New(key) = key else { panic!("each is new") };
        idempotency::complete_alone(&fixture.pool, &keyring(), &key, 201, &[number]).await.unwrap();
    }
    // Reserved and not answered: nothing is sealed yet.
    idempotency::reserve(&fixture.pool, &keyring(), &request(9), at(0)).await.unwrap();
    let mut tx = fixture.pool.begin().await.unwrap();
    application_secrets::put(&mut tx, &keyring(), application(), "dvs_secret").await.unwrap();
    tx.commit().await.unwrap();
    run(
        &mut fixture.owner().await,
        &format!(
            "INSERT INTO applications VALUES ('{}', gen_random_uuid(), 'Acme', 'development', '{{}}', now(), now(), NULL, 1)",
            application().uuid()
        ),
    )
    .await;
    *service_keys::get_or_create(&fixture.pool, &keyring(), "root").await.unwrap().expose()
}

/// Every update of a data key waits at a lock that the answered connection holds.
async fn hold_updates(fixture: &Fixture) -> PgConnection {
    let mut owner = fixture.owner().await;
    run(
        &mut owner,
        "CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$;
         CREATE TRIGGER wait_here BEFORE UPDATE ON secrets.data_keys FOR EACH ROW EXECUTE FUNCTION wait_here();
         SELECT pg_advisory_lock(7)",
    )
    .await;
    owner
}

async fn waiting(connection: &mut PgConnection, kind: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE NOT l.granted AND l.locktype = $1 AND a.datname = current_database()",
    )
    .bind(kind)
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn every_table_with_sealed_rows_is_known() {
    let fixture = Fixture::new().await;
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT CASE table_schema WHEN 'public' THEN table_name ELSE table_schema || '.' || table_name END
         FROM information_schema.columns
         WHERE column_name = 'key_id' AND table_schema IN ('public', 'secrets') AND table_name <> 'key_uses'",
    )
    .fetch_all(&mut fixture.owner().await)
    .await
    .unwrap();

    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(TABLES));
}

#[tokio::test]
async fn afterwards_everything_opens_with_the_new_key_alone_and_says_the_same() {
    let fixture = Fixture::new().await;
    let people = users(&fixture, 7).await;
    let root = others(&fixture).await;
    assert_eq!(left(&fixture).await, 7 + 5 + 1 + 1);

    let mut told = Vec::new();
    let done = resealing::pass(&fixture.pool, &both(), 3, |count| told.push(count)).await.unwrap();

    assert_eq!((done, left(&fixture).await), (Pass { resealed: 14, damaged: 0 }, 0));
    assert_eq!(
        told,
        [1, 2, 5, 8, 9, 12, 14],
        "one root key, one secret, seven people, five answers, by three"
    );
    assert!(!resealing::any_use(&fixture.pool, &[key_id(&old_key())]).await.unwrap());
    for person in people {
        let told = address(&fixture, new_alone(), person).await.unwrap();
        assert_eq!(told, Personal::Clear(EMAIL.to_owned()));
    }
    assert_eq!(
        *service_keys::get_or_create(&fixture.pool, &new_alone(), "root").await.unwrap().expose(),
        root
    );
    let secret = application_secrets::get(&fixture.pool, &new_alone(), application()).await.unwrap();
    assert_eq!(secret.as_deref(), Some(&b"dvs_secret"[..]));
    for number in 0..5 {
        let stored =
            idempotency::reserve(&fixture.pool, &new_alone(), &request(number), at(1)).await.unwrap();
        assert!(matches!(stored, Reservation::Done { status: 201, body } if body == [number]));
    }
    assert_eq!(pass(&fixture, 3).await.unwrap(), Pass::default(), "a second pass finds nothing");
}

#[tokio::test]
async fn interrupted_in_any_batch_it_goes_on_where_it_was() {
    let fixture = Fixture::new().await;
    let people = users(&fixture, 10).await;
    // Every fourth row that is written breaks its transaction, as a crash would; a sequence is not rolled back.
    run(
        &mut fixture.owner().await,
        "CREATE SEQUENCE hits;
         GRANT USAGE ON hits TO PUBLIC;
         CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN IF nextval('hits') % 4 = 0 THEN RAISE EXCEPTION 'broken'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER break BEFORE UPDATE ON secrets.data_keys FOR EACH ROW EXECUTE FUNCTION break()",
    )
    .await;

    let mut interruptions = 0;
    let mut before = left(&fixture).await;
    while pass(&fixture, 3).await.is_err() {
        interruptions += 1;
        let now = left(&fixture).await;
        assert!(now < before, "what was committed stays");
        before = now;
        for person in &people {
            // Half of them under one key, half under the other.
            assert_eq!(address(&fixture, both(), *person).await.unwrap(), Personal::Clear(EMAIL.to_owned()));
        }
    }

    assert!(interruptions >= 2, "{interruptions}");
    assert_eq!(left(&fixture).await, 0);
    for person in people {
        assert_eq!(address(&fixture, new_alone(), person).await.unwrap(), Personal::Clear(EMAIL.to_owned()));
    }
}

#[tokio::test]
async fn who_is_erased_meanwhile_stays_erased() {
    let fixture = Fixture::new().await;
    let people = users(&fixture, 4).await;
    // One erasure that isn't committed yet, and one that comes while the row is being resealed.
    let (first, second) = (people[0], people[1]);
    let delete = "DELETE FROM secrets.data_keys WHERE user_id = $1";
    let mut owner = hold_updates(&fixture).await;
    let mut early = fixture.pool.begin().await.unwrap();
    sqlx::query(delete).bind(first.uuid()).execute(&mut *early).await.unwrap();
    let mut watcher = fixture.owner().await;

    let resealing = tokio::spawn({
        let pool = fixture.pool.clone();
        async move { resealing::pass(&pool, &both(), 10, |_| {}).await }
    });
    eventually("the batch is in its middle", async || waiting(&mut watcher, "advisory").await == 1).await;
    let late = tokio::spawn({
        let pool = fixture.pool.clone();
        async move { sqlx::query(delete).bind(second.uuid()).execute(&pool).await }
    });
    eventually("the erasure waits for it", async || waiting(&mut watcher, "transactionid").await == 1).await;
    run(&mut owner, "SELECT pg_advisory_unlock(7)").await;

    assert_eq!(resealing.await.unwrap().unwrap().resealed, 3, "the row that somebody holds is passed over");
    assert_eq!(late.await.unwrap().unwrap().rows_affected(), 1);
    early.commit().await.unwrap();
    assert_eq!(pass(&fixture, 10).await.unwrap(), Pass::default());
    for (person, expected) in people.iter().zip([true, true, false, false]) {
        let read = address(&fixture, new_alone(), *person).await.unwrap();
        assert_eq!(read == Personal::Erased, expected);
    }
}

#[tokio::test]
async fn a_person_who_signs_up_meanwhile_is_not_missed_and_nobody_waits() {
    let fixture = Fixture::new().await;
    let people = users(&fixture, 2).await;
    let mut owner = hold_updates(&fixture).await;
    let mut watcher = fixture.owner().await;
    let resealing = tokio::spawn({
        let pool = fixture.pool.clone();
        async move { resealing::pass(&pool, &both(), 10, |_| {}).await }
    });
    eventually("the batch is in its middle", async || waiting(&mut watcher, "advisory").await == 1).await;

    // At a node that does not seal with the new key yet, and where the pass has been already.
    let newcomer = UserId::from_uuid(uuid::Uuid::nil());
    fixture.append::<User>(newcomer, &[registered()]).await;
    // As everybody does who appends an event of a person.
    let mut appending = fixture.pool.begin().await.unwrap();
    let held: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT user_id FROM secrets.data_keys FOR KEY SHARE")
        .fetch_all(&mut *appending)
        .await
        .expect("nobody who appends waits for a resealing");
    assert_eq!(held.len(), 3);
    run(&mut owner, "SELECT pg_advisory_unlock(7)").await;

    // Nor does the resealing wait for who appends.
    assert_eq!(resealing.await.unwrap().unwrap().resealed, 2);
    assert_eq!(left(&fixture).await, 1);
    assert_eq!(pass(&fixture, 10).await.unwrap().resealed, 1);
    appending.rollback().await.unwrap();
    for person in people.into_iter().chain([newcomer]) {
        assert_eq!(address(&fixture, new_alone(), person).await.unwrap(), Personal::Clear(EMAIL.to_owned()));
    }
}

#[tokio::test]
async fn a_damaged_row_is_counted_and_does_not_keep_the_others() {
    let fixture = Fixture::new().await;
    let people = users(&fixture, 3).await;
    run(
        &mut fixture.owner().await,
        &format!(
            "UPDATE secrets.data_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)
             WHERE user_id = '{}'",
            people[1].uuid()
        ),
    )
    .await;

    assert_eq!(pass(&fixture, 1).await.unwrap(), Pass { resealed: 2, damaged: 1 });

    assert_eq!(left(&fixture).await, 1);
    assert!(resealing::any_use(&fixture.pool, &[key_id(&old_key())]).await.unwrap());
}

#[tokio::test]
async fn without_the_key_of_a_row_it_stops_and_names_the_key() {
    let fixture = Fixture::new().await;
    fixture.user().await;

    let error = resealing::pass(&fixture.pool, &new_alone(), 10, |_| {}).await.unwrap_err();

    assert!(matches!(error, Error::Sealing(SealingError::UnknownKey(key)) if key == key_id(&old_key())));
    assert_eq!(left(&fixture).await, 1);
}

#[tokio::test]
async fn a_transaction_is_waited_for_until_it_ends_and_later_ones_are_not() {
    let fixture = Fixture::new().await;
    let (mut first, mut second) = (fixture.owner().await, fixture.owner().await);
    assert_eq!(transactions::running(&fixture.pool).await.unwrap().left(&fixture.pool).await.unwrap(), 0);
    // It has only read so far, so it has no id that a horizon would show.
    let mut older = first.begin().await.unwrap();
    sqlx::query("SELECT 1").execute(&mut *older).await.unwrap();

    let running = transactions::running(&fixture.pool).await.unwrap();
    let mut younger = second.begin().await.unwrap();
    sqlx::query("SELECT 1").execute(&mut *younger).await.unwrap();

    assert_eq!(running.left(&fixture.pool).await.unwrap(), 1);
    sqlx::query("CREATE TABLE made_late ()").execute(&mut *older).await.unwrap();
    assert_eq!(running.left(&fixture.pool).await.unwrap(), 1);
    older.rollback().await.unwrap();
    assert_eq!(running.left(&fixture.pool).await.unwrap(), 0);
}
