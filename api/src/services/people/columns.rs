//! The columns that a structure keeps of its people because it asked to: what merge fields of its own say.
//!
//! Owns which there are, and their removal; the values are people's, and enter with an import.
//!
//! Architecture Invariant: people have values of their structure's columns only. A column is removed with every value of it, in one
//! transaction that imports of the structure wait for.

use entity::enums::Module;
use entity::ids::StructureId;
use entity::person_column::{self, Column};
use entity::{At, person};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QueryOrder,
};

use super::import::hold;
use crate::app::Ctx;
use crate::caller::{Caller, Scope};
use crate::domain::name::column_key;
use crate::domain::people_file::{KeepError, KeptColumn, MAX_KEPT};
use crate::error::{Failure, Fault, Problem};

/// A column that a structure keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRow {
    /// What it goes by in texts: its title without case, accents and punctuation.
    pub name: String,
    /// Its title, as it was first written.
    pub title: String,
}

/// The columns of the caller's structure, by name.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, or the database's.
pub async fn list(ctx: &Ctx, caller: &Caller) -> Result<Vec<ColumnRow>, Fault> {
    of_structure(ctx.store.readers(), caller.may_read(Module::People)?.structure).await
}

/// The columns of the scope's structure, by name, whoever asks: for services that checked.
///
/// # Errors
/// The database's.
pub async fn of_scope(ctx: &Ctx, scope: Scope) -> Result<Vec<ColumnRow>, Fault> {
    of_structure(ctx.store.readers(), scope.structure).await
}

/// The names of the columns that a text may name: none are looked up for a text without a brace.
///
/// # Errors
/// The database's.
pub async fn named_in(
    db: &impl ConnectionTrait,
    structure: StructureId,
    text: &str,
) -> Result<Vec<String>, Fault> {
    if !text.contains('{') {
        return Ok(Vec::new());
    }
    Ok(of_structure(db, structure).await?.into_iter().map(|column| column.name).collect())
}

async fn of_structure(db: &impl ConnectionTrait, structure: StructureId) -> Result<Vec<ColumnRow>, Fault> {
    let rows = person_column::in_structure(structure).order_by_asc(Column::Name).all(db).await?;
    Ok(rows.into_iter().map(|row| ColumnRow { name: row.name, title: row.title }).collect())
}

/// Checks that a structure may keep these columns too.
///
/// # Errors
/// [`KeepError::TooMany`], within the database's.
pub(super) async fn check(
    db: &impl ConnectionTrait,
    structure: StructureId,
    kept: &[KeptColumn],
) -> Result<Result<(), KeepError>, Fault> {
    if kept.is_empty() {
        return Ok(Ok(()));
    }
    let known = of_structure(db, structure).await?;
    Ok(if known.len() + unknown(kept, &known).count() > MAX_KEPT { Err(KeepError::TooMany) } else { Ok(()) })
}

/// Has a structure keep these columns, in the transaction that writes their values, which holds the structure.
///
/// # Errors
/// [`KeepError::TooMany`] when they came to be too many since that was checked; the database's.
pub(super) async fn keep(
    tx: &DatabaseTransaction,
    structure: StructureId,
    kept: &[KeptColumn],
    now: At,
) -> Result<(), Failure<KeepError>> {
    if kept.is_empty() {
        return Ok(());
    }
    let known = of_structure(tx, structure).await?;
    let rows: Vec<_> = unknown(kept, &known)
        .map(|column| person_column::ActiveModel {
            structure_id: Set(structure),
            name: Set(column.name.clone()),
            title: Set(column.title.clone()),
            created_at: Set(now),
        })
        .collect();
    if known.len() + rows.len() > MAX_KEPT {
        return Err(Failure::Problem(KeepError::TooMany));
    }
    if !rows.is_empty() {
        person_column::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn unknown<'k>(kept: &'k [KeptColumn], known: &'k [ColumnRow]) -> impl Iterator<Item = &'k KeptColumn> {
    kept.iter().filter(|column| known.iter().all(|known| known.name != column.name))
}

/// Removes a column of the caller's structure, by its name or title, with what it says of everyone.
///
/// # Errors
/// `PERSON_COLUMN_NOT_FOUND`; [`Fault::Forbidden`] without `READ_WRITE` on `PEOPLE`.
pub async fn remove(ctx: &Ctx, caller: &Caller, name: &str) -> Result<(), Failure> {
    remove_in(ctx, caller.may_write(Module::People)?, name).await
}

/// Removes a column of the scope's structure, as [`remove`] does, whoever asks: for services that checked.
///
/// # Errors
/// `PERSON_COLUMN_NOT_FOUND`, or the database's.
pub async fn remove_in(ctx: &Ctx, scope: Scope, name: &str) -> Result<(), Failure> {
    let (structure, name, now) = (scope.structure, column_key(name), ctx.at());
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, structure).await?;
                let removed = person_column::Entity::delete_many()
                    .filter(Column::StructureId.eq(structure))
                    .filter(Column::Name.eq(name.as_str()))
                    .exec(tx)
                    .await?;
                if removed.rows_affected == 0 {
                    return Err(Problem::new("PERSON_COLUMN_NOT_FOUND").at(&["name"]).into());
                }
                forget(tx, structure, &name, now).await?;
                Ok(())
            })
        })
        .await
}

/// Takes a column's values from everyone who has one.
async fn forget(tx: &DatabaseTransaction, structure: StructureId, name: &str, now: At) -> Result<(), Fault> {
    // A name has letters, digits and spaces alone: between quotes it is a key of a path.
    let (value, without, key) = match tx.get_database_backend() {
        DbBackend::Sqlite => ("json_extract(own, ?)", "json_remove(own, ?)", format!("$.\"{name}\"")),
        _ => ("own ->> $1", "own - $1", name.to_owned()),
    };
    person::Entity::update_many()
        .col_expr(person::Column::Own, Expr::cust_with_values(without, [key.as_str()]))
        .col_expr(person::Column::UpdatedAt, Expr::value(now))
        .filter(person::Column::StructureId.eq(structure))
        .filter(Expr::cust_with_values(value, [key.as_str()]).is_not_null())
        .exec(tx)
        .await?;
    Ok(())
}
