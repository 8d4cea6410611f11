//! Reads `inputs.command`.

use std::fmt::Write;

use serde_json::Value;

use crate::executor::JsonObject;

const MOST_COMMANDS: usize = 100;
const MOST_ARGUMENTS: usize = 1000;
/// Characters of a command shown in a message.
const SHOWN: usize = 120;

/// Why `inputs.command` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InputError {
    #[error("`inputs.command` is missing")]
    Missing,
    #[error("`inputs.command` must be an array of strings, or an array of such arrays")]
    Shape,
    #[error("`inputs.command` holds an empty command or an empty program name")]
    Empty,
    #[error("`inputs.command` holds a NUL character")]
    Nul,
    #[error("`inputs.command` holds more than {MOST_COMMANDS} commands or {MOST_ARGUMENTS} arguments to one")]
    TooMany,
}

/// One program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argv {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
}

impl Argv {
    fn parse(values: &[Value]) -> Result<Self, InputError> {
        let words: Vec<String> = values
            .iter()
            .map(|value| value.as_str().map(str::to_owned).ok_or(InputError::Shape))
            .collect::<Result<_, _>>()?;
        if words.iter().any(|word| word.contains('\0')) {
            return Err(InputError::Nul);
        }
        if words.len() > MOST_ARGUMENTS {
            return Err(InputError::TooMany);
        }
        let mut words = words.into_iter();
        match words.next() {
            Some(program) if !program.is_empty() => Ok(Self { program, arguments: words.collect() }),
            _ => Err(InputError::Empty),
        }
    }

    /// The command as a JSON array.
    pub(super) fn to_json(&self) -> Value {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(String::as_str).collect()
    }

    /// For people, on one line and cut: not to be parsed.
    pub(super) fn shown(&self) -> String {
        let mut text = String::new();
        for word in std::iter::once(&self.program).chain(&self.arguments) {
            let space = if text.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{space}{}", word.escape_debug());
            if text.chars().count() > SHOWN {
                let cut: String = text.chars().take(SHOWN).collect();
                return format!("{cut}…");
            }
        }
        text
    }
}

/// The commands in the order in which they run; at least one.
pub(super) fn commands(inputs: &JsonObject) -> Result<Vec<Argv>, InputError> {
    let values = match inputs.get("command") {
        None | Some(Value::Null) => return Err(InputError::Missing),
        Some(Value::Array(values)) => values,
        Some(_) => return Err(InputError::Shape),
    };
    match values.first() {
        None => Err(InputError::Empty),
        Some(Value::Array(_)) if values.len() > MOST_COMMANDS => Err(InputError::TooMany),
        Some(Value::Array(_)) => {
            values.iter().map(|value| Argv::parse(value.as_array().ok_or(InputError::Shape)?)).collect()
        }
        Some(_) => Ok(vec![Argv::parse(values)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Vec<Vec<String>>, InputError> {
        let inputs = JsonObject::from_iter([("command".to_owned(), value)]);
        let words = |argv: Argv| std::iter::once(argv.program).chain(argv.arguments).collect();
        Ok(commands(&inputs)?.into_iter().map(words).collect())
    }

    #[track_caller]
    fn refused(value: Value, expect: &InputError) {
        assert_eq!(read(value).unwrap_err(), *expect);
    }

    #[test]
    fn one_command_or_several() {
        assert_eq!(read(json!(["a", "b c", ""])).unwrap(), [["a", "b c", ""]]);
        let several = read(json!([["a"], ["b", "c"]])).unwrap();
        assert_eq!(several, [vec!["a"], vec!["b", "c"]]);
    }

    #[test]
    fn everything_else_is_refused() {
        refused(json!(null), &InputError::Missing);
        refused(json!("make test"), &InputError::Shape);
        refused(json!(["a", 1]), &InputError::Shape);
        refused(json!(["a", ["b"]]), &InputError::Shape);
        refused(json!([["a"], "b"]), &InputError::Shape);
        refused(json!([]), &InputError::Empty);
        refused(json!([[]]), &InputError::Empty);
        refused(json!([""]), &InputError::Empty);
        refused(json!(["a\0b"]), &InputError::Nul);
        refused(json!(vec!["a"; 1001]), &InputError::TooMany);
        refused(json!(vec![["a"]; 101]), &InputError::TooMany);
    }

    #[test]
    fn a_shown_command_is_one_short_line() {
        let argv = |words: Value| Argv::parse(words.as_array().unwrap()).unwrap();
        assert_eq!(argv(json!(["a", "b\nc"])).shown(), "a b\\nc");
        assert_eq!(argv(json!(["x".repeat(500)])).shown().chars().count(), SHOWN + 1);
    }
}
