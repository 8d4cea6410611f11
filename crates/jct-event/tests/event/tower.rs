//! What the tower itself has to say.

use jct_contract::{Sha256Digest, TaskId, Timestamp, WorkerId, WorkflowId, WorkflowRunId};
use jct_event::{
    BudgetNear, CheckpointSealed, EventPriority, NewEvent, TaskStateChanged, TowerEvent, TowerEventType, WorkerLost,
    WorkflowRunChanged, WorkflowRunStatus,
};
use jct_lifecycle::{ReasonCode, TaskStatus};
use serde_json::json;

const AT: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

#[test]
fn each_kind_has_a_type_of_its_own_that_is_reserved() {
    let mut types: Vec<_> = TowerEventType::ALL.map(|kind| kind.event_type()).to_vec();
    assert!(types.iter().all(|kind| kind.is_reserved() && kind.as_str().parse().as_ref() == Ok(kind)));
    types.sort();
    types.dedup();
    assert_eq!(types.len(), TowerEventType::ALL.len());
}

#[test]
fn a_change_of_a_task_is_told_with_its_reason() {
    let task_id = TaskId::at(AT);
    let event = TowerEvent::TaskStateChanged(TaskStateChanged {
        task_id,
        repo: "myorg/service".to_owned(),
        from: Some(TaskStatus::Running),
        to: TaskStatus::Failed,
        attempt: 2,
        reason: Some(ReasonCode::CommandFailed),
    });
    let told = NewEvent::of_tower(&event, "audit-7".to_owned(), AT);
    assert_eq!(told.event_type().as_str(), "task.state_changed");
    assert_eq!(told.subject(), Some(task_id.to_string().as_str()));
    let expect = json!({
        "task_id": task_id.to_string(), "repo": "myorg/service", "from": "running", "to": "failed", "attempt": 2,
        "reason": "COMMAND_FAILED"
    });
    assert_eq!(told.data().json(), Some(&expect));
    assert_eq!(told.key(), NewEvent::of_tower(&event, "audit-7".to_owned(), AT).key());
    let stored = serde_json::to_vec(&told.to_document()).unwrap();
    assert_eq!(NewEvent::from_stored(&stored), Ok(told));
}

#[test]
fn the_other_kinds_are_told_too() {
    let worker = WorkerLost { worker_id: WorkerId::at(AT), name: "w1".to_owned(), last_seen: AT, leases: 3 };
    let budget = BudgetNear { scope: "repo:a/b".to_owned(), unit: "seconds".to_owned(), used: 90, limit: 100 };
    let sealed = CheckpointSealed { tree_size: 12, root: Sha256Digest::of(b"x") };
    let changed = WorkflowRunChanged {
        workflow_id: WorkflowId::at(AT),
        workflow: "security_scan".to_owned(),
        version: 1,
        run_id: WorkflowRunId::at(AT),
        from: Some(WorkflowRunStatus::Running),
        to: WorkflowRunStatus::Succeeded,
    };
    for (event, priority, subject, field) in [
        (TowerEvent::WorkerLost(worker.clone()), EventPriority::High, worker.worker_id.to_string(), "leases"),
        (TowerEvent::BudgetNear(budget), EventPriority::High, "repo:a/b".to_owned(), "limit"),
        (TowerEvent::CheckpointSealed(sealed), EventPriority::Low, "12".to_owned(), "root"),
        (TowerEvent::WorkflowRunChanged(changed.clone()), EventPriority::Medium, changed.run_id.to_string(), "version"),
    ] {
        let told = NewEvent::of_tower(&event, "1".to_owned(), AT);
        assert_eq!((told.priority(), told.subject()), (priority, Some(subject.as_str())));
        assert!(told.data().json().unwrap().get(field).is_some(), "{field}");
    }
}
