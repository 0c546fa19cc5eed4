//! The rules of a structure: the platform's, as the structure set them, and those it wrote itself.
//!
//! Owns which rules are in force, how they are listed, and how they change. What a rule may say and how it runs is the
//! engine's; what a decision is taken on is the planner's.
//!
//! Architecture Invariant: no row can loosen a locked rule, and a stored rule that can no longer run refuses, by name.

mod active;
mod cache;
mod candidate;
mod conflict;
mod diff;
mod evaluators;
mod operator;
mod order;
mod past;
mod platform;
mod publish;
mod retire;
mod rows;
mod save;
mod setting;
mod start;
mod versions;
mod view;

use std::fmt::Write as _;
use std::sync::Arc;

use entity::enums::RuleState;
use entity::ids::{RuleId, StructureId};
use entity::{rule, structure};
use rules::{Diagnostic, Lang, Lock, Rule, Severity, State};
use sea_orm::sea_query::LockType;
use sea_orm::{DatabaseTransaction, QuerySelect};

use crate::app::Ctx;
use crate::error::{Failure, Fault, Problem};

pub use active::{RuleSet, active, decide, platform_allows};
pub use cache::RuleCache;
pub use candidate::{Candidate, CandidateProblem, candidate};
pub use conflict::Conflict;
pub use diff::{VersionKey, diff, versions_by_number};
pub use evaluators::Evaluators;
pub use operator::{Imported, Namesake, RuleTexts, bring_in, namesakes, rules_of, texts_of};
pub use order::reorder;
pub use past::{Past, PastRules};
pub use platform::{Look, Platform};
pub use publish::{PublishRule, publish};
pub use retire::{RollBackRule, discard, retire, roll_back};
pub use rows::VersionRow;
pub use save::{SaveRule, Saved, save};
pub use setting::{SetRule, set_state};
pub use start::{StartFrom, StartRule, TemplateView, start, templates};
pub use view::{Origin, ParameterView, RuleView, all, rules_page, versions_by_ids, versions_of_each};

/// The most rules of its own that a structure may have in use: each runs on every preview and every send.
pub const MAX_OWN_RULES: u64 = 50;
/// The most rules that a structure may have with those it retired, which are kept to explain what they decided.
pub const MAX_RULES_EVER: u64 = 200;
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
    /// Somebody else changed the rule meanwhile.
    Conflict(Box<Conflict>),
    /// The manifest of a new rule does not say how it is called, so that nothing can be kept of it: with all that is wrong with it.
    Nameless(Problem, Vec<Diagnostic>),
}

impl RuleProblem {
    /// What to say of it.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        match self {
            Self::Input(problem) | Self::Locked(problem) | Self::Nameless(problem, _) => problem,
            Self::Conflict(conflict) => &conflict.problem,
        }
    }
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

/// What a structure cannot do with a rule of the platform.
#[derive(Clone, Copy)]
enum Change {
    /// Set its state.
    State,
    /// Put a script of its own in its place.
    Script,
    /// Take it out of use.
    Use,
    /// Put it elsewhere in the order.
    Place,
    /// Discard a draft of it, or go back to a version.
    Version,
}

fn locked(slug: &str, change: Change) -> RuleProblem {
    let change = match change {
        Change::State => "state",
        Change::Script => "script",
        Change::Use => "use",
        Change::Place => "place",
        Change::Version => "version",
    };
    RuleProblem::Locked(Problem::new("RULE_LOCKED").at(&["rule"]).with("rule", slug).with("change", change))
}

fn slug_taken(slug: &str, path: &'static str) -> Problem {
    Problem::new("RULE_SLUG_TAKEN").at(&[path]).with("slug", slug)
}

/// A limit as messages name it.
fn limit(max: impl TryInto<i64>) -> i64 {
    max.try_into().unwrap_or(i64::MAX)
}

/// Whether the platform lets a structure put a script of its own in the place of this rule.
fn is_replaceable(rule: &Rule) -> bool {
    rule.manifest().lock == Some(Lock::Replaceable)
}

/// Whether a rule of the structure's is one of the platform's that it may rewrite: it then has that one's place.
fn is_rewritten(ctx: &Ctx, rule: &rule::Model) -> bool {
    rule.replaces && ctx.catalog.get(&rule.slug).is_some_and(|rule| is_replaceable(rule))
}

/// A rule that a structure wrote, to be changed so.
fn own_id(ctx: &Ctx, key: &RuleKey, change: Change) -> Result<RuleId, RuleProblem> {
    match key {
        RuleKey::Own(rule) => Ok(*rule),
        RuleKey::Platform(slug) if ctx.catalog.get(slug).is_some() => Err(locked(slug, change)),
        RuleKey::Platform(_) => Err(not_found().into()),
    }
}

/// The first thing that keeps a text from being of use.
fn gravest(diagnostics: &[Diagnostic]) -> Option<&Diagnostic> {
    diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error)
}

/// A problem that the first thing wrong with a text is told in, with its place.
pub(in crate::services) fn refused(problem: Problem, diagnostics: &[Diagnostic], lang: Lang) -> Problem {
    let place = |of: fn(&Diagnostic) -> usize| gravest(diagnostics).map_or(0, |error| limit(of(error)));
    problem
        .with("reason", first_error(diagnostics, lang))
        .with("line", place(|error| error.line))
        .with("column", place(|error| error.column))
}

/// The first thing that keeps a text from being of use, in one sentence, with what to do where that can be told.
fn first_error(diagnostics: &[Diagnostic], lang: Lang) -> String {
    gravest(diagnostics).map_or_else(String::new, |diagnostic| {
        let message = diagnostic.message.get(lang);
        match &diagnostic.hint {
            Some(hint) => format!("{message} ({})", hint.get(lang)),
            None => message.to_owned(),
        }
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("invariant: writing to a string cannot fail");
        hex
    })
}

/// Loads a structure's own rule once it is the structure's turn. Not to be awaited in a transaction: others would wait for it, too.
async fn load(
    ctx: &Ctx,
    structure: StructureId,
    manifest: String,
    source: String,
) -> Result<cache::Loaded, Fault> {
    let cache = Arc::clone(&ctx.rule_cache);
    ctx.evaluators.run(structure, move || cache.load(&manifest, &source)).await
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
