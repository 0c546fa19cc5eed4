//! The report of an import, as JSON lines: one object a refused row, then one with the summary.
//!
//! Architecture Invariants. A status is given once the file is accepted. What stops an import after that is the last line, in place
//! of the summary. The rows that a client is slow to read are kept, as many as a file has at most, and hold the upload's place: so
//! many reports are kept as uploads are let in. One that nobody reads is cut off, without its last line.

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::stream::{self, StreamExt as _};
use serde::Serialize;
use tokio::sync::mpsc::{self, Permit, Sender, UnboundedReceiver};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::refuse::Refusal;
use crate::app::Ctx;
use crate::error::{Failure, Fault};
use crate::http::respond;
use crate::i18n;
use crate::services::people::import::ImportSummary;
use crate::services::people::upload::{Admitted, Imported, RefusedRow};

/// Rows written at once, when they are there.
const ROWS_PER_CHUNK: usize = 256;
/// Chunks that wait for the client.
const CHUNKS_WAITING: usize = 1;

/// An import under way.
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

/// The report, once its first row or its end is known. It holds the upload's place until then, and as long as rows are kept for it.
///
/// # Errors
/// Why nothing was imported.
pub(super) async fn stream(
    ctx: &Ctx,
    dry_run: bool,
    admitted: Admitted,
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
            let (chunks, mut rest) = mpsc::channel(CHUNKS_WAITING);
            let reader =
                Reader { chunks, patience: ctx.config.import.patience, left: ctx.config.import.longest() };
            let report = Rest { ctx: ctx.clone(), dry_run, told, work, reader };
            // On its own, so that it notices a client that reads no more.
            tokio::spawn(report.write(admitted));
            let rest = stream::poll_fn(move |context| rest.poll_recv(context)).map(Ok);
            Body::from_stream(stream::once(ready(Ok::<_, Infallible>(head))).chain(rest))
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
    work: Work,
    reader: Reader,
}

impl Rest {
    /// Writes it to its end, or until nobody reads it. The import goes on in any case.
    async fn write(mut self, admitted: Admitted) {
        let mut rows = Vec::new();
        while self.told.recv_many(&mut rows, ROWS_PER_CHUNK).await > 0 {
            let Some(room) = self.reader.room().await else {
                return;
            };
            let mut chunk = Vec::new();
            for row in rows.drain(..) {
                write_row(&mut chunk, &self.ctx, &row);
            }
            room.send(chunk);
        }
        let mut last = Vec::new();
        match ended(&self.ctx, self.work).await {
            Ok(imported) => write_summary(&mut last, &imported, self.dry_run),
            Err(refusal) => write_line(&mut last, &refusal.told(&self.ctx)),
        }
        if let Some(room) = self.reader.room().await {
            // Whoever reads the end may send the next file at once.
            drop(admitted);
            room.send(last);
        }
    }
}

/// The client that reads a report.
struct Reader {
    chunks: Sender<Vec<u8>>,
    /// How long it is awaited each time, and in all from now on.
    patience: Duration,
    left: Duration,
}

impl Reader {
    /// Room for a chunk, once the client has taken the one before; none when it left, or took too long.
    async fn room(&mut self) -> Option<Permit<'_, Vec<u8>>> {
        let since = Instant::now();
        let room = timeout(self.patience.min(self.left), self.chunks.reserve()).await;
        self.left = self.left.saturating_sub(since.elapsed());
        room.ok()?.ok()
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
