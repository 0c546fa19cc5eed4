//! Rules as a structure's accounts see them.
//!
//! Invariant: the state and the values shown are those that [`super::active`] applies.

use std::collections::HashMap;
use std::sync::Arc;

use entity::enums::{Module, RuleVersionState};
use entity::ids::{AccountId, RuleId, RuleVersionId, StructureId};
use entity::{At, rule, rule_setting, rule_version};
use rules::{LocalText, Lock, Manifest, ParamKind, ParamSpec, ParamValue, Rule, Stage, State};
use sea_orm::sea_query::{Alias, ExprTrait as _, IntoCondition};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryTrait};

use super::active::{platform_params, platform_state};
use super::rows::{self, OwnRow, Params, VersionRow};
use super::{RuleKey, is_rewritten, state_of};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};

/// Whose rule it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The platform's: a built-in, or a plugin of the operator's.
    Platform,
    /// Written by the structure.
    Structure,
}

/// A rule, as a structure applies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleView {
    /// Names it.
    pub key: RuleKey,
    /// Its name for machines.
    pub slug: String,
    /// How it is called; its slug when its manifest cannot be read.
    pub title: LocalText,
    /// What it is for.
    pub description: LocalText,
    /// Whose rule it is.
    pub origin: Origin,
    /// What the structure may change of it.
    pub lock: Lock,
    /// When it runs; empty when its manifest cannot be read.
    pub stages: Vec<Stage>,
    /// Whether it counts; OFF as long as no version is published.
    pub state: State,
    /// Its place in the order of running, from 1; 0 when it has none, being retired or replaced.
    pub position: i32,
    /// What may be set of it, by name.
    pub parameters: Vec<ParameterView>,
    /// The published version of a rule that the structure wrote.
    pub active: Option<VersionRow>,
    /// The rule of the platform in whose place it runs, once it is published.
    pub replaces: Option<RuleKey>,
    /// The rule of the structure that runs in its place.
    pub replaced_by: Option<RuleKey>,
    /// Since when it is out of use; none while it is in use.
    pub retired_at: Option<At>,
    /// Who took it out of use.
    pub retired_by: Option<AccountId>,
}

/// A parameter of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterView {
    /// Its name.
    pub name: String,
    /// How it is called.
    pub title: LocalText,
    /// What it holds.
    pub kind: ParamKind,
    /// Its value, in the notation of manifests.
    pub value: String,
    /// Its value where nobody set another.
    pub default: String,
    /// The least value.
    pub min: Option<String>,
    /// The greatest value.
    pub max: Option<String>,
    /// The only texts it may be, or hold.
    pub options: Option<Vec<String>>,
    /// The parameter whose value this one's is greater than.
    pub above: Option<String>,
}

impl Keyed for RuleView {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(match &self.key {
            RuleKey::Platform(slug) => slug.clone(),
            RuleKey::Own(id) => id.as_uuid().to_string(),
        })]
    }
}

/// Every rule of the caller's structure, in the order they run: the platform's, those of the structure that run in their places, and then
/// its others. At the end, those without a place: the replaced and the retired.
///
/// Two statements.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on RULES.
pub async fn all(ctx: &Ctx, caller: &Caller) -> Result<Vec<RuleView>, Fault> {
    let structure = caller.may_read(Module::Rules)?.structure;
    drawn(ctx, structure, placed(ctx, structure, Condition::all()).await?).await
}

/// A page of the rules of the caller's structure, in the order they run; or of those that are retired.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on RULES; those of a page.
pub async fn rules_page(
    ctx: &Ctx,
    caller: &Caller,
    retired: bool,
    args: &PageArgs,
) -> Result<Page<RuleView>, Fault> {
    let structure = caller.may_read(Module::Rules)?.structure;
    let (name, rules) = if retired {
        ("rules-retired", self::retired(ctx, structure).await?)
    } else {
        ("rules", in_use(ctx, structure).await?)
    };
    Listing::ascending(name, structure).by(Alias::new("key"), KeyKind::Text).cut(rules, args)
}

