//! Between JSON and the values of CEL.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value as Cel;
use cel::objects::{Key, Map as CelMap};
use serde_json::{Map, Number, Value};

use super::EvaluationError;

/// A JSON value as CEL has it. Whole numbers are integers, so that `event.data.count + 1` is one.
pub(super) fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Cel::Int(integer),
            None => Cel::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (Key::String(Arc::new(name.clone())), to_cel(value)));
            Cel::Map(CelMap { map: Arc::new(members.collect::<HashMap<_, _>>()) })
        }
    }
}

/// A value of CEL as JSON. Members of an object come in the order of their names, since CEL has none.
pub(super) fn to_json(value: &Cel) -> Result<Value, EvaluationError> {
    Ok(match value {
        Cel::Null => Value::Null,
        Cel::Bool(value) => Value::Bool(*value),
        Cel::Int(integer) => Value::from(*integer),
        Cel::UInt(integer) => Value::from(*integer),
        Cel::Float(float) => {
            Number::from_f64(*float).map(Value::Number).ok_or(EvaluationError::NotJson("a number without end"))?
        }
        Cel::String(text) => Value::String(text.as_ref().clone()),
        Cel::List(items) => Value::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Cel::Map(map) => Value::Object(members(map)?),
        other => return Err(EvaluationError::NotJson(kind(other))),
    })
}

fn members(map: &CelMap) -> Result<Map<String, Value>, EvaluationError> {
    let mut members = Vec::with_capacity(map.map.len());
    for (key, value) in map.map.iter() {
        let Key::String(name) = key else {
            return Err(EvaluationError::NotJson("a map with keys that are no strings"));
        };
        members.push((name.as_ref().clone(), to_json(value)?));
    }
    members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(members.into_iter().collect())
}

/// What kind of value it is, with its article, for messages.
pub(super) const fn kind(value: &Cel) -> &'static str {
    match value {
        Cel::Null => "null",
        Cel::Bool(_) => "a boolean",
        Cel::Int(_) | Cel::UInt(_) => "an integer",
        Cel::Float(_) => "a number",
        Cel::String(_) => "a string",
        Cel::Bytes(_) => "a sequence of bytes",
        Cel::List(_) => "a list",
        Cel::Map(_) => "a map",
        _ => "a value of another kind",
    }
}
