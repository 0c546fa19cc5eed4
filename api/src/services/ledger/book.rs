//! Moving the balances of a structure, and writing down what moved.
//!
//! Architecture Invariant: every change of a credit row's balances is one conditional update, made here, which also says whether the
//! structure is short of credit from then on.

use entity::At;
use entity::enums::{LedgerAccount, LedgerReason, TransferKind};
use entity::ids::{AccountId, CampaignId, LedgerEntryId, MessageId, OrderId, StructureId, TransferId};
use entity::{credit, ledger_entry, transfer};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::app::App;
use crate::fault::{self, Bug};
use crate::store::StoreError;

/// Transfers inserted by one statement: 15 columns each, far below SQLite's 32,766 variables.
const TRANSFERS_PER_STATEMENT: usize = 1_000;

/// What to add to each balance; negative where to take.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Balances {
    pub(super) issued: i64,
    pub(super) available: i64,
    pub(super) reserved: i64,
    pub(super) spent: i64,
    pub(super) operator_loss: i64,
}

impl Balances {
    /// Adds to the structure's credit row, unless that takes more than can be spent; answers the row as it then is, or none.
    pub(super) async fn add(
        self,
        tx: &DatabaseTransaction,
        at: At,
        structure: StructureId,
    ) -> Result<Option<credit::Model>, StoreError> {
        use credit::Column;
        let mut update = credit::Entity::update_many().filter(Column::StructureId.eq(structure));
        let changes = [
            (Column::Issued, self.issued),
            (Column::Available, self.available),
            (Column::Reserved, self.reserved),
            (Column::Spent, self.spent),
            (Column::OperatorLoss, self.operator_loss),
        ];
        for (column, change) in changes.into_iter().filter(|(_, change)| *change != 0) {
            update = update.col_expr(column, Expr::col(column).add(change));
        }
        if self.available != 0 {
            let after = Expr::col(Column::Available).add(self.available);
            for (column, value) in standing(&after, &Expr::col(Column::LowAt), at) {
                update = update.col_expr(column, value);
            }
        }
        if self.available < 0 && !fault::planted(Bug::UnconditionalDebit) {
            update = update.filter(Column::Available.gte(-self.available));
        }
        Ok(update.exec_with_returning(tx).await?.pop())
    }

    /// The same where nothing is taken: answers what can then be spent.
    pub(super) async fn give(
        self,
        tx: &DatabaseTransaction,
        at: At,
        structure: StructureId,
    ) -> Result<i64, StoreError> {
        let missing =
            || sea_orm::DbErr::RecordNotFound(format!("credit of structure {}", structure.as_uuid()));
        Ok(self.add(tx, at, structure).await?.ok_or_else(missing)?.available)
    }
}

/// How a credit row stands with this balance and threshold: since when it is short, and how often it came to be. It does so once for
/// each time that the balance comes from above the threshold to it or below.
pub(super) fn standing(balance: &Expr, low_at: &Expr, at: At) -> [(credit::Column, Expr); 2] {
    use credit::Column::{LowCount, LowSince};
    let low = || balance.clone().lte(low_at.clone());
    let since = Expr::case(low(), Func::coalesce([Expr::col(LowSince), Expr::val(at)]))
        .finally(Expr::val(Option::<At>::None));
    let comes =
        Expr::case(low().and(Expr::col(LowSince).is_null()), Expr::val(1_i64)).finally(Expr::val(0_i64));
    [(LowSince, since.into()), (LowCount, Expr::col(LowCount).add(comes))]
}

/// What transfers of one cause share.
pub(super) struct Line {
    structure: StructureId,
    kind: TransferKind,
    source: LedgerAccount,
    destination: LedgerAccount,
    pub(super) campaign: Option<CampaignId>,
    pub(super) order: Option<OrderId>,
    pub(super) account: Option<AccountId>,
    pub(super) key: Option<String>,
    pub(super) correction: Option<Correction>,
}

/// What a correction has of its own.
pub(super) struct Correction {
    pub(super) transfer: TransferId,
    pub(super) operator: String,
    pub(super) note: String,
}

impl Line {
    pub(super) fn new(
        structure: StructureId,
        kind: TransferKind,
        source: LedgerAccount,
        destination: LedgerAccount,
    ) -> Self {
        Self {
            structure,
            kind,
            source,
            destination,
            campaign: None,
            order: None,
            account: None,
            key: None,
            correction: None,
        }
    }

    /// Writes the transfers, each of an amount and, where it is one's own, for a message.
    pub(super) async fn transfer(
        &self,
        tx: &DatabaseTransaction,
        app: &App,
        moved: &[(Option<MessageId>, i64)],
    ) -> Result<(), StoreError> {
        let at = app.at();
        let correction = self.correction.as_ref();
        for chunk in moved.chunks(TRANSFERS_PER_STATEMENT) {
            let rows = chunk.iter().map(|(message, amount)| transfer::ActiveModel {
                id: Set(correction.map_or_else(|| app.id(), |correction| correction.transfer)),
                structure_id: Set(self.structure),
                kind: Set(self.kind),
                source: Set(self.source),
                destination: Set(self.destination),
                amount: Set(*amount),
                campaign_id: Set(self.campaign),
                message_id: Set(*message),
                order_id: Set(self.order),
                account_id: Set(self.account),
                note: Set(correction.map(|correction| correction.note.clone())),
                operator: Set(correction.map(|correction| correction.operator.clone())),
                key: Set(self.key.clone()),
                made_at: Set(at),
            });
            transfer::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        Ok(())
    }

    /// Adds to the line that people read, or begins it.
    pub(super) async fn enter(
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
            transfer_id: Set(self.correction.as_ref().map(|correction| correction.transfer)),
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
