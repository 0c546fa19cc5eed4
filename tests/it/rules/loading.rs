//! A structure whose turns at running rules are all taken waits for them; nobody else does.

use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use api::error::Fault;
use envoi_tests::{TestApp, both};
use futures::FutureExt as _;
use serde_json::json;
use tokio::task::JoinSet;

use super::life::{in_force, next, rules};
use super::{SOURCE, change, changed, code_of, manifest, publish};

both!(
    who_waits_for_a_turn_keeps_nobody_from_writing,
    parameters_are_checked_by_the_version_in_force_at_that_moment,
);

type Work = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

/// Every turn of a structure, until it is dropped.
struct Taken {
    /// Before the work, so that it ends first.
    _ends: Vec<mpsc::Sender<()>>,
    _work: Vec<Work>,
}

impl Taken {
    async fn of_quatre_vents(app: &TestApp) -> Self {
        let structure = app.quatre_vents().await;
        let (mut ends, mut works) = (Vec::new(), Vec::new());
        // More than there are: the others wait for theirs.
        for _ in 0..std::thread::available_parallelism().expect("it is known").get() {
            let (end, told_to_end) = mpsc::channel::<()>();
            let app = Arc::clone(app.app());
            let mut work: Work = Box::pin(async move {
                // An error is the end of the test.
                let held = move || {
                    let _ = told_to_end.recv();
                };
                app.evaluators.run(structure, held).await
            });
            assert!((&mut work).now_or_never().is_none(), "it is begun, or waits");
            ends.push(end);
            works.push(work);
        }
        Self { _ends: ends, _work: works }
    }
}

/// Another structure previews, which reads rules, runs them and writes.
async fn others_go_on(app: &TestApp) {
    let nils = app.nils().await;
    let people = nils.ids(json!({})).await;
    for _ in 0..5 {
        let previewed = tokio::time::timeout(Duration::from_secs(20), nils.preview(&people, "a")).await;
        previewed.expect("nobody else waits");
    }
}

async fn who_waits_for_a_turn_keeps_nobody_from_writing(app: TestApp) {
    let admin = app.admin().await;
    let first = in_force(&admin).await;
    let draft = next(&admin, &first, "WARN").await;
    let (rule, version) = (&first["rule"]["id"], &draft["version"]["id"]);
    let taken = Taken::of_quatre_vents(&app).await;
    let mut waiting = JoinSet::new();
    let based =
        json!({ "rule": rule, "basedOn": version, "manifest": manifest("CONFIRM"), "source": SOURCE });
    let set = json!({ "rule": rule, "parameters": [{ "name": "most", "value": "3" }] });
    for (field, input) in [
        ("startRule", json!({ "from": { "template": "one-a-day" } })),
        ("saveRule", based),
        ("publishRule", json!({ "version": version, "expectedActive": first["version"]["id"] })),
        ("setRuleState", set),
        ("reorderRules", json!({ "rules": [rule] })),
    ] {
        let admin = admin.clone();
        waiting.spawn(async move { (field, change(&admin, field, input).await) });
    }
    let reader = admin.clone();
    waiting.spawn(async move {
        assert!(!rules(&reader, false).await.is_empty());
        ("rules", json!({ "errors": [] }))
    });
    others_go_on(&app).await;
    if let Some(done) = waiting.try_join_next() {
        panic!("it had no turn: {done:?}");
    }
    drop(taken);
    for (field, done) in waiting.join_all().await {
        // The order may be given once another rule was started.
        let late = field == "reorderRules" && code_of(&done) == "RULE_ORDER_INCOMPLETE";
        assert!(late || done["errors"] == json!([]), "{field}: {done}");
    }
}

async fn parameters_are_checked_by_the_version_in_force_at_that_moment(app: TestApp) {
    let admin = app.admin().await;
    let first = in_force(&admin).await;
    let wider = manifest("DENY").replace("max = 10", "max = 100");
    let input = json!({
        "rule": first["rule"]["id"], "basedOn": first["version"]["id"], "manifest": wider, "source": SOURCE
    });
    let mut second = changed(&admin, "saveRule", input).await;
    second["rule"] = first["rule"].clone();
    assert_eq!(publish(&admin, &second, "ACTIVE").await["errors"], json!([]));
    let taken = Taken::of_quatre_vents(&app).await;
    let (setter, rule) = (admin.clone(), first["rule"]["id"].clone());
    let set = tokio::spawn(async move {
        let input = json!({ "rule": rule, "parameters": [{ "name": "most", "value": "50" }] });
        change(&setter, "setRuleState", input).await
    });
    others_go_on(&app).await;
    // The first is in force again, while the second is waited for; of what really happens, only a publication could come between.
    app.leaves_faults();
    app.plant("UPDATE rule_version SET state = 'SUPERSEDED' WHERE number = 2").await;
    app.plant("UPDATE rule_version SET state = 'PUBLISHED' WHERE number = 1").await;
    drop(taken);
    let refused = set.await.expect("it is answered");
    assert_eq!(code_of(&refused), "PARAMETER_OUT_OF_BOUNDS", "{refused}");
}
