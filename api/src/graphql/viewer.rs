//! The account that asks.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::context::{Maybe, Session};
use super::node_id::NodeId;
use super::people::Person;
use super::structure::Structure;
use crate::services::accounts::{self, MODULES, ViewerRow};
use crate::services::{people, structures};

/// What an account is for.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::AccountKind")]
pub enum AccountKind {
    /// It administers the structure; it may do everything but send.
    Admin,
    /// It stands for one person of the structure.
    Personal,
}

/// A part of the service that permissions open.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::Module")]
pub enum Module {
    /// People, their tags and lists.
    People,
    /// Sending SMS, and reading what was sent.
    CommunicationSms,
    /// Credit, its ledger and its orders.
    Credit,
    /// Rules and their settings.
    Rules,
    /// Accounts and their permissions.
    Accounts,
    /// The settings of the structure.
    Settings,
}

/// How far a permission goes.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::Access")]
pub enum Access {
    /// Nothing.
    None,
    /// Reading.
    Read,
    /// Reading and changing.
    ReadWrite,
}

/// What an account may do in one part of the service.
#[derive(SimpleObject)]
pub struct Permission {
    /// The part of the service.
    module: Module,
    /// How far.
    access: Access,
}

/// The account that the token stands for.
#[derive(Clone)]
pub struct Viewer(ViewerRow);

impl From<ViewerRow> for Viewer {
    fn from(row: ViewerRow) -> Self {
        Self(row)
    }
}

/// The account that the token stands for.
#[Object]
impl Viewer {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Viewer(self.0.id).encode()
    }

    /// Whether it administers the structure or stands for a person.
    async fn kind(&self) -> AccountKind {
        self.0.kind.into()
    }

    /// The address it signs in with, in lower case.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The name to show: the person's, first name first; the address where there is no person.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The language of the account: `fr` or `en`. Messages follow `Accept-Language`.
    async fn locale(&self) -> &str {
        self.0.locale.as_str()
    }

    /// The person it stands for; null for an administrator. Needs `READ` on PEOPLE.
    async fn person(&self, graphql: &Context<'_>) -> Maybe<Person> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                let Some(person) = self.0.person else {
                    return Ok(None);
                };
                Ok(people::by_id(&session.ctx, session.caller()?, person).await?.map(Person::from))
            })
            .await
    }

    /// The structure that the account belongs to: everything else hangs below it.
    async fn structure(&self, graphql: &Context<'_>) -> async_graphql::Result<Structure> {
        let session = Session::of(graphql);
        let structure = async { structures::viewer_structure(&session.ctx, session.caller()?).await };
        let found = structure.await.map_err(|cause| super::error::fault(&session.ctx, cause))?;
        Ok(Structure::from(found))
    }

    /// What the account may do, each part of the service once.
    async fn permissions(&self, graphql: &Context<'_>) -> Vec<Permission> {
        let caller = Session::of(graphql).caller().ok();
        let access = |module| caller.map_or(entity::enums::Access::None, |caller| caller.access(module));
        MODULES.map(|module| Permission { module: module.into(), access: access(module).into() }).into()
    }
}

/// The fields of `Query` about the account that asks.
#[derive(Default)]
pub struct ViewerQuery;

/// The fields of `Query` about the account that asks.
#[Object]
impl ViewerQuery {
    /// The account that the token stands for; null, with the error `UNAUTHENTICATED`, without a token that serves.
    async fn viewer(&self, graphql: &Context<'_>) -> Maybe<Viewer> {
        let session = Session::of(graphql);
        session
            .maybe(async { Ok(Some(accounts::viewer(&session.ctx, session.caller()?).await?.into())) })
            .await
    }
}
