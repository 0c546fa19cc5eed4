//! How long to wait before the next attempt at a message that was proven not sent.

use std::time::Duration;

/// The wait after a first attempt, before jitter.
const FIRST: Duration = Duration::from_secs(2);
/// The longest wait of our own choosing.
const LONGEST: Duration = Duration::from_mins(5);
/// The longest wait that a provider may ask for: past it, the message is of no use any more.
const LONGEST_ASKED: Duration = Duration::from_hours(24);
/// The wait while a provider refuses us for our configuration: someone has to change it first.
const MISCONFIGURED: Duration = LONGEST;

/// The wait after attempt `number` (from 1): doubled each time up to five minutes, then cut by up to half by `jitter`
/// (`0.0..1.0`), so that what failed together does not come back together. Never shorter than the provider asked.
pub(super) fn after(number: i32, asked: Option<Duration>, jitter: f64) -> Duration {
    let doublings = u32::try_from(number.saturating_sub(1)).unwrap_or(0).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let cut = whole.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0);
    cut.max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

/// The wait after a refusal of our configuration.
pub(super) fn while_misconfigured(number: i32, jitter: f64) -> Duration {
    after(number, Some(MISCONFIGURED), jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest() {
        let waits: Vec<u64> = (1..=10).map(|number| after(number, None, 0.0).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(after(i32::MAX, None, 0.0), LONGEST);
        assert_eq!(after(0, None, 0.0), FIRST);
    }

    #[test]
    fn jitter_cuts_at_most_half() {
        assert_eq!(after(1, None, 0.5), Duration::from_millis(1_500));
        assert_eq!(after(1, None, 1.0), Duration::from_secs(1));
    }

    #[test]
    fn what_the_provider_asks_is_honoured_within_a_day() {
        assert_eq!(after(1, Some(Duration::from_secs(90)), 0.9), Duration::from_secs(90));
        assert_eq!(after(8, Some(Duration::from_secs(1)), 0.0), Duration::from_secs(256));
        assert_eq!(after(1, Some(Duration::MAX), 0.0), LONGEST_ASKED);
        assert_eq!(while_misconfigured(1, 0.0), MISCONFIGURED);
    }
}