/// The same page of the versions of each of these rules that the structure wrote, latest first, with as many statements however
/// many rules; a rule of another structure is absent.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on RULES; those of a page.
pub async fn versions_of_each(
    ctx: &Ctx,
    caller: &Caller,
    rules: &[RuleId],
    args: &PageArgs,
) -> Result<HashMap<RuleId, Page<VersionRow>>, Fault> {
    let structure = caller.may_read(Module::Rules)?.structure;
    let query = rule_version::in_structure(structure).into_query();
    let owner = (rule_version::Entity, rule_version::Column::RuleId);
    Listing::descending("rule-versions", structure)
        .by((rule_version::Entity, rule_version::Column::Number), KeyKind::Number)
        .page_of_each(ctx.store.readers(), query, owner, rules, args)
        .await
}

/// The versions of those ids that are of rules of the caller's structure, in no particular order, with one statement; others
/// are passed over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on RULES.
pub async fn versions_by_ids(
    ctx: &Ctx,
    caller: &Caller,
    ids: &[RuleVersionId],
) -> Result<Vec<VersionRow>, Fault> {
    let structure = caller.may_read(Module::Rules)?.structure;
    let query =
        rule_version::in_structure(structure).filter(rule_version::Column::Id.is_in(ids.iter().copied()));
    query.all(ctx.store.readers()).await?.into_iter().map(VersionRow::try_from).collect()
}

/// The rule just changed, for the answer to the one who changed it.
pub(super) async fn changed(ctx: &Ctx, structure: StructureId, key: &RuleKey) -> Result<RuleView, Fault> {
    let in_use = rule::Column::RetiredAt.is_null();
    let which = match key {
        RuleKey::Platform(_) => in_use,
        RuleKey::Own(id) => in_use.or(rule::Column::Id.eq(*id)),
    };
    let mut rules = placed(ctx, structure, which).await?;
    rules.retain(|rule| rule.key() == *key);
    drawn(ctx, structure, rules).await?.pop().ok_or_else(|| Fault::internal("a rule just changed is gone"))
}

/// The rules in use of a structure, in the order they run.
pub(super) async fn in_use(ctx: &Ctx, structure: StructureId) -> Result<Vec<RuleView>, Fault> {
    let mut rules = placed(ctx, structure, rule::Column::RetiredAt.is_null()).await?;
    rules.retain(|rule| rule.position > 0);
    drawn(ctx, structure, rules).await
}

/// The rules that a structure retired.
async fn retired(ctx: &Ctx, structure: StructureId) -> Result<Vec<RuleView>, Fault> {
    let mut rules = placed(ctx, structure, rule::Column::RetiredAt.is_not_null()).await?;
    rules.retain(|rule| matches!(&rule.stored, Stored::Own(own) if own.rule.retired_at.is_some()));
    drawn(ctx, structure, rules).await
}

/// A rule as it is stored, in its place.
struct Placed {
    stored: Stored,
    /// As [`RuleView::position`].
    position: i32,
    /// As [`RuleView::replaced_by`].
    replaced_by: Option<RuleKey>,
}

/// What is stored of a rule.
enum Stored {
    /// Of the platform, with what the structure set of it.
    Platform(Arc<Rule>, Option<rule_setting::Model>),
    /// Of the structure, its script not loaded.
    Own(Box<OwnRow>),
}

impl Placed {
    fn new(stored: Stored) -> Self {
        Self { stored, position: 0, replaced_by: None }
    }

    fn key(&self) -> RuleKey {
        match &self.stored {
            Stored::Platform(rule, _) => RuleKey::Platform(rule.manifest().slug.clone()),
            Stored::Own(own) => RuleKey::Own(own.rule.id),
        }
    }

    fn view(self, ctx: &Ctx) -> Result<RuleView, Fault> {
        let view = match self.stored {
            Stored::Platform(rule, setting) => platform(&rule, setting.as_ref()),
            Stored::Own(row) => own(ctx, *row)?,
        };
        Ok(RuleView { position: self.position, replaced_by: self.replaced_by, ..view })
    }
}

