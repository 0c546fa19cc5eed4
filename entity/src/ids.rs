//! Identifiers, one type a table, so that a person's id cannot be given where a tag's is wanted.
//!
//! Knows nothing of how they are made: ids are UUIDs of version 7, given by whoever inserts the row.
//!
//! Invariant: stored as 16 bytes on SQLite and as `uuid` on PostgreSQL, so that both order them alike, by time.

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Declares newtypes over [`Uuid`] that can be primary keys.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier with that value; that such a row exists is not checked.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Its value.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        /// Required of primary keys; always an error, since no database numbers these.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// Names a structure.
    StructureId;
    /// Names an account.
    AccountId;
    /// Names a session.
    SessionId;
    /// Names a person.
    PersonId;
    /// Names a tag.
    TagId;
    /// Names a list of people.
    ListId;
    /// Names a top-up order.
    OrderId;
    /// Names a decision of the rules.
    DecisionId;
    /// Names a preview.
    PreviewId;
    /// Names a request for a second person's approval.
    SendApprovalId;
    /// Names a campaign.
    CampaignId;
    /// Names a message.
    MessageId;
    /// Names an attempt.
    AttemptId;
    /// Names a delivery report.
    ReceiptId;
    /// Names a transfer of credit.
    TransferId;
    /// Names an entry of the ledger.
    LedgerEntryId;
    /// Names an SMS that came in.
    InboundId;
    /// Names a rule of a structure.
    RuleId;
    /// Names a version of a rule.
    RuleVersionId;
    /// Names a template of messages.
    MessageTemplateId;
    /// Names a version of a template of messages.
    MessageTemplateVersionId;
}
