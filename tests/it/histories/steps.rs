//! What happens to a book, as chance says; and what should come of it.

use std::collections::BTreeSet;

use api::domain::message_state::Report as Status;
use api::providers::Report;
use api::services::callbacks;
use axum::body::Body;
use axum::http::{Request as HttpRequest, StatusCode};
use chrono::TimeDelta;
use entity::enums::MessageState as S;
use envoi_tests::{TestApp, code_of};
use serde_json::json;
use uuid::Uuid;

use super::book::{Book, count};
use super::model::{LEASE, Message};
use super::provider::Request;

const STATUSES: [Status; 3] = [Status::HandedOver, Status::Delivered, Status::Undelivered];

impl Book {
    pub(super) fn below(&self, bound: usize) -> usize {
        self.app.chance().below(bound)
    }

    /// Sends to all who may be written to, where credit suffices.
    pub(super) async fn send(&mut self) {
        let text = format!("Histoire {}", self.campaigns.len() + 1);
        let numbers: BTreeSet<String> =
            self.people.keys().filter(|number| !self.refused.contains(*number)).cloned().collect();
        let preview = self.marie.preview_of(self.audience.clone(), &text).await;
        assert_eq!(preview["messageCount"], numbers.len(), "{preview}");
        let mut sent = self.marie.send(&preview, self.app.key()).await;
        if self.available() < count(numbers.len()) {
            assert_eq!(code_of(&sent), "REFUSED", "{sent}");
            self.give(count(numbers.len())).await;
            let preview = self.marie.preview_of(self.audience.clone(), &text).await;
            sent = self.marie.send(&preview, self.app.key()).await;
        }
        assert_eq!(sent["errors"], json!([]), "{sent}");
        self.begin(sent["campaign"].take(), numbers).await;
    }

    pub(super) async fn give(&mut self, quantity: i64) {
        self.app.give(self.app.quatre_vents().await, quantity).await;
        self.given += quantity;
    }

    pub(super) async fn advance(&mut self) {
        let step = [LEASE, LEASE, TimeDelta::minutes(21), TimeDelta::hours(5), TimeDelta::hours(30)];
        let step = if self.below(6) == 0 { TimeDelta::hours(73) } else { step[self.below(step.len())] };
        self.app.advance(step);
        self.marie = self.app.marie().await;
    }

    /// Whether a message leaves when all that is due does.
    fn leaves(&self, campaign: usize, message: &Message) -> bool {
        let campaign = &self.campaigns[campaign];
        message.state == S::Queued && message.due <= self.now() && !campaign.paused && !campaign.cancelled
    }

    /// What time made of all, and the messages that then leave.
    fn leaving(&mut self) -> BTreeSet<(usize, String)> {
        let now = self.now();
        self.messages().for_each(|message| message.ages(now));
        let mut leaving = BTreeSet::new();
        for (place, campaign) in self.campaigns.iter().enumerate() {
            let due = campaign.messages.iter().filter(|(_, message)| self.leaves(place, message));
            leaving.extend(due.map(|(number, _)| (place, number.clone())));
        }
        leaving
    }

    /// Those who opted out are not written to.
    fn stop(&mut self, leaving: &mut BTreeSet<(usize, String)>) {
        let now = self.now();
        let stopped: Vec<_> =
            leaving.iter().filter(|(_, number)| self.refused.contains(number)).cloned().collect();
        for (campaign, number) in stopped {
            self.campaigns[campaign].messages.get_mut(&number).expect("it is there").suppressed(now);
            leaving.remove(&(campaign, number));
        }
    }

    /// Each request is one of a message that should leave now, once.
    fn requested(&mut self, requests: &[Request], leaving: &mut BTreeSet<(usize, String)>, records: bool) {
        let now = self.now();
        for request in requests {
            let (campaign, message) = self.place(request);
            assert!(leaving.remove(&(campaign, request.number.clone())), "not to be sent now: {message:?}");
            message.begins(now);
            if records {
                message.answered(&request.outcome, now);
            }
        }
    }

