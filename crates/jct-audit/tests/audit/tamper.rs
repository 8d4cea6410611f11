//! Each way to tamper with entries, and the verdict on it.

use jct_audit::{ChainHash, Problem::*, StoredEntry, Verdict};
use jct_contract::{AuditId, Timestamp};

use crate::log::{Log, check, expect, key, rehash};

#[test]
fn an_honest_log_is_intact() {
    let report = Log::intact().verify();
    expect(&report, Verdict::Intact, &[]);
    assert_eq!((report.entries, report.entities, report.checkpoints), (12, 3, 3));
    assert_eq!((report.last_checkpoint, report.last_anchored), (Some(3), Some(3)));
}

#[test]
fn each_field_is_protected() {
    let changes: [fn(&mut StoredEntry); 14] = [
        |entry| entry.id = AuditId::at(Timestamp::from_micros(5)),
        |entry| entry.at = Timestamp::from_micros(5),
        |entry| entry.actor_kind = "human".to_owned(),
        |entry| entry.actor_id = "someone-else".to_owned(),
        |entry| entry.action = "updated".to_owned(),
        |entry| entry.before = None,
        |entry| entry.before = Some("{\"step\":9}".to_owned()),
        |entry| entry.after = Some("{\"step\": 3}".to_owned()),
        |entry| entry.after = None,
        |entry| entry.note = Some(String::new()),
        |entry| entry.note = Some("nothing to see".to_owned()),
        |entry| entry.trace_id = None,
        |entry| entry.trace_id = Some("trace-a".to_owned()),
        |entry| entry.trace_id = Some(String::new()),
    ];
    for change in changes {
        check(|log| change(log.at("b", 3)), Verdict::Altered, &[ContentChanged]);
        check(|log| change(log.at("b", 6)), Verdict::Altered, &[ContentChanged]);
    }
}

#[test]
fn one_changed_field_is_one_finding_that_names_the_entry() {
    let mut log = Log::intact();
    log.at("b", 3).actor_id = "someone-else".to_owned();
    let report = log.verify();
    assert_eq!(report.findings.len(), 1);
    assert!(report.findings[0].to_string().starts_with("task b, entry 3: its content is not what was hashed"));
}

#[test]
fn hashes_cannot_be_changed_either() {
    let other = ChainHash::from_bytes([9; 32]).to_string();
    let set = |log: &mut Log, hash: &str| log.at("b", 3).hash = Some(hash.to_owned());
    // The entry itself and the one after it; at the end of a checkpoint's span the leaf as well.
    check(|log| set(log, &other), Verdict::Altered, &[ContentChanged, DoesNotFollow]);
    check(|log| log.at("b", 3).prev_hash = Some(other.clone()), Verdict::Altered, &[ContentChanged, DoesNotFollow]);
    check(|log| set(log, "gone"), Verdict::Altered, &[HashMissing]);
    check(|log| log.at("b", 3).hash = None, Verdict::Altered, &[HashMissing]);
    check(|log| log.at("b", 3).prev_hash = None, Verdict::Altered, &[HashMissing]);
    check(
        |log| {
            let entry = log.at("b", 3);
            entry.actor_id = "someone-else".to_owned();
            let prev = entry.prev_hash.as_deref().unwrap().parse().unwrap();
            rehash(entry, prev);
        },
        Verdict::Altered,
        &[DoesNotFollow],
    );
}

#[test]
fn a_rewritten_chain_differs_from_what_was_sealed() {
    let rewrite = |log: &mut Log| {
        log.at("b", 1).actor_id = "someone-else".to_owned();
        log.rewrite("b");
    };
    check(rewrite, Verdict::Altered, &[DiffersFromCheckpoint]);
    // The same number of entries, only the end is another one.
    check(
        |log| {
            log.at("b", 6).after = Some("{\"step\":60}".to_owned());
            log.rewrite("b");
        },
        Verdict::Altered,
        &[DiffersFromCheckpoint],
    );
}

#[test]
fn what_is_taken_out_of_the_middle_leaves_a_gap() {
    check(|log| log.remove("b", 1), Verdict::Altered, &[EntryMissing]);
    check(|log| log.remove("b", 4), Verdict::Altered, &[EntryMissing]);
    check(
        |log| {
            log.remove("b", 4);
            log.at("b", 5).seq = 4;
            log.at("b", 6).seq = 5;
            log.rewrite("b");
        },
        Verdict::Truncated,
        &[DiffersFromCheckpoint, TailMissing],
    );
}

#[test]
fn what_is_taken_from_the_end_is_missed() {
    check(|log| log.remove("b", 6), Verdict::Truncated, &[TailMissing]);
    check(|log| (2..=6).for_each(|seq| log.remove("b", seq)), Verdict::Truncated, &[TailMissing]);
    check(|log| log.entries.retain(|entry| entry.entity_id != "b"), Verdict::Truncated, &[EntityMissing]);
    check(|log| log.entries.clear(), Verdict::Truncated, &[EntityMissing]);
}

