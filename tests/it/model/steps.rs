//! What one step of an instance, of the network, of time or of people makes of the world.
//!
//! A transaction is one step, since locks make it so; between two steps anything else may happen, so an instance that freezes and
//! wakes is one whose step comes late. Leases end, and the hours after which nothing is awaited any more pass, at any moment: no clock
//! that is wrong does worse. States, what may follow them, and what that does to credit are the program's own functions.

use api::domain::message_state::{CampaignState, MessageState as S, Money, Report, ReportEffect};

use super::bugs::Bug;
use super::world::{Answer, Hand, Heard, Lease, Message, ROOM, Step, World};

/// Where a message may still come to: only on proof that it was not sent does it go back.
fn rank(state: S) -> u8 {
    match state {
        S::Queued => 0,
        S::Sending => 1,
        S::Unknown => 2,
        S::WrittenOff => 3,
        S::HandedOver => 4,
        S::NoReport => 5,
        S::Delivered | S::Undelivered | S::Rejected | S::Suppressed => 6,
    }
}

impl<const N: usize> World<N> {
    /// Does it; none where it cannot happen.
    pub(super) fn step(mut self, step: Step, tries: usize, bug: Option<Bug>) -> Option<Self> {
        let has = |one: Bug| bug == Some(one);
        match step {
            Step::Claim(i, m) => self.claim(i, m, bug)?,
            Step::Begin(i, m, heard) => self.begin(i, m, heard, bug)?,
            Step::Unreachable(i, m) => {
                let Hand::Began(n) = self.hands[i][m] else { return None };
                self.hands[i][m] = Hand::Answered(n, Answer::NotSent);
            }
            Step::Leave(i, m) => {
                let Hand::Began(n) = self.hands[i][m] else { return None };
                let attempt = &mut self.messages[m].tried[n];
                attempt.requests = (attempt.requests + 1).min(2);
                attempt.unauthorised += u8::from(!attempt.recorded && attempt.unauthorised < 2);
                self.hands[i][m] = Hand::Waiting(n);
            }
            Step::Decide(m, n, accepted) => {
                let attempt = &mut self.messages[m].tried[n];
                if attempt.requests == 0 || attempt.accepted.is_some() {
                    return None;
                }
                attempt.accepted = Some(accepted);
            }
            Step::Receive(i, m, answer) => {
                let Hand::Waiting(n) = self.hands[i][m] else { return None };
                let true_answer = match (answer, self.messages[m].tried[n].accepted) {
                    (Answer::Accepted, accepted) => accepted == Some(true),
                    (Answer::Rejected | Answer::NotSent, accepted) => accepted == Some(false),
                    (Answer::Unclear, _) => true,
                };
                if !true_answer {
                    return None;
                }
                self.hands[i][m] = Hand::Answered(n, answer);
            }
            Step::Record(i, m, heard) => self.record(i, m, heard, tries, bug)?,
            Step::Report(m, n, report) => self.report(m, n, report, bug)?,
            Step::LeaseEnds(m) => {
                let lease = self.messages[m].lease.as_mut().filter(|lease| !lease.over)?;
                lease.over = true;
            }
            Step::Sweep(m) => self.sweep(m, bug)?,
            Step::Crash(i) => self.crash(i),
            Step::Shutdown(i) => self.shut_down(i)?,
            Step::OptOut(m) => self.messages[m].opted_out = true,
            Step::HourComes => self.campaign = self.campaign.dispatch().ok()?,
            Step::Pause => self.campaign = self.campaign.pause().ok()?,
            Step::Resume => self.campaign = self.campaign.resume().ok()?,
            Step::Cancel => self.campaign = self.campaign.cancel().ok()?,
            Step::Suppress(m) => {
                let state = self.messages[m].state;
                let forced = has(Bug::CancelTakesSending) && state == S::Sending;
                let to = if forced { S::Suppressed } else { state.suppress().ok()? };
                if self.campaign != CampaignState::Cancelling {
                    return None;
                }
                self.moves(m, to, bug);
            }
        }
        Some(self)
    }

