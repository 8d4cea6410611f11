//! The exported log gives the same verdicts as the database, in the hands of somebody who has only the file.

use jct_audit::{
    AnchorLine, BundleError, BundleFilter, BundleHeader, BundleLine, BundleVerifier, BundleWriter, Leaves, Problem::*,
    Report, Verdict,
};
use jct_contract::Timestamp;

use crate::log::{Log, expect, origin};

fn header(filter: BundleFilter) -> BundleHeader {
    BundleHeader { origin: origin(), exported_at: Timestamp::from_micros(1), filter }
}

fn whole(log: &Log) -> Vec<String> {
    let (mut writer, first) = BundleWriter::start(header(BundleFilter::Whole));
    let mut lines = vec![first, writer.key(log.first_key)];
    lines.extend(log.rotations.iter().map(|text| writer.rotation(text)));
    lines.extend(log.checkpoints.iter().map(|stored| writer.checkpoint(&stored.text, &stored.leaves)));
    let mut writer = writer.entries();
    lines.extend(log.ordered().into_iter().map(|entry| writer.entry(entry)));
    lines.push(writer.end());
    lines
}

/// Entity `b` alone, with proofs.
fn part(log: &Log) -> Vec<String> {
    let filter = BundleFilter::Entity { entity_kind: "task".to_owned(), entity_id: "b".to_owned() };
    let (mut writer, first) = BundleWriter::start(header(filter));
    let mut lines = vec![first, writer.key(log.first_key)];
    for stored in &log.checkpoints {
        let leaves: Leaves = stored.leaves.parse().unwrap();
        lines.push(writer.checkpoint_with_proofs(&stored.text, leaves.prove("task", "b").into_iter().collect()));
    }
    let mut writer = writer.entries();
    lines.extend(log.ordered().into_iter().filter(|entry| entry.entity_id == "b").map(|entry| writer.entry(entry)));
    lines.push(writer.end());
    lines
}

fn verify(log: &Log, lines: &[String]) -> Result<Report, BundleError> {
    let mut verifier = BundleVerifier::new(log.pinned, Some(log.outside()));
    for line in lines {
        verifier.line(line)?;
    }
    verifier.finish().map(|(_, report)| report)
}

#[test]
fn a_bundle_of_the_whole_log_says_what_the_log_says() {
    let mut log = Log::intact();
    assert_eq!(verify(&log, &whole(&log)).unwrap(), log.verify());
    log.rotate();
    log.write("a");
    log.seal();
    assert_eq!(verify(&log, &whole(&log)).unwrap(), log.verify());
    log.at("b", 2).actor_id = "someone-else".to_owned();
    assert_eq!(verify(&log, &whole(&log)).unwrap(), log.verify());
}

#[test]
fn one_entity_is_verified_with_proofs_alone() {
    let mut log = Log::intact();
    let report = verify(&log, &part(&log)).unwrap();
    expect(&report, Verdict::Intact, &[]);
    assert_eq!((report.entries, report.entities), (6, 1));
    // Without the checkpoints in between: the copy outside links them.
    let mut lines = part(&log);
    lines.remove(3);
    expect(&verify(&log, &lines).unwrap(), Verdict::Intact, &[]);
    log.at("b", 2).note = Some("x".to_owned());
    expect(&verify(&log, &part(&log)).unwrap(), Verdict::Altered, &[ContentChanged]);
    log = Log::intact();
    log.remove("b", 6);
    expect(&verify(&log, &part(&log)).unwrap(), Verdict::Truncated, &[TailMissing]);
    log.entries.retain(|entry| entry.entity_id != "b");
    expect(&verify(&log, &part(&log)).unwrap(), Verdict::Truncated, &[EntityMissing]);
}

#[test]
fn leaves_in_the_outside_copy_tell_that_a_bundle_leaves_out_the_end() {
    let mut log = Log::intact();
    let mut lines = part(&log);
    let end = lines.len() - 2;
    lines.remove(end);
    lines.remove(4);
    // Five entries and two checkpoints: sound in itself.
    expect(&verify(&log, &lines).unwrap(), Verdict::Intact, &[]);
    let sealed = log.checkpoints[2].leaves.clone();
    let Some(AnchorLine::Checkpoint { leaves, .. }) = log.file.last_mut() else { unreachable!() };
    *leaves = Some(sealed);
    expect(&verify(&log, &lines).unwrap(), Verdict::Truncated, &[TailMissing]);
}

#[test]
fn a_proof_must_lead_to_its_checkpoint() {
    let log = Log::intact();
    let mut lines = part(&log);
    lines[4] = lines[4].replace("task b 6", "task b 7");
    expect(&verify(&log, &lines).unwrap(), Verdict::CheckpointBroken, &[ProofInvalid]);
}

#[test]
fn the_whole_log_cannot_leave_out_leaves() {
    let log = Log::intact();
    let mut lines = whole(&log);
    lines[3] = part(&log)[3].clone();
    expect(&verify(&log, &lines).unwrap(), Verdict::CheckpointBroken, &[LeavesDiffer]);
}

#[test]
fn swapped_and_torn_lines_are_recognised() {
    let log = Log::intact();
    let mut lines = whole(&log);
    let first = lines.iter().position(|line| line.contains("\"entity_id\":\"b\"")).unwrap();
    lines.swap(first + 1, first + 2);
    expect(&verify(&log, &lines).unwrap(), Verdict::Reordered, &[OutOfOrder]);
    let lines = whole(&log);
    let report = verify(&log, &lines[..lines.len() - 1]).unwrap();
    expect(&report, Verdict::Truncated, &[BundleTorn]);
    assert_eq!(verify(&log, &lines[..3]).unwrap().verdict, Verdict::Truncated);
}

#[test]
fn entries_of_one_entity_stay_together() {
    let log = Log::intact();
    let mut lines = whole(&log);
    let last = lines.len() - 2;
    let moved = lines.remove(5);
    lines.insert(last, moved);
    assert_eq!(verify(&log, &lines).unwrap().verdict, Verdict::Reordered);
}

#[test]
fn a_file_that_is_no_bundle_is_refused() {
    let log = Log::intact();
    let lines = whole(&log);
    assert!(matches!(verify(&log, &[]), Err(BundleError::Empty)));
    assert!(matches!(verify(&log, &["{}".to_owned()]), Err(BundleError::Line { line: 1, .. })));
    assert!(matches!(verify(&log, &lines[1..]), Err(BundleError::Misplaced { line: 1, name: "key" })));
    let twice = [lines[0].clone(), lines[0].clone()];
    assert!(matches!(verify(&log, &twice), Err(BundleError::Misplaced { line: 2, name: "header" })));
    let mut late = lines.clone();
    late.push(lines[5].clone());
    assert!(matches!(verify(&log, &late), Err(BundleError::Misplaced { name: "entry", .. })));
    let other = lines[0].replace("-v1", "-v2");
    assert!(matches!(verify(&log, &[other]), Err(BundleError::Line { line: 1, .. })));
}

#[test]
fn lines_read_back_whatever_the_texts_hold() {
    let mut log = Log::intact();
    let entry = log.at("b", 2);
    entry.note = Some("\u{0}\n\"quoted\" — é \u{1f980}".to_owned());
    entry.before = None;
    let line = BundleLine::Entry(Box::new(entry.clone()));
    let text = line.to_line();
    assert_eq!(text.matches('\n').count(), 1);
    assert_eq!(BundleLine::parse(&text).unwrap(), line);
    assert!(BundleLine::parse(&text.replace("\"seq\"", "\"sequence\"")).is_err());
}
