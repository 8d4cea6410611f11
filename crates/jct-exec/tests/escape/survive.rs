//! Nothing outlives its run: not by a session of its own, not by ignoring signals, not by the worker's death.

use std::process::{Child, ExitCode, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jct_exec::process::{Bounds, Capture, LeaseHolder, ProcessEnd, run};
use jct_exec::sandbox::IsolationLevel;
use libtest_mimic::{Failed, Trial};
use rustix::process::Signal;
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
    /// Stopped, as if it hung, until long after its run's time is over.
    WorkerStopped(Time),
}

/// What ends the run of a worker that hangs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Time {
    Budget,
    Lease,
}

const ENDINGS: [(&str, Ending); 6] = [
    ("cancelled", Ending::Cancelled),
    ("timed-out", Ending::TimedOut),
    ("dropped", Ending::Dropped),
    ("worker-killed", Ending::WorkerKilled),
    ("worker-stopped-past-its-budget", Ending::WorkerStopped(Time::Budget)),
    ("worker-stopped-past-its-lease", Ending::WorkerStopped(Time::Lease)),
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
    let sleeper = Sleeper { script: script.replace("SECONDS", &seconds), level, programs, limited: None };
    match ending {
        Ending::WorkerKilled => kill_worker(&sleeper, &seconds)?,
        Ending::WorkerStopped(time) => return stop_worker(&sleeper, &seconds, time),
        _ => tools::runtime().block_on(end(&sleeper, &seconds, ending))?,
    }
    gone(&seconds)
}

/// A run that lasts until it is ended from outside.
#[derive(Clone, Serialize, Deserialize)]
struct Sleeper {
    programs: Programs,
    level: IsolationLevel,
    script: String,
    /// By what it ends, after how many seconds.
    limited: Option<(Time, u64)>,
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
    let bounds = |budget| Bounds::new(budget, CancellationToken::new()).with_grace(SHORT);
    tools::runtime().block_on(async {
        match sleeper.limited.map(|(time, seconds)| (time, Duration::from_secs(seconds))) {
            None => sleeper.run(&bounds(LONG)).await,
            Some((Time::Budget, budget)) => sleeper.run(&bounds(budget)).await,
            Some((Time::Lease, lease)) => {
                let (_holder, term) = LeaseHolder::new(tokio::time::Instant::now() + lease);
                sleeper.run(&bounds(LONG).under(Some(term))).await
            }
        }
    });
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
        Ending::Cancelled | Ending::WorkerKilled | Ending::WorkerStopped(_) => {
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
    let mut worker = start_worker(sleeper)?;
    let ran = until_it_runs(&mut worker, seconds);
    worker.kill()?;
    worker.wait()?;
    ran
}

/// A worker that hangs can do nothing at all, and holds everything that it ever held. How long a program takes to begin
/// depends on what else this machine does: more time, until it began before its time was up.
fn stop_worker(sleeper: &Sleeper, seconds: &str, time: Time) -> Result<(), Failed> {
    let mut began = Err("never tried".into());
    for limit in [4, 20, 60] {
        let sleeper = Sleeper { limited: Some((time, limit)), ..sleeper.clone() };
        let mut worker = start_worker(&sleeper)?;
        began = until_it_runs(&mut worker, seconds);
        let stopped = rustix::process::kill_process(rustix::process::Pid::from_child(&worker), Signal::STOP);
        // It was stopped in time only if the program is there afterwards.
        let was_there = began.is_ok() && stopped.is_ok() && tools::sleepers(seconds) > 0;
        let ended = if was_there { gone_within(seconds, Duration::from_secs(limit) + SOON) } else { Ok(()) };
        let still_stopped = matches!(worker.try_wait(), Ok(None));
        worker.kill()?;
        worker.wait()?;
        if was_there {
            return if still_stopped { ended } else { Err("the worker was not stopped".into()) };
        }
    }
    began.and(Err("the program was gone before its worker was stopped".into()))
}

fn start_worker(sleeper: &Sleeper) -> Result<Child, Failed> {
    let options = serde_json::to_string(sleeper)?;
    let mut command = User::Root.command(&sleeper.programs.attempts);
    Ok(command.args(["sleeper", options.as_str()]).stdin(Stdio::null()).spawn()?)
}

fn until_it_runs(worker: &mut Child, seconds: &str) -> Result<(), Failed> {
    let started = Instant::now();
    while tools::sleepers(seconds) == 0 {
        if let Some(status) = worker.try_wait()? {
            return Err(format!("the worker ended with {status}").into());
        }
        if started.elapsed() > LONG {
            return Err("the program never ran".into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn prepared(tools: &Tools) -> Result<Programs, Failed> {
    let programs = tools.programs(User::Root);
    std::fs::create_dir(programs.workspace())?;
    Ok(programs)
}

fn gone(seconds: &str) -> Result<(), Failed> {
    gone_within(seconds, SOON)
}

fn gone_within(seconds: &str, limit: Duration) -> Result<(), Failed> {
    let started = Instant::now();
    while tools::sleepers(seconds) > 0 {
        if started.elapsed() > limit {
            return Err(format!("{} process(es) survived", tools::sleepers(seconds)).into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
