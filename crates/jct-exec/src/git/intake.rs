//! Takes a file over from a folder that somebody hostile may have written.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::refusal::Refusal;

/// A header is longer only if somebody made it so.
const LONGEST_HEADER: u64 = 256 * 1024;

/// Opens the plain file that `names` lead to from `root`, which is trusted. No link is followed, and nothing that
/// blocks is opened.
pub(crate) fn open_below(root: &Path, names: &[&str]) -> Result<File, Refusal> {
    let walk = || -> io::Result<Option<File>> {
        let (last, folders) = names.split_last().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut at = openat(CWD, root, folder, Mode::empty())?;
        for name in folders {
            at = openat(at, *name, folder, Mode::empty())?;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = File::from(openat(at, *last, flags, Mode::empty())?);
        Ok(file.metadata()?.is_file().then_some(file))
    };
    walk().ok().flatten().ok_or(Refusal::NotAFile)
}

/// What became of copying a bundle.
#[derive(Debug)]
pub(super) enum Copied {
    Refused(Refusal),
    Whole,
}

/// Copies a bundle of at most `most` bytes to a private place, where it no longer changes, and looks at its header.
pub(super) fn copy_bundle(mut from: File, to: &mut File, most: u64) -> io::Result<Copied> {
    let copied = io::copy(&mut (&mut from).take(most.saturating_add(1)), to)?;
    if copied > most {
        return Ok(Copied::Refused(Refusal::TooLarge { limit_bytes: most }));
    }
    to.flush()?;
    to.seek(SeekFrom::Start(0))?;
    Ok(match header_fault(to) {
        Some(fault) => Copied::Refused(Refusal::NotABundle { stderr: fault.to_owned() }),
        None => Copied::Whole,
    })
}

/// What is wrong with a header. A bundle that leaves objects out on purpose (`@filter`) would have git take a repository
/// with holes for a whole one.
fn header_fault(file: &File) -> Option<&'static str> {
    let mut lines = BufReader::new(file.take(LONGEST_HEADER)).split(b'\n');
    let mut next = || lines.next().and_then(Result::ok);
    match next() {
        Some(first) if first == b"# v2 git bundle" || first == b"# v3 git bundle" => {}
        _ => return Some("it does not begin as a bundle does"),
    }
    loop {
        match next() {
            None => return Some("its header does not end"),
            Some(line) if line.is_empty() => return None,
            Some(line) if line.starts_with(b"@filter") => return Some("it leaves objects out"),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[track_caller]
    fn header(text: &str, good: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, text).unwrap();
        let mut to = tempfile::tempfile().unwrap();
        let copied = copy_bundle(File::open(&path).unwrap(), &mut to, 1000).unwrap();
        assert_eq!(matches!(copied, Copied::Whole), good, "{text}: {copied:?}");
    }

    #[test]
    fn headers() {
        header("# v2 git bundle\nabc HEAD\n\nPACK", true);
        header("# v3 git bundle\n@object-format=sha1\nabc HEAD\n\nPACK", true);
        header("# v3 git bundle\n@filter=blob:none\nabc HEAD\n\nPACK", false);
        header("# v4 git bundle\n\n", false);
        header("# v2 git bundle\nabc HEAD\n", false);
        header("", false);
        header(&format!("# v2 git bundle\n{}", "x".repeat(1000)), false);
    }

    #[test]
    fn only_plain_files_in_plain_folders_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a/folder")).unwrap();
        fs::write(root.join("a/file"), "x").unwrap();
        symlink("file", root.join("a/link")).unwrap();
        symlink("a", root.join("b")).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg(root.join("a/fifo")).status().unwrap();
        assert!(fifo.success());
        assert!(open_below(root, &["a", "file"]).is_ok());
        for names in [["a", "link"], ["a", "folder"], ["a", "fifo"], ["a", "none"], ["b", "file"], ["none", "file"]] {
            assert_eq!(open_below(root, &names).unwrap_err(), Refusal::NotAFile, "{names:?}");
        }
    }
}
