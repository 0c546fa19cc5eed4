//! The refusals that people tell the operator by telephone or letter, and what the operator can answer them.
//!
//! Architecture Invariant: a number is taken, hashed and dropped; nothing here answers one.

use entity::At;
use entity::enums::OptOutSource;
use entity::ids::StructureId;
use entity::sensitive::Digest;
use entity::{opt_out as table, person, structure};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryOrder};

use super::OperatorError;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::phone::Phone;
use crate::services::people::opt_outs;
use crate::services::structures;

/// A structure that a number has opted out of.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The structure.
    pub structure: StructureId,
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: At,
    /// How it was said.
    pub source: OptOutSource,
}

/// A refusal of a structure's list.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Refusal {
    /// Since when.
    pub since: At,
    /// How it was said.
    pub source: OptOutSource,
    /// How many people of the structure have the number now.
    pub people: i64,
}

/// Records that a number opts out of a structure, as its owner asked. Said by SMS before, it is now the operator's to take back.
///
/// # Errors
/// [`OperatorError::Number`], or the database's.
pub async fn opt_out(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
    number: &str,
) -> Result<(), OperatorError> {
    let (hash, at) = (hash_in(ctx, structure, number).await?, ctx.at());
    ctx.store
        .write(move |tx| Box::pin(async move { Ok(opt_outs::refuse(tx, at, structure, hash).await?) }))
        .await
}

/// Takes back a refusal, however it was said, as the number's owner asked.
///
/// # Errors
/// [`OperatorError::Number`], [`OperatorError::NotOptedOut`], or the database's.
pub async fn opt_in(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
    number: &str,
) -> Result<(), OperatorError> {
    let hash = hash_in(ctx, structure, number).await?;
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                let was_there = opt_outs::accept(tx, structure, hash).await?;
                was_there.then_some(()).ok_or(OperatorError::NotOptedOut)
            })
        })
        .await
}

/// The structures that a number has opted out of.
///
/// # Errors
/// [`OperatorError::Number`], [`OperatorError::NumberAmbiguous`], or the database's.
pub async fn opted_out(ctx: &Ctx, _operator: Operator, number: &str) -> Result<Vec<Refused>, OperatorError> {
    let db = ctx.store.readers();
    let regions = structures::regions(db).await?;
    let hash = match Phone::candidates(number, &regions)?.as_slice() {
        [phone] => ctx.keys.number_hash(phone),
        // Told of another's refusals, the operator would tell them to whoever asks.
        _ => return Err(OperatorError::NumberAmbiguous),
    };
    let refusals = table::of_number(hash).order_by_asc(table::Column::StructureId).all(db).await?;
    let mut found = Vec::with_capacity(refusals.len());
    for row in refusals {
        let structure = structure::by_id(row.structure_id).one(db).await?;
        let name = structure.map(|structure| structure.name).unwrap_or_default();
        found.push(Refused {
            structure: row.structure_id,
            name,
            since: row.opted_out_at,
            source: row.source,
        });
    }
    Ok(found)
}

/// The refusals of a structure, the oldest first.
///
/// # Errors
/// The database's.
pub async fn opt_outs_of(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
) -> Result<Vec<Refusal>, OperatorError> {
    use table::Column;
    let column = |column: Column| (table::Entity, column);
    let people = Query::select()
        .expr(Expr::col((person::Entity, person::Column::Id)).count())
        .from(person::Entity)
        .and_where(
            Expr::col((person::Entity, person::Column::StructureId)).equals(column(Column::StructureId)),
        )
        .and_where(Expr::col((person::Entity, person::Column::NumberHash)).equals(column(Column::NumberHash)))
        .take();
    let query = Query::select()
        .expr_as(Expr::col(column(Column::OptedOutAt)), "since")
        .column(column(Column::Source))
        .expr_as(Expr::SubQuery(None, Box::new(people.into())), "people")
        .from(table::Entity)
        .and_where(Expr::col(column(Column::StructureId)).eq(structure))
        .order_by(column(Column::OptedOutAt), Order::Asc)
        .order_by(column(Column::NumberHash), Order::Asc)
        .take();
    let rows = ctx.store.readers().query_all(&query).await?;
    Ok(rows.iter().map(|row| Refusal::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// The hash of a number as it is read in the structure's region.
async fn hash_in(ctx: &Ctx, structure: StructureId, number: &str) -> Result<Digest, OperatorError> {
    let region = structures::region(ctx.store.readers(), structure).await?;
    Ok(ctx.keys.number_hash(&Phone::parse(number, region)?))
}
