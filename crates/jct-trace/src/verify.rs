//! Verifying a sealed folder: what it holds against what its manifest says, and the manifest against the digest that
//! the tower accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::Path;

use jct_contract::{Sha256Digest, TaskId};
use rustix::fs::FileType;
use serde::Serialize;

use crate::directory::Directory;
use crate::folder::{manifest_bytes, open_attempt, open_entry, open_path, parse_manifest};
use crate::hashed_file::digest_of;
use crate::{EntryPath, FileEntry, MANIFEST_FILE, Manifest, OpenError, TraceRoot};

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Digest of the manifest as it lies on the disk.
    pub manifest_digest: Option<Sha256Digest>,
    /// Whether that was compared with a digest from elsewhere. Without one the report shows that the folder agrees
    /// with itself, which a forger can arrange.
    pub anchored: bool,
    /// Files that were compared.
    pub files_checked: u64,
    /// Everything that is wrong, at most a thousand.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The manifest is missing, or no file, or too large.
    ManifestUnreadable {
        /// Why.
        reason: String,
    },
    /// The manifest is not one of this format.
    ManifestInvalid {
        /// Why.
        reason: String,
    },
    /// The manifest is not the one that was accepted.
    ManifestAltered {
        /// Digest that was accepted.
        expected: Sha256Digest,
        /// Digest of what is there.
        actual: Sha256Digest,
    },
    /// The manifest is that of another attempt.
    WrongAttempt {
        /// What the manifest says.
        found: String,
    },
    /// A file of the manifest is not there, or is no longer a file.
    Missing {
        /// The file.
        path: EntryPath,
    },
    /// A file of the manifest cannot be read.
    Unreadable {
        /// The file.
        path: EntryPath,
        /// Why.
        reason: String,
    },
    /// A file has another content.
    Altered {
        /// The file.
        path: EntryPath,
        /// What the manifest says.
        expected: Sha256Digest,
    },
    /// Something is there that the manifest does not name.
    Extra {
        /// What it is.
        path: EntryPath,
    },
    /// Not every folder could be listed, so something extra may be there.
    Unlistable {
        /// Why.
        reason: String,
    },
    /// There is more that is wrong than is listed.
    More,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ManifestUnreadable { reason } => {
                write!(f, "the manifest cannot be read: {reason}")
            }
            Self::ManifestInvalid { reason } => write!(f, "the manifest is not valid: {reason}"),
            Self::ManifestAltered { expected, actual } => {
                write!(f, "the manifest was altered: {expected} was accepted, {actual} is there")
            }
            Self::WrongAttempt { found } => write!(f, "the manifest belongs to {found}"),
            Self::Missing { path } => write!(f, "`{path}` is missing"),
            Self::Unreadable { path, reason } => write!(f, "`{path}` cannot be read: {reason}"),
            Self::Altered { path, expected } => {
                write!(f, "`{path}` was altered: it is not {expected}")
            }
            Self::Extra { path } => write!(f, "`{path}` is not in the manifest"),
            Self::Unlistable { reason } => write!(f, "the folder cannot be listed: {reason}"),
            Self::More => f.write_str("and more"),
        }
    }
}

const MAX_FINDINGS: usize = 1000;
/// Deeper than any artifact may lie; what is deeper is extra whatever it holds.
const MAX_DEPTH: u32 = 64;

/// Verifies the folder of an attempt; `expected` is the manifest digest that the completion named.
///
/// # Errors
/// There is no such folder, or it cannot be opened. Whatever is wrong inside is a finding.
pub fn verify(
    root: &TraceRoot,
    task_id: TaskId,
    attempt: u32,
    expected: Option<Sha256Digest>,
) -> Result<VerifyReport, OpenError> {
    let folder = open_attempt(root, task_id, attempt)?;
    let mut checker = Checker::new(&folder, expected);
    if let Some(manifest) = checker.manifest()? {
        if (manifest.task_id, manifest.attempt) != (task_id, attempt) {
            let found = format!("task {} attempt {}", manifest.task_id, manifest.attempt);
            checker.find(Finding::WrongAttempt { found });
        }
        checker.contents(&manifest);
    }
    Ok(checker.report)
}

