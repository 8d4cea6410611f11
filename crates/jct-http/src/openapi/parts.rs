//! Gives the parts of a schema names of their own, so that the document says each of them once and a generated client has
//! types for them.

use serde_json::{Map, Value, json};

/// Who sends a body: what is optional may be left out by a caller, and is always there in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// A caller.
    Sent,
    /// The tower.
    Answered,
}

/// Adds a schema under its name, and the parts of it that have a title under theirs.
pub(super) fn name(schemas: &mut Map<String, Value>, name: &str, mut schema: Value, direction: Direction) {
    parts_of(schemas, &mut schema, direction);
    schemas.insert(name.to_owned(), schema);
}

fn parts_of(schemas: &mut Map<String, Value>, schema: &mut Value, direction: Direction) {
    if let Some(items) = schema.get_mut("items") {
        replace(schemas, items, direction);
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flat_map(Map::values_mut).for_each(|property| replace(schemas, property, direction));
}

/// Puts a reference where a part with a title stands; everything else keeps its place.
fn replace(schemas: &mut Map<String, Value>, part: &mut Value, direction: Direction) {
    parts_of(schemas, part, direction);
    let Some(name) = title(part, direction) else { return };
    let Some(mut members) = part.as_object_mut().map(std::mem::take) else { return };
    let nullable = members.get("type").is_some_and(Value::is_array);
    // What is said about the place stays there; the rest is the same wherever the part stands.
    let about: Map<_, _> = ["description", "default"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), members.shift_remove(name)?)))
        .collect();
    members.insert("type".to_owned(), "object".into());
    let reference = json!({"$ref": format!("#/components/schemas/{name}")});
    *part = if nullable { json!({"anyOf": [reference, {"type": "null"}]}) } else { reference };
    if let Some(part) = part.as_object_mut() {
        part.extend(about);
    }
    let part = Value::Object(members);
    debug_assert!(schemas.get(&name).is_none_or(|known| *known == part), "two parts are called {name}");
    schemas.insert(name, part);
}

/// What a part is called. References differ by the kind that they take.
fn title(part: &Value, direction: Direction) -> Option<String> {
    let title = part.get("title")?.as_str()?;
    let kind = part.pointer("/properties/kind/const").and_then(Value::as_str);
    let name = kind.map_or_else(|| title.to_owned(), |kind| format!("{title}To{kind}"));
    Some(if direction == Direction::Sent { format!("New{name}") } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(schema: Value, direction: Direction) -> Value {
        let mut schemas = Map::new();
        name(&mut schemas, "Whole", schema, direction);
        schemas.into()
    }

    #[test]
    fn a_part_is_said_once_and_its_places_keep_what_is_said_about_them() {
        let actor = |about: &str| json!({"title": "Actor", "description": about, "type": "object"});
        let schema = json!({"properties": {"by": actor("Who."), "all": {"type": "array", "items": actor("Each.")}}});
        let expect = json!({
            "Actor": {"title": "Actor", "type": "object"},
            "Whole": {"properties": {
                "by": {"$ref": "#/components/schemas/Actor", "description": "Who."},
                "all": {"type": "array", "items": {"$ref": "#/components/schemas/Actor", "description": "Each."}},
            }},
        });
        assert_eq!(named(schema, Direction::Answered), expect);
    }

    #[test]
    fn what_may_be_null_may_be_null_where_it_stands() {
        let plan = json!({"title": "Plan", "type": ["object", "null"], "default": null});
        let expect = json!({
            "NewPlan": {"title": "Plan", "type": "object"},
            "Whole": {"properties": {
                "plan": {"anyOf": [{"$ref": "#/components/schemas/NewPlan"}, {"type": "null"}], "default": null},
            }},
        });
        assert_eq!(named(json!({"properties": {"plan": plan}}), Direction::Sent), expect);
    }

    #[test]
    fn references_are_named_after_what_they_take() {
        let to = |kind: &str| json!({"title": "Ref", "type": "object", "properties": {"kind": {"const": kind}}});
        let found = named(json!({"properties": {"repo": to("Repo"), "run": to("Run")}}), Direction::Answered);
        let names: Vec<_> = found.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["RefToRepo", "RefToRun", "Whole"]);
    }
}
