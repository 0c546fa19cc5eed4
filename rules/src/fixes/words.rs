//! What a user can change, how far, and how it is said.

use crate::facts::Facts;
use crate::text::LocalText;

/// A fact that those who send can change.
pub(super) struct Changeable {
    pub path: &'static str,
    pub min: i64,
    pub max: i64,
    pub get: fn(&Facts) -> i64,
    pub get_mut: fn(&mut Facts) -> &mut i64,
    /// What to do, for its new value and the change.
    pub text: fn(i64, i64) -> LocalText,
}

/// The facts that can be changed: the message, whom it goes to, the credit, and when it leaves.
#[rustfmt::skip]
pub(super) const CHANGEABLE: &[Changeable] = &[
    Changeable { path: "message.length", min: 1, max: i64::MAX, get: |f| f.message.length, get_mut: |f| &mut f.message.length, text: length },
    Changeable { path: "message.segments", min: 1, max: i64::MAX, get: |f| f.message.segments, get_mut: |f| &mut f.message.segments, text: segments },
    Changeable { path: "message.cost", min: 1, max: i64::MAX, get: |f| f.message.cost, get_mut: |f| &mut f.message.cost, text: cost },
    Changeable { path: "audience.person_count", min: 1, max: i64::MAX, get: |f| f.audience.person_count, get_mut: |f| &mut f.audience.person_count, text: people },
    Changeable { path: "audience.message_count", min: 1, max: i64::MAX, get: |f| f.audience.message_count, get_mut: |f| &mut f.audience.message_count, text: numbers },
    Changeable { path: "credit.balance", min: 0, max: i64::MAX, get: |f| f.credit.balance, get_mut: |f| &mut f.credit.balance, text: credit },
    Changeable { path: "now.hour", min: 0, max: 23, get: |f| f.now.hour, get_mut: |f| &mut f.now.hour, text: |to, delta| time(to * 60, delta) },
    Changeable { path: "now.minute_of_day", min: 0, max: 1_439, get: |f| f.now.minute_of_day, get_mut: |f| &mut f.now.minute_of_day, text: time },
    Changeable { path: "now.weekday", min: 1, max: 7, get: |f| f.now.weekday, get_mut: |f| &mut f.now.weekday, text: weekday },
];

/// The number without its sign, and whether it is more than one.
fn many(delta: i64) -> (u64, bool) {
    (delta.unsigned_abs(), delta.unsigned_abs() > 1)
}

fn length(_: i64, delta: i64) -> LocalText {
    let (number, several) = many(delta);
    let (en, fr) = if several { ("characters", "caractères") } else { ("character", "caractère") };
    if delta < 0 {
        LocalText::new(format!("shorten by {number} {en}"), format!("raccourcissez de {number} {fr}"))
    } else {
        LocalText::new(format!("lengthen by {number} {en}"), format!("allongez de {number} {fr}"))
    }
}

fn segments(to: i64, _: i64) -> LocalText {
    LocalText::new(format!("make the message take {to} SMS"), format!("faites tenir le message en {to} SMS"))
}

fn cost(_: i64, delta: i64) -> LocalText {
    let (number, _) = many(delta);
    if delta < 0 {
        LocalText::new(format!("spend {number} SMS less"), format!("dépensez {number} SMS de moins"))
    } else {
        LocalText::new(format!("spend {number} SMS more"), format!("dépensez {number} SMS de plus"))
    }
}

fn people(_: i64, delta: i64) -> LocalText {
    let (number, several) = many(delta);
    let (en, fr) = if several { ("people", "personnes") } else { ("person", "personne") };
    if delta < 0 {
        LocalText::new(format!("select {number} {en} fewer"), format!("sélectionnez {number} {fr} de moins"))
    } else {
        LocalText::new(format!("select {number} more {en}"), format!("sélectionnez {number} {fr} de plus"))
    }
}

fn numbers(_: i64, delta: i64) -> LocalText {
    let (number, several) = many(delta);
    let (en, fr) = if several { ("numbers", "numéros") } else { ("number", "numéro") };
    if delta < 0 {
        LocalText::new(format!("send to {number} {en} fewer"), format!("envoyez à {number} {fr} de moins"))
    } else {
        LocalText::new(format!("send to {number} more {en}"), format!("envoyez à {number} {fr} de plus"))
    }
}

fn credit(_: i64, delta: i64) -> LocalText {
    let (number, _) = many(delta);
    if delta < 0 {
        LocalText::new(
            format!("have {number} SMS less of credit"),
            format!("ayez {number} SMS de crédit en moins"),
        )
    } else {
        LocalText::new(format!("buy {number} SMS"), format!("achetez {number} SMS"))
    }
}

fn time(to: i64, delta: i64) -> LocalText {
    let clock = format!("{:02}:{:02}", to / 60, to % 60);
    if delta < 0 {
        LocalText::new(format!("send by {clock}"), format!("envoyez à {clock} au plus tard"))
    } else {
        LocalText::new(format!("send from {clock} on"), format!("envoyez à partir de {clock}"))
    }
}

fn weekday(to: i64, _: i64) -> LocalText {
    let days = [
        ("a Monday", "un lundi"),
        ("a Tuesday", "un mardi"),
        ("a Wednesday", "un mercredi"),
        ("a Thursday", "un jeudi"),
        ("a Friday", "un vendredi"),
        ("a Saturday", "un samedi"),
        ("a Sunday", "un dimanche"),
    ];
    let place = usize::try_from(to - 1).unwrap_or_default().min(days.len() - 1);
    let (en, fr) = days[place];
    LocalText::new(format!("send on {en}"), format!("envoyez {fr}"))
}
