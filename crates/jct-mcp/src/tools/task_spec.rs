//! From what an agent says about a task to a Task Spec V1. Each thing has one name in the contract and may come flat or
//! nested; whoever says it twice has to say the same.

use jct_contract::{Principal, Priority, TaskSpec};
use jct_cwom::Priority as IssuePriority;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// Seconds that a task gets that says nothing about it.
const DEFAULT_TIME_BUDGET_SECONDS: i64 = 3_600;
/// What requester says of itself in `label`.
const LABEL: &str = "MCP";

/// A task, flat or nested.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskArguments {
    /// What is wanted, 5 to 4000 characters.
    pub(super) objective: String,
    /// `code_change`, `docs`, `analysis` or `ops`. Required, here or as `type`.
    operation: Option<String>,
    /// The same as `operation`.
    #[serde(rename = "type")]
    type_: Option<String>,
    /// The repository, `owner/name`. Required, here, as `repo` or in `target`.
    target_repo: Option<String>,
    /// The same as `target_repo`.
    repo: Option<String>,
    /// Branch, tag or commit; `main` unless it is said.
    target_ref: Option<String>,
    /// The same as `target_ref`.
    #[serde(rename = "ref")]
    ref_: Option<String>,
    /// A path in the repository; the root unless it is said.
    target_path: Option<String>,
    /// The same as `target_path`.
    path: Option<String>,
    /// Repository, ref and path together.
    target: Option<TargetArguments>,
    /// Seconds that the work may take; 3600 unless it is said.
    time_budget_seconds: Option<i64>,
    /// Refused by the policy if true.
    allow_network: Option<bool>,
    /// Refused by the policy if true.
    allow_secrets: Option<bool>,
    /// Time budget and permissions together.
    constraints: Option<ConstraintArguments>,
    /// How urgent it is, `P0` (first) to `P4`: which tasks workers take first.
    #[serde(default = "normal")]
    priority: String,
    /// When it counts as done, one condition each.
    acceptance_criteria: Option<Vec<String>>,
    /// What is to be shown for it.
    evidence_requirements: Option<Vec<String>>,
    /// What whoever works on it should know; becomes the input `context_summary`.
    context_summary: Option<String>,
    /// Inputs of the executor.
    inputs: Option<Map<String, Value>>,
    /// Notes that nothing depends on.
    metadata: Option<Map<String, Value>>,
    /// Repeating the same task with the same key creates nothing new.
    idempotency_key: Option<String>,
    /// Whether work objects come with it.
    #[serde(default = "yes")]
    pub(super) create_cwom: bool,
}

/// What a task works on.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TargetArguments {
    /// The repository, `owner/name`.
    repo: Option<String>,
    /// The same as `repo`.
    repository: Option<String>,
    /// Branch, tag or commit.
    #[serde(rename = "ref")]
    ref_: Option<String>,
    /// A path in the repository.
    path: Option<String>,
}

/// Within which limits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConstraintArguments {
    /// Seconds that the work may take.
    time_budget_seconds: Option<i64>,
    /// Refused by the policy if true.
    allow_network: Option<bool>,
    /// Refused by the policy if true.
    allow_secrets: Option<bool>,
}

fn normal() -> String {
    IssuePriority::P2.as_str().to_owned()
}

const fn yes() -> bool {
    true
}

impl TaskArguments {
    /// The place in the order of claims.
    pub(super) fn priority(&self) -> Result<Priority, Failure> {
        let word: IssuePriority =
            self.priority.parse().map_err(|error| Failure::arguments(format!("`priority`: {error}")))?;
        let number = match word {
            IssuePriority::P0 => 200,
            IssuePriority::P1 => 100,
            IssuePriority::P2 => 0,
            IssuePriority::P3 => -100,
            IssuePriority::P4 => -200,
        };
        Priority::try_from(number).map_err(|error| Failure::arguments(format!("`priority`: {error}")))
    }

