//! Takes over the files that work left in its output folder. Whoever wrote them may be hostile: folders are walked by
//! descriptor, no link is followed, nothing but regular files is opened, and what is taken is a copy.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};

use super::RESERVED_NAMES;
use super::kept::{FileRefusal, KeptFiles, OutputLimits};

/// As deep as a trace goes.
const DEEPEST: usize = 16;
/// Longest path, in bytes; what is longer could not be shown whole as the title of an artifact.
const LONGEST_PATH: usize = 512;
/// Entries of any kind that are looked at.
const MOST_ENTRIES: usize = 10_000;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Copies the files below `names`, which lead from the trusted folder `root` to one that is not, into `to`.
///
/// # Errors
///
/// Where `to` cannot be written. Whatever is wrong with the folder itself is in the answer.
pub(super) fn collect(root: &Path, names: &[&str], to: &Path, limits: OutputLimits) -> io::Result<KeptFiles> {
    let mut collector = Collector { to, limits, entries: 0, kept: KeptFiles::default() };
    match open_folder(root, names) {
        Ok(folder) => collector.folder(&folder, "", 1)?,
        Err(_) => collector.kept.refuse(String::new(), FileRefusal::Unreadable),
    }
    Ok(collector.kept)
}

fn open_folder(root: &Path, names: &[&str]) -> io::Result<OwnedFd> {
    let mut at = openat(CWD, root, FOLDER, Mode::empty())?;
    for name in names {
        at = openat(at, *name, FOLDER, Mode::empty())?;
    }
    Ok(at)
}

struct Collector<'a> {
    to: &'a Path,
    limits: OutputLimits,
    entries: usize,
    kept: KeptFiles,
}

impl Collector<'_> {
    fn folder(&mut self, folder: &OwnedFd, below: &str, depth: usize) -> io::Result<()> {
        let Ok(names) = self.names(folder, below) else {
            self.kept.refuse(below.to_owned(), FileRefusal::Unreadable);
            return Ok(());
        };
        for name in names {
            let path = match path_of(below, &name) {
                Ok(path) => path,
                Err(shown) => {
                    self.kept.refuse(shown, FileRefusal::InvalidName);
                    continue;
                }
            };
            if let Err(refusal) = self.entry(folder, &name, &path, depth)? {
                self.kept.refuse(path, refusal);
            }
        }
        Ok(())
    }

    /// The names in a folder, sorted, so that the same work leaves the same files whatever the file system.
    fn names(&mut self, folder: &OwnedFd, below: &str) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            if self.entries == MOST_ENTRIES {
                self.kept.refuse(below.to_owned(), FileRefusal::TooMany);
                break;
            }
            self.entries += 1;
            names.push(OsString::from_vec(name.to_vec()));
        }
        names.sort();
        Ok(names)
    }

    fn entry(
        &mut self,
        folder: &OwnedFd,
        name: &OsStr,
        path: &str,
        depth: usize,
    ) -> io::Result<Result<(), FileRefusal>> {
        // What is there already was written by the worker, or names a folder that something else has to go into.
        if depth == 1 && (RESERVED_NAMES.contains(&path) || self.to.join(path).symlink_metadata().is_ok()) {
            return Ok(Err(FileRefusal::ReservedName));
        }
        let Ok(stat) = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return Ok(Err(FileRefusal::Unreadable));
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => self.file(folder, name, path),
            FileType::Directory if depth >= DEEPEST => Ok(Err(FileRefusal::TooDeep)),
            FileType::Directory => match openat(folder, name, FOLDER, Mode::empty()) {
                Ok(inner) => self.folder(&inner, path, depth + 1).map(Ok),
                Err(_) => Ok(Err(FileRefusal::Unreadable)),
            },
            FileType::Symlink => Ok(Err(FileRefusal::Symlink)),
            _ => Ok(Err(FileRefusal::Special)),
        }
    }

    fn file(&mut self, folder: &OwnedFd, name: &OsStr, path: &str) -> io::Result<Result<(), FileRefusal>> {
        let Ok(file) = openat(folder, name, FILE, Mode::empty()).map(File::from) else {
            return Ok(Err(FileRefusal::Unreadable));
        };
        let Ok(found) = file.metadata() else { return Ok(Err(FileRefusal::Unreadable)) };
        if !found.is_file() {
            return Ok(Err(FileRefusal::Special));
        }
        let OutputLimits { files, file_bytes, total_bytes } = self.limits;
        let room = total_bytes.saturating_sub(self.kept.bytes);
        let too_much = |bytes: u64| match bytes {
            bytes if bytes > file_bytes => Some(FileRefusal::TooLarge),
            bytes if bytes > room => Some(FileRefusal::NoRoom),
            _ => None,
        };
        if self.kept.files >= files {
            return Ok(Err(FileRefusal::TooMany));
        }
        if let Some(refusal) = too_much(found.len()) {
            return Ok(Err(refusal));
        }
        let target = self.to.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let most = file_bytes.min(room).saturating_add(1);
        let copied = io::copy(&mut file.take(most), &mut File::create_new(&target)?)?;
        // Something still writes to it.
        if let Some(refusal) = too_much(copied) {
            fs::remove_file(&target)?;
            return Ok(Err(refusal));
        }
        self.kept.files += 1;
        self.kept.bytes += copied;
        Ok(Ok(()))
    }
}

