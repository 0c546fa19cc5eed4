//! Saving a rule: a new draft version, checked.
//!
//! Architecture Invariant: versions are one line, each made on the latest, so that nobody's work is overwritten unseen.

use std::sync::Arc;

use entity::enums::{Module, RuleState, RuleVersionState};
use entity::ids::{RuleId, RuleVersionId, StructureId};
use entity::{rule, rule_version};
use rules::{Diagnostic, Lang, MAX_MANIFEST_BYTES, MAX_SOURCE_BYTES, declared_slug};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter};

use super::active::platform_params;
use super::conflict::check_latest;
use super::rows::{self, Params, VersionRow};
use super::versions::{self, NewVersion, Text};
use super::view::changed;
use super::{
    Change, MAX_COMMENT_CHARS, MAX_RULES_EVER, RuleKey, RuleProblem, RuleView, is_replaceable, limit, lock,
    locked, not_found, refused, slug_taken,
};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::name::is_invisible;
use crate::error::{Failure, Problem};

/// A rule to save.
#[derive(Debug, Clone)]
pub struct SaveRule {
    /// The rule it is a version of; none for a new rule, whose slug the manifest gives. One of the platform is replaced.
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
pub(super) struct Checked {
    slug: Option<String>,
    text: Text,
    diagnostics: Vec<Diagnostic>,
}

/// What a rule begins with, beside its first version.
pub(super) struct NewRule {
    /// Whether it is to stand in for the platform's rule of its slug.
    pub replaces: bool,
    /// The values set of its parameters, over those that the structure set of the rule it stands in for.
    pub params: Params,
    /// The field of the input that gives its slug.
    pub path: &'static str,
}

/// What a save is of.
enum Target {
    /// A new rule.
    New,
    /// A rule of the platform, to be replaced.
    Platform(String),
    /// A rule of the structure.
    Own(RuleId),
}

/// Saves a new draft version of a rule of the structure, or of a new rule. A draft that does not load is kept with what is
/// wrong with it, and cannot be published. A rule that was retired comes back with it.
///
/// # Errors
/// `RULE_LOCKED` for a rule of the platform that may not be replaced; `RULE_NOT_FOUND`, `RULE_MISSING`, [`RuleProblem::Conflict`],
/// [`RuleProblem::Nameless`], `RULE_SLUG_CHANGED`, `RULE_SLUG_TAKEN`, `RULE_LIMIT_REACHED`, `RULE_VERSION_LIMIT_REACHED`,
/// `RULE_TEXT_TOO_LONG`, `RULE_TEXT_INVALID`, `RULE_COMMENT_TOO_LONG`; [`crate::error::Fault::Forbidden`] without `READ_WRITE` on RULES.
pub async fn save(ctx: &Ctx, caller: &Caller, input: SaveRule) -> Result<Saved, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let SaveRule { rule, based_on, manifest, source, comment } = input;
    let target = target(ctx, rule.as_ref(), based_on)?;
    let draft = Checked::of(ctx, structure, Text { manifest, source, comment }).await?;
    let begin = |replaces| NewRule { replaces, params: Params::new(), path: "manifest" };
    let rule = match target {
        Target::New => return new_rule(ctx, caller, draft, begin(false)).await,
        Target::Own(rule) => rule,
        Target::Platform(slug) => {
            let row = rule::in_structure(structure).filter(rule::Column::Slug.eq(&*slug));
            match (row.one(ctx.store.readers()).await?, based_on) {
                (Some(row), Some(_)) if row.replaces => row.id,
                (Some(row), None) if row.replaces && row.retired_at.is_none() => row.id,
                (Some(row), _) if row.retired_at.is_none() => {
                    return Err(slug_taken(&slug, "manifest").into());
                }
                (_, None) => {
                    check_slug(&draft, &slug)?;
                    return new_rule(ctx, caller, draft, begin(true)).await;
                }
                (_, Some(_)) => return Err(Problem::new("RULE_VERSION_NOT_FOUND").at(&["basedOn"]).into()),
            }
        }
    };
    let (task_ctx, task_caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            next_version(tx, &task_ctx, &task_caller, (rule, based_on), draft).await
        })
    });
    saved(ctx, structure, write.await?).await
}

