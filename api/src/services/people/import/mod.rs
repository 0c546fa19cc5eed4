//! People in, from a file of theirs: streamed, applied batch by batch, reported row by row.
//!
//! Owns what a row does to what is stored; how files are written and read is [`crate::domain::people_file`]'s.
//!
//! # Who a row is about
//!
//! The name below is the folded one. A name is *shared* when the file itself tells several people of that name apart, by
//! their identifiers or, without, by their numbers. The first line that fits decides:
//!
//! | the row has | and there is | then it is |
//! | --- | --- | --- |
//! | an identifier that the file also gives to another name | | refused: `IDENTIFIER_REPEATED` |
//! | an identifier | a person with it | that person |
//! | an identifier, a mobile | one person of that name and mobile, without identifier | that person, who takes the identifier |
//! | an identifier | one person of that name, without identifier, whose mobile (if any) the row does not contradict; name not shared | that person, who takes the identifier |
//! | an identifier | anything else | someone new |
//! | a mobile | one person of that name and mobile | that person |
//! | a mobile | several of that name and mobile | refused: `AMBIGUOUS_PERSON` |
//! | no mobile | name shared | refused |
//! | | nobody of that name | someone new |
//! | | one person of that name; name not shared | that person, whose mobile changes if the row gives one |
//! | | several people of that name; name not shared | refused |
//! | a mobile | name shared, and each person stored is one that the file tells | someone new |
//! | a mobile | name shared, otherwise | refused: this may be one of them with another number |
//!
//! Two rows about one person are applied one after the other.
//!
//! # What a row changes
//!
//! What it says. An absent column and an empty cell change nothing; tags, lists and teachers are added, never removed. A
//! consent with a date is stored as that day, unless it was withdrawn since; a plain yes as the present, unless one is stored; a no
//! withdraws it. Of columns that
//! we do not know, those that were asked for by name are kept, and no other.
//!
//! A teacher is looked up once every row is in, by identifier, else by name in either order. Where that fails, the row is
//! refused and says why, but the rest of it stays applied.
//!
//! # In how many transactions
//!
//! One each batch, so that others write in between; or all in one that is given, for a file that is small enough.
//!
//! Architecture Invariant: the whole file is read before anything is written; applying a batch again changes nothing, so that
//! an import that stopped is mended by importing again. Each transaction holds the structure: imports of one structure at the
//! same time take turns, batch by batch, and add nobody twice. Memory does not follow the file, but for a few words a row:
//! whom the file tells apart, and teachers to be linked.

mod batch;
mod identity;
mod labels;
mod namesakes;
mod read;
mod teachers;

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _};
use std::path::PathBuf;
use std::sync::Arc;

use chrono_tz::Tz;
use entity::ids::StructureId;
use entity::structure;
use sea_orm::sea_query::LockType;
use sea_orm::{DatabaseTransaction, QuerySelect as _};
use serde::{Deserialize, Serialize};

use self::batch::{Batch, Progress};
use self::namesakes::Namesakes;
use crate::app::Ctx;
use crate::caller::Scope;
use crate::domain::people_file::{Column, FileError, FileShape, Keep, KeepError};
use crate::domain::phone::Region;
use crate::error::{Failure, Fault};
use crate::services::people::columns;

/// More rows than this change what the database should know of its tables.
const MANY_ROWS: u64 = 5_000;

/// A file that can be read several times. Its `Debug` shows nothing of what it says of people.
#[derive(Clone)]
pub enum FileSource {
    /// A file of this machine.
    Path(PathBuf),
    /// Bytes held in memory.
    Bytes(Arc<[u8]>),
    /// A file that is open, and may have no name. All who read it share its place: one reads at a time.
    Open(Arc<File>),
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Open(_) => f.write_str("Open(…)"),
        }
    }
}

impl FileSource {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Path(path) => Box::new(File::open(path)?),
            Self::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Self::Open(file) => {
                let mut file = file.try_clone()?;
                file.rewind()?;
                Box::new(file)
            }
        })
    }
}