/// The path of an entry below the output folder; how it is shown, if its name is not accepted.
fn path_of(below: &str, name: &OsStr) -> Result<String, String> {
    let joined = |name: &str| if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
    match name.to_str() {
        Some(text) if !text.chars().any(char::is_control) && below.len() + 1 + text.len() <= LONGEST_PATH => {
            Ok(joined(text))
        }
        _ => Err(joined(&shown(name)).chars().take(LONGEST_PATH).collect()),
    }
}

fn shown(name: &OsStr) -> String {
    name.as_bytes().escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use super::*;

    const LIMITS: OutputLimits = OutputLimits { files: 4, file_bytes: 10, total_bytes: 25 };

    struct Place {
        root: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir_all(root.path().join("work/out")).unwrap();
            fs::create_dir(root.path().join("artifacts")).unwrap();
            Self { root }
        }

        fn out(&self, name: impl AsRef<Path>) -> PathBuf {
            self.root.path().join("work/out").join(name)
        }

        fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) {
            fs::create_dir_all(self.out(&name).parent().unwrap()).unwrap();
            fs::write(self.out(name), bytes).unwrap();
        }

        fn artifact(&self, name: &str) -> PathBuf {
            self.root.path().join("artifacts").join(name)
        }

        /// The refusals, and how many files and bytes were kept.
        fn collect(&self, limits: OutputLimits) -> (Vec<(String, FileRefusal)>, (u32, u64)) {
            let to = self.root.path().join("artifacts");
            let KeptFiles { files, bytes, refused, refusals } =
                collect(self.root.path(), &["work", "out"], &to, limits).unwrap();
            assert_eq!(refused as usize, refusals.len());
            (refusals.into_iter().map(|refused| (refused.path, refused.reason)).collect(), (files, bytes))
        }
    }

    #[test]
    fn files_are_copied_with_their_folders() {
        let place = Place::new();
        place.write("report.md", b"# done");
        place.write("logs/deep/run.log", b"ran");
        assert_eq!(place.collect(OutputLimits::default()), (vec![], (2, 9)));
        assert_eq!(fs::read(place.artifact("report.md")).unwrap(), b"# done");
        assert_eq!(fs::read(place.artifact("logs/deep/run.log")).unwrap(), b"ran");
        assert!(place.out("report.md").exists(), "what is taken is a copy");
    }

    #[test]
    fn nothing_but_regular_files_is_taken() {
        let place = Place::new();
        let outside = place.root.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), "secret").unwrap();
        symlink(outside.join("secret"), place.out("link")).unwrap();
        symlink(&outside, place.out("folder")).unwrap();
        let _socket = UnixListener::bind(place.out("socket")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(place.out("pipe")).status().unwrap().success());
        let (mut refused, kept) = place.collect(LIMITS);
        refused.sort_by(|a, b| a.0.cmp(&b.0));
        let refused: Vec<_> = refused.iter().map(|(path, reason)| (path.as_str(), *reason)).collect();
        let (special, link) = (FileRefusal::Special, FileRefusal::Symlink);
        assert_eq!(refused, [("folder", link), ("link", link), ("pipe", special), ("socket", special)]);
        assert_eq!(kept, (0, 0));
        assert_eq!(fs::read_dir(place.artifact("")).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_a_link_is_not_looked_into() {
        let place = Place::new();
        fs::remove_dir(place.out("")).unwrap();
        fs::create_dir(place.root.path().join("outside")).unwrap();
        fs::write(place.root.path().join("outside/secret"), "secret").unwrap();
        symlink("../outside", place.root.path().join("work/out")).unwrap();
        assert_eq!(place.collect(LIMITS), (vec![(String::new(), FileRefusal::Unreadable)], (0, 0)));
    }

    #[test]
    fn what_is_over_a_limit_is_refused_and_the_rest_is_taken() {
        let place = Place::new();
        for (name, bytes) in [("a", 10), ("b", 11), ("c", 10), ("d", 6), ("e", 5), ("f", 0), ("g", 0)] {
            place.write(name, &vec![b'x'; bytes]);
        }
        let expect = [("b", FileRefusal::TooLarge), ("d", FileRefusal::NoRoom), ("g", FileRefusal::TooMany)];
        let expect = expect.map(|(path, reason)| (path.to_owned(), reason)).to_vec();
        assert_eq!(place.collect(LIMITS), (expect, (4, 25)));
        assert!(!place.artifact("b").exists() && !place.artifact("g").exists());
    }

    #[test]
    fn names_are_checked() {
        let place = Place::new();
        fs::write(place.artifact("prompt.md"), "the worker's").unwrap();
        place.write("prompt.md/below", b"x");
        place.write("checks/1-tests.log", b"x");
        place.write("changes.bundle", b"x");
        place.write("in/changes.bundle", b"x");
        place.write("two\nlines", b"x");
        place.write(OsStr::from_bytes(b"no text \xff"), b"x");
        let deep = "d/".repeat(16);
        place.write(format!("{deep}file"), b"x");
        let (mut refused, kept) = place.collect(LIMITS);
        refused.sort_by(|a, b| a.0.cmp(&b.0));
        let refused: Vec<_> = refused.iter().map(|(path, reason)| (path.as_str(), *reason)).collect();
        let deepest = deep.trim_end_matches('/');
        let mut expect = [
            ("changes.bundle", FileRefusal::ReservedName),
            ("checks", FileRefusal::ReservedName),
            (deepest, FileRefusal::TooDeep),
            ("no text \\xff", FileRefusal::InvalidName),
            ("prompt.md", FileRefusal::ReservedName),
            ("two\\nlines", FileRefusal::InvalidName),
        ];
        expect.sort_by(|a, b| a.0.cmp(b.0));
        assert_eq!(refused, expect);
        assert_eq!(kept, (1, 1));
        assert_eq!(fs::read_to_string(place.artifact("prompt.md")).unwrap(), "the worker's");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        if rustix::process::geteuid().is_root() {
            println!("skipped: root reads everything");
            return;
        }
        let place = Place::new();
        place.write("locked", b"x");
        fs::set_permissions(place.out("locked"), fs::Permissions::from_mode(0o000)).unwrap();
        assert_eq!(place.collect(LIMITS), (vec![("locked".to_owned(), FileRefusal::Unreadable)], (0, 0)));
    }
}
