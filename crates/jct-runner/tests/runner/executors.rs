//! Executors that behave, and executors that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jct_exec::{Execution, ExecutionIo, ExecutionRequest, Executor, Executors, FailureReason, JsonObject};
use serde_json::json;

/// What the executors of one test have seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probe(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    started: AtomicUsize,
    /// Runs that were dropped before they ended: killed.
    killed: AtomicUsize,
}

impl Probe {
    pub(crate) fn started(&self) -> usize {
        self.0.started.load(Ordering::SeqCst)
    }

    pub(crate) fn killed(&self) -> usize {
        self.0.killed.load(Ordering::SeqCst)
    }

    fn start(&self) -> Running {
        self.0.started.fetch_add(1, Ordering::SeqCst);
        Running { probe: self.clone(), ended: false }
    }
}

/// Counts as killed unless it ended.
struct Running {
    probe: Probe,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended && !std::thread::panicking() {
            self.probe.0.killed.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Behaviour {
    /// Succeeds at once, with a line, progress and an artifact.
    Succeed,
    /// Succeeds at once and leaves nothing.
    Noop,
    /// Says that a command failed.
    Fail,
    /// Panics.
    Panic,
    /// Runs until it is told to stop.
    Obey,
    /// Runs until it is killed.
    Ignore,
    /// Says a line, then runs until it is told to stop.
    SayAndObey,
    /// Says a line, then runs until it is killed.
    SayAndIgnore,
    /// Succeeds after `inputs.millis`.
    Sleep,
    /// Succeeds when it is told to stop.
    FinishWhenTold,
    /// Prints `inputs.lines` lines of `inputs.width` characters and succeeds.
    Flood,
    /// Succeeds with a result of a megabyte.
    Huge,
    /// Removes its own trace folder and claims success.
    EatTrace,
}

const ALL: [(&str, Behaviour); 13] = [
    ("succeed", Behaviour::Succeed),
    ("noop", Behaviour::Noop),
    ("fail", Behaviour::Fail),
    ("panic", Behaviour::Panic),
    ("obey", Behaviour::Obey),
    ("ignore", Behaviour::Ignore),
    ("say_and_obey", Behaviour::SayAndObey),
    ("say_and_ignore", Behaviour::SayAndIgnore),
    ("sleep", Behaviour::Sleep),
    ("finish_when_told", Behaviour::FinishWhenTold),
    ("flood", Behaviour::Flood),
    ("huge", Behaviour::Huge),
    ("eat_trace", Behaviour::EatTrace),
];

struct Fake {
    name: &'static str,
    behaviour: Behaviour,
    probe: Probe,
}

pub(crate) fn executors(probe: &Probe) -> Executors {
    let fake = |(name, behaviour)| -> Arc<dyn Executor> { Arc::new(Fake { name, behaviour, probe: probe.clone() }) };
    Executors::new(ALL.map(fake)).unwrap()
}

#[async_trait]
impl Executor for Fake {
    fn name(&self) -> &str {
        self.name
    }

    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution {
        let mut running = self.probe.start();
        let execution = self.behave(request, io).await;
        running.ended = true;
        execution
    }
}

impl Fake {
    async fn behave(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution {
        let number = |name: &str| request.inputs.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        match self.behaviour {
            Behaviour::Noop => completed(JsonObject::new()),
            Behaviour::Succeed => {
                io.capture().system("working");
                io.progress(Some(100), "done");
                std::fs::write(io.artifacts().join("note.md"), "hello").unwrap();
                completed(JsonObject::from_iter([("answer".to_owned(), 42.into())]))
            }
            Behaviour::Fail => Execution::Failed {
                reason: FailureReason::CommandFailed { exit_code: 3 },
                message: "the command exited with status 3".to_owned(),
                output: JsonObject::from_iter([("commands".to_owned(), json!([]))]),
            },
            Behaviour::Panic => panic!("this executor panics"),
            Behaviour::Sleep => {
                tokio::time::sleep(std::time::Duration::from_millis(number("millis"))).await;
                completed(JsonObject::new())
            }
            Behaviour::SayAndIgnore => {
                io.capture().system("still here");
                std::future::pending().await
            }
            Behaviour::Obey | Behaviour::SayAndObey => {
                if matches!(self.behaviour, Behaviour::SayAndObey) {
                    io.capture().system("still here");
                }
                io.cancellation().cancelled().await;
                Execution::Cancelled { output: JsonObject::new() }
            }
            Behaviour::Ignore => std::future::pending().await,
            Behaviour::FinishWhenTold => {
                io.cancellation().cancelled().await;
                completed(JsonObject::new())
            }
            Behaviour::Flood => {
                let (capture, width) = (io.capture(), usize::try_from(number("width")).unwrap());
                for line in 1..=number("lines") {
                    capture.system(format!("{line} {}", "x".repeat(width)));
                }
                completed(JsonObject::new())
            }
            Behaviour::Huge => completed(JsonObject::from_iter([
                ("commit".to_owned(), "abc".into()),
                ("text".to_owned(), "x".repeat(1 << 20).into()),
            ])),
            Behaviour::EatTrace => {
                std::fs::remove_dir_all(io.artifacts().parent().unwrap()).unwrap();
                completed(JsonObject::new())
            }
        }
    }
}

fn completed(output: JsonObject) -> Execution {
    Execution::Completed { output }
}
