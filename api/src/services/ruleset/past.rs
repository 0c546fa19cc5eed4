//! The rules that gave verdicts, found again months later.
//!
//! Architecture Invariant: a verdict is matched by slug, version and script: what is found is what ran, or it is not found.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use entity::ids::StructureId;
use entity::{rule, rule_version};
use rules::{LocalText, Origin, Rule, Verdict};
use sea_orm::{ColumnTrait, QueryFilter};
use sha2::{Digest as _, Sha256};

use super::active::no_longer_loads;
use super::{hex, load};
use crate::app::Ctx;
use crate::error::Fault;

/// The rule of a verdict.
#[derive(Debug, Clone)]
pub enum Past {
    /// The version that ran, a rule of the platform's.
    Platform(Arc<Rule>),
    /// The version that ran, which the structure wrote: its texts never change.
    Own(Arc<Rule>),
    /// That version is there no more.
    Gone,
    /// A version of the structure's is there under that number, and its script is not the one that the verdict names.
    Altered,
    /// The version is there, and loads no more.
    Broken(LocalText),
}

impl Past {
    /// The rule, if it was found.
    #[must_use]
    pub fn rule(&self) -> Option<&Rule> {
        match self {
            Self::Platform(rule) | Self::Own(rule) => Some(rule),
            Self::Gone | Self::Altered | Self::Broken(_) => None,
        }
    }
}

/// The rules of a structure's verdicts, each looked up once.
pub struct PastRules {
    structure: StructureId,
    found: HashMap<(String, i64, String, Option<Origin>), Past>,
}

impl PastRules {
    /// Those of one structure.
    #[must_use]
    pub fn of(structure: StructureId) -> Self {
        Self { structure, found: HashMap::new() }
    }

    /// The rule that gave a verdict.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&mut self, ctx: &Ctx, verdict: &Verdict) -> Result<&Past, Fault> {
        let key = (verdict.slug.clone(), verdict.version, verdict.script_hash.clone(), verdict.origin);
        match self.found.entry(key) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(find(ctx, self.structure, verdict).await?)),
        }
    }
}

async fn find(ctx: &Ctx, structure: StructureId, verdict: &Verdict) -> Result<Past, Fault> {
    let platform = ctx.catalog.get(&verdict.slug).filter(|_| verdict.origin != Some(Origin::Own));
    let ran =
        |rule: &&Arc<Rule>| rule.manifest().version == verdict.version && rule.hash() == verdict.script_hash;
    if let Some(rule) = platform.filter(ran) {
        return Ok(Past::Platform(Arc::clone(rule)));
    }
    if matches!(verdict.origin, Some(Origin::BuiltIn | Origin::Plugin)) {
        return Ok(Past::Gone);
    }
    let Some(version) = own_version(ctx, structure, verdict).await? else { return Ok(Past::Gone) };
    if hex(&Sha256::digest(&version.source)) != verdict.script_hash {
        return Ok(if platform.is_some() { Past::Gone } else { Past::Altered });
    }
    Ok(match load(ctx, structure, version.manifest, version.source).await? {
        Ok(rule) => Past::Own(rule),
        Err(diagnostics) => Past::Broken(no_longer_loads(&diagnostics)),
    })
}

async fn own_version(
    ctx: &Ctx,
    structure: StructureId,
    verdict: &Verdict,
) -> Result<Option<rule_version::Model>, Fault> {
    let db = ctx.store.readers();
    let rule = rule::in_structure(structure).filter(rule::Column::Slug.eq(&verdict.slug)).one(db).await?;
    let (Some(rule), Ok(number)) = (rule, i32::try_from(verdict.version)) else { return Ok(None) };
    let query = rule_version::in_structure(structure)
        .filter(rule_version::Column::RuleId.eq(rule.id))
        .filter(rule_version::Column::Number.eq(number));
    Ok(query.one(db).await?)
}
