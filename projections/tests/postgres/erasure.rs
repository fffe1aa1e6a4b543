//! An erased person is gone from every table but the log, whatever happens at the same time.

use devauth_aggregates::{Session, SessionId, TokenId, User, UserEvent, UserId};
use devauth_projections::event_log::Append;
use devauth_projections::idempotency::{KEPT_FOR, Key, Reservation};
use devauth_projections::jobs::NewJob;
use devauth_projections::login_failures::{self, LoginFailure, Reason, What};
use devauth_projections::login_locks::{self, Lock};
use devauth_projections::read_models::ReadModel;
use devauth_projections::secrets::one_time_tokens::OneTimeToken;
use devauth_projections::subscription::{self, Progress};
use devauth_projections::{Error, Write, feed, idempotency, jobs};
use sqlx::PgConnection;

use crate::fixture::{
    AGENT, CLIENT, EMAIL, Fixture, application, at, folded, keyring, registered, rows, run, started,
    waiting_for_locks,
};

const EVERY_TABLE: &str = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";

/// The tables with this in it.
async fn tables_with(connection: &mut PgConnection, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(EVERY_TABLE).fetch_all(&mut *connection).await.unwrap();
    let mut found = Vec::new();
    for table in tables {
        if rows(connection, &table).await.concat().contains(text) {
            found.push(table);
        }
    }
    found
}

