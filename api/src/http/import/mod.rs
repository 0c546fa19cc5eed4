//! `POST /import/people`: a file of people as the body, its report as the answer.
//!
//! Owns how a file comes in and how its report goes out; what is done with it is the service's.
//!
//! Architecture Invariants. Who asks is known, and let in, before a byte of the file is read, and asked again once it is in: an
//! upload lasts long enough for a session to be closed. A client that leaves during the upload changes nothing; one that leaves
//! later changes nothing either: the import goes on in a task of its own. A report is whole when its last line is the summary;
//! it keeps the upload's place until it was read or given up.

mod receive;
mod refuse;
mod report;

use axum::body::BodyDataStream;
use axum::extract::{Query, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use tokio::sync::mpsc;
use uuid::Uuid;

use self::receive::Received;
use self::refuse::Refusal;
use super::{Web, auth, negotiate};
use crate::app::Ctx;
use crate::domain::people_file::Keep;
use crate::error::Fault;
use crate::services::accounts;
use crate::services::people::import::FileSource;
use crate::services::people::upload::{self, ImportInput};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The parameters of the address: whether only to try, and a column to keep, which may be repeated.
const DRY_RUN: &str = "dryRun";
const KEEP: &str = "keep";

/// Serves one upload.
pub(super) async fn people(State(web): State<Web>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ctx = Ctx::new(web.app, negotiate::language(&parts.headers));
    let mut body = body.into_data_stream();
    match serve(&ctx, &parts, &mut body).await {
        Ok(report) => report,
        Err(refusal) => {
            receive::drain(&parts.headers, &mut body).await;
            refusal.answer(&ctx)
        }
    }
}

async fn serve(ctx: &Ctx, parts: &Parts, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let refused = |failure| Refusal::of(ctx, failure);
    let caller = auth::caller(ctx, &parts.headers).await.map_err(|fault| refused(fault.into()))?;
    let caller = caller.ok_or_else(|| refused(Fault::Unauthenticated.into()))?;
    let admitted = upload::admit(ctx, &caller).map_err(refused)?;
    check_media_type(&parts.headers)?;
    let (key, (dry_run, keep)) = (idempotency_key(&parts.headers)?, parameters(parts)?);
    let Received { file, digest } = receive::file(ctx, &parts.headers, body).await?;
    let input = ImportInput { file: FileSource::Open(file.into()), digest, key, keep, dry_run };
    let caller = accounts::renew(ctx, &caller).await.map_err(|fault| refused(fault.into()))?;
    let (tell, told) = mpsc::unbounded_channel();
    let (importing, place) = (ctx.clone(), admitted.clone());
    let work = tokio::spawn(async move {
        // Nobody listens any more when the client left: the import goes on.
        let tell = move |row| drop(tell.send(row));
        upload::import_admitted(&importing, &caller, place, input, tell).await
    });
    report::stream(ctx, dry_run, admitted, told, work).await
}

/// The answer to any other method.
pub(super) async fn other_method(State(web): State<Web>, headers: HeaderMap) -> Response {
    let ctx = Ctx::new(web.app, negotiate::language(&headers));
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "IMPORT_METHOD").answer(&ctx)
}

/// The body is the file itself, under a type that no web form has.
fn check_media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let plain = headers.get(CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    if plain && matches!(media_type.as_str(), "text/csv" | "application/octet-stream") {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "IMPORT_MEDIA_TYPE"))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<Uuid>, Refusal> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    // The draft of the header writes a string in quotes; clients write it bare as well.
    let key = key.to_str().ok().and_then(|key| key.trim().trim_matches('"').parse().ok());
    key.map(Some).ok_or_else(|| Refusal::new(StatusCode::BAD_REQUEST, "IDEMPOTENCY_KEY_INVALID"))
}

/// Whether only to try, and what to keep. A parameter that is misspelt is refused: a dry run must not become an import.
fn parameters(parts: &Parts) -> Result<(bool, Keep), Refusal> {
    let invalid = || Refusal::new(StatusCode::BAD_REQUEST, "IMPORT_QUERY_INVALID");
    let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| invalid())?;
    let (mut dry_run, mut kept) = (None, Vec::new());
    for (name, value) in given {
        match name.as_str() {
            KEEP => kept.push(value),
            DRY_RUN if dry_run.is_none() => dry_run = Some(value.parse().map_err(|_| invalid())?),
            _ => return Err(invalid()),
        }
    }
    Ok((dry_run.unwrap_or(false), upload::keep(&kept)?))
}
