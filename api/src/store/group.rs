//! Writing to SQLite: one connection, and one commit for the work of several callers.
//!
//! A commit waits for the disk, many times longer than the work that it keeps. Who finds the connection free opens a transaction, does
//! its work, and hands the open transaction to whoever waits behind it; the turn to commit queues up behind these. Each works in a savepoint of
//! its own, in its own task, one after another, and is answered once all are committed. Who comes alone commits at once.
//!
//! Architecture Invariants. Nobody is answered, and nothing is told, before the commit. Work that fails, is dropped or panics is undone alone.
//! When it is not certain that the transaction is still open, because SQLite may have rolled it back by itself, everybody in it
//! fails, and nobody works in it any more.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::{Instant, timeout};

use super::changes::{self, Change, Changes};
use super::{StoreError, Work};

/// How much one commit takes in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The most callers.
    members: usize,
    /// For how long it takes in others.
    open_for: Duration,
}

/// With so many callers the price of a commit is shared enough not to matter; and for as long as a slow disk takes to commit, so that waiting
/// for others does not cost more than it saves.
pub(super) const BOUNDS: Bounds = Bounds { members: 256, open_for: Duration::from_millis(5) };
/// How long a caller waits for its turn, as long as a pool has one wait for a connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the statements begin that set savepoints: they begin and end the work of a caller, and are none of its own.
const BOUNDARIES: [&str; 3] = ["SAVEPOINT ", "RELEASE ", "ROLLBACK TO "];

/// Whether a statement only begins or ends the work of a caller.
pub(super) fn is_boundary(sql: &str) -> bool {
    BOUNDARIES.iter().any(|start| sql.starts_with(start))
}

/// The writing connection, and the transaction open on it.
#[derive(Clone)]
pub(super) struct Group {
    writer: DatabaseConnection,
    changes: Changes,
    bounds: Bounds,
    turn: Arc<Mutex<Option<Open>>>,
}

type Turn = OwnedMutexGuard<Option<Open>>;
type Ending = Result<oneshot::Receiver<Result<(), DbErr>>, DbErr>;

/// A transaction with the work of some callers.
struct Open {
    tx: DatabaseTransaction,
    since: Instant,
    /// Whether work goes on in the last savepoint, or was left off there.
    working: bool,
    members: Vec<Member>,
}

/// A caller whose work is done, or undone, and who waits for the commit.
struct Member {
    changes: Vec<Change>,
    answer: oneshot::Sender<Result<(), DbErr>>,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Group")
    }
}

impl Group {
    pub(super) fn new(writer: DatabaseConnection, changes: Changes, bounds: Bounds) -> Self {
        Self { writer, changes, bounds, turn: Arc::default() }
    }

