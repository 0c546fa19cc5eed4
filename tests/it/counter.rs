//! What a text takes while it is being written, and what its dear characters cost.

use api::caller::Operator;
use api::domain::replacement::EncodingPolicy;
use api::services::operator::{self, NewSettings};
use axum::body::Body;
use envoi_tests::{Actor, TestApp, both, code_of};
use serde_json::{Value, json};

both!(
    the_counter_says_what_the_preview_will,
    what_a_character_costs_is_told_for_the_audience,
    a_policy_decides_what_is_sent_and_charged,
    accents_are_composed_before_anything_is_measured,
    a_change_of_policy_makes_a_preview_stale,
    what_no_preview_takes_is_refused,
    half_a_character_is_refused_wherever_it_comes,
);

const METRICS: &str = "length limit remaining remainingInSegment encoding segments stopMention saves
    offenders { character codePoint positions replacement saves }";

async fn counted(actor: &Actor, text: &str, audience: Option<Value>) -> Value {
    let document = format!(
        "query($text: String!, $audience: AudienceInput) {{ messageMetrics(text: $text, audience: $audience) {{ {METRICS} }} }}"
    );
    let variables = json!({ "text": text, "audience": audience });
    actor.query(&document, variables).await["messageMetrics"].take()
}

async fn choose(app: &TestApp, policy: EncodingPolicy) {
    let settings = NewSettings {
        structure: app.quatre_vents().await,
        sender: None,
        stop_mention: None,
        provider: None,
        encoding_policy: Some(policy),
        holidays: None,
    };
    let set = operator::set_settings(&app.ctx(), Operator::at_the_command_line(), settings).await;
    set.expect("a policy can be chosen");
}

async fn the_counter_says_what_the_preview_will(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let document = format!(
        "mutation($input: PreviewSmsInput!) {{ previewSms(input: $input) {{ preview {{ metrics {{ {METRICS} }} }} }} }}"
    );
    let dear = format!("{}ç", "a".repeat(148));
    for text in ["Bonjour", "Ça va ?", "l’été « à 20 h »…", "😀 à demain", &"é".repeat(200), &dear]
    {
        let audience = json!({ "people": people });
        let input = json!({ "input": { "audience": audience, "message": { "text": text } } });
        let shown = marie.query(&document, input).await["previewSms"]["preview"]["metrics"].take();
        assert_eq!(counted(&marie, text, Some(audience)).await, shown, "{text}");
        assert_eq!(shown["saves"], if text == dear { 4 } else { 0 }, "two SMS less to each of two");
    }
    let nothing = counted(&marie, "", None).await;
    assert_eq!(
        (&nothing["length"], &nothing["segments"], &nothing["remaining"], &nothing["remainingInSegment"]),
        (&json!(0), &json!(0), &json!(149), &json!(149))
    );
}

async fn what_a_character_costs_is_told_for_the_audience(app: TestApp) {
    let marie = app.marie().await;
    let text = format!("{}ç", "a".repeat(148));
    let one = counted(&marie, &text, None).await;
    let offender = |saves: i64| json!([{ "character": "ç", "codePoint": "U+00E7", "positions": [148], "replacement": "c", "saves": saves }]);
    assert_eq!((&one["segments"], &one["saves"], &one["offenders"]), (&json!(3), &json!(2), &offender(2)));
    let people = marie.musicians(5).await;
    let five = counted(&marie, &text, Some(json!({ "people": people }))).await;
    assert_eq!((&five["saves"], &five["offenders"]), (&json!(10), &offender(10)));
    let everyone = marie.preview_of(json!({ "matching": { "filter": {} } }), &text).await;
    let all = counted(&marie, &text, Some(json!({ "matching": { "filter": {} } }))).await;
    let messages = everyone["messageCount"].as_i64().expect("a count");
    assert_eq!(all["saves"], 2 * messages, "people who share a number are written to once");
    let hidden = counted(&marie, "a\u{200B}b", None).await;
    assert_eq!(
        (&hidden["offenders"][0]["codePoint"], &hidden["offenders"][0]["replacement"]),
        (&json!("U+200B"), &json!(""))
    );
}

