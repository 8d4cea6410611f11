//! Folders of this machine: only what lies below a folder that the operator listed.

use std::path::{Component, Path, PathBuf};

use jct_exec::{FailureReason, Stop};

use super::Folder;

/// Opens `input_dir`: an absolute path below one of `roots`, or a relative one that is looked for in one after another.
/// Links on the way are followed only as long as they stay below the same root.
pub(super) fn open(id: &str, input_dir: &Path, roots: &[PathBuf]) -> Result<Folder, Stop> {
    let refused = |reason, what: &str| Stop::failed(reason, format!("the data source `{id}` {what}"));
    if input_dir.components().any(|part| part == Component::ParentDir) {
        return Err(refused(FailureReason::InvalidInput, "has a `..` in its `inputDir`"));
    }
    for root in roots.iter().filter_map(|root| root.canonicalize().ok()) {
        let Ok(found) = root.join(input_dir).canonicalize() else { continue };
        let Ok(below) = found.strip_prefix(&root) else { continue };
        let opened = below.to_str().and_then(|below| Folder::open(&root).ok()?.descend(below).ok());
        if let Some(folder) = opened {
            return Ok(folder);
        }
    }
    Err(refused(FailureReason::InvalidInput, "has an `inputDir` that is no folder in those that runs may read"))
}

/// Whether a run may not read `input_dir`: it leads out of all `roots`, by its own path or over a link. One that is not there
/// is not outside if it would be below a root.
pub(super) fn is_outside(input_dir: &Path, roots: &[PathBuf]) -> bool {
    if input_dir.components().any(|part| part == Component::ParentDir) {
        return true;
    }
    let (mut leads_out, mut would_be_inside) = (false, false);
    for listed in roots {
        let root = listed.canonicalize().unwrap_or_else(|_| listed.clone());
        let path = root.join(input_dir);
        match path.canonicalize() {
            Ok(found) if found.starts_with(&root) => return false,
            Ok(_) => leads_out = true,
            Err(_) => would_be_inside |= path.starts_with(&root) || path.starts_with(listed),
        }
    }
    leads_out || !would_be_inside
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn places() -> (tempfile::TempDir, Vec<PathBuf>) {
        let outer = tempfile::tempdir().unwrap();
        let at = |path: &str| outer.path().join(path);
        fs::create_dir_all(at("one/notes")).unwrap();
        fs::create_dir_all(at("two/other")).unwrap();
        fs::create_dir_all(at("one-evil/notes")).unwrap();
        fs::create_dir_all(at("secret")).unwrap();
        fs::write(at("one/file"), "").unwrap();
        symlink("../secret", at("one/out")).unwrap();
        symlink("notes", at("one/inner")).unwrap();
        let roots = vec![at("missing"), at("one"), at("two")];
        (outer, roots)
    }

    #[track_caller]
    fn check(input_dir: &str, expect: bool) {
        let (outer, roots) = places();
        let input_dir = input_dir.replace("OUTER", outer.path().to_str().unwrap());
        let opened = open("s", Path::new(&input_dir), &roots);
        assert_eq!(opened.is_ok(), expect, "{input_dir}: {opened:?}");
        if let Err(Stop::Failed(reason, message)) = opened {
            assert_eq!(reason, FailureReason::InvalidInput);
            assert!(message.contains("`s`") && !message.contains(outer.path().to_str().unwrap()), "{message}");
        }
    }

    #[test]
    fn folders_below_a_root_are_opened() {
        for path in ["notes", "./notes", ".", "other", "inner", "OUTER/one/notes", "OUTER/one"] {
            check(path, true);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for path in [
            "out",
            "..",
            "notes/../..",
            "OUTER",
            "OUTER/one-evil/notes",
            "OUTER/secret",
            "file",
            "nowhere",
            "/",
            "OUTER/one/../secret",
        ] {
            check(path, false);
        }
    }

    #[test]
    fn without_roots_there_is_nothing() {
        assert!(open("s", Path::new("/"), &[]).is_err());
        assert!(is_outside(Path::new("/"), &[]) && is_outside(Path::new("notes"), &[]));
    }

    #[test]
    fn what_is_not_there_is_not_outside() {
        let (outer, roots) = places();
        let outside = |path: &str| {
            let path = path.replace("OUTER", outer.path().to_str().unwrap());
            is_outside(Path::new(&path), &roots)
        };
        for path in ["notes", "inner", "file", "nowhere", "nowhere/below", "OUTER/one/gone", "OUTER/missing/x"] {
            assert!(!outside(path), "{path}");
        }
        for path in
            ["out", "/", "OUTER/secret", "OUTER/one-evil/notes", "OUTER/gone", "one/../notes", "OUTER/one/../one"]
        {
            assert!(outside(path), "{path}");
        }
    }
}
