//! `envoi provider`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{CliError, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::callbacks;

#[derive(Subcommand)]
pub(super) enum Provider {
    /// List the providers that this configuration has.
    List,
    /// Print the secret addresses to which gateways bring the messages that people send, such as STOP.
    Urls,
}

impl Provider {
    pub(super) fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        match self {
            Self::List => ctx.providers.names().try_for_each(print)?,
            Self::Urls => {
                let addresses = callbacks::inbound_urls(ctx, operator);
                if addresses.is_empty() {
                    return Err(CliError::NoGateway);
                }
                for (name, address) in addresses {
                    print(&format!("{name}  {address}"))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
