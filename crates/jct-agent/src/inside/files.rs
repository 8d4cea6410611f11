//! The steps of a script that touch files.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::script::{MOST_BYTES, Step, parse_steps};

/// Writes a file and the folders above it.
pub(super) fn write(path: &Path, content: &[u8], mode: Option<u32>) -> io::Result<()> {
    make_parents(path)?;
    fs::write(path, content)?;
    match mode {
        Some(bits) => fs::set_permissions(path, Permissions::from_mode(bits)),
        None => Ok(()),
    }
}

/// Adds to the end of a file.
pub(super) fn append(path: &Path, content: &[u8]) -> io::Result<()> {
    make_parents(path)?;
    OpenOptions::new().append(true).create(true).open(path)?.write_all(content)
}

/// Removes a file, a link, or a folder with everything in it.
pub(super) fn delete(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Reads a script that stands in the repository.
pub(super) fn steps_in(path: &Path) -> Result<Vec<Step>, Vec<String>> {
    let one = |message: String| vec![format!("{}: {message}", path.display())];
    let mut text = Vec::new();
    let limit = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    fs::File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut text))
        .map_err(|error| one(error.to_string()))?;
    if text.len() > MOST_BYTES {
        return Err(one(format!("a script has at most {MOST_BYTES} bytes")));
    }
    let script: Value = serde_json::from_slice(&text).map_err(|error| one(format!("no JSON: {error}")))?;
    parse_steps(&script)
}

fn make_parents(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs::create_dir_all(parent),
        _ => Ok(()),
    }
}
