//! `envoi people`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{CliError, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::operator;
use crate::services::people::columns;

#[derive(Subcommand)]
pub(super) enum People {
    /// List and remove the columns that a structure keeps of its people for merge fields.
    #[command(subcommand)]
    Column(Column),
}

#[derive(Subcommand)]
pub(super) enum Column {
    /// List the columns of a structure: the merge field of each, and its title.
    List {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
    },
    /// Remove a column, and what it says of everyone.
    Remove {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// The column's title, or the name of its merge field.
        #[arg(long)]
        name: String,
    },
}

impl People {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let Self::Column(column) = self;
        match column {
            Column::List { structure } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                let kept = columns::of_scope(ctx, operator.scope(structure)).await?;
                if kept.is_empty() {
                    print("No column is kept.")?;
                }
                for column in kept {
                    print(&format!("{{{}}}  {}", column.name, column.title))?;
                }
            }
            Column::Remove { structure, name } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                columns::remove_in(ctx, operator.scope(structure), &name).await?;
                print("The column is removed, with what it said of everyone.")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
