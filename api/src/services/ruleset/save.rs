//! Saving a rule: a new draft version, checked.
//!
//! Architecture Invariant: versions are one line, each made on the latest, so that nobody's work is overwritten unseen.

use entity::enums::{Module, RuleState, RuleVersionState};
use entity::ids::{RuleId, RuleVersionId, StructureId};
use entity::{account, rule, rule_version};
use rules::{Diagnostic, MAX_MANIFEST_BYTES, MAX_SOURCE_BYTES, declared_slug};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
};

use super::rows::{self, VersionRow};
use super::view::changed;
use super::{
    MAX_COMMENT_CHARS, MAX_OWN_RULES, MAX_VERSIONS, RuleKey, RuleProblem, RuleView, cache, first_error, hex,
    lock, locked, not_found,
};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};

/// A rule to save.
#[derive(Debug, Clone)]
pub struct SaveRule {
    /// The rule it is a version of; none for a new rule, whose slug the manifest gives.
    pub rule: Option<RuleKey>,
    /// The version that the author worked from; none for a new rule.
    pub based_on: Option<RuleVersionId>,
    /// The manifest, in TOML.
    pub manifest: String,
    /// The script, in Rhai.
    pub source: String,
    /// What the author says of it.
    pub comment: Option<String>,
}

/// A rule, and the version of it that was saved or published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The rule as it is now.
    pub rule: RuleView,
    /// The version.
    pub version: VersionRow,
}

/// A version about to be stored, checked.
struct Draft {
    slug: Option<String>,
    manifest: String,
    source: String,
    comment: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

/// Saves a new draft version of a rule of the structure, or of a new rule. A draft that does not load is kept with what is
/// wrong with it, and cannot be published.
///
/// # Errors
/// `RULE_LOCKED` for a rule of the platform; `RULE_NOT_FOUND`, `RULE_MISSING`, `RULE_VERSION_CONFLICT`, `RULE_SLUG_MISSING`,
/// `RULE_SLUG_CHANGED`, `RULE_SLUG_TAKEN`, `RULE_LIMIT_REACHED`, `RULE_VERSION_LIMIT_REACHED`, `RULE_TEXT_TOO_LONG`,
/// `RULE_TEXT_INVALID`, `RULE_COMMENT_TOO_LONG`; [`Fault::Forbidden`] without `READ_WRITE` on RULES.
pub async fn save(ctx: &Ctx, caller: &Caller, input: SaveRule) -> Result<Saved, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let target = target(ctx, &input)?;
    let draft = check(ctx, input).await?;
    let (task_ctx, task_caller) = (ctx.clone(), caller.clone());
    let new_slug = target.is_none().then(|| draft.slug.clone()).flatten();
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            match target {
                Some((rule, based_on)) => {
                    next_version(tx, &task_ctx, &task_caller, (rule, based_on), draft).await
                }
                None => first_version(tx, &task_ctx, &task_caller, draft).await,
            }
        })
    });
    let version = match (write.await, new_slug) {
        (Err(Failure::Fault(Fault::Store(error))), Some(slug)) if error.is_unique_violation() => {
            return Err(slug_taken(&slug).into());
        }
        (written, _) => VersionRow::try_from(written?)?,
    };
    let rule = changed(ctx, structure, &RuleKey::Own(version.rule_id)).await?;
    Ok(Saved { rule, version })
}

/// The rule that the input names, with the version it was made on; none for a new one.
fn target(ctx: &Ctx, input: &SaveRule) -> Result<Option<(RuleId, Option<RuleVersionId>)>, RuleProblem> {
    match &input.rule {
        Some(RuleKey::Own(rule)) => Ok(Some((*rule, input.based_on))),
        Some(RuleKey::Platform(slug)) if ctx.catalog.get(slug).is_some() => Err(locked(slug)),
        Some(RuleKey::Platform(_)) => Err(not_found().into()),
        None if input.based_on.is_some() => Err(Problem::new("RULE_MISSING").at(&["rule"]).into()),
        None => Ok(None),
    }
}

/// Checks sizes first, then loads the rule to see what is wrong with it.
async fn check(ctx: &Ctx, input: SaveRule) -> Result<Draft, Failure<RuleProblem>> {
    for (field, text, max) in
        [("manifest", &input.manifest, MAX_MANIFEST_BYTES), ("source", &input.source, MAX_SOURCE_BYTES)]
    {
        if text.len() > max {
            return Err(Problem::new("RULE_TEXT_TOO_LONG").at(&[field]).with("max", limit(max)).into());
        }
        if text.contains('\0') {
            return Err(Problem::new("RULE_TEXT_INVALID").at(&[field]).into());
        }
    }
    let comment =
        input.comment.map(|comment| comment.trim().to_owned()).filter(|comment| !comment.is_empty());
    if let Some(comment) = &comment {
        if comment.chars().count() > MAX_COMMENT_CHARS {
            let problem = Problem::new("RULE_COMMENT_TOO_LONG").at(&["comment"]);
            return Err(problem.with("max", limit(MAX_COMMENT_CHARS)).into());
        }
        if comment.contains('\0') {
            return Err(Problem::new("RULE_TEXT_INVALID").at(&["comment"]).into());
        }
    }
    let (task_ctx, manifest, source) = (ctx.clone(), input.manifest, input.source);
    let checking = tokio::task::spawn_blocking(move || {
        let diagnostics = match task_ctx.rule_cache.load(&manifest, &source) {
            Ok(rule) => rule.warnings().to_vec(),
            Err(diagnostics) => diagnostics.to_vec(),
        };
        Draft { slug: declared_slug(&manifest), manifest, source, comment, diagnostics }
    });
    Ok(checking.await.map_err(Fault::internal)?)
}

