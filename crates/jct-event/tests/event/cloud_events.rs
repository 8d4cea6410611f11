//! CloudEvents in all their forms.

use jct_contract::{EventId, Timestamp};
use jct_event::cloud_event::BinaryMessage;
use jct_event::{CloudEvent, EventError, EventPriority, ExtensionValue, NewEvent};
use serde_json::{Value, json};

fn structured(event: &Value) -> Result<CloudEvent, EventError> {
    CloudEvent::from_structured(event.to_string().as_bytes())
}

fn binary(headers: &[(&str, &str)], body: &[u8]) -> Result<CloudEvent, EventError> {
    CloudEvent::from_binary(headers.iter().copied(), body)
}

fn codes<T: std::fmt::Debug>(result: Result<T, EventError>) -> Vec<String> {
    match result {
        Err(EventError::Violations(all)) => all.iter().map(|one| format!("{} {}", one.pointer, one.code)).collect(),
        other => panic!("violations were expected: {other:?}"),
    }
}

/// The example of the JSON event format, section 3.
fn example() -> Value {
    json!({
        "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "subject": null,
        "id": "C234-1234-1234", "time": "2018-04-05T17:31:00Z", "comexampleextension1": "value",
        "comexampleothervalue": 5, "datacontenttype": "application/vnd.apache.thrift.binary",
        "data_base64": "Zm9vYmFy"
    })
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let event = structured(&example()).unwrap();
    assert_eq!((event.id(), event.source().as_str()), ("C234-1234-1234", "/mycontext"));
    assert_eq!(event.extensions().get("comexampleothervalue"), Some(&ExtensionValue::Integer(5)));
    assert_eq!(event.data().base64(), Some("Zm9vYmFy"));
    let written = Value::Object(event.to_structured());
    assert_eq!(structured(&written).as_ref(), Ok(&event));
    assert_eq!(written["time"], "2018-04-05T17:31:00.000000Z");
    let message = event.to_binary();
    assert_eq!(message.body, b"foobar");
}

#[test]
fn what_breaks_the_specification_is_refused_with_all_of_it() {
    let mut event = example();
    event["specversion"] = json!("0.3");
    event["id"] = json!("");
    event["time"] = json!("yesterday");
    event["type"] = json!("unstructured");
    event["data"] = json!(1);
    event["Extension"] = json!("x");
    event["fraction"] = json!(1.5);
    assert_eq!(
        codes(structured(&event)),
        [
            "/specversion VALUE_NOT_ALLOWED",
            "/id TOO_SHORT",
            "/type VALUE_NOT_ALLOWED",
            "/time INVALID_TIME",
            "/data_base64 VALUE_NOT_ALLOWED",
            "/Extension UNKNOWN_FIELD",
            "/fraction WRONG_TYPE",
        ]
    );
    let required = ["/specversion REQUIRED", "/id REQUIRED", "/source REQUIRED", "/type REQUIRED"];
    assert_eq!(codes(structured(&json!({}))), required);
    assert_eq!(codes(CloudEvent::from_structured(b"7")), [" WRONG_TYPE"]);
    assert!(matches!(CloudEvent::from_structured(b"{"), Err(EventError::Malformed { .. })));
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let mut bad = example();
    bad["id"] = Value::Null;
    let batch = |items: Vec<Value>| CloudEvent::from_batch(Value::Array(items).to_string().as_bytes());
    assert_eq!(batch(vec![example(), example()]).map(|events| events.len()), Ok(2));
    assert_eq!(codes(batch(vec![example(), bad])), ["/1/id REQUIRED"]);
    assert_eq!(codes(batch(Vec::new())), [" REQUIRED"]);
    assert_eq!(batch(vec![example(); 100]).map(|events| events.len()), Ok(100));
    assert_eq!(codes(batch(vec![example(); 101])), [" TOO_MANY_ITEMS"]);
    assert_eq!(codes(CloudEvent::from_batch(b"{}")), [" WRONG_TYPE"]);
}

