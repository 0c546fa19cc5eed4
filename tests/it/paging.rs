//! Leafing through people while others change them, and through lists with cursors that are of no use there.

mod cost;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    both_orders_go_both_ways,
    pages_hold_in_every_order_while_people_come_go_and_change,
    a_cursor_is_of_one_list_one_order_and_one_structure,
    a_cursor_that_was_altered_is_none,
    totals_count_the_whole_list,
);

const ORDERS: [(&str, &str); 4] =
    [("NAME", "ASC"), ("NAME", "DESC"), ("CREATED_AT", "ASC"), ("CREATED_AT", "DESC")];

fn order(of: (&str, &str)) -> Value {
    json!({ "field": of.0, "direction": of.1 })
}

fn ids(page: &Value) -> Vec<String> {
    nodes(page).iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
}

/// Some people with these identifiers, last names and nothing that hangs on them.
async fn come(app: &TestApp, people: &[(String, String)]) {
    let rows: Vec<String> = people.iter().map(|(id, name)| format!("{id};{name};Aa")).collect();
    let file = format!("Identifiant;Nom;Prénom\n{}\n", rows.join("\n"));
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
}

async fn both_orders_go_both_ways(app: TestApp) {
    let marie = app.marie().await;
    for name in ["Zz", "Aa", "Mm"] {
        app.advance(TimeDelta::seconds(1));
        come(&app, &[(name.to_owned(), name.to_owned())]).await;
    }
    let page = async |of| marie.people(json!({ "first": 100, "orderBy": order(of) })).await;
    let last_names =
        |page: &Value| -> Vec<Value> { nodes(page).iter().map(|node| node["lastName"].clone()).collect() };
    let by_creation = page(("CREATED_AT", "ASC")).await;
    assert_eq!(last_names(&by_creation)[60..], ["Zz", "Aa", "Mm"]);
    let instants: Vec<Value> = nodes(&by_creation).iter().map(|node| node["createdAt"].clone()).collect();
    assert!(
        instants.is_sorted_by_key(|instant| instant.as_str().expect("an instant").to_owned()),
        "{instants:?}"
    );
    for field in ["NAME", "CREATED_AT"] {
        let mut down = ids(&page((field, "DESC")).await);
        down.reverse();
        assert_eq!(down, ids(&page((field, "ASC")).await), "{field}");
    }
    let end = marie.people(json!({ "last": 2, "orderBy": order(("CREATED_AT", "DESC")) })).await;
    assert_eq!(ids(&end), [ids(&by_creation)[1].clone(), ids(&by_creation)[0].clone()]);
}

/// Reads a list page by page in one direction; what happens between two pages is the test's.
async fn walk(
    marie: &Actor,
    of: (&str, &str),
    forwards: bool,
    mut between: impl AsyncFnMut(usize),
) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    for number in 0..100 {
        let page = if forwards {
            json!({ "first": 7, "after": cursor, "orderBy": order(of) })
        } else {
            json!({ "last": 7, "before": cursor, "orderBy": order(of) })
        };
        let page = marie.people(page).await;
        let (end, more) =
            if forwards { ("endCursor", "hasNextPage") } else { ("startCursor", "hasPreviousPage") };
        let mut part = ids(&page);
        if !forwards {
            part.reverse();
        }
        seen.extend(part);
        if page["pageInfo"][more] == json!(false) {
            return seen;
        }
        cursor = page["pageInfo"][end].clone();
        between(number).await;
    }
    panic!("the list has no end");
}

