//! The database: readers, the one way to write, and what differs between SQLite and PostgreSQL.
//!
//! Architecture Invariant: everything that changes a row goes through [`Store::write`]. On SQLite its closures run one after
//! another on one connection, those that wait for one another in one `BEGIN IMMEDIATE` transaction; on PostgreSQL each is a transaction on the
//! pool.

mod among;
mod changes;
mod connect;
mod contains;
mod error;
mod group;
mod listen;
mod serving;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, TransactionTrait};

use tokio::sync::Semaphore;

pub use among::{among, among_ids, has};
pub use changes::{Change, Changes, Watcher};
pub use connect::{DatabaseUrl, Options};
pub use contains::contains;
pub use error::StoreError;
use group::Group;
pub use serving::Serving;

/// What a closure given to [`Store::write`] returns: its work, boxed.
pub type Work<'c, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>;

/// An open database.
#[derive(Debug, Clone)]
pub struct Store {
    readers: DatabaseConnection,
    writer: DatabaseConnection,
    /// How SQLite is written to; on PostgreSQL the pool is.
    group: Option<Group>,
    watching: Arc<Semaphore>,
    changes: Changes,
    statements: Arc<AtomicU64>,
}

impl Store {
    /// Connections to read with. A balance is always read here, on the primary.
    #[must_use]
    pub fn readers(&self) -> &DatabaseConnection {
        &self.readers
    }

    /// A turn to read for one who watches, until dropped: those who watch take no more than half of the readers, however many
    /// they are, so that whoever asks finds one.
    pub async fn turn(&self) -> impl Send + use<> {
        let turn = Arc::clone(&self.watching).acquire_owned().await;
        turn.expect("invariant: the semaphore is never closed")
    }

    /// Which of the two databases this is, where a statement must differ.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// What is committed, as it is.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// How many statements were run since it was opened, in transactions and out of them; beginning and ending a transaction
    /// counts for none. It says what an operation costs the database.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::SeqCst)
    }

    /// Runs `work` in one transaction: committed whole when it answers `Ok`, undone whole otherwise, or when the caller stops
    /// waiting while it runs. Those who watch what it changed are told once it is committed. On SQLite the transaction may hold the work of
    /// other callers too ([`group`]).
    ///
    /// # Errors
    /// What `work` answered, or [`StoreError`] when the database could not begin or commit.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c DatabaseTransaction) -> Work<'c, T, E> + Send,
        E: From<StoreError>,
    {
        if let Some(group) = &self.group {
            return group.write(work).await;
        }
        let tx = self.writer.begin().await.map_err(StoreError::from)?;
        let done = work(&tx).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(done)
    }

    /// Has PostgreSQL look at tables anew after so many rows were written to them: until its own maintenance has passed, it takes
    /// them for nearly empty, and reads them whole where an index would do. SQLite's plans do not depend on it.
    pub async fn analyze(&self, tables: &[&'static str]) {
        if self.backend() != DbBackend::Postgres {
            return;
        }
        let analyze = format!("ANALYZE {}", tables.join(", "));
        if let Err(error) = self.writer.execute_unprepared(&analyze).await {
            // Only speed is lost.
            tracing::warn!(%error, "tables could not be analyzed");
        }
    }

    /// Closes every connection once what runs on them is done.
    pub async fn close(self) {
        self.changes.close();
        // An error here has nothing left to harm.
        let _ = self.writer.close().await;
        let _ = self.readers.close().await;
    }
}
