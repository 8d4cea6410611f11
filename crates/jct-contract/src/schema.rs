//! The JSON Schema (2020-12) of the task spec, generated from the types.
//!
//! It describes the canonical shape under the default policy. The door accepts a little more (the legacy aliases,
//! and values that only the gate refuses) and knows rules that a schema cannot express: repeated names, U+0000,
//! sizes in bytes, git's rules for refs.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::TaskSpec;
use crate::limits::{CONTRACT_VERSION, DEFAULT_REF, DEFAULT_TIME_BUDGET_SECONDS};

/// The schema of a task as handed in, as a JSON Schema 2020-12 document.
#[must_use]
pub fn task_spec_schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<TaskSpec>();
    schema.insert("$id".to_owned(), json!("urn:jct:task-spec:v1"));
    schema.to_value()
}

pub(crate) fn version() -> &'static str {
    CONTRACT_VERSION
}

pub(crate) fn default_ref() -> String {
    DEFAULT_REF.to_owned()
}

pub(crate) fn default_time_budget() -> i64 {
    DEFAULT_TIME_BUDGET_SECONDS
}

/// `null` for an optional field is the same as absent: adds `null` to the type of every property that is not required.
pub(crate) fn null_means_absent(schema: &mut Schema) {
    let required = schema.get("required").cloned().unwrap_or_else(|| json!([]));
    let is_required =
        |name: &str| required.as_array().is_some_and(|names| names.iter().any(|required| required == name));
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, property) in properties {
        if is_required(name) {
            continue;
        }
        if let Some(kind) = property.get_mut("type").filter(|kind| kind.is_string()) {
            *kind = json!([kind.take(), "null"]);
        }
        // A `const` would still refuse the null that the type now allows.
        let fixed = property.as_object_mut().and_then(|property| property.remove("const"));
        if let (Some(fixed), Value::Object(property)) = (fixed, property) {
            property.insert("enum".to_owned(), json!([fixed, null]));
        }
    }
}
