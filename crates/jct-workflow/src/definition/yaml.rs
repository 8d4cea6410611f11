//! From YAML to the JSON that the door reads. What a loader would resolve, replace or guess about is refused.

use jct_contract::limits::DOCUMENT_MAX_DEPTH;
use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Options, budget, options};

use crate::limits::DEFINITION_MAX_BYTES;
use crate::violation::DefinitionError;

/// Longest part of the reader's words that is repeated, in characters.
const MESSAGE_MAX_CHARS: usize = 300;

pub(super) fn to_json(bytes: &[u8]) -> Result<Vec<u8>, DefinitionError> {
    let read: Result<Value, _> = serde_saphyr::from_slice_with_options(bytes, strict());
    let value = read.map_err(|error| {
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        let (line, column) = error.location().map_or((1, 1), |at| (place(at.line()), place(at.column())));
        let message = message(&error.without_snippet().to_string(), line, column);
        DefinitionError::Malformed { message, line, column }
    })?;
    Ok(value.to_string().into_bytes())
}

/// What the reader says, without the place, which is told beside it. Its words for a limit are its own affair.
fn message(said: &str, line: usize, column: usize) -> String {
    if said.starts_with("budget breached") {
        return "anchors, aliases, merge keys and several documents are not taken, nor what is too deep or too long"
            .to_owned();
    }
    let (said, place) = (said.lines().next().unwrap_or_default(), format!(" at line {line}, column {column}"));
    said.trim_end_matches(place.as_str()).chars().take(MESSAGE_MAX_CHARS).collect()
}

fn strict() -> Options {
    options! {
        budget: budget! {
            max_anchors: 0,
            max_aliases: 0,
            max_merge_keys: 0,
            max_documents: 1,
            max_depth: DOCUMENT_MAX_DEPTH,
            max_total_scalar_bytes: DEFINITION_MAX_BYTES,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str) -> Option<String> {
        to_json(text.as_bytes()).ok().map(|json| String::from_utf8(json).unwrap())
    }

    #[test]
    fn words_mean_what_yaml_1_2_says() {
        let text = "a: yes\nb: true\nc: 2024-01-01\nd: 12\ne: '12'\nf: |\n  two\n  lines\ng: [1, x]\nh:\ni: 1.5\n";
        let expect =
            r#"{"a":"yes","b":true,"c":"2024-01-01","d":12,"e":"12","f":"two\nlines\n","g":[1,"x"],"h":null,"i":1.5}"#;
        assert_eq!(read(text).as_deref(), Some(expect));
        assert_eq!(read(r#"{"a": {"b": [1, null]}}"#).as_deref(), Some(r#"{"a":{"b":[1,null]}}"#));
    }

    #[test]
    fn what_a_loader_would_guess_about_is_refused() {
        for text in [
            "a: &x 1\nb: 2",
            "a: *x",
            "a: {<<: {b: 1}}",
            "a: 1\na: 2",
            "a: 1\n---\na: 2",
            "a: .nan",
            "a: .inf",
            "a: !ruby/object 1",
            "a: [",
            "a: \"unclosed",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(to_json(b"a: \xff").is_err());
        assert!(to_json("[".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn it_is_told_where() {
        let Err(DefinitionError::Malformed { message, line, .. }) = to_json(b"a: 1\nb: [1\nc: 2\n") else {
            panic!("taken")
        };
        assert!(!message.contains("at line"), "{message}");
        let Err(DefinitionError::Malformed { message, .. }) = to_json(b"a: &x 1\n") else { panic!("taken") };
        assert!(message.starts_with("anchors"), "{message}");
        assert!(line >= 2 && !message.is_empty() && message.len() <= MESSAGE_MAX_CHARS * 4, "{line}: {message}");
    }
}
