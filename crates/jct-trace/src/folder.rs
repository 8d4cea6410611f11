//! Reading sealed folders: only files that the manifest names, and never through a link.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use jct_contract::{Sha256Digest, TaskId};
use rustix::io::Errno;

use crate::directory::Directory;
use crate::layout::{MANIFEST_FILE, attempt_dir};
use crate::{EntryPath, FORMAT, FORMAT_VERSION, FileEntry, Manifest, TraceRoot};

/// Largest manifest that is read.
pub const MANIFEST_MAX_BYTES: u64 = 32 << 20;

/// A sealed folder, open for reading.
#[derive(Debug)]
pub struct TraceFolder {
    directory: Directory,
    manifest: Manifest,
    manifest_entry: FileEntry,
}

/// A folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such folder.
    #[error("no such trace folder")]
    NotFound,
    /// The folder has no manifest, or one that is not a file or too large.
    #[error("the trace folder has no readable manifest")]
    ManifestUnreadable(#[source] io::Error),
    /// The manifest is not one of this format.
    #[error("the manifest is not valid")]
    ManifestInvalid(#[source] serde_json::Error),
    /// The folder was written in another version of the format.
    #[error(
        "the manifest has format `{format}` version {version}; this program reads `{FORMAT}` version {FORMAT_VERSION}"
    )]
    Version {
        /// Format that the manifest names.
        format: String,
        /// Version that it names.
        version: u32,
    },
    /// The folder cannot be opened.
    #[error("cannot open the trace folder")]
    Io(#[source] io::Error),
}

/// A file of a folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenFileError {
    /// The manifest names no such file.
    #[error("no such file in the trace folder")]
    NotFound,
    /// The manifest names it, and it cannot be opened: it is gone, or no longer a file.
    #[error("cannot open a file of the trace folder")]
    Io(#[source] io::Error),
}

/// A file of a folder, open for reading.
#[derive(Debug)]
pub struct TraceFile {
    /// What the manifest says about it.
    pub entry: FileEntry,
    /// Its content, from the beginning.
    pub file: File,
}

impl TraceFolder {
    /// Opens the folder of an attempt.
    ///
    /// # Errors
    /// There is none, or it is not a folder of this format.
    pub fn open(root: &TraceRoot, task_id: TaskId, attempt: u32) -> Result<Self, OpenError> {
        Self::read(open_attempt(root, task_id, attempt)?)
    }

    /// Opens a folder by its path, wherever it lies.
    ///
    /// # Errors
    /// There is none, or it is not a folder of this format.
    pub fn open_path(path: &Path) -> Result<Self, OpenError> {
        Self::read(open_path(path)?)
    }

    fn read(directory: Directory) -> Result<Self, OpenError> {
        let bytes = manifest_bytes(&directory).map_err(OpenError::ManifestUnreadable)?;
        let (path, size_bytes) = (EntryPath::plain(MANIFEST_FILE), bytes.len() as u64);
        let manifest_entry = FileEntry { path, size_bytes, digest: Sha256Digest::of(&bytes) };
        Ok(Self { directory, manifest: parse_manifest(&bytes)?, manifest_entry })
    }

    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Digest of the manifest as it lies on the disk.
    #[must_use]
    pub const fn manifest_digest(&self) -> Sha256Digest {
        self.manifest_entry.digest
    }

    /// Every file of the folder: those of the manifest, and the manifest itself.
    pub fn list_files(&self) -> impl Iterator<Item = &FileEntry> {
        self.manifest.files.iter().chain([&self.manifest_entry])
    }

    /// Opens a file by its path as [`TraceFolder::list_files`] shows it.
    ///
    /// The content is not compared with the digest; that is what [`crate::verify`] does.
    ///
    /// # Errors
    /// The manifest names no such file, or it cannot be opened.
    pub fn open_file(&self, path: &str) -> Result<TraceFile, OpenFileError> {
        let entry = self.list_files().find(|entry| entry.path.as_str() == path).ok_or(OpenFileError::NotFound)?;
        let (file, _) = open_entry(&self.directory, &entry.path).map_err(OpenFileError::Io)?;
        Ok(TraceFile { entry: entry.clone(), file })
    }
}

pub(crate) fn open_attempt(root: &TraceRoot, task_id: TaskId, attempt: u32) -> Result<Directory, OpenError> {
    let task = root.shared().root.folder(task_id.to_string()).map_err(not_opened)?;
    task.folder(attempt_dir(attempt)).map_err(not_opened)
}

pub(crate) fn open_path(path: &Path) -> Result<Directory, OpenError> {
    Directory::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => OpenError::NotFound,
        _ => OpenError::Io(error),
    })
}

fn not_opened(error: Errno) -> OpenError {
    if error == Errno::NOENT { OpenError::NotFound } else { OpenError::Io(error.into()) }
}

pub(crate) fn manifest_bytes(directory: &Directory) -> io::Result<Vec<u8>> {
    let (file, _) = directory.file(MANIFEST_FILE)?;
    let mut bytes = Vec::new();
    file.take(MANIFEST_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MANIFEST_MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than a manifest may be"));
    }
    Ok(bytes)
}

/// Only what says which format it is; read first, so that another version is named and not called damaged.
#[derive(serde::Deserialize)]
struct Head {
    format: String,
    format_version: u32,
}

pub(crate) fn parse_manifest(bytes: &[u8]) -> Result<Manifest, OpenError> {
    let Head { format, format_version: version } = serde_json::from_slice(bytes).map_err(OpenError::ManifestInvalid)?;
    if format != FORMAT || version != FORMAT_VERSION {
        return Err(OpenError::Version { format, version });
    }
    serde_json::from_slice(bytes).map_err(OpenError::ManifestInvalid)
}

/// Opens a file segment by segment, so that no link on the way is followed.
pub(crate) fn open_entry(folder: &Directory, path: &EntryPath) -> io::Result<(File, u64)> {
    let mut segments = path.segments();
    let name = segments.next_back().unwrap_or_default();
    let mut inner: Option<Directory> = None;
    for segment in segments {
        inner = Some(inner.as_ref().unwrap_or(folder).folder(segment)?);
    }
    inner.as_ref().unwrap_or(folder).file(name)
}
