use axum::body::to_bytes;
use axum::http::Uri;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use tower::ServiceExt as _;

use super::*;

#[derive(Embed)]
#[folder = "src/http/portal_pages/fixture"]
struct Fixture;

const SCRIPT: &str = "/assets/index-1a2b3c.js";
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn ask(file: fn(&str) -> Option<EmbeddedFile>, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::get(path.parse::<Uri>().unwrap()).body(Body::empty()).unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap());
    }
    pages(file).oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn every_page_is_the_document_under_a_strict_policy() {
    for path in ["/", "/login", "/applications/app_1/users?page=2"] {
        let response = ask(Fixture::get, path, &[("accept", BROWSER)]).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers().clone();
        assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert!(text(response).await.contains("<title>Pages</title>"));
    }
}

#[tokio::test]
async fn what_is_no_page_is_not_there() {
    for (path, accept) in [
        ("/login", "application/json"),
        ("/login", "*/*"),
        ("/v1/auth/nothing", BROWSER),
        ("/assets/old.js", BROWSER),
        ("/dev/nothing", BROWSER),
        ("/robots.txt", BROWSER),
        ("/../Cargo.toml", BROWSER),
        ("/%2e%2e/Cargo.toml", BROWSER),
    ] {
        let response = ask(Fixture::get, path, &[("accept", accept)]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path} as {accept}");
    }
    let post = Request::post("/login").header(ACCEPT, BROWSER).body(Body::empty()).unwrap();
    assert_eq!(pages(Fixture::get).oneshot(post).await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_compressed() {
    let plain = ask(Fixture::get, SCRIPT, &[]).await;
    assert_eq!(plain.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(plain.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
    assert!(text(plain).await.contains("document.title"));

    let compressed = ask(Fixture::get, SCRIPT, &[(ACCEPT_ENCODING.as_str(), "gzip")]).await;
    assert_eq!(compressed.headers()[CONTENT_ENCODING], "gzip");
}

#[tokio::test]
async fn who_has_a_file_already_is_told_so() {
    let first = ask(Fixture::get, "/", &[]).await;
    let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
    let again = ask(Fixture::get, "/", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(text(again).await.is_empty());
    let other = ask(Fixture::get, "/", &[("if-none-match", "\"0123\"")]).await;
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_build_without_pages_says_so_and_leads_to_the_documentation() {
    let landing = ask(|_| None, "/", &[("accept", BROWSER)]).await;
    assert_eq!(landing.status(), StatusCode::OK);
    assert_eq!(landing.headers()[CONTENT_SECURITY_POLICY], POLICY);
    let said = text(landing).await;
    assert!(said.contains("This build has no portal") && said.contains("href=\"/docs/\""), "{said}");
    assert_eq!(ask(|_| None, "/login", &[("accept", BROWSER)]).await.status(), StatusCode::NOT_FOUND);
}

mod fuzz {
    use proptest::prelude::*;

    use super::*;

    fn own_tag() -> String {
        format!("\"{}\"", hex(&Fixture::get("assets/index-1a2b3c.js").unwrap().metadata.sha256_hash()[..16]))
    }

    proptest! {
        #[test]
        fn nothing_but_the_own_tag_spares_sending(known in prop_oneof!["[ -~]{0,60}", "(\"[a-f]{0,4}\", ?)?".prop_map(|other| other + &own_tag())]) {
            let script = Fixture::get(SCRIPT.trim_start_matches('/')).unwrap();
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(&known).unwrap())]);
            let status = send(SCRIPT, script, &headers).status();
            prop_assert_eq!(status == StatusCode::NOT_MODIFIED, known.contains(&own_tag()));
        }
    }
}
