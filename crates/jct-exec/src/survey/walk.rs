//! Lists the regular files below a folder, without following links.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files listed at most.
pub(super) const MOST_FILES: usize = 100_000;

/// A regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it is.
    pub(super) place: PathBuf,
    /// Relative to the folder, with `/`; bytes that are no UTF-8 are replaced.
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// What is below a folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By name, in byte order within a folder.
    pub(super) files: Vec<Entry>,
    pub(super) links: u64,
    pub(super) is_cut: bool,
}

/// Lists what is below `root`, a folder without a repository of its own. `go_on` is asked before each
/// folder; when it says no, the listing ends early.
pub(super) fn walk(root: &Path, go_on: impl Fn() -> bool) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        if !go_on() {
            break;
        }
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut below = Vec::new();
        for entry in entries {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                below.push((entry.path(), format!("{name}/")));
            } else if kind.is_symlink() {
                listing.links += 1;
            } else if listing.files.len() == MOST_FILES {
                listing.is_cut = true;
                return Ok(listing);
            } else if kind.is_file() {
                let bytes = entry.metadata()?.len();
                let place = entry.path();
                listing.files.push(Entry { place, name, bytes });
            }
        }
        folders.extend(below.into_iter().rev());
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_counted_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        for name in ["b/c/2", "b/1", "a", "z"] {
            fs::write(root.join(name), name).unwrap();
        }
        symlink("/", root.join("b/root")).unwrap();
        symlink("a", root.join("link")).unwrap();
        symlink(".", root.join("loop")).unwrap();
        let listing = walk(root, || true).unwrap();
        let names: Vec<_> = listing.files.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["a", "z", "b/1", "b/c/2"]);
        assert_eq!((listing.links, listing.is_cut), (3, false));
        assert_eq!(listing.files[2].bytes, 3);
    }

    #[test]
    fn it_stops_when_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        assert!(walk(folder.path(), || false).unwrap().files.is_empty());
    }
}
