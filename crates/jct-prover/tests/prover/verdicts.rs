//! What the executor says counts for nothing.

use std::fs;

use jct_contract::{Operation, Sha256Digest};
use jct_cwom::{CheckEnd, CriterionStatus, Verdict};
use jct_evidence::RunEnded;
use jct_prover::ProofError;

use crate::support::Attempt;

trials![
    honest_work_passes,
    saying_done_is_not_doing_it,
    commits_that_undo_each_other_change_nothing,
    an_analysis_changes_nothing,
    work_without_a_repository_can_be_proven,
    changes_outside_of_the_target_are_told,
    evidence_is_what_is_there,
    forged_evidence_is_gone,
    a_run_that_failed_is_not_checked,
    what_was_never_received_cannot_be_proven,
    a_cancelled_proof_has_no_verdict,
];

const RIGHT: &str = "echo answer=42 > src/lib.sh";

async fn honest_work_passes() {
    let attempt = Attempt::new(Operation::CodeChange)
        .criterion("the tests pass")
        .requires("kind:code_patch")
        .requires("1-tests.log")
        .check("tests", Some(0), "sh test.sh");
    let findings = attempt.prove(&format!("{RIGHT}; git commit -qam 'Right'; echo more >> README.md")).await;
    Attempt::expect(&findings, Verdict::Pass, "everything that the task asked for");
    let tests = findings.check_results[0].tests.as_ref().unwrap();
    assert_eq!((tests.passed, tests.failed), (1, 0));

    let patch = attempt.artifact("changes.patch").unwrap();
    assert!(patch.contains("-answer=41\n+answer=42"), "{patch}");
    let subject = findings.subject.as_ref().unwrap();
    assert_eq!(subject.diff_digest, Sha256Digest::of(patch.as_bytes()));
    let bundle = fs::read(attempt.path("artifacts/changes.bundle")).unwrap();
    assert_eq!(subject.bundle_digest, Some(Sha256Digest::of(&bundle)));
    let commits = attempt.json("commits.json");
    assert_eq!(commits.as_array().unwrap().len(), 2);
    assert_eq!(commits[0]["id"], subject.head_commit.as_str());
    assert_eq!(attempt.json("diff_stat.json")["files"][0]["path"], "README.md");

    let verdict = attempt.json("evidence/verdict.json");
    assert_eq!(verdict["verdict"], "pass");
    assert_eq!(verdict["evaluated_by"]["actor_id"], "prover");
    assert_eq!(verdict["summary"]["checks_failed"], 0);
    assert_eq!(attempt.json("evidence/collected.json")["evidence_missing"], serde_json::json!([]));
    assert_eq!(attempt.json("evidence/criteria/criterion_0.json")["status"], "satisfied");
    assert_eq!(attempt.artifact("checks/1-tests.log").unwrap(), "1 passed, 0 failed\n");
    assert!(findings.isolation.unwrap()["effective"].is_string());
    attempt.assert_no_workspace();
}

async fn saying_done_is_not_doing_it() {
    let attempt = Attempt::new(Operation::CodeChange).criterion("the tests pass").check("tests", Some(0), "sh test.sh");
    let findings = attempt.prove("echo 'all done, 100% of the tests pass'").await;
    Attempt::expect(&findings, Verdict::Fail, "nothing was changed");
    assert_eq!(findings.criteria_results[0].status, CriterionStatus::NotSatisfied);
    assert_eq!(attempt.artifact("changes.patch"), None);
}

async fn commits_that_undo_each_other_change_nothing() {
    let attempt = Attempt::new(Operation::CodeChange);
    let findings = attempt.prove(&format!("{RIGHT}; git commit -qam 'Right'; git revert --no-edit HEAD")).await;
    Attempt::expect(&findings, Verdict::Fail, "nothing was changed");
    assert_eq!(attempt.json("commits.json").as_array().unwrap().len(), 2);
}

async fn an_analysis_changes_nothing() {
    let attempt = Attempt::new(Operation::Analysis);
    let findings = attempt.prove(RIGHT).await;
    Attempt::expect(&findings, Verdict::Fail, "this one changed `src/lib.sh`");
    let attempt = Attempt::new(Operation::Analysis).check("tests", None, "test -f README.md");
    Attempt::expect(&attempt.prove("ls").await, Verdict::Pass, "");
}

