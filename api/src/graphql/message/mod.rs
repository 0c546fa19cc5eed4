//! Preview and send: the main job.

mod mutation;
mod preview;

pub use mutation::MessageMutation;
pub use preview::SmsPreview;
