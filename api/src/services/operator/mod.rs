//! The operator's hands: structures, their accounts, their subscription, their settings, and the refusals that people tell the operator.
//!
//! Architecture Invariant: each function takes an [`Operator`], which no request can make: no tenant makes a structure, an
//! account, or its own subscription.

mod account;
mod error;
mod opt_outs;
mod sms;

use std::str::FromStr;

use chrono_tz::Tz;
use entity::enums::Product;
use entity::ids::{PersonId, StructureId};
use entity::{credit, person, structure};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::ledger;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::phone::Region;

pub use account::{NewAccount, account_exists, create_account};
pub use error::OperatorError;
pub use opt_outs::{Refusal, Refused, opt_in, opt_out, opt_outs_of, opted_out};
pub use sms::{NewSettings, NewSubscription, absent_providers, set_settings, set_subscription};

/// The longest name of a structure, in characters.
const MAX_NAME: usize = 200;

/// A structure to be made.
#[derive(Debug, Clone)]
pub struct NewStructure {
    /// The name people see.
    pub name: String,
    /// What it subscribed to.
    pub product: Product,
    /// The region its numbers are read in, two letters of ISO 3166-1.
    pub region: String,
    /// Its time zone, an IANA name.
    pub time_zone: String,
}

/// Makes a structure, with an empty credit.
///
/// # Errors
/// [`OperatorError`] naming what cannot be accepted, or the database's.
pub async fn create_structure(
    ctx: &Ctx,
    _operator: Operator,
    input: NewStructure,
) -> Result<StructureId, OperatorError> {
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.contains(char::is_control) {
        return Err(OperatorError::Name { max: MAX_NAME });
    }
    let region = Region::from_str(&input.region.to_ascii_uppercase())
        .map_err(|_| OperatorError::Region(input.region.clone()))?;
    let time_zone =
        Tz::from_str(&input.time_zone).map_err(|_| OperatorError::TimeZone(input.time_zone.clone()))?;
    let id: StructureId = ctx.id();
    let row = structure::Model {
        id,
        name: name.to_owned(),
        product: input.product,
        region: region.as_str().to_owned(),
        time_zone: time_zone.name().to_owned(),
        created_at: ctx.at(),
    };
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                structure::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
                ledger::open(tx, id).await?;
                Ok(id)
            })
        })
        .await
}

/// A structure, as the operator sees it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct StructureRow {
    /// The structure.
    pub id: StructureId,
    /// The name people see.
    pub name: String,
    /// What it subscribed to.
    pub product: Product,
    /// The region its numbers are read in, two letters of ISO 3166-1.
    pub region: String,
    /// Its time zone, an IANA name.
    pub time_zone: String,
    /// The SMS it was ever given.
    pub issued: i64,
    /// The SMS it can still spend.
    pub available: i64,
}

/// Every structure, in the order of their making.
///
/// # Errors
/// The database's.
pub async fn list_structures(ctx: &Ctx, _operator: Operator) -> Result<Vec<StructureRow>, OperatorError> {
    use structure::Column;
    let query = Query::select()
        .columns(
            [Column::Id, Column::Name, Column::Product, Column::Region, Column::TimeZone].map(of_structure),
        )
        .columns([credit::Column::Issued, credit::Column::Available].map(|column| (credit::Entity, column)))
        .from(structure::Entity)
        .inner_join(
            credit::Entity,
            Expr::col((credit::Entity, credit::Column::StructureId)).equals(of_structure(Column::Id)),
        )
        .order_by(of_structure(Column::Id), Order::Asc)
        .take();
    let rows = ctx.store.readers().query_all(&query).await?;
    Ok(rows.iter().map(|row| StructureRow::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

fn of_structure(column: structure::Column) -> (structure::Entity, structure::Column) {
    (structure::Entity, column)
}

/// The structure of that id or, when `id_or_name` is none, of exactly that name.
///
/// # Errors
/// [`OperatorError::NoStructure`], or [`OperatorError::ManyStructures`] when several have the name.
pub async fn find_structure(
    ctx: &Ctx,
    _operator: Operator,
    id_or_name: &str,
) -> Result<StructureId, OperatorError> {
    let wanted = match Uuid::parse_str(id_or_name) {
        Ok(id) => structure::by_id(StructureId::from_uuid(id)),
        Err(_) => structure::every().filter(structure::Column::Name.eq(id_or_name)),
    };
    let found = wanted.limit(2).all(ctx.store.readers()).await?;
    match found.as_slice() {
        [] => Err(OperatorError::NoStructure(id_or_name.to_owned())),
        [one] => Ok(one.id),
        _ => Err(OperatorError::ManyStructures(id_or_name.to_owned())),
    }
}

/// The person of a structure who has that identifier.
///
/// # Errors
/// [`OperatorError::NoPerson`], or the database's.
pub async fn find_person(
    db: &impl ConnectionTrait,
    _operator: Operator,
    structure: StructureId,
    identifier: &str,
) -> Result<PersonId, OperatorError> {
    let found =
        person::in_structure(structure).filter(person::Column::Identifier.eq(identifier)).one(db).await?;
    found.map(|person| person.id).ok_or_else(|| OperatorError::NoPerson(identifier.to_owned()))
}
