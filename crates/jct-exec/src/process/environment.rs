//! The environment of a child: built from nothing, never inherited.
//!
//! A worker's own environment holds database passwords and API keys. So a child starts from an
//! empty one and gets a few named variables.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

const FALLBACK_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The variables a child is started with.
#[derive(Clone, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// `PATH` (the absolute entries of this process's own), `HOME`, `TMPDIR` and `LANG=C.UTF-8`.
    pub fn clean(home: &Path, temporary: &Path) -> Self {
        Self { variables: BTreeMap::new() }
            .with("PATH", absolute_entries(env::var_os("PATH").as_ref()))
            .with("HOME", home)
            .with("TMPDIR", temporary)
            .with("LANG", "C.UTF-8")
    }

    /// Sets one variable.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Copies the named variables from this process where they are set.
    #[must_use]
    pub fn passing<S: AsRef<OsStr>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        for name in names {
            if let Some(value) = env::var_os(name.as_ref()) {
                self = self.with(name, value);
            }
        }
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.variables.iter()
    }
}

/// Names only: a value may be a secret.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

/// A relative entry would let a checkout decide which `git` runs.
fn absolute_entries(path: Option<&OsString>) -> OsString {
    let entries: Vec<PathBuf> = path.iter().flat_map(env::split_paths).filter(|entry| entry.is_absolute()).collect();
    match env::join_paths(entries) {
        Ok(path) if !path.is_empty() => path,
        _ => FALLBACK_PATH.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: Option<&str>, expect: &str) {
        assert_eq!(absolute_entries(path.map(OsString::from).as_ref()), expect);
    }

    #[test]
    fn relative_path_entries_are_dropped() {
        check(Some("/a:.:/b"), "/a:/b");
        check(Some(":/a::bin"), "/a");
        check(Some("."), FALLBACK_PATH);
        check(Some(""), FALLBACK_PATH);
        check(None, FALLBACK_PATH);
    }

    #[test]
    fn debug_shows_no_values() {
        let environment = Environment::clean(Path::new("/h"), Path::new("/t")).with("KEY", "s3cret");
        let shown = format!("{environment:?}");
        assert!(shown.contains("KEY") && !shown.contains("s3cret"), "{shown}");
    }
}
