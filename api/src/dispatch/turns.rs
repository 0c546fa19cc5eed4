//! What is claimed and not begun, in turns: structures one after another, and the campaigns of each one after another.
//!
//! Architecture Invariant: of two structures, or of two campaigns of one, that may both send, neither has two messages taken while the other has
//! none taken. One that may not send now keeps no other waiting.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use entity::ids::{CampaignId, MessageId, StructureId};
use tokio::time::Instant;

use super::claim::Claimed;

/// The messages in hand.
#[derive(Debug, Default)]
pub(super) struct Turns {
    structures: BTreeMap<StructureId, Campaigns>,
    /// Whose turn was last.
    last: Option<StructureId>,
    /// Whether a campaign has none left here since more were put in.
    ran_out: bool,
}

/// Those of one structure.
#[derive(Debug, Default)]
struct Campaigns {
    queues: BTreeMap<CampaignId, VecDeque<Claimed>>,
    last: Option<CampaignId>,
}

/// The entries of a map, from after the last on, round.
fn round<K: Ord + Copy, V>(map: &BTreeMap<K, V>, last: Option<K>) -> impl Iterator<Item = (&K, &V)> {
    let (after, until) = match last {
        Some(last) => (Bound::Excluded(last), Bound::Included(last)),
        // All, then none: nothing is before the first.
        None => (Bound::Unbounded, Bound::Unbounded),
    };
    let again = last.map(|_| map.range((Bound::Unbounded, until))).into_iter().flatten();
    map.range((after, Bound::Unbounded)).chain(again)
}

impl Turns {
    /// Puts messages in that were claimed, behind those of their campaigns.
    pub(super) fn refill(&mut self, messages: impl IntoIterator<Item = Claimed>) {
        self.ran_out = false;
        for message in messages {
            self.queue(&message).push_back(message);
        }
    }

    /// Puts messages that were taken back where they were.
    pub(super) fn put_back(&mut self, messages: Vec<Claimed>) {
        for message in messages.into_iter().rev() {
            self.queue(&message).push_front(message);
        }
    }

    fn queue(&mut self, message: &Claimed) -> &mut VecDeque<Claimed> {
        let campaigns = self.structures.entry(message.structure_id).or_default();
        campaigns.queues.entry(message.campaign_id).or_default()
    }

    /// Takes the next message of those that may leave.
    pub(super) fn next(&mut self, may: impl Fn(&Claimed) -> bool) -> Option<Claimed> {
        let next_of = |campaigns: &Campaigns| {
            let first = |queue: &VecDeque<Claimed>| queue.front().is_some_and(&may);
            round(&campaigns.queues, campaigns.last).find(|(_, queue)| first(queue)).map(|(id, _)| *id)
        };
        let mut found = round(&self.structures, self.last)
            .filter_map(|(structure, campaigns)| Some((*structure, next_of(campaigns)?)));
        let (structure, campaign) = found.next()?;
        drop(found);
        let campaigns = self.structures.get_mut(&structure)?;
        let queue = campaigns.queues.get_mut(&campaign)?;
        let message = queue.pop_front();
        if queue.is_empty() {
            campaigns.queues.remove(&campaign);
            self.ran_out = true;
        }
        campaigns.last = Some(campaign);
        if campaigns.queues.is_empty() {
            self.structures.remove(&structure);
        }
        self.last = Some(structure);
        message
    }

    fn queues(&self) -> impl Iterator<Item = &VecDeque<Claimed>> {
        self.structures.values().flat_map(|campaigns| campaigns.queues.values())
    }

    /// Whether a campaign that had messages here has none, since the last were claimed.
    pub(super) fn ran_out(&self) -> bool {
        self.ran_out
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.queues().map(VecDeque::len).sum()
    }

    /// How many there are of the campaigns of which one fits.
    pub(super) fn count(&self, fits: impl Fn(&Claimed) -> bool) -> usize {
        self.queues().filter(|queue| queue.front().is_some_and(&fits)).map(VecDeque::len).sum()
    }

    /// The next message of each campaign.
    pub(super) fn firsts(&self) -> impl Iterator<Item = &Claimed> {
        self.queues().filter_map(VecDeque::front)
    }

