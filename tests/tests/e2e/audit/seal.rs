//! Sealing as it happens: when, by whom, and what survives a crash, a change of the key and a second process.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::time::{Duration, Instant};

use jct_audit::{AnchorLine, BundleFilter, BundleVerifier, Outside, Verdict};
use jct_contract::{Clock, SystemClock};
use jct_tests::{Engine, on_both_engines};
use jct_tower::audit::{SealError, export, read_checkpoint_file};

use super::log::{Log, operator};

on_both_engines![
    nothing_new_is_not_sealed_again,
    a_growing_log_is_sealed_by_count_and_by_time_and_an_idle_one_is_not,
    a_crash_between_database_and_file_is_repaired,
    a_torn_line_is_cut_off,
    the_key_can_be_changed_and_the_log_stays_intact,
    an_interrupted_change_of_the_key_is_completed,
    a_process_with_another_key_follows_and_does_not_seal,
    an_exported_log_verifies_without_the_database,
    an_exported_part_verifies_and_tells_when_it_was_changed,
];

fn nothing_new_is_not_sealed_again(engine: Engine) {
    let log = Log::new(engine);
    log.entries(2);
    let first = log.seal().unwrap();
    assert_eq!((first.checkpoints, first.entries, first.last), (1, 3, 1), "the key's own entry is among them");
    for _ in 0..3 {
        let again = log.seal().unwrap();
        assert_eq!((again.checkpoints, again.last), (0, 1));
    }
    assert_eq!(fs::read_to_string(log.file()).unwrap().lines().count(), 2, "a key and a checkpoint");
}

