//! The order in which the rules that a structure wrote run, after those of the platform.

use std::collections::{HashMap, HashSet};

use entity::enums::Module;
use entity::rule;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;

use super::view::{self, Origin};
use super::{RuleKey, RuleProblem, RuleView, lock, not_found, own_id, versions};
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
            let views = view::views(&task_ctx, tx, structure).await?;
            let own: HashMap<&RuleKey, i32> = (1..)
                .zip(views.iter().filter(|view| view.origin == Origin::Structure && view.moves))
                .map(|(place, view)| (&view.key, place))
                .collect();
            let mut named = HashSet::new();
            for rule in &rules {
                own_id(&task_ctx, rule).map_err(in_list)?;
                if !views.iter().any(|view| view.key == *rule) {
                    return Err(in_list(not_found().into()).into());
                }
                named.insert(rule);
            }
            if rules.len() != named.len()
                || named.len() != own.len()
                || !named.iter().all(|rule| own.contains_key(rule))
            {
                let missing = own.keys().filter(|rule| !named.contains(*rule)).count();
                let problem = Problem::new("RULE_ORDER_INCOMPLETE").at(&["rules"]);
                return Err(problem.with("missing", super::limit(missing)).into());
            }
            for (place, key) in (1..).zip(&rules) {
                if let RuleKey::Own(id) = key {
                    let moved =
                        rule::Entity::update_many().col_expr(rule::Column::Position, Expr::value(place));
                    versions::only(moved, structure, *id).exec(tx).await?;
                }
            }
            Ok::<_, Failure<RuleProblem>>(())
        })
    });
    write.await?;
    let views = view::views(ctx, ctx.store.readers(), structure).await?;
    Ok(views.into_iter().filter(|view| view.position > 0).collect())
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
