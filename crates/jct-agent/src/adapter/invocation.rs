//! What to run, with placeholders whose values only the inside of the sandbox knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::template::render;

/// A program, and what it is started with. Texts are rendered once, by whoever knows all values: a
/// prompt may hold anything, even what looks like a placeholder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invocation {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    /// The values that are known.
    pub(crate) values: BTreeMap<String, String>,
    /// What the file that `{prompt_file}` names is to hold.
    pub(crate) file: Option<String>,
    /// Standard input.
    pub(crate) input: String,
}

impl Invocation {
    /// Adds a value.
    pub(crate) fn value(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// The arguments with values in place of placeholders.
    pub(crate) fn rendered_arguments(&self) -> Vec<String> {
        self.arguments.iter().map(|text| render(text, &self.values)).collect()
    }

    /// The variables with values in place of placeholders.
    pub(crate) fn rendered_environment(&self) -> BTreeMap<String, String> {
        self.environment.iter().map(|(name, text)| (name.clone(), render(text, &self.values))).collect()
    }
}
