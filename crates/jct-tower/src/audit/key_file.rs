//! The file with the secret key that signs checkpoints: made once, readable by its owner alone.
//!
//! A key is written under another name first and given its own name when it is whole, so that two processes which start
//! together end up with one key, and none reads half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jct_audit::{InvalidKey, SigningKey};

/// Longer files hold no key.
const MAX_BYTES: u64 = 1024;
/// Rights of anybody but the owner.
const OTHERS: u32 = 0o077;

/// Where the key lies. A successor that is not in force yet lies beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    path: PathBuf,
}

/// Why a key could not be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error("failed to read or write the key file `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than its owner have rights on the file.
    #[error("others than its owner may use the key file `{}`; run `chmod 600` on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file does not hold a key.
    #[error("the key file `{}` does not hold a secret key", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: InvalidKey,
    },
    /// The system has no randomness.
    #[error("failed to make a random key")]
    Random(#[source] getrandom::Error),
}

impl KeyFile {
    /// The key at this path.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key; `None` if there is no file.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`] if the file cannot be read, holds no key, or others may read it.
    pub fn load(&self) -> Result<Option<SigningKey>, KeyFileError> {
        load(&self.path)
    }

    /// Makes a key if there is no file, and answers with the one that is there then.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`].
    pub fn load_or_make(&self) -> Result<SigningKey, KeyFileError> {
        if let Some(key) = self.load()? {
            return Ok(key);
        }
        let made = generate()?;
        let draft = self.beside(&format!("draft-{:016x}", rand::random::<u64>()));
        write(&draft, &made).map_err(|source| KeyFileError::Io { path: draft.clone(), source })?;
        // Unlike a rename, a link never takes the place of a key that another process made meanwhile.
        let linked = fs::hard_link(&draft, &self.path);
        drop(fs::remove_file(&draft));
        match linked {
            Ok(()) => {
                self.sync_folder()?;
                Ok(made)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.load()?.ok_or_else(|| self.io(error)),
            Err(error) => Err(self.io(error)),
        }
    }

    /// Makes the key that shall follow and keeps it beside the one in force.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`].
    pub(crate) fn stage_successor(&self) -> Result<SigningKey, KeyFileError> {
        let successor = generate()?;
        let path = self.successor();
        write(&path, &successor).map_err(|source| KeyFileError::Io { path, source })?;
        Ok(successor)
    }

    /// The key that was to follow, if a rotation was begun.
    pub(crate) fn staged_successor(&self) -> Result<Option<SigningKey>, KeyFileError> {
        load(&self.successor())
    }

    /// Puts the successor in the place of the key, which is gone then.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`].
    pub(crate) fn promote_successor(&self) -> Result<(), KeyFileError> {
        fs::rename(self.successor(), &self.path).map_err(|error| self.io(error))?;
        self.sync_folder()
    }

    fn successor(&self) -> PathBuf {
        self.beside("next")
    }

    fn beside(&self, what: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".");
        name.push(what);
        PathBuf::from(name)
    }

    fn sync_folder(&self) -> Result<(), KeyFileError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let synced = File::open(folder.unwrap_or_else(|| Path::new("."))).and_then(|folder| folder.sync_all());
        synced.map_err(|error| self.io(error))
    }

    fn io(&self, source: io::Error) -> KeyFileError {
        KeyFileError::Io { path: self.path.clone(), source }
    }
}

fn generate() -> Result<SigningKey, KeyFileError> {
    let mut entropy = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(entropy.as_mut()).map_err(KeyFileError::Random)?;
    Ok(SigningKey::from_entropy(&entropy))
}

fn load(path: &Path) -> Result<Option<SigningKey>, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    // Of the open file and not of the path, which may lead elsewhere by then.
    if file.metadata().map_err(io)?.permissions().mode() & OTHERS != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned() });
    }
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(io)?;
    let key = text.trim_end().parse();
    key.map(Some).map_err(|source| KeyFileError::Invalid { path: path.to_owned(), source })
}

/// Writes a key into a new file; one that a crash left behind under this name goes first.
fn write(path: &Path, key: &SigningKey) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.secret_text().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, KeyFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("state/audit.key"));
        (folder, file)
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let (_folder, file) = file();
        assert!(file.load().unwrap().is_none());
        let made = file.load_or_make().unwrap();
        assert_eq!(file.load_or_make().unwrap().public(), made.public());
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        let names: Vec<_> =
            fs::read_dir(file.path().parent().unwrap()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(names, ["audit.key"], "nothing is left beside it");
    }

    #[test]
    fn many_that_start_together_have_one_key() {
        let (_folder, file) = file();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| file.load_or_make().map(|key| key.public()))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == file.load().unwrap().unwrap().public()));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let (_folder, file) = file();
        file.load_or_make().unwrap();
        for mode in [0o640, 0o604, 0o620, 0o777] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            let refused = file.load().unwrap_err();
            assert!(matches!(refused, KeyFileError::Exposed { .. }), "{mode:o}: {refused}");
        }
    }

    #[test]
    fn what_holds_no_key_is_refused_and_not_shown() {
        let (_folder, file) = file();
        file.load_or_make().unwrap();
        for text in ["", "ed25519-secret:AAAA\n", "hunter2 hunter2 hunter2"] {
            fs::write(file.path(), text).unwrap();
            let refused = file.load().unwrap_err();
            assert!(matches!(refused, KeyFileError::Invalid { .. }));
            assert!(!format!("{refused:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_successor_waits_beside_until_it_is_promoted() {
        let (_folder, file) = file();
        let first = file.load_or_make().unwrap().public();
        assert!(file.staged_successor().unwrap().is_none());
        let next = file.stage_successor().unwrap().public();
        assert_eq!((file.load().unwrap().unwrap().public(), first == next), (first, false));
        assert_eq!(file.staged_successor().unwrap().unwrap().public(), next);
        file.promote_successor().unwrap();
        assert_eq!(file.load().unwrap().unwrap().public(), next);
        assert!(file.staged_successor().unwrap().is_none());
    }
}
