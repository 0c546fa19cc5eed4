//! Objects that were read together, and what hangs on each of them.
//!
//! Owns when that is read: once for all of them, as soon as one is asked. Knows no type of the schema.
//!
//! Architecture Invariant: a field of all the objects of a list takes as many statements as that field of one of them.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use tokio::sync::Mutex;

use crate::error::Fault;

/// Objects that were read together, by their keys `K`, and what was read of them: `V` for each, by what was asked, `A`.
pub struct Together<K, A, V> {
    keys: Vec<K>,
    read: Mutex<Vec<(A, HashMap<K, V>)>>,
}

impl<K: Copy + Eq + Hash, A: PartialEq, V: Clone> Together<K, A, V> {
    /// Objects of which nothing was read yet.
    pub fn new(keys: impl IntoIterator<Item = K>) -> Self {
        let mut seen = HashSet::new();
        let keys = keys.into_iter().filter(|key| seen.insert(*key)).collect();
        Self { keys, read: Mutex::default() }
    }

    /// Their keys, each once.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// What was asked of one of them. `read` answers for all, and is run the first time that this is asked of any.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn of(
        &self,
        key: K,
        asked: A,
        read: impl Future<Output = Result<HashMap<K, V>, Fault>>,
    ) -> Result<Option<V>, Fault> {
        let mut known = self.read.lock().await;
        if let Some((_, found)) = known.iter().find(|(before, _)| *before == asked) {
            return Ok(found.get(&key).cloned());
        }
        let found = read.await?;
        let own = found.get(&key).cloned();
        known.push((asked, found));
        Ok(own)
    }
}
