//! The audit log: sealing it, verifying and exporting it, and reading what it tells.
//!
//! Writing entries is not here: every change writes its own, in its transaction, in the store.

mod checkpoint_file;
mod export;
mod key_file;
mod kind;
mod read;
mod rotate;
mod seal;
mod sealer;
mod verify;

pub use checkpoint_file::{CheckpointFile, CheckpointFileError, read_checkpoint_file};
pub use export::{ExportError, Exported, export};
pub use key_file::{KeyFile, KeyFileError};
pub use kind::{EntityKind, UnknownEntityKind};
pub use read::{AuditPageFilter, SealedBy, SealingKey, StateAt, StateError};
pub use rotate::RotateError;
pub use seal::{SealError, Sealed};
pub use sealer::{OpenSealerError, Sealer, SealerOptions};
pub use verify::{VerifyError, verify};
