//! Templates of messages, their versions, and how they are changed.

mod mutation;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use entity::ids::MessageTemplateId;

use super::account::Account;
use super::context::{Maybe, Session};
use super::node_id::NodeId;
use super::page::{PageArgs, connection, cost, page_args};
use super::together::Together;
use crate::services::page::Page;
use crate::services::templates::{self, TemplateRow, VersionRow};

pub use mutation::TemplateMutation;

/// Templates that were read together, and pages of their versions.
type Versions = Together<MessageTemplateId, PageArgs, Page<VersionRow>>;

/// A text that a structure keeps to write with.
#[derive(Clone)]
pub struct MessageTemplate {
    row: TemplateRow,
    together: Arc<Versions>,
}

impl MessageTemplate {
    /// These templates, read together.
    pub fn together(rows: Vec<TemplateRow>) -> Vec<Self> {
        let together = Arc::new(Versions::new(rows.iter().map(|row| row.id)));
        rows.into_iter().map(|row| Self { row, together: Arc::clone(&together) }).collect()
    }
}

impl From<TemplateRow> for MessageTemplate {
    fn from(row: TemplateRow) -> Self {
        Self { together: Arc::new(Versions::new([row.id])), row }
    }
}

/// A text that a structure keeps to write with, under a name. Each save that changes either is a new version.
#[Object]
impl MessageTemplate {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::MessageTemplate(self.row.id).encode()
    }

    /// How it is called: that of its current version.
    async fn name(&self) -> &str {
        &self.row.current.name
    }

    /// The latest version: what to start a message from, and to base the next version on.
    async fn current(&self) -> MessageTemplateVersion {
        self.row.current.clone().into()
    }

    /// Since when it is out of use; null when it is in use.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.row.archived_at.map(|at| *at)
    }

    /// Its versions, latest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn versions(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<MessageTemplateVersionConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let node = graphql.look_ahead().field("edges").field("node");
        // Boxed: the future that holds it would take much of a stack.
        let read = Box::pin(async {
            let (caller, of) = (session.caller()?, self.together.keys());
            let found = templates::versions_of_each(&session.ctx, caller, of, &args).await?;
            let pages = found.values().flat_map(|page| &page.items);
            let authors: Vec<_> = pages.map(|(_, row)| row.author).collect();
            session.read_accounts(node.field("author"), authors).await?;
            Ok(found)
        });
        session
            .maybe(async { Ok(self.together.of(self.row.id, args.clone(), read).await?.map(Into::into)) })
            .await
    }
}

connection! {
    /// A page of templates.
    MessageTemplateConnection {
        /// A template in a page.
        MessageTemplateEdge { MessageTemplate }
    }
}

/// One version of a template.
#[derive(Clone)]
pub struct MessageTemplateVersion(VersionRow);

impl From<VersionRow> for MessageTemplateVersion {
    fn from(row: VersionRow) -> Self {
        Self(row)
    }
}

/// One version of a template. It never changes.
#[Object]
impl MessageTemplateVersion {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::MessageTemplateVersion(self.0.id).encode()
    }

    /// Its rank among the versions of the template, from 1.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// How the template was called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The text, with its merge fields, without the STOP mention.
    async fn text(&self) -> &str {
        self.0.text.expose()
    }

    /// Who wrote it.
    async fn author(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.0.author)).await
    }

    /// When it was saved.
    async fn created_at(&self) -> DateTime<Utc> {
        *self.0.created_at
    }

    /// What its author said of it; null when nothing.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }
}

connection! {
    /// A page of versions of a template.
    MessageTemplateVersionConnection {
        /// A version of a template in a page.
        MessageTemplateVersionEdge { MessageTemplateVersion }
    }
}
