//! Manifests in a folder of the operator's: found by a plain relative path, and never outside of it.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use jct_manifest::SourcePath;
use jct_manifest::limits::MANIFEST_MAX_BYTES;
use rustix::fs::{self, FileType, Mode, OFlags};
use rustix::io::Errno;

/// A folder of manifests.
#[derive(Clone, Debug)]
pub struct ManifestFolder(PathBuf);

/// Why there is no manifest. Nobody learns what lies outside of the folder, or where the folder is.
#[derive(Debug, thiserror::Error)]
pub enum ManifestFolderError {
    /// No file of that name lies in the folder; links that lead out of it lead nowhere.
    #[error("there is no such file")]
    NotFound,
    /// It is larger than any manifest may be.
    #[error("a manifest has at most {MANIFEST_MAX_BYTES} bytes")]
    TooLarge,
    /// The folder or the file cannot be read.
    #[error("failed to read the folder of manifests")]
    Io(#[source] io::Error),
}

impl ManifestFolder {
    /// The manifests below `root`, which need not be there yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// The bytes of one manifest. Blocks.
    ///
    /// # Errors
    /// [`ManifestFolderError`].
    pub fn read(&self, path: &SourcePath) -> Result<Vec<u8>, ManifestFolderError> {
        let root = self.0.canonicalize().map_err(ManifestFolderError::Io)?;
        let found = root.join(path.as_str()).canonicalize().map_err(missing_or)?;
        let inside = found.strip_prefix(&root).map_err(|_| ManifestFolderError::NotFound)?;
        let file = open_below(&root, inside).map_err(missing_or)?;
        let mut bytes = Vec::new();
        let most = u64::try_from(MANIFEST_MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        file.take(most).read_to_end(&mut bytes).map_err(ManifestFolderError::Io)?;
        if bytes.len() > MANIFEST_MAX_BYTES { Err(ManifestFolderError::TooLarge) } else { Ok(bytes) }
    }
}

/// Opens a file step by step and follows no link: those that were there are resolved already, and one that is put there
/// meanwhile is refused.
fn open_below(root: &Path, inside: &Path) -> io::Result<File> {
    let folder_flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file_flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut folder: OwnedFd = fs::open(root, folder_flags, Mode::empty())?;
    let name = inside.file_name().ok_or(io::ErrorKind::NotFound)?;
    for step in inside.parent().into_iter().flat_map(Path::iter) {
        folder = fs::openat(&folder, step, folder_flags, Mode::empty())?;
    }
    let file = fs::openat(&folder, name, file_flags, Mode::empty())?;
    let kind = FileType::from_raw_mode(fs::fstat(&file)?.st_mode);
    // A pipe or a device would never end.
    if kind == FileType::RegularFile { Ok(file.into()) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Whether something is not there, or is there and may not be read, is nobody's business.
fn missing_or(error: io::Error) -> ManifestFolderError {
    let missing =
        [Errno::NOENT, Errno::NOTDIR, Errno::ISDIR, Errno::ACCESS, Errno::PERM, Errno::LOOP, Errno::NAMETOOLONG];
    let is_missing = error.kind() == io::ErrorKind::NotFound
        || Errno::from_io_error(&error).is_some_and(|errno| missing.contains(&errno));
    if is_missing { ManifestFolderError::NotFound } else { ManifestFolderError::Io(error) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder() -> (tempfile::TempDir, ManifestFolder) {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("manifests");
        std::fs::create_dir_all(root.join("team")).unwrap();
        std::fs::write(root.join("a.yaml"), "a\r\n").unwrap();
        std::fs::write(root.join("team/b.yaml"), [0xff, 0, b'\n']).unwrap();
        std::fs::write(place.path().join("secret"), "secret").unwrap();
        std::fs::write(root.join("large"), vec![b'x'; MANIFEST_MAX_BYTES + 1]).unwrap();
        std::fs::write(root.join("largest"), vec![b'x'; MANIFEST_MAX_BYTES]).unwrap();
        symlink("team/b.yaml", root.join("inside")).unwrap();
        symlink("../secret", root.join("outside")).unwrap();
        symlink(place.path().join("secret"), root.join("absolute")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        (place, ManifestFolder::new(root))
    }

    #[track_caller]
    fn check(path: &str, expect: Result<&[u8], &str>) {
        let (_place, folder) = folder();
        let found = folder.read(&path.parse().unwrap()).map_err(|error| error.to_string());
        assert_eq!(found.as_deref(), expect.map_err(str::to_owned).as_ref().map(|bytes| &bytes[..]), "{path}");
    }

    #[test]
    fn a_file_is_read_byte_by_byte() {
        check("a.yaml", Ok(b"a\r\n"));
        check("team/b.yaml", Ok(&[0xff, 0, b'\n']));
        check("inside", Ok(&[0xff, 0, b'\n']));
    }

    #[test]
    fn nothing_outside_and_nothing_but_files_is_read() {
        for path in
            ["no.yaml", "team", "a.yaml/x", "outside", "absolute", "up/secret", "up/manifests/../secret2", "loop"]
        {
            if path.parse::<SourcePath>().is_ok() {
                check(path, Err("there is no such file"));
            }
        }
    }

    #[test]
    fn a_file_has_a_size_limit() {
        let (_place, folder) = folder();
        assert!(matches!(folder.read(&"large".parse().unwrap()), Err(ManifestFolderError::TooLarge)));
        assert_eq!(folder.read(&"largest".parse().unwrap()).unwrap().len(), MANIFEST_MAX_BYTES);
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_failure_and_not_a_missing_file() {
        let folder = ManifestFolder::new("/nonexistent/manifests");
        assert!(matches!(folder.read(&"a".parse().unwrap()), Err(ManifestFolderError::Io(_))));
    }
}
