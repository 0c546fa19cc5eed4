//! The provider `kannel`: a Kannel gateway, asked through the `sendsms` page of its smsbox.
//!
//! Kannel has no id to look a message up by, no signature and no idempotency: what its answer leaves in doubt is settled by its
//! reports, or never. Source: the Kannel 1.4.5 User's Guide, "Using the SMS gateway", <https://www.kannel.org/userguide.shtml>,
//! and what its smsbox was seen to do.
//!
//! Architecture Invariant: the address of a request carries the password, the number and the text; it is never shown.

mod answers;
mod calls;

use async_trait::async_trait;
use reqwest::Client;

use super::callback::{Callback, CallbackError, Inbound, Reported};
use super::{Outbound, Provider, http};
use crate::domain::outcome::Outcome;
use crate::domain::secret::Secret;
use crate::domain::segments::Encoding;

/// The name of this provider, as settings store it.
pub const NAME: &str = "kannel";

/// The reports asked for: delivered (1), failed (2), buffered (4), accepted (8) or refused (16) by the network.
const ALL_REPORTS: &str = "31";
/// What Kannel appends to the address of a report: the kind of report, and the network's reply.
const REPORT_QUERY: &str = "?type=%d&reply=%A";
/// What Kannel appends to the address for inbound messages. `%b` is the text as it came: `%a` squeezes its spaces. `%T` is when it was
/// sent, in seconds of Unix: the one thing that tells a call that is brought again from one of now.
const INBOUND_QUERY: &str = "?from=%p&to=%P&text=%b&coding=%c&charset=%C&id=%I&at=%T";

/// How a gateway is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The address of its `sendsms` page.
    pub send_url: String,
    /// The name of its `sendsms-user`.
    pub username: String,
    /// That user's password.
    pub password: Secret,
    /// The connection to route through; none leaves it to the gateway.
    pub smsc: Option<String>,
}

/// A Kannel gateway.
pub struct Kannel {
    client: Client,
    settings: Settings,
}

impl Kannel {
    /// The gateway that these settings name.
    #[must_use]
    pub fn new(client: Client, settings: Settings) -> Self {
        Self { client, settings }
    }
}

#[async_trait]
impl Provider for Kannel {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn submit(&self, message: &Outbound) -> Outcome {
        let report_url = message.report_url.replace('%', "%%") + REPORT_QUERY;
        // In coding 0, Kannel writes what the GSM alphabet lacks otherwise: the rest goes as it is, in coding 2.
        let coding = match message.encoding {
            Encoding::Gsm7 => "0",
            Encoding::Ucs2 => "2",
        };
        let mut query = vec![
            ("username", self.settings.username.as_str()),
            ("password", self.settings.password.expose()),
            ("from", &message.sender),
            ("to", message.to.as_e164()),
            ("text", &message.text),
            ("charset", "UTF-8"),
            ("coding", coding),
            ("dlr-mask", ALL_REPORTS),
            ("dlr-url", &report_url),
        ];
        query.extend(self.settings.smsc.as_deref().map(|smsc| ("smsc", smsc)));
        match http::ask(self.client.get(&self.settings.send_url).query(&query)).await {
            Ok(answer) => answers::outcome(&answer, message.attempt),
            Err(outcome) => outcome,
        }
    }

    fn read_report(&self, call: &Callback) -> Result<Option<Reported>, CallbackError> {
        calls::report(call)
    }

    fn read_inbound(&self, call: &Callback) -> Result<Inbound, CallbackError> {
        calls::inbound(call)
    }

    fn inbound_query(&self) -> Option<&'static str> {
        Some(INBOUND_QUERY)
    }
}
