//! What others, who know nothing of us, say of the same texts, numbers and days. Where they differ, the specification decides, and each
//! class of difference cites it; nothing is left over.
//!
//! `ENVOI_TEST_ORACLE_CASES` asks more than [`CASES`] of each.

mod days;
mod numbers;
mod segments;
mod texts;

/// Cases of a run that is in a hurry.
const CASES: usize = 2_000;

fn cases() -> usize {
    let asked = std::env::var("ENVOI_TEST_ORACLE_CASES").ok();
    asked.map_or(CASES, |asked| asked.parse().expect("ENVOI_TEST_ORACLE_CASES is a number"))
}
