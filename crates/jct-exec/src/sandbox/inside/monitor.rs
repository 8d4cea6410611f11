//! The monitor: outside the sandbox, above everything that runs in it.
//!
//! It lives exactly as long as the run. When the worker closes the socket, by will or by death, it ends the run; when
//! the program ends, it ends whatever the program left behind. When the worker hangs, it ends the run by a clock of its
//! own: after the budget and its grace, or when the lease was not renewed. It is deaf to polite signals, which are
//! meant for the program, and it never gives the program anything of its own to hold.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jct_contract::IsolationLevel;
use nix::sys::signal::SigSet;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    DumpableBehavior, Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, pidfd_open, pidfd_send_signal,
    set_child_subreaper, set_dumpable_behavior, waitpid,
};

use super::super::cgroup::{self, Cgroup};
use super::super::limits::{Limit, Limits};
use super::super::step::SandboxStep;
use super::super::wire::{Message, Profile};
use super::clock::{Clock, Said};
use super::disk::Disk;
use super::failure::{At, Failure};
use super::start::{Told, null, socket, told};
use super::{INIT, SELF, ended, privileges, tree};
use crate::process::RunMarker;

/// Between two looks at what a run uses: the first ones come sooner.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LOOK: Duration = Duration::from_millis(50);
/// Looking must not cost more than this part of the time.
const LOOK_SHARE: u32 = 20;

const SIGXCPU: i32 = nix::libc::SIGXCPU;
const SIGXFSZ: i32 = nix::libc::SIGXFSZ;
/// What a shell adds to the number of the signal that ended its command.
const SHELL_SIGNAL_BASE: i32 = 128;

/// The whole life of a monitor.
pub(super) fn main() -> u8 {
    let worker = match socket() {
        Ok(worker) => worker,
        Err(failure) => return failure.step.exit_code(),
    };
    let result = run(&worker);
    if let Err(failure) = &result {
        say(&worker, &failure.to_message());
    }
    ended(result)
}

fn run(worker: &UnixStream) -> Result<(), Failure> {
    SigSet::all().thread_block().at(SandboxStep::Profile, "block signals")?;
    set_child_subreaper(tree::own()).at(SandboxStep::Profile, "become the parent of orphans")?;
    let Told { profile, line, input, rest } = told(worker)?;
    let clock = Clock::start(profile.time, rest);
    let cgroup = Cgroup::create(&profile.cgroups, &profile.cgroup_name, &profile.limits)
        .at(SandboxStep::Limits, "make control groups")?;
    let result = watch(worker, (&profile, clock), &cgroup, &line, &input);
    cgroup::remove(&profile.cgroups, &profile.cgroup_name);
    result
}

fn watch(
    worker: &UnixStream,
    (profile, clock): (&Profile, Clock),
    cgroup: &Cgroup,
    line: &[u8],
    input: &[u8],
) -> Result<(), Failure> {
    privileges::drop_groups()?;
    if profile.level == IsolationLevel::L3 {
        privileges::enter_namespaces()?;
    }
    let (inside, theirs) = UnixStream::pair().at(SandboxStep::Profile, "make a socket")?;
    let init = start_init(profile, theirs)?;
    // From here on nobody but root can look into this process, and there is no output of its own.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).at(SandboxStep::Privileges, "hide the monitor")?;
    let quiet = || -> io::Result<()> {
        rustix::stdio::dup2_stdout(null()?)?;
        Ok(rustix::stdio::dup2_stderr(null()?)?)
    };
    quiet().at(SandboxStep::Profile, "let go of the output")?;

    let mut monitor = Monitor::new(worker, &inside, init, (profile, clock), cgroup)?;
    let prepared = cgroup.add(monitor.init.id()).at(SandboxStep::Limits, "join the control groups");
    if let Err(failure) = prepared {
        monitor.end_tree();
        return Err(failure);
    }
    // An init that fails early does not read on; what it says then is what counts.
    let _sent = (&inside).write_all(line).and_then(|()| (&inside).write_all(input));
    let end = monitor.until_end();
    monitor.end_tree();
    if let Some(message) = end {
        say(worker, &message);
    }
    Ok(())
}

fn start_init(profile: &Profile, socket: UnixStream) -> Result<Child, Failure> {
    let marker = profile.environment.iter().filter(|(name, _)| name.as_os_str() == RunMarker::VARIABLE);
    Command::new(SELF)
        .arg0(INIT)
        .env_clear()
        .envs(marker.map(|(name, value)| (name.as_os_str(), value.as_os_str())))
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .spawn()
        .at(SandboxStep::Launch, "start the inside")
}

/// The worker may be gone already: then nobody needs to know.
fn say(worker: &UnixStream, message: &Message) {
    let mut worker = worker;
    let _heard = worker.write_all(&message.to_line());
}

struct Monitor<'a> {
    worker: &'a UnixStream,
    inside: BufReader<&'a UnixStream>,
    init: Child,
    exit: OwnedFd,
    limits: &'a Limits,
    cgroup: &'a Cgroup,
    disk: Disk,
    clock: Clock,
    started: bool,
}

/// Why watching ended.
enum Seen {
    WorkerGone,
    WorkerSpoke,
    Message(Message),
    InsideSilent,
    InitEnded,
    Tick,
}

