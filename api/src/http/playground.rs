//! The playground: GraphiQL, bundled when the program was built, served from the program itself.
//!
//! Invariant: the page loads nothing from elsewhere, and its policy lets it talk to this server alone.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::negotiate::{self, Coding};

/// A page, and what it loads.
#[derive(Debug)]
pub struct Bundle {
    /// The page; none where none was built.
    pub page: Option<&'static str>,
    /// What it loads.
    pub assets: &'static [Asset],
}

/// A file that the page loads, by a name that changes with its content.
#[derive(Debug)]
pub struct Asset {
    /// Its name under `assets/`.
    pub name: &'static str,
    /// Its content, compressed by Brotli.
    pub brotli: &'static [u8],
    /// Its content, compressed by gzip.
    pub gzip: &'static [u8],
}

/// What was bundled with this program.
pub static BUILT_IN: Bundle = include!(concat!(env!("OUT_DIR"), "/playground.rs"));

/// What says how to get the playground, in the place of a page that was not built.
const MISSING: &str = include_str!("../../playground/missing.html");

/// What the page may do: run and ask what this server serves. Monaco, its editor, writes styles as it goes, and its fonts and
/// images are in its style sheet. `'self'` in `connect-src` takes in the WebSocket of the same address.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; \
    style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Sent with the page and with all that it loads: a worker obeys the policy that its own script came with.
const GUARDS: [(HeaderName, HeaderValue); 3] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// A browser asks for the page each time, since it names the files of this version.
const ASK_AGAIN: &str = "no-cache";
/// What a name stands for never changes.
const KEEP: &str = "public, max-age=31536000, immutable";

/// The routes of a playground.
pub fn router(bundle: &'static Bundle) -> Router {
    Router::new().route("/", get(async || page(bundle))).route(
        "/assets/{name}",
        get(async |Path(name): Path<String>, headers: HeaderMap| asset(bundle, &name, &headers)),
    )
}

fn page(bundle: &Bundle) -> Response {
    let (status, page) = bundle.page.map_or((StatusCode::NOT_FOUND, MISSING), |page| (StatusCode::OK, page));
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, ASK_AGAIN)];
    (status, GUARDS, headers, page).into_response()
}

fn asset(bundle: &Bundle, name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = bundle.assets.iter().find(|asset| asset.name == name) else {
        return (StatusCode::NOT_FOUND, GUARDS, "no such file\n").into_response();
    };
    let vary = [(VARY, "Accept-Encoding")];
    let (coding, content) = match negotiate::coding(headers) {
        Some(Coding::Brotli) => ("br", asset.brotli),
        Some(Coding::Gzip) => ("gzip", asset.gzip),
        None => return (StatusCode::NOT_ACCEPTABLE, GUARDS, vary, "accept br or gzip\n").into_response(),
    };
    let headers = [(CONTENT_TYPE, media_type(name)), (CONTENT_ENCODING, coding), (CACHE_CONTROL, KEEP)];
    (GUARDS, vary, headers, content).into_response()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}
