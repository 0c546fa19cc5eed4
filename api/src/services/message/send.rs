//! The send: the plan made again, compared with its preview, and committed whole.
//!
//! Architecture Invariants. One transaction holds the key, the consumed preview, the decision, the campaign, the approval it uses up, its
//! messages, whom it leaves out and its reservation. What was previewed is what is sent: other recipients, another text or sender, a higher
//! price, other rules or a worse outcome answer the new preview instead, unless balance or time alone are to blame for the outcome. The
//! answers come in one order: key, token, stale, refused, confirmation, credit. The work goes on when the client has left.

use std::sync::Arc;

use entity::ids::{CampaignId, StructureId};
use entity::{campaign, preview, structure};
use rules::{Outcome, Stage, Verdict};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, DatabaseTransaction, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::plan::{Draft, Plan, plan};
use super::preview::{Preview, draft_of, preview_draft, token_hash};
use super::{approvals, exclusions, facts, history, planted, queue};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};
use crate::fault::{self, Bug, Point};
use crate::services::audience::Audience;
use crate::services::decisions::{self, DecisionRow};
use crate::services::idempotency::{Known, Request};
use crate::services::{ledger, ruleset, structures};

/// The built-in rule that speaks of credit.
const CREDIT_RULE: &str = "credit-sufficient";

/// More messages than this change what the database should know of its tables.
const MANY_MESSAGES: i64 = 5_000;

/// What to send.
#[derive(Debug, Clone)]
pub struct SendInput {
    /// The token of the preview.
    pub token: String,
    /// The client's key: asking twice with it sends once.
    pub key: Uuid,
    /// The codes that the user confirmed.
    pub confirm: Vec<String>,
}

/// A send that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The campaign.
    pub campaign: CampaignId,
    /// Whether this request had been answered before.
    pub replayed: bool,
}

/// Why nothing was sent.
#[derive(Debug)]
pub enum SendProblem {
    /// The input itself.
    Input(Problem),
    /// The key was used for another request.
    IdempotencyConflict,
    /// No such token: forged, unknown, or another account's.
    PreviewNotFound,
    /// The token served already.
    PreviewUsed(CampaignId),
    /// The token is too old.
    PreviewExpired,
    /// Something changed: the new preview, and whether it was the rules.
    PreviewStale(Box<Preview>, bool),
    /// The rules refuse.
    Refused(Box<DecisionRow>),
    /// The rules ask for these codes in `confirm`.
    ConfirmationRequired(Vec<String>),
    /// Others spent the credit meanwhile.
    InsufficientCredit {
        /// What the message costs.
        required: i64,
        /// What is left.
        available: i64,
    },
}

/// Sends what was previewed.
///
/// # Errors
/// [`SendProblem`], and the database's.
pub async fn send(ctx: &Ctx, caller: &Caller, input: SendInput) -> Result<Sent, Failure<SendProblem>> {
    let (ctx, caller) = (ctx.clone(), caller.clone());
    let work = tokio::spawn(async move {
        match send_once(&ctx, &caller, &input).await {
            // A concurrent request with the same key or token was first: what it did is there now.
            Err(Failure::Fault(Fault::Store(error))) if error.is_unique_violation() => {
                send_once(&ctx, &caller, &input).await
            }
            answer => answer,
        }
    });
    work.await.map_err(|cause| Failure::from(Fault::internal(cause)))?
}

/// What a transaction ended with when it commits nothing.
enum Refusal {
    /// The request has this answer.
    Answer(Failure<SendProblem>),
    /// What was previewed would now do something else, or stands under other rules.
    Stale(Box<Draft>, bool),
}

impl<T: Into<Failure<SendProblem>>> From<T> for Refusal {
    fn from(failure: T) -> Self {
        Self::Answer(failure.into())
    }
}

async fn send_once(ctx: &Ctx, caller: &Caller, input: &SendInput) -> Result<Sent, Failure<SendProblem>> {
    let request = Arc::new((ctx.in_a_write(), caller.clone(), input.clone()));
    let campaign: CampaignId = ctx.id();
    if fault::planted(Bug::KeyBeforeCommit) {
        planted::remember_first(ctx, caller, input, campaign).await?;
    }
    let sent = ctx
        .store
        .write(move |tx| {
            Box::pin(async move {
                let (ctx, caller, input) = &*request;
                commit(tx, ctx, caller, input, campaign).await
            })
        })
        .await;
    match sent {
        Ok((sent, messages)) => {
            fault::at(Point::SendCommitted);
            if fault::planted(Bug::ReservationOutside) && messages > 0 {
                planted::reserve_after(ctx, caller, sent.campaign).await?;
            }
            if messages > MANY_MESSAGES {
                ctx.store.analyze(&["message", "message_person"]).await;
            }
            ctx.queued.notify_one();
            Ok(sent)
        }
        Err(Refusal::Answer(failure)) => Err(failure),
        Err(Refusal::Stale(draft, other_rules)) => match preview_draft(ctx, caller, *draft).await {
            Ok(fresh) => Err(Failure::Problem(SendProblem::PreviewStale(Box::new(fresh), other_rules))),
            Err(Failure::Problem(problem)) => Err(problem.at(&["previewToken"]).into()),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        },
    }
}

