//! The key registry: one row for every setting, from which parsing, `jct config` and the reference page all come.
//!
//! The rows are written by the `section!` macro beside the struct they fill, so a setting cannot exist without a
//! documented key, and a key cannot exist without a setting.

use std::ops::RangeInclusive;

use crate::events::Events;
use crate::manifests::Manifests;
use crate::repo_source::REPO_SOURCES;
use crate::sections::{Agents, Api, Artifacts, Audit, Client, Database, Log, Policy, Review, Sandbox, Trace, Worker};

/// One setting: its names, its type, its default and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Dotted name: table and key in `jct.toml`, and the name by which a flag overrides it.
    pub name: &'static str,
    /// Environment variable.
    pub env: &'static str,
    /// Type in words, as the reference page shows it.
    pub kind: &'static str,
    /// Value when no layer sets one.
    pub fallback: Fallback,
    /// Accepted numbers, both ends included.
    pub range: Option<RangeInclusive<u64>>,
    /// What it does, in one or two sentences.
    pub doc: &'static str,
    /// Whether the value is hidden in everything that is printed.
    pub secret: bool,
}

/// Where a default comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// This text, read as if it stood in the environment. Empty means unset, or an empty list.
    Text(&'static str),
    /// The number of processor cores the process may use.
    Cores,
    /// The name of the machine, in the characters a worker name may have.
    HostName,
}

/// Every key of every binary, in the order of the reference page.
pub fn registry() -> impl Iterator<Item = &'static Key> {
    [
        Database::KEYS,
        Api::KEYS,
        Policy::KEYS,
        Worker::KEYS,
        Sandbox::KEYS,
        Agents::KEYS,
        Review::KEYS,
        Trace::KEYS,
        Artifacts::KEYS,
        Audit::KEYS,
        Manifests::KEYS,
        Events::KEYS,
        Client::KEYS,
        Log::KEYS,
        std::slice::from_ref(&REPO_SOURCES),
    ]
    .into_iter()
    .flatten()
}

/// The documentation comment of a key, given as its lines, as one trimmed sentence.
pub(crate) fn trimmed(doc: &'static str) -> &'static str {
    doc.trim()
}

/// Declares a section: a struct of plain data, the registry rows of its fields and the function that reads them.
///
/// The documentation comment of a field is the documentation of its key.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])+
        pub struct $section:ident($table:literal) {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $kind:ty = $fallback:expr, $env:literal $(, $range:expr)?;
            )+
        }
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $section {
            $($(#[doc = $doc])+ pub $field: $kind,)+
        }

        impl $section {
            pub(crate) const KEYS: &[$crate::key::Key] = &[$(
                $crate::key::Key {
                    name: concat!($table, ".", stringify!($field)),
                    env: $env,
                    kind: <$kind as $crate::setting::Setting>::KIND,
                    fallback: $fallback,
                    range: $crate::key::section!(@range $($range)?),
                    doc: concat!($($doc),+),
                    secret: <$kind as $crate::setting::Setting>::SECRET,
                },
            )+];

            /// Reads every field, so that every bad one is reported, before giving up on the section.
            pub(crate) fn read(layers: &mut $crate::layers::Layers<'_>) -> Option<Self> {
                let mut keys = Self::KEYS.iter();
                $(let $field = keys.next().and_then(|key| layers.read(key));)+
                Some(Self { $($field: $field?,)+ })
            }
        }
    };
    (@range) => { None };
    (@range $range:expr) => { Some($range) };
}
pub(crate) use section;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_variables_are_unique_and_documented() {
        let (mut names, mut variables) = (HashSet::new(), HashSet::new());
        for key in registry() {
            assert!(names.insert(key.name), "{} twice", key.name);
            assert!(variables.insert(key.env), "{} twice", key.env);
            assert!(trimmed(key.doc).ends_with('.'), "{} needs a sentence", key.name);
            assert!(key.env.starts_with("JCT_") || ["DATABASE_URL", "API_HOST", "API_PORT"].contains(&key.env));
        }
    }

    #[test]
    fn numbers_with_a_unit_name_it() {
        for key in registry().filter(|key| key.range.is_some()) {
            let doc = key.doc.to_lowercase();
            assert_eq!(doc.contains(" seconds"), key.name.ends_with("_seconds"), "{}", key.name);
            assert_eq!(doc.contains(" bytes"), key.name.ends_with("_bytes"), "{}", key.name);
        }
    }
}
