//! `envoi sender`.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CliError, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::{operator, senders};

#[derive(Subcommand)]
pub(super) enum Sender {
    /// List a structure's senders; the default is marked.
    List {
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
    },
    /// Give a structure a sender; the first is its default.
    Add {
        #[command(flatten)]
        which: Which,
        /// Let it have a name that is protected: it is that bank, that public body.
        #[arg(long)]
        although_protected: bool,
    },
    /// Take a sender from a structure; the default goes last.
    Remove(Which),
    /// Have the messages that ask for no sender show this one.
    Default(Which),
}

#[derive(Args)]
pub(super) struct Which {
    /// The structure's id, or its exact name.
    #[arg(long)]
    structure: String,
    /// The name that telephones show: 3 to 11 letters and digits.
    name: String,
}

impl Sender {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let find = async |structure: &str| operator::find_structure(ctx, operator, structure).await;
        match self {
            Self::List { structure } => {
                for sender in senders::of_structure(ctx, operator, find(&structure).await?).await? {
                    let default = if sender.is_default { "default" } else { "" };
                    let protected = if sender.although_protected { "although protected" } else { "" };
                    print(format!("{:<11}  {default:<7}  {protected}", sender.name).trim_end())?;
                }
            }
            Self::Add { which: Which { structure, name }, although_protected } => {
                senders::add(ctx, operator, find(&structure).await?, &name, although_protected).await?;
                print("The structure has the sender.")?;
            }
            Self::Remove(Which { structure, name }) => {
                senders::remove(ctx, operator, find(&structure).await?, &name).await?;
                print("The structure has that sender no more.")?;
            }
            Self::Default(Which { structure, name }) => {
                senders::set_default(ctx, operator, find(&structure).await?, &name).await?;
                print("Messages that ask for no sender show this one.")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
