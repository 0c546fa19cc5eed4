//! GraphQL over a WebSocket, at the same address as over HTTP: an upgrade of a GET.
//!
//! Owns which sockets may open; how many, and their end, are [`places`]', and what is said on one is [`talk`]'s. The library's own handler closes
//! with other codes than the protocol's, waits for ever for a first word, and takes two operations under one id.

mod message;
mod operations;
mod places;
mod talk;

use axum::extract::{FromRequestParts as _, WebSocketUpgrade};
use axum::http::header::{HOST, ORIGIN, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
pub use places::Sockets;

use super::negotiate::Format;
use super::refusal::Refusal;
use super::{Web, respond};
use crate::app::Ctx;
use crate::config::Config;

/// The subprotocol, the only one.
const PROTOCOL: &str = "graphql-transport-ws";
/// The largest message of a client: a document of the largest size, with its variables.
const MESSAGE_BYTES: usize = 64 * 1024;
/// What is read at once: the library's 128 KiB for each socket would be most of what one costs.
const READ_BYTES: usize = 4 * 1024;
/// Whether a request asks for a WebSocket.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens a socket, or says why not.
pub(super) async fn open(web: Web, ctx: &Ctx, mut parts: Parts) -> Response {
    let refused = |status, code| respond::refused(ctx, Format::Json, &Refusal::request(status, code));
    if !is_of_our_site(&ctx.config, &parts.headers) {
        return refused(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED");
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return refused(rejection.into_response().status(), "WEBSOCKET_MALFORMED"),
    };
    let Some(place) = web.sockets.enter() else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_SOCKETS");
    };
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BYTES)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .on_upgrade(move |socket| talk::talk(web, parts.headers, place, socket))
}

/// Whether a page of ours asks, or no browser: a browser lets any page open a socket anywhere, and says which one did.
fn is_of_our_site(config: &Config, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = |address: &str| {
        let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
        Some(host.split('/').next().unwrap_or_default().to_ascii_lowercase())
    };
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_ascii_lowercase);
    let public = config.public_url.as_deref().and_then(host);
    let origin = host(origin);
    origin.is_some() && (origin == asked || origin == public)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_page_of_another_site_is_refused() {
        let config = Config { public_url: Some("https://sms.example/envoi".to_owned()), ..Config::default() };
        let asked = |origin: Option<&'static str>| {
            let host = (HOST, HeaderValue::from_static("127.0.0.1:8080"));
            let origin = origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin)));
            let headers: HeaderMap<HeaderValue> = [Some(host), origin]
                .into_iter()
                .flatten()
                .collect::<Vec<(HeaderName, _)>>()
                .into_iter()
                .collect();
            is_of_our_site(&config, &headers)
        };
        for ours in [None, Some("http://127.0.0.1:8080"), Some("https://SMS.example")] {
            assert!(asked(ours), "{ours:?}");
        }
        for other in [
            "http://127.0.0.1:8081",
            "http://127.0.0.1",
            "https://sms.example.net",
            "null",
            "",
            "127.0.0.1:8080",
        ] {
            assert!(!asked(Some(other)), "{other}");
        }
    }
}
