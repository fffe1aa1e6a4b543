use super::*;
use std::{
    pin::pin,
    task::{Context, Waker},
};

const COST: u32 = 4;

fn passwords_of_cost(cost: u32) -> Passwords {
    Passwords::new(&[1; 32], cost, 1, Duration::from_secs(10))
}

async fn accepts(hashed: &str, presented: &str) -> bool {
    let passwords = passwords_of_cost(COST);
    let stored = passwords.hash(&Password::presented(hashed)).await.unwrap();
    passwords.verify(&Password::presented(presented), Some(&stored)).await.unwrap() == Verified::Yes
}

#[tokio::test]
async fn the_right_password_is_right_and_others_are_not() {
    assert!(accepts("open sesame", "open sesame").await);
    assert!(!accepts("open sesame", "open sesamE").await);
    assert!(!accepts("open sesame", "open sesame ").await);
    assert!(!accepts("open sesame", "").await);
    assert!(accepts("", "").await);
}

#[tokio::test]
async fn no_byte_is_cut_off() {
    let long = "x".repeat(72);
    assert!(accepts(&long, &long).await);
    assert!(!accepts(&long, &format!("{long}y")).await);
    assert!(!accepts(&format!("{long}y"), &format!("{long}z")).await);
    assert!(!accepts(&"水".repeat(256), &"水".repeat(255)).await);
}

#[tokio::test]
async fn a_nul_is_a_character_like_any_other() {
    assert!(accepts("before\0after", "before\0after").await);
    assert!(!accepts("before\0after", "before\0later").await);
    assert!(!accepts("before\0", "before").await);
    assert!(!accepts("\0", "").await);
}

#[tokio::test]
async fn composed_and_decomposed_are_one() {
    assert!(accepts("mu\u{308}cken", "mücken").await);
    assert!(!accepts("mucken", "mücken").await);
}

#[tokio::test]
async fn a_text_longer_than_any_password_matches_none() {
    assert!(!accepts(&"a".repeat(256), &"a".repeat(100_000)).await);
}

#[tokio::test]
async fn stored_hashes_name_their_scheme_and_cost_and_have_salts() {
    let passwords = passwords_of_cost(COST);
    let password = Password::presented("open sesame");
    let one = passwords.hash(&password).await.unwrap();
    let other = passwords.hash(&password).await.unwrap();
    assert!(one.expose().starts_with("1$$2b$04$"), "{}", one.expose());
    assert_eq!(one.expose().len(), 62);
    assert_ne!(one, other);
}

#[tokio::test]
async fn another_key_accepts_nothing() {
    let stored = passwords_of_cost(COST).hash(&Password::presented("open sesame")).await.unwrap();
    let other = Passwords::new(&[2; 32], COST, 1, Duration::from_secs(10));
    assert_eq!(other.verify(&Password::presented("open sesame"), Some(&stored)).await, Ok(Verified::No));
}

#[tokio::test]
async fn bcrypt_gets_the_keyed_pre_hash() {
    let stored = passwords_of_cost(COST).hash(&Password::presented("open sesame")).await.unwrap();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]), b"open sesame");
    let prehash = BASE64_STANDARD.encode(tag);
    assert!(bcrypt::verify(prehash, stored.expose().strip_prefix("1$").unwrap()).unwrap());
}

#[tokio::test]
async fn a_hash_of_another_cost_is_good_but_outdated() {
    let stored = passwords_of_cost(5).hash(&Password::presented("open sesame")).await.unwrap();
    let now = passwords_of_cost(COST);
    assert_eq!(
        now.verify(&Password::presented("open sesame"), Some(&stored)).await,
        Ok(Verified::YesButOutdated)
    );
    assert_eq!(now.verify(&Password::presented("open barley"), Some(&stored)).await, Ok(Verified::No));
}

#[tokio::test]
async fn damaged_and_unknown_hashes_match_nothing() {
    let passwords = passwords_of_cost(COST);
    let good = passwords.hash(&Password::presented("open sesame")).await.unwrap();
    let bare = good.expose().strip_prefix("1$").unwrap();
    for text in ["", "1$", "2$", "1$$2b$04$", bare, &format!("2${bare}"), &good.expose()[..61], "1$ä"] {
        let stored = StoredHash::from_stored(text.to_owned());
        let verdict = passwords.verify(&Password::presented("open sesame"), Some(&stored)).await;
        assert_eq!(verdict, Ok(Verified::No), "{text}");
    }
}

#[tokio::test]
async fn nobody_has_no_password() {
    let passwords = passwords_of_cost(COST);
    for text in ["", "open sesame", "\0"] {
        assert_eq!(passwords.verify(&Password::presented(text), None).await, Ok(Verified::No));
    }
}

/// A test that times this would be at the mercy of the machine; the same work is what makes the same time.
#[test]
fn an_unknown_account_costs_the_same_hash() {
    for cost in [4, 12, 15] {
        let parts: bcrypt::HashParts = decoy(cost).parse().unwrap();
        assert_eq!(parts.get_cost(), cost);
        assert_eq!(parts.to_string(), decoy(cost));
    }
    let passwords = passwords_of_cost(12);
    let mut first = pin!(passwords.verify(&NOBODY, None));
    assert!(
        first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(),
        "it goes through the pool"
    );
}

static NOBODY: std::sync::LazyLock<Password> = std::sync::LazyLock::new(|| Password::presented("nobody"));

#[tokio::test]
async fn a_flood_is_turned_away_at_once() {
    // A quarter of a second each, for a queue of half a second: two wait, however many come.
    let passwords = Passwords::new(&[1; 32], 12, 1, Duration::from_millis(500));
    let mut admitted: Vec<_> = (0..20).map(|_| Box::pin(passwords.verify(&NOBODY, None))).collect();
    let mut context = Context::from_waker(Waker::noop());
    let refused = admitted.iter_mut().filter_map(|future| match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Err(busy)) => Some(busy),
        std::task::Poll::Ready(Ok(_)) | std::task::Poll::Pending => None,
    });
    let refused: Vec<Busy> = refused.collect();
    assert!(refused.len() >= 10, "{}", refused.len());
    assert!(refused.iter().all(|busy| busy.retry_after >= Duration::from_secs(1)));
}

#[test]
fn nothing_shows() {
    let stored = StoredHash::from_stored("1$$2b$04$secret".to_owned());
    assert_eq!(format!("{stored:?}"), "StoredHash(redacted)");
    assert_eq!(format!("{:?}", passwords_of_cost(COST)), "Passwords { cost: 4, .. }");
}
