//! Signing in and out, and who a token stands for.
//!
//! Owns passwords and tokens. A password is kept as an Argon2id hash, a token as its SHA-256: who reads the database can use
//! neither.
//!
//! Invariant: an unknown address, a wrong password and a disabled account get one answer, after the same work.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SubsecRound as _, Utc};
use entity::enums::{Access, AccountKind, Locale, Module};
use entity::ids::{AccountId, PersonId, SessionId, StructureId};
use entity::sensitive::{Digest, Sensitive};
use entity::{At, account, permission, person, session};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, Set};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::app::Ctx;
use crate::caller::Caller;
use crate::clock::Entropy;
use crate::error::{Failure, Fault, Problem};

/// Memory, passes and lanes of Argon2id: 19 MiB, 2 and 1, the OWASP password storage cheat sheet's first choice.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Random bytes in a salt.
const SALT: usize = 16;
/// Random bytes in a token: 256 bits, so that guessing is hopeless.
const TOKEN: usize = 32;

/// The password hasher. Hashing takes memory and a processor on purpose, so only so many run at once; the others wait.
pub struct Passwords {
    argon2: Arc<Argon2<'static>>,
    permits: Arc<Semaphore>,
    entropy: Arc<dyn Entropy>,
}

impl Passwords {
    /// A hasher that runs `parallel` hashes at once, at least one, and draws salts from `entropy`.
    #[must_use]
    pub fn new(parallel: usize, entropy: Arc<dyn Entropy>) -> Self {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
            .expect("invariant: constant parameters within Argon2's bounds");
        Self {
            argon2: Arc::new(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)),
            permits: Arc::new(Semaphore::new(parallel.max(1))),
            entropy,
        }
    }

    /// The hash of a password, with a salt of its own, in the PHC string format.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the machine lacks the memory.
    pub async fn hash(&self, password: &str) -> Result<Sensitive, Fault> {
        let mut salt = [0; SALT];
        self.entropy.fill(&mut salt);
        let password = password.to_owned();
        let hashed =
            self.run(move |argon2| argon2.hash_password_with_salt(password.as_bytes(), &salt)).await?;
        hashed
            .map(|hash| Sensitive::new(hash.to_string()))
            .map_err(|cause| Fault::internal(format!("password: {cause}")))
    }

    /// Whether the password is the one that was hashed. With no hash the answer is no, after the same work.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the stored hash is none.
    pub async fn verify(&self, password: &str, hash: Option<&Sensitive>) -> Result<bool, Fault> {
        let parsed = hash.map(|hash| PasswordHash::new(hash.expose())).transpose();
        let parsed = parsed.map_err(|cause| Fault::internal(format!("a stored password hash: {cause}")))?;
        let password = password.to_owned();
        self.run(move |argon2| {
            if let Some(hash) = parsed {
                return argon2.verify_password(password.as_bytes(), &hash).is_ok();
            }
            // The work of a verification, for nothing: the time it takes must not tell which addresses have an account.
            let spent: Result<PasswordHash, _> =
                argon2.hash_password_with_salt(password.as_bytes(), &[0; SALT]);
            drop(spent);
            false
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Fault::internal)?;
        let argon2 = Arc::clone(&self.argon2);
        let done = tokio::task::spawn_blocking(move || {
            let _held = permit;
            work(&argon2)
        });
        done.await.map_err(Fault::internal)
    }
}

/// An address as it is stored and looked up: without the spaces around it, in lower case.
#[must_use]
pub fn fold_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A session that was just opened.
#[derive(Debug)]
pub struct SignedIn {
    /// The token to send from now on; shown this once, and not stored.
    pub token: Sensitive,
    /// When it stops serving by itself.
    pub expires_at: DateTime<Utc>,
    /// Whom it stands for.
    pub caller: Caller,
}

