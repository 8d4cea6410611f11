//! From the errors about manifests, and about handing jobs in, to their codes.

use jct_manifest::{ViolationClass, ViolationCode, Violations};
use jct_tower::intake::EnqueueError;
use jct_tower::jobs::intake::{JobCreateError, ManifestRefusal};
use jct_tower::manifests::{DeleteManifestError, PutManifestError, ReadManifestError};
use serde_json::{Map, Value, json};

use super::conversions::reserved_executor;
use super::{ErrorCode, Place, Problem, Violation};

/// Where in the body the payload of a job stands, or what stands for it.
#[derive(Clone, Copy)]
enum Payload {
    /// In the field `payload`.
    Field,
    /// Spread over the fields of a run of a manifest that the path names.
    Run,
}

impl Payload {
    /// The pointer into the body for one into the payload.
    fn pointer(self, inside: &str) -> String {
        match self {
            Self::Field => format!("/payload{inside}"),
            Self::Run => match inside.strip_prefix("/manifest") {
                Some("/source/hash") => "/hash".to_owned(),
                Some(rest) if rest.starts_with("/action") || rest.starts_with("/options") => rest.to_owned(),
                // The rest of the payload was made of the path.
                Some(_) | None => String::new(),
            },
        }
    }
}

impl Problem {
    /// Why a job was not taken whose payload is the field `payload`.
    pub(crate) fn of_job_create(error: JobCreateError, may_read_policy: bool) -> Self {
        Self::of_job(error, Payload::Field, may_read_policy)
    }

    /// Why a run of a manifest was not taken.
    pub(crate) fn of_manifest_run(error: JobCreateError, may_read_policy: bool) -> Self {
        Self::of_job(error, Payload::Run, may_read_policy)
    }

    /// Why the fields of a run of a manifest were refused.
    pub(crate) fn of_run_request(violations: &Violations) -> Self {
        let listed = violations.iter().map(|violation| listed(violation, Payload::Run.pointer(&violation.pointer)));
        refused(violations.class(), listed.collect())
    }

    fn of_job(error: JobCreateError, payload: Payload, may_read_policy: bool) -> Self {
        let detail = error.to_string();
        match error {
            JobCreateError::Payload { job_type, violations } => {
                let code = match job_type {
                    jct_contract::JobType::Task => ErrorCode::InvalidTask,
                    jct_contract::JobType::Manifest => ErrorCode::InvalidManifest,
                    _ => ErrorCode::InvalidRequest,
                };
                let violations = violations.into_iter().map(Violation::from);
                let placed = |found: Violation| Violation { pointer: payload.pointer(&found.pointer), ..found };
                Self::invalid(code, violations.map(placed).collect())
            }
            JobCreateError::IdempotencyKey(violation) => {
                let violation = Violation::from(violation);
                let pointer = "/Idempotency-Key".to_owned();
                Self::invalid(ErrorCode::InvalidRequest, vec![Violation { place: Place::Header, pointer, ..violation }])
            }
            JobCreateError::TimeBudgetOfTask => {
                Self::invalid(ErrorCode::InvalidRequest, vec![not_allowed("/timeBudgetSeconds", detail)])
            }
            JobCreateError::Manifest(refusal) => of_manifest(&refusal, payload),
            JobCreateError::ManifestNotFound { name, hash } => {
                let hash = hash.map(|hash| hash.to_string());
                Self::new(ErrorCode::ManifestNotFound, detail).with("name", name.as_str()).with("hash", hash)
            }
            JobCreateError::RepoNotAllowed { .. } => {
                let problem = Self::new(ErrorCode::RepoNotAllowed, detail);
                problem.with("pointer", payload.pointer("/manifest/source/repo"))
            }
            JobCreateError::Unreadable { field, .. } => {
                let pointer = payload.pointer(&format!("/manifest/source/{field}"));
                Self::invalid(ErrorCode::ManifestSourceUnreadable, vec![not_allowed(&pointer, detail)])
            }
            JobCreateError::SourceUnavailable(cause) => {
                Self::new(ErrorCode::ManifestSourceUnavailable, detail).caused_by(cause)
            }
            JobCreateError::SourceFailed(cause) => Self::internal(cause),
            JobCreateError::Task(EnqueueError::ReservedExecutor { executor }) => {
                reserved_executor(&executor, payload.pointer("/inputs/executor"))
            }
            JobCreateError::Task(EnqueueError::ReservedKey(violation)) => {
                let pointer = payload.pointer(&violation.pointer);
                Self::invalid(ErrorCode::InvalidTask, vec![Violation { pointer, ..violation.into() }])
            }
            JobCreateError::Task(error) => Self::of_enqueue(error, may_read_policy),
            JobCreateError::Store(error) => error.into(),
        }
    }

