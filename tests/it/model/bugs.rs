//! Bugs planted in the model: the checker must find each, or it proves nothing.

use super::laws::{
    ACCEPTED_ONCE, AFTER_PROOF, AUTHORISED, CHARGED, FORWARDS, LEASE, NOT_IN_DOUBT, OPT_OUT, RELEASED,
    SETTLED, UNDER_WAY,
};

/// One bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    ExpiredSendingQueuedAgain,
    UnclearAnswerQueuedAgain,
    UnknownSentAgain,
    WrittenOffSentAgain,
    AttemptRecordedAfterRequest,
    BeginDoesNotLookAgain,
    OptOutReadAtClaim,
    PauseNotReadAtBegin,
    ClaimBeforeLeaseEnds,
    SweepBeforeLeaseEnds,
    CancelTakesSending,
    CompletedInDoubt,
    ReportMovesBack,
    ReportChargesAgain,
    ReleasedWithoutReport,
    LateReportCharged,
}

/// Each bug, and the laws that it breaks.
pub(super) const BUGS: &[(Bug, &[&str])] = &[
    (Bug::ExpiredSendingQueuedAgain, &[NOT_IN_DOUBT, ACCEPTED_ONCE]),
    (Bug::UnclearAnswerQueuedAgain, &[NOT_IN_DOUBT, ACCEPTED_ONCE]),
    (Bug::UnknownSentAgain, &[NOT_IN_DOUBT, ACCEPTED_ONCE]),
    (Bug::WrittenOffSentAgain, &[NOT_IN_DOUBT]),
    (Bug::AttemptRecordedAfterRequest, &[AUTHORISED, ACCEPTED_ONCE]),
    (Bug::BeginDoesNotLookAgain, &[AFTER_PROOF, ACCEPTED_ONCE]),
    (Bug::OptOutReadAtClaim, &[OPT_OUT]),
    (Bug::PauseNotReadAtBegin, &[UNDER_WAY]),
    (Bug::ClaimBeforeLeaseEnds, &[LEASE]),
    (Bug::SweepBeforeLeaseEnds, &[LEASE]),
    (Bug::CancelTakesSending, &[RELEASED]),
    (Bug::CompletedInDoubt, &[SETTLED]),
    (Bug::ReportMovesBack, &[FORWARDS]),
    (Bug::ReportChargesAgain, &[CHARGED]),
    (Bug::ReleasedWithoutReport, &[RELEASED]),
    (Bug::LateReportCharged, &[CHARGED]),
];
