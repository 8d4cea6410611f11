//! The copy of keys and checkpoints outside the database: a file that only grows.
//!
//! It follows the database and never goes first, so that a crash cannot leave a checkpoint in it that the database does
//! not have. Several processes may follow the same database with the same file: they take turns on its lock, and whoever
//! finds it longer than remembered reads it again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jct_audit::{AnchorFile, AnchorFileError, AnchorLine, Origin, PublicKey, SignedCheckpoint, SignedRotation};
use jct_contract::Sha256Digest;
use jct_store::model::{AuditKeyRecord, CheckpointRecord};

/// The file and what is known of it.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    known: Known,
}

/// What the file held when it was last looked at.
#[derive(Debug, Default)]
struct Known {
    bytes: u64,
    first_key: Option<(Origin, PublicKey)>,
    rotations: Vec<SignedRotation>,
    last: Option<(u64, Sha256Digest)>,
}

/// Why the file could not be read or could not follow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFileError {
    /// The file cannot be read or written.
    #[error("failed to read or write the checkpoint file `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line of the file is none.
    #[error("the checkpoint file `{}` is not one", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: AnchorFileError,
    },
    /// The file tells of another log than the database.
    #[error(
        "the checkpoint file `{}` does not fit the database: {what}; verify the log, and if a backup was restored on \
         purpose, move the file away and keep it", path.display()
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// Where the two part.
        what: String,
    },
    /// The database holds a text that is no key, rotation or checkpoint.
    #[error("the database holds {what} that cannot be read; verify the log")]
    Stored {
        /// What it should be.
        what: String,
    },
}

/// Reads a whole file, for verification. A torn last line does not count.
///
/// # Errors
///
/// [`CheckpointFileError::Io`] or [`CheckpointFileError::Unreadable`].
pub fn read_checkpoint_file(path: &Path) -> Result<AnchorFile, CheckpointFileError> {
    let io = |source| CheckpointFileError::Io { path: path.to_owned(), source };
    let text = fs::read(path).map_err(io)?;
    parse(path, &text)
}

/// A crash may tear the last line within a character; any other text that is not UTF-8 makes its line unreadable.
fn parse(path: &Path, bytes: &[u8]) -> Result<AnchorFile, CheckpointFileError> {
    let text = String::from_utf8_lossy(bytes);
    AnchorFile::parse(&text).map_err(|source| CheckpointFileError::Unreadable { path: path.to_owned(), source })
}

impl CheckpointFile {
    /// The file at this path, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, known: Known::default() }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the last checkpoint in the file, as far as it was looked at; 0 if there is none.
    pub(crate) fn last_number(&self) -> u64 {
        self.known.last.map_or(0, |(number, _)| number)
    }

    /// Reads the file anew if it has changed and cuts off a line that a crash tore.
    ///
    /// # Errors
    ///
    /// [`CheckpointFileError`].
    pub(crate) fn look(&mut self) -> Result<(), CheckpointFileError> {
        let mut file = self.open()?;
        self.look_at(&mut file)
    }

