//! Files that are new, and on the disk when they are said to be.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use jct_exec::{FailureReason, Stop};
use serde::Serialize;

/// A file of one JSON value a line.
#[derive(Debug)]
pub(crate) struct JsonLines {
    name: &'static str,
    file: BufWriter<File>,
}

impl JsonLines {
    pub(crate) fn create(folder: &Path, name: &'static str) -> Result<Self, Stop> {
        Ok(Self { name, file: create(folder, name)? })
    }

    pub(crate) fn write(&mut self, value: &impl Serialize) -> Result<(), Stop> {
        let written = serde_json::to_writer(&mut self.file, value).map_err(io::Error::from);
        written.and_then(|()| self.file.write_all(b"\n")).map_err(|error| failed(self.name, &error))
    }

    /// The file, once it is on the disk.
    pub(crate) fn finish(self) -> Result<&'static str, Stop> {
        sync(self.file, self.name)
    }
}

/// Makes a file that was not there.
pub(super) fn create(folder: &Path, name: &'static str) -> Result<BufWriter<File>, Stop> {
    File::create_new(folder.join(name)).map(BufWriter::new).map_err(|error| failed(name, &error))
}

/// Waits until a file is on the disk.
pub(super) fn sync(file: BufWriter<File>, name: &'static str) -> Result<&'static str, Stop> {
    let done = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    done.map(|()| name).map_err(|error| failed(name, &error))
}

/// Writes one JSON value as a file of its own, in a folder below if its name has one.
pub(crate) fn json_file(folder: &Path, name: &'static str, value: &impl Serialize) -> Result<&'static str, Stop> {
    if let Some(parent) = Path::new(name).parent() {
        fs::create_dir_all(folder.join(parent)).map_err(|error| failed(name, &error))?;
    }
    let mut file = create(folder, name)?;
    let written = serde_json::to_writer_pretty(&mut file, value).map_err(io::Error::from);
    written.and_then(|()| file.write_all(b"\n")).map_err(|error| failed(name, &error))?;
    sync(file, name)
}

pub(super) fn failed(name: &str, error: &io::Error) -> Stop {
    Stop::failed(FailureReason::ArtifactFailed, format!("failed to write `{name}`: {}", error.kind()))
}
