//! How a resolver gets at the services and the caller, and how a service's failure becomes an answer.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use async_graphql::{Context, Error, Lookahead};
use entity::ids::AccountId;
use futures::future::ready;
use futures::stream::{self, Stream, StreamExt as _};
use tokio::sync::Mutex;

use super::account::Account;
use super::error::{IdempotencyConflictError, InputError, UserError, fault};
use super::rules::Rule;
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};
use crate::services::accounts;
use crate::services::ruleset::{self, VersionKey, VersionRow};

/// A field that can fail on its own: it is then null, with an error beside it, and its siblings are answered.
pub type Maybe<T> = Option<Result<T, Error>>;

/// What a request is resolved with.
pub struct Session {
    /// What services are given.
    pub ctx: Ctx,
    caller: Option<Caller>,
    signed_in: OnceLock<Caller>,
    /// The rules that verdicts name, and the account that may read them.
    rules: Mutex<Option<(AccountId, Arc<[Rule]>)>>,
    /// The accounts that were read; none where the structure has no such account.
    accounts: Mutex<HashMap<AccountId, Option<Account>>>,
    /// The versions of rules that others are compared with, as they were read; none where there is no such version.
    versions: Mutex<HashMap<VersionKey, Option<VersionRow>>>,
}

impl Session {
    /// The session of one request; without a caller it is anonymous.
    #[must_use]
    pub fn new(ctx: Ctx, caller: Option<Caller>) -> Self {
        Self {
            ctx,
            caller,
            signed_in: OnceLock::new(),
            rules: Mutex::default(),
            accounts: Mutex::default(),
            versions: Mutex::default(),
        }
    }

