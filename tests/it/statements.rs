//! How many statements an operation takes: as many whatever the size of the page and the length of the list.

use envoi_tests::{Actor, Backend, TestApp, both, nodes};
use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement};
use serde_json::{Value, json};

both!(
    a_page_of_people_takes_one_whatever_is_selected,
    who_teaches_whom_is_read_for_all_at_once,
    nodes_are_read_type_by_type,
    campaigns_take_as_many_with_their_messages,
    the_ledger_takes_as_many_with_its_campaigns,
    a_preview_takes_as_many_whatever_its_pages,
    rules_take_as_many_with_their_versions,
    templates_take_as_many_with_their_versions,
    what_only_reads_has_its_time,
);

/// What tells the viewer and its structure.
const VIEWER: u64 = 2;

/// The statements that an operation takes beyond those that tell who asks.
async fn statements(app: &TestApp, actor: &Actor, document: &str, variables: Value) -> u64 {
    let (_, before) = app.statements(actor.query("{ __typename }", json!({}))).await;
    let (_, all) = app.statements(actor.query(document, variables)).await;
    all - before
}

/// So many more people of the Quatre Vents, with tags, lists and a teacher.
async fn more_people(app: &TestApp, count: usize) {
    let rows: Vec<String> = (0..count)
        .map(|i| {
            format!(
                "X{i};Xavier{i};Ana;06 12 35 {:02} {:02};Musicien, Choriste;Orchestre, Chœur;QV003",
                i / 100,
                i % 100
            )
        })
        .collect();
    let file = format!("Identifiant;Nom;Prénom;Mobile;Tags;Listes;Professeur\n{}\n", rows.join("\n"));
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
}

async fn a_page_of_people_takes_one_whatever_is_selected(app: TestApp) {
    more_people(&app, 100).await;
    let marie = app.marie().await;
    for (selection, expected) in [
        ("edges { node { id } }", 1),
        ("edges { cursor node { displayName mobile reachable optedOut } } pageInfo { hasNextPage }", 1),
        ("edges { node { tags { name } lists(first: 3) { totalCount edges { node { name } } } } }", 1),
        ("edges { node { ... on Node { ... on Person { lists(first: 3) { edges { node { id } } } } } } }", 1),
        ("totalCount", 2),
        ("edges { node { tags { name } lists(first: 3) { edges { node { name } } } } } totalCount", 2),
        ("edges { node { lists(first: 3) { edges { node { name peopleCount } } } } }", 2),
    ] {
        for filter in [json!({}), json!({ "list": marie.list("Orchestre").await, "not": { "search": "zz" } })]
        {
            for order in ["NAME", "CREATED_AT"] {
                for first in [1, 5, 100] {
                    let document = format!(
                        "query Page($first: Int, $filter: PersonFilter) {{ viewer {{ structure {{ people(
                            first: $first, filter: $filter, orderBy: {{ field: {order}, direction: DESC }}
                        ) {{ {selection} }} }} }} }}"
                    );
                    let variables = json!({ "first": first, "filter": filter });
                    let taken = statements(&app, &marie, &document, variables).await;
                    assert_eq!(taken, VIEWER + expected, "{first}: {selection}");
                }
            }
        }
    }
    for list in ["tags", "lists"] {
        let document =
            |selection: &str| format!("{{ viewer {{ structure {{ {list} {{ {selection} }} }} }} }}");
        let plain = document("edges { node { name } }");
        assert_eq!(statements(&app, &marie, &plain, json!({})).await, VIEWER + 1, "{list}");
        let counted = document("totalCount edges { node { name } }");
        assert_eq!(statements(&app, &marie, &counted, json!({})).await, VIEWER + 2, "{list}");
    }
    let sizes = "{ viewer { structure { lists { edges { node { name peopleCount } } } } } }";
    assert_eq!(
        statements(&app, &marie, sizes, json!({})).await,
        VIEWER + 2,
        "the lists, and how many are on them"
    );
}

