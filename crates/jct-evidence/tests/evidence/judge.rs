//! The table of verdicts.

use jct_contract::{Operation, Sha256Digest};
use jct_cwom::{ArtifactType, CheckEnd, CheckResult, CriterionStatus, EvidenceFindings, TestCounts, Verdict};
use jct_evidence::scan::{SecretFinding, SecretPlace};
use jct_evidence::{ArtifactBytes, ArtifactFact, ChangeFacts, Facts, FileFact, RunEnded, TestCounter, judge};
use proptest::prelude::*;

fn file(path: &str) -> FileFact {
    FileFact { path: path.to_owned(), old_path: None }
}

fn changes(paths: &[&str]) -> ChangeFacts {
    ChangeFacts {
        base_commit: "a".repeat(40),
        head_commit: "b".repeat(40),
        diff_digest: Sha256Digest::of(b"diff"),
        bundle_digest: None,
        files: paths.iter().map(|path| file(path)).collect(),
        patch_left_out: false,
    }
}

fn artifact(title: &str, kind: ArtifactType) -> ArtifactFact {
    let bytes = ArtifactBytes::Verified(Sha256Digest::of(title.as_bytes()));
    ArtifactFact { title: title.to_owned(), kind, uri: format!("artifacts/{title}"), bytes }
}

fn check(name: &str, criterion: Option<u32>, ended: CheckEnd, exit_code: Option<i32>) -> CheckResult {
    let command = vec!["sh".to_owned(), name.to_owned()];
    CheckResult { name: name.to_owned(), command, criterion, exit_code, ended, duration_ms: 1_500, tests: None }
}

fn passing(name: &str, criterion: Option<u32>) -> CheckResult {
    check(name, criterion, CheckEnd::Exited, Some(0))
}

/// Honest work: it changed what it should, and everything that was asked for is there.
fn honest() -> Facts {
    Facts {
        target_path: "src".to_owned(),
        acceptance_criteria: vec!["the tests pass".to_owned(), "it is fast".to_owned()],
        evidence_requirements: vec!["report.md".to_owned(), "kind:code_patch".to_owned()],
        changes: Some(changes(&["src/a.rs", "src/b/c.rs"])),
        artifacts: vec![
            artifact("out/report.md", ArtifactType::Report),
            artifact("changes.patch", ArtifactType::CodePatch),
        ],
        checks: vec![passing("tests", Some(0)), passing("bench", Some(1)), passing("lint", None)],
        ..Facts::new(Operation::CodeChange, RunEnded::Done)
    }
}

#[track_caller]
fn verdict(facts: &Facts, expect: Verdict, reason: &str) -> EvidenceFindings {
    let findings = judge(facts);
    assert_eq!(findings.verdict, expect, "{findings:#?}");
    assert!(findings.verdict_reason.contains(reason), "{}", findings.verdict_reason);
    assert!(!findings.verdict_reason.contains('\n'));
    findings
}

#[test]
fn honest_work_passes() {
    let findings = verdict(&honest(), Verdict::Pass, "everything that the task asked for is there and verified");
    assert_eq!((findings.checks_failed, findings.checks_skipped), (0, 0));
    // Six rules, two requirements, three checks; a criterion is counted by its checks.
    assert_eq!(findings.checks_passed, 6 + 2 + 3);
    assert!(findings.criteria_results.iter().all(|result| result.status == CriterionStatus::Satisfied));
    assert_eq!(findings.criteria_results[0].evidence_refs, ["check:tests"]);
    assert_eq!(findings.reasons, [""; 0]);
    assert_eq!(findings.subject.unwrap().diff_digest, Sha256Digest::of(b"diff"));
}

#[test]
fn who_asks_for_nothing_is_told_so() {
    let facts = Facts { changes: Some(changes(&["a"])), ..Facts::new(Operation::Docs, RunEnded::Done) };
    verdict(&facts, Verdict::Pass, "the task asked for no criterion, no evidence and no check");
    verdict(&Facts::new(Operation::Analysis, RunEnded::Done), Verdict::Pass, "asked for no criterion");
}

