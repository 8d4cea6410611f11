//! Attends an agent: starts it, gives it its input, passes its output on, answers questions with no,
//! and ends it when it waits for an answer that will not come.
//!
//! It stands beside the agent because a question has no line ending: only who reads the bytes
//! themselves sees that a program stopped in the middle of a line.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use regex::RegexSet;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::event::{Event, Mark};
use super::orders::{AttendOrders, Orders};
use super::relay::{Relay, Tail};
use crate::adapter::Invocation;

/// Between two looks at the clock and at the agent.
const TICK: Duration = Duration::from_millis(100);
/// Silence after which a known question is answered.
const QUIET: Duration = Duration::from_millis(300);
/// A program that asks more often than this is not asking.
const MOST_ANSWERS: usize = 100;
/// Between asking the agent to end and making it.
const GRACE: Duration = Duration::from_secs(1);
/// Tell programs that nobody watches.
const USUAL: [(&str, &str); 4] = [("CI", "1"), ("TERM", "dumb"), ("NO_COLOR", "1"), ("GIT_TERMINAL_PROMPT", "0")];
const PROMPT_FILE: &str = "jct-prompt.md";
/// What is exited with when the agent was ended for its silence.
const ENDED: i32 = 75;
const NOT_STARTED: i32 = 127;
const READ_BYTES: usize = 16 * 1024;
/// More than a pipe holds, so that one look is enough once the agent has ended.
const MOST_READS: usize = 80;

/// Attends an agent and gives the status to exit with.
pub(super) fn attend(orders: Orders<AttendOrders>) -> i32 {
    // Without a handler the signal that asks the agent to end would end us first, and with us the
    // sandbox; an ignored signal would be ignored by the agent too.
    let asked = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(signal_hook::consts::SIGTERM, asked);
    let mut relay = Relay::new(Mark::new(orders.word), io::stdout());
    let mut work = orders.work;
    let child = match start(&mut work.invocation) {
        Ok(child) => child,
        Err(error) => {
            relay.event(&Event::NotStarted { message: error.to_string() });
            return NOT_STARTED;
        }
    };
    match Attended::new(child, &work).and_then(|attended| attended.until_over(&mut relay)) {
        Ok(code) => code,
        Err(error) => {
            relay.event(&Event::NotStarted { message: format!("the agent could not be attended: {error}") });
            NOT_STARTED
        }
    }
}

