//! From the preview to the handset and back, through a real Kannel: what its network received, and what its reports changed.

use std::time::Duration;

use api::caller::Operator;
use api::domain::replacement::EncodingPolicy;
use api::providers::Provider as _;
use api::providers::http::client;
use api::services::callbacks;
use api::services::operator::{self, NewSettings};
use axum::extract::RawQuery;
use chrono::TimeDelta;
use envoi_tests::kannel::{Arrived, Kannel};
use envoi_tests::provider_harness::call;
use envoi_tests::{Actor, Served, TestApp, both, nodes};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

both!(
    what_arrives_is_what_was_previewed,
    a_gateway_that_falls_silent_leaves_a_doubt_that_its_report_settles,
    a_gateway_that_is_away_is_waited_for,
    what_a_gateway_loses_stays_in_doubt,
    what_no_connection_takes_is_given_back,
);

/// How long the gateway may take to answer, here.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// An instance that listens on a socket and sends through a gateway of its own.
pub(crate) struct Rig {
    pub(crate) app: TestApp,
    pub(crate) gateway: Kannel,
    marie: Actor,
    inbound_url: String,
    _served: Served,
}

impl Rig {
    pub(crate) async fn new(app: &TestApp) -> Self {
        let mut rig = Self::with(app, |_| {}).await;
        rig.gateway.start(Some(&rig.inbound_url)).await;
        rig
    }

    /// The same, whose gateway does not run yet.
    async fn with(app: &TestApp, set: impl FnOnce(&mut api::config::Kannel)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let gateway = Kannel::prepare();
        let instance = app.another(|config| {
            config.public_url = Some(format!("http://{address}"));
            config.dispatch.timeout = TIMEOUT;
            config.kannel = gateway.settings();
            set(&mut config.kannel);
        });
        let instance = instance.await;
        let served = instance.serve(listener);
        let (ctx, operator) = (instance.ctx(), Operator::at_the_command_line());
        let change = NewSettings {
            structure: app.quatre_vents().await,
            sender: None,
            stop_mention: None,
            provider: Some("kannel".to_owned()),
            encoding_policy: None,
            holidays: None,
        };
        operator::set_settings(&ctx, operator, change).await.expect("kannel can be chosen");
        let inbound_url = callbacks::inbound_urls(&ctx, operator).remove(0).1;
        let marie = app.marie().await.at(&instance);
        Self { app: instance, gateway, marie, inbound_url, _served: served }
    }

    async fn state(&self, campaign: &Value) -> Value {
        nodes(&self.marie.campaign(campaign).await["messages"])[0]["state"].clone()
    }

