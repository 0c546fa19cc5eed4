//! Reading the file on a thread of its own, so that neither the disk nor the parser holds up the service.
//!
//! Invariant: at most three batches are in memory at a time: one read, one waiting, one being written.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::FileSource;
use super::batch::Batch;
use super::namesakes::Namesakes;
use crate::domain::people_file::{FileError, FileShape, Keep, inspect, rows};
use crate::domain::phone::Region;
use crate::error::Fault;

/// Rows applied in one transaction: as many as fit in one statement on SQLite, and few enough for others to write between.
const ROWS_PER_BATCH: usize = 1_000;
/// Batches that wait to be written.
const BATCHES_WAITING: usize = 1;

/// Reads the whole file: how to read its rows, these columns kept, and whom they tell apart.
pub(super) async fn survey(
    file: &FileSource,
    region: Region,
    keep: &Keep,
) -> Result<Result<(FileShape, Namesakes), FileError>, Fault> {
    let (file, keep) = (file.clone(), keep.clone());
    let read = move || {
        let shape = inspect(file.open()?)?.keeping(&keep)?;
        let mut namesakes = Namesakes::default();
        for row in rows(file.open()?, &shape, region)? {
            // A row that is refused is refused again, and reported, when it comes to be applied.
            if let Ok(row) = row? {
                namesakes.note(&row);
            }
        }
        Ok((shape, namesakes))
    };
    tokio::task::spawn_blocking(read).await.map_err(Fault::internal)
}

/// The batches of a file as they are read, and the thread that reads them.
pub(super) type Batches = (mpsc::Receiver<Result<Batch, FileError>>, JoinHandle<()>);

/// The rows of the file, in batches. The thread ends with the file, at its first error, or when nobody listens any more.
pub(super) fn batches(file: FileSource, shape: FileShape, region: Region) -> Batches {
    let (sender, receiver) = mpsc::channel(BATCHES_WAITING);
    let reader = tokio::task::spawn_blocking(move || {
        if let Err(error) = send(&file, &shape, region, &sender) {
            // Nobody listens: the import was given up.
            let _ = sender.blocking_send(Err(error));
        }
    });
    (receiver, reader)
}

fn send(
    file: &FileSource,
    shape: &FileShape,
    region: Region,
    sender: &mpsc::Sender<Result<Batch, FileError>>,
) -> Result<(), FileError> {
    let mut batch = Batch::with_capacity(ROWS_PER_BATCH);
    for row in rows(file.open()?, shape, region)? {
        batch.push(row?);
        if batch.len() == ROWS_PER_BATCH {
            let full = std::mem::replace(&mut batch, Batch::with_capacity(ROWS_PER_BATCH));
            if sender.blocking_send(Ok(full)).is_err() {
                return Ok(());
            }
        }
    }
    if !batch.is_empty() {
        let _ = sender.blocking_send(Ok(batch));
    }
    Ok(())
}
