//! The program `envoi`.

use std::process::ExitCode;

fn main() -> ExitCode {
    envoi_api::cli::main()
}
