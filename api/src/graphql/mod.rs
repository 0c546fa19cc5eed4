//! The schema: what can be asked and answered, and nothing of how it is done.
//!
//! A resolver decodes ids, calls one service, and wraps the answer. Types here are the API's own: a table's row is never one.
//!
//! Architecture Invariant: what a caller may act on is data in a payload; a GraphQL error is for a caller who is unknown, not
//! allowed, too slow or too greedy, and for our own faults. A field that can fail on its own is nullable, and its failure is
//! told beside its siblings' answers ([`Maybe`]).

mod account;
mod approvals;
mod campaigns;
mod context;
mod credit;
mod decisions;
mod error;
mod live;
mod message;
mod node;
mod node_id;
mod opt_outs;
mod page;
mod people;
mod people_columns;
mod people_import;
mod rules;
mod scalar;
mod structure;
mod templates;
mod together;
mod viewer;

use async_graphql::{ID, MergedObject, SDLExportOptions};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use context::{Maybe, Session};
pub use live::Subscription;
pub use node_id::decision_or_campaign;

use self::rules::{BacktestMutation, RuleLifeMutation, RuleMutation, RuleTemplateQuery, TrialMutation};
use account::AccountMutation;
use approvals::ApprovalMutation;
use campaigns::CampaignMutation;
use credit::CreditMutation;
use message::{MessageMutation, MessageQuery};
use node::NodeQuery;
use people_columns::PersonColumnMutation;
use people_import::PeopleImportMutation;
use templates::TemplateMutation;
use viewer::ViewerQuery;

/// Levels of a query: stock introspection has 15.
const DEPTH: usize = 15;
/// Fields of a query, each multiplied by the sizes of the pages it lies in: a hundred messages of each of ten campaigns pass,
/// of a hundred do not.
const COMPLEXITY: usize = 10_000;

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(NodeQuery, ViewerQuery, MessageQuery, RuleTemplateQuery);

/// What can be changed. Each takes one input and answers with a payload whose `errors` the caller can act on.
#[derive(MergedObject, Default)]
pub struct Mutation(
    AccountMutation,
    MessageMutation,
    ApprovalMutation,
    CampaignMutation,
    CreditMutation,
    PeopleImportMutation,
    PersonColumnMutation,
    RuleMutation,
    TrialMutation,
    BacktestMutation,
    RuleLifeMutation,
    TemplateMutation,
);

/// The schema, ready to execute requests that carry a [`Session`].
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema with its limits.
#[must_use]
pub fn schema() -> Schema {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .limit_depth(DEPTH)
        .limit_complexity(COMPLEXITY)
        .override_output_type_description::<DateTime<Utc>>(
            "An instant in UTC, as RFC 3339 writes it, such as `2026-11-22T18:30:00+00:00`.",
        )
        .override_input_type_description::<Uuid>(
            "A UUID (RFC 9562), such as `0193b2c4-7d1e-7c3a-9f00-5a1b2c3d4e5f`, made by the client.",
        )
        .override_output_type_description::<ID>(
            "Names one object. Opaque: keep it and give it back, and read nothing in it.",
        )
        .finish()
}

/// The schema as text, the same for the same program: types, fields, arguments and values in alphabetical order.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident()
        .indent_width(2);
    let mut text = schema().sdl_with_options(options).trim().to_owned();
    text.push('\n');
    text
}
