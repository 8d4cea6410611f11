//! What the files of a run take together: looked at from outside while it runs, a little at a time, for the monitor has
//! other things to do and cannot have a second thread.
//!
//! The run may move and replace whatever is being looked at, so folders are opened one below the other and links are
//! never followed: what is counted is the run's own, however it is rearranged.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, open, openat, statat};

use super::super::wire::Text;

/// Between two looks at everything.
const PAUSE: Duration = Duration::from_secs(1);
/// The time for one piece of a look.
const PIECE: Duration = Duration::from_millis(3);
/// Entries between two looks at the clock.
const STRIDE: usize = 64;
/// What is deeper than this is not there to be used but to be hidden.
const DEEPEST: usize = 500;
/// What an entry takes beside its content, in bytes.
const ENTRY_BYTES: u64 = 512;
const BLOCK_BYTES: u64 = 512;

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Watches folders.
#[derive(Debug)]
pub(super) struct Disk {
    roots: Vec<OwnedFd>,
    most: u64,
    walk: Walk,
    resting_since: Option<Instant>,
}

impl Disk {
    /// Watches whether what is below `roots` takes more than `most` bytes.
    pub(super) fn new(roots: &[Text], most: u64) -> Self {
        let roots = roots.iter().filter_map(|root| open(root.as_path(), FOLDER, Mode::empty()).ok()).collect();
        Self { roots, most, walk: Walk::default(), resting_since: None }
    }

    /// Goes on looking for a moment, and says whether it was too much.
    pub(super) fn is_over(&mut self) -> bool {
        if self.resting_since.is_some_and(|since| since.elapsed() < PAUSE) {
            return false;
        }
        if self.walk.is_done() {
            self.walk = Walk::of(&self.roots, self.most);
        }
        self.resting_since = None;
        match self.walk.go_on(Instant::now() + PIECE) {
            Seen::TooMuch => return true,
            Seen::All => self.resting_since = Some(Instant::now()),
            Seen::Part => {}
        }
        false
    }
}

/// One look at everything, as far as it has come.
#[derive(Debug, Default)]
struct Walk {
    /// The folders that are being read, each in the one before it.
    folders: Vec<Dir>,
    left: u64,
}

enum Seen {
    Part,
    All,
    TooMuch,
}

impl Walk {
    fn of(roots: &[OwnedFd], most: u64) -> Self {
        Self { folders: roots.iter().filter_map(|root| Dir::read_from(root).ok()).collect(), left: most }
    }

    fn is_done(&self) -> bool {
        self.folders.is_empty()
    }

    /// Reads on until that time, more or less.
    fn go_on(&mut self, until: Instant) -> Seen {
        for read in 1.. {
            let Some(folder) = self.folders.last_mut() else { return Seen::All };
            match folder.read() {
                // What cannot be read, the run cannot read either.
                None | Some(Err(_)) => {
                    self.folders.pop();
                }
                Some(Ok(entry)) => {
                    let (name, kind) = (entry.file_name(), entry.file_type());
                    if !self.take(name, kind) {
                        return Seen::TooMuch;
                    }
                }
            }
            if read % STRIDE == 0 && Instant::now() >= until {
                break;
            }
        }
        Seen::Part
    }

    /// Takes an entry of the last folder off what is left; false when that is too little.
    fn take(&mut self, name: &CStr, kind: FileType) -> bool {
        let Some(folder) = self.folders.last().and_then(|folder| folder.fd().ok()) else { return true };
        if name == c"." || name == c".." {
            return true;
        }
        let Some(left) = self.left.checked_sub(taken(folder, name)) else { return false };
        self.left = left;
        if matches!(kind, FileType::Directory | FileType::Unknown)
            && let Ok(inner) = openat(folder, name, FOLDER, Mode::empty())
            && let Ok(inner) = Dir::new(inner)
        {
            self.folders.push(inner);
        }
        self.folders.len() <= DEEPEST
    }
}

fn taken(folder: impl AsFd, name: &CStr) -> u64 {
    let blocks = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_or(0, |stat| stat.st_blocks);
    u64::try_from(blocks).unwrap_or(0).saturating_mul(BLOCK_BYTES).saturating_add(ENTRY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn left(root: &Path, most: u64) -> Option<u64> {
        let mut walk = Walk::of(&[open(root, FOLDER, Mode::empty()).unwrap()], most);
        loop {
            // Whoever has no time still gets on.
            match walk.go_on(Instant::now()) {
                Seen::Part => {}
                Seen::All => return Some(walk.left),
                Seen::TooMuch => return None,
            }
        }
    }

    #[test]
    fn content_counts_and_links_do_not_lead_out() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(left(folder.path(), 1), Some(1));
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/file"), vec![1; 100_000]).unwrap();
        symlink("/usr", folder.path().join("usr")).unwrap();
        assert_eq!(left(folder.path(), 100_000), None);
        assert!(left(folder.path(), 200_000).is_some());
    }

    #[test]
    fn what_is_hidden_in_the_deep_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let mut deep = open(folder.path(), FOLDER, Mode::empty()).unwrap();
        for _ in 0..=DEEPEST {
            rustix::fs::mkdirat(&deep, "d", Mode::RWXU).unwrap();
            deep = openat(&deep, "d", FOLDER, Mode::empty()).unwrap();
        }
        assert_eq!(left(folder.path(), u64::MAX), None);
    }
}
