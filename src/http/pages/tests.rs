use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::HeaderMap;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::http::layers::{HttpSettings, wrap};

/// Answers what the test set, and keeps what it was asked to do.
#[derive(Clone)]
struct Service {
    state: LinkState,
    outcome: PageOutcome,
    done: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn new(outcome: PageOutcome) -> Self {
        Self { state: good("Acme"), outcome, done: Arc::default() }
    }

    fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }
}

impl PageActions for Service {
    async fn look(&self, _: Purpose, _: &str) -> LinkState {
        self.state.clone()
    }

    async fn verify(&self, _: &RequestContext, token: &str) -> PageOutcome {
        self.done.lock().unwrap().push(format!("verify {token}"));
        self.outcome.clone()
    }

    async fn reset(&self, _: &RequestContext, token: &str, password: SecretString) -> PageOutcome {
        self.done.lock().unwrap().push(format!("reset {token} {}", password.expose_secret()));
        self.outcome.clone()
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

fn good(name: &str) -> LinkState {
    LinkState::Good { application_name: name.to_owned() }
}

fn done() -> PageOutcome {
    PageOutcome::Done { application_name: "Acme".to_owned() }
}

async fn ask(service: &Service, request: Request) -> Answer {
    let response = router(service.clone()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn get(service: &Service, path: &str) -> Answer {
    ask(service, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(service: &Service, path: &str, form: &str) -> Answer {
    let mut request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    let context = RequestContext::read(request.headers(), [192, 0, 2, 1].into(), &[]);
    request.extensions_mut().insert(context);
    ask(service, request).await
}

#[tokio::test]
async fn opening_a_page_uses_nothing_up() {
    let service = Service::new(done());
    for path in ["/verify-email?token=abc", "/reset-password?token=abc"] {
        let answer = get(&service, path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("name=\"token\" value=\"abc\""), "{}", answer.body);
        assert!(answer.body.contains("method=\"post\"") && answer.body.contains("Acme"));
    }
    assert_eq!(service.done(), [""; 0]);
}

#[tokio::test]
async fn who_has_a_page_elsewhere_is_led_there_and_uses_nothing_up() {
    let elsewhere = LinkState::Elsewhere { page: "/developers/verify-email?token=abc".to_owned() };
    let service = Service { state: elsewhere, ..Service::new(done()) };
    let answer = get(&service, "/verify-email?token=abc").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.headers["location"], "/developers/verify-email?token=abc");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!((answer.body.as_str(), service.done()), ("", Vec::new()));
}

#[tokio::test]
async fn a_page_keeps_its_token_to_itself() {
    let headers = get(&Service::new(done()), "/verify-email?token=abc").await.headers;
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert_eq!(headers["content-security-policy"], POLICY);
    assert!(!POLICY.contains("unsafe") && !POLICY.contains("script-src"));
}

#[tokio::test]
async fn pages_bring_nothing_from_elsewhere_and_no_script() {
    let service = Service::new(done());
    for path in ["/verify-email?token=abc", "/reset-password?token=abc"] {
        let body = get(&service, path).await.body;
        for foreign in ["<script", "http://", "https://", "style=\"", "<style", "onclick"] {
            assert!(!body.contains(foreign), "{foreign}");
        }
    }
    let css = get(&service, "/assets/devauth.css").await;
    assert_eq!(css.headers["content-type"], "text/css; charset=utf-8");
}

#[tokio::test]
async fn the_forms_do_what_they_say() {
    let service = Service::new(done());
    let verified = post(&service, "/verify-email", "token=abc").await;
    assert_eq!(verified.status, StatusCode::OK);
    assert!(verified.body.contains("Your e-mail is verified"));
    let reset =
        post(&service, "/reset-password", "token=a%2Bc&password=d%C3%A9+f%26&confirmation=d%C3%A9+f%26")
            .await;
    assert_eq!(reset.status, StatusCode::OK);
    assert!(reset.body.contains("Your password is changed"));
    assert_eq!(service.done(), ["verify abc", "reset a+c dé f&"]);
}

#[tokio::test]
async fn two_different_passwords_are_not_tried() {
    let service = Service::new(done());
    let answer =
        post(&service, "/reset-password", "token=abc&password=one-password&confirmation=another").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("are not the same"));
    assert_eq!(service.done(), [""; 0]);
}

#[tokio::test]
async fn a_refused_password_is_explained_and_never_shown_again() {
    let service = Service::new(PageOutcome::Refused(vec!["Use at least 8 characters.".to_owned()]));
    let answer =
        post(&service, "/reset-password", "token=abc&password=Tr0ub4dor&confirmation=Tr0ub4dor").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Use at least 8 characters.") && answer.body.contains("value=\"abc\""));
    assert!(answer.body.contains("aria-invalid") && !answer.body.contains("Tr0ub4dor"));
}

#[tokio::test]
async fn a_spent_link_says_how_to_go_on() {
    let mut service = Service::new(PageOutcome::TokenInvalid);
    let pressed = post(&service, "/verify-email", "token=abc").await;
    service.state = LinkState::Spent;
    let opened = get(&service, "/reset-password?token=abc").await;
    let without = get(&service, "/verify-email").await;
    for answer in [pressed, opened, without] {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.contains("This link doesn’t work any more") && !answer.body.contains("<form"));
    }
}

#[tokio::test]
async fn trouble_asks_for_patience() {
    let mut service = Service::new(PageOutcome::RateLimited(Duration::from_millis(2500)));
    let limited = post(&service, "/verify-email", "token=abc").await;
    assert_eq!(
        (limited.status, &limited.headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"3".parse().unwrap())
    );
    service.outcome = PageOutcome::Unavailable(Duration::ZERO);
    let away = post(&service, "/reset-password", "token=abc&password=x&confirmation=x").await;
    assert_eq!(
        (away.status, &away.headers["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
    service.state = LinkState::Unavailable;
    let unknown = get(&service, "/verify-email?token=abc").await;
    assert_eq!(unknown.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(unknown.body.contains("Please try again") && away.body.contains("Please try again"));
}

#[tokio::test]
async fn names_and_tokens_stay_text() {
    let mut service = Service::new(done());
    service.state = good("<script>alert(1)</script>\u{202e}");
    let answer = get(&service, "/verify-email?token=%22%3E%3Cscript%3E").await;
    assert!(!answer.body.contains("<script") && !answer.body.contains('\u{202e}'));
}

#[tokio::test]
async fn only_forms_are_read() {
    let service = Service::new(done());
    let mut request = Request::post("/verify-email")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"token":"abc"}"#))
        .unwrap();
    let context = RequestContext::read(request.headers(), [192, 0, 2, 1].into(), &[]);
    request.extensions_mut().insert(context);
    assert_eq!(ask(&service, request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(service.done(), [""; 0]);
}

#[tokio::test]
async fn the_layers_leave_a_page_that_is_an_error_as_it_is() {
    let service = Service::new(PageOutcome::TokenInvalid);
    let settings = HttpSettings::new(&"https://auth.example.com".parse().unwrap(), vec![]);
    let request = Request::post("/verify-email")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("token=abc"));
    let response = wrap(router(service), settings).oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["content-security-policy"], POLICY);
}
