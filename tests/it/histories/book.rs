//! A structure, its campaigns and their messages, beside what they should be.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::enums::{MessageState as S, TransferKind};
use entity::ids::CampaignId;
use entity::{campaign, credit, message, transfer};
use envoi_tests::{Actor, TestApp, UsableInTests as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::Message;
use super::provider::{Provider, Request};

/// A campaign, and what it should be.
pub(super) struct Campaign {
    pub(super) shown: Value,
    id: CampaignId,
    pub(super) text: String,
    pub(super) cancelled: bool,
    pub(super) paused: bool,
    pub(super) messages: BTreeMap<String, Message>,
}

impl Campaign {
    pub(super) fn over(&self) -> bool {
        !self.messages.values().any(Message::open)
    }

    fn state(&self) -> &'static str {
        match (self.over(), self.cancelled, self.paused) {
            (true, true, _) => "CANCELLED",
            (true, false, _) => "COMPLETED",
            (false, true, _) => "CANCELLING",
            (false, false, true) => "PAUSED",
            (false, false, false) => "DISPATCHING",
        }
    }
}

/// One structure's histories.
pub(super) struct Book {
    pub(super) app: TestApp,
    pub(super) marie: Actor,
    pub(super) provider: Arc<Provider>,
    pub(super) audience: Value,
    /// The numbers of the audience, and the identifiers of those whose they are.
    pub(super) people: BTreeMap<String, String>,
    pub(super) refused: BTreeSet<String>,
    pub(super) campaigns: Vec<Campaign>,
    /// Credit given.
    pub(super) given: i64,
    /// Which message an accepted attempt is of.
    pub(super) attempts: HashMap<Uuid, (usize, String)>,
}

