//! Placeholders in arguments and environment values: `{name}`. Anything else between braces is text,
//! so that a value may be JSON.

use std::collections::BTreeMap;

/// What may stand between braces.
pub(super) const NAMES: [&str; 7] =
    ["prompt", "prompt_file", "workspace", "scratch", "model", "max_turns", "broker_url"];

/// The value that an agent's own relay puts in place of this is known only inside the sandbox.
pub(super) const BROKER_URL: &str = "{broker_url}";

/// The placeholders of a text, known or not.
pub(super) fn placeholders(text: &str) -> Vec<&str> {
    pieces(text).filter_map(|piece| if let Piece::Name(name) = piece { Some(name) } else { None }).collect()
}

/// Puts values in place of placeholders. One without a value stays as it is.
pub(super) fn render(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut rendered = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => rendered.push_str(text),
            Piece::Name(name) => match values.get(name) {
                Some(value) => rendered.push_str(value),
                None => {
                    rendered.push('{');
                    rendered.push_str(name);
                    rendered.push('}');
                }
            },
        }
    }
    rendered
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(name) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')).map(|(name, _)| name)
            && is_name(name)
        {
            rest = &rest[name.len() + 2..];
            return Some(Piece::Name(name));
        }
        // Up to the next brace, past the one that stands here if it begins no placeholder.
        let end = rest.char_indices().skip(1).find(|(_, character)| *character == '{').map_or(rest.len(), |(at, _)| at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let values = BTreeMap::from(
            [("model", "m{prompt}"), ("prompt", "p")].map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        assert_eq!(render(text, &values), expect);
    }

    #[test]
    fn placeholders_are_replaced_once() {
        check("", "");
        check("--model={model}", "--model=m{prompt}");
        check("{prompt}{prompt}", "pp");
        check("{\"a\": {\"b\": \"{prompt}\"}}", "{\"a\": {\"b\": \"p\"}}");
        check("{broker_url}/v1", "{broker_url}/v1");
        check("{{prompt}}", "{p}");
        check("{Prompt} {} {", "{Prompt} {} {");
        assert_eq!(placeholders("{a}{\"b\"}{c_d}"), ["a", "c_d"]);
    }

    proptest! {
        #[test]
        fn without_values_nothing_changes(text in ".{0,80}") {
            prop_assert_eq!(render(&text, &BTreeMap::new()), text);
        }
    }
}
