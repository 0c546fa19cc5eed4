//! Writing answers: body, status, headers.
//!
//! Invariant: every error has a code; an answer to a request that was not run has no `data`.

use async_graphql::{ErrorExtensionValues, Pos, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rules::Lang;
use serde::Serialize;

use super::negotiate::Format;
use super::refusal::Refusal;
use crate::app::Ctx;
use crate::error::Arg;
use crate::i18n;

/// The header that names a request as the log does.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What the library says of a document that passes the schema's own limits.
const TOO_COMPLEX: &str = "Query is too complex.";
const TOO_DEEP: &str = "Query is nested too deep.";

/// The body of an answer to a request that was not run.
#[derive(Serialize)]
struct Errors<'a> {
    errors: &'a [ServerError],
}

/// The answer to a request that is refused.
pub fn refused(ctx: &Ctx, format: Format, refusal: &Refusal) -> Response {
    let error = self::refusal(ctx, refusal);
    let status = refusal.status.unwrap_or_else(|| document_status(format));
    let mut response = write(ctx, format, status, &Errors { errors: &[error] });
    if let Some(allow) = refusal.allow {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    }
    response
}

/// A refusal as an error.
pub fn refusal(ctx: &Ctx, refusal: &Refusal) -> ServerError {
    error(ctx, refusal.code, &refusal.args, refusal.locations.clone())
}

/// What is answered to a request that took longer than it may. What it began to change is finished all the same.
pub fn timeout(ctx: &Ctx) -> async_graphql::Response {
    async_graphql::Response::from_errors(vec![error(ctx, "TIMEOUT", &[], Vec::new())])
}

/// The answer to a request that took longer than it may.
pub fn timed_out(ctx: &Ctx, format: Format) -> Response {
    dress(ctx, format, StatusCode::OK, GraphQLResponse::from(timeout(ctx)).into_response())
}

/// The answer that the schema gave.
pub fn answered(ctx: &Ctx, format: Format, response: async_graphql::Response) -> Response {
    match completed(ctx, response) {
        Ok(response) => dress(ctx, format, StatusCode::OK, GraphQLResponse::from(response).into_response()),
        Err(errors) => write(ctx, format, document_status(format), &Errors { errors: &errors }),
    }
}

/// What the schema answered, each error with its code; the errors alone when the request was not run.
///
/// # Errors
/// Those of a request that was not run.
pub fn completed(
    ctx: &Ctx,
    mut response: async_graphql::Response,
) -> Result<async_graphql::Response, Vec<ServerError>> {
    let not_run = response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty() && code_of(error).is_none());
    for error in &mut response.errors {
        complete(ctx, error, not_run);
    }
    if not_run { Err(response.errors) } else { Ok(response) }
}

/// The status of a well-formed request whose document cannot be run.
fn document_status(format: Format) -> StatusCode {
    match format {
        Format::GraphqlResponse => StatusCode::BAD_REQUEST,
        Format::Json => StatusCode::OK,
    }
}

/// Gives the library's own errors a code.
fn complete(ctx: &Ctx, error: &mut ServerError, not_run: bool) {
    if code_of(error).is_some() {
        return;
    }
    let code = match (error.message.as_str(), not_run) {
        (TOO_COMPLEX, true) => "COMPLEXITY_EXCEEDED",
        (TOO_DEEP, true) => "DEPTH_EXCEEDED",
        (_, true) => "GRAPHQL_VALIDATION",
        (_, false) => "INPUT_INVALID",
    };
    match code {
        "COMPLEXITY_EXCEEDED" | "DEPTH_EXCEEDED" => error.message = i18n::message(code, &[], ctx.lang),
        // The library's own words, in English, say which value.
        "INPUT_INVALID" => {
            let detail = Arg::from(error.message.as_str());
            error.message = i18n::message(code, &[("detail", detail)], ctx.lang);
        }
        _ => {}
    }
    error.extensions.get_or_insert_default().set("code", code);
}

fn code_of(error: &ServerError) -> Option<&Value> {
    error.extensions.as_ref().and_then(|extensions| extensions.get("code"))
}

fn error(ctx: &Ctx, code: &str, args: &[(&'static str, Arg)], locations: Vec<Pos>) -> ServerError {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    let mut error = ServerError::new(i18n::message(code, args, ctx.lang), None);
    error.locations = locations;
    error.extensions = Some(extensions);
    error
}

fn write(ctx: &Ctx, format: Format, status: StatusCode, body: &impl Serialize) -> Response {
    let (status, body) = match serde_json::to_vec(body) {
        Ok(body) => (status, body),
        Err(cause) => {
            tracing::error!(request.id = %ctx.request, %cause, "an answer could not be written");
            (StatusCode::INTERNAL_SERVER_ERROR, Vec::new())
        }
    };
    dress(ctx, format, status, Response::new(Body::from(body)))
}

/// Gives an answer its status, and the headers that every answer has.
fn dress(ctx: &Ctx, format: Format, status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    label(ctx, response.headers_mut());
    response
}

/// Says in which language an answer is, what it depends on, that it is not to be kept, and which request it is for.
pub fn label(ctx: &Ctx, headers: &mut HeaderMap) {
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language(ctx.lang)));
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Language, Authorization"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&ctx.request.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
}

/// A language, as headers name it.
pub(super) const fn language(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "en",
        Lang::Fr => "fr",
    }
}
