//! The one list of settings: how each is named, what it is, what it accepts.
//!
//! Architecture Invariant: what a setter says of a value never repeats it.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::{Config, LogFormat, RateLimit};
use crate::domain::secret::Secret;
use crate::domain::sender::ProtectedNames;

/// One setting.
pub(super) struct Key {
    /// Its name in the file, `section.key`.
    pub path: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Reads a value into its place, or says what the value must be.
    pub set: fn(&mut Config, &str) -> Result<(), String>,
}

impl Key {
    /// Its name in the environment.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "_").to_uppercase())
    }
}

/// What the names of our variables begin with.
pub(super) const PREFIX: &str = "ENVOI_";

/// Every setting.
pub(super) const KEYS: &[Key] = &[
    Key {
        path: "listen",
        about: "the address and port of the server",
        set: |config, value| {
            let expected = "must be an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080";
            config.listen = value.parse().map_err(|_| expected.to_owned())?;
            Ok(())
        },
    },
    Key {
        path: "public_url",
        about: "the address under which others reach the server",
        set: |config, value| {
            config.public_url = Some(link(value)?.trim_end_matches('/').to_owned());
            Ok(())
        },
    },
    Key {
        path: "database.url",
        about: "where the database is",
        set: |config, value| {
            let expected = "must be `sqlite://path/to/file.db` or `postgres://user:password@host/name`";
            config.database.url = value.parse().map_err(|_| expected.to_owned())?;
            Ok(())
        },
    },
    Key {
        path: "database.connections",
        about: "connections held open to PostgreSQL",
        set: |config, value| whole(value, 2..=1_000).map(|n| config.database.connections = n),
    },
    Key {
        path: "master_key_file",
        about: "the file of the master key",
        set: |config, value| path(value).map(|path| config.master_key_file = Some(path)),
    },
    Key {
        path: "rate_limit",
        about: "requests a minute for an account, or `off`",
        set: |config, value| {
            config.rate_limit = match value {
                "off" => RateLimit::Off,
                number => RateLimit::PerMinute(
                    number
                        .parse::<NonZeroU32>()
                        .map_err(|_| "must be `off` or a whole number of requests a minute, 1 or more")?,
                ),
            };
            Ok(())
        },
    },
    Key {
        path: "log.filter",
        about: "what is logged",
        set: |config, value| {
            let expected = "must be a level (error, warn, info, debug, trace) or levels by module, such as `info,sqlx=warn`";
            EnvFilter::try_new(value).ok().filter(|_| bare_words_are_levels(value)).ok_or(expected)?;
            value.clone_into(&mut config.log.filter);
            Ok(())
        },
    },
    Key {
        path: "log.format",
        about: "how the log is written",
        set: |config, value| {
            config.log.format = match value {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err("must be `text` or `json`".to_owned()),
            };
            Ok(())
        },
    },
    Key {
        path: "links.subscribe",
        about: "where a structure subscribes to the SMS option",
        set: |config, value| link(value).map(|link| config.links.subscribe = link),
    },
    Key {
        path: "links.settings",
        about: "where a structure reads how to configure SMS",
        set: |config, value| link(value).map(|link| config.links.settings = link),
    },
    Key {
        path: "links.top_up",
        about: "where a structure orders credit",
        set: |config, value| link(value).map(|link| config.links.top_up = link),
    },
    Key {
        path: "credit.auto_approve",
        about: "whether orders of credit are approved at once",
        set: |config, value| switch(value).map(|on| config.credit.auto_approve = on),
    },
    Key {
        path: "session.lifetime_hours",
        about: "how long a sign-in lasts",
        set: |config, value| time(value, 3_600, 1..=8_784).map(|time| config.session.lifetime = time),
    },
    Key {
        path: "preview.lifetime_minutes",
        about: "how long a preview can be sent",
        set: |config, value| time(value, 60, 1..=1_440).map(|time| config.preview.lifetime = time),
    },
    Key {
        path: "reports.link_minutes",
        about: "how long a link to a report serves",
        set: |config, value| time(value, 60, 1..=1_440).map(|time| config.reports.link_lifetime = time),
    },
    Key {
        path: "dispatch.enabled",
        about: "whether this instance sends",
        set: |config, value| switch(value).map(|on| config.dispatch.enabled = on),
    },
    Key {
        path: "dispatch.in_flight",
        about: "requests to providers under way at once",
        set: |config, value| whole(value, 1..=1_000).map(|n| config.dispatch.in_flight = n),
    },
    Key {
        path: "dispatch.claim",
        about: "messages leased at once",
        set: |config, value| whole(value, 1..=1_000).map(|n| config.dispatch.claim = n),
    },
    Key {
        path: "dispatch.lease_seconds",
        about: "how long a lease holds",
        set: |config, value| time(value, 1, 1..=3_600).map(|time| config.dispatch.lease = time),
    },
    Key {
        path: "dispatch.timeout_seconds",
        about: "how long a provider may take to answer",
        set: |config, value| time(value, 1, 1..=300).map(|time| config.dispatch.timeout = time),
    },
    Key {
        path: "dispatch.max_attempts",
        about: "attempts at one message",
        set: |config, value| whole(value, 1..=100).map(|n| config.dispatch.max_attempts = n),
    },
    Key {
        path: "dispatch.report_hours",
        about: "how long a report is awaited",
        set: |config, value| time(value, 3_600, 1..=720).map(|time| config.dispatch.report_window = time),
    },
    Key {
        path: "dispatch.expire_hours",
        about: "how long a message may wait to be sent",
        set: |config, value| time(value, 3_600, 1..=720).map(|time| config.dispatch.expire = time),
    },
    Key {
        path: "dispatch.breaker_seconds",
        about: "how long a provider that fails is left alone first, or `off`",
        set: |config, value| seconds_or_off(value, 1..=3_600).map(|time| config.dispatch.breaker = time),
    },
    Key {
        path: "dispatch.provider_rate",
        about: "requests a second to one provider, or `off`",
        set: |config, value| rate(value).map(|rate| config.dispatch.provider_rate = rate),
    },
    Key {
        path: "dispatch.structure_rate",
        about: "requests a second for one structure, or `off`",
        set: |config, value| rate(value).map(|rate| config.dispatch.structure_rate = rate),
    },
    Key {
        path: "sandbox.report_seconds",
        about: "within how long the sandbox reports",
        set: |config, value| time(value, 1, 0..=3_600).map(|time| config.sandbox.report_within = Some(time)),
    },
    Key {
        path: "live.check_seconds",
        about: "how often a subscription looks unasked",
        set: |config, value| time(value, 1, 1..=3_600).map(|time| config.live.check = time),
    },
    Key {
        path: "rules.plugins",
        about: "a folder of rules of the operator's",
        set: |config, value| path(value).map(|path| config.rules.plugins = Some(path)),
    },
    Key {
        path: "playground.enabled",
        about: "whether the playground is served",
        set: |config, value| switch(value).map(|on| config.playground.enabled = on),
    },
    Key {
        path: "import.max_bytes",
        about: "the largest file of people that is uploaded",
        set: |config, value| whole(value, 1_024..=1_073_741_824).map(|n| config.import.max_bytes = n),
    },
    Key {
        path: "import.at_once",
        about: "uploads of people at once",
        set: |config, value| whole(value, 1..=100).map(|n| config.import.at_once = n),
    },
    Key {
        path: "import.transaction_rows",
        about: "rows of people imported in one transaction",
        set: |config, value| whole(value, 1..=200_000).map(|n| config.import.transaction_rows = n),
    },
    Key {
        path: "import.patience_seconds",
        about: "how long the next part of an upload is awaited",
        set: |config, value| time(value, 1, 1..=3_600).map(|time| config.import.patience = time),
    },
    Key {
        path: "import.folder",
        about: "where uploads are kept while they are imported",
        set: |config, value| path(value).map(|path| config.import.folder = Some(path)),
    },
    Key {
        path: "http.max_body_bytes",
        about: "the largest body of a request",
        set: |config, value| whole(value, 1_024..=16_777_216).map(|n| config.http.max_body_bytes = n),
    },
    Key {
        path: "http.request_timeout_seconds",
        about: "how long a request may take",
        set: |config, value| time(value, 1, 1..=300).map(|time| config.http.request_timeout = time),
    },
    Key {
        path: "http.max_sockets",
        about: "WebSockets open at once",
        set: |config, value| whole(value, 1..=100_000).map(|n| config.http.max_sockets = n),
    },
    Key {
        path: "http.unknown_socket_seconds",
        about: "how long a WebSocket without a token stays open",
        set: |config, value| time(value, 1, 1..=3_600).map(|time| config.http.unknown_socket_lifetime = time),
    },
    Key {
        path: "http.max_connections",
        about: "connections open at once",
        set: |config, value| whole(value, 1..=100_000).map(|n| config.http.max_connections = n),
    },
    Key {
        path: "http.client_timeout_seconds",
        about: "how long a client is waited for",
        set: |config, value| time(value, 1, 1..=300).map(|time| config.http.client_timeout = time),
    },
    Key {
        path: "senders.protected",
        about: "the names that no sender may be taken for",
        set: |config, value| {
            config.senders.protected = ProtectedNames::parse(value).map_err(|error| error.to_string())?;
            Ok(())
        },
    },
    Key {
        path: "kannel.send_url",
        about: "where a Kannel gateway is asked to send",
        set: |config, value| link(value).map(|link| config.kannel.send_url = Some(link)),
    },
    Key {
        path: "kannel.username",
        about: "the name of the gateway's sendsms-user",
        set: |config, value| filled(value).map(|name| config.kannel.username = Some(name)),
    },
    Key {
        path: "kannel.password",
        about: "that user's password",
        set: |config, value| filled(value).map(|word| config.kannel.password = Some(Secret::new(word))),
    },
    Key {
        path: "kannel.smsc",
        about: "the gateway's connection to route through",
        set: |config, value| filled(value).map(|smsc| config.kannel.smsc = Some(smsc)),
    },
];