/// What came of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowOutcome {
    /// The line of the file where the row begins; the header is on line 1.
    pub line: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// What can come of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The person is new.
    Added,
    /// The person was there, and something of them changed.
    Changed,
    /// The person was there, as the row says.
    Unchanged,
    /// The row was not applied, or, when the teacher is at fault, all of it but the teacher.
    Refused {
        /// Stable: a row's own (see [`crate::domain::people_file::RowError::code`]), `AMBIGUOUS_PERSON`, `IDENTIFIER_REPEATED`, `TEACHER_NOT_FOUND`,
        /// `TEACHER_AMBIGUOUS` or `TEACHER_IS_SELF`.
        code: &'static str,
        /// The column at fault, when one is.
        column: Option<Column>,
    },
}

/// What came of a whole file. The first four add up to its rows, blank ones aside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSummary {
    /// Rows that added a person.
    pub added: u64,
    /// Rows that changed one.
    pub changed: u64,
    /// Rows that changed nothing.
    pub unchanged: u64,
    /// Rows refused.
    pub refused: u64,
    /// Tags that did not exist.
    pub tags_created: u64,
    /// Lists that did not exist.
    pub lists_created: u64,
    /// Headers that are no column of ours and that nobody asked to keep, as they are written.
    pub ignored_columns: Vec<String>,
}

impl ImportSummary {
    fn count(&mut self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Added => &mut self.added,
            Outcome::Changed => &mut self.changed,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Refused { .. } => &mut self.refused,
        };
        *counter += 1;
    }
}

/// Why an import did not reach its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is refused: nothing was changed.
    #[error(transparent)]
    File(FileError),
    /// The file changed while it was imported.
    #[error("the file changed while it was read: {committed} rows were applied; import it again ({cause})")]
    FileChanged {
        /// The rows that were applied.
        committed: u64,
        /// What could not be read.
        cause: FileError,
    },
    /// The database failed.
    #[error(
        "the import stopped after {committed} rows, which stay applied; import the file again to do the rest ({cause})"
    )]
    Stopped {
        /// The rows that were applied.
        committed: u64,
        /// What the database said.
        cause: Fault,
    },
}

impl ImportError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::FileChanged { .. } => "FILE_CHANGED",
            Self::Stopped { .. } => "IMPORT_STOPPED",
        }
    }
}

/// A file that was read whole, and can be imported.
#[derive(Debug)]
pub struct Survey {
    shape: FileShape,
    namesakes: Namesakes,
    region: Region,
    zone: Tz,
}

impl Survey {
    /// How many rows it has, blank ones aside.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.shape.rows()
    }
}

/// In whose transactions an import writes.
#[derive(Clone, Copy)]
enum Writing<'tx> {
    /// One of its own for each batch.
    Batches,
    /// One, which another commits or undoes.
    Within(&'tx DatabaseTransaction),
}

/// Imports a file of people into the scope's structure, with the columns to keep, and tells `on_row` what came of each row once it is committed: in
/// the order of the file, but for rows with a teacher, which come last.
///
/// # Errors
/// [`ImportError`]; whatever it is, the file can be imported again once mended.
pub async fn import(
    ctx: &Ctx,
    scope: Scope,
    file: FileSource,
    keep: &Keep,
    on_row: impl FnMut(RowOutcome) + Send,
) -> Result<ImportSummary, ImportError> {
    let survey = survey(ctx, scope, &file, keep).await?;
    import_surveyed(ctx, scope, file, survey, on_row).await
}

/// Reads a file whole, and changes nothing.
///
/// # Errors
/// [`ImportError`]: nothing of the file can be imported.
pub async fn survey(ctx: &Ctx, scope: Scope, file: &FileSource, keep: &Keep) -> Result<Survey, ImportError> {
    let stopped = |cause| ImportError::Stopped { committed: 0, cause };
    let (region, zone) = place(ctx, scope).await.map_err(stopped)?;
    let read = read::survey(file, region, keep).await.map_err(stopped)?;
    let (shape, namesakes) = read.map_err(ImportError::File)?;
    let room = columns::check(ctx.store.readers(), scope.structure, shape.kept()).await.map_err(stopped)?;
    room.map_err(|error| ImportError::File(error.into()))?;
    Ok(Survey { shape, namesakes, region, zone })
}

/// Imports a file that was surveyed, as [`import`] does.
///
/// # Errors
/// As [`import`].
pub async fn import_surveyed(
    ctx: &Ctx,
    scope: Scope,
    file: FileSource,
    survey: Survey,
    mut on_row: impl FnMut(RowOutcome) + Send,
) -> Result<ImportSummary, ImportError> {
    run(ctx, scope, file, survey, Writing::Batches, &mut on_row).await
}

