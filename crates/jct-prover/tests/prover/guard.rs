//! The log, while it is written.

use std::sync::Arc;

use jct_contract::Operation;
use jct_evidence::scan::{Scanner, SecretPlace};
use jct_exec::ExecutionIo;
use jct_prover::LogGuard;

use crate::support::{Attempt, token};

trials![a_secret_never_gets_into_the_log];

async fn a_secret_never_gets_into_the_log() {
    let attempt = Attempt::new(Operation::Ops);
    let guard = Arc::new(LogGuard::new(attempt.lines.clone(), Scanner::new(), "log.txt"));
    let io = attempt.io();
    let guarded = ExecutionIo::new(
        guard.clone(),
        Arc::new(crate::support::Silent),
        io.artifacts(),
        io.workspaces(),
        attempt.cancel.clone(),
    );
    let script = format!("echo before; echo 'using {} now'; echo after", token());
    attempt.work(&guarded, &script).await;
    let log = attempt.lines.text();
    assert!(!log.contains(&token()) && log.contains("before\nusing [secret removed] now\nafter"), "{log}");
    let [found] = guard.findings().try_into().unwrap();
    assert_eq!((found.place, found.file.as_str(), found.rule.as_str()), (SecretPlace::Log, "log.txt", "gitlab-token"));
    assert!(!format!("{guard:?}").contains("glpat"));
}
