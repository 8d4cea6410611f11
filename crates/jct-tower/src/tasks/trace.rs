//! Reading the proof of an attempt: only folders that the tower sealed and whose digest an accepted completion named.

use std::fs::File;
use std::io::{self, Read, Seek};

use jct_contract::{Sha256Digest, TaskId};
use jct_store::StoreError;
use jct_store::model::{AttemptRecord, TaskState, TraceRef};
use jct_trace::{OpenError, OpenFileError, TraceFile, TraceFolder};
use sha2::{Digest, Sha256};

use super::ReadError;
use crate::Tower;

/// A folder that is what was sealed.
#[derive(Debug)]
pub struct SealedFolder {
    /// The attempt it belongs to.
    pub attempt: u32,
    /// The folder.
    pub folder: TraceFolder,
}

/// Why there is no folder, or no file of it.
#[derive(Debug, thiserror::Error)]
pub enum TraceAccessError {
    /// There is no such task.
    #[error("no such task")]
    TaskNotFound,
    /// No attempt, or not the one asked for, left a sealed folder.
    #[error("there is no sealed trace of this attempt")]
    NotSealed,
    /// A folder was sealed, but this process cannot see it.
    #[error("the trace folder of attempt {attempt} is not on this machine")]
    NotHere {
        /// The attempt.
        attempt: u32,
    },
    /// The folder is not the one that was sealed.
    #[error("the trace folder of attempt {attempt} is not the one that was accepted")]
    Altered {
        /// The attempt.
        attempt: u32,
    },
    /// The folder has no such file.
    #[error("the trace folder has no such file")]
    FileNotFound,
    /// The folder or file cannot be read.
    #[error("failed to open the trace folder")]
    Open(#[source] OpenError),
    /// A file of the folder cannot be read.
    #[error("failed to open a file of the trace folder")]
    OpenFile(#[source] OpenFileError),
    /// The process is shutting down.
    #[error("the read was given up")]
    Abandoned(#[source] tokio::task::JoinError),
    /// The database failed.
    #[error("failed to read the attempts of the task")]
    Store(#[from] StoreError),
}

impl From<ReadError> for TraceAccessError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => Self::TaskNotFound,
            ReadError::Store(error) => Self::Store(error),
        }
    }
}

impl Tower {
    /// The sealed folder of an attempt; without one named, of the attempt that decided, else of the last that has one.
    ///
    /// # Errors
    /// [`TraceAccessError`].
    pub async fn task_trace(&self, id: TaskId, attempt: Option<u32>) -> Result<SealedFolder, TraceAccessError> {
        let (attempt, digest) = self.sealed_attempt(id, attempt).await?;
        let Some(root) = self.traces().cloned() else { return Err(TraceAccessError::NotHere { attempt }) };
        let opened = tokio::task::spawn_blocking(move || TraceFolder::open(&root, id, attempt)).await;
        let folder = match opened.map_err(TraceAccessError::Abandoned)? {
            Ok(folder) => folder,
            Err(OpenError::NotFound) => return Err(TraceAccessError::NotHere { attempt }),
            Err(error) => return Err(TraceAccessError::Open(error)),
        };
        if folder.manifest_digest().to_string() == digest {
            Ok(SealedFolder { attempt, folder })
        } else {
            Err(TraceAccessError::Altered { attempt })
        }
    }

    /// One file of that folder, by its path as the folder lists it.
    ///
    /// # Errors
    /// [`TraceAccessError`].
    pub async fn task_trace_file(
        &self,
        id: TaskId,
        attempt: Option<u32>,
        path: String,
    ) -> Result<TraceFile, TraceAccessError> {
        let sealed = self.task_trace(id, attempt).await?;
        let opened = tokio::task::spawn_blocking(move || open_unaltered(&sealed, &path)).await;
        opened.map_err(TraceAccessError::Abandoned)?
    }

    /// Which attempt to show, and the digest of its manifest.
    async fn sealed_attempt(&self, id: TaskId, asked: Option<u32>) -> Result<(u32, String), TraceAccessError> {
        let attempts = self.task_attempts(id).await?;
        let decided = match self.task(id).await?.state {
            TaskState::Finished { attempt, .. } => attempt,
            TaskState::Pending { .. } | TaskState::Queued { .. } | TaskState::Running { .. } => None,
        };
        choose(&attempts, asked, decided).ok_or(TraceAccessError::NotSealed)
    }
}

/// Opens a file and reads it once, so that nothing is shown under a digest that is not its own.
fn open_unaltered(sealed: &SealedFolder, path: &str) -> Result<TraceFile, TraceAccessError> {
    let mut opened = sealed.folder.open_file(path).map_err(|error| match error {
        OpenFileError::NotFound => TraceAccessError::FileNotFound,
        error @ OpenFileError::Io(_) => TraceAccessError::OpenFile(error),
    })?;
    let unreadable = |error| TraceAccessError::OpenFile(OpenFileError::Io(error));
    let digest = digest_of(&mut opened.file).map_err(unreadable)?;
    if digest != opened.entry.digest {
        return Err(TraceAccessError::Altered { attempt: sealed.attempt });
    }
    opened.file.rewind().map_err(unreadable)?;
    Ok(opened)
}

fn digest_of(file: &mut File) -> io::Result<Sha256Digest> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Sha256Digest::from_bytes(hash.finalize().into())),
            read => hash.update(piece.get(..read).unwrap_or_default()),
        }
    }
}

fn choose(attempts: &[AttemptRecord], asked: Option<u32>, decided: Option<u32>) -> Option<(u32, String)> {
    let sealed = |attempt: &AttemptRecord| {
        let TraceRef { manifest_digest, .. } = attempt.end.as_ref()?.trace.as_ref()?;
        manifest_digest.clone().map(|digest| (attempt.ordinal, digest))
    };
    let of = |ordinal: u32| attempts.iter().filter(move |attempt| attempt.ordinal == ordinal).find_map(sealed);
    match asked {
        Some(ordinal) => of(ordinal),
        None => decided.and_then(of).or_else(|| attempts.iter().rev().find_map(sealed)),
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::Timestamp;
    use jct_lifecycle::{Fence, ReasonCode, TaskStatus};
    use jct_store::model::{AttemptOutcome, Holder};

    use super::*;

    fn attempt(ordinal: u32, digest: Option<&str>) -> AttemptRecord {
        let at = Timestamp::from_micros(0);
        let trace = TraceRef { path: "p".to_owned(), manifest_digest: digest.map(ToOwned::to_owned) };
        AttemptRecord {
            ordinal,
            fence: Fence { epoch: 1, generation: i64::from(ordinal) },
            holder: Holder::External { principal: "ana".to_owned() },
            started_at: at,
            end: Some(AttemptOutcome {
                ended_at: at,
                reason: ReasonCode::Completed,
                message: None,
                next_status: TaskStatus::Completed,
                trace: Some(trace),
            }),
        }
    }

    #[track_caller]
    fn check(asked: Option<u32>, decided: Option<u32>, expect: Option<u32>) {
        let attempts = [attempt(1, Some("one")), attempt(2, Some("two")), attempt(3, None)];
        assert_eq!(choose(&attempts, asked, decided).map(|(ordinal, _)| ordinal), expect);
    }

    #[test]
    fn the_deciding_attempt_is_shown_unless_another_is_asked_for() {
        check(None, Some(1), Some(1));
        check(None, None, Some(2));
        check(Some(2), Some(1), Some(2));
    }

    #[test]
    fn an_opaque_path_is_never_a_folder_to_open() {
        check(Some(3), None, None);
        check(None, Some(3), Some(2));
        check(Some(4), None, None);
    }
}
