//! Begin, write, seal: one folder or many, and never over another.

use jct_contract::{TaskId, Timestamp};
use jct_lifecycle::ReasonCode;
use jct_trace::{
    BeginError, Durability, LogStream, Outcome, Output, SealError, SealerHandle, TraceError, TraceFolder, TraceOptions,
    verify,
};
use serde_json::{Value, json};

use crate::support::{FINISHED, STARTED, Tower, identity, names, result, task_id};

#[test]
fn invariant_5_a_folder_has_its_final_name_only_when_sealed() {
    let tower = Tower::new();
    let trace = tower.begin(1);
    assert!(!tower.attempt(1).exists());
    assert_eq!(tower.unsealed().len(), 1);
    let sealed = trace.finish(result(), FINISHED).seal().unwrap();
    assert_eq!(tower.path().join(&sealed.relative_path), tower.attempt(1));
    let expected = ["artifacts", "events.jsonl", "input.json", "log.txt", "manifest.json", "output.json"];
    assert_eq!(names(&tower.attempt(1)), expected);
    assert!(tower.unsealed().is_empty());
}

#[test]
fn each_way_of_syncing_seals_the_same_folder() {
    let seal = |durability| {
        let tower = Tower::with(TraceOptions { durability, ..TraceOptions::default() });
        let trace = tower.begin(1);
        std::fs::create_dir_all(trace.artifacts_dir().join("a/b")).unwrap();
        std::fs::write(trace.artifacts_dir().join("a/b/c.txt"), "c").unwrap();
        trace.finish(result(), FINISHED).seal().unwrap()
    };
    assert_eq!(seal(Durability::FileSystem), seal(Durability::EachFile));
}

#[test]
fn invariant_5_a_sealed_folder_is_never_overwritten() {
    let tower = Tower::new();
    let first = tower.begin(1);
    let mut second = identity(1);
    second.fence.generation = 2;
    let second = tower.root.begin(second, &json!({})).unwrap();
    let sealed = first.finish(result(), FINISHED).seal().unwrap();

    let error = second.finish(result(), FINISHED).seal().unwrap_err();
    assert!(matches!(error, SealError::AlreadySealed { attempt: 1 }), "{error}");
    assert!(verify(&tower.root, task_id(), 1, Some(sealed.manifest_digest)).unwrap().is_clean());
    let error = tower.root.begin(identity(1), &json!({})).unwrap_err();
    assert!(matches!(error, BeginError::AlreadySealed { attempt: 1 }), "{error}");
}

#[test]
fn one_lease_begins_one_attempt_once() {
    let tower = Tower::new();
    let _running = tower.begin(1);
    let error = tower.root.begin(identity(1), &json!({})).unwrap_err();
    assert!(matches!(error, BeginError::AlreadyBegun { attempt: 1 }), "{error}");
}

#[test]
fn an_abandoned_attempt_leaves_nothing() {
    let tower = Tower::new();
    tower.begin(1).abandon().unwrap();
    tower.begin(2).finish(result(), FINISHED).abandon().unwrap();
    assert_eq!(names(tower.path()), [".unsealed"]);
    assert!(tower.unsealed().is_empty());
}

#[test]
fn output_is_result_or_error() {
    let tower = Tower::new();
    let error = TraceError { code: ReasonCode::CommandFailed, message: "exit status 2".to_owned(), details: None };
    tower.begin(1).finish(Output::Error(error), FINISHED).seal().unwrap();
    let output: Value = serde_json::from_slice(&std::fs::read(tower.attempt(1).join("output.json")).unwrap()).unwrap();
    assert_eq!(output["error"], json!({ "code": "COMMAND_FAILED", "message": "exit status 2" }));
    assert!(output.get("result").is_none());
    let folder = TraceFolder::open(&tower.root, task_id(), 1).unwrap();
    assert_eq!(folder.manifest().outcome, Outcome::Error);
}

#[test]
fn every_event_carries_trace_id_sequence_and_time() {
    let tower = Tower::new();
    let mut trace = tower.begin(1);
    trace.event(STARTED, "checkout\n", &json!({ "trace_id": "forged", "line": "a\nb" }));
    trace.finish(result(), FINISHED).seal().unwrap();
    let events = std::fs::read_to_string(tower.attempt(1).join("events.jsonl")).unwrap();
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 3);
    for (event, seq) in events.iter().zip(1..) {
        assert_eq!((&event["trace_id"], &event["seq"]), (&json!("release-42"), &json!(seq)));
        assert!(event["time"].as_str().unwrap().parse::<Timestamp>().is_ok());
    }
}

