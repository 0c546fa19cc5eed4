//! GraphQL over a WebSocket, at the same address as over HTTP: an upgrade of a GET.
//!
//! Owns which sockets may open, how many, and their end; what is said on one is [`talk`]'s. The library's own handler closes
//! with other codes than the protocol's, waits for ever for a first word, and takes two operations under one id.

mod message;
mod operations;
mod talk;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{FromRequestParts as _, WebSocketUpgrade};
use axum::http::header::{HOST, ORIGIN, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use entity::ids::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

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
/// Sockets of one account: each tab of a browser has one.
const SOCKETS_OF_ACCOUNT: usize = 50;

/// The sockets of one instance.
#[derive(Clone)]
pub struct Sockets {
    most: u32,
    places: Arc<Semaphore>,
    of_account: Arc<Mutex<HashMap<AccountId, usize>>>,
    ending: watch::Sender<bool>,
}

/// A socket's place among those of the instance, until dropped.
struct Place {
    _held: OwnedSemaphorePermit,
    ending: watch::Receiver<bool>,
}

impl Place {
    /// Waits until sockets are asked to close.
    async fn ended(&self) {
        // The sender is kept as long as the router.
        let _ = self.ending.clone().wait_for(|ending| *ending).await;
    }
}

/// A socket's place among those of an account, until dropped.
struct Seat {
    of_account: Arc<Mutex<HashMap<AccountId, usize>>>,
    account: AccountId,
}

impl Sockets {
    /// No socket yet, and at most so many at once.
    #[must_use]
    pub fn at_most(most: u32) -> Self {
        let places = Semaphore::new(most.try_into().unwrap_or(Semaphore::MAX_PERMITS));
        Self { most, places: Arc::new(places), of_account: Arc::default(), ending: watch::Sender::new(false) }
    }

    /// Asks all to close.
    pub fn close(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until all are closed; none opens any more.
    pub async fn closed(&self) {
        // The semaphore is never closed.
        let _ = self.places.acquire_many(self.most).await;
    }

    fn enter(&self) -> Option<Place> {
        let held = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place { _held: held, ending: self.ending.subscribe() })
    }

    fn seat(&self, account: AccountId) -> Option<Seat> {
        let mut of_account = self.of_account.lock().expect("invariant: nothing panics while it counts");
        let taken = of_account.entry(account).or_default();
        if *taken >= SOCKETS_OF_ACCOUNT {
            return None;
        }
        *taken += 1;
        Some(Seat { of_account: Arc::clone(&self.of_account), account })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut of_account = self.of_account.lock().expect("invariant: nothing panics while it counts");
        if let Some(taken) = of_account.get_mut(&self.account) {
            *taken -= 1;
            if *taken == 0 {
                of_account.remove(&self.account);
            }
        }
    }
}

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

    #[test]
    fn an_account_has_so_many_sockets() {
        let sockets = Sockets::at_most(3);
        let account = AccountId::from_uuid(uuid::Uuid::from_u128(1));
        let mut seats: Vec<_> = (0..SOCKETS_OF_ACCOUNT).map(|_| sockets.seat(account)).collect();
        assert!(seats.iter().all(Option::is_some) && sockets.seat(account).is_none());
        assert!(sockets.seat(AccountId::from_uuid(uuid::Uuid::from_u128(2))).is_some());
        seats.pop();
        assert!(sockets.seat(account).is_some());
    }
}
