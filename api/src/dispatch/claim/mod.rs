//! Claiming what is due: a lease on rows of the queue, which authorises nothing. When it expires, others take them.
//!
//! Architecture Invariants. Structures take turns, and so do the campaigns of each: every campaign under way that has something due is passed in one
//! round, however much of another waits. A claim takes as many statements however long the queue is, and reads of it no more than it claims, and what
//! is claimed already.

mod queries;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entity::ids::{CampaignId, MessageId, StructureId};
use entity::message;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::domain::message_state::MessageState;
use crate::fault::{self, Point};
use crate::services::delivery::{in_state, later};
use crate::store::{StoreError, among};
pub(super) use queries::under_way;
use queries::{Found, Span};

/// Structures that one claim passes.
const STRUCTURES: usize = 16;
/// Campaigns of each.
const CAMPAIGNS: usize = 4;
/// Structures of which it is kept where their round stands. Forgetting one only begins its round anew.
const ROUNDS_KEPT: usize = 10_000;

/// A message that this instance may be the one to send.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    pub(super) id: MessageId,
    pub(super) structure_id: StructureId,
    pub(super) campaign_id: CampaignId,
    pub(super) provider: Arc<str>,
    /// When the lease is over.
    pub(super) until: Instant,
}

/// What there is room for to claim.
#[derive(Debug)]
pub(super) struct Room {
    /// The most in all.
    pub(super) budget: usize,
    /// The most to hold of one structure, and of one provider.
    pub(super) of_structure: usize,
    pub(super) of_provider: usize,
    /// The most of providers that are not well.
    pub(super) troubled: HashMap<String, usize>,
    pub(super) held: Held,
}

/// What is in hand already, and what is about to be.
#[derive(Debug, Default)]
pub(super) struct Held {
    structures: HashMap<StructureId, usize>,
    campaigns: HashMap<CampaignId, usize>,
    providers: HashMap<Arc<str>, usize>,
}

impl Held {
    /// So many of the campaign of a message are.
    pub(super) fn hold(&mut self, first: &Claimed, number: usize) {
        *self.campaigns.entry(first.campaign_id).or_default() += number;
        self.take(first.structure_id, &first.provider, number);
    }

    fn take(&mut self, structure: StructureId, provider: &Arc<str>, number: usize) {
        *self.structures.entry(structure).or_default() += number;
        *self.providers.entry(Arc::clone(provider)).or_default() += number;
    }
}

impl Room {
    fn at(&self, provider: &str) -> usize {
        let most = self.troubled.get(provider).copied().unwrap_or(self.of_provider);
        most.saturating_sub(self.held.providers.get(provider).copied().unwrap_or_default())
    }

    fn for_one(&self, structure: StructureId) -> usize {
        self.of_structure.saturating_sub(self.held.structures.get(&structure).copied().unwrap_or_default())
    }

    /// Those of which nothing more is to be claimed: they take no turn.
    fn full(&self) -> (Vec<StructureId>, Vec<String>) {
        let structures = self.held.structures.keys().copied().filter(|id| self.for_one(*id) == 0).collect();
        let held = self.held.providers.keys().map(ToString::to_string);
        let providers = self.troubled.keys().cloned().chain(held).filter(|name| self.at(name) == 0).collect();
        (structures, providers)
    }
}

/// What a look at the queue found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) claimed: Vec<Claimed>,
    /// Whether another look may find more at once.
    pub(super) more: bool,
    /// Whether something was left because enough of it is in hand: another look may find it once some of that is gone.
    pub(super) kept_back: bool,
}

/// Where the rounds stand.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// The structure that was passed last.
    last: Option<StructureId>,
    /// The campaign of each that was.
    campaigns: HashMap<StructureId, CampaignId>,
}

impl Rounds {
    /// Claims what is due of the next structures and campaigns, those that have been due for longest of each.
    pub(super) async fn claim(
        &mut self,
        app: &Arc<App>,
        me: Uuid,
        mut room: Room,
    ) -> Result<Looked, StoreError> {
        let (structures, wrapped) = self.structures(app, &room).await?;
        if structures.is_empty() {
            return Ok(Looked::default());
        }
        let campaigns = self.campaigns(app, &room, &structures).await?;
        let shares = self.share_out(&structures, &campaigns, &mut room);
        let kept_back = shares.len() < campaigns.values().map(Vec::len).sum();
        let claimed = if shares.is_empty() { Vec::new() } else { lease(app, me, shares).await? };
        let more = !claimed.is_empty() || !wrapped;
        Ok(Looked { claimed, more, kept_back })
    }

    /// The next structures that have something due, and whether the round came to its end.
    async fn structures(&self, app: &App, room: &Room) -> Result<(Vec<StructureId>, bool), StoreError> {
        let db = app.store.readers();
        let full = room.full();
        let most = STRUCTURES.min(room.budget);
        let mut found = queries::structures(db, app.at(), &full, Span::after(self.last), most).await?;
        let wrapped = found.len() < most;
        if let Some(last) = self.last.filter(|_| wrapped) {
            let rest = most - found.len();
            found.extend(queries::structures(db, app.at(), &full, Span::UpTo(last), rest).await?);
        }
        Ok((found, wrapped))
    }