fn a_growing_log_is_sealed_by_count_and_by_time_and_an_idle_one_is_not(engine: Engine) {
    let log = Log::new(engine);
    log.run(async {
        let sealing = log.sealer.run();
        tokio::pin!(sealing);
        let numbers = async {
            let sealed_by = async |number: u64| {
                let until = Instant::now() + Duration::from_secs(20);
                while log.store.audit_checkpoints_before(None, 1).await.unwrap().first().map_or(0, |one| one.number)
                    < number
                {
                    assert!(Instant::now() < until, "checkpoint {number} does not come");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            sealed_by(1).await;
            log.store.queue_pause(operator(), "x".to_owned()).await.unwrap();
            sealed_by(2).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            let last = log.store.audit_checkpoints_before(None, 1).await.unwrap()[0].number;
            assert_eq!(last, 2, "nothing happened, so nothing was sealed");
        };
        tokio::select! {
            never = &mut sealing => match never {},
            () = numbers => {}
        }
    });
    assert_eq!(log.verify().verdict, Verdict::Intact);
}

fn a_crash_between_database_and_file_is_repaired(engine: Engine) {
    let log = Log::new(engine);
    log.entries(2);
    log.seal().unwrap();
    let before = fs::read(log.file()).unwrap();
    log.entries(2);
    log.seal().unwrap();
    let whole = fs::read(log.file()).unwrap();
    // The process died after the commit and before the line was written.
    fs::write(log.file(), &before).unwrap();
    let restarted = log.other_sealer("audit.key", "checkpoints.jsonl");
    log.run(restarted.seal()).unwrap();
    assert_eq!(fs::read(log.file()).unwrap(), whole);
    // And a file that is gone altogether.
    fs::remove_file(log.file()).unwrap();
    log.seal().unwrap();
    assert_eq!(fs::read(log.file()).unwrap(), whole);
    assert_eq!(log.verify().verdict, Verdict::Intact);
}

fn a_torn_line_is_cut_off(engine: Engine) {
    let log = Log::new(engine);
    log.entries(2);
    log.seal().unwrap();
    let whole = fs::read(log.file()).unwrap();
    let mut file = OpenOptions::new().append(true).open(log.file()).unwrap();
    file.write_all(&whole[..40]).unwrap();
    assert_eq!(log.verify().verdict, Verdict::Intact, "a torn line does not count");
    let restarted = log.other_sealer("audit.key", "checkpoints.jsonl");
    log.run(restarted.seal()).unwrap();
    assert_eq!(fs::read(log.file()).unwrap(), whole);
    log.entry();
    log.seal().unwrap();
    assert_eq!(log.verify().verdict, Verdict::Intact);
}

fn the_key_can_be_changed_and_the_log_stays_intact(engine: Engine) {
    let log = Log::new(engine);
    // A process that does not know of the change yet.
    let running = log.other_sealer("audit.key", "checkpoints.jsonl");
    let first = log.run(log.sealer.public_key()).unwrap();
    log.entries(2);
    let second = log.run(log.sealer.rotate(operator())).unwrap();
    assert_ne!(first, second);
    log.entries(2);
    assert_eq!(log.run(running.seal()).unwrap().checkpoints, 1, "it takes the new key by itself");
    let kinds: Vec<&str> = read_checkpoint_file(&log.file()).unwrap().lines.iter().map(kind).collect();
    assert_eq!(kinds, ["key", "checkpoint", "rotation", "checkpoint", "checkpoint"]);
    let report = log.verify();
    assert_eq!((report.verdict, report.checkpoints), (Verdict::Intact, 3), "{report:#?}");
    for pinned in [first, second] {
        let report = log.run(jct_tower::audit::verify(&log.store, Some(pinned), None, |_| {})).unwrap();
        assert_eq!((report.verdict, report.findings.len()), (Verdict::NotYetAnchored, 0), "{pinned}: {report:#?}");
    }
    let text = fs::read_to_string(log.folder.path().join("audit.key")).unwrap();
    let entries = log.chain("audit_key", &second.id().to_string());
    assert_eq!(entries.len(), 1);
    assert!(!format!("{entries:?}").contains(text.trim_end().rsplit(':').next().unwrap()));
}

fn kind(line: &AnchorLine) -> &'static str {
    match line {
        AnchorLine::Key { .. } => "key",
        AnchorLine::Rotation { .. } => "rotation",
        AnchorLine::Checkpoint { .. } => "checkpoint",
    }
}

/// The log took the successor, and the process died before the file did.
fn an_interrupted_change_of_the_key_is_completed(engine: Engine) {
    let log = Log::new(engine);
    let (key, next) = (log.folder.path().join("audit.key"), log.folder.path().join("audit.key.next"));
    let old = fs::read(&key).unwrap();
    let second = log.run(log.sealer.rotate(operator())).unwrap();
    fs::rename(&key, &next).unwrap();
    fs::write(&key, old).unwrap();
    fs::set_permissions(&key, fs::metadata(&next).unwrap().permissions()).unwrap();
    let restarted = log.other_sealer("audit.key", "checkpoints.jsonl");
    log.entry();
    assert_eq!(log.run(restarted.seal()).unwrap().checkpoints, 1);
    assert_eq!(log.run(restarted.public_key()), Some(second));
    assert!(!next.exists());
    assert_eq!(log.verify().verdict, Verdict::Intact);
}

fn a_process_with_another_key_follows_and_does_not_seal(engine: Engine) {
    let log = Log::new(engine);
    log.entries(2);
    log.seal().unwrap();
    let other = log.other_sealer("other.key", "other.jsonl");
    assert!(!log.folder.path().join("other.key").exists(), "a log with a key gets no second one");
    log.entries(2);
    let refused = log.run(other.seal()).unwrap_err();
    let SealError::KeyNotInForce { in_force } = &refused else { panic!("{refused}") };
    assert_eq!(*in_force, log.run(log.sealer.public_key()).unwrap().id().to_string());
    assert_eq!(log.run(log.store.audit_checkpoints_before(None, 9)).unwrap().len(), 1);
    log.seal().unwrap();
    let _still_refused = log.run(other.seal()).unwrap_err();
    assert_eq!(
        fs::read(log.folder.path().join("other.jsonl")).unwrap(),
        fs::read(log.file()).unwrap(),
        "it keeps a copy"
    );
}

fn bundle(log: &Log, filter: BundleFilter) -> Vec<String> {
    let mut lines = Vec::new();
    let keep = |line: &str| {
        lines.push(line.to_owned());
        Ok(())
    };
    let exported = log.run(export(&log.store, filter, SystemClock.now(), keep, |_| {})).unwrap();
    assert_eq!(exported.unreadable, 0);
    lines
}

#[track_caller]
fn verdict(lines: &[String], outside: Option<Outside>) -> Verdict {
    let mut verifier = BundleVerifier::new(None, outside);
    for line in lines {
        verifier.line(line).unwrap();
    }
    verifier.finish().unwrap().1.verdict
}

fn an_exported_log_verifies_without_the_database(engine: Engine) {
    let log = Log::new(engine);
    log.entries(3);
    log.key("ci");
    log.seal().unwrap();
    let lines = bundle(&log, BundleFilter::Whole);
    let outside = || Some(Outside::file(read_checkpoint_file(&log.file()).unwrap()));
    assert_eq!(verdict(&lines, outside()), Verdict::Intact);
    assert_eq!(verdict(&lines, None), Verdict::NotYetAnchored);
    assert_eq!(verdict(&lines[..lines.len() - 1], outside()), Verdict::Truncated);
    log.entry();
    log.seal().unwrap();
    assert_eq!(verdict(&lines, outside()), Verdict::Truncated, "the bundle is older than the copy");
}

fn an_exported_part_verifies_and_tells_when_it_was_changed(engine: Engine) {
    let log = Log::new(engine);
    log.entries(3);
    log.key("ci");
    log.seal().unwrap();
    log.entries(3);
    log.seal().unwrap();
    let filter = BundleFilter::Entity { entity_kind: "queue".to_owned(), entity_id: "tasks".to_owned() };
    let mut lines = bundle(&log, filter);
    let outside = || Some(Outside::file(read_checkpoint_file(&log.file()).unwrap()));
    assert_eq!(lines.iter().filter(|line| line.contains(r#""type":"entry""#)).count(), 6);
    assert!(!lines.concat().contains("\"ci\""), "the rest of the log stays where it is");
    assert_eq!(verdict(&lines, outside()), Verdict::Intact);
    let entry = lines.iter().position(|line| line.contains(r#""seq":2"#)).unwrap();
    lines[entry] = lines[entry].replace("operator", "somebody");
    assert_eq!(verdict(&lines, outside()), Verdict::Altered);
}
