//! What the gateway did, written before anybody is told of it: a line an event, which outlives every process.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use uuid::Uuid;

/// What happened to the request of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The message was taken: it will reach its handset.
    Accepted,
    /// It was not.
    Refused,
    /// The service was told which of the two, in an answer that leaves no doubt or in a report that it acknowledged.
    Told,
    /// A report that nobody signed was acknowledged.
    Forged,
}

impl Event {
    const ALL: [Self; 4] = [Self::Accepted, Self::Refused, Self::Told, Self::Forged];

    /// As the journal has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Told => "told",
            Self::Forged => "forged",
        }
    }
}

/// The journal of a gateway that runs.
#[derive(Debug)]
pub struct Journal(Mutex<File>);

impl Journal {
    /// Opens the journal, to go on at its end.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if file.metadata()?.len() == 0 {
            file.write_all(b"attempt,event\n")?;
        }
        Ok(Self(Mutex::new(file)))
    }

    /// Writes an event, whole, before it answers.
    ///
    /// # Panics
    /// When the file cannot be written: a gateway that forgets is of no use to a test.
    pub fn write(&self, attempt: Uuid, event: Event) {
        let mut file = self.0.lock().expect("invariant: nothing panics while it holds the journal");
        let line = format!("{attempt},{}\n", event.as_str());
        file.write_all(line.as_bytes()).expect("the journal can be written");
    }
}

/// What a journal says, counted by attempt and event.
#[derive(Debug, Default)]
pub struct Told(HashMap<(Uuid, Event), usize>);

impl Told {
    /// Reads a journal whole.
    ///
    /// # Panics
    /// When it cannot be read, or is no journal.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("the journal can be read");
        let mut counts = HashMap::new();
        for line in text.lines().skip(1) {
            let (attempt, event) = line.split_once(',').expect("a journal's line has two columns");
            let event = Event::ALL.into_iter().find(|known| known.as_str() == event).expect("a known event");
            let attempt = attempt.parse().expect("an attempt is a UUID");
            *counts.entry((attempt, event)).or_default() += 1;
        }
        Self(counts)
    }

    /// How often this happened to the attempt.
    #[must_use]
    pub fn times(&self, attempt: Uuid, event: Event) -> usize {
        self.0.get(&(attempt, event)).copied().unwrap_or_default()
    }

    /// How many attempts this happened to.
    #[must_use]
    pub fn attempts(&self, event: Event) -> usize {
        self.0.keys().filter(|(_, known)| *known == event).count()
    }
}
