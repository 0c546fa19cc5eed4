//! Preview and send: the main job.
//!
//! A message is planned once ([`plan`]): facts gathered, rules run, cost computed. A preview shows the plan and keeps what it
//! bound itself to; a send plans again, compares, and commits.

pub mod approvals;
mod binder;
mod check;
mod counter;
mod exclusions;
mod facts;
mod history;
mod leaving;
mod letter;
mod plan;
mod planted;
mod preview;
mod queue;
mod recipients;
mod retry;
mod scheduled;
mod screening;
mod send;
mod tally;
mod targets;
mod trial;
mod wording;

pub use check::check_text;
pub use counter::metrics;
pub use exclusions::{first_of_campaign as first_exclusions, of_campaigns as exclusions_of_campaigns};
pub use facts::may_leave;
pub use preview::{Preview, PreviewInput, by_ids, preview};
pub use recipients::{
    Exclusion, ExclusionReason, PreviewRecipient, exclusions, recipients, tried_exclusions,
};
pub use retry::retry;
pub use scheduled::Schedules;
pub use screening::LeftOut;
pub use send::{SendInput, SendProblem, Sent, send};
pub use tally::{EmptyField, Spread};
pub use trial::{Trial, TrialInput, TriedMessage, TriedOn, try_rule};
pub use wording::{Metrics, Offender};
