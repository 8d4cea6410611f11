//! Clears up after workers that died, and removes kept workspaces when their time has come.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::error::WorkspaceError;
use super::folder::{LOCK_FILE, PREFIX, kept};
use super::note::WorkspaceNote;
use super::remove::{remove, size};
use crate::process::{RunMarker, kill_marked};

/// How long the workspaces of work that failed are kept, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepRules {
    /// How long; none at all keeps nothing. 24 hours by default.
    pub time: Duration,
    /// Beyond this many bytes of all kept workspaces together, those whose content was handed over go before their
    /// time, oldest first. Those with work that nobody else has stay. 20 GiB by default.
    pub total_bytes: u64,
}

impl KeepRules {
    /// Removes every workspace at once.
    pub const NOTHING: Self = Self { time: Duration::ZERO, total_bytes: 0 };
}

impl Default for KeepRules {
    fn default() -> Self {
        Self { time: Duration::from_secs(24 * 3600), total_bytes: 20 << 30 }
    }
}

/// What [`sweep_workspaces`] found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecoveredWorkspaces {
    /// Folders removed.
    pub removed: usize,
    /// Processes killed.
    pub killed: usize,
    /// Folders that are kept for now.
    pub kept: usize,
}

/// [`sweep_workspaces`] with the default rules.
///
/// # Errors
///
/// As there.
pub async fn recover_workspaces(root: &Path) -> Result<RecoveredWorkspaces, WorkspaceError> {
    sweep_workspaces(root, KeepRules::default()).await
}

/// Ends what workers that died have left running in `root`, and removes the workspaces that nobody needs: those with
/// nothing to lose, and those whose time is over. Workspaces of living workers are not touched. Meant for a worker's
/// start, and for every hour.
///
/// # Errors
///
/// [`WorkspaceError::Scan`] when `root` exists and cannot be read. A workspace that cannot be removed
/// is logged and left.
pub async fn sweep_workspaces(root: &Path, rules: KeepRules) -> Result<RecoveredWorkspaces, WorkspaceError> {
    let root = root.to_owned();
    tokio::task::spawn_blocking(move || sweep(&root, rules))
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(WorkspaceError::Scan)
}

/// A workspace without an owner that is kept. Holding it keeps others from sweeping it too.
struct Kept {
    folder: PathBuf,
    note: WorkspaceNote,
    _lock: File,
}

/// What became of one workspace.
enum Found {
    /// Its owner lives, or is just making it.
    Owned,
    Removed {
        killed: usize,
    },
    Kept {
        kept: Kept,
        killed: usize,
    },
}

fn sweep(root: &Path, rules: KeepRules) -> io::Result<RecoveredWorkspaces> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(RecoveredWorkspaces::default());
        }
        other => other?,
    };
    let mut recovered = RecoveredWorkspaces::default();
    let mut all_kept = Vec::new();
    for entry in entries {
        let entry = entry?;
        if !entry.file_type()?.is_dir() || !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        match sweep_one(&entry.path(), rules) {
            Ok(Found::Owned) => {}
            Ok(Found::Removed { killed }) => {
                recovered.removed += 1;
                recovered.killed += killed;
            }
            Ok(Found::Kept { kept, killed }) => {
                recovered.killed += killed;
                all_kept.push(kept);
            }
            Err(error) => log::warn!(error:% = error; "an abandoned workspace could not be removed"),
        }
    }
    let kept = all_kept.len();
    let dropped = drop_above(all_kept, rules.total_bytes);
    recovered.removed += dropped;
    recovered.kept = kept - dropped;
    Ok(recovered)
}

fn sweep_one(folder: &Path, rules: KeepRules) -> io::Result<Found> {
    let mut lock = match OpenOptions::new().read(true).open(folder.join(LOCK_FILE)) {
        // Its owner is just making it, or died while making it: then it is empty and does no harm.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Owned),
        other => other?,
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Found::Owned),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut text = String::new();
    (&mut lock).take(64).read_to_string(&mut text)?;
    // Without a marker its owner died, or has yet to take the lock, before anything could run.
    let Some(marker) = RunMarker::parse(&text) else {
        return Ok(Found::Owned);
    };
    let killed = kill_marked(&marker);
    let Some(mut note) = WorkspaceNote::read(folder)? else {
        remove(folder)?;
        return Ok(Found::Removed { killed });
    };
    if note.kept_until.is_none() {
        note = kept(note, rules.time, "its worker died");
        note.write(folder)?;
    }
    if rules.time.is_zero() || note.kept_until.is_none_or(|until| until <= Timestamp::now()) {
        remove(folder)?;
        log_removal(&note, "its time is over");
        return Ok(Found::Removed { killed });
    }
    Ok(Found::Kept { kept: Kept { folder: folder.to_owned(), note, _lock: lock }, killed })
}

/// Removes what was handed over, oldest first, until the rest takes no more than `most` bytes. Says how many that were.
fn drop_above(mut all: Vec<Kept>, most: u64) -> usize {
    let mut sizes: Vec<u64> = all.iter().map(|kept| size(&kept.folder)).collect();
    let mut total: u64 = sizes.iter().sum();
    let mut removed = 0;
    while total > most {
        let oldest = (0..all.len()).filter(|&at| all[at].note.handed_over).min_by_key(|&at| all[at].note.kept_until);
        let Some(at) = oldest else {
            log::warn!(bytes = total, limit_bytes = most; "kept workspaces take more than they may, and hold work that nobody else has");
            break;
        };
        let kept = all.swap_remove(at);
        total -= sizes.swap_remove(at);
        match remove(&kept.folder) {
            Ok(()) => {
                removed += 1;
                log_removal(&kept.note, "kept workspaces take more than they may");
            }
            Err(error) => log::warn!(error:% = error; "a kept workspace could not be removed"),
        }
    }
    removed
}

