//! The rules in force for a structure.
//!
//! Architecture Invariant: a locked rule is in the state its manifest gives, whatever a row says; what cannot run refuses.

use std::sync::Arc;

use entity::enums::RuleState;
use entity::ids::StructureId;
use entity::rule_setting;
use entity::sensitive::Digest;
use rules::{
    ActiveRule, Decision, Facts, LocalText, Lock, Origin, Outcome, ParamValue, Rule, Screen, Stage, State,
    Unloaded,
};
use sea_orm::ConnectionTrait;
use sha2::{Digest as _, Sha256};

use super::rows::{self, OwnRow, Params};
use super::{RuleCache, state_of};
use crate::app::{App, Ctx};
use crate::error::Fault;

/// The rules of one structure, in the order they run.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    /// Those that can run; those of the platform that are OFF among them, to tell their parameters.
    rules: Vec<ActiveRule>,
    /// Those that cannot, and therefore refuse.
    unloaded: Vec<Unloaded>,
}

/// The rules in force: the platform's in their places as the structure set them, or those that stand in for them, then the other
/// published ones that the structure wrote.
///
/// Two statements.
///
/// # Errors
/// The database's.
pub async fn active(ctx: &Ctx, db: &impl ConnectionTrait, structure: StructureId) -> Result<RuleSet, Fault> {
    let settings = rows::settings(db, structure).await?;
    let mut own = rows::in_force(db, structure).await?;
    let all_loaded = own.is_empty();
    let (catalog, cache) = (Arc::clone(&ctx.catalog), Arc::clone(&ctx.rule_cache));
    let mut assemble = move || {
        let mut set = RuleSet::default();
        for rule in catalog.rules() {
            match own.iter().position(|own| own.stands_in_for(rule)) {
                Some(place) => set.add_own(&cache, &own.remove(place)),
                None => set.add_platform(rule, settings.get(&rule.manifest().slug)),
            }
        }
        for own in &own {
            set.add_own(&cache, own);
        }
        set
    };
    if all_loaded { Ok(assemble()) } else { ctx.run_rules(structure, assemble).await }
}

/// Whether a rule of the platform lets these facts pass now, as the structure set it, whatever the stage. No script of the structure's own
/// is run. One that is not there lets all pass; one that cannot run, nothing.
///
/// # Errors
/// The database's.
pub async fn platform_allows(
    app: &App,
    db: &impl ConnectionTrait,
    structure: StructureId,
    slug: &str,
    facts: &Facts,
) -> Result<bool, Fault> {
    let catalog = app.platform.current();
    let Some(rule) = catalog.get(slug) else { return Ok(true) };
    let mut set = RuleSet::default();
    set.add_platform(rule, rows::settings(db, structure).await?.get(slug));
    let refuses = |active: &ActiveRule| rules::decide_one(active, facts) == Outcome::Refused;
    Ok(!set.rules.iter().any(refuses) && set.unloaded.iter().all(|unloaded| unloaded.observed))
}

/// Runs every rule of that stage, off the threads that serve everyone. One that can no longer run refuses with `RULE_ERROR`.
///
/// # Errors
/// [`Fault::Internal`] when the engine breaks down.
pub fn decide<'c>(
    ctx: &'c Ctx,
    structure: StructureId,
    rules: &RuleSet,
    (stage, facts): (Stage, &Facts),
) -> impl Future<Output = Result<Decision, Fault>> + Send + use<'c> {
    let (rules, facts) = (rules.clone(), facts.clone());
    ctx.run_rules(structure, move || rules.decide(stage, &facts))
}

impl RuleSet {
    fn add_platform(&mut self, rule: &Arc<Rule>, setting: Option<&rule_setting::Model>) {
        let state = platform_state(rule, setting);
        let manifest = rule.manifest();
        match platform_params(setting) {
            Some(params) => {
                let rule = Arc::clone(rule);
                self.rules.push(ActiveRule { version: manifest.version, rule, state, params });
            }
            None if state == State::Off => {}
            None => self.unloaded.push(Unloaded {
                slug: manifest.slug.clone(),
                version: manifest.version,
                title: manifest.title.clone(),
                source: rule.source().to_owned(),
                origin: rule.origin(),
                observed: state == State::Observed,
                reason: unreadable_params(),
            }),
        }
    }

    fn add_own(&mut self, cache: &RuleCache, own: &OwnRow) {
        if own.rule.state == RuleState::Off {
            return;
        }
        let (state, version) = (state_of(own.rule.state), i64::from(own.version.number));
        let loaded = cache.load(&own.version.manifest, &own.version.source);
        let reason = match (loaded, rows::params(&own.rule.params)) {
            (Ok(rule), Some(params)) => {
                self.rules.push(ActiveRule { rule, version, state, params });
                return;
            }
            (Ok(_), None) => unreadable_params(),
            (Err(diagnostics), _) => no_longer_loads(&diagnostics),
        };
        self.unloaded.push(Unloaded {
            slug: own.rule.slug.clone(),
            version,
            title: rules::declared_title(&own.version.manifest)
                .unwrap_or_else(|| LocalText::new(&*own.rule.slug, &*own.rule.slug)),
            source: own.version.source.clone(),
            origin: Origin::Own,
            observed: state == State::Observed,
            reason,
        });
    }