    /// Why a manifest was not put; `document` is the place of the document in the body.
    pub(crate) fn of_put_manifest(error: PutManifestError, document: &str) -> Self {
        let detail = error.to_string();
        match error {
            PutManifestError::Invalid { violations, is_misnamed } => {
                let all = violations.iter().map(|violation| listed(violation, document.to_owned()));
                let misnamed = is_misnamed.then(|| misnamed(document, "is not the name that it was put as"));
                refused(violations.class(), all.chain(misnamed).collect())
            }
            PutManifestError::NameMismatch { name, found } => {
                let violation = misnamed(document, &detail);
                Self::new(ErrorCode::NameMismatch, detail)
                    .with("name", name.as_str())
                    .with("document_name", found.as_str())
                    .with("violations", vec![violation])
            }
            PutManifestError::Stale { current } => stale(detail, current),
            PutManifestError::Judge(error) => Self::internal(error),
            PutManifestError::Store(error) => error.into(),
        }
    }
}

impl From<ReadManifestError> for Problem {
    fn from(error: ReadManifestError) -> Self {
        match error {
            ReadManifestError::NotFound => Self::plain(ErrorCode::ManifestNotFound),
            ReadManifestError::Store(error) => error.into(),
        }
    }
}

impl From<DeleteManifestError> for Problem {
    fn from(error: DeleteManifestError) -> Self {
        let detail = error.to_string();
        match error {
            DeleteManifestError::NotFound => Self::plain(ErrorCode::ManifestNotFound),
            DeleteManifestError::Busy { jobs } => {
                let jobs: Vec<_> = jobs.iter().map(ToString::to_string).collect();
                Self::new(ErrorCode::ManifestBusy, detail).with("jobs", jobs)
            }
            DeleteManifestError::Stale { current } => stale(detail, current),
            DeleteManifestError::Store(error) => error.into(),
        }
    }
}

fn stale(detail: String, current: Option<String>) -> Problem {
    let tag = current.map(|hash| format!("\"{hash}\""));
    Problem::new(ErrorCode::StaleVersion, detail).with("current_etag", tag)
}

fn not_allowed(pointer: &str, message: String) -> Violation {
    Violation { place: Place::Body, pointer: pointer.to_owned(), code: "VALUE_NOT_ALLOWED", message }
}

/// A document that is not named after its place.
fn misnamed(document: &str, message: &str) -> Value {
    let code = ViolationCode::NameMismatch.as_str();
    json!({"in": "body", "pointer": document, "path": "/metadata/name", "code": code, "message": message})
}

/// Everything that is wrong with a manifest job.
fn of_manifest(found: &ManifestRefusal, payload: Payload) -> Problem {
    let ManifestRefusal { json, refusal, is_inline } = found;
    let document = payload.pointer(if *is_inline { "/manifest/source/content" } else { "/manifest/source" });
    let of_json = json.iter().map(|violation| {
        let jct_contract::Violation { pointer, code, message } = violation;
        let place = payload.pointer(pointer);
        json!({"in": "body", "pointer": place, "path": pointer, "code": code.as_str(), "message": message})
    });
    let of_request = refusal.request.iter().map(|violation| listed(violation, payload.pointer(&violation.pointer)));
    let of_document = refusal.document.iter().map(|violation| listed(violation, document.clone()));
    let class = match refusal.class() {
        ViolationClass::Mismatch if !json.is_empty() => ViolationClass::Invalid,
        class => class,
    };
    refused(class, of_json.chain(of_request).chain(of_document).collect())
}

fn refused(class: ViolationClass, listed: Vec<Value>) -> Problem {
    let code = match class {
        ViolationClass::Malformed => ErrorCode::MalformedManifest,
        ViolationClass::Mismatch => ErrorCode::NameMismatch,
        ViolationClass::Invalid => ErrorCode::InvalidManifest,
    };
    let detail = match listed.as_slice() {
        [one] => told(one),
        more => format!("{} violations", more.len()),
    };
    Problem::new(code, detail).with("violations", listed)
}

/// The only violation there is, in one sentence.
fn told(violation: &Value) -> String {
    let text = |name: &str| violation.get(name).and_then(Value::as_str).unwrap_or_default();
    let path = if text("path").is_empty() { "the document" } else { text("path") };
    let line = violation.get("line").map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{path}{line}: {}", text("message"))
}

/// A violation whose place in the body is `pointer`. `path` and `line` lead into the manifest; `path` of what is wrong with
/// the request leads into the payload.
fn listed(violation: &jct_manifest::Violation, pointer: String) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("in", "body".into());
    put("pointer", pointer.into());
    put("path", violation.pointer.as_str().into());
    if let Some(line) = violation.line {
        put("line", line.into());
    }
    put("code", violation.code.as_str().into());
    if let Some(rule) = violation.rule {
        put("rule", rule.into());
    }
    put("message", violation.message.as_str().into());
    Value::Object(members)
}
