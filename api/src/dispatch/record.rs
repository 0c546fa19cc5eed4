//! Recording what came of requests, many in one transaction.
//!
//! Architecture Invariants. What was accepted is charged in the transaction that says so. Recording the same results twice
//! changes nothing the second time: each is held against the state and the attempt that it is about. A message goes back to
//! the queue only from `SENDING`, on proof that it was not sent.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use entity::attempt;
use entity::enums::AttemptOutcome;
use entity::ids::{AttemptId, MessageId};
use sea_orm::{DatabaseTransaction, EntityTrait};

use super::{backoff, begin};
use crate::app::App;
use crate::domain::outcome::Outcome;
use crate::fault::{self, Bug, Point};
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
        .await?;
    fault::at(Point::RecordCommitted);
    Ok(())
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
    if fault::planted(Bug::AttemptAfterRequest) {
        let rows = results.iter().map(|result| {
            let subject = (result.place, result.message);
            begin::attempt_row(app, result.attempt, subject, result.number, &result.provider)
        });
        attempt::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
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
    delivery::finish(tx, app.at(), &finishes).await?;
    fault::at(Point::RecordWritten);
    Ok(())
}

fn is_proof_of_not_sent(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::NotSent { .. } | Outcome::Misconfigured)
}

/// What an outcome changes, if anything: the state, why, and when to try again.
fn change(app: &App, standing: &Standing, outcome: &Outcome, jitter: f64) -> Option<Change> {
    let last = i64::from(standing.attempts) >= i64::from(app.config.dispatch.max_attempts);
    let to = standing.state.answered(outcome, last)?;
    let again = |wait| Change { to, reason: None, not_before: Some(later(app.at(), wait)) };
    Some(match outcome {
        Outcome::HandedOver { .. } => Change::to(to),
        Outcome::Rejected { code } => Change::to(to).because(code),
        Outcome::Unknown { reason } => Change::to(to).because(reason.as_str()),
        Outcome::NotSent { .. } | Outcome::Misconfigured if last => {
            Change::to(to).because(reason::ATTEMPTS_EXHAUSTED)
        }
        Outcome::NotSent { retry_after } => again(backoff::after(standing.attempts, *retry_after, jitter)),
        Outcome::Misconfigured => again(backoff::while_misconfigured(standing.attempts, jitter)),
    })
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
