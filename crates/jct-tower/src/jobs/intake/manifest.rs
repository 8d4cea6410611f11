//! A job that runs a manifest: its bytes are fetched, judged and pinned before it is queued.

use jct_contract::door::{self, Path, Violations as Found};
use jct_contract::{InvalidRepoName, JobType, JsonValue, Principal, RepoName, TaskSpec, Violation};
use jct_manifest::limits::MANIFEST_MAX_BYTES;
use jct_manifest::{
    Action, Draft, JobRequest, Judged, ManifestHash, ManifestJob, ManifestName, RawManifest, Refusal, Source,
};
use jct_store::model::ManifestUse;
use serde_json::{Map, Value};

use super::envelope::Outline;
use super::{JobCreateError, ManifestRefusal};
use crate::Tower;
use crate::manifests::{ManifestFolderError, RepoFile, RepoFileError, allows, judged, repo_of};

/// Input that carries the payload of the job: everything about it but the bytes of the manifest.
pub(super) const PAYLOAD: &str = "manifest_job";
/// Seconds for one attempt unless the job says otherwise.
const DEFAULT_SECONDS: u64 = 3600;

/// What is said of a kind of source that is not taken, should one have got past the refusal of its kind.
const NOT_TAKEN: &str = "this tower takes no such source";

/// A payload as it was posted.
pub(super) struct Posted {
    draft: Draft,
    json: Vec<Violation>,
}

impl Posted {
    pub(super) fn of(payload: &JsonValue<'_>) -> Self {
        let mut found = Found::default();
        let value = match payload {
            JsonValue::Object(object) => Value::Object(door::free_form(object, Path::Root, &mut found)),
            // The contract of manifests says in its own words that this is no object.
            _ => Value::Null,
        };
        Self { draft: Draft::of(&value), json: found.into_vec() }
    }
}

/// The task that a manifest job is.
pub(super) fn spec(
    job: &ManifestJob,
    principal: &Principal,
    time_budget_seconds: u64,
) -> Result<TaskSpec, JobCreateError> {
    let verb = match job.action() {
        Action::Plan => "Plan",
        Action::Run => "Run",
    };
    let outline = Outline {
        principal,
        objective: format!("{verb} manifest `{}`", job.name()),
        operation: "ops",
        repo: &repo_of(job.name()),
        reference: None,
        time_budget_seconds: Some(time_budget_seconds),
        inputs: Map::from_iter([
            ("executor".to_owned(), JobType::Manifest.as_str().into()),
            (PAYLOAD.to_owned(), job.payload()),
        ]),
    };
    // What is too large for a task is the payload as a whole; everything else was checked.
    outline.into_spec().map_err(|mut violations| {
        violations.iter_mut().for_each(|violation| violation.pointer.clear());
        JobCreateError::Payload { job_type: JobType::Manifest, violations }
    })
}

/// The manifest as the store pins it.
pub(super) fn used(job: &ManifestJob) -> ManifestUse {
    ManifestUse {
        name: job.name().as_str().to_owned(),
        hash: job.hash().as_str().to_owned(),
        // A manifest that was judged is UTF-8, so that nothing is replaced.
        content: String::from_utf8_lossy(job.manifest().raw().bytes()).into(),
        from_registry: matches!(job.source(), Source::Registry { .. }),
    }
}

impl Tower {
    /// Seconds for one attempt when a job does not say: those of the contract of jobs, as far as the policy allows.
    pub(super) fn manifest_seconds(&self) -> u64 {
        let bound = |seconds: i64| u64::try_from(seconds).unwrap_or(0);
        let policy = self.policy();
        DEFAULT_SECONDS.min(bound(policy.max_time_budget_seconds())).max(bound(policy.min_time_budget_seconds()))
    }

    /// The request in a payload. A manifest that it brings is judged here only if the request is refused, so that both are
    /// told.
    pub(super) async fn manifest_request(&self, posted: Posted) -> Result<JobRequest, JobCreateError> {
        let Posted { draft, json } = posted;
        if json.is_empty()
            && let Ok(request) = draft.clone().into_request()
        {
            return Ok(request);
        }
        self.manifest_refusal(Posted { draft, json }).await?;
        // What was refused has its violations.
        Err(JobCreateError::SourceFailed("a request was refused without a reason".into()))
    }

