//! A provider's own journal, held against what is stored: what it took, against attempts, messages and charges.
//!
//! Architecture Invariant: the journal alone says what the provider took, and the rows alone what was charged; neither is corrected
//! by the other.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use entity::At;
use futures::TryStreamExt as _;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, StreamTrait};
use serde::Deserialize;
use uuid::Uuid;

use super::FAULTS_NAMED;
use crate::error::Fault;

/// What a provider took, by attempt, and how often; what it took on no one's behalf.
#[derive(Debug, Default)]
pub struct Journal {
    accepted: HashMap<Uuid, u32>,
    forged: Vec<Uuid>,
    covers: Covers,
}

/// The attempts of which a journal tells all: those that it does not name were not accepted. What is not said sets no bound.
#[derive(Debug, Default, Clone)]
pub struct Covers {
    /// Of this provider.
    pub provider: Option<String>,
    /// Begun at this instant, or later.
    pub since: Option<DateTime<Utc>>,
    /// Begun before this instant.
    pub until: Option<DateTime<Utc>>,
}

impl Covers {
    fn covers(&self, provider: &str, started_at: DateTime<Utc>) -> bool {
        self.provider.as_ref().is_none_or(|name| name == provider)
            && self.since.is_none_or(|since| since <= started_at)
            && self.until.is_none_or(|until| started_at < until)
    }
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// A line of it, with its number, or the line of headers.
    #[error(
        "{0}; a journal is CSV with the columns `attempt`, an id, and `event`: accepted, refused, told or forged"
    )]
    Line(#[from] csv::Error),
}

#[derive(Deserialize)]
struct Line {
    attempt: Uuid,
    event: Event,
}

/// What a line tells of an attempt.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Event {
    /// Its message was taken.
    Accepted,
    /// It was not.
    Refused,
    /// Envoi was told which of the two.
    Told,
    /// Someone else's report on it was acknowledged.
    Forged,
}

impl Journal {
    /// Reads a journal whole.
    ///
    /// # Errors
    /// [`JournalError`], which names the line at fault.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let mut journal = Self::default();
        for line in csv::Reader::from_reader(std::fs::File::open(path)?).deserialize() {
            let Line { attempt, event } = line?;
            match event {
                Event::Accepted => *journal.accepted.entry(attempt).or_default() += 1,
                Event::Forged => journal.forged.push(attempt),
                Event::Refused | Event::Told => {}
            }
        }
        Ok(journal)
    }

    /// The same, of these attempts only.
    #[must_use]
    pub fn of(self, covers: Covers) -> Self {
        Self { covers, ..self }
    }
}

/// What came of holding a journal against what is stored. Every count but the first and the last two is of faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Requests that the provider took.
    pub accepted: usize,
    /// Of these, requests of which no attempt is recorded.
    pub lost: usize,
    /// Messages that the provider took more than once.
    pub duplicated: usize,
    /// Messages that were charged more than once.
    pub double_charged: usize,
    /// Messages that were charged, to the structure or as a loss to the operator, and that the provider never took.
    pub charged_not_accepted: usize,
    /// Messages that the provider took, that are settled, and that nobody paid.
    pub accepted_not_charged: usize,
    /// Reports acknowledged that the provider did not make.
    pub forged: usize,
    /// Messages of which it is not known whether they were taken.
    pub ambiguous: usize,
    /// Of these, messages that the provider took.
    pub ambiguous_accepted: usize,
    /// The messages, or attempts, at fault, each with its fault; at most [`FAULTS_NAMED`].
    pub faults: Vec<String>,
}

impl Reconciled {
    /// Whether nothing is at fault. What is in doubt is no fault.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, what: &str, id: Uuid) {
        if (self.faults.len() as u64) < FAULTS_NAMED {
            self.faults.push(format!("{what} {id}"));
        }
    }
}

/// An attempt with what became of its message.
#[derive(FromQueryResult)]
struct Row {
    attempt: Uuid,
    message: Uuid,
    state: String,
    provider: String,
    started_at: At,
    charges: i64,
    losses: i64,
}

/// A message as far as its attempts were read.
#[derive(Default)]
struct Message {
    accepted: u32,
    charges: i64,
    losses: i64,
    in_doubt: bool,
    /// Whether the journal may say nothing of one of its attempts.
    elsewhere: bool,
}

const ATTEMPTS: &str = "SELECT a.id AS attempt, m.id AS message, m.state AS state, a.provider AS provider,
        a.started_at AS started_at,
        COALESCE(t.charges, 0) AS charges, COALESCE(t.losses, 0) AS losses
    FROM attempt a INNER JOIN message m ON m.id = a.message_id LEFT JOIN (
        SELECT message_id, SUM(CASE kind WHEN 'CHARGE' THEN 1 ELSE 0 END) AS charges,
            SUM(CASE kind WHEN 'LOSS' THEN 1 ELSE 0 END) AS losses
        FROM transfer WHERE message_id IS NOT NULL GROUP BY message_id
    ) t ON t.message_id = m.id";

