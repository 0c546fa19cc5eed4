//! Uploads that are refused: `{"errors": [{"code": …, "message": …}]}`, under the status that fits.
//!
//! Sources of the statuses: RFC 9110, and for keys the draft of the Idempotency-Key header,
//! <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::app::Ctx;
use crate::error::{Arg, Failure, Fault, Problem};
use crate::http::respond;
use crate::i18n;

/// After how many seconds it is worth trying again: most imports have ended by then.
const RETRY_SECONDS: &str = "10";

/// Why an upload is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    args: Vec<(&'static str, Arg)>,
}

/// A refusal as it is written.
#[derive(Serialize)]
pub(super) struct Errors {
    errors: [Error; 1],
}

#[derive(Serialize)]
struct Error {
    code: &'static str,
    message: String,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, args: Vec::new() }
    }

    /// A fault of ours; its cause is in the log.
    pub fn internal(ctx: &Ctx) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL").with("request", ctx.request.to_string())
    }

    /// The same, naming one more value.
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// A failure of a service.
    pub fn of(ctx: &Ctx, failure: Failure) -> Self {
        match failure {
            Failure::Problem(problem) => problem.into(),
            Failure::Fault(Fault::Unauthenticated) => Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            Failure::Fault(Fault::Forbidden { module, access }) => {
                Self::new(StatusCode::FORBIDDEN, "FORBIDDEN")
                    .with("module", module.as_str())
                    .with("access", access.as_str())
            }
            Failure::Fault(cause) => {
                tracing::error!(request.id = %ctx.request, %cause, "an upload could not be imported");
                Self::internal(ctx)
            }
        }
    }

    /// In the language of the request.
    pub fn told(&self, ctx: &Ctx) -> Errors {
        let message = i18n::message(self.code, &self.args, ctx.lang);
        Errors { errors: [Error { code: self.code, message }] }
    }

    /// The whole answer.
    pub fn answer(&self, ctx: &Ctx) -> Response {
        let body = serde_json::to_vec(&self.told(ctx)).expect("invariant: texts can be written as JSON");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        if let Some((name, value)) = self.header() {
            headers.insert(name, HeaderValue::from_static(value));
        }
        respond::label(ctx, headers);
        response
    }

    fn header(&self) -> Option<(HeaderName, &'static str)> {
        match (self.status, self.code) {
            (StatusCode::UNAUTHORIZED, _) => Some((WWW_AUTHENTICATE, "Bearer")),
            (StatusCode::METHOD_NOT_ALLOWED, _) => Some((ALLOW, "POST")),
            (_, "IMPORT_UNDER_WAY" | "IMPORTS_TOO_MANY") => Some((RETRY_AFTER, RETRY_SECONDS)),
            _ => None,
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let status = match problem.code {
            "IMPORT_UNDER_WAY" => StatusCode::CONFLICT,
            "IMPORTS_TOO_MANY" => StatusCode::SERVICE_UNAVAILABLE,
            "IDEMPOTENCY_CONFLICT" => StatusCode::UNPROCESSABLE_ENTITY,
            "DRY_RUN_TOO_LARGE" => StatusCode::PAYLOAD_TOO_LARGE,
            "IMPORT_STOPPED" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, code: problem.code, args: problem.args }
    }
}
