//! A structure's subscription to the SMS option, and how its SMS are set up.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};

use crate::domain::{holidays, replacement};
use crate::services::senders;
use crate::services::structures::{SettingsView, SubscriptionStatus, SubscriptionView};

/// Whether the SMS option is in force.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It was never subscribed to, or begins later.
    None,
    /// It is in force.
    Active,
    /// The operator suspended it.
    Suspended,
    /// Its end is past.
    Expired,
}

/// The subscription of a structure to the SMS option.
#[derive(SimpleObject)]
pub struct SmsSubscription {
    /// Whether it is in force.
    state: SubscriptionState,
    /// When it begins; null when there is none.
    starts_at: Option<DateTime<Utc>>,
    /// When it ends; null when there is none, or no end is set.
    ends_at: Option<DateTime<Utc>>,
    /// The page on which to subscribe.
    subscribe_url: String,
}

impl SmsSubscription {
    pub(super) fn new(view: &SubscriptionView, subscribe_url: &str) -> Self {
        let state = match view.state {
            SubscriptionStatus::None => SubscriptionState::None,
            SubscriptionStatus::Active => SubscriptionState::Active,
            SubscriptionStatus::Suspended => SubscriptionState::Suspended,
            SubscriptionStatus::Expired => SubscriptionState::Expired,
        };
        Self {
            state,
            starts_at: view.starts_at,
            ends_at: view.ends_at,
            subscribe_url: subscribe_url.to_owned(),
        }
    }
}

/// How far characters of a text are replaced so that it costs less. What has no fair replacement stays, and is paid for.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "replacement::EncodingPolicy")]
pub enum EncodingPolicy {
    /// Nothing is replaced.
    Exact,
    /// What no reader notices: typographic quotation marks, dashes, ellipses and blanks by plain ones, `œ` by `oe`.
    Typography,
    /// Also letters with accents that the GSM alphabet lacks, by those without, such as `ç` by `c`; and characters that show nothing.
    Plain,
}

/// Which public holidays a structure keeps.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "holidays::HolidayCalendar")]
pub enum HolidayCalendar {
    /// Those of its region.
    Region,
    /// Those of metropolitan France, Good Friday and 26 December.
    AlsaceMoselle,
}

/// A name that telephones show as the sender.
#[derive(SimpleObject)]
pub struct Sender {
    /// The name.
    name: String,
    /// Whether messages show it which ask for none.
    is_default: bool,
}

impl From<&senders::Sender> for Sender {
    fn from(sender: &senders::Sender) -> Self {
        Self { name: sender.name.clone(), is_default: sender.is_default }
    }
}

/// How the SMS of a structure are set up.
#[derive(SimpleObject)]
pub struct SmsSettings {
    /// Whether nothing is missing.
    configured: bool,
    /// What is still to be set: `sender`, `stop_mention`, `provider`; the last also where the one set is not available on this server.
    missing: Vec<&'static str>,
    /// The names that telephones may show as the sender, in order of name; the operator sets them.
    senders: Vec<Sender>,
    /// The one that messages show which ask for none; null when there is none.
    default_sender: Option<Sender>,
    /// What every SMS ends with, so that people can refuse the next; empty when none is set.
    stop_mention: String,
    /// How far characters of its texts are replaced so that they cost less.
    encoding_policy: EncodingPolicy,
    /// The public holidays that its rules go by.
    holidays: HolidayCalendar,
    /// The page that tells how to set up SMS.
    help_url: String,
}

impl SmsSettings {
    pub(super) fn new(view: SettingsView, help_url: &str) -> Self {
        let default_sender = view.default_sender().map(Sender::from);
        let SettingsView { configured, missing, senders, stop_mention, encoding_policy, holidays, .. } = view;
        Self {
            configured,
            missing,
            senders: senders.iter().map(Sender::from).collect(),
            default_sender,
            stop_mention: stop_mention.unwrap_or_default(),
            encoding_policy: encoding_policy.into(),
            holidays: holidays.into(),
            help_url: help_url.to_owned(),
        }
    }
}
