//! Filters of people, within one another: whom they find, and how large they may be.

use std::collections::BTreeSet;

use axum::http::{Request, StatusCode};
use envoi_tests::{Actor, TestApp, TestEntropy, both, code_of, nodes, seed};
use serde_json::{Map, Value, json};

both!(
    lists_and_teachers_find_their_people,
    filters_combine,
    any_filter_finds_whom_it_says,
    a_message_reaches_whom_the_same_filter_finds,
    a_filter_too_deep_or_too_large_is_refused_where_it_is,
    a_filter_nested_without_end_is_refused_at_once,
);

async fn names(actor: &Actor, filter: Value) -> Vec<String> {
    let page = actor.people(json!({ "filter": filter, "first": 100 })).await;
    nodes(&page).iter().map(|node| node["displayName"].as_str().expect("a name").to_owned()).collect()
}

async fn lists_and_teachers_find_their_people(app: TestApp) {
    let marie = app.marie().await;
    let data = marie
        .query(
            "{ viewer { structure { lists { totalCount edges { node { id name peopleCount } } } } } }",
            json!({}),
        )
        .await;
    let lists = &data["viewer"]["structure"]["lists"];
    let told: Vec<_> =
        nodes(lists).iter().map(|list| (list["name"].clone(), list["peopleCount"].clone())).collect();
    assert_eq!(
        (told, &lists["totalCount"]),
        (vec![(json!("Chœur"), json!(18)), (json!("Orchestre"), json!(20))], &json!(2))
    );
    for list in nodes(lists) {
        let found = names(&marie, json!({ "list": list["id"] })).await;
        assert_eq!(json!(found.len()), list["peopleCount"]);
        let node = marie
            .query(
                "query($id: ID!) { node(id: $id) { ... on PersonList { name peopleCount } } }",
                json!({ "id": list["id"] }),
            )
            .await;
        assert_eq!(node["node"], json!({ "name": list["name"], "peopleCount": list["peopleCount"] }));
    }
    let teacher = marie.person("Garnier Hélène").await;
    let taught = names(&marie, json!({ "taughtBy": teacher })).await;
    assert!(taught.len() > 3, "{taught:?}");
    let document = "query($id: ID!) { node(id: $id) { ... on Person {
        students(first: 100) { totalCount edges { node { displayName teachers { edges { node { id } } } } } }
        teachers { totalCount edges { node { id } } } lists { totalCount edges { node { name } } }
    } } }";
    let node = marie.query(document, json!({ "id": teacher })).await["node"].take();
    let students: Vec<_> = nodes(&node["students"]);
    assert_eq!(
        students.iter().map(|one| one["displayName"].as_str().expect("a name")).collect::<Vec<_>>(),
        taught
    );
    assert_eq!(
        (&node["students"]["totalCount"], &node["teachers"]["totalCount"]),
        (&json!(taught.len()), &json!(0))
    );
    assert_eq!(node["lists"], json!({ "totalCount": 1, "edges": [{ "node": { "name": "Orchestre" } }] }));
    for student in &students {
        assert_eq!(nodes(&student["teachers"]), [json!({ "id": teacher })]);
    }
    let leaf = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { node(id: $id) { ... on Person {
        students(first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { displayName } } pageInfo { hasNextPage hasPreviousPage }
        }
    } } }";
    let first = marie.query(leaf, json!({ "id": teacher, "first": 2 })).await["node"]["students"].take();
    let after = &first["edges"][1]["cursor"];
    let rest =
        marie.query(leaf, json!({ "id": teacher, "first": 100, "after": after })).await["node"]["students"]
            .take();
    let all: Vec<_> =
        nodes(&first).into_iter().chain(nodes(&rest)).map(|one| one["displayName"].clone()).collect();
    assert_eq!(json!(all), json!(taught));
    assert_eq!(
        (&first["pageInfo"]["hasNextPage"], &rest["pageInfo"]["hasNextPage"]),
        (&json!(true), &json!(false))
    );
    let last = marie.query(leaf, json!({ "id": teacher, "last": 2 })).await["node"]["students"].take();
    let last: Vec<_> = nodes(&last).iter().map(|one| one["displayName"].clone()).collect();
    assert_eq!(json!(last), json!(taught[taught.len() - 2..]));
}

