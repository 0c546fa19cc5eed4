//! The command line: one file a group of commands, each of which calls services and prints what they answer.
//!
//! Exit codes: 0, it was done; 1, it was not, and one line on the standard error says why; 2, a file was imported but for the
//! rows that the report refuses. Those of `envoi rules` are its own.
//!
//! Architecture Invariant: only this module makes an [`Operator`], reads the environment, or writes on the standard output.

mod account;
mod audit;
mod credit;
pub mod demo;
mod error;
mod import;
mod inbound;
mod migrate;
mod opt_out;
mod output;
mod parse;
mod people;
mod price;
mod provider;
mod reload;
mod rules;
mod schema;
mod sender;
mod serve;
mod settings;
mod structure;
mod subscription;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use ::rules::Lang;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::app::Ctx;
use crate::caller::Operator;
use crate::clock::{SystemClock, SystemEntropy};
use crate::config::Config;
use crate::start;
use crate::store::DatabaseUrl;

pub use error::CliError;
use output::{note, print};

/// Structures send SMS through rules that they control.
#[derive(Parser)]
#[command(name = "envoi", version, max_term_width = 100)]
struct Cli {
    /// The file of the settings; variables ENVOI_… win over it, and what neither gives has its default.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, and send what is queued.
    Serve(serve::Serve),
    /// Bring the database up to date.
    Migrate,
    /// Print the GraphQL schema.
    Schema,
    /// Write, check, test and run rules.
    Rules(rules::Rules),
    #[command(flatten)]
    Operate(Operate),
}

/// What works on an open database, once.
#[derive(Subcommand)]
enum Operate {
    /// Import from a file.
    #[command(subcommand)]
    Import(import::Import),
    /// List and remove what is kept of people.
    #[command(subcommand)]
    People(people::People),
    /// Make and list structures.
    #[command(subcommand)]
    Structure(structure::Structure),
    /// Make accounts.
    #[command(subcommand)]
    Account(account::Account),
    /// Set a structure's subscription to the SMS option.
    #[command(subcommand)]
    Subscription(subscription::Subscription),
    /// List the ways out to the telephone network, and what their gateways are told.
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Set how a structure sends SMS.
    #[command(subcommand)]
    Settings(settings::Settings),
    /// List and set the names that telephones show for a structure.
    #[command(subcommand)]
    Sender(sender::Sender),
    /// List orders of credit, approve them, and give credit.
    #[command(subcommand)]
    Credit(credit::Credit),
    /// List and set what an SMS costs, by where it goes.
    #[command(subcommand)]
    Price(price::Price),
    /// List, check, record and take back the refusals of people.
    #[command(subcommand)]
    OptOut(opt_out::OptOut),
    /// List what people sent in by SMS.
    #[command(subcommand)]
    Inbound(inbound::Inbound),
    /// Check that credit, messages and campaigns add up; exit with 1 when anything does not.
    Audit(audit::Audit),
}

/// What `envoi rules` answers to a command line that names what is not there.
const USAGE: u8 = 2;

/// Bytes of stack for each worker: resolving a deep query takes more than the usual 2 MiB when nothing is optimised.
const WORKER_STACK: usize = 8 * 1024 * 1024;

/// Runs the program on the arguments and the environment of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap, printed on the standard output. A closed pipe harms nobody.
            let _ = error.print();
            return if error.use_stderr() { misused() } else { ExitCode::SUCCESS };
        }
    };
    run(cli).unwrap_or_else(|error| {
        output::complain(&error);
        match error {
            CliError::Usage(_) => ExitCode::from(USAGE),
            _ => ExitCode::FAILURE,
        }
    })
}

/// What the process answers to a command line that cannot be read: of `envoi rules`, what tools of authors expect.
fn misused() -> ExitCode {
    let read = Cli::command().ignore_errors(true).try_get_matches();
    let of_rules = read.is_ok_and(|matches| matches.subcommand_name() == Some("rules"));
    if of_rules { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
}

fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let settings = || Config::load(cli.config.as_deref(), environment());
    match cli.command {
        Command::Schema => schema::run(),
        Command::Rules(rules) => rules.run(settings),
        Command::Serve(serve) => block_on(serve.run(settings()?)),
        Command::Migrate => block_on(migrate::run(settings()?)),
        Command::Operate(command) => {
            block_on(on_database(settings()?, async |ctx, operator| command.run(ctx, operator).await))
        }
    }
}

fn block_on(command: impl Future<Output = Result<ExitCode, CliError>>) -> Result<ExitCode, CliError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().thread_stack_size(WORKER_STACK).build().map_err(CliError::Runtime)?;
    runtime.block_on(command)
}

impl Operate {
    async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        match self {
            Self::Import(import) => import.run(ctx, operator).await,
            Self::People(people) => people.run(ctx, operator).await,
            Self::Structure(structure) => structure.run(ctx, operator).await,
            Self::Account(account) => account.run(ctx, operator).await,
            Self::Subscription(subscription) => subscription.run(ctx, operator).await,
            Self::Settings(settings) => settings.run(ctx, operator).await,
            Self::Sender(sender) => sender.run(ctx, operator).await,
            Self::Provider(provider) => provider.run(ctx, operator),
            Self::Credit(credit) => credit.run(ctx, operator).await,
            Self::Price(price) => price.run(ctx, operator).await,
            Self::OptOut(opt_out) => opt_out.run(ctx, operator).await,
            Self::Inbound(inbound) => inbound.run(ctx, operator).await,
            Self::Audit(audit) => audit.run(ctx).await,
        }
    }
}

/// Runs a command on the database that is there.
async fn on_database(
    config: Config,
    command: impl AsyncFnOnce(&Ctx, Operator) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    if let DatabaseUrl::Sqlite(path) = &config.database.url
        && !path.exists()
    {
        // Made by a command given in the wrong folder, an empty database would only mislead.
        return Err(CliError::NoDatabase(path.clone()));
    }
    let ctx = open(config).await?;
    let done = command(&ctx, Operator::at_the_command_line()).await;
    ctx.store.clone().close().await;
    done
}

/// An instance on this machine's clock, for one command.
async fn open(config: Config) -> Result<Ctx, CliError> {
    let app = start::start(config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    Ok(Ctx::new(app, Lang::En))
}

/// The variables of this process. Bytes that are no UTF-8 are replaced: the settings then refuse the value.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}
