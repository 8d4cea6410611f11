//! Supervision: ends, limits, output, and what a process tree may try.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jct_exec::LogStream;
use jct_exec::process::{Bounds, Capture, CommandSpec, Environment, LINE_OVERHEAD, MAX_LINE_BYTES, ProcessEnd, run};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::{DEADLINES, LONG, Lines, bounds, is_alive, line_in};

const SHORT: Duration = Duration::from_millis(300);

fn shell(folder: &Path, script: &str) -> CommandSpec {
    CommandSpec::new("/bin/sh", folder, Environment::clean(folder, folder)).args(["-c", script])
}

async fn output_of(script: &str, limit: usize) -> (ProcessEnd, std::sync::Arc<Lines>, bool) {
    let folder = TempDir::new().unwrap();
    let lines = std::sync::Arc::new(Lines::default());
    let capture = Capture::new(lines.clone(), limit);
    let outcome = run(&shell(folder.path(), script), &bounds(), &capture).await;
    (outcome.end, lines, capture.is_truncated())
}

#[tokio::test]
async fn exit_codes_and_signals_are_told_apart() {
    assert!(matches!(output_of("exit 0", 1000).await.0, ProcessEnd::Exited { code: 0 }));
    assert!(matches!(output_of("exit 42", 1000).await.0, ProcessEnd::Exited { code: 42 }));
    assert!(matches!(output_of("kill -SEGV $$", 1000).await.0, ProcessEnd::Signalled { signal: 11 }));
    assert!(matches!(output_of("kill -KILL $$", 1000).await.0, ProcessEnd::Signalled { signal: 9 }));
}

#[tokio::test]
async fn a_missing_program_is_no_exit() {
    let folder = TempDir::new().unwrap();
    let environment = Environment::clean(folder.path(), folder.path());
    let capture = Capture::new(std::sync::Arc::new(Lines::default()), 1000);
    for program in ["no-such-program-anywhere", "", "./none", "a\0b"] {
        let command = CommandSpec::new(program, folder.path(), environment.clone());
        let end = run(&command, &bounds(), &capture).await.end;
        assert!(matches!(end, ProcessEnd::SpawnFailed(_)), "{program:?}: {end:?}");
    }
}

