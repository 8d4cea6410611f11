//! Supervises one program from start to the end of its whole process tree.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncReadExt, Interest};
use tokio::process::Child;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::bounds::Bounds;
use super::capture::{Capture, LogStream};
use super::lines::LineSplitter;
use super::spec::CommandSpec;
use super::tree::Tree;

/// How long output is still read after the last known process has ended. Long enough for what is in
/// the pipe; an escaped process that holds the pipe open waits in vain.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);
/// Between two looks at a tree that was told to end.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long SIGKILL is repeated before a process is taken to be stuck in the kernel.
const KILL_LIMIT: Duration = Duration::from_secs(5);
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
}

/// How a run ended and how long it took.
#[derive(Debug)]
pub struct ProcessOutcome {
    /// How it ended.
    pub end: ProcessEnd,
    /// From start to the end of the whole tree.
    pub duration: Duration,
}

/// Runs a program until it ends, the deadline passes or cancellation is asked for. Whichever it is,
/// no process of the run that can be found is alive afterwards; the same when the future is dropped.
pub async fn run(command: &CommandSpec, bounds: &Bounds, capture: &Capture) -> ProcessOutcome {
    let started = Instant::now();
    let end = match Running::start(command) {
        Err(error) => ProcessEnd::SpawnFailed(error),
        Ok(running) => running.supervise(bounds, capture).await,
    };
    ProcessOutcome { end, duration: started.elapsed() }
}

/// Why supervision stopped waiting.
enum Stop {
    Exited,
    TimedOut,
    Cancelled,
}

/// A started program. Dropping it kills the tree.
struct Running {
    child: Child,
    tree: Arc<Tree>,
    /// Readable once the leader has ended, without reaping it: see the invariant of [`Tree`].
    exit: AsyncFd<OwnedFd>,
}

impl Running {
    fn start(command: &CommandSpec) -> io::Result<Self> {
        if !command.folder().is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "the working folder does not exist"));
        }
        let child = command.to_command().spawn()?;
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::other("the process has no id"))?;
        let exit = pidfd_open(leader, PidfdFlags::NONBLOCK)?;
        Ok(Self { child, tree: Arc::new(Tree::new(leader, command.marker().clone())), exit: watched(exit)? })
    }

    async fn supervise(mut self, bounds: &Bounds, capture: &Capture) -> ProcessEnd {
        let stdout = self.child.stdout.take();
        let stderr = self.child.stderr.take();
        let output =
            async { tokio::join!(pump(stdout, LogStream::Stdout, capture), pump(stderr, LogStream::Stderr, capture)) };
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
        self.tree.finish();
        match stop {
            Stop::TimedOut => ProcessEnd::TimedOut,
            Stop::Cancelled => ProcessEnd::Cancelled,
            Stop::Exited => self.status().await,
        }
    }

    /// Waits for the first reason to stop, then ends what is left of the tree.
    async fn until_stopped(&self, bounds: &Bounds) -> Stop {
        let stop = tokio::select! {
            biased;
            _ = self.exit.readable() => Stop::Exited,
            () = bounds.cancelled() => Stop::Cancelled,
            () = tokio::time::sleep_until(bounds.deadline()) => Stop::TimedOut,
        };
        if !matches!(stop, Stop::Exited) {
            self.signal(Signal::TERM).await;
            let _still_there = timeout(bounds.grace(), self.until_gone()).await;
        }
        if timeout(KILL_LIMIT, self.kill_until_gone()).await.is_err() {
            log::warn!("a process of a run does not end on SIGKILL");
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

/// Reads a stream to its end. A read error ends it too: the exit status is what counts.
async fn pump(stream: Option<impl AsyncRead + Unpin>, name: LogStream, capture: &Capture) {
    let Some(mut stream) = stream else { return };
    let mut lines = LineSplitter::default();
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        lines.push(&buffer[..length], |line| capture.output(name, line));
    }
    lines.finish(|line| capture.output(name, line));
}
