//! The senders of a structure, and which of them a message shows.
//!
//! Architecture Invariants. Only an [`Operator`] changes them. A structure that has senders has a default, which is one of them. A name that
//! looks like a protected one is refused when it is added and each time that it would be shown, unless the operator let the structure have it.

use entity::ids::StructureId;
use entity::sender::{self, Column};
use entity::structure;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::operator::OperatorError;
use super::structures::SettingsView;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::sender::{ProtectedNames, SenderError, SenderName, shown};
use crate::error::{Failure, Fault, Problem};

/// The most senders of a structure: rules are told them all, and people choose among them.
pub const MAX_SENDERS: usize = 20;

/// What the columns of a sender begin with, beside those of its structure.
const PREFIX: &str = "sender_";

/// A sender of a structure.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Sender {
    /// The name that telephones show.
    pub name: String,
    /// Whether a message that asks for none shows it.
    pub is_default: bool,
    /// Whether the structure may have it whatever names are protected.
    pub although_protected: bool,
}

impl From<sender::Model> for Sender {
    fn from(row: sender::Model) -> Self {
        let sender::Model { name, is_default, although_protected, .. } = row;
        Self { name, is_default, although_protected }
    }
}

/// Has a query of a structure, whose id is this column, find its senders too: a row each, in order of name.
pub(super) fn join(query: &mut SelectStatement, structure: (structure::Entity, structure::Column)) {
    for (column, name) in [
        (Column::Name, "name"),
        (Column::IsDefault, "is_default"),
        (Column::AlthoughProtected, "although_protected"),
    ] {
        query.expr_as(Expr::col((sender::Entity, column)), format!("{PREFIX}{name}"));
    }
    query
        .left_join(sender::Entity, Expr::col((sender::Entity, Column::StructureId)).equals(structure))
        .order_by((sender::Entity, Column::Folded), Order::Asc);
}

/// The senders in the rows of such a query.
pub(super) fn joined(rows: &[sea_orm::QueryResult]) -> Vec<Sender> {
    rows.iter().filter_map(|row| Sender::from_query_result(row, PREFIX).ok()).collect()
}

/// The problem of a sender that a message asks for.
pub fn problem(error: SenderError) -> Problem {
    let problem = Problem::new("SENDER_INVALID").with("kind", error.kind());
    match error {
        SenderError::Character(c) => problem.with("character", shown(c)),
        SenderError::Length | SenderError::NoLetter => problem,
    }
}

/// The sender that a message shows when it asks for this one, as the structure spells it, or for none; none when the structure has none.
/// Whether the structure may show one that it has not is for the rules to say.
///
/// # Errors
/// `SENDER_PROTECTED`, of the default too: the name may be protected since.
pub fn choose(
    settings: &SettingsView,
    asked: Option<&SenderName>,
    protected: &ProtectedNames,
) -> Result<Option<String>, Failure> {
    let own = match asked {
        Some(asked) => settings.senders.iter().find(|own| own.name.eq_ignore_ascii_case(asked.as_str())),
        None => settings.default_sender(),
    };
    let Some(name) = own.map(|own| own.name.as_str()).or(asked.map(SenderName::as_str)) else {
        return Ok(None);
    };
    let read = SenderName::parse(name).map_err(Fault::internal)?;
    if !own.is_some_and(|own| own.although_protected)
        && let Some(imitated) = read.imitates(protected)
    {
        let problem = Problem::new("SENDER_PROTECTED").with("sender", name).with("name", imitated);
        return Err(problem.at(&["message", "sender"]).into());
    }
    Ok(Some(name.to_owned()))
}

/// The senders of a structure, in order of name.
///
/// # Errors
/// The database's.
pub async fn of_structure(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
) -> Result<Vec<Sender>, OperatorError> {
    let query = sender::in_structure(structure).order_by_asc(Column::Folded);
    Ok(query.all(ctx.store.readers()).await?.into_iter().map(Sender::from).collect())
}

