//! Finds things in a line of JSON: pointers with `*` for every member, and conditions.

use serde_json::Value;

use super::definition::Field;

/// Where something stands in a line of JSON, ready for use.
#[derive(Debug, Clone)]
pub(crate) struct FieldPath {
    at: Pointer,
    when: Vec<(Pointer, Value)>,
}

/// A JSON pointer, cut at its slashes.
#[derive(Debug, Clone)]
struct Pointer(Vec<String>);

impl FieldPath {
    pub(super) fn parse(field: &Field) -> Result<Self, String> {
        let when = field.when.iter().map(|(at, value)| Ok((Pointer::parse(at)?, value.clone())));
        Ok(Self { at: Pointer::parse(&field.at)?, when: when.collect::<Result<_, String>>()? })
    }

    /// What stands there, if the conditions hold.
    pub(crate) fn find<'a>(&self, line: &'a Value) -> Vec<&'a Value> {
        let holds = self.when.iter().all(|(at, expect)| at.find(line).contains(&expect));
        if holds { self.at.find(line) } else { Vec::new() }
    }
}

impl Pointer {
    fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('/').ok_or_else(|| format!("`{text}` must begin with a slash"))?;
        Ok(Self(inner.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect()))
    }

    fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![value];
        for part in &self.0 {
            found = found.into_iter().flat_map(|value| members(value, part)).collect();
        }
        found
    }
}

fn members<'a>(value: &'a Value, part: &str) -> Vec<&'a Value> {
    match value {
        Value::Object(object) if part == "*" => object.values().collect(),
        Value::Array(array) if part == "*" => array.iter().collect(),
        Value::Object(object) => object.get(part).into_iter().collect(),
        Value::Array(array) => part.parse().ok().and_then(|index: usize| array.get(index)).into_iter().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[track_caller]
    fn check(at: &str, when: &[(&str, Value)], line: &Value, expect: &Value) {
        let when: BTreeMap<String, Value> = when.iter().map(|(at, value)| ((*at).to_owned(), value.clone())).collect();
        let path = FieldPath::parse(&Field { at: at.to_owned(), when }).unwrap();
        let found: Vec<Value> = path.find(line).into_iter().cloned().collect();
        assert_eq!(Value::from(found), *expect);
    }

    #[test]
    fn pointers_find_one_or_many() {
        let line = json!({"a": {"b": 1, "c": 2}, "list": [{"n": 3}, {"n": 4}, {"m": 5}], "x/y": 6, "t": "k"});
        check("/a/b", &[], &line, &json!([1]));
        check("/a/*", &[], &line, &json!([1, 2]));
        check("/list/*/n", &[], &line, &json!([3, 4]));
        check("/list/1/n", &[], &line, &json!([4]));
        check("/x~1y", &[], &line, &json!([6]));
        check("/none/at/all", &[], &line, &json!([]));
        check("/a/b", &[("/t", json!("k"))], &line, &json!([1]));
        check("/a/b", &[("/t", json!("other"))], &line, &json!([]));
    }

    #[test]
    fn a_pointer_begins_with_a_slash() {
        assert!(FieldPath::parse(&Field { at: "a".to_owned(), when: BTreeMap::new() }).is_err());
    }
}
