//! Whoever waits for a turn to run rules keeps nobody else waiting.

use std::sync::Arc;
use std::time::Duration;

use envoi_tests::{TestApp, both};
use serde_json::json;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::recipients::{in_force, three};

both!(a_send_waits_for_no_turn_while_it_writes, the_dispatcher_waits_for_no_turn,);

/// More than a structure has turns, on any machine.
const MANY: usize = 300;
/// Long after it would be done.
const STUCK: Duration = Duration::from_mins(1);

/// Takes every turn of the Quatre Vents until the guard is dropped, with others that wait before whoever comes next.
async fn all_turns_taken(app: &TestApp) -> (OwnedRwLockWriteGuard<()>, JoinSet<()>) {
    let (structure, gate) = (app.quatre_vents().await, Arc::new(RwLock::new(())));
    let closed = Arc::clone(&gate).write_owned().await;
    let (began, mut first) = mpsc::unbounded_channel();
    let mut all = JoinSet::new();
    for _ in 0..MANY {
        let (app, gate, began) = (Arc::clone(app.app()), Arc::clone(&gate), began.clone());
        all.spawn(async move {
            let work = move || {
                // Only the first is waited for.
                let _ = began.send(());
                drop(gate.blocking_read());
            };
            app.evaluators.run(structure, work).await.expect("it does nothing that could fail");
        });
    }
    first.recv().await.expect("one at least begins");
    (closed, all)
}

async fn a_send_waits_for_no_turn_while_it_writes(app: TestApp) {
    let marie = three(&app).await;
    in_force(&app, "person.sex != \"MALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    let audience = json!({ "matching": { "filter": { "search": "divers" } } });
    let shown = marie.preview_of(audience, "Bonjour").await;
    let (closed, all) = all_turns_taken(&app).await;
    let sent = timeout(STUCK, marie.send(&shown, app.key())).await;
    drop(closed);
    assert_eq!(sent.expect("it waits for a turn")["campaign"]["progress"]["total"], 2);
    all.join_all().await;
}

async fn the_dispatcher_waits_for_no_turn(app: TestApp) {
    let agreed = "Nom;Prénom;Mobile;Consentement commercial\nVendu;Aude;0612008001;2025-01-15\n";
    app.import(app.quatre_vents().await, agreed.as_bytes()).await.expect("a file can be imported");
    let marie = app.marie().await;
    in_force(&app, "person.sex != \"MALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    let document = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { token } } }";
    let input = json!({ "audience": { "matching": { "filter": { "search": "vendu" } } },
        "message": { "text": "Places en vente", "purpose": "COMMERCIAL" } });
    let shown = marie.query(document, json!({ "input": input })).await["previewSms"]["preview"].take();
    let sent = marie.send(&shown, app.key()).await["campaign"].take();
    let (closed, all) = all_turns_taken(&app).await;
    let done = timeout(STUCK, app.dispatch_all()).await;
    drop(closed);
    done.expect("it waits for a turn");
    assert_eq!(marie.campaign(&sent).await["progress"]["delivered"], 1);
    all.join_all().await;
}