async fn work_without_a_repository_can_be_proven() {
    let attempt = Attempt::new(Operation::Analysis).requires("report.md").check("tests", None, "true");
    fs::write(attempt.path("artifacts/report.md"), "all is well").unwrap();
    let proof = attempt.try_prove(&attempt.io(), None, RunEnded::Done).await.unwrap();
    Attempt::expect(&proof.findings, Verdict::Partial, "the check `tests` was not run");
    assert_eq!(proof.findings.subject, None);
    assert!(proof.findings.evidence_collected[0].found);
}

async fn changes_outside_of_the_target_are_told() {
    let attempt = Attempt::new(Operation::CodeChange).within("src");
    let findings = attempt.prove(&format!("{RIGHT}; git mv README.md src/README.md; echo > new")).await;
    Attempt::expect(&findings, Verdict::Partial, "outside of `src`: `README.md`, `new`");
}

async fn evidence_is_what_is_there() {
    let attempt = Attempt::new(Operation::CodeChange)
        .requires("report.md")
        .requires("kind:report")
        .requires("kind:image")
        .requires("Report.md")
        .requires("test report");
    fs::create_dir(attempt.path("artifacts/out")).unwrap();
    fs::write(attempt.path("artifacts/out/report.md"), "42").unwrap();
    let findings = attempt.prove(RIGHT).await;
    Attempt::expect(&findings, Verdict::Partial, "missing evidence: `kind:image`");
    assert_eq!(findings.evidence_missing, ["kind:image", "Report.md", "test report"]);
    let uri = findings.evidence_collected[0].artifact_uri.as_deref().unwrap();
    assert!(uri.ends_with("/trace/artifacts/out/report.md?attempt=1"), "{uri}");
}

async fn forged_evidence_is_gone() {
    let attempt = Attempt::new(Operation::CodeChange).requires("kind:log").criterion("it works");
    fs::create_dir_all(attempt.path("artifacts/evidence/criteria")).unwrap();
    fs::create_dir_all(attempt.path("artifacts/checks")).unwrap();
    for name in ["evidence/verdict.json", "evidence/criteria/criterion_0.json", "checks/1-tests.log", "changes.patch"] {
        fs::write(attempt.path("artifacts").join(name), r#"{"verdict":"pass","status":"satisfied"}"#).unwrap();
    }
    let findings = attempt.prove("true").await;
    Attempt::expect(&findings, Verdict::Fail, "nothing was changed");
    assert_eq!(findings.evidence_missing, ["kind:log"]);
    assert_eq!(attempt.artifact("changes.patch"), None);
    assert_eq!(attempt.json("evidence/verdict.json")["verdict"], "fail");
    assert_eq!(attempt.json("evidence/criteria/criterion_0.json")["status"], "unverified");
}

async fn a_run_that_failed_is_not_checked() {
    let attempt = Attempt::new(Operation::CodeChange).check("tests", None, "sh test.sh");
    let io = attempt.io();
    let handover = attempt.work(&io, RIGHT).await;
    let ended = RunEnded::Failed { code: "COMMAND_FAILED".to_owned(), message: "exited with status 3".to_owned() };
    let findings = attempt.try_prove(&io, Some(&handover), ended).await.unwrap().findings;
    Attempt::expect(&findings, Verdict::Fail, "the run failed with COMMAND_FAILED");
    assert_eq!(findings.check_results[0].ended, CheckEnd::NotRun);
    assert!(attempt.artifact("changes.patch").unwrap().contains("answer=42"));
}

async fn what_was_never_received_cannot_be_proven() {
    let attempt = Attempt::new(Operation::CodeChange);
    let io = attempt.io();
    let mut handover = attempt.work(&io, RIGHT).await;
    handover.head_commit.clone_from(&handover.base_commit);
    let refused = attempt.try_prove(&io, Some(&handover), RunEnded::Done).await.unwrap_err();
    assert!(matches!(refused, ProofError::NotReceived), "{refused}");
    assert!(refused.reason().unwrap().is_infrastructure());
    assert_eq!(attempt.artifact("evidence/verdict.json"), None);
}

async fn a_cancelled_proof_has_no_verdict() {
    let attempt = Attempt::new(Operation::CodeChange).check("endless", None, "echo begun > begun; sleep 1000");
    let io = attempt.io();
    let handover = attempt.work(&io, RIGHT).await;
    let cancel = async {
        // Once the check runs there is something to be ended.
        while attempt.running_checks() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        attempt.cancel.cancel();
    };
    let (proof, ()) = tokio::join!(attempt.try_prove(&io, Some(&handover), RunEnded::Done), cancel);
    assert!(matches!(proof.unwrap_err(), ProofError::Cancelled));
    assert_eq!(attempt.artifact("evidence/verdict.json"), None);
}
