//! Faults that tests ask for: places at which the process dies, and bugs planted on purpose, to see that the tests catch them.
//!
//! Architecture Invariant: nothing of this is in a program that users run. Without the feature `faults` every question here is answered
//! `false` by the compiler; with it, a build without debug assertions, as each release is, does not compile.

use std::fmt;

#[cfg(all(feature = "faults", not(debug_assertions)))]
compile_error!("the feature `faults` plants bugs: no release has it");

/// A list of named faults: the type, its members in order, and the name of each.
macro_rules! named {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $member:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $($(#[$doc])* $member,)* }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$member,)*];

            /// Its name, as tests and the documentation write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$member => $name,)* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// A place at which the process dies when `FAULT_POINT` says `name:n`, as it passes there for the n-th time.
    Point {
        /// A send has written everything, and nothing is committed.
        SendWritten = "send-written",
        /// A send is committed, and its client was not answered.
        SendCommitted = "send-committed",
        /// Messages are leased.
        Claimed = "claimed",
        /// Attempts are written, and not committed.
        BeginWritten = "begin-written",
        /// Attempts are committed, and no request has left.
        BeginCommitted = "begin-committed",
        /// A provider has answered, and nothing of it is written.
        Answered = "answered",
        /// Outcomes and charges are written, and not committed.
        RecordWritten = "record-written",
        /// Outcomes and charges are committed.
        RecordCommitted = "record-committed",
        /// What reports changed is written, and not committed.
        ReportsWritten = "reports-written",
        /// What reports changed is committed, and the provider was not answered.
        ReportsCommitted = "reports-committed",
        /// A batch of what time changes is written, and not committed.
        SweepWritten = "sweep-written",
        /// A campaign is being cancelled, its first batch is written, and nothing is committed.
        CancelWritten = "cancel-written",
        /// A campaign is being cancelled, and its first batch is committed.
        CancelCommitted = "cancel-committed",
    }
}

named! {
    /// A bug that is there when `FAULT_BUG` names it.
    Bug {
        /// What is in doubt is sent again, as services do that retry everything.
        UnknownRequeued = "unknown-requeued",
        /// What was being sent by one who is gone is sent again.
        ExpiredSendingRequeued = "expired-sending-requeued",
        /// The attempt is written when the answer is there.
        AttemptAfterRequest = "attempt-after-request",
        /// Opt-outs are read when a message is planned, not when it begins to be sent.
        OptOutReadBefore = "opt-out-read-before",
        /// A report of acceptance undoes one of delivery.
        ReportMovesBack = "report-moves-back",
        /// What was refused is charged.
        ChargeWithoutHandOver = "charge-without-hand-over",
        /// A report of delivery charges what was charged.
        ChargeTwice = "charge-twice",
        /// What could not be delivered is given back.
        ReleaseAfterCharge = "release-after-charge",
        /// Credit is set aside in a transaction of its own, after the send's.
        ReservationOutside = "reservation-outside",
        /// The key is remembered in a transaction of its own, before the send's.
        KeyBeforeCommit = "key-before-commit",
        /// A key answers whatever is asked with it.
        KeyIgnoresBody = "key-ignores-body",
        /// Credit is taken whether it is there or not.
        UnconditionalDebit = "unconditional-debit",
        /// Cancelling gives back what is being sent.
        CancelReleasesSending = "cancel-releases-sending",
        /// A campaign is found by its id alone.
        StructureMissing = "structure-missing",
        /// What another instance leased is taken over at once.
        LeaseTakenOver = "lease-taken-over",
        /// How long a provider asks to wait makes no difference.
        RetryAfterIgnored = "retry-after-ignored",
        /// What is in doubt is sent through another provider.
        UnknownThroughAnother = "unknown-through-another",
        /// A preview serves more than once.
        TokenNotConsumed = "token-not-consumed",
        /// SQLite does not wait for the disk.
        SynchronousNormal = "synchronous-normal",
        /// Whoever came since the preview is written to.
        RecipientAdded = "recipient-added",
        /// What a provider calls its report is believed, whoever signed it.
        ForgedReportBelieved = "forged-report-believed",
        /// A report that comes before the answer is dropped.
        EarlyReportDropped = "early-report-dropped",
        /// A connection serves on whose transaction SQLite undid by itself.
        BrokenTransactionKept = "broken-transaction-kept",
        /// What was written off is charged by a late report, too.
        LossCharged = "loss-charged",
    }
}

#[cfg(not(feature = "faults"))]
mod asked {
    use super::{Bug, Point};

    /// Dies here, if a test asks for it.
    #[inline]
    pub const fn at(_: Point) {}

    /// Whether a test planted this bug.
    #[inline]
    #[must_use]
    pub const fn planted(_: Bug) -> bool {
        false
    }
}

#[cfg(feature = "faults")]
mod asked {
    use std::env;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::{Bug, Point};

    struct Asked {
        bugs: Vec<String>,
        point: Option<(String, AtomicI64)>,
    }

    /// Read once: a fault is one of the whole process.
    static ASKED: LazyLock<Asked> = LazyLock::new(|| {
        let bugs = env::var("FAULT_BUG").unwrap_or_default();
        let bugs: Vec<String> = bugs.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        for name in &bugs {
            assert!(Bug::ALL.iter().any(|bug| bug.name() == name), "FAULT_BUG: no bug is called {name}");
        }
        let point = env::var("FAULT_POINT").ok().map(|asked| {
            let (name, times) = asked.split_once(':').unwrap_or((&asked, "1"));
            assert!(
                Point::ALL.iter().any(|point| point.name() == name),
                "FAULT_POINT: no place is called {name}"
            );
            let times = times.parse().expect("FAULT_POINT: a whole number follows the colon");
            (name.to_owned(), AtomicI64::new(times))
        });
        Asked { bugs, point }
    });

    /// Dies here, if a test asks for it: at once, as when killed.
    pub fn at(point: Point) {
        if let Some((name, left)) = &ASKED.point
            && name == point.name()
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            std::process::abort();
        }
    }

    /// Whether a test planted this bug.
    #[must_use]
    pub fn planted(bug: Bug) -> bool {
        ASKED.bugs.iter().any(|name| name == bug.name())
    }
}

pub use asked::{at, planted};
