//! The name that a message shows: which a structure may choose, and that the one previewed is the one sent.

use api::caller::Operator;
use api::domain::sender::ProtectedNames;
use api::services::operator::OperatorError;
use api::services::senders::{self, MAX_SENDERS};
use entity::ids::StructureId;
use envoi_tests::{Actor, TestApp, both, code_of};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use serde_json::{Value, json};

both!(
    the_sender_chosen_is_the_one_that_telephones_show,
    a_sender_that_is_not_the_structures_is_refused,
    without_the_rule_any_name_passes_that_is_not_protected,
    what_no_network_carries_is_refused_with_why,
    a_name_that_looks_like_a_protected_one_is_refused,
    a_name_protected_since_is_refused_at_each_step,
    another_default_makes_a_preview_stale,
    what_was_previewed_with_a_sender_taken_away_is_not_sent,
    a_sender_spelled_anew_makes_a_preview_stale,
    what_is_sent_again_keeps_its_sender,
    senders_of_elsewhere_are_no_senders,
    a_structure_has_so_many_senders_at_most,
    the_one_sender_of_before_becomes_the_default,
);

async fn add(app: &TestApp, structure: StructureId, name: &str) -> Result<(), OperatorError> {
    senders::add(&app.ctx(), Operator::at_the_command_line(), structure, name, false).await
}

async fn prefer(app: &TestApp, name: &str) {
    let structure = app.quatre_vents().await;
    let done = senders::set_default(&app.ctx(), Operator::at_the_command_line(), structure, name).await;
    done.expect("a sender can be the default");
}

async fn remove(app: &TestApp, name: &str) -> Result<(), OperatorError> {
    let structure = app.quatre_vents().await;
    senders::remove(&app.ctx(), Operator::at_the_command_line(), structure, name).await
}

/// Marie, whose structure may also send as `CHORALE`, with two people.
async fn choosing(app: &TestApp) -> (Actor, Vec<String>) {
    add(app, app.quatre_vents().await, "CHORALE").await.expect("a sender can be added");
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    (marie, people)
}

/// A preview under a sender.
async fn preview_from(marie: &Actor, sender: &str, people: &[String]) -> Value {
    let mut payload = marie.try_preview_from(sender, people).await;
    assert_eq!(payload["errors"], json!([]), "{sender}");
    payload["preview"].take()
}

/// What keeps a message from showing a sender: its code, its message and its place.
async fn refusal(marie: &Actor, sender: &str, people: &[String]) -> (Value, String) {
    let payload = marie.try_preview_from(sender, people).await;
    assert_eq!(payload["preview"], Value::Null, "{sender}: {payload}");
    let error = &payload["errors"][0];
    assert_eq!(error["path"], json!(["message", "sender"]), "{payload}");
    (code_of(&payload).clone(), error["message"].as_str().expect("a message").to_owned())
}

/// What the rule says of a preview's sender.
fn said(of: &Value) -> &Value {
    let verdicts = of["decision"]["verdicts"].as_array().expect("verdicts");
    verdicts.iter().find(|verdict| verdict["ruleSlug"] == "sender-allowed").expect("the rule ran")
}

async fn settings(actor: &Actor) -> Value {
    let document = "{ viewer { structure { smsSettings {
        configured senders { name isDefault } defaultSender { name isDefault } } } } }";
    actor.query(document, json!({})).await["viewer"]["structure"]["smsSettings"].take()
}

/// The senders that the network was shown, each once.
fn shown(app: &TestApp) -> Vec<String> {
    let mut senders: Vec<String> = app.network().submitted().into_iter().map(|sms| sms.sender).collect();
    senders.dedup();
    senders
}

