//! A secret fails the work, and is not kept.

use std::fs;

use jct_contract::Operation;
use jct_cwom::{EvidenceFindings, Verdict};
use jct_evidence::RunEnded;

use crate::support::{Attempt, scanner, token};

trials![
    a_secret_in_the_diff,
    a_secret_in_a_binary_file_that_its_attributes_hide,
    a_secret_in_a_commit_that_the_next_one_takes_away,
    a_secret_in_a_message,
    a_secret_in_a_name,
    a_secret_in_an_artifact,
    a_secret_that_a_check_prints,
    a_secret_of_the_worker,
    a_secret_that_was_there_before,
];

fn attempt() -> Attempt {
    Attempt::new(Operation::CodeChange)
}

async fn leaks(attempt: &Attempt, script: &str, reason: &str) -> EvidenceFindings {
    let findings = attempt.prove(script).await;
    Attempt::expect(&findings, Verdict::Fail, reason);
    attempt.assert_nowhere(&token());
    findings
}

async fn a_secret_in_the_diff() {
    let attempt = attempt();
    let script = format!("echo 'key={}' >> src/lib.sh", token());
    leaks(&attempt, &script, "a secret was found: gitlab-token in diff `src/lib.sh` line 2").await;
    assert!(attempt.artifact("changes.patch").unwrap().contains("+key=[secret removed]"));
    assert_eq!(attempt.artifact("changes.bundle"), None);
}

async fn a_secret_in_a_binary_file_that_its_attributes_hide() {
    let script = format!("echo '* binary -diff' > .gitattributes; printf 'a\\0b {}\\n' > blob", token());
    leaks(&attempt(), &script, "gitlab-token in diff `blob`").await;
}

async fn a_secret_in_a_commit_that_the_next_one_takes_away() {
    let attempt = attempt();
    let script = format!(
        "echo 'key={}' >> src/lib.sh; git commit -qam one; echo answer=42 > src/lib.sh; git commit -qam two",
        token()
    );
    leaks(&attempt, &script, "gitlab-token in diff `src/lib.sh`").await;
    assert_eq!(attempt.artifact("changes.bundle"), None);
    assert!(attempt.artifact("changes.patch").unwrap().contains("+answer=42"));
}

async fn a_secret_in_a_message() {
    let attempt = attempt();
    let script = format!("echo answer=42 > src/lib.sh; git commit -qam 'Use {}'", token());
    leaks(&attempt, &script, "gitlab-token in commit").await;
    assert!(attempt.artifact("commits.json").unwrap().contains("Use [secret removed]"));
    let attempt = attempt_with_body().await;
    assert_eq!(attempt.artifact("changes.bundle"), None);
}

async fn attempt_with_body() -> Attempt {
    let attempt = attempt();
    let script = format!("echo answer=42 > src/lib.sh; git commit -qam subject -m 'body {}'", token());
    leaks(&attempt, &script, "gitlab-token in commit").await;
    attempt
}

async fn a_secret_in_a_name() {
    let attempt = attempt();
    let findings = leaks(&attempt, &format!("echo x > {}", token()), "gitlab-token in diff `diff_stat.json`").await;
    assert!(!serde_json::to_string(&findings).unwrap().contains(&token()));
    assert!(attempt.artifact("changes.patch").unwrap().contains("+++ b/[secret removed]"));
    let attempt = crate::secrets::attempt();
    fs::write(attempt.path("artifacts").join(token()), "harmless").unwrap();
    leaks(&attempt, "echo answer=42 > src/lib.sh", "gitlab-token in artifact `[secret removed]`").await;
    assert!(!attempt.path("artifacts").join(token()).exists());
}

async fn a_secret_in_an_artifact() {
    let attempt = attempt().requires("notes.md");
    fs::write(attempt.path("artifacts/notes.md"), format!("I used {}\n", token())).unwrap();
    leaks(&attempt, "echo answer=42 > src/lib.sh", "gitlab-token in artifact `notes.md` line 1").await;
    assert_eq!(attempt.artifact("notes.md").unwrap(), "I used [secret removed]\n");
    assert!(attempt.artifact("changes.bundle").is_some(), "the commits are clean");
}

async fn a_secret_that_a_check_prints() {
    let attempt =
        attempt().check("prints", None, &format!("a=glpat-; echo \"${{a}}{}\"", token().replace("glpat-", "")));
    leaks(&attempt, "echo answer=42 > src/lib.sh", "gitlab-token in log `checks/1-prints.log` line 1").await;
}

async fn a_secret_of_the_worker() {
    let mut attempt = attempt();
    attempt.options.scanner = scanner().with_values(["correct horse battery staple"]);
    let findings = attempt.prove("echo '# correct horse battery staple' >> README.md").await;
    Attempt::expect(&findings, Verdict::Fail, "known-value in diff `README.md`");
    attempt.assert_nowhere("horse");
}

async fn a_secret_that_was_there_before() {
    let attempt = attempt();
    let io = attempt.io();
    let handover = attempt.work(&io, &format!("echo 'key={}' >> src/lib.sh", token())).await;
    let first = attempt.try_prove(&io, Some(&handover), RunEnded::Done).await.unwrap();
    assert_eq!(first.findings.verdict, Verdict::Fail);

    // Work on a repository that has one already is not blamed for it, neither for changing its line's neighbour nor for
    // taking it away.
    let attempt = Attempt::with_source(&format!("key={}\nanswer=41\n", token()));
    Attempt::expect(&attempt.prove("sed -i s/41/42/ src/lib.sh").await, Verdict::Pass, "");
    let attempt = Attempt::with_source(&format!("key={}\nanswer=41\n", token()));
    Attempt::expect(&attempt.prove("sed -i /key/d src/lib.sh").await, Verdict::Pass, "");
}
