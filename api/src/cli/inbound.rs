//! `envoi inbound`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{CliError, note, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::inbound;

/// What the columns are.
const HEADER: [&str; 7] = ["RECEIVED", "PROVIDER", "CODE", "ASKED", "STRUCTURES", "PROBLEM", "REFERENCE"];

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
        let listed = usize::try_from(inbound::LISTED).unwrap_or(usize::MAX);
        let rows = inbound::list(ctx, operator, all).await?;
        match (rows.len(), all) {
            (0, true) => return print("Nothing came in.").map(|()| ExitCode::SUCCESS),
            (0, false) => {
                print("No STOP came in that concerned no structure; --all lists everything that came in.")?;
                return Ok(ExitCode::SUCCESS);
            }
            _ => print(&line(HEADER))?,
        }
        let more = rows.len() > listed;
        for row in rows.into_iter().take(listed) {
            let (at, asked) = (row.received_at.to_rfc3339(), row.keyword.as_str());
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let (short_code, problem) = (or_dash(row.short_code), or_dash(row.sender_problem));
            let (provider, reference) = (row.provider, or_dash(row.reference));
            let structures = row.structures.to_string();
            print(&line([&at, &provider, &short_code, asked, &structures, &problem, &reference]))?;
        }
        if more {
            note(&format!("only the newest {listed} are listed: there are more"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A line of the list, in its columns.
fn line([at, provider, code, asked, structures, problem, reference]: [&str; 7]) -> String {
    format!("{at:<29}  {provider:<8}  {code:<6}  {asked:<5}  {structures:>10}  {problem:<20}  {reference}")
}
