//! What the rules answered, kept: every rule that ran, and the facts that they read.
//!
//! Architecture Invariant: written once, in the transaction of what it decided on, and never changed.

use std::collections::HashMap;

use entity::At;
use entity::campaign_dispatch;
use entity::decision::{self, Column};
use entity::enums::{Module, Outcome, Stage};
use entity::ids::{CampaignId, DecisionId, StructureId};
use rules::Verdict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    JoinType, QueryFilter, QuerySelect, QueryTrait, RelationTrait,
};

use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::store::StoreError;

/// A decision, as the accounts of its structure see it.
#[derive(Debug, Clone)]
pub struct DecisionRow {
    /// The decision.
    pub id: DecisionId,
    /// When it was taken.
    pub at: At,
    /// What the rules came to together.
    pub outcome: rules::Outcome,
    /// What each of them answered.
    pub verdicts: Vec<Verdict>,
}

impl DecisionRow {
    /// A decision that is shown and not kept.
    pub(super) fn unsaved(ctx: &Ctx, decision: &rules::Decision) -> Self {
        Self { id: ctx.id(), at: ctx.at(), outcome: decision.outcome, verdicts: decision.verdicts.clone() }
    }

    /// Whether another decision gives the same codes of the same rules.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        let codes = |row: &Self| -> Vec<(String, String)> {
            row.verdicts.iter().map(|verdict| (verdict.slug.clone(), verdict.code.clone())).collect()
        };
        codes(self) == codes(other)
    }
}

impl Keyed for DecisionRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: DecisionId,
    decided_at: At,
    outcome: Outcome,
    verdicts: serde_json::Value,
}

impl Keyed for Row {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

impl Row {
    fn read(self) -> Result<DecisionRow, Fault> {
        let verdicts = serde_json::from_value(self.verdicts).map_err(Fault::internal)?;
        Ok(DecisionRow { id: self.id, at: self.decided_at, outcome: outcome_of(self.outcome), verdicts })
    }
}

/// An outcome, as rules know it.
pub(super) const fn outcome_of(stored: Outcome) -> rules::Outcome {
    match stored {
        Outcome::Allowed => rules::Outcome::Allowed,
        Outcome::ConfirmationRequired => rules::Outcome::ConfirmationRequired,
        Outcome::Refused => rules::Outcome::Refused,
    }
}

const COLUMNS: [Column; 4] = [Column::Id, Column::DecidedAt, Column::Outcome, Column::Verdicts];

/// The decisions of the caller's structure, latest first.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on RULES; those of a page.
pub async fn page(ctx: &Ctx, caller: &Caller, args: &PageArgs) -> Result<Page<DecisionRow>, Fault> {
    let structure = caller.may_read(Module::Rules)?.structure;
    let query = decision::in_structure(structure).select_only().columns(COLUMNS).into_query();
    let listing = Listing::descending("decisions", structure).by((decision::Entity, Column::Id), KeyKind::Id);
    let page: Page<Row> = listing.page(ctx.store.readers(), query, args).await?;
    let read = |(cursor, row): (String, Row)| row.read().map(|row| (cursor, row));
    let items = page.items.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page { items, has_next: page.has_next, has_previous: page.has_previous, total: page.total })
}

/// One decision; none when it is another structure's. Who reads campaigns may know why each was allowed.
///
/// # Errors
/// The database's.
pub async fn by_id(ctx: &Ctx, caller: &Caller, id: DecisionId) -> Result<Option<DecisionRow>, Fault> {
    read(ctx.store.readers(), caller.structure, id).await
}

/// The decisions of those ids that are of the caller's structure, in no particular order, with one statement; others are
/// passed over. At most a page of ids.
///
/// # Errors
/// The database's.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[DecisionId]) -> Result<Vec<DecisionRow>, Fault> {
    let query = decision::in_structure(caller.structure).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = query.select_only().columns(COLUMNS).into_model::<Row>().all(ctx.store.readers()).await?;
    rows.into_iter().map(Row::read).collect()
}

/// What was decided on these campaigns of the caller's structure when their hour had come, by campaign, with one statement.
///
/// # Errors
/// The database's.
pub async fn of_dispatched(
    ctx: &Ctx,
    caller: &Caller,
    campaigns: &[CampaignId],
) -> Result<HashMap<CampaignId, DecisionRow>, Fault> {
    #[derive(FromQueryResult)]
    struct Dispatched {
        campaign_id: CampaignId,
        #[sea_orm(nested)]
        decision: Row,
    }
    let query = decision::in_structure(caller.structure)
        .select_only()
        .columns(COLUMNS)
        .column(campaign_dispatch::Column::CampaignId)
        .join_rev(JoinType::InnerJoin, campaign_dispatch::Relation::Decision.def())
        .filter(campaign_dispatch::Column::CampaignId.is_in(campaigns.iter().copied()));
    let rows = query.into_model::<Dispatched>().all(ctx.store.readers()).await?;
    rows.into_iter().map(|row| Ok((row.campaign_id, row.decision.read()?))).collect()
}

/// One decision of a structure.
pub(super) async fn read(
    db: &impl ConnectionTrait,
    structure: StructureId,
    id: DecisionId,
) -> Result<Option<DecisionRow>, Fault> {
    let query = decision::by_id_in(structure, id).select_only().columns(COLUMNS);
    query.into_model::<Row>().one(db).await?.map(Row::read).transpose()
}

/// Keeps a decision.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    stage: Stage,
    decision: &rules::Decision,
) -> Result<DecisionRow, StoreError> {
    let (id, at): (DecisionId, _) = (ctx.id(), ctx.at());
    let row = decision::ActiveModel {
        id: Set(id),
        structure_id: Set(caller.structure),
        account_id: Set(caller.account),
        stage: Set(stage),
        decided_at: Set(at),
        outcome: Set(match decision.outcome {
            rules::Outcome::Allowed => Outcome::Allowed,
            rules::Outcome::ConfirmationRequired => Outcome::ConfirmationRequired,
            rules::Outcome::Refused => Outcome::Refused,
        }),
        verdicts: Set(serde_json::to_value(&decision.verdicts)
            .map_err(|cause| sea_orm::DbErr::Custom(cause.to_string()))?),
        facts: Set(decision.facts_read.clone()),
    };
    decision::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(DecisionRow { id, at, outcome: decision.outcome, verdicts: decision.verdicts.clone() })
}
