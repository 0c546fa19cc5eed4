//! Orders of credit: a structure asks, the operator approves.
//!
//! Architecture Invariant: only an approved order issues credit, once; no tenant approves its own, unless the operator's
//! configuration says that orders are approved at once.

use entity::At;
use entity::enums::{Module, Operation, OrderState, TransferKind};
use entity::ids::{AccountId, OrderId, StructureId};
use entity::top_up_order::{self, Column};
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::adjustments::checked_key;
use super::idempotency::{Known, Request};
use super::ledger;
use crate::app::Ctx;
use crate::caller::{Caller, Operator, Scope};
use crate::domain::money::{MAX_TOP_UP, MIN_TOP_UP};
use crate::error::{Failure, Fault, Problem};
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};

/// An order of credit.
#[derive(Debug, Clone, FromQueryResult)]
pub struct OrderRow {
    /// The order.
    pub id: OrderId,
    /// How many SMS.
    pub quantity: i64,
    /// Whether it was decided.
    pub state: OrderState,
    /// The account that asked; none when the operator gave.
    pub requested_by: Option<AccountId>,
    /// When it was asked.
    pub requested_at: At,
}

impl Keyed for OrderRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

impl From<top_up_order::Model> for OrderRow {
    fn from(row: top_up_order::Model) -> Self {
        let top_up_order::Model { id, quantity, state, requested_by, requested_at, .. } = row;
        Self { id, quantity, state, requested_by, requested_at }
    }
}

/// The orders of the caller's structure, latest first.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on CREDIT; those of a page.
pub async fn page(ctx: &Ctx, caller: &Caller, args: &PageArgs) -> Result<Page<OrderRow>, Fault> {
    let structure = caller.may_read(Module::Credit)?.structure;
    let columns = [Column::Id, Column::Quantity, Column::State, Column::RequestedBy, Column::RequestedAt];
    let query: SelectStatement =
        top_up_order::in_structure(structure).select_only().columns(columns).into_query();
    Listing::descending("orders", structure)
        .by((top_up_order::Entity, Column::Id), KeyKind::Id)
        .page(ctx.store.readers(), query, args)
        .await
}

/// The orders of those ids that are of the caller's structure, in no particular order, with one statement; others are passed
/// over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on CREDIT.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[OrderId]) -> Result<Vec<OrderRow>, Fault> {
    let structure = caller.may_read(Module::Credit)?.structure;
    let query = top_up_order::in_structure(structure).filter(Column::Id.is_in(ids.iter().copied()));
    Ok(query.into_model::<OrderRow>().all(ctx.store.readers()).await?)
}

/// Orders credit for the caller's structure. Asking again with the same key answers the same order.
///
/// The work goes on when the caller stops waiting.
///
/// # Errors
/// `TOP_UP_QUANTITY_INVALID`, `IDEMPOTENCY_CONFLICT`; [`Fault::Forbidden`] without `READ_WRITE` on `CREDIT`.
pub async fn request(ctx: &Ctx, caller: &Caller, quantity: i64, key: Uuid) -> Result<OrderRow, Failure> {
    caller.may_write(Module::Credit)?;
    if !(MIN_TOP_UP..=MAX_TOP_UP).contains(&quantity) {
        let problem = Problem::new("TOP_UP_QUANTITY_INVALID").at(&["quantity"]);
        return Err(problem.with("min", MIN_TOP_UP).with("max", MAX_TOP_UP).into());
    }
    let (task_ctx, caller) = (ctx.clone(), caller.clone());
    let work = tokio::spawn(async move {
        match request_once(&task_ctx, &caller, quantity, key).await {
            // A concurrent request with the same key was first: its answer is there now.
            Err(Failure::Fault(Fault::Store(error))) if error.is_unique_violation() => {
                request_once(&task_ctx, &caller, quantity, key).await
            }
            answer => answer,
        }
    });
    work.await.map_err(|cause| Failure::from(Fault::internal(cause)))?
}

async fn request_once(ctx: &Ctx, caller: &Caller, quantity: i64, key: Uuid) -> Result<OrderRow, Failure> {
    let (ctx, caller) = (ctx.clone(), caller.clone());
    let store = ctx.store.clone();
    let write = store.write(move |tx| {
        Box::pin(async move {
            let request = Request::new(Operation::RequestTopUp, key, &[&quantity.to_le_bytes()]);
            match request.look_up(tx, &ctx, &caller).await? {
                Known::Conflict => Err(Problem::new("IDEMPOTENCY_CONFLICT").at(&["idempotencyKey"]).into()),
                Known::Done(order, _) => {
                    let order =
                        top_up_order::by_id_in(caller.structure, OrderId::from(order)).one(tx).await?;
                    Ok(order.ok_or_else(|| Fault::internal("a remembered order is gone"))?.into())
                }
                Known::New => {
                    let order = place(tx, &ctx, caller.scope(), quantity).await?;
                    let order = if ctx.config.credit.auto_approve {
                        approved(tx, &ctx, order, None).await?
                    } else {
                        order
                    };
                    request.remember(tx, &ctx, &caller, order.id.as_uuid()).await?;
                    Ok(OrderRow::from(order))
                }
            }
        })
    });
    write.await
}

