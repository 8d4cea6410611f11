//! Reads `inputs.script` or `inputs.script_file`.

use std::path::{Component, PathBuf};

use jct_exec::JsonObject;
use serde_json::Value;

use super::step::parse_steps;
use crate::inside::ScriptSource;

/// Violations shown in a message.
const SHOWN: usize = 20;

/// Why a task's script is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InputError {
    #[error("`inputs.script` or `inputs.script_file` is missing")]
    Missing,
    #[error("`inputs.script` and `inputs.script_file` exclude each other")]
    Both,
    #[error("`inputs.script_file` must be a path below the target's folder")]
    File,
    #[error("the script is refused: {}", shown(.0))]
    Violations(Vec<String>),
}

/// Every violation on one line, up to a point.
pub(super) fn shown(violations: &[String]) -> String {
    let mut text = violations.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    if violations.len() > SHOWN {
        text.push_str(&format!("; and {} more", violations.len() - SHOWN));
    }
    text
}

/// Where the script is. One that stands in the task is checked here, so that nothing is fetched for nothing.
pub(super) fn source(inputs: &JsonObject) -> Result<ScriptSource, InputError> {
    let given = |name: &str| inputs.get(name).filter(|value| !value.is_null());
    match (given("script"), given("script_file")) {
        (None, None) => Err(InputError::Missing),
        (Some(_), Some(_)) => Err(InputError::Both),
        (Some(script), None) => {
            parse_steps(script).map_err(InputError::Violations)?;
            Ok(ScriptSource::Steps(script.clone()))
        }
        (None, Some(Value::String(path))) => {
            let path = PathBuf::from(path);
            let plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            let is_named = path.file_name().is_some() && !path.to_string_lossy().contains('\0');
            if plain && is_named { Ok(ScriptSource::File(path)) } else { Err(InputError::File) }
        }
        (None, Some(_)) => Err(InputError::File),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(inputs: &Value) -> Result<(), InputError> {
        source(inputs.as_object().unwrap()).map(drop)
    }

    #[test]
    fn a_script_stands_in_the_task_or_in_the_repository() {
        assert_eq!(read(&json!({"script": [{"say": {"text": "x"}}]})), Ok(()));
        assert_eq!(read(&json!({"script_file": "ci/agent.json", "script": null})), Ok(()));
        assert_eq!(read(&json!({})), Err(InputError::Missing));
        assert_eq!(read(&json!({"script": [], "script_file": "x"})), Err(InputError::Both));
        for path in ["", "/etc/x", "../x", "a/../../x"] {
            assert_eq!(read(&json!({"script_file": path})), Err(InputError::File), "{path}");
        }
        assert_eq!(read(&json!({"script_file": 1})), Err(InputError::File));
        let refused = read(&json!({"script": vec![json!({"no": 1}); 30]})).unwrap_err().to_string();
        assert!(refused.contains("step 20: ") && refused.ends_with("and 10 more"), "{refused}");
    }
}
