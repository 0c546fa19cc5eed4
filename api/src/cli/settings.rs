//! `envoi settings`.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::{CliError, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::holidays::HolidayCalendar;
use crate::domain::replacement::EncodingPolicy;
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
    /// The name shown to those who receive, 3 to 11 letters and digits: added to its senders, and their default.
    #[arg(long)]
    sender: Option<String>,
    /// What every SMS ends with, such as ".STOP 36608".
    #[arg(long, allow_hyphen_values = true)]
    stop_mention: Option<String>,
    /// The way out to the telephone network, such as sandbox.
    #[arg(long)]
    provider: Option<String>,
    /// How far characters are replaced so that texts cost less.
    #[arg(long, value_enum)]
    encoding_policy: Option<Policy>,
    /// The public holidays that rules go by.
    #[arg(long, value_enum)]
    holidays: Option<Holidays>,
}

/// How far characters are replaced.
#[derive(Clone, Copy, ValueEnum)]
enum Policy {
    /// Not at all.
    Exact,
    /// Where no reader notices: quotation marks, dashes, blanks, œ.
    Typography,
    /// Also accents that the GSM alphabet lacks: ç by c, ê by e.
    Plain,
}

impl From<Policy> for EncodingPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Exact => Self::Exact,
            Policy::Typography => Self::Typography,
            Policy::Plain => Self::Plain,
        }
    }
}

/// Which public holidays a structure keeps.
#[derive(Clone, Copy, ValueEnum)]
enum Holidays {
    /// Those of its region.
    Region,
    /// Also Good Friday and 26 December; for structures of the region FR.
    AlsaceMoselle,
}

impl From<Holidays> for HolidayCalendar {
    fn from(holidays: Holidays) -> Self {
        match holidays {
            Holidays::Region => Self::Region,
            Holidays::AlsaceMoselle => Self::AlsaceMoselle,
        }
    }
}

impl Settings {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let Self::Set { structure, changes } = self;
        let Changes { sender, stop_mention, provider, encoding_policy, holidays } = changes;
        let structure = operator::find_structure(ctx, operator, &structure).await?;
        let encoding_policy = encoding_policy.map(EncodingPolicy::from);
        let holidays = holidays.map(HolidayCalendar::from);
        let changes = NewSettings { structure, sender, stop_mention, provider, encoding_policy, holidays };
        operator::set_settings(ctx, operator, changes).await?;
        print("The settings are set.")?;
        Ok(ExitCode::SUCCESS)
    }
}
