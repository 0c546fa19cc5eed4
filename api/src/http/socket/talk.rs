//! What is said on one socket, from its first word to its end.
//!
//! Invariants. Every operation passes the guards that a request passes, of its JSON and of its document, and is run as the account
//! whose token the socket showed, looked up anew for it. A client that does not say hello, that is not there, or that reads nothing
//! is given up; one that showed no token has its time, whatever it asks.

use std::error::Error as _;
use std::future::pending;
use std::ops::ControlFlow;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION};
use axum::http::{HeaderMap, HeaderValue};
use futures::stream::{self, BoxStream, StreamExt as _};
use serde_json::{Map, Value};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tungstenite::error::CapacityError;

use super::message::{Close, Incoming, Outgoing};
use super::operations::{self, Answer, Operations};
use super::places::{Place, SUBSCRIPTIONS_OF_ACCOUNT, Seat, Watching};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::graphql::Session;
use crate::http::body::Params;
use crate::http::refusal::{Refusal, count};
use crate::http::{Web, auth, guard, negotiate, respond};

/// How long a client may take to say hello.
const HELLO: Duration = Duration::from_secs(3);
/// How often a client is asked whether it is there: below what proxies allow a silent connection, a minute.
const PING: Duration = Duration::from_secs(20);
/// Pings in a row that may stay without any word.
const UNHEARD: u32 = 2;
/// Pings after which a socket on which nothing runs is closed: five minutes.
const IDLE: u32 = 15;
/// How long a client may take to read one message.
const READING: Duration = Duration::from_secs(10);
/// How long a client may take to close in its turn: what it still says is read meanwhile, so that it learns why.
const PARTING: Duration = Duration::from_secs(1);

/// How a socket ends: closed by us, or gone.
type Flow = ControlFlow<Option<Close>>;

/// A socket and what runs on it.
struct Talk {
    web: Web,
    /// Those of the upgrade, and what the first word gave in their stead.
    headers: HeaderMap,
    socket: WebSocket,
    operations: Operations,
    /// Whether something came that cannot be read: then nothing more is.
    deaf: bool,
    /// From its first word on.
    seat: Option<Seat>,
    /// Pings since it last said anything.
    unheard: u32,
    /// Pings since something last ran.
    idle: u32,
}

/// Talks on a socket until its end.
pub(super) async fn talk(web: Web, headers: HeaderMap, place: Place, socket: WebSocket) {
    let operations = Operations::none();
    let (deaf, seat, unheard, idle) = (false, None, 0, 0);
    let mut talk = Talk { web, headers, socket, operations, deaf, seat, unheard, idle };
    let end = if talk.socket.protocol().is_some() { talk.run(&place).await } else { Some(Close::PROTOCOL) };
    if let Some(close) = end {
        talk.close(close).await;
    }
}

impl Talk {
    async fn run(&mut self, place: &Place) -> Option<Close> {
        let hello_by = Instant::now() + HELLO;
        let unknown_until = Instant::now() + self.web.app.config.http.unknown_socket_lifetime;
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        loop {
            let flow = tokio::select! {
                () = place.ended() => Flow::Break(Some(Close::GOING_AWAY)),
                () = sleep_until(hello_by), if self.seat.is_none() => Flow::Break(Some(Close::INIT_TIMEOUT)),
                () = sleep_until(unknown_until), if matches!(self.seat, Some(Seat::Unknown { .. })) => {
                    Flow::Break(Some(Close::NO_TOKEN))
                }
                _ = pings.tick() => self.ping().await,
                received = self.socket.recv() => match received {
                    Some(Ok(message)) => self.receive(message).await,
                    Some(Err(error)) => {
                        self.deaf = true;
                        Flow::Break(unreadable(&error))
                    }
                    None => Flow::Break(None),
                },
                answered = self.operations.next() => match answered {
                    Ok((id, answer)) => self.answer(&id, answer).await,
                    Err(_) => Flow::Break(Some(Close::INTERNAL)),
                },
            };
            if let Flow::Break(end) = flow {
                return end;
            }
        }
    }

