//! What the owner of the database can do to the log, and how verification calls it.

use jct_audit::{Problem, Report, Subject, Verdict};
use jct_tests::{Engine, on_both_engines};

use super::log::Log;

on_both_engines![
    an_untouched_log_is_intact_and_anchored,
    a_changed_field_is_named_whichever_it_is,
    a_deleted_middle_row_is_named,
    a_deleted_tail_is_named,
    a_chain_that_is_gone_is_named,
    two_swapped_entries_are_named,
    a_chain_written_anew_is_named,
    an_older_copy_is_named,
    a_deleted_checkpoint_is_named,
    a_forged_checkpoint_is_named,
    a_log_written_anew_with_the_towers_own_key_is_named,
    a_replaced_key_is_named,
    a_row_that_is_no_entry_is_named,
];

/// Six entries of the queue, two keys, all sealed in two checkpoints; the log's own key is the fourth chain.
fn sealed(engine: Engine) -> Log {
    let log = Log::new(engine);
    log.entries(3);
    log.key("ci");
    assert_eq!(log.seal().unwrap().checkpoints, 1);
    log.entries(3);
    log.key("ada");
    assert_eq!(log.seal().unwrap().last, 2);
    assert_eq!(log.verify().verdict, Verdict::Intact);
    log
}

#[track_caller]
fn found(report: &Report, verdict: Verdict, problem: Problem, subject: &str) {
    assert_eq!(report.verdict, verdict, "{report:#?}");
    let named = |finding: &&jct_audit::Finding| finding.problem == problem && about(&finding.subject) == subject;
    assert!(report.findings.iter().any(|finding| named(&finding)), "{problem} of {subject}: {report:#?}");
}

fn about(subject: &Subject) -> String {
    match subject {
        Subject::Entry { entity_kind, entity_id, seq } => format!("{entity_kind} {entity_id} {seq}"),
        Subject::Checkpoint { number } => format!("checkpoint {number}"),
        Subject::Keys => "keys".to_owned(),
        Subject::Log => "log".to_owned(),
    }
}

fn an_untouched_log_is_intact_and_anchored(engine: Engine) {
    let log = sealed(engine);
    let report = log.verify();
    assert_eq!((report.entries, report.entities, report.checkpoints, report.last_anchored), (11, 4, 2, Some(2)));
    assert_eq!(report.findings, []);
    assert_eq!(log.verify_alone().verdict, Verdict::NotYetAnchored, "nobody outside vouches for it");
    log.entry();
    let report = log.verify();
    assert_eq!((report.verdict, report.uncovered), (Verdict::NotYetAnchored, 1));
}

fn a_changed_field_is_named_whichever_it_is(engine: Engine) {
    for change in [
        "ts = ts + 1",
        "actor_kind = 'agent'",
        "actor_id = 'somebody'",
        "action = 'deleted'",
        "before = '{}'",
        "after = NULL",
        "note = 'added'",
        "trace_id = 'other'",
        "prev_hash = hash",
        "id = '01890a5d-ac96-774b-bcce-b302099a8057'",
    ] {
        let log = sealed(engine);
        log.tamper(&format!("UPDATE audit_log SET {change} WHERE entity_kind = 'queue' AND seq = 2"));
        found(&log.verify(), Verdict::Altered, Problem::ContentChanged, "queue tasks 2");
        assert_eq!(log.verify_alone().verdict, Verdict::Altered, "{change}: seen without any copy");
    }
}

fn a_deleted_middle_row_is_named(engine: Engine) {
    let log = sealed(engine);
    log.tamper("DELETE FROM audit_log WHERE entity_kind = 'queue' AND seq = 2");
    found(&log.verify(), Verdict::Altered, Problem::EntryMissing, "queue tasks 3");
}

fn a_deleted_tail_is_named(engine: Engine) {
    let log = sealed(engine);
    log.tamper("DELETE FROM audit_log WHERE entity_kind = 'queue' AND seq > 4");
    found(&log.verify(), Verdict::Truncated, Problem::TailMissing, "queue tasks 4");
    assert_eq!(log.verify_alone().verdict, Verdict::Truncated);
}

fn a_chain_that_is_gone_is_named(engine: Engine) {
    let log = sealed(engine);
    log.tamper("DELETE FROM audit_log WHERE entity_kind = 'api_key' AND entity_id = 'ada'");
    found(&log.verify(), Verdict::Truncated, Problem::EntityMissing, "api_key ada 2");
}