    /// The next campaigns of these structures that have something due, in their order.
    async fn campaigns(
        &self,
        app: &App,
        room: &Room,
        structures: &[StructureId],
    ) -> Result<HashMap<StructureId, Vec<Found>>, StoreError> {
        let (_, providers) = room.full();
        let spans = structures.iter().flat_map(|structure| {
            let last = self.campaigns.get(structure).copied();
            let again = last.map(|last| (*structure, Span::UpTo(last)));
            [(*structure, Span::after(last))].into_iter().chain(again)
        });
        let found = queries::campaigns(app.store.readers(), app.at(), &providers, spans, CAMPAIGNS).await?;
        let mut of_structure: HashMap<StructureId, Vec<Found>> = HashMap::new();
        for row in found {
            of_structure.entry(row.structure_id).or_default().push(row);
        }
        for (structure, rows) in &mut of_structure {
            let last = self.campaigns.get(structure).copied();
            rows.sort_by_key(|row| (last.is_some_and(|last| row.id <= last), row.id));
            rows.truncate(CAMPAIGNS);
        }
        Ok(of_structure)
    }

    /// How many of each campaign to claim: as many of each structure, as many of each of its campaigns. The rounds move on, but not past
    /// whoever found no room: the next begins with them.
    fn share_out(
        &mut self,
        structures: &[StructureId],
        campaigns: &HashMap<StructureId, Vec<Found>>,
        room: &mut Room,
    ) -> Vec<(Found, usize)> {
        if self.campaigns.len() >= ROUNDS_KEPT {
            self.campaigns.clear();
        }
        let each = (room.budget / structures.len().max(1)).max(1);
        let (mut shares, mut passed_all) = (Vec::new(), true);
        for structure in structures {
            let campaigns = campaigns.get(structure).map(Vec::as_slice).unwrap_or_default();
            let before = shares.len();
            let passed = self.share_out_one(
                *structure,
                &campaigns[..campaigns.len().min(each)],
                each,
                (room, &mut shares),
            );
            passed_all &= passed || shares.len() > before;
            if passed_all {
                self.last = Some(*structure);
            }
        }
        shares
    }

    /// The same, of one structure's campaigns; answers whether each of them found room, or needed none.
    fn share_out_one(
        &mut self,
        structure: StructureId,
        campaigns: &[Found],
        each: usize,
        (room, shares): (&mut Room, &mut Vec<(Found, usize)>),
    ) -> bool {
        let mut passed = true;
        for campaign in campaigns {
            let held = room.held.campaigns.get(&campaign.id).copied().unwrap_or_default();
            let wanted = (each / campaigns.len()).saturating_sub(held);
            let share = wanted.min(room.for_one(structure)).min(room.at(&campaign.provider));
            passed &= share > 0 || wanted == 0;
            if passed {
                self.campaigns.insert(structure, campaign.id);
            }
            if share > 0 {
                room.held.take(structure, &Arc::from(campaign.provider.as_str()), share);
                shares.push((campaign.clone(), share));
            }
        }
        passed
    }
}

/// Leases at most so many messages of each campaign.
async fn lease(app: &Arc<App>, me: Uuid, shares: Vec<(Found, usize)>) -> Result<Vec<Claimed>, StoreError> {
    let inner = Arc::clone(app);
    app.store
        .write::<Vec<Claimed>, StoreError, _>(move |tx| {
            Box::pin(async move { lease_in(tx, &inner, me, &shares).await })
        })
        .await
        .inspect(|_| fault::at(Point::Claimed))
}

async fn lease_in(
    tx: &DatabaseTransaction,
    app: &App,
    me: Uuid,
    shares: &[(Found, usize)],
) -> Result<Vec<Claimed>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        id: MessageId,
        campaign_id: CampaignId,
    }
    use message::Column;
    let (at, lease): (_, Duration) = (app.at(), app.config.dispatch.lease);
    let until = Instant::now() + lease;
    let campaigns: HashMap<CampaignId, (StructureId, Arc<str>)> = shares
        .iter()
        .map(|(found, _)| (found.id, (found.structure_id, Arc::from(found.provider.as_str()))))
        .collect();
    let due = queries::messages(at, shares.iter().map(|(found, share)| (found.id, *share)));
    let mut claimed = Vec::new();
    for row in tx.query_all(&due).await? {
        let Row { id, campaign_id } = Row::from_query_result(&row, "")?;
        let (structure_id, provider) =
            campaigns.get(&campaign_id).cloned().expect("invariant: messages of these were asked for");
        claimed.push(Claimed { id, structure_id, campaign_id, provider, until });
    }
    let ids = claimed.iter().map(|claimed| claimed.id);
    let update = Query::update()
        .table(message::Entity)
        .value(Column::LeaseOwner, me)
        .value(Column::LeaseUntil, later(at, lease))
        .and_where(among(tx.get_database_backend(), Expr::col(Column::Id), ids))
        .to_owned();
    if !claimed.is_empty() {
        tx.execute(&update).await?;
    }
    Ok(claimed)
}

/// Gives back some of what this instance claimed and did not begin to send.
pub(super) async fn hand_back(app: &Arc<App>, me: Uuid, messages: &[MessageId]) -> Result<(), StoreError> {
    use message::Column;
    if messages.is_empty() {
        return Ok(());
    }
    let release = Query::update()
        .table(message::Entity)
        .value(Column::LeaseOwner, Option::<Uuid>::None)
        .value(Column::LeaseUntil, Option::<entity::At>::None)
        .and_where(among(app.store.backend(), Expr::col(Column::Id), messages.iter().copied()))
        .and_where(in_state(MessageState::Queued))
        .and_where(Expr::col(Column::LeaseOwner).eq(me))
        .to_owned();
    app.store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.execute(&release).await?;
                Ok(())
            })
        })
        .await
}
