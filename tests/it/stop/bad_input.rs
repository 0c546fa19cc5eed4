//! What gateways may bring, of whatever shape: answered, kept as far as it can be, and never more than that.

use entity::enums::InboundKeyword;
use envoi_tests::{TestApp, both};

use super::{NUMBER, SHORT_CODE, Three, kept, received};

both!(
    any_text_is_taken,
    any_sender_is_taken,
    any_short_code_and_reference_are_taken,
    neither_number_nor_text_is_stored,
);

async fn any_text_is_taken(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    let long = "Ça va être long… ".repeat(600);
    let latin_1: Vec<u8> = long.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    let ucs_2: Vec<u8> = long.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let texts: [&[u8]; 9] =
        [b"", b" ", b"\0", b"\0\0\0\0", b"\xFF\xFE", &all, long.as_bytes(), &latin_1, &ucs_2];
    for text in texts {
        assert_eq!(app.receive(NUMBER, SHORT_CODE, text, None).await, 200, "{text:?}");
    }
    assert_eq!(three.opted_out().await, [false; 3]);
    let rows = received(&app).await;
    assert_eq!(rows.len(), texts.len());
    assert!(rows.iter().all(|row| row.keyword == InboundKeyword::Other));
    let stop = format!("STOP\n{long}");
    assert_eq!(app.receive(NUMBER, SHORT_CODE, stop.as_bytes(), None).await, 200);
    assert_eq!(three.opted_out().await, [true, false, false]);
}

async fn any_sender_is_taken(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    let long = "6".repeat(5_000);
    for (from, problem) in [
        ("", "TOO_SHORT"),
        ("36608", "SHORT_CODE"),
        ("\0", "FORBIDDEN_CHARACTERS"),
        ("4VENTS", "FORBIDDEN_CHARACTERS"),
        ("🎺", "FORBIDDEN_CHARACTERS"),
        ("' OR 1=1 --", "FORBIDDEN_CHARACTERS"),
        ("0123456789", "NOT_MOBILE"),
        ("+999123456789", "UNKNOWN_COUNTRY"),
        (long.as_str(), "TOO_LONG"),
    ] {
        assert_eq!(app.receive(from, SHORT_CODE, b"STOP", None).await, 200, "{from:?}");
        let rows = received(&app).await;
        let told = rows.iter().any(|row| row.sender_problem.as_deref() == Some(problem));
        assert!(told, "{from:?}: {rows:?}");
    }
    assert_eq!((kept(&app).await, three.opted_out().await), (9, [false; 3]));
    for from in ["33612009001", "0612009001", "0033612009001", " +33 6 12 00 90 01 "] {
        assert_eq!(app.receive(from, SHORT_CODE, b"STOP", None).await, 200);
        assert_eq!(three.opted_out().await, [true, false, false], "{from:?}");
        three.says("START", SHORT_CODE).await;
        assert_eq!(three.opted_out().await, [false; 3]);
    }
}

async fn any_short_code_and_reference_are_taken(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    let long = "3".repeat(5_000);
    let mut brought = 0;
    for to in ["", "\0", "36609", "4VENTS", "🎺", "' OR 1=1 --", long.as_str()] {
        for reference in [None, Some(""), Some("\0"), Some("a\nb"), Some(long.as_str())] {
            assert_eq!(app.receive(NUMBER, to, b"STOP", reference).await, 200, "{to:?} {reference:?}");
            brought += 1;
        }
    }
    assert_eq!((kept(&app).await, three.opted_out().await), (brought, [false; 3]));
    assert!(
        received(&app).await.iter().all(|row| row.reference.is_none()),
        "what cannot be a reference is none"
    );
    for to in ["+36608", " 36608 "] {
        assert_eq!(app.receive(NUMBER, to, b"STOP", None).await, 200);
        assert_eq!(three.opted_out().await, [true, false, false], "{to:?}");
        three.says("START", SHORT_CODE).await;
    }
}

async fn neither_number_nor_text_is_stored(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    assert_eq!(app.receive(NUMBER, SHORT_CODE, b"STOP Dissonance", Some("ref-1")).await, 200);
    assert_eq!(app.receive("Camille Dissonance", "Dissonance", b"Dissonance", Some("ref-2")).await, 200);
    let shown = format!("{:?}", received(&app).await);
    assert!(shown.contains("ref-1") && shown.contains("ref-2"), "{shown}");
    for secret in ["Dissonance", "612009001"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