/// The rules of the platform, and those of the structure's own, in the order that [`all`] tells.
async fn placed(ctx: &Ctx, structure: StructureId, own: impl IntoCondition) -> Result<Vec<Placed>, Fault> {
    let db = ctx.store.readers();
    let mut settings = rows::settings(db, structure).await?;
    let (retired, mut used): (Vec<_>, Vec<_>) =
        rows::shown(db, structure, own).await?.into_iter().partition(|own| own.rule.retired_at.is_some());
    let own = |row| Placed::new(Stored::Own(Box::new(row)));
    let (mut rules, mut without_place) = (Vec::new(), Vec::new());
    for rule in ctx.catalog.rules() {
        let setting = settings.remove(&rule.manifest().slug);
        let mut placed = Placed::new(Stored::Platform(Arc::clone(rule), setting));
        if let Some(place) = used.iter().position(|own| own.stands_in_for(rule)) {
            let standing_in = own(used.remove(place));
            placed.replaced_by = Some(standing_in.key());
            without_place.push(placed);
            placed = standing_in;
        }
        rules.push(placed);
    }
    rules.extend(used.into_iter().map(own));
    for (position, rule) in (1..).zip(&mut rules) {
        rule.position = position;
    }
    rules.append(&mut without_place);
    rules.extend(retired.into_iter().map(own));
    Ok(rules)
}

/// These rules as they are shown. Those of a structure are loaded for it, once it is its turn.
async fn drawn(ctx: &Ctx, structure: StructureId, rules: Vec<Placed>) -> Result<Vec<RuleView>, Fault> {
    let all_loaded = rules.iter().all(|rule| matches!(rule.stored, Stored::Platform(..)));
    let task_ctx = ctx.clone();
    let draw = move || rules.into_iter().map(|rule| rule.view(&task_ctx)).collect();
    if all_loaded { draw() } else { ctx.evaluators.run(structure, draw).await? }
}

fn platform(rule: &Rule, setting: Option<&rule_setting::Model>) -> RuleView {
    let manifest = rule.manifest();
    RuleView {
        key: RuleKey::Platform(manifest.slug.clone()),
        slug: manifest.slug.clone(),
        title: manifest.title.clone(),
        description: manifest.description.clone(),
        origin: Origin::Platform,
        lock: manifest.lock.unwrap_or(Lock::Locked),
        stages: manifest.stages.clone(),
        state: platform_state(rule, setting),
        position: 0,
        parameters: parameters(manifest, &platform_params(setting).unwrap_or_default()),
        active: None,
        replaces: None,
        replaced_by: None,
        retired_at: None,
        retired_by: None,
    }
}

fn own(ctx: &Ctx, OwnRow { rule, version }: OwnRow) -> Result<RuleView, Fault> {
    let loaded = ctx.rule_cache.load(&version.manifest, &version.source).ok();
    let manifest = loaded.as_ref().map(|rule| rule.manifest());
    let params = rows::params(&rule.params).unwrap_or_default();
    let slug = || LocalText::new(&*rule.slug, &*rule.slug);
    let published = version.state == RuleVersionState::Published;
    let rewritten = is_rewritten(ctx, &rule);
    Ok(RuleView {
        key: RuleKey::Own(rule.id),
        title: manifest.map_or_else(slug, |manifest| manifest.title.clone()),
        description: manifest.map_or_else(|| LocalText::new("", ""), |manifest| manifest.description.clone()),
        origin: Origin::Structure,
        lock: Lock::Replaceable,
        stages: manifest.map(|manifest| manifest.stages.clone()).unwrap_or_default(),
        state: state_of(rule.state),
        position: 0,
        replaces: rewritten.then(|| RuleKey::Platform(rule.slug.clone())),
        replaced_by: None,
        retired_at: rule.retired_at,
        retired_by: rule.retired_by,
        parameters: manifest.map(|manifest| parameters(manifest, &params)).unwrap_or_default(),
        active: published.then(|| VersionRow::try_from(version)).transpose()?,
        slug: rule.slug,
    })
}

/// What may be set of a rule, with what was set.
pub(super) fn parameters(manifest: &Manifest, set: &Params) -> Vec<ParameterView> {
    let view = |(name, spec): (&String, &ParamSpec)| {
        let written = |bound: Option<i64>| {
            bound.map(|bound| match spec.kind {
                ParamKind::Time => ParamValue::Time(bound).to_string(),
                _ => ParamValue::Int(bound).to_string(),
            })
        };
        ParameterView {
            name: name.clone(),
            title: spec.title.clone(),
            kind: spec.kind,
            value: set.get(name).unwrap_or(&spec.default).to_string(),
            default: spec.default.to_string(),
            min: written(spec.min),
            max: written(spec.max),
            options: spec.options.clone(),
            above: spec.above.clone(),
        }
    };
    manifest.params.iter().map(view).collect()
}