#[test]
fn a_run_that_did_not_end_well_fails() {
    let with = |run| Facts { run, ..honest() };
    let failed = RunEnded::Failed { code: "COMMAND_FAILED".to_owned(), message: "exit\n3".to_owned() };
    verdict(&with(failed), Verdict::Fail, "the run failed with COMMAND_FAILED: exit 3");
    verdict(&with(RunEnded::TimedOut), Verdict::Fail, "time budget");
    verdict(&with(RunEnded::Cancelled), Verdict::Fail, "cancelled");
    let nothing = Facts { run: RunEnded::TimedOut, changes: None, ..honest() };
    let findings = verdict(&nothing, Verdict::Fail, "time budget");
    assert!(!findings.reasons.iter().any(|reason| reason.contains("nothing was changed")), "{:?}", findings.reasons);
}

#[test]
fn the_diff_is_the_one_that_the_operation_calls_for() {
    use Operation::{Analysis, CodeChange, Docs, Ops};
    let with = |operation, changes| Facts { operation, changes, target_path: String::new(), ..honest() };
    for operation in [CodeChange, Docs] {
        verdict(&with(operation, None), Verdict::Fail, "nothing was changed");
        verdict(&with(operation, Some(changes(&[]))), Verdict::Fail, "nothing was changed");
        verdict(&with(operation, Some(changes(&["a"]))), Verdict::Pass, "");
    }
    verdict(&with(Analysis, Some(changes(&["a", "b"]))), Verdict::Fail, "this one changed `a`, `b`");
    for operation in [Analysis, Ops] {
        verdict(&with(operation, None), Verdict::Pass, "");
        verdict(&with(operation, Some(changes(&[]))), Verdict::Pass, "");
    }
    verdict(&with(Ops, Some(changes(&["a"]))), Verdict::Pass, "");
}

#[test]
fn changes_outside_of_the_target_are_told() {
    let with = |target: &str, paths: &[&str]| Facts {
        target_path: target.to_owned(),
        changes: Some(changes(paths)),
        ..honest()
    };
    verdict(&with("src", &["src/a"]), Verdict::Pass, "");
    verdict(&with("", &["anything"]), Verdict::Pass, "");
    verdict(&with("src", &["src/a", "src-old/b", "c"]), Verdict::Partial, "outside of `src`: `c`, `src-old/b`");
    let moved = FileFact { path: "src/new".to_owned(), old_path: Some("lib/old".to_owned()) };
    let moved = Facts { changes: Some(ChangeFacts { files: vec![moved], ..changes(&[]) }), ..honest() };
    verdict(&moved, Verdict::Partial, "`lib/old`");
}

#[test]
fn a_secret_fails_whatever_else_holds() {
    let found = |line| SecretFinding {
        place: SecretPlace::Diff,
        file: "src/a.rs".to_owned(),
        line,
        rule: "github-token".to_owned(),
        fingerprint: "00000000".to_owned(),
    };
    let facts = Facts { secrets: vec![found(7)], ..honest() };
    verdict(&facts, Verdict::Fail, "a secret was found: github-token in diff `src/a.rs` line 7");
    let facts = Facts { secrets: (0..500).map(found).collect(), ..honest() };
    let findings = verdict(&facts, Verdict::Fail, "and 10 more");
    assert!(findings.reasons.contains(&"490 more secrets were found".to_owned()));
}

#[test]
fn a_patch_that_is_too_large_is_mentioned() {
    let large = ChangeFacts { patch_left_out: true, ..changes(&["src/a"]) };
    let findings = verdict(&Facts { changes: Some(large), ..honest() }, Verdict::Pass, "");
    assert_eq!(findings.reasons, ["the patch is too large to be kept; the bundle has the commits"]);
}

#[test]
fn what_could_not_be_searched_is_open() {
    let facts = Facts { unsearched: vec!["the history".to_owned()], ..honest() };
    verdict(&facts, Verdict::Partial, "not searched for secrets: the history");
}

#[test]
fn evidence_is_matched_by_name_or_declared_kind_and_never_by_words() {
    let with = |requirement: &str| Facts { evidence_requirements: vec![requirement.to_owned()], ..honest() };
    for found in ["report.md", "out/report.md", "kind:report", "changes.patch", "kind:code_patch"] {
        let findings = verdict(&with(found), Verdict::Pass, "");
        assert!(findings.evidence_collected[0].artifact_uri.is_some());
    }
    for missing in
        ["Report.md", "report", "md", "out", "the report.md", "kind:log", "kind:Report", "kind:", "kind:pytest", ""]
    {
        let findings = verdict(&with(missing), Verdict::Partial, "missing evidence");
        assert_eq!(findings.evidence_missing, [missing]);
    }
    assert!(judge(&with("kind:pytest")).reasons[0].contains("is one of `code_patch`"));
}