/// The first version of a new rule, which takes the last place and is OFF until it is published.
async fn first_version(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    draft: Draft,
) -> Result<rule_version::Model, Failure<RuleProblem>> {
    let Some(slug) = draft.slug.clone() else {
        let of_slug = draft.diagnostics.iter().find(|diagnostic| diagnostic.message.en.starts_with("slug:"));
        let reason = of_slug.map_or_else(
            || first_error(&draft.diagnostics, ctx.lang),
            |diagnostic| diagnostic.message.get(ctx.lang).to_owned(),
        );
        return Err(Problem::new("RULE_SLUG_MISSING").at(&["manifest"]).with("reason", reason).into());
    };
    let mine = || rule::in_structure(caller.structure);
    let taken = ctx.catalog.get(&slug).is_some()
        || mine().filter(rule::Column::Slug.eq(&slug)).one(tx).await?.is_some();
    if taken {
        return Err(slug_taken(&slug).into());
    }
    if mine().count(tx).await? >= MAX_OWN_RULES {
        let problem = Problem::new("RULE_LIMIT_REACHED");
        return Err(problem.with("max", i64::try_from(MAX_OWN_RULES).unwrap_or(i64::MAX)).into());
    }
    let last = mine().order_by_desc(rule::Column::Position).one(tx).await?;
    let row = rule::ActiveModel {
        id: Set(ctx.id()),
        structure_id: Set(caller.structure),
        slug: Set(slug),
        state: Set(RuleState::Off),
        position: Set(last.map_or(1, |last| last.position + 1)),
        params: Set(serde_json::json!({})),
        created_at: Set(ctx.at()),
    };
    let rule = rule::Entity::insert(row).exec_with_returning(tx).await?;
    insert(tx, ctx, caller, (rule.id, 1), draft).await
}

/// The next version of a rule, if it was made on the latest.
async fn next_version(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    (rule, based_on): (RuleId, Option<RuleVersionId>),
    draft: Draft,
) -> Result<rule_version::Model, Failure<RuleProblem>> {
    let row = rule::by_id_in(caller.structure, rule).one(tx).await?.ok_or_else(not_found)?;
    if let Some(slug) = draft.slug.as_ref().filter(|slug| **slug != row.slug) {
        let problem = Problem::new("RULE_SLUG_CHANGED").at(&["manifest"]);
        return Err(problem.with("expected", row.slug).with("found", slug.clone()).into());
    }
    let latest = rows::latest(tx, caller.structure, rule).await?;
    let latest = latest.ok_or_else(|| Fault::internal("a rule without a version"))?;
    if based_on != Some(latest.id) {
        return Err(conflict(tx, caller.structure, &latest).await?.into());
    }
    if latest.number >= MAX_VERSIONS {
        return Err(Problem::new("RULE_VERSION_LIMIT_REACHED")
            .at(&["rule"])
            .with("max", i64::from(MAX_VERSIONS))
            .into());
    }
    insert(tx, ctx, caller, (rule, latest.number + 1), draft).await
}

async fn insert(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    (rule, number): (RuleId, i32),
    draft: Draft,
) -> Result<rule_version::Model, Failure<RuleProblem>> {
    let hash = cache::hash(&draft.manifest, &draft.source);
    let row = rule_version::ActiveModel {
        id: Set(ctx.id()),
        structure_id: Set(caller.structure),
        rule_id: Set(rule),
        number: Set(number),
        state: Set(RuleVersionState::Draft),
        manifest: Set(draft.manifest),
        source: Set(draft.source),
        hash: Set(hex(&hash)),
        diagnostics: Set(serde_json::to_value(draft.diagnostics).map_err(Fault::internal)?),
        author: Set(caller.account),
        comment: Set(draft.comment),
        created_at: Set(ctx.at()),
    };
    Ok(rule_version::Entity::insert(row).exec_with_returning(tx).await?)
}

/// Somebody saved meanwhile: which version, and who.
async fn conflict(
    tx: &DatabaseTransaction,
    structure: StructureId,
    latest: &rule_version::Model,
) -> Result<Problem, Fault> {
    let author = account::by_id_in(structure, latest.author).one(tx).await?;
    let problem =
        Problem::new("RULE_VERSION_CONFLICT").at(&["basedOn"]).with("number", i64::from(latest.number));
    Ok(problem.with("author", author.map(|author| author.email).unwrap_or_default()))
}

fn slug_taken(slug: &str) -> Problem {
    Problem::new("RULE_SLUG_TAKEN").at(&["manifest"]).with("slug", slug)
}

fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}
