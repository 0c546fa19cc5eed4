//! What gateways bring: delivery reports to `/receipts/<provider>/<attempt>/<signature>`, and messages that people sent to a
//! short code to `/inbound/<provider>/<secret>`, by GET or POST, as each likes.
//!
//! Owns who may call, how much, how long, and what is answered; the provider reads the call, and a service does what it says.
//! Answers have no body: a gateway may send it on as an SMS.
//!
//! Architecture Invariants. Nothing is read of a call whose address is not one of ours, and all such calls are answered alike.
//! What is answered 200 is committed. Nothing that came in a call is logged or sent back.

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, on};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Web, body, negotiate};
use crate::app::Ctx;
use crate::error::Fault;
use crate::fault::{self, Bug};
use crate::providers::Report;
use crate::providers::callback::{Callback, CallbackError};
use crate::services::{inbound, receipts};

/// The largest body of a call, in bytes: an SMS of the greatest length with every byte escaped, several times over. An address
/// with its query is bounded alike, by the parser.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Why a call is not answered 200.
enum Refused {
    /// It is not to an address of ours, or not about a message of ours.
    Stranger,
    /// It could not be read.
    Unreadable(CallbackError),
    /// Its body did not come, or not within bounds.
    Body(StatusCode),
    /// What it says could not be recorded.
    Fault(Fault),
    /// Recording took too long.
    TimedOut,
}

/// The routes that gateways call.
pub(super) fn routes() -> Router<Web> {
    let methods = MethodFilter::GET.or(MethodFilter::POST);
    Router::new()
        .route("/receipts/{provider}/{attempt}/{signature}", on(methods, report))
        .route("/inbound/{provider}/{secret}", on(methods, message))
}

async fn report(
    State(web): State<Web>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    request: Request,
) -> StatusCode {
    let ctx = context(&web, &request);
    let Ok(Path((provider, attempt, signature))) = path else {
        return answer(&ctx, "", Err(Refused::Stranger));
    };
    let done = take_report(&ctx, &provider, &attempt, &signature, request).await;
    answer(&ctx, &provider, done)
}

async fn take_report(
    ctx: &Ctx,
    provider: &str,
    attempt: &str,
    signature: &str,
    request: Request,
) -> Result<(), Refused> {
    let attempt = Uuid::try_parse(attempt).map_err(|_| Refused::Stranger)?;
    if !ctx.keys.signed_report(provider, attempt, signature) && !fault::planted(Bug::ForgedReportBelieved) {
        return Err(Refused::Stranger);
    }
    let provider = ctx.providers.get(provider).ok_or(Refused::Stranger)?;
    let call = read(ctx, request).await?;
    let Some(reported) = provider.read_report(&call)? else {
        return Ok(());
    };
    let report = Report { attempt, status: reported.status, code: reported.code };
    let known = recorded(ctx, receipts::apply(&ctx.app, &[report])).await?;
    if known == 0 { Err(Refused::Stranger) } else { Ok(()) }
}

async fn message(
    State(web): State<Web>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> StatusCode {
    let ctx = context(&web, &request);
    let Ok(Path((provider, secret))) = path else {
        return answer(&ctx, "", Err(Refused::Stranger));
    };
    let done = take_message(&ctx, &provider, &secret, request).await;
    answer(&ctx, &provider, done)
}

async fn take_message(ctx: &Ctx, provider: &str, secret: &str, request: Request) -> Result<(), Refused> {
    if !ctx.keys.signed_inbound(provider, secret) {
        return Err(Refused::Stranger);
    }
    let provider = ctx.providers.get(provider).ok_or(Refused::Stranger)?;
    let message = provider.read_inbound(&read(ctx, request).await?)?;
    recorded(ctx, inbound::receive(ctx, provider.name(), message)).await
}

fn context(web: &Web, request: &Request) -> Ctx {
    Ctx::new(web.app.clone(), negotiate::language(request.headers()))
}

/// Reads the call whole, within the time that a request may take.
async fn read(ctx: &Ctx, request: Request<Body>) -> Result<Callback, Refused> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let reading = timeout(ctx.config.http.request_timeout, body::read(request.into_body(), MAX_BODY_BYTES));
    match reading.await {
        Ok(Ok(body)) => Ok(Callback { query, body }),
        Ok(Err(refusal)) => Err(Refused::Body(refusal.status.unwrap_or(StatusCode::BAD_REQUEST))),
        Err(_) => Err(Refused::Body(StatusCode::REQUEST_TIMEOUT)),
    }
}

/// Awaits that what a call said is committed, within the time that a request may take.
async fn recorded<T, E: Into<Fault>>(
    ctx: &Ctx,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Refused> {
    match timeout(ctx.config.http.request_timeout, work).await {
        Ok(done) => done.map_err(|error| Refused::Fault(error.into())),
        Err(_) => Err(Refused::TimedOut),
    }
}

impl From<CallbackError> for Refused {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::Unsupported => Self::Stranger,
            CallbackError::Malformed { .. } => Self::Unreadable(error),
        }
    }
}

/// The answer to a call. The name of the provider is logged only where the call was found to be its own.
fn answer(ctx: &Ctx, provider: &str, done: Result<(), Refused>) -> StatusCode {
    let request = ctx.request;
    match done {
        Ok(()) => StatusCode::OK,
        Err(Refused::Stranger) => {
            tracing::debug!(request.id = %request, "a call to none of the addresses handed out");
            StatusCode::NOT_FOUND
        }
        Err(Refused::Unreadable(error)) => {
            tracing::warn!(request.id = %request, provider, %error, "a call of a gateway's cannot be read");
            StatusCode::BAD_REQUEST
        }
        Err(Refused::Body(status)) => {
            tracing::warn!(request.id = %request, provider, status = status.as_u16(), "a call of a gateway's came not whole");
            status
        }
        Err(Refused::Fault(fault)) => {
            tracing::error!(request.id = %request, provider, %fault, "a call of a gateway's could not be recorded");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(Refused::TimedOut) => {
            tracing::error!(request.id = %request, provider, "recording a call of a gateway's took too long");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
