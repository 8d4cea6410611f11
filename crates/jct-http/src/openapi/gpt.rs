//! The part of the document that a GPT's action takes: three operations, short descriptions, one server, one key.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The operations that an agent needs to hand work in and to look at it.
const OPERATIONS: [&str; 3] = ["enqueueTask", "listTasks", "getTask"];
/// Longest description of an operation, in characters.
const OPERATION_MAX_CHARS: usize = 300;
/// Longest description of a parameter, in characters.
const PARAMETER_MAX_CHARS: usize = 700;
const CUT: &str = "...";

/// Cuts the whole document down, for a tower that is reached at `server`.
pub(crate) fn gpt_document(whole: &Value, server: &str) -> Value {
    let mut paths = Map::new();
    for (path, item) in whole["paths"].as_object().into_iter().flatten() {
        let kept: Map<String, Value> = item
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, operation)| operation["operationId"].as_str().is_some_and(|id| OPERATIONS.contains(&id)))
            .map(|(method, operation)| (method.clone(), shortened(operation.clone())))
            .collect();
        if !kept.is_empty() {
            paths.insert(path.clone(), kept.into());
        }
    }
    let paths = Value::Object(paths);
    let mut components = referenced(&paths, &whole["components"]);
    components.insert("securitySchemes".to_owned(), json!({"BearerAuth": {"type": "http", "scheme": "bearer"}}));
    json!({
        "openapi": whole["openapi"],
        "info": {
            "title": "DevOps Control Tower - Task API",
            "description": "Submit and track development tasks. Used by ChatGPT to orchestrate AI-assisted dev ops.",
            "version": whole["info"]["version"],
        },
        "servers": [{"url": server}],
        "security": [{"BearerAuth": []}],
        "paths": paths,
        "components": components,
    })
}

/// An operation without a security of its own, and with descriptions that fit.
fn shortened(mut operation: Value) -> Value {
    if let Some(members) = operation.as_object_mut() {
        members.remove("security");
    }
    cut(&mut operation, OPERATION_MAX_CHARS);
    for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
        cut(parameter, PARAMETER_MAX_CHARS);
    }
    operation
}

fn cut(described: &mut Value, max_chars: usize) {
    let Some(text) = described.get("description").and_then(Value::as_str) else { return };
    if text.chars().count() <= max_chars {
        return;
    }
    let kept: String = text.chars().take(max_chars - CUT.len()).collect();
    described["description"] = format!("{kept}{CUT}").into();
}

/// The components that something in `root` needs, and what those need.
fn referenced(root: &Value, components: &Value) -> Map<String, Value> {
    let (mut open, mut seen) = (Vec::new(), BTreeSet::new());
    references(root, &mut open);
    while let Some(reference) = open.pop() {
        if seen.insert(reference.to_owned())
            && let Some(component) = components.pointer(reference)
        {
            references(component, &mut open);
        }
    }
    let mut kept = Map::new();
    for (kind, all) in components.as_object().into_iter().flatten() {
        let some: Map<String, Value> = all
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| seen.contains(&format!("/{kind}/{name}")))
            .map(|(name, component)| (name.clone(), component.clone()))
            .collect();
        if !some.is_empty() {
            kept.insert(kind.clone(), some.into());
        }
    }
    kept
}

/// Where references lead, as pointers into the components.
fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(|reference| reference.strip_prefix("#/components")));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HttpOptions, openapi_json};

    fn document() -> Value {
        gpt_document(&openapi_json(&HttpOptions::default(), "0.0.0-test"), "https://tower.example")
    }

    #[test]
    fn three_operations_and_what_they_need_and_nothing_else() {
        let document = document();
        let mut ids: Vec<&str> = Vec::new();
        for operation in
            document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
        {
            ids.push(operation["operationId"].as_str().unwrap());
            assert!(operation.get("security").is_none());
            let described = operation["description"].as_str().unwrap_or_default().chars().count();
            assert!(described <= OPERATION_MAX_CHARS, "{described}");
        }
        ids.sort_unstable();
        assert_eq!(ids, ["enqueueTask", "getTask", "listTasks"]);
        assert_eq!(document["servers"], json!([{"url": "https://tower.example"}]));
        assert_eq!(document["security"], json!([{"BearerAuth": []}]));
        assert_eq!(
            document["components"]["securitySchemes"],
            json!({"BearerAuth": {"type": "http", "scheme": "bearer"}})
        );
        let mut needed = Vec::new();
        references(&document, &mut needed);
        for reference in &needed {
            assert!(document["components"].pointer(reference).is_some(), "{reference}");
        }
        for (kind, all) in document["components"].as_object().unwrap() {
            for name in all.as_object().unwrap().keys() {
                let reference = format!("/{kind}/{name}");
                assert!(kind == "securitySchemes" || needed.contains(&reference.as_str()), "{reference} is not needed");
            }
        }
        assert!(document["components"]["schemas"]["TaskSpec"].is_object());
    }

    #[test]
    fn long_descriptions_are_cut() {
        let text = "x".repeat(900);
        let short = shortened(json!({
            "description": text, "security": [], "parameters": [{"name": "a", "description": text}, {"$ref": "#/x"}],
        }));
        let described = short["description"].as_str().unwrap();
        assert_eq!((described.chars().count(), described.ends_with("x...")), (300, true));
        assert_eq!(short["parameters"][0]["description"].as_str().unwrap().chars().count(), 700);
        assert!(short.get("security").is_none());
        assert_eq!(shortened(json!({"description": "fine"}))["description"], "fine");
    }
}
