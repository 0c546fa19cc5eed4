//! `/reports/<token>`: the report of a campaign as a CSV file, streamed.
//!
//! Owns how the file looks: its columns, its words, its separator. French spreadsheets split at `;`, English ones at `,`.
//!
//! Invariant: the file is never kept by a cache, nor taken for anything but a file to save.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use entity::sensitive::Sensitive;
use futures::stream::{self, Stream, StreamExt as _};
use rules::Lang;

use super::{Web, negotiate};
use crate::app::Ctx;
use crate::domain::spreadsheet::{self, BYTE_ORDER_MARK};
use crate::error::{Arg, Failure, Fault};
use crate::i18n;
use crate::services::reports::{self, Report, ReportProblem, ReportRow};

/// The names of the columns, in order.
const COLUMNS: [&str; 7] = [
    "REPORT_PEOPLE",
    "REPORT_NUMBER",
    "REPORT_STATE",
    "REPORT_REASON",
    "REPORT_AT",
    "REPORT_SEGMENTS",
    "REPORT_CHARGED",
];

/// Serves the report that a link is for.
pub(super) async fn download(
    State(web): State<Web>,
    token: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let ctx = Ctx::new(web.app, negotiate::language(&headers));
    // What is no text is no token of ours.
    let token = token.map_or_else(|_| String::new(), |Path(token)| token);
    match reports::open(&ctx, &token).await {
        Ok(report) => file(ctx, report),
        Err(Failure::Problem(ReportProblem::NotFound)) => {
            refused(&ctx, StatusCode::NOT_FOUND, "REPORT_NOT_FOUND")
        }
        Err(Failure::Problem(ReportProblem::Expired)) => refused(&ctx, StatusCode::GONE, "REPORT_EXPIRED"),
        Err(Failure::Fault(fault)) => {
            broken(&ctx, &fault);
            refused(&ctx, StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
        }
    }
}

fn file(ctx: Ctx, report: Report) -> Response {
    let lang = report.lang;
    // Letters of ASCII alone, so that it needs no escaping.
    let name =
        format!("{}-{}.csv", i18n::message("REPORT_FILE", &[], lang), report.sent_at.format("%Y-%m-%d-%H%M"));
    let mut response = Response::new(Body::from_stream(chunks(ctx, report)));
    dress(&mut response, lang, "text/csv; charset=utf-8");
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    response
}

fn refused(ctx: &Ctx, status: StatusCode, code: &str) -> Response {
    let args = [("request", Arg::from(ctx.request.to_string()))];
    let mut response = Response::new(Body::from(format!("{}\n", i18n::message(code, &args, ctx.lang))));
    *response.status_mut() = status;
    dress(&mut response, ctx.lang, "text/plain; charset=utf-8");
    response
}

fn dress(response: &mut Response, lang: Lang, content_type: &'static str) {
    let headers: [(HeaderName, &'static str); 5] = [
        (CONTENT_TYPE, content_type),
        (CONTENT_LANGUAGE, super::respond::language(lang)),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

fn broken(ctx: &Ctx, fault: &Fault) {
    if matches!(fault, Fault::Unauthenticated | Fault::Forbidden { .. }) {
        tracing::info!(request.id = %ctx.request, "a report was broken off: whoever asked for it may read it no more");
        return;
    }
    tracing::error!(request.id = %ctx.request, cause = %fault, "a report could not be read");
}

/// The file, a page of rows at a time. When it cannot be read on, or may not, it breaks off, so that nobody takes a part for the whole.
fn chunks(ctx: Ctx, report: Report) -> impl Stream<Item = Result<Vec<u8>, Fault>> + Send {
    let header = COLUMNS.map(|code| {
        let zone = [("zone", Arg::from(report.zone.name()))];
        Cow::Owned(i18n::message(code, &zone, report.lang))
    });
    let mut first = BYTE_ORDER_MARK.as_bytes().to_vec();
    first.extend(spreadsheet::lines(separator(report.lang), [header.to_vec()]));
    let rest = stream::try_unfold((ctx, report), async |(ctx, mut report)| {
        let rows = report.next(&ctx).await.inspect_err(|fault| broken(&ctx, fault))?;
        if rows.is_empty() {
            return Ok(None);
        }
        let lang = report.lang;
        let lines = spreadsheet::lines(separator(lang), rows.iter().map(|row| cells(row, lang)));
        Ok(Some((lines, (ctx, report))))
    });
    stream::iter([Ok(first)]).chain(rest)
}

fn separator(lang: Lang) -> u8 {
    match lang {
        Lang::Fr => b';',
        Lang::En => b',',
    }
}

fn cells(row: &ReportRow, lang: Lang) -> Vec<Cow<'_, str>> {
    vec![
        Cow::Owned(row.people.join(", ")),
        Cow::Borrowed(row.number.as_ref().map_or("", Sensitive::expose)),
        Cow::Owned(i18n::message(&format!("REPORT_STATE_{}", row.state.as_str()), &[], lang)),
        row.reason.as_deref().map_or(Cow::Borrowed(""), |code| reason(code, lang)),
        Cow::Owned(row.at.format("%Y-%m-%d %H:%M:%S").to_string()),
        Cow::Owned(row.segments.to_string()),
        Cow::Owned(row.charged.to_string()),
    ]
}

/// A reason in words; one of the provider's own as it gave it.
fn reason(code: &str, lang: Lang) -> Cow<'_, str> {
    let name = format!("REPORT_REASON_{code}");
    let words = i18n::message(&name, &[], lang);
    if words == name { Cow::Borrowed(code) } else { Cow::Owned(words) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message_state::MessageState;
    use crate::domain::outcome::UnknownReason;
    use crate::providers::sandbox;
    use crate::services::delivery::reason::{
        ATTEMPTS_EXHAUSTED, CANCELLED, EXPIRED, NO_COMMERCIAL_CONSENT, OPTED_OUT, RULE,
    };

    #[test]
    fn every_state_and_every_reason_of_ours_is_put_in_words() {
        let unknown = [
            UnknownReason::Timeout,
            UnknownReason::ConnectionLost,
            UnknownReason::ServerError,
            UnknownReason::UnreadableAnswer,
            UnknownReason::LeaseExpired,
        ];
        for lang in [Lang::Fr, Lang::En] {
            for state in MessageState::ALL {
                let name = format!("REPORT_STATE_{state}");
                assert_ne!(i18n::message(&name, &[], lang), name);
            }
            for code in unknown.map(UnknownReason::as_str).into_iter().chain([
                ATTEMPTS_EXHAUSTED,
                CANCELLED,
                EXPIRED,
                NO_COMMERCIAL_CONSENT,
                OPTED_OUT,
                RULE,
                sandbox::REFUSED,
                sandbox::ABSENT,
            ]) {
                assert_ne!(reason(code, lang), code);
            }
            assert_eq!(reason("PROVIDER_42", lang), "PROVIDER_42", "a provider's own is told as it is");
        }
    }
}
