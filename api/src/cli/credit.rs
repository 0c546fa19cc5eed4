//! `envoi credit`.

use std::process::ExitCode;

use clap::Subcommand;
use entity::ids::OrderId;

use super::{CliError, parse, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::adjustments::adjust;
use crate::services::ledger::Adjustment;
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
        /// Words of yours that name this gift, such as a reference: given again with them, nothing more is given.
        #[arg(long)]
        key: Option<String>,
        /// How many SMS.
        #[arg(allow_negative_numbers = true)]
        quantity: i64,
    },
    /// Correct a balance, with who decided it and why, which the structure reads in its ledger. Never takes more than can be spent.
    Adjust {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// The name of who decided it.
        #[arg(long)]
        by: String,
        /// Why, in up to 500 characters.
        #[arg(long)]
        reason: String,
        /// Words of yours that name this correction, such as a reference: made again with them, nothing more is done.
        #[arg(long)]
        key: Option<String>,
        /// How many SMS, with its sign: +50 gives, -50 takes.
        #[arg(allow_negative_numbers = true, value_parser = parse::signed)]
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
            Self::Add { structure, key, quantity } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                top_up::add(ctx, operator, structure, quantity, key).await?
            }
            Self::Adjust { structure, by, reason, key, quantity } => {
                let structure = operator::find_structure(ctx, operator, &structure).await?;
                let adjustment = Adjustment { delta: quantity, operator: by, note: reason };
                let done = adjust(ctx, operator, structure, adjustment, key).await?;
                let before = if done.replayed { " It was done before." } else { "" };
                let (id, balance) = (done.id.as_uuid(), done.balance);
                print(&format!("Adjustment {id}: {:+} SMS, {balance} left.{before}", done.delta))?;
                return Ok(ExitCode::SUCCESS);
            }
        };
        print(&format!("Order {}: {} SMS, {}.", order.id.as_uuid(), order.quantity, order.state.as_str()))?;
        Ok(ExitCode::SUCCESS)
    }
}
