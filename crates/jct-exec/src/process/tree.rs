//! Finds and ends every process of a run.
//!
//! The process group reaches children that stay in it, in one atomic signal. A child that calls
//! `setsid` leaves the group but keeps its environment, so a random marker variable finds it in
//! `/proc`, and the parent links below a found process find children with a rewritten environment.
//! What escapes is a process that has both lost its parent and rewritten its environment; only a
//! container or control group holds that one.

use std::fs;
use std::io;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use uuid::Uuid;

/// A random name in the environment of every process of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunMarker(String);

impl RunMarker {
    /// The environment variable that carries the marker.
    pub const VARIABLE: &'static str = "JCT_RUN_MARKER";

    /// A marker that no other run has.
    pub fn random() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// Reads a marker back; `None` unless `text` has the form that [`RunMarker::as_str`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        let uuid = Uuid::try_parse(text).ok()?;
        (uuid.simple().to_string() == text).then(|| Self(text.to_owned()))
    }

    /// The marker's text: 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_in(&self, environment: &[u8]) -> bool {
        let entry = format!("{}={}", Self::VARIABLE, self.0);
        environment.split(|&byte| byte == 0).any(|variable| variable == entry.as_bytes())
    }
}

/// The processes of one run.
///
/// INVARIANT: signals only until [`Tree::finish`], which is called before the leader is reaped, so
/// that its id cannot have become another process group's.
#[derive(Debug)]
pub(super) struct Tree {
    leader: Pid,
    marker: RunMarker,
    state: Mutex<State>,
}

/// What is remembered between two signals: the first one may end the parent by which a process was
/// found.
#[derive(Debug, Default)]
struct State {
    known: Vec<Process>,
    finished: bool,
}

impl Tree {
    pub(super) fn new(leader: Pid, marker: RunMarker) -> Self {
        Self { leader, marker, state: Mutex::default() }
    }

    /// Signals every process of the run and says how many there were, zombies not counted. Reads
    /// `/proc`, so it blocks.
    pub(super) fn signal(&self, signal: Signal) -> usize {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.finished {
            return 0;
        }
        self.look(&mut state);
        // Fails only when nothing of the group is left to signal.
        let _gone = kill_process_group(self.leader, signal);
        for process in &state.known {
            process.signal(signal);
        }
        state.known.len()
    }

    /// How many processes of the run live. Reads `/proc`, so it blocks.
    pub(super) fn live(&self) -> usize {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut state);
        state.known.len()
    }

    /// From now on, nothing is signalled.
    pub(super) fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.finished = true;
    }

    fn look(&self, state: &mut State) {
        let group = self.leader.as_raw_nonzero().get();
        let known = std::mem::take(&mut state.known);
        state.known =
            members(|process| process.group == group || known.contains(process) || process.carries(&self.marker));
    }
}

/// Kills every process that carries `marker`, as left behind by a worker that died.
pub(crate) fn kill_marked(marker: &RunMarker) -> usize {
    let members = members(|process| process.carries(marker));
    for member in &members {
        member.signal(Signal::KILL);
    }
    members.len()
}

/// The living processes that `is_root` picks, and all below them. Never this process itself.
fn members(is_root: impl Fn(&Process) -> bool) -> Vec<Process> {
    let (mut found, mut rest): (Vec<_>, Vec<_>) = processes().into_iter().partition(is_root);
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

/// A process, told apart from a later one of the same id by its start.
#[derive(Debug)]
struct Process {
    id: i32,
    parent: i32,
    group: i32,
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
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        Self::from_stat(id, &stat)
    }

    /// The second field is the program's name in parentheses and may hold anything, so the fields
    /// are counted from the last parenthesis.
    fn from_stat(id: i32, stat: &str) -> Option<Self> {
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let state = fields.next()?;
        if matches!(state, "Z" | "X" | "x") {
            return None;
        }
        Some(Self {
            id,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            start: fields.nth(16)?.parse().ok()?,
        })
    }

    fn carries(&self, marker: &RunMarker) -> bool {
        fs::read(format!("/proc/{}/environ", self.id)).is_ok_and(|bytes| marker.is_in(&bytes))
    }

    /// Holds the process by a descriptor and looks again before signalling, so that a reused id is
    /// never hit.
    fn signal(&self, signal: Signal) {
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

fn processes() -> Vec<Process> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|&id| id != own)
        .filter_map(Process::read)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_survives_a_hostile_program_name() {
        let stat = "7 (a) Z 1 (b) S 3 4 5 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 987 1 1";
        let process = Process::from_stat(7, stat).unwrap();
        assert_eq!((process.parent, process.group, process.start), (3, 4, 987));
    }

    #[test]
    fn a_zombie_is_no_member() {
        assert!(Process::from_stat(7, "7 (a) Z 3 4 5 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 987").is_none());
    }

    #[test]
    fn a_marker_matches_a_whole_variable_only() {
        let marker = RunMarker::random();
        let entry = format!("JCT_RUN_MARKER={}", marker.as_str());
        assert!(marker.is_in(format!("A=1\0{entry}\0B=2").as_bytes()));
        assert!(!marker.is_in(format!("A=1\0X{entry}\0").as_bytes()));
        assert!(!marker.is_in(format!("{entry}0").as_bytes()));
    }

    #[test]
    fn a_marker_reads_back_only_in_its_own_form() {
        let marker = RunMarker::random();
        assert_eq!(RunMarker::parse(marker.as_str()), Some(marker));
        assert_eq!(RunMarker::parse(""), None);
        assert_eq!(RunMarker::parse("not a marker"), None);
    }
}