fn log_removal(note: &WorkspaceNote, why: &str) {
    let WorkspaceNote { task_id, attempt, handed_over, .. } = note;
    log::info!(task_id, attempt, handed_over, why; "removed a kept workspace");
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::workspace::Workspace;

    const HOUR: Duration = Duration::from_secs(3600);

    fn note() -> WorkspaceNote {
        WorkspaceNote {
            task_id: "t".to_owned(),
            attempt: 1,
            run_key: "r".to_owned(),
            repo: "org/demo".to_owned(),
            base_commit: "c".to_owned(),
            handed_over: false,
            kept_because: None,
            kept_until: None,
        }
    }

    async fn sweep_all(root: &Path, rules: KeepRules) -> (usize, usize) {
        let RecoveredWorkspaces { removed, killed, kept } = sweep_workspaces(root, rules).await.unwrap();
        assert_eq!(killed, 0);
        (removed, kept)
    }

    #[tokio::test]
    async fn a_living_owner_keeps_its_workspace() {
        let root = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(root.path()).unwrap();
        assert_eq!(recover_workspaces(root.path()).await.unwrap(), RecoveredWorkspaces::default());
        assert!(workspace.home().is_dir());
        workspace.close().await.unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_dead_owners_workspace_goes_even_when_read_only() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("ws-dead");
        let locked = folder.join("work/repo/locked");
        fs::create_dir_all(&locked).unwrap();
        fs::write(locked.join("file"), "").unwrap();
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
        fs::write(folder.join(LOCK_FILE), RunMarker::random().as_str()).unwrap();
        assert_eq!(sweep_all(root.path(), KeepRules::default()).await, (1, 0));
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn what_is_no_workspace_stays() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("other")).unwrap();
        fs::create_dir(root.path().join("ws-unmarked")).unwrap();
        fs::write(root.path().join("ws-unmarked").join(LOCK_FILE), "").unwrap();
        assert_eq!(recover_workspaces(root.path()).await.unwrap().removed, 0);
        assert_eq!(recover_workspaces(&root.path().join("none")).await.unwrap().removed, 0);
        assert!(root.path().join("other").exists());
    }

    #[tokio::test]
    async fn failed_work_is_kept_for_its_time() {
        let root = tempfile::tempdir().unwrap();
        let rules = KeepRules { time: HOUR, total_bytes: u64::MAX };
        let mut workspace = Workspace::create(root.path()).unwrap();
        workspace.in_use(note(), HOUR).await.unwrap();
        let folder = workspace.folder().to_owned();
        assert_eq!(sweep_all(root.path(), rules).await, (0, 0), "leased");
        workspace.keep("it failed").await.unwrap();
        assert_eq!(sweep_all(root.path(), rules).await, (0, 1));
        let read = WorkspaceNote::read(&folder).unwrap().unwrap();
        assert_eq!(read.kept_because.as_deref(), Some("it failed"));
        assert!(read.kept_until.unwrap() > Timestamp::now());
        WorkspaceNote { kept_until: Some(Timestamp::UNIX_EPOCH), ..read }.write(&folder).unwrap();
        assert_eq!(sweep_all(root.path(), rules).await, (1, 0));
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn work_that_was_broken_off_is_kept_too() {
        let root = tempfile::tempdir().unwrap();
        let mut dropped = Workspace::create(root.path()).unwrap();
        dropped.in_use(note(), HOUR).await.unwrap();
        drop(dropped);
        let mut killed = Workspace::create(root.path()).unwrap();
        killed.in_use(note(), HOUR).await.unwrap();
        // As after the owner's death: the lock is free, and nothing was written any more.
        let abandoned = root.path().join("ws-abandoned");
        fs::create_dir(&abandoned).unwrap();
        for file in [LOCK_FILE, "workspace.json"] {
            fs::copy(killed.folder().join(file), abandoned.join(file)).unwrap();
        }
        killed.close().await.unwrap();
        assert_eq!(sweep_all(root.path(), KeepRules::default()).await, (0, 2));
        assert_eq!(sweep_all(root.path(), KeepRules::default()).await, (0, 2));
        assert_eq!(sweep_all(root.path(), KeepRules::NOTHING).await, (2, 0));
    }

    #[tokio::test]
    async fn too_many_bytes_cost_only_what_was_handed_over() {
        let root = tempfile::tempdir().unwrap();
        for handed_over in [true, false] {
            let mut workspace = Workspace::create(root.path()).unwrap();
            workspace.in_use(note(), HOUR).await.unwrap();
            fs::write(workspace.checkout().join("file"), "content").unwrap();
            if handed_over {
                workspace.handed_over().await.unwrap();
            }
            workspace.keep("it failed").await.unwrap();
        }
        assert_eq!(sweep_all(root.path(), KeepRules::default()).await, (0, 2));
        assert_eq!(sweep_all(root.path(), KeepRules { time: HOUR, total_bytes: 0 }).await, (1, 1));
        assert_eq!(sweep_all(root.path(), KeepRules { time: HOUR, total_bytes: 0 }).await, (0, 1));
    }

    #[tokio::test]
    async fn nothing_is_kept_by_rule() {
        let root = tempfile::tempdir().unwrap();
        let mut workspace = Workspace::create(root.path()).unwrap();
        workspace.in_use(note(), Duration::ZERO).await.unwrap();
        workspace.keep("it failed").await.unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
