//! A file while it arrives: counted and hashed as it comes, gone again unless it is kept.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use jct_contract::Sha256Digest;
use sha2::{Digest, Sha256};

use super::BlobRoot;

/// Tells the files of one process apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A file that is being received.
#[derive(Debug)]
pub struct BlobUpload {
    arriving: Arriving,
    file: File,
    hasher: Sha256,
    size_bytes: u64,
    max_bytes: u64,
}

/// A file that is here whole, on the disk for good, and not yet in its place.
#[derive(Debug)]
pub struct FinishedUpload {
    arriving: Arriving,
    digest: Sha256Digest,
    size_bytes: u64,
}

/// A name among the arriving files; removed with what it names. If the file was moved away, there is nothing to remove.
#[derive(Debug)]
struct Arriving {
    root: BlobRoot,
    name: String,
}

impl BlobUpload {
    pub(super) fn begin(root: BlobRoot, max_bytes: u64) -> io::Result<Self> {
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            // Processes that share the folder and have the same number are told apart by the time.
            let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
            let name = format!("{}-{number}-{now}", std::process::id());
            match root.arriving().new_file(name.as_str()) {
                Ok(file) => {
                    let arriving = Arriving { root, name };
                    return Ok(Self { arriving, file, hasher: Sha256::new(), size_bytes: 0, max_bytes });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether this many more bytes still fit.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        u64::try_from(bytes).is_ok_and(|bytes| bytes <= self.max_bytes.saturating_sub(self.size_bytes))
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// They do not fit ([`io::ErrorKind::FileTooLarge`]), or cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.has_room(bytes.len()) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Ends the file and waits until it is on the disk.
    ///
    /// # Errors
    /// The disk failed.
    pub fn finish(self) -> io::Result<FinishedUpload> {
        self.file.sync_all()?;
        let Self { arriving, hasher, size_bytes, .. } = self;
        Ok(FinishedUpload { arriving, digest: Sha256Digest::from_bytes(hasher.finalize().into()), size_bytes })
    }
}

impl FinishedUpload {
    /// The digest of what arrived.
    #[must_use]
    pub const fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// How much arrived.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub(super) fn temporary_name(&self) -> &str {
        &self.arriving.name
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // What cannot be removed now is cleared away when the folder is opened, a day later.
        let _ = self.root.arriving().unlink(self.name.as_str());
    }
}
