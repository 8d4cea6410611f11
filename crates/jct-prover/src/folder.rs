//! The artifacts of an attempt, on the disk. What an executor left there is treated as hostile: no link is followed,
//! nothing but regular files is opened, and the names that the prover uses for its own are cleared first.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jct_contract::Sha256Digest;
use jct_evidence::scan::{Scanner, SecretFinding, SecretPlace, SecretStream};
pub(crate) use jct_exec::session::BUNDLE_FILE;
use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

/// The change as a patch.
pub const PATCH_FILE: &str = "changes.patch";
/// What differs, in numbers.
pub const DIFF_STAT_FILE: &str = "diff_stat.json";
/// The commits, listed.
pub const COMMITS_FILE: &str = "commits.json";
/// The output of the checks.
pub const CHECKS_FOLDER: &str = "checks";
/// The verdict and what it rests on.
pub const EVIDENCE_FOLDER: &str = "evidence";

/// What only the prover writes.
const RESERVED: [&str; 5] = [PATCH_FILE, DIFF_STAT_FILE, COMMITS_FILE, CHECKS_FOLDER, EVIDENCE_FOLDER];
/// Files and folders that are looked at; what a trace keeps is no more.
const MOST_ENTRIES: usize = 10_000;
const DEEPEST: usize = 16;
/// A larger file in which something is found is removed as a whole.
const MOST_CLEANED_BYTES: u64 = 64 << 20;
const PIECE_BYTES: usize = 1 << 20;

/// The folder of artifacts.
#[derive(Debug, Clone)]
pub(crate) struct Artifacts {
    root: PathBuf,
}

/// What is in the folder.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) files: Vec<FoundFile>,
    /// Whether nothing was left out because there is too much.
    pub(crate) complete: bool,
}

/// A regular file among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundFile {
    /// Its path below the folder.
    pub(crate) title: String,
    pub(crate) path: PathBuf,
    pub(crate) size_bytes: u64,
}

impl Artifacts {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Removes whatever stands where the prover will write.
    pub(crate) fn clear(&self) -> io::Result<()> {
        RESERVED.iter().try_for_each(|name| self.remove(name))
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(found) if found.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
        }
    }

    /// The digest of a file; `None` if it is not there.
    pub(crate) fn digest(&self, name: &str) -> io::Result<Option<Sha256Digest>> {
        let path = self.path(name);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => digest(&path).map(Some),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a new file; its folder is made if need be.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create_new(path)?.write_all(bytes)
    }

    /// [`Artifacts::write`], if there is anything to write.
    pub(crate) fn write_unless_empty(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() { Ok(()) } else { self.write(name, bytes) }
    }

    /// Every regular file, sorted by its title. Beyond the limits nothing is looked at.
    pub(crate) fn files(&self) -> io::Result<Listed> {
        let mut files = Vec::new();
        let mut entries = 0;
        let mut folders = vec![(self.root.clone(), 1)];
        while let Some((folder, depth)) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                entries += 1;
                if entries > MOST_ENTRIES {
                    break;
                }
                let (path, found) = (entry.path(), entry.metadata()?);
                if found.is_dir() && depth < DEEPEST {
                    folders.push((path, depth + 1));
                } else if found.is_file() {
                    let below = path.strip_prefix(&self.root).unwrap_or(&path);
                    let title = below.to_string_lossy().into_owned();
                    files.push(FoundFile { title, path, size_bytes: found.len() });
                }
            }
        }
        files.sort_by(|a, b| a.title.cmp(&b.title));
        Ok(Listed { files, complete: entries <= MOST_ENTRIES })
    }
}

impl FoundFile {
    fn open(&self) -> io::Result<File> {
        open_regular(&self.path)
    }

    /// The digest of its bytes.
    pub(crate) fn digest(&self) -> io::Result<Sha256Digest> {
        digest(&self.path)
    }

