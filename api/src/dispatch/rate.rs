//! How many requests a second leave, to each provider and for each structure: as many as the settings allow this instance.
//!
//! A generic cell rate algorithm: each request moves the instant at which the next is due, evenly; what is due within a twentieth of a second may
//! leave together, so that a commit serves several.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

/// How much earlier than its turn a request may leave.
pub(super) const TOLERANCE: Duration = Duration::from_millis(50);
/// Keys kept before those that are idle are forgotten.
const KEPT: usize = 1_024;

/// The same limit for each of many.
#[derive(Debug)]
pub(super) struct Rate<K> {
    interval: Option<Duration>,
    /// When the next request of each is due. Whoever is absent made none lately.
    due: HashMap<K, Instant>,
}

impl<K: Eq + Hash> Rate<K> {
    /// So many a second for each; none is no limit.
    pub(super) fn new(a_second: Option<NonZeroU32>) -> Self {
        let interval = a_second.map(|number| Duration::from_secs(1) / number.get());
        Self { interval, due: HashMap::new() }
    }

    /// When the next request of one may leave, if it must wait.
    pub(super) fn opens(&self, key: &K, now: Instant) -> Option<Instant> {
        let opens = self.due.get(key)?.checked_sub(TOLERANCE)?;
        Some(opens).filter(|opens| *opens > now)
    }

    /// One's request leaves.
    pub(super) fn take(&mut self, key: K, now: Instant) {
        let Some(interval) = self.interval else {
            return;
        };
        if self.due.len() >= KEPT {
            self.due.retain(|_, due| *due > now);
        }
        let due = self.due.entry(key).or_insert(now);
        *due = (*due).max(now) + interval;
    }

    /// One's request that was taken does not leave.
    pub(super) fn give_back(&mut self, key: &K) {
        if let (Some(interval), Some(due)) = (self.interval, self.due.get_mut(key)) {
            *due -= interval;
        }
    }

    /// How many of one's requests can leave within a time, at least one; none is no limit.
    pub(super) fn within(&self, time: Duration) -> Option<usize> {
        let number = time.as_nanos() / self.interval?.as_nanos().max(1);
        Some(usize::try_from(number).unwrap_or(usize::MAX).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_second(number: u32) -> Rate<&'static str> {
        Rate::new(NonZeroU32::new(number))
    }

    /// How many of one's requests leave in so many milliseconds, if each leaves as soon as it may.
    fn leave(rate: &mut Rate<&'static str>, key: &'static str, start: Instant, time: u64) -> usize {
        let mut left = 0;
        for now in (0..time).map(|at| start + Duration::from_millis(at)) {
            while rate.opens(&key, now).is_none() {
                rate.take(key, now);
                left += 1;
            }
        }
        left
    }

    #[test]
    fn so_many_leave_in_a_second_and_no_more() {
        let now = Instant::now();
        assert_eq!(leave(&mut per_second(1), "a", now, 940), 1);
        assert_eq!(leave(&mut per_second(1), "a", now, 1_940), 2);
        assert_eq!(leave(&mut per_second(10), "a", now, 10_000), 101);
        assert_eq!(leave(&mut per_second(1_000), "a", now, 10_000), 10_050);
        let mut rate = per_second(100);
        rate.take("a", now);
        let rested = now + Duration::from_mins(1);
        assert_eq!(leave(&mut rate, "a", rested, 1), 6, "rest is no credit beyond what may leave together");
    }

    #[test]
    fn each_has_its_own() {
        let (now, mut rate) = (Instant::now(), per_second(1));
        rate.take("a", now);
        assert_eq!(rate.opens(&"a", now), Some(now + Duration::from_millis(950)));
        assert_eq!(rate.opens(&"b", now), None);
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let (now, mut rate) = (Instant::now(), Rate::new(None));
        for _ in 0..1_000 {
            rate.take("a", now);
        }
        assert_eq!((rate.opens(&"a", now), rate.within(Duration::from_secs(1))), (None, None));
    }

    #[test]
    fn what_leaves_within_a_time_is_told() {
        assert_eq!(per_second(10).within(Duration::from_secs(5)), Some(50));
        assert_eq!(per_second(1).within(Duration::ZERO), Some(1));
    }

    #[test]
    fn those_that_are_idle_are_forgotten() {
        let (now, mut rate) = (Instant::now(), Rate::new(NonZeroU32::new(1)));
        (0..KEPT).for_each(|key| rate.take(key, now));
        let later = now + Duration::from_secs(2);
        rate.take(KEPT, later);
        assert_eq!(rate.due.len(), 1);
        assert!(rate.opens(&KEPT, later).is_some());
    }
}