    /// The task, through the contract's door. Whoever calls is whoever wants it.
    pub(super) fn spec(self, by: &Principal) -> Result<TaskSpec, Failure> {
        let target = self.target.unwrap_or_default();
        let constraints = self.constraints.unwrap_or_default();
        let operation = one([("operation", self.operation), ("type", self.type_)])?;
        let operation = operation.ok_or_else(|| Failure::arguments("`operation` is required"))?;
        let repo = one([
            ("target_repo", self.target_repo),
            ("repo", self.repo),
            ("target.repo", target.repo),
            ("target.repository", target.repository),
        ])?;
        let repo = repo.ok_or_else(|| Failure::arguments("`target_repo` is required"))?;
        let ref_ = one([("target_ref", self.target_ref), ("ref", self.ref_), ("target.ref", target.ref_)])?;
        let path = one([("target_path", self.target_path), ("path", self.path), ("target.path", target.path)])?;
        let budget = one([
            ("time_budget_seconds", self.time_budget_seconds),
            ("constraints.time_budget_seconds", constraints.time_budget_seconds),
        ])?;
        let network =
            one([("allow_network", self.allow_network), ("constraints.allow_network", constraints.allow_network)])?;
        let secrets =
            one([("allow_secrets", self.allow_secrets), ("constraints.allow_secrets", constraints.allow_secrets)])?;
        let mut inputs = self.inputs.unwrap_or_default();
        if let Some(summary) = self.context_summary {
            let known = inputs.insert("context_summary".to_owned(), summary.as_str().into());
            one([("context_summary", Some(Value::from(summary))), ("inputs.context_summary", known)])?;
        }
        let mut task = json!({
            "requested_by": {"kind": by.kind().as_str(), "id": by.name(), "label": LABEL},
            "objective": self.objective,
            "operation": operation,
            "target": {"repo": repo, "ref": ref_.unwrap_or_else(|| "main".to_owned()), "path": path.unwrap_or_default()},
            "constraints": {
                "time_budget_seconds": budget.unwrap_or(DEFAULT_TIME_BUDGET_SECONDS),
                "allow_network": network.unwrap_or(false),
                "allow_secrets": secrets.unwrap_or(false),
            },
            "inputs": inputs,
            "metadata": self.metadata.unwrap_or_default(),
            "acceptance_criteria": self.acceptance_criteria.unwrap_or_default(),
            "evidence_requirements": self.evidence_requirements.unwrap_or_default(),
        });
        if let (Some(key), Some(task)) = (self.idempotency_key, task.as_object_mut()) {
            task.insert("idempotency_key".to_owned(), key.into());
        }
        Ok(TaskSpec::from_json(task.to_string().as_bytes())?)
    }
}

