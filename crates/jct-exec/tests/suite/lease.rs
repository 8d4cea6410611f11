//! What runs under a lease ends with it, and only with it.

use std::sync::Arc;
use std::time::Duration;

use jct_exec::process::{Capture, CommandSpec, Environment, LeaseHolder, ProcessEnd, run};
use jct_exec::sandbox::IsolationLevel;
use tokio::time::Instant;

use crate::sandbox::best_sandbox;
use crate::support::{LONG, Lines, bounds, line_in};

/// Tried one after another, in seconds, until the program began before its first lease was over: how long that takes
/// depends on what else this machine does.
const LEASES: [u64; 3] = [3, 15, 75];

/// Runs a program for longer than its first lease; whether it began in time, and how it ended.
async fn under_a_lease(seconds: u64, is_renewed: bool) -> (bool, ProcessEnd) {
    let folder = tempfile::tempdir().unwrap();
    let (holder, term) = LeaseHolder::new(Instant::now() + Duration::from_secs(seconds));
    let script = format!("echo began > began; sleep {}", seconds + 1);
    let command = CommandSpec::new("/bin/sh", folder.path(), Environment::clean(folder.path(), folder.path()))
        .args(["-c", &script])
        .confined(best_sandbox().confine().writable(folder.path()));
    let capture = Capture::new(Arc::new(Lines::default()), 10_000);
    let bounds = bounds().under(Some(term));
    let running = Box::pin(run(&command, &bounds, &capture));
    let began = folder.path().join("began");
    let renewing = async {
        line_in(&began).await;
        if is_renewed {
            holder.renew(Instant::now() + LONG);
        }
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = running => outcome,
        () = renewing => unreachable!("it waits for ever"),
    };
    (began.exists(), outcome.end)
}

#[tokio::test]
async fn a_run_goes_on_while_its_lease_is_renewed_and_ends_with_it() {
    if best_sandbox().level() == IsolationLevel::L0 {
        println!("skipped: this machine gives no sandbox");
        return;
    }
    for is_renewed in [true, false] {
        for seconds in LEASES {
            match (is_renewed, under_a_lease(seconds, is_renewed).await) {
                (true, (true, ProcessEnd::Exited { code: 0 })) | (false, (true, ProcessEnd::Cancelled)) => break,
                // Not in time.
                (_, (false, ProcessEnd::Cancelled)) if seconds < LEASES[2] => {}
                (true, (true, ProcessEnd::Cancelled)) if seconds < LEASES[2] => {}
                (_, ended) => panic!("renewed: {is_renewed}, {ended:?}"),
            }
        }
    }
}