async fn switch_off(app: &TestApp) {
    let admin = app.admin().await;
    let rules = "{ viewer { structure { rules(first: 100) { edges { node { id slug } } } } } }";
    let data = admin.query(rules, json!({})).await;
    let rules = envoi_tests::nodes(&data["viewer"]["structure"]["rules"]);
    let rule = rules.iter().find(|rule| rule["slug"] == "sender-allowed").expect("the rule is there");
    let document =
        "mutation($id: ID!) { setRuleState(input: { rule: $id, state: OFF }) { errors { code message } } }";
    let done = admin.query(document, json!({ "id": rule["id"] })).await;
    assert_eq!(done["setRuleState"]["errors"], json!([]));
}

async fn the_sender_chosen_is_the_one_that_telephones_show(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let (own, other) =
        (json!({ "name": "4VENTS", "isDefault": true }), json!({ "name": "CHORALE", "isDefault": false }));
    let expected = json!({ "configured": true, "senders": [own, other], "defaultSender": own });
    assert_eq!(settings(&marie).await, expected);

    let preview = preview_from(&marie, "chorale", &people).await;
    assert_eq!(preview["sender"], "CHORALE", "as the structure spells it");
    assert_eq!(said(&preview)["code"], "PASS", "{preview}");
    let again = "query($id: ID!) { node(id: $id) { ... on SmsPreview { sender } } }";
    let again = marie.query(again, json!({ "id": preview["id"] })).await;
    assert_eq!(again["node"]["sender"], "CHORALE");
    let sent = marie.send(&preview, app.key()).await;
    assert_eq!(sent["campaign"]["sender"], "CHORALE", "{sent}");
    app.dispatch_all().await;
    assert_eq!(shown(&app), ["CHORALE"]);

    let default = marie.preview(&people, "Bonjour").await;
    assert_eq!(default["sender"], "4VENTS");
    assert_eq!(marie.send(&default, app.key()).await["campaign"]["sender"], "4VENTS");
    app.dispatch_all().await;
    assert_eq!(shown(&app), ["CHORALE", "4VENTS"]);
}

async fn a_sender_that_is_not_the_structures_is_refused(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    for actor in [marie.clone(), marie.in_english()] {
        let preview = preview_from(&actor, "ORCHESTRE", &people).await;
        assert_eq!(preview["decision"]["outcome"], "REFUSED");
        let said = said(&preview);
        assert_eq!((&said["code"], &said["level"]), (&json!("SENDER_NOT_ALLOWED"), &json!("DENY")));
        let message = said["message"].as_str().expect("a message");
        assert!(
            message.contains("ORCHESTRE") && message.contains("CHORALE") && message.contains("4VENTS"),
            "{message}"
        );
        let refused = actor.send(&preview, app.key()).await;
        assert_eq!(refused["errors"][0]["__typename"], "RefusedError", "{refused}");
    }
    app.dispatch_all().await;
    assert!(shown(&app).is_empty());
}

async fn without_the_rule_any_name_passes_that_is_not_protected(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    switch_off(&app).await;
    let preview = preview_from(&marie, "Orchestre", &people).await;
    assert_eq!(
        (&preview["sender"], &preview["decision"]["outcome"]),
        (&json!("Orchestre"), &json!("ALLOWED"))
    );
    assert_eq!(marie.send(&preview, app.key()).await["campaign"]["sender"], "Orchestre");
    app.dispatch_all().await;
    assert_eq!(shown(&app), ["Orchestre"]);
    assert_eq!(refusal(&marie, "AME1I", &people).await.0, "SENDER_PROTECTED");
    assert_eq!(refusal(&marie, "36608", &people).await.0, "SENDER_INVALID");
}