/// Somebody of whom everything is kept that can be kept.
async fn known(fixture: &Fixture, address: [u8; 32]) -> (UserId, SessionId) {
    let user = fixture.user().await;
    let session = fixture.session(user, 0).await;
    let token_id = TokenId::from_uuid(fixture.id());
    let job = NewJob {
        id: fixture.id(),
        kind: "verify_email",
        application_id: application(),
        user_id: user,
        token_id: Some(token_id),
        give_up_at: at(60),
        now: at(0),
        traceparent: None,
    };
    let token = OneTimeToken { token_id, application_id: application(), user_id: user };
    let key = Key { scope: user.to_string(), key_hash: [1; 32], request_hash: [1; 32] };
    let reservation = idempotency::reserve(&fixture.pool, &keyring(), &key, at(0)).await.unwrap();
    let Reservation::New(key) = reservation else { panic!("the key is new") };
    let about = Some(user);
    let writes = [
        Write::Claim { application: application(), address, user },
        Write::Password { user, hash: "$hash".to_owned() },
        Write::OneTimeToken { token, hash: address, purpose: "verify_email", expires_at: at(60) },
        Write::RefreshToken { session, hash: [2; 32] },
        Write::Job(job),
        Write::Answer { key, status: 201, body: EMAIL.as_bytes().to_vec(), about },
    ];
    let mut tx = fixture.pool.begin().await.unwrap();
    for write in writes {
        write.apply(&mut tx, &keyring()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let lock = Lock { application: application(), address: &address, network: "192.0.2.1" };
    login_locks::put(&fixture.pool, &lock, at(900)).await.unwrap();
    // Their own try, and one that nobody had looked up.
    for known in [Some(user), None] {
        let failure = LoginFailure {
            id: fixture.id(),
            application: application(),
            address,
            user: known,
            what: What::Failed(Reason::WrongPassword),
            occurred_at: at(5),
            client_address: CLIENT.to_owned(),
            user_agent: Some(AGENT.to_owned()),
            request_id: "req-2".to_owned(),
        };
        login_failures::write(&fixture.pool, &[failure]).await.unwrap();
    }
    for model in [ReadModel::PortalUsers, ReadModel::AuditLog] {
        fixture.project(model, 100).await;
    }
    (user, session)
}

#[tokio::test]
async fn only_the_log_its_audit_and_cancelled_jobs_still_name_an_erased_person() {
    let fixture = Fixture::new().await;
    let (user, session) = known(&fixture, [7; 32]).await;
    let (other, _) = known(&fixture, [8; 32]).await;
    let mut owner = fixture.owner().await;
    let of_both = tables_with(&mut owner, &user.uuid().to_string()).await;
    assert_eq!(of_both, tables_with(&mut owner, &other.uuid().to_string()).await);
    assert_eq!(of_both.len(), 14, "{of_both:?}");
    assert_eq!(tables_with(&mut owner, &"07".repeat(32)).await.len(), 4, "claim, lock, failure and token");

    fixture.erase(user).await.unwrap();

    let left = tables_with(&mut owner, &user.uuid().to_string()).await;
    assert_eq!(left, ["public.audit_log", "public.event_log", "public.events", "public.jobs"]);
    let told: Vec<(String, Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT action, client_address, user_agent FROM audit_log WHERE user_id = $1 ORDER BY position",
    )
    .bind(user.uuid())
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(told, [("signup".to_owned(), None, None), ("login".to_owned(), None, None)]);
    assert!(tables_with(&mut owner, &"07".repeat(32)).await.is_empty(), "nothing of the address");
    assert_eq!(tables_with(&mut owner, &session.uuid().to_string()).await, Vec::<String>::new());
    assert_eq!(tables_with(&mut owner, &other.uuid().to_string()).await, of_both, "and no more than that");
    let states: Vec<(uuid::Uuid, String)> =
        sqlx::query_as("SELECT user_id, state FROM jobs ORDER BY user_id")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let (cancelled, ready) = ("cancelled".to_owned(), "ready".to_owned());
    assert_eq!(states, [(user.uuid(), cancelled), (other.uuid(), ready)]);
    let due = jobs::take(&fixture.pool, at(1), 10, KEPT_FOR).await.unwrap();
    assert_eq!(due.iter().map(|job| job.user_id).collect::<Vec<_>>(), [other]);
}

#[tokio::test]
async fn the_log_still_verifies_and_says_what_happened_but_not_to_whom() {
    let fixture = Fixture::new().await;
    let (user, _) = known(&fixture, [7; 32]).await;

    fixture.erase(user).await.unwrap();

    fixture.number().await;
    let mut connection = fixture.pool.acquire().await.unwrap();
    let events = feed::of_user(&mut connection, application(), user).await.unwrap();
    assert!(events.iter().all(|event| event.computed_hash()[..] == event.event_hash[..]));
    let opened = fixture.log.open(events).await.unwrap();
    let shown: Vec<_> = opened.iter().map(|event| event.shown()).collect();
    let names: Vec<&str> = opened.iter().map(|event| event.stored.event_type.as_str()).collect();
    assert_eq!(names, ["UserRegistered", "SessionStarted", "UserErased"]);
    let text = serde_json::to_string(&shown).unwrap();
    assert!(![EMAIL, CLIENT, AGENT, "Countess", "$"].iter().any(|datum| text.contains(datum)), "{text}");
    assert!(shown[0].0["email"].is_null() && shown[1].1["client_address"].is_null());
    assert!(opened.into_iter().all(|event| event.understand().is_ok()));
}

#[tokio::test]
async fn a_second_erasure_and_every_later_event_find_nobody() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let keys = fixture.log.data_keys(&[user]).await.unwrap();
    let (first, second) = tokio::join!(fixture.erase(user), fixture.erase(user));
    let (done, refused) = if first.is_ok() { (first, second) } else { (second, first) };
    done.unwrap();
    // Who had decided on the state before is told of the race, and finds nobody at the next try.
    assert!(matches!(refused, Err(Error::PersonErased | Error::Conflict)), "{refused:?}");
    assert!(matches!(fixture.erase(user).await, Err(Error::PersonErased)));

    // Even with a key that somebody still has in memory.
    let session = fixture.session_id().to_string();
    let context = fixture.context(Some(user));
    let mut tx = fixture.pool.begin().await.unwrap();
    let append = Append::<Session> {
        aggregate_id: &session,
        after: 0,
        events: &[started(user, 0, 5)],
        person: Some(user),
        context: &context,
        keys: &keys,
    };
    assert!(matches!(append.insert(&mut tx).await, Err(Error::PersonErased)));
}

/// A login that has appended and not yet committed when the erasure comes.
#[tokio::test]
async fn an_erasure_waits_for_who_was_first_and_takes_what_they_wrote_along() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let mut owner = fixture.owner().await;
    let mut login = fixture.pool.begin().await.unwrap();
    let context = |person| fixture.context(person);
    let (session, events) = (fixture.session_id(), [started(user, 0, 5)]);
    fixture.append_in(&mut login, session, 0, Session::default(), &events, context).await.unwrap();

    let commit = async {
        waiting_for_locks(&mut owner, 1).await;
        login.commit().await.unwrap();
    };
    let (erased, ()) = tokio::join!(fixture.erase(user), commit);

    erased.unwrap();
    assert_eq!(rows(&mut owner, "sessions").await.len() + rows(&mut owner, "last_logins").await.len(), 0);
}