    /// Judges all of a payload, the manifest that it brings included.
    pub(super) async fn manifest_refusal(&self, posted: Posted) -> Result<(), JobCreateError> {
        let (Posted { draft, mut json }, kinds) = (posted, self.manifest_options().kinds());
        let judged = tokio::task::spawn_blocking(move || draft.refusal(kinds)).await;
        let refusal = judged.map_err(|error| JobCreateError::SourceFailed(Box::new(error)))?;
        // Both contracts know some of what is wrong, such as U+0000.
        json.retain(|one| {
            let same = |other: &&jct_manifest::Violation| other.code.as_str() == one.code.as_str();
            !refusal.request.iter().filter(same).any(|other| other.pointer == one.pointer)
        });
        if json.is_empty() && refusal.is_empty() {
            return Ok(());
        }
        Err(JobCreateError::Manifest(ManifestRefusal { json, refusal, is_inline: true }))
    }

    /// Fetches the manifest of a request and puts both together.
    pub(super) async fn manifest_job(&self, request: JobRequest) -> Result<ManifestJob, JobCreateError> {
        let is_inline = matches!(request.source(), Source::Inline { .. });
        let refused =
            |refusal: Refusal| JobCreateError::Manifest(ManifestRefusal { json: Vec::new(), refusal, is_inline });
        request.permit(self.manifest_options().kinds()).map_err(|found| refused(found.into()))?;
        let raw = match request.source() {
            Source::Inline { content } => content.clone(),
            Source::Registry { name, hash } => {
                let name = name.as_ref().unwrap_or_else(|| request.name());
                self.stored_manifest(name, hash.as_ref()).await?
            }
            Source::Path { path } => self.manifest_in_folder(path.clone()).await?,
            Source::Repo { source, path, reference } => {
                self.manifest_in_repo(source.as_str(), path.as_str(), reference.clone()).await?
            }
        };
        let judged = judged(raw).await.map_err(|error| JobCreateError::SourceFailed(Box::new(error)))?;
        let Judged { name, manifest } = judged;
        let manifest = manifest.map_err(|document| refused(request.refused(name.as_ref(), document)))?;
        let base = &self.manifest_options().base_capabilities;
        request.resolve_with(manifest, base).map_err(|found| refused(found.into()))
    }

    async fn stored_manifest(
        &self,
        name: &ManifestName,
        hash: Option<&ManifestHash>,
    ) -> Result<RawManifest, JobCreateError> {
        let content = match hash {
            Some(hash) => {
                let version = self.store().manifest_version(name.as_str(), hash.as_str()).await?;
                version.map(|(_, content)| content)
            }
            None => self.store().manifest_get(name.as_str()).await?.map(|record| record.content),
        };
        let missing = || JobCreateError::ManifestNotFound { name: name.clone(), hash: hash.cloned() };
        Ok(RawManifest::new(content.ok_or_else(missing)?.as_bytes().to_vec()))
    }

    async fn manifest_in_folder(&self, path: jct_manifest::SourcePath) -> Result<RawManifest, JobCreateError> {
        let Some(folder) = self.manifest_options().folder.clone() else { return Err(unreadable("kind", &NOT_TAKEN)) };
        let read = tokio::task::spawn_blocking(move || folder.read(&path)).await;
        match read.map_err(|error| JobCreateError::SourceFailed(Box::new(error)))? {
            Ok(bytes) => Ok(RawManifest::new(bytes)),
            Err(error @ (ManifestFolderError::NotFound | ManifestFolderError::TooLarge)) => {
                Err(unreadable("path", &error))
            }
            Err(error) => Err(JobCreateError::SourceFailed(Box::new(error))),
        }
    }

    async fn manifest_in_repo(
        &self,
        source: &str,
        path: &str,
        reference: Option<String>,
    ) -> Result<RawManifest, JobCreateError> {
        let Some(repos) = &self.manifest_options().repos else { return Err(unreadable("kind", &NOT_TAKEN)) };
        let repo: RepoName = source.parse().map_err(|error: InvalidRepoName| unreadable("repo", &error))?;
        if !allows(self.policy(), &repo) {
            return Err(JobCreateError::RepoNotAllowed { repo });
        }
        let file = RepoFile { repo, reference, path: path.to_owned() };
        match repos.read(&file, MANIFEST_MAX_BYTES).await {
            Ok(bytes) => Ok(RawManifest::new(bytes)),
            Err(error @ RepoFileError::UnknownRepo) => Err(unreadable("repo", &error)),
            Err(error @ RepoFileError::RefNotFound) => Err(unreadable("ref", &error)),
            Err(error @ (RepoFileError::NotFound | RepoFileError::TooLarge { .. })) => Err(unreadable("path", &error)),
            Err(error @ RepoFileError::Unreachable(_)) => Err(JobCreateError::SourceUnavailable(Box::new(error))),
            Err(error) => Err(JobCreateError::SourceFailed(Box::new(error))),
        }
    }
}

fn unreadable(field: &'static str, reason: &dyn std::fmt::Display) -> JobCreateError {
    JobCreateError::Unreadable { field, reason: reason.to_string() }
}
