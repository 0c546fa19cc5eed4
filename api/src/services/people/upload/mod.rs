//! Imports that accounts ask for: who may, how many at once, and asking twice.
//!
//! Owns what an import comes to under an idempotency key; what its rows do is [`super::import`]'s.
//!
//! Architecture Invariants. The structure is the caller's, whatever the file or the request says. A file of at most
//! `import.transaction_rows` rows is imported in one transaction, its key with it, or not at all; a larger one batch by batch, its
//! key last: an import that stopped midway has no key, and asking again does the rest. A dry run is a transaction that is undone:
//! it leaves nothing, its key included. The work goes on when the client has left.
//!
//! Nothing is surveyed, nor any transaction begun, without a place: those for whom there is none are told so at once, and keep no
//! connection waiting. An answer that is kept needs none.

mod answer;
mod refusal;
mod slots;

use std::sync::Arc;

use entity::enums::{Module, Operation};
use entity::sensitive::Digest;
use sea_orm::DatabaseTransaction;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use self::answer::Answer;
pub use self::answer::{Imported, REFUSED_KEPT, RefusedRow};
use self::refusal::{file_problem, kept_problem};
pub use self::slots::{Admitted, Uploads, admit};
use super::import::{
    FileSource, ImportError, Survey, hold, import_surveyed, import_within, rows_committed, survey,
};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::people_file::Keep;
use crate::error::{Failure, Fault, Problem};
use crate::services::idempotency::{Known, Request};

/// What to import.
#[derive(Debug, Clone)]
pub struct ImportInput {
    /// The file.
    pub file: FileSource,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// The client's key, if it gave one: asking twice with it imports once.
    pub key: Option<Uuid>,
    /// The columns to keep beside those that are known.
    pub keep: Keep,
    /// Whether to tell what would come of it, and change nothing.
    pub dry_run: bool,
}

impl ImportInput {
    /// A file held in memory, under a key, of which nothing is kept but what is known.
    #[must_use]
    pub fn of_bytes(bytes: Vec<u8>, key: Uuid, dry_run: bool) -> Self {
        let digest = Digest::new(Sha256::digest(&bytes).into());
        let (file, keep) = (FileSource::Bytes(bytes.into()), Keep::default());
        Self { file, digest, key: Some(key), keep, dry_run }
    }

    /// The same, keeping these columns too.
    #[must_use]
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }
}

/// The columns to keep of a file, by their headers.
///
/// # Errors
/// That of the first that cannot be kept of any file.
pub fn keep(headers: &[String]) -> Result<Keep, Problem> {
    Keep::new(headers).map_err(|error| kept_problem(&error))
}

/// Imports a file of people into the caller's structure, or tells what would come of it. Tells `on_refused` the rows refused,
/// once the others are committed; of an import that was done before, the first that were.
///
/// # Errors
/// As [`admit`], unless the answer is kept; as [`import_admitted`].
pub async fn import_people(
    ctx: &Ctx,
    caller: &Caller,
    input: ImportInput,
    mut on_refused: impl FnMut(RefusedRow) + Send + 'static,
) -> Result<Imported, Failure> {
    match admit(ctx, caller) {
        Ok(admitted) => import_admitted(ctx, caller, admitted, input, on_refused).await,
        Err(Failure::Problem(full)) => {
            let work = Work { ctx: ctx.clone(), caller: caller.clone(), input };
            let done = work.done_before().await?.ok_or(full)?;
            Ok(done.told(true, &mut on_refused))
        }
        Err(fault) => Err(fault),
    }
}

/// Imports, as [`import_people`] does, a file that was let in before it was received. The place is held until the import has ended.
///
/// # Errors
/// `IDEMPOTENCY_CONFLICT`, `DRY_RUN_TOO_LARGE`, those of [`crate::domain::people_file::FileError`], and `IMPORT_STOPPED` when the
/// rows imported so far stay; [`Fault::Forbidden`] without `READ_WRITE` on `PEOPLE`.
pub async fn import_admitted(
    ctx: &Ctx,
    caller: &Caller,
    admitted: Admitted,
    input: ImportInput,
    on_refused: impl FnMut(RefusedRow) + Send + 'static,
) -> Result<Imported, Failure> {
    caller.may_write(Module::People)?;
    let work = Work { ctx: ctx.clone(), caller: caller.clone(), input };
    let work = tokio::spawn(async move {
        let _until_it_ended: Admitted = admitted;
        work.run(on_refused).await
    });
    work.await.map_err(|cause| Failure::from(Fault::internal(cause)))?
}

