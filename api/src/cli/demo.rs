//! The data of the demonstration: three structures, one for each thing to be shown.
//!
//! Invariant: the last thing made of a structure is its last account. Once that is there the structure is left as it is, so
//! that what its users changed stays; until then each step can be taken again, after a crash too.

use std::sync::Arc;

use entity::enums::{Access, AccountKind, Locale, Module, Product, SubscriptionState};
use entity::ids::StructureId;
use entity::sensitive::Sensitive;

use super::CliError;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::people_file::Keep;
use crate::services::operator::{self, NewAccount, NewSettings, NewStructure, NewSubscription};
use crate::services::people::import::{FileSource, import};
use crate::services::{people, top_up};

/// The password of every account of the demonstration.
pub const PASSWORD: &str = "envoi-demo";

struct Structure {
    name: &'static str,
    product: Product,
    /// The sender, where the SMS option is in force and configured.
    sender: Option<&'static str>,
    /// In SMS.
    credit: i64,
    /// A file of people, as a spreadsheet exports it.
    people: &'static [u8],
    /// The identifier of the one who opted out.
    opted_out: Option<&'static str>,
    accounts: &'static [Account],
}

struct Account {
    email: &'static str,
    /// The identifier of the person and its access to SMS; none for the administrator.
    person: Option<(&'static str, Access)>,
}

const STRUCTURES: [Structure; 3] = [
    Structure {
        name: "École de musique des Quatre Vents",
        product: Product::SchoolPremium,
        sender: Some("4VENTS"),
        credit: 228,
        people: include_bytes!("../../demo/people.csv"),
        opted_out: Some("QV060"),
        accounts: &[
            Account { email: "admin@quatre-vents.example", person: None },
            Account { email: "marie@quatre-vents.example", person: Some(("QV001", Access::ReadWrite)) },
            Account { email: "paul@quatre-vents.example", person: Some(("QV002", Access::Read)) },
        ],
    },
    Structure {
        name: "Harmonie de la Vallée",
        product: Product::ArtistStandard,
        sender: None,
        credit: 50,
        people: include_bytes!("../../demo/harmonie.csv"),
        opted_out: None,
        accounts: &[Account { email: "zoe@harmonie.example", person: Some(("HV001", Access::ReadWrite)) }],
    },
    Structure {
        name: "Fédération du Littoral",
        product: Product::Manager,
        sender: Some("LITTORAL"),
        credit: 0,
        people: include_bytes!("../../demo/littoral.csv"),
        opted_out: None,
        accounts: &[Account { email: "nils@federation.example", person: Some(("FL001", Access::ReadWrite)) }],
    },
];

/// Loads what is not there yet; says whether anything was.
///
/// # Errors
/// The database's.
pub async fn load(ctx: &Ctx, operator: Operator) -> Result<bool, CliError> {
    let mut loaded = false;
    for structure in &STRUCTURES {
        let last = structure.accounts.last().expect("invariant: a constant, each structure has an account");
        if !operator::account_exists(ctx, operator, last.email).await? {
            structure.load(ctx, operator).await?;
            loaded = true;
        }
    }
    Ok(loaded)
}

/// The accounts to sign in with, and what each is for.
#[must_use]
pub fn sign_ins() -> String {
    let mut lines = vec![format!("Sign in with the password {PASSWORD} as")];
    for structure in &STRUCTURES {
        for account in structure.accounts {
            let may = match account.person {
                None => "administrator",
                Some((_, Access::ReadWrite)) => "may send",
                Some(_) => "may read",
            };
            lines.push(format!("  {:<28} {may:<14} {}", account.email, structure.name));
        }
    }
    lines.join("\n")
}

impl Structure {
    async fn load(&self, ctx: &Ctx, operator: Operator) -> Result<(), CliError> {
        let existing =
            operator::list_structures(ctx, operator).await?.into_iter().find(|row| row.name == self.name);
        let structure = match existing {
            Some(row) => row.id,
            None => operator::create_structure(ctx, operator, self.to_make()).await?,
        };
        let scope = operator.scope(structure);
        import(ctx, scope, FileSource::Bytes(Arc::from(self.people)), &Keep::default(), |_| {}).await?;
        if let Some(identifier) = self.opted_out {
            let person = operator::find_person(ctx.store.readers(), operator, structure, identifier).await?;
            people::opt_out(ctx, scope, person).await?;
        }
        if let Some(sender) = self.sender {
            configure(ctx, operator, structure, sender).await?;
        }
        if self.credit > 0 {
            // Once: what the operator took back since is not given again.
            top_up::add(ctx, operator, structure, self.credit, Some("demo".to_owned())).await?;
        }
        for account in self.accounts {
            if !operator::account_exists(ctx, operator, account.email).await? {
                operator::create_account(ctx, operator, account.to_make(structure)).await?;
            }
        }
        Ok(())
    }

    fn to_make(&self) -> NewStructure {
        NewStructure {
            name: self.name.to_owned(),
            product: self.product,
            region: "FR".to_owned(),
            time_zone: "Europe/Paris".to_owned(),
        }
    }
}

async fn configure(
    ctx: &Ctx,
    operator: Operator,
    structure: StructureId,
    sender: &str,
) -> Result<(), CliError> {
    let state = Some(SubscriptionState::Active);
    let subscription = NewSubscription { structure, state, starts_at: None, ends_at: None };
    operator::set_subscription(ctx, operator, subscription).await?;
    let settings = NewSettings {
        structure,
        sender: Some(sender.to_owned()),
        stop_mention: Some(".STOP 36608".to_owned()),
        provider: Some("sandbox".to_owned()),
        encoding_policy: None,
        holidays: None,
    };
    Ok(operator::set_settings(ctx, operator, settings).await?)
}

impl Account {
    /// Every personal account reads people and credit.
    fn to_make(&self, structure: StructureId) -> NewAccount {
        let grants = self.person.map_or_else(Vec::new, |(_, sms)| {
            vec![
                (Module::People, Access::Read),
                (Module::Credit, Access::Read),
                (Module::CommunicationSms, sms),
            ]
        });
        NewAccount {
            structure,
            kind: if self.person.is_some() { AccountKind::Personal } else { AccountKind::Admin },
            email: self.email.to_owned(),
            password: Sensitive::new(PASSWORD),
            locale: Locale::Fr,
            person: self.person.map(|(identifier, _)| identifier.to_owned()),
            grants,
        }
    }
}
