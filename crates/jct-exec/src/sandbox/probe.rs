//! What this machine can give, found by trying, with a remedy for each gap.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jct_contract::IsolationLevel;
use serde::Serialize;

use super::cgroup::{self, CgroupPlace};
use super::confinement::Confinement;
use super::heard::Heard;
use super::host::Host;
use super::inside::{self, GATES, GatesFound, NAMESPACES};
use super::launch::Launch;
use super::launcher::Launcher;
use super::limits::Limits;
use super::remedy;
use super::wire::Builtin;
use super::wire::TimeLeft;
use crate::process::{CommandSpec, Environment, ProcessEnd};

/// A trial that takes longer does not work.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a launcher finds is far shorter, in bytes.
const MOST_FOUND: u64 = 64 * 1024;

const NO_LAUNCHER: &str = "it is no launcher of sandboxes: its main does not begin with main_if_asked";

/// What was found on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The highest level that a trial run reached.
    pub level: IsolationLevel,
    /// The version of Landlock, if there is one.
    pub landlock_abi: Option<u32>,
    /// Control groups that a run can get: `v1`, `v2`, or none.
    pub cgroup: Option<String>,
    /// Everything that was tried.
    pub gates: Vec<Gate>,
}

/// One mechanism, as tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// What was tried: `landlock`, `seccomp`, `user_namespace` and so on, and `L1` to `L3` for whole trial runs.
    pub name: String,
    /// Whether it works.
    pub works: bool,
    /// What was found.
    pub detail: String,
    /// What an operator can do about it; one sentence.
    pub remedy: Option<String>,
}

impl Gate {
    fn works(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), works: true, detail: detail.into(), remedy: None }
    }

    fn fails(name: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name: name.into(), works: false, detail: detail.into(), remedy: Some(remedy.into()) }
    }
}

impl Probe {
    /// What is there without any help of the machine's.
    pub(super) fn none() -> Self {
        Self { level: IsolationLevel::L0, landlock_abi: None, cgroup: None, gates: Vec::new() }
    }

    /// Tries everything on this machine.
    pub(super) fn of_this_machine(launcher: &Launcher, cgroups: &[CgroupPlace]) -> Self {
        let mut probe = Self::none();
        match gates(launcher) {
            Ok(found) => probe.note(&found),
            Err(error) => {
                probe.gates.push(Gate::fails("launcher", format!("it does not run: {error}"), remedy::LAUNCHER));
                return probe;
            }
        }
        probe.note_cgroups(cgroups);
        for level in [IsolationLevel::L1, IsolationLevel::L2, IsolationLevel::L3] {
            let gate = match trial(launcher, level, &probe, cgroups) {
                Ok(()) => {
                    probe.level = level;
                    Gate::works(level.as_str(), "a trial run reached it")
                }
                Err(why) => Gate::fails(level.as_str(), why, remedy::LEVEL),
            };
            let goes_on = gate.works;
            probe.gates.push(gate);
            if !goes_on {
                break;
            }
        }
        probe
    }

    fn note(&mut self, found: &GatesFound) {
        let GatesFound { landlock, landlock_error, seccomp_error, namespace_errors } = found;
        self.landlock_abi = *landlock;
        self.gates.push(match (landlock, landlock_error) {
            (Some(version), _) => Gate::works("landlock", format!("version {version}")),
            (None, why) => Gate::fails("landlock", why.as_deref().unwrap_or("absent"), remedy::LANDLOCK),
        });
        self.gates.push(match seccomp_error {
            None => Gate::works("seccomp", "filters can be set"),
            Some(why) => Gate::fails("seccomp", why, remedy::SECCOMP),
        });
        for (name, error) in NAMESPACES.iter().zip(namespace_errors) {
            let gate = format!("{name}_namespace");
            self.gates.push(match error {
                None => Gate::works(gate, "can be made"),
                Some(why) => Gate::fails(gate, why, remedy::of_namespaces()),
            });
        }
    }

