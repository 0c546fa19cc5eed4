//! Changes of state, gathered and made together, with what goes with them: counters, completion, credit.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use entity::At;
use entity::ids::{AccountId, MessageId};
use entity::{campaign, message};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Query, UpdateStatement};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult};
use uuid::Uuid;

use super::{Place, Standing, later};
use crate::app::App;
use crate::domain::message_state::{CampaignState, MessageState, Money};
use crate::fault::{self, Bug};
use crate::services::ledger;
use crate::store::{StoreError, among, has};

/// What a message changes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its new state.
    pub to: MessageState,
    /// Why it stands there, a code.
    pub reason: Option<String>,
    /// Not to be sent again before this instant.
    pub not_before: Option<At>,
}

impl Change {
    /// A change that needs no explanation.
    #[must_use]
    pub fn to(to: MessageState) -> Self {
        Self { to, reason: None, not_before: None }
    }

    /// The same, with its reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

/// Who sends what starts to be sent, and until when others leave it to him.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// The instance.
    pub owner: Uuid,
    /// For how long, from now.
    pub lasts: Duration,
}

/// Changes gathered, to be made together: one statement for all that change alike.
#[derive(Debug, Default)]
pub struct Moves {
    groups: Vec<Group>,
    by: Option<AccountId>,
}

#[derive(Debug)]
struct Group {
    place: Place,
    from: MessageState,
    change: Change,
    ids: Vec<MessageId>,
}

/// What changes did to one campaign.
#[derive(Debug, Default)]
struct Effects {
    counters: BTreeMap<&'static str, (campaign::Column, i64)>,
    charges: Vec<(MessageId, i64)>,
    releases: Vec<(MessageId, i64)>,
    losses: Vec<(MessageId, i64)>,
    settled: bool,
}

#[derive(FromQueryResult)]
struct Moved {
    id: MessageId,
    cost: i64,
}

impl Moves {
    /// None yet, of those that an account wants, if one does.
    #[must_use]
    pub fn wanted_by(by: Option<AccountId>) -> Self {
        Self { by, ..Self::default() }
    }

    /// Gathers one more change. One that changes no state is dropped.
    pub fn add(&mut self, message: &Standing, change: Change) {
        if message.state == change.to {
            return;
        }
        let alike = |group: &&mut Group| {
            group.place == message.place && group.from == message.state && group.change == change
        };
        match self.groups.iter_mut().find(alike) {
            Some(group) => group.ids.push(message.id),
            None => {
                self.groups.push(Group {
                    place: message.place,
                    from: message.state,
                    change,
                    ids: vec![message.id],
                });
            }
        }
    }

    /// Makes the changes, and answers the messages that really moved: those still in the state they were seen in. `lease`
    /// is whose sending starts.
    ///
    /// # Errors
    /// The database's; a unique key of the ledger refuses to charge or release a message twice.
    pub async fn apply(
        self,
        tx: &DatabaseTransaction,
        app: &App,
        lease: Option<Lease>,
    ) -> Result<HashSet<MessageId>, StoreError> {
        let at = app.at();
        let mut effects: BTreeMap<Place, Effects> = BTreeMap::new();
        let mut all = HashSet::new();
        for group in &self.groups {
            let rows = tx.query_all(&group.statement(tx.get_database_backend(), at, lease)).await?;
            let moved: Vec<Moved> =
                rows.iter().map(|row| Moved::from_query_result(row, "")).collect::<Result<_, _>>()?;
            all.extend(moved.iter().map(|row| row.id));
            effects.entry(group.place).or_default().add(group, &moved);
        }
        for ((structure, campaign), effects) in effects {
            let (charges, releases) = (&effects.charges, &effects.releases);
            ledger::settle(tx, app, (structure, campaign), self.by, charges, releases).await?;
            ledger::loss(tx, app, structure, campaign, &effects.losses).await?;
            effects.count(tx, (structure, campaign), at).await?;
        }
        Ok(all)
    }
}

