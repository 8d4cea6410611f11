//! A change in numbers: which files, how many lines.

use serde_json::{Map, Value, json};

use super::patch::{self, FileChange};
use crate::failure::Failure;
use crate::output::{Column, Output};

const COLUMNS: [Column; 4] =
    [Column::Plain("CHANGE"), Column::Plain("FILE"), Column::Plain("ADDED"), Column::Plain("DELETED")];

/// Prints the files of a patch and their sum.
pub(crate) fn show(patch: &[u8], output: &Output) -> Result<(), Failure> {
    let files = patch::files(patch);
    if !files.is_empty() {
        output.table(&COLUMNS, &files.iter().map(row).collect::<Vec<_>>())?;
    }
    output.line(sum(&files))
}

/// The same for scripts.
pub(crate) fn document(patch: &[u8]) -> Map<String, Value> {
    let files = patch::files(patch);
    let (added, deleted) = lines(&files);
    Map::from_iter([
        ("files".to_owned(), json!(files)),
        ("added".to_owned(), added.into()),
        ("deleted".to_owned(), deleted.into()),
    ])
}

fn row(file: &FileChange) -> Vec<String> {
    let FileChange { path, change, from, added, deleted, binary } = file;
    let name = from.as_ref().map_or_else(|| path.clone(), |from| format!("{from} -> {path}"));
    let count = |lines: u64| if *binary { "binary".to_owned() } else { lines.to_string() };
    vec![change.as_str().to_owned(), name, count(*added), count(*deleted)]
}

fn sum(files: &[FileChange]) -> String {
    let (added, deleted) = lines(files);
    let count = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let number = u64::try_from(files.len()).unwrap_or(u64::MAX);
    format!("{}, {} added, {deleted} deleted", count(number, "file"), count(added, "line"))
}

fn lines(files: &[FileChange]) -> (u64, u64) {
    files.iter().fold((0, 0), |(added, deleted), file| {
        (u64::saturating_add(added, file.added), u64::saturating_add(deleted, file.deleted))
    })
}
