//! Sealing: manifest, sync, rename, sync; each sync shared by the names of one group and the contents of the next.
//!
//! A folder under its final name is always complete on disk: its content is synced before the rename, and the rename
//! before anybody is told.

use std::io;
use std::sync::Arc;

use jct_contract::{Sha256Digest, TaskId, Timestamp};
use rustix::fs::{self, RenameFlags};
use rustix::io::Errno;
use serde_json::json;

use crate::artifacts::Harvest;
use crate::directory::Directory;
use crate::hashed_file::write_file;
use crate::layout::{MANIFEST_FILE, OUTPUT_FILE, attempt_dir, attempt_path};
use crate::manifest::Outcome;
use crate::writer::pretty;
use crate::{AttemptIdentity, Durability, FORMAT, FORMAT_VERSION, FileEntry, Manifest, Output, TraceRoot, TraceWriter};

/// The trace of an attempt that has ended, waiting to be sealed.
#[derive(Debug)]
pub struct UnsealedTrace {
    writer: TraceWriter,
    output: Output,
    finished_at: Timestamp,
}

/// A folder that is complete on disk under its final name. It counts once a fenced completion names its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedTrace {
    /// The task.
    pub task_id: TaskId,
    /// Ordinal of the attempt.
    pub attempt: u32,
    /// Digest of `manifest.json`, which stands for the whole folder.
    pub manifest_digest: Sha256Digest,
    /// The folder, relative to the trace root.
    pub relative_path: String,
    /// Its files as the manifest lists them, by path.
    pub files: Vec<FileEntry>,
}

/// A folder could not be sealed, and must not be named in a completion.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SealError {
    /// The attempt already has a sealed folder, which was left as it is.
    #[error("attempt {attempt} already has a sealed trace folder")]
    AlreadySealed {
        /// Ordinal of the attempt.
        attempt: u32,
    },
    /// Something could not be written while the attempt ran or ended.
    #[error("cannot write the trace folder")]
    Write(#[source] Arc<io::Error>),
    /// The content or the name may not have reached the disk. The whole group failed, and its folders may already
    /// have their final names.
    #[error("cannot sync the trace folders")]
    Sync(#[source] Arc<io::Error>),
    /// The folder cannot be given its final name.
    #[error("cannot rename the trace folder")]
    Rename(#[source] Arc<io::Error>),
    /// The sealer was stopped before it came to this folder.
    #[error("the sealer has stopped")]
    Stopped,
}

/// A folder whose files are all written, and not yet synced.
pub(crate) struct PreparedTrace {
    root: TraceRoot,
    folder: Directory,
    identity: AttemptIdentity,
    files: Vec<FileEntry>,
    manifest_digest: Sha256Digest,
}

impl UnsealedTrace {
    pub(crate) const fn new(writer: TraceWriter, output: Output, finished_at: Timestamp) -> Self {
        Self { writer, output, finished_at }
    }

    /// Removes the folder, for an attempt whose lease was lost.
    ///
    /// # Errors
    /// The folder cannot be removed; the sweep will find it.
    pub fn abandon(self) -> io::Result<()> {
        self.writer.abandon()
    }

    /// Seals this folder alone. [`crate::SealerHandle`] shares the syncs with others and is cheaper under load.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn seal(self) -> Result<SealedTrace, SealError> {
        let root = self.writer.root.clone();
        let (_, named) = round(&root, Vec::new(), vec![self.prepare()?]);
        let (mut sealed, _) = round(&root, named, Vec::new());
        sealed.pop().unwrap_or(Err(SealError::Stopped))
    }

    /// Writes everything that is still in memory, takes stock of the artifacts and writes the manifest.
    pub(crate) fn prepare(self) -> Result<PreparedTrace, SealError> {
        self.write_all().map_err(|error| SealError::Write(Arc::new(error)))
    }

    fn write_all(self) -> io::Result<PreparedTrace> {
        let Self { mut writer, output, finished_at } = self;
        let outcome = match output {
            Output::Result(_) => Outcome::Result,
            Output::Error(_) => Outcome::Error,
        };
        writer.close(finished_at, outcome);
        let TraceWriter { root, folder, identity, input, log, events, dropped, failure, .. } = writer;
        if let Some(failure) = failure {
            return Err(failure);
        }
        let output = write_file(&folder, OUTPUT_FILE, &output_bytes(&identity, &output)?)?;
        let harvest = Harvest::take(&folder, &root.shared().options.artifacts)?;
        let mut files = vec![input, log.finish(&folder)?, events.finish(&folder)?, output];
        files.extend(harvest.files);
        files.sort_by(|left, right| left.path.cmp(&right.path));
        let AttemptIdentity { task_id, attempt, fence, trace_id, worker, components, admission, started_at } =
            identity.clone();
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            task_id,
            attempt,
            trace_id,
            fence,
            worker,
            components,
            admission,
            started_at,
            finished_at,
            outcome,
            files,
            refused_artifacts: harvest.refused,
            dropped,
        };
        let manifest_digest = write_file(&folder, MANIFEST_FILE, &pretty(&manifest)?)?.digest;
        Ok(PreparedTrace { root, folder, identity, files: manifest.files, manifest_digest })
    }
}

fn output_bytes(identity: &AttemptIdentity, output: &Output) -> io::Result<Vec<u8>> {
    let AttemptIdentity { task_id, attempt, trace_id, .. } = identity;
    let mut document = json!({ "task_id": task_id, "attempt": attempt, "trace_id": trace_id });
    let (name, value) = match output {
        Output::Result(result) => ("result", result.clone()),
        Output::Error(error) => ("error", serde_json::to_value(error)?),
    };
    if let Some(fields) = document.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    pretty(&document)
}