/// The codes confirmed, in order, and the request under its key.
pub(super) fn request_of(input: &SendInput) -> (Vec<String>, Request) {
    let mut confirm = input.confirm.clone();
    confirm.sort_unstable();
    confirm.dedup();
    let mut body = vec![input.token.as_bytes()];
    body.extend(confirm.iter().map(String::as_bytes));
    let request = Request::new(entity::enums::Operation::SendSms, input.key, &body);
    (confirm, request)
}

/// Does it all in one transaction; answers also how many messages it wrote.
async fn commit(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    input: &SendInput,
    campaign: CampaignId,
) -> Result<(Sent, i64), Refusal> {
    let (confirm, request) = request_of(input);
    hold_people(tx, ctx, caller.structure).await?;
    // Before the key is looked up: a request with the same key and token that is under way is then waited for, and replayed.
    let locked = lock(tx, caller, &input.token).await?;
    match request.look_up(tx, ctx, caller).await? {
        Known::New => {}
        Known::Done(first, _) if fault::planted(Bug::KeyBeforeCommit) && first == campaign.as_uuid() => {}
        Known::Done(campaign, _) => {
            let sent = Sent { campaign: CampaignId::from(campaign), replayed: true };
            return Ok((sent, 0));
        }
        Known::Conflict => return Err(problem(SendProblem::IdempotencyConflict)),
    }
    let shown = serving(tx, ctx, caller, locked).await?;
    let plan = check(tx, ctx, caller, &shown, &confirm).await?;
    let decision = decisions::insert(tx, ctx, caller, entity::enums::Stage::Send, &plan.decision).await?;
    queue::campaign(tx, ctx, caller, &plan, campaign, shown.id, decision.id).await?;
    if let Some(approval) = plan.approval
        && !approvals::use_up(tx, caller.structure, approval, campaign).await?
    {
        return Err(Refusal::Stale(Box::new(plan.into_draft()), false));
    }
    let bound = queue::messages(tx, ctx, caller, &plan, campaign).await?;
    if bound.hash != plan.hash {
        // People changed while this transaction read them twice: nothing is kept.
        return Err(Refusal::Stale(Box::new(plan.into_draft()), false));
    }
    exclusions::keep(tx, caller, &plan, campaign).await?;
    queue::join_family(tx, caller, &plan, campaign).await?;
    // Last, since it locks the credit row: the dispatcher, which settles other campaigns, waits for it no longer than it must.
    let reserved = fault::planted(Bug::ReservationOutside)
        || ledger::reserve(tx, ctx, caller.scope(), campaign, plan.cost).await?;
    if !reserved {
        let available = ledger::held(tx, caller.structure).await?.balance;
        return Err(problem(SendProblem::InsufficientCredit { required: plan.cost, available }));
    }
    if !fault::planted(Bug::KeyBeforeCommit) {
        request.remember(tx, ctx, caller, campaign.as_uuid()).await?;
    }
    fault::at(Point::SendWritten);
    let sent = Sent { campaign, replayed: false };
    Ok((sent, bound.messages))
}

/// Has imports of the structure wait until the transaction ends: both lock people, in orders of their own, and would wait for
/// one another in a circle on PostgreSQL. Sends wait for each other only where a rule asks what another send changes, so that each sees what
/// the others did; a rule published after this makes the preview stale. SQLite has one writer, and needs none of it.
async fn hold_people(tx: &DatabaseTransaction, ctx: &Ctx, structure: StructureId) -> Result<(), Fault> {
    structure::by_id(structure).lock(hold(tx, ctx, structure).await?).one(tx).await?;
    Ok(())
}

/// How they are held: as one who reads what others send, where a rule asks for it.
async fn hold(tx: &DatabaseTransaction, ctx: &Ctx, structure: StructureId) -> Result<LockType, Fault> {
    let rules = ruleset::active(ctx, tx, structure).await?;
    Ok(if history::asks(&rules) { LockType::NoKeyUpdate } else { LockType::Share })
}

/// The same, without waiting: whether nobody else holds them.
pub(super) async fn holds_people(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    structure: StructureId,
) -> Result<bool, Fault> {
    let lock = hold(tx, ctx, structure).await?;
    let held = structure::by_id(structure).lock_with_behavior(lock, LockBehavior::SkipLocked).one(tx);
    Ok(held.await?.is_some())
}

/// Has sends to those whom one campaign did not reach wait for one another, so that each sees whom the others wrote to: the row of
/// the preview that the family's first campaign came from stands for it, since the dispatcher needs the campaign's.
async fn hold_family(tx: &DatabaseTransaction, caller: &Caller, audience: &Audience) -> Result<(), Fault> {
    let Some(first) = audience.retry_of() else {
        return Ok(());
    };
    if let Some(first) = campaign::by_id_in(caller.structure, first).one(tx).await? {
        preview::by_id_in(caller.structure, first.preview_id).lock_exclusive().one(tx).await?;
    }
    Ok(())
}

