//! The messages of campaigns, and what became of each.

use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::MessageState;
use crate::graphql::node_id::NodeId;
use crate::graphql::page::connection;
use crate::graphql::people::{Company, Person};
use crate::graphql::scalar::PhoneNumber;
use crate::services::campaigns::{self, MessageRow};

/// A step in the life of a message.
#[derive(SimpleObject)]
pub struct MessageEvent {
    /// When.
    at: DateTime<Utc>,
    /// The state it came to.
    state: MessageState,
    /// Why, for programs: the provider's reason or ours; null when none is known.
    code: Option<String>,
}

impl From<campaigns::MessageEvent> for MessageEvent {
    fn from(event: campaigns::MessageEvent) -> Self {
        Self { at: *event.at, state: event.state.into(), code: event.code }
    }
}

/// One SMS to one number.
#[derive(Clone)]
pub struct SmsMessage {
    row: MessageRow,
    people: Vec<Person>,
}

impl SmsMessage {
    /// A message to some people of a company.
    pub(super) fn among(company: &Arc<Company>, mut row: MessageRow) -> Self {
        let people = std::mem::take(&mut row.people);
        Self { people: people.into_iter().map(|person| Person::among(company, person)).collect(), row }
    }

    /// These messages, read together.
    pub fn together(rows: Vec<MessageRow>) -> Vec<Self> {
        let company = Company::of(rows.iter().flat_map(|row| &row.people));
        rows.into_iter().map(|row| Self::among(&company, row)).collect()
    }
}

/// One SMS to one number, for all the people who share it.
#[Object]
impl SmsMessage {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Message(self.row.id).encode()
    }

    /// The people it is for, by name. Whoever reads campaigns reads whom they reached.
    async fn people(&self) -> Vec<Person> {
        self.people.clone()
    }

    /// The number it goes to; null once erased.
    async fn number(&self) -> Option<PhoneNumber> {
        self.row.number.clone().map(PhoneNumber::from)
    }

    /// The text as the telephone shows it; null once erased.
    async fn text(&self) -> Option<&str> {
        self.row.text.as_ref().map(entity::sensitive::Sensitive::expose)
    }

    /// The SMS it takes, each charged.
    async fn segments(&self) -> i32 {
        self.row.segments
    }

    /// Where it stands.
    async fn state(&self) -> MessageState {
        self.row.state.into()
    }

    /// Why it stands there, for programs; null when there is nothing to say.
    async fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref()
    }

    /// What became of it, in order.
    async fn events(&self) -> Vec<MessageEvent> {
        self.row.events.iter().cloned().map(MessageEvent::from).collect()
    }
}

connection! {
    /// A page of messages.
    SmsMessageConnection {
        /// A message in a page.
        SmsMessageEdge { SmsMessage }
    }
}
