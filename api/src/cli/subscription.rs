//! `envoi subscription`.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::{CliError, parse, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::operator::{self, NewSubscription};

#[derive(Subcommand)]
pub(super) enum Subscription {
    /// Set or take away a structure's subscription to the SMS option.
    Set {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// ACTIVE, SUSPENDED, or NONE to take it away.
        #[arg(long, value_parser = parse::subscription_state)]
        state: parse::Wanted,
        /// When it begins (RFC 3339); when absent, as it was, or now.
        #[arg(long, value_parser = parse::instant)]
        starts: Option<DateTime<Utc>>,
        /// When it ends (RFC 3339); when absent, as it was, or never.
        #[arg(long, value_parser = parse::instant)]
        ends: Option<DateTime<Utc>>,
    },
}

impl Subscription {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let Self::Set { structure, state: parse::Wanted(state), starts: starts_at, ends: ends_at } = self;
        let structure = operator::find_structure(ctx, operator, &structure).await?;
        let input = NewSubscription { structure, state, starts_at, ends_at };
        let set = operator::set_subscription(ctx, operator, input).await?;
        let date = |at: Option<DateTime<Utc>>, absent: &str| {
            at.map_or_else(|| absent.to_owned(), |at| at.to_rfc3339())
        };
        let (starts, ends) = (date(set.starts_at, "never"), date(set.ends_at, "never"));
        print(&format!("The subscription is {}; it starts: {starts}; it ends: {ends}.", set.state.as_str()))?;
        Ok(ExitCode::SUCCESS)
    }
}
