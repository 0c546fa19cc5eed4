//! Why a command failed, in one line.

use std::net::SocketAddr;
use std::path::PathBuf;

use rules::Lang;

use crate::config::{ConfigError, Kannel};
use crate::error::{Failure, Fault};
use crate::i18n;
use crate::services::operator::OperatorError;
use crate::services::people::import::ImportError;
use crate::start::StartError;
use crate::store::StoreError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The instance cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no embedded database yet, or elsewhere.
    #[error(
        "there is no database at {0}: make one with `envoi migrate`, or say where it is with ENVOI_DATABASE_URL"
    )]
    NoDatabase(PathBuf),
    /// What the operator asked cannot be accepted.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A service could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A service refused its input, and says why.
    #[error("{0}")]
    Refused(String),
    /// The command line names what is not there, or cannot be.
    #[error("{0}")]
    Usage(String),
    /// A file of people was not imported, or not to its end.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The server's address cannot be had.
    #[error(
        "cannot listen on {address}: {cause}; give another address in ENVOI_LISTEN (port 0 takes a free one), or end the program that has this one"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Nothing is sent any more.
    #[error(
        "the dispatcher ended by itself: see the log, and start again; nothing is lost, and nothing sent twice"
    )]
    DispatcherEnded,
    /// A file cannot be read.
    #[error("the file {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// No password was given on the standard input.
    #[error("--password-stdin reads the password from the first line of the standard input, in UTF-8")]
    Password,
    /// No provider that is configured has a gateway that calls.
    #[error(
        "no provider that brings messages is configured here: `kannel` needs the settings {needed}, as the server has them",
        needed = Kannel::NEEDED
    )]
    NoGateway,
    /// The system gives no threads, or no signals.
    #[error("the system: {0}")]
    Runtime(std::io::Error),
    /// The answer cannot be written.
    #[error("the standard output: {0}")]
    Output(std::io::Error),
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Problem(problem) => Self::Refused(i18n::message(problem.code, &problem.args, Lang::En)),
            Failure::Fault(fault) => Self::Fault(fault),
        }
    }
}
