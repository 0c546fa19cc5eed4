//! A rule tried on facts, on a preview or on a message to real people, with nothing sent and nothing kept.
//!
//! Architecture Invariant: what is told of a message is what its plan would be for an account that may send, were the rule in force; nothing
//! is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use entity::enums::{Access, AccountKind, Module};
use entity::ids::{PersonId, PreviewId};
use rules::{ActiveRule, Diagnostic, Facts, Fix, Outcome, Stage, Trace};
use serde_json::Value;

use super::leaving::Leaving;
use super::plan::{Draft, plan_under};
use super::preview::{draft_of, own};
use super::screening::{LeftOut, Screening};
use super::{Exclusion, ExclusionReason, PreviewInput, facts};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};
use crate::services::audience::{Audience, Recipient};
use crate::services::people::{self, PersonRow};
use crate::services::ruleset::{self, Candidate, CandidateProblem, RuleSet};

/// People named whom a rule would leave out.
const SAMPLES: usize = 5;

/// What to try, and on what.
#[derive(Debug, Clone)]
pub struct TrialInput {
    /// The rule.
    pub rule: Candidate,
    /// Values by parameter, in the notation of manifests, over those set.
    pub parameters: Vec<(String, String)>,
    /// What it is tried on.
    pub on: TriedOn,
}

/// What a rule is tried on.
#[expect(
    clippy::large_enum_variant,
    reason = "one a request: a box would only stand between it and its reader"
)]
#[derive(Debug, Clone)]
pub enum TriedOn {
    /// Facts, written as those of a case.
    Facts(String),
    /// A preview of the caller's own.
    Preview(PreviewId),
    /// A message that was not previewed, and facts laid over its own, written as those of a case.
    Message(PreviewInput, Option<String>),
}

/// How a rule fared.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The rule, by its name for programs.
    pub slug: String,
    /// What it answered, and how it came to it. Of a rule that looks at people, to the first whom it leaves out, or to the first of all.
    pub trace: Trace,
    /// The smallest changes that would make it pass.
    pub fixes: Vec<Fix>,
    /// The facts that it reads, by path, as it saw them; without the text of the message.
    pub facts: Vec<(&'static str, Value)>,
    /// The most operations that it can take.
    pub operations_bound: u64,
    /// What became of the message; none when it was tried on facts alone.
    pub message: Option<TriedMessage>,
}

/// What a message comes to, with the rule in force and as things are.
#[derive(Debug, Clone)]
pub struct TriedMessage {
    /// What the rules in force say of it.
    pub outcome_now: Outcome,
    /// What they would say.
    pub outcome_then: Outcome,
    /// The SMS to send, now and then.
    pub messages: (i64, i64),
    /// What they cost, now and then.
    pub cost: (i64, i64),
    /// Whom the rule would leave out, and why.
    pub left_out: Arc<LeftOut>,
    /// Some of them; none told to who may not read people.
    pub samples: Vec<Exclusion>,
}

/// Tries a rule. Of a rule that is in force already, what it does is told as if it were set so.
///
/// # Errors
/// Those of [`ruleset::candidate`]; `FACTS_INVALID`; `PREVIEW_NOT_FOUND`; the problems of the message;
/// [`Fault::Forbidden`] without READ on RULES, and on PEOPLE for a rule that reads facts of them, on a preview or a message.
pub async fn try_rule(
    ctx: &Ctx,
    caller: &Caller,
    input: TrialInput,
) -> Result<Trial, Failure<CandidateProblem>> {
    let TrialInput { rule, parameters, on } = input;
    let rule = ruleset::candidate(ctx, caller, rule, &parameters).await?;
    let mut over = None;
    let draft = match on {
        TriedOn::Facts(text) => {
            let facts = rules::read_facts(&text)
                .map_err(|problems| facts_invalid(ctx, &["on", "facts"], &problems))?;
            return Ok(told(ctx, caller, rule, facts, None).await?);
        }
        TriedOn::Preview(id) => {
            let shown = own(ctx.store.readers(), caller, id).await?;
            draft_of(&shown.ok_or_else(|| Problem::new("PREVIEW_NOT_FOUND").at(&["on", "preview"]))?)?
        }
        TriedOn::Message(message, facts) => {
            over = facts;
            Draft::new(message).map_err(|problem| problem.within(&["on", "message"]))?
        }
    };
    if rule.rule.reads().any(tells_of_people) {
        caller.may_read(Module::People)?;
    }
    if over.is_some() && looks_at_people(&rule) {
        return Err(Problem::new("FACTS_OF_PEOPLE_FIXED").at(&["on", "message", "facts"]).into());
    }
    on_message(ctx, caller, rule, (draft, over)).await
}

fn looks_at_people(rule: &ActiveRule) -> bool {
    rule.rule.manifest().stages.contains(&Stage::Recipient)
}

/// Whether a fact tells of people, or how a structure sorts them: who may not read them is not told what a rule sees.
fn tells_of_people(fact: &str) -> bool {
    fact.starts_with("person.") || matches!(fact, "audience.lists" | "audience.tags")
}

