//! Texts as people type them, and as gateways mangle them.

use super::{Keyword, keyword};

#[test]
fn refusals_are_read_as_people_type_them() {
    for text in [
        "STOP",
        "stop",
        "Stop.",
        "StOp !!!",
        "  STOP  ",
        "ARRET",
        "ARRÊT",
        "Arrêt",
        "arre\u{302}t",
        "ARRE\u{302}T",
        "stop merci",
        "Stop, merci !",
        "STOP36608",
        "STOP 36608",
        "stop au 36608",
        "36608 STOP",
        "36608stop36608",
        "« STOP SVP »",
        "«\u{A0}STOP SVP\u{A0}»",
        "\u{201C}STOP\u{201D}",
        "'Stop'",
        "\"stop\"",
        "STOP\u{A0}SVP",
        "STOP\u{202F}!",
        ".STOP",
        "...stop...",
        "(stop)",
        "-STOP-",
        "@STOP@",
        "STOP\0",
        "ST\u{200B}OP",
        "\u{FEFF}STOP\u{200E}",
        "\u{200F}\u{202B}STOP\u{202C}",
        "S\u{AD}TOP",
        "ＳＴＯＰ",
        "𝐒𝐓𝐎𝐏",
        "🛑 STOP 🛑",
        "STOP\u{FE0F}",
        "S.T.O.P",
        "S T O P",
        "s-t-o-p svp",
        "stop stop stop",
        "Stop sms",
        "STOP PUB",
        "Arrêter",
        "Arrêtez de m’écrire",
        "Stop je ne veux plus recevoir de messages",
        "Bonjour, stop à vos messages",
        "Bonjour STOP s'il vous plaît",
        "Bonsoir, arrêt s’il te plait. Merci d’avance",
        "merci stop",
        "Please stop",
        "stop start",
        "Non-merci\nSTOP",
        "Marie Dupont\nSTOP svp\nEnvoyé de mon téléphone",
        "Marie\r\nStop",
        "Marie\rStop",
        "Marie\u{2028}Stop",
        "\n\n\tstop\n",
        "Stop\n\nLe lundi 8 septembre, 4VENTS a écrit : Bonjour",
        "désabonner",
        "unsubscribe",
    ] {
        assert_eq!(keyword(text), Keyword::Stop, "{text:?}");
    }
}

#[test]
fn a_refusal_is_taken_back_by_a_word_alone() {
    for text in [
        "START",
        "start",
        "Start.",
        "START 36608",
        "start36608",
        "REPRISE",
        "Reprise svp",
        "« Reprise »",
        "Bonjour, reprise s’il vous plaît",
        "Merci\nSTART",
        "S.T.A.R.T",
    ] {
        assert_eq!(keyword(text), Keyword::Start, "{text:?}");
    }
}

#[test]
fn a_sentence_asks_nothing() {
    for text in [
        "",
        " ",
        "\n\n",
        "\0",
        "...",
        "🛑",
        "36608",
        "merci",
        "Bonjour, merci",
        "non stop",
        "Non-stop",
        "nonstop",
        "NON STOP",
        "on se retrouve au stop de bus",
        "On se retrouve au stop",
        "au prochain arrêt",
        "l’arrêt de bus",
        "il faut que ça stoppe",
        "stopper",
        "STOPP",
        "sotp",
        "autostop",
        "l'auto-stop",
        "Reprise des cours lundi ?",
        "quand est la reprise",
        "restart",
        "start stop",
        "ne pas start",
        "Marie\nSTART",
        "START\nMarie",
        "s t o",
        "стоп",
        "\u{FFFD}",
        "ARR\u{FFFD}T",
    ] {
        assert_eq!(keyword(text), Keyword::Other, "{text:?}");
    }
}

#[test]
fn a_long_text_is_read_to_its_end() {
    let filler = "lorem ipsum 12 é ".repeat(700);
    assert!(filler.len() > 10_000);
    assert_eq!(keyword(&filler), Keyword::Other);
    assert_eq!(keyword(&format!("stop {filler}")), Keyword::Stop);
    assert_eq!(keyword(&format!("{filler}\nSTOP")), Keyword::Stop);
    assert_eq!(keyword(&format!("{filler} STOP")), Keyword::Other);
    for one in ["s ", "stop", "\u{301}", "\n", "1a", "\u{200B}", "ﷺ"] {
        let text = one.repeat(10_000);
        assert_eq!(keyword(&text), Keyword::Other, "{one:?}");
    }
}
