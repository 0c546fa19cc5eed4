//! The keys of the service.
//!
//! Architecture Invariant: the master key stays outside the database, in a file. The others are drawn once and lie in the
//! database, sealed with it (XChaCha20-Poly1305, each bound to its name), so that the master key can change without them: that
//! of the opt-out list is never rotated, since the numbers it hashed are gone.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use entity::ids::PreviewId;
use entity::sealed_key;
use entity::sensitive::Digest;
use hmac::{Hmac, Mac};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};
use sha2::Sha256;
use uuid::Uuid;

use crate::clock::Entropy;
use crate::domain::phone::Phone;
use crate::store::{Store, StoreError};

/// Bytes in a key.
const KEY: usize = 32;
/// Bytes in a nonce of XChaCha20-Poly1305.
const NONCE: usize = 24;
/// The key of the opt-out list, by the name under which it is stored.
const OPT_OUT: &str = "opt-out";
/// The key that preview tokens are made with, by the name under which it is stored.
const PREVIEW: &str = "preview-token";
/// The key that signs the addresses which gateways call, by the name under which it is stored.
const CALLBACK: &str = "callback";
/// The key that links to reports are signed with, by the name under which it is stored.
const REPORT: &str = "report-link";

/// Why the keys could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// PostgreSQL serves many instances: they must share one key, so none is made.
    #[error(
        "a master key is needed with PostgreSQL: make one with `head -c 32 /dev/urandom | base64 > key`, and name it in ENVOI_MASTER_KEY_FILE"
    )]
    Missing,
    /// The file cannot be read or written.
    #[error("the master key file {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file holds something else.
    #[error("the master key file {0} must hold one line: 32 bytes in base64")]
    Malformed(PathBuf),
    /// The database was made with a key whose file is gone.
    #[error(
        "the master key file {0} is missing, and the database cannot be opened without it: put it back, or name it in ENVOI_MASTER_KEY_FILE"
    )]
    Lost(PathBuf),
    /// The database was sealed with another key.
    #[error(
        "this master key is not the one that the database was made with: give the right file in ENVOI_MASTER_KEY_FILE"
    )]
    Wrong,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The master key.
pub struct MasterKey([u8; KEY]);

impl MasterKey {
    /// Reads the key file: one line, 32 bytes in base64, a trailing newline or not.
    ///
    /// # Errors
    /// [`KeyError::File`] or [`KeyError::Malformed`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| KeyError::File { path: path.to_owned(), cause })?;
        let bytes = STANDARD.decode(text.trim_end_matches(['\r', '\n']));
        let key = bytes.ok().and_then(|bytes| <[u8; KEY]>::try_from(bytes).ok());
        key.map(Self).ok_or_else(|| KeyError::Malformed(path.to_owned()))
    }

    /// Reads the key file beside an embedded database; makes it first (mode 0600) when the database is new.
    ///
    /// # Errors
    /// As [`MasterKey::read`]; [`KeyError::Lost`] when the database was made with a key that is not there.
    pub async fn beside(store: &Store, path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        if !path.exists() {
            let sealed = sealed_key::by_name(OPT_OUT).one(store.readers()).await.map_err(StoreError::from)?;
            if sealed.is_some() {
                return Err(KeyError::Lost(path.to_owned()));
            }
            let mut key = [0; KEY];
            entropy.fill(&mut key);
            write_private(path, &STANDARD.encode(key))
                .map_err(|cause| KeyError::File { path: path.to_owned(), cause })?;
        }
        Self::read(path)
    }
}

