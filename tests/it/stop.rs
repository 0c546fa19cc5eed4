//! STOP and START by SMS: whom they reach, what they leave alone, and when they are honoured.

mod bad_input;
mod dispatch;
mod kannel;
mod order;

use api::caller::Operator;
use api::domain::outcome::{Outcome, UnknownReason};
use api::services::operator::{self, NewSettings, NewSubscription};
use chrono::TimeDelta;
use entity::enums::{InboundKeyword, OptOutSource, SubscriptionState};
use entity::ids::StructureId;
use entity::{inbound, inbound_structure, opt_out};
use envoi_tests::{Actor, Part, TestApp, UsableInTests as _, both, nodes};
use serde_json::json;

both!(
    a_stop_reaches_every_structure_that_wrote,
    a_stop_reaches_no_one_who_wrote_otherwise,
    a_stop_in_doubt_protects_the_person,
    a_stop_about_nothing_is_kept_for_the_operator,
    a_start_takes_back_what_a_stop_did,
    a_start_leaves_what_the_operator_recorded,
    a_start_answers_its_own_short_code,
    a_repetition_is_recorded_once,
    stop_and_start_at_once_leave_one_of_both,
    the_campaigns_of_a_structure_follow_its_mention,
    a_structure_sees_who_refused_it,
);

/// A mobile that people of all three structures have.
pub(crate) const NUMBER: &str = "+33612009001";
/// What the demonstration's STOP mention names.
pub(crate) const SHORT_CODE: &str = "36608";

/// The three structures of the demonstration, each able to write to [`NUMBER`]: the first two with one short code, the third with
/// another.
pub(crate) struct Three {
    pub(crate) app: TestApp,
    pub(crate) actors: [Actor; 3],
    pub(crate) structures: [StructureId; 3],
}

impl Three {
    pub(crate) async fn of(app: &TestApp) -> Self {
        let structures = [
            app.quatre_vents().await,
            app.structure("Fédération du Littoral").await,
            app.structure("Harmonie de la Vallée").await,
        ];
        let (ctx, operator) = (app.ctx(), Operator::at_the_command_line());
        let harmonie = structures[2];
        let state = Some(SubscriptionState::Active);
        let subscription = NewSubscription { structure: harmonie, state, starts_at: None, ends_at: None };
        operator::set_subscription(&ctx, operator, subscription).await.expect("a subscription can be set");
        set_mention(app, harmonie, "HARMONIE", ".STOP 36111").await;
        for structure in structures {
            let file = format!("Identifiant;Nom;Prénom;Mobile\nSTOP1;Partagé;Camille;{NUMBER}\n");
            let (summary, _) = app.import(structure, file.as_bytes()).await.expect("a file can be imported");
            assert_eq!(summary.added, 1);
            app.give(structure, 100).await;
        }
        Self { app: app.clone(), actors: Self::signed_in(app).await, structures }
    }

    async fn signed_in(app: &TestApp) -> [Actor; 3] {
        [app.marie().await, app.nils().await, app.zoe().await]
    }

    /// Days pass, longer than sessions last.
    async fn pass(&mut self, days: i64) {
        self.app.advance(TimeDelta::days(days));
        self.actors = Self::signed_in(&self.app).await;
    }

    /// One of them writes to the number; nothing leaves yet.
    pub(crate) async fn queue(&self, which: usize) -> serde_json::Value {
        let actor = &self.actors[which];
        actor.sends(&[actor.person("Partagé").await], "Bonjour").await
    }

    /// One of them writes to the number, and it leaves.
    pub(crate) async fn write(&self, which: usize) -> serde_json::Value {
        let campaign = self.queue(which).await;
        self.app.dispatch_all().await;
        campaign
    }

    /// The number says so, to a short code.
    pub(crate) async fn says(&self, text: &str, short_code: &str) {
        assert_eq!(self.app.receive(NUMBER, short_code, text.as_bytes(), None).await, 200, "{text}");
    }

