//! `envoi price`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{CliError, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::prices;

#[derive(Subcommand)]
pub(super) enum Price {
    /// List the prices: the first digits of numbers, country code first, and the SMS of credit that one part costs.
    List,
    /// Set the price of the numbers that begin so; the longest prefix decides.
    Set {
        /// The first digits, country code first and without +, such as 32.
        #[arg(long)]
        prefix: String,
        /// The SMS of credit that one part costs.
        #[arg(long)]
        sms: i64,
    },
    /// Send nothing more to the numbers that begin so, unless a shorter prefix has a price.
    Remove {
        /// The first digits.
        #[arg(long)]
        prefix: String,
    },
}

impl Price {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        match self {
            Self::List => {
                for (prefix, price) in prices::all(ctx.store.readers()).await?.iter() {
                    print(&format!("+{prefix:<4}  {price:>3}"))?;
                }
            }
            Self::Set { prefix, sms } => {
                prices::set(ctx, operator, &prefix, sms).await?;
                print("The price is set.")?;
            }
            Self::Remove { prefix } => {
                prices::remove(ctx, operator, &prefix).await?;
                print("Numbers that begin so have no price of their own any more.")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
