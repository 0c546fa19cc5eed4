//! The endpoint as HTTP has it: methods, types, sizes, languages; and documents that mean harm.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use envoi_tests::{Answer, TestApp, both, code_of};
use serde_json::{Value, json};

both!(
    get_and_post_answer_alike,
    methods_and_types_that_are_not_taken_are_told,
    bodies_too_large_or_no_json_are_refused,
    a_document_that_means_harm_is_refused_at_once,
    the_language_is_negotiated,
    errors_are_coded_and_say_nothing_of_the_inside,
    an_omitted_variable_is_as_if_it_were_not_there,
);

const TYPENAME: &str = "{\"query\":\"{ __typename }\"}";

async fn send(app: &TestApp, request: axum::http::request::Builder, body: impl Into<Body>) -> Answer {
    app.anonymous().http(request.body(body.into()).expect("a sound request")).await
}

fn post() -> axum::http::request::Builder {
    Request::post("/graphql").header("content-type", "application/json")
}

async fn get_and_post_answer_alike(app: TestApp) {
    let got = send(&app, Request::get("/graphql?query=%7B__typename%7D"), Body::empty()).await;
    let posted = send(&app, post(), TYPENAME).await;
    assert_eq!((got.status, got.text()), (StatusCode::OK, posted.text()));
    assert_eq!(got.json()["data"]["__typename"], "Query");
    assert!(got.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
    let two = "query%20A%7Ba:__typename%7D%20query%20B%7Bb:__typename%7D";
    let named =
        send(&app, Request::get(format!("/graphql?query={two}&operationName=B")), Body::empty()).await;
    assert_eq!(named.json()["data"], json!({ "b": "Query" }));
    let response = post().header("accept", "application/graphql-response+json");
    let answer = send(&app, response, "{\"query\":\"{ nothing }\"}").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.json().get("data").is_none(), "a request that was not run has no data");
    let health = send(&app, Request::get("/health"), Body::empty()).await;
    assert_eq!(health.status, StatusCode::OK);
    let playground = send(&app, Request::get("/"), Body::empty()).await;
    assert!(playground.status.is_success() && playground.text().contains("/graphql"));
}

async fn methods_and_types_that_are_not_taken_are_told(app: TestApp) {
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let request =
            Request::builder().method(method).uri("/graphql").header("content-type", "application/json");
        let answer = send(&app, request, TYPENAME).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, Some("GET, POST"))
        );
        assert_eq!(code_of(&answer.json()), "METHOD_NOT_ALLOWED");
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
    ] {
        let answer = send(&app, Request::post("/graphql").header("content-type", kind), TYPENAME).await;
        assert_eq!(
            (answer.status, code_of(&answer.json())),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, &json!("UNSUPPORTED_MEDIA_TYPE")),
            "{kind}"
        );
    }
    assert_eq!(
        send(&app, Request::post("/graphql"), TYPENAME).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let mutation = "/graphql?query=mutation%7BsignOut%7Berrors%7Bcode%7D%7D%7D";
    let answer = send(&app, Request::get(mutation), Body::empty()).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("POST")));
    assert_eq!(code_of(&answer.json()), "MUTATION_OVER_GET");
    let answer = send(&app, post().header("accept", "text/html"), TYPENAME).await;
    assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE);
}

async fn bodies_too_large_or_no_json_are_refused(app: TestApp) {
    let marie = app.marie().await;
    let large = marie.request("{ __typename }", &json!({ "text": "a".repeat(10_000_000) }));
    let answer = marie.http(large).await;
    assert_eq!(
        (answer.status, code_of(&answer.json())),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("BODY_TOO_LARGE"))
    );
    assert!(
        answer.json()["errors"][0]["message"]
            .as_str()
            .is_some_and(|said| said.contains("262144") || said.contains("262\u{202f}144"))
    );
    for (body, code) in [
        ("[{\"query\":\"{ __typename }\"}]", "BATCH_NOT_SUPPORTED"),
        ("\"{ __typename }\"", "BODY_NOT_AN_OBJECT"),
        ("", "BODY_NOT_JSON"),
        ("{\"query\":", "BODY_NOT_JSON"),
        ("{\"query\":\"{ __typename }\"", "BODY_NOT_JSON"),
        ("\u{feff}{}", "BODY_NOT_JSON"),
        ("{}", "QUERY_MISSING"),
        ("{\"query\":12}", "PARAMETER_NOT_A_STRING"),
        ("{\"query\":\"{ __typename }\",\"variables\":[]}", "PARAMETER_NOT_AN_OBJECT"),
        ("{\"query\":\"{ __typename }\",\"operationName\":1}", "PARAMETER_NOT_A_STRING"),
    ] {
        let answer = send(&app, post(), body).await;
        assert_eq!(
            (answer.status, code_of(&answer.json())),
            (StatusCode::BAD_REQUEST, &json!(code)),
            "{body}: {}",
            answer.text()
        );
        let message = answer.json()["errors"][0]["message"].as_str().expect("a message").to_owned();
        assert!(message.len() > 15 && !message.contains("Error") && !message.contains('{'), "{message}");
    }
    let answer = send(&app, post(), Body::from(vec![0xFF; 100])).await;
    assert_eq!(code_of(&answer.json()), "BODY_NOT_JSON");
}

