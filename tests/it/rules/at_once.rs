//! Several administrators at one rule: nobody's change is overwritten unseen.

use envoi_tests::{Actor, TestApp, both};
use serde_json::{Value, json};

use super::life::{in_force, next};
use super::{another_admin, change, changed, publish};

both!(
    who_comes_second_is_told_who_was_first,
    of_many_who_publish_at_once_one_does,
    of_many_who_change_a_rule_at_once_one_does,
);

async fn who_comes_second_is_told_who_was_first(app: TestApp) {
    let (admin, other) = (app.admin().await, another_admin(&app).await);
    let first = in_force(&admin).await;
    let draft = next(&admin, &first, "WARN").await;
    changed(
        &other,
        "publishRule",
        json!({ "version": draft["version"]["id"], "expectedActive": first["version"]["id"] }),
    )
    .await;
    let late = json!({ "version": draft["version"]["id"], "expectedActive": first["version"]["id"] });
    for (actor, says) in
        [(&admin, "a mis en vigueur la version 2"), (&admin.in_english(), "put version 2 in force")]
    {
        let refused = change(actor, "publishRule", late.clone()).await;
        let error = &refused["errors"][0];
        assert_eq!(
            (&error["__typename"], &error["code"], &error["path"]),
            (&json!("RuleConflictError"), &json!("RULE_CONFLICT"), &json!(["expectedActive"])),
        );
        assert_eq!(
            (&error["by"]["email"], &error["current"]["number"]),
            (&json!("admin2@quatre-vents.example"), &json!(2))
        );
        assert!(error["at"].is_string(), "{error}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(says) && message.contains("admin2@quatre-vents.example"), "{message}");
    }
    let seen = json!({ "rule": first["rule"]["id"], "expectedActive": draft["version"]["id"] });
    changed(&other, "retireRule", seen.clone()).await;
    let refused = change(&admin, "retireRule", seen).await;
    let error = &refused["errors"][0];
    assert_eq!((&error["code"], &error["current"]), (&json!("RULE_CONFLICT"), &Value::Null));
    assert_eq!(error["by"]["email"], "admin2@quatre-vents.example");
}

/// What all of these answer, asked at once by one actor after the other.
async fn at_once(actors: &[&Actor], asked: Vec<(&'static str, Value)>) -> Vec<Value> {
    let mut tasks = tokio::task::JoinSet::new();
    for (place, (field, input)) in asked.into_iter().enumerate() {
        let actor = actors[place % actors.len()].clone();
        tasks.spawn(async move { change(&actor, field, input).await });
    }
    tasks.join_all().await
}

/// The one that was done; all the others are told so.
fn only(answers: &[Value]) -> Value {
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["errors"] == json!([]));
    assert_eq!(done.len(), 1, "{answers:?}");
    for answer in refused {
        let error = &answer["errors"][0];
        assert_eq!(
            (&error["__typename"], &error["current"]["id"]),
            (&json!("RuleConflictError"), &done[0]["version"]["id"])
        );
        assert!(error["by"]["email"].is_string() && error["at"].is_string(), "{error}");
    }
    done[0].clone()
}

async fn of_many_who_publish_at_once_one_does(app: TestApp) {
    let (admin, other) = (app.admin().await, another_admin(&app).await);
    let mut active = in_force(&admin).await;
    for _ in 0..3 {
        let one = next(&admin, &active, "WARN").await;
        let two = next(&other, &one, "CONFIRM").await;
        let seen = &active["version"]["id"];
        let publish = |place: usize| {
            let version = [&one, &two][place % 3 % 2]["version"]["id"].clone();
            ("publishRule", json!({ "version": version, "expectedActive": seen }))
        };
        let won = only(&at_once(&[&admin, &other], (0..12).map(publish).collect()).await);
        // A draft may come after the version that won: it is based on the latest.
        let latest = if won["version"]["number"] == one["version"]["number"] { &two } else { &won };
        active = json!({ "rule": won["rule"], "version": won["version"] });
        let later = json!({ "rule": won["rule"], "version": latest["version"] });
        let third = next(&admin, &later, "DENY").await;
        let input = json!({ "version": third["version"]["id"], "expectedActive": active["version"]["id"] });
        active = changed(&admin, "publishRule", input).await;
    }
}

async fn of_many_who_change_a_rule_at_once_one_does(app: TestApp) {
    let (admin, other) = (app.admin().await, another_admin(&app).await);
    let first = in_force(&admin).await;
    let second = publish(&admin, &next(&admin, &first, "WARN").await, "ACTIVE").await;
    let (rule, seen) = (&first["rule"]["id"], &second["version"]["id"]);
    let back = json!({ "rule": rule, "toVersion": first["version"]["id"], "expectedActive": seen });
    let answers = at_once(&[&admin, &other], vec![("rollBackRule", back); 8]).await;
    assert_eq!(only(&answers)["version"]["number"], 3);
}
