//! Requests that are refused before they reach the schema.
//!
//! Invariant: each has a code, and a message that says what to do.

use async_graphql::Pos;
use axum::http::StatusCode;

use crate::error::Arg;

/// Why a request is refused.
#[derive(Debug)]
pub struct Refusal {
    /// Stable, `SCREAMING_SNAKE`.
    pub code: &'static str,
    /// What the message names.
    pub args: Vec<(&'static str, Arg)>,
    /// Where in the document, if anywhere.
    pub locations: Vec<Pos>,
    /// The status; none for a well-formed request whose document is at fault, whose status depends on the format.
    pub status: Option<StatusCode>,
    /// The methods allowed instead.
    pub allow: Option<&'static str>,
}

impl Refusal {
    /// A request that is at fault as HTTP or JSON.
    #[must_use]
    pub fn request(status: StatusCode, code: &'static str) -> Self {
        Self { status: Some(status), ..Self::document(code) }
    }

    /// A request whose document is at fault.
    #[must_use]
    pub fn document(code: &'static str) -> Self {
        Self { code, args: Vec::new(), locations: Vec::new(), status: None, allow: None }
    }

    /// A method that this address, or this operation, does not take.
    #[must_use]
    pub fn method(code: &'static str, allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::request(StatusCode::METHOD_NOT_ALLOWED, code) }
    }

    /// The same, naming one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// The same, at a place of the document.
    #[must_use]
    pub fn at(mut self, place: Pos) -> Self {
        self.locations.push(place);
        self
    }
}

/// A limit, as messages name it.
pub(super) fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
