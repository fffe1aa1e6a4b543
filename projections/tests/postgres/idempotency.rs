//! A creation that is asked for twice is done once, and both get the same answer.

use devauth_projections::Error;
use devauth_projections::idempotency::{self, Key, Reservation, Reserved};
use devauth_projections::sealing::{Key256, Keyring, SealingError};

use crate::fixture::{Fixture, at, keyring, rows, run, waiting_for_locks};

fn key(request: u8) -> Key {
    Key { scope: "key_1 POST /v1/auth/signup".to_owned(), key_hash: [1; 32], request_hash: [request; 32] }
}

async fn reserve(fixture: &Fixture, key: &Key, seconds: i64) -> Reservation {
    idempotency::reserve(&fixture.pool, &keyring(), key, at(seconds)).await.unwrap()
}

/// The same, where nobody has the key.
async fn new(fixture: &Fixture, key: &Key, seconds: i64) -> Reserved {
    match reserve(fixture, key, seconds).await {
        Reservation::New(reserved) => reserved,
        other @ (Reservation::Done { .. } | Reservation::InProgress | Reservation::Mismatch) => {
            panic!("it is {}", word(&other))
        }
    }
}

async fn complete(fixture: &Fixture, key: &Reserved, body: &[u8]) {
    idempotency::complete_alone(&fixture.pool, &keyring(), key, 201, body).await.unwrap();
}

/// In one word.
fn word(reservation: &Reservation) -> &'static str {
    match reservation {
        Reservation::New(_) => "new",
        Reservation::Done { .. } => "done",
        Reservation::InProgress => "in progress",
        Reservation::Mismatch => "mismatch",
    }
}

#[tokio::test]
async fn a_key_goes_from_new_to_in_progress_to_done_and_is_forgotten_after_a_day() {
    let fixture = Fixture::new().await;
    let (mine, other) = (key(1), key(2));

    let held = new(&fixture, &mine, 0).await;
    assert_eq!(word(&reserve(&fixture, &mine, 1).await), "in progress");
    assert_eq!(word(&reserve(&fixture, &other, 1).await), "mismatch");
    complete(&fixture, &held, b"{\"email\":\"ada@example.org\"}").await;
    let Reservation::Done { status, body } = reserve(&fixture, &mine, 86_399).await else {
        panic!("not done")
    };
    assert_eq!((status, body.as_slice()), (201, b"{\"email\":\"ada@example.org\"}".as_slice()));
    assert_eq!(word(&reserve(&fixture, &other, 86_399).await), "mismatch");
    assert_eq!(word(&reserve(&fixture, &other, 86_400).await), "new", "forgotten");
    assert_eq!(word(&reserve(&fixture, &mine, 86_401).await), "mismatch", "the key is somebody else's now");
}

#[tokio::test]
async fn another_scope_or_key_is_another_reservation() {
    let fixture = Fixture::new().await;
    reserve(&fixture, &key(1), 0).await;

    let scope = Key { scope: "key_2 POST /v1/auth/signup".to_owned(), ..key(1) };
    assert_eq!(word(&reserve(&fixture, &scope, 0).await), "new");
    assert_eq!(word(&reserve(&fixture, &Key { key_hash: [2; 32], ..key(1) }, 0).await), "new");
}

#[tokio::test]
async fn a_reservation_whose_node_died_is_taken_over_by_the_same_request_alone() {
    let fixture = Fixture::new().await;
    reserve(&fixture, &key(1), 0).await;

    assert_eq!(word(&reserve(&fixture, &key(1), 59).await), "in progress");
    assert_eq!(word(&reserve(&fixture, &key(2), 60).await), "mismatch");
    assert_eq!(word(&reserve(&fixture, &key(1), 60).await), "new");
    assert_eq!(word(&reserve(&fixture, &key(1), 61).await), "in progress", "for the one who took it over");
}

