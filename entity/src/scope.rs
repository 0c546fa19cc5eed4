//! How finders are made.
//!
//! Invariant: the only place that starts a query without a structure. What is not scoped by `scoped!` is written out in its table's
//! module, with who may use it.

use sea_orm::{EntityTrait, Select};

/// Selects a table's rows, of every structure: for the finders of this crate to narrow.
#[expect(clippy::disallowed_methods, reason = "the finders themselves are made of it")]
pub(crate) fn select<E: EntityTrait>() -> Select<E> {
    E::find()
}

/// Declares a table's `in_structure` and, given the type of its id, its `by_id_in`.
macro_rules! scoped {
    () => {
        /// The rows of one structure.
        #[must_use]
        pub fn in_structure(structure: crate::ids::StructureId) -> Select<Entity> {
            crate::scope::select::<Entity>().filter(Column::StructureId.eq(structure))
        }
    };
    ($id:ty) => {
        crate::scope::scoped!();

        /// The row of that id, if it is of that structure: an absent id and another structure's find nothing alike.
        #[must_use]
        pub fn by_id_in(structure: crate::ids::StructureId, id: $id) -> Select<Entity> {
            in_structure(structure).filter(Column::Id.eq(id))
        }
    };
}

pub(crate) use scoped;
