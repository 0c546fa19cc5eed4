//! The provider `sandbox`: plays a telephone network inside this process, so that all can be tried before a contract is
//! signed. Nothing leaves the machine.
//!
//! The last two digits of a number decide: 99 is refused for good, 98 is accepted then reported undelivered, 97 leaves the
//! outcome unknown, any other is accepted then reported delivered. They also decide when: reports come in one after another,
//! as from telephones that are on and off, so that progress can be watched.
//!
//! Architecture Invariant: the same number always ends the same way, so [`Provider::lookup`] tells after a crash what the
//! lost report would have told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{Outbound, Provider, Reference, Report};
use crate::domain::message_state::Report as Status;
use crate::domain::outcome::{Outcome, UnknownReason};
use crate::domain::phone::Phone;

/// The name of this provider, as settings store it.
pub const NAME: &str = "sandbox";
/// Within what time it reports, unless set otherwise: no one waits for it.
pub const REPORT_WITHIN: Duration = Duration::from_secs(1);
/// The same in the demonstration: long enough to go and watch the reports come in.
pub const DEMO_REPORT_WITHIN: Duration = Duration::from_secs(20);

/// The code of its refusals.
pub const REFUSED: &str = "SANDBOX_REFUSED";
/// The code of its reports of messages that did not arrive.
pub const ABSENT: &str = "SANDBOX_ABSENT";

/// How a message to a number ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Delivered,
    Undelivered,
    Rejected,
    Unknown,
}

fn ending(to: &Phone) -> Ending {
    match to.as_e164() {
        number if number.ends_with("99") => Ending::Rejected,
        number if number.ends_with("98") => Ending::Undelivered,
        number if number.ends_with("97") => Ending::Unknown,
        _ => Ending::Delivered,
    }
}

/// How long after it accepted a message to this number it reports.
fn delay(to: &Phone, within: Duration) -> Duration {
    let number = to.as_e164();
    let last_two = number.len().checked_sub(2).and_then(|start| number.get(start..)?.parse::<u32>().ok());
    within * last_two.unwrap_or(0) / 100
}

/// The playing network.
#[derive(Debug)]
pub struct Sandbox {
    within: Duration,
    sink: mpsc::Sender<Report>,
    due: Arc<AtomicUsize>,
}

impl Sandbox {
    /// A network that reports to `sink`, each message within that time after it was accepted.
    #[must_use]
    pub fn new(within: Duration, sink: mpsc::Sender<Report>) -> Self {
        Self { within, sink, due: Arc::default() }
    }

    /// Passes a report on after a while: a task for each, of which there are as many as were accepted within that time.
    fn report(&self, after: Duration, report: Report) {
        let (sink, due) = (self.sink.clone(), Arc::clone(&self.due));
        due.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            // Where nobody listens any more, a lookup will tell.
            let _ = sink.send(report).await;
            due.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

fn told(attempt: uuid::Uuid, ending: Ending) -> Option<Report> {
    match ending {
        Ending::Delivered => Some(Report { attempt, status: Status::Delivered, code: None }),
        Ending::Undelivered => {
            Some(Report { attempt, status: Status::Undelivered, code: Some(ABSENT.to_owned()) })
        }
        Ending::Rejected | Ending::Unknown => None,
    }
}

#[async_trait]
impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn submit(&self, message: &Outbound) -> Outcome {
        let ending = ending(&message.to);
        match ending {
            Ending::Rejected => {
                return Outcome::Rejected { code: REFUSED.to_owned() };
            }
            Ending::Unknown => {
                return Outcome::Unknown { reason: UnknownReason::ConnectionLost };
            }
            Ending::Delivered | Ending::Undelivered => {}
        }
        if let Some(report) = told(message.attempt, ending) {
            self.report(delay(&message.to, self.within), report);
        }
        Outcome::HandedOver { reference: format!("{NAME}-{}", message.attempt) }
    }

    fn looks_up(&self) -> bool {
        true
    }

    /// Tells only of what it is recorded to have accepted: of anything else it remembers nothing.
    async fn lookup(&self, message: &Reference) -> Option<Report> {
        message.provider_ref.as_ref()?;
        told(message.attempt, ending(&message.to))
    }

    fn reports_due(&self) -> usize {
        self.due.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::segments::Encoding;

    fn phone(last: &str) -> Phone {
        Phone::from_e164(format!("+336000000{last}")).expect("E.164")
    }

    fn outbound(last: &str) -> Outbound {
        let attempt = Uuid::from_u128(7);
        Outbound {
            attempt,
            to: phone(last),
            sender: "4VENTS".into(),
            text: "secret".into(),
            encoding: Encoding::Gsm7,
            report_url: "https://sms.example/secret".into(),
        }
    }

    #[tokio::test]
    async fn the_last_digits_decide() {
        let (sink, mut reports) = mpsc::channel(8);
        let sandbox = Sandbox::new(Duration::ZERO, sink);
        assert!(matches!(sandbox.submit(&outbound("99")).await, Outcome::Rejected { .. }));
        assert!(matches!(sandbox.submit(&outbound("97")).await, Outcome::Unknown { .. }));
        assert_eq!(sandbox.reports_due(), 0);
        for (last, status) in [("98", Status::Undelivered), ("12", Status::Delivered)] {
            let Outcome::HandedOver { reference } = sandbox.submit(&outbound(last)).await else {
                panic!("{last} is accepted");
            };
            let report = reports.recv().await.expect("the sandbox is alive");
            assert_eq!(report.status, status);
            let asked = Reference { attempt: report.attempt, to: phone(last), provider_ref: Some(reference) };
            assert_eq!(sandbox.lookup(&asked).await, Some(report), "a lookup tells what the report told");
            assert_eq!(sandbox.lookup(&Reference { provider_ref: None, ..asked }).await, None);
        }
    }

    #[test]
    fn the_last_digits_decide_when_too() {
        let within = Duration::from_secs(20);
        assert_eq!(delay(&phone("00"), within), Duration::ZERO);
        assert_eq!(delay(&phone("50"), within), Duration::from_secs(10));
        assert!(delay(&phone("98"), within) < within);
    }

    #[test]
    fn neither_number_nor_text_is_shown() {
        let shown = format!("{:?}", outbound("12"));
        assert!(!shown.contains("secret") && !shown.contains("336"), "{shown}");
    }
}