#[test]
fn an_artifact_whose_bytes_are_gone_or_changed_is_no_evidence() {
    for (bytes, reason) in
        [(ArtifactBytes::Missing, "cannot be read: `out/report.md`"), (ArtifactBytes::Altered, "changed after the run")]
    {
        let mut facts = honest();
        facts.artifacts[0].bytes = bytes;
        let findings = verdict(&facts, Verdict::Fail, reason);
        assert_eq!(findings.evidence_missing, ["report.md"]);
    }
}

#[test]
fn a_criterion_is_decided_by_the_checks_that_name_it() {
    use CriterionStatus::{NotSatisfied, Satisfied, Unverified};
    let with =
        |checks: Vec<CheckResult>| Facts { acceptance_criteria: vec!["it works".to_owned()], checks, ..honest() };
    let failing = |ended, code| check("b", Some(0), ended, code);
    for (checks, status, expect) in [
        (vec![], Unverified, Verdict::Partial),
        (vec![passing("other", None)], Unverified, Verdict::Partial),
        (vec![passing("a", Some(0))], Satisfied, Verdict::Pass),
        (vec![passing("a", Some(0)), failing(CheckEnd::Exited, Some(1))], NotSatisfied, Verdict::Fail),
        (vec![failing(CheckEnd::Exited, None)], NotSatisfied, Verdict::Fail),
        (vec![failing(CheckEnd::Signalled, None)], NotSatisfied, Verdict::Fail),
        (vec![failing(CheckEnd::TimedOut, None)], NotSatisfied, Verdict::Fail),
        (vec![failing(CheckEnd::LimitExceeded, None)], NotSatisfied, Verdict::Fail),
        // Otherwise work could pass for unverified by removing the script that checks it.
        (vec![failing(CheckEnd::NotStarted, None)], NotSatisfied, Verdict::Fail),
        (vec![failing(CheckEnd::NotRun, None)], Unverified, Verdict::Partial),
        (vec![passing("a", Some(0)), failing(CheckEnd::NotRun, None)], Unverified, Verdict::Partial),
        (vec![passing("a", Some(7))], Unverified, Verdict::Partial),
    ] {
        let findings = judge(&with(checks.clone()));
        assert_eq!(findings.criteria_results[0].status, status, "{checks:?}");
        assert_eq!(findings.verdict, expect, "{checks:?}");
        assert_eq!(findings.unverified(), status == Unverified);
    }
}

#[test]
fn a_failed_check_without_a_criterion_fails() {
    let mut facts = honest();
    facts.checks[2] = check("lint", None, CheckEnd::Exited, Some(3));
    let findings = verdict(&facts, Verdict::Fail, "the check `lint` exited with status 3");
    assert_eq!(findings.checks_failed, 1);
    facts.checks[2] = check("lint", None, CheckEnd::NotRun, None);
    let findings = verdict(&facts, Verdict::Partial, "the check `lint` was not run");
    assert_eq!((findings.checks_failed, findings.checks_skipped), (0, 1));
}

#[test]
fn a_check_that_cannot_have_tested_anything_is_mentioned_and_decides_nothing() {
    let mentioned = |tests: Option<TestCounts>, duration_ms| {
        let mut facts = honest();
        facts.checks[0] = CheckResult { tests, duration_ms, ..passing("tests", Some(0)) };
        verdict(&facts, Verdict::Pass, "").reasons
    };
    let counts = |passed, failed| Some(TestCounts { passed, failed, skipped: 0 });
    assert_eq!(mentioned(None, 4), ["the check `tests` passed in 4 ms"]);
    assert_eq!(mentioned(counts(0, 0), 900), ["the check `tests` passed without a single test that passed"]);
    assert_eq!(mentioned(counts(9, 2), 900), ["the check `tests` passed although 2 of its tests failed"]);
    assert_eq!(mentioned(counts(9, 0), 900), [""; 0]);
}

#[track_caller]
fn counts(output: &str, expect: Option<(u64, u64, u64)>) {
    let mut counter = TestCounter::default();
    output.lines().for_each(|line| counter.line(line));
    let found = counter.finish().map(|counts| (counts.passed, counts.failed, counts.skipped));
    assert_eq!(found, expect, "{output}");
}

