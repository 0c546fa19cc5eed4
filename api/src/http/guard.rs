//! GraphQL over HTTP, as the specification says and no wider.
//!
//! The library's own handler runs mutations over GET, takes any method and content type, reads bodies without end and parses
//! documents that take gigabytes: none of that comes this far. Source: the GraphQL over HTTP specification,
//! <https://graphql.github.io/graphql-over-http/draft/>.
//!
//! Invariant: the schema is given only a document that was measured, read from a request that is sound.

use async_graphql::parser::types::OperationType;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::Web;
use super::body::{self, Params};
use super::negotiate::{self, Format};
use super::refusal::Refusal;
use super::{auth, document, respond, socket};
use crate::app::Ctx;
use crate::graphql::Session;

/// The methods of the endpoint.
const METHODS: &str = "GET, POST";

/// Serves one request to `/graphql`.
pub(super) async fn graphql(State(web): State<Web>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ctx = Ctx::new(web.app.clone(), negotiate::language(&parts.headers));
    if socket::is_wanted(&parts.headers) {
        return socket::open(web, &ctx, parts).await;
    }
    let Some(format) = negotiate::format(&parts.headers) else {
        let refusal = Refusal::request(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE");
        return respond::refused(&ctx, Format::Json, &refusal);
    };
    match tokio::time::timeout(ctx.config.http.request_timeout, serve(&web, &ctx, &parts, body)).await {
        Ok(Ok(response)) => respond::answered(&ctx, format, response),
        Ok(Err(refusal)) => respond::refused(&ctx, format, &refusal),
        Err(_) => respond::timed_out(&ctx, format),
    }
}

async fn serve(web: &Web, ctx: &Ctx, parts: &Parts, body: Body) -> Result<async_graphql::Response, Refusal> {
    let params = match parts.method {
        Method::GET => body::from_uri(&parts.uri)?,
        Method::POST => body::from_body(parts, body, ctx.config.http.max_body_bytes).await?,
        _ => return Err(Refusal::method("METHOD_NOT_ALLOWED", METHODS)),
    };
    let (request, operation) = prepare(params)?;
    match operation {
        OperationType::Subscription => return Err(Refusal::document("SUBSCRIPTION_OVER_HTTP")),
        OperationType::Mutation if parts.method == Method::GET => {
            return Err(Refusal::method("MUTATION_OVER_GET", "POST"));
        }
        OperationType::Mutation | OperationType::Query => {}
    }
    let caller = auth::caller(ctx, &parts.headers).await.map_err(|fault| {
        tracing::error!(request.id = %ctx.request, %fault, "the token could not be looked up");
        Refusal::request(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
            .with("request", ctx.request.to_string())
    })?;
    Ok(web.schema.execute(request.data(Session::new(ctx.clone(), caller))).await)
}

/// The request that the schema is given, once its document was measured, and what kind of operation it runs.
///
/// # Errors
/// A refusal of the document.
pub(super) fn prepare(params: Params) -> Result<(async_graphql::Request, OperationType), Refusal> {
    let document = document::read(&params.query, params.operation_name.as_deref(), &params.variables)?;
    let mut variables = params.variables;
    document::complete(&document.parsed, &mut variables);
    let mut request = async_graphql::Request::new(params.query).variables(variables);
    request.operation_name = params.operation_name;
    request.set_parsed_query(document.parsed);
    Ok((request, document.operation))
}
