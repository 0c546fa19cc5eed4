//! Saving a template: a new version of it, or a new one.
//!
//! Architecture Invariant: versions are one line, each made on the latest, so that nobody's work is overwritten unseen. What is
//! saved already is not saved twice: asking again answers the same.

use entity::enums::Module;
use entity::ids::{MessageTemplateId, MessageTemplateVersionId};
use entity::sensitive::Sensitive;
use entity::{account, message_template, message_template_version};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use unicode_normalization::UnicodeNormalization;

use super::view::{self, TemplateRow, VersionRow};
use super::{
    MAX_COMMENT_CHARS, MAX_NAME_CHARS, MAX_VERSIONS, TemplateProblem, check_name, check_room, limit, lock,
    not_found, taken,
};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::name::{fold, is_invisible};
use crate::domain::text::MessageText;
use crate::error::{Failure, Fault, Problem};
use crate::services::message;

/// A template to save.
#[derive(Debug, Clone)]
pub struct SaveTemplate {
    /// The template; none for a new one.
    pub template: Option<MessageTemplateId>,
    /// The version that the author worked from; none for a new template.
    pub based_on: Option<MessageTemplateVersionId>,
    /// How it is called.
    pub name: String,
    /// The text, with its merge fields.
    pub text: String,
    /// What the author says of it.
    pub comment: Option<String>,
}

/// What a version says, checked.
struct Wording {
    name: String,
    text: MessageText,
    comment: Option<String>,
}

impl Wording {
    /// Whether a version says the same already.
    fn is(&self, version: &VersionRow) -> bool {
        (&*self.name, self.text.as_str()) == (&*version.name, version.text.expose())
    }
}

/// Saves a new version of a template, or a new template. Where the current version has this name and text already, nothing is
/// written, and the comment is passed over.
///
/// # Errors
/// `TEMPLATE_NOT_FOUND`, `TEMPLATE_ARCHIVED`, `TEMPLATE_NAME_INVALID`, `TEMPLATE_NAME_TAKEN`, `TEMPLATE_COMMENT_INVALID`,
/// `TEMPLATE_LIMIT_REACHED`, `TEMPLATE_VERSION_LIMIT_REACHED`, the problems of the text; [`TemplateProblem::Conflict`];
/// [`Fault::Forbidden`] without `READ_WRITE` on `COMMUNICATION_SMS`.
pub async fn save(
    ctx: &Ctx,
    caller: &Caller,
    input: SaveTemplate,
) -> Result<TemplateRow, Failure<TemplateProblem>> {
    let structure = caller.may_write(Module::CommunicationSms)?.structure;
    let SaveTemplate { template, based_on, name, text, comment } = input;
    if template.is_none() && based_on.is_some() {
        return Err(not_found().into());
    }
    let name = checked_name(&name)?;
    let text = message::check_text(ctx, caller, &text).await.map_err(of_input)?;
    let wording = Wording { name, text, comment: checked_comment(comment)? };
    let (task_ctx, task_caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            let id = match template {
                Some(id) => next_version(tx, &task_ctx, &task_caller, (id, based_on), wording).await?,
                None => first_version(tx, &task_ctx, &task_caller, wording).await?,
            };
            let saved = view::one(tx, structure, id).await?;
            Ok(saved.ok_or_else(|| Fault::internal("a template just saved is gone"))?)
        })
    });
    write.await
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name: String = name.trim().nfc().collect();
    let shows = !fold(&name).is_empty() && !name.chars().any(|c| c.is_control() || is_invisible(c));
    if shows && name.chars().count() <= MAX_NAME_CHARS {
        return Ok(name);
    }
    Err(Problem::new("TEMPLATE_NAME_INVALID").at(&["name"]).with("max", limit(MAX_NAME_CHARS)))
}