async fn a_document_that_means_harm_is_refused_at_once(app: TestApp) {
    let mut bomb = "{...F0}".to_owned();
    for fragment in 0..30 {
        write!(bomb, " fragment F{fragment} on Query {{...F{0} ...F{0}}}", fragment + 1)
            .expect("a string takes all");
    }
    bomb.push_str(" fragment F30 on Query {__typename}");
    let cycle = "{...A} fragment A on Query {...B} fragment B on Query {...A}".to_owned();
    let deep = "{a".repeat(5_000);
    let literals = format!("{{ node(id: {}1{}) {{ id }} }}", "[".repeat(10_000), "]".repeat(10_000));
    let types = format!("query($v: {}Int{}) {{ __typename }}", "[".repeat(10_000), "]".repeat(10_000));
    let mut renamed = String::new();
    for alias in 0..100 {
        write!(renamed, "a{alias}: __typename ").expect("a string takes all");
    }
    let aliases = format!("{{ {renamed} }}");
    let directives = format!("{{ __typename {} }}", "@skip(if: false) ".repeat(100));
    let wide = format!("{{ {} }}", "__typename ".repeat(3_100));
    let long = format!("{{ __typename }} #{}", "a".repeat(40_000));
    for document in [bomb, cycle, deep, literals, types, aliases, directives, wide, long] {
        let body = json!({ "query": document }).to_string();
        let answer = tokio::time::timeout(Duration::from_secs(5), send(&app, post(), body)).await;
        let answer = answer.expect("it is refused at once");
        assert!([StatusCode::OK, StatusCode::BAD_REQUEST].contains(&answer.status), "{}", answer.status);
        let answer = answer.json();
        assert!(answer.get("data").is_none() && code_of(&answer).is_string(), "{answer}");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.len() < 300, "{message}");
    }
    let marie = app.marie().await;
    let costly = "{ viewer { structure { campaigns(first: 100) { edges { node { messages(first: 100) { edges { node { id people { id } } } } } } } } } }";
    assert_eq!(code_of(&marie.try_query(costly, json!({})).await), "COMPLEXITY_EXCEEDED");
}

async fn the_language_is_negotiated(app: TestApp) {
    let query = "{\"query\":\"{ viewer { id } }\"}";
    let mut messages = Vec::new();
    for (accept, language) in [("en-GB, fr;q=0.3", "en"), ("fr-CH, en;q=0.4", "fr"), ("de", "fr")] {
        let answer = send(&app, post().header("accept-language", accept), query).await;
        assert_eq!(answer.header("content-language"), Some(language));
        let vary = answer.header("vary").expect("what it varies by").to_ascii_lowercase();
        assert!(
            ["accept-language", "authorization", "accept"].iter().all(|name| vary.contains(name)),
            "{vary}"
        );
        messages.push(answer.json()["errors"][0]["message"].clone());
    }
    assert_ne!(messages[0], messages[1]);
    assert_eq!(messages[1], messages[2]);
}

async fn errors_are_coded_and_say_nothing_of_the_inside(app: TestApp) {
    let marie = app.marie().await;
    for (document, variables, code) in [
        ("{ viewer { ", json!({}), "GRAPHQL_SYNTAX"),
        ("{ viewer { password } }", json!({}), "GRAPHQL_VALIDATION"),
        ("query($id: ID!) { node(id: $id) { id } }", json!({}), ""),
        ("{ node(id: \"x\") { id } } { a: __typename }", json!({}), ""),
        (
            "mutation($key: UUID!) { requestTopUp(input: { quantity: 1, idempotencyKey: $key }) { replayed } }",
            json!({ "key": "no" }),
            "",
        ),
        (
            "mutation($key: UUID!) { requestTopUp(input: { quantity: 1, idempotencyKey: $key }) { order { id } } }",
            json!({ "key": "no" }),
            "INPUT_INVALID",
        ),
        (
            "{ viewer { structure { people(filter: { sex: [NONE] }) { edges { cursor } } } } }",
            json!({}),
            "GRAPHQL_VALIDATION",
        ),
    ] {
        let answer = marie.try_query(document, variables).await;
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{document}: {answer}"));
        for error in errors {
            let found = error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {answer}"));
            assert!(code.is_empty() || found == code, "{document}: {answer}");
            let message = error["message"].as_str().expect("a message");
            assert!(
                !message.contains("-->") && !message.contains("panicked") && !message.contains("SELECT"),
                "{message}"
            );
            let ours = message.starts_with("Une valeur n’a pas") || message.starts_with("A value is not");
            assert!(found != "INPUT_INVALID" || ours, "{message}");
        }
    }
}

async fn an_omitted_variable_is_as_if_it_were_not_there(app: TestApp) {
    let marie = app.marie().await;
    let document = "query($first: Int, $after: String, $filter: PersonFilter) {
        viewer { structure { people(first: $first, after: $after, filter: $filter) { edges { cursor } } } } }";
    for variables in [
        json!({}),
        json!({ "first": null }),
        json!({ "first": 25, "after": null, "filter": {} }),
        Value::Null,
    ] {
        let data = marie.query(document, variables).await;
        let edges = data["viewer"]["structure"]["people"]["edges"].as_array().map(Vec::len);
        assert_eq!(edges, Some(25));
    }
}
