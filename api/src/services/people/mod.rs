//! The people of a structure: finding them, importing them, and the numbers that refuse its commercial messages.
//!
//! Knows nothing of accounts, messages or rules. People are read by name or by a [`filter`], a page a statement; they enter
//! through [`import`].
//!
//! Architecture Invariant: a person's sort key follows the names, and the number's hash follows the number.

pub mod filter;
pub mod import;
pub(super) mod opt_outs;
mod query;
pub mod refusals;
pub mod tags;

pub use import::import;
pub use opt_outs::opt_out;
pub use query::{Direction, PersonRow, by_id, by_ids, page};
