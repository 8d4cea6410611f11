//! The six answers of a verification.

use std::fmt;

/// What a verification comes to. The order is the order of weight: the heaviest finding decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing was changed, and everything is covered by a checkpoint that is also held outside.
    Intact,
    /// No change shows, but some entries are covered by no checkpoint that is also held outside: those are protected by
    /// the database alone.
    NotYetAnchored,
    /// An entry was changed, added in between or taken out of the middle, or a chain was written anew.
    Altered,
    /// The entries are genuine but not in their places.
    Reordered,
    /// The end of a chain, a whole entity or the end of the log is gone.
    Truncated,
    /// A checkpoint is missing or forged, or does not match its signature, its key, its leaves or its outside copy.
    CheckpointBroken,
}

impl Verdict {
    /// All of them, lightest first.
    pub const ALL: [Self; 6] =
        [Self::Intact, Self::NotYetAnchored, Self::Altered, Self::Reordered, Self::Truncated, Self::CheckpointBroken];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::NotYetAnchored => "not_yet_anchored",
            Self::Altered => "altered",
            Self::Reordered => "reordered",
            Self::Truncated => "truncated",
            Self::CheckpointBroken => "checkpoint_broken",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
