//! How much of each thing is tried: little in `make test`, the figures of `docs/reliability.md` in `make torture`.
//!
//! A torture goes on from what is done already: each round is a line of `results.csv` in the folder that `ENVOI_TORTURE` names, and no
//! round begins once the minutes of `ENVOI_TORTURE_MINUTES` are over.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use envoi_tests::{Backend, seed};
use tokio::time::Instant;

/// What a round came to: what was tried, and counts with their names.
pub(super) struct Round {
    /// How many of the unit that the figure counts.
    pub(super) done: u64,
    /// What was counted.
    pub(super) counts: Vec<(&'static str, u64)>,
}

/// A figure to reach.
pub(super) struct Figure {
    /// Its name, and the database it is of.
    pub(super) name: &'static str,
    pub(super) backend: Backend,
    /// Of how many units `make torture` is.
    pub(super) full: u64,
}

impl Figure {
    /// Plays one round, or in a torture as many as are missing; each is given its seed, and how much it may do at most.
    pub(super) async fn reach(&self, small: u64, large: u64, mut round: impl AsyncFnMut(u64, u64) -> Round) {
        let Some(torture) = Torture::asked() else {
            let seed = seed();
            round(seed, small).await;
            return;
        };
        let began = Instant::now();
        loop {
            let missing = self.full.saturating_sub(torture.done(self));
            if missing == 0 || began.elapsed() >= torture.patience {
                break;
            }
            let seed = seed();
            let played = round(seed, large.min(missing)).await;
            torture.keep(self, seed, &played);
        }
    }

    fn key(&self) -> String {
        format!("{},{:?}", self.name, self.backend)
    }
}

struct Torture {
    results: PathBuf,
    patience: Duration,
}

impl Torture {
    fn asked() -> Option<Self> {
        let folder = PathBuf::from(std::env::var_os("ENVOI_TORTURE")?);
        std::fs::create_dir_all(&folder).expect("the folder of ENVOI_TORTURE can be made");
        let minutes = std::env::var("ENVOI_TORTURE_MINUTES").unwrap_or_else(|_| "60".to_owned());
        let minutes: u64 = minutes.parse().expect("ENVOI_TORTURE_MINUTES is a whole number");
        Some(Self { results: folder.join("results.csv"), patience: Duration::from_secs(minutes * 60) })
    }

    /// How many units of the figure are done.
    fn done(&self, figure: &Figure) -> u64 {
        let kept = std::fs::read_to_string(&self.results).unwrap_or_default();
        let key = figure.key();
        let rounds =
            kept.lines().filter_map(|line| line.strip_prefix(&key)?.strip_prefix(',')?.split(',').nth(1));
        rounds.map(|done| done.parse::<u64>().expect("results.csv holds numbers")).sum()
    }

    fn keep(&self, figure: &Figure, seed: u64, round: &Round) {
        let mut line = format!("{},{seed},{}", figure.key(), round.done);
        for (name, count) in &round.counts {
            write!(line, ",{name}={count}").expect("a string takes all");
        }
        line.push('\n');
        let mut file =
            OpenOptions::new().create(true).append(true).open(&self.results).expect("results can be kept");
        file.write_all(line.as_bytes()).expect("results can be kept");
    }
}
