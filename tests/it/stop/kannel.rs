//! From a handset through a real Kannel: a person answers STOP, `ARRÊT` and START to what arrived, and it is honoured.

use std::time::Duration;

use api::caller::Operator;
use api::services::operator::{self, NewSettings};
use envoi_tests::{TestApp, both, nodes};
use serde_json::{Value, json};

use super::{NUMBER, SHORT_CODE, Three, received};
use crate::kannel::Rig;

both!(
    what_people_answer_is_honoured_in_every_structure_that_wrote,
    what_a_gateway_brings_is_never_lost_nor_refused
);

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The three structures, all of whose SMS go through a gateway, which brings what people write.
async fn through_kannel(app: &TestApp) -> (Rig, Three) {
    let rig = Rig::new(app).await;
    let mut three = Three::of(app).await;
    for structure in three.structures {
        let provider = Some("kannel".to_owned());
        let settings = NewSettings {
            structure,
            sender: None,
            stop_mention: None,
            provider,
            encoding_policy: None,
            holidays: None,
        };
        let set = operator::set_settings(&rig.app.ctx(), Operator::at_the_command_line(), settings).await;
        set.expect("kannel can be chosen");
    }
    three.actors = three.actors.map(|actor| actor.at(&rig.app));
    three.app = rig.app.clone();
    (rig, three)
}

/// The number writes so, and it has come in.
async fn writes(rig: &mut Rig, text: &str) {
    let before = received(&rig.app).await.len();
    rig.gateway.person_writes(NUMBER, SHORT_CODE, text).await;
    comes_in(rig, before + 1, text).await;
}

/// Waits until so many came in, the last of them `text`.
async fn comes_in(rig: &Rig, count: usize, text: &str) {
    let waiting = async {
        while received(&rig.app).await.len() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{text} never came in"));
}

async fn message(three: &Three, which: usize, campaign: &Value) -> Value {
    nodes(&three.actors[which].campaign(campaign).await["messages"]).remove(0)
}

async fn what_people_answer_is_honoured_in_every_structure_that_wrote(app: TestApp) {
    let (mut rig, three) = through_kannel(&app).await;
    for which in 0..3 {
        three.write(which).await;
    }
    let arrived = rig.gateway.arrived(3).await;
    assert!(arrived.iter().all(|sms| sms.to == NUMBER), "{arrived:?}");
    // Previewed and sent before the STOP, dispatched after it.
    let (first, third) = (three.queue(0).await, three.queue(2).await);
    let (balance, reserved) = three.actors[0].credit().await;
    assert_eq!(reserved, 1);
    writes(&mut rig, "ARRÊT").await;
    assert_eq!(three.opted_out().await, [true, true, false], "both that wrote with 36608");
    rig.app.dispatch_all().await;
    let arrived = rig.gateway.arrived(4).await;
    assert_eq!((arrived.len(), arrived[3].sender.as_str()), (4, "HARMONIE"), "no other is sent: {arrived:?}");
    let suppressed = message(&three, 0, &first).await;
    assert_eq!((&suppressed["state"], &suppressed["reason"]), (&json!("SUPPRESSED"), &json!("OPTED_OUT")));
    assert_eq!(three.actors[0].credit().await, (balance + 1, 0), "given back");
    assert_ne!(message(&three, 2, &third).await["state"], "SUPPRESSED");

    writes(&mut rig, "on se retrouve à l'arrêt").await;
    assert_eq!(three.opted_out().await, [true, true, false]);
    writes(&mut rig, "START").await;
    assert_eq!(three.opted_out().await, [false; 3]);
    three.write(0).await;
    let arrived = rig.gateway.arrived(5).await;
    assert_eq!((arrived[4].sender.as_str(), arrived[4].to.as_str()), ("4VENTS", NUMBER), "reached again");
    writes(&mut rig, "stop merci").await;
    assert_eq!(three.opted_out().await, [true, true, false]);
    settled(&rig).await;
}

async fn what_a_gateway_brings_is_never_lost_nor_refused(app: TestApp) {
    let (mut rig, three) = through_kannel(&app).await;
    three.write(0).await;
    for text in ["🛑 « STOP » svp…", "STOP36608", "S.T.O.P"] {
        writes(&mut rig, text).await;
        assert_eq!(three.opted_out().await, [true, false, false], "{text}");
        writes(&mut rig, "Reprise").await;
        assert_eq!(three.opted_out().await, [false; 3]);
    }
    let references: std::collections::BTreeSet<_> =
        received(&rig.app).await.into_iter().map(|row| row.reference.expect("Kannel names each")).collect();
    assert_eq!(references.len(), 6);
    // A database that is away, and comes back: no SMS is lost.
    rig.app.plant("ALTER TABLE inbound_structure RENAME TO away").await;
    rig.gateway.person_writes(NUMBER, SHORT_CODE, "STOP").await;
    rig.gateway.calls_again().await;
    assert_eq!(received(&rig.app).await.len(), 6);
    rig.app.plant("ALTER TABLE away RENAME TO inbound_structure").await;
    comes_in(&rig, 7, "STOP").await;
    assert_eq!(three.opted_out().await, [true, false, false]);
    settled(&rig).await;
}

/// Waits until the network has reported on all that it was handed, so that the audit finds nothing under way.
async fn settled(rig: &Rig) {
    use envoi_tests::UsableInTests as _;
    use sea_orm::{ColumnTrait as _, PaginatorTrait as _, QueryFilter as _};
    let under_way = || async {
        entity::message::Entity::all_rows()
            .filter(entity::message::Column::State.eq("HANDED_OVER"))
            .count(rig.app.db())
            .await
            .expect("messages can be counted")
    };
    let waiting = async {
        while under_way().await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("all is reported in the end");
}
