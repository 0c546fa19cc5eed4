//! Delivery reports: what providers say of messages, later.
//!
//! The caller vouches that a report is the provider's own. Late, repeated, reordered reports are all welcome: what they may
//! change is decided by `domain::message_state`, and it is forwards only.
//!
//! Architecture Invariant: a report is recorded once an attempt and a status, and with what it changed, in one transaction.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use entity::enums::{AttemptOutcome, ReceiptStatus};
use entity::ids::{AttemptId, CampaignId, MessageId, ReceiptId, StructureId};
use entity::{attempt, message, receipt};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult};

use super::delivery::{self, Change, Finish, Moves, Standing};
use crate::app::App;
use crate::domain::message_state::{MessageState, MoneyEffect, Report as Status, ReportEffect};
use crate::fault::{self, Bug, Point};
use crate::providers::Report;
use crate::store::{StoreError, among};

/// The most reports worked through in one transaction.
pub const BATCH: usize = 500;

/// What a report was found to be about.
#[derive(FromQueryResult)]
struct Subject {
    attempt: AttemptId,
    message: MessageId,
    structure: StructureId,
    campaign: CampaignId,
}

/// Records reports, in the order given, and what they change. One about an attempt that is not ours is ignored. Answers how
/// many were about an attempt of ours.
///
/// # Errors
/// The database's. All can then be given again: those recorded already change nothing.
pub async fn apply(app: &Arc<App>, reports: &[Report]) -> Result<usize, StoreError> {
    let mut known = 0;
    // A transaction each: one takes all its locks at once, in order.
    for batch in reports.chunks(BATCH) {
        let (inner, batch) = (Arc::clone(app), batch.to_vec());
        known += app
            .store
            .write::<usize, StoreError, _>(move |tx| {
                Box::pin(async move { apply_batch(tx, &inner, &batch).await })
            })
            .await?;
    }
    fault::at(Point::ReportsCommitted);
    Ok(known)
}

async fn apply_batch(tx: &DatabaseTransaction, app: &App, reports: &[Report]) -> Result<usize, StoreError> {
    let subjects = subjects(tx, reports).await?;
    let places: BTreeSet<_> = subjects.values().map(|found| (found.structure, found.campaign)).collect();
    delivery::lock(tx, &places).await?;
    let messages: BTreeSet<MessageId> = subjects.values().map(|found| found.message).collect();
    let messages: Vec<_> = messages.into_iter().collect();
    let standings = delivery::standings(tx, &messages).await?;
    let mut ways: HashMap<MessageId, Way> =
        standings.into_iter().map(|standing| (standing.id, Way::new(standing))).collect();

    let mut receipts = Vec::new();
    let mut proofs = Vec::new();
    let mut known = 0;
    for report in reports {
        let Some(found) = subjects.get(&AttemptId::from(report.attempt)) else {
            continue;
        };
        known += 1;
        receipts.extend(row(app, found, report));
        let way = ways.get_mut(&found.message).expect("invariant: an attempt's message exists");
        if way.follow(report) {
            proofs.push(Finish {
                attempt: found.attempt,
                outcome: AttemptOutcome::HandedOver,
                code: None,
                provider_ref: None,
            });
        }
    }
    if !receipts.is_empty() {
        let known = OnConflict::columns([receipt::Column::AttemptId, receipt::Column::Status])
            .do_nothing()
            .to_owned();
        receipt::Entity::insert_many(receipts).on_conflict(known).exec_without_returning(tx).await?;
    }
    let mut moves = Moves::default();
    for id in messages {
        if let Some(way) = ways.remove(&id) {
            moves.add(&way.start, Change { to: way.state, reason: way.reason, not_before: None });
        }
    }
    moves.apply(tx, app, None).await?;
    delivery::finish(tx, app.at(), &proofs).await?;
    fault::at(Point::ReportsWritten);
    Ok(known)
}

/// The messages that the reports are about, by attempt.
async fn subjects(
    tx: &DatabaseTransaction,
    reports: &[Report],
) -> Result<HashMap<AttemptId, Subject>, StoreError> {
    let query = Query::select()
        .expr_as(Expr::col((attempt::Entity, attempt::Column::Id)), "attempt")
        .expr_as(Expr::col((message::Entity, message::Column::Id)), "message")
        .expr_as(Expr::col((message::Entity, message::Column::StructureId)), "structure")
        .expr_as(Expr::col((message::Entity, message::Column::CampaignId)), "campaign")
        .from(attempt::Entity)
        .inner_join(
            message::Entity,
            Expr::col((message::Entity, message::Column::Id))
                .equals((attempt::Entity, attempt::Column::MessageId)),
        )
        .and_where(among(
            tx.get_database_backend(),
            Expr::col((attempt::Entity, attempt::Column::Id)),
            reports.iter().map(|report| report.attempt),
        ))
        .to_owned();
    let rows = tx.query_all(&query).await?;
    let subject = |row| Subject::from_query_result(row, "").map(|found| (found.attempt, found));
    Ok(rows.iter().map(subject).collect::<Result<_, _>>()?)
}

/// The way of one message through the reports of a batch.
struct Way {
    start: Standing,
    state: MessageState,
    reason: Option<String>,
}

impl Way {
    fn new(start: Standing) -> Self {
        Self { start, state: start.state, reason: None }
    }

    /// Follows one report; answers whether it proved a hand-over that was not recorded yet.
    fn follow(&mut self, report: &Report) -> bool {
        match self.state.report(report.status) {
            ReportEffect::Ignored
                if fault::planted(Bug::ReportMovesBack) && self.state == MessageState::Delivered =>
            {
                self.state = MessageState::HandedOver;
                false
            }
            ReportEffect::Ignored => false,
            ReportEffect::Moved { .. }
                if fault::planted(Bug::EarlyReportDropped) && self.state == MessageState::Sending =>
            {
                false
            }
            ReportEffect::Moved { to, money } => {
                self.state = to;
                self.reason.clone_from(&report.code);
                money != MoneyEffect::None
            }
        }
    }
}

/// The row that keeps a report; an acceptance is the attempt's, and has none.
fn row(app: &App, found: &Subject, report: &Report) -> Option<receipt::ActiveModel> {
    let status = match report.status {
        Status::HandedOver => return None,
        Status::Delivered => ReceiptStatus::Delivered,
        Status::Undelivered => ReceiptStatus::Undelivered,
    };
    Some(receipt::ActiveModel {
        id: Set(app.id::<ReceiptId>()),
        structure_id: Set(found.structure),
        message_id: Set(found.message),
        attempt_id: Set(found.attempt),
        status: Set(status),
        code: Set(report.code.clone()),
        received_at: Set(app.at()),
    })
}