#[test]
fn what_is_put_in_shows() {
    let inserted = |log: &mut Log| {
        let mut entry = log.at("b", 3).clone();
        entry.id = AuditId::at(Timestamp::from_micros(7));
        entry
    };
    check(
        |log| {
            let entry = inserted(log);
            log.entries.push(entry);
        },
        Verdict::Altered,
        &[EntryDuplicated],
    );
    check(
        |log| {
            let copy = log.at("b", 3).clone();
            log.entries.push(copy);
        },
        Verdict::Altered,
        &[EntryDuplicated],
    );
    // Room is made for it, and everything is hashed again.
    check(
        |log| {
            let entry = inserted(log);
            (3..=6).rev().for_each(|seq| log.at("b", seq).seq += 1);
            log.entries.push(entry);
            log.rewrite("b");
        },
        Verdict::Altered,
        &[DiffersFromCheckpoint],
    );
}

#[test]
fn entries_of_another_entity_do_not_fit() {
    check(
        |log| {
            let mut foreign = log.at("a", 3).clone();
            let (prev, hash) = (log.at("b", 3).prev_hash.clone(), log.at("b", 3).hash.clone());
            foreign = StoredEntry { entity_id: "b".to_owned(), prev_hash: prev, hash, ..foreign };
            *log.at("b", 3) = foreign;
        },
        Verdict::Altered,
        &[ContentChanged],
    );
    // Two whole chains trade places.
    check(
        |log| {
            for entry in &mut log.entries {
                entry.entity_id = match entry.entity_id.as_str() {
                    "a" => "c".to_owned(),
                    "c" => "a".to_owned(),
                    other => other.to_owned(),
                };
            }
        },
        Verdict::Altered,
        &[ContentChanged, DiffersFromCheckpoint],
    );
}

fn swap_numbers(log: &mut Log, one: u64, two: u64) {
    let id = log.at("b", one).id;
    log.at("b", two).seq = one;
    log.entries.iter_mut().find(|entry| entry.id == id).unwrap().seq = two;
}

fn swap_contents(log: &mut Log, one: u64, two: u64) {
    let (first, second) = (log.at("b", one).clone(), log.at("b", two).clone());
    let with = |content: StoredEntry, place: &StoredEntry| StoredEntry {
        seq: place.seq,
        prev_hash: place.prev_hash.clone(),
        hash: place.hash.clone(),
        ..content
    };
    *log.at("b", one) = with(second.clone(), &first);
    *log.at("b", two) = with(first, &second);
}

#[test]
fn swapped_entries_are_told_from_changed_ones() {
    for (one, two) in [(1, 2), (2, 3), (3, 4), (1, 6), (2, 5), (5, 6)] {
        check(|log| swap_numbers(log, one, two), Verdict::Reordered, &[EntryMoved]);
        check(|log| swap_contents(log, one, two), Verdict::Reordered, &[EntryMoved]);
    }
    let around = |log: &mut Log| {
        swap_numbers(log, 1, 2);
        swap_numbers(log, 2, 3);
    };
    check(around, Verdict::Reordered, &[EntryMoved]);
}

#[test]
fn many_moved_entries_are_recognised_up_to_a_limit_and_never_missed() {
    let reversed = |count: u64| {
        let mut log = Log::new();
        (0..count).for_each(|_| log.write("b"));
        log.seal();
        (1..=count / 2).for_each(|seq| swap_numbers(&mut log, seq, count + 1 - seq));
        log.verify()
    };
    expect(&reversed(64), Verdict::Reordered, &[EntryMoved]);
    let report = reversed(80);
    assert_eq!(report.verdict, Verdict::Altered);
    let changed = report.findings.iter().filter(|finding| finding.problem == ContentChanged);
    assert_eq!(changed.count(), 80);
}

#[test]
fn a_swap_that_also_changes_something_is_a_change() {
    check(
        |log| {
            swap_contents(log, 2, 3);
            log.at("b", 2).actor_id = "someone-else".to_owned();
        },
        Verdict::Altered,
        &[ContentChanged],
    );
    check(
        |log| {
            swap_numbers(log, 2, 3);
            log.rewrite("b");
        },
        Verdict::Altered,
        &[DiffersFromCheckpoint],
    );
}

#[test]
fn a_row_that_is_no_entry_is_reported() {
    let mut verifier = jct_audit::Verifier::new(crate::log::origin(), jct_audit::Scope::Whole);
    verifier.first_key(key(1).public());
    let mut entries = verifier.entries();
    entries.unreadable("task", "a", 1, "its id is no id");
    expect(&entries.finish(), Verdict::Altered, &[EntryUnreadable]);
}
