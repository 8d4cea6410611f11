//! Finds and ends every process of a run.
//!
//! The process group reaches children that stay in it, in one atomic signal. A child that calls
//! `setsid` leaves the group but keeps its environment, so a random marker variable finds it in
//! `/proc`, and the parent links below a found process find children with a rewritten environment.
//! What escapes is a process that has both lost its parent and rewritten its environment; only a
//! container or control group holds that one.

use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use uuid::Uuid;

use super::table::{Process, members};

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
            members(|process| process.group == group || known.contains(process) || carries(process, &self.marker));
    }
}

fn carries(process: &Process, marker: &RunMarker) -> bool {
    process.environment().is_some_and(|bytes| marker.is_in(&bytes))
}

/// Kills every process that carries `marker`, as left behind by a worker that died.
pub(crate) fn kill_marked(marker: &RunMarker) -> usize {
    let members = members(|process| carries(process, marker));
    for member in &members {
        member.signal(Signal::KILL);
    }
    members.len()
}

#[cfg(test)]
mod tests {
    use super::*;

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
