//! The ledger: the only module that moves credit.
//!
//! Architecture Invariants. Every movement is a transfer between two places, never changed once written; the balances on the
//! structure's credit row are their sums, moved in the same transaction. Nothing is taken that is not there: what takes
//! is one conditional update, and the row's own checks stand behind it. A caller that also changes a campaign and its
//! messages holds the credit row first, so that every transaction takes its locks in the order credit, campaign, messages. A
//! send need not: nobody else can wait for a campaign that it has just inserted.

mod book;
mod low;
mod view;

use entity::enums::{LedgerAccount, LedgerReason, TransferKind};
use entity::ids::{AccountId, CampaignId, MessageId, StructureId, TransferId};
use entity::{credit, ledger_entry, top_up_order, transfer};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};

use crate::app::App;
use crate::caller::Scope;
use crate::store::StoreError;
use book::{Balances, Correction, Line};
pub use low::{set_low, tell_low};
pub(super) use view::held;
pub use view::{Credit, EntryRow, by_ids, credit, entries};

/// Opens a structure's account, empty.
///
/// # Errors
/// The database's, also when it is open already.
pub async fn open(tx: &DatabaseTransaction, structure: StructureId) -> Result<(), StoreError> {
    let row = credit::ActiveModel {
        structure_id: Set(structure),
        issued: Set(0),
        available: Set(0),
        reserved: Set(0),
        spent: Set(0),
        operator_loss: Set(0),
        low_at: Set(None),
        low_since: Set(None),
        low_count: Set(0),
        low_told: Set(0),
    };
    credit::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Issues the quantity of an approved order to its structure, under the operator's key if there is one.
///
/// # Errors
/// The database's; a unique key refuses a second issue for one order or under one key.
pub async fn top_up(
    tx: &DatabaseTransaction,
    app: &App,
    order: &top_up_order::Model,
    key: Option<String>,
) -> Result<(), StoreError> {
    let quantity = order.quantity;
    let balance = Balances { issued: quantity, available: quantity, ..Balances::default() };
    let balance_after = balance.give(tx, app.at(), order.structure_id).await?;
    let mut line =
        Line::new(order.structure_id, TransferKind::TopUp, LedgerAccount::Issued, LedgerAccount::Available);
    line.order = Some(order.id);
    line.account = order.requested_by;
    line.key = key;
    line.transfer(tx, app, &[(None, quantity)]).await?;
    line.enter(tx, app, LedgerReason::TopUp, quantity, quantity, balance_after).await
}

/// Sets credit aside for a campaign that is inserted, if there is enough: `false`, and nothing done, when there is not.
///
/// # Errors
/// The database's; a unique key refuses a second reservation for one campaign.
pub async fn reserve(
    tx: &DatabaseTransaction,
    app: &App,
    scope: Scope,
    campaign: CampaignId,
    amount: i64,
) -> Result<bool, StoreError> {
    let change = Balances { available: -amount, reserved: amount, ..Balances::default() };
    let Some(row) = change.add(tx, app.at(), scope.structure).await? else {
        return Ok(false);
    };
    let (from, to) = (LedgerAccount::Available, LedgerAccount::Reserved);
    let mut line = Line::new(scope.structure, TransferKind::Reservation, from, to);
    line.campaign = Some(campaign);
    line.account = scope.by;
    line.transfer(tx, app, &[(None, amount)]).await?;
    line.enter(tx, app, LedgerReason::Reservation, amount, -amount, row.available).await?;
    Ok(true)
}

/// A correction of a balance by the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// What it does to the balance: below 0 where it takes.
    pub delta: i64,
    /// The name of who decided it.
    pub operator: String,
    /// Why.
    pub note: String,
}

/// Corrects a balance, unless that takes more than can be spent: then none, and nothing done. Answers the transfer, and what can then be
/// spent.
///
/// # Errors
/// The database's; a unique key refuses a second correction under one key.
pub async fn adjust(
    tx: &DatabaseTransaction,
    app: &App,
    structure: StructureId,
    adjustment: Adjustment,
    key: Option<String>,
) -> Result<Option<(TransferId, i64)>, StoreError> {
    let Adjustment { delta, operator, note } = adjustment;
    let change = Balances { issued: delta, available: delta, ..Balances::default() };
    let Some(row) = change.add(tx, app.at(), structure).await? else {
        return Ok(None);
    };
    let (from, to) = if delta < 0 {
        (LedgerAccount::Available, LedgerAccount::Issued)
    } else {
        (LedgerAccount::Issued, LedgerAccount::Available)
    };
    let mut line = Line::new(structure, TransferKind::Adjustment, from, to);
    let transfer = app.id();
    line.correction = Some(Correction { transfer, operator, note });
    line.key = key;
    let quantity = delta.saturating_abs();
    line.transfer(tx, app, &[(None, quantity)]).await?;
    line.enter(tx, app, LedgerReason::Adjustment, quantity, delta, row.available).await?;
    Ok(Some((transfer, row.available)))
}