async fn filters_combine(app: TestApp) {
    let marie = app.marie().await;
    let everyone = names(&marie, json!({})).await.len();
    let count = async |filter: Value| names(&marie, filter).await.len();
    for (filter, found) in [
        (json!({ "and": [] }), everyone),
        (json!({ "or": [] }), 0),
        (json!({ "not": {} }), 0),
        (json!({ "not": { "or": [] } }), everyone),
        (json!({ "or": [{}] }), everyone),
        (json!({ "or": [{ "or": [] }, { "and": [] }] }), everyone),
        (json!({ "and": [{ "or": [] }] }), 0),
        (
            json!({ "and": null, "or": null, "not": null, "list": null, "taughtBy": null, "search": null }),
            everyone,
        ),
        (json!({ "not": { "not": { "reachable": false } } }), 4),
        (json!({ "not": { "reachable": false } }), everyone - 4),
        (json!({ "not": { "reachable": true } }), 4),
        (json!({ "or": [{ "search": "morel lea" }, { "search": "aubry" }] }), 2),
        (json!({ "search": "morel", "or": [{ "search": "lea" }, { "search": "aubry" }] }), 1),
    ] {
        assert_eq!(count(filter.clone()).await, found, "{filter}");
    }
    let (choir, orchestra) = (marie.list("Chœur").await, marie.list("Orchestre").await);
    let both = json!({ "and": [{ "list": choir }, { "list": orchestra }] });
    let either = json!({ "or": [{ "list": choir }, { "list": orchestra }] });
    assert_eq!((count(both).await, count(either).await), (2, 36));
}

/// What the API tells of a person, for a filter to be judged by.
struct Known {
    id: String,
    folded: String,
    sex: String,
    reachable: bool,
    tags: BTreeSet<String>,
    lists: BTreeSet<String>,
    teachers: BTreeSet<String>,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn known(marie: &Actor) -> Vec<Known> {
    let document = "{ viewer { structure { people(first: 100) { edges { node {
        id firstName lastName sex reachable tags { id }
        lists(first: 10) { edges { node { id } } } teachers(first: 10) { edges { node { id } } }
    } } } } } }";
    let data = marie.query(document, json!({})).await;
    let ids = |all: &[Value]| all.iter().map(|one| text(&one["id"])).collect();
    let one = |node: &Value| Known {
        id: text(&node["id"]),
        folded: naively_folded(&format!("{} {}", text(&node["lastName"]), text(&node["firstName"]))),
        sex: text(&node["sex"]),
        reachable: node["reachable"] == true,
        tags: ids(node["tags"].as_array().expect("tags")),
        lists: ids(&nodes(&node["lists"])),
        teachers: ids(&nodes(&node["teachers"])),
    };
    nodes(&data["viewer"]["structure"]["people"]).iter().map(one).collect()
}

fn naively_folded(name: &str) -> String {
    let plain =
        [("œ", "oe"), ("éèêë", "e"), ("àâä", "a"), ("îï", "i"), ("ôö", "o"), ("ùûü", "u"), ("ç", "c")];
    let mut folded = name.to_lowercase();
    for (accented, letter) in plain {
        folded = accented.chars().fold(folded, |text, from| text.replace(from, letter));
    }
    folded
}

/// Whether a filter finds a person, read as the schema's descriptions say.
fn finds(filter: &Value, person: &Known) -> bool {
    let texts = |list: &Value| -> Option<Vec<String>> { Some(list.as_array()?.iter().map(text).collect()) };
    let has = |tag: &String| person.tags.contains(tag);
    let (tags, parts) = (&filter["tags"], |name: &str| filter[name].as_array().cloned());
    filter["search"].as_str().is_none_or(|search| {
        naively_folded(search).split_whitespace().all(|word| person.folded.contains(word))
    }) && texts(&filter["sex"]).is_none_or(|sexes| sexes.contains(&person.sex))
        && texts(&tags["all"]).is_none_or(|all| all.iter().all(has))
        && texts(&tags["any"]).is_none_or(|any| any.iter().any(has))
        && texts(&tags["none"]).is_none_or(|none| !none.iter().any(has))
        && filter["list"].as_str().is_none_or(|list| person.lists.contains(list))
        && filter["taughtBy"].as_str().is_none_or(|teacher| person.teachers.contains(teacher))
        && filter["reachable"].as_bool().is_none_or(|reachable| reachable == person.reachable)
        && parts("and").is_none_or(|parts| parts.iter().all(|part| finds(part, person)))
        && parts("or").is_none_or(|parts| parts.iter().any(|part| finds(part, person)))
        && (filter["not"].is_null() || !finds(&filter["not"], person))
}

