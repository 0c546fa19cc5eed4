//! What a claim asks of the queue: the next structures, the next campaigns of them, the next messages of these.
//!
//! Written so that indexes serve: the states as literals, one bounded branch for each structure and each campaign.

use entity::At;
use entity::ids::{CampaignId, StructureId};
use entity::{campaign, enums, message};
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement,
    UnionType, Value, WithClause,
};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::message_state::MessageState;
use crate::fault::{self, Bug};
use crate::services::delivery::in_state;
use crate::services::expire;
use crate::store::StoreError;

/// Where to look, in the order of ids.
#[derive(Debug, Clone, Copy)]
pub(super) enum Span<K> {
    All,
    After(K),
    UpTo(K),
}

impl<K: Into<Value>> Span<K> {
    /// After the last; all, where there is none.
    pub(super) fn after(last: Option<K>) -> Self {
        last.map_or(Self::All, Self::After)
    }

    fn holds(self, column: Expr) -> Option<Expr> {
        match self {
            Self::All => None,
            Self::After(last) => Some(column.gt(Expr::val(last))),
            Self::UpTo(last) => Some(column.lte(Expr::val(last))),
        }
    }
}

/// A campaign that has something due.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Found {
    pub(super) structure_id: StructureId,
    pub(super) id: CampaignId,
    pub(super) provider: String,
}

fn of_campaign(column: campaign::Column) -> Expr {
    Expr::col((campaign::Entity, column))
}

fn of_message(column: message::Column) -> Expr {
    Expr::col((message::Entity, column))
}

/// That a campaign of the table `campaign` is on its way, and its time is not over.
fn on_its_way(now: At) -> Expr {
    use campaign::Column;
    let dispatching = Expr::Constant(enums::CampaignState::Dispatching.as_str().into());
    let has_time = of_campaign(Column::ExpiresAt).is_null().or(expire::is_over(now).not());
    of_campaign(Column::State).eq(dispatching).and(has_time)
}

/// Whether the campaign of a message lets it be sent: one that is cancelled, paused or too old does not.
pub(in crate::dispatch) fn under_way(now: At) -> Expr {
    let campaign = Query::select()
        .expr(Expr::val(1_i32))
        .from(campaign::Entity)
        .and_where(of_campaign(campaign::Column::Id).equals((message::Entity, message::Column::CampaignId)))
        .and_where(on_its_way(now))
        .to_owned();
    Expr::exists(campaign)
}

/// That a message of the table `message` waits to be sent, is due, and is nobody's.
fn due(now: At) -> Expr {
    use message::Column;
    let over = of_message(Column::LeaseUntil).lt(now);
    let over = if fault::planted(Bug::LeaseTakenOver) { over.or(Expr::val(1).eq(1)) } else { over };
    let free = of_message(Column::LeaseUntil).is_null().or(over);
    in_state(MessageState::Queued).and(of_message(Column::NextAttemptAt).lte(now)).and(free)
}

/// Chooses campaigns that have something due, but those of these providers.
fn sending(now: At, without: &[String]) -> SelectStatement {
    use campaign::Column;
    let waits = Query::select()
        .expr(Expr::val(1_i32))
        .from(message::Entity)
        .and_where(of_message(message::Column::CampaignId).equals((campaign::Entity, Column::Id)))
        .and_where(due(now))
        .to_owned();
    let mut query = Query::select();
    query
        .from(campaign::Entity)
        .and_where(on_its_way(now))
        .and_where(of_campaign(Column::Queued).gt(0_i64))
        .and_where(Expr::exists(waits));
    if !without.is_empty() {
        query.and_where(of_campaign(Column::Provider).is_not_in(without.iter().cloned()));
    }
    query
}

/// The structures within `span` that have something due, in order, but these structures and providers.
pub(super) async fn structures(
    db: &impl ConnectionTrait,
    now: At,
    full: &(Vec<StructureId>, Vec<String>),
    span: Span<StructureId>,
    most: usize,
) -> Result<Vec<StructureId>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        structure_id: StructureId,
    }
    let rows = db.query_all(&structures_query(now, full, span, most)).await?;
    Ok(rows
        .iter()
        .map(|row| Row::from_query_result(row, "").map(|row| row.structure_id))
        .collect::<Result<_, _>>()?)
}

/// Each step looks for the next structure by the index, so that one of many campaigns is passed in one.
fn structures_query(
    now: At,
    (without, providers): &(Vec<StructureId>, Vec<String>),
    span: Span<StructureId>,
    most: usize,
) -> SelectStatement {
    use campaign::Column;
    let (turn, structure) = (Alias::new("turn"), Alias::new("structure_id"));
    let last = || Expr::col((turn.clone(), structure.clone()));
    let owner = || of_campaign(Column::StructureId);
    let first = |beyond: Option<Expr>| {
        let mut query = sending(now, providers);
        query.column((campaign::Entity, Column::StructureId));
        let until = match span {
            Span::UpTo(_) => span.holds(owner()),
            Span::All | Span::After(_) => None,
        };
        let without = (!without.is_empty()).then(|| owner().is_not_in(without.iter().copied()));
        for condition in [beyond, until, without].into_iter().flatten() {
            query.and_where(condition);
        }
        let query = query
            .order_by((campaign::Entity, Column::StructureId), Order::Asc)
            .order_by((campaign::Entity, Column::Id), Order::Asc)
            .limit(1)
            .take();
        Expr::SubQuery(None, Box::new(query.into()))
    };
    let begin = match span {
        Span::After(_) => span.holds(owner()),
        Span::All | Span::UpTo(_) => None,
    };
    let next = Query::select()
        .expr(first(Some(owner().gt(last()))))
        .from(turn.clone())
        .and_where(last().is_not_null())
        .take();
    let steps = Query::select().expr_as(first(begin), structure.clone()).union(UnionType::All, next).take();
    let steps = CommonTableExpression::new()
        .table_name(turn.clone())
        .column(structure.clone())
        .query(steps)
        .to_owned();
    Query::select()
        .column((turn.clone(), structure.clone()))
        .from(turn.clone())
        .and_where(last().is_not_null())
        .limit(most as u64)
        .with_cte(WithClause::new().recursive(true).cte(steps).to_owned())
        .take()
}

