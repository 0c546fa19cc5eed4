//! Finding people, and leafing through them.

use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    a_search_folds_case_and_accents,
    filters_by_sex_tags_and_reach,
    people_come_in_the_order_of_their_names,
    pages_hold_both_ways_while_people_come,
    a_page_too_large_and_a_cursor_of_elsewhere_are_refused,
    a_search_out_of_bounds_is_refused,
);

async fn names(actor: &Actor, filter: Value) -> Vec<String> {
    let page = actor.people(json!({ "filter": filter, "first": 100 })).await;
    nodes(&page).iter().map(|node| node["displayName"].as_str().expect("a name").to_owned()).collect()
}

async fn a_search_folds_case_and_accents(app: TestApp) {
    let marie = app.marie().await;
    for (search, found) in [
        ("etienne", "Étienne Caron"),
        ("ÉTIENNE", "Étienne Caron"),
        ("caron étienne", "Étienne Caron"),
        ("Étienne Car", "Étienne Caron"),
        ("oeuvrard", "Solène Œuvrard"),
        ("ŒUVRARD", "Solène Œuvrard"),
        ("hermitte", "Odile L'Hermitte"),
        ("ines da", "Inês Da Silva"),
        ("E\u{301}tienne", "Étienne Caron"),
    ] {
        assert_eq!(names(&marie, json!({ "search": search })).await, [found], "{search}");
    }
    for nobody in ["%", "_", "\\", "\"", "!", "étienne garnier", "Zoé"] {
        assert!(names(&marie, json!({ "search": nobody })).await.is_empty(), "{nobody}");
    }
    assert_eq!(names(&marie, json!({ "search": " \t " })).await.len(), 60, "a blank search finds everyone");
}

async fn filters_by_sex_tags_and_reach(app: TestApp) {
    let marie = app.marie().await;
    let [musicien, choriste, eleve, professeur] = [
        marie.tag("Musicien").await,
        marie.tag("Choriste").await,
        marie.tag("Élève").await,
        marie.tag("Professeur").await,
    ];
    let count = async |filter: Value| names(&marie, filter).await.len();
    assert_eq!(count(json!({ "tags": { "all": [musicien, choriste] } })).await, 2);
    assert_eq!(
        names(&marie, json!({ "tags": { "any": [professeur] } })).await,
        ["Antoine Bellec", "Hélène Garnier"]
    );
    let any = count(json!({ "tags": { "any": [musicien, choriste] } })).await;
    let none = count(json!({ "tags": { "none": [musicien, choriste] } })).await;
    assert_eq!((any + none, any > 0, none > 0), (60, true, true));
    assert_eq!(count(json!({ "tags": { "any": [] } })).await, 0);
    assert_eq!(count(json!({ "tags": { "all": [], "none": [] } })).await, 60);
    assert_eq!(
        count(json!({ "tags": { "any": ["", "🎺", app.zoe().await.tag("Musicien").await] } })).await,
        0
    );

    assert_eq!(count(json!({ "sex": ["UNKNOWN"] })).await, 2);
    let sexes = [json!(["FEMALE"]), json!(["MALE"]), json!(["OTHER"]), json!(["UNKNOWN"])];
    let mut total = 0;
    for sex in sexes {
        total += count(json!({ "sex": sex })).await;
    }
    assert_eq!(total, 60);

    let unreachable = names(&marie, json!({ "reachable": false })).await;
    assert_eq!(unreachable, ["Nina Dubois", "Raymond Fabre", "Adèle Hubert", "Bernard Lemoine"]);
    let both = json!({ "reachable": true, "sex": ["FEMALE"], "tags": { "all": [eleve], "none": [musicien] }, "search": "morel" });
    assert_eq!(names(&marie, both).await, ["Léa Morel"]);
    let page = marie.people(json!({ "filter": { "search": "Lemoine" } })).await;
    let lemoine = &nodes(&page)[0];
    assert_eq!(
        (&lemoine["optedOut"], &lemoine["reachable"], &lemoine["mobile"]),
        (&json!(true), &json!(false), &json!("+33612342077"))
    );
    assert_eq!(lemoine["tags"][0]["name"], "Choriste");
}

