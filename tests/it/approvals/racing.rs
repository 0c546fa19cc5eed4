//! Sends, requests and answers at once.

use entity::campaign;
use envoi_tests::{Actor, TestApp, UsableInTests as _, both};
use sea_orm::PaginatorTrait as _;
use serde_json::{Value, json};

use super::{TEXT, answer, approved, ask, colleague, listed, request, two_people};

both!(
    of_many_sends_by_one_approval_one_leaves,
    of_many_who_decide_at_once_one_does,
    one_preview_asked_of_many_times_is_asked_of_once,
);

async fn of_many_sends_by_one_approval_one_leaves(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let luc = colleague(&app, "luc").await;
    let people = marie.musicians(3).await;
    // Previews made before and after the approval, of two accounts.
    let mut sends = vec![(marie.clone(), marie.preview(&people, TEXT).await)];
    sends.push((marie.clone(), approved(&marie, &jeanne, &people, TEXT).await));
    for actor in [&marie, &luc, &marie, &luc, &marie, &luc] {
        sends.push((actor.clone(), actor.preview(&people, TEXT).await));
    }
    app.chance().shuffle(&mut sends);
    let mut tasks = tokio::task::JoinSet::new();
    for (actor, preview) in sends {
        let key = app.key();
        tasks.spawn(async move { actor.send(&preview, key).await });
    }
    let payloads = tasks.join_all().await;
    let (sent, refused): (Vec<_>, Vec<_>) =
        payloads.iter().partition(|payload| payload["errors"] == json!([]));
    assert_eq!(sent.len(), 1, "{payloads:?}");
    for one in refused {
        let kind = one["errors"][0]["__typename"].as_str().expect("a type");
        assert!(["RefusedError", "PreviewStaleError"].contains(&kind), "{one}");
    }
    let campaigns = campaign::Entity::all_rows().count(app.db()).await.expect("campaigns can be counted");
    assert_eq!(campaigns, 1);
    assert_eq!(listed(&marie, &["USED"]).await[0]["campaign"]["id"], sent[0]["campaign"]["id"]);
}

async fn of_many_who_decide_at_once_one_does(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let luc = colleague(&app, "luc").await;
    let people = marie.musicians(3).await;
    for round in 0..4 {
        let asked = request(&marie, &marie.preview(&people, &format!("Bonjour {round}")).await).await;
        let mut answers: Vec<(&Actor, &str)> = vec![
            (&jeanne, "approveSend"),
            (&luc, "declineSend"),
            (&luc, "approveSend"),
            (&marie, "declineSend"),
        ];
        app.chance().shuffle(&mut answers);
        let answers: Vec<Value> =
            futures_of(answers.into_iter().map(|(actor, field)| (actor.clone(), field, asked.clone()))).await;
        let (done, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer["errors"] == json!([]));
        assert_eq!((done.len(), refused.len()), (1, 3), "{answers:?}");
        let won = &done[0]["approval"];
        for one in refused {
            let error = &one["errors"][0];
            assert_eq!(error["__typename"], "SendApprovalDecidedError", "{one}");
            assert_eq!(
                (&error["approval"]["state"], &error["approval"]["decidedBy"]),
                (&won["state"], &won["decidedBy"]),
                "who comes second is told who was first"
            );
        }
    }
}

async fn futures_of(asked: impl Iterator<Item = (Actor, &'static str, Value)>) -> Vec<Value> {
    let mut tasks = tokio::task::JoinSet::new();
    for (actor, field, approval) in asked {
        tasks.spawn(async move { answer(&actor, field, &approval).await });
    }
    tasks.join_all().await
}

async fn one_preview_asked_of_many_times_is_asked_of_once(app: TestApp) {
    let (marie, _) = two_people(&app).await;
    let preview = marie.preview(&marie.musicians(3).await, TEXT).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (marie, input) = (marie.clone(), json!({ "previewToken": preview["token"] }));
        tasks.spawn(async move { ask(&marie, "requestApproval", input).await });
    }
    let answers = tasks.join_all().await;
    assert!(
        answers.iter().all(|answer| answer == &answers[0] && answer["errors"] == json!([])),
        "{answers:?}"
    );
    assert_eq!(listed(&marie, &["PENDING"]).await.len(), 1);
}
