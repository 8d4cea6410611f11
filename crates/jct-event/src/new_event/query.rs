//! The query form: what kind of event it is in the query, what it says in the body.

use std::collections::BTreeMap;

use jct_contract::door::{Fields, Names, Path, Violations};
use jct_contract::{JsonValue, Violation, ViolationCode};

use super::{Parts, read, tags};
use crate::{EventData, text};

const PARAMETERS: [&str; 3] = ["event_type", "source", "priority"];

pub(super) fn event(parameters: &[(String, String)], body: &JsonValue<'_>) -> Result<Parts, Vec<Violation>> {
    let (root, mut found) = (Path::Root, Violations::default());
    strangers(parameters, &mut found);
    let parameter = |name: &str| parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let path = root.name("event_type");
    let event_type = required(parameter("event_type"), path, &mut found)
        .and_then(|written| text::parsed_text(written, path, &mut found));
    if let Some(event_type) = &event_type {
        read::refuse_reserved(event_type, path, &mut found);
    }
    let path = root.name("source");
    let source = required(parameter("source"), path, &mut found)
        .and_then(|written| text::parsed_text(written, path, &mut found));
    let priority = parameter("priority").map(str::to_ascii_lowercase);
    let priority = priority.and_then(|written| text::parsed_text(&written, root.name("priority"), &mut found));

    let fields = Fields::open(body, &root, Names::only(&["data", "tags"]), &mut found);
    let data = fields.and_then(|fields| fields.required("data", &mut found));
    let data = data.map(|field| EventData::read_json(field.value, field.path, &mut found)).unwrap_or_default();
    let tags = fields.and_then(|fields| fields.get("tags"));
    let tags = tags.map(|field| tags::read(field, &mut found)).unwrap_or_default();
    match (event_type, source) {
        (Some(event_type), Some(source)) if found.is_empty() => Ok(Parts {
            event_type,
            source,
            id: None,
            subject: None,
            time: None,
            data,
            content_type: None,
            data_schema: None,
            extensions: BTreeMap::new(),
            priority: priority.unwrap_or_default(),
            tags,
        }),
        _ => Err(found.into_vec()),
    }
}

/// Reports parameters that there are none of, and those that are given twice.
fn strangers(parameters: &[(String, String)], found: &mut Violations) {
    for (index, (name, _)) in parameters.iter().enumerate() {
        let path = Path::Root;
        let path = path.name(name);
        if !PARAMETERS.contains(&name.as_str()) {
            found.report(path, ViolationCode::UnknownField, "no such parameter; they are event_type, source, priority");
        } else if parameters.iter().take(index).any(|(earlier, _)| earlier == name) {
            found.report(path, ViolationCode::DuplicateKey, "the parameter is given more than once");
        }
    }
}

fn required<'t>(value: Option<&'t str>, path: Path<'_>, found: &mut Violations) -> Option<&'t str> {
    if value.is_none() {
        found.report(path, ViolationCode::Required, "the parameter is required");
    }
    value
}
