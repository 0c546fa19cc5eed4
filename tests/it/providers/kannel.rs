//! Kannel: what it is asked, what its answers prove, what its calls say.

use api::domain::message_state::Report as Status;
use api::domain::outcome::{Outcome, UnknownReason};
use api::domain::secret::Secret;
use api::domain::segments::Encoding;
use api::providers::Provider as _;
use api::providers::callback::{CallbackError, Inbound, Reported};
use api::providers::kannel::{Kannel, Settings};
use envoi_tests::provider_harness::{
    ATTEMPT, Gateway, Log, NUMBER, REPORT_URL, Row, Subject, TEXT, call, escaped, message, not_sent,
    rejected, unknown,
};

const PASSWORD: &str = "open+sesame&more";
const QUEUE_FULL: &str = "Temporal failure, try again later.";
const PAGE: &str = "<html><h1>503 Service Unavailable</h1></html>";

fn kannel(client: reqwest::Client, address: String) -> Kannel {
    let settings = Settings {
        send_url: address + "/cgi-bin/sendsms",
        username: "envoi".to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
        smsc: Some("FAKE".to_owned()),
    };
    Kannel::new(client, settings)
}

fn subject() -> Subject<Kannel, fn(reqwest::Client, String) -> Kannel> {
    Subject { make: kannel, secrets: &[PASSWORD, "open%2Bsesame", "sesame"] }
}

fn handed_over() -> Outcome {
    Outcome::HandedOver { reference: format!("kannel-{ATTEMPT}") }
}

#[tokio::test]
async fn answers_prove_what_they_prove_and_no_more() {
    use Gateway::{Answers, Closes, CutsBody, Hangs, Nameless, NeverEnds, NoTls, Refuses, Resets, SilentTls};
    use Outcome::Misconfigured;
    use UnknownReason::{ConnectionLost, ServerError, Timeout, UnreadableAnswer};
    let rows = [
        (Answers(202, &[], "0: Accepted for delivery"), handed_over()),
        (Answers(202, &[], "3: Queued for later delivery"), handed_over()),
        // The smsbox has it, and nobody knows whether the bearerbox does.
        (Answers(202, &[], "Sent."), unknown(UnreadableAnswer)),
        (Answers(202, &[], ""), unknown(UnreadableAnswer)),
        (Answers(200, &[], PAGE), unknown(UnreadableAnswer)),
        (Answers(200, &[], "0: Accepted for delivery"), unknown(UnreadableAnswer)),
        (
            Answers(400, &[], "Number(s) has/have been denied by white- and/or black-lists."),
            rejected("NUMBER_DENIED"),
        ),
        (Answers(400, &[], "Missing receiver number, rejected"), rejected("NUMBER_REFUSED")),
        (Answers(400, &[], "Charset or body misformed, rejected"), rejected("TEXT_REFUSED")),
        (Answers(400, &[], "Sender missing and no global set, rejected"), Misconfigured),
        (Answers(400, &[], "DLR-URL field misformed, rejected"), Misconfigured),
        (Answers(400, &[], PAGE), unknown(ServerError)),
        (Answers(403, &[], "Authorization failed for sendsms"), Misconfigured),
        (Answers(403, &[], "Not routable. Do not try again."), rejected("NOT_ROUTABLE")),
        (Answers(403, &[], "<h1>Forbidden</h1>"), unknown(ServerError)),
        (Answers(404, &[], "Unknown request."), Misconfigured),
        (Answers(429, &["Retry-After: 7"], ""), not_sent(Some(7))),
        (Answers(429, &["Retry-After: Wed, 25 Nov 2026 07:28:00 GMT"], ""), not_sent(None)),
        (Answers(503, &[], QUEUE_FULL), not_sent(None)),
        (Answers(503, &["Retry-After: 30"], QUEUE_FULL), not_sent(Some(30))),
        (Answers(503, &["Retry-After: 30"], PAGE), unknown(ServerError)),
        (Answers(500, &[], "Sending failed."), unknown(ServerError)),
        (Answers(502, &[], PAGE), unknown(ServerError)),
        (Answers(504, &[], QUEUE_FULL), unknown(ServerError)),
        (Answers(301, &["Location: /elsewhere"], ""), unknown(ServerError)),
        (Answers(307, &["Location: /elsewhere"], ""), unknown(ServerError)),
        (Refuses, not_sent(None)),
        (Nameless, not_sent(None)),
        (SilentTls, not_sent(None)),
        (NoTls, not_sent(None)),
        (Closes, unknown(ConnectionLost)),
        (Resets, unknown(ConnectionLost)),
        (CutsBody(202), unknown(ConnectionLost)),
        (CutsBody(503), unknown(ConnectionLost)),
        (NeverEnds(202), unknown(UnreadableAnswer)),
        (Hangs, unknown(Timeout)),
    ];
    let rows: Vec<Row> = rows.into_iter().map(|(gateway, outcome)| Row { gateway, outcome }).collect();
    subject().run(&rows).await;
}

