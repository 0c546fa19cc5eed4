//! `envoi opt-out`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{CliError, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::operator;

#[derive(Subcommand)]
pub(super) enum OptOut {
    /// List the refusals of a structure: since when, how it was said, how many of its people have the number. No number is kept.
    List {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
    },
    /// Tell which structures a number has opted out of: since when, how it was said, id, name.
    Check {
        /// The number, with its country code.
        #[arg(long)]
        number: String,
    },
    /// Record that a number opts out of a structure, as its owner asked. No SMS undoes it.
    Add {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// The number, with its country code or as it is dialled in the structure's region.
        #[arg(long)]
        number: String,
    },
    /// Take back a refusal, as the number's owner asked.
    Remove {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// The number, with its country code or as it is dialled in the structure's region.
        #[arg(long)]
        number: String,
    },
}

impl OptOut {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        match self {
            Self::List { structure } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                let refusals = operator::opt_outs_of(ctx, operator, structure).await?;
                print(&if refusals.is_empty() {
                    "Nobody has opted out.".to_owned()
                } else {
                    line("SINCE", "SAID", "PEOPLE")
                })?;
                for row in refusals {
                    print(&line(&row.since.to_rfc3339(), row.source.as_str(), &row.people.to_string()))?;
                }
            }
            Self::Check { number } => {
                let refused = operator::opted_out(ctx, operator, &number).await?;
                if refused.is_empty() {
                    print("This number has opted out of nothing.")?;
                }
                for row in refused {
                    let (since, source) = (row.since.to_rfc3339(), row.source.as_str());
                    print(&format!("{since}  {source:<8}  {}  {}", row.structure.as_uuid(), row.name))?;
                }
            }
            Self::Add { structure, number } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                operator::opt_out(ctx, operator, structure, &number).await?;
                print("The number has opted out of the structure.")?;
            }
            Self::Remove { structure, number } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                operator::opt_in(ctx, operator, structure, &number).await?;
                print("The number may be written to again by the structure.")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A line of the list, in its columns.
fn line(since: &str, said: &str, people: &str) -> String {
    format!("{since:<29}  {said:<8}  {people:>6}")
}