/// An import under way, on behalf of an account.
struct Work {
    ctx: Ctx,
    caller: Caller,
    input: ImportInput,
}

/// What a transaction ends with when it is undone.
enum Undone {
    Failed(Failure),
    DryRun(Answer),
}

impl<T: Into<Failure>> From<T> for Undone {
    fn from(failure: T) -> Self {
        Self::Failed(failure.into())
    }
}

impl Work {
    async fn run(self, mut on_refused: impl FnMut(RefusedRow) + Send) -> Result<Imported, Failure> {
        let work = Arc::new(self);
        if let Some(done) = work.done_before().await? {
            return Ok(done.told(true, &mut on_refused));
        }
        let surveyed = survey(&work.ctx, work.caller.scope(), &work.input.file, &work.input.keep).await;
        let surveyed = surveyed.map_err(|error| stopped(&work.ctx, error))?;
        let limit = work.ctx.config.import.transaction_rows;
        if surveyed.rows() <= limit {
            return work.import_whole(surveyed, on_refused).await;
        }
        if work.input.dry_run {
            return Err(Problem::new("DRY_RUN_TOO_LARGE")
                .at(&["dryRun"])
                .with("limit", limit.cast_signed())
                .into());
        }
        work.import_in_batches(surveyed, on_refused).await
    }

    /// The request under its key; none without, and none for a dry run, which is not kept.
    fn request(&self) -> Option<Request> {
        let key = self.input.key.filter(|_| !self.input.dry_run)?;
        let mut body = vec![self.input.digest.as_bytes()];
        let mut kept: Vec<&str> = self.input.keep.names().collect();
        kept.sort_unstable();
        body.extend(kept.into_iter().map(str::as_bytes));
        Some(Request::new(Operation::ImportPeople, key, &body))
    }

    /// What the request was answered before, if it was: read only, so that it waits for no import.
    async fn done_before(&self) -> Result<Option<Answer>, Failure> {
        match self.request() {
            Some(request) => answered(request.peek(self.ctx.store.readers(), &self.ctx, &self.caller).await?),
            None => Ok(None),
        }
    }

    async fn look_up(&self, tx: &DatabaseTransaction) -> Result<Option<Answer>, Failure> {
        match self.request() {
            Some(request) => answered(request.look_up(tx, &self.ctx, &self.caller).await?),
            None => Ok(None),
        }
    }

    async fn remember(&self, tx: &DatabaseTransaction, answer: &Answer) -> Result<(), Fault> {
        if let Some(request) = self.request() {
            let kept = Some(answer.kept()?);
            request.remember_answer(tx, &self.ctx, &self.caller, self.ctx.id(), kept).await?;
        }
        Ok(())
    }

    /// Everything in one transaction. A request with the same key that is under way is waited for, and replayed.
    async fn import_whole(
        self: Arc<Self>,
        surveyed: Survey,
        mut on_refused: impl FnMut(RefusedRow) + Send,
    ) -> Result<Imported, Failure> {
        let (ctx, rows) = (self.ctx.clone(), surveyed.rows());
        let written =
            ctx.store.write(move |tx| Box::pin(async move { self.write_whole(tx, surveyed).await }));
        match written.await {
            Ok((answer, replayed)) => {
                rows_committed(&ctx, if replayed { 0 } else { rows }).await;
                Ok(answer.told(replayed, &mut on_refused))
            }
            Err(Undone::DryRun(answer)) => Ok(answer.told(false, &mut on_refused)),
            Err(Undone::Failed(failure)) => Err(failure),
        }
    }

