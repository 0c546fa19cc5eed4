//! Time and chance that a test decides.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Mutex;

use api::clock::{Clock, Entropy};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use crate::canary::{self, Kind};

/// Bytes of a token; nothing else of that length is drawn but secrets.
const TOKEN: usize = 32;

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    /// A clock that shows `instant`.
    #[must_use]
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self(Mutex::new(instant))
    }

    /// Moves the clock forwards; backwards by a negative delta.
    pub fn advance(&self, delta: TimeDelta) {
        let mut now = self.0.lock().expect("invariant: nothing panics while it holds the clock");
        *now += delta;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("invariant: nothing panics while it holds the clock")
    }
}

/// Chance that comes again when its seed does: `SplitMix64`, by Guy Steele and others. No secret for anyone but a test.
#[derive(Debug)]
pub struct TestEntropy(Mutex<u64>);

impl TestEntropy {
    /// The chance of that seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        let mut state = self.0.lock().expect("invariant: nothing panics while it draws");
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The next number below `bound`, which is not 0.
    pub fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("invariant: a size fits 64 bits");
        usize::try_from(self.next() % bound).expect("invariant: below a size")
    }

    /// Puts the items in an order of chance.
    pub fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        // What is told of a token before it is answered is found too.
        if bytes.len() == TOKEN {
            canary::know(Kind::Token, &BASE64_URL_SAFE_NO_PAD.encode(bytes));
        }
    }
}

/// The seed of this test: that of `ENVOI_TEST_SEED`, else a new one. Printed, so that a failure tells how to have it again.
#[must_use]
pub fn seed() -> u64 {
    let given = std::env::var("ENVOI_TEST_SEED").ok();
    let given = given.map(|seed| seed.parse().expect("ENVOI_TEST_SEED is a whole number"));
    let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("ENVOI_TEST_SEED={seed}");
    seed
}
