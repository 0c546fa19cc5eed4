//! Who opted out of a structure's messages.

use async_graphql::{Enum, Object};
use chrono::{DateTime, Utc};

use super::page::connection;
use super::people::Person;
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
pub struct OptOut(OptOutRow);

impl From<OptOutRow> for OptOut {
    fn from(row: OptOutRow) -> Self {
        Self(row)
    }
}

/// A person whose number opted out: no SMS of the structure is sent to it.
#[Object]
impl OptOut {
    /// Who. Two people who share the number are two items.
    async fn person(&self) -> Person {
        self.0.person.clone().into()
    }

    /// Since when.
    async fn since(&self) -> DateTime<Utc> {
        *self.0.since
    }

    /// How they said it.
    async fn source(&self) -> OptOutSource {
        self.0.source.into()
    }
}

connection! {
    /// A page of those who opted out.
    OptOutConnection {
        /// One of those who opted out.
        OptOutEdge { OptOut }
    }
}
