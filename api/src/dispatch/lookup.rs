//! Asking providers what became of messages whose report did not come: it may have been lost with a process.

use std::sync::Arc;
use std::time::Duration;

use entity::ids::{AttemptId, MessageId};
use entity::sensitive::Sensitive;
use entity::{At, attempt, message};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::domain::message_state::MessageState;
use crate::domain::phone::Phone;
use crate::providers::{Reference, Report};
use crate::services::delivery::in_state;
use crate::services::receipts;
use crate::store::StoreError;

/// How long a report may take before it is asked for.
const PATIENCE: chrono::TimeDelta = chrono::TimeDelta::seconds(5);
/// The least time between two rounds over all that waits.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(10);
/// Messages asked about at once.
const BATCH: usize = 200;

#[derive(FromQueryResult)]
struct Row {
    id: MessageId,
    number: Option<Sensitive>,
    state_at: At,
    attempt_id: AttemptId,
    provider: String,
    provider_ref: Option<String>,
}

/// Rounds over the messages without a report, a batch at a time.
#[derive(Debug)]
pub(super) struct Lookups {
    /// The last message asked about in this round.
    last: Option<(At, MessageId)>,
    next: Instant,
}

impl Lookups {
    /// The first round begins at once: what a former process left waits already.
    pub(super) fn new() -> Self {
        Self { last: None, next: Instant::now() }
    }

    /// Asks about the next batch, if one is due; answers whether more of this round is left.
    pub(super) async fn step(&mut self, app: &Arc<App>) -> Result<bool, StoreError> {
        if Instant::now() < self.next {
            return Ok(false);
        }
        let names: Vec<&'static str> = app.providers.looking_up().collect();
        if names.is_empty() {
            return Ok(false);
        }
        let found = app.store.readers().query_all(&self.query(app, names)).await?;
        let rows: Vec<Row> =
            found.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?;
        let last = rows.last().map(|row| (row.state_at, row.id));
        let more = rows.len() == BATCH;
        let reports = ask(app, rows).await;
        receipts::apply(app, &reports).await?;
        self.last = last.filter(|_| more);
        if !more {
            self.next = Instant::now() + BETWEEN_ROUNDS;
        }
        Ok(more)
    }

    fn query(&self, app: &App, providers: Vec<&'static str>) -> SelectStatement {
        let of = |column: message::Column| Expr::col((message::Entity, column));
        let keys = [message::Column::StateAt, message::Column::Id];
        let mut query = Query::select()
            .columns(
                [message::Column::Id, message::Column::Number, message::Column::StateAt]
                    .map(|c| (message::Entity, c)),
            )
            .expr_as(Expr::col((attempt::Entity, attempt::Column::Id)), "attempt_id")
            .columns([attempt::Column::Provider, attempt::Column::ProviderRef].map(|c| (attempt::Entity, c)))
            .from(message::Entity)
            .inner_join(
                attempt::Entity,
                of(message::Column::Id)
                    .equals((attempt::Entity, attempt::Column::MessageId))
                    .and(of(message::Column::Attempts).equals((attempt::Entity, attempt::Column::Number))),
            )
            .and_where(in_state(MessageState::HandedOver))
            .and_where(of(message::Column::StateAt).lt(At::from(app.now() - PATIENCE)))
            .and_where(Expr::col((attempt::Entity, attempt::Column::Provider)).is_in(providers))
            .limit(BATCH as u64)
            .to_owned();
        if let Some((at, id)) = self.last {
            let bound = Expr::tuple([Expr::value(at), Expr::value(id)]);
            query.and_where(Expr::tuple(keys.map(of)).gt(bound));
        }
        for key in keys {
            query.order_by((message::Entity, key), Order::Asc);
        }
        query
    }
}

/// What the providers tell, each asked within the time that requests may take.
async fn ask(app: &App, rows: Vec<Row>) -> Vec<Report> {
    let asked: FuturesUnordered<_> = rows
        .into_iter()
        .filter_map(|row| {
            let provider = app.providers.get(&row.provider)?;
            let to = Phone::from_e164(row.number?.into_exposed()).ok()?;
            let reference =
                Reference { attempt: row.attempt_id.as_uuid(), to, provider_ref: row.provider_ref };
            let limit = app.config.dispatch.timeout;
            Some(async move { timeout(limit, provider.lookup(&reference)).await.ok().flatten() })
        })
        .collect();
    asked.filter_map(std::future::ready).collect().await
}