#[test]
fn counts_of_known_runners() {
    let cargo = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
    counts(&format!("running 13 tests\n{cargo}\n\nDoc-tests\n{cargo}"), Some((24, 0, 2)));
    counts("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured", Some((1, 2, 0)));
    counts("     Summary [   0.1s] 5 tests run: 4 passed, 1 failed, 2 skipped", Some((4, 1, 2)));
    counts("==== 3 passed, 1 failed, 2 skipped, 1 warning in 0.12s ====", Some((3, 1, 2)));
    counts("\u{1b}[32m\u{1b}[1m3 passed\u{1b}[0m\u{1b}[32m in 0.1s\u{1b}[0m", Some((3, 0, 0)));
    counts("= 1 failed, 2 errors in 0.1s =", Some((0, 3, 0)));
    counts(
        "--- PASS: TestA (0.00s)\n    --- PASS: TestA/b (0.00s)\n--- FAIL: TestC\n--- SKIP: D (0s)\nok  \tx\t0.1s",
        Some((2, 1, 1)),
    );
    counts("# tests 6\n# suites 0\n# pass 4\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0", Some((4, 1, 1)));
    counts("ℹ tests 2\nℹ pass 2\nℹ fail 0\nℹ skipped 0", Some((2, 0, 0)));
    counts("Test Suites: 1 failed, 1 total\nTests:       1 failed, 5 passed, 6 total\nTime: 1 s", Some((5, 1, 0)));
    counts("Ran 5 tests in 0.001s\n\nOK (skipped=1)", Some((4, 0, 1)));
    counts("Ran 5 tests in 0.001s\n\nFAILED (failures=1, errors=2)", Some((2, 3, 0)));
    counts("ran 0 tests\nall fine\n3 files changed", None);
    counts("", None);
}

proptest! {
    #[test]
    fn no_output_panics_the_counter(lines in proptest::collection::vec("\\PC{0,80}|[0-9]{1,25} (passed|failed)", 0..20)) {
        let mut counter = TestCounter::default();
        lines.iter().for_each(|line| counter.line(line));
        let _ = counter.finish();
    }

    /// Whatever the facts: nothing unverified, missing or failed passes, and the findings agree with themselves.
    #[test]
    fn pass_means_that_nothing_is_open(
        operation in proptest::sample::select(Operation::ALL.to_vec()),
        done in any::<bool>(),
        paths in proptest::option::of(proptest::collection::vec("(src/|lib/)?[a-c]", 0..4)),
        criteria in 0_usize..4,
        requirements in proptest::collection::vec("(kind:)?(log|report|a|b)", 0..3),
        checks in proptest::collection::vec((0_u32..5, 0_usize..6, 0_i32..2), 0..6),
        artifacts in proptest::collection::vec(("[a-c]", 0_usize..3), 0..4),
    ) {
        let facts = Facts {
            target_path: "src".to_owned(),
            acceptance_criteria: (0..criteria).map(|index| format!("criterion {index}")).collect(),
            evidence_requirements: requirements,
            changes: paths.map(|paths| changes(&paths.iter().map(String::as_str).collect::<Vec<_>>())),
            artifacts: artifacts.iter().map(|(title, bytes)| ArtifactFact {
                bytes: [ArtifactBytes::Missing, ArtifactBytes::Altered, ArtifactBytes::Verified(Sha256Digest::of(b""))][*bytes],
                ..artifact(title, ArtifactType::Log)
            }).collect(),
            checks: checks.iter().map(|(criterion, ended, code)| {
                check("x", criterion.checked_sub(1), CheckEnd::ALL[*ended], Some(*code))
            }).collect(),
            ..Facts::new(operation, if done { RunEnded::Done } else { RunEnded::TimedOut })
        };
        let findings = judge(&facts);
        prop_assert_eq!(&findings, &judge(&facts));
        prop_assert_eq!(findings.criteria_results.len(), facts.acceptance_criteria.len());
        prop_assert_eq!(findings.evidence_collected.len(), facts.evidence_requirements.len());
        let open = findings.unverified() || !findings.evidence_missing.is_empty();
        let failed = facts.run != RunEnded::Done
            || facts.checks.iter().any(|check| !check.passed() && check.ended != CheckEnd::NotRun)
            || findings.criteria_results.iter().any(|result| result.status == CriterionStatus::NotSatisfied);
        match findings.verdict {
            Verdict::Pass => prop_assert!(!open && !failed && findings.checks_failed == 0),
            Verdict::Partial => prop_assert!(!failed),
            Verdict::Fail => prop_assert!(findings.checks_failed > 0),
            Verdict::Pending => prop_assert!(false),
        }
    }
}
