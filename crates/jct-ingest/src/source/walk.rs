//! Lists the documents of a folder, always in the same order.

use std::collections::BTreeMap;
use std::io;

use jct_exec::{FailureReason, Stop};
use rustix::fs::{AtFlags, Dir, FileType, statat};

use super::Folder;
use crate::control::Control;
use crate::plan::{Candidate, PathFilter};

/// Folders within folders, at most.
const DEEPEST: usize = 64;
/// Files of one source, at most.
const MOST_FILES: usize = 1_000_000;

/// A file that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// From the source's root, with `/`.
    pub(crate) path: String,
}

/// What a source holds.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// By the bytes of their paths.
    pub(crate) entries: Vec<Entry>,
    /// How many were left out, by reason.
    pub(crate) skipped: BTreeMap<&'static str, u64>,
    /// Whether there is more that the manifest's own limit leaves out.
    pub(crate) cut: bool,
}

impl Listing {
    fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }
}

/// Lists what `filter` takes. Fails if any folder cannot be read: half a list would have the rest taken for deleted.
pub(crate) fn list(
    folder: &Folder,
    filter: &PathFilter,
    max_files: Option<usize>,
    control: &Control,
) -> Result<Listing, Stop> {
    let mut listing = Listing::default();
    let mut open = vec![(String::new(), 0)];
    while let Some((path, depth)) = open.pop() {
        control.check()?;
        for (name, kind) in names(folder, &path).map_err(|error| unreadable(&path, &error))? {
            let Some(name) = name else {
                listing.skip("name_not_utf8");
                continue;
            };
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            match kind {
                FileType::Directory if !filter.recursive => {}
                FileType::Directory if filter.look(&path) == Candidate::Hidden => listing.skip("hidden"),
                FileType::Directory if depth >= DEEPEST => return Err(too("deep", "folders within folders", DEEPEST)),
                FileType::Directory => open.push((path, depth + 1)),
                kind => file(&mut listing, path, kind, filter)?,
            }
        }
    }
    listing.entries.sort_unstable();
    if let Some(most) = max_files.filter(|most| *most < listing.entries.len()) {
        listing.entries.truncate(most);
        listing.cut = true;
    }
    Ok(listing)
}

fn file(listing: &mut Listing, path: String, kind: FileType, filter: &PathFilter) -> Result<(), Stop> {
    match (filter.look(&path), kind) {
        (Candidate::NotAsked, _) => {}
        (Candidate::Hidden, _) => listing.skip("hidden"),
        (Candidate::Taken, FileType::Symlink) => listing.skip("link"),
        (Candidate::Taken, FileType::RegularFile) if listing.entries.len() >= MOST_FILES => {
            return Err(too("large", "files", MOST_FILES));
        }
        (Candidate::Taken, FileType::RegularFile) => listing.entries.push(Entry { path }),
        (Candidate::Taken, _) => listing.skip("not_a_file"),
    }
    Ok(())
}

/// The names in a folder and what they are; `None` for one that is not UTF-8.
fn names(folder: &Folder, path: &str) -> io::Result<Vec<(Option<String>, FileType)>> {
    let descriptor = folder.below(path)?;
    let mut found = Vec::new();
    for entry in Dir::read_from(&descriptor)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => FileType::from_raw_mode(statat(&descriptor, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode),
            known => known,
        };
        found.push((name.to_str().ok().map(str::to_owned), kind));
    }
    Ok(found)
}

fn unreadable(path: &str, error: &io::Error) -> Stop {
    let place = if path.is_empty() { "the folder".to_owned() } else { format!("the folder `{}`", path.escape_debug()) };
    Stop::failed(FailureReason::WorkspaceFailed, format!("{place} cannot be listed: {}", error.kind()))
}

fn too(how: &str, what: &str, most: usize) -> Stop {
    Stop::failed(FailureReason::InvalidInput, format!("the folder is too {how}: there are more than {most} {what}"))
}
