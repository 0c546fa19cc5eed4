//! Owns whom RECIPIENT rules leave out: each looks at one person after another, before anything is counted.
//!
//! A rule is run once for all the people who are alike in what it reads: most rules read little of a person, and an audience is large.
//! Invariant: a rule that fails leaves the person out, named; it never lets them through.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::error::Fault;
use crate::facts::{FactSpec, Facts, Known, PersonFacts, SEXES, Value, find};
use crate::limits::{MAX_ANSWERS_KEPT, MAX_SCREEN_OPERATIONS};
use crate::pipeline::{ActiveRule, ruling, stored};
use crate::rule::Ruling;
use crate::text::LocalText;
use crate::verdict::{Decision, ENGINE, Level, PASS, RULE_ERROR, Stage, State, Verdict};

/// Facts of a person that have few values.
const SEX: &str = "person.sex";
const CONSENT: &str = "person.commercial_consent";

/// What a run is taken for at least: the facts are laid out for each.
const LEAST_OF_A_RUN: i64 = 50;

/// The RECIPIENT rules of a structure, and what they answered so far.
pub struct Screen {
    rules: Vec<Screener>,
    facts: Facts,
    /// What all the rules took so far.
    spent: i64,
}

/// Why a person is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The rule.
    pub slug: String,
    /// How it is called; none of what was kept before this was.
    pub title: Option<LocalText>,
    /// A code of its manifest, or [`crate::RULE_ERROR`].
    pub code: String,
    /// What is said of it, placeholders filled in.
    pub message: LocalText,
}

/// One rule, what it reads of a person, and what it answered to those who are alike in it.
struct Screener {
    active: ActiveRule,
    of_the_person: Vec<&'static FactSpec>,
    answers: HashMap<Vec<Value>, Option<Arc<Skip>>>,
    operations: i64,
    /// How many people each code leaves out.
    left_out: BTreeMap<String, i64>,
}

impl Screen {
    /// The rules of that stage among these, on the facts that are the same for everyone.
    #[must_use]
    pub fn new(rules: &[ActiveRule], facts: Facts) -> Self {
        let runs = |active: &&ActiveRule| {
            active.state != State::Off && active.rule.manifest().stages.contains(&Stage::Recipient)
        };
        Self { rules: rules.iter().filter(runs).cloned().map(Screener::new).collect(), facts, spent: 0 }
    }

    /// Whether some rule reads that fact.
    #[must_use]
    pub fn reads(&self, path: &str) -> bool {
        self.rules.iter().any(|rule| rule.of_the_person.iter().any(|fact| fact.path == path))
    }

    /// Why a person is left out; none when they are not. Every rule runs, and the first that leaves them out is told; what those only
    /// observed answer is counted, and changes nothing.
    pub fn look_at(&mut self, person: PersonFacts) -> Option<Arc<Skip>> {
        self.facts.person = person;
        let mut told = None;
        for rule in &mut self.rules {
            let Some(skip) = rule.answer(&self.facts, &mut self.spent) else { continue };
            *rule.left_out.entry(skip.code.clone()).or_default() += 1;
            if told.is_none() && rule.active.state == State::Active {
                told = Some(skip);
            }
        }
        told
    }

    /// Whether nobody at all would be left out, whoever they are: so of rules that read nothing of a person but what has few values.
    #[must_use]
    pub fn lets_everyone_through(&mut self) -> bool {
        let (facts, spent) = (&self.facts, &mut self.spent);
        self.rules.iter_mut().all(|rule| rule.lets_everyone_through(facts, spent))
    }

    /// One verdict a rule and code, with how many people it leaves out.
    fn verdicts(&self) -> impl Iterator<Item = Verdict> {
        self.rules.iter().flat_map(Screener::verdicts)
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Screen({} rules)", self.rules.len())
    }
}

impl Screener {
    fn new(active: ActiveRule) -> Self {
        let facts = active.rule.reads().filter_map(find);
        let of_the_person = facts.filter(|fact| fact.known == Known::OfThePerson).collect();
        Self { active, of_the_person, answers: HashMap::new(), operations: 0, left_out: BTreeMap::new() }
    }

    fn answer(&mut self, facts: &Facts, spent: &mut i64) -> Option<Arc<Skip>> {
        let alike: Vec<Value> = self.of_the_person.iter().map(|fact| fact.value(facts)).collect();
        if let Some(known) = self.answers.get(&alike) {
            return known.clone();
        }
        let ruling = self.run(facts, spent);
        let manifest = self.active.rule.manifest();
        let skip = (ruling.level != Level::Pass).then(|| Skip {
            slug: manifest.slug.clone(),
            title: Some(manifest.title.clone()),
            code: ruling.code,
            message: ruling.message,
        });
        let skip = skip.map(Arc::new);
        if self.answers.len() >= MAX_ANSWERS_KEPT {
            self.answers.clear();
        }
        self.answers.insert(alike, skip.clone());
        skip
    }

