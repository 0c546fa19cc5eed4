//! Answers kept under the client's key, so that asking twice does once.
//!
//! Architecture Invariant: the key, the request's hash and its result are committed in the transaction of their effect, or
//! not at all; where the effect takes many transactions, with the last of them. Kept 30 days.

use entity::enums::Operation;
use entity::idempotency;
use entity::sensitive::Digest;
use sea_orm::prelude::Json;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::caller::Caller;
use crate::store::StoreError;

/// How long a key is remembered.
const KEPT: chrono::Duration = chrono::Duration::days(30);

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
    /// It was done: its result.
    Done(Uuid),
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

    /// Looks the key up.
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
        if row.created_at.0 < app.now() - KEPT {
            idempotency::Entity::delete_many()
                .filter(idempotency::Column::StructureId.eq(caller.structure))
                .filter(idempotency::Column::AccountId.eq(caller.account))
                .filter(idempotency::Column::Operation.eq(self.operation))
                .filter(idempotency::Column::Key.eq(self.key))
                .exec(tx)
                .await?;
            return Ok(Known::New);
        }
        Ok(if row.request_hash == self.hash { Known::Done(row.result_id) } else { Known::Conflict })
    }

    /// What was answered to a request that was done; none where its result says it all.
    ///
    /// # Errors
    /// The database's.
    pub async fn answer(
        &self,
        tx: &DatabaseTransaction,
        caller: &Caller,
    ) -> Result<Option<Json>, StoreError> {
        Ok(self.row(tx, caller).await?.and_then(|row| row.answer))
    }

    async fn row(
        &self,
        tx: &DatabaseTransaction,
        caller: &Caller,
    ) -> Result<Option<idempotency::Model>, StoreError> {
        let row = idempotency::in_structure(caller.structure)
            .filter(idempotency::Column::AccountId.eq(caller.account))
            .filter(idempotency::Column::Operation.eq(self.operation))
            .filter(idempotency::Column::Key.eq(self.key))
            .one(tx)
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
