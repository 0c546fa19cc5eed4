//! What all providers that are asked over HTTP share: the client, one request, and what a failure of it proves.
//!
//! Architecture Invariants. One call of [`ask`] makes one request at most: no redirect is followed, no connection is used twice,
//! nothing is tried again, and no proxy stands between. Only a failure to connect proves that nothing was sent. The client's
//! errors, which carry the address and so a password, are dropped here.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::redirect;
use reqwest::{Client, RequestBuilder, Response};

use crate::domain::outcome::{Outcome, UnknownReason};

/// The most that is read of an answer, in bytes: gateways answer with a line, or a few hundred bytes of JSON.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
#[error(
    "no HTTP client can be made: {0}; are the system's certificate authorities installed (package ca-certificates)?"
)]
pub struct ClientError(reqwest::Error);

/// What was answered, whatever it was.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// How long the gateway asks to wait, where it says so in seconds.
    pub retry_after: Option<Duration>,
    /// The body, whole; what is no UTF-8 in it is replaced.
    pub body: String,
}

/// The client that all HTTP providers of an instance share. `connecting` bounds the time to connect, TLS included: what fails
/// there is proven not sent, what fails later is not.
///
/// # Errors
/// [`ClientError`] on a machine that has no certificate authorities.
pub fn client(connecting: Duration) -> Result<Client, ClientError> {
    provide_tls();
    Client::builder()
        .connect_timeout(connecting)
        .http1_only()
        // A connection kept open may be closed under the next request, and who sent it could not tell.
        .pool_max_idle_per_host(0)
        .retry(reqwest::retry::never())
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .build()
        .map_err(ClientError)
}

/// Gives the process its TLS provider, which every client of the library takes up.
pub fn provide_tls() {
    // An error here means that it was given already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Makes one request, and reads its answer whole.
///
/// # Errors
/// The outcome, where there is no whole answer to judge.
pub async fn ask(request: RequestBuilder) -> Result<Answer, Outcome> {
    let response = request.send().await.map_err(unanswered)?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = read(response).await?;
    Ok(Answer { status, retry_after: retry_after.map(Duration::from_secs), body })
}

/// What a request without an answer proves.
fn unanswered(error: reqwest::Error) -> Outcome {
    let error = error.without_url();
    tracing::debug!(error = %causes(&error), "a gateway did not answer");
    if error.is_builder() {
        Outcome::Misconfigured
    } else if error.is_connect() {
        Outcome::NotSent { retry_after: None }
    } else if error.is_timeout() {
        Outcome::Unknown { reason: UnknownReason::Timeout }
    } else {
        Outcome::Unknown { reason: UnknownReason::ConnectionLost }
    }
}

/// An error and what it comes from, in one line.
fn causes(error: &reqwest::Error) -> String {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

async fn read(mut response: Response) -> Result<String, Outcome> {
    let mut body = Vec::new();
    let lost = Outcome::Unknown { reason: UnknownReason::ConnectionLost };
    while let Some(chunk) = response.chunk().await.map_err(|_| lost.clone())? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Outcome::Unknown { reason: UnknownReason::UnreadableAnswer });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}
