//! The texts that a structure keeps to write with: templates, version after version.
//!
//! Owns their names, their versions and whether they are in use. What a text may say is for messages; what is sent is the text of
//! the message, whatever it was started from.
//!
//! Architecture Invariant: a version is written once and never changed nor deleted; each is made on the one before it. Of the
//! templates in use, no two of a structure have the same name.

mod archive;
mod save;
mod view;

use entity::ids::{MessageTemplateId, StructureId};
use entity::{message_template, structure};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, DatabaseTransaction, PaginatorTrait, QueryFilter, QuerySelect};

use crate::error::{Failure, Fault, Problem};

pub use archive::archive;
pub use save::{SaveTemplate, save};
pub use view::{
    TemplateRow, VersionRow, Which, by_ids, of_campaigns, page, versions_by_ids, versions_of_each,
};

/// The most templates that a structure may have in use: far more than a person finds their way in.
pub const MAX_TEMPLATES: u64 = 200;
/// The most versions that a template may have.
pub const MAX_VERSIONS: i32 = 1_000;
/// The most characters of a name: what a list shows on one line.
pub const MAX_NAME_CHARS: usize = 80;
/// The most characters of what an author says of a version.
pub const MAX_COMMENT_CHARS: usize = 500;
/// The most characters of a search: more than the longest name has.
pub const MAX_SEARCH_CHARS: usize = 200;

/// Why a template was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateProblem {
    /// The input.
    Input(Problem),
    /// Somebody saved meanwhile: the version that is current now.
    Conflict(Problem, Box<VersionRow>),
}

impl From<Problem> for Failure<TemplateProblem> {
    fn from(problem: Problem) -> Self {
        Self::Problem(TemplateProblem::Input(problem))
    }
}

fn not_found() -> Problem {
    Problem::new("TEMPLATE_NOT_FOUND").at(&["template"])
}

/// One writer of a structure's templates at a time, until the transaction ends. SQLite has one writer, and needs no lock.
async fn lock(tx: &DatabaseTransaction, structure: StructureId) -> Result<(), Fault> {
    structure::by_id(structure).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(())
}

/// Whether one more template may be in use.
async fn check_room(
    tx: &DatabaseTransaction,
    structure: StructureId,
) -> Result<(), Failure<TemplateProblem>> {
    let in_use =
        message_template::in_structure(structure).filter(message_template::Column::ArchivedAt.is_null());
    if in_use.count(tx).await? < MAX_TEMPLATES {
        return Ok(());
    }
    Err(Problem::new("TEMPLATE_LIMIT_REACHED").with("max", limit(MAX_TEMPLATES)).into())
}

/// Whether no other template in use has that name.
async fn check_name(
    tx: &DatabaseTransaction,
    structure: StructureId,
    id: MessageTemplateId,
    (name, path): (&str, &'static str),
) -> Result<(), Failure<TemplateProblem>> {
    match view::named(tx, structure, name).await? {
        Some(other) if other.id != id => Err(taken(name, path).into()),
        _ => Ok(()),
    }
}

fn taken(name: &str, path: &'static str) -> Problem {
    Problem::new("TEMPLATE_NAME_TAKEN").at(&[path]).with("name", name)
}

/// A limit as messages name it.
fn limit(max: impl TryInto<i64>) -> i64 {
    max.try_into().unwrap_or(i64::MAX)
}