    /// All that is due leaves, by one instance or two; a request may take long, and be reported on meanwhile.
    pub(super) async fn dispatch(&mut self, others: &[TestApp]) {
        let mut leaving = self.leaving();
        self.stop(&mut leaving);
        let slow = !leaving.is_empty() && self.below(4) == 0;
        self.provider.hold_after(slow.then(|| self.below(leaving.len())));
        // Tasks of their own: what they hold must not wait for what is done here meanwhile.
        let mut working = tokio::task::JoinSet::new();
        for app in others.iter().chain([&self.app]) {
            let app = app.clone();
            working.spawn(async move { app.dispatch_all().await });
        }
        let mut work = std::pin::pin!(working.join_all());
        let mut early = Vec::new();
        let ended = tokio::select! {
            _ = &mut work => true,
            () = self.provider.holds.notified() => false,
        };
        let mut requests = self.provider.requests();
        if !ended {
            early = self.reports_of(&requests);
            self.app.report(early.clone()).await;
            self.provider.release.add_permits(1);
            work.await;
            requests.extend(self.provider.requests());
        }
        self.requested(&requests, &mut leaving, false);
        assert!(leaving.is_empty(), "were due, and did not leave: {leaving:?}");
        self.told(&early);
        let now = self.now();
        for request in &requests {
            let (_, message) = self.place_again(request);
            message.answered(&request.outcome, now);
            if request.held {
                message.reported(Status::Delivered, now);
            }
        }
    }

    fn place_again(&mut self, request: &Request) -> (usize, &mut Message) {
        let campaign = self.campaigns.iter().position(|one| one.text == request.text).expect("it is ours");
        (campaign, self.campaigns[campaign].messages.get_mut(&request.number).expect("it is there"))
    }

    /// An instance dies while the provider has one of its requests; what it had recorded by then, the rows tell.
    pub(super) async fn crash(&mut self) {
        let mut leaving = self.leaving();
        if leaving.is_empty() {
            return self.dispatch(&[]).await;
        }
        self.provider.hold_after(Some(self.below(leaving.len())));
        let app = self.app.clone();
        let dispatching = tokio::spawn(async move { app.dispatch_all().await });
        let ended = async {
            while !dispatching.is_finished() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = ended => {}
            () = self.provider.holds.notified() => {}
        }
        dispatching.abort();
        let _ = dispatching.await;
        self.provider.hold_after(None);
        // Whatever transaction was under way holds the credit: it is over once this is done.
        self.give(1).await;
        let requests = self.provider.requests();
        self.adopt(&requests, &mut leaving).await;
        let early = self.reports_of(&requests);
        self.app.report(early.clone()).await;
        self.told(&early);
    }

    /// Takes from the rows how far a dead instance came, if it may have come so far.
    async fn adopt(&mut self, requests: &[Request], leaving: &mut BTreeSet<(usize, String)>) {
        let (now, rows) = (self.now(), self.rows().await);
        let asked = leaving.clone();
        self.requested(requests, leaving, false);
        for request in requests {
            let (campaign, _) = self.place_again(request);
            let row = self.row(&rows, campaign, &request.number);
            let mut recorded = self.place_again(request).1.clone();
            recorded.answered(&request.outcome, now);
            let message = self.place_again(request).1;
            if row.state != message.state {
                assert_eq!(row.state, recorded.state, "neither sending nor as answered: {message:?}");
                assert!(!request.held, "what was never answered is recorded: {message:?}");
                *message = recorded;
            }
        }
        for (campaign, number) in asked.iter().filter(|place| leaving.contains(*place)) {
            let state = self.row(&rows, *campaign, number).state;
            let refused = self.refused.contains(number);
            let message = self.campaigns[*campaign].messages.get_mut(number).expect("it is there");
            match state {
                S::Queued => {}
                S::Suppressed if refused => message.suppressed(now),
                S::Sending if !refused => message.begins(now),
                _ => panic!("{state:?} without a request: {message:?}"),
            }
        }
        // Nobody else may take what it had claimed or begun before its lease ends.
        self.app.advance(LEASE);
    }

