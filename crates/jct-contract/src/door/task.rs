//! The walk itself, field by field in the order of the contract.

use serde_json::{Map, Value};

use super::fields::{Field, Fields, Names, any_text, boolean, integer, length, text, texts, wrong_type};
use super::{hints, names};
use crate::RequesterKind;
use crate::canonical::canonical_len;
use crate::free_form;
use crate::json::JsonValue;
use crate::limits;
use crate::pointer::Path;
use crate::spec::{Constraints, RequestedBy, Target, TaskSpec};
use crate::violation::{Violation, ViolationCode, Violations};

const TASK_FIELDS: [&str; 11] = [
    "version",
    "idempotency_key",
    "requested_by",
    "objective",
    "operation",
    "target",
    "constraints",
    "inputs",
    "metadata",
    "acceptance_criteria",
    "evidence_requirements",
];
const TASK: Names<'static> = Names { known: &TASK_FIELDS, aliases: &["type", "payload"], instead: hints::stale_field };
const REQUESTED_BY: Names<'static> = Names { known: &["kind", "id", "label"], aliases: &[], instead: |_| None };
const TARGET: Names<'static> = Names { known: &["repo", "ref", "path"], aliases: &["repository"], instead: |_| None };
const CONSTRAINTS: Names<'static> =
    Names { known: &["time_budget_seconds", "allow_network", "allow_secrets"], aliases: &[], instead: |_| None };

/// `inputs` or `metadata`, unless it is not even an object.
type FreeForm = Option<Map<String, Value>>;

/// One visit: the violations found so far.
#[derive(Default)]
pub(crate) struct Door {
    violations: Violations,
}

impl Door {
    pub(crate) fn task(mut self, value: &JsonValue<'_>) -> Result<TaskSpec, Vec<Violation>> {
        let root = Path::Root;
        let task = Fields::open(value, &root, TASK, &mut self.violations).and_then(|fields| self.fields(fields));
        match task {
            Some(task) if self.violations.is_empty() => Ok(task),
            _ => Err(self.violations.into_vec()),
        }
    }

    /// Every field is read before the first missing one ends the visit, so that all violations are found.
    fn fields(&mut self, fields: Fields<'_, '_, '_>) -> Option<TaskSpec> {
        self.version(fields);
        let idempotency_key =
            fields.get("idempotency_key").and_then(|field| text(field, &KEY_CHARS, &mut self.violations));
        let requested_by = fields.required("requested_by", &mut self.violations);
        let requested_by = requested_by.and_then(|field| self.requested_by(field));
        let objective = fields.required("objective", &mut self.violations).and_then(|field| self.objective(field));
        let operation = self.operation(fields);
        let target = fields.required("target", &mut self.violations).and_then(|field| self.target(field));
        let constraints =
            fields.get("constraints").map_or(Some(Constraints::default()), |field| self.constraints(field));
        let (inputs, metadata) = self.free_form(fields);
        let acceptance_criteria = self.criteria(fields.get("acceptance_criteria"));
        let evidence_requirements = self.criteria(fields.get("evidence_requirements"));
        Some(TaskSpec {
            version: limits::CONTRACT_VERSION,
            idempotency_key,
            requested_by: requested_by?,
            objective: objective?,
            operation: operation?,
            target: target?,
            constraints: constraints?,
            inputs: inputs?,
            metadata: metadata?,
            acceptance_criteria: acceptance_criteria?,
            evidence_requirements: evidence_requirements?,
        })
    }

    fn version(&mut self, fields: Fields<'_, '_, '_>) {
        let Some(field) = fields.get("version") else { return };
        if any_text(field, &mut self.violations).is_some_and(|version| version != limits::CONTRACT_VERSION) {
            let message = format!("must be the string \"{}\"", limits::CONTRACT_VERSION);
            self.violations.report(field.path, ViolationCode::ValueNotAllowed, message);
        }
    }

