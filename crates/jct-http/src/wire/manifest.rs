//! Manifests of the registry, their versions, and what became of their runs.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderValue, LOCATION};
use jct_contract::{Capability, TaskId, Timestamp};
use jct_manifest::limits::MANIFEST_VERSION;
use jct_store::model::{ManifestEntry, ManifestRecord, ManifestRun, ManifestVersionRecord};
use jct_tower::jobs::intake::JobCreated;
use jct_tower::manifests::ManifestKept;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::enqueue::replayed;
use super::job::OperatorJobBody;
use super::job_work::WarningBody;
use super::json;
use super::task::raw;
use crate::problem::Problem;

/// A manifest in a list: everything but its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManifestEntry)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManifestEntryBody<'a> {
    #[serde(flatten)]
    about: AboutBody<'a>,
    #[schema(value_type = Option<String>, format = "uuid")]
    last_run_job_id: Option<TaskId>,
    /// A status of jobs.
    #[schema(example = "succeeded")]
    last_run_status: Option<&'static str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_run_started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_run_finished_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    state_updated_at: Option<Timestamp>,
}

/// A manifest, whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Manifest)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManifestBody<'a> {
    #[serde(flatten)]
    about: AboutBody<'a>,
    /// The text in force, byte for byte what `contentHash` is of.
    content: &'a str,
    last_run: Option<ManifestRunBody>,
    state: ManifestStateBody<'a>,
}

/// What a manifest is, apart from its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AboutManifest)]
#[serde(rename_all = "camelCase")]
struct AboutBody<'a> {
    #[schema(example = "harbor-notes")]
    name: &'a str,
    /// The number of the version in force, from 1.
    version: u32,
    /// The version of the contract that its text keeps.
    #[schema(example = "v0")]
    manifest_version: &'static str,
    /// `sha256:` and 64 hexadecimal digits; the `ETag` in quotes.
    content_hash: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    created_by: &'a str,
    /// When the text in force was put; runs do not touch it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    updated_by: &'a str,
}

/// A run of a manifest, as its job stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManifestLastRun)]
#[serde(rename_all = "camelCase")]
struct ManifestRunBody {
    #[schema(value_type = String, format = "uuid")]
    job_id: TaskId,
    #[schema(example = "succeeded")]
    status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// What the last completed run left for the next one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManifestState)]
#[serde(rename_all = "camelCase")]
struct ManifestStateBody<'a> {
    #[schema(value_type = Option<Object>)]
    state_json: Option<&'a RawValue>,
    #[schema(value_type = Option<String>, format = DateTime)]
    state_updated_at: Option<Timestamp>,
}

/// One version of a manifest; it never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManifestVersion)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManifestVersionBody<'a> {
    /// Its number, from 1.
    version: u32,
    content_hash: &'a str,
    /// The size of its text in bytes.
    size_bytes: u64,
    created_by: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Its text; only where one version is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

/// A run of a manifest that was handed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManifestRunCreated)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunCreatedBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    job_id: TaskId,
    job: OperatorJobBody<'a>,
    queue: RunQueueBody<'a>,
    warnings: Vec<WarningBody<'a>>,
}

/// What the queue knows of a run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManifestRunQueue)]
#[serde(rename_all = "camelCase")]
struct RunQueueBody<'a> {
    #[schema(example = "manifest")]
    r#type: &'static str,
    #[schema(value_type = Vec<String>)]
    required_capabilities: &'a [Capability],
    /// The hash of the version that runs, whatever is put meanwhile.
    manifest_hash: Option<&'a str>,
}

impl<'a> AboutBody<'a> {
    fn of(entry: &'a ManifestEntry) -> Self {
        Self {
            name: &entry.name,
            version: entry.version,
            manifest_version: MANIFEST_VERSION,
            content_hash: &entry.hash,
            created_at: entry.created_at,
            created_by: &entry.created_by,
            updated_at: entry.updated_at,
            updated_by: &entry.updated_by,
        }
    }
}