const HEADERS: [(&str, &str); 6] = [
    ("CE-SpecVersion", "1.0"),
    ("ce-type", "com.example.someevent"),
    ("ce-id", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
    ("ce-source", "/mycontext"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("X-Other", "passed over"),
];

#[test]
fn headers_are_decoded_and_encoded_again() {
    let event = binary(&HEADERS, br#"{"a":[1,2]}"#).unwrap();
    assert_eq!(event.id(), "Euro € 😀");
    assert_eq!(event.data().json(), Some(&json!({"a": [1, 2]})));
    let BinaryMessage { headers, body } = event.to_binary();
    assert_eq!(body, br#"{"a":[1,2]}"#);
    assert!(headers.contains(&("ce-id".to_owned(), "Euro%20%E2%82%AC%20%F0%9F%98%80".to_owned())));
    assert!(headers.iter().all(|(_, value)| value.is_ascii()));
    let quoted = [HEADERS[0], HEADERS[1], ("ce-id", r#""a \"b\" \\ c""#), HEADERS[3]];
    assert_eq!(binary(&quoted, b"").unwrap().id(), r#"a "b" \ c"#);
}

#[test]
fn a_body_that_is_no_json_is_kept_as_it_is() {
    let headers = [HEADERS[0], HEADERS[1], HEADERS[2], HEADERS[3], ("content-type", "image/png")];
    let event = binary(&headers, b"\x89PNG").unwrap();
    assert_eq!(event.data().base64(), Some("iVBORw=="));
    assert_eq!(event.to_binary().body, b"\x89PNG");
    assert!(matches!(binary(&HEADERS, b"{"), Err(EventError::Malformed { .. })));
    assert_eq!(binary(&HEADERS, b"").unwrap().data().json(), None);
}

#[test]
fn a_text_that_is_no_json_is_sent_as_text() {
    let mut event = example();
    event["data_base64"] = Value::Null;
    event["data"] = json!("<much wow=\"xml\"/>");
    event["datacontenttype"] = json!("text/xml");
    assert_eq!(structured(&event).unwrap().to_binary().body, br#"<much wow="xml"/>"#);
}

#[test]
fn headers_that_are_no_event_are_refused_with_all_of_it() {
    let headers = [
        ("ce-specversion", "2"),
        ("ce-type", "x"),
        ("ce-source", "%FF"),
        ("ce-time", "now"),
        ("ce-time", "then"),
        ("ce-Bad_Name", "x"),
    ];
    assert_eq!(
        codes(binary(&headers, b"")),
        [
            "/source VALUE_NOT_ALLOWED",
            "/time DUPLICATE_KEY",
            "/specversion VALUE_NOT_ALLOWED",
            "/id REQUIRED",
            "/source REQUIRED",
            "/type VALUE_NOT_ALLOWED",
            "/time INVALID_TIME",
            "/bad_name UNKNOWN_FIELD",
        ]
    );
}

#[test]
fn the_towers_own_attributes_become_priority_and_tags() {
    let mut event = example();
    event["jctpriority"] = json!("critical");
    event["jcttags"] = json!(r#"{"team":"infra"}"#);
    let taken = structured(&event).unwrap().into_new_event().unwrap();
    assert_eq!(taken.priority(), EventPriority::Critical);
    assert_eq!(taken.tags().get("team").map(String::as_str), Some("infra"));
    assert!(!taken.extensions().contains_key("jctpriority") && !taken.extensions().contains_key("jcttags"));
    event["jctpriority"] = json!(3);
    event["jcttags"] = json!("[]");
    event["type"] = json!("worker.lost");
    let expect = ["/type VALUE_NOT_ALLOWED", "/jctpriority VALUE_NOT_ALLOWED", "/jcttags WRONG_TYPE"];
    assert_eq!(codes(structured(&event).unwrap().into_new_event()), expect);
}

#[test]
fn what_an_event_left_open_is_filled_in_on_the_way_out() {
    let event = NewEvent::from_json(br#"{"type": "user.action", "source": "portal"}"#).unwrap();
    let at: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
    let id = EventId::at(at);
    let out = Value::Object(CloudEvent::of(&event, id, at).to_structured());
    let expect = json!({
        "specversion": "1.0", "id": id.to_string(), "source": "portal", "type": "user.action",
        "time": "2026-01-31T12:00:00.000000Z", "jctpriority": "medium"
    });
    assert_eq!(out, expect);
}
