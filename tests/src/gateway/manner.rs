//! How the gateway behaves, request by request.

use crate::TestEntropy;

/// What it does with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Takes it, says so, and reports the delivery.
    Fair,
    /// Takes it, says so, and never reports.
    Silent,
    /// Takes it and never answers.
    Hangs,
    /// Asks to come back later; now and then it says when.
    Throttles,
    /// Its queue is full.
    Full,
    /// Answers that something broke, whether it took it or not.
    Breaks,
    /// Takes it, and its answer ends in the middle.
    Tears,
    /// Takes it, and answers late.
    Slow,
    /// A page of something that stands before it, whether it took it or not.
    Page,
    /// Takes it, and reports the delivery twice, both at once.
    ReportsTwice,
    /// Takes it, and reports the delivery before the acceptance.
    ReportsBackwards,
    /// Takes it, and someone else reports on it, without the signature or with that of another.
    Forges,
    /// Reports the delivery before it answers.
    ReportsEarly,
}

impl Part {
    /// What an ill-natured one does, each 5 % of the time; it is fair otherwise.
    pub const ILL_NATURED: [Self; 11] = [
        Self::Hangs,
        Self::Throttles,
        Self::Full,
        Self::Breaks,
        Self::Tears,
        Self::Slow,
        Self::Page,
        Self::ReportsTwice,
        Self::ReportsBackwards,
        Self::Forges,
        Self::ReportsEarly,
    ];
}

/// The character of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Fair, and silent one time in eight.
    Kind,
    /// Ill-natured.
    Hostile,
}

impl Manner {
    /// Its name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Hostile => "hostile",
        }
    }

    /// What it does with the next request.
    #[must_use]
    pub fn next(self, chance: &TestEntropy) -> Part {
        match self {
            Self::Kind if chance.below(8) == 0 => Part::Silent,
            Self::Kind => Part::Fair,
            Self::Hostile => Part::ILL_NATURED.get(chance.below(20)).copied().unwrap_or(Part::Fair),
        }
    }
}