    /// Tells of each campaign the next message, and how many there are.
    pub(super) fn each(&self, mut tell: impl FnMut(&Claimed, usize)) {
        for queue in self.queues() {
            if let Some(first) = queue.front() {
                tell(first, queue.len());
            }
        }
    }

    /// Takes out those that fit, and answers them.
    pub(super) fn take_out(&mut self, fits: impl Fn(&Claimed) -> bool) -> Vec<MessageId> {
        let mut taken = Vec::new();
        self.structures.retain(|_, campaigns| {
            campaigns.queues.retain(|_, queue| {
                queue.retain(|message| {
                    let out = fits(message);
                    if out {
                        taken.push(message.id);
                    }
                    !out
                });
                !queue.is_empty()
            });
            !campaigns.queues.is_empty()
        });
        taken
    }

    /// Forgets those whose lease is over: others may have them, or this instance, again.
    pub(super) fn forget(&mut self, now: Instant) {
        if self.firsts().any(|message| message.until <= now) {
            self.take_out(|message| message.until <= now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    fn message(structure: u128, campaign: u128, id: u128) -> Claimed {
        Claimed {
            id: MessageId::from_uuid(Uuid::from_u128(id)),
            structure_id: StructureId::from_uuid(Uuid::from_u128(structure)),
            campaign_id: CampaignId::from_uuid(Uuid::from_u128(campaign)),
            provider: Arc::from(if campaign.is_multiple_of(2) { "even" } else { "odd" }),
            until: Instant::now() + Duration::from_secs(30),
        }
    }

    fn campaigns(turns: &mut Turns, number: usize, may: impl Fn(&Claimed) -> bool) -> Vec<u128> {
        let taken = std::iter::from_fn(|| turns.next(&may)).take(number);
        taken.map(|message| message.campaign_id.as_uuid().as_u128()).collect()
    }

    #[test]
    fn structures_take_turns_and_so_do_their_campaigns() {
        let mut turns = Turns::default();
        turns.refill((0..100).map(|id| message(1, 10, id)));
        turns.refill((100..103).map(|id| message(1, 11, id)));
        turns.refill((200..204).map(|id| message(2, 20, id)));
        assert_eq!(turns.len(), 107);
        assert_eq!(campaigns(&mut turns, 9, |_| true), [10, 20, 11, 20, 10, 20, 11, 20, 10]);
        // Whoever comes in later has a turn at once, wherever the round stands.
        turns.refill([message(0, 5, 300), message(3, 30, 301)]);
        assert_eq!(campaigns(&mut turns, 4, |_| true), [30, 5, 11, 10]);
    }

    #[test]
    fn what_may_not_leave_keeps_no_other_waiting() {
        let mut turns = Turns::default();
        turns.refill((0..5).map(|id| message(1, 10, id)));
        turns.refill((5..10).map(|id| message(1, 11, id)));
        turns.refill((10..12).map(|id| message(2, 20, id)));
        let odd = |message: &Claimed| &*message.provider == "odd";
        assert_eq!(turns.count(odd), 5);
        assert_eq!(campaigns(&mut turns, 9, odd), [11; 5]);
        assert_eq!((turns.len(), turns.count(odd)), (7, 0));
        assert_eq!(campaigns(&mut turns, 9, |_| true), [20, 10, 20, 10, 10, 10, 10]);
    }

    #[test]
    fn messages_keep_their_order_and_come_back_to_it() {
        let mut turns = Turns::default();
        turns.refill((0..4).map(|id| message(1, 10, id)));
        let taken: Vec<Claimed> = std::iter::from_fn(|| turns.next(|_| true)).take(2).collect();
        turns.put_back(taken);
        let ids: Vec<u128> =
            std::iter::from_fn(|| turns.next(|_| true)).map(|one| one.id.as_uuid().as_u128()).collect();
        assert_eq!(ids, [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_taken_out_or_too_old_is_gone() {
        let mut turns = Turns::default();
        turns.refill([message(1, 10, 0), message(1, 11, 1), message(2, 20, 2)]);
        assert_eq!(turns.take_out(|one| &*one.provider == "odd").len(), 1);
        turns.forget(Instant::now());
        assert_eq!(turns.len(), 2);
        turns.forget(Instant::now() + Duration::from_secs(31));
        assert_eq!(turns.len(), 0);
    }
}
