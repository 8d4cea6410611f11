//! Clears up after workers that died, and removes kept workspaces when their time has come.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::abandoned::{Abandoned, folders, take};
use super::error::WorkspaceError;
use super::folder::kept;
use super::note::WorkspaceNote;
use super::remove::{remove, size};
use crate::process::kill_marked;

/// How long the workspaces of work that failed are kept, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepRules {
    /// How long work that was handed over is kept; none at all keeps nothing of new work. Work that was not handed over
    /// and is there is never swept, whatever this says. 24 hours by default.
    pub time: Duration,
    /// Beyond this many bytes of all kept workspaces together, those whose content was handed over go before their
    /// time, oldest first. Those with work that nobody else has stay, and are named in the log. 20 GiB by default.
    pub total_bytes: u64,
}

impl KeepRules {
    /// Keeps nothing of new work, and removes at once what was handed over.
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
/// nothing to lose, and those whose work was handed over and whose time is over. What was not handed over stays.
/// Workspaces of living workers are not touched. Meant for a worker's start, and for every hour.
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
    _abandoned: Abandoned,
}

/// What became of one workspace.
enum Found {
    /// Its owner lives, or is just making it.
    Owned,
    Removed {
        killed: usize,
    },
    Kept {
        kept: Box<Kept>,
        killed: usize,
    },
}

fn sweep(root: &Path, rules: KeepRules) -> io::Result<RecoveredWorkspaces> {
    let mut recovered = RecoveredWorkspaces::default();
    let mut all_kept = Vec::new();
    for folder in folders(root)? {
        match sweep_one(&folder, rules) {
            Ok(Found::Owned) => {}
            Ok(Found::Removed { killed }) => {
                recovered.removed += 1;
                recovered.killed += killed;
            }
            Ok(Found::Kept { kept, killed }) => {
                recovered.killed += killed;
                all_kept.push(*kept);
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
    let Some(abandoned) = take(folder)? else { return Ok(Found::Owned) };
    let killed = kill_marked(&abandoned.marker);
    let Some(mut note) = WorkspaceNote::read(folder)? else {
        remove(folder)?;
        return Ok(Found::Removed { killed });
    };
    if note.kept_because.is_none() {
        note = kept(note, rules.time, "its worker died");
        note.write(folder)?;
    }
    let is_over = rules.time.is_zero() || note.kept_until.is_none_or(|until| until <= Timestamp::now());
    if is_over && !note.is_dirty() {
        remove(folder)?;
        log_removal(&note, "its time is over");
        return Ok(Found::Removed { killed });
    }
    let kept = Kept { folder: folder.to_owned(), note, _abandoned: abandoned };
    Ok(Found::Kept { kept: Box::new(kept), killed })
}

/// Removes what was handed over, oldest first, until the rest takes no more than `most` bytes. Says how many that were.
fn drop_above(mut all: Vec<Kept>, most: u64) -> usize {
    let mut sizes: Vec<u64> = all.iter().map(|kept| size(&kept.folder)).collect();
    let mut total: u64 = sizes.iter().sum();
    let mut removed = 0;
    while total > most {
        let oldest = (0..all.len()).filter(|&at| all[at].note.handed_over).min_by_key(|&at| all[at].note.kept_until);
        let Some(at) = oldest else {
            let workspaces = names(&all);
            log::warn!(bytes = total, limit_bytes = most, workspaces; "kept workspaces take more than they may, and hold work that nobody else has: see `jct workspaces list`");
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

/// Their names, for an operator who is to look at them.
fn names(all: &[Kept]) -> String {
    let mut names: Vec<_> =
        all.iter().filter_map(|kept| kept.folder.file_name()).map(|n| n.to_string_lossy()).collect();
    names.sort();
    names.join(", ")
}

fn log_removal(note: &WorkspaceNote, why: &str) {
    let WorkspaceNote { task_id, attempt, handed_over, .. } = note;
    log::info!(task_id, attempt, handed_over, why; "removed a kept workspace");
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::process::RunMarker;
    use crate::workspace::folder::LOCK_FILE;
    use crate::workspace::{RemoveError, Workspace, list_workspaces, remove_workspace};

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
            kept_since: None,
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
        workspace.handed_over().await.unwrap();
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
        // Nobody else has that work, so no rule removes it.
        assert_eq!(sweep_all(root.path(), KeepRules::NOTHING).await, (0, 2));
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

    #[tokio::test]
    async fn work_that_was_not_handed_over_goes_by_an_operators_word_alone() {
        let root = tempfile::tempdir().unwrap();
        let mut workspace = Workspace::create(root.path()).unwrap();
        workspace.in_use(note(), HOUR).await.unwrap();
        let name = workspace.folder().file_name().unwrap().to_string_lossy().into_owned();
        let remove = |dirty| remove_workspace(root.path(), &name, dirty);
        assert!(matches!(remove(true), Err(RemoveError::InUse(_))));
        workspace.keep("it failed").await.unwrap();
        // Long ago, as far as anybody can tell.
        let folder = root.path().join(&name);
        let old = WorkspaceNote::read(&folder).unwrap().unwrap();
        assert_eq!(old.kept_until, None);
        WorkspaceNote { kept_until: Some(Timestamp::UNIX_EPOCH), ..old }.write(&folder).unwrap();
        assert_eq!(sweep_all(root.path(), KeepRules { time: HOUR, total_bytes: 0 }).await, (0, 1));
        assert_eq!(sweep_all(root.path(), KeepRules::NOTHING).await, (0, 1));
        let found = list_workspaces(root.path()).unwrap();
        assert_eq!(
            found.iter().map(|one| (&one.name, one.dirty, one.in_use)).collect::<Vec<_>>(),
            [(&name, true, false)]
        );
        assert!(matches!(remove(false), Err(RemoveError::Dirty(_))));
        assert!(folder.exists());
        remove(true).unwrap();
        assert!(!folder.exists());
        assert!(matches!(remove(true), Err(RemoveError::NotFound(_))));
        for name in ["../x", "ws-a/../..", "/", "", "other"] {
            assert!(matches!(remove_workspace(root.path(), name, true), Err(RemoveError::NotFound(_))), "{name}");
        }
        assert_eq!(list_workspaces(root.path()).unwrap(), []);
    }
}
