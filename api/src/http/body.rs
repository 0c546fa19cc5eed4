//! Reading what a request asks: the parameters of GraphQL over HTTP, from a query string or a JSON body.
//!
//! Source: the GraphQL over HTTP specification, <https://graphql.github.io/graphql-over-http/draft/>.

use std::collections::HashMap;

use async_graphql::Variables;
use axum::body::Body;
use axum::extract::Query;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use futures::StreamExt as _;
use serde_json::Value;

use super::refusal::{Refusal, count};

/// Brackets of JSON open at once, as many as of a document: what reads them, and what they come to, call themselves for each.
const NESTING: usize = 64;

/// The parameters of a request, each of its right type.
#[derive(Debug)]
pub struct Params {
    /// The document.
    pub query: String,
    /// Which of its operations to run.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Variables,
}

/// The parameters of a GET.
///
/// # Errors
/// A refusal that names the parameter at fault.
pub fn from_uri(uri: &Uri) -> Result<Params, Refusal> {
    let Ok(Query(given)) = Query::<HashMap<String, String>>::try_from_uri(uri) else {
        return Err(bad_request("QUERY_STRING_MALFORMED"));
    };
    let mut params = serde_json::Map::new();
    for (name, text) in given {
        let value = match name.as_str() {
            "variables" | "extensions" => {
                check_nesting(text.as_bytes())?;
                serde_json::from_str(&text).map_err(|_| parameter(&name, "object"))?
            }
            _ => Value::String(text),
        };
        params.insert(name, value);
    }
    from_object(params)
}

/// The parameters of a POST, whose body may have `limit` bytes.
///
/// # Errors
/// A refusal that says what the body should have been.
pub async fn from_body(parts: &Parts, body: Body, limit: usize) -> Result<Params, Refusal> {
    check_media_type(&parts.headers)?;
    let bytes = read(body, limit).await?;
    check_nesting(&bytes)?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(params)) => from_object(params),
        Ok(Value::Array(_)) => Err(bad_request("BATCH_NOT_SUPPORTED")),
        Ok(_) => Err(bad_request("BODY_NOT_AN_OBJECT")),
        Err(error) => {
            let (line, column) = (count(error.line()), count(error.column()));
            Err(bad_request("BODY_NOT_JSON").with("line", line).with("column", column))
        }
    }
}

/// The most brackets open at once, outside strings, may not pass the limit.
///
/// # Errors
/// A refusal that names the limit.
pub fn check_nesting(json: &[u8]) -> Result<(), Refusal> {
    let (mut open, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => open += 1,
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
        if open > NESTING {
            return Err(bad_request("JSON_TOO_DEEP").with("limit", count(NESTING)));
        }
    }
    Ok(())
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let json = parts.next().as_deref() == Some("application/json");
    let utf8 = parts.all(|part| match part.strip_prefix("charset=") {
        Some(charset) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
        None => true,
    });
    let plain = headers.get(CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    if json && utf8 && plain {
        return Ok(());
    }
    Err(Refusal::request(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"))
}

/// How many times the limit is read and thrown away before the connection is closed: a client that sends somewhat too much
/// then reads why.
const DRAINED: usize = 64;

/// The bytes of a body that may have `limit` of them.
///
/// # Errors
/// A refusal with its status: too large, or broken off.
pub async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut size) = (Vec::new(), 0_usize);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| bad_request("BODY_INCOMPLETE"))?;
        size = size.saturating_add(chunk.len());
        if size <= limit {
            bytes.extend_from_slice(&chunk);
        } else if size > limit.saturating_mul(DRAINED) {
            break;
        }
    }
    if size > limit {
        return Err(
            Refusal::request(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE").with("limit", count(limit))
        );
    }
    Ok(bytes)
}

/// The parameters of an object of JSON.
///
/// # Errors
/// A refusal that names the parameter at fault.
pub fn from_object(mut params: serde_json::Map<String, Value>) -> Result<Params, Refusal> {
    let query = match params.remove("query") {
        Some(Value::String(query)) => query,
        None | Some(Value::Null) => return Err(bad_request("QUERY_MISSING")),
        Some(_) => return Err(parameter("query", "string")),
    };
    let operation_name = match params.remove("operationName") {
        Some(Value::String(name)) => Some(name),
        None | Some(Value::Null) => None,
        Some(_) => return Err(parameter("operationName", "string")),
    };
    let variables = match params.remove("variables") {
        Some(variables @ Value::Object(_)) => Variables::from_json(variables),
        None | Some(Value::Null) => Variables::default(),
        Some(_) => return Err(parameter("variables", "object")),
    };
    match params.remove("extensions") {
        None | Some(Value::Null | Value::Object(_)) => Ok(Params { query, operation_name, variables }),
        Some(_) => Err(parameter("extensions", "object")),
    }
}

fn parameter(name: &str, expected: &'static str) -> Refusal {
    let code = if expected == "string" { "PARAMETER_NOT_A_STRING" } else { "PARAMETER_NOT_AN_OBJECT" };
    bad_request(code).with("parameter", name)
}

fn bad_request(code: &'static str) -> Refusal {
    Refusal::request(StatusCode::BAD_REQUEST, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_outside_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check_nesting(nested(NESTING).as_bytes()).is_ok());
        for deep in [nested(NESTING + 1), nested(100_000), "{\"a\":".repeat(NESTING + 1)] {
            assert_eq!(check_nesting(deep.as_bytes()).expect_err("too deep").code, "JSON_TOO_DEEP");
        }
        let quoted = format!(r#"{{"a": "{} \" {}"}}"#, "[".repeat(100), "{".repeat(100));
        assert!(check_nesting(quoted.as_bytes()).is_ok());
        assert!(check_nesting("[]".repeat(1_000).as_bytes()).is_ok());
    }
}
