//! The executors that a worker offers, by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::Executor;

/// Why an executor cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The name is taken.
    #[error("there are two executors named `{0}`")]
    Duplicate(String),
}

/// A set of executors with distinct names.
#[derive(Clone, Default)]
pub struct Executors {
    by_name: BTreeMap<String, Arc<dyn Executor>>,
}

impl Executors {
    /// Puts executors together.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Duplicate`] when two have the same name.
    pub fn new(executors: impl IntoIterator<Item = Arc<dyn Executor>>) -> Result<Self, RegistryError> {
        let mut by_name = BTreeMap::new();
        for executor in executors {
            let name = executor.name().to_owned();
            if by_name.insert(name.clone(), executor).is_some() {
                return Err(RegistryError::Duplicate(name));
            }
        }
        Ok(Self { by_name })
    }

    /// The executor of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Executor>> {
        self.by_name.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

impl fmt::Debug for Executors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}
