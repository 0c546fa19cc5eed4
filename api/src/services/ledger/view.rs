//! Reading credit and the lines of its ledger, as their structure sees them.
//!
//! Architecture Invariant: balances are read from the primary.

use entity::At;
use entity::enums::{LedgerReason, Module};
use entity::ids::{AccountId, CampaignId, LedgerEntryId, StructureId};
use entity::{credit, ledger_entry, transfer};
use sea_orm::{
    ColumnTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect, QueryTrait, RelationTrait, Select,
};

use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};

/// What a structure holds, in SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// Whose it is.
    pub structure: StructureId,
    /// What can still be spent.
    pub balance: i64,
    /// What campaigns under way hold.
    pub reserved: i64,
    /// The balance at which, or below, the structure wants to be told.
    pub low_at: Option<i64>,
    /// Since when the balance is there.
    pub low_since: Option<At>,
    /// How often it came there.
    pub low_count: i64,
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
pub(in crate::services) async fn held(
    db: &impl sea_orm::ConnectionTrait,
    structure: StructureId,
) -> Result<Credit, Fault> {
    let row = credit::in_structure(structure).one(db).await?;
    let none = Credit { structure, balance: 0, reserved: 0, low_at: None, low_since: None, low_count: 0 };
    Ok(row.map_or(none, Credit::from))
}

impl From<credit::Model> for Credit {
    fn from(row: credit::Model) -> Self {
        Self {
            structure: row.structure_id,
            balance: row.available,
            reserved: row.reserved,
            low_at: row.low_at,
            low_since: row.low_since,
            low_count: row.low_count,
        }
    }
}

/// A line of the ledger as people read it: all transfers of one campaign and reason, or a correction.
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
    /// Why the operator corrected the balance.
    pub note: Option<String>,
    /// The name of who did.
    pub operator: Option<String>,
}

impl Keyed for EntryRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

/// Lines, with what only a correction has: it is the one kind of which a line names its transfer.
fn lines(structure: StructureId) -> Select<ledger_entry::Entity> {
    use ledger_entry::Column;
    let columns = [
        Column::Id,
        Column::Reason,
        Column::CampaignId,
        Column::AccountId,
        Column::Quantity,
        Column::Delta,
        Column::BalanceAfter,
        Column::LastAt,
    ];
    ledger_entry::in_structure(structure)
        .join(JoinType::LeftJoin, ledger_entry::Relation::Transfer.def())
        .select_only()
        .columns(columns)
        .columns([transfer::Column::Note, transfer::Column::Operator])
}

/// The lines of the ledger, latest first.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on CREDIT; those of a page.
pub async fn entries(ctx: &Ctx, caller: &Caller, args: &PageArgs) -> Result<Page<EntryRow>, Fault> {
    let structure = caller.may_read(Module::Credit)?.structure;
    Listing::descending("ledger", structure)
        .by((ledger_entry::Entity, ledger_entry::Column::Id), KeyKind::Id)
        .page(ctx.store.readers(), lines(structure).into_query(), args)
        .await
}

/// The lines of those ids that are of the caller's structure, in no particular order, with one statement; others are passed
/// over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on CREDIT.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[LedgerEntryId]) -> Result<Vec<EntryRow>, Fault> {
    let structure = caller.may_read(Module::Credit)?.structure;
    let query = lines(structure).filter(ledger_entry::Column::Id.is_in(ids.iter().copied()));
    Ok(query.into_model::<EntryRow>().all(ctx.store.readers()).await?)
}
