//! What the operator is told.

use crate::domain::phone::PhoneError;
use crate::domain::sender::SenderError;
use crate::error::Fault;
use crate::store::StoreError;

use super::account::MIN_PASSWORD;

/// Why what the operator asked was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The name is blank, too long, or not one line.
    #[error("the name of a structure is one line of 1 to {max} characters")]
    Name {
        /// The longest, in characters.
        max: usize,
    },
    /// No numbering plan is known for the region.
    #[error("`{0}` is no region: give the two letters of ISO 3166-1, such as FR or RE")]
    Region(String),
    /// No such time zone.
    #[error("`{0}` is no time zone: give a name of the IANA database, such as Europe/Paris")]
    TimeZone(String),
    /// No structure has that id or name.
    #[error("there is no structure `{0}`: `envoi structure list` shows them all")]
    NoStructure(String),
    /// Several structures have that name.
    #[error("several structures are named `{0}`: give the id of one, as `envoi structure list` shows it")]
    ManyStructures(String),
    /// No person of the structure has that identifier.
    #[error(
        "no person of the structure has the identifier `{0}`: import the person first, with an Identifiant"
    )]
    NoPerson(String),
    /// A personal account needs its person.
    #[error("a PERSONAL account needs the identifier of its person; import people first")]
    PersonNeeded,
    /// An administrator's account has no person and needs no grant.
    #[error("an ADMIN account has every permission and no person: give neither")]
    AdminAlone,
    /// A module granted twice.
    #[error("{0} is granted twice: give each module once")]
    GrantedTwice(&'static str),
    /// Not an e-mail address.
    #[error("`{0}` is no e-mail address")]
    Email(String),
    /// Another account has the address.
    #[error("an account already has the address `{0}`: choose another")]
    EmailTaken(String),
    /// The password is too short or too long.
    #[error("a password has {MIN_PASSWORD} characters or more, and {max} bytes at most")]
    Password {
        /// The longest, in bytes.
        max: usize,
    },
    /// The subscription would end before it begins.
    #[error("the subscription must end after it starts")]
    Dates,
    /// Not a sender that networks accept.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// A sender that people would take for someone else.
    #[error(
        "`{sender}` would be taken for `{name}`, a protected name; --although-protected is for who bears that name"
    )]
    SenderProtected {
        /// The sender.
        sender: String,
        /// The name protected.
        name: String,
    },
    /// The structure has as many senders as it may.
    #[error("a structure has at most {max} senders: remove one first")]
    TooManySenders {
        /// The most.
        max: usize,
    },
    /// The structure has no such sender.
    #[error("the structure has no sender `{0}`: `envoi sender list` shows them all")]
    NoSender(String),
    /// The default cannot go while there are others.
    #[error("`{0}` is the default: make another the default first, with `envoi sender default`")]
    SenderIsDefault(String),
    /// Not a mention that can end an SMS.
    #[error(
        "a STOP mention is at most {max} characters of the GSM alphabet on one line, with one number to answer to, written \
         without blanks as the gateway reports it, such as `.STOP 36608`"
    )]
    StopMention {
        /// The longest, in septets.
        max: usize,
    },
    /// The structure is not where those holidays are kept.
    #[error(
        "Alsace and Moselle are of the region FR, and the structure is of {region}: its holidays are those of its region"
    )]
    Holidays {
        /// The structure's region.
        region: String,
    },
    /// Not the number of a mobile. The message does not tell it.
    #[error("{0}; write it with its country code, such as +33612345678")]
    Number(#[from] PhoneError),
    /// A number without its country code that people of several countries may have.
    #[error(
        "people of several countries have this number: write it with its country code, such as +33612345678"
    )]
    NumberAmbiguous,
    /// The number has not opted out of the structure.
    #[error("this number has not opted out of the structure")]
    NotOptedOut,
    /// Not the beginning of a number.
    #[error("`{0}` is no prefix: give 1 to 4 digits, country code first and without +, such as 32")]
    Prefix(String),
    /// Out of bounds.
    #[error("one part costs 1 to {most} SMS")]
    Price {
        /// The most it may cost.
        most: i64,
    },
    /// The prefix has no price.
    #[error("`{0}` has no price: `envoi price list` shows them all")]
    NoPrice(String),
    /// No provider of that name is registered.
    #[error("there is no provider `{name}`; those of this version: {known}")]
    Provider {
        /// The name that was given.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The program has the provider, and this configuration has not.
    #[error(
        "the provider `{name}` is not configured here: it needs the settings {needed}; nothing was changed"
    )]
    ProviderNotConfigured {
        /// The name that was given.
        name: &'static str,
        /// The settings that it takes.
        needed: &'static str,
    },
    /// The database did not do its part, or an invariant of ours does not hold.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for OperatorError {
    fn from(error: StoreError) -> Self {
        Self::Fault(Fault::Store(error))
    }
}

impl From<sea_orm::DbErr> for OperatorError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(Fault::from(error))
    }
}
