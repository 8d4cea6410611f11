//! Files of a job on their way in: never whole in memory, and refused as early as it can be known.

use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use jct_contract::Sha256Digest;
use jct_tower::jobs::{ArtifactName, ArtifactUpload, LeaseProof, NewArtifact};

use super::call::Call;
use super::schemas::ArtifactFormSchema;
use crate::auth::WorkerAccess;
use crate::edge::Edge;
use crate::input::{JobPath, QueryReader, printable};
use crate::problem::{ErrorCode, Place, Problem, Violation};
use crate::wire::{ArtifactBody, json};

const FIELD_MAX_BYTES: usize = 4 * 1024;
const MOST_FIELDS: usize = 16;
const CONTENT_TYPE_MAX_CHARS: usize = 255;
const UNKNOWN_TYPE: &str = "application/octet-stream";
const FILE: &str = "file";

/// Keeps a file with the job: a `multipart/form-data` body whose last field is `file`, or the file itself as the body with
/// the other fields in the query. A name is never used for another content; the same content again is answered like the
/// first time.
#[utoipa::path(post, path = "/api/queue/jobs/{job_id}/artifacts/upload", operation_id = "uploadJobArtifact",
    tag = "workers over HTTP", security(("worker" = [])),
    params(
        ("job_id" = String, Path, description = "The job."),
        ("leaseId" = Option<String>, Query, description = "With the file as the body."),
        ("fence" = Option<String>, Query, description = "With the file as the body."),
        ("name" = Option<String>, Query, description = "With the file as the body."),
        ("contentType" = Option<String>, Query, description = "With the file as the body; else the `Content-Type` of the request."),
        ("digest" = Option<String>, Query, description = "With the file as the body: `sha256:` and 64 hexadecimal digits."),
        ("workerId" = Option<String>, Query, description = "With the file as the body: the token's own.")
    ),
    request_body(content = ArtifactFormSchema, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Kept.", body = ArtifactBody<'static>),
        (status = 200, description = "Kept before.", body = ArtifactBody<'static>),
        (status = 404, description = "No such job, or not an id."),
        (status = 409, description = "The lease is gone, or the job has another file of this name."),
        (status = 413, description = "The file is larger than allowed, or all files of the job together are.")
    )
)]
pub(super) async fn upload_artifact(
    access: WorkerAccess,
    path: JobPath,
    edge: web::Data<Edge>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    // A sender may take long for the whole, but not between two pieces.
    let patience = edge.options.request_timeout;
    let upload = if is_form(&request) {
        QueryReader::of(&request).finish()?;
        let form = Multipart::new(request.headers(), payload);
        Box::pin(receive_form(&access, &path, form, patience)).await?
    } else {
        let about = About::read(QueryReader::of(&request), own_type(&request), &access)?;
        let mut upload = about.begin(&access, &path).await?;
        Box::pin(receive(&mut upload, payload, patience)).await?;
        upload
    };
    let kept = access.tower().artifact_finish(upload).await?;
    let status = if kept.repeated { StatusCode::OK } else { StatusCode::CREATED };
    json(status, &ArtifactBody::of(&kept.record))
}

/// Everything that has to be known before the first byte of the file.
struct About {
    proof: LeaseProof,
    artifact: NewArtifact,
}

impl About {
    fn read(mut fields: QueryReader<'_>, own_type: Option<String>, access: &WorkerAccess) -> Result<Self, Problem> {
        let call = Call::take_query(&mut fields);
        let name = fields.value::<ArtifactName>("name");
        let content_type = fields.text("contentType").or(own_type).unwrap_or_else(|| UNKNOWN_TYPE.to_owned());
        if !is_media_type(&content_type) {
            let message = "`contentType` is a media type such as `text/plain`".to_owned();
            fields.refuse("contentType", "VALUE_NOT_ALLOWED", message);
        }
        let digest = fields.value::<Sha256Digest>("digest");
        fields.require(&[("name", name.is_some())]);
        fields.finish()?;
        let proof = call.proof(access.worker())?;
        // A name that is missing was refused.
        let name = name.ok_or_else(|| Problem::internal("a name that nobody missed is missing"))?;
        Ok(Self { proof, artifact: NewArtifact { name, content_type, digest } })
    }

    async fn begin(self, access: &WorkerAccess, path: &JobPath) -> Result<ArtifactUpload, Problem> {
        Ok(access.tower().artifact_begin(access.worker(), path.id()?, self.proof, self.artifact).await?)
    }
}

