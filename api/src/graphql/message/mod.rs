//! Preview and send: the main job.

mod metrics;
mod mutation;
mod preview;
mod query;

pub use metrics::MessagePurpose;
pub use mutation::{AudienceInput, MessageInput, MessageMutation};
pub use preview::{Exclusion, ExclusionConnection, PreviewRecipient, PreviewRecipientConnection, SmsPreview};
pub use query::MessageQuery;