async fn who_teaches_whom_is_read_for_all_at_once(app: TestApp) {
    more_people(&app, 100).await;
    let marie = app.marie().await;
    for (selection, expected) in [
        ("teachers(first: 3) { edges { node { displayName } } }", 3),
        (
            "students(first: 3) { edges { node { displayName tags { name } lists(first: 3) { edges { node { name } } } } } }",
            3,
        ),
        ("teachers(first: 2) { totalCount edges { node { displayName } } }", 4),
        (
            "teachers(first: 2) { edges { node { students(first: 2) { edges { node { displayName } } } } } }",
            5,
        ),
        ("teachers(first: 1) { edges { node { id } } } students(last: 1) { edges { node { id } } }", 5),
        (
            "one: students(first: 1) { edges { node { id } } } two: students(first: 2) { edges { node { id } } }",
            5,
        ),
    ] {
        for first in [5, 100] {
            let document = format!(
                "query($first: Int) {{ viewer {{ structure {{ people(first: $first, filter: {{ search: \"\" }}) {{
                    edges {{ node {{ {selection} }} }}
                }} }} }} }}"
            );
            let taken = statements(&app, &marie, &document, json!({ "first": first })).await;
            // Among the first few there may be nobody who teaches or is taught, and then no more is read.
            let as_expected =
                if first == 100 { taken == VIEWER + expected } else { taken <= VIEWER + expected };
            assert!(as_expected, "{first}: {taken}, not {VIEWER} and {expected}: {selection}");
        }
    }
}

async fn nodes_are_read_type_by_type(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let mut previews = Vec::new();
    for one in marie.musicians(4).await {
        previews.push(marie.preview(std::slice::from_ref(&one), "Bonjour").await);
        marie.sends(&[one], "Bonjour").await;
    }
    app.dispatch_all().await;
    let document = "{ viewer { structure {
        people(first: 100) { edges { node { id } } } tags { edges { node { id } } } lists { edges { node { id } } }
        credit { ledger { edges { node { id } } } orders { edges { node { id } } } }
        rules { edges { node { id } } } decisions { edges { node { id } } }
        campaigns { edges { node { id messages { edges { node { id } } } } } }
    } } }";
    let all = admin.query(document, json!({})).await["viewer"]["structure"].take();
    let messages: Vec<Value> =
        nodes(&all["campaigns"]).iter().flat_map(|campaign| nodes(&campaign["messages"])).collect();
    for (kind, found) in [
        ("people", nodes(&all["people"])),
        ("tags", nodes(&all["tags"])),
        ("lists", nodes(&all["lists"])),
        ("ledger", nodes(&all["credit"]["ledger"])),
        ("orders", nodes(&all["credit"]["orders"])),
        ("rules", nodes(&all["rules"])),
        ("decisions", nodes(&all["decisions"])),
        ("campaigns", nodes(&all["campaigns"])),
        ("messages", messages),
        ("previews", previews),
    ] {
        let document = "query($ids: [ID!]!) { nodes(ids: $ids) { id
            ... on Person { lists(first: 2) { edges { node { name } } } teachers(first: 1) { edges { node { id } } } }
            ... on PersonList { peopleCount }
            ... on LedgerEntry { by { email } campaign { id createdBy { email } decision { outcome } } }
            ... on TopUpOrder { requestedBy { email } }
            ... on Campaign { createdBy { email } decision { outcome } messages(first: 2) { edges { node { people { id } } } } }
            ... on SmsMessage { people { id } events { at } }
        } }";
        let ids: Vec<&Value> = found.iter().map(|node| &node["id"]).collect();
        let asker = if kind == "previews" { &marie } else { &admin };
        let answer = asker.query(document, json!({ "ids": ids })).await;
        let back: Vec<&Value> =
            answer["nodes"].as_array().expect("nodes").iter().map(|node| &node["id"]).collect();
        assert_eq!(back, ids, "in their order");
        let one = statements(&app, asker, document, json!({ "ids": ids[..ids.len().div_ceil(2)] })).await;
        let several = statements(&app, asker, document, json!({ "ids": ids })).await;
        assert!(
            several == one && (ids.len() > 1 || kind == "orders"),
            "{kind}: {one} for half of them, {several} for all"
        );
        let twice = asker.query(document, json!({ "ids": [ids[0], ids[0]] })).await;
        assert_eq!(twice["nodes"][0], twice["nodes"][1], "{kind}");
    }
}