fn facts_invalid(ctx: &Ctx, path: &[&'static str], problems: &[Diagnostic]) -> Problem {
    ruleset::refused(Problem::new("FACTS_INVALID").at(path), problems, ctx.lang)
}

async fn on_message(
    ctx: &Ctx,
    caller: &Caller,
    rule: ActiveRule,
    (draft, over): (Draft, Option<String>),
) -> Result<Trial, Failure<CandidateProblem>> {
    let (db, slug, sender) = (ctx.store.readers(), rule.rule.manifest().slug.clone(), &sender(caller));
    let in_force = ruleset::active(ctx, db, caller.structure).await?;
    let (stage, trying) = (stage_of(&rule, &draft), in_force.clone().trying(rule.clone()));
    let then = plan_under(ctx, db, sender, draft.clone(), (stage, &trying)).await.map_err(wider)?;
    let leaving = Leaving::of(ctx.now(), then.send_at);
    let mut facts = facts::of(&then, sender, &then.structure, then.credit, leaving.at)?;
    let laid_over = |facts: Facts| match &over {
        Some(over) => rules::lay_over(&facts, over)
            .map_err(|problems| facts_invalid(ctx, &["on", "message", "facts"], &problems)),
        None => Ok(facts),
    };
    let decided = async |rules: &RuleSet, facts: &Facts| {
        let decision = ruleset::decide(ctx, caller.structure, rules, (stage, facts)).await?;
        Ok::<_, Fault>(decision.outcome)
    };
    facts = laid_over(facts)?;
    let outcome_then = if over.is_some() { decided(&trying, &facts).await? } else { then.decision.outcome };
    let (outcome_now, messages_now, cost_now) = if in_force.plans_alike(&trying, &slug) {
        (decided(&in_force, &facts).await?, then.messages, then.cost)
    } else {
        let now = plan_under(ctx, db, sender, draft, (stage, &in_force)).await.map_err(wider)?;
        let facts = laid_over(facts::of(&now, sender, &now.structure, now.credit, leaving.at)?)?;
        (decided(&in_force, &facts).await?, now.messages, now.cost)
    };
    let by_it = then.left_out.iter().filter(|(_, skip)| skip.slug == slug);
    let left_out: LeftOut = by_it.map(|(person, skip)| (*person, Arc::clone(skip))).collect();
    if looks_at_people(&rule) {
        let first = left_out.keys().min();
        let one = first.map_or_else(|| then.audience.clone(), |id| Audience::People(vec![*id]));
        if let Some(recipient) = first_of(ctx, caller, &one).await? {
            let screening = Screening::new(ctx, caller.structure, &trying, facts.clone(), leaving).await?;
            facts.person = screening.person_facts(db, &recipient).await?;
        }
    }
    let samples = samples(ctx, caller, &left_out).await?;
    let message = TriedMessage {
        outcome_now,
        outcome_then,
        messages: (messages_now, then.messages),
        cost: (cost_now, then.cost),
        left_out: Arc::new(left_out),
        samples,
    };
    Ok(told(ctx, caller, rule, facts, Some(message)).await?)
}

async fn told(
    ctx: &Ctx,
    caller: &Caller,
    rule: ActiveRule,
    facts: Facts,
    message: Option<TriedMessage>,
) -> Result<Trial, Fault> {
    let run = move || {
        let ActiveRule { rule, params, .. } = rule;
        Trial {
            slug: rule.manifest().slug.clone(),
            trace: rule.trace(&facts, &params),
            fixes: rule.fixes(&facts, &params),
            facts: rule.facts_seen(&facts).into_iter().filter(|(path, _)| *path != "message.text").collect(),
            operations_bound: rule.operations_bound(),
            message,
        }
    };
    ctx.run_rules(caller.structure, run).await
}

/// The stage at which a rule shows what it does: the first at which it sees the whole of that message. One that looks at messages whose
/// hour has come says nothing of those that leave at once.
fn stage_of(rule: &ActiveRule, draft: &Draft) -> Stage {
    let sees = |stage: &&Stage| match stage {
        Stage::Preview | Stage::Send => true,
        Stage::Dispatch => draft.send_at.is_some(),
        Stage::Recipient => false,
    };
    rule.rule.manifest().stages.iter().find(sees).copied().unwrap_or(Stage::Preview)
}

/// Who would send it: rules are tried by administrators, whom the platform lets send nothing.
fn sender(caller: &Caller) -> Caller {
    let Caller { structure, account, session, .. } = *caller;
    let granted = [(Module::CommunicationSms, Access::ReadWrite)];
    Caller::new(structure, account, session, AccountKind::Personal, granted)
}

/// The first whom a message to that audience reaches.
async fn first_of(ctx: &Ctx, caller: &Caller, audience: &Audience) -> Result<Option<Recipient>, Fault> {
    let scan = audience.scan(caller.structure, false);
    let mut scan = scan.map_err(|problem| Fault::internal(problem.code))?;
    Ok(scan.next(ctx.store.readers()).await?.into_iter().next())
}

async fn samples(ctx: &Ctx, caller: &Caller, left_out: &LeftOut) -> Result<Vec<Exclusion>, Fault> {
    let Ok(scope) = caller.may_read(Module::People) else {
        return Ok(Vec::new());
    };
    let first: BTreeSet<PersonId> = left_out.keys().copied().collect();
    let ids: Vec<PersonId> = first.into_iter().take(SAMPLES).collect();
    let people = people::by_ids(ctx, scope, &ids).await?;
    let exclusion = |person: PersonRow| {
        let skip = Arc::clone(left_out.get(&person.id)?);
        Some(Exclusion { person, reason: ExclusionReason::Rule(skip) })
    };
    Ok(people.into_iter().filter_map(exclusion).collect())
}

/// The problem of a message that is tried.
fn wider(failure: Failure) -> Failure<CandidateProblem> {
    match failure {
        Failure::Problem(problem) => Failure::Problem(problem.within(&["on", "message"]).into()),
        Failure::Fault(fault) => Failure::Fault(fault),
    }
}
