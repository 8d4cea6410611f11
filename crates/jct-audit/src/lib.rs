#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod anchor_file;
mod bundle;
mod chain_hash;
mod checkpoint;
mod dsse;
mod encoding;
mod entry;
mod key;
mod leaves;
mod link;
mod merkle;
mod origin;
mod proof;
mod replay;
mod rotation;
mod statement;
mod verify;

pub use anchor_file::{AnchorFile, AnchorFileError, AnchorLine, InvalidAnchorLine};
pub use bundle::{
    BundleError, BundleFilter, BundleHeader, BundleLine, BundleVerifier, BundleWriter, EntryWriter, InvalidBundleLine,
};
pub use chain_hash::{ChainHash, InvalidChainHash};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use entry::StoredEntry;
pub use key::{InvalidKey, InvalidSignature, KeyId, PublicKey, SIGNATURE_BYTES, SigningKey};
pub use leaves::{ChainHead, InvalidLeaf, InvalidLeaves, Leaves};
pub use link::{EntryFields, link};
pub use origin::{InvalidOrigin, Origin};
pub use proof::{InclusionProof, InvalidProof};
pub use replay::{Content, ReplayError, State, rebuild};
pub use rotation::{KeyRotation, SignedRotation};
pub use statement::{InvalidStatement, Signed, Statement};
pub use verify::{EntryVerifier, Finding, Outside, Problem, Report, Scope, Subject, Verdict, Verifier};
