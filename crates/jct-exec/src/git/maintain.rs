//! Keeps the caches small and quick: drops pins of work long past and repacks what has grown, one repository at a time,
//! and only while nobody needs its objects.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::cache::RepoCache;
use super::call::Call;
use super::client::git_dir;
use super::error::{CacheStep, GitError};
use super::lease::Lease;
use super::receive::INCOMING;
use crate::process::Bounds;

/// Objects out of reach that are younger than this stay: a workspace that is kept after a failure may borrow them.
const PRUNE: &str = "--prune=2.weeks.ago";
/// The folders of references whose age counts.
const PINS: [&str; 3] = ["refs/jct/base", "refs/jct/runs", "refs/jct/commits"];
/// What a crash left half removed or half judged is garbage after this long.
const GARBAGE_AFTER: Duration = Duration::from_secs(24 * 3600);

/// When a cached repository is repacked, and what is dropped before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaintenanceRules {
    /// Repack beyond this many packs. 30 by default.
    pub packs: usize,
    /// Repack beyond this many loose objects, which are estimated. 4000 by default.
    pub loose_objects: usize,
    /// Drop the pins of attempts older than this. 30 days by default.
    pub pins_after: Duration,
}

impl Default for MaintenanceRules {
    fn default() -> Self {
        Self { packs: 30, loose_objects: 4000, pins_after: Duration::from_secs(30 * 24 * 3600) }
    }
}

/// What [`RepoCache::maintain`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maintenance {
    /// Repositories looked at.
    pub repositories: usize,
    /// Repositories that somebody needs, and that were left alone.
    pub in_use: usize,
    /// Repositories that were repacked.
    pub repacked: usize,
    /// Pins that were dropped.
    pub pins_dropped: usize,
}

impl RepoCache {
    /// Looks after every cached repository that nobody uses at the moment. Meant for a worker's start, and for every
    /// hour. A repository that cannot be repacked is logged and left as it is.
    ///
    /// # Errors
    ///
    /// [`GitError::Cache`] when the cache's folder cannot be read, or the bounds.
    pub async fn maintain(&self, rules: MaintenanceRules, bounds: &Bounds) -> Result<Maintenance, GitError> {
        let mut done = Maintenance::default();
        let root = self.root().to_owned();
        let folders = tokio::task::spawn_blocking(move || repositories(&root)).await;
        for folder in folders.map_err(io::Error::other).flatten().map_err(failed)? {
            done.repositories += 1;
            match self.maintain_one(&folder, rules, &mut done, bounds).await {
                Err(error @ (GitError::TimedOut | GitError::Cancelled)) => return Err(error),
                Err(error) => log::warn!(error:% = error; "a repository cache could not be looked after"),
                Ok(()) => {}
            }
        }
        Ok(done)
    }

    async fn maintain_one(
        &self,
        folder: &Path,
        rules: MaintenanceRules,
        done: &mut Maintenance,
        bounds: &Bounds,
    ) -> Result<(), GitError> {
        let held = self.locks().try_hold(&folder.with_extension("lock")).map_err(failed)?;
        // INVARIANT of the lease: it is taken alone only under the lock.
        let lease = if held.is_some() { Lease::alone(&folder.with_extension("lease")).map_err(failed)? } else { None };
        let Some(_lease) = lease else {
            done.in_use += 1;
            return Ok(());
        };
        let old = old_pins(folder, rules.pins_after).map_err(failed)?;
        if !old.is_empty() {
            let commands: String = old.iter().map(|reference| format!("delete {reference}\n")).collect();
            let call = Call::new("drop old pins", [git_dir(folder)]).args(["update-ref", "--stdin"]).stdin(commands);
            self.git().run(call, bounds).await?;
            done.pins_dropped += old.len();
        }
        if has_grown(folder, rules).map_err(failed)? {
            // Pins are told by the age of their files, so they are not packed together.
            let call = Call::new("repack a repository cache", [git_dir(folder)])
                .setting("gc.packRefs", "false")
                .args(["gc", "--quiet", PRUNE]);
            self.git().run(call, bounds).await?;
            done.repacked += 1;
        }
        Ok(())
    }
}

fn failed(cause: io::Error) -> GitError {
    GitError::Cache { step: CacheStep::Maintain, cause }
}

/// All repositories of a cache. Garbage is removed by the way.
fn repositories(root: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "git") && path.is_dir() {
            folders.push(path);
        } else if is_garbage(&path)
            && let Err(error) = fs::remove_dir_all(&path)
        {
            log::warn!(error:% = error; "garbage of a repository cache could not be removed");
        }
    }
    Ok(folders)
}

fn is_garbage(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (name.starts_with(INCOMING) || name.contains(".discarded-")) && path.is_dir() && is_older(path, GARBAGE_AFTER)
}

fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|then| SystemTime::now().duration_since(then).is_ok_and(|passed| passed > age))
}

fn old_pins(folder: &Path, age: Duration) -> io::Result<Vec<String>> {
    let mut old = Vec::new();
    for pins in PINS {
        let entries = match fs::read_dir(folder.join(pins)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            if is_older(&entry.path(), age)
                && let Some(name) = entry.file_name().to_str()
            {
                old.push(format!("{pins}/{name}"));
            }
        }
    }
    Ok(old)
}

/// As `git gc --auto` does, loose objects are estimated by those in one of their 256 folders.
fn has_grown(folder: &Path, rules: MaintenanceRules) -> io::Result<bool> {
    let count = |folder: PathBuf, is_counted: fn(&Path) -> bool| match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
        Ok(entries) => Ok(entries.flatten().filter(|entry| is_counted(&entry.path())).count()),
    };
    let packs = count(folder.join("objects/pack"), |path| path.extension().is_some_and(|e| e == "pack"))?;
    let loose = count(folder.join("objects/17"), |_| true)? * 256;
    Ok(packs > rules.packs || loose > rules.loose_objects)
}
