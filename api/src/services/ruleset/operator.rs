//! What the operator does with the rules of a structure: lists them, takes their texts out, brings texts in.
//!
//! Architecture Invariant: what comes in passes the same doors as what an administrator saves and publishes, and bears the name of one.

use entity::enums::{AccountKind, RuleVersionState};
use entity::ids::StructureId;
use entity::{account, rule, structure};
use rules::{State, as_own};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use super::rows::{self, OwnRow};
use super::{
    PublishRule, RuleKey, RuleProblem, RuleView, SaveRule, Saved, SetRule, cache, is_replaceable,
    is_rewritten, publish, save, set_state, state_of, view,
};
use crate::app::Ctx;
use crate::caller::{Caller, Operator};
use crate::error::{Failure, Fault};

/// The two texts of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTexts {
    /// The manifest, in TOML.
    pub manifest: String,
    /// The script, in Rhai.
    pub source: String,
}

/// What became of texts that were brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// They are those of the latest version, of this number, in that state.
    Unchanged(i32),
    /// They are a new version, a draft.
    Saved(i32),
    /// They are in force.
    Published(i32),
}

/// Every rule of a structure in use, in the order they run: the platform's as it set them, or those it wrote in their places, then its others.
///
/// # Errors
/// The database's.
pub async fn rules_of(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
) -> Result<Vec<RuleView>, Fault> {
    view::in_use(ctx, structure).await
}

/// The texts of a structure's own rule of that slug, the published version or else the latest; or those of a rule of the platform as
/// another structure can bring them in. None when there is no such rule.
///
/// # Errors
/// The database's.
pub async fn texts_of(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
    slug: &str,
) -> Result<Option<RuleTexts>, Fault> {
    if let Some(OwnRow { version, .. }) = own(ctx, structure, slug).await? {
        return Ok(Some(RuleTexts { manifest: version.manifest, source: version.source }));
    }
    let Some(rule) = ctx.catalog.get(slug) else { return Ok(None) };
    let manifest = as_own(rule.manifest_toml(), slug);
    let manifest = manifest.ok_or_else(|| Fault::internal("a rule of the catalogue has no slug"))?;
    Ok(Some(RuleTexts { manifest, source: rule.source().to_owned() }))
}

/// Brings in the texts of a structure's own rule, in the name of its first administrator that may sign in: a new version of the rule of
/// that slug, or a new rule, in the place of the platform's rule of that slug where it may be replaced; in force when `state` says in which.
/// The same texts again are no new version.
///
/// # Errors
/// Those of [`save`] and [`publish`]; none when the structure has no administrator.
pub async fn bring_in(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
    texts: RuleTexts,
    (state, comment): (Option<State>, String),
) -> Result<Option<Imported>, Failure<RuleProblem>> {
    let Some(caller) = administrator(ctx, structure).await? else { return Ok(None) };
    let slug = rules::declared_slug(&texts.manifest).unwrap_or_default();
    let known = own(ctx, structure, &slug).await?;
    let latest = match &known {
        Some(known) => rows::latest(ctx.store.readers(), structure, known.rule.id).await?,
        None => None,
    };
    let same = |latest: &entity::rule_version::Model| {
        cache::hash(&latest.manifest, &latest.source) == cache::hash(&texts.manifest, &texts.source)
    };
    let retired = known.as_ref().is_some_and(|known| known.rule.retired_at.is_some());
    let (version, number) = if let Some(latest) = latest.as_ref().filter(|latest| !retired && same(latest)) {
        (latest.id, latest.number)
    } else {
        let rewritten = ctx.catalog.get(&slug).is_some_and(|rule| is_replaceable(rule));
        let rule = match &known {
            Some(known) => Some(RuleKey::Own(known.rule.id)),
            None => rewritten.then_some(RuleKey::Platform(slug)),
        };
        let input = SaveRule {
            rule,
            based_on: latest.as_ref().map(|latest| latest.id),
            manifest: texts.manifest,
            source: texts.source,
            comment: Some(comment),
        };
        let Saved { version, .. } = save(ctx, &caller, input).await?;
        if state.is_none() {
            return Ok(Some(Imported::Saved(version.number)));
        }
        (version.id, version.number)
    };
    let Some(state) = state else { return Ok(Some(Imported::Unchanged(number))) };
    let in_force = known.filter(|known| known.version.state == RuleVersionState::Published);
    let expected_active = in_force.as_ref().map(|known| known.version.id);
    match in_force.filter(|known| known.version.id == version) {
        Some(known) if state_of(known.rule.state) == state => return Ok(Some(Imported::Unchanged(number))),
        Some(known) => {
            let rule = RuleKey::Own(known.rule.id);
            set_state(ctx, &caller, SetRule { rule, state: Some(state), parameters: Vec::new() }).await?;
        }
        None => {
            publish(ctx, &caller, PublishRule { version, expected_active, state: Some(state) }).await?;
        }
    }
    Ok(Some(Imported::Published(number)))
}

/// A rule that a structure wrote under the slug of one of the operator's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namesake {
    /// The name of the structure.
    pub structure: String,
    /// The slug of both.
    pub slug: String,
    /// Whether the structure's runs in the place of the operator's, rather than beside it.
    pub in_its_place: bool,
}

/// The published rules of structures that have the slug of a rule of the operator's folder, in force now.
///
/// # Errors
/// The database's.
pub async fn namesakes(ctx: &Ctx, _operator: Operator) -> Result<Vec<Namesake>, Fault> {
    let slugs: Vec<&str> = ctx.catalog.plugins().map(|rule| &*rule.manifest().slug).collect();
    if slugs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = rule::published_of_slugs(&slugs).all(ctx.store.readers()).await?;
    let mut namesakes = Vec::new();
    for rule in rows {
        let structure = structure::by_id(rule.structure_id).one(ctx.store.readers()).await?;
        namesakes.push(Namesake {
            structure: structure.map(|structure| structure.name).unwrap_or_default(),
            in_its_place: is_rewritten(ctx, &rule),
            slug: rule.slug,
        });
    }
    Ok(namesakes)
}

/// The structure's own rule of that slug, with its published version, or else its latest.
async fn own(ctx: &Ctx, structure: StructureId, slug: &str) -> Result<Option<OwnRow>, Fault> {
    let rules = rows::shown(ctx.store.readers(), structure, rule::Column::Slug.eq(slug)).await?;
    Ok(rules.into_iter().next())
}

/// The structure's first administrator that may sign in: the versions of a rule have an author, who answers for them.
async fn administrator(ctx: &Ctx, structure: StructureId) -> Result<Option<Caller>, Fault> {
    let query = account::in_structure(structure)
        .filter(account::Column::Kind.eq(AccountKind::Admin))
        .filter(account::Column::DisabledAt.is_null())
        .order_by_asc(account::Column::Id);
    let first = query.one(ctx.store.readers()).await?;
    Ok(first.map(|row| Caller::new(structure, row.id, ctx.id(), row.kind, [])))
}
