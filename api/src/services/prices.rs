//! The operator's prices, and whom they let be written to.
//!
//! Architecture Invariant: one table for all structures; only an [`Operator`] changes it. What was previewed at a price is sent at it, or
//! not at all: the plan of a message binds the price of each number.

use entity::price::{self, Column};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::operator::OperatorError;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::price::{PREFIX_DIGITS, PRICES, Prices, is_prefix};
use crate::error::Fault;

/// The prices of now.
///
/// # Errors
/// The database's.
pub async fn all(db: &impl ConnectionTrait) -> Result<Prices, Fault> {
    let rows = price::every().all(db).await?;
    Ok(rows.into_iter().map(|row| (row.prefix, row.price)).collect())
}

/// Whether the number of this column, which is in E.164, has a price.
#[must_use]
pub fn served(number: &Expr) -> Expr {
    let begins = |length: usize| {
        let length = i32::try_from(length).expect("invariant: a prefix has a few digits");
        let prefixes = Query::select().column(Column::Prefix).from(price::Entity).take();
        let first: Expr =
            Func::cust("substr").args([number.clone(), Expr::val(2_i32), Expr::val(length)]).into();
        first.in_subquery(prefixes)
    };
    PREFIX_DIGITS.map(begins).reduce(ExprTrait::or).expect("invariant: a prefix has digits")
}

/// Sets the price of a prefix.
///
/// # Errors
/// [`OperatorError::Prefix`], [`OperatorError::Price`], or the database's.
pub async fn set(ctx: &Ctx, _operator: Operator, prefix: &str, price: i64) -> Result<(), OperatorError> {
    if !is_prefix(prefix) {
        return Err(OperatorError::Prefix(prefix.to_owned()));
    }
    if !PRICES.contains(&price) {
        return Err(OperatorError::Price { most: *PRICES.end() });
    }
    let row = price::Model { prefix: prefix.to_owned(), price };
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                let replace = OnConflict::column(Column::Prefix).update_column(Column::Price).to_owned();
                let insert = price::Entity::insert(row.into_active_model()).on_conflict(replace);
                insert.exec_without_returning(tx).await?;
                Ok(())
            })
        })
        .await
}

/// Takes the price of a prefix away: numbers that begin with it, and with no shorter one that has a price, are sent nothing more.
///
/// # Errors
/// [`OperatorError::NoPrice`], or the database's.
pub async fn remove(ctx: &Ctx, _operator: Operator, prefix: &str) -> Result<(), OperatorError> {
    let prefix = prefix.to_owned();
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                let rows = price::Entity::delete_many().filter(Column::Prefix.eq(&prefix)).exec(tx).await?;
                if rows.rows_affected == 0 { Err(OperatorError::NoPrice(prefix)) } else { Ok(()) }
            })
        })
        .await
}