/// Opens a session for the account with that address and password.
///
/// # Errors
/// The problem `SIGN_IN_FAILED`, whatever was wrong; or a fault.
pub async fn sign_in(ctx: &Ctx, email: &str, password: &str) -> Result<SignedIn, Failure> {
    let email = fold_email(email);
    // PostgreSQL takes no NUL in a text, and nobody has one in an address.
    let found =
        if email.contains('\0') { None } else { account::by_email(&email).one(ctx.store.readers()).await? };
    let right = ctx.passwords.verify(password, found.as_ref().map(|account| &account.password_hash)).await?;
    let Some(account) = found.filter(|account| right && account.disabled_at.is_none()) else {
        return Err(Problem::new("SIGN_IN_FAILED").into());
    };
    let token = new_token(ctx);
    // Whole milliseconds: what is stored, so that what is told is what holds.
    let expires_at = (ctx.now() + ctx.config.session.lifetime).trunc_subsecs(3);
    let opened = session::Model {
        id: ctx.id(),
        structure_id: account.structure_id,
        account_id: account.id,
        token_hash: token_hash(&token),
        created_at: ctx.at(),
        expires_at: At::from(expires_at),
        revoked_at: None,
    };
    let caller = caller(ctx, &opened, &account).await?;
    ctx.store
        .write::<_, Fault, _>(|tx| {
            Box::pin(async move {
                opened.into_active_model().insert(tx).await?;
                Ok(())
            })
        })
        .await?;
    Ok(SignedIn { token: Sensitive::new(token), expires_at, caller })
}

