//! Tests of the crate as a whole, through its public face.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{ActiveRule, Catalog, Diagnostic, Rule, State};

mod builtins;
mod corpus;
mod decisions;
mod differential;
mod fixes;
mod generated;
mod hostile;
mod manifests;
mod narrowing;
mod plugins;
mod ranges;
mod refusals;
mod replay;
mod screen;
mod trace;

/// A manifest with one code, A, an INT parameter `most` (10), a TIME `from` and a LIST `words`, and one case of each verdict.
const MANIFEST: &str = r#"
slug = "sample"
stages = ["PREVIEW", "SEND"]
title = { en = "Sample", fr = "Exemple" }
description = { en = "For tests", fr = "Pour les essais" }
[params.most]
type = "INT"
default = 10
title = { en = "Most", fr = "Plus" }
[params.from]
type = "TIME"
default = "08:00"
title = { en = "From", fr = "De" }
[params.words]
type = "LIST"
default = ["a", "b"]
title = { en = "Words", fr = "Mots" }
[codes.A]
level = "DENY"
en = "Cost {message.cost}."
fr = "Coût {message.cost}."
[[cases]]
facts = { message = { cost = 10 } }
verdict = "PASS"
[[cases]]
facts = { message = { cost = 11 } }
verdict = "A"
"#;

/// The script that goes with it.
const SCRIPT: &str = "message.cost <= params.most";

/// The problems of that script under the sample manifest, whatever its cases say of it.
fn problems_of(script: &str) -> Vec<Diagnostic> {
    Rule::load_own(MANIFEST, script).err().unwrap_or_default()
}

/// The sample rule with another script: its cases are those of a script that always passes.
fn passing(script: &str) -> Result<Rule, Vec<Diagnostic>> {
    Rule::load_own(&MANIFEST.replace("verdict = \"A\"", "verdict = \"PASS\""), script)
}

/// A rule as a structure applies it, nothing set.
fn active(rule: Rule, state: State) -> ActiveRule {
    ActiveRule { rule: Arc::new(rule), version: 1, state, params: BTreeMap::new() }
}

/// All built-ins as they are by default.
fn defaults() -> Vec<ActiveRule> {
    let catalog = Catalog::builtin().expect("checked by a test of its own");
    catalog
        .rules()
        .map(|rule| ActiveRule {
            rule: Arc::clone(rule),
            version: rule.manifest().version,
            state: rule.manifest().state.expect("invariant: rules of the platform have one"),
            params: BTreeMap::new(),
        })
        .collect()
}
