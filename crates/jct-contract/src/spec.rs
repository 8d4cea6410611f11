//! The V1 task spec: what a caller hands in, once the door has let it through.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::door::{self, Door};
use crate::json::{DocumentLimits, JsonValue, parse_document};
use crate::limits::CONTRACT_VERSION;
use crate::normalized::{NormalizeError, NormalizedTask};
use crate::schema;
use crate::violation::{SpecError, Violation};
use crate::{Operation, RequesterKind};

/// One development task, as handed in.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "Task Spec V1", deny_unknown_fields, transform = schema::null_means_absent)]
pub struct TaskSpec {
    /// Version of the contract.
    #[schemars(default = "schema::version", extend("const" = CONTRACT_VERSION))]
    pub(crate) version: &'static str,
    /// Makes a repeated submission harmless: the same key with the same task answers with the task first created.
    #[schemars(length(min = 1, max = crate::limits::IDEMPOTENCY_KEY_MAX_CHARS))]
    pub(crate) idempotency_key: Option<String>,
    /// Who wants this done, in the words of the caller.
    pub(crate) requested_by: RequestedBy,
    /// What is to be achieved; trimmed before its length is counted.
    #[schemars(length(min = crate::limits::OBJECTIVE_MIN_CHARS, max = crate::limits::OBJECTIVE_MAX_CHARS))]
    pub(crate) objective: String,
    /// The kind of work.
    #[schemars(extend("enum" = Operation::ALL))]
    pub(crate) operation: String,
    /// What the work is done on.
    pub(crate) target: Target,
    /// What the work may use up.
    #[schemars(default)]
    pub(crate) constraints: Constraints,
    /// Free-form parameters of the work; at most 256 KiB together with `metadata`, and 64 levels deep.
    #[schemars(default)]
    pub(crate) inputs: Map<String, Value>,
    /// Free-form notes for the caller's own use; counted together with `inputs`.
    #[schemars(default)]
    pub(crate) metadata: Map<String, Value>,
    /// When the task counts as done.
    #[schemars(default, length(max = crate::limits::CRITERIA_MAX_ITEMS), inner(length(min = 1, max = crate::limits::CRITERION_MAX_CHARS)))]
    pub(crate) acceptance_criteria: Vec<String>,
    /// What has to be shown to prove it.
    #[schemars(default, length(max = crate::limits::CRITERIA_MAX_ITEMS), inner(length(min = 1, max = crate::limits::CRITERION_MAX_CHARS)))]
    pub(crate) evidence_requirements: Vec<String>,
}

/// Who wants a task done, in the words of the caller. The authenticated identity is a [`crate::Principal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields, transform = schema::null_means_absent)]
pub struct RequestedBy {
    /// What stands behind the request.
    pub(crate) kind: RequesterKind,
    /// Who, in the words of the caller.
    #[schemars(length(min = 1, max = crate::limits::REQUESTER_ID_MAX_CHARS))]
    pub(crate) id: String,
    /// A name to show to people.
    #[schemars(length(min = 1, max = crate::limits::REQUESTER_LABEL_MAX_CHARS))]
    pub(crate) label: Option<String>,
}

/// What a task works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields, transform = schema::null_means_absent)]
pub struct Target {
    /// The repository as `owner/name`; upper case, a trailing `.git` and trailing slashes are normalised away.
    #[schemars(length(min = 1, max = crate::limits::REPO_MAX_CHARS))]
    pub(crate) repo: String,
    /// Branch, tag or commit, by git's rules for names of refs; must not begin with `-`.
    #[serde(rename = "ref")]
    #[schemars(default = "schema::default_ref", length(min = 1, max = crate::limits::REF_MAX_CHARS))]
    pub(crate) ref_: String,
    /// Folder or file inside the repository: relative, without `..`, backslashes and control characters; empty for all of it.
    #[schemars(default, length(max = crate::limits::PATH_MAX_CHARS))]
    pub(crate) path: String,
}

/// What a task may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields, transform = schema::null_means_absent)]
pub struct Constraints {
    /// Wall-clock seconds for one attempt, written as a plain integer. The bounds are those of the default policy.
    #[schemars(
        default = "schema::default_time_budget",
        range(min = crate::limits::MIN_TIME_BUDGET_SECONDS, max = crate::limits::MAX_TIME_BUDGET_SECONDS)
    )]
    pub(crate) time_budget_seconds: i64,
    /// Whether the work wants the network. The V1 gate admits only `false`.
    #[schemars(default)]
    pub(crate) allow_network: bool,
    /// Whether the work wants secrets. The V1 gate admits only `false`.
    #[schemars(default)]
    pub(crate) allow_secrets: bool,
}