async fn campaigns_take_as_many_with_their_messages(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let musicians = marie.musicians(9).await;
    marie.sends(&musicians[..2], "Bonjour").await;
    app.dispatch_all().await;
    let document = "{ viewer { structure { campaigns { totalCount edges { node {
        createdBy { email } decision { verdicts { rule { title } } }
        messages(first: 5) { totalCount edges { node { state events { at } people { displayName tags { name } teachers(first: 1) { edges { node { id } } } } } } }
    } } } } } }";
    let one = statements(&app, &admin, document, json!({})).await;
    for some in musicians.chunks(3) {
        marie.sends(some, "Bonjour à tous").await;
    }
    app.dispatch_all().await;
    let answer = admin.query(document, json!({})).await;
    let campaigns = &answer["viewer"]["structure"]["campaigns"];
    assert_eq!(campaigns["totalCount"], 4);
    let counts: Vec<_> =
        nodes(campaigns).iter().map(|campaign| campaign["messages"]["totalCount"].clone()).collect();
    assert_eq!(counts, [json!(3), json!(3), json!(3), json!(2)]);
    let people = nodes(&nodes(campaigns)[0]["messages"]);
    assert!(people.iter().all(|message| message["people"][0]["displayName"].is_string()), "{people:?}");
    assert_eq!(statements(&app, &admin, document, json!({})).await, one);
}

async fn the_ledger_takes_as_many_with_its_campaigns(app: TestApp) {
    let marie = app.marie().await;
    let musicians = marie.musicians(4).await;
    marie.sends(&musicians[..1], "Bonjour").await;
    app.dispatch_all().await;
    let document = "{ viewer { structure { credit { ledger { totalCount edges { node {
        by { email } campaign { createdBy { email } decision { outcome } messages(first: 3) { edges { node { id } } } }
    } } } } } } }";
    let one = statements(&app, &marie, document, json!({})).await;
    for person in &musicians[1..] {
        marie.sends(std::slice::from_ref(person), "Bonjour à tous").await;
    }
    app.dispatch_all().await;
    assert_eq!(statements(&app, &marie, document, json!({})).await, one);
}

async fn a_preview_takes_as_many_whatever_its_pages(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview_of(json!({ "matching": { "filter": {} } }), "Bonjour").await;
    let document = "query($id: ID!, $first: Int) { node(id: $id) { ... on SmsPreview {
        recipients(first: $first) { edges { node { people { displayName teachers(first: 1) { edges { node { id } } } } } } }
        exclusions(first: $first) { edges { node { person { displayName students(first: 1) { edges { node { id } } } } } } }
    } } }";
    let few = statements(&app, &marie, document, json!({ "id": preview["id"], "first": 1 })).await;
    let many = statements(&app, &marie, document, json!({ "id": preview["id"], "first": 60 })).await;
    assert!(few <= many && many == 24, "{few}, then {many}");
}

