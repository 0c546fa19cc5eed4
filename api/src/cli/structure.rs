//! `envoi structure`.

use std::process::ExitCode;

use clap::Subcommand;
use entity::enums::Product;

use super::{CliError, parse, print};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::services::operator::{self, NewStructure};

#[derive(Subcommand)]
pub(super) enum Structure {
    /// Make a structure, without subscription, settings or credit; prints its id.
    Create {
        /// The name people see.
        #[arg(long)]
        name: String,
        /// `ARTIST_STANDARD`, `ARTIST_PREMIUM`, `SCHOOL_STANDARD`, `SCHOOL_PREMIUM` or `MANAGER`.
        #[arg(long, value_parser = parse::product)]
        product: Product,
        /// The region its numbers are read in, two letters: FR, RE, GP, …
        #[arg(long)]
        region: String,
        /// Its time zone, such as Europe/Paris.
        #[arg(long)]
        time_zone: String,
    },
    /// List the structures: id, product, region, time zone, credit in SMS, name.
    List,
}

impl Structure {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        match self {
            Self::Create { name, product, region, time_zone } => {
                let input = NewStructure { name, product, region, time_zone };
                print(&operator::create_structure(ctx, operator, input).await?.as_uuid().to_string())?;
            }
            Self::List => {
                for row in operator::list_structures(ctx, operator).await? {
                    let (id, product) = (row.id.as_uuid(), row.product.as_str());
                    let (region, zone) = (row.region, row.time_zone);
                    print(&format!(
                        "{id}  {product:<15}  {region}  {zone}  {:>8}  {}",
                        row.available, row.name
                    ))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
