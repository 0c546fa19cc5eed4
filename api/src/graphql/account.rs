//! Accounts: who did what, and signing in and out.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::context::{Maybe, Session};
use super::error::{UserError, fault};
use super::node_id::NodeId;
use super::viewer::{AccountKind, Viewer};
use crate::error::Problem;
use crate::services::accounts::{self, AccountRow};

/// An account of the structure.
#[derive(Clone)]
pub struct Account(AccountRow);

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self(row)
    }
}

/// An account of the structure, as the others of it see it.
#[Object]
impl Account {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Account(self.0.id).encode()
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
}

/// Who signs in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The account's address, in any case.
    email: String,
    /// Its password.
    #[graphql(secret)]
    password: String,
}

/// What a sign-in came to.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// What to send from now on, as `Authorization: Bearer …`. Shown this once. Null when the sign-in failed.
    token: Option<String>,
    /// When the token stops serving by itself.
    expires_at: Option<DateTime<Utc>>,
    /// The account signed in.
    viewer: Maybe<Viewer>,
    /// Why it failed: `SIGN_IN_FAILED`, whether address or password is wrong; `SIGN_IN_REPEATED` for a second in one request.
    errors: Vec<UserError>,
}

/// What a sign-out came to.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Always empty: signing out does not fail.
    errors: Vec<UserError>,
}

/// The mutations of accounts.
#[derive(Default)]
pub struct AccountMutation;

/// The mutations of accounts.
#[Object]
impl AccountMutation {
    /// Signs in with an address and a password. Fields after it in the same request are answered as that account.
    async fn sign_in(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SignInInput,
    ) -> Result<SignInPayload> {
        let session = Session::of(graphql);
        let done = if session.has_signed_in() {
            Err(Problem::new("SIGN_IN_REPEATED").into())
        } else {
            accounts::sign_in(&session.ctx, &input.email, &input.password).await
        };
        let signed = match session.outcome(done)? {
            Ok(signed) => signed,
            Err(problem) => {
                let errors = vec![session.user_error(&problem)];
                return Ok(SignInPayload { token: None, expires_at: None, viewer: None, errors });
            }
        };
        let caller = session.sign_in(signed.caller);
        let viewer =
            session.maybe(async { Ok(Some(accounts::viewer(&session.ctx, caller).await?.into())) }).await;
        Ok(SignInPayload {
            token: Some(signed.token.into_exposed()),
            expires_at: Some(signed.expires_at),
            viewer,
            errors: Vec::new(),
        })
    }

    /// Ends the session of the token: it no longer serves.
    async fn sign_out(&self, graphql: &Context<'_>) -> Result<SignOutPayload> {
        let session = Session::of(graphql);
        let done = async { accounts::sign_out(&session.ctx, session.caller()?).await };
        done.await.map_err(|cause| fault(&session.ctx, cause))?;
        Ok(SignOutPayload { errors: Vec::new() })
    }
}
