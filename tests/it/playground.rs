//! The playground: what its addresses answer; and, in `story`, what becomes of it in a browser.

mod story;

use api::http::playground::{Asset, BUILT_IN, Bundle, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use envoi_tests::{TestApp, both};
use tower::ServiceExt as _;

both!(an_operator_can_switch_it_off);

static PLANTED: Bundle = Bundle {
    page: Some("<p>planted</p>"),
    assets: &[Asset { name: "main-ABC.js", brotli: b"by brotli", gzip: b"by gzip" }],
};
static NOTHING: Bundle = Bundle { page: None, assets: &[] };

async fn get(router: Router, path: &str, coding: Option<&str>) -> (Response, String) {
    let mut request = Request::get(path);
    if let Some(coding) = coding {
        request = request.header("accept-encoding", coding);
    }
    let request = request.body(Body::empty()).expect("a sound request");
    let response = router.oneshot(request).await.expect("invariant: the router cannot fail");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1_000_000).await.expect("the answer has an end");
    (Response::from_parts(parts, Body::empty()), String::from_utf8_lossy(&body).into_owned())
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn assert_guarded(response: &Response) {
    let policy = header(response, "content-security-policy");
    for rule in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.split("; ").any(|part| part == rule), "{rule}: {policy}");
    }
    assert!(!policy.contains("http") && !policy.contains("unsafe-eval") && !policy.contains('*'), "{policy}");
    assert_eq!(header(response, "x-content-type-options"), "nosniff");
    assert_eq!(header(response, "referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn the_page_is_asked_for_each_time_and_its_files_are_kept() {
    let (page, text) = get(router(&PLANTED), "/", None).await;
    assert_eq!((page.status(), text.as_str()), (StatusCode::OK, "<p>planted</p>"));
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&page, "cache-control"), "no-cache");
    assert_guarded(&page);
    for (coding, used, content) in [
        (Some("gzip, deflate, br, zstd"), "br", "by brotli"),
        (Some("gzip"), "gzip", "by gzip"),
        (None, "gzip", "by gzip"),
    ] {
        let (asset, text) = get(router(&PLANTED), "/assets/main-ABC.js", coding).await;
        assert_eq!((asset.status(), text.as_str()), (StatusCode::OK, content));
        assert_eq!(header(&asset, "content-encoding"), used);
        assert_eq!(header(&asset, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&asset, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header(&asset, "vary"), "Accept-Encoding");
        assert_guarded(&asset);
    }
    let (refused, _) = get(router(&PLANTED), "/assets/main-ABC.js", Some("identity")).await;
    assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE);
    for path in ["/assets/main-DEF.js", "/assets/", "/assets/..%2Fmain-ABC.js", "/assets/main-ABC.js.br"] {
        let (absent, _) = get(router(&PLANTED), path, None).await;
        assert_eq!(
            (absent.status(), header(&absent, "cache-control")),
            (StatusCode::NOT_FOUND, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_program_built_without_it_says_how_to_get_it() {
    let (page, text) = get(router(&NOTHING), "/", None).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert_guarded(&page);
    for part in ["Node.js", "cargo build", "/graphql", "sans le bac à sable", "without the playground"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<script") && !text.contains("src="), "it loads nothing: {text}");
}

async fn an_operator_can_switch_it_off(app: TestApp) {
    let off = app.another(|config| config.playground.enabled = false).await;
    for (app, status) in [(&app, StatusCode::OK), (&off, StatusCode::NOT_FOUND)] {
        let (page, text) = get(app.router(), "/", None).await;
        assert_eq!(page.status(), status, "{text}");
        let request = Request::get("/graphql?query=%7B__typename%7D").body(Body::empty());
        let answer = app.anonymous().http(request.expect("a sound request")).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

/// The packages' licences are served with them, as they ask.
#[test]
fn licences_of_what_is_bundled_come_with_it() {
    let page = BUILT_IN.page.expect("the tests are built with the playground: make setup installs Node.js");
    let named: Vec<&str> =
        BUILT_IN.assets.iter().map(|asset| asset.name).filter(|name| page.contains(name)).collect();
    assert_eq!(named.len(), 3, "the page names a script, a style sheet and the licences: {named:?}");
    assert!(named.iter().any(|name| name.starts_with("licences-")), "{named:?}");
}