#[test]
fn a_log_line_is_one_line_and_a_full_log_says_so() {
    let tower = Tower::new();
    let mut trace = tower.begin(1);
    trace.log_line(STARTED, LogStream::Stdout, "one\r\ntwo\n");
    let long = "x".repeat(1 << 20);
    for _ in 0..12 {
        trace.log_line(STARTED, LogStream::Stderr, &long);
    }
    trace.log_line(STARTED, LogStream::Stderr, "short, and after the first that was dropped");
    let digest = trace.finish(result(), FINISHED).seal().unwrap().manifest_digest;

    let log = std::fs::read_to_string(tower.attempt(1).join("log.txt")).unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines[1..3], [format!("{STARTED} stdout one"), format!("{STARTED} stdout two")]);
    assert_eq!(lines.len(), 3 + 9 + 1);
    assert_eq!(lines.last().unwrap(), &format!("{FINISHED} worker log full: 4 lines not kept"));
    assert!(log.len() <= (10 << 20) + 128, "{}", log.len());
    assert_eq!(TraceFolder::open(&tower.root, task_id(), 1).unwrap().manifest().dropped.log_lines, 4);
    assert!(verify(&tower.root, task_id(), 1, Some(digest)).unwrap().is_clean());
}

#[test]
fn a_full_event_file_still_gets_its_end() {
    let tower = Tower::new();
    let mut trace = tower.begin(1);
    let data = json!("x".repeat(6 << 20));
    trace.event(STARTED, "large", &data);
    trace.event(STARTED, "large", &data);
    trace.finish(result(), FINISHED).seal().unwrap();
    let events = std::fs::read_to_string(tower.attempt(1).join("events.jsonl")).unwrap();
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!((&last["kind"], &last["seq"]), (&json!("attempt_finished"), &json!(4)));
    assert_eq!(TraceFolder::open(&tower.root, task_id(), 1).unwrap().manifest().dropped.events, 1);
}

#[test]
fn a_failure_to_write_is_reported_when_sealing() {
    let tower = Tower::new();
    let mut trace = tower.begin(1);
    let folder = trace.artifacts_dir().parent().unwrap().to_owned();
    // Somebody has taken the name of the log.
    std::os::unix::fs::symlink("/etc/passwd", folder.join("log.txt")).unwrap();
    trace.log_line(STARTED, LogStream::Stdout, &"x".repeat(1 << 20));
    let error = trace.finish(result(), FINISHED).seal().unwrap_err();
    assert!(matches!(error, SealError::Write(_)), "{error}");
    assert!(!tower.attempt(1).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sealer_seals_many_together_and_each_fails_alone() {
    let tower = Tower::new();
    let sealer = SealerHandle::start(tower.root.clone());
    let ids: Vec<TaskId> = (0..100).map(|pair| TaskId::at(Timestamp::from_micros(pair))).collect();
    let mut running = tokio::task::JoinSet::new();
    // Each attempt under two leases, all begun before the first is sealed: one of each pair must fail, and only that.
    let begin = |(task_id, generation)| {
        let mut identity = identity(1);
        (identity.task_id, identity.fence.generation) = (task_id, generation);
        tower.root.begin(identity, &json!({})).unwrap().finish(result(), FINISHED)
    };
    let begun: Vec<_> = ids.iter().flat_map(|id| [(*id, 1), (*id, 2)]).map(begin).collect();
    for trace in begun {
        let sealer = sealer.clone();
        running.spawn(async move { sealer.seal(trace).await });
    }
    let (mut sealed, mut refused) = (Vec::new(), 0);
    while let Some(ended) = running.join_next().await {
        match ended.unwrap() {
            Ok(trace) => sealed.push(trace),
            Err(SealError::AlreadySealed { attempt: 1 }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((sealed.len(), refused), (100, 100));
    for trace in sealed {
        assert!(verify(&tower.root, trace.task_id, 1, Some(trace.manifest_digest)).unwrap().is_clean());
    }
}