    /// The same rules, with that one in place of the one of its slug, or last.
    #[must_use]
    pub fn trying(mut self, rule: ActiveRule) -> Self {
        let slug = rule.rule.manifest().slug.clone();
        self.unloaded.retain(|unloaded| unloaded.slug != slug);
        match self.rules.iter_mut().find(|active| active.rule.manifest().slug == slug) {
            Some(place) => *place = rule,
            None => self.rules.push(rule),
        }
        self
    }

    /// Whether other rules, which differ in the one of that slug, have a message reach the same people, and know of it all that these ask:
    /// one plan of it then serves both.
    #[must_use]
    pub fn plans_alike(&self, others: &Self, slug: &str) -> bool {
        let of_slug = |set: &Self| {
            set.rules
                .iter()
                .find(|active| active.rule.manifest().slug == slug)
                .map(|active| active.rule.clone())
        };
        let leaves_out = |rule: &Arc<Rule>| rule.manifest().stages.contains(&Stage::Recipient);
        let (this, other) = (of_slug(self), of_slug(others));
        let known = this.as_ref().is_none_or(|rule| rule.reads().all(|fact| others.reads(fact)));
        known && !this.iter().chain(&other).any(leaves_out)
    }

    fn decide(&self, stage: Stage, facts: &Facts) -> Decision {
        let decision = rules::decide(stage, &self.rules, facts);
        self.unloaded.iter().fold(decision, Decision::with_unloaded)
    }

    /// Whether some rule in force reads a fact.
    #[must_use]
    pub fn reads(&self, fact: &str) -> bool {
        let in_force = self.rules.iter().filter(|active| active.state != State::Off);
        in_force.flat_map(|active| active.rule.reads()).any(|read| read == fact)
    }

    /// The rules that look at one person after another, on the facts that are the same for everyone.
    #[must_use]
    pub fn screen(&self, facts: Facts) -> Screen {
        Screen::new(&self.rules, facts)
    }

    /// The value of a parameter of a rule, as it weighs on those who send: the one set, or its default. A rule that is OFF
    /// or only observed weighs no more than its manifest's bounds: then it is the greatest value, where there is one.
    /// None when no rule has that parameter.
    #[must_use]
    pub fn parameter(&self, slug: &str, name: &str) -> Option<ParamValue> {
        let active = self.rules.iter().find(|active| active.rule.manifest().slug == slug)?;
        let spec = active.rule.manifest().params.get(name)?;
        match (active.state, spec.max, &spec.default) {
            (State::Off | State::Observed, Some(max), ParamValue::Int(_)) => Some(ParamValue::Int(max)),
            (State::Off | State::Observed, Some(max), ParamValue::Time(_)) => Some(ParamValue::Time(max)),
            _ => Some(active.params.get(name).unwrap_or(&spec.default).clone()),
        }
    }

    /// Binds every rule in force, in order: its slug, version, texts, state and the value of each parameter.
    #[must_use]
    pub fn hash(&self) -> Digest {
        let mut hasher = Sha256::new();
        let mut bind = |part: &str| {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        };
        for active in self.rules.iter().filter(|active| active.state != State::Off) {
            let manifest = active.rule.manifest();
            for part in [&manifest.slug, active.rule.manifest_toml(), active.rule.hash()] {
                bind(part);
            }
            bind(&active.version.to_string());
            bind(&format!("{:?}", active.state));
            for (name, spec) in &manifest.params {
                bind(name);
                bind(&active.params.get(name).unwrap_or(&spec.default).to_string());
            }
        }
        for unloaded in &self.unloaded {
            for part in [&unloaded.slug, &unloaded.version.to_string(), &unloaded.source] {
                bind(part);
            }
            bind(if unloaded.observed { "unloaded, observed" } else { "unloaded" });
        }
        Digest::new(hasher.finalize().into())
    }
}

/// The state of a rule of the platform for a structure.
pub(super) fn platform_state(rule: &Rule, setting: Option<&rule_setting::Model>) -> State {
    let manifest = rule.manifest();
    let default = manifest.state.unwrap_or(State::Active);
    match manifest.lock.unwrap_or(Lock::Locked) {
        Lock::Locked => default,
        Lock::Adjustable | Lock::Replaceable => {
            setting.and_then(|setting| setting.state).map_or(default, state_of)
        }
    }
}

/// What the structure set of a rule of the platform; none when it cannot be read.
pub(super) fn platform_params(setting: Option<&rule_setting::Model>) -> Option<Params> {
    setting.map_or_else(|| Some(Params::new()), |setting| rows::params(&setting.params))
}

fn unreadable_params() -> LocalText {
    LocalText::new("its stored parameters cannot be read", "ses paramètres enregistrés sont illisibles")
}

