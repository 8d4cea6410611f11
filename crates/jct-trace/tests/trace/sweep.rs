//! What a crash leaves is removed, and nothing that is live or foreign.

use std::os::unix::fs::symlink;
use std::time::Duration;

use jct_contract::{Clock, SystemClock, Timestamp};
use jct_trace::SweepPolicy;

use crate::support::{Tower, names, task_id};

fn in_an_hour() -> SweepPolicy {
    let hour = Duration::from_secs(3600);
    SweepPolicy { now: SystemClock.now().after(hour), older_than: Duration::from_secs(600) }
}

#[test]
fn old_folders_of_dead_leases_are_removed() {
    let tower = Tower::new();
    tower.seal(3);
    let outside = tempfile::tempdir().unwrap();
    let dead = tower.begin(1);
    symlink(outside.path(), dead.artifacts_dir().join("link")).unwrap();
    std::fs::create_dir_all(dead.artifacts_dir().join("a/b/c")).unwrap();
    std::fs::write(dead.artifacts_dir().join("a/b/c/file"), "x").unwrap();
    drop(dead);
    let _live = tower.begin(2);

    let report = tower.root.sweep_orphans(in_an_hour(), |folder| folder.fence.generation == 2).unwrap();
    let removed: Vec<_> = report.removed.iter().map(|folder| (folder.task_id, folder.attempt)).collect();
    assert_eq!(removed, [(task_id(), 1)]);
    assert!(report.failed.is_empty());
    assert_eq!(tower.unsealed(), [format!("{}.attempt-2.1.2", task_id())]);
    assert!(outside.path().exists());
    assert!(tower.attempt(3).exists());
}

#[test]
fn young_folders_are_kept_whatever_is_said_of_them() {
    let tower = Tower::new();
    let _running = tower.begin(1);
    for now in [SystemClock.now(), Timestamp::from_micros(0)] {
        let policy = SweepPolicy { now, older_than: Duration::from_secs(600) };
        assert!(tower.root.sweep_orphans(policy, |_| false).unwrap().removed.is_empty());
    }
    assert_eq!(tower.unsealed().len(), 1);
}

#[test]
fn foreign_names_are_left_alone() {
    let tower = Tower::new();
    let unsealed = tower.path().join(".unsealed");
    std::fs::create_dir(unsealed.join("lost+found")).unwrap();
    std::fs::create_dir(unsealed.join(format!("{}.attempt-01.1.1", task_id()))).unwrap();
    assert!(tower.root.sweep_orphans(in_an_hour(), |_| false).unwrap().removed.is_empty());
    assert_eq!(names(&unsealed).len(), 2);
}
