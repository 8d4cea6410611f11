//! What a run tells the next one of the same manifest: which documents it has dealt with, and as what.
//!
//! A document's fingerprint covers its bytes and everything of the manifest that decides what becomes of them. A manifest
//! that cuts or embeds differently finds all its documents changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const FORMAT: &str = "jct-ingest-state-v1";

/// The state of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    format: String,
    pub(crate) sources: BTreeMap<String, SourceState>,
}

/// The state of one data source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SourceState {
    /// Fingerprints by document.
    pub(crate) documents: BTreeMap<String, String>,
    /// When the source was last read whole and without an error, RFC 3339.
    pub(crate) last_success: Option<String>,
    /// The commit that it was read at, for a repository.
    pub(crate) commit: Option<String>,
}

/// Why a state is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("the state that the last run left cannot be read")]
    Unreadable(#[source] serde_json::Error),
    #[error("the state that the last run left has a format that this worker does not know")]
    UnknownFormat,
}

impl Default for State {
    fn default() -> Self {
        Self { format: FORMAT.to_owned(), sources: BTreeMap::new() }
    }
}

impl State {
    /// Reads what [`State::text`] has written.
    pub(crate) fn parse(text: &str) -> Result<Self, StateError> {
        let state: Self = serde_json::from_str(text).map_err(StateError::Unreadable)?;
        if state.format == FORMAT { Ok(state) } else { Err(StateError::UnknownFormat) }
    }

    /// The state as it is kept. The same state is the same text.
    pub(crate) fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut state = State::default();
        let documents = BTreeMap::from([("a|\n\"b".to_owned(), "f".to_owned())]);
        state.sources.insert("s".to_owned(), SourceState { documents, ..SourceState::default() });
        assert_eq!(State::parse(&state.text().unwrap()).unwrap(), state);
    }

    #[test]
    fn a_foreign_state_is_refused() {
        for text in ["", "{}", "[]", r#"{"format":"jct-ingest-state-v2","sources":{}}"#] {
            assert!(State::parse(text).is_err(), "{text}");
        }
    }
}
