//! Recording what came of requests, many in one transaction.
//!
//! Architecture Invariants. What was accepted is charged in the transaction that says so. Recording the same results twice
//! changes nothing the second time: each is held against the state and the attempt that it is about. A message goes back to
//! the queue only from `SENDING`, on proof that it was not sent.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use entity::enums::AttemptOutcome;
use entity::ids::{AttemptId, MessageId};
use sea_orm::DatabaseTransaction;

use super::backoff;
use crate::app::App;
use crate::domain::message_state::{Report, ReportEffect};
use crate::domain::outcome::Outcome;
use crate::services::delivery::{self, Change, Finish, Moves, Place, Standing, later, reason};
use crate::store::StoreError;

/// The code of an attempt that the provider's configuration prevented.
const MISCONFIGURED: &str = "MISCONFIGURED";

/// What came of one request.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub(super) message: MessageId,
    pub(super) place: Place,
    pub(super) attempt: AttemptId,
    /// The attempt's rank, from 1.
    pub(super) number: i32,
    pub(super) provider: String,
    pub(super) outcome: Outcome,
}

/// Records results, all or none.
pub(super) async fn record(app: &Arc<App>, results: Arc<[Finished]>) -> Result<(), StoreError> {
    let inner = Arc::clone(app);
    app.store
        .write::<(), StoreError, _>(move |tx| Box::pin(async move { record_in(tx, &inner, &results).await }))
        .await
}

async fn record_in(tx: &DatabaseTransaction, app: &App, results: &[Finished]) -> Result<(), StoreError> {
    let places: BTreeSet<Place> = results.iter().map(|result| result.place).collect();
    delivery::lock(tx, &places).await?;
    let ids: Vec<MessageId> = results.iter().map(|result| result.message).collect();
    let standings: HashMap<MessageId, Standing> =
        delivery::standings(tx, &ids).await?.into_iter().map(|standing| (standing.id, standing)).collect();
    // Drawn once for all, so that those that wait alike are changed by one statement.
    let jitter = app.entropy.unit();
    let mut moves = Moves::default();
    let mut finishes = Vec::new();
    for result in results {
        let Some(standing) =
            standings.get(&result.message).filter(|standing| standing.attempts == result.number)
        else {
            continue;
        };
        let change = change(app, standing, &result.outcome, jitter);
        if change.is_some() || !is_proof_of_not_sent(&result.outcome) {
            finishes.push(finish(result));
        }
        if let Some(change) = change {
            moves.add(standing, change);
        }
    }
    moves.apply(tx, app, None).await?;
    delivery::finish(tx, app.at(), &finishes).await
}

fn is_proof_of_not_sent(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::NotSent { .. } | Outcome::Misconfigured)
}

/// What an outcome changes, if anything: a late one may find the message elsewhere.
fn change(app: &App, standing: &Standing, outcome: &Outcome, jitter: f64) -> Option<Change> {
    let state = standing.state;
    match outcome {
        // As a report says it: this also holds after a write-off.
        Outcome::HandedOver { .. } => match state.report(Report::HandedOver) {
            ReportEffect::Moved { to, .. } => Some(Change::to(to)),
            ReportEffect::Ignored => None,
        },
        Outcome::Rejected { code } => state.reject().ok().map(|to| Change::to(to).because(code)),
        Outcome::Unknown { reason } => {
            state.lose_track().ok().map(|to| Change::to(to).because(reason.as_str()))
        }
        Outcome::NotSent { retry_after } => {
            let wait = backoff::after(standing.attempts, *retry_after, jitter);
            again(app, standing, wait)
        }
        Outcome::Misconfigured => {
            again(app, standing, backoff::while_misconfigured(standing.attempts, jitter))
        }
    }
}

/// Back to the queue, or out of it when it was tried as often as is allowed.
fn again(app: &App, standing: &Standing, wait: std::time::Duration) -> Option<Change> {
    let queued = standing.state.requeue().ok()?;
    if i64::from(standing.attempts) >= i64::from(app.config.dispatch.max_attempts) {
        return queued.suppress().ok().map(|to| Change::to(to).because(reason::ATTEMPTS_EXHAUSTED));
    }
    Some(Change { to: queued, reason: None, not_before: Some(later(app.at(), wait)) })
}

fn finish(result: &Finished) -> Finish {
    let (outcome, code, provider_ref) = match &result.outcome {
        Outcome::HandedOver { reference } => (AttemptOutcome::HandedOver, None, Some(reference.clone())),
        Outcome::Rejected { code } => (AttemptOutcome::Rejected, Some(code.clone()), None),
        Outcome::Unknown { reason } => (AttemptOutcome::Unknown, Some(reason.as_str().to_owned()), None),
        Outcome::NotSent { .. } => (AttemptOutcome::NotSent, None, None),
        Outcome::Misconfigured => (AttemptOutcome::NotSent, Some(MISCONFIGURED.to_owned()), None),
    };
    Finish { attempt: result.attempt, outcome, code, provider_ref }
}
