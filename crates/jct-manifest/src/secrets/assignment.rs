//! Secrets that a text assigns to a name: connection strings, settings that were commented out, JSON inside a string.

use super::keys::{Surroundings, is_sensitive};

/// A shorter value is more likely to be prose.
const LEAST_VALUE_CHARS: usize = 4;
/// The same behind a colon, which prose uses too.
const LEAST_VALUE_BEHIND_COLON: usize = 6;
/// More of a value is not looked at: many values may reach to the end of one text, and all of them are looked at.
const MOST_VALUE_CHARS: usize = 256;

/// Whether something in the text is assigned to a name that promises a secret.
pub(super) fn is_there(text: &str) -> bool {
    text.char_indices().filter(|(_, character)| matches!(character, '=' | ':')).any(|(at, character)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        is_sensitive(name_at_the_end(before), Surroundings::Plain) && is_secret(after, character == ':')
    })
}

fn name_at_the_end(before: &str) -> &str {
    let before = before.trim_end_matches(['"', '\'', '\\', ' ']);
    let part_of_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    before.rsplit(|character: char| !part_of_name(character)).next().unwrap_or_default()
}

fn is_secret(after: &str, is_behind_colon: bool) -> bool {
    let value = after.trim_start_matches([' ', '\t']);
    // `==` compares, `=>` and `::` are no assignments of a value; in prose there is a blank behind the sign.
    if value.starts_with(['=', '>', ':']) || (!is_behind_colon && value.len() < after.len()) {
        return false;
    }
    let value = value.trim_start_matches(['"', '\'', '\\']);
    // A brace closes an object, unless the value begins with one.
    let closes = |character: char| character == '}' && !value.starts_with(['$', '{']);
    let end = |character: char| {
        character.is_whitespace() || matches!(character, '"' | '\'' | ';' | '&' | ',' | ')' | '\\') || closes(character)
    };
    let value =
        value.char_indices().nth(MOST_VALUE_CHARS).map_or(value, |(most, _)| value.get(..most).unwrap_or_default());
    let word = value.split(end).next().unwrap_or_default();
    if is_stand_in(word) {
        return false;
    }
    if !is_behind_colon {
        return word.chars().count() >= LEAST_VALUE_CHARS;
    }
    let has = |class: fn(&char) -> bool| word.chars().any(|character| class(&character));
    word.chars().count() >= LEAST_VALUE_BEHIND_COLON && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic)
}

/// Whether the text stands for a secret instead of being one: `${NAME}`, `<password>`, `***`, `...`, a reference.
pub(super) fn is_stand_in(text: &str) -> bool {
    let all = |fillers: &[char]| !text.is_empty() && text.chars().all(|character| fillers.contains(&character));
    let is_between = |open: &str, close: &str| text.starts_with(open) && text.ends_with(close);
    is_between("${", "}")
        || is_between("{{", "}}")
        || is_between("<", ">")
        || is_between("{", "}")
        || all(&['*', 'x', 'X', '.', '…'])
        || matches!(text, "null" | "none" | "None" | "true" | "false")
        || text.starts_with("vault://")
        || text.starts_with("profile://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigned_secrets_are_seen() {
        for text in [
            "host=db user=app password=hunter2",
            "Server=db;Password=hunter2;",
            "client_secret=abcd",
            "password: hunter2",
            " githubToken: abc123def",
            r#"{"user": "app", "password": "hunter2"}"#,
            "token='abc123'",
        ] {
            assert!(is_there(text), "{text}");
        }
    }

    #[test]
    fn prose_and_stand_ins_are_left_alone() {
        for text in [
            "the bearer of this token: see the handbook",
            "password: required",
            "token = something",
            "password=<yours>",
            "password=${DB_PASSWORD}",
            "token: vault://kv2/app1#token",
            "max_token=4096",
            "a == b, token == c4d5e6f7",
            "https://host/a:b",
            "",
            "=",
        ] {
            assert!(!is_there(text), "{text}");
        }
    }
}