    /// Which of them see that the number opted out.
    pub(crate) async fn opted_out(&self) -> [bool; 3] {
        let mut found = [false; 3];
        for (found, actor) in found.iter_mut().zip(&self.actors) {
            let people = nodes(&actor.people(json!({ "filter": { "search": "partage" } })).await);
            *found = people[0]["optedOut"].as_bool().expect("it is told");
            assert_eq!(people[0]["reachable"], !*found);
        }
        found
    }
}

async fn set_mention(app: &TestApp, structure: StructureId, sender: &str, mention: &str) {
    let settings = NewSettings {
        structure,
        sender: Some(sender.to_owned()),
        stop_mention: Some(mention.to_owned()),
        provider: Some("sandbox".to_owned()),
        encoding_policy: None,
        holidays: None,
    };
    let set = operator::set_settings(&app.ctx(), Operator::at_the_command_line(), settings).await;
    set.expect("settings can be set");
}

pub(crate) async fn received(app: &TestApp) -> Vec<inbound::Model> {
    inbound::Entity::all_rows().all(app.db()).await.expect("what came in can be read")
}

/// The STOPs that are kept for the operator.
pub(crate) async fn kept(app: &TestApp) -> usize {
    let listed = api::services::inbound::list(&app.ctx(), Operator::at_the_command_line(), false).await;
    listed.expect("they can be listed").len()
}

async fn a_stop_reaches_every_structure_that_wrote(app: TestApp) {
    let mut three = Three::of(&app).await;
    for which in 0..3 {
        three.write(which).await;
    }
    three.says("on se retrouve au stop de bus", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [false; 3]);
    three.pass(29).await;
    three.says("« ARRÊT SVP »", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, true, false], "the third wrote with another short code");
    let concerned = inbound_structure::Entity::all_rows().all(app.db()).await.expect("they can be read");
    assert_eq!(concerned.len(), 2);
    assert_eq!(kept(&app).await, 0, "it concerned someone");
    let refusals = opt_out::Entity::all_rows().all(app.db()).await.expect("refusals can be read");
    let by_sms: Vec<_> = refusals.iter().filter(|row| row.source == OptOutSource::Sms).collect();
    assert_eq!(by_sms.len(), 2);
    assert!(by_sms.iter().all(|row| row.opted_out_at == app.app().at()));
    three.says("STOP", "36111").await;
    assert_eq!(three.opted_out().await, [true; 3]);
}

async fn a_stop_reaches_no_one_who_wrote_otherwise(app: TestApp) {
    let mut three = Three::of(&app).await;
    // Thirty-one days ago.
    three.write(0).await;
    three.pass(31).await;
    // Refused by the provider; proven not sent; only queued.
    let refused = Outcome::Rejected { code: "NO".to_owned() };
    let not_sent = Outcome::NotSent { retry_after: None };
    app.network().plays(NUMBER, [Part::Answer(refused), Part::Answer(not_sent)]);
    three.write(1).await;
    three.write(1).await;
    three.queue(1).await;
    three.says("STOP", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [false; 3]);
    assert_eq!(kept(&app).await, 1);
    // Written to in time, it is reached.
    three.write(0).await;
    three.pass(29).await;
    three.says("STOP", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, true, false], "what was queued has left meanwhile");
}

async fn a_stop_in_doubt_protects_the_person(app: TestApp) {
    let three = Three::of(&app).await;
    // Unknown at the first; the second's request is under way.
    app.network()
        .plays(NUMBER, [Part::Answer(Outcome::Unknown { reason: UnknownReason::Timeout }), Part::Hang]);
    three.write(0).await;
    three.queue(1).await;
    let dispatching = tokio::spawn({
        let app = app.clone();
        async move { app.dispatch_all().await }
    });
    app.network().reached_by(2).await;
    three.says("Stop.", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, true, false]);
    dispatching.abort();
    let _ = dispatching.await;
    app.advance(TimeDelta::hours(80));
    app.dispatch_all().await;
    three.says("START", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [false; 3]);
    three.says("STOP", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, true, false], "written off, it may have arrived all the same");
}