/// Imports a file that was surveyed within a transaction that another commits or undoes; nothing that `on_row` is told stands
/// before that.
///
/// # Errors
/// As [`import`]; the transaction is then to be undone.
pub(super) async fn import_within(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    scope: Scope,
    file: FileSource,
    survey: Survey,
    mut on_row: impl FnMut(RowOutcome) + Send,
) -> Result<ImportSummary, ImportError> {
    run(ctx, scope, file, survey, Writing::Within(tx), &mut on_row).await
}

/// Tells the database of so many rows written and committed, if they are many.
pub(super) async fn rows_committed(ctx: &Ctx, rows: u64) {
    if rows > MANY_ROWS {
        ctx.store.analyze(&["person", "person_tag", "person_list_member"]).await;
    }
}

/// Has other imports of the structure, and sends, wait until the transaction ends. SQLite has one writer anyway.
pub(super) async fn hold(tx: &DatabaseTransaction, structure: StructureId) -> Result<(), Fault> {
    structure::by_id(structure).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(())
}

async fn run(
    ctx: &Ctx,
    scope: Scope,
    file: FileSource,
    survey: Survey,
    writing: Writing<'_>,
    on_row: &mut (impl FnMut(RowOutcome) + Send),
) -> Result<ImportSummary, ImportError> {
    let Survey { shape, namesakes, region, zone } = survey;
    let mut summary = ImportSummary { ignored_columns: shape.ignored_columns(), ..ImportSummary::default() };
    let mut report = |row: RowOutcome| {
        summary.count(row.outcome);
        on_row(row);
    };
    let progress =
        Progress::new(ctx.clone(), scope.structure, zone, namesakes).keeping(shape.kept().to_vec());
    let batches = read::batches(file, shape, region);
    let progress = apply(progress, batches, writing, &mut report).await?;
    let (tags_created, lists_created) = progress.created();
    let committed = progress.rows();
    if matches!(writing, Writing::Batches) {
        rows_committed(ctx, committed).await;
    }
    let linked = teachers::link(ctx, scope.structure, writing, progress.into_wanted(), &mut report).await;
    linked.map_err(|cause| ImportError::Stopped { committed, cause })?;
    Ok(ImportSummary { tags_created, lists_created, ..summary })
}

/// Why a batch could not be written. Of the first, nothing of the file stands: columns that came to be too many since the survey refuse it
/// as they would have then.
fn unwritten(committed: u64, failure: Failure<KeepError>) -> ImportError {
    match failure {
        Failure::Problem(error) if committed == 0 => ImportError::File(error.into()),
        Failure::Problem(error) => ImportError::Stopped { committed, cause: Fault::internal(error) },
        Failure::Fault(cause) => ImportError::Stopped { committed, cause },
    }
}

/// Where the structure is: what reads its numbers, and its days.
async fn place(ctx: &Ctx, scope: Scope) -> Result<(Region, Tz), Fault> {
    let found = structure::by_id(scope.structure).one(ctx.store.readers()).await?;
    let found = found.ok_or_else(|| Fault::internal("the structure of an import does not exist"))?;
    let region = found.region.parse().map_err(Fault::internal)?;
    let zone = found.time_zone.parse().map_err(Fault::internal)?;
    Ok((region, zone))
}

/// Applies the rows, teachers aside, batch by batch.
async fn apply(
    mut progress: Progress,
    (mut batches, reader): read::Batches,
    writing: Writing<'_>,
    report: &mut (impl FnMut(RowOutcome) + Send),
) -> Result<Progress, ImportError> {
    while let Some(batch) = batches.recv().await {
        let committed = progress.rows();
        let rows: Batch = batch.map_err(|cause| ImportError::FileChanged { committed, cause })?;
        let written = progress.write(writing, rows).await;
        let (next, outcomes) = written.map_err(|failure| unwritten(committed, failure))?;
        progress = next;
        outcomes.into_iter().for_each(&mut *report);
    }
    let committed = progress.rows();
    reader.await.map_err(|cause| ImportError::Stopped { committed, cause: Fault::internal(cause) })?;
    Ok(progress)
}
