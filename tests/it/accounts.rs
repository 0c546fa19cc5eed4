//! Signing in and out, what a token is worth, and what each account may see.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    signing_in_tells_who_one_is,
    a_wrong_password_and_an_unknown_address_get_one_answer,
    a_token_that_does_not_serve_is_no_token,
    signing_out_ends_one_session,
    a_disabled_account_cannot_do_anything,
    who_is_not_signed_in_sees_nothing,
    what_may_not_be_read_is_null_beside_what_may,
    a_preview_names_nobody_to_who_may_not_read_people,
    an_administrator_may_do_all_but_send,
    who_did_what_is_told,
);

const WHO: &str =
    "{ viewer { email kind displayName locale person { displayName } permissions { module access }
    structure { name product timeZone region } } }";

async fn signing_in_tells_who_one_is(app: TestApp) {
    let marie = app.anonymous().signed_in("  Marie@Quatre-Vents.EXAMPLE ").await;
    let viewer = marie.query(WHO, json!({})).await["viewer"].take();
    assert_eq!(
        (&viewer["email"], &viewer["kind"]),
        (&json!("marie@quatre-vents.example"), &json!("PERSONAL"))
    );
    assert_eq!(
        (&viewer["displayName"], &viewer["person"]["displayName"]),
        (&json!("Marie Durand"), &json!("Marie Durand"))
    );
    let structure = json!({
        "name": "École de musique des Quatre Vents", "product": "SCHOOL_PREMIUM", "timeZone": "Europe/Paris", "region": "FR",
    });
    assert_eq!(viewer["structure"], structure);
    let access = |module: &str| {
        let grants = viewer["permissions"].as_array().expect("permissions");
        grants.iter().find(|grant| grant["module"] == module).expect("every module is there")["access"]
            .clone()
    };
    let modules = ["PEOPLE", "COMMUNICATION_SMS", "CREDIT", "RULES", "ACCOUNTS", "SETTINGS"];
    assert_eq!(modules.map(access), ["READ", "READ_WRITE", "READ", "NONE", "NONE", "NONE"].map(Value::from));
    let again = app.marie().await;
    assert_ne!(marie.token(), again.token(), "each sign-in has its own token");
}

async fn a_wrong_password_and_an_unknown_address_get_one_answer(app: TestApp) {
    let document = "mutation($email: String!, $password: String!) {
        signIn(input: { email: $email, password: $password }) { token viewer { id } errors { code message path } } }";
    let (french, english) = (app.anonymous(), app.anonymous().in_english());
    let mut said = BTreeSet::new();
    for actor in [&french, &english] {
        let mut answers = BTreeSet::new();
        for (email, password) in [
            ("marie@quatre-vents.example", "envoi-Demo"),
            ("marie@quatre-vents.example", ""),
            ("nobody@quatre-vents.example", "envoi-demo"),
            ("", ""),
            ("marie@quatre-vents.example\0", "envoi-demo"),
            ("🎺", "🎺"),
        ] {
            let answer = actor.ask(document, json!({ "email": email, "password": password })).await;
            assert_eq!(
                code_of(&answer.json()["data"]["signIn"]),
                "SIGN_IN_FAILED",
                "{email:?}: {}",
                answer.text()
            );
            assert!(answer.json()["data"]["signIn"]["token"].is_null());
            answers.insert(answer.text());
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        said.extend(answers);
    }
    assert_eq!(said.len(), 2, "one in French, one in English");
    let long = "a".repeat(100_000);
    let payload = french.try_sign_in("marie@quatre-vents.example", &long).await;
    assert_eq!(code_of(&payload), "SIGN_IN_FAILED");
}

async fn refused(actor: &Actor) {
    let answer = actor.try_query(WHO, json!({})).await;
    assert_eq!(
        (code_of(&answer), &answer["data"]["viewer"]),
        (&json!("UNAUTHENTICATED"), &Value::Null),
        "{answer}"
    );
}

async fn a_token_that_does_not_serve_is_no_token(app: TestApp) {
    let marie = app.marie().await;
    let token = marie.token().expect("she is signed in").to_owned();
    for forged in ["", "x", &token[1..], &format!("{token}A"), &token.to_uppercase(), "🎺", "null"] {
        if forged.is_ascii() {
            refused(&marie.with_token(forged)).await;
        }
    }
    app.advance(TimeDelta::hours(720) - TimeDelta::milliseconds(1));
    marie.query(WHO, json!({})).await;
    app.advance(TimeDelta::milliseconds(1));
    refused(&marie).await;
}

async fn signing_out_ends_one_session(app: TestApp) {
    let (one, other) = (app.marie().await, app.marie().await);
    let out = "mutation { signOut { errors { code } } }";
    assert_eq!(one.query(out, json!({})).await["signOut"]["errors"], json!([]));
    refused(&one).await;
    other.query(WHO, json!({})).await;
    let again = one.try_query(out, json!({})).await;
    assert_eq!(code_of(&again), "UNAUTHENTICATED");
}

