//! Supervises one program from start to the end of its whole process tree.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::process::{Child, Command};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::bounds::Bounds;
use super::capture::{Capture, LogStream};
use super::control::Control;
use super::lines::LineSplitter;
use super::spec::CommandSpec;
use super::tree::Tree;
use crate::sandbox::{Confinement, Heard, IsolationReport, Launch, LaunchError, Limit, SandboxStep};

/// How long output is still read after the last known process has ended. Long enough for what is in
/// the pipe; an escaped process that holds the pipe open waits in vain.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);
/// Between two looks at a tree that was told to end.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long SIGKILL is repeated before a process is taken to be stuck in the kernel.
const KILL_LIMIT: Duration = Duration::from_secs(5);
/// How long dropping a run waits for its sandbox to end; usually a few milliseconds.
const DROP_LIMIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
const READ_BYTES: usize = 16 * 1024;

/// How a run ended.
#[derive(Debug)]
pub enum ProcessEnd {
    /// The program ended by itself.
    Exited {
        /// Its exit status, 0..=255.
        code: i32,
    },
    /// A signal that was not ours ended the program.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// The deadline passed and the tree was ended.
    TimedOut,
    /// Cancellation was asked for and the tree was ended.
    Cancelled,
    /// The program could not be started.
    SpawnFailed(io::Error),
    /// The sandbox could not be made, so nothing ran.
    SandboxFailed {
        /// The step that failed.
        step: SandboxStep,
        /// Why, for people.
        message: String,
    },
    /// The run used more than it may and the tree was ended.
    LimitHit {
        /// Of what.
        limit: Limit,
    },
}

/// How a run ended and how long it took.
#[derive(Debug)]
pub struct ProcessOutcome {
    /// How it ended.
    pub end: ProcessEnd,
    /// From start to the end of the whole tree.
    pub duration: Duration,
    /// How the run was isolated; `None` for a command that is not [confined](CommandSpec::confined), or when its
    /// sandbox was not made.
    pub isolation: Option<IsolationReport>,
}

/// Runs a program until it ends, the deadline passes or cancellation is asked for. Whichever it is,
/// no process of the run that can be found is alive afterwards; the same when the future is dropped.
pub async fn run(command: &CommandSpec, bounds: &Bounds, capture: &Capture) -> ProcessOutcome {
    let started = Instant::now();
    let (end, isolation) = match launch(command, bounds) {
        Err(error) => (ProcessEnd::SandboxFailed { step: error.step, message: error.message }, None),
        Ok(None) => {
            let end = match Running::start(command.to_command(), command) {
                Err(error) => ProcessEnd::SpawnFailed(error),
                Ok(running) => Box::pin(running.supervise(command.input(), bounds, capture)).await.0,
            };
            (end, command.confinement().map(Confinement::unconfined_report))
        }
        Ok(Some(launch)) => match Running::start_inside(launch, command) {
            Err(error) => (ProcessEnd::SandboxFailed { step: SandboxStep::Launch, message: error.to_string() }, None),
            Ok(running) => Box::pin(running.supervise(&[], bounds, capture)).await,
        },
    };
    ProcessOutcome { end, duration: started.elapsed(), isolation }
}

fn launch(command: &CommandSpec, bounds: &Bounds) -> Result<Option<Launch>, LaunchError> {
    command.confinement().map_or(Ok(None), |confinement| confinement.launch(command, bounds.time_left()))
}

/// Why supervision stopped waiting.
#[derive(Clone, Copy)]
enum Stop {
    Exited,
    TimedOut,
    Cancelled,
    Flooded,
}

/// A started program. Dropping it kills the tree.
struct Running {
    child: Child,
    tree: Arc<Tree>,
    /// Readable once the leader has ended, without reaping it: see the invariant of [`Tree`].
    exit: AsyncFd<OwnedFd>,
    /// The inside, when the leader is the monitor of a sandbox.
    control: Option<Control>,
    /// Fires when there is more output than there may be.
    flood: Flood,
}

