use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::mailer::message::MailKind;
use crate::mailer::outgoing::tests::{hostile, outgoing};

struct Page {
    folder: tempfile::TempDir,
    inbox: DevInbox,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Page {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inbox = DevInbox::open(folder.path()).unwrap();
        Self { folder, inbox }
    }

    async fn with_mails() -> Self {
        let page = Self::new();
        for (number, kind) in (1..).zip(MailKind::ALL) {
            let mut mail = outgoing(kind, "Acme");
            mail.id = Uuid::from_u128(number);
            mail.to = format!("user{number}@acme.example");
            mail.date += chrono::TimeDelta::seconds(i64::try_from(number).unwrap());
            page.inbox.keep(&mail).await.unwrap();
        }
        page
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = router(self.inbox.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).header("accept", "text/html,*/*").body(Body::empty()).unwrap()).await
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[tokio::test]
async fn scripts_get_the_mails_newest_first() {
    let page = Page::with_mails().await;
    let answer = page.get("/dev/mail?format=json").await;
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let data = json["data"].as_array().unwrap();
    let to: Vec<_> = data.iter().map(|mail| mail["to"].as_str().unwrap()).collect();
    assert_eq!(to, ["user4@acme.example", "user3@acme.example", "user2@acme.example", "user1@acme.example"]);
    let mut members: Vec<_> = data[3].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["date", "from", "html", "id", "link", "subject", "text", "to"]);
    assert!(data[3]["link"].as_str().unwrap().starts_with("https://acme.example/verify-email?token="));
    assert_eq!(data[0]["link"], serde_json::Value::Null);
}

#[tokio::test]
async fn scripts_may_ask_for_one_address_and_by_accept() {
    let page = Page::with_mails().await;
    let request = Request::get("/dev/mail?to=USER2@acme.example").header("accept", "application/json");
    let answer = page.ask(request.body(Body::empty()).unwrap()).await;
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json["data"].as_array().unwrap().len(), 1);
    assert_eq!(json["data"][0]["id"], id(2).to_string());
}

#[tokio::test]
async fn the_page_lists_all_and_shows_the_newest() {
    let page = Page::with_mails().await;
    let answer = page.get("/dev/mail").await;
    assert_eq!(answer.status, StatusCode::OK);
    for number in 1..=4 {
        assert!(answer.body.contains(&format!("/dev/mail?id={}", id(number))));
    }
    assert!(answer.body.contains("<h1>You already have an account at Acme</h1>"));
    assert!(answer.body.contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn a_chosen_mail_is_shown_with_its_link_and_stays() {
    let page = Page::with_mails().await;
    let answer = page.get(&format!("/dev/mail?id={}", id(1))).await;
    assert!(answer.body.contains("<h1>Verify your e-mail for Acme</h1>"));
    assert!(answer.body.replace("&#x2f;", "/").contains("href=\"https://acme.example/verify-email?token="));
    assert!(answer.body.contains(&format!("src=\"/dev/mail/{}/html\"", id(1))));
    assert!(!answer.body.contains("http-equiv=\"refresh\""), "a mail being read doesn't go away");

    let text = page.get(&format!("/dev/mail?id={}&view=text", id(1))).await.body;
    assert!(
        text.contains("Please confirm that user1@acme.example") || text.contains("Please confirm that lin@")
    );
    assert!(!text.contains("<iframe"));
}

#[tokio::test]
async fn the_mails_own_html_is_locked_in() {
    let page = Page::with_mails().await;
    let answer = page.get(&format!("/dev/mail/{}/html", id(1))).await;
    assert!(answer.body.starts_with("<!doctype html>"));
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert!(!policy.contains("allow-scripts") && !policy.contains("allow-same-origin"), "{policy}");
}

#[tokio::test]
async fn pages_are_not_kept_framed_or_referred_to() {
    let page = Page::with_mails().await;
    let headers = page.get("/dev/mail").await.headers;
    assert!(!headers["content-security-policy"].to_str().unwrap().contains("unsafe"));
    assert_eq!(headers["x-frame-options"], "DENY");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["cache-control"], "no-store");
}

#[tokio::test]
async fn hostile_names_stay_text() {
    let page = Page::new();
    for (number, mut mail) in (1..).zip(hostile()) {
        mail.id = id(number);
        page.inbox.keep(&mail).await.unwrap();
        let shown = page.get(&format!("/dev/mail?id={}", id(number))).await.body;
        assert!(!shown.contains("<script") && !shown.contains("<img"), "{shown}");
        assert_eq!(shown.matches("<h1>").count(), 1);
    }
}

#[tokio::test]
async fn nothing_there_has_words() {
    let page = Page::new();
    assert!(page.get("/dev/mail").await.body.contains("No mail yet"));
    assert!(page.get("/dev/mail?to=a@b.example").await.body.contains("Nothing for <strong>a@b.example"));
    for path in [format!("/dev/mail?id={}", id(9)), "/dev/mail?id=x".to_owned()] {
        let answer = page.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains("This mail is gone"), "{}", answer.body);
    }
    assert_eq!(page.get("/dev/mail/x/html").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn mails_can_be_cleared() {
    let page = Page::with_mails().await;
    let answer = page.ask(Request::delete("/dev/mail").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(page.inbox.list().is_empty());
    assert_eq!(std::fs::read_dir(page.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn only_our_own_page_clears_by_form() {
    let page = Page::with_mails().await;
    let from = |site| {
        let request = Request::post("/dev/mail/clear").header("sec-fetch-site", site);
        page.ask(request.body(Body::empty()).unwrap())
    };
    assert_eq!(from("cross-site").await.status, StatusCode::FORBIDDEN);
    assert_eq!(page.inbox.list().len(), 4);
    let answer = from("same-origin").await;
    assert_eq!(
        (answer.status, &answer.headers["location"]),
        (StatusCode::SEE_OTHER, &"/dev/mail".parse().unwrap())
    );
    assert!(page.inbox.list().is_empty());
}