    fn note_cgroups(&mut self, cgroups: &[CgroupPlace]) {
        self.cgroup = cgroup::version(cgroups);
        self.gates.push(match &self.cgroup {
            Some(version) if cgroup::limits_memory(cgroups) => {
                Gate::works("cgroup", format!("{version}, limits memory"))
            }
            Some(version) => Gate {
                remedy: Some(remedy::CGROUP_MEMORY.to_owned()),
                ..Gate::works("cgroup", format!("{version}, without a limit on memory: the monitor looks instead"))
            },
            None => Gate::fails("cgroup", "none can be made: the monitor looks instead", remedy::CGROUP),
        });
    }

    /// Why `wanted` cannot be had, for people.
    pub(super) fn first_obstacle(&self, wanted: IsolationLevel) -> String {
        let is_obstacle = |gate: &&Gate| {
            let level: Option<IsolationLevel> = gate.name.parse().ok();
            !gate.works && (gate.name == "launcher" || level.is_some_and(|level| level <= wanted))
        };
        match self.gates.iter().find(is_obstacle) {
            Some(gate) => gate.detail.clone(),
            None => "no trial run reached it".to_owned(),
        }
    }
}

fn gates(launcher: &Launcher) -> io::Result<GatesFound> {
    if inside::was_asked() {
        return Err(io::Error::other(NO_LAUNCHER));
    }
    let (mut socket, theirs) = UnixStream::pair()?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut command = Command::new(launcher.path());
    command.arg0(GATES).env_clear().stdin(Stdio::null()).stdout(OwnedFd::from(theirs)).stderr(Stdio::null());
    let mut child = command.spawn()?;
    // The child holds the other end; this copy would keep the socket from ever ending.
    drop(command);
    let mut text = Vec::new();
    let read = (&mut socket).take(MOST_FOUND).read_to_end(&mut text);
    // A launcher has said all it has to say. Anything else might run for ever.
    child.kill()?;
    child.wait()?;
    read?;
    serde_json::from_slice(&text).map_err(|_| io::Error::other(NO_LAUNCHER))
}

/// Makes a whole sandbox of that level, and does nothing in it.
fn trial(launcher: &Launcher, level: IsolationLevel, probe: &Probe, cgroups: &[CgroupPlace]) -> Result<(), String> {
    let host = Host {
        launcher: Some(launcher.clone()),
        level,
        limits: Limits::default(),
        readable: Vec::new(),
        cgroups: cgroups.to_vec(),
        probe: probe.clone(),
    };
    let folder = Path::new("/");
    let command = CommandSpec::of_builtin(Builtin::Nothing, folder, Environment::clean(folder, folder));
    let time = TimeLeft { budget_ms: u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX), lease_ms: None };
    let launch = Confinement::new(Arc::new(host)).launch(&command, time).map_err(|error| error.message)?;
    let heard = launch.ok_or("there is no launcher").and_then(|launch| tried(launch).map_err(|_| "it does not run"));
    match heard?.into_end() {
        ProcessEnd::Exited { code: 0 } => Ok(()),
        ProcessEnd::SandboxFailed { step, message } => Err(format!("{step}: {message}")),
        other => Err(format!("the trial ended otherwise: {other:?}")),
    }
}

fn tried(mut launch: Launch) -> io::Result<Heard> {
    launch.socket.set_read_timeout(Some(PATIENCE))?;
    let mut child = launch.command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    // The monitor holds the other end; this copy would keep the socket from ever ending.
    launch.command.stdin(Stdio::null());
    launch.socket.write_all(&launch.told)?;
    let mut text = Vec::new();
    let read = launch.socket.read_to_end(&mut text);
    drop(launch.socket);
    child.wait()?;
    read?;
    let mut heard = Heard::default();
    text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).for_each(|line| heard.line(line));
    Ok(heard)
}