#[tokio::test]
async fn who_was_overtaken_stores_nothing_and_gives_nothing_back() {
    let fixture = Fixture::new().await;
    let slow = new(&fixture, &key(1), 0).await;
    let other = new(&fixture, &key(1), 60).await;

    let lost = idempotency::complete_alone(&fixture.pool, &keyring(), &slow, 201, b"slow").await;
    assert!(matches!(lost, Err(Error::ReservationLost)), "while the other works: {lost:?}");
    idempotency::release(&fixture.pool, &slow).await.unwrap();
    assert_eq!(word(&reserve(&fixture, &key(1), 61).await), "in progress", "for the other");
    complete(&fixture, &other, b"other").await;
    let lost = idempotency::complete_alone(&fixture.pool, &keyring(), &slow, 201, b"slow").await;
    assert!(matches!(lost, Err(Error::ReservationLost)), "when the other is done: {lost:?}");

    let Reservation::Done { body, .. } = reserve(&fixture, &key(1), 62).await else { panic!("not done") };
    assert_eq!(body, b"other");
    let later = new(&fixture, &key(2), 60 + 86_400).await;
    let lost = idempotency::complete_alone(&fixture.pool, &keyring(), &other, 201, b"other").await;
    assert!(matches!(lost, Err(Error::ReservationLost)), "a day later: {lost:?}");
    complete(&fixture, &later, b"later").await;
}

#[tokio::test]
async fn who_comes_to_take_over_waits_for_a_commit_that_is_under_way() {
    let fixture = Fixture::new().await;
    let slow = new(&fixture, &key(1), 0).await;
    let mut tx = fixture.pool.begin().await.unwrap();
    idempotency::complete(&mut tx, &keyring(), &slow, 201, b"slow", None).await.unwrap();

    let pool = fixture.pool.clone();
    let other =
        tokio::spawn(async move { idempotency::reserve(&pool, &keyring(), &key(1), at(60)).await.unwrap() });
    waiting_for_locks(&mut fixture.owner().await, 1).await;
    tx.commit().await.unwrap();

    assert_eq!(word(&other.await.unwrap()), "done");
}

#[tokio::test]
async fn a_refused_request_gives_its_reservation_back_and_an_answer_stays() {
    let fixture = Fixture::new().await;
    let refused = new(&fixture, &key(1), 0).await;
    idempotency::release(&fixture.pool, &refused).await.unwrap();
    let answered = new(&fixture, &key(2), 0).await;
    complete(&fixture, &answered, b"{}").await;

    idempotency::release(&fixture.pool, &answered).await.unwrap();

    assert_eq!(word(&reserve(&fixture, &key(2), 1).await), "done");
}

#[tokio::test]
async fn of_many_at_once_one_does_the_work() {
    let fixture = Fixture::new().await;
    let requests = (0..8).map(|_| {
        let pool = fixture.pool.clone();
        tokio::spawn(async move { idempotency::reserve(&pool, &keyring(), &key(1), at(0)).await.unwrap() })
    });
    let mut words = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        words.push(word(&request.await.unwrap()));
    }

    words.sort_unstable();
    assert_eq!(words, [["in progress"; 7].as_slice(), &["new"]].concat());
}

#[tokio::test]
async fn the_work_and_its_answer_are_stored_together_or_not_at_all() {
    let fixture = Fixture::new().await;
    let held = new(&fixture, &key(1), 0).await;
    let mut tx = fixture.pool.begin().await.unwrap();
    idempotency::complete(&mut tx, &keyring(), &held, 201, b"{}", None).await.unwrap();
    tx.rollback().await.unwrap();

    assert_eq!(word(&reserve(&fixture, &key(1), 1).await), "in progress");
}

#[tokio::test]
async fn an_answer_is_sealed_and_opens_only_for_its_request() {
    let fixture = Fixture::new().await;
    let held = new(&fixture, &key(1), 0).await;
    complete(&fixture, &held, b"ada@example.org").await;
    let mut owner = fixture.owner().await;
    let hex: String = b"ada@example.org".iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!rows(&mut owner, "idempotency_keys").await.concat().contains(&hex));

    let others = Keyring::new(vec![Key256::generate()]).unwrap();
    let unknown = idempotency::reserve(&fixture.pool, &others, &key(1), at(1)).await;
    assert!(matches!(unknown, Err(Error::Sealing(SealingError::UnknownKey(_)))));
    run(&mut owner, "UPDATE idempotency_keys SET scope = 'moved'").await;
    let moved = Key { scope: "moved".to_owned(), ..key(1) };
    let moved = idempotency::reserve(&fixture.pool, &keyring(), &moved, at(1)).await;
    assert!(matches!(moved, Err(Error::Sealing(SealingError::Tampered))));
}
