//! `envoi credit`.

use std::process::ExitCode;

use clap::Subcommand;
use entity::ids::OrderId;

use super::{CliError, parse, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::{operator, top_up};

#[derive(Subcommand)]
pub(super) enum Credit {
    /// List the orders of a structure that wait for approval: id, SMS, when it was placed.
    Orders {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
    },
    /// Approve an order of credit that a structure made.
    Approve {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// The id of the order, as `envoi credit orders` shows it.
        #[arg(value_parser = parse::order)]
        order: OrderId,
    },
    /// Give credit that was not ordered: an order is made and approved at once.
    Add {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// How many SMS.
        #[arg(allow_negative_numbers = true)]
        quantity: i64,
    },
}

impl Credit {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let order = match self {
            Self::Orders { structure } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                for order in top_up::pending(ctx, operator, structure).await? {
                    let (id, at) = (order.id.as_uuid(), order.requested_at.to_rfc3339());
                    print(&format!("{id}  {:>8}  {at}", order.quantity))?;
                }
                return Ok(ExitCode::SUCCESS);
            }
            Self::Approve { structure, order } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                top_up::approve(ctx, operator, structure, order).await?
            }
            Self::Add { structure, quantity } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                top_up::add(ctx, operator, structure, quantity).await?
            }
        };
        print(&format!("Order {}: {} SMS, {}.", order.id.as_uuid(), order.quantity, order.state.as_str()))?;
        Ok(ExitCode::SUCCESS)
    }
}