impl<'a> ManifestEntryBody<'a> {
    pub(crate) fn of(entry: &'a ManifestEntry) -> Self {
        let run = entry.last_run.as_ref();
        Self {
            about: AboutBody::of(entry),
            last_run_job_id: run.map(|run| run.job_id),
            last_run_status: run.map(|run| run.status.as_str()),
            last_run_started_at: run.and_then(|run| run.started_at),
            last_run_finished_at: run.and_then(|run| run.finished_at),
            state_updated_at: entry.state_updated_at,
        }
    }
}

impl<'a> ManifestBody<'a> {
    fn of(record: &'a ManifestRecord) -> Result<Self, Problem> {
        let ManifestRecord { entry, content, state } = record;
        let last_run = entry.last_run.map(|run| {
            let ManifestRun { job_id, status, started_at, finished_at } = run;
            ManifestRunBody { job_id, status: status.as_str(), started_at, finished_at }
        });
        let state_json = state.as_deref().map(raw).transpose()?;
        let state = ManifestStateBody { state_json, state_updated_at: entry.state_updated_at };
        Ok(Self { about: AboutBody::of(entry), content, last_run, state })
    }
}

impl<'a> ManifestVersionBody<'a> {
    pub(crate) fn of(record: &'a ManifestVersionRecord) -> Self {
        let ManifestVersionRecord { version, hash, size_bytes, created_by, created_at } = record;
        Self {
            version: *version,
            content_hash: hash,
            size_bytes: *size_bytes,
            created_by,
            created_at: *created_at,
            content: None,
        }
    }

    /// The same with its text.
    pub(crate) fn with_content(record: &'a ManifestVersionRecord, content: &'a str) -> Self {
        Self { content: Some(content), ..Self::of(record) }
    }
}

/// A manifest, with its hash in the `ETag`.
pub(crate) fn manifest(record: &ManifestRecord) -> Result<HttpResponse, Problem> {
    tagged(json(StatusCode::OK, &ManifestBody::of(record)?)?, &record.entry.hash)
}

/// A manifest that was put: `201` if the name was free.
pub(crate) fn manifest_kept(kept: &ManifestKept, path: &str) -> Result<HttpResponse, Problem> {
    let ManifestKept { record, created } = kept;
    let status = if *created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = json(status, &ManifestBody::of(record)?)?;
    // A path that was routed is characters that a header value takes.
    if let Some(location) = HeaderValue::from_str(path).ok().filter(|_| *created) {
        response.headers_mut().insert(LOCATION, location);
    }
    tagged(response, &record.entry.hash)
}

/// The caller has this version already.
pub(crate) fn manifest_unchanged(hash: &str) -> Result<HttpResponse, Problem> {
    tagged(HttpResponse::NotModified().finish(), hash)
}

/// One version with its text. It never changes, so that it may be kept.
pub(crate) fn manifest_version(record: &ManifestVersionRecord, content: &str) -> Result<HttpResponse, Problem> {
    tagged(json(StatusCode::OK, &ManifestVersionBody::with_content(record, content))?, &record.hash)
}

/// A run that was handed in: `201`, or `200` if it is a repetition.
pub(crate) fn manifest_run(created: &JobCreated) -> Result<HttpResponse, Problem> {
    let JobCreated { record, replayed: was_replayed, warnings } = created;
    let body = RunCreatedBody {
        job_id: record.id,
        job: OperatorJobBody::of(record),
        queue: RunQueueBody {
            r#type: record.job.job_type.as_str(),
            required_capabilities: record.job.capabilities.as_slice(),
            manifest_hash: record.manifest.as_ref().map(|manifest| manifest.hash.as_str()),
        },
        warnings: warnings.iter().map(WarningBody::of).collect(),
    };
    let status = if *was_replayed { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = json(status, &body)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/api/queue/jobs/{}", record.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    if *was_replayed {
        replayed(&mut response);
    }
    Ok(response)
}

fn tagged(mut response: HttpResponse, hash: &str) -> Result<HttpResponse, Problem> {
    let tag = HeaderValue::from_str(&format!("\"{hash}\"")).map_err(Problem::internal)?;
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}
