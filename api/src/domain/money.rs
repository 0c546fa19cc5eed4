//! Credit: whole SMS, prepaid.

/// The least that one order asks for, in SMS.
pub const MIN_TOP_UP: i64 = 1;

/// The most that one order asks for, in SMS: a million covers the largest federation for years, and keeps every sum of a
/// structure far from overflow.
pub const MAX_TOP_UP: i64 = 1_000_000;
