//! Answers kept under the client's key, so that asking twice does once.
//!
//! Architecture Invariant: the key, the request's hash and its result are committed in the transaction of their effect, or
//! not at all; where the effect takes many transactions, with the last of them. Kept 30 days, then deleted by the sweep.

use entity::enums::Operation;
use entity::sensitive::Digest;
use entity::{At, idempotency};
use sea_orm::prelude::Json;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::caller::Caller;
use crate::fault::{self, Bug};
use crate::store::StoreError;

/// How long a key is remembered.
const KEPT: chrono::Duration = chrono::Duration::days(30);
/// The most keys that one sweep deletes.
const DELETED_AT_ONCE: u64 = 500;

/// A request under its key.
#[derive(Debug)]
pub struct Request {
    operation: Operation,
    key: Uuid,
    hash: Digest,
}

/// What is known of a request before it is done.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: do it.
    New,
    /// It was done: its result, and what was answered where the result does not say it all.
    Done(Uuid, Option<Json>),
    /// The key was used for another request.
    Conflict,
}

impl Request {
    /// A request, told apart by its operation, key and the parts of its body.
    #[must_use]
    pub fn new(operation: Operation, key: Uuid, body: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in body {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        }
        Self { operation, key, hash: Digest::new(hasher.finalize().into()) }
    }

    /// What is known of the request, outside of a transaction that would do it.
    ///
    /// # Errors
    /// The database's.
    pub async fn peek(
        &self,
        db: &impl ConnectionTrait,
        app: &App,
        caller: &Caller,
    ) -> Result<Known, StoreError> {
        let row = self.row(db, caller).await?;
        Ok(row.filter(|row| !is_old(app, row)).map_or(Known::New, |row| self.known(row)))
    }

    /// Looks the key up, so that the request can be done in this transaction if it is new.
    ///
    /// # Errors
    /// The database's.
    pub async fn look_up(
        &self,
        tx: &DatabaseTransaction,
        app: &App,
        caller: &Caller,
    ) -> Result<Known, StoreError> {
        let Some(row) = self.row(tx, caller).await? else {
            return Ok(Known::New);
        };
        if is_old(app, &row) {
            idempotency::Entity::delete_many()
                .filter(idempotency::Column::StructureId.eq(caller.structure))
                .filter(idempotency::Column::AccountId.eq(caller.account))
                .filter(idempotency::Column::Operation.eq(self.operation))
                .filter(idempotency::Column::Key.eq(self.key))
                .exec(tx)
                .await?;
            return Ok(Known::New);
        }
        Ok(self.known(row))
    }

    fn known(&self, row: idempotency::Model) -> Known {
        let same = row.request_hash == self.hash || fault::planted(Bug::KeyIgnoresBody);
        if same { Known::Done(row.result_id, row.answer) } else { Known::Conflict }
    }

    async fn row(
        &self,
        db: &impl ConnectionTrait,
        caller: &Caller,
    ) -> Result<Option<idempotency::Model>, StoreError> {
        let row = idempotency::in_structure(caller.structure)
            .filter(idempotency::Column::AccountId.eq(caller.account))
            .filter(idempotency::Column::Operation.eq(self.operation))
            .filter(idempotency::Column::Key.eq(self.key))
            .one(db)
            .await?;
        Ok(row)
    }

    /// Remembers the result.
    ///
    /// # Errors
    /// The database's; a unique key refuses when a concurrent request came first.
    pub async fn remember(
        self,
        tx: &DatabaseTransaction,
        app: &App,
        caller: &Caller,
        result: Uuid,
    ) -> Result<(), StoreError> {
        self.remember_answer(tx, app, caller, result, None).await
    }

    /// Remembers the result, and the answer that no table holds.
    ///
    /// # Errors
    /// As [`Self::remember`].
    pub async fn remember_answer(
        self,
        tx: &DatabaseTransaction,
        app: &App,
        caller: &Caller,
        result: Uuid,
        answer: Option<Json>,
    ) -> Result<(), StoreError> {
        let row = idempotency::ActiveModel {
            structure_id: Set(caller.structure),
            account_id: Set(caller.account),
            operation: Set(self.operation),
            key: Set(self.key),
            request_hash: Set(self.hash),
            result_id: Set(result),
            answer: Set(answer),
            created_at: Set(app.at()),
        };
        idempotency::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }
}

fn is_old(app: &App, row: &idempotency::Model) -> bool {
    row.created_at.0 < app.now() - KEPT
}

/// Deletes the oldest of the keys that are remembered no more; answers whether more may be left.
///
/// # Errors
/// The database's.
pub async fn forget_old(app: &App) -> Result<bool, StoreError> {
    use idempotency::Column;
    const KEY: [Column; 4] = [Column::StructureId, Column::AccountId, Column::Operation, Column::Key];
    let oldest = Query::select()
        .columns(KEY)
        .from(idempotency::Entity)
        .and_where(Expr::col(Column::CreatedAt).lt(At::from(app.now() - KEPT)))
        .order_by(Column::CreatedAt, Order::Asc)
        .limit(DELETED_AT_ONCE)
        .to_owned();
    // Most sweeps find none, and need not wait to write.
    if app.store.readers().query_one(oldest.clone().limit(1)).await?.is_none() {
        return Ok(false);
    }
    let delete = Query::delete()
        .from_table(idempotency::Entity)
        .and_where(Expr::tuple(KEY.map(Expr::col)).in_subquery(oldest))
        .to_owned();
    let deleted = app.store.write::<_, StoreError, _>(move |tx| {
        Box::pin(async move { Ok(tx.execute(&delete).await?.rows_affected()) })
    });
    Ok(deleted.await? == DELETED_AT_ONCE)
}
