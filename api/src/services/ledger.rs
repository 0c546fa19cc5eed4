//! The ledger: the only module that moves credit.
//!
//! Architecture Invariants. Every movement is a transfer between two places, never changed once written; the balances on the
//! structure's credit row are their sums, moved in the same transaction. Nothing is taken that is not there: the reservation
//! is one conditional update, and the row's own checks stand behind it. A caller that also changes a campaign and its
//! messages holds the credit row first, so that every transaction takes its locks in the order credit, campaign, messages. A
//! send need not: nobody else can wait for a campaign that it has just inserted.

use entity::At;
use entity::enums::{LedgerAccount, LedgerReason, Module, TransferKind};
use entity::ids::{AccountId, CampaignId, LedgerEntryId, MessageId, OrderId, StructureId, TransferId};
use entity::{credit, ledger_entry, top_up_order, transfer};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, OnConflict, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect, QueryTrait,
};

use crate::app::{App, Ctx};
use crate::caller::{Caller, Scope};
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::store::StoreError;

/// Transfers inserted by one statement: 13 columns each, far below SQLite's 32,766 variables.
const TRANSFERS_PER_STATEMENT: usize = 1_000;

/// What a structure holds, in SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// Whose it is.
    pub structure: StructureId,
    /// What can still be spent.
    pub balance: i64,
    /// What campaigns under way hold.
    pub reserved: i64,
}

impl Credit {
    /// The same, before so much of it was reserved.
    #[must_use]
    pub fn before_reserving(self, cost: i64) -> Self {
        Self { balance: self.balance + cost, reserved: self.reserved - cost, ..self }
    }
}

/// The credit of the caller's structure, read from the primary.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on CREDIT.
pub async fn credit(ctx: &Ctx, caller: &Caller) -> Result<Credit, Fault> {
    let scope = caller.may_read(Module::Credit)?;
    held(ctx.store.readers(), scope.structure).await
}

/// What a structure holds; nothing when no account was opened.
pub(super) async fn held(
    db: &impl sea_orm::ConnectionTrait,
    structure: StructureId,
) -> Result<Credit, Fault> {
    let row = credit::in_structure(structure).one(db).await?;
    let (balance, reserved) = row.map_or((0, 0), |row| (row.available, row.reserved));
    Ok(Credit { structure, balance, reserved })
}

/// A line of the ledger as people read it: all transfers of one campaign and reason.
#[derive(Debug, Clone, FromQueryResult)]
pub struct EntryRow {
    /// The line.
    pub id: LedgerEntryId,
    /// Why credit moved.
    pub reason: LedgerReason,
    /// The campaign it is for.
    pub campaign_id: Option<CampaignId>,
    /// The account that caused it.
    pub account_id: Option<AccountId>,
    /// How many SMS moved.
    pub quantity: i64,
    /// What that did to the balance.
    pub delta: i64,
    /// The balance after the latest transfer.
    pub balance_after: i64,
    /// When the latest transfer was made.
    pub last_at: At,
}

impl Keyed for EntryRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

fn entries_query(structure: StructureId) -> SelectStatement {
    let columns = [
        ledger_entry::Column::Id,
        ledger_entry::Column::Reason,
        ledger_entry::Column::CampaignId,
        ledger_entry::Column::AccountId,
        ledger_entry::Column::Quantity,
        ledger_entry::Column::Delta,
        ledger_entry::Column::BalanceAfter,
        ledger_entry::Column::LastAt,
    ];
    ledger_entry::in_structure(structure).select_only().columns(columns).into_query()
}

/// The lines of the ledger, latest first.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on CREDIT; those of a page.
pub async fn entries(ctx: &Ctx, caller: &Caller, args: &PageArgs) -> Result<Page<EntryRow>, Fault> {
    let structure = caller.may_read(Module::Credit)?.structure;
    Listing::descending("ledger", structure)
        .by((ledger_entry::Entity, ledger_entry::Column::Id), KeyKind::Id)
        .page(ctx.store.readers(), entries_query(structure), args)
        .await
}

/// The lines of those ids that are of the caller's structure, in no particular order, with one statement; others are passed
/// over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on CREDIT.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[LedgerEntryId]) -> Result<Vec<EntryRow>, Fault> {
    let structure = caller.may_read(Module::Credit)?.structure;
    let query =
        ledger_entry::in_structure(structure).filter(ledger_entry::Column::Id.is_in(ids.iter().copied()));
    Ok(query.into_model::<EntryRow>().all(ctx.store.readers()).await?)
}

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
    };
    credit::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Issues the quantity of an approved order to its structure.