impl Book {
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.app.app().now()
    }

    pub(super) fn messages(&mut self) -> impl Iterator<Item = &mut Message> {
        self.campaigns.iter_mut().flat_map(|campaign| campaign.messages.values_mut())
    }

    /// What can be spent.
    pub(super) fn available(&self) -> i64 {
        let all = self.campaigns.iter().flat_map(|campaign| campaign.messages.values());
        self.given - all.map(|one| i64::from(one.open()) + count(one.charges)).sum::<i64>()
    }

    pub(super) async fn begin(&mut self, shown: Value, numbers: BTreeSet<String>) {
        let all = campaign::Entity::all_rows().all(self.app.db()).await.expect("campaigns can be read");
        let known = |row: &campaign::Model| self.campaigns.iter().any(|one| one.id == row.id);
        let id = all.iter().find(|row| !known(row)).expect("it is there").id;
        let now = self.now();
        // As it leaves, which is not always as it was written.
        let text = shown["text"].as_str().expect("a text").to_owned();
        let messages = numbers.into_iter().map(|number| (number, Message::new(now))).collect();
        self.campaigns.push(Campaign { shown, id, text, cancelled: false, paused: false, messages });
    }

    /// The request was of this message.
    pub(super) fn place(&mut self, request: &Request) -> (usize, &mut Message) {
        let campaign = self.campaigns.iter().position(|one| one.text == request.text).expect("it is ours");
        if request.accepted {
            self.attempts.insert(request.attempt, (campaign, request.number.clone()));
        }
        let message = self.campaigns[campaign].messages.get_mut(&request.number);
        let message = message.expect("only those who are written to are");
        if request.accepted {
            message.accepted.push(request.attempt);
        }
        (campaign, message)
    }

    /// The rows of the messages, by campaign and number.
    pub(super) async fn rows(&self) -> HashMap<(CampaignId, String), message::Model> {
        let all = message::Entity::all_rows().all(self.app.db()).await.expect("messages can be read");
        let keyed = |row: message::Model| {
            ((row.campaign_id, row.number.clone().expect("it is kept").into_exposed()), row)
        };
        all.into_iter().map(keyed).collect()
    }

    /// A message's own row.
    pub(super) fn row<'a>(
        &self,
        rows: &'a HashMap<(CampaignId, String), message::Model>,
        campaign: usize,
        number: &str,
    ) -> &'a message::Model {
        &rows[&(self.campaigns[campaign].id, number.to_owned())]
    }

    /// Holds every row against what it should be.
    pub(super) async fn check(&self, after: &str) {
        let rows = self.rows().await;
        let expected: usize = self.campaigns.iter().map(|campaign| campaign.messages.len()).sum();
        assert_eq!(rows.len(), expected, "as many messages as were sent, after {after}");
        for (place, campaign) in self.campaigns.iter().enumerate() {
            for (number, message) in &campaign.messages {
                let row = self.row(&rows, place, number);
                let (is, should) = ((row.state, row.attempts), (message.state, message.attempts));
                assert_eq!(is, should, "after {after}: {message:?}");
            }
            let shown = self.marie.campaign(&campaign.shown).await;
            assert_eq!(shown["state"], campaign.state(), "after {after}");
            let held = campaign.messages.values().filter(|one| one.open()).count();
            let counted = ["queued", "sending", "unknown"]
                .map(|state| shown["progress"][state].as_i64().expect("a count"));
            assert_eq!(counted.iter().sum::<i64>(), count(held), "after {after}: {shown}");
        }
        self.check_credit(after).await;
    }

    async fn check_credit(&self, after: &str) {
        let (mut reserved, mut spent, mut lost) = (0, 0, 0);
        for message in self.campaigns.iter().flat_map(|campaign| campaign.messages.values()) {
            reserved += i64::from(message.open());
            spent += count(message.charges);
            lost += count(message.losses);
        }
        let structure = self.app.quatre_vents().await;
        let row = credit::Entity::all_rows().filter(credit::Column::StructureId.eq(structure));
        let row = row.one(self.app.db()).await.expect("credit can be read").expect("it has some");
        let is = (row.issued, row.available, row.reserved, row.spent, row.operator_loss);
        let should = (self.given + lost, self.available(), reserved, spent, lost);
        assert_eq!(is, should, "issued, available, reserved, spent, lost after {after}");
    }

    /// Holds each message's transfers against what they should be.
    pub(super) async fn check_transfers(&self) {
        let rows = self.rows().await;
        let mut made: HashMap<_, [usize; 3]> = HashMap::new();
        for row in transfer::Entity::all_rows().all(self.app.db()).await.expect("transfers can be read") {
            let place = match row.kind {
                TransferKind::Charge => 0,
                TransferKind::Release => 1,
                TransferKind::Loss => 2,
                _ => continue,
            };
            made.entry(row.message_id.expect("such transfers are a message's")).or_default()[place] += 1;
        }
        for (place, campaign) in self.campaigns.iter().enumerate() {
            for (number, message) in &campaign.messages {
                let is = made.get(&self.row(&rows, place, number).id).copied().unwrap_or_default();
                let should = [message.charges, message.releases, message.losses];
                assert_eq!(is, should, "charges, releases, losses of {message:?}");
                assert!(message.accepted.len() <= 1, "accepted twice: {message:?}");
                let charged = message.charges + message.losses > 0;
                assert!(!charged || message.accepted.len() == 1, "charged, never accepted: {message:?}");
            }
        }
    }

    /// How many messages ended in each state.
    pub(super) fn ends(&self) -> BTreeMap<String, usize> {
        let mut ends = BTreeMap::new();
        for message in self.campaigns.iter().flat_map(|campaign| campaign.messages.values()) {
            *ends.entry(format!("{:?}", message.state)).or_default() += 1;
            if message.losses > 0 {
                *ends.entry("Lost".to_owned()).or_default() += 1;
            }
            if message.attempts > 1 && message.state == S::Delivered {
                *ends.entry("Delivered at a later attempt".to_owned()).or_default() += 1;
            }
        }
        ends
    }

    /// The variables that name a campaign.
    pub(super) fn named(&self, campaign: usize) -> Value {
        json!({ "id": self.campaigns[campaign].shown["id"] })
    }
}

pub(super) fn count(many: usize) -> i64 {
    i64::try_from(many).expect("a small number")
}