    fn requested_by(&mut self, field: Field<'_, '_, '_>) -> Option<RequestedBy> {
        let fields = Fields::open(field.value, &field.path, REQUESTED_BY, &mut self.violations)?;
        let kind = fields.required("kind", &mut self.violations).and_then(|field| self.kind(field));
        let id = fields.required("id", &mut self.violations);
        let id = id.and_then(|field| text(field, &(1..=limits::REQUESTER_ID_MAX_CHARS), &mut self.violations));
        let label = fields.get("label");
        let label = label.and_then(|field| text(field, &(1..=limits::REQUESTER_LABEL_MAX_CHARS), &mut self.violations));
        Some(RequestedBy { kind: kind?, id: id?, label })
    }

    fn kind(&mut self, field: Field<'_, '_, '_>) -> Option<RequesterKind> {
        let kind = any_text(field, &mut self.violations)?.parse().ok();
        if kind.is_none() {
            let message = "must be one of `human`, `agent`, `system`";
            self.violations.report(field.path, ViolationCode::ValueNotAllowed, message);
        }
        kind
    }

    fn objective(&mut self, field: Field<'_, '_, '_>) -> Option<String> {
        let objective = any_text(field, &mut self.violations)?.trim();
        let chars = limits::OBJECTIVE_MIN_CHARS..=limits::OBJECTIVE_MAX_CHARS;
        length(objective, field.path, &chars, &mut self.violations);
        Some(objective.to_owned())
    }

    /// Any text passes, the gate knows the four. In a body of the stale shape its value of `type` is named as well, so
    /// that the caller learns of everything at once.
    fn operation(&mut self, fields: Fields<'_, '_, '_>) -> Option<String> {
        let field = fields.aliased("operation", "type", &mut self.violations);
        let field = field.or_else(|| fields.required("operation", &mut self.violations))?;
        let operation = any_text(field, &mut self.violations)?;
        let stale = fields.get("operation").is_none() && fields.names().any(hints::is_stale_field);
        if stale && hints::is_stale_operation(operation) {
            let message = "must be one of `code_change`, `docs`, `analysis`, `ops`, in the field `operation`";
            self.violations.report(field.path, ViolationCode::ValueNotAllowed, message);
        }
        Some(operation.to_owned())
    }

    fn target(&mut self, field: Field<'_, '_, '_>) -> Option<Target> {
        let fields = Fields::open(field.value, &field.path, TARGET, &mut self.violations)?;
        let repo = fields.aliased("repo", "repository", &mut self.violations);
        let repo = repo.or_else(|| fields.required("repo", &mut self.violations));
        let repo = repo.and_then(|field| text(field, &(1..=limits::REPO_MAX_CHARS), &mut self.violations));
        let ref_ = fields.get("ref").map_or(Some(limits::DEFAULT_REF.to_owned()), |field| {
            let name = text(field, &(1..=limits::REF_MAX_CHARS), &mut self.violations)?;
            self.grammar(field, &name, names::ref_problem, ViolationCode::InvalidRef);
            Some(name)
        });
        let path = fields.get("path").map_or(Some(limits::DEFAULT_PATH.to_owned()), |field| {
            let path = text(field, &(0..=limits::PATH_MAX_CHARS), &mut self.violations)?;
            self.grammar(field, &path, names::path_problem, ViolationCode::InvalidPath);
            Some(path)
        });
        Some(Target { repo: repo?, ref_: ref_?, path: path? })
    }

    /// An empty text and U+0000 have been reported already.
    fn grammar(
        &mut self,
        field: Field<'_, '_, '_>,
        text: &str,
        problem: fn(&str) -> Option<&'static str>,
        code: ViolationCode,
    ) {
        if let Some(problem) = Some(text).filter(|text| !text.is_empty() && !text.contains('\0')).and_then(problem) {
            self.violations.report(field.path, code, problem);
        }
    }