/// Gives a structure a sender, its default when it has no other. One that it has, it has in this spelling from now on.
///
/// # Errors
/// [`OperatorError::Sender`], [`OperatorError::SenderProtected`] unless it is to have the name although it is protected,
/// [`OperatorError::TooManySenders`], or the database's.
pub async fn add(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
    name: &str,
    although_protected: bool,
) -> Result<(), OperatorError> {
    let name = SenderName::parse(name)?;
    let protected = ctx.config.senders.protected.clone();
    ctx.store
        .write(move |tx| {
            Box::pin(async move { put(tx, structure, &name, although_protected, &protected).await })
        })
        .await
}

/// Adds or spells anew, in a transaction, in which others who change the structure's senders wait.
pub(super) async fn put(
    tx: &DatabaseTransaction,
    structure: StructureId,
    name: &SenderName,
    although_protected: bool,
    protected: &ProtectedNames,
) -> Result<(), OperatorError> {
    structure::by_id(structure).lock_exclusive().one(tx).await?;
    let present = sender::in_structure(structure).all(tx).await?;
    let before = present.iter().find(|row| row.folded == name.folded());
    let although_protected = although_protected || before.is_some_and(|row| row.although_protected);
    if !although_protected && let Some(imitated) = name.imitates(protected) {
        let (sender, name) = (name.to_string(), imitated.to_owned());
        return Err(OperatorError::SenderProtected { sender, name });
    }
    if before.is_none() && present.len() >= MAX_SENDERS {
        return Err(OperatorError::TooManySenders { max: MAX_SENDERS });
    }
    let row = sender::ActiveModel {
        structure_id: Set(structure),
        folded: Set(name.folded()),
        name: Set(name.to_string()),
        is_default: Set(present.is_empty()),
        although_protected: Set(although_protected),
    };
    let respell = OnConflict::columns([Column::StructureId, Column::Folded])
        .update_columns([Column::Name, Column::AlthoughProtected])
        .to_owned();
    sender::Entity::insert(row).on_conflict(respell).exec_without_returning(tx).await?;
    Ok(())
}

/// Has the messages of a structure that ask for no sender show this one of its senders.
///
/// # Errors
/// [`OperatorError::NoSender`], or the database's.
pub async fn set_default(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
    name: &str,
) -> Result<(), OperatorError> {
    let name = name.to_owned();
    ctx.store.write(move |tx| Box::pin(async move { prefer(tx, structure, &name).await })).await
}

/// Makes a sender the default, in a transaction.
pub(super) async fn prefer(
    tx: &DatabaseTransaction,
    structure: StructureId,
    name: &str,
) -> Result<(), OperatorError> {
    structure::by_id(structure).lock_exclusive().one(tx).await?;
    let own = || sender::Entity::update_many().filter(Column::StructureId.eq(structure));
    own().col_expr(Column::IsDefault, Expr::value(false)).exec(tx).await?;
    let chosen = own().filter(Column::Folded.eq(name.to_ascii_lowercase()));
    let done = chosen.col_expr(Column::IsDefault, Expr::value(true)).exec(tx).await?;
    if done.rows_affected == 0 { Err(OperatorError::NoSender(name.to_owned())) } else { Ok(()) }
}

/// Takes a sender from a structure: what was previewed with it is not sent. The default goes last.
///
/// # Errors
/// [`OperatorError::NoSender`], [`OperatorError::SenderIsDefault`] while there are others, or the database's.
pub async fn remove(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
    name: &str,
) -> Result<(), OperatorError> {
    let name = name.to_owned();
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                structure::by_id(structure).lock_exclusive().one(tx).await?;
                let (present, folded) =
                    (sender::in_structure(structure).all(tx).await?, name.to_ascii_lowercase());
                match present.iter().find(|row| row.folded == folded) {
                    None => return Err(OperatorError::NoSender(name)),
                    Some(row) if row.is_default && present.len() > 1 => {
                        return Err(OperatorError::SenderIsDefault(row.name.clone()));
                    }
                    Some(_) => {}
                }
                let rows = sender::Entity::delete_many()
                    .filter(Column::StructureId.eq(structure))
                    .filter(Column::Folded.eq(folded));
                rows.exec(tx).await?;
                Ok(())
            })
        })
        .await
}