impl Default for Constraints {
    fn default() -> Self {
        Self { time_budget_seconds: schema::default_time_budget(), allow_network: false, allow_secrets: false }
    }
}

impl TaskSpec {
    /// The door: bytes in, a task or every violation out.
    ///
    /// # Errors
    /// [`SpecError::Malformed`] if the bytes are not one JSON text in UTF-8, else [`SpecError::Violations`] with all
    /// of them: for each object first its repeated and unknown names, then its fields in the order of the contract.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SpecError> {
        let document = parse_document(bytes, DocumentLimits::default())?;
        Self::from_document(document.root()).map_err(SpecError::Violations)
    }

    /// The same door for a value inside a document that was parsed as a whole, such as one item of a batch. Pointers
    /// start at the value.
    ///
    /// # Errors
    /// Every violation, in the same order; never an empty list.
    pub fn from_document(value: &JsonValue<'_>) -> Result<Self, Vec<Violation>> {
        Door::default().task(value)
    }

    /// Adds the key of an `Idempotency-Key` header, which means the same as the field.
    ///
    /// # Errors
    /// If the key breaks the rules of the field, or the field is there and says something else.
    pub fn with_idempotency_key(mut self, key: &str) -> Result<Self, Violation> {
        self.idempotency_key = Some(door::header_key(self.idempotency_key.as_deref(), key)?);
        Ok(self)
    }

    /// The one spelling of this task. Pure and idempotent; nothing is dropped.
    ///
    /// # Errors
    /// If the operation is none of the contract's, else if the repository is not `owner/name`: in the order in which
    /// the gate refuses them.
    pub fn normalize(&self) -> Result<NormalizedTask, NormalizeError> {
        NormalizedTask::from_spec(self.clone())
    }

    /// Version of the contract; there is one.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        self.version
    }

    /// Makes a repeated submission harmless.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    /// Who wants this done, in the words of the caller.
    #[must_use]
    pub const fn requested_by(&self) -> &RequestedBy {
        &self.requested_by
    }

    /// What is to be achieved, trimmed.
    #[must_use]
    pub fn objective(&self) -> &str {
        &self.objective
    }

    /// The kind of work as written: any text, the gate knows the four.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// What the work is done on, as written.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// What the work may use up, as written.
    #[must_use]
    pub const fn constraints(&self) -> &Constraints {
        &self.constraints
    }

    /// Free-form parameters.
    #[must_use]
    pub const fn inputs(&self) -> &Map<String, Value> {
        &self.inputs
    }

    /// Free-form notes.
    #[must_use]
    pub const fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// When the task counts as done.
    #[must_use]
    pub fn acceptance_criteria(&self) -> &[String] {
        &self.acceptance_criteria
    }

    /// What has to be shown to prove it.
    #[must_use]
    pub fn evidence_requirements(&self) -> &[String] {
        &self.evidence_requirements
    }
}

impl RequestedBy {
    /// What stands behind the request.
    #[must_use]
    pub const fn kind(&self) -> RequesterKind {
        self.kind
    }

    /// Who, in the words of the caller; 1 to 128 characters.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A name to show to people; 1 to 256 characters.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }
}

impl Target {
    /// The repository; as written in a [`TaskSpec`], in its one spelling in a [`NormalizedTask`].
    #[must_use]
    pub fn repo(&self) -> &str {
        &self.repo
    }

    /// Branch, tag or commit.
    #[must_use]
    pub fn ref_(&self) -> &str {
        &self.ref_
    }

    /// Folder or file inside the repository; empty for all of it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Constraints {
    /// Wall-clock seconds for one attempt; any integer until the gate has seen it.
    #[must_use]
    pub const fn time_budget_seconds(&self) -> i64 {
        self.time_budget_seconds
    }

    /// Whether the work wants the network.
    #[must_use]
    pub const fn allow_network(&self) -> bool {
        self.allow_network
    }

    /// Whether the work wants secrets.
    #[must_use]
    pub const fn allow_secrets(&self) -> bool {
        self.allow_secrets
    }
}
