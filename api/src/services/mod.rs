//! What the product does, one module a noun. Each function takes `(ctx, caller, input)`.
//!
//! Architecture Invariant: services know neither GraphQL nor HTTP; every row they read or write is scoped to the caller's
//! structure.

pub mod accounts;
pub mod adjustments;
pub mod audience;
pub mod audit;
pub mod backtest;
pub mod callbacks;
pub mod campaigns;
pub mod cancel;
pub mod decisions;
pub mod delivery;
pub mod expire;
pub mod explain;
pub(crate) mod idempotency;
pub mod inbound;
mod kept;
pub mod ledger;
pub mod message;
pub mod operator;
pub mod page;
pub mod pause;
pub mod people;
pub mod prices;
pub mod receipts;
pub mod reports;
pub mod ruleset;
pub mod senders;
pub mod structures;
pub mod templates;
pub mod top_up;
pub mod verify;
pub mod watch;