    /// Asks whether the client is there, unless it is known that it is not, or has nothing to wait for.
    async fn ping(&mut self) -> Flow {
        self.unheard += 1;
        self.idle = if self.operations.len() == 0 { self.idle + 1 } else { 0 };
        if self.unheard > UNHEARD {
            return Flow::Break(None);
        }
        if self.idle > IDLE {
            return Flow::Break(Some(Close::IDLE));
        }
        self.send(Message::Ping(Bytes::new())).await
    }

    async fn receive(&mut self, message: Message) -> Flow {
        self.unheard = 0;
        let text = match message {
            Message::Text(text) => text,
            // The library answers pings; the last word of a client is followed by the end.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Flow::Continue(()),
            Message::Binary(_) => return Flow::Break(Some(Close::INVALID_MESSAGE)),
        };
        match Incoming::read(&text) {
            Ok(Incoming::Init(payload)) => self.greet(&payload).await,
            Ok(Incoming::Ping) => self.say(&Outgoing::Pong).await,
            Ok(Incoming::Pong) => Flow::Continue(()),
            Ok(Incoming::Subscribe(id, params)) => self.subscribe(id, params).await,
            Ok(Incoming::Complete(id)) => {
                self.operations.end(&id);
                Flow::Continue(())
            }
            Err(close) => Flow::Break(Some(close)),
        }
    }

    /// Takes the first word: a token and a language, where it gives them.
    async fn greet(&mut self, payload: &Map<String, Value>) -> Flow {
        if self.seat.is_some() {
            return Flow::Break(Some(Close::SECOND_INIT));
        }
        for (name, value) in payload {
            let header = [AUTHORIZATION, ACCEPT_LANGUAGE]
                .into_iter()
                .find(|header| name.eq_ignore_ascii_case(header.as_str()));
            if let Some((header, value)) = header.zip(value.as_str()) {
                match HeaderValue::from_str(value).ok().filter(|value| value.to_str().is_ok()) {
                    Some(value) => self.headers.insert(header, value),
                    None => return Flow::Break(Some(Close::INVALID_MESSAGE)),
                };
            }
        }
        let ctx = self.ctx();
        let sockets = &self.web.sockets;
        let seat = match caller(&ctx, &self.headers).await {
            Ok(Some(caller)) => sockets.seat(caller.account).ok_or(Close::TOO_MANY_SOCKETS),
            Ok(None) => sockets.seat_unknown().ok_or(Close::TOO_MANY_WITHOUT_TOKEN),
            Err(close) => Err(close),
        };
        match seat {
            Ok(seat) => self.seat = Some(seat),
            Err(close) => return Flow::Break(Some(close)),
        }
        self.say(&Outgoing::ConnectionAck).await
    }

    fn ctx(&self) -> Ctx {
        Ctx::new(self.web.app.clone(), negotiate::language(&self.headers))
    }

    async fn subscribe(&mut self, id: String, params: Result<Params, Refusal>) -> Flow {
        let Some(seat) = &self.seat else {
            return Flow::Break(Some(Close::UNAUTHORIZED));
        };
        if self.operations.has(&id) {
            return Flow::Break(Some(Close::DUPLICATE));
        }
        let ctx = self.ctx();
        if self.operations.len() >= operations::MOST {
            let refusal = Refusal::document("TOO_MANY_OPERATIONS").with("limit", count(operations::MOST));
            return self.answer(&id, Some(Err(vec![respond::refusal(&ctx, &refusal)]))).await;
        }
        let caller = match caller(&ctx, &self.headers).await {
            Ok(caller) => caller,
            Err(close) => return Flow::Break(Some(close)),
        };
        self.idle = 0;
        let prepared = params
            .and_then(guard::prepare)
            .and_then(|(request, operation)| Ok((request, operation, watching(seat, operation)?)));
        match prepared {
            Ok((request, operation, watching)) => {
                let request = request.data(Session::new(ctx.clone(), caller));
                self.operations.start(id, answers(&self.web, ctx, request, operation), watching);
                Flow::Continue(())
            }
            Err(refusal) => self.answer(&id, Some(Err(vec![respond::refusal(&ctx, &refusal)]))).await,
        }
    }