    /// Appends what the database has and the file lacks: `keys` are all of its keys, `checkpoints` those after
    /// [`Self::last_number`].
    ///
    /// # Errors
    ///
    /// [`CheckpointFileError`]; what was appended before stays.
    pub(crate) fn append(
        &mut self,
        origin: &Origin,
        keys: &[AuditKeyRecord],
        checkpoints: &[CheckpointRecord],
    ) -> Result<(), CheckpointFileError> {
        let mut file = self.open()?;
        self.look_at(&mut file)?;
        let mut lines = self.missing_keys(origin, keys)?;
        let mut last = self.known.last;
        for record in checkpoints.iter().filter(|record| record.number > self.last_number()) {
            let text = self.next_checkpoint(record, last)?;
            last = Some((record.number, text.digest()));
            lines.push(AnchorLine::Checkpoint { text, leaves: None });
        }
        if lines.is_empty() {
            return Ok(());
        }
        let text: String = lines.iter().map(AnchorLine::to_line).collect();
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|source| self.io(source))?;
        lines.into_iter().for_each(|line| self.known.add(line));
        self.known.bytes += text.len() as u64;
        Ok(())
    }

    /// Whether the database, by its checkpoint of this number, tells the same as the file.
    ///
    /// # Errors
    ///
    /// [`CheckpointFileError::Differs`] if it does not.
    pub(crate) fn compare(&self, stored: Option<&CheckpointRecord>) -> Result<(), CheckpointFileError> {
        let Some((number, digest)) = self.known.last else { return Ok(()) };
        match stored {
            Some(record) if Sha256Digest::of(record.statement.as_bytes()) == digest => Ok(()),
            Some(_) => Err(self.differs(format!("checkpoint {number} has another text there"))),
            None => Err(self.differs(format!("checkpoint {number} is not there"))),
        }
    }

    fn missing_keys(&self, origin: &Origin, keys: &[AuditKeyRecord]) -> Result<Vec<AnchorLine>, CheckpointFileError> {
        let stored = |what: &str| CheckpointFileError::Stored { what: what.to_owned() };
        let Some((first, later)) = keys.split_first() else { return Ok(Vec::new()) };
        let public_key: PublicKey = first.public_key.parse().map_err(|_| stored("a first key"))?;
        let mut lines = Vec::new();
        match &self.known.first_key {
            None => lines.push(AnchorLine::Key { origin: origin.clone(), public_key, at: first.created_at }),
            Some((file_origin, key)) if file_origin == origin && *key == public_key => {}
            Some(_) => return Err(self.differs("it has another first key or another origin".to_owned())),
        }
        for (place, key) in later.iter().enumerate() {
            let text = key.rotation.as_deref().and_then(|text| text.parse().ok());
            let text: SignedRotation = text.ok_or_else(|| stored("a rotation"))?;
            match self.known.rotations.get(place) {
                None => lines.push(AnchorLine::Rotation { text }),
                Some(known) if *known == text => {}
                Some(_) => return Err(self.differs(format!("rotation {} has another text there", place + 1))),
            }
        }
        if self.known.rotations.len() > later.len() {
            return Err(self.differs("a rotation is not there".to_owned()));
        }
        Ok(lines)
    }

    /// The checkpoint, if it follows what the file ends with.
    fn next_checkpoint(
        &self,
        record: &CheckpointRecord,
        last: Option<(u64, Sha256Digest)>,
    ) -> Result<SignedCheckpoint, CheckpointFileError> {
        let stored = || CheckpointFileError::Stored { what: format!("a checkpoint of number {}", record.number) };
        let text: SignedCheckpoint = record.statement.parse().map_err(|_| stored())?;
        let follows = last.is_none_or(|(_, digest)| text.statement().previous == Some(digest));
        if follows { Ok(text) } else { Err(self.differs(format!("checkpoint {} follows another one", record.number))) }
    }

    /// Opens and locks the file; the lock goes with it.
    fn open(&self) -> Result<File, CheckpointFileError> {
        let opened = || {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder {
                fs::create_dir_all(folder)?;
            }
            let is_new = !self.path.exists();
            let file = OpenOptions::new().create(true).read(true).append(true).open(&self.path)?;
            file.lock()?;
            if is_new {
                File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()?;
            }
            Ok(file)
        };
        opened().map_err(|source| self.io(source))
    }

    fn look_at(&mut self, file: &mut File) -> Result<(), CheckpointFileError> {
        let bytes = file.metadata().map_err(|source| self.io(source))?.len();
        if bytes == self.known.bytes {
            return Ok(());
        }
        let mut text = Vec::new();
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut text));
        read.map_err(|source| self.io(source))?;
        let parsed = parse(&self.path, &text)?;
        let whole = parsed.whole_bytes as u64;
        if let Some(line) = parsed.torn_line {
            log::warn!(line = line; "the last line of the checkpoint file was torn and is cut off");
            file.set_len(whole).and_then(|()| file.sync_all()).map_err(|source| self.io(source))?;
        }
        self.known = Known { bytes: whole, ..Known::default() };
        parsed.lines.into_iter().for_each(|line| self.known.add(line));
        Ok(())
    }

    fn io(&self, source: io::Error) -> CheckpointFileError {
        CheckpointFileError::Io { path: self.path.clone(), source }
    }

    fn differs(&self, what: String) -> CheckpointFileError {
        CheckpointFileError::Differs { path: self.path.clone(), what }
    }
}

impl Known {
    fn add(&mut self, line: AnchorLine) {
        match line {
            AnchorLine::Key { origin, public_key, .. } => {
                self.first_key.get_or_insert((origin, public_key));
            }
            AnchorLine::Rotation { text } => {
                if self.rotations.last() != Some(&text) {
                    self.rotations.push(text);
                }
            }
            AnchorLine::Checkpoint { text, .. } => {
                let number = text.statement().number;
                if self.last.is_none_or(|(last, _)| number > last) {
                    self.last = Some((number, text.digest()));
                }
            }
        }
    }
}
