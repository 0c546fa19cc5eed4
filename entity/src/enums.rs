//! The closed lists of values that columns take.
//!
//! Knows nothing of which changes are allowed between them.
//!
//! Invariant: one spelling everywhere, the API's: in the database, whose checks accept nothing else, and in JSON.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// Declares enumerations stored as text, each value with its spelling.
macro_rules! text_enums {
    ($(
        $(#[$attribute:meta])*
        $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }
    )+) => {$(
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        pub enum $name {$(
            $(#[$doc])*
            #[sea_orm(string_value = $text)]
            #[serde(rename = $text)]
            $variant,
        )+}

        impl $name {
            /// The spelling of the value, as stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    )+};
}

text_enums! {
    /// What a structure subscribed to.
    Product {
        /// An artist, standard.
        ArtistStandard = "ARTIST_STANDARD",
        /// An artist, premium.
        ArtistPremium = "ARTIST_PREMIUM",
        /// A school, standard.
        SchoolStandard = "SCHOOL_STANDARD",
        /// A school, premium.
        SchoolPremium = "SCHOOL_PREMIUM",
        /// A manager.
        Manager = "MANAGER",
    }

    /// What the operator says of a subscription; that it has expired is computed.
    SubscriptionState {
        /// It may be used, between its dates.
        Active = "ACTIVE",
        /// It may not be used for now.
        Suspended = "SUSPENDED",
    }

    /// How far characters of a text are replaced so that it costs less.
    EncodingPolicy {
        /// Nothing is replaced.
        Exact = "EXACT",
        /// What no reader notices.
        Typography = "TYPOGRAPHY",
        /// Accents too.
        Plain = "PLAIN",
    }

    /// Holidays other than those of a structure's region.
    Holidays {
        /// Those of Alsace and Moselle.
        AlsaceMoselle = "ALSACE_MOSELLE",
    }

    /// Whom an account stands for.
    AccountKind {
        /// The structure: its permissions say how far.
        Admin = "ADMIN",
        /// One person of the structure.
        Personal = "PERSONAL",
    }

    /// A language people are answered in.
    Locale {
        /// French.
        Fr = "fr",
        /// English.
        En = "en",
    }

    /// A part of the service that permissions open.
    Module {
        /// People, tags and lists.
        People = "PEOPLE",
        /// Sending SMS and reading what was sent.
        CommunicationSms = "COMMUNICATION_SMS",
        /// Credit, its ledger and its orders.
        Credit = "CREDIT",
        /// Rules and their settings.
        Rules = "RULES",
        /// Accounts and their permissions.
        Accounts = "ACCOUNTS",
        /// The structure's settings.
        Settings = "SETTINGS",
    }

    /// How far a permission goes, least first.
    #[derive(PartialOrd, Ord)]
    Access {
        /// Nothing.
        None = "NONE",
        /// Reading.
        Read = "READ",
        /// Reading and changing.
        ReadWrite = "READ_WRITE",
    }

    /// A person's sex.
    Sex {
        /// Female.
        Female = "FEMALE",
        /// Male.
        Male = "MALE",
        /// Neither.
        Other = "OTHER",
        /// Not known.
        Unknown = "UNKNOWN",
    }

    /// Where a top-up order stands.
    OrderState {
        /// Not decided yet.
        Pending = "PENDING",
        /// Given.
        Approved = "APPROVED",
        /// Not given.
        Refused = "REFUSED",
    }

    /// Where a request for a second person's approval stands; that it has expired is computed.
    ApprovalState {
        /// Nobody decided.
        Pending = "PENDING",
        /// Another account approved.
        Approved = "APPROVED",
        /// Somebody declined.
        Declined = "DECLINED",
        /// A campaign was sent by it.
        Used = "USED",
    }

    /// When the rules were run.
    Stage {
        /// For a preview.
        Preview = "PREVIEW",
        /// For a send.
        Send = "SEND",
        /// When the hour of a scheduled campaign came.
        Dispatch = "DISPATCH",
    }

    /// What the rules came to.
    Outcome {
        /// Nothing against it.
        Allowed = "ALLOWED",
        /// Allowed once the sender confirms.
        ConfirmationRequired = "CONFIRMATION_REQUIRED",
        /// Not allowed.
        Refused = "REFUSED",
    }

    /// Why a message is sent.
    Purpose {
        /// It informs people of what concerns them.
        Informational = "INFORMATIONAL",
        /// It sells or promotes.
        Commercial = "COMMERCIAL",
    }

    /// How an SMS is encoded (3GPP TS 23.038).
    Encoding {
        /// The GSM 7 bit default alphabet and its extension table.
        Gsm7 = "GSM7",
        /// UCS2, sent as UTF-16.
        Ucs2 = "UCS2",
    }

    /// Where a campaign stands.
    CampaignState {
        /// It waits for its hour.
        Scheduled = "SCHEDULED",
        /// Some of its messages are not settled.
        Dispatching = "DISPATCHING",
        /// None of its messages starts to be sent until it goes on.
        Paused = "PAUSED",
        /// All are, and nothing stays reserved.
        Completed = "COMPLETED",
        /// It was cancelled, and some of its messages are not settled.
        Cancelling = "CANCELLING",
        /// It was cancelled, all its messages are settled, and nothing stays reserved.
        Cancelled = "CANCELLED",
    }

    /// Where a message stands.
    MessageState {
        /// Waits to be sent.
        Queued = "QUEUED",
        /// An attempt is under way.
        Sending = "SENDING",
        /// A provider accepted it.
        HandedOver = "HANDED_OVER",
        /// A report says that the telephone has it.
        Delivered = "DELIVERED",
        /// A report says that it does not.
        Undelivered = "UNDELIVERED",
        /// No report came in time.
        NoReport = "NO_REPORT",
        /// The provider refused it.
        Rejected = "REJECTED",
        /// Not sent, by choice.
        Suppressed = "SUPPRESSED",
        /// An attempt ended without telling whether it was accepted.
        Unknown = "UNKNOWN",
        /// That was never settled, and its credit was released.
        WrittenOff = "WRITTEN_OFF",
    }

    /// What came of an attempt.
    AttemptOutcome {
        /// The provider accepted the message.
        HandedOver = "HANDED_OVER",
        /// The provider refused it for good.
        Rejected = "REJECTED",
        /// It is proved that the provider did not accept it.
        NotSent = "NOT_SENT",
        /// Nothing tells.
        Unknown = "UNKNOWN",
    }

    /// What a delivery report says.
    ReceiptStatus {
        /// The telephone has the message.
        Delivered = "DELIVERED",
        /// It will not have it.
        Undelivered = "UNDELIVERED",
    }

    /// Why a transfer was made.
    TransferKind {
        /// An order was approved.
        TopUp = "TOP_UP",
        /// A campaign was accepted.
        Reservation = "RESERVATION",
        /// A message was handed over.
        Charge = "CHARGE",
        /// A message will not be charged.
        Release = "RELEASE",
        /// A charge was given back.
        Refund = "REFUND",
        /// The operator corrected a balance.
        Adjustment = "ADJUSTMENT",
        /// A message was accepted after it was written off.
        Loss = "LOSS",
    }

    /// Where credits are.
    LedgerAccount {
        /// Where they come from.
        Issued = "ISSUED",
        /// With the structure, free to spend.
        Available = "AVAILABLE",
        /// Set aside for a campaign.
        Reserved = "RESERVED",
        /// Charged.
        Spent = "SPENT",
        /// Lost by the operator.
        OperatorLoss = "OPERATOR_LOSS",
    }

    /// Why an entry of the ledger was made.
    LedgerReason {
        /// An order was approved.
        TopUp = "TOP_UP",
        /// A campaign was accepted.
        Reservation = "RESERVATION",
        /// Messages were handed over.
        Charge = "CHARGE",
        /// Messages will not be charged.
        Release = "RELEASE",
        /// Charges were given back.
        Refund = "REFUND",
        /// The operator corrected a balance.
        Adjustment = "ADJUSTMENT",
    }

    /// A request that may carry an idempotency key.
    Operation {
        /// Sending SMS.
        SendSms = "SEND_SMS",
        /// Asking for credit.
        RequestTopUp = "REQUEST_TOP_UP",
        /// Importing people.
        ImportPeople = "IMPORT_PEOPLE",
    }

    /// What an SMS that came in asks.
    InboundKeyword {
        /// To receive no more.
        Stop = "STOP",
        /// To receive again.
        Start = "START",
        /// Nothing that we know.
        Other = "OTHER",
    }

    /// How a refusal came.
    OptOutSource {
        /// The operator was told, and recorded it.
        Operator = "OPERATOR",
        /// By an SMS of the number's own.
        Sms = "SMS",
    }

    /// Whether a rule decides.
    RuleState {
        /// It decides.
        Active = "ACTIVE",
        /// It is run and recorded, and decides nothing.
        Observed = "OBSERVED",
        /// It is not run.
        Off = "OFF",
    }

    /// Where a version of a rule stands.
    RuleVersionState {
        /// Being written.
        Draft = "DRAFT",
        /// The one that runs.
        Published = "PUBLISHED",
        /// Ran once.
        Superseded = "SUPERSEDED",
    }
}
