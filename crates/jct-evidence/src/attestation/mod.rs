//! What the tower says about a run, in a form that anybody can verify without it: an in-toto Statement (version 1) in a
//! DSSE envelope, signed with the key of the audit log.
//!
//! One statement holds the whole chain: the task and its digest, the decision that let it run, what it worked on, the
//! commits, the checks, the verdict, and what the reviewer decided. [`Envelope::verify`] checks the signature and that
//! the links fit each other; it needs a public key and nothing else.

mod envelope;
mod inconsistency;
mod resource;
mod statement;

pub use envelope::{Envelope, InvalidEnvelope, MAX_BYTES, PAYLOAD_TYPE, Verified, VerifyError};
pub use inconsistency::Inconsistency;
pub use resource::{CommitId, InvalidCommitId, Resource, ResourceDigest};
pub use statement::{
    Admission, Attempt, CommitFact, Evidence, InvalidStatement, PREDICATE_TYPE, Review, RunPredicate, RunStatement,
    STATEMENT_TYPE, Task,
};
