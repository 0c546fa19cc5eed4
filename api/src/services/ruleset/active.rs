//! The rules in force for a structure.
//!
//! Architecture Invariant: a locked rule is in the state its manifest gives, whatever a row says; what cannot run refuses.

use std::sync::Arc;

use entity::ids::StructureId;
use entity::rule_setting;
use entity::sensitive::Digest;
use rules::{ActiveRule, Decision, Facts, LocalText, Lock, ParamValue, Rule, Stage, State, Unloaded};
use sea_orm::ConnectionTrait;
use sha2::{Digest as _, Sha256};

use super::rows::{self, OwnRow, Params};
use super::state_of;
use crate::app::App;
use crate::error::Fault;

/// The rules of one structure, in the order they run.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// Those that can run; those of the platform that are OFF among them, to tell their parameters.
    rules: Vec<ActiveRule>,
    /// Those that cannot, and therefore refuse.
    unloaded: Vec<Unloaded>,
}

/// The rules in force: the platform's in their places as the structure set them, then the published ones that it wrote.
///
/// Two statements.
///
/// # Errors
/// The database's.
pub async fn active(app: &App, db: &impl ConnectionTrait, structure: StructureId) -> Result<RuleSet, Fault> {
    let settings = rows::settings(db, structure).await?;
    let mut set = RuleSet::default();
    for rule in app.catalog.rules() {
        set.add_platform(rule, settings.get(&rule.manifest().slug));
    }
    for own in rows::in_force(db, structure).await? {
        set.add_own(app, &own);
    }
    Ok(set)
}

impl RuleSet {
    fn add_platform(&mut self, rule: &Arc<Rule>, setting: Option<&rule_setting::Model>) {
        let state = platform_state(rule, setting);
        let manifest = rule.manifest();
        match platform_params(setting) {
            Some(params) => {
                let rule = Arc::clone(rule);
                self.rules.push(ActiveRule {
                    version: manifest.version,
                    rule,
                    state,
                    params,
                });
            }
            None if state == State::Off => {}
            None => self.unloaded.push(Unloaded {
                slug: manifest.slug.clone(),
                version: manifest.version,
                source: rule.source().to_owned(),
                observed: state == State::Observed,
                reason: unreadable_params(),
            }),
        }
    }

    fn add_own(&mut self, app: &App, own: &OwnRow) {
        let (state, version) = (state_of(own.rule.state), i64::from(own.version.number));
        let loaded = app.rule_cache.load(&own.version.manifest, &own.version.source);
        let reason = match (loaded, rows::params(&own.rule.params)) {
            (Ok(rule), Some(params)) => {
                self.rules.push(ActiveRule {
                    rule,
                    version,
                    state,
                    params,
                });
                return;
            }
            (Ok(_), None) => unreadable_params(),
            (Err(diagnostics), _) => no_longer_loads(&diagnostics),
        };
        self.unloaded.push(Unloaded {
            slug: own.rule.slug.clone(),
            version,
            source: own.version.source.clone(),
            observed: state == State::Observed,
            reason,
        });
    }

    /// Runs every rule of that stage. One that can no longer run refuses with `RULE_ERROR`.
    #[must_use]
    pub fn decide(&self, stage: Stage, facts: &Facts) -> Decision {
        let decision = rules::decide(stage, &self.rules, facts);
        self.unloaded.iter().fold(decision, Decision::with_unloaded)
    }

    /// The value of a parameter of a rule, as it weighs on those who send: the one set, or its default. A rule that is OFF
    /// or only observed weighs no more than its manifest's bounds: then it is the greatest value, where there is one.
    /// None when no rule has that parameter.
    #[must_use]
    pub fn parameter(&self, slug: &str, name: &str) -> Option<ParamValue> {
        let active = self
            .rules
            .iter()
            .find(|active| active.rule.manifest().slug == slug)?;
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
            bind(if unloaded.observed {
                "unloaded, observed"
            } else {
                "unloaded"
            });
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
        Lock::Adjustable | Lock::Replaceable => setting
            .and_then(|setting| setting.state)
            .map_or(default, state_of),
    }
}

/// What the structure set of a rule of the platform; none when it cannot be read.
pub(super) fn platform_params(setting: Option<&rule_setting::Model>) -> Option<Params> {
    setting.map_or_else(|| Some(Params::new()), |setting| rows::params(&setting.params))
}

fn unreadable_params() -> LocalText {
    LocalText::new(
        "its stored parameters cannot be read",
        "ses paramètres enregistrés sont illisibles",
    )
}

fn no_longer_loads(diagnostics: &[rules::Diagnostic]) -> LocalText {
    let reason = |lang| super::first_error(diagnostics, lang);
    LocalText::new(
        format!("it no longer loads: {}", reason(rules::Lang::En)),
        format!("elle ne se charge plus : {}", reason(rules::Lang::Fr)),
    )
}
