//! The log, on the standard error.
//!
//! Architecture Invariant: whatever the settings ask for, what [`is_told`] refuses is not written: libraries that put addresses, statements
//! or values into their traces.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::config::{Log, LogFormat};

/// Libraries whose traces hold secrets: sea-orm's show the address of the database, with its password.
const INDISCREET: [&str; 1] = ["sea_orm"];

/// Whether an event or a span may be written at all.
#[must_use]
pub fn is_told(metadata: &Metadata<'_>) -> bool {
    let module = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || !INDISCREET.contains(&module)
}

/// Writes the log from now on. A log that is set up already serves as well.
pub(crate) fn to_stderr(log: &Log) {
    let filter =
        EnvFilter::try_new(&log.filter).expect("invariant: the filter was checked with the settings");
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let told = lines.with_filter(filter_fn(is_told));
    let _ = tracing_subscriber::registry().with(filter).with(told).try_init();
}