/// What became of a folder, and, if it has its final name, that this name is not synced yet.
pub(crate) type Named = Result<SealedTrace, SealError>;

/// One round: a single sync makes the names of the last group and the contents of this one durable. Then the last
/// group is sealed, and this one gets its names. Returns both, each in its order.
pub(crate) fn round(root: &TraceRoot, last: Vec<Named>, group: Vec<PreparedTrace>) -> (Vec<Named>, Vec<Named>) {
    match sync(root, &last, &group).map_err(|error| SealError::Sync(Arc::new(error))) {
        Ok(()) => (last, group.into_iter().map(PreparedTrace::rename).collect()),
        Err(error) => {
            let sealed = last.into_iter().map(|named| named.and(Err(error.clone()))).collect();
            (sealed, group.iter().map(|_| Err(error.clone())).collect())
        }
    }
}

impl PreparedTrace {
    fn rename(self) -> Result<SealedTrace, SealError> {
        let AttemptIdentity { task_id, attempt, .. } = self.identity;
        let relative_path = attempt_path(task_id, attempt);
        let failed = |error: io::Error| SealError::Rename(Arc::new(error));
        let shared = self.root.shared();
        shared.root.new_folder(task_id.to_string()).map_err(failed)?;
        let temporary = self.identity.temporary_folder().to_string();
        match rename_new(&shared.unsealed, &temporary, &shared.root, &relative_path) {
            Ok(()) => {
                let Self { manifest_digest, files, .. } = self;
                Ok(SealedTrace { task_id, attempt, manifest_digest, relative_path, files })
            }
            Err(Errno::EXIST | Errno::NOTEMPTY) => Err(SealError::AlreadySealed { attempt }),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// Syncs every file and folder, for a file system that cannot be synced as a whole.
    fn sync_each(&self) -> io::Result<()> {
        let mut folders = Vec::new();
        for entry in &self.files {
            crate::folder::open_entry(&self.folder, &entry.path)?.0.sync_all()?;
            let depth = entry.path.segments().count();
            folders.extend((1..depth).map(|length| entry.path.segments().take(length).collect::<std::path::PathBuf>()));
        }
        folders.sort();
        folders.dedup();
        for path in folders {
            self.folder.folder(path.as_path())?.sync()?;
        }
        self.folder.file(MANIFEST_FILE)?.0.sync_all()?;
        self.folder.sync()
    }
}

/// A rename that never replaces. Where the file system cannot promise that, the plain one is as safe here: it replaces
/// a folder only if that is empty, and a sealed folder never is.
fn rename_new(from: &Directory, name: &str, to: &Directory, path: &str) -> rustix::io::Result<()> {
    match fs::renameat_with(from, name, to, path, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => fs::renameat(from, name, to, path),
        other => other,
    }
}

fn sync(root: &TraceRoot, last: &[Named], group: &[PreparedTrace]) -> io::Result<()> {
    let renamed = || last.iter().flatten();
    if (renamed().next().is_none() && group.is_empty()) || sync_file_system(root)? {
        return Ok(());
    }
    group.iter().try_for_each(PreparedTrace::sync_each)?;
    let shared = root.shared();
    for sealed in renamed() {
        let task = shared.root.folder(sealed.task_id.to_string())?;
        task.folder(attempt_dir(sealed.attempt))?.sync()?;
        task.sync()?;
    }
    shared.unsealed.sync()?;
    shared.root.sync()
}

/// `Ok(false)` when each file has to be synced instead.
fn sync_file_system(root: &TraceRoot) -> io::Result<bool> {
    match root.shared().options.durability {
        Durability::EachFile => Ok(false),
        #[cfg(target_os = "linux")]
        Durability::FileSystem => {
            fs::syncfs(&root.shared().root)?;
            Ok(true)
        }
        #[cfg(not(target_os = "linux"))]
        Durability::FileSystem => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use jct_lifecycle::Fence;

    use super::*;
    use crate::TraceOptions;

    fn prepared(root: &TraceRoot, attempt: u32) -> PreparedTrace {
        let at = Timestamp::from_micros(1_700_000_000_000_000);
        let identity = AttemptIdentity {
            task_id: "019b7859-0400-7000-8000-000000000001".parse().unwrap(),
            attempt,
            fence: Fence { epoch: 1, generation: 1 },
            trace_id: "t".parse().unwrap(),
            worker: "w".to_owned(),
            components: std::collections::BTreeMap::new(),
            admission: None,
            started_at: at,
        };
        root.begin(identity, &json!({})).unwrap().finish(Output::Result(json!({})), at).prepare().unwrap()
    }

    #[test]
    fn when_a_sync_fails_nothing_that_waited_for_it_is_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let options = TraceOptions { durability: Durability::EachFile, ..TraceOptions::default() };
        let root = TraceRoot::open_with(folder.path(), options).unwrap();
        let (_, mut named) = round(&root, Vec::new(), vec![prepared(&root, 1)]);
        let before = named.pop().unwrap().unwrap();
        let task_id = before.task_id;
        let group = vec![prepared(&root, 2), prepared(&root, 3)];
        let broken = group[1].identity.temporary_folder().to_string();
        std::fs::remove_file(root.path().join(".unsealed").join(broken).join("log.txt")).unwrap();
        let (sealed, named) = round(&root, vec![Ok(before)], group);
        assert_eq!((sealed.len(), named.len()), (1, 2));
        assert!(
            sealed.iter().chain(&named).all(|result| matches!(result, Err(SealError::Sync(_)))),
            "{sealed:?} {named:?}"
        );
        for attempt in [2, 3] {
            assert!(!root.path().join(attempt_path(task_id, attempt)).exists());
        }
    }
}
