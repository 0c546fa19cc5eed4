//! The SMS option of a structure and its settings, as the operator sets them.

use chrono::{DateTime, Utc};
use entity::enums::SubscriptionState;
use entity::ids::StructureId;
use entity::{At, sms_settings, sms_subscription, structure};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::OperatorError;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::config::Kannel;
use crate::domain::holidays::HolidayCalendar;
use crate::domain::replacement::EncodingPolicy;
use crate::domain::segments::septets;
use crate::domain::sender::SenderName;
use crate::domain::short_code;
use crate::providers::kannel;
use crate::services::senders;
use crate::services::structures::{SubscriptionView, facts_of, stored_holidays, stored_policy};

/// The longest STOP mention, in septets: more would leave no room for a message.
const MAX_STOP_MENTION: usize = 40;

/// What a structure's subscription becomes.
#[derive(Debug, Clone, Copy)]
pub struct NewSubscription {
    /// Its structure.
    pub structure: StructureId,
    /// Its state; none takes the subscription away.
    pub state: Option<SubscriptionState>,
    /// When it begins; when absent, as it was, or now.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it ends; when absent, as it was, or never.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Sets, or takes away, a structure's subscription to the SMS option, and answers what it has become.
///
/// # Errors
/// [`OperatorError::Dates`], or the database's.
pub async fn set_subscription(
    ctx: &Ctx,
    _operator: Operator,
    input: NewSubscription,
) -> Result<SubscriptionView, OperatorError> {
    let (structure, now) = (input.structure, ctx.now());
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                use sms_subscription::Column;
                let before = sms_subscription::in_structure(structure).one(tx).await?;
                let rows = sms_subscription::Entity::delete_many().filter(Column::StructureId.eq(structure));
                rows.exec(tx).await?;
                if let Some(state) = input.state {
                    let row = input.row(state, before, now)?;
                    sms_subscription::Entity::insert(row.into_active_model())
                        .exec_without_returning(tx)
                        .await?;
                }
                Ok::<_, OperatorError>(())
            })
        })
        .await?;
    Ok(facts_of(ctx, ctx.store.readers(), structure, now).await?.subscription)
}

impl NewSubscription {
    fn row(
        &self,
        state: SubscriptionState,
        before: Option<sms_subscription::Model>,
        now: DateTime<Utc>,
    ) -> Result<sms_subscription::Model, OperatorError> {
        let (started, ended) =
            before.map_or((None, None), |row| (Some(*row.starts_at), row.ends_at.map(|at| *at)));
        let starts_at = self.starts_at.or(started).unwrap_or(now);
        let ends_at = self.ends_at.or(ended);
        if ends_at.is_some_and(|end| end <= starts_at) {
            return Err(OperatorError::Dates);
        }
        let (starts_at, ends_at) = (At::from(starts_at), ends_at.map(At::from));
        Ok(sms_subscription::Model { structure_id: self.structure, state, starts_at, ends_at })
    }
}

/// What changes in a structure's SMS settings; what is absent stays as it is.
#[derive(Debug, Clone)]
pub struct NewSettings {
    /// Its structure.
    pub structure: StructureId,
    /// The name shown to those who receive: one more of its senders if it is new, and their default.
    pub sender: Option<String>,
    /// What every SMS ends with.
    pub stop_mention: Option<String>,
    /// The way out to the telephone network.
    pub provider: Option<String>,
    /// How far characters of its texts are replaced.
    pub encoding_policy: Option<EncodingPolicy>,
    /// The public holidays it keeps.
    pub holidays: Option<HolidayCalendar>,
}