/// Verifies a folder by its path, wherever it lies; for whoever was handed a copy.
///
/// # Errors
/// There is no such folder, or it cannot be opened.
pub fn verify_path(path: &Path, expected: Option<Sha256Digest>) -> Result<VerifyReport, OpenError> {
    let folder = open_path(path)?;
    let mut checker = Checker::new(&folder, expected);
    if let Some(manifest) = checker.manifest()? {
        checker.contents(&manifest);
    }
    Ok(checker.report)
}

struct Checker<'a> {
    folder: &'a Directory,
    expected: Option<Sha256Digest>,
    report: VerifyReport,
}

impl<'a> Checker<'a> {
    const fn new(folder: &'a Directory, expected: Option<Sha256Digest>) -> Self {
        let anchored = expected.is_some();
        let report = VerifyReport { manifest_digest: None, anchored, files_checked: 0, findings: Vec::new() };
        Self { folder, expected, report }
    }

    fn find(&mut self, finding: Finding) {
        match self.report.findings.len() {
            0..MAX_FINDINGS => self.report.findings.push(finding),
            MAX_FINDINGS => self.report.findings.push(Finding::More),
            _ => {}
        }
    }

    fn manifest(&mut self) -> Result<Option<Manifest>, OpenError> {
        let bytes = match manifest_bytes(self.folder) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.find(Finding::ManifestUnreadable { reason: error.to_string() });
                return Ok(None);
            }
        };
        let actual = Sha256Digest::of(&bytes);
        self.report.manifest_digest = Some(actual);
        if let Some(expected) = self.expected.filter(|expected| *expected != actual) {
            self.find(Finding::ManifestAltered { expected, actual });
        }
        match parse_manifest(&bytes) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(OpenError::ManifestInvalid(error)) => {
                self.find(Finding::ManifestInvalid { reason: error.to_string() });
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    fn contents(&mut self, manifest: &Manifest) {
        let mut named: BTreeMap<&EntryPath, &FileEntry> = BTreeMap::new();
        for entry in &manifest.files {
            if named.insert(&entry.path, entry).is_some() {
                self.find(Finding::ManifestInvalid { reason: format!("it names `{}` twice", entry.path) });
            }
        }
        for entry in named.values() {
            self.file(entry);
        }
        let known: BTreeSet<&str> = named.keys().map(|path| path.as_str()).chain([MANIFEST_FILE]).collect();
        if let Err(error) = self.extras(self.folder, None, 1, &known) {
            self.find(Finding::Unlistable { reason: error.to_string() });
        }
    }

    fn file(&mut self, entry: &FileEntry) {
        self.report.files_checked += 1;
        let path = entry.path.clone();
        let file = match open_entry(self.folder, &path) {
            Ok((file, _)) => file,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return self.find(Finding::Unreadable { path, reason: error.to_string() });
            }
            Err(_) => return self.find(Finding::Missing { path }),
        };
        match digest_of(file, entry.size_bytes) {
            Ok(Some((size_bytes, digest))) if (size_bytes, digest) == (entry.size_bytes, entry.digest) => {}
            Ok(_) => self.find(Finding::Altered { path, expected: entry.digest }),
            Err(error) => self.find(Finding::Unreadable { path, reason: error.to_string() }),
        }
    }

    fn extras(
        &mut self,
        folder: &Directory,
        path: Option<&EntryPath>,
        depth: u32,
        known: &BTreeSet<&str>,
    ) -> io::Result<()> {
        for name in folder.entries()? {
            if self.report.findings.len() > MAX_FINDINGS {
                return Ok(());
            }
            let name = name?;
            let name = name.as_os_str();
            let child = match path {
                None => EntryPath::top(name),
                Some(path) => match path.child(name) {
                    Some(child) => child,
                    // No file of a manifest has such a path; the folder it lies in is all that can be named.
                    None => {
                        self.find(Finding::Extra { path: path.clone() });
                        continue;
                    }
                },
            };
            let is_folder =
                folder.stat(name)?.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
            if is_folder && depth < MAX_DEPTH {
                let below = folder.folder(name)?;
                self.extras(&below, Some(&child), depth + 1, known)?;
            } else if is_folder || !known.contains(child.as_str()) {
                self.find(Finding::Extra { path: child });
            }
        }
        Ok(())
    }
}
