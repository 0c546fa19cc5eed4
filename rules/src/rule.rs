//! Owns a loaded rule: manifest, messages and compiled script together, its cases run.
//!
//! Invariant: a [`Rule`] that exists passed every check and gives every case its verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::error::{Diagnostic, Fault, Half, Place};
use crate::facts::Facts;
use crate::host::{Answer, Run};
use crate::manifest::{self, Case, Manifest, Message, Owner};
use crate::params::ParamValue;
use crate::script::{Script, sha256};
use crate::template::Template;
use crate::text::{Lang, LocalText};
use crate::tree::Tree;
use crate::verdict::{Level, Origin, PASS, RULE_ERROR, Stage};

/// A rule that can run.
pub struct Rule {
    origin: Origin,
    manifest: Manifest,
    manifest_toml: String,
    source: String,
    hash: String,
    messages: BTreeMap<String, Message>,
    script: Script,
    reads: BTreeSet<&'static str>,
    warnings: Vec<Diagnostic>,
}

/// A rule whose cases are still to be run.
pub(crate) struct Untried {
    pub rule: Rule,
    /// Each with the place where it is written.
    pub cases: Vec<(Case, Place)>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rule")
            .field("slug", &self.manifest.slug)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// What a rule ruled, before it is put in a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// How grave it is.
    pub level: Level,
    /// A code of the manifest, `PASS` or `RULE_ERROR`.
    pub code: String,
    /// What is said of it.
    pub message: LocalText,
    /// Operations that the script took; 0 when it did not run.
    pub operations: i64,
}

impl Ruling {
    /// The refusal that a failure is; of a rule that looks at people, the leaving out.
    pub(crate) fn error(manifest: &Manifest, fault: &Fault, operations: i64) -> Self {
        let message = if manifest.stages.contains(&Stage::Recipient) {
            fault.left_out(&manifest.title)
        } else {
            fault.message(&manifest.title)
        };
        Self { level: Level::Error, code: RULE_ERROR.to_owned(), message, operations }
    }
}

impl Rule {
    /// Loads a rule of the platform: parses and checks both texts, compiles the script, runs all the cases. A lock, state
    /// or position left out is LOCKED, ACTIVE, last.
    ///
    /// # Errors
    /// Every problem found, in manifest order and then script order; warnings among them.
    pub fn load(manifest_toml: &str, source: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::load_as(Owner::Platform, manifest_toml, source)
    }

    /// Loads a structure's own rule: the same, save that lock, state and position are refused. Whether its slug is free is
    /// for the caller to ask the catalogue.
    ///
    /// # Errors
    /// Every problem found, in manifest order and then script order; warnings among them.
    pub fn load_own(manifest_toml: &str, source: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::load_as(Owner::Structure, manifest_toml, source)
    }

    fn load_as(owner: Owner, manifest_toml: &str, source: &str) -> Result<Self, Vec<Diagnostic>> {
        let Untried { rule, cases } = Self::check(owner, manifest_toml, source)?;
        rule.run_cases(&cases)
    }

    /// All that is checked before the cases are run.
    pub(crate) fn check(owner: Owner, manifest_toml: &str, source: &str) -> Result<Untried, Vec<Diagnostic>> {
        let in_manifest = |problem: Diagnostic| problem.in_half(Half::Manifest);
        let mut reading = manifest::read(manifest_toml, owner)
            .map_err(|problems| problems.into_iter().map(in_manifest).collect::<Vec<_>>())?;
        let mut problems: Vec<Diagnostic> =
            std::mem::take(&mut reading.problems).into_iter().map(in_manifest).collect();
        let (script, uses) = match Script::compile(source, &reading.manifest) {
            Ok(compiled) if problems.is_empty() => compiled,
            Ok(_) => return Err(problems),
            Err(others) => {
                problems.extend(others.into_iter().map(|problem| problem.in_half(Half::Script)));
                return Err(problems);
            }
        };
        let quoted = || reading.messages.values().flat_map(|message| [&message.en, &message.fr]);
        let params: BTreeSet<&str> =
            uses.params.iter().map(String::as_str).chain(quoted().flat_map(Template::params)).collect();
        let warnings = unused(&reading, &uses.codes, &params);
        let rule = Self {
            origin: match owner {
                Owner::Platform => Origin::BuiltIn,
                Owner::Structure => Origin::Own,
            },
            reads: script.facts.iter().copied().chain(quoted().flat_map(Template::facts)).collect(),
            hash: sha256(source),
            source: source.to_owned(),
            manifest_toml: manifest_toml.to_owned(),
            manifest: reading.manifest,
            messages: reading.messages,
            script,
            warnings,
        };
        Ok(Untried { rule, cases: reading.cases.into_iter().zip(reading.case_places).collect() })
    }

    /// The same, of the operator's folder.
    pub(crate) fn of_plugin(self) -> Self {
        Self { origin: Origin::Plugin, ..self }
    }

    /// Whose rule it is.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// What it declares.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its manifest as it was written.
    #[must_use]
    pub fn manifest_toml(&self) -> &str {
        &self.manifest_toml
    }

