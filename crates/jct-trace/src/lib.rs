#![doc = include_str!("../README.md")]

mod accept;
mod artifacts;
mod blob;
mod directory;
mod entry_path;
mod folder;
mod hashed_file;
mod identity;
mod layout;
mod limits;
mod manifest;
mod output;
mod remove;
mod root;
mod seal;
mod sealer;
mod sweep;
mod verify;
mod writer;

pub use accept::AcceptError;
pub use blob::{BlobFolder, BlobRoot, BlobUpload, FinishedUpload, OpenBlobError};
pub use entry_path::{EntryPath, InvalidEntryPath};
pub use folder::{MANIFEST_MAX_BYTES, OpenError, OpenFileError, TraceFile, TraceFolder};
pub use identity::{Admission, AttemptIdentity};
pub use layout::{
    ARTIFACTS_DIR, EVENTS_FILE, INPUT_FILE, InvalidTemporaryFolder, LOG_FILE, MANIFEST_FILE, OUTPUT_FILE,
    TemporaryFolder, attempt_path,
};
pub use limits::{ArtifactLimits, Durability, TraceOptions};
pub use manifest::{
    Dropped, FORMAT, FORMAT_VERSION, FileEntry, Manifest, Outcome, Refusal, RefusedArtifact, RefusedArtifacts,
};
pub use output::{Output, TraceError};
pub use root::{BeginError, TraceRoot};
pub use seal::{SealError, SealedTrace, UnsealedTrace};
pub use sealer::SealerHandle;
pub use sweep::{SweepPolicy, SweepReport};
pub use verify::{Finding, VerifyReport, verify, verify_path};
pub use writer::{LogStream, TraceWriter};
