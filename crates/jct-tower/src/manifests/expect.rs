//! Which version of an entry a change is for.

/// The versions that an entry may have for a change to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectManifest {
    /// Whatever it has, or none.
    Anything,
    /// Whatever it has, but it has to be there.
    Existing,
    /// It must not be there.
    Absent,
    /// One of these hashes. Empty if what was expected cannot be a version.
    OneOf(Vec<String>),
}

impl ExpectManifest {
    /// Whether an entry with this hash is one that was expected.
    pub(super) fn admits(&self, hash: &str) -> bool {
        match self {
            Self::Anything | Self::Existing => true,
            Self::Absent => false,
            Self::OneOf(hashes) => hashes.iter().any(|expected| expected == hash),
        }
    }
}