/// Reads a form: short fields first, and then the file.
async fn receive_form(
    access: &WorkerAccess,
    path: &JobPath,
    mut form: Multipart,
    patience: Duration,
) -> Result<ArtifactUpload, Problem> {
    let mut fields = Vec::new();
    while let Some(field) = in_time(patience, form.next()).await? {
        let mut field = field.map_err(|error| broken_form(&error))?;
        let name = field.name().unwrap_or_default().to_owned();
        if name != FILE {
            if fields.len() >= MOST_FIELDS {
                return Err(refused("", "TOO_LONG", format!("a form has at most {MOST_FIELDS} fields")));
            }
            let value = text(&name, &mut field, patience).await?;
            fields.push((name, value));
            continue;
        }
        let own_type = field.content_type().map(ToString::to_string);
        let about = About::read(QueryReader::of_form(fields), own_type, access)?;
        let mut upload = about.begin(access, path).await?;
        while let Some(piece) = in_time(patience, field.next()).await? {
            upload.write(&piece.map_err(|error| broken_form(&error))?).await?;
        }
        drop(field);
        return match in_time(patience, form.next()).await? {
            None => Ok(upload),
            Some(Ok(_)) => Err(refused(FILE, "NOT_LAST", "`file` is the last field of the form".to_owned())),
            Some(Err(error)) => Err(broken_form(&error)),
        };
    }
    // Everything else that is wrong is told with it.
    let mut reader = QueryReader::of_form(fields);
    for name in ["workerId", "leaseId", "fence", "name", "contentType", "digest"] {
        reader.text(name);
    }
    reader.require(&[(FILE, false)]);
    reader.finish()?;
    Err(Problem::internal("a file that nobody missed is missing"))
}

/// The text of a short field.
async fn text(name: &str, field: &mut Field, patience: Duration) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = in_time(patience, field.next()).await? {
        bytes.extend_from_slice(&piece.map_err(|error| broken_form(&error))?);
        if bytes.len() > FIELD_MAX_BYTES {
            return Err(refused(name, "TOO_LONG", format!("a field has at most {FIELD_MAX_BYTES} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(|_| refused(name, "WRONG_TYPE", "must be text in UTF-8".to_owned()))
}

/// Reads a body that is the file.
async fn receive(
    upload: &mut ArtifactUpload,
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    patience: Duration,
) -> Result<(), Problem> {
    while let Some(piece) = in_time(patience, payload.next()).await? {
        upload.write(&piece.map_err(|error| broken(&error.to_string()))?).await?;
    }
    Ok(())
}

async fn in_time<T>(patience: Duration, next: impl Future<Output = T>) -> Result<T, Problem> {
    let late = |_| Problem::new(ErrorCode::RequestTimeout, "the next piece of the body did not arrive in time");
    tokio::time::timeout(patience, next).await.map_err(late)
}

fn broken_form(error: &MultipartError) -> Problem {
    broken(&error.to_string())
}

/// The caller went away or sent something that is no such body.
fn broken(what: &str) -> Problem {
    Problem::new(ErrorCode::MalformedRequest, format!("the body cannot be read: {what}"))
}

fn refused(name: &str, code: &'static str, message: String) -> Problem {
    let name: String = name.chars().take(64).collect();
    let pointer = if name.is_empty() { name } else { format!("/{}", name.replace('~', "~0").replace('/', "~1")) };
    Problem::invalid(ErrorCode::InvalidRequest, vec![Violation { place: Place::Body, pointer, code, message }])
}

fn is_form(request: &HttpRequest) -> bool {
    own_type(request).is_some_and(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("multipart/form-data")
    })
}

fn own_type(request: &HttpRequest) -> Option<String> {
    request.headers().get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether a text can be sent back as the type of a file.
fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.bytes().all(is_plain)
    };
    let is_type = essence.split_once('/').is_some_and(|(kind, subkind)| is_token(kind) && is_token(subkind));
    is_type && text.is_ascii() && printable(text, CONTENT_TYPE_MAX_CHARS).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_can_be_sent_back_in_a_header() {
        for good in ["text/plain", "application/vnd.x+json; charset=utf-8", "a/b"] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in ["", "text", "text/", "/plain", "text/plain\r\nX: 1", "te xt/plain", "text/pläin", "a/b/c"] {
            assert!(!is_media_type(bad), "{bad:?}");
        }
    }
}
