//! Checkpoints that are gone, forged or at odds with the copy outside, and the verdict on each.

use jct_audit::{AnchorLine, ChainHead, Checkpoint, Leaves, Outside, Problem::*, SignedCheckpoint, Verdict};

use crate::log::{Log, StoredCheckpoint, check, expect, key};

#[test]
fn an_older_copy_is_recognised_by_the_outside_copy() {
    let older = |log: &mut Log, sealed: usize| {
        let mut copy = Log::intact();
        copy.checkpoints.truncate(sealed);
        copy.entries.truncate([0, 4, 9, 12][sealed]);
        copy.file = std::mem::take(&mut log.file);
        *log = copy;
    };
    for sealed in 0..3 {
        check(|log| older(log, sealed), Verdict::Truncated, &[LogRolledBack]);
    }
    // The tower has gone on since, and its next checkpoint takes a number that is taken.
    check(
        |log| {
            let file = log.file.clone();
            *log = Log::new();
            "aabb".chars().for_each(|id| log.write(&id.to_string()));
            log.seal();
            "aaaaaaaaaa".chars().for_each(|id| log.write(&id.to_string()));
            log.seal();
            log.file = file;
        },
        Verdict::CheckpointBroken,
        &[OutsideCopyDiffers, LinkBroken, LogRolledBack],
    );
    // Leaves in the file name the entities that lost entries.
    check(
        |log| {
            let leaves = log.checkpoints[2].leaves.clone();
            let Some(AnchorLine::Checkpoint { leaves: in_file, .. }) = log.file.last_mut() else { unreachable!() };
            *in_file = Some(leaves);
            older(log, 2);
        },
        Verdict::Truncated,
        &[LogRolledBack, TailMissing],
    );
}

#[test]
fn without_anything_outside_an_older_copy_goes_unnoticed_and_is_never_called_intact() {
    let mut log = Log::intact();
    log.checkpoints.truncate(2);
    log.entries.truncate(9);
    let report = log.verify_against(None);
    expect(&report, Verdict::NotYetAnchored, &[]);
    assert_eq!((report.uncovered, report.inside_only, report.last_anchored), (0, 9, None));
    expect(&Log::new().verify(), Verdict::NotYetAnchored, &[]);
}

#[test]
fn what_is_not_anchored_yet_is_counted() {
    let mut log = Log::intact();
    log.write("a");
    log.write("d");
    let report = log.verify();
    expect(&report, Verdict::NotYetAnchored, &[]);
    assert_eq!((report.uncovered, report.inside_only), (2, 0));
    log.seal_inside();
    let report = log.verify();
    expect(&report, Verdict::NotYetAnchored, &[]);
    assert_eq!((report.uncovered, report.inside_only, report.last_anchored), (0, 2, Some(3)));
}

#[test]
fn one_kept_checkpoint_vouches_for_those_before_it() {
    let log = Log::intact();
    let kept = |place: usize| Outside::kept([log.checkpoints[place].text.parse().unwrap()]);
    expect(&log.verify_against(Some(kept(2))), Verdict::Intact, &[]);
    let report = log.verify_against(Some(kept(1)));
    expect(&report, Verdict::NotYetAnchored, &[]);
    assert_eq!((report.inside_only, report.last_anchored), (3, Some(2)));
}

#[test]
fn a_removed_checkpoint_is_missed() {
    check(|log| drop(log.checkpoints.remove(0)), Verdict::CheckpointBroken, &[CheckpointMissing]);
    check(|log| drop(log.checkpoints.remove(1)), Verdict::CheckpointBroken, &[CheckpointMissing]);
    // The entries are all there: it is the checkpoint that is gone, not the end of the log.
    check(|log| drop(log.checkpoints.pop()), Verdict::CheckpointBroken, &[CheckpointMissing]);
    check(|log| log.checkpoints.clear(), Verdict::CheckpointBroken, &[CheckpointMissing]);
    check(|log| drop(log.file.remove(2)), Verdict::CheckpointBroken, &[OutsideCopyMissing]);
    // A checkpoint that has not reached the file yet is no tampering.
    check(|log| drop(log.file.pop()), Verdict::NotYetAnchored, &[]);
}