/// Adds what is known only here, and starts the agent.
fn start(invocation: &mut Invocation) -> io::Result<Child> {
    let scratch = std::env::temp_dir();
    let file = scratch.join(PROMPT_FILE);
    if let Some(prompt) = &invocation.file {
        std::fs::write(&file, prompt)?;
    }
    invocation.value("scratch", scratch.to_string_lossy());
    invocation.value("prompt_file", file.to_string_lossy());
    invocation.value("workspace", std::env::current_dir()?.to_string_lossy());
    if let Some(url) = std::env::args().nth(2) {
        invocation.value("broker_url", url);
    }
    Command::new(&invocation.program)
        .args(invocation.rendered_arguments())
        .envs(USUAL)
        .envs(invocation.rendered_environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

struct Attended<'a> {
    child: Child,
    stdin: Option<ChildStdin>,
    input: &'a [u8],
    orders: &'a AttendOrders,
    questions: RegexSet,
    tail: Tail,
    heard: Instant,
    answers: usize,
}

impl<'a> Attended<'a> {
    fn new(mut child: Child, orders: &'a AttendOrders) -> io::Result<Self> {
        let stdin = child.stdin.take();
        for pipe in [
            stdin.as_ref().map(AsFd::as_fd),
            child.stdout.as_ref().map(AsFd::as_fd),
            child.stderr.as_ref().map(AsFd::as_fd),
        ]
        .into_iter()
        .flatten()
        {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(Self {
            child,
            stdin,
            input: orders.invocation.input.as_bytes(),
            orders,
            questions: RegexSet::new(&orders.questions).map_err(io::Error::other)?,
            tail: Tail::default(),
            heard: Instant::now(),
            answers: 0,
        })
    }

    fn until_over<W: Write>(mut self, relay: &mut Relay<W>) -> io::Result<i32> {
        let mut stdout = self.child.stdout.take();
        let mut stderr = self.child.stderr.take();
        loop {
            self.feed();
            self.wait(stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd))?;
            // Looked at before reading: what an agent wrote before it ended is in the pipe by then.
            let ended = self.child.try_wait()?;
            self.take(&mut stdout, |bytes| relay.push(bytes))?;
            self.take(&mut stderr, |bytes| io::stderr().write_all(bytes))?;
            if let Some(status) = ended {
                let _ = relay.finish_line();
                relay.event(&Event::Ended { exit_code: status.code(), signal: status.signal() });
                return Ok(code_of(status));
            }
            if let Some(event) = self.silence(relay) {
                relay.event(&event);
                self.end()?;
                return Ok(ENDED);
            }
        }
    }

    /// Writes as much of the input as the agent takes, and closes its input behind it.
    fn feed(&mut self) {
        let Some(stdin) = &mut self.stdin else { return };
        while !self.input.is_empty() {
            match stdin.write(self.input) {
                Ok(written) => self.input = &self.input[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // An agent need not read.
                Err(_) => {
                    self.input = &[];
                    self.stdin = None;
                    return;
                }
            }
        }
        if !self.orders.answers {
            self.stdin = None;
        }
    }

    fn wait(&self, stdout: Option<BorrowedFd<'_>>, stderr: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let stdin = self.stdin.as_ref().filter(|_| !self.input.is_empty());
        let mut watched: Vec<PollFd<'_>> = [stdout, stderr]
            .into_iter()
            .flatten()
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .chain(stdin.map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::OUT)))
            .collect();
        let tick = Timespec::try_from(TICK).map_err(io::Error::other)?;
        match poll(&mut watched, Some(&tick)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes all that is there; forgets a stream that is at its end.
    fn take(
        &mut self,
        stream: &mut Option<impl Read>,
        mut pass: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(open) = stream else { return Ok(()) };
        let mut buffer = [0; READ_BYTES];
        // Not until nothing is left: an endless stream must leave time for the other.
        for _ in 0..MOST_READS {
            match open.read(&mut buffer) {
                Ok(0) => {
                    *stream = None;
                    return Ok(());
                }
                Ok(length) => {
                    self.heard = Instant::now();
                    self.tail.push(&buffer[..length]);
                    pass(&buffer[..length])?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What the agent's silence means, if anything. A known question is answered on the way.
    fn silence<W: Write>(&mut self, relay: &mut Relay<W>) -> Option<Event> {
        let silent = self.heard.elapsed();
        if silent < QUIET {
            return None;
        }
        let question = self.tail.last_line();
        let known = !question.is_empty() && self.questions.is_match(&question);
        if known && self.answers < MOST_ANSWERS && self.answer() {
            relay.event(&Event::Answered { question });
            return None;
        }
        let silent_ms = u64::try_from(silent.as_millis()).unwrap_or(u64::MAX);
        if silent_ms >= self.orders.idle_ms && (known || self.tail.is_unfinished()) {
            return Some(Event::NeedsInput { question, silent_ms });
        }
        (silent_ms >= self.orders.stall_ms).then_some(Event::Stalled { silent_ms })
    }

    fn answer(&mut self) -> bool {
        let Some(stdin) = self.stdin.as_mut().filter(|_| self.orders.answers) else { return false };
        let answered = stdin.write_all(b"n\n").and_then(|()| stdin.flush()).is_ok();
        if answered {
            self.answers += 1;
            self.tail.clear();
            self.heard = Instant::now();
        }
        answered
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(TICK / 5);
        }
        // What the agent has started goes with the sandbox.
        self.child.kill()
    }
}

fn code_of(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}
