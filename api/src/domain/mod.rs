//! The rules of the trade that need nothing but their arguments: texts, parts, numbers, names, credit, states.
//!
//! Everything here is pure: no I/O (a file is read through the `Read` it is given), no async, no clock, no
//! randomness, and no knowledge of the rest of the crate.
//!
//! Architecture invariant: nothing in this folder names another module of the crate, and no error or `Debug`
//! here carries a phone number or a message text.

pub mod holidays;
pub mod merge;
pub mod message_state;
pub mod money;
pub mod name;
pub mod outcome;
pub mod people_file;
pub mod phone;
pub mod price;
pub mod replacement;
pub mod secret;
pub mod segments;
pub mod sender;
pub mod short_code;
pub mod spreadsheet;
pub mod stop_word;
pub mod text;
