//! Who calls a service, and for which structure.
//!
//! Architecture Invariant: a structure is never a loose argument. It comes from a [`Caller`], made only from a valid token, or for an
//! administrator in whose name the operator brings in rules; or from an [`Operator`], made only by the command line. Both narrow to a
//! [`Scope`].

use std::collections::HashMap;

use entity::enums::{Access, AccountKind, Module};
use entity::ids::{AccountId, SessionId, StructureId};

use crate::error::Fault;

/// The structure in which a service works, and the account on whose behalf, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The tenant.
    pub structure: StructureId,
    /// The account that asked; none when the operator did.
    pub by: Option<AccountId>,
}

/// An account that signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant of the account.
    pub structure: StructureId,
    /// The account itself.
    pub account: AccountId,
    /// The session whose token was shown.
    pub session: SessionId,
    /// Whether the account is its structure's administrator or a person's.
    pub kind: AccountKind,
    permissions: HashMap<Module, Access>,
}

impl Caller {
    /// A caller with the permissions granted to it; an administrator has read-write everywhere whatever is granted.
    #[must_use]
    pub fn new(
        structure: StructureId,
        account: AccountId,
        session: SessionId,
        kind: AccountKind,
        granted: impl IntoIterator<Item = (Module, Access)>,
    ) -> Self {
        Self { structure, account, session, kind, permissions: granted.into_iter().collect() }
    }

    /// The access that this account has to a module.
    #[must_use]
    pub fn access(&self, module: Module) -> Access {
        match self.kind {
            AccountKind::Admin => Access::ReadWrite,
            AccountKind::Personal => self.permissions.get(&module).copied().unwrap_or(Access::None),
        }
    }

    /// The caller's scope, if it may read the module.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] when it may not.
    pub fn may_read(&self, module: Module) -> Result<Scope, Fault> {
        match self.access(module) {
            Access::Read | Access::ReadWrite => Ok(self.scope()),
            Access::None => Err(Fault::Forbidden { module, access: Access::Read }),
        }
    }

    /// The caller's scope, if it may write the module.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] when it may not.
    pub fn may_write(&self, module: Module) -> Result<Scope, Fault> {
        match self.access(module) {
            Access::ReadWrite => Ok(self.scope()),
            Access::None | Access::Read => Err(Fault::Forbidden { module, access: Access::ReadWrite }),
        }
    }

    /// The caller's scope, for what every account of a structure may do.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope { structure: self.structure, by: Some(self.account) }
    }
}

/// The operator of the service, at the command line of the machine that runs it: the only one who makes structures and
/// approves credit.
#[derive(Debug, Clone, Copy)]
pub struct Operator(());

impl Operator {
    /// The operator's hands. Only the command line and the demo's loader call this; no request does.
    #[must_use]
    pub fn at_the_command_line() -> Self {
        Self(())
    }

    /// The operator's scope in one structure.
    #[must_use]
    pub fn scope(self, structure: StructureId) -> Scope {
        Scope { structure, by: None }
    }
}
