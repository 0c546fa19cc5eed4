//! What commands write: answers on the standard output, complaints on the standard error.

use std::io::Write as _;

use super::CliError;

/// Prints one line of an answer.
pub(super) fn print(line: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(CliError::Output)
}

/// Says beside an answer what it leaves out. When nobody can be told, the answer is still there.
pub(super) fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "envoi: {line}");
}

/// Says in one line why a command failed. When nobody can be told, the exit code still tells.
pub(super) fn complain(error: &CliError) {
    note(&error.to_string());
}