async fn what_no_network_carries_is_refused_with_why(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let english = marie.in_english();
    for (sender, fr, en) in [
        ("", "de 3 à 11", "3 to 11"),
        ("AB", "de 3 à 11", "3 to 11"),
        ("ABCDEFGHIJKL", "de 3 à 11", "3 to 11"),
        ("36608", "au moins une lettre", "at least one letter"),
        ("ÉCOLE", "É", "É"),
        ("4 VENTS", "U+0020", "U+0020"),
        (" 4VENTS", "U+0020", "U+0020"),
        ("4VENTS\n", "U+000A", "U+000A"),
        ("VEN\u{202e}TS", "U+202E", "U+202E"),
        ("VEN\u{200b}TS", "U+200B", "U+200B"),
        ("VEN\0TS", "U+0000", "U+0000"),
        ("АМЕLI", "А", "А"),
        ("+33612345678", "+", "+"),
    ] {
        for (actor, named) in [(&marie, fr), (&english, en)] {
            let (code, message) = refusal(actor, sender, &people).await;
            assert_eq!(code, "SENDER_INVALID", "{sender:?}");
            assert!(message.contains(named), "{sender:?}: {message}");
        }
    }
    assert_eq!(refusal(&marie, &"É".repeat(50_000), &people).await.0, "SENDER_INVALID");
}

async fn a_name_that_looks_like_a_protected_one_is_refused(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let structure = app.quatre_vents().await;
    for (sender, name) in [
        ("AMELI", "ameli"),
        ("Ame1i", "ameli"),
        ("LAP0STE", "la poste"),
        ("1MP0T5", "impots"),
        ("IRNPOTS", "impots"),
        ("MonUrssaf", "urssaf"),
        ("SFRINFO", "sfr"),
        ("CAF2026", "caf"),
        ("C0L1SSIM0", "colissimo"),
        ("P0L1CE17", "police"),
    ] {
        let (code, message) = refusal(&marie, sender, &people).await;
        assert_eq!(code, "SENDER_PROTECTED", "{sender}");
        assert!(message.contains(sender) && message.contains(&format!("« {name} »")), "{message}");
        let refused = add(&app, structure, sender).await;
        assert!(matches!(refused, Err(OperatorError::SenderProtected { .. })), "{sender}: {refused:?}");
    }
    for sender in ["AMELIE", "CAFEJAZZ", "FREEJAZZ", "HARMONIE", "Cicada"] {
        add(&app, structure, sender).await.expect("no one takes it for another");
        assert_eq!(preview_from(&marie, sender, &people).await["decision"]["outcome"], "ALLOWED", "{sender}");
    }
    let bank = senders::add(&app.ctx(), Operator::at_the_command_line(), structure, "LaPoste", true).await;
    bank.expect("the operator knows who they are");
    assert_eq!(preview_from(&marie, "LAPOSTE", &people).await["sender"], "LaPoste");
    assert_eq!(refusal(&marie, "LaPoste2", &people).await.0, "SENDER_PROTECTED", "that name and no other");
}

async fn a_name_protected_since_is_refused_at_each_step(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let (chosen, default) =
        (preview_from(&marie, "CHORALE", &people).await, marie.preview(&people, "Bonjour").await);
    let later = app
        .another(|config| {
            config.senders.protected = ProtectedNames::parse("chorale, 4vents").expect("names");
        })
        .await;
    let there = marie.at(&later);
    assert_eq!(refusal(&there, "CHORALE", &people).await.0, "SENDER_PROTECTED");
    let unasked = there.try_preview(json!({ "people": people }), "Bonjour").await;
    assert_eq!(code_of(&unasked), "SENDER_PROTECTED", "the default is no better");
    for preview in [chosen, default] {
        let refused = there.send(&preview, later.key()).await;
        let error = &refused["errors"][0];
        assert_eq!(
            (&error["code"], &error["path"]),
            (&json!("SENDER_PROTECTED"), &json!(["previewToken"])),
            "{refused}"
        );
    }
    later.dispatch_all().await;
    assert!(shown(&later).is_empty());
}

async fn another_default_makes_a_preview_stale(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let (unasked, asked) =
        (marie.preview(&people, "Bonjour").await, preview_from(&marie, "4VENTS", &people).await);
    prefer(&app, "chorale").await;
    let stale = marie.send(&unasked, app.key()).await;
    assert_eq!(code_of(&stale), "PREVIEW_STALE", "{stale}");
    let fresh = &stale["errors"][0]["preview"];
    assert_eq!(fresh["sender"], "CHORALE");
    assert_eq!(marie.send(fresh, app.key()).await["campaign"]["sender"], "CHORALE");
    let sent = marie.send(&asked, app.key()).await;
    assert_eq!(sent["campaign"]["sender"], "4VENTS", "what was asked for by name is no default: {sent}");
    app.dispatch_all().await;
    let mut senders = shown(&app);
    senders.sort();
    senders.dedup();
    assert_eq!(senders, ["4VENTS", "CHORALE"]);
}

