//! Listening to what PostgreSQL notifies: the changes that this instance and the others committed.
//!
//! Has a connection of its own, since one that listens serves nothing else.
//!
//! Invariant: whenever something may have been missed, everyone is told to look again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgListener;
use sea_orm::sqlx::{self, Executor as _};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::changes::{Change, Watched, change};

/// The channel that the triggers notify.
const CHANNEL: &str = "envoi_changes";
/// After so long without news the connection is tried: a dead one that nobody closed is silent too.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a connection may take to answer that.
const PATIENCE: Duration = Duration::from_secs(10);
/// The first wait before connecting again, doubled after each failure,
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// up to this: a database that comes back is noticed soon, and not hammered while it is away.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Tells those who watch what the database at this address notifies, for ever.
pub(super) async fn listen(address: String, watched: Arc<Watched>) {
    let mut wait = FIRST_WAIT;
    loop {
        let mut connected = false;
        let Err(error) = follow(&address, &watched, &mut connected).await;
        if connected {
            wait = FIRST_WAIT;
        }
        tracing::warn!(%error, "changes of other instances are not heard; connecting again");
        sleep(wait).await;
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

async fn follow(address: &str, watched: &Watched, connected: &mut bool) -> Result<Infallible, sqlx::Error> {
    let mut listener = PgListener::connect(address).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    *connected = true;
    // What changed before is not known.
    watched.tell_all();
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => {
                if let Some(change) = read(notification.payload()) {
                    watched.tell(change);
                } else {
                    tracing::warn!("a notification of changes is not one of ours");
                }
            }
            Ok(Ok(None)) => return Err(sqlx::Error::WorkerCrashed),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                let asked = timeout(PATIENCE, listener.execute("SELECT 1")).await;
                asked.map_err(|_| sqlx::Error::PoolTimedOut)??;
            }
        }
    }
}

/// What a notification names: `<structure> <campaign>`, or `<structure>` for its credit.
fn read(payload: &str) -> Option<Change> {
    let mut ids = payload.split(' ').map(Uuid::parse_str);
    let structure = ids.next()?.ok()?;
    let campaign = ids.next().transpose().ok()?;
    ids.next().is_none().then(|| change(structure, campaign))
}

#[cfg(test)]
mod tests {
    use entity::ids::{CampaignId, StructureId};

    use super::*;

    #[test]
    fn a_notification_is_of_one_form() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (structure, campaign) = (StructureId::from_uuid(one), CampaignId::from_uuid(two));
        assert_eq!(read(&format!("{one} {two}")), Some(Change::Campaign(structure, campaign)));
        assert_eq!(read(&one.to_string()), Some(Change::Credit(structure)));
        for other in ["", " ", "x", &format!("{one} "), &format!("{one} x"), &format!("{one} {two} {one}")] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
