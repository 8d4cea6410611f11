//! Jobs in the shapes that came before tasks. They are read as generously as their clients expect, and become tasks
//! like any other: the gate, the lease and the audit log do not know them apart.

use jct_contract::door::{self, Field, Fields, Path, Violations};
use jct_contract::{Capability, CapabilitySet, JobType, JsonValue, NormalizedTask, Principal, TaskSpec, Violation};
use jct_contract::{ViolationCode, limits};
use serde_json::{Map, Value};

use super::envelope::Outline;
use super::repository::repository;

/// Input that carries the payload of a job in one of these shapes.
pub(super) const PAYLOAD: &str = "legacy_job";
const CAPABILITIES: &str = "requiredCapabilities";
/// The skill that is run when none is named.
const DEFAULT_SKILL: &str = "speckit";
/// Longest name of a skill, in characters.
const SKILL_MAX_CHARS: usize = 128;
/// Most capabilities that a client may ask for.
const CAPABILITIES_MAX_ITEMS: usize = 64;

/// A job in one of these shapes, as a task, and what a worker needs to have for it.
#[derive(Debug)]
pub(super) struct LegacyJob {
    pub(super) spec: TaskSpec,
    pub(super) capabilities: CapabilitySet,
}

/// Reads the payload. Pointers of violations begin at it.
pub(super) fn read(
    job_type: JobType,
    payload: &JsonValue<'_>,
    principal: &Principal,
    time_budget_seconds: Option<u64>,
) -> Result<LegacyJob, Vec<Violation>> {
    let (root, mut found) = (Path::Root, Violations::default());
    let names: Vec<&str> =
        payload.as_object().into_iter().flat_map(|object| object.iter().map(|(name, _)| name)).collect();
    // Whatever else such a client sends is kept and handed to the worker, as it always was.
    let Some(fields) = Fields::open(payload, &root, door::Names::only(&names), &mut found) else {
        return Err(found.into_vec());
    };
    let read = Read::of(job_type, fields, &mut found);
    let mut inputs = payload.as_object().map(|object| door::free_form(object, root, &mut found)).unwrap_or_default();
    let (Some(read), true) = (read, found.is_empty()) else { return Err(found.into_vec()) };
    let capabilities = capabilities(&read.asked);
    inputs.insert(CAPABILITIES.to_owned(), names_of(&capabilities));
    let outline = Outline {
        principal,
        objective: read.objective,
        operation: "code_change",
        repo: &read.repo,
        reference: read.reference.as_deref(),
        time_budget_seconds,
        inputs: Map::from_iter([
            ("executor".to_owned(), job_type.as_str().into()),
            (PAYLOAD.to_owned(), Value::Object(inputs)),
        ]),
    };
    let spec = outline.into_spec().map_err(|violations| violations.into_iter().map(in_payload).collect::<Vec<_>>())?;
    Ok(LegacyJob { spec, capabilities })
}

/// What a worker needs to have for a task that was made of such a job.
pub(super) fn capabilities_of(task: &NormalizedTask) -> CapabilitySet {
    let asked = task.inputs().get(PAYLOAD).and_then(|payload| payload.get(CAPABILITIES)).and_then(Value::as_array);
    let asked = asked.into_iter().flatten().filter_map(Value::as_str).filter_map(|text| text.parse().ok());
    capabilities(&asked.collect::<Vec<_>>())
}

fn capabilities(asked: &[Capability]) -> CapabilitySet {
    let always = ["codex", "git"].into_iter().filter_map(|name| name.parse().ok());
    always.chain(asked.iter().cloned()).collect()
}

fn names_of(capabilities: &CapabilitySet) -> Value {
    capabilities.iter().map(Capability::as_str).collect()
}

/// What the tower itself understands of a payload.
struct Read {
    repo: String,
    reference: Option<String>,
    objective: String,
    asked: Vec<Capability>,
}

impl Read {
    /// Every field is read before a missing one ends it, so that all violations are found.
    fn of(job_type: JobType, fields: Fields<'_, '_, '_>, found: &mut Violations) -> Option<Self> {
        let is_skill = job_type == JobType::CodexSkill;
        let repo = repo(fields, is_skill, found);
        let reference = fields.get("ref").map(|field| door::text(field, &(1..=limits::REF_MAX_CHARS), found));
        let objective = if is_skill { skill(fields, found) } else { instruction(fields, found) };
        let asked = fields.get(CAPABILITIES).map_or_else(|| Some(Vec::new()), |field| asked(field, found));
        let reference = match reference {
            Some(reference) => Some(reference?),
            None => None,
        };
        Some(Self { repo: repo?, reference, objective: objective?, asked: asked? })
    }
}

