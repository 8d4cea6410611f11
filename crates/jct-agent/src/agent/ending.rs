//! What the end of an agent means for the attempt.

use std::time::Duration;

use jct_exec::process::ProcessEnd;
use jct_exec::{FailureReason, Stop};

use super::heard::AgentEnd;
use crate::adapter::Seen;
use crate::work::ended_from_outside;

/// `None` when the agent ended well by its own account, which proves nothing but that.
pub(super) fn stop_of(process: &ProcessEnd, end: Option<AgentEnd>, seen: &Seen, agent: &str) -> Option<Stop> {
    let what = format!("the agent `{agent}`");
    if ended_from_outside(process) {
        return Stop::of_command(process, &what);
    }
    let reported = || seen.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    let (reason, message) = match end {
        Some(AgentEnd::Ended { exit_code: Some(0), .. }) => match &seen.error {
            None => return None,
            Some(error) => {
                (FailureReason::CommandFailed { exit_code: 0 }, format!("{what} reports a failure: {error}"))
            }
        },
        Some(AgentEnd::Ended { exit_code: Some(exit_code), .. }) => {
            (FailureReason::CommandFailed { exit_code }, format!("{what} exited with status {exit_code}{}", reported()))
        }
        Some(AgentEnd::Ended { exit_code: None, signal }) => {
            let signal = signal.unwrap_or_default();
            (FailureReason::CommandSignalled { signal }, format!("{what} was ended by signal {signal}{}", reported()))
        }
        Some(AgentEnd::NotStarted(message)) => {
            (FailureReason::CommandNotFound, format!("{what} could not be started: {message}"))
        }
        Some(AgentEnd::NeedsInput { question, silent_ms }) => (
            FailureReason::NeedsInput,
            format!("{what} waits for an answer, silent for {} s: {question}", seconds(silent_ms)),
        ),
        Some(AgentEnd::Stalled { silent_ms }) => {
            (FailureReason::NeedsInput, format!("{what} said nothing for {} s and was ended", seconds(silent_ms)))
        }
        // Its attendant went first, so nobody knows how the agent ended.
        None => {
            let reason = FailureReason::CommandFailed { exit_code: 0 };
            return Stop::of_command(process, &what)
                .or_else(|| Some(Stop::failed(reason, format!("{what} ended without an account of how"))));
        }
    };
    Some(Stop::failed(reason, message))
}

fn seconds(milliseconds: u64) -> u64 {
    Duration::from_millis(milliseconds).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(process: &ProcessEnd, end: Option<AgentEnd>, error: Option<&str>, expect: Option<(FailureReason, &str)>) {
        let seen = Seen { error: error.map(str::to_owned), ..Seen::default() };
        let stop = stop_of(process, end, &seen, "demo");
        let stop = stop.map(|stop| match stop {
            Stop::Failed(reason, message) => (reason, message),
            other => panic!("{other:?}"),
        });
        assert_eq!(stop, expect.map(|(reason, message)| (reason, message.to_owned())));
    }

    fn ended(code: i32) -> Option<AgentEnd> {
        Some(AgentEnd::Ended { exit_code: Some(code), signal: None })
    }

    #[test]
    fn an_agents_end_is_told_by_its_attendant() {
        let exited = |code| ProcessEnd::Exited { code };
        check(&exited(0), ended(0), None, None);
        check(
            &exited(0),
            ended(0),
            Some("no credit"),
            Some((FailureReason::CommandFailed { exit_code: 0 }, "the agent `demo` reports a failure: no credit")),
        );
        check(
            &exited(2),
            ended(2),
            Some("bad key"),
            Some((FailureReason::CommandFailed { exit_code: 2 }, "the agent `demo` exited with status 2: bad key")),
        );
        check(
            &exited(137),
            Some(AgentEnd::Ended { exit_code: None, signal: Some(9) }),
            None,
            Some((FailureReason::CommandSignalled { signal: 9 }, "the agent `demo` was ended by signal 9")),
        );
        check(
            &exited(75),
            Some(AgentEnd::NeedsInput { question: "Continue?".to_owned(), silent_ms: 60_500 }),
            None,
            Some((FailureReason::NeedsInput, "the agent `demo` waits for an answer, silent for 60 s: Continue?")),
        );
        check(
            &exited(75),
            Some(AgentEnd::Stalled { silent_ms: 900_000 }),
            None,
            Some((FailureReason::NeedsInput, "the agent `demo` said nothing for 900 s and was ended")),
        );
        check(
            &exited(127),
            Some(AgentEnd::NotStarted("no such file".to_owned())),
            None,
            Some((FailureReason::CommandNotFound, "the agent `demo` could not be started: no such file")),
        );
        check(
            &exited(0),
            None,
            None,
            Some((FailureReason::CommandFailed { exit_code: 0 }, "the agent `demo` ended without an account of how")),
        );
    }
}
