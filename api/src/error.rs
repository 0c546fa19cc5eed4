//! What can go wrong, in two kinds.
//!
//! A [`Fault`] is no fault of the input's content: it becomes a GraphQL error. A [`Problem`] is one that the caller can act
//! on: it is data in a payload. Neither ever holds a number, a text, a token or a secret.

use std::borrow::Cow;

use entity::enums::{Access, Module};

use crate::store::StoreError;

/// Why a service could not answer at all.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No token was shown, or none that is valid.
    #[error("no valid token: sign in, and send it as `Authorization: Bearer …`")]
    Unauthenticated,
    /// The account may not do this.
    #[error("this account needs {access:?} on {module:?}")]
    Forbidden {
        /// The module it needs.
        module: Module,
        /// The access it needs there.
        access: Access,
    },
    /// What the account may do is no longer what it was when it began to watch.
    #[error("the permissions of this account changed: subscribe again")]
    PermissionsChanged,
    /// `first` or `last` out of bounds, or both given.
    #[error("`first` or `last` must be between 0 and {max}, and not both")]
    PageSizeInvalid {
        /// The largest page.
        max: u64,
    },
    /// A cursor that this connection did not hand out to this structure.
    #[error("this cursor belongs to another list, or to none")]
    CursorInvalid,
    /// An argument of a query that cannot be used, such as a filter out of bounds.
    #[error("an argument cannot be used: {}", .0.code)]
    InputInvalid(Problem),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An invariant of ours does not hold.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<sea_orm::DbErr> for Fault {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(StoreError::from(error))
    }
}

impl Fault {
    /// An invariant that does not hold, told for the log.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }
}

/// A value named in a message to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A name or a short text that the caller gave or may know.
    Text(String),
    /// A count.
    Number(i64),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A problem the caller can act on: a stable code, where in the input it lies, and what its message names.
///
/// The sentence itself is made from the code at the boundary, in the caller's language ([`crate::i18n`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable, `SCREAMING_SNAKE`.
    pub code: &'static str,
    /// The way to the field at fault, from the mutation's input.
    pub path: Vec<Cow<'static, str>>,
    /// What the message names.
    pub args: Vec<(&'static str, Arg)>,
}

impl Problem {
    /// A problem with its code alone.
    #[must_use]
    pub fn new(code: &'static str) -> Self {
        Self { code, path: Vec::new(), args: Vec::new() }
    }

    /// The same, with the way to the field at fault.
    #[must_use]
    pub fn at(mut self, path: &[&'static str]) -> Self {
        self.path = path.iter().copied().map(Cow::Borrowed).collect();
        self
    }

    /// The same, where what was checked lies at `path` of the input.
    #[must_use]
    pub fn within(mut self, path: &[&'static str]) -> Self {
        self.path.splice(0..0, path.iter().copied().map(Cow::Borrowed));
        self
    }

    /// The same, naming one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.args.push((name, value.into()));
        self
    }
}

/// Why a service that changes something did not: a problem of the input, or a fault.
#[derive(Debug)]
pub enum Failure<P = Problem> {
    /// Data for the payload.
    Problem(P),
    /// A GraphQL error.
    Fault(Fault),
}

impl<P> From<Fault> for Failure<P> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<P> From<StoreError> for Failure<P> {
    fn from(error: StoreError) -> Self {
        Self::Fault(Fault::Store(error))
    }
}

impl<P> From<sea_orm::DbErr> for Failure<P> {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(Fault::from(error))
    }
}

impl From<Problem> for Failure<Problem> {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
