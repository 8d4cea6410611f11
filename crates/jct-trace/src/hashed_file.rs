//! A file that is hashed while it is written, so that sealing never reads it again.

use std::fs::File;
use std::io::{self, Write};

use jct_contract::Sha256Digest;
use sha2::{Digest, Sha256};

use crate::directory::Directory;
use crate::{EntryPath, FileEntry};

/// Bytes collected before they are written: a small file costs one write, a long log one for every so many lines.
const BUFFER_BYTES: usize = 64 * 1024;

/// A file of the trace folder that only grows, up to a limit.
#[derive(Debug)]
pub(crate) struct HashedFile {
    name: &'static str,
    max_bytes: u64,
    buffer: Vec<u8>,
    size_bytes: u64,
    hasher: Sha256,
    file: Option<File>,
}

impl HashedFile {
    pub(crate) fn new(name: &'static str, max_bytes: u64) -> Self {
        Self { name, max_bytes, buffer: Vec::new(), size_bytes: 0, hasher: Sha256::new(), file: None }
    }

    /// Whether this many more bytes still fit.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.size_bytes + self.buffer.len() as u64 + bytes as u64 <= self.max_bytes
    }

    /// Where to append; call [`HashedFile::written`] afterwards.
    pub(crate) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Writes the buffer out once it is large.
    pub(crate) fn written(&mut self, folder: &Directory) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_BYTES { self.flush(folder) } else { Ok(()) }
    }

    fn flush(&mut self, folder: &Directory) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(folder.new_file(self.name)?),
        };
        file.write_all(&self.buffer)?;
        self.hasher.update(&self.buffer);
        self.size_bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the rest; the file exists afterwards even if nothing was ever appended.
    pub(crate) fn finish(mut self, folder: &Directory) -> io::Result<FileEntry> {
        self.flush(folder)?;
        let digest = Sha256Digest::from_bytes(self.hasher.finalize().into());
        Ok(FileEntry { path: EntryPath::plain(self.name), size_bytes: self.size_bytes, digest })
    }
}

/// Writes a whole file at once.
pub(crate) fn write_file(folder: &Directory, name: &'static str, content: &[u8]) -> io::Result<FileEntry> {
    folder.new_file(name)?.write_all(content)?;
    let (path, size_bytes) = (EntryPath::plain(name), content.len() as u64);
    Ok(FileEntry { path, size_bytes, digest: Sha256Digest::of(content) })
}

/// Size and digest of what is left in `file`, reading at most `max_bytes`; `None` if there is more.
pub(crate) fn digest_of(mut file: impl io::Read, max_bytes: u64) -> io::Result<Option<(u64, Sha256Digest)>> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; BUFFER_BYTES];
    let mut size_bytes = 0_u64;
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => {
                return Ok(Some((size_bytes, Sha256Digest::from_bytes(hasher.finalize().into()))));
            }
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        size_bytes += read as u64;
        if size_bytes > max_bytes {
            return Ok(None);
        }
        hasher.update(chunk.get(..read).unwrap_or_default());
    }
}