/// The orders of a structure that wait for the operator, in the order in which they were placed.
///
/// # Errors
/// The database's.
pub async fn pending(ctx: &Ctx, operator: Operator, structure: StructureId) -> Result<Vec<OrderRow>, Fault> {
    let waiting = top_up_order::in_structure(operator.scope(structure).structure)
        .filter(Column::State.eq(OrderState::Pending))
        .order_by_asc(Column::Id);
    Ok(waiting.all(ctx.store.readers()).await?.into_iter().map(OrderRow::from).collect())
}

/// Approves a pending order, as the operator.
///
/// # Errors
/// `ORDER_NOT_FOUND`, `ORDER_ALREADY_DECIDED`.
pub async fn approve(
    ctx: &Ctx,
    operator: Operator,
    structure: StructureId,
    id: OrderId,
) -> Result<OrderRow, Failure> {
    let scope = operator.scope(structure);
    let task_ctx = ctx.clone();
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            let order = top_up_order::by_id_in(scope.structure, id).one(tx).await?;
            let order = order.ok_or_else(|| Problem::new("ORDER_NOT_FOUND"))?;
            Ok(OrderRow::from(approved(tx, &task_ctx, order, None).await?))
        })
    });
    write.await
}

/// Gives credit to a structure, as the operator: an order placed and approved at once. Asking again with the same key answers the same
/// order.
///
/// # Errors
/// `TOP_UP_QUANTITY_INVALID`, `CREDIT_KEY_INVALID`, `IDEMPOTENCY_CONFLICT`.
pub async fn add(
    ctx: &Ctx,
    operator: Operator,
    structure: StructureId,
    quantity: i64,
    key: Option<String>,
) -> Result<OrderRow, Failure> {
    if !(MIN_TOP_UP..=MAX_TOP_UP).contains(&quantity) {
        let problem = Problem::new("TOP_UP_QUANTITY_INVALID");
        return Err(problem.with("min", MIN_TOP_UP).with("max", MAX_TOP_UP).into());
    }
    let scope = operator.scope(structure);
    let key = checked_key(key)?;
    let task_ctx = ctx.clone();
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            if let Some(key) = &key
                && let Some(made) = ledger::made_under(tx, scope.structure, TransferKind::TopUp, key).await?
            {
                let order = made.order_id.ok_or_else(|| Fault::internal("a top-up without its order"))?;
                let order = top_up_order::by_id_in(scope.structure, order).one(tx).await?;
                let order = order.ok_or_else(|| Fault::internal("a top-up without its order"))?;
                return if order.quantity == quantity {
                    Ok(order.into())
                } else {
                    Err(Problem::new("IDEMPOTENCY_CONFLICT").into())
                };
            }
            let order = place(tx, &task_ctx, scope, quantity).await?;
            Ok(OrderRow::from(approved(tx, &task_ctx, order, key).await?))
        })
    });
    write.await
}

async fn place(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    scope: Scope,
    quantity: i64,
) -> Result<top_up_order::Model, Failure> {
    let order = top_up_order::ActiveModel {
        id: Set(ctx.id()),
        structure_id: Set(scope.structure),
        quantity: Set(quantity),
        state: Set(OrderState::Pending),
        requested_by: Set(scope.by),
        requested_at: Set(ctx.at()),
        decided_at: Set(None),
    };
    Ok(top_up_order::Entity::insert(order).exec_with_returning(tx).await?)
}

/// Approves a pending order and issues its credit, under the operator's key if there is one, in the caller's transaction.
async fn approved(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    order: top_up_order::Model,
    key: Option<String>,
) -> Result<top_up_order::Model, Failure> {
    let decided = top_up_order::Entity::update_many()
        .col_expr(Column::State, Expr::value(OrderState::Approved))
        .col_expr(Column::DecidedAt, Expr::value(ctx.at()))
        .filter(Column::StructureId.eq(order.structure_id))
        .filter(Column::Id.eq(order.id))
        .filter(Column::State.eq(OrderState::Pending))
        .exec_with_returning(tx)
        .await?;
    let order = decided.into_iter().next().ok_or_else(|| Problem::new("ORDER_ALREADY_DECIDED"))?;
    ledger::top_up(tx, ctx, &order, key).await?;
    Ok(order)
}
