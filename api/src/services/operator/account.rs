//! Accounts, made by the operator.

use std::collections::HashSet;

use entity::enums::{Access, AccountKind, Locale, Module};
use entity::ids::{AccountId, StructureId};
use entity::sensitive::Sensitive;
use entity::{account, permission};
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel};

use super::{OperatorError, find_person};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::accounts::fold_email;

/// The shortest password, in characters: NIST SP 800-63B, section 3.1.1.2.
pub(super) const MIN_PASSWORD: usize = 8;
/// The longest password, in bytes: far beyond what people type.
const MAX_PASSWORD: usize = 1_024;
/// The longest e-mail address, in bytes: RFC 5321, section 4.5.3.1.3, less the brackets.
const MAX_EMAIL: usize = 254;

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its structure.
    pub structure: StructureId,
    /// Whether it is the administrator's or a person's.
    pub kind: AccountKind,
    /// The address it signs in with.
    pub email: String,
    /// Its password.
    pub password: Sensitive,
    /// The language it is answered in when a request does not say.
    pub locale: Locale,
    /// The identifier of its person, for a personal account.
    pub person: Option<String>,
    /// What it may do, for a personal account; an absent module is closed to it.
    pub grants: Vec<(Module, Access)>,
}

/// Makes an account.
///
/// # Errors
/// [`OperatorError`] naming what cannot be accepted, or the database's.
pub async fn create_account(
    ctx: &Ctx,
    operator: Operator,
    input: NewAccount,
) -> Result<AccountId, OperatorError> {
    let email = valid_email(&input.email)?;
    let password = input.password.expose();
    if password.chars().count() < MIN_PASSWORD || password.len() > MAX_PASSWORD {
        return Err(OperatorError::Password { max: MAX_PASSWORD });
    }
    let mut granted = HashSet::new();
    if let Some((module, _)) = input.grants.iter().find(|(module, _)| !granted.insert(*module)) {
        return Err(OperatorError::GrantedTwice(module.as_str()));
    }
    match (input.kind, &input.person) {
        (AccountKind::Personal, None) => return Err(OperatorError::PersonNeeded),
        (AccountKind::Admin, person) if person.is_some() || !input.grants.is_empty() => {
            return Err(OperatorError::AdminAlone);
        }
        _ => {}
    }
    let password_hash = ctx.passwords.hash(password).await?;
    let mut row = account::Model {
        id: ctx.id(),
        structure_id: input.structure,
        kind: input.kind,
        email,
        password_hash,
        locale: input.locale,
        person_id: None,
        disabled_at: None,
        created_at: ctx.at(),
    };
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                if account::by_email(&row.email).one(tx).await?.is_some() {
                    return Err(OperatorError::EmailTaken(row.email));
                }
                if let Some(identifier) = &input.person {
                    row.person_id = Some(find_person(tx, operator, input.structure, identifier).await?);
                }
                insert(tx, row, &input.grants).await
            })
        })
        .await
}

/// Whether an account signs in with that address.
///
/// # Errors
/// The database's.
pub async fn account_exists(ctx: &Ctx, _operator: Operator, email: &str) -> Result<bool, OperatorError> {
    Ok(account::by_email(&fold_email(email)).one(ctx.store.readers()).await?.is_some())
}

async fn insert(
    tx: &DatabaseTransaction,
    row: account::Model,
    grants: &[(Module, Access)],
) -> Result<AccountId, OperatorError> {
    let (structure_id, account_id) = (row.structure_id, row.id);
    account::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    let permissions = grants.iter().map(|&(module, access)| {
        permission::Model { structure_id, account_id, module, access }.into_active_model()
    });
    if !grants.is_empty() {
        permission::Entity::insert_many(permissions).exec_without_returning(tx).await?;
    }
    Ok(account_id)
}

/// The address, folded, when it looks like one: that mail reaches it is not checked.
fn valid_email(email: &str) -> Result<String, OperatorError> {
    let folded = fold_email(email);
    let looks_right = folded.len() <= MAX_EMAIL
        && !folded.contains(|c: char| c.is_whitespace() || c.is_control())
        && folded
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if looks_right { Ok(folded) } else { Err(OperatorError::Email(email.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded_and_those_that_are_none_refused() {
        for (email, folded) in [
            ("Marie@Quatre-Vents.example", Some("marie@quatre-vents.example")),
            ("  zoé@harmonie.example ", Some("zoé@harmonie.example")),
            ("marie", None),
            ("@example", None),
            ("marie@", None),
            ("a@b@c", None),
            ("ma rie@example", None),
            ("", None),
        ] {
            assert_eq!(valid_email(email).ok().as_deref(), folded, "{email:?}");
        }
        assert!(valid_email(&format!("{}@example", "a".repeat(MAX_EMAIL))).is_err());
    }
}
