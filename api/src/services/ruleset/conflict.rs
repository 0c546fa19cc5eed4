//! What is told to whoever would overwrite another's change unseen: what was done meanwhile, by whom, and when.

use entity::At;
use entity::ids::{AccountId, RuleVersionId, StructureId};
use entity::{account, rule, rule_version};
use sea_orm::DatabaseTransaction;

use super::RuleProblem;
use super::rows::VersionRow;
use crate::error::{Failure, Fault, Problem};

/// Somebody else changed a rule since the caller looked: nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What to say.
    pub problem: Problem,
    /// The version that won: the latest one saved, or the one in force now; none when none is.
    pub current: Option<VersionRow>,
    /// Who won.
    pub by: Option<AccountId>,
    /// When.
    pub at: Option<At>,
}

/// What was done meanwhile.
enum Done {
    Saved,
    Published,
    /// Published too, where the caller named no version.
    Unseen,
    Retired,
    Nothing,
}

/// Refuses, unless the version in force is the one that the caller saw.
pub(super) async fn check_active(
    tx: &DatabaseTransaction,
    rule: &rule::Model,
    published: Option<&rule_version::Model>,
    expected: Option<RuleVersionId>,
) -> Result<(), Failure<RuleProblem>> {
    if published.map(|published| published.id) == expected {
        return Ok(());
    }
    let (done, by, at) = match (published, rule.retired_at) {
        (Some(published), _) if expected.is_none() => {
            (Done::Unseen, published.published_by, published.published_at)
        }
        (Some(published), _) => (Done::Published, published.published_by, published.published_at),
        (None, Some(at)) => (Done::Retired, rule.retired_by, Some(at)),
        (None, None) => (Done::Nothing, None, None),
    };
    Err(conflict(tx, rule.structure_id, "expectedActive", (done, by, at), published.cloned()).await?)
}

/// Refuses, unless the latest version is the one that the caller saw.
pub(super) async fn check_latest(
    tx: &DatabaseTransaction,
    structure: StructureId,
    latest: &rule_version::Model,
    (expected, path): (Option<RuleVersionId>, &'static str),
) -> Result<(), Failure<RuleProblem>> {
    if expected == Some(latest.id) {
        return Ok(());
    }
    let saved = (Done::Saved, Some(latest.author), Some(latest.created_at));
    Err(conflict(tx, structure, path, saved, Some(latest.clone())).await?)
}

async fn conflict(
    tx: &DatabaseTransaction,
    structure: StructureId,
    path: &'static str,
    (done, by, at): (Done, Option<AccountId>, Option<At>),
    current: Option<rule_version::Model>,
) -> Result<Failure<RuleProblem>, Fault> {
    let name = match by {
        Some(by) => account::by_id_in(structure, by).one(tx).await?.map(|account| account.email),
        None => None,
    };
    let problem = Problem::new("RULE_CONFLICT")
        .at(&[path])
        .with(
            "done",
            match done {
                Done::Saved => "saved",
                Done::Published => "published",
                Done::Unseen => "unseen",
                Done::Retired => "retired",
                Done::Nothing => "nothing",
            },
        )
        .with("number", current.as_ref().map_or(0, |current| i64::from(current.number)))
        .with("by", name.unwrap_or_default());
    let current = current.map(VersionRow::try_from).transpose()?;
    Ok(Failure::Problem(RuleProblem::Conflict(Box::new(Conflict { problem, current, by, at }))))
}