/// Filters drawn by chance.
struct Draw {
    chance: TestEntropy,
    tags: Vec<String>,
    lists: Vec<String>,
    teachers: Vec<String>,
}

impl Draw {
    fn below(&self, bound: u64) -> usize {
        usize::try_from(self.chance.next() % bound).expect("a small number")
    }

    fn one<'a>(&self, of: &'a [String]) -> &'a str {
        &of[self.below(of.len() as u64)]
    }

    fn some(&self, of: &[String]) -> Vec<String> {
        (0..self.below(3)).map(|_| self.one(of).to_owned()).collect()
    }

    fn filter(&self, depth: usize) -> Value {
        let words = ["ma", "EL", "ri", "é", "Œ", "o", "n a", "garnier", "zz", " ", "%"].map(str::to_owned);
        let sexes = ["FEMALE", "MALE", "OTHER", "UNKNOWN"].map(str::to_owned);
        let mut filter = Map::new();
        for _ in 0..self.below(3) {
            let (name, value) = match self.below(if depth == 0 { 7 } else { 13 }) {
                0 => ("search", json!(self.one(&words))),
                1 => ("sex", json!(self.some(&sexes))),
                2 => ("tags", json!({ "all": self.some(&self.tags) })),
                3 => ("tags", json!({ "any": self.some(&self.tags), "none": self.some(&self.tags) })),
                4 => ("list", json!(self.one(&self.lists))),
                5 => ("taughtBy", json!(self.one(&self.teachers))),
                6 => ("reachable", json!(self.below(2) == 0)),
                7 | 8 => ("and", self.filters(depth)),
                9 | 10 => ("or", self.filters(depth)),
                _ => ("not", self.filter(depth - 1)),
            };
            filter.insert(name.to_owned(), value);
        }
        Value::Object(filter)
    }

    fn filters(&self, depth: usize) -> Value {
        (0..self.below(4)).map(|_| self.filter(depth - 1)).collect()
    }
}

/// Filters drawn by chance for one test: enough to meet each criterion under each combination, in a few seconds.
const DRAWN: usize = 200;

async fn any_filter_finds_whom_it_says(app: TestApp) {
    let marie = app.marie().await;
    let people = known(&marie).await;
    let all = |of: fn(&Known) -> &BTreeSet<String>| {
        let mut all: BTreeSet<String> = people.iter().flat_map(|person| of(person).clone()).collect();
        all.insert("🎺".to_owned());
        all.into_iter().collect::<Vec<_>>()
    };
    let draw = Draw {
        chance: TestEntropy::seeded(seed()),
        tags: all(|person| &person.tags),
        lists: all(|person| &person.lists),
        teachers: all(|person| &person.teachers),
    };
    let mut sizes = BTreeSet::new();
    for _ in 0..DRAWN {
        let filter = draw.filter(4);
        let expected: Vec<&str> =
            people.iter().filter(|person| finds(&filter, person)).map(|person| person.id.as_str()).collect();
        assert_eq!(marie.ids(filter.clone()).await, expected, "{filter}");
        sizes.insert(expected.len());
    }
    assert!(sizes.len() > 10, "the filters drawn differ: {sizes:?}");
}

async fn a_message_reaches_whom_the_same_filter_finds(app: TestApp) {
    let marie = app.marie().await;
    let (orchestra, teacher) = (marie.list("Orchestre").await, marie.person("Bellec Antoine").await);
    let mut sent = 0;
    for filter in [
        json!({ "list": orchestra }),
        json!({ "taughtBy": teacher }),
        json!({ "not": { "or": [{ "list": orchestra }, { "taughtBy": teacher }, { "search": "morel" }] }, "sex": ["FEMALE"] }),
    ] {
        let found = marie.ids(filter.clone()).await;
        let reachable = marie.ids(json!({ "and": [filter, { "reachable": true }] })).await;
        assert!(reachable.len() > 1, "{filter}");
        let unticked = &reachable[0];
        let audience = json!({ "matching": { "filter": filter, "except": [unticked] } });
        let preview = marie.preview_of(audience, "Répétition à 18 h").await;
        assert_eq!(preview["recipientCount"], reachable.len() - 1, "{filter}");
        assert_eq!(preview["excludedCount"], found.len() - reachable.len(), "{filter}");
        let payload = marie.send(&preview, app.key()).await;
        assert_eq!(payload["errors"], json!([]), "{payload}");
        app.dispatch_all().await;
        let campaign = marie.campaign(&payload["campaign"]).await;
        assert_eq!(campaign["progress"]["total"], preview["messageCount"]);
        sent += usize::try_from(preview["messageCount"].as_u64().expect("a count")).expect("a small count");
        assert_eq!(app.network().submitted().len(), sent);
    }
}

