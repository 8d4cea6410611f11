//! The folder of all files, and the folder of one job in it.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jct_contract::{Sha256Digest, TaskId};
use rustix::fs::{FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::{BlobUpload, FinishedUpload};
use crate::directory::Directory;
use crate::hashed_file::digest_of;

/// Where files lie while they arrive.
const ARRIVING: &str = "arriving";
/// What lies there for so long was left by a process that died.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The open folder of all files. Clones share it.
#[derive(Clone, Debug)]
pub struct BlobRoot(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    root: Directory,
    arriving: Directory,
}

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenBlobError {
    /// There is no such file.
    #[error("the file is not there")]
    Missing,
    /// The file is there, but its content is another.
    #[error("the file is not the one that was kept")]
    Altered,
    /// The file cannot be read.
    #[error("failed to read the file")]
    Io(#[from] io::Error),
}

impl BlobRoot {
    /// Opens the folder, making it if there is none, and clears away what processes that died left half way.
    ///
    /// # Errors
    /// The folder cannot be made or opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let root = Directory::open(path)?;
        root.new_folder(ARRIVING)?;
        let arriving = root.folder(ARRIVING)?;
        let opened = Self(Arc::new(Shared { root, arriving }));
        opened.clear_abandoned(SystemTime::now())?;
        Ok(opened)
    }

    /// Begins to receive a file of at most `max_bytes`.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn begin(&self, max_bytes: u64) -> io::Result<BlobUpload> {
        BlobUpload::begin(self.clone(), max_bytes)
    }

    /// Takes the folder of a job for itself, making it if there is none, until the answer is dropped. Waits for
    /// whoever has it: other processes too.
    ///
    /// # Errors
    /// The folder cannot be made, opened or taken.
    pub fn take(&self, job: TaskId) -> io::Result<BlobFolder> {
        let name = job.to_string();
        if self.0.root.new_folder(name.as_str())? {
            self.0.root.sync()?;
        }
        let folder = self.0.root.folder(name.as_str()).map_err(io::Error::from)?;
        flock(&folder, FlockOperation::LockExclusive)?;
        Ok(BlobFolder { root: self.clone(), folder })
    }

    /// A file of a job, read once to see that it is the one that was kept.
    ///
    /// # Errors
    /// [`OpenBlobError`].
    pub fn read(&self, job: TaskId, digest: Sha256Digest, size_bytes: u64) -> Result<File, OpenBlobError> {
        let folder = match self.0.root.folder(job.to_string().as_str()) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Err(OpenBlobError::Missing),
            Err(error) => return Err(OpenBlobError::Io(error.into())),
        };
        let (mut file, size) = match folder.file(file_name(digest).as_str()) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenBlobError::Missing),
            Err(error) => return Err(error.into()),
        };
        if size != size_bytes || digest_of(&mut file, size_bytes)? != Some((size_bytes, digest)) {
            return Err(OpenBlobError::Altered);
        }
        file.rewind()?;
        Ok(file)
    }

    pub(super) fn arriving(&self) -> &Directory {
        &self.0.arriving
    }

    fn clear_abandoned(&self, now: SystemTime) -> io::Result<()> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        for name in self.0.arriving.entries()? {
            let name = name?;
            let Some(stat) = self.0.arriving.stat(name.as_os_str())? else { continue };
            let changed = u64::try_from(stat.st_mtime).unwrap_or(0);
            if now.saturating_sub(changed) > ABANDONED_AFTER.as_secs() {
                self.0.arriving.unlink(name.as_os_str())?;
            }
        }
        Ok(())
    }
}

/// The folder of one job, in one pair of hands.
#[derive(Debug)]
pub struct BlobFolder {
    root: BlobRoot,
    folder: Directory,
}

impl BlobFolder {
    /// Puts a file in its place, durably; false if the job has one with the same content already.
    ///
    /// # Errors
    /// The file cannot be put there.
    pub fn keep(&self, upload: &FinishedUpload) -> io::Result<bool> {
        let name = file_name(upload.digest());
        let arriving = self.root.arriving();
        match renameat_with(arriving, upload.temporary_name(), &self.folder, &name, RenameFlags::NOREPLACE) {
            Ok(()) => {
                self.folder.sync()?;
                Ok(true)
            }
            // The upload removes what arrived when it is dropped.
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a file that was put there in vain.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn discard(&self, digest: Sha256Digest) -> io::Result<()> {
        self.folder.unlink(file_name(digest).as_str())
    }
}

/// The digest in hexadecimal; the algorithm goes without saying.
fn file_name(digest: Sha256Digest) -> String {
    let text = digest.to_string();
    text.strip_prefix("sha256:").unwrap_or(&text).to_owned()
}
