//! Who asks, over the API and nothing else.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::answer::{Answer, nodes};
use crate::app::TestApp;
use crate::canary;
use crate::documents::{CANCEL_CAMPAIGN, PEOPLE, PREVIEW, PREVIEW_SMS, RETRY_CAMPAIGN, SEND_SMS, SIGN_IN};
use crate::socket::Socket;

/// Answers of tests are small: what is larger is a fault.
const LARGEST: usize = 16 * 1024 * 1024;

/// Someone who asks, in a language.
#[derive(Clone)]
pub struct Actor {
    app: TestApp,
    token: Option<String>,
    language: &'static str,
}

impl Actor {
    pub(crate) fn new(app: TestApp) -> Self {
        Self { app, token: None, language: "fr" }
    }

    /// The same, signed in with the demonstration's password.
    pub async fn signed_in(self, email: &str) -> Self {
        let signed = self.try_sign_in(email, api::cli::demo::PASSWORD).await;
        let token = signed["token"].as_str().unwrap_or_else(|| panic!("{email} cannot sign in: {signed}"));
        self.with_token(token)
    }

    /// What signing in answers.
    pub async fn try_sign_in(&self, email: &str, password: &str) -> Value {
        self.query(SIGN_IN, json!({ "email": email, "password": password })).await["signIn"].clone()
    }

    /// The same, showing another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The token shown.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same, asking in English.
    #[must_use]
    pub fn in_english(&self) -> Self {
        Self { language: "en", ..self.clone() }
    }