    /// Answers also whether the request had been answered before.
    async fn write_whole(
        &self,
        tx: &DatabaseTransaction,
        surveyed: Survey,
    ) -> Result<(Answer, bool), Undone> {
        hold(tx, self.caller.structure).await?;
        if let Some(done) = self.look_up(tx).await? {
            return Ok((done, true));
        }
        let mut refused = Vec::new();
        let file = self.input.file.clone();
        let summary = import_within(tx, &self.ctx, self.caller.scope(), file, surveyed, |row| {
            refused.extend(RefusedRow::of(row));
        })
        .await
        .map_err(cause_of)?;
        let answer = Answer::new(summary, refused);
        if self.input.dry_run {
            return Err(Undone::DryRun(answer));
        }
        self.remember(tx, &answer).await?;
        Ok((answer, false))
    }

    /// One transaction a batch, the key in another at the end.
    async fn import_in_batches(
        self: Arc<Self>,
        surveyed: Survey,
        mut on_refused: impl FnMut(RefusedRow) + Send,
    ) -> Result<Imported, Failure> {
        let (ctx, scope, file) = (self.ctx.clone(), self.caller.scope(), self.input.file.clone());
        let committed = surveyed.rows();
        let mut refused = Vec::new();
        let summary = import_surveyed(&ctx, scope, file, surveyed, |row| {
            if let Some(row) = RefusedRow::of(row) {
                if refused.len() < REFUSED_KEPT {
                    refused.push(row.clone());
                }
                on_refused(row);
            }
        })
        .await
        .map_err(|error| stopped(&ctx, error))?;
        let finished = self.finish(Answer::new(summary, refused)).await;
        finished.map_err(|cause| stopped(&ctx, ImportError::Stopped { committed, cause }))
    }

    /// Keeps the answer under its key. Should another import with that key have ended first, its summary is the answer to both.
    async fn finish(self: Arc<Self>, answer: Answer) -> Result<Imported, Fault> {
        let store = self.ctx.store.clone();
        let kept = store.write(move |tx| {
            Box::pin(async move {
                hold(tx, self.caller.structure).await?;
                match self.look_up(tx).await {
                    Ok(Some(first)) => return Ok(Imported { summary: first.summary, replayed: true }),
                    Ok(None) => self.remember(tx, &answer).await?,
                    // The key went to another file meanwhile: what this one did is told, and not kept.
                    Err(Failure::Problem(_)) => {}
                    Err(Failure::Fault(fault)) => return Err(fault),
                }
                Ok(Imported { summary: answer.summary, replayed: false })
            })
        });
        kept.await
    }
}

/// What was answered to a request of which so much is known.
fn answered(known: Known) -> Result<Option<Answer>, Failure> {
    match known {
        Known::New => Ok(None),
        Known::Conflict => Err(Problem::new("IDEMPOTENCY_CONFLICT").at(&["idempotencyKey"]).into()),
        Known::Done(_, kept) => {
            let kept = kept.ok_or_else(|| Fault::internal("an import without its answer"))?;
            Ok(Some(Answer::read(kept)?))
        }
    }
}

/// Why nothing was imported.
fn cause_of(error: ImportError) -> Failure {
    match error {
        ImportError::File(error) => file_problem(&error).into(),
        ImportError::FileChanged { cause, .. } => Fault::internal(cause).into(),
        ImportError::Stopped { cause, .. } => cause.into(),
    }
}

/// Why an import in batches did not reach its end.
fn stopped(ctx: &Ctx, error: ImportError) -> Failure {
    match error {
        ImportError::FileChanged { committed, .. } | ImportError::Stopped { committed, .. }
            if committed > 0 =>
        {
            tracing::error!(request.id = %ctx.request, cause = %error, "an import stopped");
            Problem::new("IMPORT_STOPPED").with("rows", committed.cast_signed()).into()
        }
        error => cause_of(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_not_shown_in_a_log() {
        let file = b"Nom;Pr\xe9nom\nDurand;Maria\n".to_vec();
        let shown = format!("{:?}", ImportInput::of_bytes(file.clone(), Uuid::nil(), false));
        assert!(shown.contains("24 bytes"), "{shown}");
        // Neither as text nor as numbers.
        assert!(
            !shown.contains("Durand") && !shown.contains(&format!("{}, {}", file[0], file[1])),
            "{shown}"
        );
    }
}
