//! Rows that the API does not show.

use sea_orm::{EntityTrait, Select};

/// Rows of a table, whatever structure they are of: for tests alone, which plant and count.
pub trait UsableInTests: EntityTrait {
    /// Every row.
    #[must_use]
    fn all_rows() -> Select<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test plants and counts rows of every structure")]
        Self::find()
    }
}

impl<E: EntityTrait> UsableInTests for E {}
