//! `envoi account`.

use std::io::BufRead as _;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Subcommand;
use entity::enums::{Access, AccountKind, Locale, Module};
use entity::sensitive::Sensitive;

use super::{CliError, parse, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::operator::{self, NewAccount};

/// Random bytes of a password that we make: 120 bits, twenty characters.
const PASSWORD: usize = 15;

#[derive(Subcommand)]
pub(super) enum Account {
    /// Make an account; its password is made and printed once, unless one is given.
    Create {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// The address it signs in with.
        #[arg(long)]
        email: String,
        /// ADMIN for the structure's administrator, PERSONAL for a person's account.
        #[arg(long, value_parser = parse::account_kind)]
        kind: AccountKind,
        /// The identifier of its person, as imported; for a PERSONAL account.
        #[arg(long, value_name = "IDENTIFIER")]
        person: Option<String>,
        /// What it may do, such as `COMMUNICATION_SMS=READ_WRITE`; as often as needed, for a PERSONAL account.
        #[arg(long = "grant", value_name = "MODULE=ACCESS", value_parser = parse::grant)]
        grants: Vec<(Module, Access)>,
        /// The language it is answered in: fr or en.
        #[arg(long, default_value = "fr", value_parser = parse::locale)]
        locale: Locale,
        /// Read the password from the first line of the standard input.
        #[arg(long)]
        password_stdin: bool,
    },
}

impl Account {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let Self::Create { structure, email, kind, person, grants, locale, password_stdin } = self;
        let structure = operator::find_structure(ctx, operator, &structure).await?;
        let password = if password_stdin { read_password()? } else { make_password(ctx) };
        let made = (!password_stdin).then(|| password.clone());
        let password = Sensitive::new(password);
        let input = NewAccount { structure, kind, email, password, locale, person, grants };
        let account = operator::create_account(ctx, operator, input).await?;
        print(&format!("Account {} made.", account.as_uuid()))?;
        if let Some(made) = made {
            print(&format!("Its password, shown this once: {made}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn read_password() -> Result<String, CliError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|_| CliError::Password)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err(CliError::Password) } else { Ok(password.to_owned()) }
}

fn make_password(ctx: &Ctx) -> String {
    let mut bytes = [0; PASSWORD];
    ctx.entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