async fn a_policy_decides_what_is_sent_and_charged(app: TestApp) {
    let marie = app.marie().await;
    let text = "Ça, l’été « d’œuvres »…";
    for (policy, name, sent, encoding) in [
        (EncodingPolicy::Exact, "EXACT", text, "UCS2"),
        (EncodingPolicy::Typography, "TYPOGRAPHY", "Ça, l'été \" d'oeuvres \"...", "GSM7"),
        (EncodingPolicy::Plain, "PLAIN", "Ça, l'été \" d'oeuvres \"...", "GSM7"),
    ] {
        choose(&app, policy).await;
        let settings =
            marie.query("{ viewer { structure { smsSettings { encodingPolicy } } } }", json!({})).await;
        assert_eq!(settings["viewer"]["structure"]["smsSettings"]["encodingPolicy"], name);
        let preview = marie.preview(&marie.musicians(1).await, text).await;
        assert_eq!(
            (preview["text"].as_str(), &preview["metrics"]["encoding"]),
            (Some(format!("{sent}.STOP 36608").as_str()), &json!(encoding))
        );
        let sent_campaign = marie.send(&preview, app.key()).await;
        app.dispatch_all().await;
        let arrived = app.network().submitted().pop().expect("it was sent");
        assert_eq!(arrived.text, format!("{sent}.STOP 36608"), "what was shown is what is sent");
        assert_eq!(marie.campaign(&sent_campaign["campaign"]).await["cost"], preview["cost"]);
    }
    choose(&app, EncodingPolicy::Plain).await;
    let plain = counted(&marie, "ça, Noël à l'hôtel", None).await;
    assert_eq!(
        (&plain["encoding"], &plain["length"], &plain["offenders"]),
        (&json!("GSM7"), &json!(18), &json!([]))
    );
}

async fn accents_are_composed_before_anything_is_measured(app: TestApp) {
    let marie = app.marie().await;
    // The second accent stands on a ligature, which the policy replaces by two letters.
    let preview = marie.preview(&marie.musicians(1).await, "e\u{301}t\u{E9}, c\u{153}\u{300}ur").await;
    assert_eq!(preview["text"], "\u{E9}t\u{E9}, co\u{E8}ur.STOP 36608");
    let metrics = &preview["metrics"];
    assert_eq!((&metrics["encoding"], &metrics["length"]), (&json!("GSM7"), &json!(10)));
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
    app.dispatch_all().await;
    assert_eq!(app.network().submitted()[0].text, preview["text"].as_str().expect("a text"));
}

async fn a_change_of_policy_makes_a_preview_stale(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(1).await;
    let (dear, same) = (marie.preview(&people, "l’été").await, marie.preview(&people, "plain").await);
    choose(&app, EncodingPolicy::Exact).await;
    let refused = marie.send(&dear, app.key()).await;
    assert_eq!(code_of(&refused), "PREVIEW_STALE", "another text would leave");
    assert_eq!(marie.send(&same, app.key()).await["errors"], json!([]), "the same text leaves");
}

async fn what_no_preview_takes_is_refused(app: TestApp) {
    let marie = app.marie().await;
    let document = "query($text: String!, $audience: AudienceInput) { messageMetrics(text: $text, audience: $audience) { length } }";
    let refused = async |text: &str, audience: Value| {
        marie.try_query(document, json!({ "text": text, "audience": audience })).await["errors"][0]["extensions"]["code"].take()
    };
    assert_eq!(refused("a\u{0}b", Value::Null).await, "TEXT_CONTROL_CHARACTER");
    assert_eq!(refused(&"e\u{301}".repeat(5_000), Value::Null).await, "TEXT_TOO_LONG");
    assert_eq!(refused(&"\u{301}".repeat(5_000), Value::Null).await, "TEXT_TOO_LONG");
    let many: Vec<String> = (0..1_001).map(|_| "UGVyc29u".to_owned()).collect();
    assert_eq!(refused("x", json!({ "people": many })).await, "AUDIENCE_TOO_LARGE");
    let anonymous = app.anonymous().try_query("{ messageMetrics(text: \"x\") { length } }", json!({})).await;
    assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

/// A surrogate without its other half is no text; neither JSON nor GraphQL may bring one.
async fn half_a_character_is_refused_wherever_it_comes(app: TestApp) {
    let marie = app.marie().await;
    let posted = async |body: &str| {
        let mut request = marie.request("", &json!({}));
        *request.body_mut() = Body::from(body.to_owned());
        let answer = marie.http(request).await;
        (answer.status.as_u16(), code_of(&answer.json()).clone())
    };
    for half in ["\\ud83d", "\\ude00", "\\ude00\\ud83d"] {
        let variable = format!(
            r#"{{"query":"query($t: String!) {{ messageMetrics(text: $t) {{ length }} }}","variables":{{"t":"{half}"}}}}"#
        );
        assert_eq!(posted(&variable).await, (400, json!("BODY_NOT_JSON")), "{half}");
        let escaped = half.replace('\\', "\\\\");
        let literal = format!(r#"{{"query":"{{ messageMetrics(text: \"{escaped}\") {{ length }} }}"}}"#);
        assert_eq!(posted(&literal).await.1, "GRAPHQL_SYNTAX", "{half}");
    }
    let whole = r#"{"query":"query($t: String!) { messageMetrics(text: $t) { length } }","variables":{"t":"\ud83d\ude00"}}"#;
    let mut request = marie.request("", &json!({}));
    *request.body_mut() = Body::from(whole);
    assert_eq!(marie.http(request).await.json()["data"]["messageMetrics"]["length"], 2);
}
