//! Nothing outlives its run: not by a session of its own, not by ignoring signals, not by the worker's death.

use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jct_exec::process::{Bounds, Capture, ProcessEnd, run};
use jct_exec::sandbox::IsolationLevel;
use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::matrix::skipped;
use crate::tools::{self, LONG, Lines, Programs, Tools, User};

/// Long enough for a killed process to be gone on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

/// How sleepers are started; `SECONDS` is replaced. Each keeps one `sleep` in some corner.
const CORNERS: [(&str, &str); 5] = [
    ("child", "sleep SECONDS & wait"),
    ("own-session", "setsid sleep SECONDS & wait"),
    ("orphan-without-environment", "(setsid env -i sleep SECONDS &); sleep 300"),
    ("deaf", "trap '' TERM HUP INT; sh -c \"trap '' TERM HUP INT; sleep SECONDS\"; while :; do sleep 1; done"),
    ("stopped", "sleep SECONDS & sleep 0.5; kill -STOP $!; while :; do sleep 1; done"),
];

/// How a run ends.
#[derive(Clone, Copy)]
enum Ending {
    Cancelled,
    TimedOut,
    Dropped,
    WorkerKilled,
}

const ENDINGS: [(&str, Ending); 4] = [
    ("cancelled", Ending::Cancelled),
    ("timed-out", Ending::TimedOut),
    ("dropped", Ending::Dropped),
    ("worker-killed", Ending::WorkerKilled),
];

pub(crate) fn trials(tools: &Arc<Tools>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for level in [IsolationLevel::L1, IsolationLevel::L2, IsolationLevel::L3] {
        for (ending_name, ending) in ENDINGS {
            for (corner, script) in CORNERS {
                let tools = Arc::clone(tools);
                let name = format!("survive::{level}::{ending_name}::{corner}");
                trials.push(Trial::test(name, move || check(&tools, level, ending, script)));
            }
        }
        let tools = Arc::clone(tools);
        let name = format!("survive::{level}::exited::orphan");
        trials.push(Trial::test(name, move || tools::runtime().block_on(exited(&tools, level))));
    }
    trials
}

/// The program ends by itself and leaves somebody behind.
async fn exited(tools: &Tools, level: IsolationLevel) -> Result<(), Failed> {
    let programs = prepared(tools)?;
    let Ok(sandbox) = programs.sandbox(level) else {
        skipped(format!("survival at {level}"));
        return Ok(());
    };
    let seconds = tools::unique_seconds();
    let script = format!("(setsid env -i sleep {seconds} &); sleep 0.2; exit 7");
    let (outcome, _) = tools::finish(&programs.shell(&script).confined(programs.confine(&sandbox))).await;
    if !matches!(outcome.end, ProcessEnd::Exited { code: 7 }) {
        return Err(format!("{:?}", outcome.end).into());
    }
    gone(&seconds)
}

fn check(tools: &Tools, level: IsolationLevel, ending: Ending, script: &str) -> Result<(), Failed> {
    let programs = prepared(tools)?;
    if programs.sandbox(level).is_err() {
        skipped(format!("survival at {level}"));
        return Ok(());
    }
    let seconds = tools::unique_seconds();
    let sleeper = Sleeper { script: script.replace("SECONDS", &seconds), level, programs };
    match ending {
        Ending::WorkerKilled => kill_worker(&sleeper, &seconds)?,
        _ => tools::runtime().block_on(end(&sleeper, &seconds, ending))?,
    }
    gone(&seconds)
}

/// A run that lasts until it is ended from outside.
#[derive(Serialize, Deserialize)]
struct Sleeper {
    programs: Programs,
    level: IsolationLevel,
    script: String,
}

impl Sleeper {
    async fn run(&self, bounds: &Bounds) -> ProcessEnd {
        let sandbox = self.programs.sandbox(self.level).unwrap();
        let command = self.programs.shell(&self.script).confined(self.programs.confine(&sandbox));
        let capture = Capture::new(Arc::new(Lines::default()), 10_000);
        Box::pin(run(&command, bounds, &capture)).await.end
    }
}

/// The worker that will be killed.
pub(crate) fn sleeper(options: &str) -> ExitCode {
    let sleeper: Sleeper = serde_json::from_str(options).unwrap();
    let bounds = Bounds::new(LONG, CancellationToken::new());
    tools::runtime().block_on(sleeper.run(&bounds));
    ExitCode::FAILURE
}

/// How long a program gets depends on what else this machine does: more, until it began before its time was up.
async fn end(sleeper: &Sleeper, seconds: &str, ending: Ending) -> Result<(), Failed> {
    if let Ending::TimedOut = ending {
        for budget in [2, 10, 50] {
            let end = end_within(Duration::from_secs(budget), sleeper, seconds, ending).await;
            if end.is_ok() {
                return end;
            }
        }
    }
    end_within(LONG, sleeper, seconds, ending).await
}

async fn end_within(budget: Duration, sleeper: &Sleeper, seconds: &str, ending: Ending) -> Result<(), Failed> {
    let cancel = CancellationToken::new();
    let started = async {
        while tools::sleepers(seconds) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let bounds = Bounds::new(budget, cancel.clone()).with_grace(SHORT);
    let running = sleeper.run(&bounds);
    tokio::pin!(running);
    tokio::select! {
        end = &mut running => return Err(format!("ended before it began: {end:?}").into()),
        () = started => {}
    }
    let outcome = match ending {
        Ending::Dropped => None,
        Ending::TimedOut => Some(running.await),
        Ending::Cancelled | Ending::WorkerKilled => {
            cancel.cancel();
            Some(running.await)
        }
    };
    match (ending, outcome) {
        (Ending::Cancelled, Some(ProcessEnd::Cancelled))
        | (Ending::TimedOut, Some(ProcessEnd::TimedOut))
        | (Ending::Dropped, None) => Ok(()),
        (_, other) => Err(format!("ended as {other:?}").into()),
    }
}

/// `kill -9` leaves no time for anything.
fn kill_worker(sleeper: &Sleeper, seconds: &str) -> Result<(), Failed> {
    let options = serde_json::to_string(sleeper)?;
    let mut worker = User::Root
        .command(&sleeper.programs.attempts)
        .args(["sleeper", options.as_str()])
        .stdin(Stdio::null())
        .spawn()?;
    let started = Instant::now();
    while tools::sleepers(seconds) == 0 {
        if let Some(status) = worker.try_wait()? {
            return Err(format!("the worker ended with {status}").into());
        }
        if started.elapsed() > LONG {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let was_there = tools::sleepers(seconds);
    worker.kill()?;
    worker.wait()?;
    if was_there == 0 { Err("the program never ran".into()) } else { Ok(()) }
}

fn prepared(tools: &Tools) -> Result<Programs, Failed> {
    let programs = tools.programs(User::Root);
    std::fs::create_dir(programs.workspace())?;
    Ok(programs)
}

fn gone(seconds: &str) -> Result<(), Failed> {
    let started = Instant::now();
    while tools::sleepers(seconds) > 0 {
        if started.elapsed() > SOON {
            return Err(format!("{} process(es) survived", tools::sleepers(seconds)).into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
