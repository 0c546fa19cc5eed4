//! The addresses that gateways call: made here, and recognised here.
//!
//! Architecture Invariant: an address of ours carries a signature that nobody else can make. That of a report binds the
//! provider and the attempt, and an attempt is of one message of one structure; that of inbound messages binds the provider.

use uuid::Uuid;

use crate::app::{App, Ctx};
use crate::caller::Operator;

/// The address at which this provider reports on this attempt.
#[must_use]
pub fn report_url(app: &App, provider: &str, attempt: Uuid) -> String {
    let signature = app.keys.report_signature(provider, attempt);
    app.config.url(&format!("/receipts/{provider}/{attempt}/{signature}"))
}

/// The address to which this provider brings messages, without what it appends.
#[must_use]
pub fn inbound_url(app: &App, provider: &str) -> String {
    app.config.url(&format!("/inbound/{provider}/{}", app.keys.inbound_secret(provider)))
}

/// The addresses to write in the configuration of gateways, with the name of each provider that brings messages.
#[must_use]
pub fn inbound_urls(ctx: &Ctx, _operator: Operator) -> Vec<(&'static str, String)> {
    let providers = ctx.providers.names().filter_map(|name| ctx.providers.get(name));
    let bringing = providers.filter_map(|provider| Some((provider.name(), provider.inbound_query()?)));
    bringing.map(|(name, query)| (name, inbound_url(ctx, name) + query)).collect()
}
