//! Preview and send: the main job.

mod mutation;
mod preview;
mod query;

pub use mutation::MessageMutation;
pub use preview::{MessagePurpose, SmsPreview};
pub use query::MessageQuery;
