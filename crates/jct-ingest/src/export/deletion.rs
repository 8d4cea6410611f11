//! Points that are to go before new ones come.

use serde_json::{Value, json};

/// All points of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deletion<'a> {
    pub(crate) manifest: &'a str,
    pub(crate) source: &'a str,
    pub(crate) document: &'a str,
    /// `changed` or `deleted`.
    pub(crate) reason: &'static str,
}

impl Deletion<'_> {
    /// The line in `deletions.jsonl`. `filter` is what Qdrant takes as the body of a request to delete points.
    pub(super) fn line(&self) -> Value {
        let Self { manifest, source, document, reason } = self;
        let is = |key: &str, value: &str| json!({ "key": key, "match": { "value": value } });
        json!({
            "manifest": manifest,
            "source": source,
            "document": document,
            "reason": reason,
            "filter": { "must": [is("manifest", manifest), is("source", source), is("document", document)] },
        })
    }
}