    /// The session of the request being resolved.
    #[must_use]
    pub fn of<'a>(graphql: &Context<'a>) -> &'a Self {
        graphql.data_unchecked::<Self>()
    }

    /// Who asks: the account that signed in by this request, else the one whose token it carries.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] when nobody signed in.
    pub fn caller(&self) -> Result<&Caller, Fault> {
        self.signed_in.get().or(self.caller.as_ref()).ok_or(Fault::Unauthenticated)
    }

    /// Whether an account signed in by this request already.
    #[must_use]
    pub fn has_signed_in(&self) -> bool {
        self.signed_in.get().is_some()
    }

    /// Answers the rest of this request as an account that just signed in. Only the first counts.
    pub fn sign_in(&self, caller: Caller) -> &Caller {
        self.signed_in.get_or_init(|| caller)
    }

    /// The rules of the caller's structure, read once for all the verdicts of the request.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] without READ on RULES.
    pub async fn rules(&self) -> Result<Arc<[Rule]>, Fault> {
        let caller = self.caller()?;
        let mut read = self.rules.lock().await;
        if let Some((_, rules)) = read.as_ref().filter(|(account, _)| *account == caller.account) {
            return Ok(Arc::clone(rules));
        }
        let rules: Arc<[Rule]> = Rule::together(ruleset::all(&self.ctx, caller).await?).into();
        *read = Some((caller.account, Arc::clone(&rules)));
        Ok(rules)
    }

    /// Reads the rules of the structure and their versions again where they are next asked for, since they were changed.
    pub async fn forget_rules(&self) {
        *self.rules.lock().await = None;
        self.versions.lock().await.clear();
    }

    /// Reads the accounts that a list names, with one statement, when the field that names them is asked for.
    ///
    /// # Errors
    /// The database's, and [`Fault::Unauthenticated`].
    pub async fn read_accounts(
        &self,
        field: Lookahead<'_>,
        ids: impl IntoIterator<Item = AccountId>,
    ) -> Result<(), Fault> {
        if !field.exists() {
            return Ok(());
        }
        let mut read = self.accounts.lock().await;
        let ids: HashSet<AccountId> = ids.into_iter().filter(|id| !read.contains_key(id)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = ids.into_iter().collect();
        let found = accounts::by_ids(&self.ctx, self.caller()?, &ids).await?;
        read.extend(ids.into_iter().map(|id| (id, None)));
        read.extend(found.into_iter().map(|row| (row.id, Some(row.into()))));
        Ok(())
    }

    /// An account of the caller's structure, if one is named, as it was read with its list; read now when it was not.
    ///
    /// # Errors
    /// The database's, and [`Fault::Unauthenticated`].
    pub async fn account(&self, id: impl Into<Option<AccountId>>) -> Result<Option<Account>, Fault> {
        let Some(id) = id.into() else {
            return Ok(None);
        };
        let mut read = self.accounts.lock().await;
        if let Some(known) = read.get(&id) {
            return Ok(known.clone());
        }
        let found = accounts::by_ids(&self.ctx, self.caller()?, &[id]).await?.pop().map(Account::from);
        read.insert(id, found.clone());
        Ok(found)
    }

    /// Reads versions that others are compared with, with one statement, when the field that compares them is asked for.
    ///
    /// # Errors
    /// The database's, and [`Fault::Forbidden`] without READ on RULES.
    pub async fn read_versions(&self, field: Lookahead<'_>, keys: Vec<VersionKey>) -> Result<(), Fault> {
        if !field.exists() {
            return Ok(());
        }
        let mut read = self.versions.lock().await;
        let keys: HashSet<VersionKey> = keys.into_iter().filter(|key| !read.contains_key(key)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = keys.into_iter().collect();
        let mut found = ruleset::versions_by_number(&self.ctx, self.caller()?, &keys).await?;
        read.extend(keys.into_iter().map(|key| (key, found.remove(&key))));
        Ok(())
    }

    /// The version before another, if there is one, as it was read with its list; read now when it was not.
    ///
    /// # Errors
    /// The database's, and [`Fault::Forbidden`] without READ on RULES.
    pub async fn version_before(&self, version: &VersionRow) -> Result<Option<VersionRow>, Fault> {
        let key = version.before();
        let mut read = self.versions.lock().await;
        if let Some(known) = read.get(&key) {
            return Ok(known.clone());
        }
        let found = ruleset::versions_by_number(&self.ctx, self.caller()?, &[key]).await?.remove(&key);
        read.insert(key, found.clone());
        Ok(found)
    }

    /// Resolves a field that can fail on its own.
    pub async fn maybe<T>(&self, work: impl Future<Output = Result<Option<T>, Fault>>) -> Maybe<T> {
        work.await.map_err(|cause| fault(&self.ctx, cause)).transpose()
    }

    /// Resolves a subscription: each state as a field that can fail on its own, with nothing remembered from the state before.
    pub fn live<R, N>(
        &self,
        states: Result<impl Stream<Item = Result<Option<R>, Fault>> + Send + 'static, Fault>,
    ) -> impl Stream<Item = Maybe<N>>
    where
        R: Send + 'static,
        N: From<R>,
    {
        let states = match states {
            Ok(states) => states.boxed(),
            Err(fault) => stream::once(ready(Err(fault))).boxed(),
        };
        states.then(async move |state| {
            self.forget_rules().await;
            self.accounts.lock().await.clear();
            self.maybe(ready(state.map(|state| state.map(N::from)))).await
        })
    }

    /// What a mutation came to: done, or a problem for its payload.
    ///
    /// # Errors
    /// The GraphQL error of a fault.
    pub fn outcome<T, P>(&self, done: Result<T, Failure<P>>) -> Result<Result<T, P>, Error> {
        match done {
            Ok(done) => Ok(Ok(done)),
            Err(Failure::Problem(problem)) => Ok(Err(problem)),
            Err(Failure::Fault(cause)) => Err(fault(&self.ctx, cause)),
        }
    }

    /// A problem as payloads tell it.
    #[must_use]
    pub fn user_error(&self, problem: &Problem) -> UserError {
        match problem.code {
            "IDEMPOTENCY_CONFLICT" => IdempotencyConflictError::new(&self.ctx, problem).into(),
            _ => InputError::new(&self.ctx, problem).into(),
        }
    }
}