async fn what_was_previewed_with_a_sender_taken_away_is_not_sent(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let preview = preview_from(&marie, "CHORALE", &people).await;
    remove(&app, "CHORALE").await.expect("a sender can be taken away");
    let refused = marie.send(&preview, app.key()).await;
    assert_eq!(code_of(&refused), "PREVIEW_STALE", "{refused}");
    let fresh = &refused["errors"][0]["preview"];
    assert_eq!(fresh["decision"]["outcome"], "REFUSED");
    assert_eq!(said(fresh)["code"], "SENDER_NOT_ALLOWED");
    let again = marie.send(fresh, app.key()).await;
    assert_eq!(again["errors"][0]["__typename"], "RefusedError", "{again}");

    let last = marie.preview(&people, "Bonjour").await;
    remove(&app, "4vents").await.expect("the last may go");
    assert_eq!(settings(&marie).await, json!({ "configured": false, "senders": [], "defaultSender": null }));
    let refused = marie.send(&last, app.key()).await;
    assert_eq!(code_of(&refused), "PREVIEW_STALE", "{refused}");
    let fresh = &refused["errors"][0]["preview"];
    assert_eq!((&fresh["sender"], &said(fresh)["code"]), (&Value::Null, &json!("PASS")), "one rule says so");
    assert_eq!(fresh["decision"]["outcome"], "REFUSED");
    app.dispatch_all().await;
    assert!(shown(&app).is_empty());
}

async fn a_sender_spelled_anew_makes_a_preview_stale(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let preview = preview_from(&marie, "CHORALE", &people).await;
    add(&app, app.quatre_vents().await, "Chorale").await.expect("it can be spelled anew");
    let stale = marie.send(&preview, app.key()).await;
    assert_eq!(code_of(&stale), "PREVIEW_STALE", "{stale}");
    assert_eq!(stale["errors"][0]["preview"]["sender"], "Chorale");
}

async fn what_is_sent_again_keeps_its_sender(app: TestApp) {
    let (marie, _) = choosing(&app).await;
    let file = "Nom;Prénom;Mobile\nZzabsent;A;06 12 00 99 98\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let people = [marie.person("zzabsent").await];
    let preview = preview_from(&marie, "CHORALE", &people).await;
    let mut campaign = marie.send(&preview, app.key()).await["campaign"].take();
    app.dispatch_all().await;
    for _ in 0..2 {
        let again = marie.retry(&campaign).await["preview"].take();
        assert_eq!(again["sender"], "CHORALE", "and that of a retry too");
        campaign = marie.send(&again, app.key()).await["campaign"].take();
        assert_eq!(campaign["sender"], "CHORALE");
        app.dispatch_all().await;
    }
    assert_eq!(shown(&app), ["CHORALE"]);
    remove(&app, "CHORALE").await.expect("a sender can be taken away");
    let again = marie.retry(&campaign).await["preview"].take();
    assert_eq!(said(&again)["code"], "SENDER_NOT_ALLOWED", "no other in its place: {again}");
    let later = app
        .another(|config| config.senders.protected = ProtectedNames::parse("chorale").expect("a name"))
        .await;
    let refused = marie.at(&later).retry(&campaign).await;
    let error = &refused["errors"][0];
    assert_eq!(
        (&error["code"], &error["path"]),
        (&json!("SENDER_PROTECTED"), &json!(["campaign"])),
        "{refused}"
    );
}

