//! A client of `graphql-transport-ws`, over a real socket.

use std::time::Duration;

use axum::http::StatusCode;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::canary;

/// How long anything may take before the test fails. Far above what it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A socket that is open.
pub struct Socket(WebSocketStream<TcpStream>);

/// What comes from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Message(Value),
    /// It closed, with this code; none when it hung up.
    Closed(Option<u16>),
}

impl Socket {
    /// Opens a socket to `address`, such as `127.0.0.1:41234`, with these headers.
    ///
    /// # Errors
    /// The status and the body of a refusal.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn open(address: &str, headers: &[(&'static str, &str)]) -> Result<Self, (StatusCode, Value)> {
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a sound address");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a sound header"));
        }
        let stream = TcpStream::connect(address).await.expect("the server can be reached");
        match timeout(PATIENCE, client_async(request, stream)).await.expect("the server answers") {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                Err((response.status(), serde_json::from_slice(body).unwrap_or_default()))
            }
            Err(error) => panic!("the socket cannot be opened: {error}"),
        }
    }

    /// Says something.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn say(&mut self, message: Value) {
        self.send(Message::Text(message.to_string().into())).await;
    }

    /// Sends any frame.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("the server is there");
    }

    /// Says something; answers whether it could be sent.
    pub async fn try_say(&mut self, message: Value) -> bool {
        self.0.send(Message::Text(message.to_string().into())).await.is_ok()
    }

    /// Says hello with a token, if any, and hears that it is taken.
    ///
    /// # Panics
    /// When it is not.
    pub async fn greet(&mut self, token: Option<&str>) {
        let payload = token.map(|token| json!({ "Authorization": format!("Bearer {token}") }));
        self.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.hear().await, Heard::Message(json!({ "type": "connection_ack" })));
    }

    /// What comes next.
    ///
    /// # Panics
    /// When nothing does.
    pub async fn hear(&mut self) -> Heard {
        let heard = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let message = serde_json::from_str(&text).expect("JSON");
                        canary::know_shown(&message);
                        canary::look_at_errors(&message);
                        return Heard::Message(message);
                    }
                    Some(Ok(Message::Close(frame))) => {
                        return Heard::Closed(frame.map(|frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Heard::Closed(None),
                }
            }
        };
        timeout(PATIENCE, heard).await.expect("something comes")
    }

    /// The message that comes next.
    ///
    /// # Panics
    /// When the socket is closed instead.
    pub async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            Heard::Closed(code) => panic!("closed with {code:?}"),
        }
    }

    /// The code with which the socket is closed, whatever comes before.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Heard::Closed(code) = self.hear().await {
                return code;
            }
        }
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({ "query": document, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// The data of the next answer of an operation.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn next(&mut self, id: &str) -> Value {
        let mut message = self.message().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"].take()
    }

    /// The answers of an operation, up to the first that is as wanted.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn until(&mut self, id: &str, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut answers = Vec::new();
        loop {
            answers.push(self.next(id).await);
            if answers.last().is_some_and(&wanted) {
                return answers;
            }
        }
    }
}