impl Group {
    fn statement(&self, backend: DbBackend, at: At, lease: Option<Lease>) -> UpdateStatement {
        use message::Column;
        let starts = self.change.to == MessageState::Sending;
        let lease = lease.filter(|_| starts);
        let mut update = Query::update()
            .table(message::Entity)
            .value(Column::State, self.change.to.as_str())
            .value(Column::Reason, self.change.reason.clone())
            .value(Column::StateAt, at)
            .value(Column::LeaseOwner, lease.map(|lease| lease.owner))
            .value(Column::LeaseUntil, lease.map(|lease| later(at, lease.lasts)))
            .and_where(among(backend, Expr::col(Column::Id), self.ids.iter().copied()))
            .and_where(has(Expr::col(Column::StructureId), Expr::val(self.place.0)))
            .and_where(has(Expr::col(Column::State), Expr::val(self.from.as_str())))
            .returning(Query::returning().columns([Column::Id, Column::Cost]))
            .to_owned();
        if starts {
            update.value(Column::Attempts, Expr::col(Column::Attempts).add(1));
        }
        if let Some(not_before) = self.change.not_before {
            update.value(Column::NextAttemptAt, not_before);
        }
        if let Some(lease) = lease {
            update.and_where(has(Expr::col(Column::LeaseOwner), Expr::val(lease.owner)));
        }
        update
    }
}

/// What a change does to credit: what the domain says, but for the bugs that tests plant.
fn money(from: MessageState, to: MessageState) -> Money {
    use MessageState as S;
    match (from, to) {
        (_, S::Rejected) if fault::planted(Bug::ChargeWithoutHandOver) => Money::Charged,
        (S::HandedOver, S::Delivered) if fault::planted(Bug::ChargeTwice) => Money::Charged,
        (S::HandedOver, S::Undelivered) if fault::planted(Bug::ReleaseAfterCharge) => Money::Released,
        (S::WrittenOff, S::HandedOver | S::Delivered) if fault::planted(Bug::LossCharged) => Money::Charged,
        _ => from.money(to),
    }
}

impl Effects {
    fn add(&mut self, group: &Group, moved: &[Moved]) {
        let (from, to) = (group.from, group.change.to);
        let number = i64::try_from(moved.len()).unwrap_or(i64::MAX);
        for (state, change) in [(from, -number), (to, number)] {
            self.counters.entry(state.as_str()).or_insert((counter(state), 0)).1 += change;
        }
        let settled = match money(from, to) {
            Money::Stays => None,
            Money::Charged => Some(&mut self.charges),
            Money::Released => Some(&mut self.releases),
            Money::Lost => Some(&mut self.losses),
        };
        if let Some(settled) = settled {
            settled.extend(moved.iter().map(|row| (row.id, row.cost)));
        }
        self.settled |= from.holds_campaign() && !to.holds_campaign();
    }

    /// Moves the counters, and settles the campaign if nothing holds it any more: it is then completed, or cancelled.
    async fn count(&self, tx: &DatabaseTransaction, place: Place, at: At) -> Result<(), StoreError> {
        let (structure, campaign) = place;
        let of_campaign = |update: &mut UpdateStatement| {
            update
                .table(campaign::Entity)
                .and_where(Expr::col(campaign::Column::StructureId).eq(structure))
                .and_where(Expr::col(campaign::Column::Id).eq(campaign))
                .to_owned()
        };
        let mut count = of_campaign(&mut Query::update());
        for (column, change) in self.counters.values().copied().filter(|(_, change)| *change != 0) {
            count.value(column, Expr::col(column).add(change));
        }
        if !count.get_values().is_empty() {
            tx.execute(&count).await?;
        }
        if self.settled {
            let (mut becomes, mut open) = (CaseStatement::new(), Vec::new());
            for state in CampaignState::ALL {
                if let Ok(to) = state.settle() {
                    let here = Expr::col(campaign::Column::State).eq(state.as_str());
                    becomes = becomes.case(here, Expr::val(to.as_str()));
                    open.push(state.as_str());
                }
            }
            let mut complete = of_campaign(&mut Query::update());
            complete
                .value(campaign::Column::State, becomes)
                .value(campaign::Column::CompletedAt, at)
                .and_where(Expr::col(campaign::Column::State).is_in(open));
            for state in MessageState::ALL.into_iter().filter(|state| state.holds_campaign()) {
                complete.and_where(Expr::col(counter(state)).eq(0_i64));
            }
            tx.execute(&complete).await?;
        }
        Ok(())
    }
}

/// The campaign's counter of the messages in a state.
fn counter(state: MessageState) -> campaign::Column {
    use campaign::Column;
    match state {
        MessageState::Queued => Column::Queued,
        MessageState::Sending => Column::Sending,
        MessageState::HandedOver => Column::HandedOver,
        MessageState::Delivered => Column::Delivered,
        MessageState::Undelivered => Column::Undelivered,
        MessageState::NoReport => Column::NoReport,
        MessageState::Rejected => Column::Rejected,
        MessageState::Suppressed => Column::Suppressed,
        MessageState::Unknown => Column::Unknown,
        MessageState::WrittenOff => Column::WrittenOff,
    }
}