    /// Waits until all messages of a campaign stand so.
    async fn until(&self, campaign: &Value, state: &str) -> Value {
        let waiting = async {
            loop {
                let now = self.marie.campaign(campaign).await;
                if nodes(&now["messages"]).iter().all(|message| message["state"] == state) {
                    return now;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the messages never stand so")
    }
}

/// The GSM alphabet and its extension table, but for what ends a line or a page: the fake network shows a message a line.
const WHOLE_ALPHABET: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€";

/// Has the structure's texts sent as they are written.
async fn write_exactly(app: &TestApp) {
    let exactly = NewSettings {
        structure: app.quatre_vents().await,
        sender: None,
        stop_mention: None,
        provider: None,
        encoding_policy: Some(EncodingPolicy::Exact),
        holidays: None,
    };
    let set = operator::set_settings(&app.ctx(), Operator::at_the_command_line(), exactly).await;
    set.expect("a policy can be chosen");
}

/// What a handset shows: the parts of one message put together.
fn shown(parts: &[Arrived], encoding: &str) -> String {
    let mut parts: Vec<&Arrived> = parts.iter().collect();
    parts.sort_by_key(|part| part.part);
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.bytes.clone()).collect();
    match encoding {
        "UCS2" => {
            let units: Vec<u16> =
                bytes.chunks(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
            String::from_utf16(&units).expect("no part ends in the middle of a character")
        }
        _ => String::from_utf8(bytes).expect("Kannel's own charset is UTF-8"),
    }
}

/// The longest messages that the built-in rule lets a structure allow itself.
async fn allow_long_messages(app: &TestApp) {
    let admin = app.admin().await;
    let rules = "{ viewer { structure { rules(first: 100) { edges { node { id slug } } } } } }";
    let rules = nodes(&admin.query(rules, json!({})).await["viewer"]["structure"]["rules"]);
    let rule = rules.iter().find(|rule| rule["slug"] == "message-length").expect("the rule is there");
    let raise =
        json!({ "input": { "rule": rule["id"], "parameters": [{ "name": "max_length", "value": "918" }] } });
    let document = "mutation($input: SetRuleStateInput!) { setRuleState(input: $input) { errors { code } } }";
    assert_eq!(admin.query(document, raise).await["setRuleState"]["errors"], json!([]));
}

async fn what_arrives_is_what_was_previewed(app: TestApp) {
    allow_long_messages(&app).await;
    let rig = Rig::new(&app).await;
    write_exactly(&app).await;
    let people = rig.marie.musicians(1).await;
    let mut sent = 0;
    for (text, encoding, parts) in [
        (
            "Répétition à 20 h : où ? 5 € [salle 3] {ici} ~ | ^ \\ Ça va, é è à ù ! 100 % & + <fin>"
                .to_owned(),
            "GSM7",
            1,
        ),
        ("Bonjour ça va ou bien Répét ce soir 🎻".to_owned(), "UCS2", 1),
        // The pair of an extension character stands where the first part ends.
        (format!("{}€{}", "a".repeat(152), "b".repeat(200)), "GSM7", 3),
        // And so does the pair of an emoji.
        (format!("{}🎻{}", "ç".repeat(66), "é".repeat(80)), "UCS2", 3),
        (WHOLE_ALPHABET.to_owned(), "GSM7", 1),
        (WHOLE_ALPHABET.repeat(3), "GSM7", 3),
        ("« L’œuvre » — c’est là… à 20\u{A0}h\u{202F}30, côté cour".to_owned(), "UCS2", 1),
        ("« L’œuvre » — c’est là… à 20\u{A0}h\u{202F}30. ".repeat(4), "UCS2", 3),
        ("مرحبا بكم في الحفل 🎻".to_owned(), "UCS2", 1),
        ("👩\u{200D}👧 👍🏽 ❤\u{FE0F} مرحبا بكم في الحفل. ".repeat(4), "UCS2", 3),
    ] {
        // A brace is written twice.
        let written = text.replace('{', "{{").replace('}', "}}");
        let preview = rig.marie.preview(&people, &written).await;
        assert_eq!(preview["metrics"]["encoding"], encoding, "{text}");
        assert_eq!(
            (&preview["metrics"]["segments"], &preview["cost"]),
            (&json!(parts), &json!(parts)),
            "{text}"
        );
        let payload = rig.marie.send(&preview, app.key()).await;
        assert_eq!(payload["errors"], json!([]), "{payload}");
        rig.app.dispatch_all().await;
        let arrived = rig.gateway.arrived(sent + parts).await.split_off(sent);
        assert_eq!(shown(&arrived, encoding), preview["text"].as_str().expect("a text"), "{text}");
        assert!(
            arrived.iter().all(|part| part.sender == "4VENTS" && usize::from(part.part.1) == parts),
            "{arrived:?}"
        );
        let campaign = rig.until(&payload["campaign"], "DELIVERED").await;
        assert_eq!(nodes(&campaign["messages"])[0]["number"], arrived[0].to);
        assert_eq!(campaign["state"], "COMPLETED");
        sent += parts;
    }
    let charged = i64::try_from(sent).expect("a few");
    assert_eq!(rig.marie.credit().await, (228 - charged, 0), "what was previewed is what was charged");
}

async fn a_gateway_that_falls_silent_leaves_a_doubt_that_its_report_settles(app: TestApp) {
    let rig = Rig::new(&app).await;
    rig.gateway.freeze();
    let campaign = rig.marie.sends(&rig.marie.musicians(1).await, "Bonjour").await;
    rig.app.dispatch_all().await;
    assert_eq!(rig.state(&campaign).await, "UNKNOWN");
    assert_eq!(rig.marie.credit().await, (227, 1), "in doubt, the credit stays reserved");
    for _ in 0..3 {
        app.advance(TimeDelta::hours(1));
        rig.app.dispatch_all().await;
    }
    rig.gateway.thaw();
    rig.until(&campaign, "DELIVERED").await;
    assert_eq!(rig.marie.campaign(&campaign).await["state"], "COMPLETED");
    assert_eq!(rig.marie.credit().await, (227, 0));
    assert_eq!(rig.gateway.arrived(1).await.len(), 1, "it was sent once");
}

async fn a_gateway_that_is_away_is_waited_for(app: TestApp) {
    let mut rig = Rig::with(&app, |_| {}).await;
    let campaign = rig.marie.sends(&rig.marie.musicians(1).await, "Bonjour").await;
    rig.app.dispatch_all().await;
    assert_eq!(rig.state(&campaign).await, "QUEUED", "no byte of a request left");
    rig.gateway.start(None).await;
    app.advance(TimeDelta::minutes(10));
    rig.app.dispatch_all().await;
    rig.until(&campaign, "DELIVERED").await;
    assert_eq!(rig.gateway.arrived(1).await.len(), 1);
    assert_eq!(rig.marie.credit().await, (227, 0));
}

async fn what_a_gateway_loses_stays_in_doubt(app: TestApp) {
    let mut rig = Rig::new(&app).await;
    let people = rig.marie.musicians(2).await;
    rig.gateway.freeze();
    let lost = rig.marie.sends(&people[..1], "Perdu").await;
    rig.app.dispatch_all().await;
    assert_eq!(rig.state(&lost).await, "UNKNOWN");
    // What its bearerbox had not stored dies with it, and its smsbox does not bring it again.
    rig.gateway.kill();
    rig.gateway.start(None).await;
    app.advance(TimeDelta::hours(1));
    let after = rig.marie.sends(&people[1..], "Bonjour").await;
    rig.app.dispatch_all().await;
    rig.until(&after, "DELIVERED").await;
    let arrived = rig.gateway.arrived(1).await;
    assert!(
        arrived.iter().all(|part| !shown(std::slice::from_ref(part), "GSM7").contains("Perdu")),
        "{arrived:?}"
    );
    assert_eq!(rig.state(&lost).await, "UNKNOWN", "nothing tells, so nothing is told");
    app.advance(TimeDelta::hours(72));
    rig.app.dispatch_all().await;
    assert_eq!(rig.state(&lost).await, "WRITTEN_OFF");
    assert_eq!(rig.marie.credit().await, (227, 0), "given back, and never sent again");
    assert_eq!(rig.gateway.arrived(1).await.len(), 1);
}

/// Kannel tells it twice, at once: in its answer, and in a report. In whatever order they come, nothing is charged.
async fn what_no_connection_takes_is_given_back(app: TestApp) {
    let mut rig = Rig::with(&app, |kannel| kannel.smsc = Some("NOWHERE".to_owned())).await;
    rig.gateway.start(None).await;
    for _ in 0..5 {
        let campaign = rig.marie.sends(&rig.marie.musicians(1).await, "Bonjour").await;
        rig.app.dispatch_all().await;
        let message = nodes(&rig.marie.campaign(&campaign).await["messages"]).remove(0);
        assert_eq!((&message["state"], &message["reason"]), (&json!("REJECTED"), &json!("NOT_ROUTABLE")));
    }
    assert_eq!(rig.marie.credit().await, (228, 0));
}

#[tokio::test]
async fn what_people_write_comes_as_they_wrote_it() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let page = axum::routing::get(async move |RawQuery(query): RawQuery| {
        tell.send(query.unwrap_or_default()).expect("the test listens");
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    let server = axum::serve(listener, axum::Router::new().route("/inbound", page));
    let server = tokio::spawn(async move { server.await.expect("a socket can be served") });

    let mut gateway = Kannel::prepare();
    let settings = gateway.settings().settings().expect("the settings are whole");
    let provider =
        api::providers::kannel::Kannel::new(client(PATIENCE).expect("a client can be made"), settings);
    let query = provider.inbound_query().expect("people can write");
    gateway.start(Some(&format!("http://{address}/inbound{query}"))).await;
    let long = "Arrêtez ça 🎻 ! ".repeat(4);
    for text in ["STOP", "stop   merci & 100 % + x=y", "ARRÊT", "ça va 🎻", &long] {
        gateway.person_writes("+33612345678", "36608", text).await;
        let query =
            tokio::time::timeout(PATIENCE, told.recv()).await.expect("it never comes").expect("it comes");
        let read = provider.read_inbound(&call(&query)).expect("it can be read");
        assert_eq!(
            (read.from.as_str(), read.to.as_str(), read.text.as_str()),
            ("+33612345678", "36608", text)
        );
        assert!(read.reference.is_some_and(|id| id.len() == 36), "Kannel's id of it");
    }
    server.abort();
}
