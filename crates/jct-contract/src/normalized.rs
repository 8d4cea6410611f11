//! The normalised task: the one spelling, with the canonical bytes and the digest that everything downstream refers to.

use serde::{Serialize, Serializer};
use serde_json::{Map, Number, Value};

use crate::canonical::ObjectWriter;
use crate::check::{self, Check};
use crate::door::{Path, Violations};
use crate::executor::ExecutorName;
use crate::free_form;
use crate::isolation::IsolationLevel;
use crate::spec::{Constraints, RequestedBy, TaskSpec};
use crate::violation::SpecError;
use crate::{Operation, RepoName, Sha256Digest};

/// A task in its one spelling; serialises as the canonical shape of the contract.
///
/// Comes only from [`TaskSpec::normalize`] and [`Self::from_canonical`], so that holding one proves that the door was
/// passed. It does not prove that a policy admitted it.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalizedTask {
    // INVARIANT: `spec.operation` and `spec.target.repo` are the texts of `operation` and `repo`.
    spec: TaskSpec,
    operation: Operation,
    repo: RepoName,
    // INVARIANT: RFC 8785 encoding of `spec` without its idempotency key; `digest` is taken over it.
    canonical: String,
    digest: Sha256Digest,
}

/// A task that passed the door has no normal spelling. The gate refuses it with a code of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NormalizeError {
    /// The operation is none of the contract's.
    #[error("`{operation}` is not an operation")]
    UnknownOperation {
        /// As written.
        operation: String,
    },
    /// The repository is not `owner/name`.
    #[error("`{repo}` is not a repository")]
    InvalidRepo {
        /// As written.
        repo: String,
    },
}

/// Stored bytes are not the canonical encoding of a task.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FromCanonicalError {
    /// The bytes do not pass the door.
    #[error("the stored task does not pass the contract")]
    Spec(#[source] SpecError),
    /// The task has no normal spelling.
    #[error("the stored task cannot be normalised")]
    Normalize(#[source] NormalizeError),
    /// It is a task, but other bytes are its canonical encoding.
    #[error("the stored task is not in its canonical encoding")]
    NotCanonical,
}

impl NormalizedTask {
    pub(crate) fn from_spec(mut spec: TaskSpec) -> Result<Self, NormalizeError> {
        let Ok(operation) = spec.operation.parse::<Operation>() else {
            return Err(NormalizeError::UnknownOperation { operation: spec.operation });
        };
        let Ok(repo) = spec.target.repo.parse::<RepoName>() else {
            return Err(NormalizeError::InvalidRepo { repo: spec.target.repo });
        };
        repo.as_str().clone_into(&mut spec.target.repo);
        let canonical = encode(&spec);
        let digest = Sha256Digest::of(canonical.as_bytes());
        Ok(Self { spec, operation, repo, canonical, digest })
    }

    /// Rebuilds a task from its stored canonical bytes, through the same door as a new one, and checks that these are
    /// indeed its canonical bytes.
    ///
    /// # Errors
    /// If the bytes are not exactly what [`Self::canonical_bytes`] gives for the task, or the key breaks its rules.
    pub fn from_canonical(bytes: &[u8], idempotency_key: Option<String>) -> Result<Self, FromCanonicalError> {
        let mut spec = TaskSpec::from_json(bytes).map_err(FromCanonicalError::Spec)?;
        if spec.idempotency_key.is_some() {
            return Err(FromCanonicalError::NotCanonical);
        }
        if let Some(key) = idempotency_key {
            let refused = |violation| FromCanonicalError::Spec(SpecError::Violations(vec![violation]));
            spec = spec.with_idempotency_key(&key).map_err(refused)?;
        }
        let task = Self::from_spec(spec).map_err(FromCanonicalError::Normalize)?;
        if task.canonical.as_bytes() == bytes { Ok(task) } else { Err(FromCanonicalError::NotCanonical) }
    }

    /// The task as a caller would hand it in; normalising it again gives this task.
    #[must_use]
    pub fn to_spec(&self) -> TaskSpec {
        self.spec.clone()
    }

    /// The RFC 8785 encoding of the task without its idempotency key: the same work has the same bytes, however it was
    /// spelled and however often it was submitted.
    #[must_use]
    pub fn canonical_json(&self) -> &str {
        &self.canonical
    }

    /// [`Self::canonical_json`] as bytes of their own.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        self.canonical.clone().into_bytes()
    }

    /// SHA-256 of the canonical bytes.
    #[must_use]
    pub const fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// Which executor the task asks for: `inputs.executor`, else `command` if it brings `inputs.command`, else the
    /// default of the operation (`survey` for `analysis`, `agent` for the others).
    #[must_use]
    pub fn executor(&self) -> ExecutorName {
        let named = self.spec.inputs.get("executor").and_then(Value::as_str);
        let default = || match self.spec.inputs.get("command") {
            None | Some(Value::Null) => ExecutorName::default_for(self.operation),
            Some(_) => ExecutorName::COMMAND,
        };
        named.and_then(|name| name.parse().ok()).unwrap_or_else(default)
    }

    /// The coding agent that `inputs.agent` names, whatever executes the task.
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        self.spec.inputs.get("agent").and_then(Value::as_str)
    }

    /// The coding agent that is to do the work: the one that the task names, if its executor is the one for agents.
    #[must_use]
    pub fn adapter(&self) -> Option<&str> {
        self.agent().filter(|_| self.executor() == ExecutorName::AGENT)
    }

    /// The commands of `inputs.command`, each a program and its arguments; `None` if there is no such input.
    #[must_use]
    pub fn commands(&self) -> Option<Vec<Vec<String>>> {
        self.spec.inputs.get("command").and_then(free_form::commands)
    }

    /// The isolation level that the task insists on; a worker that cannot give it never takes the task. It is the higher
    /// one of what `inputs.isolation` names and what `inputs.network` implies: a `local` network exists at L3 alone.
    #[must_use]
    pub fn minimum_isolation(&self) -> Option<IsolationLevel> {
        let word = |input: &str| self.spec.inputs.get(input).and_then(Value::as_str);
        let named = word("isolation").and_then(|level| level.parse().ok());
        let implied = word("network").filter(|network| *network == "local").map(|_| IsolationLevel::L3);
        named.max(implied)
    }

    /// The checks of `inputs.checks`, each with the index of the acceptance criterion that it decides.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let criteria: Vec<_> = self.acceptance_criteria().iter().map(String::as_str).collect();
        let checks = self.spec.inputs.get("checks");
        // The door has let them through, so that nothing is reported here.
        checks.map_or_else(Vec::new, |checks| check::read(checks, &criteria, Path::Root, &mut Violations::default()))
    }

    /// Version of the contract; there is one.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        self.spec.version()
    }

    /// Makes a repeated submission harmless; not part of the canonical bytes.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.spec.idempotency_key()
    }

    /// Who wants this done, in the words of the caller.
    #[must_use]
    pub const fn requested_by(&self) -> &RequestedBy {
        self.spec.requested_by()
    }

    /// What is to be achieved, trimmed.
    #[must_use]
    pub fn objective(&self) -> &str {
        self.spec.objective()
    }

    /// The kind of work.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// The repository.
    #[must_use]
    pub const fn repo(&self) -> &RepoName {
        &self.repo
    }

    /// Branch, tag or commit.
    #[must_use]
    pub fn ref_(&self) -> &str {
        self.spec.target.ref_()
    }

    /// Folder or file inside the repository; empty for all of it.
    #[must_use]
    pub fn path(&self) -> &str {
        self.spec.target.path()
    }

    /// What the work may use up.
    #[must_use]
    pub const fn constraints(&self) -> &Constraints {
        self.spec.constraints()
    }

    /// Free-form parameters.
    #[must_use]
    pub const fn inputs(&self) -> &Map<String, Value> {
        self.spec.inputs()
    }

    /// Free-form notes.
    #[must_use]
    pub const fn metadata(&self) -> &Map<String, Value> {
        self.spec.metadata()
    }

    /// When the task counts as done.
    #[must_use]
    pub fn acceptance_criteria(&self) -> &[String] {
        self.spec.acceptance_criteria()
    }

    /// What has to be shown to prove it.
    #[must_use]
    pub fn evidence_requirements(&self) -> &[String] {
        self.spec.evidence_requirements()
    }
}

