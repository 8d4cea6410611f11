//! Random objects, made from nothing but the published schemas: an independent reader of the same declarations.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any JSON that a free-form object may hold.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |double| serde_json::Number::from_f64(double).map(Value::from)),
        "[^\\x00]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[^\\x00]{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Something that fits the schema.
pub(crate) fn instance(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(fixed) = schema.get("const") {
        return Just(fixed.clone()).boxed();
    }
    if let Some(words) = schema["enum"].as_array() {
        return prop::sample::select(words.clone()).boxed();
    }
    let (kind, nullable) = match &schema["type"] {
        Value::Array(kinds) => (kinds[0].as_str().unwrap(), true),
        kind => (kind.as_str().unwrap(), false),
    };
    let value = match kind {
        "string" => string(schema),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "integer" => (0..=schema["maximum"].as_u64().unwrap()).prop_map(Value::from).boxed(),
        "number" => prop_oneof![(0_u32..9).prop_map(Value::from), (0.0..1e300_f64).prop_map(Value::from)].boxed(),
        "array" => prop::collection::vec(instance(&schema["items"]), 0..3).prop_map(Value::from).boxed(),
        "object" if schema["properties"].is_object() => object(schema),
        "object" => prop::collection::hash_map("[^\\x00]{0,4}", any_value(), 0..3)
            .prop_map(|map| Value::Object(map.into_iter().collect()))
            .boxed(),
        other => panic!("no such type: {other}"),
    };
    if nullable { prop_oneof![1 => Just(Value::Null), 3 => value].boxed() } else { value }
}

fn string(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(pattern) = schema["pattern"].as_str() {
        // The one other pattern asks for something that is not white space.
        let pattern = if pattern.starts_with('^') { pattern.trim_matches(['^', '$']) } else { "[a-z ]{0,4}x" };
        return proptest::string::string_regex(pattern).unwrap().prop_map(Value::from).boxed();
    }
    match schema["format"].as_str() {
        Some("uuid") => any::<u128>()
            .prop_map(|bits| {
                let digits = format!("{bits:032x}");
                let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
                parts.join("-").into()
            })
            .boxed(),
        Some("date-time") => (0_i64..4_000_000_000_000_000)
            .prop_map(|micros| jct_contract::Timestamp::from_micros(micros).to_string().into())
            .boxed(),
        _ => {
            let min = schema["minLength"].as_u64().unwrap_or(0);
            let max = schema["maxLength"].as_u64().unwrap().min(min + 8);
            let pattern = format!("[^\\x00]{{{min},{max}}}");
            proptest::string::string_regex(&pattern).unwrap().prop_map(Value::from).boxed()
        }
    }
}

/// Every required member, and each of the others or not.
fn object(schema: &Value) -> BoxedStrategy<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let members = schema["properties"].as_object().unwrap().iter().map(|(name, schema)| {
        let always = required.contains(&json!(name));
        let name = name.clone();
        (any::<bool>(), instance(schema))
            .prop_map(move |(there, value)| (always || there).then(|| (name.clone(), value)))
    });
    let members: Vec<_> = members.collect();
    members.prop_map(|members| Value::Object(members.into_iter().flatten().collect::<Map<_, _>>())).boxed()
}
