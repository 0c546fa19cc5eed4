//! The balance at which a structure wants to be told, and telling it.
//!
//! Architecture Invariant: that a balance came to its threshold is counted in the transaction that took it there, once for each time. It is
//! in the log once it is told of: counted, then told, so that nothing is lost when the process dies in between.

use std::collections::HashMap;

use entity::credit::{self, Column};
use entity::enums::Module;
use entity::ids::StructureId;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter};

use super::book;
use super::view::Credit;
use crate::app::{App, Ctx};
use crate::caller::Caller;
use crate::domain::money::MAX_TOP_UP;
use crate::error::{Failure, Fault, Problem};
use crate::store::StoreError;

/// The most structures told of in one transaction.
const TOLD_AT_ONCE: u64 = 100;

/// Sets the balance at which, or below, the caller's structure wants to be told; none where it does not. A balance that is there already
/// comes there now, unless it was low under the threshold of before.
///
/// # Errors
/// `LOW_BALANCE_INVALID`; [`Fault::Forbidden`] without `READ_WRITE` on `CREDIT`.
pub async fn set_low(ctx: &Ctx, caller: &Caller, low_at: Option<i64>) -> Result<Credit, Failure> {
    let structure = caller.may_write(Module::Credit)?.structure;
    if low_at.is_some_and(|low_at| !(0..=MAX_TOP_UP).contains(&low_at)) {
        let problem = Problem::new("LOW_BALANCE_INVALID").at(&["lowBalanceAt"]);
        return Err(problem.with("max", MAX_TOP_UP).into());
    }
    let at = ctx.at();
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            let threshold = Expr::val(low_at);
            let mut update = credit::Entity::update_many()
                .col_expr(Column::LowAt, threshold.clone())
                .filter(Column::StructureId.eq(structure));
            for (column, value) in book::standing(&Expr::col(Column::Available), &threshold, at) {
                update = update.col_expr(column, value);
            }
            let row = update.exec_with_returning(tx).await?.pop();
            row.map(Credit::from).ok_or_else(|| Fault::internal("a structure without its credit").into())
        })
    });
    write.await
}

#[derive(FromQueryResult)]
struct Untold {
    structure_id: StructureId,
    low_at: Option<i64>,
    low_count: i64,
    low_told: i64,
}

/// Writes to the log, one line each, the times that a balance came to its threshold, at most those of so many structures; answers whether
/// more may be left. A process that dies between the line and the commit writes the line again when it is back.
///
/// # Errors
/// The database's.
pub async fn tell_low(app: &App) -> Result<bool, StoreError> {
    // Most look in vain, and need not wait to write. What is told was committed: a shared commit of SQLite shows its writers what may
    // still be undone.
    let rows = app.store.readers().query_all(&untold()).await?;
    let counted = rows
        .iter()
        .map(|row| Untold::from_query_result(row, "").map(|row| (row.structure_id, row.low_count)));
    let counted: HashMap<_, _> = counted.collect::<Result<_, _>>()?;
    if counted.is_empty() {
        return Ok(false);
    }
    let told = app.store.write::<_, StoreError, _>(move |tx| Box::pin(tell(tx, counted)));
    Ok(told.await? == TOLD_AT_ONCE)
}

fn untold() -> SelectStatement {
    Query::select()
        .columns([Column::StructureId, Column::LowAt, Column::LowCount, Column::LowTold])
        .from(credit::Entity)
        .and_where(Expr::col(Column::LowTold).lt(Expr::col(Column::LowCount)))
        .limit(TOLD_AT_ONCE)
        .to_owned()
}

/// Tells of these structures' times, up to the count of each.
async fn tell(tx: &DatabaseTransaction, counted: HashMap<StructureId, i64>) -> Result<u64, StoreError> {
    // Those that another instance tells of now are left to it.
    let rows = untold()
        .and_where(Expr::col(Column::StructureId).is_in(counted.keys().copied()))
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .to_owned();
    let mut told = 0;
    for row in tx.query_all(&rows).await? {
        let row = Untold::from_query_result(&row, "")?;
        let Some(&count) = counted.get(&row.structure_id).filter(|count| row.low_told < **count) else {
            continue;
        };
        for _ in row.low_told..count {
            tracing::info!(structure.id = %row.structure_id.as_uuid(), low_at = row.low_at, "a balance is low");
        }
        credit::Entity::update_many()
            .col_expr(Column::LowTold, Expr::value(count))
            .filter(Column::StructureId.eq(row.structure_id))
            .exec(tx)
            .await?;
        told += 1;
    }
    Ok(told)
}
