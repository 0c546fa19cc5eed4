//! The imports that accounts have under way in this instance, whichever way their files came in.
//!
//! Invariant: one a structure, and no more than the settings say, each counted until nothing holds its place any more: its import has
//! ended, and its report is no longer kept for whoever asked.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};

use entity::enums::Module;
use entity::ids::StructureId;

use crate::app::{App, Ctx};
use crate::caller::Caller;
use crate::error::{Failure, Problem};

/// The structures whose imports are under way.
#[derive(Debug, Default)]
pub struct Uploads(Mutex<HashSet<StructureId>>);

impl Uploads {
    fn structures(&self) -> MutexGuard<'_, HashSet<StructureId>> {
        self.0.lock().expect("invariant: nothing panics while it holds the set")
    }
}

/// The place of an import that was let in. It is under way until the last clone of this is dropped.
#[derive(Clone)]
pub struct Admitted {
    _place: Arc<Place>,
}

struct Place {
    app: Arc<App>,
    structure: StructureId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.app.uploads.structures().remove(&self.structure);
    }
}

/// Lets an import of the caller's structure in.
///
/// # Errors
/// `IMPORT_UNDER_WAY`, `IMPORTS_TOO_MANY`; [`crate::error::Fault::Forbidden`] without `READ_WRITE` on `PEOPLE`.
pub fn admit(ctx: &Ctx, caller: &Caller) -> Result<Admitted, Failure> {
    let structure = caller.may_write(Module::People)?.structure;
    let mut structures = ctx.uploads.structures();
    if structures.contains(&structure) {
        return Err(Problem::new("IMPORT_UNDER_WAY").into());
    }
    if structures.len() >= ctx.config.import.at_once {
        return Err(Problem::new("IMPORTS_TOO_MANY").into());
    }
    structures.insert(structure);
    Ok(Admitted { _place: Arc::new(Place { app: Arc::clone(&ctx.app), structure }) })
}
