//! What the database can answer that is not data.

use std::path::PathBuf;

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Why the database did not do its part. Its text never holds a row's content.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database is of neither kind.
    #[error("`{0}` is no database address: give `sqlite://path/to/file.db` or `postgres://user@host/name`")]
    Address(String),
    /// The database cannot be reached or opened.
    #[error("the database cannot be opened: {0}")]
    Unavailable(String),
    /// Another server has the SQLite file.
    #[error(
        "another `envoi serve` serves {path} already: stop it, or give this one another `database.url`; several servers need PostgreSQL",
        path = .0.display()
    )]
    Served(PathBuf),
    /// Another process holds the database's lock for longer than we wait.
    #[error("the database is locked by another process; end it, or try again")]
    Locked,
    /// The schema is older than this program.
    #[error("the database lacks {0} migration(s): run `envoi migrate`, or start with `--migrate`")]
    Behind(usize),
    /// The schema is newer than this program.
    #[error(
        "the database comes from a newer version of envoi (migration `{0}`): start that version, or restore a backup"
    )]
    FromTheFuture(String),
    /// The SQLite library is too old to be trusted with a write-ahead log.
    #[error("SQLite {found} is linked, {needed} or later is needed")]
    SqliteTooOld {
        /// The version that is linked.
        found: String,
        /// The version that is needed.
        needed: &'static str,
    },
    /// Anything else the database said.
    #[error("the database refused a statement: {0}")]
    Database(DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                match cause.as_database_error().and_then(sea_orm::sqlx::error::DatabaseError::code).as_deref()
                {
                    // SQLITE_BUSY and its extended codes: https://www.sqlite.org/rescode.html#busy
                    Some("5" | "261" | "517" | "773") => Self::Locked,
                    _ => Self::Database(error),
                }
            }
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// Whether a unique key refused the row: the guard that a concurrent writer came first.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        match self {
            Self::Database(error) => matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))),
            _ => false,
        }
    }
}
