//! Finds a folder of a checkout, whatever links the repository holds.

use std::io;
use std::path::{Component, Path, PathBuf};

/// Why a path is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PathError {
    #[error("the path `{0}` leaves the checkout")]
    Outside(String),
    #[error("the checkout has no folder `{0}`")]
    NotAFolder(String),
    #[error("the path cannot be looked up")]
    Unreadable(#[source] io::Error),
}

/// The real folder that `path` names below `root`. Links are followed, but only to places inside
/// `root` and outside its `.git`. Sound only while nothing of the repository runs.
pub(crate) fn confine(root: &Path, path: &str) -> Result<PathBuf, PathError> {
    let outside = || PathError::Outside(path.to_owned());
    let relative = Path::new(path);
    let is_plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !relative.components().all(is_plain) || path.contains('\0') {
        return Err(outside());
    }
    let root = root.canonicalize().map_err(PathError::Unreadable)?;
    let found = match root.join(relative).canonicalize() {
        Ok(found) => found,
        // What a dangling or circular link points to is nothing, wherever that may be.
        Err(_) => return Err(PathError::NotAFolder(path.to_owned())),
    };
    let inside = found.strip_prefix(&root).map_err(|_| outside())?;
    if inside.starts_with(".git") {
        return Err(outside());
    }
    if !found.is_dir() {
        return Err(PathError::NotAFolder(path.to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn checkout() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repo");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir_all(root.join(".git/hooks")).unwrap();
        fs::create_dir(folder.path().join("secret")).unwrap();
        fs::write(root.join("file"), "").unwrap();
        symlink("a/b", root.join("good")).unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink("/", root.join("slash")).unwrap();
        symlink(".git", root.join("git")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        folder
    }

    #[track_caller]
    fn check(path: &str, expect: Option<&str>) {
        let folder = checkout();
        let root = folder.path().join("repo");
        let expect = expect.map(|path| root.canonicalize().unwrap().join(path));
        assert_eq!(confine(&root, path).ok(), expect, "{path}");
    }

    #[test]
    fn folders_inside_are_found() {
        check("", Some(""));
        check("a/b", Some("a/b"));
        check("./a/", Some("a"));
        check("good", Some("a/b"));
    }

    #[test]
    fn everything_else_is_refused() {
        for path in [
            "..",
            "a/../..",
            "/",
            "/etc",
            "out",
            "slash",
            "slash/etc",
            "git",
            ".git",
            ".git/hooks",
            "file",
            "none",
            "loop",
            "a\0",
        ] {
            check(path, None);
        }
    }
}
