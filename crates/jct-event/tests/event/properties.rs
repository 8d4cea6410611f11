//! Nothing makes a door panic, and what is let in comes back as it went.

use std::collections::BTreeMap;

use jct_contract::{EventId, Timestamp};
use jct_event::{CloudEvent, NewEvent};
use proptest::prelude::*;
use serde_json::{Value, json};

fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[^\\x00]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn event()(
        kind in "[a-z]{1,8}x\\.[A-Za-z0-9][A-Za-z0-9_-]{0,3}",
        source in "[!-~é]{1,40}",
        id in proptest::option::of("[^\\p{Cc}]{1,20}"),
        subject in proptest::option::of("[^\\p{Cc}]{1,20}"),
        data in data(),
        tags in proptest::collection::btree_map("[a-zé ]{1,8}", "[^\\p{Cc}]{0,8}", 0..4),
        extension in proptest::option::of("[^\\p{Cc}]{0,12}"),
    ) -> Value {
        let tags: BTreeMap<String, String> = tags;
        let mut event = json!({"type": kind, "source": source, "data": data, "tags": tags});
        for (name, value) in [("id", id), ("subject", subject)] {
            if let Some(value) = value {
                event[name] = Value::from(value);
            }
        }
        if let Some(value) = extension {
            event["extensions"] = json!({"note": value});
        }
        event
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_door_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in ".{0,60}") {
        let _ = NewEvent::from_json(&bytes);
        let _ = CloudEvent::from_structured(&bytes);
        let _ = CloudEvent::from_batch(&bytes);
        let headers = [("ce-id", text.as_str()), ("ce-type", &text), ("content-type", &text), (&text, &text)];
        let _ = CloudEvent::from_binary(headers, &bytes);
        let _ = NewEvent::from_query(&[(text.clone(), text.clone())], &bytes);
    }

    #[test]
    fn an_event_survives_its_document_and_both_forms(event in event()) {
        let event = NewEvent::from_json(event.to_string().as_bytes()).unwrap();
        let document = Value::Object(event.to_document()).to_string();
        prop_assert_eq!(&NewEvent::from_stored(document.as_bytes()).unwrap(), &event);

        let at = Timestamp::from_micros(1_700_000_000_123_456);
        let out = CloudEvent::of(&event, EventId::at(at), at);
        let structured = Value::Object(out.to_structured()).to_string();
        prop_assert_eq!(&CloudEvent::from_structured(structured.as_bytes()).unwrap(), &out);

        let message = out.to_binary();
        let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let back = CloudEvent::from_binary(headers, &message.body).unwrap().into_new_event().unwrap();
        prop_assert_eq!(back.data(), event.data());
        prop_assert_eq!(back.tags(), event.tags());
        prop_assert_eq!(back.extensions(), event.extensions());
        prop_assert_eq!(back.subject(), event.subject());
        prop_assert!(event.id().is_none() || back.id() == event.id());
    }
}
