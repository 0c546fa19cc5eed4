//! A body that becomes a file without a name, as fast as its sender likes, no larger than it may, and within bounded time.
//!
//! Invariant: the file is gone with the last that holds it open, however that ends; memory holds one chunk of it.

use std::fs::File;
use std::io;
use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use entity::sensitive::Digest;
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout_at};

use super::refuse::Refusal;
use crate::app::Ctx;

/// What a sender must send each time that patience lasts: a byte now and then would hold its place for weeks.
const PROGRESS: u64 = 64 * 1024;

/// How much of a file that is refused is read and thrown away, in bytes, and for how long.
const DRAINED: usize = 1024 * 1024;
const DRAINED_FOR: Duration = Duration::from_secs(1);

/// A file that came in whole.
pub(super) struct Received {
    pub file: File,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
}

/// Receives the file.
pub(super) async fn file(
    ctx: &Ctx,
    headers: &HeaderMap,
    body: &mut BodyDataStream,
) -> Result<Received, Refusal> {
    let limit = ctx.config.import.max_bytes;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let file = match &ctx.config.import.folder {
        Some(folder) => tempfile::tempfile_in(folder),
        None => tempfile::tempfile(),
    };
    let mut file = tokio::fs::File::from_std(file.map_err(|cause| unkept(ctx, &cause))?);
    let (mut chunks, mut hasher, mut size) = (Chunks::new(ctx, body), Sha256::new(), 0_u64);
    while let Some(chunk) = chunks.next().await? {
        size += chunk.len() as u64;
        if size > limit {
            return Err(too_large(limit));
        }
        hasher.update(&chunk);
        file.write_all(&chunk).await.map_err(|cause| unkept(ctx, &cause))?;
    }
    file.flush().await.map_err(|cause| unkept(ctx, &cause))?;
    Ok(Received { file: file.into_std().await, digest: Digest::new(hasher.finalize().into()) })
}

/// The chunks of a body, awaited only so long.
struct Chunks<'a> {
    body: &'a mut BodyDataStream,
    patience: Duration,
    /// When the next part is due, at the latest at the end.
    deadline: Instant,
    /// When the whole file is.
    end: Instant,
    /// Bytes since the deadline was set.
    progress: u64,
}

impl<'a> Chunks<'a> {
    fn new(ctx: &Ctx, body: &'a mut BodyDataStream) -> Self {
        let (now, patience) = (Instant::now(), ctx.config.import.patience);
        Self { body, patience, deadline: now + patience, end: now + ctx.config.import.longest(), progress: 0 }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let next = timeout_at(self.deadline, self.body.next()).await;
        let next = next.map_err(|_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "UPLOAD_TOO_SLOW"))?;
        let chunk = next.transpose();
        let chunk = chunk.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "BODY_INCOMPLETE"))?;
        self.progress += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if self.progress >= PROGRESS {
            (self.progress, self.deadline) = (0, self.end.min(Instant::now() + self.patience));
        }
        Ok(chunk)
    }
}

/// Reads on for a moment, so that a client that is still sending when it is refused reads why, instead of a connection cut.
/// One that waits to be told to send (`Expect: 100-continue`) is not told.
pub(super) async fn drain(headers: &HeaderMap, body: &mut BodyDataStream) {
    if headers.contains_key(EXPECT) {
        return;
    }
    let (deadline, mut left) = (Instant::now() + DRAINED_FOR, DRAINED);
    while let Ok(Some(Ok(chunk))) = timeout_at(deadline, body.next()).await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            return;
        }
    }
}

fn too_large(limit: u64) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "UPLOAD_TOO_LARGE").with("limit", limit.cast_signed())
}

/// The disk is full, or its folder is not there: the operator's to mend.
fn unkept(ctx: &Ctx, cause: &io::Error) -> Refusal {
    tracing::error!(request.id = %ctx.request, %cause, "an upload could not be kept; see the setting import.folder");
    Refusal::internal(ctx)
}
