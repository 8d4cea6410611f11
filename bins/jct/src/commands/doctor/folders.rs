//! Folders that must take files, and the room on their disks.

use std::path::{Path, PathBuf};

use jct_config::Config;

use super::check::Check;
use crate::output::bytes;

/// With less, the next traces or commits fail.
const ROOM_LEAST: u64 = 1024 * 1024 * 1024;
/// With less of the disk, it is time to look.
const ROOM_PERCENT: u64 = 5;

pub(super) fn checks(config: &Config) -> Vec<Check> {
    let folders = [
        ("trace root", config.trace.root.as_path(), "JCT_TRACE_ROOT"),
        ("workspaces", config.worker.workspace_root.as_path(), "JCT_WORKER_WORKSPACE_ROOT"),
        ("repository cache", config.worker.cache_root.as_path(), "JCT_WORKER_CACHE_ROOT"),
    ];
    let mut checks: Vec<_> = folders.iter().map(|(name, path, variable)| writable(name, path, variable)).collect();
    checks.push(room(config.trace.root.as_path()));
    checks
}

/// Whether a file can be made in the folder or, where it does not exist yet, in the one it will be made in.
fn writable(name: &str, path: &Path, variable: &str) -> Check {
    let there = nearest(path);
    match tempfile::tempfile_in(&there) {
        Ok(_) if there == path => Check::ok(name, format!("{} takes files", path.display())),
        Ok(_) => Check::ok(name, format!("{} will be made when it is needed", path.display())),
        Err(error) => Check::problem(
            name,
            format!("{} takes no files: {error}", there.display()),
            format!("make it writable for this user, or name another folder with {variable}"),
        ),
    }
}

fn room(path: &Path) -> Check {
    let there = nearest(path);
    let fix = "free some room, or move JCT_TRACE_ROOT and the database to a larger disk";
    match rustix::fs::statvfs(&there) {
        Err(error) => {
            Check::warning("disk", format!("the room at {} is not known: {error}", there.display()), "check the mount")
        }
        Ok(disk) => {
            judge_room(disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize), fix)
        }
    }
}

fn judge_room(free: u64, all: u64, fix: &str) -> Check {
    let message = format!("{} of {} are free", bytes(free), bytes(all));
    if free < ROOM_LEAST {
        Check::problem("disk", message, fix)
    } else if free < all / 100 * ROOM_PERCENT {
        Check::warning("disk", message, fix)
    } else {
        Check::ok("disk", message)
    }
}

/// The folder itself, or the nearest one above it that exists.
fn nearest(path: &Path) -> PathBuf {
    let path = if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) };
    path.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new(".")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_above() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(writable("x", folder.path(), "V").state, State::Ok);
        assert!(writable("x", &folder.path().join("a/b"), "V").message.contains("will be made"));
        assert_eq!(writable("x", Path::new("/proc/none"), "V").state, State::Problem);
    }

    #[test]
    fn little_room_is_told() {
        const GIB: u64 = 1024 * 1024 * 1024;
        assert_eq!(judge_room(GIB - 1, 10 * GIB, "").state, State::Problem);
        assert_eq!(judge_room(4 * GIB, 100 * GIB, "").state, State::Warning);
        assert_eq!(judge_room(6 * GIB, 100 * GIB, "").state, State::Ok);
    }
}
