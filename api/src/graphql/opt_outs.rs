//! Who opted out of a structure's messages.

use async_graphql::{Enum, Object};
use chrono::{DateTime, Utc};
use entity::At;

use super::page::connection;
use super::people::{Company, Person};
use crate::services::people::refusals::OptOutRow;

/// How someone opted out.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::OptOutSource")]
pub enum OptOutSource {
    /// They told the operator of the service, who alone takes it back.
    Operator,
    /// They sent STOP by SMS. START, sent to the same short code, takes it back.
    Sms,
}

/// A person whose number opted out: no SMS of the structure is sent to it.
pub struct OptOut {
    person: Person,
    since: At,
    source: entity::enums::OptOutSource,
}

impl OptOut {
    /// These, read together.
    pub fn together(rows: Vec<OptOutRow>) -> Vec<Self> {
        let company = Company::of(rows.iter().map(|row| &row.person));
        let opt_out = |OptOutRow { person, since, source }| Self {
            person: Person::among(&company, person),
            since,
            source,
        };
        rows.into_iter().map(opt_out).collect()
    }
}

/// A person whose number opted out: no SMS of the structure is sent to it.
#[Object]
impl OptOut {
    /// Who. Two people who share the number are two items.
    async fn person(&self) -> Person {
        self.person.clone()
    }

    /// Since when.
    async fn since(&self) -> DateTime<Utc> {
        *self.since
    }

    /// How they said it.
    async fn source(&self) -> OptOutSource {
        self.source.into()
    }
}

connection! {
    /// A page of those who opted out.
    OptOutConnection {
        /// One of those who opted out.
        OptOutEdge { OptOut }
    }
}