    async fn answer(&mut self, id: &str, answer: Answer) -> Flow {
        match answer {
            Some(Ok(payload)) => self.say(&Outgoing::Next { id, payload }).await,
            Some(Err(payload)) => {
                self.operations.end(id);
                self.say(&Outgoing::Error { id, payload }).await
            }
            None => {
                self.operations.end(id);
                self.say(&Outgoing::Complete { id }).await
            }
        }
    }

    async fn say(&mut self, what: &Outgoing<'_>) -> Flow {
        match what.frame() {
            Some(frame) => self.send(frame).await,
            None => Flow::Break(Some(Close::INTERNAL)),
        }
    }

    async fn send(&mut self, message: Message) -> Flow {
        match timeout(READING, self.socket.send(message)).await {
            Ok(Ok(())) => Flow::Continue(()),
            Ok(Err(_)) | Err(_) => Flow::Break(None),
        }
    }

    /// Closes, and reads on until the client has closed too.
    async fn close(mut self, close: Close) {
        self.operations.end_all();
        let parting = async {
            if self.socket.send(close.frame()).await.is_err() {
                return;
            }
            while let Some(Ok(_)) = self.socket.recv().await {}
            if self.deaf {
                // To hang up with something unread would take back what was said.
                pending::<()>().await;
            }
        };
        // A client that takes longer is left without.
        let _ = timeout(PARTING, parting).await;
    }
}

/// Whose token the socket showed; none when it showed none. A socket whose token does not serve has nothing to say.
async fn caller(ctx: &Ctx, headers: &HeaderMap) -> Result<Option<Caller>, Close> {
    match auth::caller(ctx, headers).await {
        Ok(None) if auth::bearer(headers).is_some() => Err(Close::FORBIDDEN),
        Ok(caller) => Ok(caller),
        Err(fault) => {
            tracing::error!(request.id = %ctx.request, %fault, "the token could not be looked up");
            Err(Close::INTERNAL)
        }
    }
}

/// The place of an operation among the subscriptions of an account, where it is one: without a token, none lasts.
fn watching(seat: &Seat, operation: OperationType) -> Result<Option<Watching>, Refusal> {
    match (seat, operation) {
        (Seat::Known(chair), OperationType::Subscription) => {
            let limit = count(SUBSCRIPTIONS_OF_ACCOUNT);
            let refusal = || Refusal::document("TOO_MANY_SUBSCRIPTIONS").with("limit", limit);
            chair.watch().ok_or_else(refusal).map(Some)
        }
        _ => Ok(None),
    }
}

/// What an operation answers, to its end.
fn answers(
    web: &Web,
    ctx: Ctx,
    request: async_graphql::Request,
    operation: OperationType,
) -> BoxStream<'static, Answer> {
    let schema = web.schema.clone();
    let responses = if operation == OperationType::Subscription {
        schema.execute_stream(request)
    } else {
        let ctx = ctx.clone();
        let patience = ctx.config.http.request_timeout;
        stream::once(async move {
            timeout(patience, schema.execute(request)).await.unwrap_or_else(|_| respond::timeout(&ctx))
        })
        .boxed()
    };
    responses
        .map(move |response| Some(respond::completed(&ctx, response)))
        .chain(stream::once(async { None }))
        .boxed()
}

/// How to close after what cannot be read: a message too large can still be answered.
fn unreadable(error: &axum::Error) -> Option<Close> {
    match error.source()?.downcast_ref::<tungstenite::Error>()? {
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(Close::TOO_LARGE),
        tungstenite::Error::Utf8(_) => Some(Close::INVALID_MESSAGE),
        _ => None,
    }
}
