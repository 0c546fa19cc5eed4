//! The rule engine: plugins of a manifest and a script, checked when they are loaded, run in a sandbox, joined to a decision.
//!
//! Load rules from a [`Catalog`] or with [`Rule::load_own`]; give [`decide`] the ones a structure applies, and [`Facts`].
//! The crate knows neither the database, nor the network, nor a clock: whoever calls it gathers the facts.
//!
//! Architecture invariant: **a rule never fails open.** What cannot be checked does not load, and what goes wrong while it
//! runs is a refusal by that rule.

mod catalog;
mod error;
mod explain;
mod facts;
mod fixes;
mod host;
mod limits;
mod manifest;
#[doc(hidden)]
pub mod measure;
mod names;
mod params;
mod pipeline;
mod replay;
mod rule;
mod sandbox;
mod screen;
mod script;
mod syntax;
mod template;
mod text;
mod tree;
mod types;
mod unloaded;
mod verdict;

#[cfg(test)]
mod tests;

pub use catalog::{Catalog, Plugins};
pub use error::{CatalogError, Diagnostic, Half, Severity};
pub use explain::Trial;
pub use facts::{
    AccountFacts, AudienceFacts, CreditFacts, Facts, HistoryFacts, MessageFacts, NEVER_SENT_HOURS,
    NEVER_SENT_MINUTES, NowFacts, PermissionFacts, PersonFacts, SettingsFacts, StructureFacts,
    SubscriptionFacts, facts_reference,
};
pub use fixes::{Fix, sentence};
pub use host::functions_reference;
pub use limits::{MAX_MANIFEST_BYTES, MAX_SOURCE_BYTES};
pub use manifest::{Case, CodeSpec, Manifest, as_own, declared_slug, declared_title, lay_over, read_facts};
pub use params::{ParamError, ParamKind, ParamSpec, ParamValue};
pub use pipeline::{ActiveRule, decide, decide_one};
pub use replay::{Missing, Replay, Unreplayable};
pub use rule::{Rule, Ruling};
pub use screen::{Screen, Skip};
pub use text::{Lang, LocalText};
pub use tree::{Seen, Step, Trace};
pub use unloaded::Unloaded;
pub use verdict::{
    Decision, ENGINE, Level, Lock, Origin, Outcome, PASS, RULE_ERROR, Stage, State, Verdict,
    codes_to_confirm, join,
};
