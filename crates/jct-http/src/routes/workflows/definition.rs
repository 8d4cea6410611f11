//! Definitions: as they come in, and as they were kept. Reading one takes a while, which must not be taken from the
//! other requests of a thread.

use jct_contract::{DocumentLimits, JsonValue, parse_document};
use jct_store::model::WorkflowRecord;
use jct_workflow::{DefinitionError, WorkflowDefinition};
use serde_json::Value;

use crate::input::{DocumentBody, ObjectReader};
use crate::problem::{ErrorCode, Problem};

/// A workflow beside what it defines.
pub(super) type Defined = (WorkflowRecord, WorkflowDefinition);

/// What a change asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) active: Option<bool>,
    pub(super) definition: Option<WorkflowDefinition>,
    /// Where the definition stands in the body.
    pub(super) place: &'static str,
}

/// The place of a definition in a change that comes as JSON.
const IN_CHANGE: &str = "/definition";

/// The definition that a body is.
pub(super) async fn of_body(body: DocumentBody) -> Result<WorkflowDefinition, Problem> {
    let read = aside(move || match body {
        DocumentBody::Yaml(bytes) => WorkflowDefinition::from_yaml(&bytes),
        DocumentBody::Json(bytes) => WorkflowDefinition::from_json(&bytes),
    });
    read.await?.map_err(|error| Problem::of_workflow(error, ""))
}

/// The change that a body asks for.
pub(super) async fn change_of_body(body: DocumentBody) -> Result<Asked, Problem> {
    let read = aside(move || match body {
        DocumentBody::Yaml(bytes) => Asked::of_yaml(&bytes),
        DocumentBody::Json(bytes) => Asked::of_json(&bytes),
    });
    read.await?
}

/// What was kept, beside what it defines. A definition that cannot be read any more is a failure of the tower.
pub(super) async fn of_record(record: WorkflowRecord) -> Result<Defined, Problem> {
    aside(move || defined(record)).await?.map_err(Problem::internal)
}

/// The same for a page.
pub(super) async fn of_records(records: Vec<WorkflowRecord>) -> Result<Vec<Defined>, Problem> {
    let read = aside(move || records.into_iter().map(defined).collect::<Result<Vec<_>, _>>());
    read.await?.map_err(Problem::internal)
}

fn defined(record: WorkflowRecord) -> Result<Defined, DefinitionError> {
    let definition = WorkflowDefinition::from_json(record.definition.as_bytes())?;
    Ok((record, definition))
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

impl Asked {
    /// The whole body is the definition.
    fn of_yaml(bytes: &[u8]) -> Result<Self, Problem> {
        let read = WorkflowDefinition::from_yaml(bytes);
        let definition = read.map_err(|error| Problem::of_workflow(error, ""))?;
        Ok(Self { active: written_active(&definition), definition: Some(definition), place: "" })
    }

    /// The definition is a member of the body.
    fn of_json(bytes: &[u8]) -> Result<Self, Problem> {
        let document = parse_document(bytes, DocumentLimits::default())?;
        let mut body = ObjectReader::of(&document);
        let active = body.flag("active");
        let definition = body.field("definition").map(inside).transpose();
        let found = body.finish_into();
        match definition {
            Err(error) => Err(Problem::of_workflow(error, IN_CHANGE).beside(found)),
            Ok(_) if !found.is_empty() => Err(Problem::invalid(ErrorCode::InvalidRequest, found)),
            Ok(definition) => {
                let active = active.or_else(|| definition.as_ref().and_then(written_active));
                Ok(Self { active, definition, place: IN_CHANGE })
            }
        }
    }
}

/// The definition that is a member of a body.
fn inside(value: &JsonValue<'_>) -> Result<WorkflowDefinition, DefinitionError> {
    WorkflowDefinition::from_document(value).map_err(DefinitionError::Violations)
}

/// Whether events start the workflow, if the author says so or otherwise.
fn written_active(definition: &WorkflowDefinition) -> Option<bool> {
    definition.source().get("active").and_then(Value::as_bool)
}

#[cfg(test)]
mod tests {
    use jct_workflow::limits::DEFINITION_MAX_BYTES;
    use serde_json::json;

    use super::*;

    fn definition(active: Option<bool>, notes: usize) -> Value {
        let task = json!({
            "objective": "x".repeat(4000), "operation": "ops", "target": {"repo": "myorg/app"},
            "inputs": {"command": ["true"]}
        });
        let steps: Vec<Value> = (0..notes).map(|number| json!({"id": format!("s{number}"), "task": task})).collect();
        let mut definition = json!({"name": "release", "steps": steps});
        if let Some(active) = active {
            definition["active"] = active.into();
        }
        definition
    }

    #[track_caller]
    fn active(body: &Value, expect: Option<bool>) {
        assert_eq!(Asked::of_json(body.to_string().as_bytes()).unwrap().active, expect);
    }

    #[test]
    fn what_stands_outside_counts_before_what_the_definition_says() {
        active(&json!({}), None);
        active(&json!({"active": false}), Some(false));
        active(&json!({"definition": definition(None, 1)}), None);
        active(&json!({"definition": definition(Some(false), 1)}), Some(false));
        active(&json!({"active": true, "definition": definition(Some(false), 1)}), Some(true));
        active(&json!({"active": null, "definition": null}), None);
    }

    #[test]
    fn yaml_is_the_definition_itself() {
        let text = "name: release\nactive: false\nsteps:\n- id: build\n  task:\n    objective: Build it\n    \
                    operation: ops\n    target: {repo: myorg/app}\n    inputs: {command: ['true']}\n";
        let asked = Asked::of_yaml(text.as_bytes()).unwrap();
        assert_eq!((asked.active, asked.definition.is_some(), asked.place), (Some(false), true, ""));
        let asked = Asked::of_yaml(text.replace("active: false\n", "").as_bytes()).unwrap();
        assert_eq!(asked.active, None);
    }

    #[test]
    fn what_counts_is_the_size_in_which_a_definition_is_kept() {
        let padded = format!("{{\"definition\": {}{}}}", definition(None, 1), " ".repeat(DEFINITION_MAX_BYTES));
        assert!(Asked::of_json(padded.as_bytes()).is_ok());
        // The numbers take 300 000 bytes as they are written, and three times as much as they are kept.
        let mut short = definition(None, 20);
        for step in short["steps"].as_array_mut().unwrap() {
            step["task"]["inputs"]["numbers"] = vec!["NUMBER"; 3_000].into();
        }
        let short = short.to_string().replace("\"NUMBER\"", "1e15");
        assert!(short.len() < DEFINITION_MAX_BYTES);
        for large in [definition(None, 280).to_string(), short] {
            let large = format!("{{\"definition\": {large}}}");
            let problem = Asked::of_json(large.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), ErrorCode::InvalidWorkflow);
            assert!(problem.to_string().contains("at most"), "{problem}");
        }
    }
}