/// The campaigns that have something due, of each structure at most so many within its span, but those of these providers.
pub(super) async fn campaigns(
    db: &impl ConnectionTrait,
    now: At,
    providers: &[String],
    spans: impl Iterator<Item = (StructureId, Span<CampaignId>)>,
    most: usize,
) -> Result<Vec<Found>, StoreError> {
    let rows = db.query_all(&campaigns_query(now, providers, spans, most)).await?;
    Ok(rows.iter().map(|row| Found::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

fn campaigns_query(
    now: At,
    providers: &[String],
    spans: impl Iterator<Item = (StructureId, Span<CampaignId>)>,
    most: usize,
) -> SelectStatement {
    use campaign::Column;
    let columns = [Column::StructureId, Column::Id, Column::Provider];
    all_of(spans.map(|(structure, span)| {
        let mut query = sending(now, providers);
        query
            .columns(columns.map(|column| (campaign::Entity, column)))
            .and_where(of_campaign(Column::StructureId).eq(structure));
        if let Some(within) = span.holds(of_campaign(Column::Id)) {
            query.and_where(within);
        }
        query.order_by((campaign::Entity, Column::Id), Order::Asc).limit(most as u64).take()
    }))
}

/// The messages that have been due for longest, at most so many of each campaign, kept from others.
pub(super) fn messages(now: At, shares: impl Iterator<Item = (CampaignId, usize)>) -> SelectStatement {
    use message::Column;
    all_of(shares.map(|(campaign, share)| {
        Query::select()
            .columns([Column::Id, Column::CampaignId].map(|column| (message::Entity, column)))
            .from(message::Entity)
            .and_where(of_message(Column::CampaignId).eq(campaign))
            .and_where(due(now))
            .order_by((message::Entity, Column::NextAttemptAt), Order::Asc)
            .order_by((message::Entity, Column::Id), Order::Asc)
            .limit(share as u64)
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .take()
    }))
}

/// What each of these answers, each with its own order, bound and lock.
fn all_of(branches: impl Iterator<Item = SelectStatement>) -> SelectStatement {
    let whole = |branch| Query::select().expr(Expr::cust("*")).from_subquery(branch, "branch").take();
    let all = branches.map(whole).reduce(|mut all, branch| all.union(UnionType::All, branch).take());
    all.expect("invariant: nobody asks for nothing")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::sea_query::SqliteQueryBuilder;
    use sea_orm::{DbBackend, Statement};
    use uuid::Uuid;

    use super::*;
    use crate::store::{DatabaseUrl, Options, Store};

    /// What SQLite says it does. It keeps no figures here, so that an empty database has the plans of a full one.
    async fn plan(store: &Store, query: &SelectStatement) -> Vec<String> {
        let sql = format!("EXPLAIN QUERY PLAN {}", query.to_string(SqliteQueryBuilder));
        let rows = store.readers().query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
        let rows = rows.expect("it is explained");
        rows.iter().map(|row| row.try_get("", "detail").expect("a text")).collect()
    }

    #[tokio::test]
    async fn every_look_is_by_an_index_and_sorts_nothing() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let url = DatabaseUrl::Sqlite(folder.path().join("envoi.db"));
        let read_timeout = Duration::from_secs(1);
        let options = Options { migrate: true, postgres_connections: 2, read_timeout };
        let store = Store::open(&url, options).await.expect("it opens");
        let now = At::from(chrono::DateTime::UNIX_EPOCH);
        let structure = StructureId::from_uuid(Uuid::from_u128(1));
        let campaign = CampaignId::from_uuid(Uuid::from_u128(2));
        let closed = vec!["ill".to_owned()];
        for (query, index) in [
            (structures_query(now, &(vec![structure], closed.clone()), Span::All, 16), "campaign_under_way"),
            (
                structures_query(now, &(Vec::new(), Vec::new()), Span::After(structure), 16),
                "campaign_under_way",
            ),
            (
                structures_query(now, &(Vec::new(), closed.clone()), Span::UpTo(structure), 16),
                "campaign_under_way",
            ),
            (
                campaigns_query(now, &closed, [(structure, Span::After(campaign)); 3].into_iter(), 4),
                "campaign_under_way",
            ),
            (messages(now, [(campaign, 100); 3].into_iter()), "message_due"),
        ] {
            let plan = plan(&store, &query).await;
            let all = plan.join("\n");
            assert!(all.contains(index) && all.contains("message_due"), "{all}");
            // The recursion's own steps, and the answers of a branch, are all that is gone through whole.
            let scanned = |step: &&String| {
                let whole = |table| step.starts_with(&format!("SCAN {table}"));
                whole("message") || whole("campaign") && !step.contains("campaign_under_way")
            };
            assert_eq!(plan.iter().find(scanned), None, "{all}");
            assert!(!all.contains("TEMP B-TREE"), "{all}");
        }
        store.close().await;
    }
}
