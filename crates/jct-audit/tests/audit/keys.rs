//! From one key to the next: what a pinned key vouches for.

use jct_audit::{AnchorLine, Checkpoint, KeyRotation, Outside, Problem::*, Scope, SignedCheckpoint, Verdict, Verifier};
use jct_contract::Timestamp;

use crate::log::{Log, expect, key, origin};

/// Two rotations: key 1 signs checkpoints 1 to 3, key 2 number 4, key 3 number 5.
fn rotated() -> Log {
    let mut log = Log::intact();
    for _ in 0..2 {
        log.rotate();
        log.write("a");
        log.seal();
    }
    log
}

#[test]
fn any_of_the_keys_can_be_pinned() {
    for pinned in 1..=3 {
        let mut log = rotated();
        log.pinned = Some(key(pinned).public());
        expect(&log.verify(), Verdict::Intact, &[]);
    }
    let mut log = rotated();
    log.pinned = None;
    let report = log.verify();
    expect(&report, Verdict::Intact, &[]);
    assert!(!report.key_pinned);
}

#[test]
fn another_pinned_key_is_no_key_of_the_tower() {
    let mut log = rotated();
    log.pinned = Some(key(9).public());
    expect(&log.verify(), Verdict::CheckpointBroken, &[PinnedKeyUnknown]);
}

#[test]
fn a_pinned_key_that_signed_nothing_yet_vouches_for_nothing() {
    let mut log = Log::intact();
    log.rotate();
    log.pinned = Some(key(2).public());
    expect(&log.verify(), Verdict::CheckpointBroken, &[KeyNotVouched]);
}

#[test]
fn without_any_key_no_checkpoint_counts() {
    let log = Log::intact();
    let mut verifier = Verifier::new(origin(), Scope::Whole).outside(Outside::kept([]));
    log.checkpoints.iter().for_each(|stored| verifier.checkpoint(&stored.text, &stored.leaves));
    let mut entries = verifier.entries();
    log.ordered().iter().for_each(|entry| entries.entry(entry));
    expect(&entries.finish(), Verdict::CheckpointBroken, &[KeyUnknown]);
}

#[test]
fn a_retired_key_cannot_go_on() {
    let mut log = rotated();
    log.signer = 1;
    log.write("a");
    log.seal();
    expect(&log.verify(), Verdict::CheckpointBroken, &[KeyNotInForce]);
}

#[test]
fn a_rotation_needs_the_key_before_it() {
    let mut log = Log::intact();
    let text = KeyRotation::sign(origin(), &key(9), key(2).public(), Timestamp::from_micros(1), 3);
    log.rotations.push(text.text().to_owned());
    expect(&log.verify(), Verdict::CheckpointBroken, &[RotationInvalid]);
    log.rotations = vec!["nonsense".to_owned()];
    expect(&log.verify(), Verdict::CheckpointBroken, &[RotationInvalid]);
}

#[test]
fn a_lost_rotation_is_missed() {
    let mut log = rotated();
    log.rotations.pop();
    expect(&log.verify(), Verdict::CheckpointBroken, &[RotationMissing]);
    // It went with the rest when an older copy came back.
    log.checkpoints.truncate(3);
    log.entries.truncate(12);
    log.rotations.clear();
    expect(&log.verify(), Verdict::Truncated, &[LogRolledBack]);
}

#[test]
fn both_sides_must_name_the_same_first_key() {
    let mut log = Log::intact();
    log.pinned = None;
    log.first_key = key(9).public();
    expect(&log.verify(), Verdict::CheckpointBroken, &[FirstKeyDiffers]);
    let mut log = Log::intact();
    let at = Timestamp::from_micros(1);
    log.file.push(AnchorLine::Key { origin: origin(), public_key: key(9).public(), at });
    expect(&log.verify(), Verdict::CheckpointBroken, &[FirstKeyDiffers]);
}

#[test]
fn lines_that_were_appended_twice_do_no_harm() {
    let mut log = rotated();
    log.file = log.file.iter().flat_map(|line| [line.clone(), line.clone()]).collect();
    expect(&log.verify(), Verdict::Intact, &[]);
}

#[test]
fn two_checkpoints_of_one_number_outside_are_a_fork() {
    let mut log = Log::intact();
    let signed: SignedCheckpoint = log.checkpoints[2].text.parse().unwrap();
    let other = Checkpoint { through: 99, ..signed.statement().clone() }.sign(&key(1));
    log.file.push(AnchorLine::Checkpoint { text: other, leaves: None });
    expect(&log.verify(), Verdict::CheckpointBroken, &[CheckpointDuplicated]);
}
