//! The folder of one job: what the command finds there, and what it left.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jct_exec::process::{CommandSpec, Environment};
use serde_json::{Map, Value};
use tempfile::TempDir;

use super::job::LeasedJob;
use super::setup::Setup;

/// The largest result and the largest state that are read.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// A folder that is gone when this is.
#[derive(Debug)]
pub(super) struct JobFolder {
    folder: TempDir,
}

/// What a command left in one of its files that nothing can be done with.
#[derive(Debug, thiserror::Error)]
pub(super) enum LeftoverError {
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    #[error("the file is longer than {FILE_MAX_BYTES} bytes")]
    TooLong,
    #[error("the file is not UTF-8")]
    NotText,
    #[error("the file does not hold a JSON object")]
    NotAnObject,
}

impl JobFolder {
    /// Makes the folder, with the manifest and the state of the last run where there are any.
    pub(super) fn make(job: &LeasedJob, parent: &Path) -> io::Result<Self> {
        let made = Self { folder: tempfile::Builder::new().prefix("jct-job-").tempdir_in(parent)? };
        for folder in [made.work(), made.outputs(), made.temporary()] {
            fs::create_dir(folder)?;
        }
        if let Some(content) = &job.content {
            fs::write(made.content(), content)?;
        }
        if let Some(state) = &job.state {
            fs::write(made.state_file(), state.to_string())?;
        }
        Ok(made)
    }

    /// The command, in its own folder and with its own environment.
    pub(super) fn command(&self, job: &LeasedJob, setup: &Setup) -> CommandSpec {
        let mut environment = Environment::clean(&self.work(), &self.temporary())
            .passing(&setup.passed_on)
            .with("JCT_JOB_ID", &job.id)
            .with("JCT_JOB_TYPE", &job.job_type)
            .with("JCT_JOB_ATTEMPT", job.attempt.to_string())
            .with("JCT_OUTPUT_DIR", self.outputs())
            .with("JCT_RESULT_FILE", self.result_file())
            .with("JCT_STATE_FILE", self.state_file());
        if job.content.is_some() {
            environment = environment.with("JCT_CONTENT_FILE", self.content());
        }
        CommandSpec::new(&setup.program, self.work(), environment).args(&setup.arguments).stdin(job.input())
    }

    /// The result that the command left, if it left one.
    pub(super) fn result(&self) -> Result<Option<Map<String, Value>>, LeftoverError> {
        object(&self.result_file())
    }

    /// The state that the command left, if it left one.
    pub(super) fn state(&self) -> Result<Option<Map<String, Value>>, LeftoverError> {
        object(&self.state_file())
    }

    /// Where the command leaves what is to be kept.
    pub(super) fn outputs(&self) -> PathBuf {
        self.at("output")
    }

    fn work(&self) -> PathBuf {
        self.at("work")
    }

    fn temporary(&self) -> PathBuf {
        self.at("tmp")
    }

    fn content(&self) -> PathBuf {
        self.at("manifest.yaml")
    }

    fn state_file(&self) -> PathBuf {
        self.at("state")
    }

    fn result_file(&self) -> PathBuf {
        self.at("result.json")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The object in a regular file, if there is a file with something in it.
fn object(path: &Path) -> Result<Option<Map<String, Value>>, LeftoverError> {
    match read(path)? {
        Some(text) if !text.trim().is_empty() => {
            serde_json::from_str(&text).map(Some).map_err(|_| LeftoverError::NotAnObject)
        }
        _ => Ok(None),
    }
}

/// The text of a regular file, if there is a file.
fn read(path: &Path) -> Result<Option<String>, LeftoverError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LeftoverError::Read(error)),
        // A link could lead to what the job has no business with, and reading a pipe would never end.
        Ok(found) if !found.is_file() => return Err(LeftoverError::Read(io::ErrorKind::InvalidInput.into())),
        Ok(found) if found.len() > FILE_MAX_BYTES => return Err(LeftoverError::TooLong),
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(LeftoverError::Read)?;
    String::from_utf8(bytes).map(Some).map_err(|_| LeftoverError::NotText)
}