/// Saves the first draft of a new rule.
pub(super) async fn new_rule(
    ctx: &Ctx,
    caller: &Caller,
    draft: Checked,
    begin: NewRule,
) -> Result<Saved, Failure<RuleProblem>> {
    let structure = caller.structure;
    let (task_ctx, task_caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            first_version(tx, &task_ctx, &task_caller, draft, begin).await
        })
    });
    saved(ctx, structure, write.await?).await
}

/// A version just written, with its rule.
pub(super) async fn saved(
    ctx: &Ctx,
    structure: StructureId,
    version: rule_version::Model,
) -> Result<Saved, Failure<RuleProblem>> {
    let version = VersionRow::try_from(version)?;
    let rule = changed(ctx, structure, &RuleKey::Own(version.rule_id)).await?;
    Ok(Saved { rule, version })
}

/// What the input names.
fn target(ctx: &Ctx, rule: Option<&RuleKey>, based_on: Option<RuleVersionId>) -> Result<Target, RuleProblem> {
    match rule {
        Some(RuleKey::Own(rule)) => Ok(Target::Own(*rule)),
        Some(RuleKey::Platform(slug)) => match ctx.catalog.get(slug) {
            Some(rule) if is_replaceable(rule) => Ok(Target::Platform(slug.clone())),
            Some(_) => Err(locked(slug, Change::Script)),
            None => Err(not_found().into()),
        },
        None if based_on.is_some() => Err(Problem::new("RULE_MISSING").at(&["rule"]).into()),
        None => Ok(Target::New),
    }
}

impl Checked {
    /// Checks sizes first, then loads the rule to see what is wrong with it.
    pub(super) async fn of(
        ctx: &Ctx,
        structure: StructureId,
        text: Text,
    ) -> Result<Self, Failure<RuleProblem>> {
        let Text { manifest, source, comment } = text;
        for (field, text, max) in
            [("manifest", &manifest, MAX_MANIFEST_BYTES), ("source", &source, MAX_SOURCE_BYTES)]
        {
            if text.len() > max {
                return Err(Problem::new("RULE_TEXT_TOO_LONG").at(&[field]).with("max", limit(max)).into());
            }
            if text.contains('\0') {
                return Err(Problem::new("RULE_TEXT_INVALID").at(&[field]).into());
            }
        }
        let comment = checked_comment(comment)?;
        let cache = Arc::clone(&ctx.rule_cache);
        let check = move || {
            let diagnostics = match cache.load(&manifest, &source) {
                Ok(rule) => rule.warnings().to_vec(),
                Err(diagnostics) => diagnostics.to_vec(),
            };
            Self { slug: declared_slug(&manifest), text: Text { manifest, source, comment }, diagnostics }
        };
        Ok(ctx.evaluators.run(structure, check).await?)
    }

    /// The draft version to store.
    fn version(self, rule: RuleId, number: i32) -> NewVersion {
        let Self { text, diagnostics, .. } = self;
        NewVersion { rule, number, state: RuleVersionState::Draft, text, diagnostics }
    }
}

/// The comment, with LF for line ends; none when it says nothing.
pub(super) fn checked_comment(comment: Option<String>) -> Result<Option<String>, Problem> {
    let comment = comment.unwrap_or_default().replace("\r\n", "\n").trim().to_owned();
    if comment.chars().count() > MAX_COMMENT_CHARS {
        let problem = Problem::new("RULE_COMMENT_TOO_LONG").at(&["comment"]);
        return Err(problem.with("max", limit(MAX_COMMENT_CHARS)));
    }
    let refused = |c: char| is_invisible(c) || (c.is_control() && !matches!(c, '\n' | '\t'));
    if comment.chars().any(refused) {
        return Err(Problem::new("RULE_TEXT_INVALID").at(&["comment"]));
    }
    Ok(Some(comment).filter(|comment| !comment.is_empty()))
}