    /// Finds the secrets in it, and takes them out of it. A file that is called by one goes.
    pub(crate) fn clean(&self, scanner: &Scanner) -> io::Result<Vec<SecretFinding>> {
        let named = scanner.findings(SecretPlace::Artifact, &scanner.redact_text(&self.title), self.title.as_bytes());
        if !named.is_empty() {
            fs::remove_file(&self.path)?;
            return Ok(named);
        }
        let mut file = self.open()?;
        let mut stream = SecretStream::new(scanner);
        let mut found = Vec::new();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                length => found.extend(stream.push(&piece[..length])),
            }
        }
        found.extend(stream.finish());
        if found.is_empty() {
            return Ok(Vec::new());
        }
        if self.size_bytes > MOST_CLEANED_BYTES {
            fs::remove_file(&self.path)?;
        } else {
            let mut bytes = Vec::new();
            self.open()?.take(MOST_CLEANED_BYTES).read_to_end(&mut bytes)?;
            // Removed first: a hard link to a file elsewhere must not be written through.
            fs::remove_file(&self.path)?;
            File::create_new(&self.path)?.write_all(&scanner.redact(&bytes))?;
        }
        Ok(found.iter().map(|found| SecretFinding::new(SecretPlace::Artifact, &self.title, found)).collect())
    }
}

fn digest(path: &Path) -> io::Result<Sha256Digest> {
    let mut file = open_regular(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Sha256Digest::from_bytes(hasher.finalize().into())),
            length => hasher.update(&piece[..length]),
        }
    }
}

/// Opens a regular file, and neither follows a link nor waits for a pipe.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder() -> (tempfile::TempDir, Artifacts) {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::new(&folder.path().join("artifacts"));
        fs::create_dir(&artifacts.root).unwrap();
        (folder, artifacts)
    }

    #[test]
    fn what_was_planted_where_the_prover_writes_is_gone() {
        let (folder, artifacts) = folder();
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, artifacts.path(PATCH_FILE)).unwrap();
        symlink(folder.path(), artifacts.path(CHECKS_FOLDER)).unwrap();
        fs::create_dir_all(artifacts.path(EVIDENCE_FOLDER).join("criteria")).unwrap();
        fs::write(artifacts.path("report.md"), "kept").unwrap();
        artifacts.clear().unwrap();
        artifacts.write(PATCH_FILE, b"patch").unwrap();
        artifacts.write("checks/1.log", b"log").unwrap();
        assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
        assert!(!folder.path().join("1.log").exists());
        let titles: Vec<_> = artifacts.files().unwrap().files.into_iter().map(|file| file.title).collect();
        assert_eq!(titles, ["changes.patch", "checks/1.log", "report.md"]);
        assert!(artifacts.write(PATCH_FILE, b"twice").is_err());
    }

    #[test]
    fn nobody_else_may_leave_a_file_where_the_prover_writes() {
        for name in RESERVED {
            assert!(jct_exec::session::RESERVED_NAMES.contains(&name), "{name}");
        }
    }

    #[test]
    fn only_regular_files_are_opened() {
        let (folder, artifacts) = folder();
        fs::write(folder.path().join("outside"), "outside").unwrap();
        symlink("../outside", artifacts.path("link")).unwrap();
        symlink("..", artifacts.path("folder")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            artifacts.path("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert_eq!(artifacts.files().unwrap().files, []);
        for name in ["link", "pipe"] {
            let file = FoundFile { title: name.to_owned(), path: artifacts.path(name), size_bytes: 1 };
            assert!(file.digest().is_err(), "{name}");
        }
    }

    #[test]
    fn a_secret_is_taken_out_of_a_file_and_not_out_of_what_it_is_linked_to() {
        let (folder, artifacts) = folder();
        let token = ["glpat-", "Yb8mQ2rJ5uTf1XcG6hDw"].concat();
        let outside = folder.path().join("outside");
        fs::write(&outside, format!("one\ntoken {token}\n")).unwrap();
        fs::hard_link(&outside, artifacts.path("notes.txt")).unwrap();
        let [file] = artifacts.files().unwrap().files.try_into().unwrap();
        let found = file.clean(&Scanner::new()).unwrap();
        assert_eq!(found.iter().map(|found| (found.file.as_str(), found.line)).collect::<Vec<_>>(), [("notes.txt", 2)]);
        assert_eq!(fs::read_to_string(&file.path).unwrap(), "one\ntoken [secret removed]\n");
        assert!(fs::read_to_string(outside).unwrap().contains(&token));
        assert_eq!(file.clean(&Scanner::new()).unwrap(), []);
    }
}