/// The comment, with LF for line ends; none when it says nothing.
fn checked_comment(comment: Option<String>) -> Result<Option<String>, Problem> {
    let comment = comment.unwrap_or_default().replace("\r\n", "\n").trim().to_owned();
    let refused = |c: char| is_invisible(c) || (c.is_control() && !matches!(c, '\n' | '\t'));
    if comment.chars().any(refused) || comment.chars().count() > MAX_COMMENT_CHARS {
        let problem = Problem::new("TEMPLATE_COMMENT_INVALID").at(&["comment"]);
        return Err(problem.with("max", limit(MAX_COMMENT_CHARS)));
    }
    Ok(Some(comment).filter(|comment| !comment.is_empty()))
}

fn of_input(failure: Failure) -> Failure<TemplateProblem> {
    match failure {
        Failure::Problem(problem) => problem.into(),
        Failure::Fault(fault) => fault.into(),
    }
}

/// The first version of a new template.
async fn first_version(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    wording: Wording,
) -> Result<MessageTemplateId, Failure<TemplateProblem>> {
    match view::named(tx, caller.structure, &wording.name).await? {
        Some(same) if wording.is(&same.current) => return Ok(same.id),
        Some(_) => return Err(taken(&wording.name, "name").into()),
        None => check_room(tx, caller.structure).await?,
    }
    let row = message_template::ActiveModel {
        id: Set(ctx.id()),
        structure_id: Set(caller.structure),
        folded: Set(fold(&wording.name)),
        current: Set(1),
        archived_at: Set(None),
        created_at: Set(ctx.at()),
    };
    let template = message_template::Entity::insert(row).exec_with_returning(tx).await?;
    insert(tx, ctx, caller, (template.id, 1), wording).await?;
    Ok(template.id)
}

/// The next version of a template, if it was made on the current one.
async fn next_version(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    (id, based_on): (MessageTemplateId, Option<MessageTemplateVersionId>),
    wording: Wording,
) -> Result<MessageTemplateId, Failure<TemplateProblem>> {
    let template = view::one(tx, caller.structure, id).await?.ok_or_else(not_found)?;
    let current = template.current;
    if template.archived_at.is_some() {
        return Err(Problem::new("TEMPLATE_ARCHIVED").at(&["template"]).into());
    }
    if wording.is(&current) {
        return Ok(id);
    }
    if based_on != Some(current.id) {
        return Err(conflict(tx, caller, current).await?);
    }
    if current.number >= MAX_VERSIONS {
        let problem = Problem::new("TEMPLATE_VERSION_LIMIT_REACHED").at(&["template"]);
        return Err(problem.with("max", i64::from(MAX_VERSIONS)).into());
    }
    check_name(tx, caller.structure, id, (&wording.name, "name")).await?;
    let number = current.number + 1;
    message_template::Entity::update_many()
        .col_expr(message_template::Column::Folded, Expr::value(fold(&wording.name)))
        .col_expr(message_template::Column::Current, Expr::value(number))
        .filter(message_template::Column::StructureId.eq(caller.structure))
        .filter(message_template::Column::Id.eq(id))
        .exec(tx)
        .await?;
    insert(tx, ctx, caller, (id, number), wording).await?;
    Ok(id)
}

async fn insert(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    (template, number): (MessageTemplateId, i32),
    wording: Wording,
) -> Result<(), Failure<TemplateProblem>> {
    let row = message_template_version::ActiveModel {
        id: Set(ctx.id()),
        structure_id: Set(caller.structure),
        template_id: Set(template),
        number: Set(number),
        name: Set(wording.name),
        text: Set(Sensitive::new(wording.text.as_str())),
        author: Set(caller.account),
        comment: Set(wording.comment),
        created_at: Set(ctx.at()),
    };
    message_template_version::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Somebody saved meanwhile: which version, and who.
async fn conflict(
    tx: &DatabaseTransaction,
    caller: &Caller,
    current: VersionRow,
) -> Result<Failure<TemplateProblem>, Fault> {
    let author = account::by_id_in(caller.structure, current.author).one(tx).await?;
    let problem = Problem::new("TEMPLATE_CONFLICT")
        .at(&["basedOn"])
        .with("number", i64::from(current.number))
        .with("author", author.map(|author| author.email).unwrap_or_default());
    Ok(Failure::Problem(TemplateProblem::Conflict(problem, Box::new(current))))
}
