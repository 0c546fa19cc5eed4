//! The platform's rules of this instance: the built-ins, and the operator's folder over them.
//!
//! Architecture Invariant: what is in force is a whole set that loaded. A folder that does not load is refused by name, and the last set
//! that did stays; whoever took the set keeps it, whatever comes after. No rule is gone because its files are, until the operator says so.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rules::{Catalog, CatalogError, Plugins};

/// The platform's rules, which may change while the instance runs.
#[derive(Debug)]
pub struct Platform {
    folder: Option<PathBuf>,
    current: RwLock<Arc<Catalog>>,
    looks: Mutex<Looks>,
}

/// What the folder was found to hold.
#[derive(Debug, Default)]
struct Looks {
    /// What is in force.
    loaded: Plugins,
    /// What the last look found, or why it found nothing, where that is not in force.
    last: Option<Result<Plugins, String>>,
    /// Whether that was refused, and told.
    told: bool,
}

/// What a look at the folder came to.
#[derive(Debug)]
pub enum Look {
    /// What is in force is what is there, or what was refused before is there still.
    Same,
    /// Something else is there: it is loaded if the next look finds the same.
    Changing,
    /// What is there is in force from now on.
    Loaded {
        /// How many rules the folder holds.
        rules: usize,
    },
    /// What is in force is there again, after what was refused.
    Mended,
    /// What is there does not load; what was in force still is.
    Refused(CatalogError),
    /// Rules of those slugs are there no more: a folder that was emptied or is not mounted would lift them unseen. What was in force still
    /// is, until the operator asks.
    Gone(Vec<String>),
}

impl Platform {
    /// The built-ins, and the rules of the folder, where there is one.
    ///
    /// # Errors
    /// The first file, by name, that cannot be read, lacks its other half, or does not load.
    pub fn open(folder: Option<PathBuf>) -> Result<Self, CatalogError> {
        let loaded = folder.as_deref().map(Plugins::read).transpose()?.unwrap_or_default();
        let current = RwLock::new(Arc::new(Catalog::with(&loaded)?));
        Ok(Self { folder, current, looks: Mutex::new(Looks { loaded, ..Looks::default() }) })
    }

    /// The rules in force now.
    #[must_use]
    pub fn current(&self) -> Arc<Catalog> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the folder, and puts what is there in force. Unless `at_once`, only when two looks in a row find the same: files that are
    /// being copied are no set yet, and half of them could load; and only when no rule is gone.
    ///
    /// It reads files: not for the threads that serve.
    pub fn look(&self, at_once: bool) -> Look {
        let Some(folder) = &self.folder else { return Look::Same };
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let found = Plugins::read(folder);
        if found.as_ref().is_ok_and(|found| *found == looks.loaded) {
            let told = looks.told;
            *looks = Looks { loaded: std::mem::take(&mut looks.loaded), ..Looks::default() };
            return if told { Look::Mended } else { Look::Same };
        }
        let seen = found.as_ref().map_err(CatalogError::to_string).cloned();
        let settled = looks.last.as_ref() == Some(&seen);
        if !settled {
            looks.told = false;
            looks.last = Some(seen);
        }
        if !at_once && (!settled || looks.told) {
            return if settled { Look::Same } else { Look::Changing };
        }
        match found.and_then(|found| Catalog::with(&found).map(|catalog| (found, catalog))) {
            Ok((found, _)) if !at_once && !looks.loaded.not_in(&found).is_empty() => {
                looks.told = true;
                Look::Gone(looks.loaded.not_in(&found))
            }
            Ok((found, catalog)) => {
                let rules = found.count();
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
                *looks = Looks { loaded: found, ..Looks::default() };
                Look::Loaded { rules }
            }
            Err(error) => {
                looks.told = true;
                Look::Refused(error)
            }
        }
    }
}
