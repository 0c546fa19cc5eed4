//! Commercial messages that come to leave outside legal hours: they wait.
//!
//! Owns the waiting; what the hours are is for the rule, as the structure set it. Architecture Invariant: a message put off stays queued, no
//! attempt is counted, and its credit stays reserved.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::TimeDelta;
use entity::At;
use entity::enums::Purpose;
use entity::ids::{CampaignId, MessageId, StructureId};
use entity::message;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::begin::Common;
use crate::app::App;
use crate::error::Fault;
use crate::services::delivery::Place;
use crate::services::message::may_leave;
use crate::store::{StoreError, among};

/// How long such a message waits before it is looked at again: hours open on the hour or the half.
pub(super) const WAIT: TimeDelta = TimeDelta::minutes(5);

/// Of these campaigns, the commercial ones whose structures' hours are closed now.
pub(super) async fn closed(
    tx: &DatabaseTransaction,
    app: &App,
    places: &BTreeSet<Place>,
    campaigns: &HashMap<CampaignId, Common>,
) -> Result<HashSet<CampaignId>, StoreError> {
    let commercial = |campaign| campaigns.get(campaign).is_some_and(|row| row.purpose == Purpose::Commercial);
    let mut hours: HashMap<StructureId, bool> = HashMap::new();
    let mut closed = HashSet::new();
    for (structure, campaign) in places.iter().filter(|(_, campaign)| commercial(campaign)) {
        let open = match hours.get(structure) {
            Some(open) => *open,
            None => match may_leave(app, tx, *structure).await {
                Ok(open) => open,
                Err(Fault::Store(error)) => return Err(error),
                Err(fault) => {
                    tracing::error!(%fault, "whether commercial messages may leave cannot be told: they wait");
                    false
                }
            },
        };
        hours.insert(*structure, open);
        if !open {
            closed.insert(*campaign);
        }
    }
    Ok(closed)
}

/// Puts messages of this instance's back for a while.
pub(super) async fn put_off(
    tx: &DatabaseTransaction,
    app: &App,
    messages: impl ExactSizeIterator<Item = MessageId>,
) -> Result<(), StoreError> {
    use message::Column;
    if messages.len() == 0 {
        return Ok(());
    }
    let update = Query::update()
        .table(message::Entity)
        .value(Column::NextAttemptAt, At::from(app.now() + WAIT))
        .value(Column::LeaseOwner, Option::<Uuid>::None)
        .value(Column::LeaseUntil, Option::<At>::None)
        .and_where(among(tx.get_database_backend(), Expr::col(Column::Id), messages))
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}
