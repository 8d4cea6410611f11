//! Whatever a single change is, an intact log is never called intact after it.

use jct_audit::{BundleVerifier, StoredEntry, Verdict};
use jct_contract::{AuditId, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

use crate::log::Log;

/// One change to one entry, or to the order or number of entries, or to a checkpoint.
#[derive(Clone, Debug)]
enum Change {
    Text { entry: Index, field: usize, text: String },
    Absent { entry: Index, field: usize },
    Number { entry: Index, seq: u64 },
    Time { entry: Index, micros: i64 },
    Id { entry: Index, id: u128 },
    Remove { entry: Index },
    Swap { one: Index, two: Index },
    Copy { from: Index, to: Index },
    Checkpoint { checkpoint: Index, place: Index, character: char },
    Leaves { checkpoint: Index, place: Index, character: char },
    RemoveCheckpoint { checkpoint: Index },
}

fn changes() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0..11_usize, ".{0,12}").prop_map(|(entry, field, text)| Change::Text { entry, field, text }),
        (at(), 0..6_usize).prop_map(|(entry, field)| Change::Absent { entry, field }),
        (at(), 0..9_u64).prop_map(|(entry, seq)| Change::Number { entry, seq }),
        (at(), any::<i64>()).prop_map(|(entry, micros)| Change::Time { entry, micros }),
        (at(), any::<u128>()).prop_map(|(entry, id)| Change::Id { entry, id }),
        at().prop_map(|entry| Change::Remove { entry }),
        (at(), at()).prop_map(|(one, two)| Change::Swap { one, two }),
        (at(), at()).prop_map(|(from, to)| Change::Copy { from, to }),
        (at(), at(), any::<char>()).prop_map(|(checkpoint, place, character)| Change::Checkpoint {
            checkpoint,
            place,
            character
        }),
        (at(), at(), any::<char>()).prop_map(|(checkpoint, place, character)| Change::Leaves {
            checkpoint,
            place,
            character
        }),
        at().prop_map(|checkpoint| Change::RemoveCheckpoint { checkpoint }),
    ]
}

fn set(entry: &mut StoredEntry, field: usize, text: String) {
    match field {
        0 => entry.entity_kind = text,
        1 => entry.entity_id = text,
        2 => entry.actor_kind = text,
        3 => entry.actor_id = text,
        4 => entry.action = text,
        5 => entry.before = Some(text),
        6 => entry.after = Some(text),
        7 => entry.note = Some(text),
        8 => entry.trace_id = Some(text),
        9 => entry.prev_hash = Some(text),
        _ => entry.hash = Some(text),
    }
}

fn clear(entry: &mut StoredEntry, field: usize) {
    let fields = [
        &mut entry.before,
        &mut entry.after,
        &mut entry.note,
        &mut entry.trace_id,
        &mut entry.prev_hash,
        &mut entry.hash,
    ];
    *fields.into_iter().nth(field).unwrap() = None;
}

fn replace(text: &mut String, place: Index, character: char) {
    let mut characters: Vec<char> = text.chars().collect();
    let place = place.index(characters.len());
    characters[place] = character;
    *text = characters.into_iter().collect();
}

fn apply(log: &mut Log, change: Change) {
    let count = log.entries.len();
    match change {
        Change::Text { entry, field, text } => set(&mut log.entries[entry.index(count)], field, text),
        Change::Absent { entry, field } => clear(&mut log.entries[entry.index(count)], field),
        Change::Number { entry, seq } => log.entries[entry.index(count)].seq = seq,
        Change::Time { entry, micros } => log.entries[entry.index(count)].at = Timestamp::from_micros(micros),
        Change::Id { entry, id } => log.entries[entry.index(count)].id = AuditId::from_uuid(Uuid::from_u128(id)),
        Change::Remove { entry } => drop(log.entries.remove(entry.index(count))),
        Change::Swap { one, two } => {
            let (one, two) = (one.index(count), two.index(count));
            let (first, second) = (log.entries[one].seq, log.entries[two].seq);
            log.entries[one].seq = second;
            log.entries[two].seq = first;
        }
        Change::Copy { from, to } => {
            let copy = log.entries[from.index(count)].clone();
            log.entries[to.index(count)] = copy;
        }
        Change::Checkpoint { checkpoint, place, character } => {
            let stored = checkpoint.index(log.checkpoints.len());
            replace(&mut log.checkpoints[stored].text, place, character);
        }
        Change::Leaves { checkpoint, place, character } => {
            let stored = checkpoint.index(log.checkpoints.len());
            replace(&mut log.checkpoints[stored].leaves, place, character);
        }
        Change::RemoveCheckpoint { checkpoint } => {
            let stored = checkpoint.index(log.checkpoints.len());
            drop(log.checkpoints.remove(stored));
        }
    }
}

/// What verification looks at, to tell a change from none.
fn content(log: &Log) -> String {
    format!("{:?} {:?}", log.ordered(), log.checkpoints)
}

proptest! {
    #[test]
    fn no_change_goes_unnoticed(change in changes()) {
        let mut log = Log::intact();
        let before = content(&log);
        apply(&mut log, change);
        prop_assume!(content(&log) != before);
        prop_assert!(log.verify().verdict > Verdict::NotYetAnchored, "{:#?}", log.verify());
    }

    #[test]
    fn any_honest_log_is_intact(spans in prop::collection::vec("[a-e]{0,8}", 1..6), rest in "[a-e]{0,4}") {
        let mut log = Log::new();
        for ids in &spans {
            ids.chars().for_each(|id| log.write(&id.to_string()));
            log.seal();
        }
        prop_assert_eq!(log.verify().verdict, Verdict::Intact);
        rest.chars().for_each(|id| log.write(&id.to_string()));
        let report = log.verify();
        let expected = if rest.is_empty() { Verdict::Intact } else { Verdict::NotYetAnchored };
        prop_assert_eq!((report.verdict, report.uncovered), (expected, rest.len() as u64));
    }

    #[test]
    fn no_line_makes_the_bundle_reader_fail_otherwise_than_by_an_error(lines in prop::collection::vec(".{0,80}", 0..5)) {
        let mut verifier = BundleVerifier::new(None, None);
        let read = lines.iter().try_for_each(|line| verifier.line(line));
        prop_assert!(read.is_err() || verifier.finish().is_err());
    }
}
