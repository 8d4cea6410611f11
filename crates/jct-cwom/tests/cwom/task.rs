//! A task becomes work objects and the work objects become the task, with nothing lost.

use jct_contract::{
    ConstraintSnapshotId, ContextPacketId, IssueId, NormalizedTask, RepoId, SpecError, TaskSpec, Timestamp,
};
use jct_cwom::task::{Attempt, TaskIds, TaskObjects, objects_of, run_of, spec_of};
use jct_cwom::{
    Body, IssueType, NewConstraintSnapshot, NewContextPacket, NewIssue, NewRepo, RiskTolerance, RunMode, limits, parse,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::instances::instance;
use crate::support;

fn ids() -> TaskIds {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    TaskIds {
        repo: RepoId::at(at),
        constraint_snapshot: ConstraintSnapshotId::at(at),
        issue: IssueId::at(at),
        context_packet: ContextPacketId::at(at),
    }
}

fn normalized(task: &Value) -> NormalizedTask {
    TaskSpec::from_json(task.to_string().as_bytes()).unwrap().normalize().unwrap()
}

fn full() -> Value {
    json!({
        "idempotency_key": "key-1",
        "requested_by": {"kind": "agent", "id": "jules", "label": "Jules"},
        "objective": "  Describe the repository\nand say why  ",
        "operation": "code_change",
        "target": {"repo": "MyOrg/Group/Service.git", "ref": "release/2.x", "path": "crates/core"},
        "constraints": {"time_budget_seconds": 100, "allow_network": true},
        "inputs": {"executor": "command", "command": ["cargo", "test"]},
        "metadata": {"ticket": "PAY-1"},
        "acceptance_criteria": ["tests pass"],
        "evidence_requirements": ["the log of the tests"],
    })
}

fn back(objects: &TaskObjects) -> Result<TaskSpec, SpecError> {
    let TaskObjects { repo, constraint_snapshot, issue, context_packet } = objects;
    spec_of(repo, issue, Some(context_packet), Some(constraint_snapshot))
}

/// A task that fits the published schema, with a repository and a ref that git takes.
fn any_task() -> impl Strategy<Value = NormalizedTask> {
    let repo = "[A-Z][a-z]{1,4}(/[a-z]{1,3}){1,2}(\\.git)?";
    let names = (repo, "[a-z]{1,3}(/[a-z]{1,150})?", "[a-z]{5,9}([ \n][^\\x00]{0,300})?");
    let budget = prop_oneof![Just(-1_i64), Just(0), 1..100_000_i64];
    (instance(&jct_contract::schema::task_spec_schema()), names, budget).prop_filter_map(
        "the gate of the door",
        |(mut task, (repo, ref_, objective), budget)| {
            task["target"]["repo"] = repo.into();
            task["target"]["ref"] = ref_.into();
            task["target"]["path"] = if budget % 2 == 0 { "".into() } else { "src/é".into() };
            task["objective"] = objective.into();
            task["constraints"]["time_budget_seconds"] = budget.into();
            TaskSpec::from_json(task.to_string().as_bytes()).ok()?.normalize().ok()
        },
    )
}

proptest! {
    #[test]
    fn nothing_of_a_task_is_lost(task in any_task()) {
        let objects = objects_of(&task, ids());
        let again = back(&objects).unwrap().normalize().unwrap();
        prop_assert_eq!(again.canonical_json(), task.canonical_json());
        prop_assert_eq!(again.digest(), task.digest());
        prop_assert_eq!(again.idempotency_key(), task.idempotency_key());
    }

    #[test]
    fn nothing_is_lost_in_storage_either(task in any_task()) {
        let TaskObjects { repo, constraint_snapshot, issue, context_packet } = objects_of(&task, ids());
        let repo = NewRepo::from_document(&repo.document()).unwrap();
        let snapshot = NewConstraintSnapshot::from_document(&constraint_snapshot.document()).unwrap();
        let issue = crate::properties::stored(&issue);
        let packet = crate::properties::stored_packet(&context_packet);
        let again = spec_of(&repo, &issue, Some(&packet), Some(&snapshot)).unwrap().normalize().unwrap();
        prop_assert_eq!(again, task);
    }

    #[test]
    fn what_a_small_task_becomes_would_pass_the_door(task in any_task()) {
        fn check<T: Body + PartialEq + std::fmt::Debug>(object: &T) {
            assert_eq!(&parse::<T>(&serde_json::to_vec(object).unwrap()).unwrap(), object);
        }
        let objects = objects_of(&task, ids());
        check(&objects.repo);
        check(&objects.constraint_snapshot);
        check(&objects.issue);
        check(&objects.context_packet);
        let attempt = Attempt {
            issue: ids().issue,
            repo: ids().repo,
            context_packet: Some(ids().context_packet),
            constraint_snapshot: Some(ids().constraint_snapshot),
            worker: "worker-1",
            ordinal: 1,
        };
        check(&run_of(&task, &attempt));
    }
}

#[test]
fn the_largest_task_is_carried_as_well() {
    let mut task = full();
    let deep = (1..limits::FREE_FORM_MAX_DEPTH).fold(json!({}), |inner, _| json!({"a": inner}));
    task["metadata"] = deep;
    task["inputs"] =
        json!({"text": "x".repeat(limits::FREE_FORM_MAX_BYTES - 1000), "number": 5.028_153_967_223_099e17});
    task["acceptance_criteria"] = json!(vec!["é".repeat(2000); 100]);
    task["evidence_requirements"] = json!(vec!["\u{1f600}".repeat(2000); 100]);
    task["target"]["ref"] = "x".repeat(256).into();
    task["target"]["path"] = "y".repeat(512).into();
    task["objective"] = "z".repeat(4000).into();
    let task = normalized(&task);
    let objects = objects_of(&task, ids());
    assert_eq!((objects.repo.default_branch.as_str(), objects.issue.title.len()), ("main", 200));
    let TaskObjects { repo, constraint_snapshot, issue, context_packet } = objects;
    let (issue, packet) = (crate::properties::stored(&issue), crate::properties::stored_packet(&context_packet));
    let again = spec_of(&repo, &issue, Some(&packet), Some(&constraint_snapshot)).unwrap();
    assert_eq!(again.normalize().unwrap(), task);
}

#[test]
fn each_object_says_its_part_of_the_task() {
    let objects = objects_of(&normalized(&full()), ids());
    let TaskObjects { repo, constraint_snapshot, issue, context_packet } = &objects;
    assert_eq!((repo.slug.as_str(), repo.name.as_str()), ("myorg/group/service", "service"));
    assert_eq!((repo.source.system.as_str(), repo.default_branch.as_str()), ("jct", "release/2.x"));
    let constraints = serde_json::to_value(&constraint_snapshot.constraints).unwrap();
    assert_eq!(constraints["time"]["available_minutes"], 1);
    assert_eq!(constraints["risk"], json!({"tolerance": "medium", "notes": "allow_network=true, allow_secrets=false"}));
    assert_eq!(
        serde_json::to_value(&constraint_snapshot.owner).unwrap(),
        json!({"actor_kind": "agent", "actor_id": "jules", "display": "Jules"})
    );
    assert_eq!((issue.title.as_str(), issue.type_), ("Describe the repository", IssueType::Feature));
    assert_eq!(issue.description, "Describe the repository\nand say why");
    assert_eq!(issue.assignees, std::slice::from_ref(&constraint_snapshot.owner));
    assert_eq!(issue.acceptance.criteria, ["tests pass"]);
    assert_eq!(context_packet.assumptions, ["Target branch: release/2.x", "Working path: crates/core"]);
    assert_eq!(
        Value::Object(context_packet.meta.clone()),
        json!({
            "source": "jct_task", "idempotency_key": "key-1", "acceptance_criteria": ["tests pass"],
            "evidence_requirements": ["the log of the tests"], "task_ref": "release/2.x", "task_path": "crates/core",
            "task_inputs": {"executor": "command", "command": ["cargo", "test"]},
        })
    );
    assert_eq!(
        Value::Object(issue.meta.clone()),
        json!({
            "source": "jct_task", "idempotency_key": "key-1", "task_metadata": {"ticket": "PAY-1"},
            "evidence_requirements": ["the log of the tests"],
        })
    );
}

#[test]
fn the_objects_are_linked_by_the_ids_given() {
    let ids = ids();
    let objects = objects_of(&normalized(&full()), ids);
    assert_eq!(objects.issue.repo, ids.repo.into());
    assert_eq!(objects.issue.constraints, [ids.constraint_snapshot.into()]);
    assert_eq!(objects.issue.context_packets, [ids.context_packet.into()]);
    assert_eq!(objects.context_packet.for_issue, ids.issue.into());
    assert_eq!(objects.context_packet.constraint_snapshot, Some(ids.constraint_snapshot.into()));
    let found = RepoId::at(Timestamp::from_micros(1));
    let (document, moved) = (objects.issue.document(), objects.in_repo(found));
    assert_eq!((moved.issue.repo.clone(), moved.issue.document()), (found.into(), document));
}

#[test]
fn a_task_without_criteria_is_told_from_one_whose_criterion_is_its_objective() {
    let mut task = full();
    task["acceptance_criteria"] = json!([]);
    let without = objects_of(&normalized(&task), ids());
    assert_eq!(without.issue.acceptance.criteria, ["Describe the repository\nand say why"]);
    assert!(back(&without).unwrap().acceptance_criteria().is_empty());
    task["acceptance_criteria"] = json!(["Describe the repository\nand say why"]);
    let with = objects_of(&normalized(&task), ids());
    assert_eq!(with.issue.acceptance, without.issue.acceptance);
    assert_eq!(back(&with).unwrap().acceptance_criteria().len(), 1);
}

#[test]
fn what_was_changed_in_the_issue_is_changed_in_the_task() {
    let mut objects = objects_of(&normalized(&full()), ids());
    objects.issue.description = "Something else now".to_owned();
    objects.issue.acceptance.criteria = vec!["it works".to_owned()];
    objects.issue.type_ = IssueType::Chore;
    let task = back(&objects).unwrap();
    assert_eq!((task.objective(), task.operation()), ("Something else now", "ops"));
    assert_eq!(task.acceptance_criteria(), ["it works"]);
}

#[test]
fn an_issue_that_people_wrote_becomes_a_task_with_the_defaults_of_the_contract() {
    let repo: NewRepo = parse(support::repo().to_string().as_bytes()).unwrap();
    let issue: NewIssue = parse(support::issue().to_string().as_bytes()).unwrap();
    let task = spec_of(&repo, &issue, None, None).unwrap();
    assert_eq!(
        serde_json::to_value(&task).unwrap(),
        json!({
            "version": "1.0", "idempotency_key": null,
            "requested_by": {"kind": "system", "id": "cwom", "label": "CWOM System"},
            "objective": "Describe", "operation": "docs",
            "target": {"repo": "myorg/service", "ref": "main", "path": ""},
            "constraints": {"time_budget_seconds": 900, "allow_network": false, "allow_secrets": false},
            "inputs": {}, "metadata": {}, "acceptance_criteria": [], "evidence_requirements": [],
        })
    );
    let packet: NewContextPacket = parse(support::context_packet().to_string().as_bytes()).unwrap();
    let constraints = json!({"time": {"available_minutes": 3}, "risk": {}});
    let snapshot = support::with(support::constraint_snapshot(), "/constraints", constraints);
    let mut snapshot: NewConstraintSnapshot = parse(snapshot.to_string().as_bytes()).unwrap();
    let task = spec_of(&repo, &issue, Some(&packet), Some(&snapshot)).unwrap();
    let constraints = |task: &TaskSpec| {
        let constraints = task.constraints();
        (constraints.time_budget_seconds(), constraints.allow_network(), constraints.allow_secrets())
    };
    assert_eq!(constraints(&task), (180, true, false));
    for (tolerance, expected) in [(RiskTolerance::Low, (false, false)), (RiskTolerance::High, (true, true))] {
        snapshot.constraints.risk.as_mut().unwrap().tolerance = tolerance;
        let task = spec_of(&repo, &issue, None, Some(&snapshot)).unwrap();
        assert_eq!(constraints(&task), (180, expected.0, expected.1), "{tolerance}");
    }
}

#[test]
fn what_a_task_cannot_hold_is_refused_with_its_place() {
    let mut objects = objects_of(&normalized(&full()), ids());
    objects.issue.description = "no".to_owned();
    objects.issue.acceptance.criteria = vec!["x".repeat(2001)];
    objects.context_packet.meta.insert("task_ref".to_owned(), json!(5));
    let Err(SpecError::Violations(found)) = back(&objects) else { panic!("accepted") };
    let found: Vec<_> = found.iter().map(|found| (found.pointer.as_str(), found.code.as_str())).collect();
    assert_eq!(
        found,
        [("/objective", "TOO_SHORT"), ("/target/ref", "WRONG_TYPE"), ("/acceptance_criteria/0", "TOO_LONG")]
    );
}

#[test]
fn the_run_of_an_attempt_is_pinned_to_packet_and_snapshot() {
    let ids = ids();
    let attempt = Attempt {
        issue: ids.issue,
        repo: ids.repo,
        context_packet: Some(ids.context_packet),
        constraint_snapshot: Some(ids.constraint_snapshot),
        worker: "worker-1",
        ordinal: 2,
    };
    let run = run_of(&normalized(&full()), &attempt);
    assert_eq!((run.mode, run.executor.toolchain.as_slice()), (RunMode::System, &["command".to_owned()][..]));
    assert_eq!((run.executor.actor.actor_id.as_str(), run.executor.runtime.as_str()), ("worker-1", "local"));
    assert_eq!(run.inputs.context_packets, [ids.context_packet.into()]);
    assert_eq!(run.inputs.constraint_snapshot, Some(ids.constraint_snapshot.into()));
    assert_eq!((&run.meta["attempt"], &run.meta["holder"]), (&json!(2), &json!("worker-1")));
    let mut task = full();
    task["inputs"] = json!({});
    let run = run_of(&normalized(&task), &Attempt { context_packet: None, ..attempt });
    assert_eq!((run.mode, run.inputs.context_packets.len()), (RunMode::Agent, 0));
    for (inputs, kind, actor) in [
        (json!({}), "system", "worker-1"),
        (json!({"agent": "scribe"}), "agent", "scribe"),
        (json!({"executor": "agent", "agent": "scribe"}), "agent", "scribe"),
        (json!({"executor": "script", "agent": "scribe"}), "system", "worker-1"),
        (json!({"agent": "no name"}), "system", "worker-1"),
        (json!({"agent": "x".repeat(65)}), "system", "worker-1"),
        (json!({"agent": ""}), "system", "worker-1"),
        (json!({"agent": 7}), "system", "worker-1"),
    ] {
        task["inputs"] = inputs.clone();
        let run = run_of(&normalized(&task), &attempt);
        let found = (run.executor.actor.actor_kind.as_str(), run.executor.actor.actor_id.as_str());
        assert_eq!((found, &run.meta["holder"]), ((kind, actor), &json!("worker-1")), "{inputs}");
    }
}
