//! The ways in over HTTP: `/graphql`, files of people at `/import/people`, the playground at `/`, and `/health`.
//!
//! Knows requests, headers and status codes; what is asked and answered is the schema's.

mod auth;
mod body;
mod document;
mod guard;
mod import;
mod negotiate;
mod refusal;
mod respond;

use std::sync::Arc;

use async_graphql::http::GraphiQLSource;
use axum::Router;
use axum::response::Html;
use axum::routing::{any, get, post};

use crate::app::App;
use crate::graphql;

/// What every request is served with.
#[derive(Clone)]
struct Web {
    app: Arc<App>,
    schema: graphql::Schema,
}

/// The routes of one instance.
pub fn router(app: Arc<App>) -> Router {
    let web = Web { app, schema: graphql::schema() };
    Router::new()
        .route("/", get(playground))
        .route("/graphql", any(guard::graphql))
        .route("/import/people", post(import::people))
        .route("/health", get(async || "ok\n"))
        .with_state(web)
}

async fn playground() -> Html<String> {
    Html(GraphiQLSource::build().endpoint("/graphql").title("Envoi").finish())
}
