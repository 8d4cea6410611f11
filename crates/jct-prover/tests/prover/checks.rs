//! Checks run on what was handed over, and on nothing else.

use std::time::Duration;

use jct_contract::{Check, Operation};
use jct_cwom::{CheckEnd, CriterionStatus, Verdict};

use crate::support::Attempt;

trials![
    a_check_decides_its_criterion,
    a_failed_check_fails,
    a_check_that_cannot_start_fails,
    only_what_was_committed_exists,
    one_check_cannot_help_the_next,
    a_check_reaches_nothing_outside,
    a_check_runs_where_the_task_is,
    a_check_over_its_time_is_ended_and_the_rest_is_not_run,
    the_output_of_a_check_is_limited,
];

const RIGHT: &str = "echo answer=42 > src/lib.sh";

fn attempt() -> Attempt {
    Attempt::new(Operation::CodeChange)
}

async fn a_check_decides_its_criterion() {
    let attempt = attempt()
        .criterion("the answer is right")
        .criterion("it is documented")
        .criterion("it is fast")
        .check("tests", Some(0), "sh test.sh")
        .check("documented", Some(1), "grep -q answer README.md");
    let findings = attempt.prove(RIGHT).await;
    Attempt::expect(&findings, Verdict::Fail, "the check `documented` exited with status 1");
    let statuses: Vec<_> = findings.criteria_results.iter().map(|result| result.status).collect();
    assert_eq!(statuses, [CriterionStatus::Satisfied, CriterionStatus::NotSatisfied, CriterionStatus::Unverified]);
    assert!(attempt.lines.text().contains("check 2 of 2 (`documented`): exited with status 1"));
}

async fn a_failed_check_fails() {
    let findings = attempt().check("tests", None, "sh test.sh").prove("echo answer=43 > src/lib.sh").await;
    Attempt::expect(&findings, Verdict::Fail, "the check `tests` exited with status 1");
    let findings = attempt().check("killed", None, "kill -9 $$").prove(RIGHT).await;
    assert_eq!(findings.check_results[0].ended, CheckEnd::Signalled);
}

async fn a_check_that_cannot_start_fails() {
    let mut attempt = attempt().criterion("the tests pass");
    let command = vec!["./run-tests".to_owned()];
    attempt.checks.push(Check { name: "tests".to_owned(), command, criterion: Some(0) });
    let findings = attempt.prove(RIGHT).await;
    Attempt::expect(&findings, Verdict::Fail, "the check `tests` could not be started");
    assert_eq!(findings.criteria_results[0].status, CriterionStatus::NotSatisfied);
}

async fn only_what_was_committed_exists() {
    // The executor leaves a program behind that git ignores, in its checkout, its home and its temporary folder.
    let script = "mkdir -p bin; echo bin > .gitignore; printf '#!/bin/sh\\nexit 0\\n' > bin/tests; chmod +x bin/tests; \
                  cp bin/tests \"$HOME/tests\"; cp bin/tests \"$TMPDIR/tests\"";
    let attempt = attempt().check(
        "tests",
        None,
        "test ! -e bin/tests && test ! -e \"$HOME/tests\" && test ! -e \"$TMPDIR/tests\"",
    );
    Attempt::expect(&attempt.prove(script).await, Verdict::Pass, "");
}

async fn one_check_cannot_help_the_next() {
    let attempt = attempt()
        .check(
            "cheat",
            None,
            "echo 'exit 0' > test.sh; git -c user.name=x -c user.email=x commit -qam cheat; touch \"$HOME/x\"",
        )
        .check("tests", None, "test ! -e \"$HOME/x\" && sh test.sh");
    let findings = attempt.prove("echo answer=43 > src/lib.sh").await;
    assert_eq!(findings.check_results[0].exit_code, Some(0), "{}", attempt.artifact("checks/1-cheat.log").unwrap());
    assert_eq!(findings.check_results[1].exit_code, Some(1));
}

async fn a_check_reaches_nothing_outside() {
    let attempt = attempt();
    let forged = attempt.path("artifacts/evidence/forged");
    let victim = attempt.path("source/README.md");
    // Inside there may be another folder of that name; what counts is this one.
    let forge =
        format!("mkdir -p '{}'; touch '{}'; true", attempt.path("artifacts/evidence").display(), forged.display());
    let vandalise = format!("(echo x >> '{}') 2> /dev/null; true", victim.display());
    let attempt = attempt
        .check("network", None, "! bash -c 'exec 3<>/dev/udp/127.0.0.1/9'")
        .check("evidence", None, &forge)
        .check("source", None, &vandalise)
        .check(
            "environment",
            None,
            "test \"$JCT_CHECK\" = environment && test \"$JCT_TASK_ID\" && ! env | grep -q CARGO",
        );
    let findings = attempt.prove(RIGHT).await;
    let failed: Vec<_> = findings.check_results.iter().filter(|check| !check.passed()).collect();
    assert_eq!(failed, Vec::<&jct_cwom::CheckResult>::new());
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "# demo\n");
    assert!(!forged.exists());
}

async fn a_check_runs_where_the_task_is() {
    let findings = attempt().within("src").check("here", None, "test -f lib.sh").prove(RIGHT).await;
    Attempt::expect(&findings, Verdict::Pass, "");
    // The work took the folder away.
    let findings = attempt().within("src").check("here", None, "true").prove("git rm -qr src").await;
    assert_eq!(findings.check_results[0].ended, CheckEnd::NotStarted);
}

async fn a_check_over_its_time_is_ended_and_the_rest_is_not_run() {
    let mut attempt =
        attempt().criterion("it ends").check("endless", None, "sleep 1000").check("late", Some(0), "true");
    // Long enough for the checkout however busy the machine is; the check has to use up the rest.
    attempt.options.time_budget = Duration::from_secs(15);
    let findings = attempt.prove(RIGHT).await;
    Attempt::expect(&findings, Verdict::Fail, "the check `endless` ran out of time");
    let ended: Vec<_> = findings.check_results.iter().map(|check| check.ended).collect();
    assert_eq!(ended, [CheckEnd::TimedOut, CheckEnd::NotRun]);
    assert_eq!(findings.criteria_results[0].status, CriterionStatus::Unverified);
    attempt.assert_no_workspace();
}

async fn the_output_of_a_check_is_limited() {
    let mut attempt = attempt().check("loud", None, "head -c 3000000 /dev/zero | tr '\\0' 'x' | fold -w 100");
    attempt.options.check_output_bytes = 10_000;
    let findings = attempt.prove(RIGHT).await;
    assert_eq!(findings.check_results[0].exit_code, Some(0));
    let log = attempt.artifact("checks/1-loud.log").unwrap();
    assert!(log.len() < 11_000 && log.contains("output limit"), "{}", log.len());
}
