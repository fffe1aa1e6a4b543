use axum::body::to_bytes;
use axum::http::Uri;
use axum::http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING};
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
}

#[tokio::test]
async fn what_is_there_is_for_reading_alone() {
    let send = async |method: &str, path: &str, accept: &str| {
        let request = Request::builder().method(method).uri(path).header(ACCEPT, accept);
        let response = pages(Fixture::get).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let allow = response.headers().get(ALLOW).map(|allow| allow.to_str().unwrap().to_owned());
        (response.status().as_u16(), allow)
    };
    let refused = (405, Some("GET,HEAD".to_owned()));
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X-MARKER"] {
        assert_eq!(send(method, "/", "*/*").await, refused, "{method}");
        assert_eq!(send(method, "/login", BROWSER).await, refused, "{method}");
        assert_eq!(send(method, SCRIPT, "*/*").await, refused, "{method}");
        assert_eq!(
            send(method, "/login", "*/*").await,
            (404, None),
            "{method}: nor has a GET of a program a page"
        );
        assert_eq!(send(method, "/v1/nothing", BROWSER).await, (404, None), "{method}");
        assert_eq!(send(method, "/assets/old.js", BROWSER).await, (404, None), "{method}");
    }
    assert_eq!(send("HEAD", "/login", BROWSER).await, (200, None));
    // The host alone, which is no path.
    assert_eq!(send("CONNECT", "auth.example.com:443", BROWSER).await, (404, None));
    let absent = Request::post("/").body(Body::empty()).unwrap();
    assert_eq!(pages(|_| None).oneshot(absent).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn a_mailed_link_leads_to_the_portals_own_page_below_the_public_url() {
    for (public_url, page) in [
        ("https://auth.example.com", "/developers/verify-email?token=dvt_a-b%26c"),
        ("https://example.com/auth", "/auth/developers/verify-email?token=dvt_a-b%26c"),
    ] {
        assert_eq!(for_link(public_url, "verify-email", "dvt_a-b&c"), page);
    }
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
