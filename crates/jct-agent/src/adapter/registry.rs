//! All adapters that a worker knows: those that are shipped, and the operator's own on top.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::Adapter;
use super::definition::AdapterFile;
use super::error::AdapterError;
use super::shipped::SHIPPED;

/// Adapters by name.
#[derive(Debug, Clone, Default)]
pub struct Adapters {
    by_name: BTreeMap<String, Arc<Adapter>>,
}

impl Adapters {
    /// The adapters that come with the product.
    ///
    /// # Errors
    ///
    /// None that a test has not ruled out.
    pub fn shipped() -> Result<Self, AdapterError> {
        SHIPPED.iter().try_fold(Self::default(), |adapters, (file, text)| adapters.with_text(file, text))
    }

    /// Adds the adapters of a file. One that has the name of another takes its place.
    ///
    /// # Errors
    ///
    /// [`AdapterError`], naming the file, the table and the key.
    pub fn with_file(self, file: &Path) -> Result<Self, AdapterError> {
        let text =
            fs::read_to_string(file).map_err(|error| AdapterError::Unreadable { file: file.to_owned(), error })?;
        self.with_text(&file.display().to_string(), &text)
    }

    /// Adds the adapters of a text in TOML; `file` names it in errors.
    ///
    /// # Errors
    ///
    /// [`AdapterError`], naming the table and the key.
    pub fn with_text(mut self, file: &str, text: &str) -> Result<Self, AdapterError> {
        let malformed = |key: String, message: String| AdapterError::Malformed {
            file: file.to_owned(),
            key,
            message: crate::text::one_line(&message, 300),
        };
        let document = toml::Deserializer::parse(text)
            .map_err(|error| malformed(place(text, &error), error.message().to_owned()))?;
        let parsed: AdapterFile = serde_path_to_error::deserialize(document).map_err(|error| {
            let key = error.path().to_string();
            malformed(key, error.into_inner().message().to_owned())
        })?;
        for (name, definition) in parsed.agent {
            let adapter = Adapter::parse(&name, definition).map_err(|violation| AdapterError::Invalid {
                file: file.to_owned(),
                agent: name.clone(),
                key: violation.key,
                message: violation.message,
            })?;
            self.by_name.insert(name, Arc::new(adapter));
        }
        Ok(self)
    }

    /// The adapter of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<Adapter>> {
        self.by_name.get(name)
    }

    /// All adapters, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Adapter>> {
        self.by_name.values()
    }
}

/// The line of a syntax error.
fn place(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}", before.matches('\n').count() + 1)
}