///
/// # Errors
/// The database's; a unique key refuses a second issue for one order.
pub async fn top_up(
    tx: &DatabaseTransaction,
    app: &App,
    order: &top_up_order::Model,
) -> Result<(), StoreError> {
    let quantity = order.quantity;
    let balance = Balances { issued: quantity, available: quantity, ..Balances::default() };
    let balance_after = balance.add(tx, order.structure_id).await?;
    let mut line =
        Line::new(order.structure_id, TransferKind::TopUp, LedgerAccount::Issued, LedgerAccount::Available);
    line.order = Some(order.id);
    line.account = order.requested_by;
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
    let updated = credit::Entity::update_many()
        .col_expr(credit::Column::Available, Expr::col(credit::Column::Available).sub(amount))
        .col_expr(credit::Column::Reserved, Expr::col(credit::Column::Reserved).add(amount))
        .filter(credit::Column::StructureId.eq(scope.structure))
        .filter(credit::Column::Available.gte(amount))
        .exec_with_returning(tx)
        .await?;
    let Some(row) = updated.first() else {
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
    let balance_after = change.add(tx, structure).await?;
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
    Balances { issued: lost, operator_loss: lost, ..Balances::default() }.add(tx, structure).await?;
    let mut line =
        Line::new(structure, TransferKind::Loss, LedgerAccount::Issued, LedgerAccount::OperatorLoss);
    line.campaign = Some(campaign);
    let moved: Vec<_> = messages.iter().map(|(message, amount)| (Some(*message), *amount)).collect();
    line.transfer(tx, app, &moved).await
}

fn sum(messages: &[(MessageId, i64)]) -> i64 {
    messages.iter().map(|(_, amount)| amount).sum()
}

/// What to add to each balance; negative where to take.
#[derive(Debug, Clone, Copy, Default)]
struct Balances {
    issued: i64,
    available: i64,
    reserved: i64,
    spent: i64,
    operator_loss: i64,
}

impl Balances {
    /// Adds to the structure's credit row, and answers what can then be spent.
    async fn add(self, tx: &DatabaseTransaction, structure: StructureId) -> Result<i64, StoreError> {
        let mut update = credit::Entity::update_many().filter(credit::Column::StructureId.eq(structure));
        let changes = [
            (credit::Column::Issued, self.issued),
            (credit::Column::Available, self.available),
            (credit::Column::Reserved, self.reserved),
            (credit::Column::Spent, self.spent),
            (credit::Column::OperatorLoss, self.operator_loss),
        ];
        for (column, change) in changes {
            update = update.col_expr(column, Expr::col(column).add(change));
        }
        let rows = update.exec_with_returning(tx).await?;
        let missing =
            || sea_orm::DbErr::RecordNotFound(format!("credit of structure {}", structure.as_uuid()));
        Ok(rows.first().ok_or_else(missing)?.available)
    }
}

/// What transfers of one cause share.
struct Line {
    structure: StructureId,
    kind: TransferKind,
    source: LedgerAccount,
    destination: LedgerAccount,
    campaign: Option<CampaignId>,
    order: Option<OrderId>,
    account: Option<AccountId>,
}

impl Line {
    fn new(
        structure: StructureId,
        kind: TransferKind,
        source: LedgerAccount,
        destination: LedgerAccount,
    ) -> Self {
        Self { structure, kind, source, destination, campaign: None, order: None, account: None }
    }

    /// Writes the transfers, each of an amount and, where it is one's own, for a message.
    async fn transfer(
        &self,
        tx: &DatabaseTransaction,
        app: &App,
        moved: &[(Option<MessageId>, i64)],
    ) -> Result<(), StoreError> {
        let at = app.at();
        for chunk in moved.chunks(TRANSFERS_PER_STATEMENT) {
            let rows = chunk.iter().map(|(message, amount)| transfer::ActiveModel {
                id: Set(app.id::<TransferId>()),
                structure_id: Set(self.structure),
                kind: Set(self.kind),
                source: Set(self.source),
                destination: Set(self.destination),
                amount: Set(*amount),
                campaign_id: Set(self.campaign),
                message_id: Set(*message),
                order_id: Set(self.order),
                account_id: Set(self.account),
                note: Set(None),
                made_at: Set(at),
            });
            transfer::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        Ok(())
    }

    /// Adds to the line that people read, or begins it.
    async fn enter(
        &self,
        tx: &DatabaseTransaction,
        app: &App,
        reason: LedgerReason,
        quantity: i64,
        delta: i64,
        balance_after: i64,
    ) -> Result<(), StoreError> {
        use ledger_entry::Column;
        let at = app.at();
        let row = ledger_entry::ActiveModel {
            id: Set(app.id::<LedgerEntryId>()),
            structure_id: Set(self.structure),
            reason: Set(reason),
            campaign_id: Set(self.campaign),
            order_id: Set(self.order),
            account_id: Set(self.account),
            quantity: Set(quantity),
            delta: Set(delta),
            balance_after: Set(balance_after),
            first_at: Set(at),
            last_at: Set(at),
        };
        let new = |column: Column| Expr::col((Alias::new("excluded"), column));
        let more = |column: Column| Expr::col((ledger_entry::Entity, column)).add(new(column));
        let gathered = OnConflict::columns([Column::StructureId, Column::CampaignId, Column::Reason])
            .value(Column::Quantity, more(Column::Quantity))
            .value(Column::Delta, more(Column::Delta))
            .value(Column::BalanceAfter, new(Column::BalanceAfter))
            .value(
                Column::AccountId,
                Func::coalesce([
                    new(Column::AccountId),
                    Expr::col((ledger_entry::Entity, Column::AccountId)),
                ]),
            )
            .value(Column::LastAt, new(Column::LastAt))
            .to_owned();
        ledger_entry::Entity::insert(row).on_conflict(gathered).exec_without_returning(tx).await?;
        Ok(())
    }
}
