//! Messages that people send to a short code.

use crate::app::Ctx;
use crate::error::Fault;
use crate::providers::callback::Inbound;

/// Records a message that a provider brought, and what it changes, before it answers. The caller vouches that the call is the
/// provider's own.
///
/// # Errors
/// The database's: the provider is then asked to call again.
#[expect(clippy::unused_async, reason = "what it will do is to be awaited")]
pub async fn receive(ctx: &Ctx, provider: &str, _message: Inbound) -> Result<(), Fault> {
    tracing::info!(request.id = %ctx.request, provider, "a message came in, and nothing reads it yet");
    Ok(())
}