async fn a_disabled_account_cannot_do_anything(app: TestApp) {
    let (marie, paul) = (app.marie().await, app.sign_in("paul@quatre-vents.example").await);
    let preview = marie.preview(&marie.musicians(1).await, "Bonjour").await;
    app.plant("UPDATE account SET disabled_at = 1 WHERE email = 'marie@quatre-vents.example'").await;
    refused(&marie).await;
    let sent =
        marie.try_query(&Actor::send_document(), Actor::send_variables(&preview, app.key(), &[])).await;
    assert_eq!(code_of(&sent), "UNAUTHENTICATED");
    let payload = app.anonymous().try_sign_in("marie@quatre-vents.example", "envoi-demo").await;
    let unknown = app.anonymous().try_sign_in("nobody@quatre-vents.example", "envoi-demo").await;
    assert_eq!(payload, unknown, "it looks as if it never was");
    paul.query(WHO, json!({})).await;
}

async fn who_is_not_signed_in_sees_nothing(app: TestApp) {
    let anyone = app.anonymous();
    refused(&anyone).await;
    let id = app.marie().await.musicians(1).await.remove(0);
    for document in [
        "query($id: ID!) { node(id: $id) { id } }",
        "query($id: ID!) { nodes(ids: [$id]) { id } }",
        "mutation($id: ID!) { previewSms(input: { audience: { people: [$id] }, message: { text: \"a\" } }) { preview { id } } }",
        "mutation($id: ID!) { setRuleState(input: { rule: $id }) { rule { id } } }",
        "mutation($id: ID!) { publishRule(input: { version: $id }) { rule { id } } }",
        "{ ruleTemplates { slug } }",
        "mutation($id: ID!) { startRule(input: { from: { rule: $id } }) { rule { id } } }",
        "mutation($id: ID!) { rollBackRule(input: { rule: $id, toVersion: $id }) { rule { id } } }",
        "mutation($id: ID!) { discardRuleDraft(input: { rule: $id, version: $id }) { rule { id } } }",
        "mutation($id: ID!) { retireRule(input: { rule: $id }) { rule { id } } }",
        "mutation($id: ID!) { reorderRules(input: { rules: [$id] }) { rules { id } } }",
        "mutation($id: ID!) { saveRule(input: { rule: $id, manifest: \"\", source: \"\" }) { rule { id } } }",
        "mutation($id: ID!) { requestApproval(input: { previewToken: $id }) { approval { id } } }",
        "mutation($id: ID!) { approveSend(input: { id: $id }) { approval { id } } }",
        "mutation($id: ID!) { declineSend(input: { id: $id }) { approval { id } } }",
        "mutation($id: ID!) { sendSms(input: { previewToken: $id, idempotencyKey: \"0190b5ac-0000-7000-8000-000000000000\" }) { replayed } }",
    ] {
        let answer = anyone.try_query(document, json!({ "id": id })).await;
        assert_eq!(code_of(&answer), "UNAUTHENTICATED", "{answer}");
        assert!(!answer.to_string().contains(&id), "{answer}");
    }
    let (french, english) =
        (anyone.try_query(WHO, json!({})).await, anyone.in_english().try_query(WHO, json!({})).await);
    assert_ne!(french["errors"][0]["message"], english["errors"][0]["message"]);
}

async fn what_may_not_be_read_is_null_beside_what_may(app: TestApp) {
    let marie = app.marie().await;
    app.plant("UPDATE permission SET access = 'NONE' WHERE module = 'PEOPLE'").await;
    let document =
        "{ viewer { email structure { name people { edges { node { id } } } tags { edges { node { id } } }
        credit { balance } rules { edges { node { id } } } decisions { edges { node { id } } } } } }";
    let answer = marie.try_query(document, json!({})).await;
    let structure = &answer["data"]["viewer"]["structure"];
    for field in ["people", "tags", "rules", "decisions"] {
        assert_eq!(structure[field], Value::Null, "{field}");
    }
    assert_eq!((&structure["credit"]["balance"], structure["name"].is_string()), (&json!(228), true));
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 4, "{answer}");
    for error in errors {
        assert_eq!(error["extensions"]["code"], "FORBIDDEN");
        assert!(error["path"].as_array().is_some_and(|path| path.len() == 3), "{error}");
    }
}