    /// What it must answer to given facts, read again from its manifest: of all that a rule is, they take the most room, and no run reads
    /// them.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        manifest::read(&self.manifest_toml, Owner::Platform)
            .map_or_else(|_| Vec::new(), |reading| reading.cases)
    }

    /// Its script as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// SHA-256 of its script, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What its author should look at, though it loads.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The most operations that a run of its script can take, whatever the facts.
    #[must_use]
    pub const fn operations_bound(&self) -> u64 {
        self.script.tree.operations
    }

    /// The facts that its script and its messages read, by path: what no rule in force reads need not be gathered.
    pub fn reads(&self) -> impl Iterator<Item = &'static str> {
        self.reads.iter().copied()
    }

    /// Its script, compiled.
    pub(crate) const fn script(&self) -> &Script {
        &self.script
    }

    /// What the check made of its script.
    pub(crate) const fn tree(&self) -> &Tree {
        &self.script.tree
    }

    /// Runs the rule on facts, with parameters set over the defaults. A parameter that the manifest no longer declares is
    /// left aside; one out of its bounds is a failure, and so is whatever goes wrong in the script.
    pub(crate) fn rule_on(&self, facts: &Arc<Facts>, set: &BTreeMap<String, ParamValue>) -> Ruling {
        let params = match self.params(set) {
            Ok(params) => params,
            Err(fault) => return Ruling::error(&self.manifest, &fault, 0),
        };
        let run = Arc::new(Run { facts: Arc::clone(facts), params });
        let only_code = self.manifest.codes.keys().next().map_or(PASS, String::as_str);
        let (answer, operations) = self.script.run(Arc::clone(&run), only_code);
        debug_assert_eq!(Ok(()), self.script.agrees(&answer, &run), "{}", self.manifest.slug);
        let code = match answer {
            Ok(Answer::Pass) => return pass(operations),
            Ok(Answer::Code(code)) => code,
            Err(fault) => return Ruling::error(&self.manifest, &fault, operations),
        };
        let (Some(spec), Some(message)) = (self.manifest.codes.get(&code), self.messages.get(&code)) else {
            let fault =
                Fault::new("it answered a code it does not declare", "elle a répondu un code non déclaré");
            return Ruling::error(&self.manifest, &fault, operations);
        };
        let message = LocalText::new(
            message.en.render(Lang::En, facts, &run.params),
            message.fr.render(Lang::Fr, facts, &run.params),
        );
        Ruling { level: spec.level, code, message, operations }
    }

    /// The value of every declared parameter.
    pub(crate) fn params(
        &self,
        set: &BTreeMap<String, ParamValue>,
    ) -> Result<BTreeMap<String, ParamValue>, Fault> {
        let value = |(name, spec): (&String, &crate::params::ParamSpec)| {
            let value = set.get(name).unwrap_or(&spec.default);
            spec.check(value).map(|()| (name.clone(), value.clone())).map_err(|error| {
                let reason = error.text();
                Fault::new(
                    format!("the parameter {name:?} is set wrong: {}", reason.en),
                    format!("le paramètre {name:?} est mal réglé : {}", reason.fr),
                )
            })
        };
        self.manifest.params.iter().map(value).collect()
    }

    /// The rule, if each case has the verdict it expects.
    fn run_cases(mut self, cases: &[(Case, Place)]) -> Result<Self, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut passed = 0;
        for (index, (case, place)) in cases.iter().enumerate() {
            let ruling = self.rule_on(&Arc::new(case.facts.clone()), &case.params);
            passed += usize::from(ruling.code == PASS);
            if ruling.code != case.verdict {
                let (number, wanted, found) = (index + 1, &case.verdict, &ruling.code);
                let detail = (found == RULE_ERROR).then_some(ruling.message);
                problems.push(
                    Diagnostic::error(
                        *place,
                        format!("cases[{number}]: {wanted} was expected, the rule answered {found}"),
                        format!("cases[{number}] : {wanted} était attendu, la règle a répondu {found}"),
                    )
                    .with_hint(detail)
                    .in_half(Half::Manifest),
                );
            }
        }
        if passed == 0 || passed == cases.len() {
            let warning = Diagnostic::warning(
                Place::default(),
                "cases: give one that passes and one that does not, or they prove little",
                "cases : donnez un cas qui passe et un cas qui ne passe pas, sinon ils prouvent peu",
            );
            self.warnings.push(warning.in_half(Half::Manifest));
        }
        if problems.is_empty() {
            return Ok(self);
        }
        problems.append(&mut self.warnings);
        Err(problems)
    }
}

fn pass(operations: i64) -> Ruling {
    let message = LocalText::new("The rule is respected.", "La règle est respectée.");
    Ruling { level: Level::Pass, code: PASS.to_owned(), message, operations }
}

/// What a manifest declares and nothing uses.
fn unused(reading: &manifest::Reading, codes: &BTreeSet<String>, params: &BTreeSet<&str>) -> Vec<Diagnostic> {
    let manifest = &reading.manifest;
    let idle_codes =
        manifest.codes.keys().filter(|code| !codes.contains(*code)).map(|code| format!("codes.{code}"));
    let idle_params = manifest
        .params
        .keys()
        .filter(|name| !params.contains(name.as_str()))
        .map(|name| format!("params.{name}"));
    let warning = |key: String| {
        Diagnostic::warning(
            reading.declared.get(&key).copied().unwrap_or_default(),
            format!("{key}: declared, and the rule never uses it"),
            format!("{key} : déclaré, et la règle ne s’en sert jamais"),
        )
        .in_half(Half::Manifest)
    };
    idle_codes.chain(idle_params).map(warning).collect()
}