async fn pages_hold_in_every_order_while_people_come_go_and_change(app: TestApp) {
    let marie = app.marie().await;
    let mut renamed = 40;
    for (pass, of) in ORDERS.into_iter().enumerate() {
        for forwards in [true, false] {
            let tag = format!("{pass}{}", u8::from(forwards));
            let leaving: Vec<(String, String)> = (0..6)
                .map(|i| (format!("L{tag}-{i}"), format!("{}eaver{tag}", ["B", "F", "K", "P", "S", "W"][i])))
                .collect();
            come(&app, &leaving).await;
            let before = ids(&marie.people(json!({ "first": 100, "orderBy": order(of) })).await);
            let mut changed = BTreeSet::new();
            let seen = walk(&marie, of, forwards, async |number| {
                app.advance(TimeDelta::seconds(1));
                let new = ["Aaa", "Mmm", "Zzz"]
                    .map(|name| (format!("N{tag}-{number}{name}"), format!("{name}{number}")));
                come(&app, &new).await;
                if let Some((identifier, _)) = leaving.get(number) {
                    app.plant(&format!("DELETE FROM person WHERE identifier = '{identifier}'")).await;
                }
                renamed += 1;
                let someone = (
                    format!("QV0{:02}", renamed % 60 + 1),
                    format!("{}hanged{tag}x{number}x", ["A", "Z"][number % 2]),
                );
                come(&app, std::slice::from_ref(&someone)).await;
                let found = marie.ids(json!({ "search": someone.1 })).await;
                changed.extend(found);
            })
            .await;
            let now: BTreeSet<String> = all(&marie).await.into_iter().collect();
            let stayed = |id: &String| {
                before.contains(id) && now.contains(id) && (of.0 == "CREATED_AT" || !changed.contains(id))
            };
            let mut expected: Vec<String> = before.iter().filter(|id| stayed(id)).cloned().collect();
            if !forwards {
                expected.reverse();
            }
            let met: Vec<String> = seen.iter().filter(|id| stayed(id)).cloned().collect();
            assert!(expected.len() > 30, "{} stayed", expected.len());
            assert_eq!(met, expected, "{of:?}, forwards {forwards}: each once, in order");
            // Those who came are removed again, so that the next pass begins with as many.
            app.plant(&format!(
                "DELETE FROM person WHERE identifier LIKE 'N{tag}-%' OR identifier LIKE 'L{tag}-%'"
            ))
            .await;
        }
    }
}

/// Everyone, by walking.
async fn all(marie: &Actor) -> Vec<String> {
    walk(marie, ("NAME", "ASC"), true, async |_| {}).await
}

/// What an answer says, without what names the request.
fn said(mut answer: Value) -> Value {
    answer["errors"][0]["extensions"]["requestId"] = Value::Null;
    answer
}

async fn a_cursor_is_of_one_list_one_order_and_one_structure(app: TestApp) {
    let (marie, zoe) = (app.marie().await, app.zoe().await);
    let refused = said(marie.try_people(json!({ "after": "nonsense" })).await);
    assert_eq!(code_of(&refused), "CURSOR_INVALID");
    let document = "{ viewer { structure {
        tags(first: 1) { edges { cursor } } lists(first: 1) { edges { cursor } }
        people(first: 100) { edges { node {
            lists(first: 1) { edges { cursor } } teachers(first: 1) { edges { cursor } } students(first: 1) { edges { cursor } }
        } } }
    } } }";
    let data = marie.query(document, json!({})).await["viewer"]["structure"].take();
    let of_people = |field: &str| {
        let found = nodes(&data["people"]);
        let cursor = found.iter().map(|one| one[field]["edges"][0]["cursor"].clone()).find(Value::is_string);
        cursor.expect("someone has one")
    };
    let mut elsewhere = vec![
        data["tags"]["edges"][0]["cursor"].clone(),
        data["lists"]["edges"][0]["cursor"].clone(),
        of_people("lists"),
        of_people("teachers"),
        of_people("students"),
    ];
    for of in ORDERS {
        let first = async |actor: &Actor| {
            actor.people(json!({ "first": 1, "orderBy": order(of) })).await["edges"][0]["cursor"].clone()
        };
        let own = first(&marie).await;
        assert_eq!(
            nodes(&marie.people(json!({ "after": own, "orderBy": order(of), "first": 100 })).await).len(),
            59
        );
        elsewhere.push(first(&zoe).await);
        for other in ORDERS.into_iter().filter(|other| *other != of) {
            for page in [
                json!({ "after": own, "orderBy": order(other) }),
                json!({ "before": own, "orderBy": order(other) }),
            ] {
                assert_eq!(said(marie.try_people(page).await), refused, "{of:?} in {other:?}");
            }
        }
    }
    for cursor in elsewhere {
        for of in ORDERS {
            for page in [
                json!({ "after": cursor, "orderBy": order(of) }),
                json!({ "last": 3, "before": cursor, "orderBy": order(of) }),
            ] {
                assert_eq!(said(marie.try_people(page).await), refused, "{cursor} {of:?}");
            }
        }
    }
}

