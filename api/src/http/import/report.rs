//! The report of an import, as JSON lines: one object a refused row, then one with the summary.
//!
//! Invariant: a status is given once the file is accepted. What stops an import after that is the last line, in place of the
//! summary.

use std::convert::Infallible;
use std::future::ready;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::stream::{self, StreamExt as _};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::refuse::Refusal;
use crate::app::Ctx;
use crate::error::{Failure, Fault};
use crate::http::respond;
use crate::i18n;
use crate::services::people::import::ImportSummary;
use crate::services::people::upload::{Imported, RefusedRow};

/// Rows written at once, when they are there.
const ROWS_PER_CHUNK: usize = 256;

/// An import under way. It keeps the rows that its client is slow to read: at most as many as a file has.
type Work = JoinHandle<Result<Imported, Failure>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<&'a str>,
    code: &'a str,
    message: String,
}

#[derive(Serialize)]
struct Last<'a> {
    summary: Summary<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    added: u64,
    changed: u64,
    unchanged: u64,
    refused: u64,
    tags_created: u64,
    lists_created: u64,
    ignored_columns: &'a [String],
    replayed: bool,
    dry_run: bool,
}

/// The report, once its first row or its end is known.
///
/// # Errors
/// Why nothing was imported.
pub(super) async fn stream(
    ctx: &Ctx,
    dry_run: bool,
    mut told: UnboundedReceiver<RefusedRow>,
    work: Work,
) -> Result<Response, Refusal> {
    let mut head = Vec::new();
    let body = match told.recv().await {
        None => {
            write_summary(&mut head, &ended(ctx, work).await?, dry_run);
            Body::from(head)
        }
        Some(first) => {
            write_row(&mut head, ctx, &first);
            let rest = Rest { ctx: ctx.clone(), dry_run, told, work: Some(work) };
            let rest = stream::unfold(rest, Rest::next);
            Body::from_stream(stream::once(ready(Ok(head))).chain(rest))
        }
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson; charset=utf-8"));
    respond::label(ctx, headers);
    Ok(response)
}

/// A report after its first row.
struct Rest {
    ctx: Ctx,
    dry_run: bool,
    told: UnboundedReceiver<RefusedRow>,
    /// None once the last line is written.
    work: Option<Work>,
}

impl Rest {
    async fn next(mut self) -> Option<(Result<Vec<u8>, Infallible>, Self)> {
        let (mut rows, mut chunk) = (Vec::new(), Vec::new());
        if self.told.recv_many(&mut rows, ROWS_PER_CHUNK).await > 0 {
            for row in &rows {
                write_row(&mut chunk, &self.ctx, row);
            }
            return Some((Ok(chunk), self));
        }
        match ended(&self.ctx, self.work.take()?).await {
            Ok(imported) => write_summary(&mut chunk, &imported, self.dry_run),
            Err(refusal) => write_line(&mut chunk, &refusal.told(&self.ctx)),
        }
        Some((Ok(chunk), self))
    }
}

async fn ended(ctx: &Ctx, work: Work) -> Result<Imported, Refusal> {
    let imported = work.await.unwrap_or_else(|cause| Err(Fault::internal(cause).into()));
    imported.map_err(|failure| Refusal::of(ctx, failure))
}

fn write_row(lines: &mut Vec<u8>, ctx: &Ctx, row: &RefusedRow) {
    let RefusedRow { line, column, code } = row;
    let message = i18n::message(code, &[], ctx.lang);
    write_line(lines, &Row { line: *line, column: column.as_deref(), code, message });
}

fn write_summary(lines: &mut Vec<u8>, imported: &Imported, dry_run: bool) {
    let ImportSummary { added, changed, unchanged, refused, tags_created, lists_created, ignored_columns } =
        &imported.summary;
    let summary = Summary {
        added: *added,
        changed: *changed,
        unchanged: *unchanged,
        refused: *refused,
        tags_created: *tags_created,
        lists_created: *lists_created,
        ignored_columns,
        replayed: imported.replayed,
        dry_run,
    };
    write_line(lines, &Last { summary });
}

fn write_line(lines: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(&mut *lines, value).expect("invariant: texts and numbers can be written as JSON");
    lines.push(b'\n');
}
