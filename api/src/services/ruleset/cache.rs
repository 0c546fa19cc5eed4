//! Loaded rules, kept: loading compiles the script and runs every case.
//!
//! Invariant: what is kept depends on the two texts alone, so that structures share it and nothing ever has to be dropped
//! for being out of date.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rules::{Diagnostic, Rule};
use sha2::{Digest as _, Sha256};

/// What the rules kept may take together, as [`weight`] has it, the oldest leaving first: six to eight thousand of the usual size. Loading
/// one again costs well under a millisecond.
const MAX_WEIGHT: usize = 64 << 20;

/// What a rule takes in memory, about, in bytes: measured, 9 KB for a template, whose texts have 1.5 KB; 50 KB at most.
const fn weight(manifest: &str, source: &str) -> usize {
    4 * (manifest.len() + source.len()) + 3_000
}

/// A rule that loads, or all that keeps it from loading.
pub(super) type Loaded = Result<Arc<Rule>, Arc<[Diagnostic]>>;

/// The loaded rules of structures, by their texts.
#[derive(Default)]
pub struct RuleCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    rules: HashMap<[u8; 32], Loaded>,
    /// With the weight of each.
    order: VecDeque<([u8; 32], usize)>,
    weight: usize,
}

impl RuleCache {
    /// Loads a structure's own rule, or takes it as it was loaded before.
    pub(super) fn load(&self, manifest: &str, source: &str) -> Loaded {
        let key = hash(manifest, source);
        if let Some(loaded) = self.kept(|kept| kept.rules.get(&key).cloned()) {
            return loaded;
        }
        let loaded: Loaded = Rule::load_own(manifest, source).map(Arc::new).map_err(Arc::from);
        self.kept(|kept| {
            if kept.rules.insert(key, loaded.clone()).is_none() {
                let weight = weight(manifest, source);
                kept.order.push_back((key, weight));
                kept.weight += weight;
            }
            while kept.weight > MAX_WEIGHT {
                let Some((oldest, weight)) = kept.order.pop_front() else { break };
                kept.rules.remove(&oldest);
                kept.weight -= weight;
            }
        });
        loaded
    }

    fn kept<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// SHA-256 over both texts of a rule, told apart.
pub(super) fn hash(manifest: &str, source: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(manifest.len().to_le_bytes());
    hasher.update(manifest);
    hasher.update(source);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_texts_are_loaded_once_and_the_oldest_leave() {
        let cache = RuleCache::default();
        let first = cache.load("x", "true").expect_err("checked: no manifest");
        let again = cache.load("x", "true").expect_err("checked: no manifest");
        assert!(Arc::ptr_eq(&first, &again));
        let heavy = " ".repeat(1 << 20);
        for number in 0..20 {
            drop(cache.load(&heavy, &number.to_string()));
        }
        let (kept, weight) = cache.kept(|kept| (kept.rules.len(), kept.weight));
        assert!(kept == 15 && weight <= MAX_WEIGHT, "{kept} kept, of {weight} bytes");
        let later = cache.load("x", "true").expect_err("checked: no manifest");
        assert!(!Arc::ptr_eq(&first, &later));
    }

    #[test]
    fn the_border_between_the_texts_counts() {
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
    }
}
