//! More logins at once from one address than it has tries: nobody is locked out for the others' being slow.

use devauth_test_support::database::PATIENCE;

use super::EMAIL;
use crate::app::{PASSWORD, TestApp};

const HOME: &str = "127.0.0.1";

#[tokio::test]
async fn who_waited_in_vain_for_others_is_told_to_come_again_and_not_that_they_are_locked() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    acme.client.sign_up(EMAIL).await;
    let mut begun = app.begin(&acme, EMAIL, HOME, 5).await;
    begun.extend(app.begin(&acme, "nobody@example.org", HOME, 5).await);

    let (known, unknown) = tokio::join!(
        acme.client.try_log_in(EMAIL, PASSWORD),
        acme.client.try_log_in("nobody@example.org", PASSWORD),
    );

    for answer in [known, unknown] {
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=30).contains(&seconds), "until the others are given up at the latest: {seconds}");
        answer.refused(503, "busy");
    }
    app.node.app.login_failures.settled(PATIENCE).await;
    app.until(
        "SELECT NOT EXISTS (SELECT FROM login_failures) AND NOT EXISTS (SELECT FROM login_locks)
             AND NOT EXISTS (SELECT FROM events WHERE event_type = 'LoginLocked')",
    )
    .await;
    // All of them were right, or at least not wrong.
    for attempt in begun {
        app.node.app.limiter.cancel(&attempt, app.clock.now()).await;
    }
    acme.client.log_in(EMAIL).await;
}
