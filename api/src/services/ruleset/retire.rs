//! Going back: to an earlier version, to none, or from a draft.
//!
//! Architecture Invariant: what was in force once is never deleted: it explains what it decided. A rule in use has a version in force, or a
//! draft that is to be; a retired one has none in force.

use entity::enums::{Module, RuleState, RuleVersionState};
use entity::ids::{RuleId, RuleVersionId, StructureId};
use entity::{rule, rule_version};
use rules::State;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::conflict::{check_active, check_latest};
use super::publish::{Wanted, load, make_way, mark, version_not_found};
use super::versions::{self, NewVersion, Text};
use super::view::changed;
use super::{Change, RuleKey, RuleProblem, RuleView, Saved, lock, not_found, own_id, rows, save};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Problem};

/// An earlier version to put in force again.
#[derive(Debug, Clone)]
pub struct RollBackRule {
    /// The rule.
    pub rule: RuleKey,
    /// The version whose texts are to be in force again.
    pub to: RuleVersionId,
    /// The version that was in force when the caller looked; none where none was.
    pub expected_active: Option<RuleVersionId>,
    /// The state that the rule takes; none for the one it has, or that of a first publication where no version is in force.
    pub state: Option<State>,
    /// What the caller says of it.
    pub comment: Option<String>,
}

/// Publishes the texts of a version that was in force before, as a new version. A rule that was retired comes back with it.
///
/// # Errors
/// [`RuleProblem::Conflict`], `RULE_LOCKED` for a rule of the platform, `RULE_NOT_FOUND`, `RULE_VERSION_NOT_FOUND`,
/// `RULE_VERSION_NEVER_PUBLISHED`, `RULE_VERSION_ALREADY_PUBLISHED`, `RULE_VERSION_LIMIT_REACHED`, `RULE_LIMIT_REACHED`, and those of a
/// publication and of comments; [`crate::error::Fault::Forbidden`] without `READ_WRITE` on RULES.
pub async fn roll_back(
    ctx: &Ctx,
    caller: &Caller,
    input: RollBackRule,
) -> Result<Saved, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let RollBackRule { rule, to, expected_active, state, comment } = input;
    let id = own_id(ctx, &rule, Change::Version)?;
    let comment = save::checked_comment(comment)?;
    let query = rule_version::by_id_in(structure, to).filter(rule_version::Column::RuleId.eq(id));
    rule::by_id_in(structure, id).one(ctx.store.readers()).await?.ok_or_else(not_found)?;
    let to = query.one(ctx.store.readers()).await?.ok_or_else(|| version_not_found("toVersion"))?;
    let loaded = load(ctx, &to, "toVersion").await?;
    let (task_ctx, task_caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            let (ctx, caller) = (&task_ctx, &task_caller);
            lock(tx, structure).await?;
            let rule = rule::by_id_in(structure, id).one(tx).await?.ok_or_else(not_found)?;
            let published = rows::published_of(tx, structure, id).await?;
            check_active(tx, &rule, published.as_ref(), expected_active).await?;
            // Read again: drafts may be discarded meanwhile, and versions superseded.
            let to = rule_version::by_id_in(structure, to.id).one(tx).await?;
            let to = to.ok_or_else(|| version_not_found("toVersion"))?;
            let refused = |code| Err(Problem::new(code).at(&["toVersion"]).into());
            match to.state {
                RuleVersionState::Superseded => {}
                RuleVersionState::Published => return refused("RULE_VERSION_ALREADY_PUBLISHED"),
                RuleVersionState::Draft => return refused("RULE_VERSION_NEVER_PUBLISHED"),
            }
            let number = versions::next_number(&versions::latest(tx, structure, id).await?)?;
            let wanted = state.map_or(Wanted::Kept, Wanted::This);
            make_way(tx, ctx, &rule, (published.as_ref(), &loaded), wanted).await?;
            let version = NewVersion {
                rule: id,
                number,
                state: RuleVersionState::Published,
                text: Text { manifest: to.manifest, source: to.source, comment },
                diagnostics: loaded.warnings().to_vec(),
            };
            versions::insert(tx, ctx, caller, version).await
        })
    });
    save::saved(ctx, structure, write.await?).await
}