async fn a_stop_about_nothing_is_kept_for_the_operator(app: TestApp) {
    let mut three = Three::of(&app).await;
    three.write(0).await;
    assert_eq!(app.receive("+33612009002", SHORT_CODE, b"STOP", Some("r1")).await, 200);
    three.says("STOP", "36112").await;
    assert_eq!(three.opted_out().await, [false; 3]);
    let rows = api::services::inbound::list(&app.ctx(), Operator::at_the_command_line(), false).await;
    let rows = rows.expect("they can be listed");
    let shown: Vec<_> =
        rows.iter().map(|row| (row.reference.as_deref(), row.short_code.as_deref())).collect();
    assert_eq!(shown, [(None, Some("36112")), (Some("r1"), Some("36608"))]);
    three.says("STOP", SHORT_CODE).await;
    three.says("STOP", SHORT_CODE).await;
    assert_eq!(kept(&app).await, 2, "said again, it still concerns whom it concerned");
    three.pass(60).await;
    three.says("STOP", SHORT_CODE).await;
    assert_eq!((kept(&app).await, three.opted_out().await), (2, [true, false, false]));
}

async fn a_start_takes_back_what_a_stop_did(app: TestApp) {
    let mut three = Three::of(&app).await;
    three.write(0).await;
    three.write(1).await;
    three.says("STOP", SHORT_CODE).await;
    three.pass(400).await;
    three.says("non stop", SHORT_CODE).await;
    three.says("Reprise des cours lundi ?", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, true, false]);
    three.says("Reprise svp", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [false; 3]);
    let asked: Vec<_> = received(&app).await.into_iter().map(|row| row.keyword).collect();
    let (stop, start, other) = (InboundKeyword::Stop, InboundKeyword::Start, InboundKeyword::Other);
    assert_eq!(asked, [stop, other, other, start]);
    let campaign = three.write(0).await;
    assert_eq!(three.actors[0].campaign(&campaign).await["progress"]["delivered"], 1, "reached again");
}

async fn a_start_leaves_what_the_operator_recorded(app: TestApp) {
    let three = Three::of(&app).await;
    let (ctx, operator) = (app.ctx(), Operator::at_the_command_line());
    three.write(0).await;
    three.write(1).await;
    operator::opt_out(&ctx, operator, three.structures[0], "06 12 00 90 01").await.expect("recorded");
    three.says("STOP", SHORT_CODE).await;
    three.says("START", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, false, false]);
    // Told to the operator after the SMS, it is the operator's too.
    three.says("STOP", SHORT_CODE).await;
    operator::opt_out(&ctx, operator, three.structures[1], NUMBER).await.expect("recorded");
    three.says("START", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, true, false]);
    for structure in &three.structures[..2] {
        operator::opt_in(&ctx, operator, *structure, "33612009001").await.expect("taken back");
        let again = operator::opt_in(&ctx, operator, *structure, NUMBER).await;
        assert!(again.is_err(), "there is nothing left to take back");
    }
    assert_eq!(three.opted_out().await, [false; 3]);
}

async fn a_start_answers_its_own_short_code(app: TestApp) {
    let three = Three::of(&app).await;
    for which in 0..3 {
        three.write(which).await;
    }
    three.says("STOP", SHORT_CODE).await;
    three.says("STOP", "36111").await;
    three.says("START", "36111").await;
    assert_eq!(three.opted_out().await, [true, true, false]);
    // Refused through both of its short codes, a structure is allowed again by the one it was refused by last.
    set_mention(&app, three.structures[2], "HARMONIE", ".STOP 36608").await;
    three.write(2).await;
    three.says("STOP", "36111").await;
    three.says("STOP", SHORT_CODE).await;
    three.says("START", "36111").await;
    assert_eq!(three.opted_out().await, [true; 3]);
    three.says("START", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [false; 3]);
}

