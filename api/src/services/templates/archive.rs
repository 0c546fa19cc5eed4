//! Taking a template out of use, and back.
//!
//! Invariant: nothing of it is lost: its versions stay, and so does what campaigns remember of them.

use entity::enums::Module;
use entity::ids::MessageTemplateId;
use entity::message_template;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::view::{TemplateRow, one};
use super::{TemplateProblem, check_name, check_room, lock, not_found};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Failure;

/// Takes a template out of use, or back into it. Asking for what is so already changes nothing.
///
/// # Errors
/// `TEMPLATE_NOT_FOUND`; `TEMPLATE_NAME_TAKEN` and `TEMPLATE_LIMIT_REACHED` when it cannot come back; [`crate::error::Fault::Forbidden`]
/// without `READ_WRITE` on `COMMUNICATION_SMS`.
pub async fn archive(
    ctx: &Ctx,
    caller: &Caller,
    id: MessageTemplateId,
    archived: bool,
) -> Result<TemplateRow, Failure<TemplateProblem>> {
    let structure = caller.may_write(Module::CommunicationSms)?.structure;
    let at = archived.then(|| ctx.at());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            let template = one(tx, structure, id).await?.ok_or_else(not_found)?;
            if template.archived_at.is_some() == archived {
                return Ok(template);
            }
            if !archived {
                check_name(tx, structure, id, (&template.current.name, "template")).await?;
                check_room(tx, structure).await?;
            }
            message_template::Entity::update_many()
                .col_expr(message_template::Column::ArchivedAt, Expr::value(at))
                .filter(message_template::Column::StructureId.eq(structure))
                .filter(message_template::Column::Id.eq(id))
                .exec(tx)
                .await?;
            Ok(TemplateRow { archived_at: at, ..template })
        })
    });
    write.await
}