/// Whether each directive that is one word is a level. The library takes another for a module, of which it logs everything, and
/// turns all else off.
fn bare_words_are_levels(filter: &str) -> bool {
    let level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let bare = |directive: &&str| !directive.contains(['=', '[', ':', '_', '-']);
    filter.split(',').map(str::trim).filter(|word| !word.is_empty()).filter(bare).all(level)
}

/// A whole number between bounds, in the type of its place.
fn whole<T: TryFrom<u32>>(value: &str, bounds: RangeInclusive<u32>) -> Result<T, String> {
    let number = value.parse::<u32>().ok().filter(|number| bounds.contains(number));
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("must be a whole number from {} to {}", bounds.start(), bounds.end()))
}

/// A time counted in units of so many seconds.
fn time(value: &str, unit: u64, bounds: RangeInclusive<u32>) -> Result<Duration, String> {
    whole::<u64>(value, bounds).map(|count| Duration::from_secs(count * unit))
}

/// So many seconds, or not at all.
fn seconds_or_off(value: &str, bounds: RangeInclusive<u32>) -> Result<Option<Duration>, String> {
    let (first, last) = (*bounds.start(), *bounds.end());
    match value {
        "off" => Ok(None),
        number => time(number, 1, bounds)
            .map(Some)
            .map_err(|_| format!("must be `off` or a whole number from {first} to {last}")),
    }
}

/// So many a second, or no limit.
fn rate(value: &str) -> Result<Option<NonZeroU32>, String> {
    match value {
        "off" => Ok(None),
        number => whole::<u32>(number, 1..=10_000)
            .map(NonZeroU32::new)
            .map_err(|_| "must be `off` or a whole number from 1 to 10000".to_owned()),
    }
}

fn filled(value: &str) -> Result<String, String> {
    if value.trim().is_empty() {
        Err("must be a text that is not empty".to_owned())
    } else {
        Ok(value.to_owned())
    }
}

fn switch(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "must be `true` or `false`".to_owned())
}

fn path(value: &str) -> Result<std::path::PathBuf, String> {
    if value.trim().is_empty() { Err("must be a path".to_owned()) } else { Ok(value.into()) }
}

fn link(value: &str) -> Result<String, String> {
    let address = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    match address {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(value.to_owned()),
        _ => Err("must be an address that begins with https:// or http://".to_owned()),
    }
}
