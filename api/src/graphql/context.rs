//! How a resolver gets at the services and the caller, and how a service's failure becomes an answer.

use async_graphql::{Context, Error};
use tokio::sync::OnceCell;

use super::error::{IdempotencyConflictError, InputError, UserError, fault};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};
use crate::services::ruleset::{self, RuleView};

/// A field that can fail on its own: it is then null, with an error beside it, and its siblings are answered.
pub type Maybe<T> = Option<Result<T, Error>>;

/// What a request is resolved with.
pub struct Session {
    /// What services are given.
    pub ctx: Ctx,
    caller: Option<Caller>,
    rules: OnceCell<Vec<RuleView>>,
}

impl Session {
    /// The session of one request; without a caller it is anonymous.
    #[must_use]
    pub fn new(ctx: Ctx, caller: Option<Caller>) -> Self {
        Self { ctx, caller, rules: OnceCell::new() }
    }

    /// The session of the request being resolved.
    #[must_use]
    pub fn of<'a>(graphql: &Context<'a>) -> &'a Self {
        graphql.data_unchecked::<Self>()
    }

    /// Who asks.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] when nobody signed in.
    pub fn caller(&self) -> Result<&Caller, Fault> {
        self.caller.as_ref().ok_or(Fault::Unauthenticated)
    }

    /// The rules of the caller's structure, read once for all the verdicts of the request.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] without READ on RULES.
    pub async fn rules(&self) -> Result<&[RuleView], Fault> {
        let rules = self.rules.get_or_try_init(async || ruleset::all(&self.ctx, self.caller()?).await);
        Ok(rules.await?)
    }

    /// Resolves a field that can fail on its own.
    pub async fn maybe<T>(&self, work: impl Future<Output = Result<Option<T>, Fault>>) -> Maybe<T> {
        work.await.map_err(|cause| fault(&self.ctx, cause)).transpose()
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

/// A failure where no input was given that could be at fault.
#[must_use]
pub fn unexpected(failure: Failure) -> Fault {
    match failure {
        Failure::Fault(fault) => fault,
        Failure::Problem(problem) => Fault::internal(problem.code),
    }
}