fn instruction(fields: Fields<'_, '_, '_>, found: &mut Violations) -> Option<String> {
    let field = fields.required("instruction", found)?;
    let chars = limits::OBJECTIVE_MIN_CHARS..=limits::OBJECTIVE_MAX_CHARS;
    let text = door::any_text(field, found)?.trim();
    door::length(text, field.path, &chars, found);
    Some(text.to_owned())
}

fn skill(fields: Fields<'_, '_, '_>, found: &mut Violations) -> Option<String> {
    let chars = 1..=SKILL_MAX_CHARS;
    let name = match fields.get("skillId") {
        Some(field) => door::text(field, &chars, found)?,
        None => DEFAULT_SKILL.to_owned(),
    };
    Some(format!("Run skill `{}`", name.trim()))
}

/// The repository; that of a skill may stand in its inputs.
fn repo(fields: Fields<'_, '_, '_>, is_skill: bool, found: &mut Violations) -> Option<String> {
    let read = |field: Field<'_, '_, '_>, found: &mut Violations| {
        let text = door::any_text(field, found)?;
        match repository(text) {
            Ok(name) => Some(name.as_str().to_owned()),
            Err(error) => {
                let message = format!("{error}, or its address over https or ssh, without a user's password");
                found.report(field.path, ViolationCode::ValueNotAllowed, message);
                None
            }
        }
    };
    if let Some(field) = fields.get("repository") {
        return read(field, found);
    }
    if let Some(inputs) = fields.get("inputs").filter(|_| is_skill)
        && let Some(value) = inputs.value.as_object().and_then(|object| object.get("repository"))
    {
        return read(Field { value, path: inputs.path.name("repository") }, found);
    }
    fields.required("repository", found);
    None
}

fn asked(field: Field<'_, '_, '_>, found: &mut Violations) -> Option<Vec<Capability>> {
    let Some(items) = field.value.as_array() else {
        door::wrong_type(field, "an array of capabilities", found);
        return None;
    };
    if items.len() > CAPABILITIES_MAX_ITEMS {
        let message = format!("must have at most {CAPABILITIES_MAX_ITEMS} entries, has {}", items.len());
        found.report(field.path, ViolationCode::TooManyItems, message);
        return None;
    }
    let mut asked = Vec::with_capacity(items.len());
    for (index, value) in items.iter().enumerate() {
        let path = field.path.index(index);
        let Some(text) = door::any_text(Field { value, path }, found) else { continue };
        match text.trim().parse() {
            Ok(capability) => asked.push(capability),
            Err(error) => {
                let error: jct_contract::InvalidCapability = error;
                found.report(path, ViolationCode::ValueNotAllowed, error.to_string());
            }
        }
    }
    Some(asked)
}

/// Where the caller wrote what the task was made of.
fn in_payload(violation: Violation) -> Violation {
    let Violation { pointer, code, message } = violation;
    let pointer = match pointer.as_str() {
        "/objective" => "/instruction".to_owned(),
        "/target/repo" => "/repository".to_owned(),
        "/target/ref" => "/ref".to_owned(),
        other => other.strip_prefix("/inputs/legacy_job").map_or_else(String::new, ToOwned::to_owned),
    };
    Violation { pointer, code, message }
}

#[cfg(test)]
mod tests {
    use jct_contract::{DocumentLimits, parse_document};
    use serde_json::json;

    use super::*;

    fn principal() -> Principal {
        Principal::new(jct_contract::RequesterKind::Human, "ana").unwrap()
    }

    fn parse(job_type: JobType, payload: &Value) -> Result<LegacyJob, Vec<Violation>> {
        let text = payload.to_string();
        let document = parse_document(text.as_bytes(), DocumentLimits::default()).unwrap();
        read(job_type, document.root(), &principal(), Some(120))
    }