#[tokio::test]
async fn a_failure_is_told_in_the_log_without_the_address() {
    let (log, _guard) = Log::capture();
    subject().run(&[]).await;
    let client =
        api::providers::http::client(std::time::Duration::from_secs(1)).expect("a client can be made");
    kannel(client, "http://127.0.0.1:1".to_owned()).submit(&message(TEXT, Encoding::Gsm7)).await;
    let text = log.text();
    assert!(
        text.contains("a gateway did not answer") && text.contains("refused"),
        "the log is captured: {text}"
    );
    assert!(!text.contains("sesame") && !text.contains("sendsms"), "{text}");
}

#[tokio::test]
async fn two_messages_take_two_connections() {
    subject().shares_no_connection().await;
}

#[tokio::test]
async fn a_message_is_asked_for_as_documented() {
    let report_url = REPORT_URL.replace('%', "%%") + "?type=%d&reply=%A";
    for (text, encoding, coding) in
        [(TEXT, Encoding::Gsm7, "0"), ("ça va 🎻 ?\nÀ + ce soir", Encoding::Ucs2, "2")]
    {
        let seen = subject().request(&message(text, encoding)).await;
        let expected = [
            ("username", "envoi"),
            ("password", PASSWORD),
            ("from", "4VENTS"),
            ("to", NUMBER),
            ("text", text),
            ("charset", "UTF-8"),
            ("coding", coding),
            ("dlr-mask", "31"),
            ("dlr-url", &report_url),
            ("smsc", "FAKE"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/cgi-bin/sendsms"));
        assert_eq!(seen.query, expected);
    }
}

fn any_kannel() -> Kannel {
    let client =
        api::providers::http::client(std::time::Duration::from_secs(1)).expect("a client can be made");
    kannel(client, String::new())
}

#[test]
fn reports_are_read_by_their_type() {
    let told = |status, code: Option<&str>| Ok(Some(Reported { status, code: code.map(str::to_owned) }));
    let malformed = || Err(CallbackError::Malformed { parameter: "type" });
    for (query, expected) in [
        ("type=1&reply=", told(Status::Delivered, None)),
        ("type=2&reply=NACK%2F0x45", told(Status::Undelivered, Some("FAILED"))),
        ("type=4", told(Status::HandedOver, None)),
        ("type=8&reply=ACK%2F", told(Status::HandedOver, None)),
        ("type=16&reply=NACK%2F11", told(Status::Undelivered, Some("REFUSED_BY_NETWORK"))),
        // The answer to the request says so too: it was never handed over, and must not be charged.
        ("type=16&reply=NACK%2Fno+SMSC", Ok(None)),
        ("type=3", malformed()),
        ("type=32", malformed()),
        ("type=1%00", malformed()),
        ("type=", malformed()),
        ("type=%FF", malformed()),
        ("type=%d", malformed()),
        ("", malformed()),
    ] {
        assert_eq!(any_kannel().read_report(&call(query)), expected, "{query}");
    }
}

#[test]
fn inbound_messages_are_read_in_their_charset() {
    let read = |rest: &str| {
        let read = any_kannel().read_inbound(&call(&format!("from=%2B33612345678&to=36608&id=7c2a&{rest}")));
        read.expect("it can be read")
    };
    let utf16 = |text: &str| escaped(&text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>());
    let long = "Répétition à l’église, çà et là 🎻 ".repeat(270);
    let latin: String = "Arrêt à l'église ! ".repeat(530);
    let latin_bytes: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
    assert!(long.len() > 10_000 && latin_bytes.len() > 10_000, "as long as 10 kB");
    for (rest, text) in [
        ("text=STOP+++merci+%C3%A9&coding=0&charset=UTF-8".to_owned(), "STOP   merci é"),
        (format!("text={}&coding=0&charset=UTF-8", escaped(long.as_bytes())), &long),
        (format!("text={}&coding=2&charset=UTF-16BE", utf16(&long)), &long),
        (format!("text={}&coding=0&charset=ISO-8859-1", escaped(&latin_bytes)), &latin),
        (format!("text={}&coding=1&charset=8-BIT", escaped(&latin_bytes)), &latin),
        ("text=%FE%FF%00S%00T%00O%00P&coding=2".to_owned(), "STOP"),
        ("text=caf%E9&coding=0&charset=UTF-8".to_owned(), "caf\u{FFFD}"),
        ("text=%00S%00&coding=2".to_owned(), "S\u{FFFD}"),
        ("text=%D8%3D&coding=2".to_owned(), "\u{FFFD}"),
        ("text=x&coding=0&charset=KLINGON".to_owned(), "x"),
        ("text=x".to_owned(), "x"),
        ("text=".to_owned(), ""),
    ] {
        let expected = Inbound {
            from: NUMBER.to_owned(),
            to: "36608".to_owned(),
            text: text.to_owned(),
            sent_at: None,
            reference: Some("7c2a".to_owned()),
        };
        assert!(read(&rest) == expected, "{}", &rest[..rest.len().min(80)]);
    }
}

#[test]
fn what_is_missing_of_an_inbound_message_is_named() {
    for (query, parameter) in [
        ("to=36608&text=x", "from"),
        ("from=&to=36608&text=x", "from"),
        ("from=%FF&to=36608&text=x", "from"),
        ("from=1&text=x", "to"),
        ("from=1&to=2", "text"),
        ("", "text"),
    ] {
        let read = any_kannel().read_inbound(&call(query));
        assert_eq!(read, Err(CallbackError::Malformed { parameter }), "{query}");
    }
}
