//! `envoi settings`.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CliError, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::operator::{self, NewSettings};

#[derive(Subcommand)]
pub(super) enum Settings {
    /// Change a structure's SMS settings; what is not given stays as it is.
    Set {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        #[command(flatten)]
        changes: Changes,
    },
}

#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct Changes {
    /// The name shown to those who receive: 3 to 11 letters and digits.
    #[arg(long)]
    sender: Option<String>,
    /// What every SMS ends with, such as ".STOP 36608".
    #[arg(long, allow_hyphen_values = true)]
    stop_mention: Option<String>,
    /// The way out to the telephone network, such as sandbox.
    #[arg(long)]
    provider: Option<String>,
}

impl Settings {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let Self::Set { structure, changes: Changes { sender, stop_mention, provider } } = self;
        let structure = operator::find_structure(ctx, operator, &structure).await?;
        operator::set_settings(ctx, operator, NewSettings { structure, sender, stop_mention, provider })
            .await?;
        print("The settings are set.")?;
        Ok(ExitCode::SUCCESS)
    }
}