    /// As [`super::Store::write`].
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c DatabaseTransaction) -> Work<'c, T, E> + Send,
        E: From<StoreError>,
    {
        let mut turn = self.join().await?;
        let open = turn.as_mut().expect("invariant: who joined has an open transaction");
        if let Err(error) = open.begin_work().await {
            self.close(turn, Some(error.clone())).await?;
            return Err(StoreError::from(error).into());
        }
        let done = work(&open.tx).await;
        match self.end_work(turn, done.is_ok()).await? {
            // Work that failed may have failed by what others in the transaction did: it waits, too, for that to be committed.
            Ok(committed) => committed.await.map_err(|_| ended())?.map_err(StoreError::from)?,
            // Why the work failed says more.
            Err(error) if done.is_ok() => return Err(StoreError::from(error).into()),
            Err(_) => {}
        }
        done
    }

    /// Waits for the turn to work, in a transaction that is open and takes others in.
    async fn join(&self) -> Result<Turn, StoreError> {
        let waited = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        let mut turn = timeout(PATIENCE, Arc::clone(&self.turn).lock_owned()).await.map_err(|_| waited)?;
        if let Some(open) = turn.as_mut() {
            let failed = open.undo_left_off().await.err();
            let Bounds { members, open_for } = self.bounds;
            if failed.is_some() || open.members.len() >= members || open.since.elapsed() >= open_for {
                turn = self.close(turn, failed).await?;
            }
        }
        if turn.is_none() {
            let open = Open::begin(&self.writer).await?;
            let (group, since) = (self.clone(), open.since);
            *turn = Some(open);
            // Behind those who wait by now: they are the ones to come in.
            tokio::spawn(async move {
                let turn = Arc::clone(&group.turn).lock_owned().await;
                // Bounds may have closed it before: another that is open has a turn of its own to commit.
                if turn.as_ref().is_some_and(|open| open.since == since) {
                    group.finish(turn, None).await;
                }
            });
        }
        Ok(turn)
    }

    /// Ends the work of this caller, whether or not it still waits; answers what will tell it of the commit, or why there will be none.
    async fn end_work(&self, mut turn: Turn, keep: bool) -> Result<Ending, StoreError> {
        let group = self.clone();
        let ending = tokio::spawn(async move {
            let (answer, committed) = oneshot::channel();
            let open = turn.as_mut().expect("invariant: who works has an open transaction");
            match open.end_work(keep).await {
                Ok(changes) => {
                    open.members.push(Member { changes, answer });
                    Ok(committed)
                }
                Err(error) => {
                    group.finish(turn, Some(error.clone())).await;
                    Err(error)
                }
            }
        });
        ending.await.map_err(|_| ended())
    }

    /// Finishes what is open, whether or not this caller still waits; answers the turn, with nothing open.
    async fn close(&self, turn: Turn, failed: Option<DbErr>) -> Result<Turn, StoreError> {
        let group = self.clone();
        tokio::spawn(async move { group.finish(turn, failed).await }).await.map_err(|_| ended())
    }

    /// Commits what is open, unless it failed; then answers everybody in it.
    async fn finish(&self, mut turn: Turn, failed: Option<DbErr>) -> Turn {
        let Some(mut open) = turn.take() else {
            return turn;
        };
        let failed = match failed {
            None => open.undo_left_off().await.err(),
            failed => failed,
        };
        let Open { tx, members, .. } = open;
        let committed = match failed {
            Some(error) => {
                drop(tx);
                Err(DbErr::Custom(format!("what it was written with was rolled back: {error}")))
            }
            None => tx.commit().await,
        };
        if committed.is_ok() {
            for member in &members {
                self.changes.tell(&member.changes);
            }
        }
        for member in members {
            // Who does not wait any more need not know.
            let _ = member.answer.send(committed.clone());
        }
        turn
    }
}

/// The process ends, or work of ours panicked: what was under way is undone.
fn ended() -> StoreError {
    StoreError::Database(DbErr::Custom("the write was cut off".to_owned()))
}

impl Open {
    async fn begin(writer: &DatabaseConnection) -> Result<Self, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = writer.begin_with_options(options).await?;
        Ok(Self { tx, since: Instant::now(), working: false, members: Vec::new() })
    }

    async fn run(&self, sql: &str) -> Result<(), DbErr> {
        self.tx.execute_unprepared(sql).await.map(|_| ())
    }

    /// Begins work. Cut off meanwhile, nothing is to be undone: a savepoint that holds nothing does no harm.
    async fn begin_work(&mut self) -> Result<(), DbErr> {
        self.run("SAVEPOINT work").await?;
        self.working = true;
        Ok(())
    }

    /// Ends work, kept or undone; answers what it changed. Fails when SQLite rolled the whole transaction back by itself: the savepoint
    /// is gone then.
    async fn end_work(&mut self, keep: bool) -> Result<Vec<Change>, DbErr> {
        if !keep {
            self.undo_left_off().await?;
            return Ok(Vec::new());
        }
        let changes = changes::take(&self.tx).await?;
        self.run("RELEASE work").await?;
        self.working = false;
        Ok(changes)
    }

    /// Undoes the work of a caller that failed, or left off in the middle of it. Cut off meanwhile, it can be done again.
    async fn undo_left_off(&mut self) -> Result<(), DbErr> {
        if self.working {
            self.run("ROLLBACK TO work").await?;
            self.working = false;
        }
        Ok(())
    }
}
