//! The table of processes, as `/proc` shows it.

use std::fs;
use std::io;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process, told apart from a later one of the same id by its start.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) id: i32,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) threads: u64,
    /// Memory that is resident, in pages.
    pub(crate) pages: u64,
    pub(crate) is_stopped: bool,
    /// Has ended, and waits for its parent to take its status.
    is_dead: bool,
    start: u64,
}

impl PartialEq for Process {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.start) == (other.id, other.start)
    }
}

impl Process {
    /// Reads one process; `None` when it is gone, a zombie, or not readable.
    fn read(id: i32) -> Option<Self> {
        Self::read_any(id).filter(|process| !process.is_dead)
    }

    fn read_any(id: i32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{id}/stat")).ok()?;
        Self::from_stat(id, &String::from_utf8_lossy(&stat))
    }

    /// The second field is the program's name in parentheses and may hold anything, so the fields
    /// are counted from the last parenthesis.
    fn from_stat(id: i32, stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse().ok();
        let state = *fields.first()?;
        Some(Self {
            id,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            threads: number(17)?,
            start: number(19)?,
            pages: number(21)?,
            is_stopped: matches!(state, "T" | "t"),
            is_dead: matches!(state, "Z" | "X" | "x"),
        })
    }

    /// The environment it was started with, unless it may not be read.
    pub(crate) fn environment(&self) -> Option<Vec<u8>> {
        fs::read(format!("/proc/{}/environ", self.id)).ok()
    }

    /// Holds the process by a descriptor and looks again before signalling, so that a reused id is
    /// never hit.
    pub(crate) fn signal(&self, signal: Signal) {
        let Some(handle) = Pid::from_raw(self.id).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else {
            return;
        };
        if Self::read(self.id).is_some_and(|now| now.start == self.start)
            && let Err(error) = pidfd_send_signal(handle, signal)
            && io::Error::from(error).kind() == io::ErrorKind::PermissionDenied
        {
            log::warn!(pid = self.id; "a process of a run may not be signalled");
        }
    }
}

/// The living processes that `is_root` picks, and all below them. Never this process itself.
pub(crate) fn members(is_root: impl Fn(&Process) -> bool) -> Vec<Process> {
    among(processes(Process::read), is_root)
}

/// The same with those that have ended and are still counted.
pub(crate) fn members_with_dead(is_root: impl Fn(&Process) -> bool) -> Vec<Process> {
    among(processes(Process::read_any), is_root)
}

fn among(processes: Vec<Process>, is_root: impl Fn(&Process) -> bool) -> Vec<Process> {
    let (mut found, mut rest): (Vec<_>, Vec<_>) = processes.into_iter().partition(is_root);
    let mut next = 0;
    while next < found.len() {
        let parent = found[next].id;
        let (children, others) = rest.into_iter().partition(|p: &Process| p.parent == parent);
        found.extend(children);
        rest = others;
        next += 1;
    }
    found
}

fn processes(read: impl Fn(i32) -> Option<Process>) -> Vec<Process> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|&id| id != own)
        .filter_map(read)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_survives_a_hostile_program_name() {
        let stat = "7 (a) Z 1 (b) S 3 4 5 0 -1 4 1 2 3 4 5 6 7 8 20 0 6 0 987 1 55";
        let process = Process::from_stat(7, stat).unwrap();
        assert_eq!((process.parent, process.group, process.start), (3, 4, 987));
        assert_eq!((process.threads, process.pages), (6, 55));
    }

    #[test]
    fn a_zombie_is_no_member() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let id = child.id().cast_signed();
        while Process::read(id).is_some() {
            std::thread::yield_now();
        }
        assert!(Process::read_any(id).is_some_and(|process| process.is_dead));
        child.wait().unwrap();
        assert!(Process::read_any(id).is_none());
    }

    #[test]
    fn this_process_reads_itself() {
        let process = Process::read(std::process::id().cast_signed()).unwrap();
        assert!(process.threads >= 1 && process.pages > 0, "{process:?}");
    }
}
