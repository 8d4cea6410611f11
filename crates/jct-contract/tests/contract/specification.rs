//! Renders the written specification from the schema, which is generated from the types.

use std::fmt::Write;

use jct_contract::{ViolationCode, limits};
use serde_json::Value;

struct Field<'a> {
    name: String,
    required: bool,
    schema: &'a Value,
}

/// One line a field: name, type, whether it must be there, default, limits.
pub(crate) fn fields(schema: &Value) -> Vec<String> {
    let line = |field: &Field<'_>| {
        let presence =
            if field.required { "required".to_owned() } else { format!("default {}", default(field.schema)) };
        [field.name.clone(), kind(field.schema), presence, limit(field.schema)].join(" | ")
    };
    walk(schema, "").iter().map(line).collect()
}

fn walk<'a>(schema: &'a Value, prefix: &str) -> Vec<Field<'a>> {
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name));
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    properties
        .iter()
        .flat_map(|(name, property)| {
            let full = format!("{prefix}{name}");
            let nested = walk(property, &format!("{full}."));
            std::iter::once(Field { name: full, required: required(name), schema: property }).chain(nested)
        })
        .collect()
}

fn default(schema: &Value) -> String {
    let default = schema.get("default").map_or_else(|| "null".to_owned(), Value::to_string);
    // An object's default is that of its fields, which have lines of their own.
    if schema["properties"].is_object() { "{}".to_owned() } else { default }
}

fn kind(schema: &Value) -> String {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    };
    if kind == "array" { format!("array of {}", kind_of_items(schema)) } else { kind.to_owned() }
}

fn kind_of_items(schema: &Value) -> String {
    format!("{}s", schema["items"]["type"].as_str().unwrap_or_default())
}

fn limit(schema: &Value) -> String {
    let number = |schema: &Value, name: &str| schema[name].as_i64();
    let mut parts = Vec::new();
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`"));
        parts.push(values.collect::<Vec<_>>().join(", "));
    }
    if let Some(max) = number(schema, "maxLength") {
        parts.push(format!("{}..{max} characters", number(schema, "minLength").unwrap_or(0)));
    }
    if let (Some(min), Some(max)) = (number(schema, "minimum"), number(schema, "maximum")) {
        parts.push(format!("{min}..{max}"));
    }
    if let Some(max) = number(schema, "maxItems") {
        parts.push(format!("at most {max}, each {}", limit(&schema["items"])));
    }
    parts.join("; ")
}

/// The whole document.
pub(crate) fn render(schema: &Value, example: &Value) -> String {
    let mut text = String::from(INTRODUCTION);
    let _ = write!(text, "```json\n{}\n```\n\n", serde_json::to_string_pretty(example).unwrap());
    text.push_str("## Fields\n\n| field | type | required | default | limits | meaning |\n|---|---|---|---|---|---|\n");
    for field in walk(schema, "") {
        let (required, default) =
            if field.required { ("yes", String::new()) } else { ("no", format!("`{}`", default(field.schema))) };
        let meaning = field.schema["description"].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{}` | {} | {required} | {default} | {} | {meaning} |",
            field.name,
            kind(field.schema),
            limit(field.schema)
        );
    }
    text.push_str(&rules());
    text.push_str("## Violations\n\n| code | meaning |\n|---|---|\n");
    for code in ViolationCode::OF_TASKS {
        let _ = writeln!(text, "| `{code}` | {} |", code.meaning());
    }
    text
}

const INTRODUCTION: &str = "\
# Task Spec V1

<!-- Generated from the types of `jct-contract`. Do not edit: change the types, then run
     `JCT_TEST_UPDATE_DOCS=1 cargo test -p jct-contract`. -->

What a caller hands in to have a development task run. The types are the source of truth; this page and
[`task-spec-v1.schema.json`](task-spec-v1.schema.json) (JSON Schema 2020-12) are generated from them.
[`../examples/task-create-v1.json`](../examples/task-create-v1.json) uses every field:

";

fn rules() -> String {
    format!(
        "
Lengths count Unicode scalar values. `null` for an optional field is the same as leaving it out.

## Rules beyond the schema

* Nothing is converted: `\"60\"` and `60.0` are no integers, `\"yes\"` is no boolean.
* A field that the contract does not have is refused by name, in every object; only `inputs` and `metadata` are free-form.
* A name written twice in one object is refused, at every depth. So is U+0000 in any string or name.
* A number that a double would change (`9007199254740993`, `1e400`) is refused; send it as a string.
* `inputs` and `metadata` together have at most {bytes} bytes in canonical encoding and nest at most {depth} levels.
* `objective` is trimmed before its length is counted, and stored trimmed.
* `target.ref` follows git's rules for names of refs and must not begin with `-`.
* `target.path` is relative, without `..` as a segment, backslashes and control characters.
* `inputs.executor`, if present, is a string of 1 to {executor} characters of `a-z 0-9 _ -`.
* `inputs.command`, if present, is a non-empty array of strings that begins with the program, or a non-empty array of such arrays.
* `inputs.isolation`, if present, is one of `L0`, `L1`, `L2`, `L3`: only a worker that gives that level or a higher one runs
  the task.
* `inputs.checks`, if present, is an array of at most {checks} objects: `name` (1..{check_name} characters, not blank, unique),
  `command` (a non-empty array of strings that begins with the program) and, if wanted, `criterion`: the index, counted
  from zero, or the exact text of the one of `acceptance_criteria` that the check decides.
* All violations are answered at once, each with a JSON Pointer, a code and a message; beyond {violations} of them,
  or {kib} KiB of text, the rest is counted.

An `operation` that is none of the listed, a `target.repo` that is not `owner/name` and a time budget out of range pass the
contract as values. The policy gate refuses them with codes of its own.

## Legacy aliases

| alias | field |
|---|---|
| `type` | `operation` |
| `payload` | `inputs` |
| `target.repository` | `target.repo` |

The field wins when both are there, whatever the alias holds; `null` counts as absent. Only fields come out. The list is frozen
and goes away with V2.

## The one spelling

Every accepted task is normalised before anything else looks at it: `target.repo` is trimmed, lower-cased and loses trailing
slashes and one trailing `.git`; it must then be `owner/name` (more segments allowed) of letters, digits, `.`, `_` and `-`. Defaults
are filled in. Nothing is dropped, and normalising twice changes nothing.

The canonical bytes of a task are the RFC 8785 encoding of its normalised form without `idempotency_key`; their SHA-256 says
whether two submissions are the same task.

",
        bytes = limits::FREE_FORM_MAX_BYTES,
        depth = limits::FREE_FORM_MAX_DEPTH,
        executor = limits::EXECUTOR_NAME_MAX_CHARS,
        checks = limits::CHECKS_MAX_ITEMS,
        check_name = limits::CHECK_NAME_MAX_CHARS,
        violations = limits::MAX_VIOLATIONS,
        kib = limits::MAX_VIOLATIONS_BYTES / 1024,
    )
}