fn write_private(path: &Path, line: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Named only once it is whole: a crash leaves no half of a key.
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let mut file = options.open(&draft)?;
    writeln!(file, "{line}")?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

/// The keys in use.
#[derive(Clone)]
pub struct Keys {
    opt_out: [u8; KEY],
    preview: [u8; KEY],
    callback: [u8; KEY],
    report: [u8; KEY],
}

impl Keys {
    /// Opens the keys sealed in the database; draws and seals them the first time.
    ///
    /// # Errors
    /// [`KeyError::Wrong`] when the master key is another than the database was made with.
    pub async fn open(store: &Store, master: &MasterKey, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let cipher = XChaCha20Poly1305::new(&master.0.into());
        Ok(Self {
            opt_out: open_or_draw(store, &cipher, entropy, OPT_OUT).await?,
            preview: open_or_draw(store, &cipher, entropy, PREVIEW).await?,
            callback: open_or_draw(store, &cipher, entropy, CALLBACK).await?,
            report: open_or_draw(store, &cipher, entropy, REPORT).await?,
        })
    }

    /// The keyed hash of a number: what the opt-out list and the message table compare.
    #[must_use]
    pub fn number_hash(&self, number: &Phone) -> Digest {
        Digest::new(hmac(&self.opt_out, number.as_e164().as_bytes()))
    }

    /// The token of a preview, which only its account is shown.
    #[must_use]
    pub fn preview_token(&self, preview: PreviewId) -> String {
        URL_SAFE_NO_PAD.encode(hmac(&self.preview, preview.as_uuid().as_bytes()))
    }

    /// The signature of the address at which a provider reports on an attempt.
    #[must_use]
    pub fn report_signature(&self, provider: &str, attempt: Uuid) -> String {
        signature(self.report_mac(provider, attempt))
    }

    /// Whether this is the signature of that address. It takes as long for a wrong one as for the right one.
    #[must_use]
    pub fn signed_report(&self, provider: &str, attempt: Uuid, signature: &str) -> bool {
        is_signature(self.report_mac(provider, attempt), signature)
    }

    /// The secret part of the address to which a provider brings messages.
    #[must_use]
    pub fn inbound_secret(&self, provider: &str) -> String {
        signature(self.inbound_mac(provider))
    }

    /// Whether this is that secret. It takes as long for a wrong one as for the right one.
    #[must_use]
    pub fn signed_inbound(&self, provider: &str, secret: &str) -> bool {
        is_signature(self.inbound_mac(provider), secret)
    }

    /// Names hold no zero byte, so neither kind of address can pass for the other, nor one provider for another.
    fn report_mac(&self, provider: &str, attempt: Uuid) -> Hmac<Sha256> {
        mac(&self.callback, &[b"report\0", provider.as_bytes(), b"\0", attempt.as_bytes()])
    }

    fn inbound_mac(&self, provider: &str) -> Hmac<Sha256> {
        mac(&self.callback, &[b"inbound\0", provider.as_bytes()])
    }

    /// The token of a link to a report: what it grants, readable by whoever has it, and a signature.
    #[must_use]
    pub fn report_token(&self, grant: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([grant, &hmac(&self.report, grant)].concat())
    }

    /// What a token of such a link grants; none unless it is one of ours, to the byte.
    #[must_use]
    pub fn report_grant(&self, token: &str) -> Option<Vec<u8>> {
        let mut grant = URL_SAFE_NO_PAD.decode(token).ok()?;
        let signature = grant.split_off(grant.len().checked_sub(KEY)?);
        // In a time that does not depend on where it differs.
        mac(&self.report, &[&grant]).verify_slice(&signature).ok()?;
        Some(grant)
    }
}

async fn open_or_draw(
    store: &Store,
    cipher: &XChaCha20Poly1305,
    entropy: &dyn Entropy,
    name: &'static str,
) -> Result<[u8; KEY], KeyError> {
    let stored = sealed_key::by_name(name).one(store.readers()).await.map_err(StoreError::from)?;
    let stored = match stored {
        Some(stored) => stored,
        None => draw(store, cipher, entropy, name).await?,
    };
    let nonce = <[u8; NONCE]>::try_from(stored.nonce).map_err(|_| KeyError::Wrong)?;
    let sealed = Payload { msg: &stored.sealed, aad: name.as_bytes() };
    let opened = cipher.decrypt(&XNonce::from(nonce), sealed).map_err(|_| KeyError::Wrong)?;
    opened.try_into().map_err(|_| KeyError::Wrong)
}

/// Draws a key and stores it sealed. Two instances may start at once: the first to insert wins, and both read its row.
async fn draw(
    store: &Store,
    cipher: &XChaCha20Poly1305,
    entropy: &dyn Entropy,
    name: &'static str,
) -> Result<sealed_key::Model, KeyError> {
    let (mut key, mut nonce) = ([0; KEY], [0; NONCE]);
    entropy.fill(&mut key);
    entropy.fill(&mut nonce);
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: &key, aad: name.as_bytes() })
        .expect("invariant: sealing 32 bytes in memory does not fail");
    let row = sealed_key::ActiveModel {
        name: Set(name.to_owned()),
        nonce: Set(nonce.to_vec()),
        sealed: Set(sealed),
    };
    let drawn: Result<_, StoreError> = store
        .write(move |tx| {
            Box::pin(async move {
                let first = OnConflict::column(sealed_key::Column::Name).do_nothing().to_owned();
                sealed_key::Entity::insert(row).on_conflict(first).exec_without_returning(tx).await?;
                let stored = sealed_key::by_name(name).one(tx).await?;
                Ok(stored.ok_or_else(|| DbErr::RecordNotFound(format!("the key {name}")))?)
            })
        })
        .await;
    Ok(drawn?)
}

fn hmac(key: &[u8; KEY], message: &[u8]) -> [u8; KEY] {
    mac(key, &[message]).finalize().into_bytes().into()
}

fn mac(key: &[u8; KEY], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("invariant: HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

fn signature(mac: Hmac<Sha256>) -> String {
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

fn is_signature(mac: Hmac<Sha256>, shown: &str) -> bool {
    URL_SAFE_NO_PAD.decode(shown).is_ok_and(|bytes| mac.verify_slice(&bytes).is_ok())
}
