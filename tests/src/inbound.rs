//! SMS that people send, as the network brings them.

use api::providers::Provider as _;
use api::services::callbacks;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{DateTime, Utc};

use crate::TestApp;
use crate::provider_harness::escaped;

impl TestApp {
    /// A gateway brings an SMS that someone sent to a short code, as these bytes; answers the status that it is told.
    pub async fn receive(&self, from: &str, to: &str, text: &[u8], reference: Option<&str>) -> StatusCode {
        self.receive_sent(from, to, text, reference, None).await
    }

    /// The same, of an SMS that was sent then.
    pub async fn receive_sent(
        &self,
        from: &str,
        to: &str,
        text: &[u8],
        reference: Option<&str>,
        sent_at: Option<DateTime<Utc>>,
    ) -> StatusCode {
        let query = inbound_query(from, to, text, reference, sent_at);
        let address = callbacks::inbound_url(self.app(), self.network().name());
        let path = address.splitn(4, '/').last().expect("invariant: an address has a path");
        let request = Request::get(format!("/{path}?{query}")).body(Body::empty());
        let request = request.expect("invariant: the parts of this request are sound");
        self.anonymous().http(request).await.status
    }
}

/// The query with which the network brings an SMS that someone sent.
fn inbound_query(
    from: &str,
    to: &str,
    text: &[u8],
    reference: Option<&str>,
    sent_at: Option<DateTime<Utc>>,
) -> String {
    let sent_at = sent_at.map(|at| at.timestamp().to_string());
    let all = [
        ("from", Some(from.as_bytes())),
        ("to", Some(to.as_bytes())),
        ("text", Some(text)),
        ("id", reference.map(str::as_bytes)),
        ("at", sent_at.as_deref().map(str::as_bytes)),
    ];
    let given = all.into_iter().filter_map(|(name, bytes)| Some(format!("{name}={}", escaped(bytes?))));
    given.collect::<Vec<_>>().join("&")
}
