//! The links to the accepted attempt.

use std::path::Path;

use jct_trace::AcceptError;

use crate::support::{Tower, names, task_id};

#[track_caller]
fn links_lead_to(tower: &Tower, attempt: u32) {
    let task = tower.path().join(task_id().to_string());
    for name in ["input.json", "log.txt", "output.json"] {
        let target = std::fs::read_link(task.join(name)).unwrap();
        assert_eq!(target, Path::new(&format!("attempt-{attempt}/{name}")));
        assert!(!std::fs::read(task.join(name)).unwrap().is_empty());
    }
}

#[test]
fn links_lead_to_the_accepted_attempt_and_can_be_set_again() {
    let tower = Tower::new();
    tower.seal(1);
    tower.seal(2);
    tower.root.accept(task_id(), 1).unwrap();
    links_lead_to(&tower, 1);
    tower.root.accept(task_id(), 2).unwrap();
    links_lead_to(&tower, 2);
    tower.root.accept(task_id(), 2).unwrap();
    links_lead_to(&tower, 2);
    let expected = ["attempt-1", "attempt-2", "input.json", "log.txt", "output.json"];
    assert_eq!(names(&tower.path().join(task_id().to_string())), expected);
}

#[test]
fn an_interrupted_change_is_finished_by_the_next() {
    let tower = Tower::new();
    tower.seal(1);
    tower.seal(2);
    tower.root.accept(task_id(), 1).unwrap();
    let task = tower.path().join(task_id().to_string());
    std::os::unix::fs::symlink("attempt-9/log.txt", task.join(".log.txt.new")).unwrap();
    tower.root.accept(task_id(), 2).unwrap();
    links_lead_to(&tower, 2);
    assert!(!names(&task).contains(&".log.txt.new".to_owned()));
}

#[test]
fn only_a_sealed_attempt_is_accepted() {
    let tower = Tower::new();
    assert!(matches!(tower.root.accept(task_id(), 1), Err(AcceptError::NotSealed { attempt: 1 })));
    let _running = tower.begin(1);
    assert!(matches!(tower.root.accept(task_id(), 1), Err(AcceptError::NotSealed { attempt: 1 })));
    tower.seal(2);
    assert!(matches!(tower.root.accept(task_id(), 1), Err(AcceptError::NotSealed { attempt: 1 })));
}
