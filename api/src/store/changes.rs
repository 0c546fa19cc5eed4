//! What was committed, told by ids to those who watch it.
//!
//! The database says itself what changed, by triggers on campaigns and on credit, so that no statement can forget to. On
//! PostgreSQL it notifies every instance as the transaction commits ([`super::listen`]); on SQLite it notes what changed in a
//! table, which [`Store::write`](super::Store::write) empties with each work in the same transaction, and tells once it is committed.
//!
//! Architecture Invariant: nothing is told before it is committed, and nothing but ids: who is told reads again, as the
//! account that he is. Nobody misses a change by being slow: many that were not looked at yet are one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use entity::ids::{CampaignId, StructureId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::listen;

/// Something that can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// A campaign of a structure, with its counters.
    Campaign(StructureId, CampaignId),
    /// The credit of a structure.
    Credit(StructureId),
}

/// What is watched in this instance, each with the number of its changes so far.
#[derive(Default)]
pub(super) struct Watched(Mutex<HashMap<Change, watch::Sender<u64>>>);

impl Watched {
    fn lock(&self) -> MutexGuard<'_, HashMap<Change, watch::Sender<u64>>> {
        self.0.lock().expect("invariant: nothing panics while it holds what is watched")
    }

    /// Tells those who watch this.
    pub(super) fn tell(&self, change: Change) {
        if let Some(sender) = self.lock().get(&change) {
            sender.send_modify(|changes| *changes += 1);
        }
    }

    /// Tells everyone to look: what changed, if anything, is not known.
    pub(super) fn tell_all(&self) {
        for sender in self.lock().values() {
            sender.send_modify(|_| ());
        }
    }
}

/// The changes of one open database.
#[derive(Clone)]
pub struct Changes {
    watched: Arc<Watched>,
    /// How to listen to other instances: on PostgreSQL alone, from the first watcher on.
    others: Option<Arc<Others>>,
}

struct Others {
    address: String,
    listening: OnceLock<AbortHandle>,
}

impl Drop for Others {
    fn drop(&mut self) {
        if let Some(task) = self.listening.get() {
            task.abort();
        }
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes")
    }
}

impl Changes {
    /// The changes of an SQLite file: one process writes it.
    pub(super) fn of_one_process() -> Self {
        Self { watched: Arc::default(), others: None }
    }

    /// The changes of a PostgreSQL database at this address, by whatever instance.
    pub(super) fn of_all_instances(address: &str) -> Self {
        let others = Others { address: address.to_owned(), listening: OnceLock::new() };
        Self { watched: Arc::default(), others: Some(Arc::new(others)) }
    }

    /// Watches from now on. To miss nothing, watch first, then read.
    #[must_use]
    pub fn watch(&self, change: Change) -> Watcher {
        if let Some(others) = &self.others {
            others.listening.get_or_init(|| {
                let listening = listen::listen(others.address.clone(), Arc::clone(&self.watched));
                tokio::spawn(listening).abort_handle()
            });
        }
        let told = self.watched.lock().entry(change).or_insert_with(|| watch::Sender::new(0)).subscribe();
        let seen = *told.borrow();
        Watcher { watched: Arc::clone(&self.watched), change, told, seen }
    }

    /// How many things are watched.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.watched.lock().len()
    }

    pub(super) fn tell(&self, changes: &[Change]) {
        for change in changes {
            self.watched.tell(*change);
        }
    }

    /// Listens no more.
    pub(super) fn close(&self) {
        if let Some(task) = self.others.as_ref().and_then(|others| others.listening.get()) {
            task.abort();
        }
    }
}

/// One who watches something, until dropped.
pub struct Watcher {
    watched: Arc<Watched>,
    change: Change,
    told: watch::Receiver<u64>,
    seen: u64,
}

impl Watcher {
    /// Waits until there is reason to look again, and answers whether it did change; otherwise it may have.
    pub async fn changed(&mut self) -> bool {
        // The sender is kept until its last watcher is gone.
        let _ = self.told.changed().await;
        let changes = *self.told.borrow_and_update();
        std::mem::replace(&mut self.seen, changes) != changes
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watched = self.watched.lock();
        if watched.get(&self.change).is_some_and(|sender| sender.receiver_count() <= 1) {
            watched.remove(&self.change);
        }
    }
}

/// Takes out what this transaction of SQLite changed since it was last asked; PostgreSQL tells it by itself.
pub(super) async fn take(tx: &DatabaseTransaction) -> Result<Vec<Change>, DbErr> {
    let take =
        Statement::from_string(DbBackend::Sqlite, "DELETE FROM changed RETURNING structure_id, campaign_id");
    let mut changes = Vec::new();
    for row in tx.query_all_raw(take).await? {
        let structure = row.try_get::<Uuid>("", "structure_id")?;
        let campaign = row.try_get::<Option<Uuid>>("", "campaign_id")?;
        changes.push(change(structure, campaign));
    }
    Ok(changes)
}

/// What the two ids name: a campaign, or the credit of the structure alone.
pub(super) fn change(structure: Uuid, campaign: Option<Uuid>) -> Change {
    let structure = StructureId::from_uuid(structure);
    match campaign {
        Some(campaign) => Change::Campaign(structure, CampaignId::from_uuid(campaign)),
        None => Change::Credit(structure),
    }
}
