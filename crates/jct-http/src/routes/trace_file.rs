//! One file of a sealed trace folder, as it lies there.
//!
//! An executor chose names and contents, so that nothing here may be run by a browser: text is served as text, and
//! whatever has another type is to be saved.

use std::fs::File;
use std::io::{self, Read};

use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::{Stream, stream as streams};
use jct_trace::TraceFile;

use crate::auth::{Access, TasksRead};
use crate::input::{TaskPath, attempt_of, path_text};
use crate::problem::Problem;

const PIECE: usize = 64 * 1024;

/// One file of a sealed trace. Its digest is in the `ETag`.
#[utoipa::path(get, path = "/tasks/{task_id}/trace/{file}", operation_id = "getTraceFile", tag = "tasks", security(("bearer" = ["tasks:read"])),
    params(
        ("task_id" = String, Path, description = "The task."),
        ("file" = String, Path, description = "A path as the trace lists it, slashes included."),
        ("attempt" = Option<u32>, Query, description = "Another attempt, from 1.")
    ),
    responses(
        (status = 200, description = "The file.", body = String, content_type = "application/octet-stream"),
        (status = 404, description = "No such task, no sealed trace, or no such file in it."),
        (status = 409, description = "The folder is not the one that was sealed.")
    )
)]
pub(crate) async fn task_trace_file(
    access: Access<TasksRead>,
    path: TaskPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let attempt = attempt_of(&request)?;
    let file = path_text(&request, "file");
    let found = access.tower().task_trace_file(path.id()?, attempt, file).await?;
    let (content_type, disposition) = presentation(found.entry.path.as_str());
    Ok(stream(found, content_type, disposition))
}

/// A file of a trace, as it lies there; its digest is in the `ETag`.
pub(super) fn stream(found: TraceFile, content_type: &'static str, disposition: &'static str) -> HttpResponse {
    let TraceFile { entry, file } = found;
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((ETAG, format!("\"{}\"", entry.digest)))
        .body(SizedStream::new(entry.size_bytes, pieces(file, entry.size_bytes)))
}

/// The content in pieces, exactly as many bytes as announced; a file that is shorter breaks the answer off.
pub(super) fn pieces(file: File, size: u64) -> impl Stream<Item = io::Result<Bytes>> {
    streams::try_unfold((Some(file), size), |(file, left)| async move {
        let Some(file) = file.filter(|_| left > 0) else { return Ok(None) };
        let read = tokio::task::spawn_blocking(move || read_piece(file, left)).await.map_err(io::Error::other)?;
        let (file, bytes) = read?;
        let left = left - u64::try_from(bytes.len()).unwrap_or(left);
        Ok(Some((bytes, (Some(file), left))))
    })
}

fn read_piece(mut file: File, left: u64) -> io::Result<(File, Bytes)> {
    let mut bytes = vec![0; usize::try_from(left).unwrap_or(PIECE).min(PIECE)];
    let read = file.read(&mut bytes)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.truncate(read);
    Ok((file, bytes.into()))
}

fn presentation(path: &str) -> (&'static str, &'static str) {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    match extension {
        Some("json") => ("application/json", "inline"),
        Some("jsonl") => ("application/x-ndjson", "inline"),
        Some("txt" | "log" | "md" | "diff" | "patch") => ("text/plain; charset=utf-8", "inline"),
        _ => ("application/octet-stream", "attachment"),
    }
}