    /// Reports of chance on what these requests were accepted as.
    fn reports_of(&self, requests: &[Request]) -> Vec<Report> {
        let accepted = requests.iter().filter(|request| request.accepted && self.below(3) == 0);
        let attempts: Vec<Uuid> = accepted.map(|request| request.attempt).collect();
        self.reports_on(&attempts)
    }

    fn reports_on(&self, attempts: &[Uuid]) -> Vec<Report> {
        let mut reports = Vec::new();
        for attempt in attempts {
            for _ in 0..=self.below(3) {
                let status = STATUSES[self.below(3)];
                reports.push(Report { attempt: *attempt, status, code: None });
            }
        }
        self.app.chance().shuffle(&mut reports);
        reports
    }

    /// What these reports, in this order, should make of the messages.
    fn told(&mut self, reports: &[Report]) {
        let now = self.now();
        for report in reports {
            if let Some((campaign, number)) = self.attempts.get(&report.attempt).cloned() {
                let message = self.campaigns[campaign].messages.get_mut(&number).expect("it is there");
                message.reported(report.status, now);
            }
        }
    }

    /// Reports on what was accepted at any time: late, again, in any order; some about nothing.
    pub(super) async fn report(&mut self) {
        let chosen = 2 + self.below(6);
        let mut attempts: Vec<Uuid> = self.attempts.keys().copied().collect();
        attempts.sort_unstable();
        attempts.retain(|_| self.app.chance().below(chosen) == 0);
        let mut reports = self.reports_on(&attempts);
        if let Some(stranger) = reports.first_mut() {
            stranger.attempt = self.app.key();
        }
        self.app.report(reports.clone()).await;
        self.told(&reports);
        for attempt in attempts.into_iter().take(3) {
            self.report_over_http(attempt).await;
        }
    }

    /// One report at its address, and one at an address that is another's.
    async fn report_over_http(&mut self, attempt: Uuid) {
        let status = STATUSES[self.below(2) + 1];
        let word = if status == Status::Delivered { "DELIVERED" } else { "UNDELIVERED" };
        let url = callbacks::report_url(self.app.app(), "sandbox", attempt);
        let path = url.splitn(4, '/').nth(3).expect("an address has a path").to_owned();
        let forged = path.replace(&attempt.to_string(), &self.app.key().to_string());
        for (path, answer) in [(forged, StatusCode::NOT_FOUND), (path, StatusCode::OK)] {
            let request = HttpRequest::post(format!("/{path}?status={word}")).body(Body::empty());
            let answered = self.app.anonymous().http(request.expect("a sound request")).await;
            assert_eq!(answered.status, answer);
        }
        self.told(&[Report { attempt, status, code: None }]);
    }

    pub(super) async fn opt_out(&mut self) {
        let place = self.below(self.people.len());
        let (number, identifier) = self.people.iter().nth(place).expect("below their number");
        let (number, identifier) = (number.clone(), identifier.clone());
        self.app.opt_out(&identifier).await;
        self.refused.insert(number);
    }

    /// A campaign is cancelled, paused or goes on.
    pub(super) async fn steer(&mut self) {
        let Some(place) = self.campaigns.len().checked_sub(1).map(|last| self.below(last + 1)) else {
            return;
        };
        let field = ["pauseCampaign", "resumeCampaign", "cancelCampaign"][self.below(7).min(6) / 3];
        let document =
            format!("mutation($id: ID!) {{ {field}(input: {{ campaign: $id }}) {{ errors {{ code }} }} }}");
        let answer = self.marie.query(&document, self.named(place)).await;
        let (now, campaign) = (self.app.app().now(), &mut self.campaigns[place]);
        let refused = match field {
            "cancelCampaign" => campaign.over() && !campaign.cancelled,
            _ => campaign.over() || campaign.cancelled,
        };
        assert_eq!(answer[field]["errors"] != json!([]), refused, "{field}: {answer}");
        if refused {
            return;
        }
        match field {
            "pauseCampaign" => campaign.paused = true,
            "resumeCampaign" => campaign.paused = false,
            _ => {
                campaign.cancelled = true;
                let queued = campaign.messages.values_mut().filter(|one| one.state == S::Queued);
                queued.for_each(|message| message.suppressed(now));
            }
        }
    }
}