/// So many filters within one another.
fn nested(depth: usize, field: &str) -> Value {
    let wrap =
        |inner: Value| if field == "not" { json!({ "not": inner }) } else { json!({ field: [inner] }) };
    (0..depth).fold(json!({}), |inner, _| wrap(inner))
}

async fn a_filter_too_deep_or_too_large_is_refused_where_it_is(app: TestApp) {
    let marie = app.marie().await.in_english();
    for field in ["and", "or", "not"] {
        assert!(!marie.people(json!({ "filter": nested(8, field) })).await.is_null());
        let step: &[&str] = if field == "not" { &["not"] } else { &[field, "0"] };
        let way = step.repeat(9);
        for depth in [9, 20, 25] {
            let answer = marie.try_people(json!({ "filter": nested(depth, field) })).await;
            assert_eq!(code_of(&answer), "FILTER_TOO_DEEP", "{field} {depth}: {answer}");
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["argument"], json!([&["filter"], &way[..]].concat()));
            assert!(error["message"].as_str().is_some_and(|said| said.contains(&way.join("."))), "{answer}");
        }
        let audience = json!({ "matching": { "filter": nested(9, field) } });
        let payload = marie.try_preview(audience, "Bonjour").await;
        assert_eq!(payload["errors"][0]["code"], "FILTER_TOO_DEEP");
        assert_eq!(
            payload["errors"][0]["path"],
            json!([&["audience", "matching", "filter"], &way[..]].concat())
        );
    }
    let wide = |parts: usize| json!({ "or": vec![json!({ "search": "a b" }); parts] });
    assert_eq!(
        names(&marie, json!({ "not": wide(33) })).await.len() + names(&marie, wide(33)).await.len(),
        60
    );
    for filter in [wide(34), wide(5_000), json!({ "and": [wide(20), wide(20)] })] {
        let answer = marie.try_people(json!({ "filter": filter })).await;
        assert_eq!(code_of(&answer), "FILTER_TOO_LARGE", "{answer}");
        assert!(answer["errors"][0]["message"].as_str().is_some_and(|said| said.contains("100")), "{answer}");
    }
    let faulty = json!({ "or": [{}, { "not": { "search": "a".repeat(201) } }] });
    let answer = marie.try_people(json!({ "filter": faulty })).await;
    assert_eq!(answer["errors"][0]["extensions"]["argument"], json!(["filter", "or", "1", "not", "search"]));
}

async fn a_filter_nested_without_end_is_refused_at_once(app: TestApp) {
    let marie = app.marie().await;
    let document =
        "query($filter: PersonFilter) { viewer { structure { people(filter: $filter) { totalCount } } } }";
    for depth in [30, 61, 100, 1_000, 10_000] {
        for (open, close) in [("{\"and\":[", "]}"), ("{\"not\":", "}"), ("{\"or\":[{},", "]}")] {
            let filter = format!("{}{{}}{}", open.repeat(depth), close.repeat(depth));
            let body = format!("{{\"query\":{},\"variables\":{{\"filter\":{filter}}}}}", json!(document));
            let request = Request::post("/graphql")
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {}", marie.token().expect("a token")))
                .body(body.into())
                .expect("a request");
            let answer = marie.http(request).await;
            let code = code_of(&answer.json()).as_str().expect("a code").to_owned();
            let deep = depth > 30 && open != "{\"not\":" || depth > 61;
            let expected = if deep {
                (StatusCode::BAD_REQUEST, "JSON_TOO_DEEP")
            } else {
                (StatusCode::OK, "FILTER_TOO_DEEP")
            };
            assert_eq!((answer.status, code.as_str()), expected, "{open} {depth}");

            let literal = filter.replace('"', "");
            let document =
                format!("{{ viewer {{ structure {{ people(filter: {literal}) {{ totalCount }} }} }} }}");
            let answer = marie.try_query(&document, json!({})).await;
            let code = code_of(&answer).as_str().expect("a code").to_owned();
            let refused = ["FILTER_TOO_DEEP", "DOCUMENT_TOO_DEEP", "DOCUMENT_TOO_LARGE"];
            assert!(refused.contains(&code.as_str()), "{open} {depth}: {code}");
        }
    }
    assert_eq!(names(&marie, json!({})).await.len(), 60, "it goes on");
}
