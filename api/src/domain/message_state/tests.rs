//! Every state against every change and every report.

use super::*;
use crate::domain::outcome::UnknownReason;

type Change = fn(MessageState) -> Result<MessageState, InvalidTransition>;

#[test]
fn every_change_of_every_state() {
    let changes: [(Change, &[MessageState], MessageState); 8] = [
        (S::start_sending, &[S::Queued], S::Sending),
        (S::suppress, &[S::Queued], S::Suppressed),
        (S::requeue, &[S::Sending], S::Queued),
        (S::hand_over, &[S::Sending, S::Unknown], S::HandedOver),
        (S::reject, &[S::Sending, S::Unknown], S::Rejected),
        (S::lose_track, &[S::Sending], S::Unknown),
        (S::write_off, &[S::Unknown], S::WrittenOff),
        (S::give_up_report, &[S::HandedOver], S::NoReport),
    ];
    for (change, from, to) in changes {
        for state in S::ALL {
            let result = change(state);
            if from.contains(&state) {
                assert_eq!(result, Ok(to));
            } else {
                assert_eq!(result.expect_err("not in the table").from, state.as_str());
            }
        }
    }
}

#[test]
fn every_report_on_every_state() {
    use MoneyEffect::{Charge, ChargeLoss, None as Free};
    let ignored = ReportEffect::Ignored;
    let moved = |to, money| ReportEffect::Moved { to, money };
    let all = |money| [moved(S::HandedOver, money), moved(S::Delivered, money), moved(S::Undelivered, money)];
    let later = [ignored, moved(S::Delivered, Free), moved(S::Undelivered, Free)];
    for state in S::ALL {
        let expected = match state {
            S::Queued | S::Delivered | S::Undelivered | S::Rejected | S::Suppressed => [ignored; 3],
            S::Sending | S::Unknown => all(Charge),
            S::HandedOver | S::NoReport => later,
            S::WrittenOff => all(ChargeLoss),
        };
        let reports = [Report::HandedOver, Report::Delivered, Report::Undelivered];
        assert_eq!(reports.map(|report| state.report(report)), expected, "{state}");
    }
}

#[test]
fn money_moves_at_most_once_whatever_the_reports() {
    let reports = [Report::HandedOver, Report::Delivered, Report::Undelivered];
    for start in S::ALL {
        for sequence in 0..81 {
            let mut state = start;
            let mut movements = 0;
            for place in 0..4 {
                let report = reports[sequence / 3_usize.pow(place) % 3];
                if let ReportEffect::Moved { to, money } = state.report(report) {
                    assert_ne!(to, state);
                    movements += usize::from(money != MoneyEffect::None);
                    state = to;
                }
            }
            assert!(movements <= 1, "{start}, sequence {sequence}");
        }
    }
}

#[test]
fn states_are_spelt_and_read_alike() {
    for state in S::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
    }
    for state in CampaignState::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
    }
    assert_eq!("queued".parse::<MessageState>(), Err(UnknownState));
    assert_eq!("LOST".parse::<CampaignState>(), Err(UnknownState));
}

#[test]
fn a_campaign_is_settled_once_and_open_messages_hold_it() {
    use CampaignState as C;
    assert_eq!(C::Scheduled.settle(), Ok(C::Completed), "refused at its hour");
    assert_eq!(C::Dispatching.settle(), Ok(C::Completed));
    assert_eq!(C::Paused.settle(), Ok(C::Completed), "its last message was settled meanwhile");
    assert_eq!(C::Cancelling.settle(), Ok(C::Cancelled));
    for settled in [C::Completed, C::Cancelled] {
        let refused = settled.settle().expect_err("it was settled already");
        assert_eq!(refused.to_string(), format!("settling is not possible from {settled}"));
    }
    let open: Vec<_> = S::ALL.into_iter().filter(|state| state.holds_campaign()).collect();
    assert_eq!(open, [S::Queued, S::Sending, S::Unknown]);
}

#[test]
fn a_campaign_leaves_once() {
    use CampaignState as C;
    assert_eq!(
        C::ALL.map(|state| state.dispatch().ok()),
        [Some(C::Dispatching), None, None, None, None, None]
    );
    let refused = C::Cancelling.dispatch().expect_err("it was called off");
    assert_eq!(refused.to_string(), "dispatching is not possible from CANCELLING");
}

#[test]
fn a_campaign_is_paused_and_goes_on_while_it_is_on_its_way() {
    use CampaignState as C;
    let (paused, goes_on) = (C::ALL.map(|state| state.pause().ok()), C::ALL.map(|state| state.resume().ok()));
    assert_eq!(paused, [None, Some(C::Paused), Some(C::Paused), None, None, None]);
    assert_eq!(goes_on, [None, Some(C::Dispatching), Some(C::Dispatching), None, None, None]);
}

#[test]
fn a_campaign_can_be_cancelled_until_it_is_completed_and_only_once() {
    use CampaignState as C;
    let cancelled = C::ALL.map(|state| state.cancel().ok());
    let cancelling = Some(C::Cancelling);
    assert_eq!(cancelled, [cancelling, cancelling, cancelling, None, cancelling, Some(C::Cancelled)]);
    let refused = C::Completed.cancel().expect_err("nothing is left to call off");
    assert_eq!(refused.to_string(), "cancelling is not possible from COMPLETED");
}

#[test]
fn the_money_of_a_report_is_that_of_its_change() {
    for from in S::ALL {
        for report in [Report::HandedOver, Report::Delivered, Report::Undelivered] {
            if let ReportEffect::Moved { to, money } = from.report(report) {
                let expected = match money {
                    MoneyEffect::None => Money::Stays,
                    MoneyEffect::Charge => Money::Charged,
                    MoneyEffect::ChargeLoss => Money::Lost,
                };
                assert_eq!(from.money(to), expected, "{from} to {to}");
            }
        }
    }
}

#[test]
fn what_leaves_the_holding_states_is_settled_and_nothing_else_is_released() {
    for from in S::ALL {
        for to in S::ALL {
            let settled = matches!(from.money(to), Money::Charged | Money::Released);
            let leaves = from.holds_campaign() && !to.holds_campaign() && to != S::NoReport;
            assert_eq!(settled, leaves, "{from} to {to}");
        }
    }
}

#[test]
fn every_answer_in_every_state() {
    let not_sent = Outcome::NotSent { retry_after: None };
    for state in S::ALL {
        let sending = |to| (state == S::Sending).then_some(to);
        let open = |to| matches!(state, S::Sending | S::Unknown).then_some(to);
        let accepted = matches!(state, S::Sending | S::Unknown | S::WrittenOff).then_some(S::HandedOver);
        let answered = |outcome: &Outcome| state.answered(outcome, false);
        assert_eq!(answered(&Outcome::HandedOver { reference: String::new() }), accepted, "{state}");
        assert_eq!(answered(&Outcome::Rejected { code: String::new() }), open(S::Rejected), "{state}");
        let unknown = Outcome::Unknown { reason: UnknownReason::Timeout };
        assert_eq!(answered(&unknown), sending(S::Unknown), "{state}");
        for proof in [&not_sent, &Outcome::Misconfigured] {
            assert_eq!(answered(proof), sending(S::Queued), "{state}");
            assert_eq!(state.answered(proof, true), sending(S::Suppressed), "{state}");
        }
    }
}