/// The transfer that was made under this key of the operator's, if it was. Whoever else would make it waits until this transaction ends.
///
/// # Errors
/// The database's.
pub async fn made_under(
    tx: &DatabaseTransaction,
    structure: StructureId,
    kind: TransferKind,
    key: &str,
) -> Result<Option<transfer::Model>, StoreError> {
    credit::in_structure(structure).lock(LockType::NoKeyUpdate).one(tx).await?;
    let made = transfer::in_structure(structure)
        .filter(transfer::Column::Kind.eq(kind))
        .filter(transfer::Column::Key.eq(key));
    Ok(made.one(tx).await?)
}

/// What a correction did to the balance, and what could be spent after it, as its line tells.
///
/// # Errors
/// The database's.
pub async fn line_of(
    tx: &DatabaseTransaction,
    structure: StructureId,
    transfer: TransferId,
) -> Result<Option<(i64, i64)>, StoreError> {
    let line = ledger_entry::in_structure(structure).filter(ledger_entry::Column::TransferId.eq(transfer));
    Ok(line.one(tx).await?.map(|line| (line.delta, line.balance_after)))
}

/// Settles messages of a campaign: charges those handed over, releases what the others held, `by` an account where one wanted that.
///
/// # Errors
/// The database's; a unique key refuses to charge or release a message twice.
pub async fn settle(
    tx: &DatabaseTransaction,
    app: &App,
    (structure, campaign): (StructureId, CampaignId),
    by: Option<AccountId>,
    charges: &[(MessageId, i64)],
    releases: &[(MessageId, i64)],
) -> Result<(), StoreError> {
    let (spent, freed) = (sum(charges), sum(releases));
    if spent == 0 && freed == 0 {
        return Ok(());
    }
    let change = Balances { reserved: -(spent + freed), spent, available: freed, ..Balances::default() };
    let balance_after = change.give(tx, app.at(), structure).await?;
    let settled = [
        (TransferKind::Charge, LedgerAccount::Spent, LedgerReason::Charge, charges, 0),
        (TransferKind::Release, LedgerAccount::Available, LedgerReason::Release, releases, freed),
    ];
    for (kind, to, reason, messages, delta) in settled {
        if messages.is_empty() {
            continue;
        }
        let mut line = Line::new(structure, kind, LedgerAccount::Reserved, to);
        line.campaign = Some(campaign);
        line.account = by;
        let moved: Vec<_> = messages.iter().map(|(message, amount)| (Some(*message), *amount)).collect();
        line.transfer(tx, app, &moved).await?;
        line.enter(tx, app, reason, sum(messages), delta, balance_after).await?;
    }
    Ok(())
}

/// Bears the cost of messages that turn out handed over after they were written off: the operator's loss, no one else's.
///
/// # Errors
/// The database's; a unique key refuses to bear a message twice.
pub async fn loss(
    tx: &DatabaseTransaction,
    app: &App,
    structure: StructureId,
    campaign: CampaignId,
    messages: &[(MessageId, i64)],
) -> Result<(), StoreError> {
    let lost = sum(messages);
    if lost == 0 {
        return Ok(());
    }
    Balances { issued: lost, operator_loss: lost, ..Balances::default() }
        .give(tx, app.at(), structure)
        .await?;
    let mut line =
        Line::new(structure, TransferKind::Loss, LedgerAccount::Issued, LedgerAccount::OperatorLoss);
    line.campaign = Some(campaign);
    let moved: Vec<_> = messages.iter().map(|(message, amount)| (Some(*message), *amount)).collect();
    line.transfer(tx, app, &moved).await
}

fn sum(messages: &[(MessageId, i64)]) -> i64 {
    messages.iter().map(|(_, amount)| amount).sum()
}
