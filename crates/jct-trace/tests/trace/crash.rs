//! A worker that is killed at any moment: whatever has its final name is whole, and the rest can be swept away.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use jct_contract::{Clock, SystemClock, TaskId, Timestamp};
use jct_trace::{SealerHandle, SweepPolicy, TraceRoot, verify};
use serde_json::json;

use crate::support::{FINISHED, Tower, identity, names, result};

/// Trace root of the process that is to be killed; set only in that process.
const ROOT_OF_VICTIM: &str = "JCT_TEST_TRACE_VICTIM_ROOT";

/// Not a test of its own: the process that [`invariant_5_a_killed_worker_leaves_no_half_sealed_folder`] kills.
#[test]
fn victim() {
    let Some(path) = std::env::var_os(ROOT_OF_VICTIM) else {
        return;
    };
    let root = TraceRoot::open(Path::new(&path)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let sealer = SealerHandle::start(root.clone());
        let mut running = tokio::task::JoinSet::new();
        for worker in 0..16 {
            let (root, sealer) = (root.clone(), sealer.clone());
            running.spawn(async move {
                for round in 0.. {
                    let mut identity = identity(1);
                    identity.task_id = TaskId::at(Timestamp::from_micros(round * 16 + worker));
                    let trace = root.begin(identity, &json!({ "round": round })).unwrap();
                    std::fs::write(trace.artifacts_dir().join("artifact"), vec![b'x'; 10_000]).unwrap();
                    let sealed = sealer.seal(trace.finish(result(), FINISHED)).await.unwrap();
                    root.accept(sealed.task_id, 1).unwrap();
                }
            });
        }
        while running.join_next().await.is_some() {}
    });
}

fn start_victim(root: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::victim", "--nocapture"]).env(ROOT_OF_VICTIM, root);
    command.stdout(std::process::Stdio::null()).spawn().unwrap()
}

fn sealed_tasks(root: &Path) -> Vec<TaskId> {
    let with_attempt = |name: &String| root.join(name).join("attempt-1").exists();
    names(root).iter().filter(|name| with_attempt(name)).map(|name| name.parse().unwrap()).collect()
}

#[test]
fn invariant_5_a_killed_worker_leaves_no_half_sealed_folder() {
    let tower = Tower::new();
    for round in 1..=5 {
        let mut victim = start_victim(tower.path());
        // However slow the machine: the kill comes in the middle of the work.
        while sealed_tasks(tower.path()).len() < round * 50 {
            assert!(victim.try_wait().unwrap().is_none(), "the victim ended by itself");
            std::thread::sleep(Duration::from_millis(3));
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    let sealed = sealed_tasks(tower.path());
    for task_id in &sealed {
        let report = verify(&tower.root, *task_id, 1, None).unwrap();
        assert!(report.is_clean() && report.files_checked == 5, "{task_id}: {report:?}");
    }
    assert!(sealed.len() >= 250);

    let policy =
        SweepPolicy { now: SystemClock.now().after(Duration::from_secs(60)), older_than: Duration::from_secs(1) };
    let left = tower.unsealed().len();
    assert_eq!(tower.root.sweep_orphans(policy, |_| false).unwrap().removed.len(), left);
    assert!(tower.unsealed().is_empty());
    assert_eq!(sealed_tasks(tower.path()), sealed);
}
