//! From facts to a verdict.
//!
//! One file a rule; each looks at all facts and says what it found. The verdict follows from that alone: it is `fail` as
//! soon as one thing speaks against the work, `partial` as soon as one thing is open, and `pass` only when neither is.
//! Nothing here believes what the work says about itself.

mod counts;
mod facts;
mod findings;
mod reading;
mod rules;
mod verdict;

pub use counts::TestCounter;
pub use facts::{ArtifactBytes, ArtifactFact, ChangeFacts, Facts, FileFact, RunEnded};
pub use verdict::judge;