/// What is said under any of these names.
fn one<T: PartialEq, const N: usize>(said: [(&str, Option<T>); N]) -> Result<Option<T>, Failure> {
    let mut found: Option<(&str, T)> = None;
    for (name, value) in said {
        let Some(value) = value else { continue };
        match &found {
            Some((first, known)) if *known != value => {
                return Err(Failure::arguments(format!("`{first}` and `{name}` say different things")));
            }
            Some(_) => {}
            None => found = Some((name, value)),
        }
    }
    Ok(found.map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use jct_contract::RequesterKind;

    use super::*;

    fn spec(arguments: &Value) -> Result<Value, String> {
        let told = |failure: Failure| failure.into_value("t", "T", "trace")["error"]["message"].to_string();
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let arguments: TaskArguments = crate::arguments::read(arguments).map_err(told)?;
        let by = Principal::new(RequesterKind::Agent, "robin").map_err(|error| error.to_string())?;
        let task = arguments.spec(&by).map_err(told)?.normalize().map_err(|error| error.to_string())?;
        serde_json::to_value(task).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn same(one: &Value, other: &Value) {
        assert_eq!(spec(one), spec(other));
        assert!(spec(one).is_ok(), "{:?}", spec(one));
    }

    #[track_caller]
    fn refused(arguments: &Value, expect: &str) {
        let told = spec(arguments).err();
        assert!(told.as_deref().is_some_and(|told| told.contains(expect)), "{told:?}");
    }

    #[test]
    fn flat_and_nested_mean_the_same() {
        let flat = json!({
            "objective": "say hello", "operation": "docs", "target_repo": "myorg/app", "target_ref": "next",
            "target_path": "docs", "time_budget_seconds": 60,
        });
        same(
            &flat,
            &json!({
                "objective": "say hello", "type": "docs", "target": {"repository": "myorg/app", "ref": "next", "path": "docs"},
                "constraints": {"time_budget_seconds": 60, "allow_network": false},
            }),
        );
        same(
            &flat,
            &json!({
                "objective": "say hello", "operation": "docs", "type": "docs", "repo": "myorg/app", "ref": "next",
                "path": "docs", "target": {"ref": "next"}, "time_budget_seconds": 60, "allow_secrets": false,
            }),
        );
        let task = spec(&json!({"objective": "say hello", "type": "docs", "repo": "myorg/app"})).unwrap_or_default();
        assert_eq!(task["target"], json!({"repo": "myorg/app", "ref": "main", "path": ""}));
        assert_eq!(task["constraints"]["time_budget_seconds"], 3600);
        assert_eq!(task["requested_by"], json!({"kind": "agent", "id": "robin", "label": "MCP"}));
    }

    #[test]
    fn everything_said_is_kept() {
        let task = spec(&json!({
            "objective": "say hello", "type": "docs", "repo": "myorg/app", "acceptance_criteria": ["it greets"],
            "evidence_requirements": ["a picture"], "context_summary": "it is a tool", "inputs": {"n": 1},
            "metadata": {"m": 2}, "idempotency_key": "k", "allow_network": true,
        }))
        .unwrap_or_default();
        assert_eq!(task["acceptance_criteria"], json!(["it greets"]));
        assert_eq!(task["evidence_requirements"], json!(["a picture"]));
        assert_eq!(task["inputs"], json!({"n": 1, "context_summary": "it is a tool"}));
        assert_eq!((&task["metadata"], &task["idempotency_key"]), (&json!({"m": 2}), &json!("k")));
        // The gate refuses that; here it is passed on and not turned into something else.
        assert_eq!(task["constraints"]["allow_network"], true);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        let base = json!({"objective": "say hello", "type": "docs", "repo": "myorg/app"});
        let with = |more: Value| {
            let mut all = base.clone();
            if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
                all.extend(more);
            }
            all
        };
        refused(&json!({"objective": "say hello", "repo": "myorg/app"}), "`operation` is required");
        refused(&json!({"objective": "say hello", "type": "docs"}), "`target_repo` is required");
        refused(&with(json!({"operation": "ops"})), "`operation` and `type` say different things");
        refused(&with(json!({"target": {"repo": "myorg/other"}})), "`repo` and `target.repo` say different things");
        refused(&with(json!({"ref": "a", "target_ref": "b"})), "`target_ref` and `ref` say different things");
        refused(&with(json!({"context_summary": "a", "inputs": {"context_summary": "b"}})), "say different things");
        refused(&with(json!({"target": {"branch": "x"}})), "unknown field `branch`");
        refused(&with(json!({"kwargs": "{}"})), "unknown field `kwargs`");
        refused(&with(json!({"time_budget_seconds": "60"})), "`time_budget_seconds`");
        refused(&with(json!({"objective": "hm"})), "the task breaks the contract");
    }

    #[test]
    fn a_priority_is_a_place_in_line() {
        let number = |priority: &str| {
            TaskArguments { priority: priority.to_owned(), ..TaskArguments::default() }
                .priority()
                .map(Priority::get)
                .ok()
        };
        assert_eq!(["P0", "P1", "P2", "P3", "P4"].map(number), [200, 100, 0, -100, -200].map(Some));
        assert_eq!(["", "p1", "P5", "high"].map(number), [None; 4]);
    }
}