/// Closes the caller's session: its token no longer serves. Doing it twice changes nothing.
///
/// # Errors
/// The database's.
pub async fn sign_out(ctx: &Ctx, caller: &Caller) -> Result<(), Fault> {
    let (structure, id, now) = (caller.structure, caller.session, ctx.at());
    ctx.store
        .write::<_, Fault, _>(|tx| {
            Box::pin(async move {
                let open = session::by_id_in(structure, id).filter(session::Column::RevokedAt.is_null());
                if let Some(open) = open.one(tx).await? {
                    let mut closed = open.into_active_model();
                    closed.revoked_at = Set(Some(now));
                    closed.update(tx).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The account that a token stands for: none when the token is unknown, expired or revoked, or the account disabled.
///
/// # Errors
/// The database's.
pub async fn authenticate(ctx: &Ctx, token: &str) -> Result<Option<Caller>, Fault> {
    let found = session::by_token_hash(token_hash(token)).find_also_related(account::Entity);
    serving(ctx, found.one(ctx.store.readers()).await?).await
}

/// The account that a session of the structure stands for: none when its token would serve no more.
///
/// # Errors
/// The database's.
pub async fn resume(ctx: &Ctx, structure: StructureId, id: SessionId) -> Result<Option<Caller>, Fault> {
    let found = session::by_id_in(structure, id).find_also_related(account::Entity);
    serving(ctx, found.one(ctx.store.readers()).await?).await
}

/// The caller as it stands now, with the permissions of this moment.
///
/// # Errors
/// [`Fault::Unauthenticated`] when the session expired or was revoked, or the account disabled; the database's.
pub async fn renew(ctx: &Ctx, caller: &Caller) -> Result<Caller, Fault> {
    resume(ctx, caller.structure, caller.session).await?.ok_or(Fault::Unauthenticated)
}

/// The caller of a session that was found, if it is open and its account not disabled.
async fn serving(
    ctx: &Ctx,
    found: Option<(session::Model, Option<account::Model>)>,
) -> Result<Option<Caller>, Fault> {
    let Some((session, Some(account))) = found else {
        return Ok(None);
    };
    let open = session.revoked_at.is_none() && *session.expires_at > ctx.now();
    if !open || account.disabled_at.is_some() {
        return Ok(None);
    }
    Ok(Some(caller(ctx, &session, &account).await?))
}

/// An account as the others of its structure know it.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// The account.
    pub id: AccountId,
    /// Whether it is its structure's administrator or a person's.
    pub kind: AccountKind,
    /// The address it signs in with.
    pub email: String,
    /// The person's first and last name; the address where there is no person.
    pub display_name: String,
}

/// The accounts of those ids that are of the caller's structure, in no particular order, with one statement; others are passed
/// over. At most a page of ids. Every account of a structure may know who did what in it.
///
/// # Errors
/// The database's.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[AccountId]) -> Result<Vec<AccountRow>, Fault> {
    let found = account::in_structure(caller.structure)
        .filter(account::Column::Id.is_in(ids.iter().copied()))
        .find_also_related(person::Entity)
        .all(ctx.store.readers())
        .await?;
    let known = |(account, person): (account::Model, Option<person::Model>)| AccountRow {
        id: account.id,
        kind: account.kind,
        display_name: display_name(&account, person.as_ref()),
        email: account.email,
    };
    Ok(found.into_iter().map(known).collect())
}

/// What an account may know of itself.
#[derive(Debug, Clone)]
pub struct ViewerRow {
    /// The account.
    pub id: AccountId,
    /// Whether it administers the structure or stands for a person.
    pub kind: AccountKind,
    /// The address it signs in with.
    pub email: String,
    /// The language it is answered in by default.
    pub locale: Locale,
    /// The person it stands for, if any.
    pub person: Option<PersonId>,
    /// The person's first and last name; the address where there is no person.
    pub display_name: String,
}

/// The caller's own account.
///
/// # Errors
/// [`Fault::Unauthenticated`] when the account is gone, or the database's.
pub async fn viewer(ctx: &Ctx, caller: &Caller) -> Result<ViewerRow, Fault> {
    let found = account::by_id_in(caller.structure, caller.account)
        .find_also_related(person::Entity)
        .one(ctx.store.readers())
        .await?;
    let (account, person) = found.ok_or(Fault::Unauthenticated)?;
    Ok(ViewerRow {
        id: account.id,
        kind: account.kind,
        display_name: display_name(&account, person.as_ref()),
        email: account.email,
        locale: account.locale,
        person: account.person_id,
    })
}

fn display_name(account: &account::Model, person: Option<&person::Model>) -> String {
    person.map_or_else(
        || account.email.clone(),
        |person| format!("{} {}", person.first_name, person.last_name).trim().to_owned(),
    )
}

/// The caller of a session, with the permissions granted to its account.
async fn caller(ctx: &Ctx, session: &session::Model, account: &account::Model) -> Result<Caller, Fault> {
    let granted = granted(ctx.store.readers(), account).await?;
    Ok(Caller::new(account.structure_id, account.id, session.id, account.kind, granted))
}

/// The permissions granted to an account.
async fn granted(
    db: &impl ConnectionTrait,
    account: &account::Model,
) -> Result<Vec<(Module, Access)>, Fault> {
    let granted = permission::in_structure(account.structure_id)
        .filter(permission::Column::AccountId.eq(account.id))
        .all(db)
        .await?;
    Ok(granted.into_iter().map(|row| (row.module, row.access)).collect())
}

/// An account that does nothing itself: what it sent for later is looked at again, with what it may do now.
///
/// # Errors
/// The database's; [`Fault::Internal`] when no such account exists.
pub async fn acting(
    ctx: &Ctx,
    db: &impl ConnectionTrait,
    structure: StructureId,
    id: AccountId,
) -> Result<Caller, Fault> {
    let found = account::by_id_in(structure, id).one(db).await?;
    let account = found.ok_or_else(|| Fault::internal("what was sent has no account"))?;
    Ok(Caller::new(structure, id, ctx.id(), account.kind, granted(db, &account).await?))
}

/// Every module, in the order they are shown in.
pub const MODULES: [Module; 6] = [
    Module::People,
    Module::CommunicationSms,
    Module::Credit,
    Module::Rules,
    Module::Accounts,
    Module::Settings,
];

fn new_token(ctx: &Ctx) -> String {
    let mut bytes = [0; TOKEN];
    ctx.entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn token_hash(token: &str) -> Digest {
    Digest::new(Sha256::digest(token.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemEntropy;

    #[tokio::test]
    async fn a_password_is_recognised_and_no_other() {
        let passwords = Passwords::new(2, Arc::new(SystemEntropy));
        let hash = passwords.hash("envoi-demo").await.expect("hashed");
        assert!(
            hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "the parameters are part of the hash"
        );
        assert!(passwords.verify("envoi-demo", Some(&hash)).await.expect("verified"));
        assert!(!passwords.verify("Envoi-demo", Some(&hash)).await.expect("verified"));
        assert!(!passwords.verify("envoi-demo", None).await.expect("verified"));
        let again = passwords.hash("envoi-demo").await.expect("hashed");
        assert_ne!(hash, again, "each hash has a salt of its own");
    }

    #[test]
    fn addresses_are_folded() {
        assert_eq!(fold_email("  Marie@Quatre-Vents.EXAMPLE "), "marie@quatre-vents.example");
    }
}
