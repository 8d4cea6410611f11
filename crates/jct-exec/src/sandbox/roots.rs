//! What every run may read: where the system keeps its programs, and where `PATH` says there are more.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where systems keep programs and libraries.
const SYSTEM: [&str; 9] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];
/// Where people live; what is there is theirs.
const HOMES: [&str; 3] = ["/root", "/home", "/var/lib"];

/// Real paths, and links that lead to them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Roots {
    pub(super) paths: Vec<PathBuf>,
    pub(super) links: Vec<(PathBuf, PathBuf)>,
}

impl Roots {
    /// The system's, and those of `path`, a value of `PATH`.
    pub(super) fn of_system(path: &OsStr) -> Self {
        let mut roots = Self::default();
        let home = env::var_os("HOME").map(PathBuf::from);
        let programs = env::split_paths(path).filter(|entry| entry.is_absolute());
        let programs = programs.map(|entry| program_root(&entry, home.as_deref()).to_owned());
        for place in SYSTEM.iter().map(PathBuf::from).chain(programs) {
            // What a system does not have, nobody misses.
            let _missing = roots.add(&place);
        }
        roots
    }

    /// Adds a place, which must exist.
    pub(super) fn add(&mut self, place: &Path) -> io::Result<()> {
        let real = fs::canonicalize(place)?;
        if real == Path::new("/") {
            return Err(io::Error::other("everything is no part of the system"));
        }
        if real != place && !self.links.iter().any(|(link, _)| link == place) {
            self.links.push((place.to_owned(), real.clone()));
        }
        self.paths.push(real);
        Ok(())
    }

    /// The paths without those that are inside others.
    pub(super) fn outermost(mut self) -> Self {
        self.paths.sort();
        self.paths.dedup_by(|inner, outer| inner.starts_with(&*outer));
        self
    }
}

/// The folder that holds an entry of `PATH` and what its programs need: its parent when that is a tool's own, and
/// never anything of a person's beside the programs themselves.
fn program_root<'a>(entry: &'a Path, home: Option<&Path>) -> &'a Path {
    let is_personal = HOMES.iter().map(Path::new).chain(home).any(|home| entry.starts_with(home));
    let is_bin = entry.file_name().is_some_and(|name| name == "bin" || name == "sbin");
    match entry.parent() {
        Some(parent) if is_bin && !is_personal && parent.components().count() > 2 => parent,
        _ => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entry: &str, expect: &str) {
        assert_eq!(program_root(Path::new(entry), Some(Path::new("/srv/me"))), Path::new(expect));
    }

    #[test]
    fn a_tool_is_seen_whole_and_a_person_is_not() {
        check("/opt/node/bin", "/opt/node");
        check("/opt/bin", "/opt/bin");
        check("/bin", "/bin");
        check("/tools/scripts", "/tools/scripts");
        for home in ["root", "home/a"] {
            let inner = format!("/{home}/.local/bin");
            check(&inner, &inner);
        }
        check("/srv/me/x/bin", "/srv/me/x/bin");
    }

    #[test]
    fn links_are_followed_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("real/inner")).unwrap();
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).unwrap();
        let mut roots = Roots::default();
        for name in ["real/inner", "link", "real"] {
            roots.add(&root.join(name)).unwrap();
        }
        assert!(roots.add(&root.join("none")).is_err());
        assert!(roots.add(Path::new("/")).is_err());
        let expect = Roots { paths: vec![root.join("real")], links: vec![(root.join("link"), root.join("real"))] };
        assert_eq!(roots.outermost(), expect);
    }
}
