//! Reads every file once and adds up what the report says about files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use super::language::language;
use super::licence::{is_licence_file, recognise};
use super::manifest::{Manifest, is_manifest, manifest};
use super::marker::note;
use super::report::{FileSize, FoundLicence, LanguageTotal, ManifestLine, MarkerLine, Markers, Totals};
use super::walk::{Entry, Listing, MOST_FILES};

/// Bytes of one file that are read at most; a larger file counts by its size only.
const MOST_BYTES_A_FILE: u64 = 4 * 1024 * 1024;
/// Bytes that are read in all.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;
/// How far into a file a NUL byte makes it binary.
const BINARY_LOOK: usize = 8 * 1024;
const MOST_LARGEST: usize = 20;
const MOST_MARKERS: usize = 200;
const MOST_MANIFESTS: usize = 200;
const MOST_LICENCES: usize = 50;
/// Characters kept of a licence that a manifest states.
const LICENCE_LENGTH: usize = 200;

/// The part of the report that comes from files.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) totals: Totals,
    languages: BTreeMap<&'static str, LanguageTotal>,
    pub(super) largest: Vec<FileSize>,
    pub(super) licences: Vec<FoundLicence>,
    pub(super) markers: Markers,
    pub(super) manifests: Vec<ManifestLine>,
    pub(super) limits_reached: Vec<String>,
    bytes_read: u64,
}

impl Scan {
    /// Reads the listed files. `go_on` is told how many are done before each file; when it says no,
    /// the scan ends early.
    pub(super) fn of(listing: &Listing, go_on: impl Fn(usize) -> bool) -> io::Result<Self> {
        let mut scan = Self::default();
        scan.totals.links = listing.links;
        for (done, entry) in listing.files.iter().enumerate() {
            if !go_on(done) {
                break;
            }
            scan.add(entry)?;
        }
        scan.largest = largest(&listing.files);
        if listing.is_cut {
            scan.limits_reached.push(format!("only the first {MOST_FILES} files were looked at"));
        }
        if scan.totals.unread_files > 0 {
            scan.limits_reached.push(format!(
                "{} files were not read: over {MOST_BYTES_A_FILE} bytes, or beyond {MOST_BYTES} bytes in all",
                scan.totals.unread_files
            ));
        }
        Ok(scan)
    }

    /// Most lines first.
    pub(super) fn languages(&self) -> Vec<LanguageTotal> {
        let mut all: Vec<_> = self.languages.values().cloned().collect();
        all.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.name.cmp(&b.name)));
        all
    }

    fn add(&mut self, entry: &Entry) -> io::Result<()> {
        self.totals.files += 1;
        self.totals.bytes += entry.bytes;
        if entry.bytes > MOST_BYTES_A_FILE || self.bytes_read + entry.bytes > MOST_BYTES {
            self.totals.unread_files += 1;
            return Ok(());
        }
        let mut bytes = Vec::new();
        File::open(&entry.place)?.take(MOST_BYTES_A_FILE).read_to_end(&mut bytes)?;
        self.bytes_read += bytes.len() as u64;
        if bytes[..bytes.len().min(BINARY_LOOK)].contains(&0) {
            self.totals.binary_files += 1;
            return Ok(());
        }
        self.add_text(entry, &String::from_utf8_lossy(&bytes));
        Ok(())
    }

    fn add_text(&mut self, entry: &Entry, text: &str) {
        let mut lines = 0;
        for line in text.lines() {
            lines += 1;
            if let Some(note) = note(line) {
                self.markers.total += 1;
                if self.markers.listed.len() < MOST_MARKERS {
                    self.markers.listed.push(MarkerLine {
                        path: entry.name.clone(),
                        line: lines,
                        kind: note.kind.into(),
                        text: note.text,
                    });
                }
            }
        }
        self.totals.lines += lines;
        let name = language(&entry.name);
        let total =
            self.languages.entry(name).or_insert(LanguageTotal { name: name.into(), files: 0, lines: 0, bytes: 0 });
        total.files += 1;
        total.lines += lines;
        total.bytes += entry.bytes;
        if is_licence_file(&entry.name) {
            self.add_licence(&entry.name, recognise(text));
        }
        if is_manifest(&entry.name)
            && let Some(manifest) = manifest(&entry.name, text)
        {
            self.add_manifest(entry, &manifest);
        }
    }

    fn add_manifest(&mut self, entry: &Entry, manifest: &Manifest) {
        if let Some(licence) = &manifest.licence {
            self.add_licence(&entry.name, licence);
        }
        if self.manifests.len() < MOST_MANIFESTS {
            self.manifests.push(ManifestLine {
                path: entry.name.clone(),
                kind: manifest.kind.into(),
                dependencies: manifest.dependencies,
            });
        }
    }

    /// Adds a licence that `path` states.
    pub(super) fn add_licence(&mut self, path: &str, licence: &str) {
        if self.licences.len() < MOST_LICENCES {
            self.licences
                .push(FoundLicence { path: path.to_owned(), licence: licence.chars().take(LICENCE_LENGTH).collect() });
        }
    }
}

fn largest(files: &[Entry]) -> Vec<FileSize> {
    let mut all: Vec<&Entry> = files.iter().collect();
    all.sort_by(|a, b| b.bytes.cmp(&a.bytes).then(a.name.cmp(&b.name)));
    let size = |entry: &&Entry| FileSize { path: entry.name.clone(), bytes: entry.bytes };
    all.iter().take(MOST_LARGEST).map(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::walk::walk;
    use std::fs;

    fn scan(files: &[(&str, &[u8])]) -> Scan {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let listing = walk(folder.path(), || true).unwrap();
        Scan::of(&listing, |_| true).unwrap()
    }

    #[test]
    fn lines_and_languages_are_counted() {
        let scan = scan(&[("a.rs", b"one\ntwo\n"), ("b.rs", b"x"), ("c.py", b"\n\n\n\n"), ("d", b"\0\n")]);
        assert_eq!((scan.totals.files, scan.totals.lines, scan.totals.binary_files), (4, 7, 1));
        let languages = scan.languages();
        let counts: Vec<_> = languages.iter().map(|l| (l.name.as_ref(), l.files, l.lines)).collect();
        assert_eq!(counts, [("Python", 1, 4), ("Rust", 2, 3)]);
    }

    #[test]
    fn a_huge_file_counts_by_its_size_only() {
        let huge = vec![b'\n'; usize::try_from(MOST_BYTES_A_FILE).unwrap() + 1];
        let scan = scan(&[("big.txt", &huge), ("small.txt", b"TODO x\n")]);
        assert_eq!((scan.totals.unread_files, scan.totals.lines), (1, 1));
        assert_eq!(scan.largest[0].path, "big.txt");
        assert_eq!(scan.limits_reached.len(), 1);
        assert_eq!(scan.markers.total, 1);
    }

    #[test]
    fn notes_are_listed_up_to_a_limit() {
        let text = "// FIXME a\n".repeat(MOST_MARKERS + 5);
        let scan = scan(&[("a.c", text.as_bytes())]);
        assert_eq!((scan.markers.total, scan.markers.listed.len()), (205, 200));
    }

    #[test]
    fn licences_come_from_files_and_manifests() {
        let scan = scan(&[("LICENSE", b"Apache License Version 2.0"), ("package.json", b"{\"license\":\"MIT\"}")]);
        let found = scan.licences.iter();
        let found: Vec<_> = found.map(|l| (l.path.as_str(), l.licence.as_str())).collect();
        assert_eq!(found, [("LICENSE", "Apache-2.0"), ("package.json", "MIT")]);
    }
}