/// Takes a rule of the structure out of use: it leaves the order and no longer runs. The rule of the platform that it stood in for runs
/// again, as the structure had set it.
///
/// # Errors
/// [`RuleProblem::Conflict`] when the version in force is not `expected_active`, `RULE_LOCKED` for a rule of the platform,
/// `RULE_NOT_FOUND`, `RULE_NOT_PUBLISHED`; [`crate::error::Fault::Forbidden`] without `READ_WRITE` on RULES.
pub async fn retire(
    ctx: &Ctx,
    caller: &Caller,
    rule: &RuleKey,
    expected_active: Option<RuleVersionId>,
) -> Result<RuleView, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let id = own_id(ctx, rule, Change::Use)?;
    let (task_ctx, task_caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            let rule = rule::by_id_in(structure, id).one(tx).await?.ok_or_else(not_found)?;
            let published = rows::published_of(tx, structure, id).await?;
            check_active(tx, &rule, published.as_ref(), expected_active).await?;
            let published = published.ok_or_else(|| Problem::new("RULE_NOT_PUBLISHED").at(&["rule"]))?;
            mark(structure, published.id, RuleVersionState::Superseded).exec(tx).await?;
            put_away(tx, &task_ctx, &task_caller, id).await
        })
    });
    write.await?;
    Ok(changed(ctx, structure, rule).await?)
}

/// Discards the drafts of a rule that were saved since a version of it was last in force. A rule that had never been in force is gone
/// then: none.
///
/// # Errors
/// [`RuleProblem::Conflict`] when `latest` is not the latest version, `RULE_LOCKED` for a rule of the platform, `RULE_NOT_FOUND`,
/// `RULE_VERSION_NOT_DRAFT`; [`crate::error::Fault::Forbidden`] without `READ_WRITE` on RULES.
pub async fn discard(
    ctx: &Ctx,
    caller: &Caller,
    rule: &RuleKey,
    latest: RuleVersionId,
) -> Result<Option<RuleView>, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let id = own_id(ctx, rule, Change::Version)?;
    let (task_ctx, task_caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            let rule = rule::by_id_in(structure, id).one(tx).await?.ok_or_else(not_found)?;
            let last = versions::latest(tx, structure, id).await?;
            check_latest(tx, structure, &last, (Some(latest), "version")).await?;
            if last.state != RuleVersionState::Draft {
                return Err(Problem::new("RULE_VERSION_NOT_DRAFT").at(&["version"]).into());
            }
            let kept = rows::last_in_force(tx, structure, id).await?;
            delete_after(tx, structure, id, kept.as_ref().map_or(0, |kept| kept.number)).await?;
            match &kept {
                None => {
                    let gone = rule::Entity::delete_many()
                        .filter(rule::Column::StructureId.eq(structure))
                        .filter(rule::Column::Id.eq(id));
                    gone.exec(tx).await?;
                }
                Some(kept) if kept.state != RuleVersionState::Published && rule.retired_at.is_none() => {
                    put_away(tx, &task_ctx, &task_caller, id).await?;
                }
                Some(_) => {}
            }
            Ok::<_, Failure<RuleProblem>>(kept.is_some())
        })
    });
    if write.await? { Ok(Some(changed(ctx, structure, rule).await?)) } else { Ok(None) }
}

async fn delete_after(
    tx: &DatabaseTransaction,
    structure: StructureId,
    rule: RuleId,
    number: i32,
) -> Result<(), Failure<RuleProblem>> {
    rule_version::Entity::delete_many()
        .filter(rule_version::Column::StructureId.eq(structure))
        .filter(rule_version::Column::RuleId.eq(rule))
        .filter(rule_version::Column::Number.gt(number))
        .exec(tx)
        .await?;
    Ok(())
}

/// Marks a rule as retired.
async fn put_away(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    rule: RuleId,
) -> Result<(), Failure<RuleProblem>> {
    let away = rule::Entity::update_many()
        .col_expr(rule::Column::State, Expr::value(RuleState::Off))
        .col_expr(rule::Column::RetiredAt, Expr::value(Some(ctx.at())))
        .col_expr(rule::Column::RetiredBy, Expr::value(Some(caller.account)));
    versions::only(away, caller.structure, rule).exec(tx).await?;
    Ok(())
}
