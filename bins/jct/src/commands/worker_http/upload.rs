//! The files that a command left, one artifact each.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::calls::Calls;
use super::job::LeasedJob;
use crate::commands::file::copy_digested;
use crate::exit::Exit;
use crate::failure::Failure;

/// More files than that are one archive's worth.
const FILES_MAX: usize = 10_000;

/// Uploads every file below `folder`, in the order of their names; says what was left out.
pub(super) async fn all(calls: &Calls, job: &LeasedJob, folder: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |error: &io::Error| Failure::caused(Exit::Local, "the outputs cannot be read", error);
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    collect(folder, "", &mut files, &mut left_out).map_err(|error| unreadable(&error))?;
    if files.len() > FILES_MAX {
        return Err(Failure::new(Exit::Refused, format!("more than {FILES_MAX} files were left as outputs")));
    }
    files.sort();
    for (name, path) in files {
        let digest = digest(&path).map_err(|error| unreadable(&error))?;
        let mut query = Vec::from(job.proof_query());
        query.extend([("contentType", content_type(&name).to_owned()), ("name", name), ("digest", digest)]);
        calls.upload(job, query, || File::open(&path).map_err(|error| unreadable(&error))).await?;
    }
    Ok(left_out)
}

/// Regular files with something in them. A link is not followed: it may lead anywhere.
fn collect(
    folder: &Path,
    prefix: &str,
    files: &mut Vec<(String, PathBuf)>,
    left_out: &mut Vec<String>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            left_out.push(format!("a file in `{prefix}` whose name is not UTF-8"));
            continue;
        };
        let (kind, name) = (entry.file_type()?, format!("{prefix}{name}"));
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files, left_out)?;
        } else if !kind.is_file() {
            left_out.push(format!("`{name}`, which is no regular file"));
        } else if entry.metadata()?.len() == 0 {
            left_out.push(format!("`{name}`, which is empty"));
        } else {
            files.push((name, entry.path()));
        }
    }
    Ok(())
}

fn digest(path: &Path) -> io::Result<String> {
    Ok(copy_digested(&mut File::open(path)?, &mut io::sink())?.to_string())
}

fn content_type(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("json") => "application/json",
        Some("jsonl") => "application/jsonl",
        Some("yaml" | "yml") => "application/yaml",
        Some("csv") => "text/csv",
        Some("txt" | "log" | "md") => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_files_are_found_and_the_others_told() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("a/b")).expect("made");
        fs::write(folder.path().join("a/b/c.json"), "{}").expect("written");
        fs::write(folder.path().join("empty"), "").expect("written");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("linked");
        let (mut files, mut left_out) = (Vec::new(), Vec::new());
        collect(folder.path(), "", &mut files, &mut left_out).expect("read");
        left_out.sort();
        assert_eq!(files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a/b/c.json"]);
        assert_eq!(left_out, ["`empty`, which is empty", "`link`, which is no regular file"]);
        assert_eq!((content_type("a/b/c.json"), content_type("x")), ("application/json", "application/octet-stream"));
    }
}
