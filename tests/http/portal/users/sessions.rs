//! A developer ends one session of a user.

use super::{acme, path, text};
use crate::app::TestApp;

#[tokio::test]
async fn one_session_is_ended_and_the_others_live() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let user = acme.client.sign_up("ada@example.org").await;
    let (one, two) =
        (acme.client.log_in("ada@example.org").await, acme.client.log_in("ada@example.org").await);
    let shown = grace.get_fresh(&path(&user)).await.expect(200);
    let newest = format!("{}/sessions/{}", path(&user), text(&shown["sessions"][0]["id"]));

    let answer = grace.delete(&newest).await;
    assert!(answer.text.is_empty());
    answer.expect(204);

    assert!(!acme.client.admits(&two).await);
    assert!(acme.client.admits(&one).await);
    acme.client.refresh(&two["refresh_token"]).await.refused(401, "invalid_token");
    grace.delete(&newest).await.refused(404, "not_found");
    let log = grace
        .get_fresh(&format!("/v1/portal/applications/{}/audit-logs?action=session_revoked", acme.id))
        .await;
    let log = log.expect(200);
    assert_eq!(log["data"].as_array().unwrap().len(), 1);
    assert_eq!(log["data"][0]["actor"]["type"], "developer");
}

#[tokio::test]
async fn a_session_that_is_none_of_the_users_is_not_there() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let (ada, alan) =
        (acme.client.sign_up("ada@example.org").await, acme.client.sign_up("alan@example.org").await);
    acme.client.log_in("ada@example.org").await;
    let shown = grace.get_fresh(&path(&ada)).await.expect(200);
    let session = text(&shown["sessions"][0]["id"]);

    grace.delete(&format!("{}/sessions/{session}", path(&alan))).await.refused(404, "not_found");
    grace.delete(&format!("{}/sessions/nonsense", path(&ada))).await.refused(404, "not_found");
    app.anyone().delete(&format!("{}/sessions/{session}", path(&ada))).await.refused(401, "invalid_token");

    let shown = grace.get_fresh(&path(&ada)).await.expect(200);
    assert_eq!(shown["sessions"].as_array().unwrap().len(), 1);
}