#[tokio::test]
async fn both_streams_are_captured_line_by_line() {
    let (_, lines, truncated) = output_of("echo one; echo two >&2; printf three", 1000).await;
    assert_eq!(lines.of(LogStream::Stdout), ["one", "three"]);
    assert_eq!(lines.of(LogStream::Stderr), ["two"]);
    assert!(!truncated);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_replaced() {
    let (_, lines, _) = output_of(r"printf 'a\377b\000c\r\n'", 1000).await;
    assert_eq!(lines.of(LogStream::Stdout), ["a\u{fffd}b\u{fffd}c"]);
}

#[tokio::test]
async fn a_huge_line_comes_in_pieces() {
    let script = format!("head -c {} /dev/zero | tr '\\0' x", 3 * MAX_LINE_BYTES + 5);
    let (_, lines, _) = output_of(&script, 10 * MAX_LINE_BYTES).await;
    let lengths: Vec<_> = lines.of(LogStream::Stdout).iter().map(String::len).collect();
    assert_eq!(lengths, [MAX_LINE_BYTES, MAX_LINE_BYTES, MAX_LINE_BYTES, 5]);
}

#[tokio::test]
async fn output_stops_at_the_limit_with_one_marker() {
    let limit = 10 * (4 + LINE_OVERHEAD);
    let (end, lines, truncated) =
        output_of("for i in $(seq 5000); do echo abcd; echo efgh >&2; done; exit 3", limit).await;
    assert!(matches!(end, ProcessEnd::Exited { code: 3 }), "{end:?}");
    assert!(truncated);
    let kept = lines.of(LogStream::Stdout).len() + lines.of(LogStream::Stderr).len();
    assert_eq!(kept, 10);
    assert_eq!(lines.of(LogStream::System), ["output limit of 360 bytes reached, the rest is left out"]);
}

#[tokio::test]
async fn endless_output_ends_at_the_deadline() {
    let folder = TempDir::new().unwrap();
    for deadline in DEADLINES {
        let lines = std::sync::Arc::new(Lines::default());
        let capture = Capture::new(lines.clone(), 10_000);
        let limited = Bounds::new(deadline, CancellationToken::new());
        let outcome = run(&shell(folder.path(), "yes; yes"), &limited, &capture).await;
        assert!(matches!(outcome.end, ProcessEnd::TimedOut), "{outcome:?}");
        assert!(lines.all().len() < 1000);
        if capture.is_truncated() {
            return;
        }
    }
    panic!("the limit was never reached");
}

#[tokio::test]
async fn the_environment_is_not_inherited() {
    let (_, lines, _) = output_of("env | cut -d= -f1 | sort", 10_000).await;
    let names = lines.of(LogStream::Stdout);
    let allowed = ["HOME", "JCT_RUN_MARKER", "LANG", "OLDPWD", "PATH", "PWD", "SHLVL", "TMPDIR", "_"];
    assert!(names.iter().all(|name| allowed.contains(&name.as_str())), "{names:?}");
    assert!(names.contains(&"HOME".to_owned()));
}

#[tokio::test]
async fn standard_input_is_empty() {
    let (end, lines, _) = output_of("cat; echo done", 1000).await;
    assert!(matches!(end, ProcessEnd::Exited { code: 0 }));
    assert_eq!(lines.of(LogStream::Stdout), ["done"]);
}

/// Starts `script`, which writes a process id into `pid` and must not end by itself; ends the run in
/// a way; the process must be gone.
async fn check_gone(script: &str, end_by: impl AsyncFnOnce(&Path, CommandSpec, &Capture)) {
    let folder = TempDir::new().unwrap();
    let capture = Capture::new(std::sync::Arc::new(Lines::default()), 10_000);
    let command = shell(folder.path(), script);
    tokio::time::timeout(LONG, end_by(folder.path(), command, &capture)).await.unwrap();
    let pid = line_in(&folder.path().join("pid")).await;
    assert!(!is_alive(&pid), "process {pid} survived: {script}");
}

const IN_GROUP: &str = "sleep 1000 & echo $! > pid; wait";
const OWN_SESSION: &str = "setsid sh -c 'echo $$ > pid; exec sleep 1000' & wait; sleep 1000";
/// The environment is rewritten, the parent stays.
const OWN_SESSION_NO_MARKER: &str = "setsid env -i sh -c 'echo $$ > pid; exec /bin/sleep 1000' & sleep 1000";
const DEAF: &str = "trap '' TERM; echo $$ > pid; while true; do sleep 1; done";

async fn by_cancel(folder: &Path, command: CommandSpec, capture: &Capture) {
    let cancel = CancellationToken::new();
    let limits = Bounds::new(LONG, cancel.clone()).with_grace(SHORT);
    let stopper = async {
        line_in(&folder.join("pid")).await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(run(&command, &limits, capture), stopper);
    assert!(matches!(outcome.end, ProcessEnd::Cancelled), "{outcome:?}");
}

async fn by_drop(folder: &Path, command: CommandSpec, capture: &Capture) {
    let pid_file = folder.join("pid");
    let limits = bounds();
    tokio::select! {
        outcome = run(&command, &limits, capture) => panic!("{outcome:?}"),
        _ = line_in(&pid_file) => {}
    }
    let pid = line_in(&pid_file).await;
    while is_alive(&pid) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn cancelling_ends_the_whole_tree() {
    for script in [IN_GROUP, OWN_SESSION, OWN_SESSION_NO_MARKER, DEAF] {
        check_gone(script, by_cancel).await;
    }
}

#[tokio::test]
async fn dropping_ends_the_whole_tree() {
    for script in [IN_GROUP, OWN_SESSION, OWN_SESSION_NO_MARKER, DEAF] {
        check_gone(script, by_drop).await;
    }
}

#[tokio::test]
async fn the_deadline_ends_the_whole_tree() {
    let by_deadline = async |folder: &Path, command: CommandSpec, capture: &Capture| {
        for deadline in DEADLINES {
            let limits = Bounds::new(deadline, CancellationToken::new());
            let outcome = run(&command, &limits, capture).await;
            assert!(matches!(outcome.end, ProcessEnd::TimedOut), "{outcome:?}");
            if folder.join("pid").exists() {
                return;
            }
        }
    };
    check_gone(OWN_SESSION, by_deadline).await;
}

#[tokio::test]
async fn a_background_process_does_not_outlive_its_command_or_hang_it() {
    let script = "setsid sh -c 'echo $$ > pid; exec sleep 1000' & until [ -s pid ]; do sleep 0.01; done; exit 7";
    check_gone(script, async |_: &Path, command: CommandSpec, capture: &Capture| {
        let outcome = run(&command, &bounds(), capture).await;
        assert!(matches!(outcome.end, ProcessEnd::Exited { code: 7 }), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn a_polite_end_is_possible_within_the_grace() {
    let folder = TempDir::new().unwrap();
    let capture = Capture::new(std::sync::Arc::new(Lines::default()), 10_000);
    let script = "trap 'echo bye > said; exit 0' TERM; echo $$ > pid; while true; do sleep 0.05; done";
    let cancel = CancellationToken::new();
    let limits = Bounds::new(LONG, cancel.clone()).with_grace(LONG);
    let stopper = async {
        line_in(&folder.path().join("pid")).await;
        cancel.cancel();
    };
    let command = shell(folder.path(), script);
    let (outcome, ()) = tokio::join!(run(&command, &limits, &capture), stopper);
    assert!(matches!(outcome.end, ProcessEnd::Cancelled), "{outcome:?}");
    assert_eq!(fs::read_to_string(folder.path().join("said")).unwrap(), "bye\n");
}

#[tokio::test]
async fn an_escaped_process_that_holds_the_output_open_does_not_hang_the_run() {
    // Loses its parent and its environment, the one thing that supervision cannot find.
    let script =
        "(setsid env -i /bin/sh -c 'echo $$ > pid; exec /bin/sleep 1000' &) ; until [ -s pid ]; do sleep 0.01; done";
    let folder = TempDir::new().unwrap();
    let lines = std::sync::Arc::new(Lines::default());
    let capture = Capture::new(lines.clone(), 10_000);
    let outcome = run(&shell(folder.path(), script), &bounds(), &capture).await;
    assert!(matches!(outcome.end, ProcessEnd::Exited { code: 0 }), "{outcome:?}");
    let pid = line_in(&folder.path().join("pid")).await;
    assert!(is_alive(&pid), "the process was found after all: the README claims less than it could");
    let _ = std::process::Command::new("kill").arg(&pid).status();
}
