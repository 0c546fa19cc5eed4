//! Preview and send: the main job.

mod metrics;
mod mutation;
mod preview;
mod query;

pub use metrics::MessagePurpose;
pub use mutation::MessageMutation;
pub use preview::{Exclusion, ExclusionConnection, SmsPreview};
pub use query::MessageQuery;