    fn claim(&mut self, i: usize, m: usize, bug: Option<Bug>) -> Option<()> {
        let message = &mut self.messages[m];
        let free = message.lease.is_none_or(|lease| lease.over) || bug == Some(Bug::ClaimBeforeLeaseEnds);
        let under_way = self.campaign == CampaignState::Dispatching;
        if self.hands[i][m] != Hand::Empty || message.state != S::Queued || !under_way || !free {
            return None;
        }
        message.seen.lease_broken |= message.lease.is_some_and(|lease| !lease.over);
        message.lease = Some(Lease { owner: Some(i), over: false });
        let refused = bug == Some(Bug::OptOutReadAtClaim) && message.opted_out;
        self.hands[i][m] = Hand::Claimed { refused };
        Some(())
    }

    /// The transaction after which a request may leave.
    fn begin(&mut self, i: usize, m: usize, heard: Heard, bug: Option<Bug>) -> Option<()> {
        let Hand::Claimed { refused } = self.hands[i][m] else { return None };
        let message = self.messages[m];
        let has = |one: Bug| bug == Some(one);
        let mine = message.lease.is_some_and(|lease| lease.owner == Some(i));
        let under_way = self.campaign == CampaignState::Dispatching || has(Bug::PauseNotReadAtBegin);
        let blind = has(Bug::BeginDoesNotLookAgain);
        let n = message.attempts;
        let next = match message.state.start_sending() {
            Ok(to) if mine && under_way => to,
            _ if blind && n < ROOM => S::Sending,
            // Not this instance's any more.
            _ if heard == Heard::Yes => {
                self.hands[i][m] = Hand::Empty;
                return Some(());
            }
            _ => return None,
        };
        let opted_out = if has(Bug::OptOutReadAtClaim) { refused } else { message.opted_out };
        if opted_out && !blind {
            let to = message.state.suppress().expect("invariant: it is queued");
            self.moves(m, to, bug);
            self.hands[i][m] = if heard == Heard::Yes { Hand::Empty } else { self.hands[i][m] };
            return Some(());
        }
        if n == ROOM {
            return None;
        }
        self.messages[m].tried[n].after_opt_out = message.opted_out;
        self.messages[m].tried[n].out_of_turn = self.campaign != CampaignState::Dispatching;
        if has(Bug::AttemptRecordedAfterRequest) {
            self.hands[i][m] = Hand::Began(n);
            return Some(());
        }
        self.start(m, next, i, bug);
        if heard == Heard::Yes {
            self.hands[i][m] = Hand::Began(n);
        }
        Some(())
    }

    fn start(&mut self, m: usize, to: S, i: usize, bug: Option<Bug>) {
        self.moves(m, to, bug);
        let message = &mut self.messages[m];
        message.lease = Some(Lease { owner: Some(i), over: false });
        message.tried[message.attempts].recorded = true;
        message.attempts += 1;
    }

    fn record(&mut self, i: usize, m: usize, heard: Heard, tries: usize, bug: Option<Bug>) -> Option<()> {
        let Hand::Answered(n, answer) = self.hands[i][m] else { return None };
        if bug == Some(Bug::AttemptRecordedAfterRequest) && self.messages[m].state == S::Queued {
            self.start(m, S::Sending, i, bug);
        }
        let message = self.messages[m];
        if message.attempts == n + 1 {
            let last = message.attempts >= tries;
            let again = bug == Some(Bug::UnclearAnswerQueuedAgain) && answer == Answer::Unclear;
            let answer = if again { Answer::NotSent } else { answer };
            if let Some(to) = message.state.answered(&answer.outcome(), last) {
                self.moves(m, to, bug);
            }
        }
        if heard == Heard::Yes {
            self.hands[i][m] = Hand::Empty;
        }
        Some(())
    }

