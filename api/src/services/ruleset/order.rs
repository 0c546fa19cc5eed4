//! The order in which the rules that a structure wrote run, after those of the platform.

use entity::enums::Module;
use entity::ids::RuleId;
use entity::rule;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;

use super::{Change, RuleKey, RuleProblem, RuleView, is_rewritten, lock, not_found, own_id, versions, view};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Problem};

/// Puts the structure's own rules in that order; those that stand in for rules of the platform keep the places of these. Every one in
/// use is named once, so that an order made before another rule came or went is not taken for one of today.
///
/// # Errors
/// `RULE_LOCKED` for a rule of the platform, `RULE_NOT_FOUND`, `RULE_ORDER_INCOMPLETE`; [`crate::error::Fault::Forbidden`] without
/// `READ_WRITE` on RULES.
pub async fn reorder(
    ctx: &Ctx,
    caller: &Caller,
    rules: Vec<RuleKey>,
) -> Result<Vec<RuleView>, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let task_ctx = ctx.clone();
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            let own = rule::in_structure(structure).all(tx).await?;
            let mut ids = Vec::new();
            for (place, key) in rules.iter().enumerate() {
                let id = own_id(&task_ctx, key, Change::Place).map_err(|problem| in_list(problem, place))?;
                if !own.iter().any(|rule| rule.id == id) {
                    return Err(in_list(not_found().into(), place).into());
                }
                ids.push(id);
            }
            check_complete(&task_ctx, &own, &ids)?;
            for (place, id) in (1..).zip(ids) {
                let moved = rule::Entity::update_many().col_expr(rule::Column::Position, Expr::value(place));
                versions::only(moved, structure, id).exec(tx).await?;
            }
            Ok::<_, Failure<RuleProblem>>(())
        })
    });
    write.await?;
    Ok(view::in_use(ctx, structure).await?)
}

/// Refuses an order that leaves out a rule in use, names one twice, or one that has no place of its own.
fn check_complete(ctx: &Ctx, own: &[rule::Model], ids: &[RuleId]) -> Result<(), Problem> {
    let placed = |rule: &rule::Model| rule.retired_at.is_none() && !is_rewritten(ctx, rule);
    let named = |rule: &rule::Model| ids.iter().filter(|id| **id == rule.id).count();
    let slugs = |is: &dyn Fn(&rule::Model) -> bool| {
        let slugs: Vec<&str> = own.iter().filter(|rule| is(rule)).map(|rule| &*rule.slug).collect();
        (super::limit(slugs.len()), slugs.join(", "))
    };
    let (missing, missing_slugs) = slugs(&|rule| placed(rule) && named(rule) == 0);
    let (repeated, repeated_slugs) = slugs(&|rule| named(rule) > 1);
    let (placeless, placeless_slugs) = slugs(&|rule| !placed(rule) && named(rule) > 0);
    if missing + repeated + placeless == 0 {
        return Ok(());
    }
    Err(Problem::new("RULE_ORDER_INCOMPLETE")
        .at(&["rules"])
        .with("missing", missing)
        .with("missing_slugs", missing_slugs)
        .with("repeated", repeated)
        .with("repeated_slugs", repeated_slugs)
        .with("placeless", placeless)
        .with("placeless_slugs", placeless_slugs))
}

/// A problem of one rule of the list.
fn in_list(problem: RuleProblem, place: usize) -> RuleProblem {
    let of = |mut problem: Problem| {
        problem.path = vec!["rules".into(), place.to_string().into()];
        problem
    };
    match problem {
        RuleProblem::Input(problem) => RuleProblem::Input(of(problem)),
        RuleProblem::Locked(problem) => RuleProblem::Locked(of(problem)),
        other @ (RuleProblem::Conflict(_) | RuleProblem::Nameless(..)) => other,
    }
}
