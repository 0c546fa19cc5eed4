//! `envoi inbound`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{CliError, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::inbound;

#[derive(Subcommand)]
pub(super) enum Inbound {
    /// List the STOPs that concerned no structure, the newest first: when, provider, short code, what was asked, structures
    /// concerned, what is wrong with the sender, and the gateway's reference. Neither numbers nor texts are kept.
    List {
        /// Everything that came in.
        #[arg(long)]
        all: bool,
    },
}

impl Inbound {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let Self::List { all } = self;
        for row in inbound::list(ctx, operator, all).await? {
            let (at, asked) = (row.received_at.to_rfc3339(), row.keyword.as_str());
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let (short_code, problem) = (or_dash(row.short_code), or_dash(row.sender_problem));
            let (provider, reference) = (row.provider, or_dash(row.reference));
            print(&format!(
                "{at}  {provider:<8}  {short_code:<6}  {asked:<5}  {:>3}  {problem}  {reference}",
                row.structures
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
