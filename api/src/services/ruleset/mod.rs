//! The rules of a structure: the platform's, as the structure set them, and those it wrote itself.
//!
//! Owns which rules are in force, how they are listed, and how they change. What a rule may say and how it runs is the
//! engine's; what a decision is taken on is the planner's.
//!
//! Architecture Invariant: no row can loosen a locked rule, and a stored rule that can no longer run refuses, by name.

mod active;
mod cache;
mod candidate;
mod evaluators;
mod operator;
mod past;
mod platform;
mod publish;
mod rows;
mod save;
mod setting;
mod view;

use std::fmt::Write as _;

use entity::enums::RuleState;
use entity::ids::{RuleId, StructureId};
use entity::structure;
use rules::{Diagnostic, Lang, Severity, State};
use sea_orm::sea_query::LockType;
use sea_orm::{DatabaseTransaction, QuerySelect};

use crate::error::{Failure, Fault, Problem};

pub use active::{RuleSet, active, active_now, decide};
pub use cache::RuleCache;
pub use candidate::{Candidate, CandidateProblem, candidate};
pub use evaluators::Evaluators;
pub use operator::{Imported, RuleTexts, bring_in, rules_of, texts_of};
pub use past::{Past, PastRules};
pub use platform::{Look, Platform};
pub use publish::publish;
pub use rows::VersionRow;
pub use save::{SaveRule, Saved, save};
pub use setting::{SetRule, set_state};
pub use view::{Origin, ParameterView, RuleView, all, rules_page, versions_by_ids, versions_of_each};

/// The most rules that a structure may write: each runs on every preview and every send.
pub const MAX_OWN_RULES: u64 = 50;
/// The most versions that a rule may have.
pub const MAX_VERSIONS: i32 = 1_000;
/// The most characters of what an author says of a version.
pub const MAX_COMMENT_CHARS: usize = 500;

/// Names a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RuleKey {
    /// A rule of the platform, by its slug.
    Platform(String),
    /// A rule that the structure wrote.
    Own(RuleId),
}

/// Why a rule was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleProblem {
    /// The input.
    Input(Problem),
    /// The rule is the platform's, and is not to be changed so.
    Locked(Problem),
}

impl From<Problem> for RuleProblem {
    fn from(problem: Problem) -> Self {
        Self::Input(problem)
    }
}

impl From<Problem> for Failure<RuleProblem> {
    fn from(problem: Problem) -> Self {
        Self::Problem(RuleProblem::Input(problem))
    }
}

impl From<RuleProblem> for Failure<RuleProblem> {
    fn from(problem: RuleProblem) -> Self {
        Self::Problem(problem)
    }
}

fn not_found() -> Problem {
    Problem::new("RULE_NOT_FOUND").at(&["rule"])
}

fn locked(slug: &str) -> RuleProblem {
    RuleProblem::Locked(Problem::new("RULE_LOCKED").at(&["rule"]).with("rule", slug))
}

/// The first thing that keeps a rule from loading, in one sentence.
fn first_error(diagnostics: &[Diagnostic], lang: Lang) -> String {
    let error = diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
    error.map_or_else(String::new, |diagnostic| diagnostic.message.get(lang).to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("invariant: writing to a string cannot fail");
        hex
    })
}

/// One writer of a structure's rules at a time, until the transaction ends. SQLite has one writer, and needs no lock.
async fn lock(tx: &DatabaseTransaction, structure: StructureId) -> Result<(), Fault> {
    structure::by_id(structure).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(())
}

const fn state_of(stored: RuleState) -> State {
    match stored {
        RuleState::Active => State::Active,
        RuleState::Observed => State::Observed,
        RuleState::Off => State::Off,
    }
}

const fn stored(state: State) -> RuleState {
    match state {
        State::Active => RuleState::Active,
        State::Observed => RuleState::Observed,
        State::Off => RuleState::Off,
    }
}
