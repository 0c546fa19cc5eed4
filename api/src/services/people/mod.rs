//! The people of a structure: finding them, importing them, and the numbers that refuse its commercial messages.
//!
//! Knows nothing of accounts, messages or rules. People are read by name or by a [`filter`], a page a statement; they enter
//! through [`import`], and what accounts ask of it is [`upload`]'s.
//!
//! Architecture Invariant: a person's sort key follows the names, and the number's hash follows the number.

pub mod columns;
pub mod filter;
pub mod import;
pub mod lists;
pub(super) mod opt_outs;
mod query;
pub mod refusals;
pub mod tags;
mod teaching;
pub mod upload;

pub use import::import;
pub use opt_outs::opt_out;
pub use query::{PersonOrder, PersonRow, by_id, by_ids, page, readable};
pub use teaching::{Relation, related};