/// Changes a structure's SMS settings.
///
/// # Errors
/// [`OperatorError`] naming what cannot be accepted, or the database's.
pub async fn set_settings(ctx: &Ctx, _operator: Operator, input: NewSettings) -> Result<(), OperatorError> {
    let sender = input.sender.as_deref().map(SenderName::parse).transpose()?;
    let protected = ctx.config.senders.protected.clone();
    if input.stop_mention.as_deref().is_some_and(|mention| !is_stop_mention(mention)) {
        return Err(OperatorError::StopMention { max: MAX_STOP_MENTION });
    }
    if let Some(name) = input.provider.as_ref().filter(|name| ctx.providers.get(name).is_none()) {
        return Err(no_provider(ctx, name));
    }
    let policy = input.encoding_policy.map(stored_policy);
    let holidays = input.holidays.map(stored_holidays);
    ctx.store
        .write(move |tx| {
            Box::pin(async move {
                use sms_settings::Column;
                if let Some(calendar) = input.holidays {
                    may_keep(tx, input.structure, calendar).await?;
                }
                if let Some(sender) = sender {
                    senders::put(tx, input.structure, &sender, false, &protected).await?;
                    senders::prefer(tx, input.structure, sender.as_str()).await?;
                }
                let before = sms_settings::in_structure(input.structure).one(tx).await?;
                let before = before.as_ref();
                let row = sms_settings::Model {
                    structure_id: input.structure,
                    stop_mention: input.stop_mention.or_else(|| before?.stop_mention.clone()),
                    provider: input.provider.or_else(|| before?.provider.clone()),
                    encoding_policy: policy.or_else(|| before?.encoding_policy),
                    holidays: holidays.unwrap_or_else(|| before?.holidays),
                };
                let replace = OnConflict::column(Column::StructureId)
                    .update_columns([
                        Column::StopMention,
                        Column::Provider,
                        Column::EncodingPolicy,
                        Column::Holidays,
                    ])
                    .to_owned();
                let insert = sms_settings::Entity::insert(row.into_active_model()).on_conflict(replace);
                insert.exec_without_returning(tx).await?;
                Ok(())
            })
        })
        .await
}

/// Refuses holidays of another region than the structure's.
async fn may_keep(
    db: &impl ConnectionTrait,
    structure: StructureId,
    calendar: HolidayCalendar,
) -> Result<(), OperatorError> {
    match structure::by_id(structure).one(db).await? {
        Some(row) if !calendar.is_of(&row.region) => Err(OperatorError::Holidays { region: row.region }),
        _ => Ok(()),
    }
}

/// Why there is no provider of that name.
fn no_provider(ctx: &Ctx, name: &str) -> OperatorError {
    if name == kannel::NAME {
        return OperatorError::ProviderNotConfigured { name: kannel::NAME, needed: Kannel::NEEDED };
    }
    let known = ctx.providers.names().collect::<Vec<_>>().join(", ");
    OperatorError::Provider { name: name.to_owned(), known }
}

/// The providers that structures are set to send through and that this instance does not have, with how many structures each:
/// nothing is sent for those.
///
/// # Errors
/// The database's.
pub async fn absent_providers(ctx: &Ctx, _operator: Operator) -> Result<Vec<(String, i64)>, OperatorError> {
    let mut rows: Vec<(String, i64)> =
        sms_settings::by_provider().into_tuple().all(ctx.store.readers()).await?;
    rows.retain(|(name, _)| ctx.providers.get(name).is_none());
    Ok(rows)
}

/// A mention outside the GSM alphabet would make every SMS dearer; one that names no short code would have people answer for nothing.
fn is_stop_mention(mention: &str) -> bool {
    let length: Option<usize> = mention.chars().map(|c| septets(c).filter(|_| !c.is_control())).sum();
    short_code::named_by(mention).is_some() && length.is_some_and(|length| length <= MAX_STOP_MENTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_mention_is_of_the_gsm_alphabet_and_leaves_room() {
        for (mention, accepted) in [
            (".STOP 36608", true),
            (" STOP au 36608", true),
            ("", false),
            ("  ", false),
            ("STOP\n36608", false),
            ("arrêt 36608", false),
            (" STOP", false),
            (" STOP au 36 608", false),
            ("36608€€€€€€€€€€€€€€€€€", true),
            ("36608€€€€€€€€€€€€€€€€€€", false),
        ] {
            assert_eq!(is_stop_mention(mention), accepted, "{mention:?}");
        }
    }
}
