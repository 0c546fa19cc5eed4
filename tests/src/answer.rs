//! What actors are answered.

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

/// An answer over HTTP, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null when there is none.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, if it is there.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The nodes of a connection.
///
/// # Panics
/// When this is none.
#[must_use]
pub fn nodes(connection: &Value) -> Vec<Value> {
    let edges = connection["edges"].as_array().unwrap_or_else(|| panic!("no connection: {connection}"));
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

/// The code of the first error: of a payload, or of a whole answer. Null when there is none.
#[must_use]
pub fn code_of(answer: &Value) -> &Value {
    let error = &answer["errors"][0];
    if error["extensions"]["code"].is_null() { &error["code"] } else { &error["extensions"]["code"] }
}