/// The same on the user's own stream: no older state can come back, because whoever decided on it loses.
#[tokio::test]
async fn no_older_state_is_written_after_an_erasure() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let mut owner = fixture.owner().await;
    let revoked = [UserEvent::SessionsRevoked { at: at(1) }];
    let state = || folded::<User>(&[registered()]);
    let context = |person| fixture.context(person);

    let mut first = fixture.pool.begin().await.unwrap();
    fixture.append_in(&mut first, user, 1, state(), &revoked, context).await.unwrap();
    let commit = async {
        waiting_for_locks(&mut owner, 1).await;
        first.commit().await.unwrap();
    };
    let (lost, ()) = tokio::join!(fixture.erase(user), commit);
    assert!(matches!(lost, Err(Error::Conflict)), "{lost:?}");

    let mut erasing = fixture.pool.begin().await.unwrap();
    let forget = Write::Forget { user };
    forget.lock(&mut erasing).await.unwrap();
    let mut late = fixture.pool.begin().await.unwrap();
    let erase = async {
        waiting_for_locks(&mut owner, 1).await;
        let erased = [UserEvent::UserErased { at: at(2) }];
        let by_nobody = |_| fixture.context(None);
        fixture.append_in(&mut erasing, user, 2, state(), &erased, by_nobody).await.unwrap();
        forget.apply(&mut erasing, &keyring()).await.unwrap();
        erasing.commit().await.unwrap();
    };
    let (refused, ()) =
        tokio::join!(fixture.append_in(&mut late, user, 2, state(), &revoked, context), erase);

    assert!(matches!(refused, Err(Error::PersonErased)), "{refused:?}");
    drop(late);
    assert!(rows(&mut owner, "users").await.is_empty());
}

/// Makes whoever comes there first wait for an advisory lock, which `owner` has.
async fn hold_the_first(owner: &mut PgConnection, there: &str) {
    let sql = format!(
        "CREATE SEQUENCE calls;
         GRANT ALL ON calls TO PUBLIC;
         CREATE FUNCTION hold() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN
             IF nextval(''calls'') = 1 THEN PERFORM pg_advisory_xact_lock_shared(1); END IF;
             RETURN true;
         END';
         {there};
         SELECT pg_advisory_lock(1)"
    );
    run(owner, &sql).await;
}

/// A projection that has opened an event and is at its row while the person is erased.
#[tokio::test]
async fn an_erasure_waits_for_a_projection_that_is_writing() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    fixture.number().await;
    let (mut owner, mut observer) = (fixture.owner().await, fixture.owner().await);
    hold_the_first(
        &mut owner,
        "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM hold(); RETURN NEW; END';
         CREATE TRIGGER held BEFORE INSERT ON portal_users FOR EACH ROW EXECUTE FUNCTION held()",
    )
    .await;

    let erasing = async {
        waiting_for_locks(&mut observer, 1).await;
        let release = async {
            waiting_for_locks(&mut observer, 2).await;
            run(&mut owner, "SELECT pg_advisory_unlock(1)").await;
        };
        tokio::join!(fixture.erase(user), release).0.unwrap();
    };
    let step = subscription::step(&fixture.log, ReadModel::PortalUsers, 100);
    let (projected, ()) = tokio::join!(step, erasing);

    assert_eq!(projected.unwrap(), Progress::CaughtUp(1));
    assert!(rows(&mut owner, "portal_users").await.is_empty());
}

/// A projection that has opened an event and comes to write it when the person has been erased.
#[tokio::test]
async fn what_a_projection_opened_before_an_erasure_it_does_not_write_after_it() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    fixture.number().await;
    let (mut owner, mut observer) = (fixture.owner().await, fixture.owner().await);
    // Who comes to lock the checkpoint is held up before they have it.
    hold_the_first(
        &mut owner,
        "ALTER TABLE projections ENABLE ROW LEVEL SECURITY;
         CREATE POLICY seen ON projections FOR SELECT USING (true);
         CREATE POLICY held ON projections FOR UPDATE USING (hold())",
    )
    .await;

    let erasing = async {
        waiting_for_locks(&mut observer, 1).await;
        fixture.erase(user).await.unwrap();
        run(&mut owner, "SELECT pg_advisory_unlock(1)").await;
    };
    let step = subscription::step(&fixture.log, ReadModel::PortalUsers, 100);
    let (projected, ()) = tokio::join!(step, erasing);

    assert_eq!(projected.unwrap(), Progress::Elsewhere);
    assert!(rows(&mut owner, "portal_users").await.is_empty());
    fixture.project(ReadModel::PortalUsers, 100).await;
    assert!(rows(&mut owner, "portal_users").await.is_empty());
}
