//! Files of a job, as those read them who handed it in.
//!
//! A worker chose names and contents, so that nothing here may be run by a browser: every file is to be saved.

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::schemas::ArtifactPageSchema;
use crate::auth::{Access, JobsRead};
use crate::input::{JobPath, PageQuery, QueryReader, path_id};
use crate::problem::Problem;
use crate::routes::trace_file::pieces;
use crate::wire::{ArtifactBody, ItemsBody, json};

/// What RFC 5987 lets stand as it is.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Lists the files of a job, newest first.
#[utoipa::path(get, path = "/api/queue/jobs/{job_id}/artifacts", operation_id = "listJobArtifacts", tag = "jobs",
    security(("bearer" = ["jobs:read"])),
    params(
        ("job_id" = String, Path, description = "The job."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses(
        (status = 200, description = "A page.", body = ArtifactPageSchema),
        (status = 404, description = "No such job, or not an id.")
    )
)]
pub(super) async fn list_artifacts(
    access: Access<JobsRead>,
    path: JobPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let page = access.tower().job_artifacts(path.id()?, start, limit).await?;
    json(StatusCode::OK, &ItemsBody::new(page.items.iter().map(ArtifactBody::of).collect(), page.next))
}

/// One file of a job, byte for byte what the worker sent. Its digest is in the `ETag`.
#[utoipa::path(get, path = "/api/queue/jobs/{job_id}/artifacts/{artifact_id}/download", operation_id = "downloadJobArtifact",
    tag = "jobs", security(("bearer" = ["jobs:read"])),
    params(
        ("job_id" = String, Path, description = "The job."),
        ("artifact_id" = String, Path, description = "The file's id.")
    ),
    responses(
        (status = 200, description = "The file.", body = String, content_type = "application/octet-stream"),
        (status = 404, description = "No such job, no such file, or the file is not there as it was kept.")
    )
)]
pub(super) async fn download_artifact(
    access: Access<JobsRead>,
    path: JobPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (record, file) = access.tower().job_artifact(path.id()?, path_id(&request, "artifact_id")).await?;
    Ok(HttpResponse::Ok()
        .content_type(record.content_type)
        .insert_header((CONTENT_DISPOSITION, disposition(&record.name)))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((ETAG, format!("\"{}\"", record.digest)))
        .body(SizedStream::new(record.size_bytes, pieces(file, record.size_bytes))))
}

/// To be saved under the last part of its name.
fn disposition(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(last, ATTR_CHAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(disposition("logs/run 1.txt"), "attachment; filename*=UTF-8''run%201.txt");
        assert_eq!(disposition("a\"; x=\u{e4}"), "attachment; filename*=UTF-8''a%22%3B%20x%3D%C3%A4");
    }
}
