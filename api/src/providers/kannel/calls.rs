//! What Kannel's smsbox brings: delivery reports, and messages that people sent.

use chrono::DateTime;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, WINDOWS_1252};

use crate::domain::message_state::Report as Status;
use crate::providers::callback::{Callback, CallbackError, Inbound, Reported};

/// How the network's reply begins when no connection takes the message. Kannel says the same in its answer to the request,
/// which alone counts: the message was never handed over.
const NO_ROUTE: &[u8] = b"NACK/no SMSC";

/// Reads a delivery report. None says nothing that the answer to the request does not.
pub(super) fn report(call: &Callback) -> Result<Option<Reported>, CallbackError> {
    let (status, code) = match call.text("type")?.as_str() {
        "1" => (Status::Delivered, None),
        "2" => (Status::Undelivered, Some("FAILED")),
        "4" | "8" => (Status::HandedOver, None),
        "16" if call.parameter("reply").is_some_and(|reply| reply.starts_with(NO_ROUTE)) => return Ok(None),
        "16" => (Status::Undelivered, Some("REFUSED_BY_NETWORK")),
        _ => return Err(CallbackError::Malformed { parameter: "type" }),
    };
    Ok(Some(Reported { status, code: code.map(str::to_owned) }))
}

/// Reads an inbound message.
pub(super) fn inbound(call: &Callback) -> Result<Inbound, CallbackError> {
    let malformed = |parameter| move || CallbackError::Malformed { parameter };
    let given = |name| call.text(name).ok().filter(|value| !value.is_empty());
    let bytes = call.parameter("text").ok_or_else(malformed("text"))?;
    let (text, _) = charset(call).decode_with_bom_removal(&bytes);
    Ok(Inbound {
        from: given("from").ok_or_else(malformed("from"))?,
        to: given("to").ok_or_else(malformed("to"))?,
        text: text.into_owned(),
        sent_at: given("at").and_then(|at| DateTime::from_timestamp(at.parse().ok()?, 0)),
        reference: given("id"),
    })
}

/// The charset of an inbound text: by its coding where that decides (1 is bytes of any kind, 2 is UCS-2), else by its name.
fn charset(call: &Callback) -> &'static Encoding {
    match call.parameter("coding").as_deref() {
        Some(b"2") => UTF_16BE,
        Some(b"1") => WINDOWS_1252,
        _ => call.parameter("charset").and_then(|label| Encoding::for_label(&label)).unwrap_or(UTF_8),
    }
}
