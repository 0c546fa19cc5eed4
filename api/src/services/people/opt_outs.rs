//! Recording who refuses commercial messages, and who takes that back.
//!
//! Owns the table `opt_out`, in which a refusal is the number's and outlives the person.
//!
//! Architecture Invariant: what the operator recorded, an SMS neither replaces nor removes.

use std::collections::BTreeSet;

use entity::enums::OptOutSource;
use entity::ids::{InboundId, PersonId, StructureId};
use entity::sensitive::Digest;
use entity::{At, inbound, opt_out, person};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Set,
};

use crate::app::Ctx;
use crate::caller::Scope;
use crate::error::{Failure, Problem};

/// Records, on behalf of the operator, that the person's number opts out. Since when it does stays as recorded.
///
/// # Errors
/// `PERSON_NOT_FOUND`, `PERSON_HAS_NO_MOBILE`, or the database's.
pub async fn opt_out(ctx: &Ctx, scope: Scope, person: PersonId) -> Result<(), Failure> {
    let at = ctx.at();
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                let found = person::by_id_in(scope.structure, person).one(tx).await?;
                let found = found.ok_or(Problem::new("PERSON_NOT_FOUND"))?;
                let number_hash = found.number_hash.ok_or(Problem::new("PERSON_HAS_NO_MOBILE"))?;
                Ok::<_, Failure>(refuse(tx, at, scope.structure, number_hash).await?)
            })
        })
        .await
}

/// Records what the operator was told: the number opts out of the structure. A refusal that came by SMS becomes the operator's.
pub(in crate::services) async fn refuse(
    tx: &DatabaseTransaction,
    at: At,
    structure: StructureId,
    number_hash: Digest,
) -> Result<(), DbErr> {
    use opt_out::Column;
    let row = opt_out::ActiveModel {
        structure_id: Set(structure),
        number_hash: Set(number_hash),
        opted_out_at: Set(at),
        source: Set(OptOutSource::Operator),
        inbound_id: Set(None),
    };
    let becomes = OnConflict::columns([Column::StructureId, Column::NumberHash])
        .update_columns([Column::Source, Column::InboundId])
        .to_owned();
    opt_out::Entity::insert(row).on_conflict(becomes).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes back, on behalf of the operator, any refusal of the number in the structure; answers whether there was one.
pub(in crate::services) async fn accept(
    tx: &DatabaseTransaction,
    structure: StructureId,
    number_hash: Digest,
) -> Result<bool, DbErr> {
    let rows = opt_out::Entity::delete_many()
        .filter(opt_out::Column::StructureId.eq(structure))
        .filter(opt_out::Column::NumberHash.eq(number_hash));
    Ok(rows.exec(tx).await?.rows_affected > 0)
}

/// Records that the number opts out of these structures by an SMS, the last that says so.
pub(in crate::services) async fn refuse_by_sms(
    tx: &DatabaseTransaction,
    at: At,
    structures: &BTreeSet<StructureId>,
    number_hash: &Digest,
    inbound: InboundId,
) -> Result<(), DbErr> {
    use opt_out::Column;
    // In ascending order, so that two of a number never wait for one another in a circle on PostgreSQL.
    let rows = structures.iter().map(|structure| opt_out::ActiveModel {
        structure_id: Set(*structure),
        number_hash: Set(number_hash.clone()),
        opted_out_at: Set(at),
        source: Set(OptOutSource::Sms),
        inbound_id: Set(Some(inbound)),
    });
    let said_again = OnConflict::columns([Column::StructureId, Column::NumberHash])
        .update_column(Column::InboundId)
        .action_and_where(Expr::col((opt_out::Entity, Column::Source)).eq(OptOutSource::Sms.as_str()))
        .to_owned();
    opt_out::Entity::insert_many(rows).on_conflict(said_again).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes back what the number refused by SMS to that short code, until then; answers of which structures.
pub(in crate::services) async fn accept_by_sms(
    tx: &DatabaseTransaction,
    number_hash: &Digest,
    short_code: &str,
    until: At,
) -> Result<BTreeSet<StructureId>, DbErr> {
    use opt_out::Column;
    // Locked in the order in which a STOP writes them, so that the two never wait for one another in a circle on PostgreSQL.
    let mut refused = opt_out::by_sms(number_hash.clone(), short_code)
        .filter(inbound::Column::SaidAt.lte(until))
        .select_only()
        .column(Column::StructureId)
        .order_by_asc(Column::StructureId)
        .into_query();
    refused.lock_with_tables(LockType::Update, [opt_out::Entity]);
    let rows = tx.query_all(&refused).await?;
    let structures: BTreeSet<StructureId> =
        rows.iter().map(|row| row.try_get("", "structure_id")).collect::<Result<_, _>>()?;
    let taken_back = opt_out::Entity::delete_many()
        .filter(Column::NumberHash.eq(number_hash.clone()))
        .filter(Column::StructureId.is_in(structures.iter().copied()));
    taken_back.exec(tx).await?;
    Ok(structures)
}
