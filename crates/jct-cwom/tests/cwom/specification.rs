//! The written specification is generated from the schemas and therewith freezes every name, limit, word and default.
//! `JCT_TEST_UPDATE_DOCS=1 cargo test -p jct-cwom` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use jct_contract::ViolationCode;
use jct_cwom::{IssueChange, ObjectKind, RunChange, Status, issue, limits, run, schema};
use serde_json::{Value, json};

const INTRODUCTION: &str = "\
<!-- Generated from the declarations of `jct-cwom`. Do not edit: change the declarations, then run
     `JCT_TEST_UPDATE_DOCS=1 cargo test -p jct-cwom`. -->

The nine kinds of work object as they are created, the two changes that there are, and the parts they are made of.
Issue + ContextPacket + ConstraintSnapshot + DoctrineRef -> Run -> Artifact -> EvidencePack -> ReviewDecision. Callers create
all of them but the evidence pack, which the tower makes.

Lengths count Unicode scalar values. `null` for a member that is not required is the same as leaving it out. In an answer,
every member is there, and what has neither a value nor a default is `null`.

";

/// The parts by name: an object of the model is written once, wherever it is used.
type Parts = BTreeMap<String, Value>;

fn kind(schema: &Value, parts: &mut Parts) -> String {
    let name = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap(),
        kind => kind.as_str().unwrap(),
    };
    match name {
        "array" => format!("list of {}", kind(&schema["items"], parts)),
        "object" if schema["title"] == "Ref" => {
            format!("reference to {}", schema["properties"]["kind"]["const"].as_str().unwrap())
        }
        "object" if schema["title"].is_string() => {
            let title = schema["title"].as_str().unwrap().to_owned();
            if !parts.contains_key(&title) {
                parts.insert(title.clone(), schema.clone());
                schema["properties"].as_object().unwrap().values().for_each(|member| drop(kind(member, parts)));
            }
            format!("[{title}](#{})", title.to_lowercase())
        }
        other => schema["format"].as_str().unwrap_or(other).to_owned(),
    }
}

fn limit(schema: &Value) -> String {
    let mut limits = Vec::new();
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`"));
        limits.push(words.collect::<Vec<_>>().join(", "));
    } else if schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("sha256")) {
        limits.push("`sha256:` and 64 hexadecimal digits".to_owned());
    } else if let Some(max) = schema["maxLength"].as_u64() {
        limits.push(format!("{}..{max} characters", schema["minLength"].as_u64().unwrap_or(0)));
    }
    if let Some(min) = schema["minimum"].as_u64() {
        limits.push(schema["maximum"].as_u64().map_or(format!("{min} or more"), |max| format!("{min}..{max}")));
    }
    if let Some(max) = schema["maxItems"].as_u64() {
        limits.push(format!("at most {max}"));
        limits.extend(Some(limit(&schema["items"])).filter(|each| !each.is_empty()).map(|each| format!("each {each}")));
    }
    limits.join("; ")
}

fn table(schema: &Value, parts: &mut Parts) -> String {
    let mut text = format!("{}\n\n", schema["description"].as_str().unwrap());
    text.push_str("| member | type | default | limits | meaning |\n|---|---|---|---|---|\n");
    for (name, member) in schema["properties"].as_object().unwrap() {
        let required = schema["required"].as_array().unwrap().contains(&json!(name));
        let default = match member.get("default") {
            _ if required => "**required**".to_owned(),
            Some(Value::Object(_)) => "`{}`".to_owned(),
            default => format!("`{}`", default.unwrap_or(&Value::Null)),
        };
        let meaning = member["description"].as_str().unwrap_or_default();
        let kind = kind(member, parts);
        writeln!(text, "| `{name}` | {kind} | {default} | {} | {meaning} |", limit(member)).unwrap();
    }
    text + "\n"
}

fn moves(next: impl Fn(Status, Status) -> bool) -> String {
    let mut text = String::from("| from | to |\n|---|---|\n");
    for from in Status::ALL {
        let to: Vec<_> = Status::ALL.iter().filter(|to| next(*from, **to)).map(|to| format!("`{to}`")).collect();
        writeln!(text, "| `{from}` | {} |", to.join(", ")).unwrap();
    }
    text + "\n"
}

fn specification() -> String {
    let mut text = format!("# Work objects (CWOM {})\n\n{INTRODUCTION}## Objects\n\n", limits::MODEL_VERSION);
    let mut parts = Parts::new();
    for kind in ObjectKind::ALL {
        write!(text, "### {kind}\n\n{}", table(&schema::of_new(*kind), &mut parts)).unwrap();
        let new = schema::of_new(*kind);
        let set = schema::of_object(*kind)["properties"].as_object().unwrap().clone();
        let set: Vec<_> =
            set.keys().filter(|name| new["properties"].get(name).is_none()).map(|name| format!("`{name}`")).collect();
        write!(text, "Set by the tower: {}.\n\n", set.join(", ")).unwrap();
    }
    text.push_str("## Changes\n\n");
    for (name, schema) in [("Issue", schema::of::<IssueChange>()), ("Run", schema::of::<RunChange>())] {
        write!(text, "### Change of {name}\n\n{}", table(&schema, &mut parts)).unwrap();
    }
    let issue = moves(|from, to| issue::next(from, to).is_ok());
    let run = moves(|from, to| run::next(from, to).is_ok());
    write!(text, "## States\n\n### Of an issue\n\n{issue}### Of a run\n\n{run}## Parts\n\n").unwrap();
    for (name, schema) in parts.clone() {
        write!(text, "### {name}\n\n{}", table(&schema, &mut parts)).unwrap();
    }
    text + &rules()
}

fn rules() -> String {
    let mut text = format!(
        "## Rules beyond the tables

* Nothing is converted, and a member that an object does not have is refused by name; only `meta` is free-form.
* A name written twice in one object is refused, at every depth. So is U+0000 in any string or name.
* A number that a double would change is refused.
* `meta` and inline data of one object together have at most {bytes} bytes; `meta` nests at most {depth} levels.
* A reference has `kind`, `id` (a UUID in lower case) and, if it is wanted, `role` (1..64 characters). It names an object
  of the kind that its place asks for, and a list of references names no object twice.
* All violations are answered at once, each with a JSON Pointer, a code and a message: those of
  [the task](task-spec-v1.md#violations), and

| code | meaning |
|---|---|
",
        bytes = limits::FREE_FORM_MAX_BYTES,
        depth = limits::FREE_FORM_MAX_DEPTH,
    );
    for code in ViolationCode::ALL.iter().filter(|code| !ViolationCode::OF_TASKS.contains(code)) {
        writeln!(text, "| `{code}` | {} |", code.meaning()).unwrap();
    }
    text
}

#[test]
fn the_specification_is_generated_from_the_declarations() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/specs/work-objects-v0.1.md");
    let expected = specification();
    if std::env::var_os("JCT_TEST_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == expected,
        "the model has changed; run `JCT_TEST_UPDATE_DOCS=1 cargo test -p jct-cwom` and review the change"
    );
}