async fn people_come_in_the_order_of_their_names(app: TestApp) {
    let marie = app.marie().await;
    let last_names = |page: &Value| -> Vec<String> {
        nodes(page).iter().map(|node| node["lastName"].as_str().expect("a name").to_owned()).collect()
    };
    let page = marie.people(json!({ "first": 100 })).await;
    let up = last_names(&page);
    assert_eq!(up[..5], ["Arnaud", "Aubry", "Barbier", "Bellec", "Benali"]);
    let after = |name: &str| up.iter().position(|other| other == name).expect("they are there");
    assert!(
        after("Noël") < after("Œuvrard") && after("Œuvrard") < after("Ollivier"),
        "œ is written oe: {up:?}"
    );
    let down =
        marie.people(json!({ "first": 100, "orderBy": { "field": "NAME", "direction": "DESC" } })).await;
    let mut reversed = last_names(&down);
    reversed.reverse();
    assert_eq!(reversed, up);
    let end = marie.people(json!({ "last": 2 })).await;
    assert_eq!(last_names(&end), up[58..]);
    assert_eq!(
        (&end["pageInfo"]["hasPreviousPage"], &end["pageInfo"]["hasNextPage"]),
        (&json!(true), &json!(false))
    );
    let default = marie.people(json!({})).await;
    assert_eq!((nodes(&default).len(), &default["pageInfo"]["hasNextPage"]), (25, &json!(true)));
    let none = marie.people(json!({ "first": 0 })).await;
    assert_eq!((nodes(&none).len(), &none["pageInfo"]["startCursor"]), (0, &Value::Null));
}

async fn pages_hold_both_ways_while_people_come(app: TestApp) {
    let (marie, structure) = (app.marie().await, app.quatre_vents().await);
    let before = names(&marie, json!({})).await;
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    for page in 0.. {
        let part = marie.people(json!({ "first": 13, "after": after })).await;
        seen.extend(nodes(&part).iter().map(|node| node["displayName"].as_str().expect("a name").to_owned()));
        // Someone comes in front of the page, and someone behind it.
        let file = format!("Identifiant;Nom;Prénom\nA{page};Aaa{page};Zzz\nZ{page};Zzz{page};Aaa\n");
        app.import(structure, file.as_bytes()).await.expect("imported");
        after = part["pageInfo"]["endCursor"].clone();
        if part["pageInfo"]["hasNextPage"] == json!(false) || page > 20 {
            break;
        }
    }
    seen.retain(|name| !name.starts_with("Aaa Zzz"));
    assert_eq!(seen, before, "none is missed, none comes twice, none in front is seen");
    let (mut backwards, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let part = marie.people(json!({ "last": 13, "before": cursor })).await;
        let mut page: Vec<String> = nodes(&part)
            .iter()
            .map(|node| node["displayName"].as_str().expect("a name").to_owned())
            .collect();
        page.append(&mut backwards);
        backwards = page;
        cursor = part["pageInfo"]["startCursor"].clone();
        if part["pageInfo"]["hasPreviousPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(backwards, names(&marie, json!({})).await);
}

async fn a_page_too_large_and_a_cursor_of_elsewhere_are_refused(app: TestApp) {
    let marie = app.marie().await;
    for page in [
        json!({ "first": 101 }),
        json!({ "first": -1 }),
        json!({ "last": -1 }),
        json!({ "last": 101 }),
        json!({ "first": 1, "last": 1 }),
    ] {
        let answer = marie.try_people(page.clone()).await;
        assert_eq!(code_of(&answer), "PAGE_SIZE_INVALID", "{page}: {answer}");
        assert_eq!(answer["data"]["viewer"]["structure"]["people"], Value::Null);
    }
    let own = marie.people(json!({ "first": 1 })).await["edges"][0]["cursor"].clone();
    let foreign = app.zoe().await.people(json!({ "first": 1 })).await["edges"][0]["cursor"].clone();
    let descending = json!({ "field": "NAME", "direction": "DESC" });
    for page in [
        json!({ "after": foreign }),
        json!({ "before": foreign }),
        json!({ "after": own, "orderBy": descending }),
        json!({ "after": "" }),
        json!({ "after": "🎺" }),
        json!({ "after": &own.as_str().expect("a cursor")[1..] }),
    ] {
        let answer = marie.try_people(page.clone()).await;
        assert_eq!(code_of(&answer), "CURSOR_INVALID", "{page}: {answer}");
    }
    assert_eq!(nodes(&marie.people(json!({ "after": own })).await).len(), 25);
}

async fn a_search_out_of_bounds_is_refused(app: TestApp) {
    let marie = app.marie().await;
    for filter in [
        json!({ "search": "a".repeat(201) }),
        json!({ "search": "a\u{0}b" }),
        json!({ "tags": { "any": vec!["x"; 101] } }),
    ] {
        let answer = marie.try_people(json!({ "filter": filter })).await;
        let code = code_of(&answer).as_str().expect("a code").to_owned();
        assert!(["FILTER_TOO_LARGE", "SEARCH_INVALID", "INPUT_INVALID"].contains(&code.as_str()), "{answer}");
        assert!(answer["data"]["viewer"]["structure"].is_object(), "{answer}");
    }
    assert_eq!(names(&marie, json!({ "search": "é".repeat(200) })).await.len(), 0);
}
