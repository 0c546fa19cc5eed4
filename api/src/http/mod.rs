//! The ways in over HTTP: `/graphql`, also as a WebSocket, the playground at `/`, files of people in, reports as files out,
//! `/health`, and what gateways call.
//!
//! Knows requests, headers and status codes; what is asked and answered is the schema's.

mod auth;
mod body;
mod document;
mod guard;
mod import;
mod negotiate;
pub mod playground;
mod receipts;
mod refusal;
mod reports;
mod respond;
mod server;
mod socket;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use crate::app::App;
use crate::{graphql, services};

pub use server::serve;
pub use socket::Sockets;

/// What every request is served with.
#[derive(Clone)]
struct Web {
    app: Arc<App>,
    schema: graphql::Schema,
    sockets: Sockets,
}

/// The routes of one instance, whose sockets are among these.
pub fn router(app: Arc<App>, sockets: Sockets) -> Router {
    let playground =
        if app.config.playground.enabled { playground::router(&playground::BUILT_IN) } else { Router::new() };
    let web = Web { app, schema: graphql::schema(), sockets };
    Router::new()
        .route("/graphql", any(guard::graphql))
        .route(&format!("{}{{token}}", services::reports::PATH), get(reports::download))
        .route("/import/people", post(import::people).fallback(import::other_method))
        .route("/health", get(async || "ok\n"))
        .merge(receipts::routes())
        .with_state(web)
        .merge(playground)
}
