//! The order in which the rules that a structure wrote run, after those of the platform.

use std::collections::HashSet;

use entity::enums::Module;
use entity::rule;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;

use super::{RuleKey, RuleProblem, RuleView, is_rewritten, lock, not_found, own_id, versions, view};
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
            let in_order = own
                .iter()
                .filter(|rule| rule.retired_at.is_none() && !is_rewritten(&task_ctx, rule))
                .map(|rule| rule.id)
                .collect::<HashSet<_>>();
            let mut ids = Vec::new();
            for key in &rules {
                let id = own_id(&task_ctx, key).map_err(in_list)?;
                if !own.iter().any(|rule| rule.id == id) {
                    return Err(in_list(not_found().into()).into());
                }
                ids.push(id);
            }
            let named = ids.iter().copied().collect::<HashSet<_>>();
            if ids.len() != named.len() || named != in_order {
                let problem = Problem::new("RULE_ORDER_INCOMPLETE").at(&["rules"]);
                let missing = in_order.difference(&named).count();
                return Err(problem.with("missing", super::limit(missing)).into());
            }
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

/// A problem of one rule of the list.
fn in_list(problem: RuleProblem) -> RuleProblem {
    let of = |mut problem: Problem| {
        problem.path = vec!["rules".into()];
        problem
    };
    match problem {
        RuleProblem::Input(problem) => RuleProblem::Input(of(problem)),
        RuleProblem::Locked(problem) => RuleProblem::Locked(of(problem)),
        conflict @ RuleProblem::Conflict(_) => conflict,
    }
}
