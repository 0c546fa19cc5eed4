//! What the tests of Envoi share: databases of their own, an instance whose time and chance they decide, and actors who ask
//! it through its public API.
//!
//! Architecture Invariant: tests ask as clients do, over GraphQL, and read rows only for what the API does not show. Nothing
//! here waits for time to pass: it awaits what must happen.

mod actor;
mod answer;
mod app;
pub mod browser;
pub mod canary;
mod clock;
mod database;
pub mod disk;
mod documents;
pub mod gateway;
mod inbound;
pub mod kannel;
mod network;
pub mod oracle;
pub mod postgres;
pub mod process;
pub mod provider_harness;
mod rows;
mod run;
mod socket;

pub use actor::Actor;
pub use answer::{Answer, code_of, nodes};
pub use app::{Served, TestApp};
pub use clock::{TestClock, TestEntropy, seed};
pub use database::{Backend, TestDatabase};
pub use network::{Network, Part, Submitted};
pub use rows::UsableInTests;
pub use run::{on, plainly};
pub use socket::{Heard, Socket};