pub(super) fn no_longer_loads(diagnostics: &[rules::Diagnostic]) -> LocalText {
    let reason = |lang| super::first_error(diagnostics, lang);
    LocalText::new(
        format!("it no longer loads: {}", reason(rules::Lang::En)),
        format!("elle ne se charge plus : {}", reason(rules::Lang::Fr)),
    )
}

#[cfg(test)]
mod tests {
    use entity::At;
    use entity::enums::RuleVersionState;
    use entity::ids::{AccountId, RuleId, RuleVersionId};
    use entity::{rule, rule_version};
    use rules::{Catalog, Level, RULE_ERROR};
    use uuid::Uuid;

    use super::*;

    fn set_by(slug: &str, state: RuleState, params: serde_json::Value) -> rule_setting::Model {
        rule_setting::Model {
            structure_id: StructureId::from_uuid(Uuid::nil()),
            slug: slug.to_owned(),
            state: Some(state),
            params,
            updated_by: AccountId::from_uuid(Uuid::nil()),
            updated_at: At::from(chrono::DateTime::UNIX_EPOCH),
        }
    }

    fn with_one(slug: &str, setting: Option<&rule_setting::Model>) -> RuleSet {
        let catalog = Catalog::builtin().expect("checked by a test of the engine");
        let mut set = RuleSet::default();
        set.add_platform(catalog.get(slug).expect("a built-in"), setting);
        set
    }

    fn own(state: RuleState, source: &str) -> OwnRow {
        let (structure_id, rule_id) = (StructureId::from_uuid(Uuid::nil()), RuleId::from_uuid(Uuid::nil()));
        let created_at = At::from(chrono::DateTime::UNIX_EPOCH);
        let rule = rule::Model {
            id: rule_id,
            structure_id,
            slug: "quiet".to_owned(),
            state,
            position: 1,
            params: serde_json::json!({}),
            created_at,
            replaces: false,
            retired_at: None,
            retired_by: None,
        };
        let version = rule_version::Model {
            id: RuleVersionId::from_uuid(Uuid::nil()),
            structure_id,
            rule_id,
            number: 4,
            state: RuleVersionState::Published,
            manifest: "slug = \"quiet\"".to_owned(),
            source: source.to_owned(),
            hash: String::new(),
            diagnostics: serde_json::json!([]),
            author: AccountId::from_uuid(Uuid::nil()),
            comment: None,
            created_at,
            published_at: Some(created_at),
            published_by: None,
        };
        OwnRow { rule, version }
    }

    #[test]
    fn no_row_switches_a_locked_rule_off() {
        let off = set_by("not-admin-account", RuleState::Off, serde_json::json!({}));
        let set = with_one("not-admin-account", Some(&off));
        assert_eq!(set.rules[0].state, State::Active);
        let off = set_by("message-length", RuleState::Off, serde_json::json!({}));
        assert_eq!(with_one("message-length", Some(&off)).rules[0].state, State::Off);
    }

    #[test]
    fn a_limit_that_does_not_weigh_is_the_greatest() {
        let limit = |state| {
            let setting =
                set_by("message-length", state, serde_json::json!({ "max_length": { "INT": 200 } }));
            with_one("message-length", Some(&setting)).parameter("message-length", "max_length")
        };
        assert_eq!(limit(RuleState::Active), Some(ParamValue::Int(200)));
        assert_eq!(limit(RuleState::Observed), Some(ParamValue::Int(918)));
        assert_eq!(limit(RuleState::Off), Some(ParamValue::Int(918)));
        assert_eq!(with_one("message-length", None).parameter("message-length", "nothing"), None);
    }

    #[test]
    fn what_cannot_run_refuses_by_name() {
        let wrong = set_by("message-length", RuleState::Active, serde_json::json!({ "max_length": "long" }));
        let mut set = with_one("message-length", Some(&wrong));
        set.add_own(&RuleCache::default(), &own(RuleState::Active, "true"));
        let decision = set.decide(Stage::Send, &Facts::default());
        assert_eq!(decision.outcome, rules::Outcome::Refused);
        let told: Vec<_> =
            decision.verdicts.iter().map(|verdict| (&*verdict.slug, &*verdict.code, verdict.level)).collect();
        assert_eq!(told, [("message-length", RULE_ERROR, Level::Error), ("quiet", RULE_ERROR, Level::Error)]);
    }

    #[test]
    fn the_hash_tells_every_change_in_force_and_no_other() {
        let length = |state, value: i64| {
            let setting =
                set_by("message-length", state, serde_json::json!({ "max_length": { "INT": value } }));
            with_one("message-length", Some(&setting)).hash()
        };
        assert_eq!(
            length(RuleState::Active, 149),
            with_one("message-length", None).hash(),
            "149 is the default"
        );
        assert_ne!(length(RuleState::Active, 149), length(RuleState::Active, 150));
        assert_ne!(length(RuleState::Active, 149), length(RuleState::Observed, 149));
        assert_eq!(length(RuleState::Off, 149), length(RuleState::Off, 150));
        let broken = |source| {
            let mut set = RuleSet::default();
            set.add_own(&RuleCache::default(), &own(RuleState::Active, source));
            set.hash()
        };
        assert_ne!(broken("true"), broken("false"));
    }
}
