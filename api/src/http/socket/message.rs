//! The messages of `graphql-transport-ws`, and why a socket is closed.
//!
//! Invariant: nothing nested deeper than HTTP takes is read whole.
//!
//! Source: the GraphQL over WebSocket protocol, <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use async_graphql::{Response, ServerError};
use axum::extract::ws::{CloseFrame, Message, close_code};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http::body::{self, Params};
use crate::http::refusal::Refusal;

/// The longest id of an operation, in bytes: clients send a UUID or less.
const MAX_ID: usize = 128;

/// Why a socket is closed: a code and a few words for developers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close(pub u16, pub &'static str);

impl Close {
    pub const IDLE: Self = Self(close_code::NORMAL, "Idle");
    pub const NO_TOKEN: Self = Self(close_code::NORMAL, "No token was shown");
    pub const GOING_AWAY: Self = Self(close_code::AWAY, "The server stops");
    pub const TOO_LARGE: Self = Self(close_code::SIZE, "Message too large");
    pub const INTERNAL: Self = Self(close_code::ERROR, "Internal error");
    pub const TOO_MANY_SOCKETS: Self = Self(close_code::AGAIN, "Too many sockets of this account");
    pub const TOO_MANY_WITHOUT_TOKEN: Self = Self(close_code::AGAIN, "Too many sockets without a token");
    pub const INVALID_MESSAGE: Self = Self(4400, "Invalid message");
    pub const UNAUTHORIZED: Self = Self(4401, "Unauthorized");
    pub const FORBIDDEN: Self = Self(4403, "Forbidden");
    pub const PROTOCOL: Self = Self(4406, "Subprotocol not acceptable");
    pub const INIT_TIMEOUT: Self = Self(4408, "Connection initialisation timeout");
    pub const DUPLICATE: Self = Self(4409, "Subscriber already exists");
    pub const SECOND_INIT: Self = Self(4429, "Too many initialisation requests");

    /// The frame that says so.
    pub fn frame(self) -> Message {
        Message::Close(Some(CloseFrame { code: self.0, reason: self.1.into() }))
    }
}

/// What a client says.
pub(super) enum Incoming {
    Init(Map<String, Value>),
    Ping,
    Pong,
    /// An operation to run, or why it is not looked at.
    Subscribe(String, Result<Params, Refusal>),
    Complete(String),
}

impl Incoming {
    /// Reads a message.
    ///
    /// # Errors
    /// The protocol closes a socket on the first message that is not one of its own.
    pub fn read(text: &str) -> Result<Self, Close> {
        if let Err(refusal) = body::check_nesting(text.as_bytes()) {
            return match serde_json::from_str(text) {
                Ok(Head { kind: "subscribe", id }) if is_id(&id) => Ok(Self::Subscribe(id, Err(refusal))),
                _ => Err(Close::INVALID_MESSAGE),
            };
        }
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err(Close::INVALID_MESSAGE);
        };
        let kind = message.remove("type");
        let payload = match message.remove("payload") {
            Some(Value::Object(payload)) => Some(payload),
            None | Some(Value::Null) => None,
            Some(_) => return Err(Close::INVALID_MESSAGE),
        };
        match kind.as_ref().and_then(Value::as_str) {
            Some("connection_init") => Ok(Self::Init(payload.unwrap_or_default())),
            Some("ping") => Ok(Self::Ping),
            Some("pong") => Ok(Self::Pong),
            Some("complete") => Ok(Self::Complete(id(&mut message)?)),
            Some("subscribe") => {
                let params = payload.and_then(|payload| body::from_object(payload).ok());
                Ok(Self::Subscribe(id(&mut message)?, Ok(params.ok_or(Close::INVALID_MESSAGE)?)))
            }
            _ => Err(Close::INVALID_MESSAGE),
        }
    }
}

/// What a message is about. What it says beside is passed over, however deep.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: String,
}

fn is_id(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len())
}

fn id(message: &mut Map<String, Value>) -> Result<String, Close> {
    match message.remove("id") {
        Some(Value::String(id)) if is_id(&id) => Ok(id),
        _ => Err(Close::INVALID_MESSAGE),
    }
}

/// What the server says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outgoing<'a> {
    ConnectionAck,
    Pong,
    Next { id: &'a str, payload: Response },
    Error { id: &'a str, payload: Vec<ServerError> },
    Complete { id: &'a str },
}

impl Outgoing<'_> {
    /// The frame that says so; none when an answer cannot be written, which is logged.
    pub fn frame(&self) -> Option<Message> {
        match serde_json::to_string(self) {
            Ok(text) => Some(Message::Text(text.into())),
            Err(cause) => {
                tracing::error!(%cause, "an answer could not be written to a socket");
                None
            }
        }
    }
}