async fn senders_of_elsewhere_are_no_senders(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let nils = app.nils().await;
    for (actor, other) in [(&marie, "LITTORAL"), (&marie, "littoral")] {
        let preview = preview_from(actor, other, &people).await;
        assert_eq!(
            (&preview["sender"], &said(&preview)["code"]),
            (&json!(other), &json!("SENDER_NOT_ALLOWED"))
        );
    }
    assert_eq!(settings(&nils).await["senders"], json!([{ "name": "LITTORAL", "isDefault": true }]));
    assert_eq!(settings(&app.zoe().await).await["senders"], json!([]));
    // Nor does what is done to one structure's touch another's of that name.
    add(&app, app.quatre_vents().await, "LITTORAL").await.expect("two structures may have it");
    prefer(&app, "LITTORAL").await;
    assert_eq!(settings(&nils).await["defaultSender"]["name"], "LITTORAL");
    prefer(&app, "4VENTS").await;
    assert_eq!(settings(&nils).await["defaultSender"]["name"], "LITTORAL");
    remove(&app, "LITTORAL").await.expect("a sender can be taken away");
    assert_eq!(settings(&nils).await["senders"], json!([{ "name": "LITTORAL", "isDefault": true }]));
}

async fn a_structure_has_so_many_senders_at_most(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let structure = app.quatre_vents().await;
    for number in 2..MAX_SENDERS {
        add(&app, structure, &format!("CHOEUR{number}X")).await.expect("there is room");
    }
    let refused = add(&app, structure, "UNDEPLUS").await;
    assert!(matches!(refused, Err(OperatorError::TooManySenders { max: MAX_SENDERS })), "{refused:?}");
    add(&app, structure, "chorale").await.expect("one that it has is none more");
    assert_eq!(settings(&marie).await["senders"].as_array().map(Vec::len), Some(MAX_SENDERS));
    let preview = preview_from(&marie, "UNDEPLUS", &people).await;
    assert_eq!(said(&preview)["code"], "SENDER_NOT_ALLOWED");
    let refused = remove(&app, "4VENTS").await;
    assert!(matches!(refused, Err(OperatorError::SenderIsDefault(_))), "{refused:?}");
}

async fn text(connection: &DatabaseConnection, sql: &str) -> Option<String> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.expect("a row can be read");
    row.and_then(|row| row.try_get("", "told").expect("a text"))
}

async fn the_one_sender_of_before_becomes_the_default(app: TestApp) {
    let (marie, people) = choosing(&app).await;
    let preview = marie.preview(&people, "Bonjour").await;
    let connection = app.connect().await;
    let steps = Migrator::migrations();
    let step = steps.iter().position(|step| step.name().ends_with("_senders")).expect("the step");
    let undo = u32::try_from(steps.len() - step).expect("few");
    Migrator::down(&connection, Some(undo)).await.expect("the step can be undone");
    let sender = "SELECT sender AS told FROM sms_settings WHERE sender LIKE '4V%'";
    assert_eq!(text(&connection, sender).await.as_deref(), Some("4VENTS"));
    Migrator::up(&connection, None).await.expect("the database is brought up to date");
    for refused in [
        "UPDATE sender SET is_default = TRUE, name = 'OTHER'",
        "UPDATE sender SET folded = 'ab', name = 'AB'",
        "INSERT INTO sender SELECT structure_id, 'again', 'again', TRUE, FALSE FROM sender",
        "INSERT INTO sender SELECT structure_id, folded, name, FALSE, FALSE FROM sender",
    ] {
        assert!(connection.execute_unprepared(refused).await.is_err(), "{refused}");
    }
    connection.close().await.expect("closed");

    let own = json!({ "name": "4VENTS", "isDefault": true });
    assert_eq!(settings(&marie).await, json!({ "configured": true, "senders": [own], "defaultSender": own }));
    assert_eq!(settings(&app.zoe().await).await["senders"], json!([]));
    let sent = marie.send(&preview, app.key()).await;
    assert_eq!(sent["campaign"]["sender"], "4VENTS", "a preview without a sender means the default: {sent}");
}