async fn rules_take_as_many_with_their_versions(app: TestApp) {
    let admin = app.admin().await;
    let save = async |slug: &str| {
        let manifest = format!(
            "slug = \"{slug}\"\nstages = [\"SEND\"]\ntitle = {{ en = \"A\", fr = \"A\" }}\ndescription = {{ en = \"A.\", fr = \"A.\" }}
[codes.NO]\nlevel = \"DENY\"\nen = \"No.\"\nfr = \"Non.\"\n[[cases]]\nfacts = {{}}\nverdict = \"PASS\"
[[cases]]\nfacts = {{ message = {{ length = 1000 }} }}\nverdict = \"NO\"\n"
        );
        let save = "mutation($manifest: String!) { saveRule(input: { manifest: $manifest, source: \"message.length < 900\" }) { errors { code message } } }";
        let saved = admin.query(save, json!({ "manifest": manifest })).await;
        assert_eq!(saved["saveRule"]["errors"], json!([]));
    };
    save("one").await;
    let document = "{ viewer { structure { rules { totalCount edges { node { slug versions(first: 5) { totalCount edges { node { number diff author { email } publishedBy { email } } } } } } } } } }";
    let one = statements(&app, &admin, document, json!({})).await;
    save("two").await;
    save("three").await;
    assert_eq!(statements(&app, &admin, document, json!({})).await, one);
}

async fn templates_take_as_many_with_their_versions(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let save = "mutation($input: SaveMessageTemplateInput!) { saveMessageTemplate(input: $input) { template { id current { id } } errors { code } } }";
    let save = async |actor: &Actor, input: Value| {
        let saved = actor.query(save, json!({ "input": input })).await["saveMessageTemplate"].take();
        assert_eq!(saved["errors"], json!([]));
        saved["template"].clone()
    };
    let more = async |name: &str| {
        let first = save(&marie, json!({ "name": name, "text": "a" })).await;
        let next =
            json!({ "template": first["id"], "basedOn": first["current"]["id"], "name": name, "text": "b" });
        let version = save(&admin, next).await["current"]["id"].clone();
        let message = json!({ "text": "a", "template": version });
        let input = json!({ "audience": { "people": marie.musicians(1).await }, "message": message });
        let document =
            "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { token } } }";
        let preview = marie.query(document, json!({ "input": input })).await["previewSms"]["preview"].take();
        assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
    };
    more("one").await;
    let templates = "{ viewer { structure { messageTemplates { totalCount edges { node { name current { author { email } }
        versions { totalCount edges { node { number author { email } } } } } } } } } }";
    let campaigns =
        "{ viewer { structure { campaigns { edges { node { template { name author { email } } } } } } } }";
    let nodes_of = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on MessageTemplate { current { author { email } } versions { edges { node { id author { email } } } } } } }";
    let ids = async || {
        let document = "{ viewer { structure { messageTemplates { edges { node { id } } } } } }";
        let page = marie.query(document, json!({})).await;
        json!({ "ids": nodes(&page["viewer"]["structure"]["messageTemplates"]).iter().map(|node| node["id"].clone()).collect::<Vec<_>>() })
    };
    let taken = async || {
        [
            statements(&app, &marie, templates, json!({})).await,
            statements(&app, &marie, campaigns, json!({})).await,
            statements(&app, &marie, nodes_of, ids().await).await,
        ]
    };
    let one = taken().await;
    assert_eq!(one, [VIEWER + 6, VIEWER + 3, 4]);
    more("two").await;
    more("three").await;
    assert_eq!(taken().await, one);
}

async fn what_only_reads_has_its_time(app: TestApp) {
    if app.backend() == Backend::Sqlite {
        return; // it has no such setting
    }
    let show = || Statement::from_string(DbBackend::Postgres, "SHOW statement_timeout");
    let read = |row: Option<QueryResult>| row.expect("a row").try_get_by_index::<String>(0).expect("a text");
    let reading = app.db().query_one_raw(show()).await.expect("shown");
    assert_eq!(read(reading), "11s", "a little more than a request");
    let writing = app.app().store.write::<_, api::error::Fault, _>(move |tx| {
        Box::pin(async move { Ok(tx.query_one_raw(show()).await?) })
    });
    assert_eq!(read(writing.await.expect("shown")), "0", "what writes is let finish");
}
