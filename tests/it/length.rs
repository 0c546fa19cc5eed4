//! How long a text is, and what it costs.

use envoi_tests::{Actor, TestApp, both};
use serde_json::{Value, json};

both!(
    the_149th_character_passes_and_the_150th_does_not,
    a_euro_counts_twice,
    one_character_can_triple_the_cost
);

async fn preview(marie: &Actor, text: &str) -> Value {
    marie.preview(&marie.musicians(2).await, text).await
}

fn too_long(preview: &Value) -> Option<String> {
    let verdicts = preview["decision"]["verdicts"].as_array().expect("verdicts");
    let verdict = verdicts.iter().find(|verdict| verdict["code"] == "MESSAGE_TOO_LONG")?;
    Some(verdict["message"].as_str().expect("a message").to_owned())
}

async fn the_149th_character_passes_and_the_150th_does_not(app: TestApp) {
    let marie = app.marie().await;
    let fits = preview(&marie, &"a".repeat(149)).await;
    assert_eq!(
        (&fits["metrics"]["remaining"], &fits["metrics"]["remainingInSegment"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        (&fits["metrics"]["segments"], &fits["cost"]),
        (&json!(1), &json!(2)),
        "149 and the mention are 160: one SMS"
    );
    assert_eq!(fits["decision"]["outcome"], "ALLOWED");
    for (extra, said) in [(150, "1"), (161, "12")] {
        let long = preview(&marie, &"a".repeat(extra)).await;
        assert_eq!(long["decision"]["outcome"], "REFUSED");
        let message = too_long(&long).expect("refused for its length");
        assert!(message.contains(&format!(" {said} de trop")), "{message}");
        let message = too_long(&preview(&marie.in_english(), &"a".repeat(extra)).await)
            .expect("refused for its length");
        assert!(message.contains(&format!("too long by {said}.")), "{message}");
    }
}

async fn a_euro_counts_twice(app: TestApp) {
    let marie = app.marie().await;
    let fits = preview(&marie, &format!("{}€", "a".repeat(147))).await;
    assert_eq!((&fits["metrics"]["length"], &fits["metrics"]["encoding"]), (&json!(149), &json!("GSM7")));
    assert_eq!(too_long(&fits), None);
    let long = preview(&marie, &format!("{}€", "a".repeat(148))).await;
    assert_eq!((&long["metrics"]["length"], &long["metrics"]["remaining"]), (&json!(150), &json!(-1)));
    assert_eq!(
        (&long["metrics"]["segments"], &long["metrics"]["remainingInSegment"]),
        (&json!(2), &json!(306 - 161)),
        "what the rules refuse, and what the next SMS has room for, are told apart"
    );
    assert!(too_long(&long).is_some());
}

async fn one_character_can_triple_the_cost(app: TestApp) {
    let marie = app.marie().await;
    let accented = preview(&marie, &format!("{}ç", "a".repeat(148))).await;
    assert_eq!(accented["metrics"]["encoding"], "UCS2");
    assert_eq!((&accented["metrics"]["segments"], &accented["cost"]), (&json!(3), &json!(6)));
    assert_eq!(accented["metrics"]["offenders"], json!([{ "character": "ç", "positions": [148] }]));
    let sent = marie.send(&accented, app.key()).await;
    assert_eq!(marie.credit().await, (222, 6));
    app.dispatch_all().await;
    assert_eq!(marie.campaign(&sent["campaign"]).await["progress"]["delivered"], 2);
    assert_eq!(marie.credit().await, (222, 0), "charged what the preview said");
}