fn reseal(log: &mut Log, place: usize, signer: u8, change: impl Fn(&mut Checkpoint)) {
    let mut checkpoint = log.checkpoints[place].text.parse::<SignedCheckpoint>().unwrap().statement().clone();
    change(&mut checkpoint);
    log.checkpoints[place].text = checkpoint.sign(&key(signer)).text().to_owned();
}

#[test]
fn a_forged_checkpoint_is_recognised() {
    let text = |log: &mut Log, from: &str, to: &str| {
        let stored = &mut log.checkpoints[2];
        stored.text = stored.text.replace(from, to);
    };
    check(
        |log| text(log, "through 12", "through 11"),
        Verdict::CheckpointBroken,
        &[SignatureInvalid, OutsideCopyDiffers],
    );
    check(
        |log| text(log, "through 12", "through 012"),
        Verdict::CheckpointBroken,
        &[CheckpointUnreadable, CheckpointMissing],
    );
    check(
        |log| text(log, "tower.", "other."),
        Verdict::CheckpointBroken,
        &[OriginDiffers, SignatureInvalid, OutsideCopyDiffers],
    );
    check(|log| reseal(log, 2, 9, |_| {}), Verdict::CheckpointBroken, &[KeyUnknown, OutsideCopyDiffers]);
    // Signed again with the right key: only the copy outside tells.
    check(|log| reseal(log, 2, 1, |said| said.through = 11), Verdict::CheckpointBroken, &[OutsideCopyDiffers]);
    check(
        |log| reseal(log, 1, 1, |said| said.through = 8),
        Verdict::CheckpointBroken,
        &[OutsideCopyDiffers, LinkBroken],
    );
    check(|log| log.checkpoints.push(log.checkpoints[2].clone()), Verdict::CheckpointBroken, &[CheckpointDuplicated]);
}

#[test]
fn leaves_must_be_those_that_were_sealed() {
    let line = |log: &mut Log, from: &str, to: &str| {
        let StoredCheckpoint { leaves, .. } = &mut log.checkpoints[2];
        *leaves = leaves.replace(from, to);
    };
    check(|log| line(log, "task b 6", "task b 5"), Verdict::CheckpointBroken, &[LeavesDiffer]);
    check(|log| line(log, "task b", "tusk b"), Verdict::CheckpointBroken, &[LeavesDiffer]);
    check(|log| log.checkpoints[2].leaves.clear(), Verdict::CheckpointBroken, &[LeavesDiffer]);
}

#[test]
fn who_holds_the_key_still_cannot_change_what_others_hold() {
    // A whole chain anew, and every checkpoint sealed again over it with the right key.
    let forge = |log: &mut Log| {
        let file = log.file.clone();
        let mut forged = Log::new();
        for (place, ids) in ["aabb", "bbbac", "ccb"].into_iter().enumerate() {
            for id in ids.chars() {
                forged.write(&id.to_string());
                if place == 0 && id == 'b' {
                    forged.entries.last_mut().unwrap().actor_id = "someone-else".to_owned();
                    forged.rewrite("b");
                }
            }
            forged.seal();
        }
        forged.file = file;
        *log = forged;
    };
    check(forge, Verdict::CheckpointBroken, &[OutsideCopyDiffers]);
    let mut log = Log::intact();
    forge(&mut log);
    expect(&log.verify_against(None), Verdict::NotYetAnchored, &[]);
    // Who does not hold the key is caught by the pinned key alone.
    log.first_key = key(9).public();
    log.signer = 9;
    (0..3).for_each(|place| reseal(&mut log, place, 9, |_| {}));
    assert_eq!(log.verify_against(None).verdict, Verdict::CheckpointBroken);
}

#[test]
fn a_lost_leaf_is_not_replaced_by_an_empty_checkpoint() {
    let leaves = Leaves::latest([] as [ChainHead; 0]);
    check(
        |log| {
            reseal(log, 2, 1, |said| {
                said.leaves = 0;
                said.root = leaves.root();
            });
            log.checkpoints[2].leaves.clear();
        },
        Verdict::CheckpointBroken,
        &[OutsideCopyDiffers],
    );
}
