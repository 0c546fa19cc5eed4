//! Recording that a person refuses commercial messages.
//!
//! Owns the table `opt_out`, in which a refusal is the number's and outlives the person.

use entity::enums::OptOutSource;
use entity::ids::PersonId;
use entity::{opt_out, person};
use sea_orm::{EntityTrait, Set};

use crate::app::Ctx;
use crate::caller::Scope;
use crate::error::{Failure, Problem};

/// Records, on behalf of the operator, that the person's number opts out. A number that has already stays as recorded.
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
                let row = opt_out::ActiveModel {
                    structure_id: Set(scope.structure),
                    number_hash: Set(number_hash),
                    opted_out_at: Set(at),
                    source: Set(OptOutSource::Operator),
                    inbound_id: Set(None),
                };
                opt_out::Entity::insert_many([row]).on_conflict_do_nothing().exec(tx).await?;
                Ok::<_, Failure>(())
            })
        })
        .await
}