    fn constraints(&mut self, field: Field<'_, '_, '_>) -> Option<Constraints> {
        let fields = Fields::open(field.value, &field.path, CONSTRAINTS, &mut self.violations)?;
        let default = Constraints::default();
        let budget = fields.get("time_budget_seconds");
        // Out-of-range values pass, the gate refuses them.
        let budget = budget.map_or(Some(default.time_budget_seconds), |field| integer(field, &mut self.violations));
        let mut flag = |name| fields.get(name).map_or(Some(false), |field| boolean(field, &mut self.violations));
        let (allow_network, allow_secrets) = (flag("allow_network"), flag("allow_secrets"));
        Some(Constraints { time_budget_seconds: budget?, allow_network: allow_network?, allow_secrets: allow_secrets? })
    }

    fn free_form(&mut self, fields: Fields<'_, '_, '_>) -> (FreeForm, FreeForm) {
        let inputs_field = fields.aliased("inputs", "payload", &mut self.violations);
        let metadata_field = fields.get("metadata");
        let inputs = self.object(inputs_field);
        if let (Some(inputs), Some(field)) = (&inputs, inputs_field) {
            free_form::known_inputs(inputs, &criteria(fields), field.path, &mut self.violations);
        }
        let metadata = self.object(metadata_field);
        let len = |map: &FreeForm| map.as_ref().map_or(0, canonical_len);
        let (inputs_len, metadata_len) = (len(&inputs), len(&metadata));
        if inputs_len + metadata_len > limits::FREE_FORM_MAX_BYTES {
            let larger = if inputs_len >= metadata_len { inputs_field } else { metadata_field };
            let message = format!(
                "`inputs` and `metadata` together must have at most {} bytes, have {}",
                limits::FREE_FORM_MAX_BYTES,
                inputs_len + metadata_len
            );
            self.violations.report(larger.map_or(Path::Root, |field| field.path), ViolationCode::TooLarge, message);
        }
        (inputs, metadata)
    }

    fn object(&mut self, field: Option<Field<'_, '_, '_>>) -> FreeForm {
        let Some(field) = field else { return Some(Map::new()) };
        let Some(object) = field.value.as_object() else {
            wrong_type(field, "an object", &mut self.violations);
            return None;
        };
        Some(free_form::object(object, field.path, &mut self.violations))
    }

    fn criteria(&mut self, field: Option<Field<'_, '_, '_>>) -> Option<Vec<String>> {
        let chars = 1..=limits::CRITERION_MAX_CHARS;
        field.map_or(Some(Vec::new()), |field| texts(field, &chars, &mut self.violations))
    }
}

/// The criteria as they are written; what is wrong with them is reported when it is their turn.
fn criteria<'d>(fields: Fields<'_, 'd, '_>) -> Vec<&'d str> {
    let criteria = fields.get("acceptance_criteria").and_then(|field| field.value.as_array());
    criteria.into_iter().flatten().filter_map(JsonValue::as_str).collect()
}

const KEY_CHARS: std::ops::RangeInclusive<usize> = 1..=limits::IDEMPOTENCY_KEY_MAX_CHARS;

/// Reports an idempotency key that no task may have: with U+0000 in it, empty, or too long.
pub fn idempotency_key(key: &str, path: Path<'_>, violations: &mut Violations) {
    free_form::without_nul(key, path, violations);
    length(key, path, &KEY_CHARS, violations);
}

/// The key of a request whose field says `field` and whose header says `header`.
///
/// # Errors
/// If they differ, or no task may have the key.
pub fn header_key(field: Option<&str>, header: &str) -> Result<String, Violation> {
    let root = Path::Root;
    let path = root.name("idempotency_key");
    let mut violations = Violations::default();
    if field.is_some_and(|field| field != header) {
        let message = "the `Idempotency-Key` header and the field differ; send one of them, or the same in both";
        violations.report(path, ViolationCode::IdempotencyKeyConflict, message);
    }
    idempotency_key(header, path, &mut violations);
    violations.into_vec().into_iter().next().map_or_else(|| Ok(header.to_owned()), Err)
}