async fn a_preview_names_nobody_to_who_may_not_read_people(app: TestApp) {
    let marie = app.marie().await;
    app.plant("UPDATE permission SET access = 'NONE' WHERE module = 'PEOPLE'").await;
    let document = "mutation { previewSms(input: { audience: { matching: { filter: {} } }, message: { text: \"Bonjour\" } }) {
        preview { messageCount decision { outcome } recipients { edges { node { number people { displayName } } } }
            exclusions { edges { node { person { displayName } } } } } errors { code } } }";
    let answer = marie.try_query(document, json!({})).await;
    let preview = &answer["data"]["previewSms"]["preview"];
    assert_eq!((&preview["messageCount"], &preview["decision"]["outcome"]), (&json!(55), &json!("ALLOWED")));
    assert_eq!((&preview["recipients"], &preview["exclusions"]), (&Value::Null, &Value::Null));
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 2, "{answer}");
    assert!(errors.iter().all(|error| error["extensions"]["code"] == "FORBIDDEN"), "{answer}");
    let personal = "mutation { previewSms(input: { audience: { matching: { filter: { search: \"lefevre\" } } },
        message: { text: \"Bonjour {prenom} {nom|et vous}\" } }) { preview { text emptyFields { field messageCount } } errors { code } } }";
    let shown = marie.query(personal, json!({})).await["previewSms"].take();
    assert_eq!(shown["preview"]["text"], "Bonjour  et vous.STOP 36608", "{shown}");
}

async fn an_administrator_may_do_all_but_send(app: TestApp) {
    let admin = app.admin().await;
    let viewer = admin.query(WHO, json!({})).await["viewer"].take();
    assert_eq!((&viewer["kind"], &viewer["person"]), (&json!("ADMIN"), &Value::Null));
    assert!(
        viewer["permissions"]
            .as_array()
            .expect("permissions")
            .iter()
            .all(|grant| grant["access"] == "READ_WRITE")
    );
    let document = "{ viewer { structure {
        smsSubscription { state startsAt endsAt subscribeUrl } smsSettings { configured missing stopMention }
        rules { edges { node { slug lock origin } } } decisions { edges { node { id } } }
    } } }";
    let structure = admin.query(document, json!({})).await["viewer"]["structure"].take();
    assert_eq!(structure["smsSubscription"]["state"], "ACTIVE");
    assert_eq!(
        (&structure["smsSettings"]["configured"], &structure["smsSettings"]["missing"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(nodes(&structure["rules"]).len(), 15);
    let zoe = app.zoe().await;
    let document =
        "{ viewer { structure { smsSubscription { state } smsSettings { configured missing } } } }";
    let structure = zoe.query(document, json!({})).await["viewer"]["structure"].take();
    assert_eq!(
        (&structure["smsSubscription"]["state"], &structure["smsSettings"]["configured"]),
        (&json!("NONE"), &json!(false))
    );
}

/// The address of whoever is named, on each item of a list.
fn named(list: &Value, field: &str) -> Vec<Value> {
    nodes(list).iter().map(|item| item[field]["email"].clone()).collect()
}

async fn who_did_what_is_told(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    marie.sends(&marie.musicians(1).await, "Bonjour").await;
    app.dispatch_all().await;
    let order = "mutation($key: UUID!) { requestTopUp(input: { quantity: 10, idempotencyKey: $key }) {
        order { requestedBy { email } } errors { code } } }";
    let ordered = admin.query(order, json!({ "key": app.key() })).await["requestTopUp"].take();
    let administrator = "admin@quatre-vents.example";
    assert_eq!(ordered["order"]["requestedBy"]["email"], administrator, "{ordered}");

    let document = "{ viewer { structure {
        campaigns { edges { node { createdBy { id kind email displayName } } } }
        credit {
            ledger { edges { node { reason by { email } campaign { createdBy { email } } } } }
            orders { edges { node { requestedBy { email } } } }
        }
    } } }";
    let structure = marie.query(document, json!({})).await["viewer"]["structure"].take();
    let by = nodes(&structure["campaigns"])[0]["createdBy"].clone();
    assert_eq!(
        (&by["kind"], &by["email"], &by["displayName"]),
        (&json!("PERSONAL"), &json!("marie@quatre-vents.example"), &json!("Marie Durand"))
    );
    let credit = &structure["credit"];
    assert_eq!(named(&credit["orders"], "requestedBy"), [json!(administrator), Value::Null]);
    let marie_s = json!("marie@quatre-vents.example");
    assert_eq!(
        named(&credit["ledger"], "by"),
        [json!(administrator), Value::Null, marie_s.clone(), Value::Null],
        "the order, the charge, the reservation, the operator's gift"
    );
    let senders: Vec<_> =
        nodes(&credit["ledger"]).iter().map(|line| line["campaign"]["createdBy"]["email"].clone()).collect();
    assert_eq!(senders, [Value::Null, marie_s.clone(), marie_s, Value::Null]);
    let one = marie.query(
        "query($id: ID!) { node(id: $id) { id ... on Account { email } } }",
        json!({ "id": by["id"] }),
    );
    assert_eq!(one.await["node"]["email"], by["email"]);
}