async fn a_cursor_that_was_altered_is_none(app: TestApp) {
    let marie = app.marie().await;
    let own = marie.people(json!({ "first": 1 })).await["edges"][0]["cursor"]
        .as_str()
        .expect("a cursor")
        .to_owned();
    let mut altered: Vec<String> = vec![
        String::new(),
        " ".to_owned(),
        "🎺".to_owned(),
        "A".repeat(100_000),
        "=".repeat(10),
        format!("{own}A"),
        format!("{own}{own}"),
    ];
    altered.push(format!("{own}{}", "A".repeat(100_000)));
    for at in (0..own.len()).step_by(7) {
        altered.push(own[..at].to_owned());
        altered.push(own[at + 1..].to_owned());
        let other = if own.as_bytes()[at] == b'A' { "B" } else { "A" };
        altered.push(format!("{}{other}{}", &own[..at], &own[at + 1..]));
    }
    let refused = said(marie.try_people(json!({ "after": "nonsense" })).await);
    for cursor in altered {
        for page in [json!({ "after": cursor }), json!({ "before": cursor, "last": 1 })] {
            assert_eq!(said(marie.try_people(page).await), refused, "{} characters", cursor.len());
        }
    }
}

async fn totals_count_the_whole_list(app: TestApp) {
    let marie = app.marie().await;
    let two = marie.musicians(2).await;
    marie.sends(&two, "Bonjour").await;
    app.dispatch_all().await;
    let preview = marie.preview_of(json!({ "matching": { "filter": {} } }), "Bonjour").await;
    let document = "query($id: ID!, $filter: PersonFilter, $after: String) {
        viewer { structure {
            people(first: 3, filter: $filter, after: $after) { totalCount edges { cursor } }
            tags(first: 0) { totalCount } lists(last: 1) { totalCount edges { node { name } } }
            campaigns(first: 1) { totalCount edges { node { messages(first: 1) { totalCount } none: messages(state: [UNKNOWN]) { totalCount edges { cursor } } } } }
            credit { ledger(first: 1) { totalCount } orders { totalCount } }
        } }
        node(id: $id) { ... on SmsPreview { recipients(first: 1) { totalCount } exclusions(first: 1) { totalCount } } }
    }";
    let mut ask = json!({ "id": preview["id"], "filter": { "sex": ["FEMALE"] } });
    let data = marie.query(document, ask.clone()).await;
    let structure = &data["viewer"]["structure"];
    let women = marie.ids(json!({ "sex": ["FEMALE"] })).await.len();
    assert_eq!(structure["people"]["totalCount"], women);
    ask["after"] = structure["people"]["edges"][2]["cursor"].clone();
    let next = marie.query(document, ask).await;
    assert_eq!(next["viewer"]["structure"]["people"]["totalCount"], women, "on every page");
    assert!(structure["tags"]["totalCount"].as_i64().is_some_and(|tags| tags >= 4), "{structure}");
    assert_eq!(
        structure["lists"],
        json!({ "totalCount": 2, "edges": [{ "node": { "name": "Orchestre" } }] })
    );
    let campaign = &nodes(&structure["campaigns"])[0];
    assert_eq!(
        (&structure["campaigns"]["totalCount"], &campaign["messages"]["totalCount"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(campaign["none"], json!({ "totalCount": 0, "edges": [] }));
    assert_eq!(
        (&structure["credit"]["ledger"]["totalCount"], &structure["credit"]["orders"]["totalCount"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(data["node"]["recipients"]["totalCount"], preview["messageCount"]);
    assert_eq!(data["node"]["exclusions"]["totalCount"], preview["excludedCount"]);
}
