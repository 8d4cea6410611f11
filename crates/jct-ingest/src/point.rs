//! Which point of a vector store a piece of a document is.
//!
//! The same piece is the same point in every run, so that writing it again changes nothing. Manifests that share a
//! collection, and models that differ, have points of their own.

use jct_contract::Sha256Digest;
use uuid::Uuid;

/// What tells points apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointKey<'a> {
    pub(crate) manifest: &'a str,
    pub(crate) source: &'a str,
    pub(crate) document: &'a str,
    pub(crate) chunk: usize,
    pub(crate) provider: &'a str,
    pub(crate) model: &'a str,
}

/// A point's id: the whole digest, and a UUID of its first half for stores that take nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PointId {
    pub(crate) uuid: Uuid,
    pub(crate) digest: Sha256Digest,
}

impl PointId {
    pub(crate) fn of(key: &PointKey<'_>) -> Self {
        let PointKey { manifest, source, document, chunk, provider, model } = key;
        let text = format!("{manifest}|{source}|{document}|{chunk}|{provider}|{model}");
        let digest = Sha256Digest::of(text.as_bytes());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest.as_bytes()).for_each(|(byte, from)| *byte = *from);
        Self { uuid: uuid::Builder::from_custom_bytes(bytes).into_uuid(), digest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_never_changes() {
        let key = PointKey {
            manifest: "harbor-notes",
            source: "disk",
            document: "a/b.md",
            chunk: 3,
            provider: "ollama",
            model: "tiny-embed",
        };
        let id = PointId::of(&key);
        let expect = Sha256Digest::of(b"harbor-notes|disk|a/b.md|3|ollama|tiny-embed");
        assert_eq!(id.digest, expect);
        let text = id.uuid.simple().to_string();
        let digest = expect.to_string();
        let digest = digest.trim_start_matches("sha256:");
        // The version and the variant of the UUID take the places of six bits.
        assert_eq!((&text[..12], &text[13..16]), (&digest[..12], &digest[13..16]));
        assert_eq!(id.uuid.get_version_num(), 8);
        assert_ne!(PointId::of(&PointKey { chunk: 4, ..key }), id);
    }
}