impl<'a> Monitor<'a> {
    fn new(
        worker: &'a UnixStream,
        inside: &'a UnixStream,
        init: Child,
        (profile, clock): (&'a Profile, Clock),
        cgroup: &'a Cgroup,
    ) -> Result<Self, Failure> {
        let pid = Pid::from_child(&init);
        let exit = pidfd_open(pid, PidfdFlags::empty()).at(SandboxStep::Launch, "hold the inside")?;
        let limits = &profile.limits;
        let disk = Disk::new(&profile.writable, limits.disk_bytes);
        Ok(Self { worker, inside: BufReader::new(inside), init, exit, limits, cgroup, disk, clock, started: false })
    }

    /// Waits for the end and says what it was, or nothing when it was the worker's will.
    fn until_end(&mut self) -> Option<Message> {
        let mut last: Option<Message> = None;
        let mut listens = true;
        let mut wait = FIRST_LOOK;
        loop {
            if let Some(message) = self.clock.ended() {
                return Some(message);
            }
            match self.look(wait.min(self.clock.left()), listens) {
                // It may still listen, and want to know what else there was.
                Seen::WorkerGone => return self.refused_by_cgroup().map(|limit| Message::LimitHit { limit }),
                Seen::WorkerSpoke => {}
                Seen::InsideSilent => listens = false,
                Seen::Message(message @ Message::Started(_)) => {
                    self.started = true;
                    say(self.worker, &message);
                }
                Seen::Message(message) => last = Some(message),
                Seen::InitEnded => return Some(self.end(last, listens)),
                Seen::Tick => {
                    let began = Instant::now();
                    if let Some(limit) = self.over_limit() {
                        return Some(Message::LimitHit { limit });
                    }
                    wait = LOOK.min(wait * 2).max(began.elapsed() * LOOK_SHARE);
                }
            }
        }
    }

    fn look(&mut self, wait: Duration, listens: bool) -> Seen {
        if !self.inside.buffer().is_empty() {
            return self.message();
        }
        let inside = self.inside.get_ref().as_fd();
        let mut places = vec![PollFd::new(self.worker, PollFlags::IN), PollFd::new(&self.exit, PollFlags::IN)];
        if listens {
            places.push(PollFd::from_borrowed_fd(inside, PollFlags::IN));
        }
        let timeout = Timespec::try_from(wait).unwrap_or(Timespec { tv_sec: 0, tv_nsec: 50_000_000 });
        if poll(&mut places, Some(&timeout)).is_err() {
            return Seen::Tick;
        }
        let ready: Vec<bool> = places.iter().map(|place| !place.revents().is_empty()).collect();
        match ready.as_slice() {
            [true, ..] => match self.clock.hear(self.worker) {
                Said::Something => Seen::WorkerSpoke,
                Said::Gone => Seen::WorkerGone,
            },
            [_, _, true] => self.message(),
            [_, true, ..] => Seen::InitEnded,
            _ => Seen::Tick,
        }
    }

    fn message(&mut self) -> Seen {
        let mut line = Vec::new();
        let read = (&mut self.inside).take(1024 * 1024).read_until(b'\n', &mut line);
        match read.ok().and_then(|_| serde_json::from_slice(&line).ok()) {
            Some(message) => Seen::Message(message),
            None => Seen::InsideSilent,
        }
    }

    /// What the end of the inside means.
    fn end(&mut self, last: Option<Message>, listens: bool) -> Message {
        let mut last = last;
        if listens {
            while let Seen::Message(message) = self.message() {
                match message {
                    Message::Started(_) => {
                        self.started = true;
                        say(self.worker, &message);
                    }
                    other => last = Some(other),
                }
            }
        }
        let status = waitpid(Some(Pid::from_child(&self.init)), WaitOptions::empty());
        if let Some(limit) = self.refused_by_cgroup() {
            return Message::LimitHit { limit };
        }
        let message = match (last, status) {
            (Some(message), _) => message,
            (None, Ok(Some((_, status)))) if self.started => of_status(status),
            _ => Failure::new(SandboxStep::Launch, "the inside ended before it began").to_message(),
        };
        self.limit_of(&message).map_or(message, |limit| Message::LimitHit { limit })
    }

    /// The limit that the system enforces by a signal, if this end shows it: on the program itself, or on a command
    /// of a shell.
    fn limit_of(&self, end: &Message) -> Option<Limit> {
        let signal = match end {
            Message::Signalled { signal } => *signal,
            Message::Exited { code } => code - SHELL_SIGNAL_BASE,
            _ => return None,
        };
        match signal {
            SIGXFSZ => Some(Limit::FileSize),
            SIGXCPU if self.limits.cpu_seconds.is_some() => Some(Limit::CpuTime),
            _ => None,
        }
    }

    fn over_limit(&mut self) -> Option<Limit> {
        if let Some(limit) = self.refused_by_cgroup() {
            return Some(limit);
        }
        if self.disk.is_over() {
            return Some(Limit::Disk);
        }
        let usage = tree::usage();
        if usage.threads > u64::from(self.limits.processes) {
            return Some(Limit::Processes);
        }
        (!self.cgroup.limits_memory && usage.bytes > self.limits.memory_bytes).then_some(Limit::Memory)
    }

    fn refused_by_cgroup(&self) -> Option<Limit> {
        let memory = self.cgroup.ran_out_of_memory().then_some(Limit::Memory);
        memory.or_else(|| self.cgroup.ran_out_of_processes().then_some(Limit::Processes))
    }

    /// Ends everything that is left.
    fn end_tree(&self) {
        if !tree::reap() {
            // With a process namespace, this alone ends all of it.
            let _gone = pidfd_send_signal(&self.exit, Signal::KILL);
            tree::end_all(|| self.cgroup.kill());
        }
    }
}

fn of_status(status: WaitStatus) -> Message {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Message::Exited { code },
        (None, Some(signal)) => Message::Signalled { signal },
        (None, None) => Failure::new(SandboxStep::Launch, "the inside has no status").to_message(),
    }
}
