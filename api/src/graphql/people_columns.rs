//! The columns that a structure keeps of its people because it asked to, and what they say of each.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::context::Session;
use super::error::UserError;
use crate::services::people::PersonRow;
use crate::services::people::columns::{self, ColumnRow};

/// A column that a structure keeps of its people beside what every structure knows: a merge field of its own.
#[derive(SimpleObject)]
pub struct PersonColumn {
    /// Its name: its title without case, accents and punctuation.
    name: String,
    /// Its title, as it was first written.
    title: String,
    /// The merge field to write in a text, such as `{instrument}`.
    field: String,
}

impl From<ColumnRow> for PersonColumn {
    fn from(row: ColumnRow) -> Self {
        let ColumnRow { name, title } = row;
        Self { field: format!("{{{name}}}"), name, title }
    }
}

/// What a column says of a person.
#[derive(SimpleObject)]
pub struct PersonValue {
    /// The column's name.
    name: String,
    /// Its title.
    title: String,
    /// What it says.
    value: String,
}

/// What these columns say of a person; those that say nothing are left out.
pub fn values(columns: &[ColumnRow], person: &PersonRow) -> Vec<PersonValue> {
    let value = |column: &ColumnRow| {
        let value = person.own.as_ref()?.get(&column.name)?.to_owned();
        Some(PersonValue { name: column.name.clone(), title: column.title.clone(), value })
    };
    columns.iter().filter_map(value).collect()
}

/// Which column to remove.
#[derive(InputObject)]
pub struct RemovePersonColumnInput {
    /// Its name or its title.
    name: String,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What removing a column came to.
#[derive(SimpleObject)]
pub struct RemovePersonColumnPayload {
    /// Why it was not removed.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of columns.
#[derive(Default)]
pub struct PersonColumnMutation;

/// The mutations of columns.
#[Object]
impl PersonColumnMutation {
    /// Removes a column that the structure keeps of its people, with all that it says of them. Texts that were sent stay; a preview
    /// that names it can no longer be sent. Needs `READ_WRITE` on PEOPLE.
    async fn remove_person_column(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Which column to remove.")] input: RemovePersonColumnInput,
    ) -> Result<RemovePersonColumnPayload> {
        let session = Session::of(graphql);
        let RemovePersonColumnInput { name, client_mutation_id } = input;
        let done = async { columns::remove(&session.ctx, session.caller()?, &name).await };
        let errors = match session.outcome(done.await)? {
            Ok(()) => Vec::new(),
            Err(problem) => vec![session.user_error(&problem)],
        };
        Ok(RemovePersonColumnPayload { errors, client_mutation_id })
    }
}