    /// The same account with the same token, asking another instance.
    #[must_use]
    pub fn at(&self, app: &TestApp) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    /// The answer to any request.
    pub async fn http(&self, request: Request<Body>) -> Answer {
        let response = self.app.router().oneshot(request).await.expect("invariant: the router cannot fail");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, LARGEST).await.expect("the answer has an end");
        let answer = Answer { status: parts.status, headers: parts.headers, body: body.to_vec() };
        match serde_json::from_slice(&answer.body) {
            Ok(body) => {
                canary::know_shown(&body);
                canary::look_at_errors(&body);
            }
            Err(_) if !answer.status.is_success() => {
                canary::look(|| format!("the body of an answer {}", answer.status), &answer.text());
            }
            Err(_) => {}
        }
        answer
    }

    /// The request that asks this.
    #[must_use]
    pub fn request(&self, document: &str, variables: &Value) -> Request<Body> {
        let mut request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept-language", self.language);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        canary::know_given(variables);
        let body = json!({ "query": document, "variables": variables }).to_string();
        request.body(Body::from(body)).expect("invariant: the parts of this request are sound")
    }

    /// The answer, bytes and all.
    pub async fn ask(&self, document: &str, variables: Value) -> Answer {
        self.http(self.request(document, &variables)).await
    }

    /// The whole answer, errors and all.
    pub async fn try_query(&self, document: &str, variables: Value) -> Value {
        self.ask(document, variables).await.json()
    }

    /// The answer to a file that is uploaded, as CSV unless these headers say otherwise; `path` is the address and its parameters.
    pub async fn upload(&self, path: &str, headers: &[(&str, &str)], file: impl Into<Body>) -> Answer {
        self.http(self.upload_request(path, headers, file)).await
    }

    /// The request that uploads a file.
    #[must_use]
    pub fn upload_request(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        file: impl Into<Body>,
    ) -> Request<Body> {
        let mut request = Request::post(path).header("accept-language", self.language);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "text/csv");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(file.into()).expect("invariant: the parts of this request are sound")
    }

    /// The data of the answer.
    ///
    /// # Panics
    /// When there are errors beside it.
    pub async fn query(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.try_query(document, variables).await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].take()
    }

    /// A socket on which they said hello.
    pub async fn socket(&self) -> Socket {
        let headers =
            [("sec-websocket-protocol", "graphql-transport-ws"), ("accept-language", self.language)];
        let mut socket = Socket::open(self.app.address().await, &headers).await.expect("the socket opens");
        socket.greet(self.token.as_deref()).await;
        socket
    }

    /// The payload of a preview of any audience.
    pub async fn try_preview(&self, audience: Value, text: &str) -> Value {
        let input = json!({ "audience": audience, "message": { "text": text } });
        let document = format!("{PREVIEW_SMS}{PREVIEW}");
        self.query(&document, json!({ "input": input })).await["previewSms"].take()
    }

    /// The payload of a preview for these people, under a sender.
    pub async fn try_preview_from(&self, sender: &str, people: &[String]) -> Value {
        let message = json!({ "text": "Répétition à 18 h", "sender": sender });
        let input = json!({ "audience": { "people": people }, "message": message });
        let document = format!("{PREVIEW_SMS}{PREVIEW}");
        self.query(&document, json!({ "input": input })).await["previewSms"].take()
    }

    /// A preview for these people.
    ///
    /// # Panics
    /// When the input is refused.
    pub async fn preview(&self, people: &[String], text: &str) -> Value {
        self.preview_of(json!({ "people": people }), text).await
    }

    /// A preview for any audience.
    ///
    /// # Panics
    /// When the input is refused.
    pub async fn preview_of(&self, audience: Value, text: &str) -> Value {
        let mut payload = self.try_preview(audience, text).await;
        assert_eq!(payload["errors"], json!([]));
        payload["preview"].take()
    }

    /// The payload of a send.
    pub async fn send(&self, preview: &Value, key: Uuid) -> Value {
        self.send_confirming(preview, key, &[]).await
    }

    /// The payload of a send, with these codes confirmed.
    pub async fn send_confirming(&self, preview: &Value, key: Uuid, confirm: &[&str]) -> Value {
        self.query(&Self::send_document(), Self::send_variables(preview, key, confirm)).await["sendSms"]
            .take()
    }

    /// The document of a send.
    #[must_use]
    pub fn send_document() -> String {
        format!("{SEND_SMS}{PREVIEW}")
    }

    /// The variables of a send.
    #[must_use]
    pub fn send_variables(preview: &Value, key: Uuid, confirm: &[&str]) -> Value {
        json!({ "input": { "previewToken": preview["token"], "idempotencyKey": key, "confirm": confirm } })
    }

    /// Previews and sends, under a new key; answers the campaign.
    ///
    /// # Panics
    /// When it is not sent.
    pub async fn sends(&self, people: &[String], text: &str) -> Value {
        let preview = self.preview(people, text).await;
        let mut payload = self.send(&preview, self.app.key()).await;
        assert_eq!(payload["errors"], json!([]), "{payload}");
        payload["campaign"].take()
    }

    /// The payload of cancelling a campaign.
    pub async fn cancel(&self, campaign: &Value) -> Value {
        self.query(CANCEL_CAMPAIGN, json!({ "id": campaign["id"] })).await["cancelCampaign"].take()
    }

    /// The payload of a preview for those whom a campaign did not reach.
    pub async fn retry(&self, campaign: &Value) -> Value {
        let document = format!("{RETRY_CAMPAIGN}{PREVIEW}");
        self.query(&document, json!({ "id": campaign["id"] })).await["retryCampaign"].take()
    }

    /// A page of people: `filter`, `orderBy`, `first`, `after`, `last`, `before`.
    pub async fn try_people(&self, variables: Value) -> Value {
        self.try_query(PEOPLE, variables).await
    }

    /// A page of people.
    ///
    /// # Panics
    /// When there are errors.
    pub async fn people(&self, variables: Value) -> Value {
        self.query(PEOPLE, variables).await["viewer"]["structure"]["people"].take()
    }

    /// The ids of the people that a filter finds, at most 100.
    pub async fn ids(&self, filter: Value) -> Vec<String> {
        let page = self.people(json!({ "filter": filter, "first": 100 })).await;
        nodes(&page).iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// The id of the one person that a search finds.
    ///
    /// # Panics
    /// When it finds none, or several.
    pub async fn person(&self, search: &str) -> String {
        let found = self.ids(json!({ "search": search })).await;
        assert_eq!(found.len(), 1, "{search}");
        found[0].clone()
    }

    /// The id of a tag, by its name.
    ///
    /// # Panics
    /// When there is none.
    pub async fn tag(&self, name: &str) -> String {
        let data = self
            .query("{ viewer { structure { tags(first: 100) { edges { node { id name } } } } } }", json!({}))
            .await;
        let tags = nodes(&data["viewer"]["structure"]["tags"]);
        let tag = tags.iter().find(|tag| tag["name"] == name).unwrap_or_else(|| panic!("no tag {name}"));
        tag["id"].as_str().expect("an id").to_owned()
    }

    /// The id of a list of people, by its name.
    ///
    /// # Panics
    /// When there is none.
    pub async fn list(&self, name: &str) -> String {
        let document = "{ viewer { structure { lists(first: 100) { edges { node { id name } } } } } }";
        let data = self.query(document, json!({})).await;
        let lists = nodes(&data["viewer"]["structure"]["lists"]);
        let list = lists.iter().find(|list| list["name"] == name).unwrap_or_else(|| panic!("no list {name}"));
        list["id"].as_str().expect("an id").to_owned()
    }

    /// The ids of so many people with the tag Musicien, all reachable.
    pub async fn musicians(&self, count: usize) -> Vec<String> {
        let tag = self.tag("Musicien").await;
        let mut found = self.ids(json!({ "tags": { "all": [tag] }, "reachable": true })).await;
        assert!(found.len() >= count, "{} musicians", found.len());
        found.truncate(count);
        found
    }

    /// What can be spent, and what is reserved.
    pub async fn credit(&self) -> (i64, i64) {
        let data = self.query("{ viewer { structure { credit { balance reserved } } } }", json!({})).await;
        let credit = &data["viewer"]["structure"]["credit"];
        (credit["balance"].as_i64().expect("a balance"), credit["reserved"].as_i64().expect("a reserve"))
    }

    /// The lines of the ledger, latest first: reason, delta, quantity, balance after.
    pub async fn ledger(&self) -> Vec<(String, i64, i64, i64)> {
        let document = "{ viewer { structure { credit { ledger(first: 100) {
            edges { node { reason delta quantity balanceAfter } }
        } } } } }";
        let data = self.query(document, json!({})).await;
        let number = |value: &Value| value.as_i64().expect("a number");
        nodes(&data["viewer"]["structure"]["credit"]["ledger"])
            .iter()
            .map(|line| {
                let reason = line["reason"].as_str().expect("a reason").to_owned();
                (reason, number(&line["delta"]), number(&line["quantity"]), number(&line["balanceAfter"]))
            })
            .collect()
    }

    /// A campaign as it stands, with its first hundred messages.
    pub async fn campaign(&self, campaign: &Value) -> Value {
        let document = "query Campaign($id: ID!) { node(id: $id) { ... on Campaign {
            id state text sender cost
            progress { total queued sending handedOver delivered undelivered noReport rejected suppressed unknown writtenOff }
            messages(first: 100) { edges { node {
              id number state reason segments text people { displayName } events { state code }
            } } }
        } } }";
        self.query(document, json!({ "id": campaign["id"] })).await["node"].take()
    }
}