impl Running {
    fn start(mut command: Command, spec: &CommandSpec) -> io::Result<Self> {
        if !spec.folder().is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "the working folder does not exist"));
        }
        Self::hold(command.kill_on_drop(true).spawn()?, spec, None)
    }

    /// The monitor is not killed but let go of: it knows best what to end.
    fn start_inside(mut launch: Launch, spec: &CommandSpec) -> io::Result<Self> {
        let unused = std::process::Command::new("");
        let mut command = Command::from(std::mem::replace(&mut launch.command, unused));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // It holds a copy of the other end of the socket.
        drop(command);
        Self::hold(child, spec, Some(Control::new(launch)?))
    }

    fn hold(child: Child, spec: &CommandSpec, control: Option<Control>) -> io::Result<Self> {
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::other("the process has no id"))?;
        let exit = watched(pidfd_open(leader, PidfdFlags::NONBLOCK)?)?;
        let tree = Arc::new(Tree::new(leader, spec.marker().clone()));
        let most = spec.confinement().filter(|_| control.is_some()).map(Confinement::most_output);
        Ok(Self { child, tree, exit, control, flood: Flood::new(most) })
    }

    async fn supervise(
        mut self,
        input: &[u8],
        bounds: &Bounds,
        capture: &Capture,
    ) -> (ProcessEnd, Option<IsolationReport>) {
        let stdin = self.child.stdin.take();
        let stdout = self.child.stdout.take();
        let stderr = self.child.stderr.take();
        let talk = self.control.as_mut().map(|control| control.talk(bounds.lease()));
        let flood = self.flood.clone();
        let output = async {
            tokio::join!(
                feed(stdin, input),
                async {
                    if let Some(talk) = talk {
                        talk.await;
                    }
                },
                pump(stdout, LogStream::Stdout, capture, &flood),
                pump(stderr, LogStream::Stderr, capture, &flood)
            )
        };
        tokio::pin!(output);
        let mut output_over = false;

        let stop = {
            let stopped = self.until_stopped(bounds);
            tokio::pin!(stopped);
            loop {
                tokio::select! {
                    stop = &mut stopped => break stop,
                    _ = &mut output, if !output_over => output_over = true,
                }
            }
        };
        if !output_over && timeout(DRAIN_LIMIT, output).await.is_err() {
            capture.system("a process outside the run holds its output open, no longer read");
        }
        if self.control.as_ref().is_some_and(|control| !control.is_complete()) {
            self.kill_tree().await;
        }
        self.tree.finish();
        self.end(stop).await
    }

    async fn end(&mut self, stop: Stop) -> (ProcessEnd, Option<IsolationReport>) {
        let status = self.status().await;
        let heard = self.control.as_ref().map(|control| {
            control.clean_up();
            control.take_heard()
        });
        let isolation = heard.as_ref().and_then(|heard| heard.report.clone());
        let end = match stop {
            Stop::TimedOut => ProcessEnd::TimedOut,
            Stop::Cancelled => ProcessEnd::Cancelled,
            // Too much output may be what another limit led to.
            Stop::Flooded => match heard.map(Heard::into_end) {
                Some(limit @ ProcessEnd::LimitHit { .. }) => limit,
                _ => ProcessEnd::LimitHit { limit: Limit::Output },
            },
            Stop::Exited => heard.map_or(status, Heard::into_end),
        };
        (end, isolation)
    }

    /// Waits for the first reason to stop, then ends what is left of the tree.
    async fn until_stopped(&self, bounds: &Bounds) -> Stop {
        let stop = tokio::select! {
            biased;
            _ = self.exit.readable() => Stop::Exited,
            () = bounds.cancelled() => Stop::Cancelled,
            () = tokio::time::sleep_until(bounds.deadline()) => Stop::TimedOut,
            () = self.flood.reached() => Stop::Flooded,
        };
        if matches!(stop, Stop::Cancelled | Stop::TimedOut) {
            self.signal(Signal::TERM).await;
            let _still_there = timeout(bounds.grace(), self.until_gone()).await;
        }
        match &self.control {
            None => self.kill_tree().await,
            // The monitor ends everything before it ends itself.
            Some(control) => {
                control.let_go();
                if timeout(KILL_LIMIT, self.exit.readable()).await.is_err() {
                    self.kill_tree().await;
                }
            }
        }
        stop
    }

    async fn until_gone(&self) {
        loop {
            let tree = Arc::clone(&self.tree);
            if matches!(spawn_blocking(move || tree.live()).await, Ok(0)) {
                return;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn kill_tree(&self) {
        if timeout(KILL_LIMIT, self.kill_until_gone()).await.is_err() {
            log::warn!("a process of a run does not end on SIGKILL");
        }
    }

    /// Repeats, because a process may fork between being found and being killed.
    async fn kill_until_gone(&self) {
        while self.signal(Signal::KILL).await > 0 {
            sleep(LOOK_AGAIN).await;
        }
    }

    /// On a blocking thread, because reading `/proc` takes as long as there are processes to read.
    async fn signal(&self, signal: Signal) -> usize {
        let tree = Arc::clone(&self.tree);
        spawn_blocking(move || tree.signal(signal)).await.unwrap_or(1)
    }

    async fn status(&mut self) -> ProcessEnd {
        match self.child.wait().await {
            Ok(status) => end_of(status),
            Err(error) => ProcessEnd::SpawnFailed(error),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(control) = &self.control {
            control.let_go();
            let mut exit = [PollFd::new(self.exit.get_ref(), PollFlags::IN)];
            let ended = poll(&mut exit, Some(&DROP_LIMIT)).is_ok_and(|ready| ready > 0);
            if ended {
                self.tree.finish();
                control.clean_up();
                return;
            }
        }
        self.tree.signal(Signal::KILL);
        self.tree.finish();
    }
}

#[expect(deprecated, reason = "the replacement is unsafe for types whose descriptor may change; an OwnedFd's cannot")]
fn watched(exit: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(exit, Interest::READABLE)
}

fn end_of(status: ExitStatus) -> ProcessEnd {
    match (status.code(), status.signal()) {
        (Some(code), _) => ProcessEnd::Exited { code },
        (None, Some(signal)) => ProcessEnd::Signalled { signal },
        (None, None) => ProcessEnd::SpawnFailed(io::Error::other("no exit status")),
    }
}

/// Writes all of `input`. A program that does not want it may close its end: the exit status is what counts.
async fn feed(stream: Option<impl AsyncWrite + Unpin>, input: &[u8]) {
    if let Some(mut stream) = stream
        && let Err(error) = stream.write_all(input).await
    {
        log::debug!(error:% = error; "a program did not read its whole input");
    }
}

/// Reads a stream to its end. A read error ends it too: the exit status is what counts.
async fn pump(stream: Option<impl AsyncRead + Unpin>, name: LogStream, capture: &Capture, flood: &Flood) {
    let Some(mut stream) = stream else { return };
    let mut lines = LineSplitter::default();
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        flood.add(length);
        lines.push(&buffer[..length], |line| capture.output(name, line));
    }
    lines.finish(|line| capture.output(name, line));
}

/// Counts output until there is too much of it.
#[derive(Clone)]
struct Flood {
    most: u64,
    seen: Arc<AtomicU64>,
    reached: CancellationToken,
}

impl Flood {
    /// `None` for no limit.
    fn new(most: Option<u64>) -> Self {
        Self { most: most.unwrap_or(u64::MAX), seen: Arc::default(), reached: CancellationToken::new() }
    }

    fn add(&self, length: usize) {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if self.seen.fetch_add(length, Ordering::Relaxed).saturating_add(length) > self.most {
            self.reached.cancel();
        }
    }

    async fn reached(&self) {
        self.reached.cancelled().await;
    }
}
