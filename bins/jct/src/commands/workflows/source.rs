//! Definitions in files: JSON or YAML, judged here as the tower would.

use std::path::Path;

use jct_workflow::{DefinitionError, WorkflowDefinition};
use serde::Serialize;

use crate::commands::file;
use crate::failure::Failure;

/// Longer than any definition, so that the definition's own limit is what a long one is refused by.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// How a definition is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Yaml,
}

/// A file that may hold a definition.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) form: Form,
    pub(super) bytes: Vec<u8>,
}

/// One thing that is wrong with a definition.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pointer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    code: String,
    message: String,
}

impl Form {
    /// By the end of the file's name; without one that says it, by its first character: a definition in JSON is an
    /// object.
    fn of(path: &Path, bytes: &[u8]) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is = |name: &str| extension.eq_ignore_ascii_case(name);
        if is("json") {
            return Self::Json;
        }
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if !is("yaml") && !is("yml") && first == Some(&b'{') { Self::Json } else { Self::Yaml }
    }

    /// The type of a body of this form.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        }
    }
}

impl Source {
    /// What stands in a file, or in standard input for `-`.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = file::read(path, FILE_MAX_BYTES)?;
        Ok(Self { form: Form::of(path, &bytes), bytes })
    }

    /// The definition, or what is wrong with it.
    pub(super) fn judge(&self) -> Result<WorkflowDefinition, Vec<Finding>> {
        let judged = match self.form {
            Form::Json => WorkflowDefinition::from_json(&self.bytes),
            Form::Yaml => WorkflowDefinition::from_yaml(&self.bytes),
        };
        judged.map_err(Finding::all)
    }
}

impl Finding {
    fn all(error: DefinitionError) -> Vec<Self> {
        match error {
            DefinitionError::Violations(violations) => violations
                .into_iter()
                .map(|violation| Self::at(violation.pointer, violation.code.as_str(), violation.message))
                .collect(),
            DefinitionError::Malformed { message, line, column } => {
                let finding = Self::at(String::new(), "MALFORMED_JSON", message);
                vec![Self { line: Some(line), column: Some(column), ..finding }]
            }
            other => vec![Self::at(String::new(), "INVALID_WORKFLOW", other.to_string())],
        }
    }

    fn at(pointer: String, code: &str, message: String) -> Self {
        Self { pointer, line: None, column: None, code: code.to_owned(), message }
    }

    /// One line, in the form that editors jump to.
    pub(super) fn line(&self, path: &Path) -> String {
        let Self { pointer, line, column, code, message } = self;
        let place = if pointer.is_empty() { "the definition" } else { pointer };
        let at: String = [line, column].into_iter().flatten().map(|number| format!(":{number}")).collect();
        format!("{}{at}: {place}: {message} [{code}]", path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expect: Form) {
        assert_eq!(Form::of(Path::new(path), text.as_bytes()), expect, "{path}");
    }

    #[test]
    fn a_name_says_how_it_is_written_and_else_the_first_character() {
        check("a.json", "name: a", Form::Json);
        check("a.YAML", "{}", Form::Yaml);
        check("a.yml", "{}", Form::Yaml);
        check("-", " \n{\"name\": 1}", Form::Json);
        check("-", "name: a", Form::Yaml);
        check("a.workflow", "{", Form::Json);
        check("a", "", Form::Yaml);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wrong = |form, text: &str| {
            let source = Source { form, bytes: text.as_bytes().to_vec() };
            let findings = source.judge().expect_err("refused");
            findings.iter().map(|finding| finding.line(Path::new("w"))).collect::<Vec<_>>()
        };
        let steps = wrong(Form::Json, r#"{"name": "a", "steps": []}"#);
        assert!(steps.iter().any(|line| line.starts_with("w: /steps: ") && line.ends_with(']')), "{steps:?}");
        let cut = wrong(Form::Json, "{\n");
        assert!(cut.len() == 1 && cut[0].starts_with("w:") && cut[0].ends_with("[MALFORMED_JSON]"), "{cut:?}");
        assert!(wrong(Form::Yaml, "name: [")[0].ends_with("[MALFORMED_JSON]"));
    }
}
