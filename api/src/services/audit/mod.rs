//! The audit: whether what must always hold does hold, over all structures, read from the database alone; and, where a provider's
//! journal is at hand, whether that agrees.
//!
//! Changes nothing. Faults name ids only, never a number or a text.
//!
//! Architecture Invariant: a check asks the rows themselves, sharing no code with what wrote them, and all checks see the same
//! instant of the database.

mod journal;
mod probes;

use entity::ids::StructureId;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, IsolationLevel, Statement,
    TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use crate::app::App;
use crate::error::Fault;
use probes::{PROBES, Probe};

pub use journal::{Covers, Journal, JournalError, Reconciled, reconcile};

/// The most faults that a check names.
pub const FAULTS_NAMED: u64 = 100;

/// What the audit found.
#[derive(Debug, Clone)]
pub struct AuditReport {
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// Structures examined.
    pub structures: i64,
    /// Campaigns examined.
    pub campaigns: i64,
    /// Messages examined.
    pub messages: i64,
    /// What a provider's journal said beside that.
    pub reconciled: Option<Reconciled>,
}

/// One thing that must hold.
#[derive(Debug, Clone)]
pub struct Check {
    /// What must hold, in a sentence.
    pub name: &'static str,
    /// Where it does not, at most [`FAULTS_NAMED`]: the kind of row, its id and its structure's.
    pub faults: Vec<String>,
}

impl AuditReport {
    /// Whether everything holds.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.checks.iter().all(|check| check.faults.is_empty())
            && self.reconciled.as_ref().is_none_or(Reconciled::clean)
    }
}

#[derive(FromQueryResult)]
struct Counts {
    structures: i64,
    campaigns: i64,
    messages: i64,
}

#[derive(FromQueryResult)]
struct Found {
    structure_id: StructureId,
    id: Uuid,
}

/// Runs every check, and holds the journal against the rows, on one instant of the database.
///
/// # Errors
/// The database's. A fault that was found is no error: it is in the report.
pub async fn run(app: &App, journal: Option<Journal>) -> Result<AuditReport, Fault> {
    let postgres = app.store.backend() == DbBackend::Postgres;
    // The checks join whole tables: PostgreSQL must know how large they are.
    app.store.analyze(&["campaign", "message", "attempt", "transfer", "ledger_entry"]).await;
    // A read transaction of SQLite sees one instant by itself.
    let options = TransactionOptions {
        isolation_level: postgres.then_some(IsolationLevel::RepeatableRead),
        access_mode: postgres.then_some(AccessMode::ReadOnly),
        ..TransactionOptions::default()
    };
    let tx = app.store.readers().begin_with_options(options).await?;
    if postgres {
        // It reads every table whole, which takes its time.
        tx.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
    }
    let mut checks = Vec::with_capacity(PROBES.len());
    for probe in PROBES {
        checks.push(Check { name: probe.name, faults: faults(&tx, probe).await? });
    }
    let counts = Statement::from_string(tx.get_database_backend(), probes::COUNTS);
    let counts =
        tx.query_one_raw(counts).await?.ok_or_else(|| Fault::internal("counting answered no row"))?;
    let Counts { structures, campaigns, messages } = Counts::from_query_result(&counts, "")?;
    let reconciled = match journal {
        Some(journal) => Some(journal::reconcile(&tx, journal).await?),
        None => None,
    };
    tx.rollback().await?;
    Ok(AuditReport { checks, structures, campaigns, messages, reconciled })
}

async fn faults(tx: &DatabaseTransaction, probe: &Probe) -> Result<Vec<String>, Fault> {
    let sql = format!("{} LIMIT {FAULTS_NAMED}", probe.sql);
    let rows = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    let mut faults = Vec::with_capacity(rows.len());
    for row in &rows {
        let Found { structure_id, id } = Found::from_query_result(row, "")?;
        faults.push(format!("{} {id} of structure {}", probe.of, structure_id.as_uuid()));
    }
    Ok(faults)
}