fn two_swapped_entries_are_named(engine: Engine) {
    let log = sealed(engine);
    let queue = "UPDATE audit_log SET seq = {new} WHERE entity_kind = 'queue' AND seq = {old};";
    let step = |old: &str, new: &str| queue.replace("{new}", new).replace("{old}", old);
    log.tamper(&[step("2", "900"), step("4", "2"), step("900", "4")].concat());
    let report = log.verify();
    found(&report, Verdict::Reordered, Problem::EntryMoved, "queue tasks 2");
    found(&report, Verdict::Reordered, Problem::EntryMoved, "queue tasks 4");
}

fn a_chain_written_anew_is_named(engine: Engine) {
    let log = sealed(engine);
    log.rewrite("api_key", "ci", |entry| entry.actor_id = "somebody".to_owned());
    let report = log.verify();
    found(&report, Verdict::Altered, Problem::DiffersFromCheckpoint, "api_key ci 2");
    assert_eq!(report.findings.len(), 1, "the chain fits in itself: only the checkpoint tells");
    assert_eq!(log.verify_alone().verdict, Verdict::Altered);
}

/// What an older copy of the database holds, and a copy that was written on since.
fn an_older_copy_is_named(engine: Engine) {
    let log = sealed(engine);
    log.tamper(
        "DELETE FROM audit_checkpoints WHERE number = 2; \
         DELETE FROM audit_log WHERE position > (SELECT through FROM audit_checkpoints WHERE number = 1)",
    );
    assert_ne!(log.verify_alone().verdict, Verdict::Truncated, "an older copy is sound in itself");
    found(&log.verify(), Verdict::Truncated, Problem::LogRolledBack, "log");
    log.entries(2);
    found(&log.verify(), Verdict::Truncated, Problem::LogRolledBack, "log");
    let refused = log.seal().unwrap_err().to_string();
    assert!(refused.contains("outside the database"), "a forked log is not sealed: {refused}");
}

fn a_deleted_checkpoint_is_named(engine: Engine) {
    let log = sealed(engine);
    log.tamper("DELETE FROM audit_checkpoints WHERE number = 1");
    found(&log.verify(), Verdict::CheckpointBroken, Problem::CheckpointMissing, "checkpoint 2");
    let log = sealed(engine);
    log.tamper("DELETE FROM audit_checkpoints WHERE number = 2");
    found(&log.verify(), Verdict::CheckpointBroken, Problem::CheckpointMissing, "log");
}

fn a_forged_checkpoint_is_named(engine: Engine) {
    for (change, problem) in [
        ("statement = replace(statement, 'entries ', 'entries 1')", Problem::SignatureInvalid),
        ("statement = 'anything'", Problem::CheckpointUnreadable),
        ("leaves = ''", Problem::LeavesDiffer),
    ] {
        let log = sealed(engine);
        log.tamper(&format!("UPDATE audit_checkpoints SET {change} WHERE number = 2"));
        let report = log.verify();
        assert_eq!(report.verdict, Verdict::CheckpointBroken, "{change}");
        assert!(report.findings.iter().any(|finding| finding.problem == problem), "{change}: {report:#?}");
        assert_eq!(log.verify_alone().verdict, Verdict::CheckpointBroken, "{change}: seen without any copy");
    }
}

/// Against whoever holds the key as well, only the copy outside helps.
fn a_log_written_anew_with_the_towers_own_key_is_named(engine: Engine) {
    let log = sealed(engine);
    log.rewrite("api_key", "ci", |entry| entry.actor_id = "somebody".to_owned());
    log.tamper("DELETE FROM audit_checkpoints");
    let forger = log.other_sealer("audit.key", "forged.jsonl");
    log.run(forger.seal()).unwrap();
    assert_eq!(log.verify_alone().verdict, Verdict::NotYetAnchored, "it fits in itself, signatures included");
    found(&log.verify(), Verdict::CheckpointBroken, Problem::OutsideCopyDiffers, "checkpoint 1");
}

fn a_replaced_key_is_named(engine: Engine) {
    let log = sealed(engine);
    log.tamper("DELETE FROM audit_checkpoints; DELETE FROM audit_keys");
    let forger = log.other_sealer("forger.key", "forged.jsonl");
    log.run(forger.seal()).unwrap();
    found(&log.verify(), Verdict::CheckpointBroken, Problem::FirstKeyDiffers, "keys");
    let pinned = log.run(log.sealer.public_key());
    let report = log.run(jct_tower::audit::verify(&log.store, pinned, None, |_| {})).unwrap();
    found(&report, Verdict::CheckpointBroken, Problem::PinnedKeyUnknown, "keys");
}

fn a_row_that_is_no_entry_is_named(engine: Engine) {
    let log = sealed(engine);
    log.tamper("UPDATE audit_log SET ts = 9223372036854775807 WHERE entity_kind = 'queue' AND seq = 2");
    found(&log.verify(), Verdict::Altered, Problem::EntryUnreadable, "queue tasks 2");
}
