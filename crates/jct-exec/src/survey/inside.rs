//! Reads the files of a repository inside a sandbox: what a repository holds is hostile input, and whatever it may do
//! to a parser, it does it there.
//!
//! What was found goes to standard output as JSON, how far the work is to standard error, a line each time.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::report::{FileSize, FoundLicence, LanguageTotal, ManifestLine, Markers, Totals};
use super::scan::Scan;
use super::walk::walk;

/// Files between two reports of progress.
const STRIDE: usize = 500;

/// The part of a report that comes from files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Findings {
    pub(super) totals: Totals,
    pub(super) languages: Vec<LanguageTotal>,
    pub(super) largest_files: Vec<FileSize>,
    pub(super) licences: Vec<FoundLicence>,
    pub(super) markers: Markers,
    pub(super) manifests: Vec<ManifestLine>,
    pub(super) limits_reached: Vec<String>,
}

/// Reads everything below `folder`. `go_on` hears how far it is and may end it early.
pub(super) fn read(folder: &Path, go_on: impl Fn(u8, &str) -> bool) -> io::Result<Findings> {
    go_on(30, "listing the files");
    let listing = walk(folder, || go_on(30, ""))?;
    let all = listing.files.len().max(1);
    let scan = Scan::of(&listing, |done| {
        let percent = u8::try_from(35 + done * 60 / all).unwrap_or(95);
        let said = if done % STRIDE == 0 { format!("reading file {done} of {all}") } else { String::new() };
        go_on(percent, &said)
    })?;
    Ok(Findings {
        languages: scan.languages(),
        totals: scan.totals,
        largest_files: scan.largest,
        licences: scan.licences,
        markers: scan.markers,
        manifests: scan.manifests,
        limits_reached: scan.limits_reached,
    })
}

/// Reads the folder that `input` names, and gives an exit status.
pub(crate) fn run_inside(input: &[u8]) -> i32 {
    let folder = Path::new(OsStr::from_bytes(input));
    let say = |percent: u8, message: &str| {
        if !message.is_empty() {
            eprintln!("{percent}\t{message}");
        }
        true
    };
    let written = read(folder, say).and_then(|findings| {
        let mut output = io::BufWriter::new(io::stdout().lock());
        serde_json::to_writer(&mut output, &findings)?;
        output.flush()
    });
    match written {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("0\t{error}");
            1
        }
    }
}

/// What a line of standard error says.
pub(super) fn progress(line: &str) -> Option<(u8, &str)> {
    let (percent, message) = line.split_once('\t')?;
    Some((percent.parse().ok().filter(|&percent| percent <= 100)?, message))
}
