//! How many sockets an instance has, how many each account has of them, and how many subscriptions on them.
//!
//! Invariants. Sockets without a token leave a share of the places to those that show one. An account has no more subscriptions
//! on all its sockets than on one. Every place is given back when what holds it is dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use entity::ids::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Sockets of one account: each tab of a browser has one.
const SOCKETS_OF_ACCOUNT: usize = 50;
/// Subscriptions of one account, on all its sockets: each is read anew at every change.
pub(super) const SUBSCRIPTIONS_OF_ACCOUNT: usize = 50;
/// Of so many places, sockets that showed no token may have one.
const UNKNOWN_SHARE: u32 = 2;

/// The sockets of one instance.
#[derive(Clone)]
pub struct Sockets {
    most: u32,
    places: Arc<Semaphore>,
    unknown: Arc<Semaphore>,
    accounts: Accounts,
    ending: watch::Sender<bool>,
}

/// What accounts hold; those that hold nothing are absent.
type Accounts = Arc<Mutex<HashMap<AccountId, Held>>>;

/// What an account holds.
#[derive(Default)]
struct Held {
    sockets: usize,
    subscriptions: usize,
}

fn lock(accounts: &Accounts) -> MutexGuard<'_, HashMap<AccountId, Held>> {
    accounts.lock().expect("invariant: nothing panics while it counts")
}

/// A socket's place among those of the instance, until dropped.
pub(super) struct Place {
    _held: OwnedSemaphorePermit,
    ending: watch::Receiver<bool>,
}

impl Place {
    /// Waits until sockets are asked to close.
    pub async fn ended(&self) {
        // The sender is kept as long as the router.
        let _ = self.ending.clone().wait_for(|ending| *ending).await;
    }
}

/// The place of a socket that said hello.
pub(super) enum Seat {
    /// Among those of an account.
    Known(Chair),
    /// Among those that showed no token.
    Unknown {
        /// Given back when dropped.
        _held: OwnedSemaphorePermit,
    },
}

/// A socket's place among those of an account, until dropped.
pub(super) struct Chair {
    accounts: Accounts,
    account: AccountId,
}

/// A subscription's place among those of an account, until dropped.
pub(super) struct Watching {
    accounts: Accounts,
    account: AccountId,
}

impl Sockets {
    /// No socket yet, and at most so many at once.
    #[must_use]
    pub fn at_most(most: u32) -> Self {
        let semaphore =
            |places: u32| Arc::new(Semaphore::new(places.try_into().unwrap_or(Semaphore::MAX_PERMITS)));
        Self {
            most,
            places: semaphore(most),
            unknown: semaphore((most / UNKNOWN_SHARE).max(1)),
            accounts: Arc::default(),
            ending: watch::Sender::new(false),
        }
    }

    /// Asks all to close.
    pub fn close(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until all are closed; none opens any more.
    pub async fn closed(&self) {
        // The semaphore is never closed.
        let _ = self.places.acquire_many(self.most).await;
    }

    /// A place for one that opens; none when all are taken.
    pub(super) fn enter(&self) -> Option<Place> {
        let held = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place { _held: held, ending: self.ending.subscribe() })
    }

    /// A seat for one whose token is of this account; none when the account has too many.
    pub(super) fn seat(&self, account: AccountId) -> Option<Seat> {
        let mut accounts = lock(&self.accounts);
        let held = accounts.entry(account).or_default();
        if held.sockets >= SOCKETS_OF_ACCOUNT {
            return None;
        }
        held.sockets += 1;
        Some(Seat::Known(Chair { accounts: Arc::clone(&self.accounts), account }))
    }

    /// A seat for one that showed no token; none when there are too many.
    pub(super) fn seat_unknown(&self) -> Option<Seat> {
        let held = Arc::clone(&self.unknown).try_acquire_owned().ok()?;
        Some(Seat::Unknown { _held: held })
    }
}

impl Chair {
    /// A place for one more subscription; none when the account has too many.
    pub fn watch(&self) -> Option<Watching> {
        let mut accounts = lock(&self.accounts);
        let held = accounts.entry(self.account).or_default();
        if held.subscriptions >= SUBSCRIPTIONS_OF_ACCOUNT {
            return None;
        }
        held.subscriptions += 1;
        Some(Watching { accounts: Arc::clone(&self.accounts), account: self.account })
    }
}

impl Drop for Chair {
    fn drop(&mut self) {
        give_back(&self.accounts, self.account, |held| held.sockets -= 1);
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        give_back(&self.accounts, self.account, |held| held.subscriptions -= 1);
    }
}

fn give_back(accounts: &Accounts, account: AccountId, give: impl FnOnce(&mut Held)) {
    let mut accounts = lock(accounts);
    if let Some(held) = accounts.get_mut(&account) {
        give(held);
        if held.sockets == 0 && held.subscriptions == 0 {
            accounts.remove(&account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u128) -> AccountId {
        AccountId::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn an_account_has_so_many_sockets() {
        let sockets = Sockets::at_most(3);
        let mut seats: Vec<_> = (0..SOCKETS_OF_ACCOUNT).map(|_| sockets.seat(account(1))).collect();
        assert!(seats.iter().all(Option::is_some) && sockets.seat(account(1)).is_none());
        assert!(sockets.seat(account(2)).is_some());
        seats.pop();
        assert!(sockets.seat(account(1)).is_some());
    }

    #[test]
    fn what_is_given_back_leaves_nothing() {
        let sockets = Sockets::at_most(3);
        let Some(Seat::Known(chair)) = sockets.seat(account(1)) else { panic!("a seat") };
        let watching = chair.watch();
        drop(chair);
        assert_eq!(lock(&sockets.accounts).len(), 1);
        drop(watching);
        assert!(lock(&sockets.accounts).is_empty());
    }
}
