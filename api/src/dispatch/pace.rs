//! What may leave now: as its provider's health, the rates, and the window allow.
//!
//! Owns what is under way, counted by provider. Architecture Invariant: nothing here sends; it only keeps back, and what it keeps back stays queued.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::ids::StructureId;
use tokio::time::Instant;

use super::claim::{Claimed, Held, Room};
use super::rate::Rate;
use super::turns::Turns;
use crate::app::App;
use crate::config::Dispatch;
use crate::providers::health::Standing;
use crate::providers::sandbox;

/// What is claimed of a structure or a provider that has a rate can leave within this part of a lease.
const LEASE_SHARE: u32 = 4;

/// The most in hand of one provider, in claims: the rest of what may be in hand is for the others.
const CLAIMS_OF_ONE: usize = 2;

/// The pace of one instance.
pub(super) struct Pace {
    providers: Rate<Arc<str>>,
    structures: Rate<StructureId>,
    under_way: HashMap<Arc<str>, usize>,
    in_flight: usize,
}

/// The present, as the worker's timers and the clock have it.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub(super) timer: Instant,
    pub(super) clock: DateTime<Utc>,
}

impl Now {
    pub(super) fn of(app: &App) -> Self {
        Self { timer: Instant::now(), clock: app.now() }
    }
}

impl Pace {
    pub(super) fn new(app: &App) -> Self {
        let Dispatch { provider_rate, structure_rate, in_flight, .. } = app.config.dispatch;
        Self {
            providers: Rate::new(provider_rate),
            structures: Rate::new(structure_rate),
            under_way: HashMap::new(),
            in_flight: in_flight.max(1),
        }
    }

    fn under_way(&self, provider: &str) -> usize {
        self.under_way.get(provider).copied().unwrap_or_default()
    }

    /// How many requests may be under way at a provider.
    fn most_at(&self, app: &App, provider: &str, now: DateTime<Utc>) -> usize {
        match app.providers.health().standing(provider, now) {
            // One that is slow leaves a quarter of the window to the others, where there are any. The sandbox, always there, waits.
            Standing::Well if app.providers.names().any(|name| name != provider && name != sandbox::NAME) => {
                self.in_flight - self.in_flight / 4
            }
            Standing::Well => self.in_flight,
            Standing::Probed => 1,
            Standing::Closed => 0,
        }
    }

    /// How many more may be.
    fn slots(&self, app: &App, provider: &str, now: DateTime<Utc>) -> usize {
        self.most_at(app, provider, now).saturating_sub(self.under_way(provider))
    }

    /// Whether a message may leave now.
    pub(super) fn may(&self, app: &App, message: &Claimed, now: Now) -> bool {
        self.slots(app, &message.provider, now.clock) > 0 && self.opens(message, now.timer).is_none()
    }

    /// Until when a rate keeps a message back.
    fn opens(&self, message: &Claimed, now: Instant) -> Option<Instant> {
        let provider = self.providers.opens(&message.provider, now);
        self.structures.opens(&message.structure_id, now).max(provider)
    }

    /// Takes what may leave, in turns, at most so many.
    pub(super) fn take(&mut self, app: &App, turns: &mut Turns, room: usize, now: Now) -> Vec<Claimed> {
        let mut taken = Vec::new();
        while taken.len() < room {
            let Some(message) = turns.next(|message| self.may(app, message, now)) else {
                break;
            };
            self.providers.take(Arc::clone(&message.provider), now.timer);
            self.structures.take(message.structure_id, now.timer);
            *self.under_way.entry(Arc::clone(&message.provider)).or_default() += 1;
            taken.push(message);
        }
        taken
    }

    /// A message that was taken does not leave now.
    pub(super) fn not_begun(&mut self, message: &Claimed) {
        self.providers.give_back(&message.provider);
        self.structures.give_back(&message.structure_id);
        self.ended(&message.provider);
    }

    /// A request is not under way any more.
    pub(super) fn ended(&mut self, provider: &str) {
        if let Some(under_way) = self.under_way.get_mut(provider) {
            *under_way = under_way.saturating_sub(1);
        }
    }

    /// How many messages in hand may leave now, but for the window.
    pub(super) fn ready(&self, app: &App, turns: &Turns, now: Now) -> usize {
        turns.count(|message| self.may(app, message, now))
    }

    /// How many messages in hand nothing keeps back but what is under way already.
    pub(super) fn stock(&self, app: &App, turns: &Turns, now: Now) -> usize {
        turns.count(|message| {
            self.most_at(app, &message.provider, now.clock) > 0 && self.opens(message, now.timer).is_none()
        })
    }

    /// When a message in hand may leave that only a rate keeps back.
    pub(super) fn next(&self, app: &App, turns: &Turns, now: Now) -> Option<Instant> {
        let open = |message: &&Claimed| self.slots(app, &message.provider, now.clock) > 0;
        turns.firsts().filter(open).filter_map(|message| self.opens(message, now.timer)).min()
    }

    /// What there is room for to claim, at most `budget` in all.
    pub(super) fn room(&self, app: &App, turns: &Turns, budget: usize, now: DateTime<Utc>) -> Room {
        let soon = app.config.dispatch.lease / LEASE_SHARE;
        let most =
            usize::try_from(app.config.dispatch.claim).unwrap_or(usize::MAX).saturating_mul(CLAIMS_OF_ONE);
        let troubled = app.providers.health().troubled(now).into_iter();
        let mut held = Held::default();
        turns.each(|first, number| held.hold(first, number));
        Room {
            budget,
            of_structure: self.structures.within(soon).unwrap_or(usize::MAX),
            of_provider: self.providers.within(soon).map_or(most, |number| number.min(most)),
            troubled: troubled.map(|(name, _)| (name.clone(), self.slots(app, &name, now))).collect(),
            held,
        }
    }
}