async fn a_repetition_is_recorded_once(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    let brought = async |text: &str, reference: &str| {
        app.receive(NUMBER, SHORT_CODE, text.as_bytes(), Some(reference)).await
    };
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let app = app.clone();
        all.spawn(async move { app.receive(NUMBER, SHORT_CODE, b"STOP", Some("one")).await });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    assert_eq!((received(&app).await.len(), three.opted_out().await), (1, [true, false, false]));
    assert_eq!(brought("START", "two").await, 200);
    assert_eq!(brought("STOP", "one").await, 200);
    assert_eq!((received(&app).await.len(), three.opted_out().await), (2, [false; 3]), "it was said before");
    assert_eq!(brought("STOP", "three").await, 200);
    assert_eq!(brought("START", "two").await, 200);
    assert_eq!((received(&app).await.len(), three.opted_out().await), (3, [true, false, false]));
}

async fn stop_and_start_at_once_leave_one_of_both(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    three.write(1).await;
    for round in 0..8 {
        let mut texts = ["STOP", "START", "STOP", "START", "stop merci"];
        app.chance().shuffle(&mut texts);
        let mut all = tokio::task::JoinSet::new();
        for (nth, text) in texts.into_iter().enumerate() {
            let app = app.clone();
            let reference = format!("{round}-{nth}");
            all.spawn(
                async move { app.receive(NUMBER, SHORT_CODE, text.as_bytes(), Some(&reference)).await },
            );
        }
        assert!(all.join_all().await.iter().all(|status| *status == 200));
        let [first, second, third] = three.opted_out().await;
        assert_eq!((first, third), (second, false), "all that it concerns, or none");
    }
    three.says("STOP", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, true, false], "the last word counts");
}

async fn the_campaigns_of_a_structure_follow_its_mention(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(2).await;
    set_mention(&app, three.structures[2], "HARMONIE", " Refus: STOP au 36608.").await;
    three.says("STOP", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [false; 3], "it wrote with the other");
    three.says("STOP", "36111").await;
    assert_eq!(three.opted_out().await, [false, false, true]);
    three.says("START", "36111").await;
    three.write(2).await;
    three.says("STOP", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [false, false, true]);
}

async fn a_structure_sees_who_refused_it(app: TestApp) {
    let three = Three::of(&app).await;
    let [marie, nils, _] = &three.actors;
    let document = "query($first: Int, $after: String, $last: Int) { viewer { structure {
        optOuts(first: $first, after: $after, last: $last) {
            edges { cursor node { person { lastName mobile optedOut } since source } }
            pageInfo { hasNextPage hasPreviousPage endCursor }
        }
    } } }";
    let list = async |actor: &Actor, variables| {
        actor.query(document, variables).await["viewer"]["structure"]["optOuts"].take()
    };
    assert_eq!(nodes(&list(nils, json!({})).await), Vec::<serde_json::Value>::new());
    three.write(0).await;
    app.import(three.structures[0], format!("Nom;Prénom;Mobile\nPartage;Zoé;{NUMBER}\n").as_bytes())
        .await
        .expect("a file can be imported");
    three.says("STOP", SHORT_CODE).await;
    let all = list(marie, json!({})).await;
    let shown: Vec<_> = nodes(&all)
        .iter()
        .map(|node| {
            (node["person"]["lastName"].clone(), node["source"].clone(), node["person"]["optedOut"].clone())
        })
        .collect();
    let sms = |name: &str| (json!(name), json!("SMS"), json!(true));
    assert_eq!(shown.len(), 3, "{all}");
    assert_eq!(shown[0].1, "OPERATOR", "the demonstration has one");
    assert_eq!(shown[1..], [sms("Partagé"), sms("Partage")], "both who have the number, by name");
    let first = list(marie, json!({ "first": 1 })).await;
    assert_eq!((nodes(&first).len(), &first["pageInfo"]["hasNextPage"]), (1, &json!(true)));
    let rest = list(marie, json!({ "first": 5, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(nodes(&rest), nodes(&all)[1..]);
    assert_eq!(nodes(&list(marie, json!({ "last": 1 })).await), nodes(&all)[2..]);
    assert_eq!(nodes(&list(nils, json!({})).await).len(), 0, "what others were told is not told");
}
