//! A workflow, once the door has let it through.

use jct_contract::{DocumentLimits, JsonValue, Sha256Digest, canonical_json, parse_document};
use jct_event::{EventType, TypeFilter};
use serde_json::{Map, Value};

use super::{StepDefinition, read, yaml};
use crate::violation::{DefinitionCode, DefinitionError, DefinitionViolation};
use crate::{Context, EvaluationError, Expression, WorkflowName};

/// A workflow: what starts it, and its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowDefinition {
    pub(super) name: WorkflowName,
    pub(super) description: String,
    pub(super) version: Option<u32>,
    pub(super) active: bool,
    pub(super) trigger: Trigger,
    pub(super) max_parallel: usize,
    pub(super) timeout_seconds: u32,
    pub(super) steps: Vec<StepDefinition>,
    pub(super) source: Map<String, Value>,
}

/// What starts a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    pub(super) event_types: Vec<TypeFilter>,
    pub(super) condition: Option<Expression>,
}

impl WorkflowDefinition {
    /// The door: JSON in, a workflow or every violation out.
    ///
    /// # Errors
    /// [`DefinitionError::Malformed`] if the bytes are not one JSON text, else [`DefinitionError::Violations`] with all
    /// of them: first those of the shape, then those of the meaning. What is unknown in the graph is reported before
    /// circles.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DefinitionError> {
        read::size(bytes.len()).map_err(DefinitionError::Violations)?;
        let document = parse_document(bytes, DocumentLimits::default())?;
        Self::from_document(document.root()).map_err(DefinitionError::Violations)
    }

    /// The same door for YAML: one document without anchors, aliases, merge keys and tags of its own, in which a word
    /// means what YAML 1.2 says.
    ///
    /// # Errors
    /// As [`Self::from_json`]; whatever is not such a document is [`DefinitionError::Malformed`].
    pub fn from_yaml(bytes: &[u8]) -> Result<Self, DefinitionError> {
        read::size(bytes.len()).map_err(DefinitionError::Violations)?;
        Self::from_json(&yaml::to_json(bytes)?)
    }

    /// The same door for a value inside a document that was parsed as a whole. Pointers start at the value.
    ///
    /// # Errors
    /// Every violation, in the same order; never an empty list.
    pub fn from_document(value: &JsonValue<'_>) -> Result<Self, Vec<DefinitionViolation>> {
        read::definition(value)
    }

    /// The name, unique in the tower.
    #[must_use]
    pub const fn name(&self) -> &WorkflowName {
        &self.name
    }

    /// What it is for, in the words of its author.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The version that the author expects this to become. The registry counts versions itself, from 1, and refuses a
    /// definition that expects another: somebody else was faster.
    #[must_use]
    pub const fn expected_version(&self) -> Option<u32> {
        self.version
    }

    /// Whether events start it.
    #[must_use]
    pub const fn active(&self) -> bool {
        self.active
    }

    /// What starts it.
    #[must_use]
    pub const fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Steps of one run that run at once, 1 to 100.
    #[must_use]
    pub const fn max_parallel(&self) -> usize {
        self.max_parallel
    }

    /// Seconds that a run has.
    #[must_use]
    pub const fn timeout_seconds(&self) -> u32 {
        self.timeout_seconds
    }

    /// The steps, in the order of the definition; 1 to 1000.
    #[must_use]
    pub fn steps(&self) -> &[StepDefinition] {
        &self.steps
    }

    /// The definition as it was written.
    #[must_use]
    pub const fn source(&self) -> &Map<String, Value> {
        &self.source
    }

    /// The digest of what is defined: two definitions with the same digest are one version. The active flag, which may
    /// change in place, and the version that the author expects are left out.
    #[must_use]
    pub fn digest(&self) -> Sha256Digest {
        let members = self.source.iter().filter(|(name, _)| !matches!(name.as_str(), "active" | "version"));
        let document: Map<_, _> = members.map(|(name, value)| (name.clone(), value.clone())).collect();
        Sha256Digest::of(canonical_json(&Value::Object(document)).as_bytes())
    }
}

impl Trigger {
    /// The types of events that start it; with none, it is only started by hand.
    #[must_use]
    pub fn event_types(&self) -> &[TypeFilter] {
        &self.event_types
    }

    /// What has to hold of the event as well.
    #[must_use]
    pub const fn condition(&self) -> Option<&Expression> {
        self.condition.as_ref()
    }

    /// Whether an event of this type, seen as `context`, starts it.
    ///
    /// # Errors
    /// If the condition comes to neither true nor false; the workflow is then not started, and somebody should be told.
    pub fn fires(&self, event_type: &EventType, context: &Context) -> Result<bool, EvaluationError> {
        if !self.event_types.iter().any(|filter| filter.matches(event_type)) {
            return Ok(false);
        }
        self.condition.as_ref().map_or(Ok(true), |condition| condition.holds(context))
    }
}

/// The one violation of a definition that is too large to be looked at.
pub(super) fn too_large(message: String) -> Vec<DefinitionViolation> {
    let code = DefinitionCode::Contract(jct_contract::ViolationCode::TooLarge);
    vec![DefinitionViolation { pointer: String::new(), code, message }]
}