/// The preview of a token, its row locked, so that one token serves one request at a time.
pub(super) async fn lock(
    tx: &DatabaseTransaction,
    caller: &Caller,
    token: &str,
) -> Result<Option<preview::Model>, Fault> {
    let query = preview::in_structure(caller.structure)
        .filter(preview::Column::AccountId.eq(caller.account))
        .filter(preview::Column::TokenHash.eq(token_hash(token)))
        .lock_exclusive();
    Ok(query.one(tx).await?)
}

/// The preview locked, if it may still serve.
async fn serving(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    locked: Option<preview::Model>,
) -> Result<preview::Model, Refusal> {
    let row = locked.ok_or_else(|| problem(SendProblem::PreviewNotFound))?;
    let used = campaign::in_structure(caller.structure)
        .filter(campaign::Column::PreviewId.eq(row.id))
        .one(tx)
        .await?;
    if let Some(used) = used.filter(|_| !fault::planted(Bug::TokenNotConsumed)) {
        return Err(problem(SendProblem::PreviewUsed(used.id)));
    }
    if row.expires_at.0 <= ctx.now() {
        return Err(problem(SendProblem::PreviewExpired));
    }
    Ok(row)
}

/// Plans again, and compares with what was shown.
async fn check(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    shown: &preview::Model,
    confirm: &[String],
) -> Result<Plan, Refusal> {
    let draft = draft_of(shown)?;
    hold_family(tx, caller, &draft.audience).await?;
    let plan = plan(ctx, tx, caller, draft, Stage::Send).await.map_err(input_problem)?;
    let before = decisions::read(tx, caller.structure, shown.decision_id).await?;
    let before = before.ok_or_else(|| Fault::internal("a preview without its decision"))?;
    let other_rules = plan.rules_hash != shown.rules_hash;
    let others = plan.hash != shown.plan_hash && !fault::planted(Bug::RecipientAdded);
    let changed = others || other_rules || plan.cost > shown.cost;
    if changed || worse_on_its_own(tx, ctx, caller, shown, &plan, before.outcome).await? {
        return Err(Refusal::Stale(Box::new(plan.into_draft()), other_rules));
    }
    let decision = &plan.decision;
    match decision.outcome {
        Outcome::Refused if before.outcome != Outcome::Refused && only_credit(&plan) => {
            let (required, available) = (plan.cost, plan.credit.balance);
            Err(problem(SendProblem::InsufficientCredit { required, available }))
        }
        Outcome::Refused => {
            let now = DecisionRow::unsaved(ctx, decision);
            Err(problem(SendProblem::Refused(Box::new(if now.says_as(&before) { before } else { now }))))
        }
        Outcome::ConfirmationRequired => {
            let unconfirmed = |code: &&str| !confirm.iter().any(|given| given == code);
            let asked: Vec<String> =
                decision.codes_to_confirm().into_iter().filter(unconfirmed).map(str::to_owned).collect();
            if asked.is_empty() {
                sendable(plan)
            } else {
                Err(problem(SendProblem::ConfirmationRequired(asked)))
            }
        }
        Outcome::Allowed => sendable(plan),
    }
}

/// A plan that reaches no one sends nothing.
fn sendable(plan: Plan) -> Result<Plan, Refusal> {
    if plan.messages == 0 {
        return Err(Problem::new("NO_RECIPIENT").at(&["previewToken"]).into());
    }
    Ok(plan)
}

/// Whether the outcome is worse than the one shown even with the balance and at the instant of the preview: then something
/// else changed.
async fn worse_on_its_own(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    shown: &preview::Model,
    plan: &Plan,
    before: Outcome,
) -> Result<bool, Refusal> {
    if plan.decision.outcome <= before {
        return Ok(false);
    }
    let then = shown.send_at.unwrap_or(shown.created_at).0;
    let structure = structures::facts_of(ctx, tx, caller.structure, then).await?;
    let credit = ledger::Credit { balance: shown.balance, ..plan.credit };
    let facts = facts::of(plan, caller, &structure, credit, then)?;
    let rules = ruleset::active(ctx, tx, caller.structure).await?;
    let then = ruleset::decide(ctx, caller.structure, &rules, (Stage::Send, &facts)).await?;
    Ok(then.outcome > before)
}

/// Whether credit is all that the rules have against it.
fn only_credit(plan: &Plan) -> bool {
    let refuses =
        |verdict: &&Verdict| !verdict.observed_only && Outcome::from(verdict.level) == Outcome::Refused;
    plan.decision.verdicts.iter().filter(refuses).all(|verdict| verdict.slug == CREDIT_RULE)
}

fn problem(problem: SendProblem) -> Refusal {
    Refusal::Answer(Failure::Problem(problem))
}

fn input_problem(failure: Failure) -> Refusal {
    match failure {
        // Where the input of the preview was at fault, that of the send names the preview.
        Failure::Problem(problem) => Refusal::from(problem.at(&["previewToken"])),
        Failure::Fault(fault) => Refusal::from(fault),
    }
}