/// The first version of a new rule, which takes the last place and is OFF until it is published. A rule of that slug that was retired
/// goes on with it, so that slug and number always name one version.
async fn first_version(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    draft: Checked,
    begin: NewRule,
) -> Result<rule_version::Model, Failure<RuleProblem>> {
    let Some(slug) = draft.slug.clone() else {
        return Err(nameless(draft.diagnostics, ctx.lang).into());
    };
    let mine = || rule::in_structure(caller.structure);
    let same = mine().filter(rule::Column::Slug.eq(&slug)).one(tx).await?;
    let of_platform = !begin.replaces && ctx.catalog.get(&slug).is_some();
    if of_platform || same.as_ref().is_some_and(|same| same.retired_at.is_none()) {
        return Err(slug_taken(&slug, begin.path).into());
    }
    let setting = if begin.replaces { rows::setting(tx, caller.structure, &slug).await? } else { None };
    let mut params = platform_params(setting.as_ref()).unwrap_or_default();
    params.extend(begin.params);
    if let Some(retired) = same {
        let revived = rule::Entity::update_many()
            .col_expr(rule::Column::Params, Expr::value(rows::column(&params)?))
            .col_expr(rule::Column::Replaces, Expr::value(begin.replaces));
        versions::only(revived, caller.structure, retired.id).exec(tx).await?;
        let latest = versions::latest(tx, caller.structure, retired.id).await?;
        return next_version(tx, ctx, caller, (retired.id, Some(latest.id)), draft).await;
    }
    versions::check_room(tx, caller.structure).await?;
    if mine().count(tx).await? >= MAX_RULES_EVER {
        return Err(Problem::new("RULE_EVER_LIMIT_REACHED").with("max", limit(MAX_RULES_EVER)).into());
    }
    let row = rule::ActiveModel {
        id: Set(ctx.id()),
        structure_id: Set(caller.structure),
        slug: Set(slug),
        state: Set(RuleState::Off),
        position: Set(versions::last_place(tx, caller.structure).await?),
        params: Set(rows::column(&params)?),
        created_at: Set(ctx.at()),
        replaces: Set(begin.replaces),
        retired_at: Set(None),
        retired_by: Set(None),
    };
    let rule = rule::Entity::insert(row).exec_with_returning(tx).await?;
    versions::insert(tx, ctx, caller, draft.version(rule.id, 1)).await
}

/// A new rule whose manifest does not say how it is called: what is wrong with the manifest, of the slug first.
fn nameless(mut diagnostics: Vec<Diagnostic>, lang: Lang) -> RuleProblem {
    let of_slug = |diagnostic: &Diagnostic| {
        let message = &diagnostic.message.en;
        message.starts_with("slug:") || message.contains("missing field `slug`")
    };
    diagnostics.sort_by_key(|diagnostic| !of_slug(diagnostic));
    let code = if diagnostics.first().is_some_and(of_slug) {
        "RULE_SLUG_MISSING"
    } else {
        "RULE_MANIFEST_UNREADABLE"
    };
    let problem = refused(Problem::new(code).at(&["manifest"]), &diagnostics, lang);
    RuleProblem::Nameless(problem, diagnostics)
}

/// The next version of a rule, if it was made on the latest.
async fn next_version(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    (rule, based_on): (RuleId, Option<RuleVersionId>),
    draft: Checked,
) -> Result<rule_version::Model, Failure<RuleProblem>> {
    let row = rule::by_id_in(caller.structure, rule).one(tx).await?.ok_or_else(not_found)?;
    check_slug(&draft, &row.slug)?;
    let latest = versions::latest(tx, caller.structure, rule).await?;
    check_latest(tx, caller.structure, &latest, (based_on, "basedOn")).await?;
    let number = versions::next_number(&latest)?;
    if row.retired_at.is_some() {
        versions::bring_back(tx, caller.structure, rule).await?;
    }
    versions::insert(tx, ctx, caller, draft.version(rule, number)).await
}

/// A rule keeps its slug.
fn check_slug(draft: &Checked, expected: &str) -> Result<(), Problem> {
    match &draft.slug {
        Some(slug) if slug != expected => Err(Problem::new("RULE_SLUG_CHANGED")
            .at(&["manifest"])
            .with("expected", expected)
            .with("found", slug.clone())),
        _ => Ok(()),
    }
}