    fn run(&mut self, facts: &Facts, spent: &mut i64) -> Ruling {
        if *spent > MAX_SCREEN_OPERATIONS {
            let fault = Fault::new(
                "the rules take more operations for all these people than they may",
                "pour toutes ces personnes, les règles demandent plus d’opérations que permis",
            );
            return Ruling::error(self.active.rule.manifest(), &fault, 0);
        }
        let ruling = ruling(&self.active, &Arc::new(facts.clone()));
        self.operations = self.operations.saturating_add(ruling.operations);
        *spent = spent.saturating_add(ruling.operations.max(LEAST_OF_A_RUN));
        ruling
    }

    fn lets_everyone_through(&mut self, facts: &Facts, spent: &mut i64) -> bool {
        let few = |fact: &&'static FactSpec| matches!(fact.path, SEX | CONSENT);
        let kind = |(sex, commercial_consent): (&&str, bool)| Facts {
            person: PersonFacts { sex: (*sex).to_owned(), commercial_consent, ..PersonFacts::default() },
            ..facts.clone()
        };
        let kinds = SEXES.iter().flat_map(|sex| [(sex, true), (sex, false)]).map(kind);
        self.of_the_person.iter().all(few)
            && kinds.into_iter().all(|facts| self.answer(&facts, spent).is_none())
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let title = &self.active.rule.manifest().title;
        if self.left_out.is_empty() {
            let passed = LocalText::new("The rule leaves nobody out.", "La règle n’écarte personne.");
            return vec![self.verdict(Level::Pass, PASS, passed, 0)];
        }
        let told = |(code, people): (&String, &i64)| {
            let message = self.told(title, code == RULE_ERROR, *people);
            self.verdict(Level::Skip, code, message, *people)
        };
        self.left_out.iter().map(told).collect()
    }

    fn told(&self, title: &LocalText, failed: bool, people: i64) -> LocalText {
        let (en, fr) = match (self.active.state, people) {
            (State::Observed, 1) => {
                ("1 person would be left out".to_owned(), "1 personne serait écartée".to_owned())
            }
            (State::Observed, _) => (
                format!("{people} people would be left out"),
                format!("{people} personnes seraient écartées"),
            ),
            (_, 1) => ("1 person is left out".to_owned(), "1 personne est écartée".to_owned()),
            _ => (format!("{people} people are left out"), format!("{people} personnes sont écartées")),
        };
        if failed {
            return LocalText::new(
                format!(
                    "The rule “{}” failed, and has to be mended: {en}. Tell your administrator.",
                    title.en
                ),
                format!(
                    "La règle « {} » a échoué, et doit être corrigée : {fr}. Prévenez votre administrateur.",
                    title.fr
                ),
            );
        }
        LocalText::new(format!("{}: {en}.", title.en), format!("{} : {fr}.", title.fr))
    }

    fn verdict(&self, level: Level, code: &str, message: LocalText, people: i64) -> Verdict {
        let active = &self.active;
        let help_url = active.rule.manifest().help_url.clone();
        Verdict {
            slug: active.rule.manifest().slug.clone(),
            version: active.version,
            script_hash: active.rule.hash().to_owned(),
            level,
            code: code.to_owned(),
            message,
            help_url: help_url.filter(|_| level != Level::Pass),
            observed_only: active.state == State::Observed,
            operations: self.operations,
            people,
            fixes: Vec::new(),
            params: active.rule.params_kept(&active.params),
            engine: ENGINE,
            origin: Some(active.rule.origin()),
        }
    }
}

impl Decision {
    /// The same decision, with what the RECIPIENT rules answered, which refuses nothing.
    #[must_use]
    pub fn with_screen(mut self, screen: &Screen) -> Self {
        self.verdicts.extend(screen.verdicts());
        let read = screen.rules.iter().flat_map(|rule| rule.active.rule.reads()).filter_map(find);
        let same_for_all = read.filter(|fact| fact.known == Known::Always);
        if let Json::Object(facts) = &mut self.facts_read {
            facts.extend(same_for_all.map(|fact| stored(fact, &screen.facts)));
        }
        Self::of(self.verdicts, self.facts_read)
    }
}