    #[track_caller]
    fn refused(job_type: JobType, payload: &Value, expect: &[(&str, ViolationCode)]) {
        let found = parse(job_type, payload).unwrap_err();
        let found: Vec<_> = found.iter().map(|violation| (violation.pointer.as_str(), violation.code)).collect();
        assert_eq!(found, expect, "{payload}");
    }

    #[test]
    fn an_exec_job_becomes_a_code_change() {
        let payload = json!({
            "repository": "git@git.example.com:MyOrg/App.git", "ref": "next", "instruction": "  Say hello in the readme ",
            "requiredCapabilities": ["Docker", "git"], "codex": {"model": "m"},
        });
        let job = parse(JobType::CodexExec, &payload).unwrap();
        assert_eq!(job.capabilities.to_string(), "codex, git, docker");
        let task = job.spec.normalize().unwrap();
        assert_eq!((task.objective(), task.repo().as_str()), ("Say hello in the readme", "myorg/app"));
        assert_eq!((task.ref_(), task.executor().as_str()), ("next", "codex_exec"));
        assert_eq!(task.constraints().time_budget_seconds(), 120);
        assert_eq!(task.inputs()[PAYLOAD]["codex"], json!({"model": "m"}), "what is not known is handed on");
        assert_eq!(task.inputs()[PAYLOAD][CAPABILITIES], json!(["codex", "git", "docker"]));
        assert_eq!(capabilities_of(&task), job.capabilities);
    }

    #[test]
    fn a_skill_has_a_default_and_finds_its_repository_in_its_inputs() {
        let job = parse(JobType::CodexSkill, &json!({"inputs": {"repository": "myorg/app"}})).unwrap();
        assert_eq!((job.spec.objective(), job.spec.target().repo()), ("Run skill `speckit`", "myorg/app"));
        let job = parse(JobType::CodexSkill, &json!({"skillId": "review", "repository": "myorg/app"})).unwrap();
        assert_eq!(job.spec.objective(), "Run skill `review`");
        assert_eq!(job.capabilities.to_string(), "codex, git");
    }

    #[test]
    fn everything_wrong_is_told_at_once_where_it_was_written() {
        use ViolationCode::{DuplicateKey, InvalidRef, NumberNotExact, Required, TooShort, ValueNotAllowed, WrongType};
        let exec = JobType::CodexExec;
        refused(exec, &json!([]), &[("", WrongType)]);
        refused(exec, &json!({}), &[("/repository", Required), ("/instruction", Required)]);
        refused(
            exec,
            &json!({"inputs": {"repository": "myorg/app"}, "instruction": "long enough"}),
            &[("/repository", Required)],
        );
        let payload =
            json!({"repository": 7, "instruction": " abc ", "requiredCapabilities": ["ok", "", 1], "ref": null});
        let expect = [
            ("/repository", WrongType),
            ("/instruction", TooShort),
            ("/requiredCapabilities/1", ValueNotAllowed),
            ("/requiredCapabilities/2", WrongType),
        ];
        refused(exec, &payload, &expect);
        let good = json!({"repository": "myorg/app", "instruction": "long enough"});
        let with = |name: &str, value: Value| {
            let mut payload = good.clone();
            payload[name] = value;
            payload
        };
        refused(exec, &with("repository", json!("https://u:p@h/myorg/app")), &[("/repository", ValueNotAllowed)]);
        refused(exec, &with("ref", json!("-x")), &[("/ref", InvalidRef)]);
        refused(exec, &with("n", json!(9_007_199_254_740_993_u64)), &[("/n", NumberNotExact)]);
        refused(exec, &with("requiredCapabilities", json!("git")), &[("/requiredCapabilities", WrongType)]);
        let document = parse_document(
            br#"{"repository":"myorg/app","repository":"o/x","instruction":"long enough"}"#,
            DocumentLimits::default(),
        )
        .unwrap();
        let found = read(exec, document.root(), &principal(), None).unwrap_err();
        assert!(found.iter().any(|violation| violation.code == DuplicateKey), "{found:?}");
    }

    #[test]
    fn no_secret_of_an_address_is_repeated() {
        let found = parse(
            JobType::CodexExec,
            &json!({"repository": "https://u:hunter2hunter2@h/o/x", "instruction": "long enough"}),
        );
        assert!(!format!("{:?}", found.unwrap_err()).contains("hunter2"));
    }
}