    fn report(&mut self, m: usize, n: usize, report: Report, bug: Option<Bug>) -> Option<()> {
        let message = self.messages[m];
        if message.tried[n].accepted != Some(true) {
            return None;
        }
        match message.state.report(report) {
            ReportEffect::Moved { to, .. } => self.moves(m, to, bug),
            ReportEffect::Ignored if bug == Some(Bug::ReportMovesBack) && report == Report::HandedOver => {
                self.moves(m, S::HandedOver, bug);
            }
            ReportEffect::Ignored => return None,
        }
        Some(())
    }

    /// What time alone makes of a message.
    fn sweep(&mut self, m: usize, bug: Option<Bug>) -> Option<()> {
        let message = self.messages[m];
        let has = |one: Bug| bug == Some(one);
        let over = message.lease.is_some_and(|lease| lease.over);
        let to = match message.state {
            S::Sending if over && has(Bug::ExpiredSendingQueuedAgain) => S::Queued,
            S::Sending if over || has(Bug::SweepBeforeLeaseEnds) => message.state.lose_track().ok()?,
            S::Unknown if has(Bug::UnknownSentAgain) => S::Queued,
            S::Unknown => message.state.write_off().ok()?,
            S::WrittenOff if has(Bug::WrittenOffSentAgain) => S::Queued,
            S::HandedOver => message.state.give_up_report().ok()?,
            _ => return None,
        };
        self.messages[m].seen.lease_broken |= message.state == S::Sending && !over;
        self.moves(m, to, bug);
        Some(())
    }

    fn crash(&mut self, i: usize) {
        self.hands[i] = [Hand::Empty; N];
        for lease in self.messages.iter_mut().filter_map(|message| message.lease.as_mut()) {
            lease.owner = lease.owner.filter(|owner| *owner != i);
        }
    }

    /// Stops as asked: nothing is under way, and what was not begun is given back.
    fn shut_down(&mut self, i: usize) -> Option<()> {
        if self.hands[i].iter().any(|hand| !matches!(hand, Hand::Empty | Hand::Claimed { .. })) {
            return None;
        }
        for message in self.messages.iter_mut().filter(|message| message.state == S::Queued) {
            message.lease = message.lease.filter(|lease| lease.owner != Some(i));
        }
        self.crash(i);
        Some(())
    }

    /// Changes the state of a message, with what goes with it in the same transaction.
    fn moves(&mut self, m: usize, to: S, bug: Option<Bug>) {
        let message = &mut self.messages[m];
        let from = message.state;
        if from == to {
            return;
        }
        let last = message.attempts.checked_sub(1).map(|n| message.tried[n]);
        let proven = last.is_some_and(|last| last.requests == 0 || last.accepted == Some(false));
        let again = (from, to) == (S::Sending, S::Queued);
        message.seen.queued_in_doubt |= to == S::Queued && !(again && proven);
        message.seen.moved_back |= rank(to) < rank(from) && !again;
        let more = |count: &mut u8| *count = (*count + 1).min(2);
        match from.money(to) {
            Money::Charged => more(&mut message.charges),
            Money::Released => more(&mut message.releases),
            Money::Lost if bug == Some(Bug::LateReportCharged) => more(&mut message.charges),
            Money::Lost => more(&mut message.losses),
            Money::Stays if bug == Some(Bug::ReportChargesAgain) && to == S::Delivered => {
                more(&mut message.charges);
            }
            Money::Stays if bug == Some(Bug::ReleasedWithoutReport) && to == S::NoReport => {
                more(&mut message.releases);
            }
            Money::Stays => {}
        }
        message.state = to;
        message.lease = None;
        let settled = from.holds_campaign() && !to.holds_campaign();
        let early = bug == Some(Bug::CompletedInDoubt);
        let holds = |one: &Message| one.state.holds_campaign() && !(early && one.state == S::Unknown);
        if (settled || early) && !self.messages.iter().any(holds) {
            self.campaign = self.campaign.settle().unwrap_or(self.campaign);
        }
    }
}