/// Holds the journal against the rows of one instant.
///
/// # Errors
/// The database's.
pub async fn reconcile(
    db: &(impl ConnectionTrait + StreamTrait),
    mut journal: Journal,
) -> Result<Reconciled, Fault> {
    let mut found = Reconciled {
        accepted: journal.accepted.values().map(|times| *times as usize).sum(),
        forged: journal.forged.len(),
        ..Reconciled::default()
    };
    let mut messages: HashMap<Uuid, Message> = HashMap::new();
    let rows =
        db.stream_raw(Statement::from_string(ConnectionTrait::get_database_backend(db), ATTEMPTS)).await?;
    let mut rows = std::pin::pin!(rows);
    while let Some(row) = rows.try_next().await? {
        let Row { attempt, message, state, provider, started_at, charges, losses } =
            Row::from_query_result(&row, "")?;
        let known = messages.entry(message).or_default();
        known.accepted += journal.accepted.remove(&attempt).unwrap_or_default();
        known.elsewhere |= !journal.covers.covers(&provider, *started_at);
        known.charges = charges;
        known.losses = losses;
        known.in_doubt = ["SENDING", "UNKNOWN", "WRITTEN_OFF"].contains(&state.as_str());
    }
    for (id, message) in &messages {
        judge(&mut found, *id, message);
    }
    for attempt in journal.accepted.keys() {
        found.lost += 1;
        found.fault("the request of an attempt that is not recorded:", *attempt);
    }
    for attempt in &journal.forged {
        found.fault("a forged report was believed of attempt", *attempt);
    }
    Ok(found)
}

fn judge(found: &mut Reconciled, id: Uuid, message: &Message) {
    let accepted = message.accepted > 0;
    if message.accepted > 1 {
        found.duplicated += 1;
        found.fault("sent more than once: message", id);
    }
    if message.charges > 1 {
        found.double_charged += 1;
        found.fault("charged more than once: message", id);
    }
    if message.elsewhere && !accepted {
        return;
    }
    if message.charges + message.losses > 0 && !accepted {
        found.charged_not_accepted += 1;
        found.fault("charged, and never accepted: message", id);
    }
    if message.in_doubt {
        found.ambiguous += 1;
        found.ambiguous_accepted += usize::from(accepted);
    } else if accepted && message.charges == 0 && message.losses == 0 {
        found.accepted_not_charged += 1;
        found.fault("accepted, and not charged: message", id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(accepted: u32, charges: i64, losses: i64) -> Message {
        Message { accepted, charges, losses, ..Message::default() }
    }

    #[test]
    fn each_message_is_judged_by_what_was_taken_and_what_was_paid() {
        let in_doubt = |message| Message { in_doubt: true, ..message };
        let elsewhere = |message| Message { elsewhere: true, ..message };
        let none = Reconciled::default;
        let cases = [
            ("taken and charged", message(1, 1, 0), none()),
            ("taken and borne by the operator", message(1, 0, 1), none()),
            ("neither taken nor charged", message(0, 0, 0), none()),
            ("duplicated", message(2, 1, 0), Reconciled { duplicated: 1, ..none() }),
            ("charged twice", message(1, 2, 0), Reconciled { double_charged: 1, ..none() }),
            ("charged, never taken", message(0, 1, 0), Reconciled { charged_not_accepted: 1, ..none() }),
            ("borne, never taken", message(0, 0, 1), Reconciled { charged_not_accepted: 1, ..none() }),
            ("taken, not charged", message(1, 0, 0), Reconciled { accepted_not_charged: 1, ..none() }),
            ("in doubt, not taken", in_doubt(message(0, 0, 0)), Reconciled { ambiguous: 1, ..none() }),
            (
                "in doubt, taken",
                in_doubt(message(1, 0, 0)),
                Reconciled { ambiguous: 1, ambiguous_accepted: 1, ..none() },
            ),
            ("of another provider, charged", elsewhere(message(0, 1, 0)), none()),
            ("of another provider, in doubt", elsewhere(in_doubt(message(0, 0, 0))), none()),
            (
                "of another provider, and taken twice by this one",
                elsewhere(message(2, 1, 0)),
                Reconciled { duplicated: 1, ..none() },
            ),
        ];
        for (name, message, wanted) in cases {
            let mut found = none();
            judge(&mut found, Uuid::from_u128(7), &message);
            let faults = std::mem::take(&mut found.faults);
            let at_fault = wanted.duplicated
                + wanted.double_charged
                + wanted.charged_not_accepted
                + wanted.accepted_not_charged;
            assert_eq!((&found, faults.len()), (&wanted, at_fault), "{name}: {faults:?}");
            assert!(
                faults.iter().all(|fault| fault.ends_with(&Uuid::from_u128(7).to_string())),
                "{faults:?}"
            );
        }
    }

    #[test]
    fn a_line_that_is_none_is_named_by_its_number() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("journal.csv");
        let id = Uuid::from_u128(7);
        for (wrong, named) in [
            (format!("attempt,event\n{id},accepted\nx,accepted\n"), "line: 3"),
            (format!("attempt,event\n{id},taken\n"), "line: 2"),
            (format!("attempt,event\n{id}\n"), "line: 2"),
            (format!("attempt\n{id}\n"), "`event`"),
        ] {
            std::fs::write(&path, &wrong).expect("it can be written");
            let said = Journal::read(&path).expect_err(&wrong).to_string();
            assert!(said.contains(named), "{wrong}: {said}");
        }
        std::fs::write(
            &path,
            format!("attempt,event\n{id},accepted\n{id},accepted\n{id},told\n{id},forged\n"),
        )
        .expect("it can be written");
        let journal = Journal::read(&path).expect("it is one");
        assert_eq!((journal.accepted[&id], journal.forged), (2, vec![id]));
    }
}
