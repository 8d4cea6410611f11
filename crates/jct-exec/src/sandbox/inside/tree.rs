//! Everything below the monitor: found, counted, ended. The monitor is made the parent of whoever loses its own, so
//! nothing can leave this tree.

use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, wait};

use crate::process::{Process, members, members_with_dead};

/// Between two looks at what does not go away.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// After this, a process is taken to be stuck in the kernel.
const KILL_LIMIT: Duration = Duration::from_secs(4);
/// Rounds of stopping before killing begins: a swarm that forks faster than it is found.
const STOP_ROUNDS: usize = 20;

/// What the tree uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    pub(super) threads: u64,
    pub(super) bytes: u64,
}

/// The living processes below this one.
fn below() -> Vec<Process> {
    let own = std::process::id().cast_signed();
    members(|process| process.parent == own)
}

/// Counts what the tree uses. The dead count until somebody takes their status, as they do for the system.
pub(super) fn usage() -> Usage {
    let page = rustix::param::page_size() as u64;
    let own = std::process::id().cast_signed();
    members_with_dead(|process| process.parent == own).iter().fold(Usage { threads: 0, bytes: 0 }, |sum, process| {
        Usage { threads: sum.threads + process.threads, bytes: sum.bytes + process.pages * page }
    })
}

/// Ends every process below this one and waits until all are gone. Stops them first, so that none can start another
/// one while the rest is being found.
pub(super) fn end_all(also: impl Fn()) {
    for _ in 0..STOP_ROUNDS {
        let moving: Vec<Process> = below().into_iter().filter(|process| !process.is_stopped).collect();
        if moving.is_empty() {
            break;
        }
        moving.iter().for_each(|process| process.signal(Signal::STOP));
        reap();
    }
    let started = Instant::now();
    while started.elapsed() < KILL_LIMIT {
        also();
        below().iter().for_each(|process| process.signal(Signal::KILL));
        if reap() {
            return;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Takes the status of every child that has ended; says whether there is no child left.
pub(super) fn reap() -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_ended)) => {}
            Err(Errno::CHILD) => return true,
            Ok(None) | Err(_) => return false,
        }
    }
}

/// The process itself.
pub(super) fn own() -> Option<Pid> {
    Pid::from_raw(std::process::id().cast_signed())
}