impl Serialize for NormalizedTask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.spec.serialize(serializer)
    }
}

/// Names are written in canonical order, which for these is alphabetical. The spec is taken apart in full, so that a
/// new field cannot be forgotten here.
fn encode(spec: &TaskSpec) -> String {
    let TaskSpec {
        version,
        idempotency_key: _,
        requested_by: RequestedBy { kind, id, label },
        objective,
        operation,
        target: crate::spec::Target { repo, ref_, path },
        constraints: Constraints { time_budget_seconds, allow_network, allow_secrets },
        inputs,
        metadata,
        acceptance_criteria,
        evidence_requirements,
    } = spec;
    let mut text = String::with_capacity(512 + objective.len());
    let mut task = ObjectWriter::new(&mut text);
    task.strings("acceptance_criteria", acceptance_criteria);
    let mut object = ObjectWriter::new(task.name("constraints"));
    object.bool("allow_network", *allow_network);
    object.bool("allow_secrets", *allow_secrets);
    object.number("time_budget_seconds", &Number::from(*time_budget_seconds));
    object.end();
    task.strings("evidence_requirements", evidence_requirements);
    task.map("inputs", inputs);
    task.map("metadata", metadata);
    task.string("objective", objective);
    task.string("operation", operation);
    let mut object = ObjectWriter::new(task.name("requested_by"));
    object.string("id", id);
    object.string("kind", kind.as_str());
    object.optional_string("label", label.as_deref());
    object.end();
    let mut object = ObjectWriter::new(task.name("target"));
    object.string("path", path);
    object.string("ref", ref_);
    object.string("repo", repo);
    object.end();
    task.string("version", version);
    task.end();
    text
}
