//! Who asks, by the `Authorization` header.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::accounts;

/// The account whose token the request carries. None without a token, and none with one that does not serve: what needs an
/// account then answers that it does.
///
/// # Errors
/// The database's.
pub async fn caller(ctx: &Ctx, headers: &HeaderMap) -> Result<Option<Caller>, Fault> {
    match bearer(headers) {
        Some(token) => accounts::authenticate(ctx, token).await,
        None => Ok(None),
    }
}

/// The token that the request carries, if any.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
